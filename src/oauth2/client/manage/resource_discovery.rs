//! The discovery of protected resources, RFC 9728 §3.

use http::{HeaderMap, Uri};

use super::metadata_search::{AwaitDocument, MetadataSearch, inserted, rebuilt};
use crate::core::endpoint::{check_secure, endpoint};
use crate::core::error::oauth2::CallbackError;
use crate::oauth2::client::token_response;
use crate::oauth2::{BearerChallenge, ResourceMetadata};
use crate::wire::{Origin, is_secure, points_into_private_network, truncated, without_secrets};
use crate::{Error, Purpose, Step, Unsupported};

/// Fetches the metadata of a protected resource, which names the authorization servers that issue
/// tokens for it.
///
/// # Examples
/// At the beginning, the client knows only a URL, and gets a 401 there. At the end, it has a
/// session for this URL. Clients of the Model Context Protocol do this:
/// ```no_run
/// use oauth_proto::oauth2::{
///     AuthorizationServer, Authorize, Client, ClientMetadata, Discovery, ResourceDiscovery,
///     Session, SharedSession,
/// };
/// use oauth_proto::{Moment, run};
/// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> {
/// #     unimplemented!()
/// # }
/// # fn callback() -> String { String::new() }
/// const RESOURCE: &str = "https://photos.example.com/albums";
/// const REDIRECT_URI: &str = "http://127.0.0.1:51004/cb";
///
/// // Which servers issue tokens for it? A 401 may contain the URL of the metadata.
/// let refused = send(http::Request::get(RESOURCE).body(Vec::new())?)?;
/// let discovery = ResourceDiscovery::new(RESOURCE)?.challenged(refused.headers());
/// let resource = run(discovery.start()?, &mut send)?;
/// let issuer = resource
///     .authorization_servers
///     .first()
///     .ok_or("the resource names no authorization server")?;
///
/// // The endpoints of the server, and a client that is registered there.
/// let metadata = run(Discovery::new(issuer)?.start()?, &mut send)?;
/// let server = AuthorizationServer::from_metadata(&metadata)?;
/// let registration =
///     run(server.register(&ClientMetadata::new([REDIRECT_URI]), None)?, &mut send)?;
/// let client = registration.client(server, Moment::from_os().now)?.redirect_uri(REDIRECT_URI)?;
///
/// // The user's grant, for this resource only, even when the token is renewed.
/// let authorize = Authorize::default().resource(RESOURCE);
/// let authorization = run(client.authorize(authorize, Moment::from_os())?, &mut send)?;
/// println!("go to {}", authorization.url);
/// let moment = Moment::from_os();
/// let grant = client.accept(authorization.pending, &callback(), moment.now)?.resource(RESOURCE);
/// let token = run(client.request_token(grant, moment)?, &mut send)?;
/// let mut session = Session::new(&client, RESOURCE, token)?;
/// session.resources.push(RESOURCE.into());
/// let shared = SharedSession::builder(session).build()?;
/// let albums = shared.fetch(http::Request::get(RESOURCE).body(Vec::new())?, &mut send)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ResourceDiscovery {
    resource: String,
    /// The parsed URL of the resource.
    uri: Uri,
    /// The URL of the metadata from a 401.
    hint: Option<Uri>,
    /// The well-known URL of the resource.
    place: Uri,
    /// If `true`, the metadata may be about a resource that covers the requested one. Such a
    /// resource has the same origin, no query, and a parent path or the same path. A slash at the
    /// end of its path makes no difference. If the resource's well-known URL has no metadata, the
    /// well-known URL of the origin is tried, too. Default: `false`.
    ///
    /// # Security
    /// If several parties share an origin, one of them can publish metadata for the resource of
    /// another one (RFC 9728 §7.3).
    pub allow_covering_resource: bool,
    /// If `true`, metadata is also fetched from http URLs whose host is not this machine, even from
    /// a URL in a challenge. Default: `false`.
    ///
    /// ```
    /// use oauth_proto::oauth2::ResourceDiscovery;
    ///
    /// assert!(ResourceDiscovery::new("http://mcp.test")?.start().is_err());
    /// let mut discovery = ResourceDiscovery::new("http://mcp.test")?;
    /// discovery.dangerous_allow_http = true;
    /// let step = discovery.start()?;
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Security
    /// An attacker on the network can choose the authorization servers to which the user is sent.
    pub dangerous_allow_http: bool,
    /// If `true`, the metadata and the authorization servers of an external resource are allowed to
    /// be on this machine or in this machine's network. The rule is explained at
    /// [`Discovery::dangerous_allow_internal_hosts`]. Default: `false`.
    ///
    /// [`Discovery::dangerous_allow_internal_hosts`]:
    /// crate::oauth2::Discovery::dangerous_allow_internal_hosts
    ///
    /// # Security
    /// An external resource can make this program send requests to services in the program's
    /// network.
    pub dangerous_allow_internal_hosts: bool,
}

impl ResourceDiscovery {
    /// Makes a discovery of the metadata at the well-known URL of a resource (RFC 9728 §3.1).
    ///
    /// # Errors
    /// [`Unsupported::Url`] if the resource is not an absolute http or https URL, or has user
    /// information or a fragment.
    pub fn new(resource: &str) -> Result<Self, Error> {
        let uri = endpoint(resource)?;
        let place = inserted(&uri, "oauth-protected-resource")?;
        Ok(Self {
            resource: resource.to_owned(),
            uri,
            hint: None,
            place,
            allow_covering_resource: false,
            dangerous_allow_http: false,
            dangerous_allow_internal_hosts: false,
        })
    }

    /// Uses the URL of the metadata in the challenge of a 401 (RFC 9728 §5.1), if there is one. The
    /// well-known URL is tried after it.
    ///
    /// A URL in the challenge that is not an https URL is ignored: some servers send a path, a URL
    /// in the wrong quotes, or `undefined`. An http URL is accepted on this machine, or with
    /// [`dangerous_allow_http`](Self::dangerous_allow_http).
    pub fn challenged(mut self, headers: &HeaderMap) -> Self {
        let hint = BearerChallenge::of(headers).and_then(|challenge| challenge.resource_metadata);
        self.hint = hint.as_deref().and_then(|url| endpoint(url).ok()).or(self.hint);
        self
    }

    /// Starts the discovery.
    ///
    /// # Errors
    /// - [`Unsupported::PlainHttp`] if the resource is an http URL whose host is not this machine.
    /// - [`Unsupported::Url`] if the [challenge](Self::challenged) of a resource on the internet
    ///   has a URL in this machine's network, or if the challenge of a resource in this machine's
    ///   network has a URL on this machine. Such a resource is not trustworthy, so the well-known
    ///   URL is not tried, either.
    ///
    /// The returned step can fail with:
    /// - [`CallbackError::ResourceMismatch`](crate::oauth2::CallbackError::ResourceMismatch) if the
    ///   metadata is about another resource.
    /// - [`Unsupported::Url`] if the metadata of a resource on the internet names an authorization
    ///   server in this machine's network, or if the metadata of a resource in this machine's
    ///   network names one on this machine.
    /// - [`Refused`](crate::Refused) or [`Misbehaved`](crate::Misbehaved) if no URL has valid
    ///   metadata.
    pub fn start(self) -> Result<Step<ResourceMetadata>, Error> {
        // A server on the internet must not make this machine send requests to itself or into its
        // network.
        if let Some(url) = self.hint.as_ref().map(Uri::to_string)
            && !self.dangerous_allow_internal_hosts
            && points_into_private_network(&self.resource, &url)
        {
            let reason = "the resource is elsewhere, so metadata on this machine or in its network \
                is not accepted (`ResourceDiscovery::dangerous_allow_internal_hosts` allows this)";
            return Err(Unsupported::Url { url: without_secrets(&url), reason }.into());
        }
        if !self.dangerous_allow_http {
            check_secure(&self.place, Some("ResourceDiscovery::dangerous_allow_http"))?;
        }
        let hint = self.hint.clone().filter(|hint| self.dangerous_allow_http || is_secure(hint));
        let root = self
            .allow_covering_resource
            .then(|| rebuilt(&self.uri, "/.well-known/oauth-protected-resource"))
            .transpose()?;
        let mut places = Vec::new();
        for place in hint.into_iter().chain([self.place.clone()]).chain(root) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        AwaitDocument::start(self, places)
    }

    /// Checks that no authorization server is on a more internal host than the resource.
    fn check_servers(&self, metadata: &ResourceMetadata) -> Result<(), Error> {
        let mut inside = metadata
            .authorization_servers
            .iter()
            .filter(|issuer| points_into_private_network(&self.resource, issuer));
        match inside.next() {
            Some(issuer) if !self.dangerous_allow_internal_hosts => {
                let reason = "the resource is elsewhere, so an authorization server on this \
                    machine or in its network is not accepted \
                    (`ResourceDiscovery::dangerous_allow_internal_hosts` allows this)";
                Err(Unsupported::Url { url: without_secrets(issuer), reason }.into())
            }
            _ => Ok(()),
        }
    }

    /// Returns whether metadata about `received` is accepted for the requested resource.
    fn takes(&self, received: &str) -> bool {
        received == self.resource
            || self.is_same(received)
            || (self.allow_covering_resource && self.covers(received))
    }

    /// Returns the parsed URL if it has the resource's origin.
    fn on_origin(&self, received: &str) -> Option<Uri> {
        endpoint(received).ok().filter(|uri| Origin::of(uri) == Origin::of(&self.uri))
    }

    /// Returns whether a URL is equivalent to the resource's by RFC 3986 §6.2.3: the case of the
    /// host, a default port and an empty path make no difference.
    fn is_same(&self, received: &str) -> bool {
        self.on_origin(received)
            .is_some_and(|uri| uri.path() == self.uri.path() && uri.query() == self.uri.query())
    }

    fn covers(&self, received: &str) -> bool {
        let Some(uri) = self.on_origin(received).filter(|uri| uri.query().is_none()) else {
            return false;
        };
        let rest = self.uri.path().strip_prefix(uri.path().trim_end_matches('/'));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl MetadataSearch for ResourceDiscovery {
    type Document = ResourceMetadata;
    const PURPOSE: Purpose = Purpose::DiscoveringResource;

    fn check(&self, metadata: ResourceMetadata) -> Result<ResourceMetadata, Error> {
        if self.takes(&metadata.resource) {
            self.check_servers(&metadata)?;
            return Ok(metadata);
        }
        let (expected, received) = (truncated(&self.resource), truncated(&metadata.resource));
        let option =
            self.covers(&metadata.resource).then_some("ResourceDiscovery::allow_covering_resource");
        Err(CallbackError::ResourceMismatch { expected, received, option }.into())
    }
}

impl token_response::Document for ResourceMetadata {
    const EXPECTED: &'static str = "a metadata document in JSON";
    const NEEDED: (&'static str, &'static str) = ("resource", "\"\"");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9728 §3.1.
    #[test]
    fn the_well_known_place() {
        let resource = ResourceDiscovery::new("https://resource.example.com/a?x=1").unwrap();
        assert_eq!(
            resource.place,
            "https://resource.example.com/.well-known/oauth-protected-resource/a?x=1"
        );
    }

    #[test]
    fn a_covering_resource_is_on_the_same_origin_and_ends_at_a_segment() {
        let discovery = ResourceDiscovery::new("https://a.example/api/v1?x").unwrap();
        for yes in [
            "https://a.example",
            "https://a.example/",
            "https://a.example/api",
            "https://a.example/api/v1",
        ] {
            assert!(discovery.covers(yes), "{yes}");
        }
        for no in [
            "https://a.exampl",
            "https://a",
            "https://",
            "",
            "https://a.example/ap",
            "https://b.example/",
        ] {
            assert!(!discovery.covers(no), "{no}");
        }
    }
}
