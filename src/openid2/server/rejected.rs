//! Why a request to a provider came to nothing, and what the other side is told, OpenID Authentication 2.0 §5.1.2.2, §5.2.3.

use std::fmt;

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

use super::super::key_value;
use super::super::message::{Message, Version};
use super::approve::respond;
use super::provider::Provider;
use crate::Response;
use crate::wire::{WHEN_UNAVAILABLE, form};

/// Why a request came to nothing, for the operator's log.
///
/// ```
/// use oauth_proto::openid2::server::RejectReason;
///
/// assert_eq!(RejectReason::NotOpenid.to_string(), "the request is no OpenID message");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectReason {
    /// There is no `openid.mode`.
    #[error("the request is no OpenID message")]
    NotOpenid,
    /// A field that stands twice, is no text, or too many of them.
    #[error("the request's fields cannot be told apart")]
    Malformed,
    /// GET and POST are the methods, and POST alone for direct communication.
    #[error("the HTTP method {0} is not that of this message")]
    HttpMethod(http::Method),
    /// The body is no form.
    #[error("the body is no form")]
    NotAForm,
    /// A version that is unknown, or not allowed here.
    #[error("the version of the protocol is not spoken here")]
    Version,
    /// A mode that is none of a provider's.
    #[error("the mode is unknown")]
    Mode,
    /// A field is missing.
    #[error("the field {0:?} is missing")]
    Missing(&'static str),
    /// A field has a value that it cannot have.
    #[error("the field {0:?} has a value that it cannot have")]
    Invalid(&'static str),
    /// A field that would be kept has a control character: an identifier or a handle any, other fields a NUL.
    #[error("the field {0:?} has a control character: send it without")]
    ControlCharacter(String),
    /// `return_to` lies outside of the realm. The user sees a page, although the specification has them sent back (§9.2): a
    /// link to this provider would lead to whatever URL its author names.
    #[error("return_to lies outside of the realm")]
    ReturnToOutside,
    /// The realm covers the sites of many owners, or has no TLS.
    #[error("the realm is not one to be trusted: {0}")]
    Realm(&'static str),
    /// The association or session type is not supported; the relying party is told which is (§8.2.4).
    #[error("the association or session type is not supported")]
    UnsupportedType,
    /// An approval about another identifier than was asked about.
    #[error("the user is not the one that was asked about")]
    NotTheUsers,
    /// An approval by something that is no identifier: not an absolute URL in its normal writing. The relying party is told
    /// that there is no answer.
    #[error("{0:?} is no identifier: that is an absolute http or https URL in its normal writing")]
    NoIdentifier(String),
    /// A value of the application's own cannot stand in a message: one with a newline. The relying party is told that there
    /// is no answer.
    #[error("the answer has a value that cannot be signed")]
    Unsignable,
    /// Storage failed.
    #[error("storage failed: {0}")]
    StoreFailed(String),
}

/// A request that came to nothing.
///
/// ```
/// use oauth_proto::openid2::server::Rejected;
///
/// fn respond(rejected: Rejected) -> oauth_proto::Response {
///     eprintln!("refused: {}", rejected.reason);
///     rejected.response()
/// }
/// ```
#[derive(Clone, thiserror::Error)]
#[error("{reason}")]
pub struct Rejected {
    /// Why, for the operator's log.
    pub reason: RejectReason,
    response: Box<Response>,
}

impl Rejected {
    /// What the other side is told: a message in Key-Value form, a redirect with an error, or a few words for people.
    pub fn response(self) -> Response {
        *self.response
    }

    pub(super) fn new(reason: RejectReason, response: Response) -> Self {
        Self { reason, response: Box::new(response) }
    }
}

impl fmt::Debug for Rejected {
    /// A redirect may hold what the relying party sent along.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejected").field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl RejectReason {
    fn status(&self) -> StatusCode {
        match self {
            Self::HttpMethod(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::StoreFailed(_) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// What may be said of it.
    pub(super) fn public(&self) -> String {
        match self {
            Self::StoreFailed(_) => "the provider is not available".to_owned(),
            reason => reason.to_string(),
        }
    }

    /// A refusal in Key-Value form (§5.1.2.2), with fields of its own.
    pub(super) fn direct(self, version: Version, fields: &[(&str, &str)]) -> Rejected {
        let mut message = Message::answer(version);
        message.set("error", self.public());
        for (name, value) in fields {
            message.set(*name, *value);
        }
        let response = direct(self.status(), &message);
        Rejected::new(self, response)
    }

    /// A refusal that the user takes back to the relying party (§5.2.3), at a URL that was judged.
    pub(super) fn indirect(self, return_to: &str, version: Version) -> Rejected {
        let mut answer = Message::new(version, "error");
        answer.set("error", self.public());
        Rejected::new(self, respond(return_to, &answer, false))
    }

    /// A refusal of a message that was not understood, to whoever sent it: a relying party by the user, a relying party itself,
    /// or the user.
    pub(super) fn told(self, provider: &Provider, text: &str, is_post: bool, version: Version) -> Rejected {
        // A field that stands twice has no value that one could go by.
        let sole = |wanted: &str| {
            let mut values = form::text_pairs(text).filter(|(name, _)| name.as_deref() == Some(wanted));
            values.next().filter(|_| values.next().is_none()).and_then(|(_, value)| value)
        };
        let is_direct = matches!(sole("openid.mode").as_deref(), Some("associate" | "check_authentication"));
        let Some(return_to) = sole("openid.return_to").filter(|_| !is_direct) else {
            return if is_post { self.direct(version, &[]) } else { self.page() };
        };
        let realm = sole(if version == Version::V2_0 { "openid.realm" } else { "openid.trust_root" });
        if provider.may_be_told(&return_to, realm.as_deref(), version) {
            self.indirect(&return_to, version)
        } else {
            self.page()
        }
    }

    /// A refusal for people, where there is nobody else to tell.
    pub(super) fn page(self) -> Rejected {
        let mut response = text(self.status(), format!("This is an OpenID endpoint, and {}.\n", self.public()));
        if matches!(self, Self::HttpMethod(_)) {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, POST"));
        }
        Rejected::new(self, response)
    }
}

/// A message in Key-Value form (§5.1.2).
pub(super) fn direct(status: StatusCode, message: &Message) -> Response {
    text(status, message.to_key_value().unwrap_or_default())
}

fn text(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(body.into_bytes());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(key_value::MEDIA_TYPE));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(WHEN_UNAVAILABLE));
    }
    response
}
