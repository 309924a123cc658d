//! A refused request to a provider, and its response: OpenID Authentication 2.0 §5.1.2.2, §5.2.3.

use std::fmt;

use http::HeaderValue;
use http::header::ALLOW;

use super::super::message::{Message, Version};
use super::reject_reason::RejectReason;
use super::responses::{self, MessagePlace};
use crate::Response;

/// A refused request: the reason for the log, and the response.
///
/// ```
/// use oauth_proto::openid2::server::Rejected;
///
/// fn respond(rejected: &Rejected) -> oauth_proto::Response {
///     eprintln!("refused: {}", rejected.reason);
///     rejected.response()
/// }
/// ```
#[derive(Clone, thiserror::Error)]
#[error("{reason}")]
pub struct Rejected {
    /// The reason, for the operator's log.
    pub reason: RejectReason,
    response: Box<Response>,
}

impl Rejected {
    /// Returns the response: a message in Key-Value form, a redirect with an error, or a page of
    /// plain text.
    pub fn response(&self) -> Response {
        self.response.as_ref().clone()
    }

    pub(super) fn new(reason: RejectReason, response: Response) -> Self {
        Self { reason, response: Box::new(response) }
    }
}

impl fmt::Debug for Rejected {
    /// A redirect can have values of the relying party in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejected").field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl RejectReason {
    /// Makes a refusal in Key-Value form (§5.1.2.2), with additional fields.
    pub(super) fn direct(self, version: Version, fields: &[(&str, &str)]) -> Rejected {
        let mut message = Message::answer(version);
        message.set("error", self.public());
        for (name, value) in fields {
            message.set(*name, *value);
        }
        let response = responses::direct(self.status(), &message);
        Rejected::new(self, response)
    }

    /// Makes a refusal as a redirect to the relying party (§5.2.3), to a checked URL.
    pub(super) fn indirect(self, return_to: &str, version: Version) -> Rejected {
        let mut answer = Message::new(version, "error");
        answer.set("error", self.public());
        Rejected::new(self, responses::indirect(return_to, &answer, MessagePlace::Query))
    }

    /// Makes a refusal as a page, if there is no URL for a redirect.
    pub(super) fn page(self) -> Rejected {
        let mut response = responses::text(
            self.status(),
            format!("This is an OpenID endpoint. It refused the request: {}.\n", self.public()),
        );
        if matches!(self, Self::HttpMethod(_)) {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, POST"));
        }
        Rejected::new(self, response)
    }
}
