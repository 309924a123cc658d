//! The options of a resource server, RFC 6750 §2 and RFC 9728 §2.

use std::sync::Arc;

use super::guard::{Guard, ResourceServer};
use super::refuse::{AudienceRule, ProtectedResource};
use crate::core::endpoint::{check_secure, endpoint};
use crate::core::event::Observer;
use crate::oauth2::Scope;
use crate::wire::{Origin, without_secrets};
use crate::{Error, Event, Unsupported};

/// Builds a [`ResourceServer`]: begin with [`ResourceServer::builder`], end with
/// [`build`](Self::build).
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::resource::ResourceServer;
///
/// let mut options = ResourceServer::builder("https://photos.example.com")
///     .add_authorization_server("https://auth.example.com");
/// options.scopes = Some("photos.read photos.write".into());
/// let photos = options.build()?;
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build` is called"]
#[non_exhaustive]
pub struct ResourceServerBuilder {
    /// The scopes in the metadata. Default: `None`, so the metadata has no scopes.
    pub scopes: Option<Scope>,
    /// If `true`, the resource server refuses tokens that do not name their resource (RFC 9700
    /// §2.3). This affects stored tokens without a resource, and introspected tokens without `aud`.
    /// If `false`, such a token is valid for every resource of its authorization server. Default:
    /// `false`.
    pub require_audience: bool,
    /// If `true`, a token may also be in a form body (RFC 6750 §2.2). Default: `false`.
    ///
    /// # Security
    /// Applications often log forms, and a page of another origin can post a form.
    pub allow_token_in_body: bool,
    /// If `true`, a token may also be in the query (RFC 6750 §2.3). Send `Cache-Control: private`
    /// in responses to such requests. Default: `false`.
    ///
    /// # Security
    /// The token appears in logs, in browser histories, and in the `Referer` of requests that a
    /// page sends.
    pub allow_token_in_query: bool,
    /// If `true`, the resource identifier can also be an http URL whose host is not this machine.
    /// Default: `false`.
    ///
    /// # Security
    /// An attacker on the network can read every token.
    pub dangerous_allow_http: bool,
    resource: String,
    authorization_servers: Vec<String>,
    observer: Observer,
}

impl ResourceServer {
    /// Returns a builder for the resource with that identifier (RFC 9728 §1.2): an https URL
    /// without a fragment. If a token was issued for particular resources, this identifier must be
    /// among them.
    pub fn builder(resource: impl Into<String>) -> ResourceServerBuilder {
        ResourceServerBuilder::new(resource.into())
    }
}

impl ResourceServerBuilder {
    fn new(resource: String) -> Self {
        Self {
            scopes: None,
            require_audience: false,
            allow_token_in_body: false,
            allow_token_in_query: false,
            dangerous_allow_http: false,
            resource,
            authorization_servers: Vec::new(),
            observer: Observer::default(),
        }
    }

    /// Adds an authorization server to the metadata, by its issuer identifier.
    pub fn add_authorization_server(mut self, issuer: impl Into<String>) -> Self {
        self.authorization_servers.push(issuer.into());
        self
    }

    /// Runs a function on each [`Event`] of this resource: on each refusal, with its reason.
    /// Introspections are events of the client in [`RemoteTokens`](super::RemoteTokens), so the
    /// functions of that client see them.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::resource::ResourceServer;
    /// use std::collections::BTreeMap;
    /// use std::sync::{Arc, Mutex};
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
        self.observer.push(hook);
        self
    }

    /// Makes the resource server.
    ///
    /// # Errors
    /// - [`Unsupported::Url`] if the identifier is not an absolute http or https URL, or has quotes
    ///   or backslashes, which a challenge cannot contain.
    /// - [`Unsupported::PlainHttp`] if the identifier is an http URL whose host is not this
    ///   machine.
    pub fn build(self) -> Result<ResourceServer, Error> {
        let resource = self.resource;
        let uri = endpoint(&resource)?;
        if !self.dangerous_allow_http {
            check_secure(&uri, Some("ResourceServerBuilder::dangerous_allow_http"))?;
        }
        if resource.contains(['"', '\\']) {
            let reason = "a resource identifier must not have quotes or backslashes";
            return Err(Unsupported::Url { url: without_secrets(&resource), reason }.into());
        }
        let origin = Origin::of(&uri).map(|origin| origin.to_string()).unwrap_or_default();
        let path =
            format!("/.well-known/oauth-protected-resource{}", uri.path().trim_end_matches('/'));
        let metadata = match uri.query() {
            Some(query) => format!("{origin}{path}?{query}"),
            None => format!("{origin}{path}"),
        };
        let audience =
            if self.require_audience { AudienceRule::Required } else { AudienceRule::Optional };
        let guarded = ProtectedResource { resource, metadata, path, scope: None, audience };
        Ok(ResourceServer {
            guard: Guard { guarded: Arc::new(guarded), observer: self.observer },
            authorization_servers: self.authorization_servers,
            scopes: self.scopes,
            in_body: self.allow_token_in_body,
            in_query: self.allow_token_in_query,
        })
    }
}
