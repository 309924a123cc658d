//! A client as the server knows it, RFC 5849 §1.1.

use super::schedules::Schedules;
use crate::oauth1::signing::Method;
use crate::{Error, Secret, Unsupported};

/// A client as the server knows it.
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
    /// Returns the record of a client that signs with a shared secret. HMAC needs the secret
    /// itself, so it cannot be stored as a hash (RFC 5849 §4.5).
    ///
    /// # Errors
    /// [`Unsupported::ShortSecret`] when it is empty: everyone who knows the client's identifier
    /// could sign for it.
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

    /// Makes a client that signs with a private key. `key` is the method with its public key; only
    /// that method is accepted.
    pub fn with_key(key: Method) -> Self {
        Self {
            secret: None,
            keys: vec![key],
            callbacks: Vec::new(),
            schedules: Schedules::default(),
        }
    }

    /// Registers a callback. Once there is one, callbacks must equal a registered one, byte for
    /// byte; before, the client, which signs it, may name any.
    pub fn add_callback(mut self, uri: impl Into<String>) -> Self {
        self.callbacks.push(uri.into());
        self
    }
}
