//! An authorization server as a client sees it: its endpoints, RFC 6749 §3, and its ways.

use http::Uri;
use http::uri::Scheme;

use crate::core::endpoint::{check_secure, endpoint};
use crate::oauth2::common::names::{CLIENT_SECRET_BASIC, CLIENT_SECRET_POST};
use crate::oauth2::{Metadata, PkceSupport, Quirks, SecretPlacement, TokenPlacement, Transmission};
use crate::wire::without_secrets;
use crate::{Error, Unsupported};

/// An authorization server's endpoints and its ways: from what its documentation says, from
/// [its metadata](Self::from_metadata), or from a row of [`services`](crate::services).
///
/// The default is what the RFCs say; what departs from that is said by a method here.
///
/// ```
/// use oauth_proto::oauth2::AuthorizationServer;
///
/// let server = AuthorizationServer::new("https://auth.example.com/token")?
///     .issuer("https://auth.example.com")
///     .authorization_endpoint("https://auth.example.com/authorize")?
///     .revocation_endpoint("https://auth.example.com/revoke")?;
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct AuthorizationServer {
    pub(crate) issuer: Option<String>,
    pub(crate) token: Uri,
    pub(crate) refresh: Option<Uri>,
    pub(crate) authorization: Option<Uri>,
    pub(crate) device: Option<Uri>,
    pub(crate) pushed: Option<Uri>,
    pub(crate) revocation: Option<Uri>,
    pub(crate) introspection: Option<Uri>,
    pub(crate) registration: Option<Uri>,
    pub(crate) promises_iss: bool,
    pub(crate) unknown_iss: bool,
    pub(crate) requires_pushed: bool,
    pub(crate) pkce: PkceSupport,
    pub(crate) lacks_s256: bool,
    pub(crate) secret: SecretPlacement,
    /// Where a secret goes at these two, if its metadata says so.
    pub(crate) revocation_secret: Option<SecretPlacement>,
    pub(crate) introspection_secret: Option<SecretPlacement>,
    pub(crate) transmission: Transmission,
    pub(crate) placement: TokenPlacement,
    pub(crate) separator: char,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) quirks: Quirks,
    pub(crate) v2_1: bool,
    pub(crate) plain_http: bool,
    pub(crate) internal_hosts: bool,
}

impl AuthorizationServer {
    /// A server with that token endpoint, which is all that some grants need.
    ///
    /// # Errors
    /// [`Unsupported::Url`] when it is not an absolute http or https URL.
    pub fn new(token_endpoint: &str) -> Result<Self, Error> {
        Ok(Self {
            issuer: None,
            token: endpoint(token_endpoint)?,
            refresh: None,
            authorization: None,
            device: None,
            pushed: None,
            revocation: None,
            introspection: None,
            registration: None,
            promises_iss: false,
            unknown_iss: false,
            requires_pushed: false,
            pkce: PkceSupport::Supported,
            lacks_s256: false,
            secret: SecretPlacement::Basic,
            revocation_secret: None,
            introspection_secret: None,
            transmission: Transmission::Post,
            placement: TokenPlacement::Bearer,
            separator: ' ',
            parameters: Vec::new(),
            quirks: Quirks::STRICT,
            v2_1: false,
            plain_http: false,
            internal_hosts: false,
        })
    }

    /// A server as its metadata describes it (RFC 8414 §2). Where the metadata lists ways to authenticate clients and has
    /// `client_secret_post` but not `client_secret_basic` among them, a secret goes in the body. The lists for revocation and
    /// introspection count at these endpoints; without one, revocation takes `client_secret_basic`, and introspection what the
    /// token endpoint takes.
    ///
    /// # Errors
    /// [`Unsupported::NoEndpoint`] when it names no token endpoint, [`Unsupported::Url`] when an endpoint is no URL, or is
    /// on this machine or in its network though the issuer is elsewhere.
    pub fn from_metadata(metadata: &Metadata) -> Result<Self, Error> {
        if let Some(issuer) = &metadata.issuer
            && let Some(url) = metadata.inside(issuer)
        {
            let reason = "a server elsewhere has no endpoints on this machine or in its network \
                (`AuthorizationServer::dangerous_from_metadata_of_internal_hosts` lifts this)";
            return Err(Unsupported::Url { url: without_secrets(url), reason }.into());
        }
        Self::described_by(metadata)
    }

    /// Describes a server by its metadata as [`from_metadata`](Self::from_metadata) does, also where endpoints are on this machine
    /// or in its network and the issuer is elsewhere. It has
    /// [`dangerous_allow_internal_hosts`](Self::dangerous_allow_internal_hosts), too.
    ///
    /// ```
    /// use oauth_proto::oauth2::{AuthorizationServer, Metadata};
    ///
    /// let metadata: Metadata = serde_json::from_str(
    ///     r#"{"issuer": "https://auth.example.com", "token_endpoint": "https://keycloak.internal/token"}"#,
    /// )?;
    /// assert!(AuthorizationServer::from_metadata(&metadata).is_err());
    /// let server = AuthorizationServer::dangerous_from_metadata_of_internal_hosts(&metadata)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Security
    /// As with [`Discovery::dangerous_allow_internal_hosts`](crate::oauth2::Discovery::dangerous_allow_internal_hosts).
    ///
    /// # Errors
    /// As [`from_metadata`](Self::from_metadata), but for those hosts.
    pub fn dangerous_from_metadata_of_internal_hosts(metadata: &Metadata) -> Result<Self, Error> {
        Ok(Self::described_by(metadata)?.dangerous_allow_internal_hosts())
    }

    fn described_by(metadata: &Metadata) -> Result<Self, Error> {
        let token = metadata.token_endpoint.as_deref().ok_or(Unsupported::NoEndpoint { endpoint: "token" })?;
        let named = |member, url: &str| {
            endpoint(url).map_err(|error| match error {
                Unsupported::Url { url, reason } => Unsupported::MetadataUrl { member, url, reason },
                error => error,
            })
        };
        let optional = |member, url: &Option<String>| url.as_deref().map(|url| named(member, url)).transpose();
        named("token_endpoint", token)?;
        let mut server = Self::new(token)?;
        server.issuer = metadata.issuer.clone();
        server.authorization = optional("authorization_endpoint", &metadata.authorization_endpoint)?;
        server.device = optional("device_authorization_endpoint", &metadata.device_authorization_endpoint)?;
        server.pushed =
            optional("pushed_authorization_request_endpoint", &metadata.pushed_authorization_request_endpoint)?;
        server.revocation = optional("revocation_endpoint", &metadata.revocation_endpoint)?;
        server.introspection = optional("introspection_endpoint", &metadata.introspection_endpoint)?;
        server.registration = optional("registration_endpoint", &metadata.registration_endpoint)?;
        server.promises_iss = metadata.authorization_response_iss_parameter_supported;
        server.requires_pushed = metadata.require_pushed_authorization_requests;
        let lists =
            |list: &Option<Vec<String>>, word: &str| list.as_ref().map(|list| list.iter().any(|own| own == word));
        server.lacks_s256 = lists(&metadata.code_challenge_methods_supported, "S256") == Some(false);
        let placement = |methods: &Option<Vec<String>>| {
            let in_body =
                lists(methods, CLIENT_SECRET_BASIC) == Some(false) && lists(methods, CLIENT_SECRET_POST) == Some(true);
            if in_body { SecretPlacement::Body } else { SecretPlacement::Basic }
        };
        server.secret = placement(&metadata.token_endpoint_auth_methods_supported);
        server.revocation_secret = Some(placement(&metadata.revocation_endpoint_auth_methods_supported));
        let introspection = &metadata.introspection_endpoint_auth_methods_supported;
        server.introspection_secret = introspection.is_some().then(|| placement(introspection));
        Ok(server)
    }

    /// Another token endpoint: that of a double in tests, for example, as the methods below do for the others.
    ///
    /// # Errors
    /// [`Unsupported::Url`] when it is not an absolute http or https URL.
    pub fn token_endpoint(mut self, url: &str) -> Result<Self, Error> {
        self.token = endpoint(url)?;
        Ok(self)
    }

    /// Its issuer identifier. With it, a callback that names another issuer is refused (RFC 9207), and assertions are made
    /// for it. Without it, a callback that names any issuer is refused.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Where people are sent to grant access (RFC 6749 §3.1).
    ///
    /// # Errors
    /// [`Unsupported::Url`] when it is not an absolute http or https URL.
    pub fn authorization_endpoint(mut self, url: &str) -> Result<Self, Error> {
        self.authorization = Some(endpoint(url)?);
        Ok(self)
    }

    /// Where refresh tokens go, at servers that do not take them at the token endpoint.
    ///
    /// # Errors
    /// As [`authorization_endpoint`](Self::authorization_endpoint).
    pub fn refresh_endpoint(mut self, url: &str) -> Result<Self, Error> {
        self.refresh = Some(endpoint(url)?);
        Ok(self)
    }

    /// Where devices ask for a user code (RFC 8628 §3.1).
    ///
    /// # Errors
    /// As [`authorization_endpoint`](Self::authorization_endpoint).
    pub fn device_authorization_endpoint(mut self, url: &str) -> Result<Self, Error> {
        self.device = Some(endpoint(url)?);
        Ok(self)
    }

    /// Where authorization requests are pushed to (RFC 9126 §2).
    ///
    /// # Errors
    /// As [`authorization_endpoint`](Self::authorization_endpoint).
    pub fn pushed_authorization_request_endpoint(mut self, url: &str) -> Result<Self, Error> {
        self.pushed = Some(endpoint(url)?);
        Ok(self)
    }

    /// Where tokens are revoked (RFC 7009 §2).
    ///
    /// # Errors
    /// As [`authorization_endpoint`](Self::authorization_endpoint).
    pub fn revocation_endpoint(mut self, url: &str) -> Result<Self, Error> {
        self.revocation = Some(endpoint(url)?);
        Ok(self)
    }

    /// Where one asks what a token is (RFC 7662 §2).
    ///
    /// # Errors
    /// As [`authorization_endpoint`](Self::authorization_endpoint).
    pub fn introspection_endpoint(mut self, url: &str) -> Result<Self, Error> {
        self.introspection = Some(endpoint(url)?);
        Ok(self)
    }

    /// Where clients register (RFC 7591 §3).
    ///
    /// # Errors
    /// As [`authorization_endpoint`](Self::authorization_endpoint).
    pub fn registration_endpoint(mut self, url: &str) -> Result<Self, Error> {
        self.registration = Some(endpoint(url)?);
        Ok(self)
    }

    /// It names itself in every callback (`iss`, RFC 9207), so that one which does not is refused.
    pub fn promises_issuer(mut self) -> Self {
        self.promises_iss = true;
        self
    }

    /// Takes callbacks that name an issuer (`iss`, RFC 9207) although [`issuer`](Self::issuer) does not say which is the server's.
    /// Saying it is better.
    ///
    /// ```
    /// use oauth_proto::oauth2::AuthorizationServer;
    ///
    /// let server = AuthorizationServer::new("https://auth.example.com/token")?.allow_unknown_issuer();
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Security
    /// A callback that says it comes from another server is taken, and its code is sent to this one (a
    /// mix-up, RFC 9700 §4.4), unless the servers have redirect_uris of their own.
    pub fn allow_unknown_issuer(mut self) -> Self {
        self.unknown_iss = true;
        self
    }

    /// What it does with proof keys.
    pub fn pkce(mut self, pkce: PkceSupport) -> Self {
        self.pkce = pkce;
        self
    }

    /// Where it wants a client's secret, at all endpoints, whatever its metadata says.
    pub fn secret_placement(mut self, placement: SecretPlacement) -> Self {
        self.secret = placement;
        (self.revocation_secret, self.introspection_secret) = (None, None);
        self
    }

    /// Where its resource servers look for tokens. See [`TokenPlacement`] for what each gives away.
    pub fn token_placement(mut self, placement: TokenPlacement) -> Self {
        self.placement = placement;
        self
    }

    /// What stands between two scopes, where it is no space.
    pub fn scope_separator(mut self, separator: char) -> Self {
        self.separator = separator;
        self
    }

    /// A parameter that every authorization request there carries.
    pub fn authorization_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Keeps to OAuth 2.1: a proof key always, no `redirect_uri` in token requests, no implicit grant, no passwords, no
    /// tokens in a query.
    pub fn oauth_2_1(mut self) -> Self {
        self.v2_1 = true;
        self
    }

    /// Reads its answers with these leniencies.
    pub fn quirks(mut self, quirks: Quirks) -> Self {
        self.quirks = quirks;
        self
    }

    /// Sends token requests in the query of a POST or a GET.
    ///
    /// # Security
    /// Secrets, codes and refresh tokens stand in the logs of whoever is on the way.
    pub fn allow_transmission(mut self, transmission: Transmission) -> Self {
        self.transmission = transmission;
        self
    }

    /// Speaks to a server whose metadata lists methods of proof keys without `S256`.
    ///
    /// # Security
    /// An attacker who can change the metadata strips the protection of codes.
    pub fn allow_missing_s256(mut self) -> Self {
        self.lacks_s256 = false;
        self
    }

    /// Speaks to endpoints without TLS that are not on this machine, takes redirect_uris without it, and lets its sessions
    /// show tokens to origins without it.
    ///
    /// # Security
    /// Whoever is on the way reads every code, secret and token.
    pub fn dangerous_allow_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Takes a registration that is managed on this machine or in its network, from a server that is elsewhere.
    ///
    /// # Security
    /// The server can have this program send requests to services in its own network, as
    /// [`Discovery::dangerous_allow_internal_hosts`](crate::oauth2::Discovery::dangerous_allow_internal_hosts) explains.
    pub fn dangerous_allow_internal_hosts(mut self) -> Self {
        self.internal_hosts = true;
        self
    }

    /// Checks that secrets may go to that place and come back from it.
    pub(crate) fn check_secure(&self, uri: &Uri) -> Result<(), Unsupported> {
        if self.plain_http {
            return Ok(());
        }
        check_secure(uri, Some("AuthorizationServer::dangerous_allow_http"))
    }

    /// An endpoint that is there and that secrets may be sent to.
    pub(crate) fn secure_endpoint<'a>(
        &self,
        uri: Option<&'a Uri>,
        endpoint: &'static str,
    ) -> Result<&'a Uri, Unsupported> {
        let uri = uri.ok_or(Unsupported::NoEndpoint { endpoint })?;
        // Nearly all of them are https. That an endpoint has a host was checked when it was described.
        if uri.scheme() != Some(&Scheme::HTTPS) {
            self.check_secure(uri)?;
        }
        Ok(uri)
    }
}
