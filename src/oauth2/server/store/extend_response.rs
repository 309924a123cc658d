//! The query about members that the application adds to responses of the token endpoint (RFC 6749
//! §5.1) and of introspection (RFC 7662 §2.2).

use std::sync::Arc;

use serde_json::{Map, Value};

use super::records::client_record::ClientRecord;
use super::records::grant_record::GrantRecord;
use super::records::token_record::TokenRecord;
use crate::Timestamp;
use crate::core::query::ServerQuery;
use crate::oauth2::common::scope::Scope;

/// An answer to which the application adds members.
///
/// Set [`extend_token_responses`](crate::oauth2::server::ProviderBuilder::extend_token_responses)
/// or [`extend_introspection`](crate::oauth2::server::ProviderBuilder::extend_introspection), call
/// [`Serve::extend_response`](crate::oauth2::server::Serve::extend_response) in the place of
/// `serve`, and return the members. A member that the server writes itself is an error
/// (`server_error`).
///
/// The application is asked before anything is stored or used: if it fails, the client can try
/// again with the same code. If a reusable token is there already, the application is asked a
/// second time, about that token, and its second answer counts.
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
    /// The kind of the answer.
    pub kind: ResponseKind,
    /// The client that gets the answer, authenticated. At introspection it may be another than the
    /// one of the grant.
    pub client: Arc<ClientRecord>,
    /// The grant that the token belongs to, with the user and the application's data.
    pub grant: Arc<GrantRecord>,
    /// The scope of the token.
    pub scope: Scope,
    /// The resources that the token is for; if empty, all resources of the server.
    pub resource: Vec<String>,
    /// The time at which the token expires; never if `None`.
    pub expires_at: Option<Timestamp>,
    /// The key that the token is bound to (RFC 7800, `cnf`); `None` for bearer tokens.
    pub confirmation: Option<Value>,
}

/// The kind of an answer that the application extends.
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
    /// An answer of the token endpoint: to a code, a refresh token, a device code or any other
    /// grant.
    Token,
    /// An answer of the introspection endpoint about an active token.
    Introspection,
}

impl ServerQuery for ExtendResponse {
    type Output = Map<String, Value>;
}

/// The members that the server writes into token answers, or will write.
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

/// The members that the server writes into introspection answers, or will write.
const OF_INTROSPECTION: [&str; 11] =
    ["active", "scope", "client_id", "token_type", "exp", "iat", "nbf", "sub", "aud", "iss", "cnf"];

impl ResponseKind {
    /// Returns whether the server itself writes a member.
    pub(crate) fn reserves(self, member: &str) -> bool {
        match self {
            Self::Token => OF_TOKENS.contains(&member),
            Self::Introspection => OF_INTROSPECTION.contains(&member),
        }
    }
}

impl ExtendResponse {
    /// Returns the query about an answer with a token.
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
