//! The reasons why a protected resource refuses a request: RFC 6750 §3.1.

use crate::wire::Timestamp;

/// The reason why a protected resource refuses a request. It is for the operator's log: the client
/// gets its [`code`](Self::code) and a description without the details of an invalid token.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::resource::RejectReason;
///
/// assert_eq!(RejectReason::TokenUnknown.code(), RejectReason::TokenInactive.code());
/// assert_eq!(RejectReason::ScopeInsufficient.code(), "insufficient_scope");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectReason {
    /// The request has no bearer token.
    #[error("the request has no bearer token: send it in the Authorization header")]
    TokenMissing,
    /// The bearer token is in the query, where it is not accepted.
    #[error("the bearer token is in the query: send it in the Authorization header")]
    TokenInQuery,
    /// The request has more than one bearer token.
    #[error(
        "{0:?} occurs more than once: expected one bearer token in one place (RFC 6750 section 2)"
    )]
    TokenTwice(&'static str),
    /// The header or parameter for the bearer token has something else in it.
    #[error("{name} cannot be used: {why}")]
    TokenInvalid {
        /// The name of the header or parameter.
        name: &'static str,
        /// The reason why the header or parameter cannot be used.
        why: &'static str,
    },
    /// The bearer token is unknown, revoked, or not an access token.
    #[error("the bearer token is unknown, revoked, or not an access token")]
    TokenUnknown,
    /// The authorization server says that the bearer token is not active.
    #[error("the authorization server says that the bearer token is not active")]
    TokenInactive,
    /// The bearer token has expired.
    #[error("the bearer token expired at {at}, and the time is {now} (in Unix seconds)")]
    TokenExpired {
        /// The time at which it expired.
        at: Timestamp,
        /// The time of the request.
        now: Timestamp,
    },
    /// The bearer token is not valid yet.
    #[error("the bearer token is not valid before {from}, and the time is {now} (in Unix seconds)")]
    TokenNotYetValid {
        /// The time from which it is valid.
        from: Timestamp,
        /// The time of the request.
        now: Timestamp,
    },
    /// The bearer token is for other resources.
    #[error("{}", audience(received, expected))]
    TokenAudience {
        /// The resources for which the token was issued.
        received: Vec<String>,
        /// The URL of this resource, and its other names.
        expected: Vec<String>,
    },
    /// The `token_type` is not that of a bearer access token. Either the token is bound to a key,
    /// and the request would have to prove that the client has the key (`DPoP`, `PoP`, `MAC`). Or
    /// the token is not for resources (`refresh_token`, `id_token`, `N_A`).
    #[error("the token is of the type {0:?}, which is not a bearer access token")]
    TokenKind(String),
    /// The bearer token does not have the required scope.
    #[error("the bearer token does not have the scope that this request needs")]
    ScopeInsufficient,
}

fn audience(received: &[String], expected: &[String]) -> String {
    match received {
        [] => format!(
            "the bearer token names no resource, and `ResourceServerBuilder::require_audience` \
             wants one of {expected:?}"
        ),
        received => format!("the bearer token is for {received:?} and not for {expected:?}"),
    }
}

impl RejectReason {
    /// Returns the error code that is sent to the client (RFC 6750 §3.1).
    pub fn code(&self) -> &'static str {
        match self {
            Self::TokenMissing
            | Self::TokenInQuery
            | Self::TokenTwice(_)
            | Self::TokenInvalid { .. } => "invalid_request",
            Self::TokenUnknown
            | Self::TokenInactive
            | Self::TokenExpired { .. }
            | Self::TokenNotYetValid { .. }
            | Self::TokenAudience { .. }
            | Self::TokenKind(_) => "invalid_token",
            Self::ScopeInsufficient => "insufficient_scope",
        }
    }
}
