//! Why a request is refused, and the response that says so: RFC 6749 §4.1.2.1, §4.2.2.1 and §5.2.

use std::sync::Arc;

use http::header::{ALLOW, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};

use super::consent::Return;
use super::respond;
use crate::error::lifted_by;
use crate::oauth2::Scope;
use crate::{Response, Timestamp};

/// A request that is refused.
///
/// ```
/// use oauth_proto::oauth2::server::Rejected;
///
/// fn answer(rejected: &Rejected) -> oauth_proto::Response {
///     eprintln!("refused: {rejected}"); // for the operator
///     rejected.response() // for the client, or for the user's browser
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Rejected {
    /// The whole truth, for the operator's log.
    pub reason: Reason,
    voice: Voice,
}

/// Who is told, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// The client, in JSON (RFC 6749 §5.2).
    Json,
    /// The client by a challenge: a bearer token is missing or no good (RFC 6750 §3).
    Bearer,
    /// Whoever wants a protected resource, by a challenge.
    Resource(Box<Guarded>),
    /// The user, on a page: nobody knows where to send the browser.
    Page,
    /// The client by the user's browser.
    Redirect(Box<Return>),
}

/// A protected resource, and what it wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Guarded {
    /// Its identifier.
    pub(crate) resource: String,
    /// The URL of its metadata, and its path.
    pub(crate) metadata: String,
    pub(crate) path: String,
    /// The scope that is needed.
    pub(crate) scope: Option<Scope>,
}

impl Guarded {
    /// Checks that `resources` is empty, or has this resource's URL or one of `names`.
    pub(crate) fn check_audience(&self, resources: &[String], names: &[String]) -> Result<(), Reason> {
        if resources.is_empty() || resources.iter().any(|own| *own == self.resource || names.contains(own)) {
            return Ok(());
        }
        Err(Reason::BearerAudience {
            received: resources.iter().take(8).map(|own| crate::wire::shortened(own)).collect(),
            expected: std::iter::once(&self.resource).chain(names).cloned().collect(),
        })
    }

    /// RFC 6750 §3, RFC 9728 §5.1.
    fn challenge(&self, reason: &Reason) -> String {
        let error = match reason {
            Reason::TokenMissing => String::new(),
            reason => format!("error=\"{}\", ", reason.code()),
        };
        let scope = self.scope.as_ref().filter(|scope| is_quotable(scope.as_str()));
        let scope = scope.map(|scope| format!("scope=\"{scope}\", ")).unwrap_or_default();
        format!("Bearer {error}{scope}resource_metadata=\"{}\"", self.metadata)
    }
}

fn is_quotable(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'))
}

impl Voice {
    /// A challenge for a resource, of which that scope is wanted.
    pub(crate) fn resource(guarded: &Arc<Guarded>, scope: Scope) -> Self {
        Self::Resource(Box::new(Guarded { scope: Some(scope), ..Guarded::clone(guarded) }))
    }
}

/// Why a request is refused. For the operator: it tells apart what a client must not be able to.
///
/// ```
/// use oauth_proto::oauth2::server::Reason;
///
/// assert_eq!(Reason::WrongSecret("x".into()).code(), Reason::UnknownClient("x".into()).code());
/// assert_eq!(Reason::CodeReplayed.code(), "invalid_grant");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// No endpoint has this path.
    #[error("no endpoint has this path")]
    NoSuchPath,
    /// The HTTP method is not that of the endpoint.
    #[error("the HTTP method {method} is not that of this endpoint")]
    HttpMethod {
        /// The request's.
        method: http::Method,
        /// The endpoint's.
        allowed: &'static str,
    },
    /// The body is not what the endpoint takes.
    #[error("the body is no {0}")]
    ContentType(&'static str),
    /// The body is larger than an honest one.
    #[error("the body is too large")]
    TooLarge,
    /// A parameter that must be there is not.
    #[error("{0} is missing")]
    ParameterMissing(&'static str),
    /// A parameter is there more than once, or there are too many.
    #[error("{0:?} is there more than once")]
    ParameterTwice(String),
    /// A parameter's value cannot be.
    #[error("{name}: {why}")]
    ParameterInvalid {
        /// The parameter.
        name: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A parameter has characters that it cannot have (RFC 6749 appendix A).
    #[error(
        "{0} has characters that it cannot have: expected printable ASCII, or a text of one line in `state` (RFC 6749 appendix A)"
    )]
    ParameterCharacters(String),
    /// The client shows who it is in more than one way (RFC 6749 §2.3).
    #[error("the client authenticates in more than one way")]
    TwoAuthentications,
    /// The client does not show who it is, or in a way that is not accepted.
    #[error("the client does not authenticate in a way that is accepted")]
    NotAuthenticated,
    /// There is no such client.
    #[error("the client {0:?} is unknown")]
    UnknownClient(String),
    /// The client's secret is wrong, or other proof, or its hash is of another hasher's making.
    #[error("the secret or other proof of the client {0:?} is wrong")]
    WrongSecret(String),
    /// The client's secret has expired.
    #[error("the secret of the client {0:?} has expired")]
    SecretExpired(String),
    /// The redirect_uri is not one that was registered.
    #[error("the redirect_uri is not registered")]
    RedirectUri,
    /// The server offers no such grant.
    #[error("the grant type {0:?} is not offered")]
    GrantTypeUnknown(String),
    /// The server offers no such response type.
    #[error("the response type {0:?} is not offered")]
    ResponseTypeUnknown(String),
    /// The client may not use that grant or response type.
    #[error("the client may not use {0:?}")]
    NotAllowed(String),
    /// The request names no scope, and there is none by default.
    #[error("no scope is named, and there is none by default")]
    ScopeMissing,
    /// A scope is not to be had.
    #[error("the scope {0:?} is not to be had")]
    ScopeRefused(String),
    /// A resource is not one of the server's (RFC 8707).
    #[error("the resource {0:?} is not one of this server's")]
    ResourceRefused(String),
    /// The request must be pushed (RFC 9126).
    #[error("the request was not pushed")]
    NotPushed,
    /// The request_uri is unknown, used, expired or another client's.
    #[error("the request_uri is not a living one of this client")]
    RequestUri,
    /// The request has a parameter of an extension that is not supported.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
    /// Public clients must use proof keys, and so must all where the server demands it (RFC 7636).
    #[error("there is no code_challenge")]
    ChallengeMissing,
    /// The resource owner does not grant access.
    #[error("access was denied")]
    Denied,
    /// The application sends the user back with another error.
    #[error("the application sends the user back with {0:?}")]
    SentBack(String),
    /// The code is unknown, expired or revoked.
    #[error("the code is unknown, expired or revoked")]
    CodeUnknown,
    /// The code was used before. Its grant is revoked.
    #[error("the code was used before; its grant is revoked")]
    CodeReplayed,
    /// The code was given to another client. Its grant is revoked.
    #[error("the code was given to another client than {0:?}; its grant is revoked")]
    CodeOfAnotherClient(String),
    /// The redirect_uri is not that of the authorization request. The code is spent.
    #[error("the redirect_uri is not that of the authorization request; the code is spent")]
    RedirectUriChanged,
    /// The code_verifier does not fit, or is missing. The code is spent.
    #[error("the code_verifier does not fit; the code is spent")]
    WrongVerifier,
    /// There is a code_verifier, and was no code_challenge. The code is spent.
    #[error("there is a code_verifier, and was no code_challenge; the code is spent")]
    VerifierUnasked,
    /// The refresh token is unknown, expired or revoked.
    #[error("the refresh token is unknown, expired or revoked")]
    RefreshTokenUnknown,
    /// The grant has come to the end that [`grants_end_after`](super::GrantType::grants_end_after) sets.
    #[error("the grant has come to its end: the user has to grant access again")]
    GrantEnded,
    /// The client or the grant type may have nothing any more of what was granted.
    #[error("nothing is left of the granted scope {0:?}: it was withdrawn from the client or from the grant type")]
    ScopeWithdrawn(String),
    /// The refresh token was used before. Its grant is revoked.
    #[error("the refresh token was used before; its grant is revoked")]
    RefreshTokenReplayed,
    /// The refresh token was given to another client. Its grant is revoked.
    #[error("the refresh token was given to another client than {0:?}; its grant is revoked")]
    RefreshTokenOfAnotherClient(String),
    /// Nobody has decided about the device yet.
    #[error("nobody has decided about the device yet")]
    DevicePending,
    /// The device asks too often.
    #[error("the device asks too often")]
    DeviceTooFast,
    /// The device code has expired.
    #[error("the device code has expired")]
    DeviceExpired,
    /// The device code is unknown, used or another client's.
    #[error("the device code is unknown, used or another client's")]
    DeviceUnknown,
    /// No device waits with that user code.
    #[error("no device waits with that user code")]
    UserCode,
    /// The application does not grant it.
    #[error("the application does not grant it")]
    ClaimDenied,
    /// The application does not grant it, and says why.
    #[error("the application does not grant it: {code}: {description}")]
    ClaimRefused {
        /// The error's code.
        code: String,
        /// For the client's developer.
        description: String,
    },
    /// The token belongs to another client than the one that wants it revoked.
    #[error("the token belongs to another client")]
    TokenOfAnotherClient,
    /// The client may not introspect.
    #[error("public clients may not introspect")]
    MayNotIntrospect,
    /// There is no bearer token.
    #[error("there is no bearer token")]
    TokenMissing,
    /// The bearer token stands in the query, from which it is not taken.
    #[error("the bearer token stands in the query")]
    TokenInQuery,
    /// The bearer token is unknown, revoked, or no access token.
    #[error("the bearer token is unknown, revoked, or no access token")]
    BearerToken,
    /// The authorization server says that the bearer token is not active.
    #[error("the authorization server says that the bearer token is not active")]
    BearerInactive,
    /// The bearer token has expired.
    #[error("the bearer token expired at {at}, and the time is {now} (in Unix seconds)")]
    BearerExpired {
        /// When it expired.
        at: Timestamp,
        /// The time of the request.
        now: Timestamp,
    },
    /// The bearer token is not good yet.
    #[error("the bearer token is good from {from} on, and the time is {now} (in Unix seconds)")]
    BearerNotYet {
        /// When it becomes good.
        from: Timestamp,
        /// The time of the request.
        now: Timestamp,
    },
    /// The bearer token is for other resources.
    #[error("the bearer token is for {received:?} and not for {expected:?}")]
    BearerAudience {
        /// For whom it is.
        received: Vec<String>,
        /// The resource, and the other names that it goes by.
        expected: Vec<String>,
    },
    /// The token is no bearer access token, by its `token_type`: it is bound to a key that the request has to prove (`DPoP`,
    /// `PoP`, `MAC`), or it is not for resources (`refresh_token`, `id_token`, `N_A`).
    #[error("the token is of the type {0:?}, which is no bearer access token")]
    BearerKind(String),
    /// The bearer token is not good for this.
    #[error("the bearer token's scope is not enough")]
    ScopeInsufficient,
    /// A member of the client's metadata is not acceptable (RFC 7591).
    #[error("the client's metadata are not acceptable: {member:?}: {why}")]
    ClientMetadata {
        /// The member.
        member: String,
        /// What was received, and what is accepted.
        why: String,
    },
    /// A redirect_uri is not acceptable (RFC 7591).
    #[error("a redirect_uri of the client's is not acceptable: {why}{}", lifted_by(*option))]
    ClientRedirectUri {
        /// Which, without its query, and what is accepted.
        why: String,
        /// The option that lifts this, if there is one. The client is not told of it.
        option: Option<&'static str>,
    },
    /// The decision comes too late.
    #[error("the request has expired before it was decided")]
    DecidedTooLate,
    /// The application's mistake, or the configuration's.
    #[error("misconfigured: {0}")]
    Misconfigured(&'static str),
    /// The application could not decide, or was not asked: see [`serve_with`](super::serve_with).
    #[error("the application did not decide: {0}")]
    DecisionFailed(String),
    /// Storage failed.
    #[error("storage failed: {0}")]
    StoreFailed(String),
}

impl Reason {
    /// The error code that the other side is told.
    pub fn code(&self) -> &str {
        match self {
            Self::UnknownClient(_) | Self::WrongSecret(_) | Self::SecretExpired(_) | Self::NotAuthenticated => {
                "invalid_client"
            }
            Self::GrantTypeUnknown(_) => "unsupported_grant_type",
            Self::ResponseTypeUnknown(_) => "unsupported_response_type",
            Self::NotAllowed(_) | Self::MayNotIntrospect => "unauthorized_client",
            Self::ScopeMissing | Self::ScopeRefused(_) => "invalid_scope",
            Self::ResourceRefused(_) => "invalid_target",
            Self::Denied => "access_denied",
            Self::SentBack(code) | Self::ClaimRefused { code, .. } => code,
            Self::RequestUri => "invalid_request_uri",
            Self::Unsupported("request") => "request_not_supported",
            Self::Unsupported("token_type") => "unsupported_token_type",
            Self::CodeUnknown
            | Self::CodeReplayed
            | Self::CodeOfAnotherClient(_)
            | Self::RedirectUriChanged
            | Self::WrongVerifier
            | Self::VerifierUnasked
            | Self::RefreshTokenUnknown
            | Self::GrantEnded
            | Self::ScopeWithdrawn(_)
            | Self::RefreshTokenReplayed
            | Self::RefreshTokenOfAnotherClient(_)
            | Self::DeviceUnknown
            | Self::ClaimDenied => "invalid_grant",
            Self::DevicePending => "authorization_pending",
            Self::DeviceTooFast => "slow_down",
            Self::DeviceExpired => "expired_token",
            Self::BearerToken
            | Self::BearerInactive
            | Self::BearerExpired { .. }
            | Self::BearerNotYet { .. }
            | Self::BearerAudience { .. }
            | Self::BearerKind(_) => "invalid_token",
            Self::ScopeInsufficient => "insufficient_scope",
            Self::ClientMetadata { .. } => "invalid_client_metadata",
            Self::ClientRedirectUri { .. } => "invalid_redirect_uri",
            Self::Misconfigured(_) => "server_error",
            Self::StoreFailed(_) | Self::DecisionFailed(_) => "temporarily_unavailable",
            _ => "invalid_request",
        }
    }

    /// For the client's developer, where it helps one and tells an attacker nothing.
    fn description(&self) -> Option<String> {
        match self {
            Self::ParameterMissing(_)
            | Self::ParameterTwice(_)
            | Self::ParameterInvalid { .. }
            | Self::ParameterCharacters(_)
            | Self::ContentType(_)
            | Self::TooLarge
            | Self::HttpMethod { .. }
            | Self::TwoAuthentications
            | Self::ScopeMissing
            | Self::NotPushed
            | Self::ChallengeMissing
            | Self::Unsupported(_)
            | Self::ClientMetadata { .. }
            | Self::RedirectUri => Some(self.to_string()),
            Self::ClientRedirectUri { why, .. } => {
                let told = Self::ClientRedirectUri { why: why.clone(), option: None };
                Some(told.to_string())
            }
            Self::ClaimRefused { description, .. } => Some(description.clone()),
            _ => None,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::HttpMethod { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BearerToken
            | Self::BearerInactive
            | Self::BearerExpired { .. }
            | Self::BearerNotYet { .. }
            | Self::BearerAudience { .. }
            | Self::BearerKind(_)
            | Self::TokenMissing => StatusCode::UNAUTHORIZED,
            Self::ScopeInsufficient => StatusCode::FORBIDDEN,
            Self::Misconfigured(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::StoreFailed(_) | Self::DecisionFailed(_) => StatusCode::SERVICE_UNAVAILABLE,
            reason if reason.code() == "invalid_client" => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    pub(crate) fn reject(self, voice: &Voice) -> Rejected {
        super::events::rejected(&self);
        Rejected::new(self, voice.clone())
    }
}

impl Rejected {
    /// Returns a refusal that is reported elsewhere.
    pub(crate) fn new(reason: Reason, voice: Voice) -> Self {
        Self { reason, voice }
    }

    /// What the other side is told: a redirect where the client and its redirect_uri are known; JSON at the endpoints for
    /// clients; a plain page otherwise, in whose place an application may show one of its own. It says less than the reason
    /// where the difference would help an attacker.
    pub fn response(&self) -> Response {
        let (code, description) = (self.reason.code(), self.reason.description());
        // What has no place in a redirect says so itself, wherever it comes up.
        let voice = match self.reason {
            Reason::HttpMethod { .. } | Reason::NoSuchPath | Reason::TooLarge => &Voice::Json,
            _ => &self.voice,
        };
        let mut response = match voice {
            Voice::Redirect(back) => return back.error(code, description.as_deref()),
            // A 401 would have the browser ask for a password.
            Voice::Page if self.reason.status() == StatusCode::UNAUTHORIZED => {
                return respond::page(StatusCode::BAD_REQUEST, code, description.as_deref());
            }
            Voice::Page => respond::page(self.reason.status(), code, description.as_deref()),
            Voice::Json | Voice::Bearer | Voice::Resource(_) => {
                respond::error(self.reason.status(), code, description.as_deref())
            }
        };
        let headers = response.headers_mut();
        // A 401 has to say how to do better (RFC 9110 §15.5.2).
        let challenge = match (voice, self.reason.status()) {
            (Voice::Resource(guarded), status) if !status.is_server_error() => Some(guarded.challenge(&self.reason)),
            (Voice::Bearer, StatusCode::UNAUTHORIZED) => Some(match self.reason {
                Reason::TokenMissing => "Bearer".to_owned(),
                _ => "Bearer error=\"invalid_token\"".to_owned(),
            }),
            (_, StatusCode::UNAUTHORIZED) => Some("Basic realm=\"token\"".to_owned()),
            _ => None,
        };
        if let Some(challenge) = challenge.and_then(|challenge| HeaderValue::try_from(challenge).ok()) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if let Reason::HttpMethod { allowed, .. } = self.reason {
            headers.insert(ALLOW, HeaderValue::from_static(allowed));
        }
        response
    }
}
