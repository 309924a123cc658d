//! An application at one service: what it is known by there, and the endpoints that follow.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::{Fields, Service, Site, Tokens, User};
use crate::oauth2::{AuthorizationServer, Scope};
use crate::providers::{Oauth1Provider, Place, Provider};
use crate::short_hash::sha256_of;
use crate::wire::{Origin, check_private, endpoint};
use crate::{Error, Request, Secret, Unsupported, oauth1, oauth2};

/// Signing in at one service: made once, and used for every user. Cheap to clone.
///
/// ```no_run
/// use oauth_proto::sign_in::SignIn;
/// use oauth_proto::{Moment, run};
/// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> { unimplemented!() }
///
/// let sign_in = SignIn::github("client id", "client secret", "https://app.example/callback")?;
///
/// let start = run(sign_in.start(Moment::from_os())?, &mut send)?;
/// println!("go to {}", start.url);
///
/// # let uri = "";
/// let user = run(sign_in.callback(start.pending, uri, Moment::from_os())?, &mut send)?;
/// println!("{} is {:?}", user.id, user.username);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SignIn(pub(super) Arc<Parts>);

#[derive(Clone)]
pub(super) struct Parts {
    pub(super) site: Site,
    pub(super) mapping: Mapping,
    client_id: String,
    pub(super) secret: Secret,
    pub(super) callback: String,
    pub(super) place: Option<String>,
    /// Where all endpoints are instead.
    pub(super) base: Option<String>,
    pub(super) scope: Option<Scope>,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) arguments: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) fields: Vec<String>,
    pub(super) always_authorize: bool,
    pub(super) built: Built,
}

/// How a profile becomes a user.
#[derive(Clone)]
pub(super) enum Mapping {
    /// By the site's pointers.
    Table,
    /// By functions of the caller's.
    Custom { request: MakeRequest, map: Map },
}

type MakeRequest = Arc<dyn Fn(&oauth2::Token) -> Result<Request, Error> + Send + Sync>;
type Map = Arc<dyn Fn(&Value, Tokens) -> Option<User> + Send + Sync>;

/// What follows from the rest.
#[derive(Clone)]
pub(super) struct Built {
    pub(super) protocol: Protocol,
    pub(super) profile: String,
    pub(super) emails: Option<String>,
    /// What pending values are known by.
    pub(super) mark: u64,
}

#[derive(Clone)]
pub(super) enum Protocol {
    Oauth1(Box<oauth1::Client>),
    Oauth2(oauth2::Client),
}

impl SignIn {
    /// Signing in at a service of the table, or at one of your own: with what the service gave the application, and the URL
    /// that users come back to. A client without a secret has the empty text.
    ///
    /// # Errors
    /// [`Unsupported`] when a URL is none, is neither https nor on this machine, or when the service has many places and no
    /// default: see [`new_at`](Self::new_at). [`Unsupported::VersionOf2007`] for OAuth 1.0 of 2007:
    /// see [`dangerous_new_2007`](Self::dangerous_new_2007).
    pub fn new(
        site: &Site,
        client_id: impl Into<String>,
        secret: impl Into<Secret>,
        callback: impl Into<String>,
    ) -> Result<Self, Error> {
        of_1_0a(site)?;
        Self::with(site.clone(), Mapping::Table, None, (client_id.into(), secret.into(), callback.into()))
    }

    /// As [`new`](Self::new), at a service that speaks OAuth 1.0 of 2007.
    ///
    /// What this gives away: nothing ties the user who comes back to the one who granted access, so an attacker can sign in
    /// as a user whom they had grant access.
    ///
    /// # Errors
    /// As [`new`](Self::new), but for the version.
    pub fn dangerous_new_2007(
        site: &Site,
        client_id: impl Into<String>,
        secret: impl Into<Secret>,
        callback: impl Into<String>,
    ) -> Result<Self, Error> {
        Self::with(site.clone(), Mapping::Table, None, (client_id.into(), secret.into(), callback.into()))
    }

    /// As [`new`](Self::new), at a place of the service's: the URL of an installation, or a tenant. What it is for which
    /// service is said by [`Place`].
    ///
    /// ```
    /// use oauth_proto::sign_in::{SignIn, sites};
    ///
    /// let (id, secret, callback) = ("client id", "client secret", "https://app.example/callback");
    /// let sign_in = SignIn::new_at(&sites::GITHUB_ENTERPRISE, "https://git.example.com", id, secret, callback)?;
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn new_at(
        site: &Site,
        place: &str,
        client_id: impl Into<String>,
        secret: impl Into<Secret>,
        callback: impl Into<String>,
    ) -> Result<Self, Error> {
        of_1_0a(site)?;
        let client = (client_id.into(), secret.into(), callback.into());
        Self::with(site.clone(), Mapping::Table, Some(place.to_owned()), client)
    }

    /// Signing in at an OAuth 2.0 service whose profiles no table can describe: `request` makes the request for the profile,
    /// and `map` makes a user of the answer, or `None` where it is not as it should be. The token is put into the request
    /// where the row says, so the request goes nowhere that must not have it. What `map` leaves open, the profile as it came
    /// and the token's lifetime, is filled in.
    ///
    /// ```
    /// use http::{HeaderValue, Method, Uri};
    /// use oauth_proto::providers::LINEAR;
    /// use oauth_proto::sign_in::{SignIn, User};
    /// use oauth_proto::Request;
    ///
    /// let sign_in = SignIn::custom(
    ///     &LINEAR,
    ///     None,
    ///     "client id",
    ///     "client secret",
    ///     "https://app.example/callback",
    ///     |_token| {
    ///         let mut request = Request::new(br#"{"query":"{ viewer { id name email } }"}"#.to_vec());
    ///         *request.method_mut() = Method::POST;
    ///         *request.uri_mut() = Uri::from_static("https://api.linear.app/graphql");
    ///         request.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    ///         Ok(request)
    ///     },
    ///     |answer, tokens| {
    ///         let viewer = answer.pointer("/data/viewer")?;
    ///         let mut user = User::new(viewer["id"].as_str()?, tokens);
    ///         user.name = viewer["name"].as_str().map(str::to_owned);
    ///         user.email = viewer["email"].as_str().map(str::to_owned);
    ///         Some(user)
    ///     },
    /// )?
    /// .scope("read");
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`new`](Self::new). `place` is as in [`Provider::url`].
    pub fn custom(
        provider: &Provider,
        place: Option<&str>,
        client_id: impl Into<String>,
        secret: impl Into<Secret>,
        callback: impl Into<String>,
        request: impl Fn(&oauth2::Token) -> Result<Request, Error> + Send + Sync + 'static,
        map: impl Fn(&Value, Tokens) -> Option<User> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let mapping = Mapping::Custom { request: Arc::new(request), map: Arc::new(map) };
        let client = (client_id.into(), secret.into(), callback.into());
        Self::with(Site::oauth2(provider.clone(), Fields::NONE), mapping, place.map(str::to_owned), client)
    }

    fn with(
        site: Site,
        mapping: Mapping,
        place: Option<String>,
        (client_id, secret, callback): (String, Secret, String),
    ) -> Result<Self, Error> {
        let mut headers = HeaderMap::new();
        for (name, value) in site.headers {
            let (name, value) = header(name, value)?;
            headers.insert(name, value);
        }
        let built = Built::new(&site, &mapping, place.as_deref(), None, (&client_id, &secret, &callback))?;
        Ok(Self(Arc::new(Parts {
            site,
            mapping,
            client_id,
            secret,
            callback,
            place,
            base: None,
            scope: None,
            parameters: Vec::new(),
            arguments: Vec::new(),
            headers,
            fields: Vec::new(),
            always_authorize: false,
            built,
        })))
    }

    /// The service, as its row describes it.
    pub fn site(&self) -> &Site {
        &self.0.site
    }

    /// The client at an OAuth 1.0 service, for sessions with the [`Tokens`] of a user.
    pub fn oauth1_client(&self) -> Option<&oauth1::Client> {
        match &self.0.built.protocol {
            Protocol::Oauth1(client) => Some(client),
            Protocol::Oauth2(_) => None,
        }
    }

    /// The client at an OAuth 2.0 service, for sessions with the [`Tokens`] of a user.
    pub fn oauth2_client(&self) -> Option<&oauth2::Client> {
        match &self.0.built.protocol {
            Protocol::Oauth2(client) => Some(client),
            Protocol::Oauth1(_) => None,
        }
    }

    /// The parts, to be changed while it is built.
    pub(super) fn parts(&mut self) -> &mut Parts {
        Arc::make_mut(&mut self.0)
    }

    /// With all that follows from the parts made anew.
    pub(super) fn rebuilt(mut self) -> Result<Self, Error> {
        let Parts { site, mapping, place, base, client_id, secret, callback, built, .. } = self.parts();
        *built = Built::new(site, mapping, place.as_deref(), base.as_deref(), (client_id, secret, callback))?;
        Ok(self)
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { site, client_id, callback, .. } = &*self.0;
        f.debug_struct("SignIn")
            .field("site", &site.name())
            .field("client_id", client_id)
            .field("callback", callback)
            .finish_non_exhaustive()
    }
}

impl Built {
    fn new(
        site: &Site,
        mapping: &Mapping,
        place: Option<&str>,
        base: Option<&str>,
        (client_id, secret, callback): (&str, &Secret, &str),
    ) -> Result<Self, Error> {
        let urls = Urls { site, place, base };
        let (protocol, kind, token) = match &site.service {
            Service::Oauth2(provider) => {
                let mut client = oauth2::Client::new(urls.authorization_server(provider)?, client_id);
                if !secret.is_empty() {
                    client = client.secret(secret);
                }
                let client = client.redirect_uri(callback)?;
                (Protocol::Oauth2(client), "oauth2", urls.url(provider.token)?)
            }
            Service::Oauth1(provider) => {
                let credentials = oauth1::ClientCredentials::new(client_id, secret);
                let client = oauth1::Client::new(urls.oauth1_service(provider)?, credentials);
                (Protocol::Oauth1(Box::new(client)), "oauth1", urls.url(provider.token_credentials)?)
            }
        };
        let (profile, emails) = match mapping {
            Mapping::Table => (urls.profile()?, site.emails.map(|emails| urls.url(emails.url)).transpose()?),
            Mapping::Custom { .. } => (String::new(), None),
        };
        if let Some(emails) = &emails {
            // The token is for the profile's origin alone.
            let origin = Origin::of(&endpoint(emails)?);
            if origin != Origin::of(&endpoint(&profile)?) {
                let origin = origin.map(|origin| origin.to_string()).unwrap_or_default();
                return Err(Unsupported::ForeignOrigin { origin }.into());
            }
        }
        let mark = mark(&[kind, &token, &profile, client_id]);
        Ok(Self { protocol, profile, emails, mark })
    }
}

/// The URLs of a service, at the place and base where it is.
struct Urls<'a> {
    site: &'a Site,
    place: Option<&'a str>,
    base: Option<&'a str>,
}

impl Urls<'_> {
    fn url(&self, template: &str) -> Result<String, Error> {
        let url = match &self.site.service {
            Service::Oauth2(provider) => provider.url(template, self.place)?,
            Service::Oauth1(_) => Place::Fixed.fill(template, self.place)?,
        };
        let Some(base) = self.base else {
            return Ok(url);
        };
        let uri = endpoint(&url)?;
        Ok(format!("{base}{}", uri.path_and_query().map_or("/", |path| path.as_str())))
    }

    /// Where the profile is. The token goes there.
    fn profile(&self) -> Result<String, Error> {
        let row = match &self.site.service {
            Service::Oauth2(provider) => provider.userinfo,
            Service::Oauth1(_) => None,
        };
        let template = self.site.profile.or(row).ok_or(Unsupported::NoEndpoint { endpoint: "profile" })?;
        let url = self.url(template)?;
        check_private(&endpoint(&url)?, false)?;
        Ok(url)
    }

    fn authorization_server(&self, provider: &Provider) -> Result<AuthorizationServer, Error> {
        let mut server = provider.authorization_server(self.place)?;
        if self.base.is_none() {
            return Ok(server);
        }
        // Who stands in for the service has another name.
        server.issuer = None;
        server = server.token_endpoint(&self.url(provider.token)?)?;
        if let Some(url) = provider.authorization {
            server = server.authorization_endpoint(&self.url(url)?)?;
        }
        if let Some(url) = provider.device {
            server = server.device_authorization_endpoint(&self.url(url)?)?;
        }
        if let Some(url) = provider.refresh {
            server = server.refresh_endpoint(&self.url(url)?)?;
        }
        if let Some(url) = provider.revocation {
            server = server.revocation_endpoint(&self.url(url)?)?;
        }
        if let Some(url) = provider.introspection {
            server = server.introspection_endpoint(&self.url(url)?)?;
        }
        Ok(server)
    }

    fn oauth1_service(&self, provider: &Oauth1Provider) -> Result<oauth1::Service, Error> {
        let [temporary, authorization, token] =
            [provider.temporary_credentials, provider.authorization, provider.token_credentials]
                .map(|url| self.url(url));
        let mut service = oauth1::Service::new(&temporary?, &authorization?, &token?)?;
        if let Some(url) = provider.authentication {
            service = service.authentication(&self.url(url)?)?;
        }
        Ok(if provider.version_2007 { service.dangerous_version_1_0() } else { service })
    }
}

/// A header of the caller's.
pub(super) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Error> {
    let unsendable = |reason| Unsupported::Unsendable { what: "a header of the profile's request", reason };
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unsendable("its name is none"))?;
    let mut value = HeaderValue::from_str(value).map_err(|_| unsendable("its value cannot stand in a header"))?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// Texts in 53 bits, which every reader of JSON keeps.
fn mark(texts: &[&str]) -> u64 {
    let hash = sha256_of(texts.join("\0").as_bytes());
    hash.iter().take(8).fold(0, |mark, byte| mark << 8 | u64::from(*byte)) >> 11
}

/// Refuses OAuth 1.0 of 2007, which has doors of its own.
fn of_1_0a(site: &Site) -> Result<(), Unsupported> {
    match &site.service {
        Service::Oauth1(row) if row.version_2007 => Err(Unsupported::VersionOf2007),
        _ => Ok(()),
    }
}
