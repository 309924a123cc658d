//! Finding out about servers: RFC 8414 §3, OpenID Connect Discovery §4, and RFC 9728 §3 for protected resources.

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};

use super::answer;
use crate::oauth2::{BearerChallenge, Metadata, Quirks, ResourceMetadata};
use crate::step::Receive;
use crate::wire::{Origin, bare, check_private, endpoint, is_private, leads_inside, shortened};
use crate::{Error, Forged, Leg, Misbehaved, Moment, Purpose, Request, Response, Step, Unsupported};

/// Fetches an authorization server's metadata by its issuer identifier.
///
/// RFC 8414's place is tried first, then OpenID Connect's. The metadata must name the very issuer that was asked for.
///
/// ```no_run
/// use oauth_proto::oauth2::{AuthorizationServer, Discovery};
/// use oauth_proto::run;
/// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> { unimplemented!() }
///
/// let metadata = run(Discovery::new("https://auth.example.com")?.start()?, &mut send)?;
/// let server = AuthorizationServer::from_metadata(&metadata)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Discovery {
    issuer: String,
    places: Vec<Uri>,
    other_name: Option<String>,
    template: Option<String>,
    missing_issuer: bool,
    plain_http: bool,
    internal_hosts: bool,
}

impl Discovery {
    /// Looks for the metadata of an issuer.
    ///
    /// # Errors
    /// [`Unsupported::Url`] when the issuer is no https URL (or one of this machine) without query and fragment.
    pub fn new(issuer: &str) -> Result<Self, Error> {
        let uri = identifier(issuer)?;
        let mut places = vec![inserted(&uri, "oauth-authorization-server")?, appended(&uri)?];
        if uri.path().trim_end_matches('/').len() > 1 {
            places.push(inserted(&uri, "openid-configuration")?);
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            places,
            other_name: None,
            template: None,
            missing_issuer: false,
            plain_http: false,
            internal_hosts: false,
        })
    }

    /// Looks in this place alone.
    ///
    /// # Errors
    /// [`Unsupported::Url`] when it is not an absolute http or https URL.
    pub fn at(mut self, url: &str) -> Result<Self, Error> {
        self.places = vec![endpoint(url)?];
        Ok(self)
    }

    /// Takes metadata that names the issuer in these words, too: exactly as the document writes it, where that differs by a
    /// slash or a port from what was given to [`new`](Self::new). [`Metadata::issuer`] is then as the document writes it, and
    /// callbacks are compared with that.
    ///
    /// ```
    /// use oauth_proto::oauth2::Discovery;
    ///
    /// // Its metadata names the issuer "https://tenant.auth.example.com/".
    /// let step = Discovery::new("https://tenant.auth.example.com")?
    ///     .allow_issuer("https://tenant.auth.example.com/")
    ///     .start()?;
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// What this gives away: nothing, if both are one server. If the other name is another server's, that server's callbacks are
    /// taken for those of this one.
    pub fn allow_issuer(mut self, issuer: &str) -> Self {
        self.other_name = Some(issuer.to_owned());
        self
    }

    /// Takes metadata that names this issuer instead, braces and all: `https://login.microsoftonline.com/{tenantid}/v2.0`,
    /// which Microsoft's endpoints for several tenants name.
    ///
    /// What this gives away: callbacks are not tied to an issuer, since nobody knows yet which one it will be
    /// ([`Metadata::issuer`] is `None`). The tenant must be checked in the ID token.
    pub fn allow_issuer_template(mut self, template: &str) -> Self {
        self.template = Some(template.to_owned());
        self
    }

    /// Takes metadata that names no issuer.
    ///
    /// What this gives away: metadata of another server, put in this place, goes unnoticed.
    pub fn allow_missing_issuer(mut self) -> Self {
        self.missing_issuer = true;
        self
    }

    /// Fetches without TLS from other machines.
    ///
    /// What this gives away: whoever is on the way chooses the endpoints, and gets every code and secret.
    pub fn dangerous_allow_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Takes metadata of a server elsewhere with endpoints on this machine or in its network, by name or address. Without it,
    /// only an issuer that is in this network itself has endpoints there, and only one on this machine has endpoints on this
    /// machine. [`AuthorizationServer::dangerous_from_metadata_of_internal_hosts`] makes a server of such metadata.
    ///
    /// ```
    /// use oauth_proto::oauth2::Discovery;
    ///
    /// // Its token endpoint is at "https://keycloak.internal:8443".
    /// let step = Discovery::new("https://auth.example.com")?.dangerous_allow_internal_hosts().start()?;
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// What this gives away: the server can have this machine send requests, secrets among them, to hosts that only this machine
    /// can reach. Where names resolve to such hosts, only your HTTP client can refuse:
    /// [`is_internal_address`](crate::wire::is_internal_address) is the rule.
    ///
    /// [`AuthorizationServer::dangerous_from_metadata_of_internal_hosts`]: super::AuthorizationServer::dangerous_from_metadata_of_internal_hosts
    pub fn dangerous_allow_internal_hosts(mut self) -> Self {
        self.internal_hosts = true;
        self
    }

    /// Begins.
    ///
    /// # Errors
    /// [`Unsupported::PlainHttp`]. From the step: [`Forged::IssuerMismatch`], [`Refused`](crate::Refused), [`Misbehaved`], and
    /// [`Unsupported::Url`] for an endpoint in this network.
    pub fn start(mut self) -> Result<Step<Metadata>, Error> {
        if !self.plain_http {
            let option = Some("Discovery::dangerous_allow_http");
            self.places.iter().try_for_each(|place| check_private(place, option))?;
        }
        self.places.reverse();
        let first = self.places.pop().ok_or(Unsupported::NoEndpoint { endpoint: "metadata" })?;
        Ok(Step::send(get(first.clone()), AwaitMetadata { discovery: self, place: first, trouble: None }))
    }

    fn check(&self, mut metadata: Metadata) -> Result<Metadata, Error> {
        match metadata.issuer.as_deref() {
            Some(issuer) if issuer == self.issuer || Some(issuer) == self.other_name.as_deref() => {}
            Some(issuer) if Some(issuer) == self.template.as_deref() => metadata.issuer = None,
            None if self.missing_issuer => {}
            issuer => {
                let (expected, received) = (shortened(&self.issuer), shortened(issuer.unwrap_or_default()));
                return Err(Forged::IssuerMismatch { expected, received }.into());
            }
        }
        if !self.internal_hosts
            && let Some(url) = metadata.inside(&self.issuer)
        {
            let reason = "a server elsewhere has no endpoints on this machine or in its network \
                (`Discovery::dangerous_allow_internal_hosts` lifts this)";
            return Err(Unsupported::Url { url: bare(url), reason }.into());
        }
        Ok(metadata)
    }
}

/// Waits for metadata.
struct AwaitMetadata {
    discovery: Discovery,
    /// The place that is being asked.
    place: Uri,
    /// The first error that says more than that nothing is there.
    trouble: Option<Error>,
}

impl Receive<Metadata> for AwaitMetadata {
    fn receive(mut self: Box<Self>, response: Response, _: Moment) -> Result<Step<Metadata>, Error> {
        let discovery = &self.discovery;
        let error = match answer::document::<Metadata>(&response, Quirks::STRICT) {
            // An object that names no issuer may be anything.
            Ok(metadata) if metadata.issuer.is_none() && !discovery.missing_issuer && !discovery.places.is_empty() => {
                None
            }
            Ok(metadata) => return discovery.check(metadata).map(Step::Done),
            // There is nothing, or a page for people, or the way to one: the metadata may be in another place.
            Err(
                error @ (Error::Refused(_)
                | Error::Misbehaved(Misbehaved::WrongFormat { .. } | Misbehaved::Redirect { .. })),
            ) => Some(error),
            Err(error) => return Err(error),
        };
        let is_nothing = response.status() == StatusCode::NOT_FOUND || response.status().is_success();
        if self.trouble.is_none() && !is_nothing {
            let leg = Leg::new(Purpose::DiscoveringServer, &self.place);
            self.trouble = error.clone().map(|error| error.in_leg(&leg));
        }
        match self.discovery.places.pop() {
            Some(next) => {
                self.place = next.clone();
                Ok(Step::send(get(next), *self))
            }
            None => match self.trouble.take().or(error) {
                Some(error) => Err(error),
                None => self.discovery.check(Metadata::default()).map(Step::Done),
            },
        }
    }

    fn purpose(&self) -> Purpose {
        Purpose::DiscoveringServer
    }
}

/// Fetches a protected resource's metadata: who may issue tokens for it.
///
/// ```no_run
/// use oauth_proto::oauth2::ResourceDiscovery;
/// use oauth_proto::run;
/// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> { unimplemented!() }
///
/// let response = send(http::Request::get("https://photos.example.com/albums").body(Vec::new())?)?;
/// if response.status() == 401 {
///     let discovery = ResourceDiscovery::new("https://photos.example.com/albums")?.challenged(response.headers())?;
///     let metadata = run(discovery.start()?, &mut send)?;
///     println!("ask {:?} for a token", metadata.authorization_servers);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ResourceDiscovery {
    resource: String,
    /// The resource's URL.
    uri: Uri,
    /// Where a 401 says that the metadata is.
    hint: Option<Uri>,
    /// The resource's own well-known place.
    place: Uri,
    covering: bool,
    plain_http: bool,
    internal_hosts: bool,
}

impl ResourceDiscovery {
    /// Looks for the metadata of a resource in its well-known place (§3.1).
    ///
    /// # Errors
    /// [`Unsupported::Url`] unless the resource is an absolute http or https URL without user information and without a fragment.
    pub fn new(resource: &str) -> Result<Self, Error> {
        let uri = endpoint(resource)?;
        let place = inserted(&uri, "oauth-protected-resource")?;
        Ok(Self {
            resource: resource.to_owned(),
            uri,
            hint: None,
            place,
            covering: false,
            plain_http: false,
            internal_hosts: false,
        })
    }

    /// Looks first where a 401 says, if it does (§5.1), and then in the well-known place.
    ///
    /// A hint that is no https URL is ignored: servers write a path, a URL in the wrong quotes or `undefined` there. (An http URL
    /// counts on this machine, and with [`dangerous_allow_http`](Self::dangerous_allow_http).)
    ///
    /// # Errors
    /// [`Unsupported::Url`] when the hint leads from a resource on the internet to this machine or its network. Such a resource is
    /// not to be trusted; this is not treated as a hint that is missing.
    pub fn challenged(mut self, headers: &HeaderMap) -> Result<Self, Error> {
        let hint = BearerChallenge::of(headers).and_then(|challenge| challenge.resource_metadata);
        let Some(place) = hint.as_deref().and_then(|url| endpoint(url).ok()) else {
            return Ok(self);
        };
        // A server elsewhere must not make this machine ask itself or its network.
        let url = place.to_string();
        if !self.internal_hosts && leads_inside(&self.resource, &url) {
            let reason = "a resource elsewhere cannot have its metadata on this machine or in its network \
                (`ResourceDiscovery::dangerous_allow_internal_hosts`, called before `challenged`, lifts this)";
            return Err(Unsupported::Url { url: bare(&url), reason }.into());
        }
        self.hint = Some(place);
        Ok(self)
    }

    /// Takes metadata for a resource that covers the one asked for: the same origin, and a path above it, or the same path with
    /// a slash at its end. Where the resource's own well-known place has no metadata, that of its origin is asked, too.
    ///
    /// What this gives away: on an origin that several parties share, one speaks for another's resource (§7.3).
    pub fn allow_covering_resource(mut self) -> Self {
        self.covering = true;
        self
    }

    /// Fetches without TLS from other machines, and follows hints there.
    ///
    /// ```
    /// use oauth_proto::oauth2::ResourceDiscovery;
    ///
    /// assert!(ResourceDiscovery::new("http://mcp.test")?.start().is_err());
    /// let step = ResourceDiscovery::new("http://mcp.test")?.dangerous_allow_http().start()?;
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// What this gives away: everyone on the way can choose the authorization servers that the user is sent to.
    pub fn dangerous_allow_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Takes a hint to this machine or its network, and metadata that names authorization servers there, from a resource elsewhere.
    /// Call it before [`challenged`](Self::challenged). Without it, only a resource that is in this network itself may do so, and
    /// only one on this machine may name this machine.
    ///
    /// ```
    /// use oauth_proto::oauth2::ResourceDiscovery;
    ///
    /// // Its authorization server is "https://login.corp".
    /// let step = ResourceDiscovery::new("https://mcp.example.com")?.dangerous_allow_internal_hosts().start()?;
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// What this gives away: the resource can have this machine send requests to hosts that only this machine can reach. Where
    /// names resolve to such hosts, only your HTTP client can refuse:
    /// [`is_internal_address`](crate::wire::is_internal_address) is the rule.
    pub fn dangerous_allow_internal_hosts(mut self) -> Self {
        self.internal_hosts = true;
        self
    }

    /// Begins.
    ///
    /// # Errors
    /// [`Unsupported::PlainHttp`]. From the step: [`Forged::ResourceMismatch`], [`Refused`](crate::Refused), [`Misbehaved`], and
    /// [`Unsupported::Url`] for an authorization server in this network.
    pub fn start(self) -> Result<Step<ResourceMetadata>, Error> {
        if !self.plain_http {
            check_private(&self.place, Some("ResourceDiscovery::dangerous_allow_http"))?;
        }
        let hint = self.hint.clone().filter(|hint| self.plain_http || is_private(hint));
        let mut places = Vec::new();
        if self.covering {
            places.push(rebuilt(&self.uri, "/.well-known/oauth-protected-resource")?);
        }
        places.push(self.place.clone());
        // The last one is asked first, and none is asked twice.
        places.dedup();
        places.retain(|place| Some(place) != hint.as_ref());
        places.extend(hint);
        let first = places.pop().ok_or(Unsupported::NoEndpoint { endpoint: "metadata" })?;
        let state = AwaitResourceMetadata { discovery: self, places, place: first.clone(), trouble: None };
        Ok(Step::send(get(first), state))
    }

    /// Checks that a resource elsewhere names no authorization server of this network.
    fn check_servers(&self, metadata: &ResourceMetadata) -> Result<(), Error> {
        let mut inside = metadata.authorization_servers.iter().filter(|issuer| leads_inside(&self.resource, issuer));
        match inside.next() {
            Some(issuer) if !self.internal_hosts => {
                let reason = "a resource elsewhere has no authorization servers on this machine or in its network \
                    (`ResourceDiscovery::dangerous_allow_internal_hosts` lifts this)";
                Err(Unsupported::Url { url: bare(issuer), reason }.into())
            }
            _ => Ok(()),
        }
    }

    /// Returns whether metadata for that resource is metadata for the one asked for.
    fn takes(&self, received: &str) -> bool {
        received == self.resource || self.is_same(received) || (self.covering && self.covers(received))
    }

    /// Returns the URL that was received, if it has the resource's origin.
    fn on_origin(&self, received: &str) -> Option<Uri> {
        endpoint(received).ok().filter(|uri| Origin::of(uri) == Origin::of(&self.uri))
    }

    /// Returns whether two URLs are one by RFC 3986 §6.2.3: the case of the host, a default port and an empty path do not matter.
    fn is_same(&self, received: &str) -> bool {
        self.on_origin(received).is_some_and(|uri| uri.path() == self.uri.path() && uri.query() == self.uri.query())
    }

    fn covers(&self, received: &str) -> bool {
        let Some(uri) = self.on_origin(received).filter(|uri| uri.query().is_none()) else {
            return false;
        };
        let rest = self.uri.path().strip_prefix(uri.path().trim_end_matches('/'));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// Waits for a protected resource's metadata.
struct AwaitResourceMetadata {
    discovery: ResourceDiscovery,
    /// The places that are left; the last one is the next.
    places: Vec<Uri>,
    /// The place that is being asked.
    place: Uri,
    /// The first error that says more than that nothing is there.
    trouble: Option<Error>,
}

impl Receive<ResourceMetadata> for AwaitResourceMetadata {
    fn receive(mut self: Box<Self>, response: Response, _: Moment) -> Result<Step<ResourceMetadata>, Error> {
        let error = match answer::document::<ResourceMetadata>(&response, Quirks::STRICT) {
            Ok(metadata) if self.discovery.takes(&metadata.resource) => {
                return self.discovery.check_servers(&metadata).map(|()| Step::Done(metadata));
            }
            Ok(metadata) => {
                let (expected, received) = (shortened(&self.discovery.resource), shortened(&metadata.resource));
                let covers = self.discovery.covers(&metadata.resource);
                let option = covers.then_some("ResourceDiscovery::allow_covering_resource");
                return Err(Forged::ResourceMismatch { expected, received, option }.into());
            }
            Err(error) => error,
        };
        // There is nothing, or something else than metadata: it may be in another place.
        let goes_on = matches!(
            error,
            Error::Refused(_)
                | Error::Misbehaved(
                    Misbehaved::WrongFormat { .. } | Misbehaved::Redirect { .. } | Misbehaved::FieldMissing { .. }
                )
        );
        if !goes_on {
            return Err(error);
        }
        let is_page = response.status().is_success() && matches!(error, Error::Misbehaved(_));
        if self.trouble.is_none() && response.status() != StatusCode::NOT_FOUND && !is_page {
            let leg = Leg::new(Purpose::DiscoveringResource, &self.place);
            self.trouble = Some(error.clone().in_leg(&leg));
        }
        match self.places.pop() {
            Some(next) => {
                self.place = next.clone();
                Ok(Step::send(get(next), *self))
            }
            None => Err(self.trouble.take().unwrap_or(error)),
        }
    }

    fn purpose(&self) -> Purpose {
        Purpose::DiscoveringResource
    }
}

fn get(uri: Uri) -> Request {
    let mut request = Request::default();
    *request.uri_mut() = uri;
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    request
}

impl answer::Document for Metadata {
    const EXPECTED: &'static str = "a metadata document in JSON";
    const NEEDED: (&'static str, &'static str) = ("issuer", "null");
}

impl answer::Document for ResourceMetadata {
    const EXPECTED: &'static str = "a metadata document in JSON";
    const NEEDED: (&'static str, &'static str) = ("resource", "\"\"");
}

/// An issuer identifier: a URL without query and fragment (RFC 8414 §2).
fn identifier(issuer: &str) -> Result<Uri, Error> {
    let uri = endpoint(issuer)?;
    if uri.query().is_some() {
        return Err(Unsupported::Url { url: bare(issuer), reason: "an issuer has no query" }.into());
    }
    Ok(uri)
}

/// The well-known place between the host and the path (RFC 8414 §3.1).
fn inserted(uri: &Uri, name: &str) -> Result<Uri, Unsupported> {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    rebuilt(uri, &format!("/.well-known/{name}{}{query}", uri.path().trim_end_matches('/')))
}

/// The well-known place behind the path (OpenID Connect Discovery §4).
fn appended(uri: &Uri) -> Result<Uri, Unsupported> {
    rebuilt(uri, &format!("{}/.well-known/openid-configuration", uri.path().trim_end_matches('/')))
}

fn rebuilt(uri: &Uri, path: &str) -> Result<Uri, Unsupported> {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = path.parse().ok();
    Uri::from_parts(parts)
        .map_err(|_| Unsupported::Url { url: bare(&uri.to_string()), reason: "it has no place for metadata" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(issuer: &str) -> Vec<String> {
        Discovery::new(issuer).unwrap().places.iter().map(ToString::to_string).collect()
    }

    /// RFC 8414 §3.1 and OpenID Connect Discovery §4.1: their examples.
    #[test]
    fn well_known_places() {
        assert_eq!(
            places("https://example.com"),
            [
                "https://example.com/.well-known/oauth-authorization-server",
                "https://example.com/.well-known/openid-configuration"
            ]
        );
        assert_eq!(
            places("https://example.com/issuer1"),
            [
                "https://example.com/.well-known/oauth-authorization-server/issuer1",
                "https://example.com/issuer1/.well-known/openid-configuration",
                "https://example.com/.well-known/openid-configuration/issuer1"
            ]
        );
        assert_eq!(places("https://example.com/")[1], "https://example.com/.well-known/openid-configuration");
        let resource = ResourceDiscovery::new("https://resource.example.com/a?x=1").unwrap();
        assert_eq!(resource.place, "https://resource.example.com/.well-known/oauth-protected-resource/a?x=1");
    }

    #[test]
    fn what_is_no_issuer_is_refused() {
        for issuer in ["example.com", "https://example.com/?x", "https://example.com/#x", "https://me@example.com", ""]
        {
            Discovery::new(issuer).unwrap_err();
        }
        let discovery = Discovery::new("http://example.com").unwrap();
        discovery.clone().start().unwrap_err();
        assert!(discovery.dangerous_allow_http().start().is_ok());
        assert!(Discovery::new("http://127.0.0.1:8080").unwrap().start().is_ok());
    }

    #[test]
    fn a_covering_resource_is_on_the_same_origin_and_ends_at_a_segment() {
        let discovery = ResourceDiscovery::new("https://a.example/api/v1?x").unwrap();
        for yes in ["https://a.example", "https://a.example/", "https://a.example/api", "https://a.example/api/v1"] {
            assert!(discovery.covers(yes), "{yes}");
        }
        for no in ["https://a.exampl", "https://a", "https://", "", "https://a.example/ap", "https://b.example/"] {
            assert!(!discovery.covers(no), "{no}");
        }
    }
}
