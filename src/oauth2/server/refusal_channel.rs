//! Who is told of a refusal, and how: RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3, RFC 9700 §4.11.2.

use std::sync::Arc;

use super::client_record::ClientRecord;
use super::consent::ClientRedirect;
use super::paths::Endpoint;
use super::reason::RejectReason;
use super::respond::is_quotable;
use crate::oauth2::Scope;

/// Who is told of a refusal and how, and what the operator learns of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefusalChannel {
    pub(super) kind: ChannelKind,
    /// The endpoint of the request, where it was at one.
    pub(super) endpoint: Option<Endpoint>,
    /// The client that asks, once it is known.
    pub(super) client: Option<Arc<ClientRecord>>,
}

/// How somebody is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ChannelKind {
    /// The client, in JSON (RFC 6749 §5.2).
    Json,
    /// The client, by a challenge: a bearer token is missing or no good (RFC 6750 §3).
    Bearer,
    /// The caller of a protected resource, by a challenge.
    Resource(Box<ProtectedResource>),
    /// The user, on a page: nobody knows where to send the browser.
    Page,
    /// The client, by the user's browser.
    Redirect(Box<ClientRedirect>),
    /// The user, on a page with a link that brings the client its answer: nobody has looked at this client, so that a redirect would send
    /// browsers wherever somebody likes (RFC 9700 §4.11.2).
    Link(Box<ClientRedirect>),
}

/// A protected resource, and what it wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProtectedResource {
    /// Its identifier.
    pub(crate) resource: String,
    /// The URL of its metadata, and its path.
    pub(crate) metadata: String,
    pub(crate) path: String,
    /// The scope that is needed.
    pub(crate) scope: Option<Scope>,
    pub(crate) audience: AudienceRule,
}

/// Whether a token has to say for whom it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AudienceRule {
    /// A token that says nothing is for every resource.
    #[default]
    Optional,
    Required,
}

impl ProtectedResource {
    /// Checks that `resources` has this resource's URL or one of `names`, or is empty where that is good for every resource.
    pub(crate) fn check_audience(&self, resources: &[String], names: &[String]) -> Result<(), RejectReason> {
        let is_for_all = resources.is_empty() && self.audience == AudienceRule::Optional;
        if is_for_all || resources.iter().any(|own| *own == self.resource || names.contains(own)) {
            return Ok(());
        }
        Err(RejectReason::BearerAudience {
            received: resources.iter().take(8).map(|own| crate::wire::truncated(own)).collect(),
            expected: std::iter::once(&self.resource).chain(names).cloned().collect(),
        })
    }

    /// Returns the challenge for a refusal (RFC 6750 §3, RFC 9728 §5.1).
    pub(super) fn challenge(&self, reason: &RejectReason) -> String {
        let error = match reason {
            RejectReason::TokenMissing => String::new(),
            reason => format!("error=\"{}\", ", reason.code()),
        };
        let scope = self.scope.as_ref().filter(|scope| is_quotable(scope.as_str()));
        let scope = scope.map(|scope| format!("scope=\"{scope}\", ")).unwrap_or_default();
        format!("Bearer {error}{scope}resource_metadata=\"{}\"", self.metadata)
    }
}

impl RefusalChannel {
    const fn new(kind: ChannelKind, endpoint: Option<Endpoint>) -> Self {
        Self { kind, endpoint, client: None }
    }

    /// Tells the client in JSON.
    pub(super) const fn json(endpoint: Endpoint) -> Self {
        Self::new(ChannelKind::Json, Some(endpoint))
    }

    /// Tells the application, which has asked for something itself.
    pub(crate) const fn own() -> Self {
        Self::new(ChannelKind::Json, None)
    }

    /// Tells the client by a challenge.
    pub(super) const fn bearer(endpoint: Endpoint) -> Self {
        Self::new(ChannelKind::Bearer, Some(endpoint))
    }

    /// Tells the user on a page.
    pub(super) const fn page(endpoint: Endpoint) -> Self {
        Self::new(ChannelKind::Page, Some(endpoint))
    }

    /// Tells the client by the user's browser, whom somebody has asked before.
    pub(super) fn redirect(back: Box<ClientRedirect>, client: &Arc<ClientRecord>) -> Self {
        Self::new(ChannelKind::Redirect(back), Some(Endpoint::Authorize)).of(client)
    }

    /// Tells the client by the user's browser, or by a link where nobody but the client itself has said who it is.
    pub(super) fn unasked(back: Box<ClientRedirect>, client: &Arc<ClientRecord>) -> Self {
        let kind = if client.registered_itself() { ChannelKind::Link(back) } else { ChannelKind::Redirect(back) };
        Self::new(kind, Some(Endpoint::Authorize)).of(client)
    }

    /// Tells the caller of a resource, of which that scope is wanted, by a challenge.
    pub(crate) fn resource(guarded: &Arc<ProtectedResource>, scope: Scope) -> Self {
        Self::new(
            ChannelKind::Resource(Box::new(ProtectedResource {
                scope: Some(scope),
                ..ProtectedResource::clone(guarded)
            })),
            None,
        )
    }

    /// The same where the client is known.
    pub(super) fn of(mut self, client: &Arc<ClientRecord>) -> Self {
        self.client = Some(client.clone());
        self
    }
}
