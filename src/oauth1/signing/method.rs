//! Signature methods: RFC 5849 §3.4.2 to §3.4.4, the common methods with SHA-2, and methods of the
//! caller.

use std::fmt;
use std::sync::Arc;

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

#[cfg(feature = "rsa")]
use super::rsa::RsaKey;
use crate::wire::percent;
use crate::{BoxError, Moment, Secret, Step};

/// A custom signature method: another library, a hardware key, or a method that only one service
/// has. For a key in a key service, implement
/// [`RemoteSignatureMethod`](super::RemoteSignatureMethod).
///
/// ```
/// use std::sync::Arc;
///
/// use oauth_proto::oauth1::{Method, SignatureMethod};
///
/// /// Signs with a key that never leaves its device.
/// struct HardwareKey;
///
/// impl SignatureMethod for HardwareKey {
///     fn name(&self) -> &str {
///         "RSA-SHA256"
///     }
///
///     fn sign(
///         &self,
///         base_string: &[u8],
///         _key: &[u8],
///         _: Option<&[u8; 16]>,
///     ) -> Result<Vec<u8>, String> {
///         # let device_sign = |message: &[u8]| Some(vec![message.len() as u8]);
///         device_sign(base_string).ok_or_else(|| "the device is not connected".to_owned())
///     }
///
///     fn uses_secrets(&self) -> bool {
///         false
///     }
/// }
///
/// let method = Method::Custom(Arc::new(HardwareKey));
/// ```
pub trait SignatureMethod: Send + Sync {
    /// Returns the value of `oauth_signature_method`.
    fn name(&self) -> &str;

    /// Signs a base string, and returns the bytes of the signature; this crate encodes them in
    /// base64. `key` is the two shared secrets, encoded and joined by `&`, for methods that use
    /// them. `randomness` is fresh bytes of the [`Moment`](crate::Moment), for methods with
    /// blinding or random values. It is `None` if the caller made the [`Stamp`](super::Stamp), and
    /// if a signature is verified by signing.
    ///
    /// # Errors
    /// A text that says why the base string could not be signed. It must not have a secret in it.
    fn sign(
        &self,
        base_string: &[u8],
        key: &[u8],
        randomness: Option<&[u8; 16]>,
    ) -> Result<Vec<u8>, String>;

    /// Returns whether a signature is that of the base string. The default signs and compares in
    /// constant time. A method with a public key implements it in another way.
    fn verify(&self, base_string: &[u8], key: &[u8], signature: &[u8]) -> bool {
        self.sign(base_string, key, None).is_ok_and(|expected| expected.ct_eq(signature).into())
    }

    /// Returns whether the method uses the shared secrets. If it does, empty secrets are refused.
    fn uses_secrets(&self) -> bool {
        true
    }
}

/// A signature method whose key is in a key service: a cloud's key management, a vault, a signing
/// server.
///
/// [`sign`](Self::sign) gets the base string. The function sends the key service the base string,
/// or the hash of the base string if the service signs hashes. The key service must sign by the
/// method that [`name`](Self::name) returns.
///
/// # Examples
/// ```
/// use std::sync::Arc;
///
/// use oauth_proto::oauth1::{
///     ClientCredentials, Method, RemoteSignatureMethod, Scheme, Signer,
/// };
/// use oauth_proto::{BoxError, DriveError, Moment, Purpose, Request, Response, Step, run};
///
/// struct KeyService;
///
/// impl RemoteSignatureMethod for KeyService {
///     fn name(&self) -> &str {
///         "RSA-SHA256"
///     }
///
///     fn sign(&self, base_string: Vec<u8>, _: Moment) -> Result<Step<Vec<u8>>, BoxError> {
///         let request =
///             http::Request::post("https://keys.example.com/2026/sign").body(base_string)?;
///         Ok(Step::exchange(request, Purpose::CallingKeyService, |response| {
///             Ok(response.body().clone())
///         }))
///     }
/// }
///
/// fn signed(
///     request: Request,
///     send: impl FnMut(Request) -> Result<Response, std::io::Error>,
/// ) -> Result<Request, DriveError> {
///     let scheme = Scheme::new(Method::Remote(Arc::new(KeyService)));
///     let signer =
///         Signer::new(&scheme, &ClientCredentials::new("dpf43f3p2l4k3l03", ""), None);
///     run(signer.sign_remotely(request, Moment::from_os())?, send)
/// }
/// ```
pub trait RemoteSignatureMethod: Send + Sync {
    /// Returns the value of `oauth_signature_method`.
    fn name(&self) -> &str;

    /// Returns a step that asks the key service, and whose result is the bytes of the signature;
    /// this crate encodes them in base64. `moment` is for steps that need the time or randomness,
    /// such as [`Step::then`].
    ///
    /// # Errors
    /// Any error if the step cannot be made. Its text must not have a secret in it. An
    /// [`Error`](crate::Error) of this crate becomes
    /// [`Refused::KeyService`](crate::Refused::KeyService), and any other error becomes
    /// [`RequestError::Signing`](super::super::RequestError::Signing).
    fn sign(&self, base_string: Vec<u8>, moment: Moment) -> Result<Step<Vec<u8>>, BoxError>;
}

/// A signature method.
///
/// ```
/// use oauth_proto::oauth1::{Method, Scheme};
///
/// let scheme = Scheme::new(Method::HmacSha256);
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum Method {
    /// HMAC with SHA-1 (RFC 5849 §3.4.2): what nearly every service expects.
    HmacSha1,
    /// HMAC with SHA-256.
    HmacSha256,
    /// HMAC with SHA-512.
    HmacSha512,
    /// RSA with SHA-1 (RFC 5849 §3.4.3). SHA-1 is weak: use it only if the service accepts no other
    /// method.
    #[cfg(feature = "rsa")]
    RsaSha1(RsaKey),
    /// RSA with SHA-256.
    #[cfg(feature = "rsa")]
    RsaSha256(RsaKey),
    /// RSA with SHA-512.
    #[cfg(feature = "rsa")]
    RsaSha512(RsaKey),
    /// PLAINTEXT (RFC 5849 §3.4.4): nothing is signed, the secrets themselves are sent.
    ///
    /// # Security
    /// Everyone who sees the request has the credentials. Requests to an origin that is neither
    /// https nor the machine itself are refused.
    DangerousPlaintext,
    /// A custom method.
    Custom(Arc<dyn SignatureMethod>),
    /// A method whose key is in a key service, which is asked over HTTP. Sign with
    /// [`Signer::sign_remotely`](super::Signer::sign_remotely). [`Client`](crate::oauth1::Client),
    /// [`Session::call`](crate::oauth1::Session::call) and sign-ins use that function. Functions
    /// that sign without returning a step return an error for this method. It cannot verify
    /// signatures: give a [`Verifier`](crate::oauth1::server::Verifier) the public key.
    Remote(Arc<dyn RemoteSignatureMethod>),
}

impl Method {
    /// Returns the value of `oauth_signature_method`.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::HmacSha1 => "HMAC-SHA1",
            Self::HmacSha256 => "HMAC-SHA256",
            Self::HmacSha512 => "HMAC-SHA512",
            #[cfg(feature = "rsa")]
            Self::RsaSha1(_) => "RSA-SHA1",
            #[cfg(feature = "rsa")]
            Self::RsaSha256(_) => "RSA-SHA256",
            #[cfg(feature = "rsa")]
            Self::RsaSha512(_) => "RSA-SHA512",
            Self::DangerousPlaintext => "PLAINTEXT",
            Self::Custom(method) => method.name(),
            Self::Remote(method) => method.name(),
        }
    }

    /// Returns whether the method uses the shared secrets.
    pub(crate) fn uses_secrets(&self) -> bool {
        match self {
            #[cfg(feature = "rsa")]
            Self::RsaSha1(_) | Self::RsaSha256(_) | Self::RsaSha512(_) => false,
            Self::Custom(method) => method.uses_secrets(),
            Self::Remote(_) => false,
            _ => true,
        }
    }

    /// Returns whether the key is in a key service.
    pub(crate) fn is_remote(&self) -> bool {
        matches!(self, Self::Remote(_))
    }

    pub(crate) fn is_plaintext(&self) -> bool {
        matches!(self, Self::DangerousPlaintext)
    }

    /// Returns the hash of a body for `oauth_body_hash`, in base64. The hash function is that of
    /// the method, or SHA-1 if the method's name does not name one.
    pub(crate) fn body_hash(&self, body: &[u8]) -> String {
        let name = self.name();
        if name.ends_with("SHA256") {
            base64(&Sha256::digest(body))
        } else if name.ends_with("SHA512") {
            base64(&Sha512::digest(body))
        } else {
            sha1_body_hash(body)
        }
    }
}

/// Returns the SHA-1 hash of a body, in base64.
pub(crate) fn sha1_body_hash(body: &[u8]) -> String {
    base64(&Sha1::digest(body))
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Method({})", self.name())
    }
}

/// The encoding of the secrets in the signing key.
///
/// ```
/// use oauth_proto::oauth1::{KeyEncoding, Scheme};
///
/// let mut scheme = Scheme::default();
/// scheme.key_encoding = Some(KeyEncoding::Raw);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyEncoding {
    /// Percent-encoded (RFC 5849 §3.4.2).
    #[default]
    Encoded,
    /// Not encoded, at some services of the version of 2007. It makes a difference only for secrets
    /// with reserved characters.
    Raw,
}

/// Returns both secrets joined by `&`: the key of the HMAC methods, and the whole signature of
/// PLAINTEXT.
pub(crate) fn signing_key(
    client: &Secret,
    token: Option<&Secret>,
    encoding: KeyEncoding,
) -> Zeroizing<String> {
    let token = token.map_or("", Secret::expose);
    // The buffer has room for every byte in its encoded form. If the buffer grew, a copy of the
    // secrets would stay in memory. Most secrets need no encoding, and a smaller buffer is wiped
    // faster.
    let room = |secret: &str| {
        if percent::is_plain(secret.as_bytes()) { secret.len() } else { 3 * secret.len() }
    };
    let mut key = Zeroizing::new(String::with_capacity(room(client.expose()) + 1 + room(token)));
    for (index, secret) in [client.expose(), token].into_iter().enumerate() {
        if index > 0 {
            key.push('&');
        }
        match encoding {
            KeyEncoding::Encoded => percent::encode_text_into(&mut key, secret),
            KeyEncoding::Raw => key.push_str(secret),
        }
    }
    key
}

pub(super) fn base64(bytes: &[u8]) -> String {
    use base64::prelude::{BASE64_STANDARD, Engine};
    BASE64_STANDARD.encode(bytes)
}
