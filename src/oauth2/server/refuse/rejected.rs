//! Refused requests, and the responses to them: RFC 6749 §4.1.2.1, §4.2.2.1 and §5.2.

use http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};

use super::endpoint::Endpoint;
use super::reason::RejectReason;
use super::refusal_channel::{ChannelKind, RefusalChannel};
use super::respond;
use crate::Response;
use crate::oauth2::common::json_response;
use crate::wire::WHEN_UNAVAILABLE;

/// A refused request: the reason for the log, and the response for the client or the user.
///
/// ```
/// use oauth_proto::oauth2::server::Rejected;
///
/// fn answer(rejected: &Rejected) -> oauth_proto::Response {
///     // For the operator. With the feature `tracing` there is an event, too.
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
    /// The exact reason, for the operator's log.
    pub reason: RejectReason,
    channel: RefusalChannel,
    /// The client id in the request, if the request was refused before the client was looked up.
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

    /// Returns the endpoint that has refused the request. `None` if no endpoint has the path, and
    /// for calls of the application that belong to no endpoint, such as
    /// [`Provider::revoke_records`](crate::oauth2::server::Provider::revoke_records).
    pub fn endpoint(&self) -> Option<Endpoint> {
        self.channel.endpoint
    }

    /// Returns the client id of the refused request. Before the client is authenticated, it is the
    /// unverified client id in the request. `None` if the request has no client id, or if the
    /// authorization endpoint refuses it before the server looks for the client.
    pub fn client_id(&self) -> Option<&str> {
        let known = self.channel.client.as_ref().map(|client| client.client_id.as_str());
        known.or_else(|| self.reason.claimed_client()).or(self.claimed.as_deref())
    }

    /// Returns the response for the client or the user. Its text leaves out details of the reason
    /// that would help an attacker.
    ///
    /// - At the endpoints for clients, it is JSON. At every endpoint it is JSON if the path or the
    ///   HTTP method is wrong, or if the body is too large.
    /// - At the authorization endpoint, it is a redirect if the client and its redirect_uri are
    ///   known. If the client has registered itself and the user was not asked yet, it is a page
    ///   with a link instead (RFC 9700 §4.11.2).
    /// - For all other requests of browsers, it is a plain page, which you can replace.
    pub fn response(&self) -> Response {
        let (code, told) = (self.reason.code(), self.reason.error_description().ok());
        let (status, description) = (self.reason.status(), told.as_deref());
        // These reasons never lead to a page or a redirect.
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
            // With the status 401, a browser would ask for a password.
            ChannelKind::Page if status == StatusCode::UNAUTHORIZED => {
                return respond::page(StatusCode::BAD_REQUEST, code, description);
            }
            ChannelKind::Page => respond::page(status, code, description),
            ChannelKind::Json | ChannelKind::Bearer => {
                json_response::error(status, code, description)
            }
        };
        let headers = response.headers_mut();
        // A response with the status 401 needs a challenge (RFC 9110 §15.5.2).
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
        if let RejectReason::TooManyAttempts { until, now, .. } = self.reason {
            headers.insert(RETRY_AFTER, now.until(until).as_secs().max(1).into());
        }
        response
    }
}
