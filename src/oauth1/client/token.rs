//! Token credentials with the other fields of the token response: RFC 5849 §2.3.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::oauth1::credentials::TokenCredentials;
use crate::{Secret, Timestamp};

/// A token with its secret, and the other fields of the token response.
///
/// The type implements serde's `Serialize` and `Deserialize`. The serialized form has the secrets
/// in it.
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
    /// The handle by which an expired token is renewed (`oauth_session_handle` of the OAuth Session
    /// extension).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_handle: Option<Secret>,
    /// The time at which the token expires, computed from `oauth_expires_in`. At most services,
    /// tokens do not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// All other fields of the response: `user_id`, `screen_name`, …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, String>,
}

impl Token {
    /// Returns whether the token has expired at the time `now`.
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
    /// Only the names of the extra fields are shown, since their values can be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("credentials", &self.credentials)
            .field("session_handle", &self.session_handle)
            .field("expires_at", &self.expires_at)
            .field("extra", &self.extra.keys())
            .finish()
    }
}
