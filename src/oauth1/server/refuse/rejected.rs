//! The reason of a refusal, and the response for it: RFC 5849 §3.2 and the Problem Reporting
//! extension.

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};

use crate::Response;
use crate::oauth1::names::{BODY_HASH, CALLBACK, NONCE, TIMESTAMP, TOKEN};
use crate::wire::{WHEN_UNAVAILABLE, form};

/// A refused request: the reason for the log, and the response for the client.
///
/// ```
/// use oauth_proto::oauth1::server::Rejected;
///
/// fn answer(rejected: &Rejected) -> oauth_proto::Response {
///     eprintln!("refused: {rejected}"); // for the operator
///     rejected.response() // for the client
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Rejected {
    /// The exact reason, for the operator's log.
    pub reason: RejectReason,
    realm: Option<String>,
}

/// The reason why a request is refused. The reason is for the operator's log: it distinguishes
/// cases that the client must not be able to distinguish.
///
/// ```
/// use oauth_proto::oauth1::server::RejectReason;
///
/// let shown = RejectReason::WrongSignature.to_string();
/// assert!(shown.starts_with("the signature is wrong: the secrets differ, or"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectReason {
    /// The `Authorization` header cannot be read.
    #[error(
        "the Authorization header is malformed: expected OAuth and parameters such as \
         oauth_nonce=\"…\" with commas between them (RFC 5849 §3.5.1)"
    )]
    Malformed,
    /// The path is not that of an endpoint.
    #[error(
        "no endpoint has the path {received:?}: the endpoints are {}, and `ProviderBuilder::path` \
         sets others",
        .expected.join(", ")
    )]
    NoSuchPath {
        /// The path of the request.
        received: String,
        /// The paths of the endpoints.
        expected: Vec<String>,
    },
    /// A parameter is missing.
    #[error("the parameter {0} is missing")]
    ParameterMissing(&'static str),
    /// A protocol parameter occurs more than once.
    #[error("the parameter {0:?} occurs more than once")]
    ParameterTwice(String),
    /// A parameter has a value that is not allowed.
    #[error(
        "the parameter {name} cannot be used: expected {value}",
        name = .0,
        value = expected(.0)
    )]
    ParameterInvalid(&'static str),
    /// `oauth_` parameters are in more than one place (RFC 5849 §3.5).
    #[error(
        "`oauth_` parameters are in more than one place: expected all of them in the Authorization \
         header, the form or the query (RFC 5849 §3.5)"
    )]
    ParametersMixed,
    /// A parameter that storage would look up or store has a NUL or another control character.
    #[error("the parameter {0:?} has a control character: send it without")]
    ControlCharacter(String),
    /// The request has more parameters than
    /// [`Verifier::max_parameters`](field@crate::oauth1::server::Verifier::max_parameters).
    #[error(
        "the request has too many parameters: expected at most {limit} (`Verifier::max_parameters`)"
    )]
    TooManyParameters {
        /// The largest accepted number.
        limit: usize,
    },
    /// The form is larger than
    /// [`Verifier::max_form_len`](field@crate::oauth1::server::Verifier::max_form_len).
    #[error("the form has {length} bytes: expected at most {limit} (`Verifier::max_form_len`)")]
    FormTooLarge {
        /// The size of the form, in bytes.
        length: usize,
        /// The largest accepted size, in bytes.
        limit: usize,
    },
    /// `oauth_version` is not 1.0. The value is what the client sent.
    #[error(
        "oauth_version is {sent:?}: expected 1.0{lifted}",
        sent = .0,
        lifted = lifted(.0)
    )]
    VersionUnknown(String),
    /// The signature method is not in the verifier's list.
    #[error(
        "the signature method {0:?} is not accepted: see `Verifier::methods` and \
         `Verifier::keyed_methods`"
    )]
    MethodUnsupported(String),
    /// The request has no OAuth parameters.
    #[error("the request has no `oauth_` parameters: it is not signed")]
    Unsigned,
    /// The request is signed with PLAINTEXT and was not sent over TLS.
    #[error("the signature method PLAINTEXT is not accepted without TLS")]
    PlaintextWithoutTls,
    /// The endpoint does not accept the HTTP method.
    #[error("the HTTP method is {method}: expected {allowed}")]
    HttpMethod {
        /// The method of the request.
        method: http::Method,
        /// The method of the endpoint.
        allowed: &'static str,
    },
    /// The timestamp is too old or too new.
    #[error("oauth_timestamp is {timestamp}: expected {earliest} to {latest}")]
    TimestampRefused {
        /// The timestamp of the request.
        timestamp: u64,
        /// The oldest accepted timestamp.
        earliest: u64,
        /// The newest accepted timestamp.
        latest: u64,
    },
    /// The request is for a host that is not one of the server's.
    #[error(
        "the request names no host, two hosts, or a host that is not in the verifier's origins: \
         see `Verifier::add_origin` and `Verifier::allow_any_host`"
    )]
    WrongHost,
    /// The client is not known.
    #[error("the client {0:?} is unknown")]
    UnknownClient(String),
    /// The token is not known.
    #[error("the token is unknown")]
    UnknownToken,
    /// The token was issued to another client.
    #[error("the client {0:?} sent a token that was issued to a different client")]
    TokenOfAnotherClient(String),
    /// The signature does not match the request.
    #[error(
        "the signature is wrong: the secrets differ, or the request has changed on its way \
         (compare the base strings)"
    )]
    WrongSignature,
    /// The body does not match `oauth_body_hash`.
    #[error("oauth_body_hash is not the hash of the body")]
    WrongBodyHash,
    /// The token has expired.
    #[error("the token has expired")]
    TokenExpired,
    /// The nonce was used before, so the request is a replay.
    #[error("the nonce was already used")]
    NonceUsed,
    /// The callback is not registered, or is not a URI to which a user can be sent.
    #[error(
        "oauth_callback is not acceptable: expected oob or an absolute URI, or a registered one if \
         the client has registered callbacks"
    )]
    CallbackRefused,
    /// The verifier is wrong. The temporary credentials cannot be used any more.
    #[error(
        "oauth_verifier is wrong, or access was not granted; the temporary credentials are used up"
    )]
    WrongVerifier,
    /// The temporary credentials do not wait for a decision: they are unknown, expired, decided or
    /// used.
    #[error(
        "the temporary credentials are not waiting for a decision: they are unknown, expired, \
         decided or used"
    )]
    NothingPending,
    /// The storage failed. The text is for the log.
    #[error("storage failed: {0}")]
    StoreFailed(String),
}

/// Returns the rule for a parameter's value.
fn expected(name: &str) -> &'static str {
    match name {
        TIMESTAMP => "a positive integer",
        NONCE => "1 to 256 bytes of UTF-8",
        BODY_HASH => "no such parameter when the body is a form",
        TOKEN => "at most 4096 bytes of UTF-8, and no token in a request for temporary credentials",
        _ => "at most 4096 bytes of UTF-8",
    }
}

/// Returns the end of the text for a version that an option accepts.
fn lifted(version: &str) -> &'static str {
    if version.eq_ignore_ascii_case("1.0a") {
        " (`Verifier::allow_version_1_0a` accepts this)"
    } else {
        ""
    }
}

impl RejectReason {
    /// Returns the status, the code of the Problem Reporting extension, and the field that explains
    /// the code.
    fn problem(&self) -> (StatusCode, &'static str, Option<(&'static str, String)>) {
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        const DENIED: StatusCode = StatusCode::UNAUTHORIZED;
        let rejected = |name: &str| {
            (BAD, "parameter_rejected", Some(("oauth_parameters_rejected", name.to_owned())))
        };
        match self {
            Self::NoSuchPath { .. } => (StatusCode::NOT_FOUND, "parameter_rejected", None),
            Self::Malformed | Self::ParametersMixed => (BAD, "parameter_rejected", None),
            Self::ParameterMissing(name) => {
                (BAD, "parameter_absent", Some(("oauth_parameters_absent", (*name).to_owned())))
            }
            Self::ParameterTwice(name) | Self::ControlCharacter(name) => rejected(name),
            Self::TooManyParameters { .. } => (BAD, "parameter_rejected", None),
            Self::FormTooLarge { .. } => {
                (StatusCode::PAYLOAD_TOO_LARGE, "parameter_rejected", None)
            }
            Self::ParameterInvalid(name) => rejected(name),
            Self::CallbackRefused => rejected(CALLBACK),
            Self::VersionUnknown(_) => {
                (BAD, "version_rejected", Some(("oauth_acceptable_versions", "1.0-1.0".to_owned())))
            }
            Self::Unsigned => (DENIED, "parameter_absent", None),
            Self::MethodUnsupported(_) | Self::PlaintextWithoutTls => {
                (BAD, "signature_method_rejected", None)
            }
            Self::HttpMethod { .. } => (StatusCode::METHOD_NOT_ALLOWED, "parameter_rejected", None),
            Self::TimestampRefused { earliest, latest, .. } => (
                DENIED,
                "timestamp_refused",
                Some(("oauth_acceptable_timestamps", format!("{earliest}-{latest}"))),
            ),
            // All of them have the same response, so a client cannot find out which clients
            // and tokens exist.
            Self::WrongHost
            | Self::UnknownClient(_)
            | Self::UnknownToken
            | Self::TokenOfAnotherClient(_)
            | Self::WrongSignature => (DENIED, "signature_invalid", None),
            Self::WrongBodyHash => (DENIED, "body_hash_invalid", None),
            Self::TokenExpired => (DENIED, "token_expired", None),
            Self::NonceUsed => (DENIED, "nonce_used", None),
            Self::WrongVerifier => (DENIED, "verifier_invalid", None),
            Self::NothingPending => (BAD, "token_rejected", None),
            Self::StoreFailed(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", None)
            }
        }
    }

    /// Makes a refusal with a challenge for this realm.
    pub(crate) fn reject(self, realm: Option<&str>) -> Rejected {
        Rejected { reason: self, realm: realm.map(str::to_owned) }
    }
}

impl Rejected {
    /// Returns the response for the client, with status 400, 401, 404, 405, 413 or 503. The body
    /// has the code of the Problem Reporting extension, and with status 401 also
    /// `WWW-Authenticate`. With status 503, `Retry-After` says when to send the request again. An
    /// unknown client, an unknown or revoked token, a wrong signature and a wrong host are all
    /// `signature_invalid`, so the response does not help an attacker.
    pub fn response(&self) -> Response {
        let (status, code, field) = self.reason.problem();
        let mut pairs = vec![("oauth_problem", code.to_owned())];
        pairs.extend(field);
        let mut response = form_response(status, &pairs);
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            let fits = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
            let realm =
                self.realm.iter().map(|realm| realm.chars().filter(fits).collect::<String>());
            let realm: String = realm.map(|realm| format!("realm=\"{realm}\", ")).collect();
            let challenge = format!("OAuth {realm}oauth_problem=\"{code}\"");
            if let Ok(challenge) = HeaderValue::try_from(challenge) {
                headers.insert(WWW_AUTHENTICATE, challenge);
            }
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(WHEN_UNAVAILABLE));
        }
        if let RejectReason::HttpMethod { allowed, .. } = self.reason {
            headers.insert(ALLOW, HeaderValue::from_static(allowed));
        }
        response
    }
}

/// Returns a response with a form, which must not be cached.
pub(crate) fn form_response(status: StatusCode, pairs: &[(&str, String)]) -> Response {
    let mut response =
        Response::new(form::encode(pairs.iter().map(|(name, value)| (name, value))).into_bytes());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(form::MEDIA_TYPE));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
