//! A client of one service with its options, and its requests for credentials: RFC 5849 §2.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method as HttpMethod, Uri};

use super::server::Server;
use crate::core::callback::Leniency;
use crate::core::client_fingerprint::ClientFingerprint;
use crate::core::endpoint::with_query;
use crate::core::event::Observer;
use crate::core::step::Receive;
use crate::oauth1::credentials::{ClientCredentials, TokenCredentials};
use crate::oauth1::names::{is_oauth, is_protocol};
use crate::oauth1::signing::{OAuthParam, ParameterPlacement, Signer};
use crate::wire::form;
use crate::{Error, Event, Moment, Request, Step, Unsupported};

/// A client of one OAuth 1.0a service: the service's endpoints, the client's credentials, and
/// options.
///
/// ```no_run
/// use oauth_proto::oauth1::{Authorize, Client, ClientCredentials, Server, Session};
/// use oauth_proto::{Moment, run};
/// # fn http(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> {
/// #     unimplemented!()
/// # }
///
/// let server = Server::new(
///     "https://photos.example.net/initiate",
///     "https://photos.example.net/authorize",
///     "https://photos.example.net/token",
/// )?;
/// let client =
///     Client::new(server, ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44"));
///
/// // First leg, when the user wants to connect: remember `pending`, send the user to the URL.
/// let authorize = Authorize::callback("https://printer.example.com/ready");
/// let authorization = run(client.authorize(authorize, Moment::from_os())?, http)?;
/// println!("go to {}", authorization.url);
///
/// // Last leg, in the handler of the callback: `uri` is the URI that the user's browser requested.
/// # let uri = "";
/// let token = run(client.redeem(authorization.pending, uri, Moment::from_os())?, http)?;
///
/// // From now on, requests are signed on behalf of the user.
/// let session = Session::new(&client, token);
/// let mut request =
///     http::Request::get("https://photos.example.net/photos?size=original").body(Vec::new())?;
/// session.sign(&mut request, Moment::from_os())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Client {
    pub(super) server: Server,
    pub(super) credentials: ClientCredentials,
    pub(super) observer: Observer,
    /// If `true`, only the path of a callback is compared, even if you pass its whole URI. Use it
    /// if a proxy changes scheme and host, and the framework has only a URI such as
    /// `http://10.0.0.5:8080/ready`. If you have path and query, pass those instead. If the proxy
    /// removed a prefix of the path, add it again. Default: `false`.
    ///
    /// # Security
    /// Two services whose callbacks differ only in the host cannot be told apart.
    pub allow_callback_at_any_origin: bool,
    /// If `true`, a callback that is passed as a query alone, without its path, is accepted.
    /// Default: `false`.
    ///
    /// # Security
    /// The client then checks only the identifier of the temporary credentials, which a malicious
    /// service can copy from an honest one. So a malicious service can get the verifier of an
    /// honest one. This attack is not possible if the application has only one service.
    pub allow_callback_without_place: bool,
}

impl Client {
    /// Makes a client from the service's endpoints and the client's credentials.
    pub fn new(server: Server, credentials: ClientCredentials) -> Self {
        let observer = Observer::of_client(&credentials.key);
        Self {
            server,
            credentials,
            observer,
            allow_callback_at_any_origin: false,
            allow_callback_without_place: false,
        }
    }

    /// Calls a function for each [`Event`] of this client and of API calls with its sessions.
    /// Functions are called in the order in which they were added.
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

    /// Returns the client with a sign-in's options for callbacks.
    pub(crate) fn with_place(mut self, place: Leniency) -> Self {
        self.allow_callback_at_any_origin |= place.any_origin;
        self.allow_callback_without_place |= place.no_place;
        self
    }

    /// Returns the options for callbacks that may have arrived at another URI.
    pub(super) fn place(&self) -> Leniency {
        Leniency {
            any_origin: self.allow_callback_at_any_origin,
            no_place: self.allow_callback_without_place,
        }
    }

    /// Returns the description of the service.
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Returns the identifier of the client.
    pub(crate) fn client_id(&self) -> &str {
        &self.credentials.key
    }

    /// Returns the fingerprint that ties a pending authorization to this client and this service:
    /// to the endpoint that issues the temporary credentials, and to the one that gets the
    /// verifier.
    pub(super) fn client_fingerprint(&self) -> ClientFingerprint {
        let Server { temporary, token, .. } = &self.server;
        ClientFingerprint::of(&[&temporary.to_string(), &token.to_string(), &self.credentials.key])
    }

    /// Returns the step that signs a request for credentials, sends it, and waits in the given
    /// state. Parameters of the caller are in the query of a GET and in the form of a POST. If the
    /// name begins with `oauth_`, they are with the protocol's parameters.
    pub(super) fn ask_for_credentials<T: 'static>(
        &self,
        request: CredentialsRequest<'_>,
        moment: Moment,
        state: impl Receive<T> + 'static,
    ) -> Result<Step<T>, Error> {
        let CredentialsRequest { endpoint, token, realm, parameters, mut protocol } = request;
        self.server.check_secure(endpoint)?;
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
        *request.method_mut() = self.server.method();
        *request.uri_mut() = endpoint.clone();
        if request.method() == HttpMethod::GET {
            if !own.is_empty() {
                *request.uri_mut() = with_query(endpoint, &own)?;
            }
        } else if !own.is_empty() || self.server.scheme.placement == ParameterPlacement::Body {
            *request.body_mut() = own.into_bytes();
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(form::MEDIA_TYPE));
        }
        let mut scheme = self.server.signing_scheme();
        scheme.realm = realm.or(scheme.realm);
        let signing = Signer::new(&scheme, &self.credentials, token)
            .sign_remotely_with(request, moment, protocol)?;
        let step = signing.and_then(|request| Ok(Step::send(request, state)))?;
        Ok(step.observed_by(&self.observer))
    }
}

/// A request to one of the endpoints that issue credentials.
pub(super) struct CredentialsRequest<'a> {
    pub(super) endpoint: &'a Uri,
    /// The token or temporary credentials for the signature, in addition to the client's.
    pub(super) token: Option<&'a TokenCredentials>,
    /// The realm, if it differs from the scheme's.
    pub(super) realm: Option<String>,
    /// Parameters of the caller.
    pub(super) parameters: &'a [(String, String)],
    pub(super) protocol: Vec<OAuthParam<'static>>,
}
