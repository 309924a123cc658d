//! A request that is refused, and the response that says so: RFC 6749 §4.1.2.1, §4.2.2.1 and §5.2.

use http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};

use super::endpoint::Endpoint;
use super::reason::RejectReason;
use super::refusal_channel::{ChannelKind, RefusalChannel};
use super::respond;
use crate::Response;
use crate::oauth2::common::json_response;
use crate::wire::WHEN_UNAVAILABLE;

/// A request that is refused.
///
/// ```
/// use oauth_proto::oauth2::server::Rejected;
///
/// fn answer(rejected: &Rejected) -> oauth_proto::Response {
///     // For the operator, unless the feature `tracing` tells it.
///     eprintln!(
///         "refused at {:?}, client {:?}: {rejected}",
///         rejected.endpoint(),
///         rejected.client_id()
///     );
///     rejected.response() // for the client, or for the user's browser
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
#[non_exhaustive]
pub struct Rejected {
    /// The whole truth, for the operator's log.
    pub reason: RejectReason,
    channel: RefusalChannel,
    /// The client that the request names, if it was refused before the client was looked up.
    claimed: Option<String>,
}

impl Rejected {
    pub(crate) fn new(
        reason: RejectReason,
        channel: RefusalChannel,
        claimed: Option<String>,
    ) -> Self {
        Self { reason, channel, claimed }
    }

    /// Returns the endpoint that refuses; `None` for a path at which there is no endpoint.
    pub fn endpoint(&self) -> Option<Endpoint> {
        self.channel.endpoint
    }

    /// Returns the client whose request is refused. Until the client is found and authenticated,
    /// that is the client that the request claims to be from; `None` if it names no client.
    pub fn client_id(&self) -> Option<&str> {
        let known = self.channel.client.as_ref().map(|client| client.client_id.as_str());
        known.or_else(|| self.reason.claimed_client()).or(self.claimed.as_deref())
    }

    /// Returns the response for the other side: a redirect if the client and its redirect_uri are
    /// known; a page with a link instead if the client has registered itself and the user was not
    /// asked yet; JSON at the endpoints for clients; otherwise a plain page, which an application
    /// may replace by its own. It says less than the reason if the difference would help an
    /// attacker.
    pub fn response(&self) -> Response {
        let (code, told) = (self.reason.code(), self.reason.error_description().ok());
        let (status, description) = (self.reason.status(), told.as_deref());
        // These reasons are not for a redirect, at whichever endpoint they arise.
        let is_for_machines = matches!(
            self.reason,
            RejectReason::HttpMethod { .. }
                | RejectReason::NoSuchPath { .. }
                | RejectReason::TooLarge
        );
        let kind = if is_for_machines { &ChannelKind::Json } else { &self.channel.kind };
        let mut response = match kind {
            ChannelKind::Redirect(back) => return back.error(code, description),
            ChannelKind::Link(back) => return back.offer(code, description),
            // A 401 would have the browser ask for a password.
            ChannelKind::Page if status == StatusCode::UNAUTHORIZED => {
                return respond::page(StatusCode::BAD_REQUEST, code, description);
            }
            ChannelKind::Page => respond::page(status, code, description),
            ChannelKind::Json | ChannelKind::Bearer => {
                json_response::error(status, code, description)
            }
        };
        let headers = response.headers_mut();
        // A 401 has to say how to do better (RFC 9110 §15.5.2).
        let challenge = match (kind, status) {
            (ChannelKind::Bearer, StatusCode::UNAUTHORIZED) => Some(match self.reason {
                RejectReason::TokenMissing => "Bearer".to_owned(),
                _ => "Bearer error=\"invalid_token\"".to_owned(),
            }),
            (_, StatusCode::UNAUTHORIZED) => Some("Basic realm=\"token\"".to_owned()),
            _ => None,
        };
        if let Some(challenge) =
            challenge.and_then(|challenge| HeaderValue::try_from(challenge).ok())
        {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if let RejectReason::HttpMethod { allowed, .. } = self.reason {
            headers.insert(ALLOW, HeaderValue::from_static(allowed));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(WHEN_UNAVAILABLE));
        }
        response
    }
}
