//! Token credentials as they came, RFC 5849 §2.3, with what else the service sent.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::oauth1::credentials::TokenCredentials;
use crate::{Secret, Timestamp};

/// The result of the three legs: a token, its secret, and every other field of the answer.
///
/// Store it with serde; the stored form holds the secrets.
///
/// ```
/// use oauth_proto::oauth1::{Token, TokenCredentials};
///
/// // From a store that knows nothing but the two texts:
/// let token = Token::from(TokenCredentials::new("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00"));
/// assert_eq!(token.extra.get("screen_name"), None);
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Token {
    /// The token and its secret.
    #[serde(flatten)]
    pub credentials: TokenCredentials,
    /// The handle that renews an expired token (`oauth_session_handle` of the OAuth Session
    /// extension).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_handle: Option<Secret>,
    /// When the token expires, computed from `oauth_expires_in`. Most services' tokens never do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Every other field: `user_id`, `screen_name`, …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, String>,
}

impl Token {
    /// Returns whether it has expired at that time.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }
}

impl From<TokenCredentials> for Token {
    fn from(credentials: TokenCredentials) -> Self {
        Self { credentials, session_handle: None, expires_at: None, extra: BTreeMap::new() }
    }
}

impl fmt::Debug for Token {
    /// Only the names of the extra fields are shown: a service may put anything there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("credentials", &self.credentials)
            .field("session_handle", &self.session_handle)
            .field("expires_at", &self.expires_at)
            .field("extra", &self.extra.keys())
            .finish()
    }
}
