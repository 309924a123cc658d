//! The provider's configuration, and the endpoint that takes all messages.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Method;

use super::super::allowed::Allowed;
use super::super::association::AssociationKind;
use super::super::message::{Message, Version};
use super::super::options::Options;
use super::super::realm::Realm;
use super::association_handle::HandleKeys;
use super::check_id_request::CheckIdRequest;
use super::rejected::RejectReason;
use super::store::ServerStep;
use crate::wire::{check_private, endpoint, form, is_private};
use crate::{Error, Moment, Request, Response, Secret, Unsupported};

/// The least that a secret must have to be one.
const SECRET: usize = 32;

/// How long an association lasts, unless [`Provider::association_lifetime`] says otherwise.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// An OpenID provider.
///
/// ```
/// use oauth_proto::openid2::server::{Dispatched, Provider, serve};
/// use oauth_proto::openid2::{MemoryStore, Options};
/// use oauth_proto::{Moment, Request, Response, Secret};
///
/// # fn main() -> Result<(), oauth_proto::Error> {
/// // `openssl rand -hex 32`, the same in every process, and kept.
/// let secret = Secret::new("4f1c…, sixty-four digits of hexadecimal that nobody has seen");
/// let provider = Provider::new("https://op.example/openid", &secret, Options::default())?;
///
/// fn handle(provider: &Provider, store: &MemoryStore, request: &Request) -> Response {
///     match serve(provider.dispatch(request, Moment::from_os()), store) {
///         Ok(Dispatched::Respond(response)) => response,
///         // Nobody may be asked: `approve` if the user is signed in and has consented before, or else this.
///         Ok(Dispatched::CheckIdRequest(check_id)) if check_id.is_immediate() => provider.cancel(*check_id),
///         // Keep it in the session (it is serde), sign the user in, ask whether the realm may know, and then
///         // `provider.approve(…)` or `provider.cancel(…)`: see `CheckIdRequest`.
///         Ok(Dispatched::CheckIdRequest(check_id)) => ask_the_user(*check_id),
///         Err(rejected) => rejected.response(),
///     }
/// }
/// # fn ask_the_user(_: oauth_proto::openid2::server::CheckIdRequest) -> Response { Response::default() }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Provider {
    pub(super) endpoint: String,
    pub(super) handles: HandleKeys,
    pub(super) kinds: Vec<AssociationKind>,
    pub(super) lifetime: Duration,
    pub(super) allowed: Allowed,
    /// Whether others can listen at the endpoint.
    pub(super) in_the_clear: bool,
    is_public_suffix: Option<IsPublicSuffix>,
}

type IsPublicSuffix = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// What a request to the endpoint leads to.
///
/// ```
/// use oauth_proto::openid2::server::Dispatched;
///
/// fn wants_a_page(handled: &Dispatched) -> bool {
///     matches!(handled, Dispatched::CheckIdRequest(check_id) if !check_id.is_immediate())
/// }
/// ```
pub enum Dispatched {
    /// Send this.
    Respond(Response),
    /// A relying party wants to know who the user is: find out, ask the user, and answer by [`Provider::approve`] or
    /// [`Provider::cancel`].
    CheckIdRequest(Box<CheckIdRequest>),
}

impl fmt::Debug for Dispatched {
    /// A response may hold an association's key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Respond(response) => f.debug_tuple("Respond").field(&response.status()).finish(),
            Self::CheckIdRequest(check_id) => f.debug_tuple("CheckIdRequest").field(check_id).finish(),
        }
    }
}

impl Provider {
    /// Makes a provider with that endpoint: with TLS, or on this machine. `secret` is random and has 32 bytes or more, such
    /// as 64 digits of hexadecimal; every process of the provider has the same.
    ///
    /// # Errors
    /// [`Unsupported::Url`] when the endpoint is no absolute URL, [`Unsupported::PlainHttp`] when it has no TLS and
    /// [`Options::dangerous_allow_http`] is not set, [`Unsupported::ShortSecret`] when the secret is too short to be one.
    pub fn new(endpoint_url: &str, secret: &Secret, options: Options) -> Result<Self, Error> {
        let uri = endpoint(endpoint_url)?;
        if !options.allowed.plain_http {
            check_private(&uri, Some("Options::dangerous_allow_http"))?;
        }
        Ok(Self {
            endpoint: endpoint_url.to_owned(),
            handles: HandleKeys::new(checked(secret)?, endpoint_url),
            kinds: options.kinds_or(&AssociationKind::ALL),
            lifetime: LIFETIME,
            allowed: options.allowed,
            in_the_clear: !is_private(&uri),
            is_public_suffix: None,
        })
    }

    /// A secret that was used before: what was made with it counts until it expires.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn former_secret(mut self, secret: &Secret) -> Result<Self, Error> {
        self.handles.also(checked(secret)?, &self.endpoint);
        Ok(self)
    }

    /// How long associations last. A day unless said otherwise.
    pub fn association_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Says below which hosts anybody can have a site, in the place of [a rule of thumb](super::super::Realm::is_too_wide):
    /// a realm whose wildcard stands there is refused (§9.2). Hosts come as browsers write them, in small letters and
    /// Punycode.
    ///
    /// ```
    /// use oauth_proto::openid2::server::Provider;
    ///
    /// # fn example(provider: Provider) {
    /// // In earnest, a look into the public suffix list.
    /// let provider = provider.public_suffixes(|host| matches!(host, "com" | "co.uk" | "github.io"));
    /// # }
    /// ```
    pub fn public_suffixes(mut self, is_one: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.is_public_suffix = Some(Arc::new(is_one));
        self
    }

    /// Whether a realm covers the sites of many owners.
    pub(super) fn is_too_wide(&self, realm: &Realm) -> bool {
        match (&self.is_public_suffix, realm.wildcard_host()) {
            (_, None) => false,
            (None, Some(_)) => realm.is_too_wide(),
            (Some(is_one), Some(host)) => is_one(host.trim_end_matches('.')),
        }
    }

    /// Takes a request to the endpoint: `associate` and `check_authentication` are answered, `checkid_setup` and
    /// `checkid_immediate` become a [`CheckIdRequest`].
    ///
    /// What cannot be answered is told to the relying party, by a redirect, only where its realm can be trusted and the
    /// return_to lies in it. The user sees a page otherwise.
    pub fn dispatch(&self, request: &Request, moment: Moment) -> ServerStep<Dispatched> {
        let is_post = request.method() == Method::POST;
        let text = match text(request) {
            Ok(text) => text,
            Err(reason) => return ServerStep::Reject(reason.page()),
        };
        let (message, version) = match self.read(text) {
            Ok(read) => read,
            Err((reason, version)) => return ServerStep::Reject(reason.told(self, text, is_post, version)),
        };
        match message.get("mode").unwrap_or_default() {
            "checkid_setup" => self.check_id(&message, version, false),
            "checkid_immediate" => self.check_id(&message, version, true),
            "associate" if is_post => self.associate(&message, version, &moment),
            "check_authentication" if is_post => self.confirm(&message, version, moment.now),
            "associate" | "check_authentication" => {
                ServerStep::Reject(RejectReason::HttpMethod(request.method().clone()).page())
            }
            _ => ServerStep::Reject(RejectReason::Mode.told(self, text, is_post, version)),
        }
    }

    /// A message that this provider understands; or what is wrong with it, and in which version that is to be said.
    fn read(&self, text: &str) -> Result<(Message, Version), (RejectReason, Version)> {
        let message = Message::parse(text).map_err(|_| (RejectReason::Malformed, Version::V2_0))?;
        let version = message.version().ok_or((RejectReason::Version, Version::V2_0))?;
        if message.get("mode").is_none_or(str::is_empty) {
            return Err((RejectReason::NotOpenid, version));
        }
        if version == Version::V1_1 && !self.allowed.openid1 {
            return Err((RejectReason::Version, version));
        }
        if !message.has_sound_aliases() {
            return Err((RejectReason::Malformed, version));
        }
        Ok((message, version))
    }
}

/// Where the message of a request is (§4.1.2): of a POST, only its form counts.
fn text(request: &Request) -> Result<&str, RejectReason> {
    match *request.method() {
        Method::GET => Ok(request.uri().query().unwrap_or_default()),
        Method::POST if form::is_form(request.headers()) != Some(true) => Err(RejectReason::NotAForm),
        Method::POST => std::str::from_utf8(request.body()).map_err(|_| RejectReason::Malformed),
        _ => Err(RejectReason::HttpMethod(request.method().clone())),
    }
}

fn checked(secret: &Secret) -> Result<&[u8], Error> {
    let bytes = secret.expose().as_bytes();
    if bytes.len() < SECRET {
        return Err(Unsupported::ShortSecret { length: bytes.len(), least: SECRET }.into());
    }
    Ok(bytes)
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
