//! The names of the parameters of the protocol (RFC 5849 §2 and §3.1) and of its extensions.

pub(super) const CALLBACK: &str = "oauth_callback";
pub(super) const CALLBACK_CONFIRMED: &str = "oauth_callback_confirmed";
pub(super) const BODY_HASH: &str = "oauth_body_hash";
pub(super) const CONSUMER_KEY: &str = "oauth_consumer_key";
pub(super) const NONCE: &str = "oauth_nonce";
pub(super) const SESSION_HANDLE: &str = "oauth_session_handle";
pub(super) const SIGNATURE: &str = "oauth_signature";
pub(super) const SIGNATURE_METHOD: &str = "oauth_signature_method";
pub(super) const TIMESTAMP: &str = "oauth_timestamp";
pub(super) const TOKEN: &str = "oauth_token";
pub(super) const TOKEN_SECRET: &str = "oauth_token_secret";
pub(super) const VERIFIER: &str = "oauth_verifier";
pub(super) const VERSION: &str = "oauth_version";

/// The names of the protocol's parameters, in the order in which they are signed. The caller's
/// parameters must have other names.
pub(super) const PROTOCOL: [&str; 12] = [
    BODY_HASH,
    CALLBACK,
    CONSUMER_KEY,
    NONCE,
    SESSION_HANDLE,
    SIGNATURE,
    SIGNATURE_METHOD,
    TIMESTAMP,
    TOKEN,
    TOKEN_SECRET,
    VERIFIER,
    VERSION,
];

pub(super) fn is_protocol(name: &[u8]) -> bool {
    place(name).is_some()
}

/// Returns a name's place in [`PROTOCOL`].
pub(super) fn place(name: &[u8]) -> Option<usize> {
    PROTOCOL.iter().position(|known| known.as_bytes() == name)
}

/// Returns whether the specification reserves the name. Such parameters are all in one place
/// (§3.5).
#[inline]
pub(super) fn is_oauth(name: &[u8]) -> bool {
    name.starts_with(b"oauth_")
}
