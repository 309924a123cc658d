//! The hashes of client secrets in the store.

use std::fmt;

use crate::core::secret::same;
use crate::core::token_hash::TokenHash;
use crate::{Moment, Secret};

/// The shortest text that an attacker cannot guess, in bytes: 128 bits (RFC 6749 §10.10) are 22
/// characters in base64url.
pub(crate) const SHORTEST: usize = 22;

/// Hashes client secrets, and checks them.
///
/// For generated secrets with at least 128 bits, use a fast hash: [`Sha256Secrets`]. A slow hash
/// would add no security, and cost tens of milliseconds and megabytes for every request. For
/// secrets that people choose, use a slow hash such as Argon2: implement this trait with a crate
/// for it.
///
/// ```
/// use oauth_proto::Secret;
/// use oauth_proto::oauth2::server::store::SecretHasher;
/// use oauth_proto::oauth2::server::{GrantType, Provider};
///
/// #[derive(Debug)]
/// struct Slow;
///
/// impl SecretHasher for Slow {
///     fn hash(&self, secret: &Secret, salt: [u8; 16]) -> String {
///         slow_hash(secret.expose(), &salt)
///     }
///
///     fn verify(&self, secret: &Secret, hash: &str) -> bool {
///         slow_verify(secret.expose(), hash)
///     }
/// }
/// # fn slow_hash(secret: &str, _: &[u8]) -> String { secret.to_owned() }
/// # fn slow_verify(secret: &str, hash: &str) -> bool { secret == hash }
///
/// let provider = Provider::builder("https://auth.example.com")
///     .add_grant_type(GrantType::client_credentials().scopes("stats"))
///     .secret_hasher(Slow)
///     .build()?;
/// # Ok::<(), oauth_proto::oauth2::server::InvalidConfiguration>(())
/// ```
pub trait SecretHasher: fmt::Debug + Send + Sync {
    /// Returns the hash of a secret, in a format that has everything for the check, such as the
    /// algorithm and the salt.
    fn hash(&self, secret: &Secret, salt: [u8; 16]) -> String;

    /// Returns whether a hash is that of a secret, compared in constant time. Returns `false` for a
    /// hash in an unknown format.
    fn verify(&self, secret: &Secret, hash: &str) -> bool;

    /// Returns the shortest accepted client secret, in bytes. Default: 22, which are 128 bits in
    /// base64url (RFC 6749 §10.10). A slow hash can accept shorter secrets that people choose.
    fn shortest(&self) -> usize {
        SHORTEST
    }

    /// Returns a hash without a known secret, whose check takes as long as that of other hashes.
    /// The server checks this hash if the client is unknown. By default it is the hash of a text in
    /// this crate's source, with which no client is authenticated.
    fn stand_in(&self) -> String {
        self.hash(&Secret::new("no client has this secret"), [0; 16])
    }
}

/// SHA-256, for generated secrets.
///
/// ```
/// use oauth_proto::oauth2::server::store::{SecretHasher, Sha256Secrets};
///
/// let secret = "7Fjfp0ZBr1KtDRbnfVdmIw".into();
/// let hash = Sha256Secrets.hash(&secret, [0; 16]);
/// assert!(hash.starts_with("sha256:") && Sha256Secrets.verify(&secret, &hash));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Sha256Secrets;

impl SecretHasher for Sha256Secrets {
    fn hash(&self, secret: &Secret, _: [u8; 16]) -> String {
        format!("sha256:{}", TokenHash::of(secret.expose()))
    }

    fn verify(&self, secret: &Secret, hash: &str) -> bool {
        let hash = hash.strip_prefix("sha256:");
        hash.is_some_and(|hash| same(&TokenHash::of(secret.expose()).digits(), hash.as_bytes()))
    }

    /// Returns digits of pi, since no text with this hash is known.
    fn stand_in(&self) -> String {
        "sha256:243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89".to_owned()
    }
}

pub(crate) fn salt(moment: &Moment) -> [u8; 16] {
    let [salt, _] = split(moment.derive("oauth2 salt"));
    salt
}

/// Returns the two halves of a value.
pub(crate) fn split(bytes: [u8; 32]) -> [[u8; 16]; 2] {
    let mut halves = [[0; 16]; 2];
    halves[0].copy_from_slice(&bytes[..16]);
    halves[1].copy_from_slice(&bytes[16..]);
    halves
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_secret_matches_its_hash() {
        let hash = Sha256Secrets.hash(&"secret".into(), [0; 16]);
        assert!(Sha256Secrets.verify(&"secret".into(), &hash));
        for (secret, hash) in [
            ("Secret", &*hash),
            ("", &hash),
            ("secret", ""),
            ("secret", "secret"),
            ("secret", &hash[1..]),
        ] {
            assert!(!Sha256Secrets.verify(&secret.into(), hash), "{secret} {hash}");
        }
    }
}
