//! The receiver of a refusal, and the form of the response: RFC 6749 §4.1.2.1 and §5.2, RFC 6750
//! §3, RFC 9700 §4.11.2.

use std::sync::Arc;

use super::endpoint::Endpoint;
use crate::oauth2::server::store::records::client_record::ClientRecord;
use crate::oauth2::server::store::records::consent::ClientRedirect;

/// The receiver of a refusal, the form of the response, and the facts for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefusalChannel {
    pub(crate) kind: ChannelKind,
    /// The endpoint of the request. `None` if no endpoint has the path, or for calls by the
    /// application.
    pub(crate) endpoint: Option<Endpoint>,
    /// The client of the request, after it was found.
    pub(crate) client: Option<Arc<ClientRecord>>,
}

/// The form of the response to a refused request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ChannelKind {
    /// JSON for the client (RFC 6749 §5.2).
    Json,
    /// JSON for the client, with a challenge for a bearer token (RFC 6750 §3).
    Bearer,
    /// A page for the user, since the redirect_uri is not known.
    Page,
    /// A redirect of the user's browser to the client.
    Redirect(Box<ClientRedirect>),
    /// A page for the user, with a link to the client. It replaces the redirect if the client has
    /// registered itself: an attacker could register a client, and send browsers to any site with
    /// the redirect (RFC 9700 §4.11.2).
    Link(Box<ClientRedirect>),
}

impl RefusalChannel {
    const fn new(kind: ChannelKind, endpoint: Option<Endpoint>) -> Self {
        Self { kind, endpoint, client: None }
    }

    /// Returns the channel for JSON.
    pub(crate) const fn json(endpoint: Endpoint) -> Self {
        Self::new(ChannelKind::Json, Some(endpoint))
    }

    /// Returns the channel for requests without an endpoint and calls by the application.
    pub(crate) const fn own() -> Self {
        Self::new(ChannelKind::Json, None)
    }

    /// Returns the channel for JSON with a challenge.
    pub(crate) const fn bearer(endpoint: Endpoint) -> Self {
        Self::new(ChannelKind::Bearer, Some(endpoint))
    }

    /// Returns the channel for a page.
    pub(crate) const fn page(endpoint: Endpoint) -> Self {
        Self::new(ChannelKind::Page, Some(endpoint))
    }

    /// Returns the channel for a redirect, after the user was asked.
    pub(crate) fn redirect(back: Box<ClientRedirect>, client: &Arc<ClientRecord>) -> Self {
        Self::new(ChannelKind::Redirect(back), Some(Endpoint::Authorize)).of(client)
    }

    /// Returns the channel for a redirect, or for a link if the client has registered itself.
    pub(crate) fn unasked(back: Box<ClientRedirect>, client: &Arc<ClientRecord>) -> Self {
        let kind = if client.registered_itself() {
            ChannelKind::Link(back)
        } else {
            ChannelKind::Redirect(back)
        };
        Self::new(kind, Some(Endpoint::Authorize)).of(client)
    }

    /// Returns the same channel with the client.
    pub(crate) fn of(mut self, client: &Arc<ClientRecord>) -> Self {
        self.client = Some(client.clone());
        self
    }
}
