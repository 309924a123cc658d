//! What can go wrong, sorted by what to do about it.

use std::collections::BTreeMap;

use crate::wire::Answer;

/// Why a conversation came to nothing. The variant says what to do; what it holds says exactly what happened.
///
/// No text here contains a secret: bodies appear as a short excerpt in which everything that could be a value is
/// masked, and identifiers are quoted so that two which look alike can be told apart.
///
/// ```
/// use oauth_proto::{Error, Forged};
///
/// fn what_to_do(error: &Error) -> &'static str {
///     match error {
///         Error::Refused(_) => "show the user that access was refused",
///         Error::Misbehaved(_) => "report it to the provider",
///         Error::Forged(_) => "drop the request and log it",
///         Error::Unsupported(_) => "fix the configuration",
///         Error::Expired(_) => "start again",
///         _ => "log it",
///     }
/// }
///
/// let error = Error::from(Forged::TokenMismatch { expected: "a".into(), received: "b".into() });
/// assert_eq!(what_to_do(&error), "drop the request and log it");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The other side, or the resource owner, said no.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The other side broke the protocol.
    #[error(transparent)]
    Misbehaved(#[from] Misbehaved),
    /// Something pretends to belong to this conversation and does not.
    #[error(transparent)]
    Forged(#[from] Forged),
    /// What was asked for cannot be done as it is configured.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// Time has run out.
    #[error(transparent)]
    Expired(#[from] Expired),
}

impl Error {
    /// The code that the server gave for its refusal: `invalid_grant`, `access_denied`, `token_expired`, …
    ///
    /// ```
    /// use oauth_proto::{Error, Refused};
    ///
    /// let error = Error::from(Refused::Denied { problem: Some("access_denied".into()), advice: None });
    /// assert_eq!(error.code(), Some("access_denied"));
    /// ```
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(Refused::Denied { problem, .. }) => problem.as_deref(),
            Self::Refused(Refused::Authorization { code, .. } | Refused::Problem { code, .. }) => Some(code),
            _ => None,
        }
    }
}

impl Error {
    /// The answer that the error is about, if it is about one: its status, a masked excerpt, its challenges.
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Refused(Refused::Problem { answer, .. } | Refused::Status(answer)) => Some(answer),
            Self::Misbehaved(misbehaved) => Some(misbehaved.answer()),
            Self::Unsupported(Unsupported::Identifier { answer, .. }) => answer.as_deref(),
            _ => None,
        }
    }
}

impl Misbehaved {
    /// The answer that it is about.
    pub fn answer(&self) -> &Answer {
        match self {
            Self::Redirect { answer, .. }
            | Self::TooLarge { answer, .. }
            | Self::WrongFormat { answer, .. }
            | Self::FieldMissing { answer, .. }
            | Self::FieldTwice { answer, .. }
            | Self::FieldInvalid { answer, .. }
            | Self::TokenType { answer, .. }
            | Self::CallbackUnconfirmed { answer } => answer,
        }
    }
}

/// The other side's no.
///
/// ```
/// use oauth_proto::Refused;
///
/// let denied = Refused::Denied { problem: None, advice: None };
/// assert_eq!(denied.to_string(), "the resource owner did not grant access");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The resource owner came back without having granted access.
    #[error("the resource owner did not grant access")]
    Denied {
        /// The server's code for it, where it sent one (`user_refused`, `access_denied`, …).
        problem: Option<String>,
        /// The server's explanation for people, if any.
        advice: Option<String>,
    },
    /// The callback brings another error than a denial (RFC 6749 §4.1.2.1).
    #[error("the authorization failed with {code:?}")]
    Authorization {
        /// The server's code: `invalid_scope`, `server_error`, `temporarily_unavailable`, …
        code: String,
        /// Its `error_description`, for developers.
        description: Option<String>,
        /// Its `error_uri`.
        uri: Option<String>,
    },
    /// The server named its reason.
    #[error("the server refused with {code:?}{} ({answer})", quoted(advice))]
    Problem {
        /// The server's code: the value of `oauth_problem` or of `error`.
        code: String,
        /// The server's explanation for people, if any: `oauth_problem_advice` or `error_description`.
        advice: Option<String>,
        /// What else it said: `error_uri`, `oauth_acceptable_timestamps`, `oauth_parameters_absent`, …
        details: BTreeMap<String, String>,
        /// The answer it came in.
        answer: Box<Answer>,
    },
    /// The server answered with an error status and no code.
    #[error("the server refused ({0})")]
    Status(Box<Answer>),
    /// An OpenID provider cannot answer `checkid_immediate` without its user (OpenID Authentication 2.0 §10.2.1). Ask again
    /// without `immediate`.
    #[error("the provider has to ask the user first")]
    SetupNeeded {
        /// Where OpenID 1.1 wants the user to go instead. Nobody signed it.
        url: Option<String>,
    },
    /// An OpenID provider sent the user back with an error (OpenID Authentication 2.0 §5.2.3). Nobody signed it.
    #[error("the provider answered with an error{}", quoted(message))]
    Provider {
        /// What it says, for people.
        message: Option<String>,
        /// Whom to ask.
        contact: Option<String>,
        /// A number or address to refer to.
        reference: Option<String>,
    },
}

/// A server's explanation, as it stands in an error's text.
fn shown(answer: &Option<Box<Answer>>) -> String {
    answer.as_ref().map(|answer| format!(" ({answer})")).unwrap_or_default()
}

fn quoted(advice: &Option<String>) -> String {
    advice.as_ref().map(|advice| format!(": {advice:?}")).unwrap_or_default()
}

/// How the other side broke the protocol.
///
/// ```
/// use oauth_proto::{Error, Misbehaved};
///
/// fn is_the_old_protocol(error: &Error) -> bool {
///     matches!(error, Error::Misbehaved(Misbehaved::CallbackUnconfirmed { .. }))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misbehaved {
    /// A redirect where an answer was due. Credentials are never sent on to where it points.
    #[error("redirected to {location:?} instead of an answer ({answer})")]
    Redirect {
        /// The `Location` it names, without its query.
        location: String,
        /// The answer.
        answer: Box<Answer>,
    },
    /// The body is larger than what is read.
    #[error("the answer has {length} bytes where {limit} are the most ({answer})")]
    TooLarge {
        /// How many bytes it has.
        length: usize,
        /// How many it may have.
        limit: usize,
        /// The answer.
        answer: Box<Answer>,
    },
    /// The body is not in the format that the specification asks for.
    #[error("the answer is not {expected} ({answer})")]
    WrongFormat {
        /// The format that was expected.
        expected: &'static str,
        /// The answer.
        answer: Box<Answer>,
    },
    /// A field that the specification demands is not there, or empty.
    #[error("the answer has no {field:?} ({answer})")]
    FieldMissing {
        /// The field's name.
        field: &'static str,
        /// The answer.
        answer: Box<Answer>,
    },
    /// A field stands in the answer more than once.
    #[error("the answer has {field:?} more than once ({answer})")]
    FieldTwice {
        /// The field's name.
        field: String,
        /// The answer.
        answer: Box<Answer>,
    },
    /// A field holds what it must not.
    #[error("the answer's {field:?} is {reason} ({answer})")]
    FieldInvalid {
        /// The field's name.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
        /// The answer.
        answer: Box<Answer>,
    },
    /// The token is of a kind that nobody asked for (RFC 6749 §7.1: a client must not use one that it does not know).
    #[error("the answer's token type is {received:?} ({answer})")]
    TokenType {
        /// The kind.
        received: String,
        /// The answer.
        answer: Box<Answer>,
    },
    /// The answer lacks `oauth_callback_confirmed=true`, so the server speaks the protocol of 2007, which lets an
    /// attacker fixate a session (RFC 5849 §2.1).
    #[error("the server did not confirm the callback, as OAuth 1.0a demands ({answer})")]
    CallbackUnconfirmed {
        /// The answer.
        answer: Box<Answer>,
    },
}

/// What does not belong to the conversation. Besides an attack, it is what comes of a callback that was bookmarked or cut
/// short: log it, and offer the user to start again.
///
/// ```
/// use oauth_proto::Forged;
///
/// let error = Forged::TokenMismatch { expected: "hh5s93j4".into(), received: "hh5s93j4\u{200b}".into() };
/// assert!(error.to_string().contains(r"hh5s93j4\u{200b}"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Forged {
    /// The callback is for other temporary credentials than those of the pending authorization.
    #[error("the callback is for the token {received:?} and not for the pending {expected:?}")]
    TokenMismatch {
        /// The pending temporary credentials' identifier.
        expected: String,
        /// The identifier that the callback carries.
        received: String,
    },
    /// The callback has a parameter more than once.
    #[error("the callback has {name:?} more than once")]
    ParameterTwice {
        /// The parameter.
        name: &'static str,
    },
    /// A parameter of the callback is no text.
    #[error("the callback's {name:?} is not UTF-8")]
    ParameterInvalid {
        /// The parameter.
        name: &'static str,
    },
    /// The pending value belongs to another client, or to a client of another server.
    #[error("the pending authorization belongs to another client or server")]
    OtherClient,
    /// The callback's `state` is not that of the pending authorization (RFC 6749 §10.12).
    #[error("the callback's state is not the pending one's")]
    StateMismatch,
    /// The other side says that it is another issuer than the one that was spoken to (RFC 9207 §2.4, RFC 8414 §3.3).
    #[error("the issuer is {received:?} and not {expected:?}")]
    IssuerMismatch {
        /// The issuer that was spoken to.
        expected: String,
        /// The one that answered.
        received: String,
    },
    /// Metadata of a protected resource is for another resource (RFC 9728 §3.3).
    #[error("the metadata is for the resource {received:?} and not for {expected:?}")]
    ResourceMismatch {
        /// The resource that was asked for.
        expected: String,
        /// The one that the metadata names.
        received: String,
    },
    /// A token in the callback of a flow that ends in a code, where it has no business.
    #[error("the callback has {name:?}, though a code was asked for")]
    TokenInCallback {
        /// The parameter.
        name: &'static str,
    },
    /// The callback lacks a parameter.
    #[error("the callback has no {name:?}")]
    ParameterMissing {
        /// The parameter.
        name: &'static str,
    },
    /// A field stands twice in an OpenID message (OpenID Authentication 2.0 §4.1), or is no text, or there are too many.
    #[error("the callback's fields cannot be told apart: {field:?}")]
    FieldsUnclear {
        /// The field, if it is one.
        field: String,
    },
    /// A field that has to be signed is not (OpenID Authentication 2.0 §10.1).
    #[error("the assertion's {field:?} is not signed")]
    Unsigned {
        /// The field.
        field: &'static str,
    },
    /// The user came to another URL than the assertion is for (OpenID Authentication 2.0 §11.1).
    #[error("the assertion is for {expected:?}, and the user came to {received:?}")]
    ReturnToMismatch {
        /// Where the assertion leads, without its query.
        expected: String,
        /// Where the user came, without its query.
        received: String,
    },
    /// The assertion speaks another version of OpenID than was discovered.
    #[error("the assertion is of another version of OpenID than the provider's")]
    VersionMismatch,
    /// The assertion is another provider's than the one that was asked.
    #[error("the assertion is of {received:?} and not of {expected:?}")]
    ForeignProvider {
        /// The endpoint that was asked.
        expected: String,
        /// The one that the assertion names.
        received: String,
    },
    /// The claimed identifier does not name that provider (OpenID Authentication 2.0 §11.2).
    #[error("{claimed_id:?} does not say that {endpoint:?} may speak for it")]
    NotDiscovered {
        /// The claimed identifier.
        claimed_id: String,
        /// The provider's endpoint.
        endpoint: String,
    },
    /// The assertion's nonce has no time, or one too far from now (OpenID Authentication 2.0 §11.3).
    #[error("the assertion is too old, or too new")]
    NonceTime,
    /// The assertion has been accepted before (OpenID Authentication 2.0 §11.3).
    #[error("the assertion has been seen before")]
    Replayed,
    /// The signature is wrong, or the provider says that it is not its own (OpenID Authentication 2.0 §11.4).
    #[error("the assertion's signature is wrong")]
    Signature,
}

/// What cannot be done as it is configured.
///
/// ```
/// use oauth_proto::Unsupported;
///
/// let error = Unsupported::PlainHttp { url: "http://photos.example.net/token".into() };
/// assert!(error.to_string().contains("https"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// A text that should be a URL is none, or not one for this purpose.
    #[error("{url:?} cannot be used: {reason}")]
    Url {
        /// The text, without its query.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Secrets would travel in the clear. Use https, or say that it is wanted: the service's or the provider's
    /// `dangerous_` option for it.
    #[error(
        "{url:?} is not https, and secrets would travel in the clear (an option whose name begins with `dangerous_` lifts this)"
    )]
    PlainHttp {
        /// The URL, without its query.
        url: String,
    },
    /// The service does not take a callback with a request; it knows the registered one.
    #[error("this service takes no callback with a request: it uses the registered one")]
    CallbackNotAccepted,
    /// The service has no such endpoint.
    #[error("this service has no {endpoint} endpoint")]
    NoEndpoint {
        /// Which.
        endpoint: &'static str,
    },
    /// The name belongs to the protocol and cannot be given as a parameter of one's own.
    #[error("the parameter {name:?} is set by the protocol")]
    ReservedParameter {
        /// The name.
        name: String,
    },
    /// The request has an `oauth_` parameter elsewhere than where the protocol parameters go (RFC 5849 §3.5).
    #[error("the request has {name:?} where it does not belong: `oauth_` parameters go in one place")]
    ParameterPlace {
        /// The parameter.
        name: String,
    },
    /// The request already has an `Authorization` header of another scheme.
    #[error("the request already has an Authorization header of another scheme")]
    AuthorizationPresent,
    /// The placement in the form body, and a body that is no form, or may not be read.
    #[error("protocol parameters go in the form body, but {reason}")]
    NoFormBody {
        /// What stands in the way.
        reason: &'static str,
    },
    /// The body must be read to be signed by its hash, and is not at hand.
    #[error("the scheme signs the body by its hash, but the body is not at hand")]
    BodyNotAtHand,
    /// A value cannot stand in a header or a URL.
    #[error("{what} cannot be sent: {reason}")]
    Unsendable {
        /// Which value.
        what: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The signature method has no key that it can use.
    #[error("cannot use {method}: {reason}")]
    Signing {
        /// The signature method.
        method: String,
        /// What it said.
        reason: String,
    },
    /// The token came without what renewing it takes: a session handle, or a refresh token.
    #[error("the token cannot be renewed: it came without a session handle or a refresh token")]
    NotRenewable,
    /// The session was not made for that origin, and its token is not shown there.
    #[error("the token is not for {origin:?}: the session was not made for that origin")]
    ForeignOrigin {
        /// Where the request was to go: scheme, host and port.
        origin: String,
    },
    /// There is no token, and none can be had without the user.
    #[error("there is no token: the user has to grant access first")]
    NoToken,
    /// The token is of a kind that this session cannot show.
    #[error("tokens of the type {token_type:?} cannot be used here")]
    TokenType {
        /// The kind.
        token_type: String,
    },
    /// The server's metadata lists methods of proof keys, and `S256` is not among them (RFC 9700 §2.1.1).
    #[error("the server does not support proof keys with S256")]
    NoPkce,
    /// The authorization request goes to the server first (RFC 9126), which takes a round: `Client::authorize` has it.
    #[error("the authorization request must be pushed to the server first")]
    MustBePushed,
    /// OAuth 2.1 has no such thing, and the client was told to keep to it.
    #[error("OAuth 2.1 has no {what}")]
    NotInOauth21 {
        /// What it left out.
        what: &'static str,
    },
    /// A caller's hook or client authentication could not do its part.
    #[error("the client cannot be authenticated: {reason}")]
    ClientAuthentication {
        /// What it said.
        reason: String,
    },
    /// What the user typed leads to no OpenID provider (OpenID Authentication 2.0 §7), whatever the reason: ask for another.
    #[error("{identifier:?} cannot be used as an OpenID: {reason}{}", shown(answer))]
    Identifier {
        /// What was typed, or what it led to.
        identifier: String,
        /// Why not.
        reason: &'static str,
        /// What its host answered, if it was asked and that is why.
        answer: Option<Box<Answer>>,
    },
    /// Signing in by OAuth 1.0 of 2007, which does not say who came back, has a constructor whose name begins with
    /// `dangerous_`.
    #[error(
        "the service speaks OAuth 1.0 of 2007, which does not tie the user who comes back to the one who granted access"
    )]
    VersionOf2007,
    /// The answer is signed with an association that was asked for, and is not at hand any more.
    #[error("the answer is signed with an association that is not given")]
    NoAssociation,
    /// A secret that is too short to be one.
    #[error("the secret has {length} bytes where {least} are the least")]
    ShortSecret {
        /// How long it is.
        length: usize,
        /// How long it has to be.
        least: usize,
    },
}

/// What is too late.
///
/// ```
/// use oauth_proto::Expired;
///
/// assert_eq!(Expired::Pending.to_string(), "the pending authorization has expired");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Expired {
    /// The user took longer than the pending value lives.
    #[error("the pending authorization has expired")]
    Pending,
    /// The access token has expired. Renew it, or let the user grant access again.
    #[error("the access token has expired")]
    Token,
    /// Nobody entered the device's user code in time (RFC 8628 §3.5).
    #[error("the device code has expired")]
    DeviceCode,
    /// The client's registered secret has expired (RFC 7591 §3.2.1).
    #[error("the client's secret has expired")]
    ClientSecret,
    /// The pending value was stored by a version of this crate that wrote another form.
    #[error("the pending authorization was stored in an outdated form")]
    Outdated,
}
