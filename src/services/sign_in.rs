//! Signing in at one service: what the application is known by there, and what it wants to know of its users.

use std::fmt;
use std::sync::Arc;

use http::header::USER_AGENT;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::application::Application;
use super::client::Client;
use super::protocol::Protocol;
use super::service::Service;
use super::user::{Tokens, User};
use crate::core::callback::Leniency;
use crate::core::client_fingerprint::ClientFingerprint;
use crate::core::event::Observer;
use crate::oauth2::client::client::Known;
use crate::oauth2::{self, Scope};
use crate::wire::without_secrets;
use crate::{Error, Request, Secret, Unsupported, oauth1};

/// Signing in at one service: made once, and used for every user. Cheap to clone.
///
/// ```no_run
/// use oauth_proto::services::{self, SignIn};
/// use oauth_proto::{Moment, run};
/// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> { unimplemented!() }
///
/// let sign_in = SignIn::new(&services::GITHUB, "client id", "client secret", "https://app.example/callback")?;
///
/// let authorization = run(sign_in.authorize(Moment::from_os())?, &mut send)?;
/// println!("go to {}", authorization.url);
///
/// # let uri = "";
/// let user = run(sign_in.redeem(authorization.pending, uri, Moment::from_os())?, &mut send)?;
/// println!("{} is {:?}", user.id, user.username);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What differs for one user is an option of a clone:
///
/// ```
/// use oauth_proto::services::SignIn;
/// use oauth_proto::{Error, Moment, Step, services::Authorization};
///
/// fn again(sign_in: &SignIn, email: &str) -> Result<Step<Authorization>, Error> {
///     sign_in.clone().parameter("login_hint", email).authorize(Moment::from_os())
/// }
/// ```
#[derive(Clone)]
pub struct SignIn(pub(super) Arc<Parts>);

#[derive(Clone)]
pub(super) struct Parts {
    /// None until an instance is chosen, at a service that needs one.
    client: Option<Client>,
    pub(super) redirect_uri: String,
    pub(super) source: Source,
    /// What pending values are known by.
    pub(super) fingerprint: ClientFingerprint,
    pub(super) scope: Option<Scope>,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) arguments: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) extra_fields: Vec<String>,
    pub(super) always_authorize: bool,
    leniency: Leniency,
    issuer: Known,
    observer: Observer,
}

/// Where the profile comes from, and how it becomes a user.
#[derive(Clone)]
pub(super) enum Source {
    /// As a row says.
    Row(Box<Application>),
    /// As functions of the caller's say.
    Custom(Custom),
}

/// The caller's functions.
#[derive(Clone)]
pub(super) struct Custom {
    pub(super) request: MakeRequest,
    pub(super) map: Map,
}

type MakeRequest = Arc<dyn Fn(&Tokens) -> Result<Request, Error> + Send + Sync>;
type Map = Arc<dyn Fn(&Value, Tokens) -> Option<User> + Send + Sync>;

impl SignIn {
    /// Makes the sign-in at a service of the table, or at one of your own, with the credentials that the service gave
    /// the application, and the URL that users come back to, as it is registered with the service. An application
    /// without a secret has the empty text.
    ///
    /// A row of [many installations](field@Service::instance) without a default needs an [`instance`](Self::instance).
    ///
    /// # Errors
    /// [`Unsupported`] when a URL is none, or neither https nor on this machine, or when the row has no
    /// [profile](field@Service::profile). [`Unsupported::VersionOf2007`] for OAuth 1.0 of 2007:
    /// see [`dangerous_new_2007`](Self::dangerous_new_2007).
    pub fn new(
        service: &Service,
        client_id: impl Into<String>,
        client_secret: impl Into<Secret>,
        redirect_uri: impl Into<String>,
    ) -> Result<Self, Error> {
        match &service.protocol {
            Protocol::Oauth1(oauth1) if oauth1.version_2007 => Err(Unsupported::VersionOf2007.into()),
            _ => Self::dangerous_new_2007(service, client_id, client_secret, redirect_uri),
        }
    }

    /// Makes the sign-in as [`new`](Self::new) does, also at a service that speaks OAuth 1.0 of 2007.
    ///
    /// ```
    /// use oauth_proto::services::{self, SignIn};
    ///
    /// let (key, secret, callback) = ("app key", "app secret", "https://app.example/callback");
    /// assert!(SignIn::new(&services::DROPBOX_V1, key, secret, callback).is_err());
    /// let sign_in = SignIn::dangerous_new_2007(&services::DROPBOX_V1, key, secret, callback)?;
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`new`](Self::new), except for the version.
    ///
    /// # Security
    /// In that version nothing ties the user who comes back to the one who granted access, so an attacker can sign in
    /// as a user whom they had grant access.
    pub fn dangerous_new_2007(
        service: &Service,
        client_id: impl Into<String>,
        client_secret: impl Into<Secret>,
        redirect_uri: impl Into<String>,
    ) -> Result<Self, Error> {
        let application = Application::new(service, client_id.into(), client_secret.into())?;
        let headers = application.mapping.headers;
        let observer = Observer::of_client(application.client_id());
        let mut parts = Parts::new(redirect_uri.into(), observer, None, Source::Row(Box::new(application)));
        for (name, value) in headers {
            let (name, value) = header(name, value)?;
            parts.headers.insert(name, value);
        }
        parts.connect()?;
        Ok(Self(Arc::new(parts)))
    }

    /// Signing in at a service that no row describes: one whose URLs are known only when the application runs, that
    /// wants to be spoken to in a way of its own, or whose profiles no table of fields fits. The client is the
    /// caller's, of either protocol, with all of its options, and `redirect_uri` is where users come back to: what an
    /// OAuth 2.0 client was told before is forgotten, and an OAuth 1.0 service of [registered
    /// callbacks](oauth1::Callbacks::Registered) is not told.
    ///
    /// `request` makes the request for the profile, and `map` makes a user of the answer, which is JSON, or `None`
    /// where it is not as it should be; one with `error` or `errors` is a refusal then. The token is put into the
    /// request where the client says, for the origin that the request goes to and over TLS alone, unless the client was
    /// told otherwise. Of OAuth 1.0 it is signed; what is to be signed must be in it. What `map` leaves open, the
    /// profile as it came and the token's lifetime, is filled in.
    ///
    /// [`profile_header`](Self::profile_header) adds to the request, and what else there is for the profile's request
    /// ([`extra_fields`](Self::extra_fields), [`profile_argument`](Self::profile_argument)) is for services of the
    /// table: it is `request` that has the say. [`instance`](Self::instance) and [`base_url`](Self::base_url), which
    /// move the URLs of a row, are refused.
    ///
    /// ```
    /// use oauth_proto::oauth2::{self, ApiRequest};
    /// use oauth_proto::services::{LINEAR, SignIn, User};
    /// use serde_json::json;
    ///
    /// let client = oauth2::Client::new(LINEAR.authorization_server(None)?, "client id").secret("client secret");
    /// let sign_in = SignIn::custom(
    ///     client,
    ///     "https://app.example/callback",
    ///     |_tokens| {
    ///         let query = json!({ "query": "{ viewer { id name email } }" });
    ///         ApiRequest::new("https://api.linear.app/graphql")?.json(&query).request()
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
    /// A wiki whose URL an administrator typed, which signs people in by OAuth 1.0a:
    ///
    /// ```
    /// use oauth_proto::oauth1::{ApiRequest, Callbacks, Client, ClientCredentials, Server};
    /// use oauth_proto::services::{SignIn, User};
    /// use oauth_proto::Error;
    ///
    /// fn wiki(base: &str, key: &str, secret: &str) -> Result<SignIn, Error> {
    ///     let [request, authorize, access] = ["initiate", "authorize", "token"].map(|leg| format!("{base}/oauth/{leg}"));
    ///     let mut server = Server::new(&request, &authorize, &access)?;
    ///     server.by_get = true;
    ///     server.callbacks = Some(Callbacks::Registered);
    ///     let client = Client::new(server, ClientCredentials::new(key, secret));
    ///     let profile = format!("{base}/oauth/whoami");
    ///     let request = move |_: &_| ApiRequest::new(&profile)?.request();
    ///     SignIn::custom(client, "https://app.example/callback", request, |answer, tokens| {
    ///         let mut user = User::new(answer["sub"].as_u64()?.to_string(), tokens);
    ///         user.username = answer["username"].as_str().map(str::to_owned);
    ///         Some(user)
    ///     })
    /// }
    ///
    /// let sign_in = wiki("https://wiki.example", "consumer key", "consumer secret")?;
    /// assert!(sign_in.oauth1_client().is_some() && sign_in.service().is_none());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Security
    /// Every `allow_` and `dangerous_` option of the client weakens the sign-ins made with it, too: with
    /// [`Server::dangerous_version_1_0`](oauth1::Server::dangerous_version_1_0) an attacker can sign in as a user whom
    /// they had grant access, and without TLS an attacker on the network can put another user in the place of the one
    /// who comes.
    ///
    /// # Errors
    /// [`Unsupported::Url`] when the redirect_uri is no URL for that, [`Unsupported::PlainHttp`] when it is neither
    /// https nor on this machine at an OAuth 2.0 client.
    pub fn custom(
        client: impl Into<Client>,
        redirect_uri: impl Into<String>,
        request: impl Fn(&Tokens) -> Result<Request, Error> + Send + Sync + 'static,
        map: impl Fn(&Value, Tokens) -> Option<User> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let redirect_uri = redirect_uri.into();
        let client = client.into().returning_to(&redirect_uri)?;
        let custom = Custom { request: Arc::new(request), map: Arc::new(map) };
        let observer = client.observer().clone();
        let mut parts = Parts::new(redirect_uri, observer, Some(client), Source::Custom(custom));
        parts.fingerprint = parts.client_fingerprint();
        Ok(Self(Arc::new(parts)))
    }

    /// Returns the row of the service; `None` for a [custom](Self::custom) sign-in, which has no row.
    pub fn service(&self) -> Option<&Service> {
        self.0.application().map(|application| &application.service)
    }

    /// Returns the client at an OAuth 1.0 service, for sessions with the [`Tokens`] of a user.
    pub fn oauth1_client(&self) -> Option<&oauth1::Client> {
        match &self.0.client {
            Some(Client::Oauth1(client)) => Some(client),
            _ => None,
        }
    }

    /// Returns the client at an OAuth 2.0 service, for sessions with the [`Tokens`] of a user.
    pub fn oauth2_client(&self) -> Option<&oauth2::Client> {
        match &self.0.client {
            Some(Client::Oauth2(client)) => Some(client),
            _ => None,
        }
    }

    /// The parts, to be changed while it is built.
    pub(super) fn parts(&mut self) -> &mut Parts {
        Arc::make_mut(&mut self.0)
    }
}

impl Parts {
    fn new(redirect_uri: String, observer: Observer, client: Option<Client>, source: Source) -> Self {
        Self {
            client,
            redirect_uri,
            source,
            fingerprint: ClientFingerprint::default(),
            scope: None,
            parameters: Vec::new(),
            arguments: Vec::new(),
            headers: HeaderMap::new(),
            extra_fields: Vec::new(),
            always_authorize: false,
            leniency: Leniency::default(),
            issuer: Known::default(),
            observer,
        }
    }

    /// Returns the client, which is there unless the service needs an instance and none was chosen.
    pub(super) fn client(&self) -> Result<&Client, Error> {
        self.client.as_ref().ok_or_else(|| {
            let reason = "this service has many instances, and none is given: choose one by `SignIn::instance`";
            let url = self.application().map_or("", |application| application.service.name).to_owned();
            Unsupported::Url { url, reason }.into()
        })
    }

    /// Returns the application at a row; `None` where the caller has a client.
    pub(super) fn application(&self) -> Option<&Application> {
        match &self.source {
            Source::Row(application) => Some(application),
            Source::Custom(_) => None,
        }
    }

    /// Makes the client of a row, and all that follows from it, anew.
    fn connect(&mut self) -> Result<(), Error> {
        let Source::Row(application) = &mut self.source else { return Ok(()) };
        let Some(client) = application.connect()? else { return Ok(()) };
        let client = client.returning_to(&self.redirect_uri).map_err(|error| match error {
            // A row has no option that would lift it.
            Error::Unsupported(Unsupported::PlainHttp { url, .. }) => {
                Unsupported::PlainHttp { url, option: None }.into()
            }
            error => error,
        })?;
        let client = client.with_place(self.leniency).with_issuer(self.issuer.clone());
        self.client = Some(client.with_observer(self.observer.clone()));
        self.fingerprint = self.client_fingerprint();
        Ok(())
    }

    /// Moves the URLs of a row, and makes all that follows from them anew.
    pub(super) fn relocate(&mut self, url: &str, change: impl FnOnce(&mut Application)) -> Result<(), Error> {
        let Source::Row(application) = &mut self.source else {
            let reason = "a custom sign-in has the URLs of the client that it was given: give it another client";
            return Err(Unsupported::Url { url: without_secrets(url), reason }.into());
        };
        change(application);
        self.connect()
    }

    /// Changes the client, if it is there already.
    fn change_client(&mut self, change: impl FnOnce(Client) -> Client) {
        self.client = self.client.take().map(change);
    }

    /// Takes callbacks as those are taken, too.
    pub(super) fn be_lenient(&mut self, leniency: Leniency) {
        self.leniency = self.leniency.or(leniency);
        self.change_client(|client| client.with_place(leniency));
    }

    /// Knows the server by that issuer.
    pub(super) fn know_issuer(&mut self, issuer: Known) {
        self.issuer = issuer.clone();
        self.change_client(|client| client.with_issuer(issuer));
    }

    /// Changes what is told of events.
    pub(super) fn observe(&mut self, change: impl FnOnce(&mut Observer)) {
        self.observer = std::mem::take(&mut self.observer).named(self.client_id());
        change(&mut self.observer);
        let observer = self.observer.clone();
        self.change_client(|client| client.with_observer(observer));
    }

    pub(super) fn observer(&self) -> &Observer {
        &self.observer
    }

    fn client_id(&self) -> &str {
        match (&self.source, &self.client) {
            (Source::Row(application), _) => application.client_id(),
            (Source::Custom(_), Some(client)) => client.id(),
            (Source::Custom(_), None) => "",
        }
    }

    /// A client, where codes go that are its, where users come back to, and whose profile comes.
    fn client_fingerprint(&self) -> ClientFingerprint {
        let Some(client) = &self.client else { return ClientFingerprint::default() };
        let (kind, token) = client.endpoint();
        // Functions have no name to be told apart by. A row's profile is never empty.
        let profile = self.application().map_or("", |application| &application.profile);
        ClientFingerprint::of(&[kind, &token.to_string(), &self.redirect_uri, profile, client.id()])
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("service", &self.service().map(|service| service.name))
            .field("client_id", &self.0.client_id())
            .field("redirect_uri", &self.0.redirect_uri)
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
