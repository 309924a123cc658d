//! A client of one service and its options; how it asks an endpoint that gives out credentials, RFC
//! 5849 §2.

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

/// A client of one service.
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
/// // Last leg, in the handler of the callback: `uri` is what the user's browser asked for.
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
    /// Compares the path alone of a callback that is handed over as a whole URI: for an application
    /// behind a proxy that changes scheme and host, whose framework knows no other, such as
    /// `http://10.0.0.5:8080/ready`. If it knows path and query, hand those over instead. A prefix
    /// that the proxy removed from the path has to be put back in any case. Default: compares all
    /// of it.
    ///
    /// # Security
    /// Two services whose callbacks differ by the host alone are not told apart by it.
    pub allow_callback_at_any_origin: bool,
    /// Accepts callbacks without their place: a query alone. Default: refuses them.
    ///
    /// # Security
    /// Only the temporary credentials' identifier, which a malicious service can copy from an
    /// honest one, tells the two services' callbacks apart, so that the malicious one can be shown
    /// the other's verifier. It is harmless where the application has one service.
    pub allow_callback_without_place: bool,
}

impl Client {
    /// Makes a client of that server.
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

    /// Runs a function on each [`Event`] of this client and of API calls with its sessions.
    /// Functions run in the order in which they were registered.
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
        self.allow_callback_at_any_origin |= place.any_origin;
        self.allow_callback_without_place |= place.no_place;
        self
    }

    /// Returns which callbacks are accepted although their place is not known.
    pub(super) fn place(&self) -> Leniency {
        Leniency {
            any_origin: self.allow_callback_at_any_origin,
            no_place: self.allow_callback_without_place,
        }
    }

    /// The service, as it was described.
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Returns the identifier of the client.
    pub(crate) fn client_id(&self) -> &str {
        &self.credentials.key
    }

    /// Returns what ties a pending authorization to this client at this service. The temporary
    /// credentials come from one endpoint, and the other is sent the verifier.
    pub(super) fn client_fingerprint(&self) -> ClientFingerprint {
        let Server { temporary, token, .. } = &self.server;
        ClientFingerprint::of(&[&temporary.to_string(), &token.to_string(), &self.credentials.key])
    }

    /// Returns the step that signs a request for credentials, sends it, and waits in that state.
    /// Parameters of the service's own go in the query of a GET and the form of a POST, those that
    /// begin with `oauth_` where the protocol's are.
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

/// A request to one of the endpoints that give out credentials.
pub(super) struct CredentialsRequest<'a> {
    pub(super) endpoint: &'a Uri,
    /// The credentials that it is signed with beside the client's.
    pub(super) token: Option<&'a TokenCredentials>,
    /// The realm, where it is not the scheme's.
    pub(super) realm: Option<String>,
    /// The service's own parameters.
    pub(super) parameters: &'a [(String, String)],
    pub(super) protocol: Vec<OAuthParam<'static>>,
}
