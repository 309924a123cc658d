//! An authorization server's configuration, and the way of a request to its endpoint.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request};

use super::authentication::{Authentications, ClientSource};
use super::client_metadata::PrivateSchemes;
use super::client_record::AnyPort;
use super::consent::Consent;
use super::device_page::DevicePage;
use super::generator::{RandomTokens, TokenGenerator};
use super::grant_type::GrantType;
use super::paths::{Endpoint, Paths};
use super::register::RegistrationPolicy;
use super::rejected::{Reason, Voice};
use super::secrets::{SecretHasher, Sha256Secrets};
use super::store::{Question, Reply};
use crate::wire::{check_private, endpoint};
use crate::{Ask, Command, Error, Moment, Response, Secret, Unsupported};

/// An authorization server: requests in, responses out, and questions to storage in between.
///
/// ```
/// use oauth_proto::oauth2::server::{ClientRecord, Dispatched, Grant, GrantType, MemoryStore, Provider, serve};
/// use oauth_proto::{Moment, Request, Response};
///
/// let provider = Provider::new("https://auth.example.com")?
///     .grant_type(GrantType::authorization_code().scopes("photos.read photos.write"))
///     .grant_type(GrantType::client_credentials().scopes("stats"))
///     .grant_type(GrantType::refresh_token());
/// let store = MemoryStore::default();
/// store.add_client(ClientRecord::confidential("printer", "7Fjfp0ZBr1KtDRbnfVdmIw").grant_type("client_credentials"));
///
/// // Every request that comes to the server, with its whole body:
/// let handle = |request: &Request| -> Response {
///     match serve(provider.dispatch(request, Moment::from_os()), &store) {
///         Ok(Dispatched::Respond(response)) => response,
///         // The user is asked, on pages of the application's: see `Consent` and `DevicePage`.
///         Ok(Dispatched::Consent(consent)) => http::Response::new(format!("May {}?", consent.client_id).into_bytes()),
///         Ok(Dispatched::Device(page)) => http::Response::new(format!("{page:?}").into_bytes()),
///         Err(rejected) => rejected.response(),
///     }
/// };
///
/// let request = http::Request::post("https://auth.example.com/token")
///     .header("content-type", "application/x-www-form-urlencoded")
///     .header("authorization", "Basic cHJpbnRlcjo3RmpmcDBaQnIxS3REUmJuZlZkbUl3")
///     .body(b"grant_type=client_credentials&scope=stats".to_vec())?;
/// assert_eq!(handle(&request).status(), 200);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Provider(pub(super) Arc<Config>);

#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) issuer: String,
    pub(super) paths: Paths,
    pub(super) grant_types: Vec<GrantType>,
    pub(super) authentications: Authentications,
    pub(super) generator: Arc<dyn TokenGenerator>,
    pub(super) unique_key: Option<Secret>,
    pub(super) all_unique: bool,
    pub(super) scope_separator: char,
    pub(super) resources: Vec<String>,
    pub(super) pkce_for_all: bool,
    pub(super) plain_pkce: bool,
    pub(super) only_pushed: bool,
    pub(super) code_lifetime: Duration,
    pub(super) device_lifetime: Duration,
    pub(super) device_interval: Duration,
    pub(super) pushed_lifetime: Duration,
    pub(super) registration: RegistrationPolicy,
    pub(super) private_schemes: PrivateSchemes,
    pub(super) any_port: AnyPort,
    pub(super) metadata: serde_json::Map<String, serde_json::Value>,
}

/// What a request comes to.
///
/// ```
/// use oauth_proto::oauth2::server::Dispatched;
///
/// fn is_for_the_user(end: &Dispatched) -> bool {
///     !matches!(end, Dispatched::Respond(_))
/// }
/// ```
pub enum Dispatched {
    /// Send this.
    Respond(Response),
    /// The user has to decide: show a page, whose form posts to a path of the application's own, then [`Provider::grant`] or
    /// [`Provider::deny`].
    Consent(Consent),
    /// The user has a device in hand: show a page, then [`Provider::find_device`].
    Device(DevicePage),
}

impl From<Response> for Dispatched {
    fn from(response: Response) -> Self {
        Self::Respond(response)
    }
}

impl From<Consent> for Dispatched {
    fn from(consent: Consent) -> Self {
        Self::Consent(consent)
    }
}

/// What the replies of endpoints that answer by themselves end with: the response, or what [`Provider::dispatch`] makes of it.
/// The functions behind the endpoints are generic over it, since mapping a reply costs a box for each of its questions.
pub(super) trait End: From<Response> + 'static {}

impl<T: From<Response> + 'static> End for T {}

impl fmt::Debug for Dispatched {
    /// A response may hold tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Respond(response) => f.debug_tuple("Respond").field(&response.status()).finish(),
            Self::Consent(consent) => f.debug_tuple("Consent").field(consent).finish(),
            Self::Device(page) => f.debug_tuple("Device").field(page).finish(),
        }
    }
}

impl Provider {
    /// A server with that issuer identifier (RFC 8414 §2): an https URL without query and fragment, to which its endpoints'
    /// paths belong. It offers no grant yet.
    ///
    /// # Errors
    /// [`Unsupported::Url`], and [`Unsupported::PlainHttp`] for a URL that is neither https nor this machine.
    pub fn new(issuer: &str) -> Result<Self, Error> {
        check_private(&endpoint(issuer)?, Some("Provider::dangerous_over_http"))?;
        Self::dangerous_over_http(issuer)
    }

    /// A server that may be reached without TLS.
    ///
    /// What this gives away: whoever is on the way reads every secret, code and token.
    ///
    /// # Errors
    /// [`Unsupported::Url`].
    pub fn dangerous_over_http(issuer: &str) -> Result<Self, Error> {
        let uri = endpoint(issuer)?;
        if issuer.contains('?') {
            let reason = "an issuer identifier has no query";
            return Err(Unsupported::Url { url: crate::wire::bare(issuer), reason }.into());
        }
        let hasher: Arc<dyn SecretHasher> = Arc::new(Sha256Secrets);
        Ok(Self(Arc::new(Config {
            issuer: issuer.to_owned(),
            paths: Paths::of(&uri),
            grant_types: Vec::new(),
            authentications: Authentications {
                stand_in: stand_in(&*hasher),
                hasher,
                source: None,
                basic: true,
                body: true,
                raw_basic: false,
            },
            generator: Arc::new(RandomTokens::default()),
            unique_key: None,
            all_unique: false,
            scope_separator: ' ',
            resources: Vec::new(),
            pkce_for_all: false,
            plain_pkce: false,
            only_pushed: false,
            code_lifetime: Duration::from_secs(60),
            device_lifetime: Duration::from_secs(600),
            device_interval: Duration::from_secs(5),
            pushed_lifetime: Duration::from_secs(60),
            registration: RegistrationPolicy::Off,
            private_schemes: PrivateSchemes::default(),
            any_port: AnyPort::default(),
            metadata: serde_json::Map::new(),
        })))
    }

    fn with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Offers a grant, in place of one of the same name.
    pub fn grant_type(self, mut grant_type: GrantType) -> Self {
        self.with(|config| {
            config.grant_types.retain(|own| own.name != grant_type.name);
            if config.all_unique {
                make_unique(&mut grant_type);
            }
            config.grant_types.push(grant_type);
        })
    }

    /// Makes the tokens of the grants `authorization_code` and `password` unique: see [`GrantType::unique_tokens`].
    pub fn enable_unique_tokens(self, key: impl Into<Secret>) -> Self {
        self.unique_tokens_key(key).with(|config| {
            config.all_unique = true;
            config.grant_types.iter_mut().for_each(make_unique);
        })
    }

    /// The key by which unique tokens are had again: the store has them sealed with it, so it must not lie there. 128 bits or
    /// more that nobody can guess. With another key, tokens that are there already cannot be had again.
    pub fn unique_tokens_key(self, key: impl Into<Secret>) -> Self {
        self.with(|config| config.unique_key = Some(key.into()))
    }

    /// Another path for an endpoint, from the root of the host. Without this they are the usual ones below the issuer's own path:
    /// with the issuer `https://example.com/oauth2` the token endpoint is `/oauth2/token`.
    pub fn path(self, endpoint: Endpoint, path: impl Into<String>) -> Self {
        self.with(|config| config.paths.set(endpoint, path.into()))
    }

    /// Another way to make tokens and codes. 43 random characters unless said otherwise.
    pub fn token_generator(self, generator: impl TokenGenerator + 'static) -> Self {
        self.with(|config| config.generator = Arc::new(generator))
    }

    /// Another way to keep clients' secrets. SHA-256 unless said otherwise, which is for generated ones.
    pub fn secret_hasher(self, hasher: impl SecretHasher + 'static) -> Self {
        self.with(|config| {
            config.authentications.stand_in = stand_in(&hasher);
            config.authentications.hasher = Arc::new(hasher);
        })
    }

    /// A further way to know who a client is.
    pub fn client_source(self, source: impl ClientSource + 'static) -> Self {
        self.with(|config| config.authentications.source = Some(Arc::new(source)))
    }

    /// Takes clients' secrets from HTTP Basic alone. Both ways are taken unless said otherwise.
    pub fn only_basic(self) -> Self {
        self.with(|config| config.authentications.body = false)
    }

    /// Takes clients' secrets from the body alone.
    pub fn only_body(self) -> Self {
        self.with(|config| config.authentications.basic = false)
    }

    /// Takes name and secret in HTTP Basic as they are, for clients that do not encode them as RFC 6749 §2.3.1 says, such as curl.
    pub fn allow_raw_basic(self) -> Self {
        self.with(|config| config.authentications.raw_basic = true)
    }

    /// Separates scopes in requests and answers by another character than a space.
    pub fn scope_separator(self, separator: char) -> Self {
        self.with(|config| config.scope_separator = separator)
    }

    /// A resource that tokens may be asked for by its URI (RFC 8707). Every other is refused.
    pub fn resource(self, uri: impl Into<String>) -> Self {
        self.with(|config| config.resources.push(uri.into()))
    }

    /// Demands proof keys from confidential clients, too, as OAuth 2.1 does. Public ones always need them.
    pub fn require_pkce(self) -> Self {
        self.with(|config| config.pkce_for_all = true)
    }

    /// Takes proof keys of the method `plain`.
    ///
    /// What this gives away: who reads the authorization request can redeem the code.
    pub fn allow_plain_pkce(self) -> Self {
        self.with(|config| config.plain_pkce = true)
    }

    /// Takes no authorization request that was not pushed (RFC 9126).
    pub fn require_pushed_requests(self) -> Self {
        self.with(|config| config.only_pushed = true)
    }

    /// How long a code lives: a minute unless said otherwise. RFC 6749 §4.1.2 recommends ten at most.
    pub fn code_lifetime(self, lifetime: Duration) -> Self {
        self.with(|config| config.code_lifetime = lifetime)
    }

    /// How long a device waits for its user: ten minutes unless said otherwise.
    pub fn device_lifetime(self, lifetime: Duration) -> Self {
        self.with(|config| config.device_lifetime = lifetime)
    }

    /// How long a device has to wait from one question to the next: five seconds unless said otherwise.
    pub fn device_interval(self, interval: Duration) -> Self {
        self.with(|config| config.device_interval = interval)
    }

    /// How long a pushed request lives: a minute unless said otherwise.
    pub fn pushed_request_lifetime(self, lifetime: Duration) -> Self {
        self.with(|config| config.pushed_lifetime = lifetime)
    }

    /// Lets clients register (RFC 7591). Nobody can unless this says who.
    pub fn registration(self, policy: RegistrationPolicy) -> Self {
        self.with(|config| config.registration = policy)
    }

    /// Lets clients register a redirect_uri of any scheme of their own, such as the `cursor:` and `vscode:` of editors. Unless said
    /// otherwise, such a scheme is a domain name in reverse, like `com.example.app:`. Schemes that a browser or an operating system
    /// acts on (`javascript:`, `data:`, `file:`, `intent:`, `ftp:`, `mailto:` and their like) stay refused, and so does http to another
    /// machine.
    ///
    /// # Security
    /// What this gives away: who owns the scheme. Any app can claim one that is no domain name, and nobody can say whose it is (RFC
    /// 8252 §7.1, §8.4). Codes go to whichever app the user's system starts; without the proof key it cannot redeem them. With
    /// [`RegistrationPolicy::AllowAnyone`], whoever registers can have users' browsers start any app that has a scheme, with
    /// parameters behind it that the registrant chose.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::server::{Provider, RegistrationPolicy};
    ///
    /// let provider = Provider::new("https://auth.example.com")?
    ///     .registration(RegistrationPolicy::AllowAnyone)
    ///     .allow_any_private_scheme();
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn allow_any_private_scheme(self) -> Self {
        self.with(|config| config.private_schemes = PrivateSchemes::Any)
    }

    /// Takes any port of `localhost` where a client registered a redirect_uri there, as it always does of `127.0.0.1` and `[::1]` (RFC
    /// 8252 §7.3): many programs listen on a free port, and name `localhost`.
    ///
    /// # Security
    /// What this gives away: the name may lead elsewhere. A user's system may resolve `localhost` to another interface or host, and a
    /// program that listens there may take the code (§8.3); without the proof key it cannot redeem it.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::server::{ClientRecord, Provider};
    ///
    /// let provider = Provider::new("https://auth.example.com")?.allow_localhost_ports();
    /// // May be sent back to http://localhost:51004/cb, too.
    /// let tool = ClientRecord::public("tool").redirect_uri("http://localhost/cb");
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn allow_localhost_ports(self) -> Self {
        self.with(|config| config.any_port = AnyPort::OfLocalhost)
    }

    /// A further member of the metadata (RFC 8414 §2), such as `service_documentation`, or another value of one that is there:
    /// `token_endpoint_auth_methods_supported`, where a [`ClientSource`] knows further methods. A value that such a member cannot
    /// have is left out.
    pub fn metadata_member(self, name: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
        self.with(|config| drop(config.metadata.insert(name.into(), value.into())))
    }

    /// Deals with any request to the server, by its path, which is the whole one that the client asked for. A request for another
    /// path is refused with [`Reason::NoSuchPath`]. Bodies of more than 64 KiB are refused; what a web server reads before is its
    /// own to bound. Pages in other origins that ask these endpoints need CORS headers, which are the application's to add.
    pub fn dispatch<B: AsRef<[u8]>>(&self, request: &Request<B>, moment: Moment) -> Reply<Dispatched> {
        let path = request.uri().path();
        match self.0.paths.find(path) {
            Some(Endpoint::Authorize) => reply(&Voice::Page, self.read_authorization_request(request, moment)),
            Some(Endpoint::Device) => {
                let page = self.read_page_request(request);
                reply(&Voice::Page, page.map(|page| Reply::Done(Dispatched::Device(page))))
            }
            Some(Endpoint::Token) => reply(&Voice::Json, self.read_token_request(request, moment)),
            Some(Endpoint::Introspect) => reply(&Voice::Json, self.read_introspection(request, moment)),
            Some(Endpoint::Revoke) => reply(&Voice::Json, self.read_revocation(request, moment)),
            Some(Endpoint::DeviceAuthorization) => reply(&Voice::Json, self.read_device_request(request, moment)),
            Some(Endpoint::PushedRequest) => reply(&Voice::Json, self.read_pushed_request(request, moment)),
            Some(Endpoint::Register) => self.answer_registration(request, moment),
            Some(Endpoint::Metadata) => reply(&Voice::Json, self.read_metadata_request(request)),
            None => Reply::Reject(Reason::NoSuchPath.reject(&Voice::Json)),
        }
    }

    /// The grant of that name, and where it is in the list.
    pub(super) fn offer(&self, name: &str) -> Option<(usize, &GrantType)> {
        self.0.grant_types.iter().enumerate().find(|(_, own)| own.name == name)
    }

    /// Whether a grant is offered.
    pub(super) fn offers(&self, name: &str) -> bool {
        self.offer(name).is_some()
    }
}

/// For the grants that can have unique tokens.
fn make_unique(grant_type: &mut GrantType) {
    grant_type.unique |= matches!(grant_type.name.as_str(), "authorization_code" | "password");
}

/// A hash that is nobody's.
fn stand_in(hasher: &dyn SecretHasher) -> Arc<str> {
    hasher.hash(&Secret::new("no client has this secret"), [0; 16]).into()
}

/// That a request has the method of its endpoint.
pub(super) fn check_method<B>(request: &Request<B>, allowed: &'static str) -> Result<(), Reason> {
    if request.method() == allowed || allowed.split(", ").any(|method| request.method() == method) {
        return Ok(());
    }
    Err(Reason::HttpMethod { method: Method::clone(request.method()), allowed })
}

/// A question, and the way on with its answer. Where that comes to a refusal, or storage fails, the other side is told so.
pub(crate) fn ask<C: Command, T>(
    question: fn(Ask<C, Reply<T>>) -> Question<T>,
    command: C,
    voice: Voice,
    next: impl FnOnce(C::Answer) -> Result<Reply<T>, Reason> + Send + 'static,
) -> Reply<T> {
    ask_back(question, command, voice, move |_, answer| next(answer))
}

/// The same, for a way on that wants the command back.
pub(super) fn ask_back<C: Command, T>(
    question: fn(Ask<C, Reply<T>>) -> Question<T>,
    command: C,
    voice: Voice,
    next: impl FnOnce(C, C::Answer) -> Result<Reply<T>, Reason> + Send + 'static,
) -> Reply<T> {
    Reply::Ask(question(Ask::with_command(command, move |command, answer| {
        let end = answer.map_err(Reason::StoreFailed).and_then(|answer| next(command, answer));
        reply(&voice, end)
    })))
}

/// A reply, or the refusal.
pub(super) fn reply<T>(voice: &Voice, result: Result<Reply<T>, Reason>) -> Reply<T> {
    result.unwrap_or_else(|reason| Reply::Reject(reason.reject(voice)))
}
