//! The options of a protected resource, RFC 6750 §2 and RFC 9728 §2.

use std::sync::Arc;

use super::guard::{Guard, ResourceServer};
use super::refuse::{AudienceRule, ProtectedResource};
use crate::core::endpoint::{check_secure, endpoint};
use crate::core::event::Observer;
use crate::oauth2::Scope;
use crate::wire::{Origin, without_secrets};
use crate::{Error, Event, Unsupported};

/// Builds a [`ResourceServer`]: [`ResourceServer::builder`] begins, [`build`](Self::build) ends.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::resource::ResourceServer;
///
/// let photos = ResourceServer::builder("https://photos.example.com")
///     .add_authorization_server("https://auth.example.com")
///     .scopes("photos.read photos.write")
///     .build()?;
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ResourceServerBuilder {
    server: ResourceServer,
    allows_http: bool,
}

impl ResourceServer {
    /// Returns a builder of the resource with that identifier (RFC 9728 §1.2): an https URL without a fragment. Tokens that
    /// were asked for particular resources must have been asked for this one.
    pub fn builder(resource: impl Into<String>) -> ResourceServerBuilder {
        ResourceServerBuilder::new(resource.into())
    }
}

impl ResourceServerBuilder {
    pub(super) fn new(resource: String) -> Self {
        let guarded = ProtectedResource {
            resource,
            metadata: String::new(),
            path: String::new(),
            scope: None,
            audience: AudienceRule::default(),
        };
        Self {
            server: ResourceServer {
                guard: Guard { guarded: Arc::new(guarded), observer: Observer::default() },
                authorization_servers: Vec::new(),
                scopes: None,
                in_body: false,
                in_query: false,
            },
            allows_http: false,
        }
    }

    /// Adds an authorization server to the metadata, by its issuer identifier.
    pub fn add_authorization_server(mut self, issuer: impl Into<String>) -> Self {
        self.server.authorization_servers.push(issuer.into());
        self
    }

    /// Sets the scopes that the metadata lists.
    pub fn scopes(mut self, scopes: impl Into<Scope>) -> Self {
        self.server.scopes = Some(scopes.into());
        self
    }

    /// Refuses tokens that do not say that they are for this resource (RFC 9700 §2.3): those without a resource at the store, and those
    /// without `aud` at introspection. By default such a token is good for every resource of its server.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::resource::ResourceServer;
    ///
    /// let photos = ResourceServer::builder("https://photos.example.com").require_audience().build()?;
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn require_audience(mut self) -> Self {
        Arc::make_mut(&mut self.server.guard.guarded).audience = AudienceRule::Required;
        self
    }

    /// Accepts tokens in forms as well as in the header (RFC 6750 §2.2).
    ///
    /// # Security
    /// Applications often log forms, and a page of another origin can post one.
    pub fn allow_token_in_body(mut self) -> Self {
        self.server.in_body = true;
        self
    }

    /// Accepts tokens in the query as well as in the header (RFC 6750 §2.3). Answers to such requests should have `Cache-Control: private`.
    ///
    /// # Security
    /// URLs are kept in logs, in histories, and in the `Referer` of what a page loads, and the token with them.
    pub fn allow_token_in_query(mut self) -> Self {
        self.server.in_query = true;
        self
    }

    /// Runs a function on each [`Event`] of this resource: on each refusal, with its reason. What
    /// [`RemoteTokens`](super::RemoteTokens) ask is told to the hooks of their client.
    ///
    /// # Examples
    /// ```
    /// use std::collections::BTreeMap;
    /// use std::sync::{Arc, Mutex};
    /// use oauth_proto::oauth2::resource::ResourceServer;
    ///
    /// let refusals = Arc::new(Mutex::new(BTreeMap::new()));
    /// let counter = refusals.clone();
    /// let photos = ResourceServer::builder("https://photos.example.com").on_event(move |event| {
    ///     *counter.lock().unwrap().entry(event.cause()).or_insert(0) += 1;
    /// });
    /// let photos = photos.build()?;
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn on_event(mut self, hook: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.server.guard.observer.push(hook);
        self
    }

    /// Accepts an identifier that is neither https nor on this machine.
    ///
    /// # Security
    /// An attacker on the network reads every token.
    pub fn dangerous_allow_http(mut self) -> Self {
        self.allows_http = true;
        self
    }

    /// Returns the protected resource.
    ///
    /// # Errors
    /// [`Unsupported::Url`] when the identifier is no URL or has characters that no challenge can quote, and
    /// [`Unsupported::PlainHttp`] when it is neither https nor on this machine.
    pub fn build(self) -> Result<ResourceServer, Error> {
        let mut server = self.server;
        let guarded = Arc::make_mut(&mut server.guard.guarded);
        let uri = endpoint(&guarded.resource)?;
        if !self.allows_http {
            check_secure(&uri, Some("ResourceServerBuilder::dangerous_allow_http"))?;
        }
        if guarded.resource.contains(['"', '\\']) {
            let reason = "a resource identifier has no quotes and backslashes";
            return Err(Unsupported::Url { url: without_secrets(&guarded.resource), reason }.into());
        }
        let origin = Origin::of(&uri).map(|origin| origin.to_string()).unwrap_or_default();
        let path = format!("/.well-known/oauth-protected-resource{}", uri.path().trim_end_matches('/'));
        guarded.metadata = match uri.query() {
            Some(query) => format!("{origin}{path}?{query}"),
            None => format!("{origin}{path}"),
        };
        guarded.path = path;
        Ok(server)
    }
}
