//! The introspection response, RFC 7662 §2.2.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::scope::Scope;
use crate::Timestamp;
use crate::wire::lenient;

/// The facts about a token that its authorization server returns at introspection (RFC 7662 §2.2).
/// Only [`active`](field@Self::active) is always there.
///
/// ```
/// use oauth_proto::oauth2::Introspection;
///
/// let answer = r#"{"active": true, "client_id": "l238j323ds-23ij4", "scope": "read write",
///     "aud": "https://a.example/"}"#;
/// let token: Introspection = serde_json::from_str(answer)?;
/// assert!(token.active && token.scope.is_some_and(|scope| scope.contains("read")));
/// assert_eq!(token.aud, ["https://a.example/"]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Introspection {
    /// Whether the token is valid now.
    #[serde(deserialize_with = "lenient::flag")]
    pub active: bool,
    /// The scope of the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// The client id of the client to which the token was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The name of the user who granted access, for display. To identify the user, use
    /// [`sub`](field@Self::sub).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The type of the token, such as `Bearer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_type: Option<String>,
    /// The time at which the token expires.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient::time")]
    pub exp: Option<Timestamp>,
    /// The time at which the token was issued.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient::time")]
    pub iat: Option<Timestamp>,
    /// The time before which the token is not valid.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient::time")]
    pub nbf: Option<Timestamp>,
    /// The id of the user who granted access. For a token without a user, usually the client id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The audiences of the token: the names or URLs of the resources that may accept it.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "audiences")]
    pub aud: Vec<String>,
    /// The issuer identifier of the authorization server that issued the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The id of the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// All other members, by their names.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Reads a string, or a list of strings.
fn audiences<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    lenient::list(deserializer).map(Option::unwrap_or_default)
}

impl fmt::Debug for Introspection {
    /// Shows only the names of the extra members: their values may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection")
            .field("active", &self.active)
            .field("scope", &self.scope)
            .field("client_id", &self.client_id)
            .field("sub", &self.sub)
            .field("aud", &self.aud)
            .field("iss", &self.iss)
            .field("exp", &self.exp)
            .field("extra", &self.extra.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
