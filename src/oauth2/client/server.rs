//! An authorization server as a client sees it: endpoints, RFC 6749 §3, and deviations from the
//! specifications.

use std::sync::Arc;

use http::Uri;
use http::uri::Scheme;

use crate::core::endpoint::{check_secure, endpoint};
use crate::core::error::oauth2::RequestError;
use crate::oauth2::common::names::{CLIENT_SECRET_BASIC, CLIENT_SECRET_POST};
use crate::oauth2::{Metadata, PkceSupport, Quirks, SecretPlacement, TokenPlacement, Transmission};
use crate::wire::without_secrets;
use crate::{Error, Unsupported};

/// The endpoints and properties of an authorization server.
///
/// Make it from the token endpoint ([`new`](Self::new)), from [metadata](Self::from_metadata), or
/// from a row of [`services`](crate::services). The defaults follow the RFCs; set a field if the
/// server deviates from them. An endpoint is `None` by default.
///
/// A [`Client`](crate::oauth2::Client) reads the URLs when it is made, but reports no error then.
/// If a URL is not an absolute http or https URL, each function that uses this URL returns
/// [`Unsupported::Url`].
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
    /// The server's issuer identifier. The client refuses callbacks that name another issuer (RFC
    /// 9207), and uses the identifier as the audience of assertions. If it is `None`, the client
    /// refuses callbacks that name any issuer. Default: `None`, or the value of the metadata.
    pub issuer: Option<String>,
    /// The endpoint that issues tokens (RFC 6749 §3.2).
    pub token_endpoint: String,
    /// The endpoint to which users are sent to grant access (RFC 6749 §3.1). Default: `None`, or
    /// the value of the metadata.
    pub authorization_endpoint: Option<String>,
    /// The endpoint for refresh tokens, if the server does not accept them at the token endpoint.
    /// Default: `None`.
    pub refresh_endpoint: Option<String>,
    /// The endpoint at which devices request a user code (RFC 8628 §3.1). Default: `None`, or the
    /// value of the metadata.
    pub device_authorization_endpoint: Option<String>,
    /// The endpoint that accepts pushed authorization requests (RFC 9126 §2). Default: `None`, or
    /// the value of the metadata.
    pub pushed_authorization_request_endpoint: Option<String>,
    /// The endpoint that revokes tokens (RFC 7009 §2). Default: `None`, or the value of the
    /// metadata.
    pub revocation_endpoint: Option<String>,
    /// The endpoint that introspects tokens (RFC 7662 §2). Default: `None`, or the value of the
    /// metadata.
    pub introspection_endpoint: Option<String>,
    /// The endpoint at which clients register (RFC 7591 §3). Default: `None`, or the value of the
    /// metadata.
    pub registration_endpoint: Option<String>,
    /// If `true`, the client refuses callbacks in which the server does not name itself (`iss`, RFC
    /// 9207). Default: `false`, or the value of the metadata.
    pub promises_issuer: bool,
    /// The server's support of PKCE (RFC 7636). Default: [`PkceSupport::Supported`].
    pub pkce: PkceSupport,
    /// The place for a client's secret in requests to all endpoints of this server. Default:
    /// `None`, so the metadata decides for each endpoint. Without metadata, the place is
    /// [`SecretPlacement::Basic`].
    pub secret_placement: Option<SecretPlacement>,
    /// The way in which the client sends requests to the token endpoint. Default:
    /// [`Transmission::Post`].
    pub transmission: Transmission,
    /// The place at which the server's APIs expect the access token. Default:
    /// [`TokenPlacement::Bearer`].
    pub token_placement: TokenPlacement,
    /// The character between two words of a scope in the server's requests and responses. Default:
    /// a space.
    pub scope_separator: char,
    /// The deviations from RFC 6749 that the client accepts in this server's responses. Default: no
    /// deviations.
    pub quirks: Quirks,
    /// If `true`, the client keeps to OAuth 2.1. Default: `false`.
    ///
    /// Token requests then have no `redirect_uri`. These fail with [`RequestError::NotInOauth21`]:
    /// authorization requests without a PKCE challenge of the method `S256`, the implicit grant,
    /// the password grant, token requests with the parameters in the query, and access tokens in a
    /// query.
    pub oauth_2_1: bool,
    /// If `true`, the client accepts callbacks that name an issuer (`iss`, RFC 9207) although
    /// [`issuer`](field@Self::issuer) is `None`. Set the issuer instead if you can. Default:
    /// `false`.
    ///
    /// # Security
    /// The client accepts a callback that names another server, and sends the code in it to this
    /// server (a mix-up, RFC 9700 §4.4). If each server has its own redirect_uri, the client still
    /// refuses such a callback.
    pub allow_unknown_issuer: bool,
    /// If `true`, the client sends users to a server whose metadata lists PKCE methods without
    /// `S256`. The request still has a challenge of the method `S256`. Default: `false`.
    ///
    /// # Security
    /// If the server does not check the challenge, an attacker who has stolen a code can redeem it.
    pub allow_missing_s256: bool,
    /// If `true`, endpoints, redirect_uris and the origins of sessions can also be http URLs whose
    /// host is not this machine. Default: `false`.
    ///
    /// # Security
    /// An attacker on the network can read every code, secret and token.
    pub dangerous_allow_http: bool,
    /// If `true`, an external server is allowed to return a `registration_client_uri` on this
    /// machine or in this machine's network when a client [registers](Self::register). Default:
    /// `false`.
    ///
    /// # Security
    /// An external server can make this program send requests to services in the program's network.
    /// [`Discovery::dangerous_allow_internal_hosts`] explains this.
    ///
    /// [`Discovery::dangerous_allow_internal_hosts`]:
    /// crate::oauth2::Discovery::dangerous_allow_internal_hosts
    pub dangerous_allow_internal_hosts: bool,
    /// The parameters that the service adds to every authorization request.
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) requires_pushed: bool,
    pub(crate) lacks_s256: bool,
    pub(crate) listed: ListedPlacements,
}

/// The places for a client's secret that the metadata names.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ListedPlacements {
    pub(crate) token: Option<SecretPlacement>,
    pub(crate) revocation: Option<SecretPlacement>,
    pub(crate) introspection: Option<SecretPlacement>,
}

impl AuthorizationServer {
    /// Makes a server with that token endpoint. Grants without a user, such as client credentials,
    /// need nothing else.
    ///
    /// # Errors
    /// [`Unsupported::Url`] if it is not an absolute http or https URL.
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

    /// Makes a server from its metadata (RFC 8414 §2).
    ///
    /// If the metadata lists the authentication method `client_secret_post` but not
    /// `client_secret_basic`, clients send their secret in the body. Revocation and introspection
    /// have their own lists. Without a list, revocation uses `Authorization: Basic`, and
    /// introspection uses the same place as the token endpoint.
    ///
    /// # Errors
    /// - [`Unsupported::NoEndpoint`] if the metadata has no token endpoint.
    /// - [`RequestError::MetadataUrl`] if an endpoint is not an absolute http or https URL.
    /// - [`Unsupported::Url`] if an endpoint is on a more internal host than the issuer. The rule
    ///   is explained at [`Discovery::dangerous_allow_internal_hosts`].
    ///
    /// [`Discovery::dangerous_allow_internal_hosts`]:
    /// crate::oauth2::Discovery::dangerous_allow_internal_hosts
    pub fn from_metadata(metadata: &Metadata) -> Result<Self, Error> {
        if let Some(issuer) = &metadata.issuer
            && let Some(url) = metadata.inside(issuer)
        {
            let reason = "the issuer is elsewhere, so an endpoint on this machine or in its \
                network is not accepted \
                (`AuthorizationServer::dangerous_from_metadata_of_internal_hosts` allows this)";
            return Err(Unsupported::Url { url: without_secrets(url), reason }.into());
        }
        Self::described_by(metadata)
    }

    /// Makes a server from its metadata as [`from_metadata`](Self::from_metadata) does, and accepts
    /// endpoints on this machine or in this machine's network. The result has
    /// [`dangerous_allow_internal_hosts`](field@Self::dangerous_allow_internal_hosts) set.
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
    /// The author of the metadata can make this program send requests to services in the program's
    /// network. [`Discovery::dangerous_allow_internal_hosts`] explains this.
    ///
    /// [`Discovery::dangerous_allow_internal_hosts`]:
    /// crate::oauth2::Discovery::dangerous_allow_internal_hosts
    ///
    /// # Errors
    /// - [`Unsupported::NoEndpoint`] if the metadata has no token endpoint.
    /// - [`RequestError::MetadataUrl`] if an endpoint is not an absolute http or https URL.
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

    /// Adds a parameter to every authorization request to this server.
    pub fn authorization_parameter(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Returns the place for a client's secret at the token endpoint.
    pub(crate) fn token_secret_placement(&self) -> SecretPlacement {
        self.secret_placement.or(self.listed.token).unwrap_or_default()
    }

    /// Checks that secrets may be sent to that URI.
    pub(crate) fn check_secure(&self, uri: &Uri) -> Result<(), Unsupported> {
        if self.dangerous_allow_http {
            return Ok(());
        }
        check_secure(uri, Some("AuthorizationServer::dangerous_allow_http"))
    }

    /// Returns the way in which token requests are sent. With `oauth_2_1`, parameters in the query
    /// are an error.
    pub(crate) fn token_transmission(&self) -> Result<Transmission, RequestError> {
        if self.oauth_2_1 && self.transmission != Transmission::Post {
            return Err(RequestError::NotInOauth21 { what: "token request in the query" });
        }
        Ok(self.transmission)
    }

    /// Returns an endpoint, if the server has it and secrets may be sent to it.
    pub(crate) fn secure_endpoint<'a>(
        &self,
        uri: Option<&'a CheckedUrl>,
        endpoint: &'static str,
    ) -> Result<&'a Arc<Uri>, Unsupported> {
        let uri =
            uri.ok_or(Unsupported::NoEndpoint { endpoint })?.as_ref().map_err(Clone::clone)?;
        // Most endpoints are https, so this comparison suffices. The host of the endpoint was
        // checked when the client was made.
        if uri.scheme() != Some(&Scheme::HTTPS) {
            self.check_secure(uri)?;
        }
        Ok(uri)
    }
}

/// A URL that was read once, or the reason why it cannot be used. The URL is in an `Arc`, because
/// the state that waits for a response holds it, too.
pub(crate) type CheckedUrl = Result<Arc<Uri>, Unsupported>;

pub(crate) fn checked(url: &str) -> CheckedUrl {
    endpoint(url).map(Arc::new)
}

/// The endpoints of a client's requests, read once.
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
    /// used.
    pub(crate) fn token_url(&self, server: &AuthorizationServer) -> String {
        self.token.as_ref().map_or_else(|_| server.token_endpoint.clone(), ToString::to_string)
    }
}
