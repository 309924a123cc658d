//! Signing in at one service: what the application is known by there, and what it wants to know of
//! its users.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::application::Application;
use super::client::Client;
use super::service::Service;
use super::user::{Tokens, User};
use crate::core::callback::Leniency;
use crate::core::client_fingerprint::ClientFingerprint;
use crate::core::error::oauth1::RequestError;
use crate::core::event::Observer;
use crate::oauth2::Scope;
use crate::wire::without_secrets;
use crate::{Error, Request, Secret, Unsupported};

/// Signing in at one service: made once, and used for every user. Cheap to clone.
///
/// ```no_run
/// use oauth_proto::services::{self, SignIn};
/// use oauth_proto::{Moment, run};
/// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> {
/// #     unimplemented!()
/// # }
///
/// let sign_in = SignIn::new(
///     &services::GITHUB,
///     "client id",
///     "client secret",
///     "https://app.example/callback",
/// )?;
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
/// To change an option for one user, clone the sign-in:
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
#[non_exhaustive]
pub struct SignIn {
    pub(super) parts: Arc<Parts>,
    /// Fields of the profile to read besides [the row's](super::ProfileMapping::requested_fields),
    /// at services where a request has to name them: Facebook's `birthday`, `hometown`, … They come
    /// in [`User::raw`](super::User::raw), where the [scope](Self::scope) has them, too. Default:
    /// none.
    pub extra_fields: Vec<String>,
    /// Arguments of the request for the profile. One takes the place of the row's of that name:
    /// Twitter tells the address to applications with a permission for it, and an argument
    /// `include_email`. Default: none.
    pub profile_arguments: BTreeMap<String, String>,
    /// Headers of the requests for the profile and the addresses. GitHub wants to see the
    /// application's name in `User-Agent`. Default: the row's.
    pub profile_headers: HeaderMap,
    /// Sends users to the page where access is granted, also at a service that has another one for
    /// signing in, which sends those straight back who have granted it before (Twitter). Default:
    /// `false`.
    pub always_authorize: bool,
    /// The issuer that the service names in its callbacks (`iss`, RFC 9207), where the row does not
    /// say it: that of a Microsoft tenant, or that of the service behind a gateway. It does not
    /// count at OAuth 1.0 services, which name none. Default: the row's.
    pub issuer: Option<String>,
    /// Compares the path alone of a callback that is handed over as a whole URI: for an application
    /// behind a proxy that changes scheme and host, whose framework knows no other, such as
    /// `http://10.0.0.5:8080/callback/github`. If it knows path and query, hand those over instead.
    /// A prefix that the proxy removed from the path has to be put back in any case. Default:
    /// compares all of it.
    ///
    /// # Security
    /// Two services whose callback URLs differ by the host alone are not told apart by it.
    pub allow_callback_at_any_origin: bool,
    /// Accepts callbacks without their place: a query alone. Default: refuses them.
    ///
    /// # Security
    /// At a service that does not name itself in its callbacks, nothing tells another service's
    /// code from this one's, so that a malicious service is shown codes of an honest one (a mix-up,
    /// RFC 9700 §4.4). It is harmless where the application has one service, or none that an
    /// attacker may choose.
    pub allow_callback_without_place: bool,
    /// Takes callbacks that name an issuer although nothing says which is the service's.
    /// [`issuer`](field@Self::issuer) is better. Default: refuses them.
    ///
    /// # Security
    /// A callback that says it comes from another service is taken, and its code is sent to this
    /// one (a mix-up, RFC 9700 §4.4), unless each service has its own callback URL.
    pub allow_unknown_issuer: bool,
    /// Signs people in at a row that speaks [OAuth 1.0 of 2007](field@super::Oauth1::version_2007),
    /// such as [`DROPBOX_V1`](super::DROPBOX_V1). Default: [`authorize`](Self::authorize) refuses
    /// to ([`RequestError::VersionOf2007`](crate::oauth1::RequestError::VersionOf2007)).
    ///
    /// # Security
    /// In that version nothing ties the user who comes back to the one who granted access, so an
    /// attacker can sign in as a user whom they had grant access.
    pub dangerous_version_1_0: bool,
}

#[derive(Clone)]
pub(super) struct Parts {
    /// None until an instance is chosen, at a service that needs one.
    client: Option<Client>,
    pub(super) redirect_uri: String,
    pub(super) source: Source,
    /// The fingerprint of pending values.
    pub(super) fingerprint: ClientFingerprint,
    pub(super) scope: Option<Scope>,
    pub(super) parameters: Vec<(String, String)>,
    observer: Observer,
}

/// The source of the profile, and its mapping to a user.
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
    /// Makes the sign-in at a service of the table, or at one of your own, with the credentials
    /// that the service gave the application, and the URL that users come back to, as it is
    /// registered with the service. An application without a secret has the empty text.
    ///
    /// A row of [many installations](field@Service::instance) without a default needs an
    /// [`instance`](Self::instance).
    ///
    /// # Errors
    /// [`Unsupported`] when a URL is not valid, or neither https nor on this machine, or when the
    /// row has no [profile](field@Service::profile).
    pub fn new(
        service: &Service,
        client_id: impl Into<String>,
        client_secret: impl Into<Secret>,
        redirect_uri: impl Into<String>,
    ) -> Result<Self, Error> {
        let application = Application::new(service, client_id.into(), client_secret.into())?;
        let headers = application.mapping.headers;
        let observer = Observer::of_client(application.client_id());
        let mut parts =
            Parts::new(redirect_uri.into(), observer, None, Source::Row(Box::new(application)));
        parts.connect()?;
        let mut sign_in = Self::of(parts);
        for (name, value) in headers {
            let (name, value) = header(name, value)?;
            sign_in.profile_headers.insert(name, value);
        }
        Ok(sign_in)
    }

    fn of(parts: Parts) -> Self {
        Self {
            parts: Arc::new(parts),
            extra_fields: Vec::new(),
            profile_arguments: BTreeMap::new(),
            profile_headers: HeaderMap::new(),
            always_authorize: false,
            issuer: None,
            allow_callback_at_any_origin: false,
            allow_callback_without_place: false,
            allow_unknown_issuer: false,
            dangerous_version_1_0: false,
        }
    }

    /// Makes a sign-in for a service that no row describes: its URLs are known only when the
    /// application runs, it needs unusual requests, or its profiles do not fit a table of fields.
    /// The client is the caller's, of either protocol, with all of its options, and `redirect_uri`
    /// is where users come back to: what an OAuth 2.0 client was told before is forgotten, and an
    /// OAuth 1.0 service of [registered callbacks](crate::oauth1::Callbacks::Registered) is not
    /// told.
    ///
    /// `request` makes the request for the profile, and `map` makes a user of the answer, which is
    /// JSON, or `None` where it is not as it should be; one with `error` or `errors` is a refusal
    /// then. The token is put into the request where the client says, for the origin that the
    /// request goes to and over TLS alone, unless the client was told otherwise. Of OAuth 1.0 it is
    /// signed; what is to be signed must be in it. The original profile and the token's lifetime
    /// are filled in after `map`.
    ///
    /// [`profile_headers`](field@Self::profile_headers) adds to the request, and what else there is
    /// for the profile's request ([`extra_fields`](field@Self::extra_fields),
    /// [`profile_arguments`](field@Self::profile_arguments)) is for services of the table: it is
    /// `request` that has the say. [`instance`](Self::instance) and [`base_url`](Self::base_url),
    /// which move the URLs of a row, are refused.
    ///
    /// ```
    /// use oauth_proto::services::{LINEAR, SignIn, User};
    /// use oauth_proto::{ApiRequest, oauth2};
    /// use serde_json::json;
    ///
    /// let client = oauth2::Client::new(LINEAR.authorization_server(None)?, "client id")
    ///     .secret("client secret");
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
    /// use oauth_proto::oauth1::{Callbacks, Client, ClientCredentials, Server};
    /// use oauth_proto::services::{SignIn, User};
    /// use oauth_proto::{ApiRequest, Error};
    ///
    /// fn wiki(base: &str, key: &str, secret: &str) -> Result<SignIn, Error> {
    ///     let [request, authorize, access] =
    ///         ["initiate", "authorize", "token"].map(|leg| format!("{base}/oauth/{leg}"));
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
    /// assert!(matches!(sign_in.client()?, oauth_proto::services::Client::Oauth1(_)));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Security
    /// Every `allow_` and `dangerous_` option of the client weakens the sign-ins made with it, too:
    /// with [`Server::dangerous_version_1_0`](crate::oauth1::Server::dangerous_version_1_0) an
    /// attacker can sign in as a user whom they had grant access, and without TLS an attacker on
    /// the network can put another user in the place of the one who comes.
    ///
    /// # Errors
    /// [`Unsupported::Url`] when the redirect_uri is not a URL for that, [`Unsupported::PlainHttp`]
    /// when it is neither https nor on this machine at an OAuth 2.0 client.
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
        Ok(Self::of(parts))
    }

    /// Returns the client at the service, for sessions with the [`Tokens`] of a user.
    ///
    /// ```
    /// use oauth_proto::services::{Client, SignIn, Tokens, User};
    /// use oauth_proto::{Error, oauth2};
    ///
    /// fn session(
    ///     sign_in: &SignIn,
    ///     user: User,
    ///     api: &str,
    /// ) -> Result<Option<oauth2::Session>, Error> {
    ///     match (sign_in.client()?, user.tokens) {
    ///         (Client::Oauth2(client), Tokens::Oauth2(token)) => {
    ///             oauth2::Session::new(&client, api, token).map(Some)
    ///         }
    ///         _ => Ok(None),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Unsupported::Url`] when the service needs an [`instance`](Self::instance) and none was
    /// chosen. [`RequestError::VersionOf2007`](crate::oauth1::RequestError::VersionOf2007) for
    /// OAuth 1.0 of 2007: see [`dangerous_version_1_0`](field@Self::dangerous_version_1_0).
    pub fn client(&self) -> Result<Client, Error> {
        let client = self.parts.client()?.clone();
        let place = Leniency {
            any_origin: self.allow_callback_at_any_origin,
            no_place: self.allow_callback_without_place,
        };
        let client = match &self.issuer {
            None if !self.allow_unknown_issuer => client,
            issuer => client.with_issuer(issuer.clone()),
        };
        match self.parts.application() {
            Some(application) if application.is_of_2007() && !self.dangerous_version_1_0 => {
                Err(RequestError::VersionOf2007.into())
            }
            _ => Ok(client.with_place(place)),
        }
    }

    /// The parts, to be changed while it is built.
    pub(super) fn parts(&mut self) -> &mut Parts {
        Arc::make_mut(&mut self.parts)
    }
}

impl Parts {
    fn new(
        redirect_uri: String,
        observer: Observer,
        client: Option<Client>,
        source: Source,
    ) -> Self {
        Self {
            client,
            redirect_uri,
            source,
            fingerprint: ClientFingerprint::default(),
            scope: None,
            parameters: Vec::new(),
            observer,
        }
    }

    /// Returns the client, which is there unless the service needs an instance and none was chosen.
    pub(super) fn client(&self) -> Result<&Client, Error> {
        self.client.as_ref().ok_or_else(|| {
            let reason = "this service has many instances: choose one by `SignIn::instance`";
            let url =
                self.application().map_or("", |application| application.service.name).to_owned();
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
        self.client = Some(client.with_observer(self.observer.clone()));
        self.fingerprint = self.client_fingerprint();
        Ok(())
    }

    /// Moves the URLs of a row, and makes all that follows from them anew.
    pub(super) fn relocate(
        &mut self,
        url: &str,
        change: impl FnOnce(&mut Application),
    ) -> Result<(), Error> {
        let Source::Row(application) = &mut self.source else {
            let reason = "a custom sign-in uses the URLs of its client: give it another client";
            return Err(Unsupported::Url { url: without_secrets(url), reason }.into());
        };
        change(application);
        self.connect()
    }

    /// Changes the client, if it is there already.
    fn change_client(&mut self, change: impl FnOnce(Client) -> Client) {
        self.client = self.client.take().map(change);
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
        ClientFingerprint::of(&[kind, &token, &self.redirect_uri, profile, client.id()])
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("service", &self.parts.application().map(|application| application.service.name))
            .field("client_id", &self.parts.client_id())
            .field("redirect_uri", &self.parts.redirect_uri)
            .finish_non_exhaustive()
    }
}

/// A header of a row's.
fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Error> {
    let unsendable =
        |reason| Unsupported::Unsendable { what: "a header of the profile's request", reason };
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| unsendable("its name is not a valid header name"))?;
    let value = HeaderValue::from_str(value)
        .map_err(|_| unsendable("its value has characters that a header cannot have"))?;
    Ok((name, value))
}
