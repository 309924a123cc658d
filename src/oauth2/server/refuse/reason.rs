//! The reasons of refusals, with their error codes and texts: RFC 6749 §4.1.2.1, §4.2.2.1 and §5.2.

use http::StatusCode;

use crate::Timestamp;
use crate::core::error_text::lifted_by;
use crate::oauth2::common::bearer::BearerProblem;
use crate::oauth2::server::store::records::attempt::AttemptPurpose;
use crate::wire::truncated;

/// The reason why a request is refused. The reason is for the operator's log: it distinguishes
/// cases that the client must not be able to distinguish.
///
/// ```
/// use oauth_proto::oauth2::server::RejectReason;
///
/// assert_eq!(
///     RejectReason::WrongSecret("x".into()).code(),
///     RejectReason::UnknownClient("x".into()).code()
/// );
/// assert_eq!(RejectReason::CodeReplayed.code(), "invalid_grant");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectReason {
    /// No endpoint has this path.
    #[error("no endpoint has the path {received:?}: expected one of {}", expected.join(", "))]
    NoSuchPath {
        /// The path of the request. If a router has removed a prefix, put it back before you call
        /// this crate.
        received: String,
        /// The paths of the endpoints.
        expected: Vec<String>,
    },
    /// The endpoint does not accept the HTTP method.
    #[error("the HTTP method is {method}: expected {allowed}")]
    HttpMethod {
        /// The method of the request.
        method: http::Method,
        /// The accepted methods, as in the `Allow` header.
        allowed: &'static str,
    },
    /// The body or its Content-Type is not accepted by the endpoint. The value names the expected
    /// type.
    #[error("the body or its Content-Type is not what this endpoint takes: expected {0}")]
    ContentType(&'static str),
    /// The body is larger than 64 KiB.
    #[error("the body is too large: expected at most 64 KiB")]
    TooLarge,
    /// A parameter is missing or empty. The value is the name.
    #[error("the parameter {0} is missing or empty")]
    ParameterMissing(&'static str),
    /// A parameter occurs more than once, or the request has more than 64 parameters. The value is
    /// the name.
    #[error("the parameter {0:?} occurs more than once, or there are more than 64 parameters")]
    ParameterTwice(String),
    /// A parameter has a value that is not allowed.
    #[error("the parameter {name} cannot be used: {why}")]
    ParameterInvalid {
        /// The name of the parameter.
        name: &'static str,
        /// The fault, and the expected value.
        why: &'static str,
    },
    /// A parameter has characters that are not allowed (RFC 6749 appendix A). The value is the
    /// name.
    #[error(
        "the parameter {0:?} has characters that it cannot have: expected printable ASCII. Only \
         `state`, `username`, `password` and `client_secret` can have other characters, on one \
         line (RFC 6749 appendix A)"
    )]
    ParameterCharacters(String),
    /// The request has too many parameters. The value is the highest number that is accepted.
    #[error("the request has too many parameters: expected at most {0}")]
    ParametersTooMany(usize),
    /// The client authenticates with more than one method, or sends two client ids (RFC 6749 §2.3).
    #[error(
        "the client authenticates with more than one method, or sends two different client ids: \
         expected one method and one client id (RFC 6749 section 2.3)"
    )]
    TwoAuthentications,
    /// The client does not authenticate, or uses a method that the server does not accept.
    #[error(
        "the client did not authenticate, or used a method that this server does not accept: see \
         token_endpoint_auth_methods_supported in the server's metadata"
    )]
    NotAuthenticated,
    /// The client is not known. The value is the client id.
    #[error(
        "the client {0:?} is unknown (client ids and secrets in HTTP Basic are decoded as RFC 6749 \
         section 2.3.1 says; `ProviderBuilder::allow_raw_basic` accepts them without encoding, too)"
    )]
    UnknownClient(String),
    /// The secret or other credential of the client is wrong, or the stored hash was made with
    /// another hasher. The value is the client id.
    #[error(
        "the secret or other proof of the client {0:?} is wrong (client ids and secrets in HTTP \
         Basic are decoded as RFC 6749 section 2.3.1 says; `ProviderBuilder::allow_raw_basic` \
         accepts them without encoding, too)"
    )]
    WrongSecret(String),
    /// The secret of the client has expired. The value is the client id.
    #[error("the secret of the client {0:?} has expired")]
    SecretExpired(String),
    /// The client has not registered the redirect_uri.
    #[error(
        "the redirect_uri is not registered for the client {client_id:?}: received {}",
        received.as_deref().map_or("none".to_owned(), |uri| format!("{uri:?}"))
    )]
    RedirectUri {
        /// The client id.
        client_id: String,
        /// The redirect_uri of the request, without the query. `None` if the request has no
        /// redirect_uri, and the client has not registered exactly one.
        received: Option<String>,
    },
    /// The server does not offer the grant type. The value is the `grant_type` of the request.
    #[error("this server does not offer the grant type {0:?}")]
    GrantTypeUnknown(String),
    /// The server does not offer the response type. The value is the `response_type` of the
    /// request.
    #[error("this server does not offer the response type {0:?}")]
    ResponseTypeUnknown(String),
    /// The client must not use the grant type or response type. The value is the name of the type.
    #[error("the client is not registered for {0:?}")]
    NotAllowed(String),
    /// The request has no scope, and the grant type has no default scope.
    #[error(
        "the parameter scope is missing, and this server has no default scope for the grant type"
    )]
    ScopeMissing,
    /// The grant type does not have these scopes, or the client must not request them.
    #[error("the scope {0:?} is not available to this client with this grant type")]
    ScopeRefused(String),
    /// The resource is not a resource of the server, or does not belong to the grant (RFC 8707).
    /// The value is the URI of the resource, without the query.
    #[error("the resource {0:?} is not a resource of this server, or not one of the grant's")]
    ResourceRefused(String),
    /// The request has no resource, and the server requires one (RFC 8707).
    #[error(
        "the parameter resource is missing: this server issues tokens for named resources only \
         (RFC 8707)"
    )]
    ResourceMissing,
    /// The authorization request was not pushed, and the server accepts only pushed requests (RFC
    /// 9126).
    #[error(
        "this server accepts pushed authorization requests only (RFC 9126): push the request, then \
         send its request_uri"
    )]
    NotPushed,
    /// The request_uri is unknown, used or expired, or belongs to another client. The value says
    /// which.
    #[error("the request_uri cannot be used: {0}")]
    RequestUri(&'static str),
    /// The request has a parameter of an extension that is not supported. The value is the name.
    #[error("this server does not support the parameter {0}")]
    Unsupported(&'static str),
    /// The request has no PKCE challenge (RFC 7636). Public clients must send one. With
    /// [`require_pkce`](crate::oauth2::server::ProviderBuilder::require_pkce) all clients must.
    #[error("the parameter code_challenge is missing: this client has to send one (RFC 7636)")]
    ChallengeMissing,
    /// The user denied access.
    #[error("access was denied")]
    Denied,
    /// The application ended the request with another error: see
    /// [`Provider::redirect_with_error`](crate::oauth2::server::Provider::redirect_with_error). The
    /// value is the error code.
    #[error("the application sent the user back with the error {0:?}")]
    SentBack(String),
    /// The authorization code is unknown, its grant was revoked, or the store deleted it after it
    /// had expired.
    #[error("the code is unknown, or was revoked, or was dropped after it had expired")]
    CodeUnknown,
    /// The authorization code has expired.
    #[error("the code expired at {at}, and the time is {now} (in Unix seconds)")]
    CodeExpired {
        /// The time at which the code expired.
        at: Timestamp,
        /// The time of the request.
        now: Timestamp,
    },
    /// The authorization code was used before. Its grant is revoked.
    #[error("the code was already used; its grant is revoked")]
    CodeReplayed,
    /// The authorization code was issued to another client. Its grant is revoked. The value is the
    /// client id of the request.
    #[error(
        "the client {0:?} sent a code that was issued to a different client; the grant of the code \
         is revoked"
    )]
    CodeOfAnotherClient(String),
    /// The redirect_uri differs from that of the authorization request. The code cannot be used
    /// again.
    #[error(
        "redirect_uri: expected that of the authorization request (RFC 6749 section 4.1.3); the \
         code is used up"
    )]
    RedirectUriChanged,
    /// The code_verifier is missing, or does not match the code_challenge (PKCE). The code cannot
    /// be used again.
    #[error(
        "code_verifier: it is missing, or does not match the code_challenge of the authorization \
         request (RFC 7636 section 4.6); the code is used up"
    )]
    WrongVerifier,
    /// The token request has a code_verifier, but the authorization request had no code_challenge
    /// (PKCE). The code cannot be used again.
    #[error(
        "code_verifier: received one, but the authorization request had no code_challenge (RFC \
         7636 section 4.6): send both or neither; the code is used up"
    )]
    VerifierUnasked,
    /// The refresh token is unknown, was revoked, or the store deleted it after it had expired.
    #[error("the refresh token is unknown, or was revoked, or was dropped after it had expired")]
    RefreshTokenUnknown,
    /// The refresh token has expired.
    #[error("the refresh token expired at {at}, and the time is {now} (in Unix seconds)")]
    RefreshTokenExpired {
        /// The time at which the refresh token expired.
        at: Timestamp,
        /// The time of the request.
        now: Timestamp,
    },
    /// The introspected refresh token was replaced by a newer one.
    #[error("the refresh token was replaced by a newer one")]
    RefreshTokenReplaced,
    /// The refresh token was revoked during the request.
    #[error("the refresh token was revoked while it was being used")]
    RefreshTokenRevoked,
    /// The grant has reached its maximal lifetime: see
    /// [`grants_end_after`](crate::oauth2::server::GrantType::grants_end_after).
    #[error(
        "the grant has reached the end that `GrantType::grants_end_after` sets: the user has to \
         grant access again"
    )]
    GrantEnded,
    /// The client or the grant type has lost all scopes of the grant since it was made. The value
    /// is the granted scope.
    #[error(
        "nothing is left of the granted scope {0:?}: it was withdrawn from the client or from the \
         grant type"
    )]
    ScopeWithdrawn(String),
    /// The refresh token was used before. Its grant is revoked.
    #[error("the refresh token was already used; its grant is revoked")]
    RefreshTokenReplayed,
    /// The refresh token was issued to another client. Its grant is revoked. The value is the
    /// client id of the request.
    #[error(
        "the client {0:?} sent a refresh token that was issued to a different client; the grant of \
         the token is revoked"
    )]
    RefreshTokenOfAnotherClient(String),
    /// The user has not decided about the device yet.
    #[error("the user has not decided about the device yet")]
    DevicePending,
    /// The device polls too often. It must wait five seconds longer from now on (RFC 8628 §3.5).
    #[error(
        "the device polls too often: wait 5 seconds longer between requests from now on (RFC 8628 \
         section 3.5)"
    )]
    DeviceTooFast,
    /// The device code has expired.
    #[error("the device code has expired")]
    DeviceExpired,
    /// The device code is unknown, was used, or belongs to another client.
    #[error("the device code is unknown, was used, or belongs to another client")]
    DeviceUnknown,
    /// No device is waiting with the user code. This reason is also used if the device's client was
    /// removed, or if the device's polls changed the record nine times while the decision was
    /// stored.
    #[error(
        "no device is waiting with this user code: check the code, or start again on the device"
    )]
    UserCode,
    /// The application denied the grant.
    #[error("the application denied the request")]
    GrantDenied,
    /// The application does not accept the user's name and password.
    #[error("the application does not accept the username and password")]
    PasswordDenied,
    /// The application denied the grant with
    /// [`Decision::Refused`](crate::oauth2::server::Decision::Refused).
    #[error("the application denied the request: {code}: {description}")]
    GrantRefused {
        /// The error code of the response.
        code: String,
        /// The text for the client's developer.
        description: String,
    },
    /// The token for which a new one was requested was revoked during the request, or the client
    /// was removed.
    #[error("the exchanged token was revoked, or the client was removed, during the request")]
    ParentRevoked,
    /// The subject token is the result of too many exchanges. The value is the highest number that
    /// is accepted.
    #[error(
        "the subject token is the result of {0} token exchanges already: exchange a token that is \
         nearer to the user's grant"
    )]
    ExchangedTooOften(u8),
    /// The token to revoke or introspect was issued to another client.
    #[error("the token was issued to another client")]
    TokenOfAnotherClient,
    /// The client is public, and public clients must not introspect tokens.
    #[error("a public client must not introspect tokens: authenticate as a client with a secret")]
    MayNotIntrospect,
    /// The request to the registration endpoint has no bearer token.
    #[error("the Authorization header has no bearer token")]
    TokenMissing,
    /// The bearer token of the registration endpoint is wrong, or the introspected token is unknown
    /// or was revoked.
    #[error("the bearer token is unknown, revoked, or not an access token")]
    TokenUnknown,
    /// The introspected token has expired.
    #[error("the bearer token expired at {at}, and the time is {now} (in Unix seconds)")]
    TokenExpired {
        /// The time at which the token expired.
        at: Timestamp,
        /// The time of the request.
        now: Timestamp,
    },
    /// A member of the client's metadata is not accepted at registration (RFC 7591).
    #[error("the client's metadata are not acceptable: {member:?}: {why}")]
    ClientMetadata {
        /// The name of the member.
        member: String,
        /// The value that was received, and the values that are accepted.
        why: String,
    },
    /// A redirect_uri of the client is not accepted at registration (RFC 7591).
    #[error("a redirect_uri of the client is not acceptable: {why}{}", lifted_by(*option))]
    ClientRedirectUri {
        /// The redirect_uri, without the query, and the accepted forms.
        why: String,
        /// The name of the option with which the server accepts the redirect_uri. The response to
        /// the client does not contain it. `None` if the redirect_uri is always refused.
        option: Option<&'static str>,
    },
    /// The caller has made too many attempts: see
    /// [`user_code_attempts`](crate::oauth2::server::ProviderBuilder::user_code_attempts) and the
    /// options after it. The response has the status 429.
    #[error(
        "there were too many attempts of the kind {:?}: expected none until {until}, and the time \
         is {now} (in Unix seconds)",
        purpose.as_str()
    )]
    TooManyAttempts {
        /// The kind of the attempts.
        purpose: AttemptPurpose,
        /// The time from which further attempts are accepted.
        until: Timestamp,
        /// The time of the request.
        now: Timestamp,
    },
    /// The user decided after the request had expired.
    #[error("the request expired before the user decided: start again")]
    DecidedTooLate,
    /// The application, the store or the configuration has a mistake that
    /// [`build`](crate::oauth2::server::ProviderBuilder::build) cannot find. Possible causes:
    ///
    /// - The token generator returns a text that is not a token.
    /// - The last key of reusable tokens has ended, or it is not the key that encrypted the token.
    /// - The application grants more than the client requested, grants reusable tokens without a
    ///   user, or continues a grant for another user.
    /// - The application adds a member that the server sets, or returns an invalid error code.
    /// - A registered redirect_uri cannot be sent in a header.
    /// - The store contradicts itself, or does not save a record.
    #[error("the server is misconfigured: {0}")]
    Misconfigured(&'static str),
    /// A function of the application failed or is not set: see
    /// [`Serve::decide_grant`](crate::oauth2::server::Serve::decide_grant) and
    /// [`Serve::extend_response`](crate::oauth2::server::Serve::extend_response). The value is the
    /// text of the error.
    #[error("the application did not answer: {0}")]
    DecisionFailed(String),
    /// The store failed. The value is the text of the error.
    #[error("storage failed: {0}")]
    StoreFailed(String),
}

/// The application grants more than the client requested.
pub(crate) const MORE_THAN_ASKED: RejectReason =
    RejectReason::Misconfigured("more was granted than the client asked for");

/// The refusal of a grant that has no user, although its tokens are reusable.
pub(crate) const USER_MISSING: RejectReason =
    RejectReason::Misconfigured("the grant type has reusable tokens, which need `Approval::user`");

/// The refusal if the result of the store does not fit the query.
pub(crate) const OTHER_TOKEN_SAVED: RejectReason = RejectReason::Misconfigured(
    "the store answered with another token than the one it was asked to save",
);

impl RejectReason {
    /// Returns the refusal of scopes, with their names.
    pub(crate) fn scope_refused<'w>(words: impl Iterator<Item = &'w str>) -> Self {
        Self::ScopeRefused(truncated(&words.take(32).collect::<Vec<_>>().join(" ")))
    }

    /// Returns the error code of the response, such as `invalid_grant`.
    pub fn code(&self) -> &str {
        match self {
            Self::UnknownClient(_)
            | Self::WrongSecret(_)
            | Self::SecretExpired(_)
            | Self::NotAuthenticated => "invalid_client",
            Self::GrantTypeUnknown(_) => "unsupported_grant_type",
            Self::ResponseTypeUnknown(_) => "unsupported_response_type",
            Self::NotAllowed(_) | Self::MayNotIntrospect => "unauthorized_client",
            Self::ScopeMissing | Self::ScopeRefused(_) => "invalid_scope",
            Self::ResourceRefused(_) | Self::ResourceMissing => "invalid_target",
            Self::Denied => "access_denied",
            Self::SentBack(code) | Self::GrantRefused { code, .. } => code,
            Self::RequestUri(_) => "invalid_request_uri",
            Self::Unsupported("request") => "request_not_supported",
            Self::Unsupported("token_type") => "unsupported_token_type",
            Self::CodeUnknown
            | Self::CodeExpired { .. }
            | Self::CodeReplayed
            | Self::CodeOfAnotherClient(_)
            | Self::RedirectUriChanged
            | Self::WrongVerifier
            | Self::VerifierUnasked
            | Self::RefreshTokenUnknown
            | Self::RefreshTokenExpired { .. }
            | Self::RefreshTokenRevoked
            | Self::RefreshTokenReplaced
            | Self::GrantEnded
            | Self::ScopeWithdrawn(_)
            | Self::RefreshTokenReplayed
            | Self::RefreshTokenOfAnotherClient(_)
            | Self::DeviceUnknown
            | Self::GrantDenied
            | Self::ParentRevoked
            | Self::ExchangedTooOften(_)
            | Self::PasswordDenied => "invalid_grant",
            Self::DevicePending => "authorization_pending",
            Self::DeviceTooFast => "slow_down",
            Self::DeviceExpired => "expired_token",
            Self::TokenUnknown | Self::TokenExpired { .. } => "invalid_token",
            Self::ClientMetadata { .. } => "invalid_client_metadata",
            Self::ClientRedirectUri { .. } => "invalid_redirect_uri",
            Self::Misconfigured(_) => "server_error",
            Self::StoreFailed(_) | Self::DecisionFailed(_) | Self::TooManyAttempts { .. } => {
                "temporarily_unavailable"
            }
            _ => "invalid_request",
        }
    }

    /// Returns the text for the client's developer, or the reason why the response has no text. A
    /// text must not help an attacker to distinguish more than the error code does.
    pub(crate) fn error_description(&self) -> Result<String, &'static str> {
        const CODE: &str =
            "the code is unknown, expired, revoked or used, or was issued to another client";
        const REFRESH: &str = "the refresh token is unknown, expired, revoked or used, or was \
            issued to another client";
        const BEARER: &str = "the token is unknown, expired or revoked";
        match self {
            Self::NoSuchPath { .. }
            | Self::HttpMethod { .. }
            | Self::ContentType(_)
            | Self::TooLarge
            | Self::ParameterMissing(_)
            | Self::ParameterTwice(_)
            | Self::ParametersTooMany(_)
            | Self::ParameterInvalid { .. }
            | Self::ParameterCharacters(_)
            | Self::TwoAuthentications
            | Self::NotAuthenticated
            // Only a client that has sent the correct secret gets this text.
            | Self::SecretExpired(_)
            | Self::GrantTypeUnknown(_)
            | Self::ResponseTypeUnknown(_)
            | Self::NotAllowed(_)
            | Self::ScopeMissing
            | Self::ScopeRefused(_)
            | Self::ResourceRefused(_)
            | Self::ResourceMissing
            | Self::NotPushed
            | Self::Unsupported(_)
            | Self::ChallengeMissing
            // After these, the code cannot be used again.
            | Self::RedirectUriChanged
            | Self::WrongVerifier
            | Self::VerifierUnasked
            | Self::GrantEnded
            | Self::ScopeWithdrawn(_)
            | Self::DevicePending
            | Self::DeviceTooFast
            | Self::DeviceExpired
            | Self::DeviceUnknown
            | Self::UserCode
            | Self::ExchangedTooOften(_)
            | Self::MayNotIntrospect
            | Self::TokenMissing
            | Self::ClientMetadata { .. }
            | Self::DecidedTooLate => Ok(self.to_string()),
            // The sender of the request knows the client id, so the text does not repeat it.
            Self::RedirectUri { received: Some(uri), .. } => {
                Ok(format!("the redirect_uri is not registered for this client: received {uri:?}"))
            }
            Self::RedirectUri { received: None, .. } => {
                Ok("the redirect_uri is missing: this client has to name one of those that it \
                    registered"
                    .to_owned())
            }
            Self::ClientRedirectUri { why, .. } => {
                Ok(Self::ClientRedirectUri { why: why.clone(), option: None }.to_string())
            }
            Self::GrantRefused { description, .. } => Ok(description.clone()),
            Self::TokenOfAnotherClient => Ok("the token was issued to another client".to_owned()),
            Self::RequestUri(_) => {
                Ok("the request_uri is unknown, expired, used, or of another client".to_owned())
            }
            Self::CodeUnknown
            | Self::CodeExpired { .. }
            | Self::CodeReplayed
            | Self::CodeOfAnotherClient(_) => Ok(CODE.to_owned()),
            Self::RefreshTokenUnknown
            | Self::RefreshTokenExpired { .. }
            | Self::RefreshTokenRevoked
            | Self::RefreshTokenReplaced
            | Self::RefreshTokenReplayed
            | Self::RefreshTokenOfAnotherClient(_) => Ok(REFRESH.to_owned()),
            Self::TokenUnknown | Self::TokenExpired { .. } => Ok(BEARER.to_owned()),
            Self::StoreFailed(_) | Self::DecisionFailed(_) => {
                Ok("the server cannot answer at the moment: try again later".to_owned())
            }
            Self::TooManyAttempts { .. } => {
                Ok("there were too many attempts: wait as long as the header Retry-After says"
                    .to_owned())
            }
            Self::UnknownClient(_) | Self::WrongSecret(_) => {
                Err("it would tell which clients exist")
            }
            Self::Denied | Self::SentBack(_) => Err("the code says everything"),
            Self::GrantDenied | Self::ParentRevoked | Self::PasswordDenied => {
                Err("the application has not said why: see `Decision::Refused`")
            }
            Self::Misconfigured(_) => {
                Err("it is for the operator, and tells how the server works")
            }
        }
    }

    /// Returns the client id of the request, if the reason has it.
    pub(crate) fn claimed_client(&self) -> Option<&str> {
        match self {
            Self::UnknownClient(client_id)
            | Self::WrongSecret(client_id)
            | Self::SecretExpired(client_id)
            | Self::CodeOfAnotherClient(client_id)
            | Self::RefreshTokenOfAnotherClient(client_id)
            | Self::RedirectUri { client_id, .. } => Some(client_id),
            _ => None,
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchPath { .. } => StatusCode::NOT_FOUND,
            Self::HttpMethod { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooManyAttempts { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::TokenUnknown | Self::TokenExpired { .. } | Self::TokenMissing => {
                StatusCode::UNAUTHORIZED
            }
            Self::Misconfigured(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::StoreFailed(_) | Self::DecisionFailed(_) => StatusCode::SERVICE_UNAVAILABLE,
            reason if reason.code() == "invalid_client" => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl From<BearerProblem> for RejectReason {
    fn from(problem: BearerProblem) -> Self {
        match problem {
            BearerProblem::Twice(name) => Self::ParameterTwice(name.to_owned()),
            BearerProblem::Invalid { name, why } => Self::ParameterInvalid { name, why },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reasons that an attacker must not distinguish have the same code, status and text.
    #[test]
    fn refusals_that_must_look_alike_say_the_same() {
        let (at, now) = (Timestamp::from_secs(1), Timestamp::from_secs(2));
        let same: [&[RejectReason]; 5] = [
            &[RejectReason::UnknownClient("a".into()), RejectReason::WrongSecret("b".into())],
            &[
                RejectReason::CodeUnknown,
                RejectReason::CodeExpired { at, now },
                RejectReason::CodeReplayed,
                RejectReason::CodeOfAnotherClient("a".into()),
            ],
            &[
                RejectReason::RefreshTokenUnknown,
                RejectReason::RefreshTokenExpired { at, now },
                RejectReason::RefreshTokenRevoked,
                RejectReason::RefreshTokenReplaced,
                RejectReason::RefreshTokenReplayed,
                RejectReason::RefreshTokenOfAnotherClient("a".into()),
            ],
            &[RejectReason::TokenUnknown, RejectReason::TokenExpired { at, now }],
            &[
                RejectReason::RequestUri("it is unknown"),
                RejectReason::RequestUri("it belongs to another client"),
            ],
        ];
        for group in same {
            let said: Vec<_> = group
                .iter()
                .map(|reason| (reason.code(), reason.status(), reason.error_description()))
                .collect();
            assert!(said.windows(2).all(|pair| pair[0] == pair[1]), "{said:?}");
            // The log distinguishes them.
            let logged: std::collections::BTreeSet<_> =
                group.iter().map(ToString::to_string).collect();
            assert_eq!(logged.len(), group.len(), "{logged:?}");
        }
    }

    #[test]
    fn the_client_is_not_told_what_is_for_the_operator() {
        let option = Some("ProviderBuilder::allow_any_private_scheme");
        let refused = RejectReason::ClientRedirectUri { why: "\"cursor:\"".into(), option };
        assert!(refused.to_string().contains("allow_any_private_scheme"));
        assert!(!refused.error_description().unwrap().contains("allow_any_private_scheme"));
        for reason in [
            RejectReason::StoreFailed("table tokens is gone".into()),
            RejectReason::DecisionFailed("ldap is down".into()),
        ] {
            assert!(
                !reason.error_description().unwrap().contains("is gone")
                    && !reason.error_description().unwrap().contains("ldap")
            );
        }
        assert!(RejectReason::Misconfigured("x").error_description().is_err());
    }
}
