//! A client's secret as a server keeps it: a hash, and perhaps an end. RFC 6749 §2.3.1.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::secret_hasher::{SecretHasher, Sha256Secrets, salt};
use crate::{Error, Moment, Secret, Timestamp, Unsupported};

/// A client's secret as a server keeps it.
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
    /// The secret's hash, as the server's [`SecretHasher`] writes it.
    pub hash: String,
    /// The time at which the secret expires; never if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

impl ClientSecret {
    /// Returns a secret that you have generated: at least 128 bits that an attacker cannot guess,
    /// which are 22 characters of base64url. One that a person chose does not belong here. It is
    /// hashed by [`Sha256Secrets`], whatever the server's hasher; for another, see
    /// [`with_hasher`](Self::with_hasher).
    ///
    /// # Errors
    /// [`Unsupported::ShortSecret`] if it has fewer than 22 bytes.
    pub fn new(secret: impl Into<Secret>) -> Result<Self, Error> {
        // A generated secret needs no salt, so no randomness either.
        Self::salted(&Sha256Secrets, &secret.into(), [0; 16])
    }

    /// Returns a secret that may have fewer than 22 bytes, hashed by [`Sha256Secrets`].
    ///
    /// # Security
    /// An attacker can try short secrets at the token endpoint, and one who reads the store tries
    /// millions in a second.
    pub fn dangerous_short(secret: impl Into<Secret>) -> Self {
        Self::with_hash(Sha256Secrets.hash(&secret.into(), [0; 16]))
    }

    /// Returns a secret that a hasher of the caller's hashes, with salt from the moment.
    ///
    /// # Errors
    /// [`Unsupported::ShortSecret`] if it is shorter than the hasher's
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

    /// Returns a secret of which the hash is known.
    pub fn with_hash(hash: impl Into<String>) -> Self {
        Self { hash: hash.into(), expires_at: None }
    }

    /// Sets when the secret expires. By default it never does.
    pub fn expires_at(mut self, at: Timestamp) -> Self {
        self.expires_at = Some(at);
        self
    }

    /// Returns whether the secret has expired: at the very second, too.
    pub(crate) fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

impl fmt::Debug for ClientSecret {
    /// Hides the hash: a secret that a person chose could be found by it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSecret").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}
