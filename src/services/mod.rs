//! Services as they really are: endpoints, where credentials go, and quirks, as data.
//!
//! A row is a starting point made from the service's own documentation, whose address it holds; what it does not say is
//! OAuth as the RFCs have it. Nothing else in this crate knows a service.
//!
//! The fields are public: a copy of a row can be changed where an application knows better, say of another origin of the
//! API, or of a public client's proof key.

mod commerce;
mod development;
mod identity;
pub(crate) mod instance;
mod media;
mod oauth1;
mod social;
#[cfg(test)]
mod tests;
mod work;

use crate::oauth2::{
    AuthorizationServer, Client, PkceSupport, Quirks, SecretPlacement, Session, Token, TokenPlacement, Transmission,
};
use crate::{Error, Unsupported};

pub use commerce::*;
pub use development::*;
pub use identity::*;
pub use instance::Instance;
pub use media::*;
pub use oauth1::*;
pub use social::*;
pub use work::*;

/// An OAuth 2.0 service.
///
/// ```
/// use oauth_proto::services::GITLAB;
///
/// let token = GITLAB.url(GITLAB.token, Some("https://git.example.com/"))?;
/// assert_eq!(token, "https://git.example.com/oauth/token");
/// assert_eq!(GITLAB.url(GITLAB.token, None)?, "https://gitlab.com/oauth/token");
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Service {
    /// Its name, as people write it.
    pub name: &'static str,
    /// Where it documents what the row says.
    pub documentation: &'static str,
    /// What stands for `{…}` in the URLs below, if anything does.
    pub instance: Instance,
    /// The authorization endpoint, where people are sent (RFC 6749 §3.1). `None` for a service without users.
    pub authorization: Option<&'static str>,
    /// The token endpoint (RFC 6749 §3.2).
    pub token: &'static str,
    /// The device authorization endpoint (RFC 8628 §3.1).
    pub device: Option<&'static str>,
    /// Where refresh tokens go, if not to the token endpoint.
    pub refresh: Option<&'static str>,
    /// The revocation endpoint (RFC 7009).
    pub revocation: Option<&'static str>,
    /// The introspection endpoint (RFC 7662).
    pub introspection: Option<&'static str>,
    /// Where the user's profile is read with the token.
    pub userinfo: Option<&'static str>,
    /// Its issuer identifier, where it publishes metadata (RFC 8414 §2, or OpenID Connect Discovery).
    pub issuer: Option<&'static str>,
    /// The URLs whose origins take its tokens.
    pub api: &'static [&'static str],
    /// What stands between scopes: a space, unless the service wants a comma.
    pub scope_separator: char,
    /// Where the client's secret goes.
    pub secret: SecretPlacement,
    /// What it does with a proof key.
    pub pkce: PkceSupport,
    /// How it takes token requests.
    pub transmission: Transmission,
    /// Where it looks for tokens.
    pub placement: TokenPlacement,
    /// What every authorization request there has to carry besides.
    pub parameters: &'static [(&'static str, &'static str)],
    /// What it does other than the RFCs say.
    pub quirks: Quirks,
}

impl Service {
    /// One of this row's URLs, with `{…}` filled in: `instance` is an installation's URL or a name, as [`Instance`] says, or
    /// `None` for the default.
    ///
    /// # Errors
    /// [`Unsupported::Url`] when the instance is not one: not an absolute https URL without user
    /// information, query and fragment, or not a plain name; or when none is given and there is no default.
    /// [`Unsupported::PlainHttp`] when it is neither https nor on this machine.
    pub fn url(&self, template: &str, instance: Option<&str>) -> Result<String, Error> {
        self.instance.fill(template, instance)
    }

    /// The service as [`Client`] takes it.
    ///
    /// ```
    /// use oauth_proto::oauth2::Client;
    /// use oauth_proto::services::{GITHUB, MICROSOFT};
    ///
    /// let client = Client::new(GITHUB.authorization_server(None)?, "client id").secret("client secret");
    /// let outlook = MICROSOFT.authorization_server(Some("contoso.example"))?;
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`url`](Self::url).
    pub fn authorization_server(&self, instance: Option<&str>) -> Result<AuthorizationServer, Error> {
        let url = |template: &str| self.url(template, instance);
        let mut server = AuthorizationServer::new(&url(self.token)?)?
            .secret_placement(self.secret)
            .pkce(self.pkce)
            .allow_transmission(self.transmission)
            .token_placement(self.placement.clone())
            .scope_separator(self.scope_separator)
            .quirks(self.quirks);
        for (name, value) in self.parameters {
            server = server.authorization_parameter(*name, *value);
        }
        if let Some(template) = self.authorization {
            server = server.authorization_endpoint(&url(template)?)?;
        }
        if let Some(template) = self.device {
            server = server.device_authorization_endpoint(&url(template)?)?;
        }
        if let Some(template) = self.refresh {
            server = server.refresh_endpoint(&url(template)?)?;
        }
        if let Some(template) = self.revocation {
            server = server.revocation_endpoint(&url(template)?)?;
        }
        if let Some(template) = self.introspection {
            server = server.introspection_endpoint(&url(template)?)?;
        }
        // An issuer for every tenant is none that a callback can be compared with.
        if let Some(issuer) = self.issuer.map(url).transpose()?.filter(|issuer| !issuer.contains('{')) {
            server = server.issuer(issuer);
        }
        Ok(server)
    }

    /// A session with a token of this service, for its API.
    ///
    /// # Errors
    /// [`Unsupported::NoEndpoint`] when the service has no API, and those of
    /// [`url`](Self::url).
    pub fn session(&self, client: &Client, instance: Option<&str>, token: Token) -> Result<Session, Error> {
        let mut origins = self.api.iter().map(|template| self.url(template, instance));
        let first = origins.next().ok_or(Unsupported::NoEndpoint { endpoint: "API" })??;
        let session = Session::new(client, &first, token)?;
        origins.try_fold(session, |session, origin| session.also_for(&origin?))
    }
}

/// The row of that name, whatever its case, spaces and punctuation.
///
/// ```
/// use oauth_proto::services::find;
///
/// assert!(find("git-hub").is_some_and(|service| service.name == "GitHub"));
/// assert!(find("nowhere").is_none());
/// ```
pub fn find(name: &str) -> Option<&'static Service> {
    ALL.iter().copied().find(|service| letters(service.name).eq(letters(name)))
}

/// What a name is told by.
fn letters(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars().filter(|char| char.is_alphanumeric()).map(|char| char.to_ascii_lowercase())
}

/// Every OAuth 2.0 row.
pub const ALL: &[&Service] = &[
    // identity
    &GOOGLE,
    &MICROSOFT,
    &APPLE,
    &AMAZON,
    &YAHOO,
    &OKTA,
    &OKTA_CUSTOM,
    &AUTH0,
    &KEYCLOAK,
    &AUTHENTIK,
    &ZITADEL,
    &ORY,
    &COGNITO,
    // development
    &GITHUB,
    &GITHUB_ENTERPRISE,
    &GITLAB,
    &BITBUCKET,
    &GITEA,
    &FORGEJO,
    &ATLASSIAN,
    &LINEAR,
    &DIGITALOCEAN,
    &HEROKU,
    &HUGGING_FACE,
    &STACK_EXCHANGE,
    // social
    &FACEBOOK,
    &INSTAGRAM,
    &LINKEDIN,
    &X,
    &REDDIT,
    &DISCORD,
    &PINTEREST,
    &TUMBLR,
    &MASTODON,
    &MEETUP,
    &LINE,
    &KAKAO,
    &NAVER,
    &YANDEX,
    &VK,
    &WEIBO,
    &DOUBAN,
    // work
    &SLACK,
    &SLACK_LEGACY,
    &SLACK_SIGN_IN,
    &ZOOM,
    &WEBEX,
    &NOTION,
    &ASANA,
    &CLICKUP,
    &MIRO,
    &FIGMA,
    &AIRTABLE,
    &TODOIST,
    &BOX,
    &DROPBOX,
    &NEXTCLOUD,
    &DOCUSIGN,
    &SALESFORCE,
    &HUBSPOT,
    &MAILCHIMP,
    &ZENDESK,
    // commerce
    &SHOPIFY,
    &EBAY,
    &PLENTYMARKETS,
    &STRIPE,
    &PAYPAL,
    &SQUARE,
    &COINBASE,
    &INTUIT,
    &XERO,
    // media
    &SPOTIFY,
    &TWITCH,
    &VIMEO,
    &PATREON,
    &WORDPRESS_COM,
    &STRAVA,
    &FITBIT,
    &OPENSTREETMAP,
];

/// Every OAuth 1.0 row.
pub const ALL_OAUTH1: &[&Oauth1Service] =
    &[&TWITTER_OAUTH1, &TUMBLR_OAUTH1, &FLICKR, &DISCOGS, &TRELLO, &SMUGMUG, &BITBUCKET_OAUTH1, &DROPBOX_V1];

/// How rows are written.
impl Service {
    /// A service that does as the RFCs say: its name, where that is documented, its authorization endpoint and its token
    /// endpoint. The other fields are there to be set.
    ///
    /// ```
    /// use oauth_proto::services::Service;
    ///
    /// let mut acme = Service::new(
    ///     "Acme",
    ///     "https://acme.example/docs",
    ///     "https://acme.example/authorize",
    ///     "https://acme.example/token",
    /// );
    /// acme.userinfo = Some("https://api.acme.example/me");
    /// acme.api = &["https://api.acme.example"];
    /// assert!(acme.authorization_server(None).is_ok());
    /// ```
    pub const fn new(
        name: &'static str,
        documentation: &'static str,
        authorization: &'static str,
        token: &'static str,
    ) -> Self {
        Self {
            name,
            documentation,
            instance: Instance::Fixed,
            authorization: Some(authorization),
            token,
            device: None,
            refresh: None,
            revocation: None,
            introspection: None,
            userinfo: None,
            issuer: None,
            api: &[],
            scope_separator: ' ',
            secret: SecretPlacement::Basic,
            pkce: PkceSupport::Supported,
            transmission: Transmission::Post,
            placement: TokenPlacement::BEARER,
            parameters: &[],
            quirks: Quirks::STRICT,
        }
    }

    /// A service where there is nobody to send to the authorization endpoint.
    const fn without_users(name: &'static str, documentation: &'static str, token: &'static str) -> Self {
        let mut service = Self::new(name, documentation, "", token);
        service.authorization = None;
        service
    }

    const fn base(mut self, default: Option<&'static str>) -> Self {
        self.instance = Instance::Base { default };
        self
    }

    const fn name(mut self, name: &'static str, default: Option<&'static str>) -> Self {
        self.instance = Instance::Name { name, default };
        self
    }

    const fn device(mut self, url: &'static str) -> Self {
        self.device = Some(url);
        self
    }

    const fn refresh(mut self, url: &'static str) -> Self {
        self.refresh = Some(url);
        self
    }

    const fn revocation(mut self, url: &'static str) -> Self {
        self.revocation = Some(url);
        self
    }

    const fn introspection(mut self, url: &'static str) -> Self {
        self.introspection = Some(url);
        self
    }

    const fn userinfo(mut self, url: &'static str) -> Self {
        self.userinfo = Some(url);
        self
    }

    const fn issuer(mut self, url: &'static str) -> Self {
        self.issuer = Some(url);
        self
    }

    const fn api(mut self, urls: &'static [&'static str]) -> Self {
        self.api = urls;
        self
    }

    const fn scopes_by_comma(mut self) -> Self {
        self.scope_separator = ',';
        self
    }

    const fn secret_in_body(mut self) -> Self {
        self.secret = SecretPlacement::Body;
        self
    }

    const fn secret_raw(mut self) -> Self {
        self.secret = SecretPlacement::RawBasic;
        self
    }

    const fn requires_pkce(mut self) -> Self {
        self.pkce = PkceSupport::Required;
        self
    }

    const fn refuses_pkce(mut self) -> Self {
        self.pkce = PkceSupport::Refused;
        self
    }

    const fn token_in_scheme(self, scheme: &'static str) -> Self {
        self.placement(TokenPlacement::scheme(scheme))
    }

    const fn token_in_header(self, header: &'static str) -> Self {
        self.placement(TokenPlacement::header(header))
    }

    const fn token_in_query(self, parameter: &'static str) -> Self {
        self.placement(TokenPlacement::allow_query(parameter))
    }

    const fn token_in_header_and_parameter(self, parameter: &'static str) -> Self {
        self.placement(TokenPlacement::allow_bearer_and_parameter(parameter))
    }

    const fn placement(mut self, placement: TokenPlacement) -> Self {
        // Nothing can be dropped in a constant; what is forgotten here owns nothing.
        std::mem::forget(std::mem::replace(&mut self.placement, placement));
        self
    }

    const fn parameters(mut self, parameters: &'static [(&'static str, &'static str)]) -> Self {
        self.parameters = parameters;
        self
    }

    const fn quirks(mut self, quirks: Quirks) -> Self {
        self.quirks = quirks;
        self
    }
}
