//! Signing users in with one service: the application's credentials there, and the options.

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

/// Signs users in with one service. Make it once, and use it for every user. A clone is cheap.
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
    /// Fields of the profile to request in addition to [the
    /// row's](super::ProfileMapping::requested_fields), at services where the request must name
    /// them, such as Facebook's `birthday` and `hometown`. The fields are in
    /// [`User::raw`](super::User::raw), if the [scope](Self::scope) allows them. Default: empty.
    pub extra_fields: Vec<String>,
    /// Arguments in the query of the request for the profile. These arguments replace those of the
    /// same name in the service's row. Example: Twitter returns the email address if the
    /// application has that permission and the request has `include_email=true`. Default: empty.
    pub profile_arguments: BTreeMap<String, String>,
    /// Headers of the requests for the profile and the email addresses. Example: GitHub asks for
    /// the application's name in `User-Agent`. Default: the headers of the row.
    pub profile_headers: HeaderMap,
    /// If `true`, users are sent to the page where they grant access, even if the service has a
    /// page for signing in. The page for signing in sends users back at once if they granted access
    /// before (Twitter). Default: `false`.
    pub always_authorize: bool,
    /// The issuer that the service names in its callbacks (`iss`, RFC 9207). Set it if the row has
    /// no issuer or another one, for example for a Microsoft tenant or a gateway. Ignored for
    /// OAuth 1.0a. Default: the issuer of the row.
    pub issuer: Option<String>,
    /// If `true`, only the path of a callback is compared, even if you pass its whole URI. Use this
    /// behind a proxy that changes scheme and host, if the application's framework has only a URI
    /// such as `http://10.0.0.5:8080/callback/github`. If you have path and query, pass those
    /// instead. If the proxy removed a prefix of the path, add it again. Default: `false`.
    ///
    /// # Security
    /// Two services whose callback URLs differ only in the host cannot be told apart.
    pub allow_callback_at_any_origin: bool,
    /// If `true`, a callback that is passed as a query alone, without its path, is accepted.
    /// Default: `false`.
    ///
    /// # Security
    /// If the service does not name its issuer in callbacks, the code of another service looks like
    /// a code of this service. So a malicious service can get the codes of an honest one (mix-up,
    /// RFC 9700 §4.4). This attack is not possible if the application has only one service, or if
    /// an attacker cannot choose a service.
    pub allow_callback_without_place: bool,
    /// If `true`, callbacks that name an issuer are accepted although the service's issuer is not
    /// known. It is better to set [`issuer`](field@Self::issuer). Default: `false`.
    ///
    /// # Security
    /// A callback from another service is accepted, and its code is sent to this service (mix-up,
    /// RFC 9700 §4.4), unless each service has its own callback URL.
    pub allow_unknown_issuer: bool,
    /// If `true`, users can sign in with a service that speaks [OAuth 1.0 of
    /// 2007](field@super::Oauth1::version_2007), such as [`DROPBOX_V1`](super::DROPBOX_V1). If
    /// `false`, [`authorize`](Self::authorize) returns
    /// [`RequestError::VersionOf2007`](crate::oauth1::RequestError::VersionOf2007). Default:
    /// `false`.
    ///
    /// # Security
    /// This version does not prove that the user who comes back is the one who granted access. An
    /// attacker who makes a user grant access can sign in as that user.
    pub dangerous_version_1_0: bool,
}

#[derive(Clone)]
pub(super) struct Parts {
    /// `None` until an instance is chosen, if the service needs one.
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
    /// A row of the table.
    Row(Box<Application>),
    /// Functions of the caller.
    Custom(Custom),
}

/// The functions of the caller.
#[derive(Clone)]
pub(super) struct Custom {
    pub(super) request: MakeRequest,
    pub(super) map: Map,
}

type MakeRequest = Arc<dyn Fn(&Tokens) -> Result<Request, Error> + Send + Sync>;
type Map = Arc<dyn Fn(&Value, Tokens) -> Option<User> + Send + Sync>;

impl SignIn {
    /// Makes a sign-in for a row of the table or for your own row. `client_id` and `client_secret`
    /// are the credentials that the service gave the application. If the application has no secret,
    /// pass the empty text. `redirect_uri` is the callback URL that is registered at the service.
    ///
    /// If the row has no default [instance](field@Service::instance), such as one for self-hosted
    /// servers, also call [`instance`](Self::instance).
    ///
    /// # Errors
    /// [`Unsupported`] if a URL is not valid, if a URL is neither https nor on this machine, or if
    /// the row has no [profile mapping](field@Service::profile).
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

    /// Makes a sign-in for a service that no row can describe: its URLs are known only at run time,
    /// it needs unusual requests, or its profile does not fit a
    /// [`ProfileMapping`](super::ProfileMapping). `client` is a client of OAuth 1.0a or OAuth 2.0
    /// with its own options. `redirect_uri` is the callback URL. This URL replaces the one of an
    /// OAuth 2.0 client, and is not sent to an OAuth 1.0a service with [registered
    /// callbacks](crate::oauth1::Callbacks::Registered).
    ///
    /// `request` makes the request for the profile. `map` makes a user from the JSON of the
    /// response, or returns `None` if the JSON cannot be used. JSON with `error` or `errors` is
    /// then a refusal. The sign-in adds the token to the request, in the place that the client's
    /// options say. The token is sent to the origin of the request's URL. With OAuth 1.0a, the
    /// sign-in signs the request, so `request` must return the complete request. Without TLS the
    /// request is refused, unless an option of the client allows that. [`User::raw`] and
    /// [`User::session_expires`] are filled in after `map`.
    ///
    /// [`profile_headers`](field@Self::profile_headers) are added to the request.
    /// [`extra_fields`](field@Self::extra_fields) and
    /// [`profile_arguments`](field@Self::profile_arguments) are ignored: `request` decides.
    /// [`instance`](Self::instance) and [`base_url`](Self::base_url), which move the URLs of a row,
    /// return errors.
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
    /// A wiki that signs users in with OAuth 1.0a, and whose URL an administrator typed:
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
    /// Every `allow_` and `dangerous_` option of the client also weakens the sign-ins. With
    /// [`Server::dangerous_version_1_0`](crate::oauth1::Server::dangerous_version_1_0), an attacker
    /// who makes a user grant access can sign in as that user. Without TLS, an attacker on the
    /// network can replace the user who signs in.
    ///
    /// # Errors
    /// [`Unsupported::Url`] if `redirect_uri` is not an absolute URL. [`Unsupported::PlainHttp`] if
    /// the client speaks OAuth 2.0 and `redirect_uri` is neither https nor on this machine.
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

    /// Returns the client, for sessions with the [`Tokens`] of a user.
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
    /// [`Unsupported::Url`] if the service needs an [`instance`](Self::instance) and none was
    /// chosen. [`RequestError::VersionOf2007`](crate::oauth1::RequestError::VersionOf2007) if the
    /// service speaks OAuth 1.0 of 2007 and
    /// [`dangerous_version_1_0`](field@Self::dangerous_version_1_0) is `false`.
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

    /// Returns the parts, for changes while the sign-in is built.
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

    /// Returns the client, or an error if the service needs an instance that was not chosen.
    pub(super) fn client(&self) -> Result<&Client, Error> {
        self.client.as_ref().ok_or_else(|| {
            let reason = "this service has many instances: choose one by `SignIn::instance`";
            let url =
                self.application().map_or("", |application| application.service.name).to_owned();
            Unsupported::Url { url, reason }.into()
        })
    }

    /// Returns the application of a row, or `None` if the caller passed a client.
    pub(super) fn application(&self) -> Option<&Application> {
        match &self.source {
            Source::Row(application) => Some(application),
            Source::Custom(_) => None,
        }
    }

    /// Makes the client of a row again, with the values that depend on it.
    fn connect(&mut self) -> Result<(), Error> {
        let Source::Row(application) = &mut self.source else { return Ok(()) };
        let Some(client) = application.connect()? else { return Ok(()) };
        let client = client.returning_to(&self.redirect_uri).map_err(|error| match error {
            // A row has no option that prevents this error.
            Error::Unsupported(Unsupported::PlainHttp { url, .. }) => {
                Unsupported::PlainHttp { url, option: None }.into()
            }
            error => error,
        })?;
        self.client = Some(client.with_observer(self.observer.clone()));
        self.fingerprint = self.client_fingerprint();
        Ok(())
    }

    /// Moves the URLs of a row, and makes the values that depend on them again.
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

    /// Changes the client, if there is one.
    fn change_client(&mut self, change: impl FnOnce(Client) -> Client) {
        self.client = self.client.take().map(change);
    }

    /// Changes the observer of events.
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

    /// Returns the fingerprint of a client, its token endpoint, its callback URL and its profile.
    fn client_fingerprint(&self) -> ClientFingerprint {
        let Some(client) = &self.client else { return ClientFingerprint::default() };
        let (kind, token) = client.endpoint();
        // A custom sign-in has functions instead of a profile URL, and they cannot be hashed. Its
        // empty text differs from every row, since the profile URL of a row is never empty.
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

/// Returns a header of a row.
fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Error> {
    let unsendable =
        |reason| Unsupported::Unsendable { what: "a header of the profile's request", reason };
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| unsendable("its name is not a valid header name"))?;
    let value = HeaderValue::from_str(value)
        .map_err(|_| unsendable("its value has characters that a header cannot have"))?;
    Ok((name, value))
}
