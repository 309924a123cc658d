//! The credentials of clients and tokens: RFC 5849 §1.1.

use serde::{Deserialize, Serialize};

use crate::Secret;

/// A client's identifier and shared secret: the "consumer key" and "consumer secret" from the
/// service.
///
/// ```
/// use oauth_proto::oauth1::ClientCredentials;
///
/// let client = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
/// assert!(!format!("{client:?}").contains("kd94"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientCredentials {
    /// The client's identifier, sent as `oauth_consumer_key`.
    pub key: String,
    /// The client's shared secret. Empty if the client signs only with a private key.
    pub secret: Secret,
}

impl ClientCredentials {
    /// Makes a client's credentials. A client that signs with a private key (RFC 5849 §3.4.3) has
    /// the secret `""`.
    pub fn new(key: impl Into<String>, secret: impl Into<Secret>) -> Self {
        Self { key: key.into(), secret: secret.into() }
    }
}

/// A token's identifier and shared secret: token credentials or temporary credentials.
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
    /// The token's identifier, sent as `oauth_token`.
    pub token: String,
    /// The token's shared secret.
    pub secret: Secret,
}

impl TokenCredentials {
    /// Makes a token's credentials from its identifier and its secret.
    pub fn new(token: impl Into<String>, secret: impl Into<Secret>) -> Self {
        Self { token: token.into(), secret: secret.into() }
    }
}
