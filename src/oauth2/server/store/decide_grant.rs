//! The server's query to the application, whether a grant without a consent page is allowed.

use std::sync::Arc;

use super::records::approval::Approval;
use super::records::client_record::ClientRecord;
use super::records::grant_record::GrantRecord;
use super::records::token_record::TokenRecord;
use crate::Secret;
use crate::core::query::ServerQuery;
use crate::oauth2::Scope;
use crate::oauth2::common::json_response::is_quotable;
use crate::oauth2::server::refuse::reason::RejectReason;

/// The query by which the application decides on a grant that has no consent page, such as the
/// password grant or a token exchange. The function of
/// [`Serve::decide_grant`](crate::oauth2::server::Serve::decide_grant) gets it.
///
/// ```
/// use oauth_proto::oauth2::server::{Approval, DecideGrant, Decision, GrantCredential};
///
/// fn decide(query: &DecideGrant) -> Decision {
///     match &query.credential {
///         GrantCredential::Password { username, password }
///             if is_right(username, password.expose()) =>
///         {
///             Decision::Granted(Approval::new(username))
///         }
///         _ => Decision::Denied,
///     }
/// }
/// # fn is_right(_: &str, _: &str) -> bool { false }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecideGrant {
    /// The authenticated client that requests the grant.
    pub client: Arc<ClientRecord>,
    /// The requested scope, as far as it is allowed for the client.
    pub scope: Scope,
    /// The requested resources.
    pub resource: Vec<String>,
    /// The credential in the client's request.
    pub credential: GrantCredential,
}

/// The credential in a token request that the application checks, such as a user's password.
///
/// ```
/// use oauth_proto::oauth2::server::GrantCredential;
///
/// fn user(credential: &GrantCredential) -> Option<&str> {
///     match credential {
///         GrantCredential::Password { username, .. } => Some(username),
///         GrantCredential::Refresh(grant) => grant.user.as_deref(),
///         _ => None,
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GrantCredential {
    /// The resource owner's password (RFC 6749 §4.3).
    Password {
        /// The user name.
        username: String,
        /// The password. Limit the number of attempts when you check it.
        password: Secret,
    },
    /// A token to exchange (RFC 8693).
    Exchange(Box<Exchange>),
    /// A refresh token of this grant, if
    /// [`decide_at_refresh`](crate::oauth2::server::GrantType::decide_at_refresh) is set.
    ///
    /// To allow the refresh, return [`Decision::Granted`] with [`Approval::of`] this grant. A
    /// narrower scope is only for the new access token, since the refresh token keeps its scope
    /// (RFC 6749 §6). Changed data is also for later tokens, if the refresh token is replaced.
    /// [`Approval::new`] has no data, so it would drop the data of the grant. With
    /// [`Decision::Denied`] the client gets `invalid_grant`, and most clients then drop the token;
    /// the token itself stays valid, and access tokens are valid until they expire. To end the
    /// grant, call [`Provider::revoke_records`](crate::oauth2::server::Provider::revoke_records).
    /// To let the client try again later, return [`Decision::Refused`] with
    /// `temporarily_unavailable`.
    Refresh(Arc<GrantRecord>),
    /// The parameters of an extension grant, without those of the client authentication.
    Extension {
        /// The grant type.
        grant_type: String,
        /// The names and values of the parameters. They can be secret, so `Debug` hides them.
        parameters: Vec<(String, Secret)>,
    },
}

/// The actor token of a token exchange: the token of the party that acts for the user (RFC 8693
/// §2.1).
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::ActorToken;
///
/// fn is_a_jwt(actor: &ActorToken) -> bool {
///     actor.token_type == "urn:ietf:params:oauth:token-type:jwt"
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActorToken {
    /// The `actor_token`.
    pub token: Secret,
    /// The `actor_token_type`.
    pub token_type: String,
}

/// A token exchange (RFC 8693 §2.1).
///
/// ```
/// use oauth_proto::oauth2::server::store::TokenKind;
/// use oauth_proto::oauth2::server::{Approval, Decision, Exchange};
///
/// /// Accepts access tokens of this server without an actor token. The new token has the same
/// /// user.
/// fn policy(exchange: &Exchange) -> Decision {
///     let subject =
///         exchange.subject.as_ref().filter(|subject| subject.kind == TokenKind::Access);
///     match subject.and_then(|subject| subject.grant.user.clone()) {
///         Some(user) if exchange.actor_token.is_none() => {
///             Decision::Granted(Approval::new(user))
///         }
///         _ => Decision::Denied,
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exchange {
    /// The `subject_token`: the token of the party for which the new token is requested.
    pub subject_token: Secret,
    /// The `subject_token_type`.
    pub subject_token_type: String,
    /// The record of the subject token, if it is a valid token of this server. The new token then
    /// has at most its scope, its resources and its lifetime, has no refresh token, and is revoked
    /// with the grant of the subject token. `None` for other tokens, which the application has to
    /// check.
    pub subject: Option<Arc<TokenRecord>>,
    /// The token of the party that acts for the user, if the request has one.
    pub actor_token: Option<ActorToken>,
    /// The names of the services for which the new token is (`audience`).
    pub audience: Vec<String>,
    /// The type of the requested token. This server issues only access tokens.
    pub requested_token_type: Option<String>,
}

/// The application's decision about a [`DecideGrant`] query.
///
/// ```
/// use oauth_proto::oauth2::server::Decision;
///
/// let refusal = Decision::Refused {
///     code: "invalid_target".into(),
///     description: "not for that service".into(),
/// };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// The grant is allowed.
    Granted(Approval),
    /// The grant is not allowed. The client gets `invalid_grant`.
    Denied,
    /// The grant is not allowed. The client gets this error.
    Refused {
        /// The error code (RFC 6749 §5.2).
        code: String,
        /// The `error_description`, for the developers of the client.
        description: String,
    },
}

impl Decision {
    /// Returns the approval, or the reason of the refusal.
    pub(crate) fn granted(self) -> Result<Approval, RejectReason> {
        match self {
            Self::Granted(grant) => Ok(grant),
            Self::Denied => Err(RejectReason::GrantDenied),
            Self::Refused { code, .. } if !is_quotable(&code) => Err(RejectReason::Misconfigured(
                "the code of `Decision::Refused` is empty or has invalid characters: expected \
                 printable ASCII without quotes and backslashes",
            )),
            Self::Refused { code, description } => {
                Err(RejectReason::GrantRefused { code, description })
            }
        }
    }
}

impl ServerQuery for DecideGrant {
    type Output = Decision;
}
