//! The protocol of a row: the endpoints of a service, its issuer, the place of credentials, and its
//! quirks.

use crate::oauth2::{AuthorizationServer, PkceSupport, Quirks, SecretPlacement, TokenPlacement};
use crate::{Error, oauth1};

/// The protocol of a service, with its settings.
///
/// ```
/// use oauth_proto::services::{self, Protocol};
///
/// let Protocol::Oauth2(google) = &services::GOOGLE.protocol else { unreachable!() };
/// assert_eq!(google.token, "https://oauth2.googleapis.com/token");
/// assert!(matches!(services::TWITTER.protocol, Protocol::Oauth1(_)));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
#[allow(
    clippy::large_enum_variant,
    reason = "a constant cannot have a box, and there are few of these values"
)]
pub enum Protocol {
    /// OAuth 2.0, with the settings of the service.
    Oauth2(Oauth2),
    /// OAuth 1.0a, with the settings of the service.
    Oauth1(Oauth1),
}

/// The settings of an OAuth 2.0 service. The URLs can have the row's
/// [instance](field@super::Service::instance) in them.
///
/// ```
/// use oauth_proto::oauth2::TokenPlacement;
/// use oauth_proto::services::{Oauth2, Protocol, Service};
///
/// const ACME: Service = {
///     let mut oauth2 =
///         Oauth2::new("https://acme.example/authorize", "https://acme.example/token");
///     oauth2.revocation = Some("https://acme.example/revoke");
///     oauth2.scope_separator = ',';
///     oauth2.token_placement = TokenPlacement::Scheme("OAuth");
///     Service::new("Acme", Protocol::Oauth2(oauth2))
/// };
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Oauth2 {
    /// The authorization endpoint, to which users are sent (RFC 6749 §3.1). `None` for a service
    /// without users.
    pub authorization: Option<&'static str>,
    /// The token endpoint (RFC 6749 §3.2).
    pub token: &'static str,
    /// The device authorization endpoint (RFC 8628 §3.1). Default: `None`.
    pub device_authorization: Option<&'static str>,
    /// The endpoint for refresh tokens, if it is not the token endpoint. Default: `None`.
    pub refresh: Option<&'static str>,
    /// The revocation endpoint (RFC 7009). Default: `None`.
    pub revocation: Option<&'static str>,
    /// The introspection endpoint (RFC 7662). Default: `None`.
    pub introspection: Option<&'static str>,
    /// The issuer identifier of the service, if it publishes metadata (RFC 8414 §2, or OpenID
    /// Connect Discovery). Default: `None`.
    pub issuer: Option<&'static str>,
    /// The separator of scopes: a space, or a comma at some services. Default: a space.
    pub scope_separator: char,
    /// The place of the client secret in token requests. Default: [`SecretPlacement::Basic`].
    pub secret_placement: SecretPlacement,
    /// Whether the service accepts PKCE. Default: [`PkceSupport::Supported`].
    pub pkce: PkceSupport,
    /// Parameters that every authorization request needs in addition to those of RFC 6749. Default:
    /// empty.
    pub authorization_parameters: &'static [(&'static str, &'static str)],
    /// If `true`, requests to the API have Facebook's `appsecret_proof`, which proves that the
    /// sender of the token has the client secret. Default: `false`.
    pub appsecret_proof: bool,
    /// The departures of the service from the RFCs. Default: no departures.
    pub quirks: Quirks,
    /// The place of the access token in requests to the API. Default: [`TokenPlacement::Bearer`].
    pub token_placement: TokenPlacement,
}

/// The settings of an OAuth 1.0a service. The URLs can have the row's
/// [instance](field@super::Service::instance) in them.
///
/// ```
/// use oauth_proto::services::{Instance, Oauth1, Protocol, Service};
///
/// const WIKI: Service = {
///     let oauth1 = Oauth1::new(
///         "{base}/oauth/initiate",
///         "{base}/oauth/authorize",
///         "{base}/oauth/token",
///     );
///     let mut wiki = Service::new("Wiki", Protocol::Oauth1(oauth1));
///     wiki.instance = Instance::Base { default: None };
///     wiki
/// };
/// assert!(WIKI.oauth1_server(Some("https://wiki.example")).is_ok());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Oauth1 {
    /// The endpoint for temporary credentials (RFC 5849 §2.1).
    pub temporary_credentials: &'static str,
    /// The authorization endpoint, to which users are sent (RFC 5849 §2.2).
    pub authorization: &'static str,
    /// The endpoint to which users are sent for signing in, if there is one. It sends users back at
    /// once if they granted access before. Default: `None`.
    pub authentication: Option<&'static str>,
    /// The endpoint for token credentials (RFC 5849 §2.3).
    pub token_credentials: &'static str,
    /// If `true`, the service speaks OAuth 1.0 of 2007, in which an attacker can fixate a session.
    /// The row then needs an option whose name begins with `dangerous_`. Default: `false`.
    pub version_2007: bool,
}

impl Oauth2 {
    /// Makes the settings of a service that follows the RFCs, from its authorization endpoint and
    /// its token endpoint. Set the other fields afterwards.
    pub const fn new(authorization: &'static str, token: &'static str) -> Self {
        Self {
            authorization: Some(authorization),
            token,
            device_authorization: None,
            refresh: None,
            revocation: None,
            introspection: None,
            issuer: None,
            scope_separator: ' ',
            secret_placement: SecretPlacement::Basic,
            pkce: PkceSupport::Supported,
            authorization_parameters: &[],
            appsecret_proof: false,
            quirks: Quirks::STRICT,
            token_placement: TokenPlacement::Bearer,
        }
    }

    /// Returns the server, without its issuer. The function `url` fills in the URLs.
    pub(super) fn authorization_server(
        &self,
        url: impl Fn(&str) -> Result<String, Error>,
    ) -> Result<AuthorizationServer, Error> {
        let mut server = AuthorizationServer::new(&url(self.token)?)?;
        server.secret_placement = Some(self.secret_placement);
        server.pkce = self.pkce;
        server.token_placement = self.token_placement;
        server.scope_separator = self.scope_separator;
        server.quirks = self.quirks;
        for (name, value) in self.authorization_parameters {
            server = server.authorization_parameter(*name, *value);
        }
        let optional = |template: Option<&str>| template.map(&url).transpose();
        server.authorization_endpoint = optional(self.authorization)?;
        server.device_authorization_endpoint = optional(self.device_authorization)?;
        server.refresh_endpoint = optional(self.refresh)?;
        server.revocation_endpoint = optional(self.revocation)?;
        server.introspection_endpoint = optional(self.introspection)?;
        Ok(server)
    }
}

impl Oauth1 {
    /// Makes the settings of a service from its three endpoints. Set the other fields afterwards.
    pub const fn new(
        temporary_credentials: &'static str,
        authorization: &'static str,
        token_credentials: &'static str,
    ) -> Self {
        Self {
            temporary_credentials,
            authorization,
            authentication: None,
            token_credentials,
            version_2007: false,
        }
    }

    /// Returns the server. The function `url` fills in the URLs.
    pub(super) fn server(
        &self,
        url: impl Fn(&str) -> Result<String, Error>,
    ) -> Result<oauth1::Server, Error> {
        let [temporary, authorization, token] =
            [self.temporary_credentials, self.authorization, self.token_credentials].map(&url);
        let server = oauth1::Server::new(&temporary?, &authorization?, &token?)?;
        match self.authentication {
            Some(template) => server.authentication(&url(template)?),
            None => Ok(server),
        }
    }
}

/// The macro for the rows of this crate.
impl Oauth2 {
    /// Makes the settings of a service without users, which has no authorization endpoint.
    pub(super) const fn without_users(token: &'static str) -> Self {
        let mut oauth2 = Self::new("", token);
        oauth2.authorization = None;
        oauth2
    }

    pub(super) const fn token_placement(mut self, placement: TokenPlacement) -> Self {
        self.token_placement = placement;
        self
    }

    pub(super) const fn device_authorization(mut self, url: &'static str) -> Self {
        self.device_authorization = Some(url);
        self
    }

    pub(super) const fn refresh(mut self, url: &'static str) -> Self {
        self.refresh = Some(url);
        self
    }

    pub(super) const fn revocation(mut self, url: &'static str) -> Self {
        self.revocation = Some(url);
        self
    }

    pub(super) const fn introspection(mut self, url: &'static str) -> Self {
        self.introspection = Some(url);
        self
    }

    pub(super) const fn issuer(mut self, issuer: &'static str) -> Self {
        self.issuer = Some(issuer);
        self
    }

    pub(super) const fn scopes_by_comma(mut self) -> Self {
        self.scope_separator = ',';
        self
    }

    pub(super) const fn secret_in_body(mut self) -> Self {
        self.secret_placement = SecretPlacement::Body;
        self
    }

    pub(super) const fn secret_raw(mut self) -> Self {
        self.secret_placement = SecretPlacement::AllowRawBasic;
        self
    }

    pub(super) const fn requires_pkce(mut self) -> Self {
        self.pkce = PkceSupport::Required;
        self
    }

    pub(super) const fn refuses_pkce(mut self) -> Self {
        self.pkce = PkceSupport::Refused;
        self
    }

    pub(super) const fn authorization_parameters(
        mut self,
        parameters: &'static [(&'static str, &'static str)],
    ) -> Self {
        self.authorization_parameters = parameters;
        self
    }

    pub(super) const fn appsecret_proof(mut self) -> Self {
        self.appsecret_proof = true;
        self
    }

    pub(super) const fn quirks(mut self, quirks: Quirks) -> Self {
        self.quirks = quirks;
        self
    }
}

impl Oauth1 {
    pub(super) const fn authentication(mut self, url: &'static str) -> Self {
        self.authentication = Some(url);
        self
    }

    pub(super) const fn version_2007(mut self) -> Self {
        self.version_2007 = true;
        self
    }
}
