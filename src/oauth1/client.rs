//! The three legs of RFC 5849 §2 as a client walks them, and renewal.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method as HttpMethod, Uri};

use super::parameters::{CALLBACK, SESSION_HANDLE, TOKEN, VERIFIER, is_oauth, is_protocol};
use super::signer::{OAuthParam, Signer};
use super::token_response::Fields;
use super::{
    Callbacks, ClientCredentials, ParameterPlacement, Pending, Server, Session, Stamp, Token, TokenCredentials,
};
use crate::callback::Leniency;
use crate::event::Observer;
use crate::mark::ClientFingerprint;
use crate::step::Receive;
use crate::wire::{Wiped, form, with_query, without_secrets};
use crate::{
    Callback, Error, Event, Forged, Misbehaved, Moment, Purpose, Request, Response, Secret, Step, Timestamp,
    Unsupported,
};

/// How long a user may take, unless [`Authorize::lifetime`] says otherwise.
const LIFETIME: Duration = Duration::from_secs(3600);

/// A client of one service.
///
/// ```no_run
/// use oauth_proto::oauth1::{Authorize, Client, ClientCredentials, Server};
/// use oauth_proto::{Moment, run};
/// # fn http(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> { unimplemented!() }
///
/// let service = Server::new(
///     "https://photos.example.net/initiate",
///     "https://photos.example.net/authorize",
///     "https://photos.example.net/token",
/// )?;
/// let client = Client::new(service, ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44"));
///
/// // First leg, when the user wants to connect: remember `pending`, send the user to the URL.
/// let authorize = Authorize::callback("https://printer.example.com/ready");
/// let authorization = run(client.authorize(authorize, Moment::from_os())?, http)?;
/// println!("go to {}", authorization.url);
///
/// // Last leg, in the handler of the callback: `uri` is what the user's browser asked for.
/// # let uri = "";
/// let token = run(client.redeem(authorization.pending, uri, Moment::from_os())?, http)?;
///
/// // From now on, requests are signed on behalf of the user.
/// let session = client.session(token);
/// let mut request = http::Request::get("https://photos.example.net/photos?size=original").body(Vec::new())?;
/// session.sign(&mut request, Moment::from_os())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    service: Server,
    credentials: ClientCredentials,
    place: Leniency,
    observer: Observer,
}

/// What is asked for in the first leg.
///
/// ```
/// use oauth_proto::oauth1::Authorize;
///
/// let authorize = Authorize::callback("https://printer.example.com/ready")
///     .realm("Photos")
///     .parameter("x_auth_access_type", "read");
/// ```
#[derive(Clone, Debug)]
pub struct Authorize {
    user_returns: Return,
    user_endpoint: UserEndpoint,
    realm: Option<String>,
    parameters: Vec<(String, String)>,
    url_parameters: Vec<(String, String)>,
    lifetime: Duration,
}

/// An authorization that has begun: where to send the user, and what to keep until the user comes back.
///
/// # Examples
/// ```
/// use oauth_proto::oauth1::Authorization;
///
/// fn location(authorization: &Authorization) -> &str {
///     &authorization.url
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Authorization {
    /// The URL to send the user to (RFC 5849 §2.2).
    pub url: String,
    /// What [`Client::redeem`] needs. Keep it for this user's browser.
    pub pending: Pending,
}

/// The endpoint to which the user is sent.
#[derive(Clone, Copy, Debug)]
enum UserEndpoint {
    Authorization,
    Authentication,
}

#[derive(Clone, Debug)]
enum Return {
    Callback(String),
    OutOfBand,
    /// To a URI that the service knows, and perhaps the caller, too.
    Registered(Option<String>),
}

impl Authorize {
    fn new(user_returns: Return) -> Self {
        Self {
            user_returns,
            user_endpoint: UserEndpoint::Authorization,
            realm: None,
            parameters: Vec::new(),
            url_parameters: Vec::new(),
            lifetime: LIFETIME,
        }
    }

    /// The user comes back to that absolute URI.
    pub fn callback(uri: impl Into<String>) -> Self {
        Self::new(Return::Callback(uri.into()))
    }

    /// The user does not come back but is shown a verifier, to be given to [`Client::redeem_verifier`].
    pub fn out_of_band() -> Self {
        Self::new(Return::OutOfBand)
    }

    /// The user comes back to the URI that was registered with the service. Where the callback comes to is not checked, as
    /// [`registered_as`](Self::registered_as) does.
    pub fn registered() -> Self {
        Self::new(Return::Registered(None))
    }

    /// The user comes back to the URI that was registered with the service, which is that one. It is not sent, but the callback
    /// has to come there.
    ///
    /// ```
    /// use oauth_proto::oauth1::Authorize;
    ///
    /// let authorize = Authorize::registered_as("https://printer.example.com/ready");
    /// ```
    pub fn registered_as(uri: impl Into<String>) -> Self {
        Self::new(Return::Registered(Some(uri.into())))
    }

    /// A realm to ask access to. Several are joined by spaces, as requests-oauthlib does.
    pub fn realm(mut self, realm: &str) -> Self {
        self.realm = Some(self.realm.map_or_else(|| realm.to_owned(), |before| format!("{before} {realm}")));
        self
    }

    /// A parameter of the service's own, sent with the request for temporary credentials.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Adds a parameter of the service's own to the URL to which the user is sent, such as `force_login`.
    pub fn url_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.url_parameters.push((name.into(), value.into()));
        self
    }

    /// Sends the user to the service's [authentication endpoint](Server::authentication), to sign in, rather than to its
    /// authorization endpoint.
    pub fn at_authentication_endpoint(mut self) -> Self {
        self.user_endpoint = UserEndpoint::Authentication;
        self
    }

    /// How long the user may take. An hour unless said otherwise.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }
}

impl Client {
    /// A client of that service.
    pub fn new(service: Server, credentials: ClientCredentials) -> Self {
        let observer = Observer::of_client(&credentials.key);
        Self { service, credentials, place: Leniency::default(), observer }
    }

    /// Runs a function on each [`Event`] of this client and of API calls with its sessions. Functions run in the order in which they
    /// were registered.
    ///
    /// # Examples
    /// ```
    /// # use oauth_proto::oauth1::Client;
    /// fn watched(client: Client) -> Client {
    ///     client.on_event(|event| println!("{event}"))
    /// }
    /// ```
    pub fn on_event(mut self, hook: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.observer = self.observer.named(&self.credentials.key);
        self.observer.push(hook);
        self
    }

    pub(crate) fn with_observer(mut self, observer: Observer) -> Self {
        self.observer = observer;
        self
    }

    pub(crate) fn observer(&self) -> &Observer {
        &self.observer
    }

    /// Takes callbacks as a sign-in was told to, too.
    pub(crate) fn with_place(mut self, place: Leniency) -> Self {
        self.place = self.place.or(place);
        self
    }

    /// Compares the path alone of a callback that is handed over as a whole URI: for an application behind a proxy that changes
    /// scheme and host, whose framework knows no other. If it knows path and query, hand those over instead. A prefix that the proxy
    /// removed from the path has to be put back in any case.
    ///
    /// ```
    /// # use oauth_proto::oauth1::Client;
    /// fn behind_a_proxy(client: Client) -> Client {
    ///     client.allow_callback_at_any_origin() // http://10.0.0.5:8080/ready
    /// }
    /// ```
    ///
    /// # Security
    /// What this gives away: two services whose callbacks differ by the host alone are not told apart by it.
    pub fn allow_callback_at_any_origin(mut self) -> Self {
        self.place.any_origin = true;
        self
    }

    /// Takes callbacks that do not say where the user came to: a query alone.
    ///
    /// ```
    /// # use oauth_proto::oauth1::Client;
    /// fn with_queries(client: Client) -> Client {
    ///     client.allow_callback_without_place() // oauth_token=hh5s93j4hdidpola&oauth_verifier=…
    /// }
    /// ```
    ///
    /// # Security
    /// What this gives away: nothing but the temporary credentials' identifier, which a malicious service can copy from an honest
    /// one, tells the two services' callbacks apart, so that the malicious one can be shown the other's verifier. It is harmless
    /// where the application has one service.
    pub fn allow_callback_without_place(mut self) -> Self {
        self.place.no_place = true;
        self
    }

    /// The service, as it was described.
    pub(crate) fn service(&self) -> &Server {
        &self.service
    }

    /// What the client is known by.
    pub(crate) fn client_id(&self) -> &str {
        &self.credentials.key
    }

    /// Returns what ties a pending authorization to this client at this service. The temporary credentials come from one endpoint,
    /// and the other is sent the verifier.
    fn client_fingerprint(&self) -> ClientFingerprint {
        let Server { temporary, token, .. } = &self.service;
        ClientFingerprint::of(&[&temporary.to_string(), &token.to_string(), &self.credentials.key])
    }

    /// Begins: asks for temporary credentials (RFC 5849 §2.1). The result has the URL to send the user to (RFC 5849 §2.2).
    ///
    /// # Errors
    /// [`Unsupported`] when the request or the URL cannot be made as they are configured:
    /// [`Unsupported::ReservedParameter`] when a parameter has a name of the protocol's, [`Unsupported::NoEndpoint`] when
    /// the service has no authentication endpoint and [`Authorize::at_authentication_endpoint`] asks for it. The step reports
    /// what is wrong with the response.
    pub fn authorize(&self, authorize: Authorize, moment: Moment) -> Result<Step<Authorization>, Error> {
        let Authorize { user_returns, user_endpoint, realm, parameters, url_parameters, lifetime } = authorize;
        let service = &self.service;
        let mut callback = self.returns_to(user_returns)?;
        let user_endpoint = match user_endpoint {
            UserEndpoint::Authorization => &service.authorization,
            UserEndpoint::Authentication => {
                // It takes no callback.
                callback.with_authorization = None;
                let endpoint = service.authentication.as_ref();
                endpoint.ok_or(Unsupported::NoEndpoint { endpoint: "authentication" })?
            }
        };
        if let Some((name, _)) = url_parameters.iter().find(|(name, _)| is_protocol(name.as_bytes())) {
            return Err(Unsupported::ReservedParameter { name: name.clone() }.into());
        }
        let mut protocol: Vec<OAuthParam<'_>> = Vec::new();
        if let Some(callback) = callback.with_request {
            protocol.push((CALLBACK.into(), callback.into()));
        }
        let state = AwaitTemporary {
            confirmed: matches!(service.when_told(), Callbacks::WithRequest | Callbacks::WithBoth)
                && !service.unconfirmed_callback,
            json: service.json_answers,
            fingerprint: self.client_fingerprint(),
            user_endpoint: user_endpoint.clone(),
            url_parameters,
            callback: callback.with_authorization,
            returns_to: callback.place,
            signed_at: moment.now,
            expires_at: moment.now.after(lifetime),
        };
        let request = self.credentials_request(&service.temporary, None, realm, &parameters, protocol, moment)?;
        Ok(Step::send(request, state).observed_by(&self.observer))
    }

    /// The last leg: the user is back, and the temporary credentials are exchanged for a token (RFC 5849 §2.3).
    ///
    /// `callback` is the URI that the user's browser asked for: path and query, as your framework has them (axum's `OriginalUri`),
    /// or all of it. Where the user came to is compared with the URI of [`Authorize::callback`] or
    /// [`Authorize::registered_as`].
    ///
    /// A callback may arrive twice. Spend [`pending.id()`](Pending::id) first, in your database or in [`UsedPendingIds`](crate::UsedPendingIds): `pending` is
    /// consumed here, but a copy that was stored is not.
    ///
    /// # Errors
    /// [`Refused::Denied`](crate::Refused::Denied) when the user did not grant access, which services say by
    /// `oauth_problem`, `denied`, `not_approved=true` or `error`; some just leave out the verifier, which is
    /// [`Forged::ParameterMissing`]. [`Forged`] when the callback does not belong to `pending`, or `pending` not to this client,
    /// [`Expired`](crate::Expired) when the user took too long. Nothing has been sent then. What the answer comes to is
    /// reported by the step; a [`DriveError`](crate::DriveError) as a function's error takes both by `?`.
    ///
    /// # Security
    /// OAuth 1.0 has nothing else than the place by which to tell one service's callbacks from another's, so a query alone is
    /// refused, unless by [`allow_callback_without_place`](Self::allow_callback_without_place).
    pub fn redeem<'a>(
        &self,
        pending: Pending,
        callback: impl Into<Callback<'a>>,
        moment: Moment,
    ) -> Result<Step<Token>, Error> {
        pending.check(&self.client_fingerprint(), moment.now)?;
        let verifier = pending.verifier(&callback.into(), self.place)?;
        self.exchange(&pending.credentials, verifier, moment)
    }

    /// The last leg after [`Authorize::out_of_band`]: `verifier` is what the user copied. White space around it is
    /// removed.
    ///
    /// # Errors
    /// As [`redeem`](Self::redeem).
    pub fn redeem_verifier(&self, pending: Pending, verifier: &str, moment: Moment) -> Result<Step<Token>, Error> {
        pending.check(&self.client_fingerprint(), moment.now)?;
        let verifier = Some(verifier.trim()).filter(|verifier| !verifier.is_empty());
        self.exchange(&pending.credentials, verifier.map(str::to_owned), moment)
    }

    /// Exchanges an expired token for a fresh one (OAuth Session 1.0 draft 1 §5). A handle that the answer does not
    /// replace is kept, and so are the extra fields.
    ///
    /// ```
    /// # use oauth_proto::oauth1::{Client, Session};
    /// # use oauth_proto::{DriveError, Moment, Request, Response, run};
    /// # fn store(_: &oauth_proto::oauth1::Token) {}
    /// fn renew(
    ///     client: &Client,
    ///     session: &mut Session,
    ///     send: impl FnMut(Request) -> Result<Response, std::io::Error>,
    /// ) -> Result<(), DriveError> {
    ///     let moment = Moment::from_os();
    ///     if let Some(token) = session.token().filter(|token| token.is_expired(moment.now)) {
    ///         let renewed = run(client.renew(token, moment)?, send)?;
    ///         store(&renewed); // before it is used: the old one is worth nothing any more
    ///         session.set_token(renewed);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Unsupported::NotRenewable`] when the token came without a session handle.
    pub fn renew(&self, token: &Token, moment: Moment) -> Result<Step<Token>, Error> {
        let handle = token.session_handle.as_ref().ok_or(Unsupported::NotRenewable)?;
        let protocol = vec![(SESSION_HANDLE.into(), handle.expose().into())];
        self.token_request(&token.credentials, protocol, Some(token.clone()), moment)
    }

    /// A session that signs with a token: from [`redeem`](Self::redeem), or from where it was stored.
    pub fn session(&self, token: impl Into<Token>) -> Session {
        Session::new(&self.service.scheme, &self.credentials, Some(token.into())).observed_by(&self.observer)
    }

    /// A session without a token, for services that know no users ("two-legged").
    pub fn two_legged(&self) -> Session {
        Session::new(&self.service.scheme, &self.credentials, None).observed_by(&self.observer)
    }

    fn exchange(
        &self,
        temporary: &TokenCredentials,
        verifier: Option<String>,
        moment: Moment,
    ) -> Result<Step<Token>, Error> {
        if verifier.is_none() && !self.service.missing_verifier {
            return Err(Forged::ParameterMissing { name: VERIFIER }.into());
        }
        let protocol = verifier.map(|verifier| (VERIFIER.into(), verifier.into()));
        self.token_request(temporary, protocol.into_iter().collect(), None, moment)
    }

    pub(super) fn token_request(
        &self,
        credentials: &TokenCredentials,
        protocol: Vec<OAuthParam<'_>>,
        before: Option<Token>,
        moment: Moment,
    ) -> Result<Step<Token>, Error> {
        let state = AwaitToken { before, json: self.service.json_answers, signed_at: moment.now };
        let request = self.credentials_request(&self.service.token, Some(credentials), None, &[], protocol, moment)?;
        Ok(Step::send(request, state).observed_by(&self.observer))
    }

    /// A signed request to one of the endpoints that give out credentials. Parameters of the service's own go in the
    /// query of a GET and the form of a POST, those that begin with `oauth_` where the protocol's are.
    fn credentials_request(
        &self,
        endpoint: &Uri,
        token: Option<&TokenCredentials>,
        realm: Option<String>,
        parameters: &[(String, String)],
        mut protocol: Vec<OAuthParam<'_>>,
        moment: Moment,
    ) -> Result<Request, Error> {
        self.service.check_secure(endpoint)?;
        let mut own = String::new();
        for (name, value) in parameters {
            if is_protocol(name.as_bytes()) {
                return Err(Unsupported::ReservedParameter { name: name.clone() }.into());
            }
            if is_oauth(name.as_bytes()) {
                protocol.push((name.clone().into(), value.clone().into()));
            } else {
                form::push_pair(&mut own, name.as_bytes(), value.as_bytes());
            }
        }
        let mut request = Request::default();
        *request.method_mut() = self.service.method.clone();
        *request.uri_mut() = endpoint.clone();
        if request.method() == HttpMethod::GET {
            if !own.is_empty() {
                *request.uri_mut() = with_query(endpoint, &own)?;
            }
        } else if !own.is_empty() || self.service.scheme.placement == ParameterPlacement::Body {
            *request.body_mut() = own.into_bytes();
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(form::MEDIA_TYPE));
        }
        let mut scheme = self.service.scheme.clone();
        scheme.realm = realm.or(scheme.realm);
        Signer::new(&scheme, &self.credentials, token).sign_with(&mut request, &Stamp::from(moment), &protocol)?;
        Ok(request)
    }

    /// Where the callback goes.
    fn returns_to(&self, user_returns: Return) -> Result<CallbackPlacement, Error> {
        let (with_request, with_authorization) = match self.service.when_told() {
            Callbacks::WithRequest => (true, false),
            Callbacks::WithAuthorization => (false, true),
            Callbacks::WithBoth => (true, true),
            Callbacks::Registered => (false, false),
        };
        let check = |uri: &String| match url::Url::parse(uri) {
            Ok(_) => Ok(()),
            Err(_) => Err(Unsupported::Url { url: without_secrets(uri), reason: "a callback is an absolute URI" }),
        };
        let place = match user_returns {
            Return::Callback(uri) => uri,
            // RFC 5849 §2.1: `oob` also where the callback was told by other means.
            Return::OutOfBand | Return::Registered(_) => {
                let with_request = with_request.then(|| "oob".to_owned());
                let place = if let Return::Registered(uri) = user_returns { uri } else { None };
                place.as_ref().map_or(Ok(()), check)?;
                return Ok(CallbackPlacement { with_request, with_authorization: None, place });
            }
        };
        if !with_request && !with_authorization {
            return Err(Unsupported::CallbackNotAccepted.into());
        }
        check(&place)?;
        Ok(CallbackPlacement {
            with_request: with_request.then(|| place.clone()),
            with_authorization: with_authorization.then(|| place.clone()),
            place: Some(place),
        })
    }
}

/// The callback, in the places where it is told, and to be compared with.
struct CallbackPlacement {
    with_request: Option<String>,
    with_authorization: Option<String>,
    place: Option<String>,
}

/// Waits for temporary credentials.
struct AwaitTemporary {
    /// Whether the answer must confirm the callback.
    confirmed: bool,
    json: bool,
    /// The client at its service.
    fingerprint: ClientFingerprint,
    /// The endpoint to which the user is sent, and what is added to its URL.
    user_endpoint: Uri,
    url_parameters: Vec<(String, String)>,
    callback: Option<String>,
    returns_to: Option<String>,
    signed_at: Timestamp,
    expires_at: Timestamp,
}

impl AwaitTemporary {
    /// Returns the URL to which the user is sent (RFC 5849 §2.2).
    fn url(&self, token: &str) -> Result<String, Error> {
        let own = self.url_parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let callback = self.callback.as_deref().map(|callback| (CALLBACK, callback));
        let pairs = form::encode(own.chain([(TOKEN, token)]).chain(callback));
        Ok(with_query(&self.user_endpoint, &pairs)?.to_string())
    }
}

impl Receive<Authorization> for AwaitTemporary {
    fn receive(self: Box<Self>, response: Response, _: Moment) -> Result<Step<Authorization>, Error> {
        let response = Wiped(response);
        let mut fields = Fields::of(&response, self.json, self.signed_at)?;
        let credentials = fields.credentials()?;
        if self.confirmed && !fields.take_confirmation() {
            return Err(Misbehaved::CallbackUnconfirmed { response: fields.excerpt() }.into());
        }
        let url = self.url(&credentials.token)?;
        let pending = Pending::new(self.fingerprint, credentials, self.returns_to, self.expires_at);
        Ok(Step::Done(Authorization { url, pending }))
    }

    fn purpose(&self) -> Purpose {
        Purpose::RequestingTemporaryCredentials
    }
}

/// Waits for token credentials.
struct AwaitToken {
    /// The token that is renewed.
    before: Option<Token>,
    json: bool,
    signed_at: Timestamp,
}

impl Receive<Token> for AwaitToken {
    fn receive(self: Box<Self>, response: Response, moment: Moment) -> Result<Step<Token>, Error> {
        let response = Wiped(response);
        let mut fields = Fields::of(&response, self.json, self.signed_at)?;
        let mut token = Token::from(fields.credentials()?);
        token.session_handle = fields.take(SESSION_HANDLE).map(Secret::new);
        let expires_in = fields.take_seconds("oauth_expires_in")?;
        token.expires_at = expires_in.map(|seconds| moment.now.after(Duration::from_secs(seconds)));
        token.extra = fields.rest();
        if let Some(mut before) = self.before {
            token.session_handle = token.session_handle.or(before.session_handle);
            before.extra.append(&mut token.extra);
            token.extra = before.extra;
        }
        Ok(Step::Done(token))
    }

    fn purpose(&self) -> Purpose {
        if self.before.is_some() { Purpose::RenewingTokenCredentials } else { Purpose::ExchangingTemporaryCredentials }
    }
}
