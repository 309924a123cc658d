//! The query for members that the application adds to responses of the token endpoint (RFC 6749
//! §5.1) and of introspection (RFC 7662 §2.2).

use std::sync::Arc;

use serde_json::{Map, Value};

use super::records::client_record::ClientRecord;
use super::records::grant_record::GrantRecord;
use super::records::token_record::TokenRecord;
use crate::Timestamp;
use crate::core::query::ServerQuery;
use crate::oauth2::common::scope::Scope;

/// The query for members that the application adds to a response.
///
/// Set [`extend_token_responses`](crate::oauth2::server::ProviderBuilder::extend_token_responses)
/// or [`extend_introspection`](crate::oauth2::server::ProviderBuilder::extend_introspection), and
/// use [`Serve::extend_response`](crate::oauth2::server::Serve::extend_response) instead of
/// `serve`. Its function returns the members. If it returns a member that the server writes itself,
/// the client gets `server_error`.
///
/// The query comes before anything is stored or used up. So if the application fails, the client
/// can try again with the same code. If there is a reusable token already, the query comes a second
/// time for that token, and the second result is used.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::{ExtendResponse, ResponseKind};
/// use serde_json::{Map, Value};
///
/// fn extend(answer: &ExtendResponse) -> Map<String, Value> {
///     let mut members = Map::new();
///     if answer.kind == ResponseKind::Token && answer.scope.contains("tenant") {
///         members.insert("tenant".into(), answer.grant.data["tenant"].clone());
///     }
///     members
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExtendResponse {
    /// The kind of the response.
    pub kind: ResponseKind,
    /// The authenticated client that gets the response. At introspection it can be another client
    /// than that of the grant.
    pub client: Arc<ClientRecord>,
    /// The grant of the token, with the user and the application's data.
    pub grant: Arc<GrantRecord>,
    /// The scope of the token.
    pub scope: Scope,
    /// The resources for which the token is. If empty, all resources of the server.
    pub resource: Vec<String>,
    /// The time at which the token expires. `None` if it does not expire.
    pub expires_at: Option<Timestamp>,
    /// The key to which the token is bound (RFC 7800, `cnf`). `None` for bearer tokens.
    pub confirmation: Option<Value>,
}

/// The kind of a response to which the application adds members.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::ResponseKind;
///
/// assert_ne!(ResponseKind::Token, ResponseKind::Introspection);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseKind {
    /// A response of the token endpoint.
    Token,
    /// A response of the introspection endpoint about an active token.
    Introspection,
}

impl ServerQuery for ExtendResponse {
    type Output = Map<String, Value>;
}

/// The members of token responses that the server writes, now or in later versions.
const OF_TOKENS: [&str; 9] = [
    "access_token",
    "token_type",
    "expires_in",
    "refresh_token",
    "scope",
    "issued_token_type",
    "error",
    "error_description",
    "error_uri",
];

/// The members of introspection responses that the server writes, now or in later versions.
const OF_INTROSPECTION: [&str; 11] =
    ["active", "scope", "client_id", "token_type", "exp", "iat", "nbf", "sub", "aud", "iss", "cnf"];

impl ResponseKind {
    /// Returns whether the server writes a member itself.
    pub(crate) fn reserves(self, member: &str) -> bool {
        match self {
            Self::Token => OF_TOKENS.contains(&member),
            Self::Introspection => OF_INTROSPECTION.contains(&member),
        }
    }
}

impl ExtendResponse {
    /// Makes the query for a response with a token.
    pub(crate) fn about(
        kind: ResponseKind,
        client: &Arc<ClientRecord>,
        record: &TokenRecord,
    ) -> Self {
        Self {
            kind,
            client: client.clone(),
            grant: record.grant.clone(),
            scope: record.scope().clone(),
            resource: record.resource().to_vec(),
            expires_at: record.expires_at,
            confirmation: None,
        }
    }
}
