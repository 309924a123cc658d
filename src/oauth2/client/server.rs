//! An authorization server as a client sees it: its endpoints, RFC 6749 §3, and its ways.

use std::sync::Arc;

use http::Uri;
use http::uri::Scheme;

use crate::core::endpoint::{check_secure, endpoint};
use crate::core::error::oauth2::RequestError;
use crate::oauth2::common::names::{CLIENT_SECRET_BASIC, CLIENT_SECRET_POST};
use crate::oauth2::{Metadata, PkceSupport, Quirks, SecretPlacement, TokenPlacement, Transmission};
use crate::wire::without_secrets;
use crate::{Error, Unsupported};

/// An authorization server's endpoints and properties: as its documentation says, from [its
/// metadata](Self::from_metadata), or from a row of [`services`](crate::services).
///
/// The defaults follow the RFCs; set a field here if the server deviates from them. An endpoint is
/// `None` by default. A [`Client`](crate::oauth2::Client) reads the URLs when it is made. If one is
/// not an absolute http or https URL, its use is [`Unsupported::Url`].
///
/// ```
/// use oauth_proto::oauth2::AuthorizationServer;
///
/// let mut server = AuthorizationServer::new("https://auth.example.com/token")?;
/// server.issuer = Some("https://auth.example.com".into());
/// server.authorization_endpoint = Some("https://auth.example.com/authorize".into());
/// server.revocation_endpoint = Some("https://auth.example.com/revoke".into());
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuthorizationServer {
    /// Its issuer identifier. With it, a callback that names another issuer is refused (RFC 9207),
    /// and assertions are made for it. Without it, a callback that names any issuer is refused.
    /// Default: none, or what the metadata says.
    pub issuer: Option<String>,
    /// The endpoint that issues tokens (RFC 6749 §3.2).
    pub token_endpoint: String,
    /// The endpoint to which users are sent to grant access (RFC 6749 §3.1). Default: `None`, or
    /// what the metadata says.
    pub authorization_endpoint: Option<String>,
    /// The endpoint for refresh tokens, at servers that do not take them at the token endpoint.
    /// Default: `None`.
    pub refresh_endpoint: Option<String>,
    /// The endpoint at which devices ask for a user code (RFC 8628 §3.1). Default: `None`, or what
    /// the metadata says.
    pub device_authorization_endpoint: Option<String>,
    /// The endpoint that takes pushed authorization requests (RFC 9126 §2). Default: `None`, or
    /// what the metadata says.
    pub pushed_authorization_request_endpoint: Option<String>,
    /// The endpoint that revokes tokens (RFC 7009 §2). Default: `None`, or what the metadata says.
    pub revocation_endpoint: Option<String>,
    /// The endpoint that introspects tokens (RFC 7662 §2). Default: `None`, or what the metadata
    /// says.
    pub introspection_endpoint: Option<String>,
    /// The endpoint at which clients register (RFC 7591 §3). Default: `None`, or what the metadata
    /// says.
    pub registration_endpoint: Option<String>,
    /// Refuses callbacks in which the server does not name itself (`iss`, RFC 9207). Default: the
    /// value of the metadata, or `false`.
    pub promises_issuer: bool,
    /// The server's support of proof keys. Default: [`PkceSupport::Supported`].
    pub pkce: PkceSupport,
    /// The place for a client's secret in requests to all endpoints of this server. Default: the
    /// place that its metadata names for each endpoint, or else `Authorization: Basic`.
    pub secret_placement: Option<SecretPlacement>,
    /// The way in which requests are sent to the token endpoint. Default: a POST with a form.
    pub transmission: Transmission,
    /// The place at which its resource servers look for tokens. See [`TokenPlacement`] for the risk
    /// of each place. Default: in `Authorization: Bearer`.
    pub token_placement: TokenPlacement,
    /// The separator between two scopes. Default: a space.
    pub scope_separator: char,
    /// The leniencies with which its answers are read. Default: none.
    pub quirks: Quirks,
    /// Keeps to OAuth 2.1: a proof key always, no `redirect_uri` in token requests, no implicit
    /// grant, no passwords, no tokens in a query. Default: `false`.
    pub oauth_2_1: bool,
    /// Takes callbacks that name an issuer (`iss`, RFC 9207) although
    /// [`issuer`](field@Self::issuer) is not set. It is better to set it. Default: refuses them.
    ///
    /// # Security
    /// A callback that says it comes from another server is taken, and its code is sent to this one
    /// (a mix-up, RFC 9700 §4.4), unless each server has its own redirect_uri.
    pub allow_unknown_issuer: bool,
    /// Sends requests to a server whose metadata lists methods of proof keys without `S256`.
    /// Default: refuses to.
    ///
    /// # Security
    /// An attacker who can change the metadata can remove the protection of codes.
    pub allow_missing_s256: bool,
    /// Sends requests to endpoints without TLS that are not on this machine, takes redirect_uris
    /// without TLS, and lets its sessions send tokens to origins without TLS. Default: refuses to.
    ///
    /// # Security
    /// An attacker on the network can read every code, secret and token.
    pub dangerous_allow_http: bool,
    /// Takes a registration that is managed on this machine or in its network, from a server that
    /// is elsewhere. Default: refuses it.
    ///
    /// # Security
    /// The server can have this program send requests to services in its own network, as
    /// [`Discovery::dangerous_allow_internal_hosts`] explains.
    ///
    /// [`Discovery::dangerous_allow_internal_hosts`]:
    /// crate::oauth2::Discovery::dangerous_allow_internal_hosts
    pub dangerous_allow_internal_hosts: bool,
    /// Parameters that every authorization request there carries.
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) requires_pushed: bool,
    pub(crate) lacks_s256: bool,
    pub(crate) listed: ListedPlacements,
}

/// The places for a secret, as far as the metadata names them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ListedPlacements {
    pub(crate) token: Option<SecretPlacement>,
    pub(crate) revocation: Option<SecretPlacement>,
    pub(crate) introspection: Option<SecretPlacement>,
}

impl AuthorizationServer {
    /// Makes a server with that token endpoint. Some grants need nothing else.
    ///
    /// # Errors
    /// [`Unsupported::Url`] when it is not an absolute http or https URL.
    pub fn new(token_endpoint: &str) -> Result<Self, Error> {
        endpoint(token_endpoint)?;
        Ok(Self {
            issuer: None,
            token_endpoint: token_endpoint.to_owned(),
            authorization_endpoint: None,
            refresh_endpoint: None,
            device_authorization_endpoint: None,
            pushed_authorization_request_endpoint: None,
            revocation_endpoint: None,
            introspection_endpoint: None,
            registration_endpoint: None,
            promises_issuer: false,
            pkce: PkceSupport::Supported,
            secret_placement: None,
            transmission: Transmission::Post,
            token_placement: TokenPlacement::Bearer,
            scope_separator: ' ',
            quirks: Quirks::default(),
            oauth_2_1: false,
            allow_unknown_issuer: false,
            allow_missing_s256: false,
            dangerous_allow_http: false,
            dangerous_allow_internal_hosts: false,
            parameters: Vec::new(),
            requires_pushed: false,
            lacks_s256: false,
            listed: ListedPlacements::default(),
        })
    }

    /// Makes a server from its metadata (RFC 8414 §2). If the metadata lists ways to authenticate
    /// clients, and the list has `client_secret_post` but not `client_secret_basic`, a secret goes
    /// in the body. Revocation and introspection have their own lists. Without such a list,
    /// revocation takes `client_secret_basic`, and introspection takes what the token endpoint
    /// takes.
    ///
    /// # Errors
    /// [`Unsupported::NoEndpoint`] when it names no token endpoint, [`RequestError::MetadataUrl`]
    /// when an endpoint is not an absolute http or https URL, [`Unsupported::Url`] when one is on
    /// this machine or in its network though the issuer is elsewhere.
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

    /// Makes a server from its metadata as [`from_metadata`](Self::from_metadata) does, also if
    /// endpoints are on this machine or in its network and the issuer is elsewhere. It has
    /// [`dangerous_allow_internal_hosts`](field@Self::dangerous_allow_internal_hosts), too.
    ///
    /// ```
    /// use oauth_proto::oauth2::{AuthorizationServer, Metadata};
    ///
    /// let metadata: Metadata = serde_json::from_str(
    ///     r#"{"issuer": "https://auth.example.com",
    ///         "token_endpoint": "https://keycloak.internal/token"}"#,
    /// )?;
    /// assert!(AuthorizationServer::from_metadata(&metadata).is_err());
    /// let server = AuthorizationServer::dangerous_from_metadata_of_internal_hosts(&metadata)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Security
    /// As with [`Discovery::dangerous_allow_internal_hosts`].
    ///
    /// [`Discovery::dangerous_allow_internal_hosts`]:
    /// crate::oauth2::Discovery::dangerous_allow_internal_hosts
    ///
    /// # Errors
    /// [`Unsupported::NoEndpoint`] when the metadata names no token endpoint,
    /// [`RequestError::MetadataUrl`] when an endpoint is not an absolute http or https URL.
    pub fn dangerous_from_metadata_of_internal_hosts(metadata: &Metadata) -> Result<Self, Error> {
        let mut server = Self::described_by(metadata)?;
        server.dangerous_allow_internal_hosts = true;
        Ok(server)
    }

    fn described_by(metadata: &Metadata) -> Result<Self, Error> {
        let token = metadata
            .token_endpoint
            .as_ref()
            .ok_or(Unsupported::NoEndpoint { endpoint: "token" })?;
        let named = |member, url: &String| match endpoint(url) {
            Ok(_) => Ok(url.clone()),
            Err(Unsupported::Url { url, reason }) => {
                Err(RequestError::MetadataUrl { member, url, reason }.into())
            }
            Err(error) => Err(error),
        };
        let optional =
            |member, url: &Option<String>| url.as_ref().map(|url| named(member, url)).transpose();
        named("token_endpoint", token)?;
        let mut server = Self::new(token)?;
        server.issuer = metadata.issuer.clone();
        server.authorization_endpoint =
            optional("authorization_endpoint", &metadata.authorization_endpoint)?;
        server.device_authorization_endpoint =
            optional("device_authorization_endpoint", &metadata.device_authorization_endpoint)?;
        server.pushed_authorization_request_endpoint = optional(
            "pushed_authorization_request_endpoint",
            &metadata.pushed_authorization_request_endpoint,
        )?;
        server.revocation_endpoint =
            optional("revocation_endpoint", &metadata.revocation_endpoint)?;
        server.introspection_endpoint =
            optional("introspection_endpoint", &metadata.introspection_endpoint)?;
        server.registration_endpoint =
            optional("registration_endpoint", &metadata.registration_endpoint)?;
        server.promises_issuer = metadata.authorization_response_iss_parameter_supported;
        server.requires_pushed = metadata.require_pushed_authorization_requests;
        let lists = |list: &Option<Vec<String>>, word: &str| {
            list.as_ref().map(|list| list.iter().any(|own| own == word))
        };
        server.lacks_s256 =
            lists(&metadata.code_challenge_methods_supported, "S256") == Some(false);
        let placement = |methods: &Option<Vec<String>>| {
            let in_body = lists(methods, CLIENT_SECRET_BASIC) == Some(false)
                && lists(methods, CLIENT_SECRET_POST) == Some(true);
            if in_body { SecretPlacement::Body } else { SecretPlacement::Basic }
        };
        let introspection = &metadata.introspection_endpoint_auth_methods_supported;
        server.listed = ListedPlacements {
            token: Some(placement(&metadata.token_endpoint_auth_methods_supported)),
            revocation: Some(placement(&metadata.revocation_endpoint_auth_methods_supported)),
            introspection: introspection.is_some().then(|| placement(introspection)),
        };
        Ok(server)
    }

    /// Adds a parameter that every authorization request there carries.
    pub fn authorization_parameter(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Returns the place for the secret of a client at the token endpoint.
    pub(crate) fn token_secret_placement(&self) -> SecretPlacement {
        self.secret_placement.or(self.listed.token).unwrap_or_default()
    }

    /// Checks that secrets may go to that place and come back from it.
    pub(crate) fn check_secure(&self, uri: &Uri) -> Result<(), Unsupported> {
        if self.dangerous_allow_http {
            return Ok(());
        }
        check_secure(uri, Some("AuthorizationServer::dangerous_allow_http"))
    }

    /// Returns an endpoint that is there and that secrets may be sent to.
    pub(crate) fn secure_endpoint<'a>(
        &self,
        uri: Option<&'a CheckedUrl>,
        endpoint: &'static str,
    ) -> Result<&'a Arc<Uri>, Unsupported> {
        let uri =
            uri.ok_or(Unsupported::NoEndpoint { endpoint })?.as_ref().map_err(Clone::clone)?;
        // Nearly all of them are https. That an endpoint has a host was checked when the client was
        // made.
        if uri.scheme() != Some(&Scheme::HTTPS) {
            self.check_secure(uri)?;
        }
        Ok(uri)
    }
}

/// A URL that was read once, or what is wrong with it. It is shared with what waits for the
/// answers.
pub(crate) type CheckedUrl = Result<Arc<Uri>, Unsupported>;

/// Reads a URL.
pub(crate) fn checked(url: &str) -> CheckedUrl {
    endpoint(url).map(Arc::new)
}

/// The endpoints that a client sends requests to, read once.
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    pub(crate) token: CheckedUrl,
    pub(crate) refresh: Option<CheckedUrl>,
    pub(crate) authorization: Option<CheckedUrl>,
    pub(crate) device_authorization: Option<CheckedUrl>,
    pub(crate) pushed_authorization_request: Option<CheckedUrl>,
    pub(crate) revocation: Option<CheckedUrl>,
    pub(crate) introspection: Option<CheckedUrl>,
}

impl Endpoints {
    pub(crate) fn of(server: &AuthorizationServer) -> Self {
        let optional = |url: &Option<String>| url.as_deref().map(checked);
        Self {
            token: checked(&server.token_endpoint),
            refresh: optional(&server.refresh_endpoint),
            authorization: optional(&server.authorization_endpoint),
            device_authorization: optional(&server.device_authorization_endpoint),
            pushed_authorization_request: optional(&server.pushed_authorization_request_endpoint),
            revocation: optional(&server.revocation_endpoint),
            introspection: optional(&server.introspection_endpoint),
        }
    }

    /// Returns the URL of the token endpoint as it is sent, or as it was given if it cannot be
    /// read.
    pub(crate) fn token_url(&self, server: &AuthorizationServer) -> String {
        self.token.as_ref().map_or_else(|_| server.token_endpoint.clone(), ToString::to_string)
    }
}
