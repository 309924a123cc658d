//! The record of a client: RFC 5849 §1.1.

use super::schedules::Schedules;
use crate::oauth1::signing::Method;
use crate::{Error, Secret, Unsupported};

/// The record of a client: its secret or key, and its registered callbacks.
///
/// ```
/// use oauth_proto::oauth1::server::store::ClientRecord;
///
/// let client = ClientRecord::with_secret("kd94hf93k423kf44")?
///     .add_callback("https://printer.example.com/ready");
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientRecord {
    pub(crate) secret: Option<Secret>,
    pub(crate) keys: Vec<Method>,
    pub(crate) callbacks: Vec<String>,
    pub(crate) schedules: Schedules,
}

impl ClientRecord {
    /// Makes the record of a client that signs with a shared secret. HMAC needs the secret itself,
    /// so it cannot be stored as a hash (RFC 5849 §4.5).
    ///
    /// # Errors
    /// [`Unsupported::ShortSecret`] if the secret is empty, since anyone who knows the client's
    /// identifier could sign for the client.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth1::server::store::ClientRecord;
    ///
    /// assert!(ClientRecord::with_secret("kd94hf93k423kf44").is_ok());
    /// assert!(ClientRecord::with_secret("").is_err());
    /// ```
    pub fn with_secret(secret: impl Into<Secret>) -> Result<Self, Error> {
        let secret = secret.into();
        if secret.is_empty() {
            return Err(Unsupported::ShortSecret { length: 0, least: 1 }.into());
        }
        Ok(Self {
            secret: Some(secret),
            keys: Vec::new(),
            callbacks: Vec::new(),
            schedules: Schedules::default(),
        })
    }

    /// Makes the record of a client that signs with a private key. `key` is the signature method
    /// with the public key. Other methods are refused for this client.
    pub fn with_key(key: Method) -> Self {
        Self {
            secret: None,
            keys: vec![key],
            callbacks: Vec::new(),
            schedules: Schedules::default(),
        }
    }

    /// Registers a callback. A client with registered callbacks must use one of them, which is
    /// compared byte by byte. A client without registered callbacks can use any callback.
    pub fn add_callback(mut self, uri: impl Into<String>) -> Self {
        self.callbacks.push(uri.into());
        self
    }
}
