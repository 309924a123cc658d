//! The receiver of a refusal, and the way in which it is told: RFC 6749 §4.1.2.1 and §5.2, RFC 6750
//! §3, RFC 9700 §4.11.2.

use std::sync::Arc;

use super::endpoint::Endpoint;
use crate::oauth2::server::store::records::client_record::ClientRecord;
use crate::oauth2::server::store::records::consent::ClientRedirect;

/// The receiver of a refusal, the way in which it is told, and what the operator learns of the
/// request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefusalChannel {
    pub(crate) kind: ChannelKind,
    /// The endpoint of the request, if it was for one.
    pub(crate) endpoint: Option<Endpoint>,
    /// The client that asks, once it is known.
    pub(crate) client: Option<Arc<ClientRecord>>,
}

/// The way in which a refusal is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ChannelKind {
    /// The client, in JSON (RFC 6749 §5.2).
    Json,
    /// The client, by a challenge: a bearer token is missing or invalid (RFC 6750 §3).
    Bearer,
    /// The user, on a page: the server does not know where to send the browser.
    Page,
    /// The client, by the user's browser.
    Redirect(Box<ClientRedirect>),
    /// The user, on a page with a link that brings the client its answer: the client has not been
    /// reviewed, so a redirect would let an attacker send browsers anywhere (RFC 9700 §4.11.2).
    Link(Box<ClientRedirect>),
}

impl RefusalChannel {
    const fn new(kind: ChannelKind, endpoint: Option<Endpoint>) -> Self {
        Self { kind, endpoint, client: None }
    }

    /// Tells the client in JSON.
    pub(crate) const fn json(endpoint: Endpoint) -> Self {
        Self::new(ChannelKind::Json, Some(endpoint))
    }

    /// Tells the application, which has asked for something itself.
    pub(crate) const fn own() -> Self {
        Self::new(ChannelKind::Json, None)
    }

    /// Tells the client by a challenge.
    pub(crate) const fn bearer(endpoint: Endpoint) -> Self {
        Self::new(ChannelKind::Bearer, Some(endpoint))
    }

    /// Tells the user on a page.
    pub(crate) const fn page(endpoint: Endpoint) -> Self {
        Self::new(ChannelKind::Page, Some(endpoint))
    }

    /// Tells the client by the user's browser, after the user was asked.
    pub(crate) fn redirect(back: Box<ClientRedirect>, client: &Arc<ClientRecord>) -> Self {
        Self::new(ChannelKind::Redirect(back), Some(Endpoint::Authorize)).of(client)
    }

    /// Tells the client by the user's browser, or by a link if only the client itself has said who
    /// it is.
    pub(crate) fn unasked(back: Box<ClientRedirect>, client: &Arc<ClientRecord>) -> Self {
        let kind = if client.registered_itself() {
            ChannelKind::Link(back)
        } else {
            ChannelKind::Redirect(back)
        };
        Self::new(kind, Some(Endpoint::Authorize)).of(client)
    }

    /// Returns the same channel with the client, once it is known.
    pub(crate) fn of(mut self, client: &Arc<ClientRecord>) -> Self {
        self.client = Some(client.clone());
        self
    }
}
