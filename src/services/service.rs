//! A row of the table: one service with its protocol, its API and its profile.

use super::instance::{Instance, Location};
use super::profile::ProfileMapping;
use super::protocol::{Oauth1, Oauth2, Protocol};
use crate::core::endpoint::endpoint;
use crate::oauth2::AuthorizationServer;
use crate::{Error, Unsupported, oauth1};

/// A service: a row of the table of services. A row has the service's URLs, and the differences
/// between the service and the RFCs.
///
/// The rows of this crate are constants of [this module](super), such as [`GITHUB`](super::GITHUB).
/// Your own row can be a constant, too. It needs a [profile mapping](ProfileMapping) if users sign
/// in with it:
///
/// ```
/// use oauth_proto::oauth2::SecretPlacement;
/// use oauth_proto::services::{Oauth2, ProfileMapping, Protocol, Service, SignIn};
///
/// const ACME: Service = {
///     let mut oauth2 =
///         Oauth2::new("https://acme.example/authorize", "https://acme.example/token");
///     oauth2.secret_placement = SecretPlacement::Body;
///
///     let mut profile = ProfileMapping::new("/user/id");
///     profile.name = Some("/user/full_name");
///     profile.scope = "profile";
///
///     let mut acme = Service::new("Acme", Protocol::Oauth2(oauth2));
///     acme.api = &["https://api.acme.example"];
///     acme.userinfo = Some("https://api.acme.example/me");
///     acme.profile = Some(profile);
///     acme
/// };
///
/// let sign_in =
///     SignIn::new(&ACME, "client id", "client secret", "https://app.example/callback")?;
/// # Ok::<(), oauth_proto::Error>(())
/// ```
///
/// An application can change a copy of a row:
///
/// ```
/// use oauth_proto::services::{self, SignIn};
///
/// let mut google = services::GOOGLE;
/// google.userinfo = Some("https://www.googleapis.com/oauth2/v3/userinfo");
/// let sign_in =
///     SignIn::new(&google, "client id", "client secret", "https://app.example/callback")?;
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Service {
    /// The name of the service, in the usual spelling.
    pub name: &'static str,
    /// The URL of the service's documentation. Default: `None`.
    pub documentation: Option<&'static str>,
    /// The kind of value that replaces `{…}` in the URLs of the row. Default: [`Instance::Fixed`].
    pub instance: Instance,
    /// The protocol, with its endpoints and quirks.
    pub protocol: Protocol,
    /// The URL of the user's profile, which is fetched with the token. Default: `None`.
    pub userinfo: Option<&'static str>,
    /// The base URLs of the API. Tokens may be sent to their origins. A
    /// [session](crate::oauth2::Session::new) is made for one of these origins. Add the others with
    /// [`allow_origin`](crate::oauth2::Session::allow_origin).
    /// [`SignIn::request`](super::SignIn::request) appends its path to the first base URL. Default:
    /// empty.
    pub api: &'static [&'static str],
    /// The suffix of every path of the API, such as Twitter's `.json`. If it is not empty,
    /// [`SignIn::request`](super::SignIn::request) also accepts a whole URL. Default: empty.
    pub api_suffix: &'static str,
    /// The mapping of the service's profile to a [`User`](super::User). `None` if users cannot sign
    /// in with this service. Default: `None`.
    pub profile: Option<ProfileMapping>,
}

impl Service {
    /// Makes a row with the name and the protocol of a service. Set the other fields afterwards.
    ///
    /// ```
    /// use oauth_proto::services::{Oauth1, Protocol, Service};
    ///
    /// const ACME: Service = Service::new(
    ///     "Acme",
    ///     Protocol::Oauth1(Oauth1::new(
    ///         "https://acme.example/request_token",
    ///         "https://acme.example/authorize",
    ///         "https://acme.example/access_token",
    ///     )),
    /// );
    /// assert!(ACME.oauth1_server(None).is_ok());
    /// ```
    pub const fn new(name: &'static str, protocol: Protocol) -> Self {
        Self {
            name,
            documentation: None,
            instance: Instance::Fixed,
            protocol,
            userinfo: None,
            api: &[],
            api_suffix: "",
            profile: None,
        }
    }

    /// Returns one of this row's URLs with the instance in it. `instance` is the URL of an
    /// installation or a name, as [`Instance`] says, or `None` for the default.
    ///
    /// ```
    /// use oauth_proto::services::{GITLAB, SHOPIFY};
    ///
    /// assert_eq!(GITLAB.url("{base}/api/v4", None)?, "https://gitlab.com/api/v4");
    /// assert_eq!(SHOPIFY.url(SHOPIFY.api[0], Some("mugs"))?, "https://mugs.myshopify.com");
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Unsupported::Url`] if the row does not accept the instance, or if there is neither an
    /// instance nor a default. A base must be an absolute URL without user information, query and
    /// fragment; a name must be plain. [`Unsupported::PlainHttp`] if the base is neither https nor
    /// on this machine.
    pub fn url(&self, template: &str, instance: Option<&str>) -> Result<String, Error> {
        self.instance.fill(template, instance)
    }

    /// Returns the authorization server of an OAuth 2.0 row, for an
    /// [`oauth2::Client`](crate::oauth2::Client).
    ///
    /// ```
    /// use oauth_proto::oauth2::Client;
    /// use oauth_proto::services::{GITHUB, MICROSOFT};
    ///
    /// let client =
    ///     Client::new(GITHUB.authorization_server(None)?, "client id").secret("client secret");
    /// let outlook = MICROSOFT.authorization_server(Some("contoso.example"))?;
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Unsupported::NoEndpoint`] if the service speaks OAuth 1.0a. [`Unsupported::Url`] if the
    /// row does not accept the instance, or if there is neither an instance nor a default.
    /// [`Unsupported::PlainHttp`] if the instance is a URL that is neither https nor on this
    /// machine.
    pub fn authorization_server(
        &self,
        instance: Option<&str>,
    ) -> Result<AuthorizationServer, Error> {
        self.authorization_server_at(&Location::of(instance))
    }

    /// Returns the server of an OAuth 1.0a row, for an [`oauth1::Client`].
    ///
    /// ```
    /// use oauth_proto::oauth1::{Client, ClientCredentials};
    /// use oauth_proto::services::FLICKR;
    ///
    /// let client =
    ///     Client::new(FLICKR.oauth1_server(None)?, ClientCredentials::new("key", "secret"));
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// For a row of [OAuth 1.0 of 2007](field@Oauth1::version_2007), set the field
    /// [`dangerous_version_1_0`](oauth1::Server::dangerous_version_1_0) of the returned server.
    /// Without it, the client refuses the responses of the service.
    ///
    /// # Errors
    /// [`Unsupported::NoEndpoint`] if the service speaks OAuth 2.0. [`Unsupported::Url`] if the row
    /// does not accept the instance, or if there is neither an instance nor a default.
    /// [`Unsupported::PlainHttp`] if the instance is a URL that is neither https nor on this
    /// machine.
    pub fn oauth1_server(&self, instance: Option<&str>) -> Result<oauth1::Server, Error> {
        self.oauth1_server_at(&Location::of(instance))
    }

    /// Returns one of this row's URLs at a location.
    pub(super) fn url_at(&self, template: &str, location: &Location) -> Result<String, Error> {
        let url = self.url(template, location.instance.as_deref())?;
        let Some(base_url) = &location.base_url else {
            return Ok(url);
        };
        let uri = endpoint(&url)?;
        Ok(format!("{base_url}{}", uri.path_and_query().map_or("/", |path| path.as_str())))
    }

    pub(super) fn authorization_server_at(
        &self,
        location: &Location,
    ) -> Result<AuthorizationServer, Error> {
        let Protocol::Oauth2(oauth2) = &self.protocol else {
            return Err(Unsupported::NoEndpoint { endpoint: "OAuth 2.0 token" }.into());
        };
        let mut server = oauth2.authorization_server(|template| self.url_at(template, location))?;
        // A replacement in tests or a gateway has another issuer than the row.
        let issuer = oauth2.issuer.filter(|_| location.base_url.is_none());
        let issuer = issuer.map(|issuer| self.url_at(issuer, location)).transpose()?;
        // An issuer with a placeholder cannot be compared with the issuer in a callback.
        server.issuer = issuer.filter(|issuer| !issuer.contains('{'));
        Ok(server)
    }

    pub(super) fn oauth1_server_at(&self, location: &Location) -> Result<oauth1::Server, Error> {
        let Protocol::Oauth1(oauth1) = &self.protocol else {
            return Err(Unsupported::NoEndpoint { endpoint: "OAuth 1.0 token" }.into());
        };
        oauth1.server(|template| self.url_at(template, location))
    }
}

/// The functions that make the rows of this crate.
impl Service {
    pub(super) const fn oauth2(name: &'static str, oauth2: Oauth2) -> Self {
        Self::new(name, Protocol::Oauth2(oauth2))
    }

    pub(super) const fn oauth1(name: &'static str, oauth1: Oauth1) -> Self {
        Self::new(name, Protocol::Oauth1(oauth1))
    }

    pub(super) const fn documentation(mut self, url: &'static str) -> Self {
        self.documentation = Some(url);
        self
    }

    /// Sets that `{base}` is the URL of an installation.
    pub(super) const fn instance_base(mut self, default: Option<&'static str>) -> Self {
        self.instance = Instance::Base { default };
        self
    }

    /// Sets that `{name}` is a name, and the word for it in the documentation.
    pub(super) const fn instance_name(
        mut self,
        name: &'static str,
        default: Option<&'static str>,
    ) -> Self {
        self.instance = Instance::Name { name, default };
        self
    }

    pub(super) const fn userinfo(mut self, url: &'static str) -> Self {
        self.userinfo = Some(url);
        self
    }

    pub(super) const fn api(mut self, urls: &'static [&'static str]) -> Self {
        self.api = urls;
        self
    }

    pub(super) const fn api_suffix(mut self, suffix: &'static str) -> Self {
        self.api_suffix = suffix;
        self
    }

    pub(super) const fn profile(mut self, profile: ProfileMapping) -> Self {
        self.profile = Some(profile);
        self
    }
}
