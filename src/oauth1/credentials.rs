//! The two sets of credentials of RFC 5849 §1.1: the client's and the token's.

use serde::{Deserialize, Serialize};

use crate::Secret;

/// The client's identifier and shared secret: the "consumer key" and "consumer secret" that the
/// service gave out.
///
/// ```
/// use oauth_proto::oauth1::ClientCredentials;
///
/// let client = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
/// assert!(!format!("{client:?}").contains("kd94"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientCredentials {
    /// The identifier, sent as `oauth_consumer_key`.
    pub key: String,
    /// The shared secret. Empty for a client that signs with a private key alone.
    pub secret: Secret,
}

impl ClientCredentials {
    /// Returns the credentials of a client. One that signs with a private key (RFC 5849 §3.4.3) has
    /// the secret `""`.
    pub fn new(key: impl Into<String>, secret: impl Into<Secret>) -> Self {
        Self { key: key.into(), secret: secret.into() }
    }
}

/// A token's identifier and shared secret: token credentials, or temporary ones.
///
/// ```
/// use oauth_proto::oauth1::TokenCredentials;
///
/// let token = TokenCredentials::new("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00");
/// let stored = serde_json::to_string(&token).unwrap();
/// assert_eq!(serde_json::from_str::<TokenCredentials>(&stored).unwrap(), token);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenCredentials {
    /// The identifier, sent as `oauth_token`.
    pub token: String,
    /// The shared secret.
    pub secret: Secret,
}

impl TokenCredentials {
    /// Makes token credentials.
    pub fn new(token: impl Into<String>, secret: impl Into<Secret>) -> Self {
        Self { token: token.into(), secret: secret.into() }
    }
}
