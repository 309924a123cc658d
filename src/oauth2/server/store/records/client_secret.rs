//! The stored form of a client secret, a hash with an optional expiry: RFC 6749 §2.3.1.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::secret_hasher::{SecretHasher, Sha256Secrets, salt};
use crate::{Error, Moment, Secret, Timestamp, Unsupported};

/// The stored form of a client secret: its hash, and the time at which it expires.
///
/// # Examples
/// ```
/// use oauth_proto::Timestamp;
/// use oauth_proto::oauth2::server::store::ClientRecord;
/// use oauth_proto::oauth2::server::store::ClientSecret;
///
/// let client = ClientRecord::confidential("printer", "7Fjfp0ZBr1KtDRbnfVdmIw")?;
/// // The client gets a new secret, and has a week to deploy it: until then both are accepted.
/// let in_a_week = Timestamp::from_secs(1_797_000_000);
/// let client = client.replace_secret(ClientSecret::new("b8K0dP4rQ7eF1gL6xN9yWz")?, in_a_week);
/// assert_eq!(client.previous_secret.unwrap().expires_at, Some(in_a_week));
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClientSecret {
    /// The hash of the secret, in the format of the server's [`SecretHasher`].
    pub hash: String,
    /// The time at which the secret expires. `None` if it does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

impl ClientSecret {
    /// Hashes a generated secret with [`Sha256Secrets`]. The secret must have at least 128 bits
    /// that an attacker cannot guess, which are 22 characters of base64url. For a secret that a
    /// person chose, or for another hasher, use [`with_hasher`](Self::with_hasher).
    ///
    /// # Errors
    /// [`Unsupported::ShortSecret`] if it has fewer than 22 bytes.
    pub fn new(secret: impl Into<Secret>) -> Result<Self, Error> {
        // A generated secret needs no salt, and so no randomness.
        Self::salted(&Sha256Secrets, &secret.into(), [0; 16])
    }

    /// Hashes a secret with [`Sha256Secrets`], which can have fewer than 22 bytes.
    ///
    /// # Security
    /// An attacker can try short secrets at the token endpoint. An attacker who reads the store can
    /// try millions in a second.
    pub fn dangerous_short(secret: impl Into<Secret>) -> Self {
        Self::with_hash(Sha256Secrets.hash(&secret.into(), [0; 16]))
    }

    /// Hashes a secret with a hasher of the caller, and salt from the moment.
    ///
    /// # Errors
    /// [`Unsupported::ShortSecret`] if the secret is shorter than the hasher's
    /// [`shortest`](SecretHasher::shortest).
    pub fn with_hasher(
        hasher: &dyn SecretHasher,
        secret: impl Into<Secret>,
        moment: &Moment,
    ) -> Result<Self, Error> {
        Self::salted(hasher, &secret.into(), salt(moment))
    }

    fn salted(hasher: &dyn SecretHasher, secret: &Secret, salt: [u8; 16]) -> Result<Self, Error> {
        let (length, least) = (secret.expose().len(), hasher.shortest());
        if length < least {
            return Err(Unsupported::ShortSecret { length, least }.into());
        }
        Ok(Self::with_hash(hasher.hash(secret, salt)))
    }

    /// Makes the stored form of a secret from its hash.
    pub fn with_hash(hash: impl Into<String>) -> Self {
        Self { hash: hash.into(), expires_at: None }
    }

    /// Sets the time at which the secret expires. Default: it does not expire.
    pub fn expires_at(mut self, at: Timestamp) -> Self {
        self.expires_at = Some(at);
        self
    }

    /// Returns whether the secret has expired. At exactly its expiry time, it has expired.
    pub(crate) fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

impl fmt::Debug for ClientSecret {
    /// Hides the hash, by which a short secret could be found.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSecret").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}
