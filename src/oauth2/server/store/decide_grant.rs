//! The question of a server to the application: whether a grant without a page is granted.

use std::sync::Arc;

use super::records::approval::Approval;
use super::records::client_record::ClientRecord;
use super::records::grant_record::GrantRecord;
use super::records::token_record::TokenRecord;
use crate::Secret;
use crate::core::query::ServerQuery;
use crate::oauth2::Scope;
use crate::oauth2::common::json_response::is_quotable;
use crate::oauth2::common::names::{PASSWORD, REFRESH_TOKEN, TOKEN_EXCHANGE};
use crate::oauth2::server::refuse::reason::RejectReason;

/// A grant without a page, on which the application decides: what
/// [`Serve::decide_grant`](crate::oauth2::server::Serve::decide_grant) hands to it.
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
    /// The client that asks, authenticated.
    pub client: Arc<ClientRecord>,
    /// The scope that it asks for, and may be granted.
    pub scope: Scope,
    /// The resources that it asks for.
    pub resource: Vec<String>,
    /// The credential that the client shows.
    pub credential: GrantCredential,
}

/// The credential that a client shows for a grant.
///
/// ```
/// use oauth_proto::oauth2::server::GrantCredential;
///
/// assert_eq!(
///     GrantCredential::Password { username: "jane".into(), password: "x".into() }
///         .grant_type(),
///     "password"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GrantCredential {
    /// The resource owner's password (RFC 6749 §4.3).
    Password {
        /// The name of the user.
        username: String,
        /// The password. The application that checks it has to bound the attempts.
        password: Secret,
    },
    /// Another token (RFC 8693).
    Exchange(Box<Exchange>),
    /// A refresh token of this grant, where
    /// [`decide_at_refresh`](crate::oauth2::server::GrantType::decide_at_refresh) was set.
    ///
    /// Grant [`Approval::of`] this one. Less scope is for this access token alone, since the
    /// refresh token keeps its own (RFC 6749 §6). Other data are also for the tokens after it, if
    /// the refresh token is replaced; a new grant drops the data. [`Decision::Denied`] tells the
    /// client `invalid_grant`, and most clients then forget the token; the token itself stays
    /// valid, and the user's access tokens live until they expire. To end the grant, call
    /// [`Provider::revoke_grant`](crate::oauth2::server::Provider::revoke_grant). To put the client
    /// off for a while, answer [`Decision::Refused`] with `temporarily_unavailable`.
    Refresh(Arc<GrantRecord>),
    /// The request's parameters for an extension grant, without those of the client's
    /// authentication.
    Extension {
        /// The grant type.
        grant_type: String,
        /// Names and values. They may be secrets, so `Debug` hides them.
        parameters: Vec<(String, Secret)>,
    },
}

impl GrantCredential {
    /// Returns the `grant_type` of the request.
    pub fn grant_type(&self) -> &str {
        match self {
            Self::Password { .. } => PASSWORD,
            Self::Exchange(_) => TOKEN_EXCHANGE,
            Self::Refresh(_) => REFRESH_TOKEN,
            Self::Extension { grant_type, .. } => grant_type,
        }
    }
}

/// The token of the party that acts for the user in a token exchange (RFC 8693 §2.1).
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
    /// The token, `actor_token`.
    pub token: Secret,
    /// The type of the token, `actor_token_type`.
    pub token_type: String,
}

/// A token exchange (RFC 8693 §2.1).
///
/// ```
/// use oauth_proto::oauth2::server::store::TokenKind;
/// use oauth_proto::oauth2::server::{Approval, Decision, Exchange};
///
/// /// Takes this server's own access tokens alone, for the user that they belong to.
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
    /// The token of the party that the new token is about, `subject_token`.
    pub subject_token: Secret,
    /// The type of that token.
    pub subject_token_type: String,
    /// The record of that token, if it is a living token of this server. The new token then exceeds
    /// neither its scope nor its resources, lives no longer, comes without a refresh token, and is
    /// revoked with the grant of that token.
    pub subject: Option<Arc<TokenRecord>>,
    /// The token of the party that acts for the user, if there is one.
    pub actor_token: Option<ActorToken>,
    /// Names of services that the new token is for.
    pub audience: Vec<String>,
    /// The type of the wanted token; this server gives access tokens.
    pub requested_token_type: Option<String>,
}

/// The application's answer to [`DecideGrant`].
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
    /// It is granted.
    Granted(Approval),
    /// It is not: `invalid_grant`.
    Denied,
    /// It is not, and the client is told why.
    Refused {
        /// The error's code (RFC 6749 §5.2).
        code: String,
        /// The text for the client's developer.
        description: String,
    },
}

impl Decision {
    /// Returns what was granted, or why nothing was.
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
