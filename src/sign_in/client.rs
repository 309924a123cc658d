//! An application at one service: what it is known by there, and the endpoints that follow.

use std::fmt;
use std::sync::Arc;

use http::header::USER_AGENT;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::endpoints::{Built, Protocol};
use super::{Fields, Service, Site, Tokens, User};
use crate::oauth2::Scope;
use crate::providers::Provider;
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
    /// service is said by [`Place`](crate::providers::Place).
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

/// A header of the caller's.
pub(super) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Error> {
    let unsendable = |reason| Unsupported::Unsendable { what: "a header of the profile's request", reason };
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unsendable("its name is none"))?;
    let mut value = HeaderValue::from_str(value).map_err(|_| unsendable("its value cannot stand in a header"))?;
    // It may be a key; an application's own name is none.
    value.set_sensitive(name != USER_AGENT);
    Ok((name, value))
}

/// Refuses OAuth 1.0 of 2007, which has doors of its own.
fn of_1_0a(site: &Site) -> Result<(), Unsupported> {
    match &site.service {
        Service::Oauth1(row) if row.version_2007 => Err(Unsupported::VersionOf2007),
        _ => Ok(()),
    }
}
