//! An authorization server, and the way of a request to its endpoint.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request};

use super::authentication::Authentications;
use super::builder::ProviderBuilder;
use super::client_metadata::PrivateSchemes;
use super::client_record::AnyPort;
use super::consent::Consent;
use super::device_page::DevicePage;
use super::generator::TokenGenerator;
use super::grant_type::{DEVICE_CODE, GrantType};
use super::paths::{Endpoint, Paths};
use super::reason::RejectReason;
use super::refusal_channel::RefusalChannel;
use super::register::RegistrationPolicy;
use super::rejected::Rejected;
use super::store::{NextQuery, ServerStep};
use crate::{Moment, PendingQuery, Response, Secret, ServerQuery, Timestamp};

/// An authorization server: requests in, responses out, and queries to storage in between.
///
/// ```
/// use oauth_proto::oauth2::server::{ClientRecord, Dispatched, Approval, GrantType, MemoryStore, Provider, serve};
/// use oauth_proto::{Moment, Request, Response};
///
/// let provider = Provider::builder("https://auth.example.com")
///     .add_grant_type(GrantType::authorization_code().scopes("photos.read photos.write"))
///     .add_grant_type(GrantType::client_credentials().scopes("stats"))
///     .add_grant_type(GrantType::refresh_token())
///     .build()?;
/// let store = MemoryStore::default();
/// store.add_client(ClientRecord::confidential("printer", "7Fjfp0ZBr1KtDRbnfVdmIw")?.grant_types(["client_credentials"]));
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
    pub(super) token_reuse_keys: Vec<ReuseKey>,
    pub(super) dangerous_short_keys: bool,
    pub(super) reuse_all: bool,
    pub(super) scope_separator: char,
    pub(super) resources: Vec<String>,
    pub(super) resource_required: bool,
    pub(super) pkce_for_all: bool,
    pub(super) plain_pkce: bool,
    pub(super) only_pushed: bool,
    pub(super) code_lifetime: Duration,
    pub(super) device_lifetime: Duration,
    pub(super) device_interval: Duration,
    pub(super) complete_uri: bool,
    pub(super) pushed_lifetime: Duration,
    pub(super) registration: RegistrationPolicy,
    /// Whether the application is asked about token answers, and about those of introspection.
    pub(super) extends_tokens: bool,
    pub(super) extends_introspection: bool,
    /// Members of grants' data that introspection tells.
    pub(super) introspected: Vec<String>,
    pub(super) private_schemes: PrivateSchemes,
    pub(super) any_port: AnyPort,
    pub(super) metadata: serde_json::Map<String, serde_json::Value>,
}

/// A key of reusable tokens, and when the next one takes its place.
#[derive(Clone, Debug)]
pub(super) struct ReuseKey {
    pub(super) key: Secret,
    pub(super) ends_at: Option<Timestamp>,
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
    /// The user has to decide: show a page, whose form posts to a path of the application's own, then [`Provider::approve`] or
    /// [`Provider::deny`]. Where no page can be shown, as for a request with `prompt=none` of a user who has not signed in, answer by
    /// [`Provider::redirect_with_error`].
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
/// The functions behind the endpoints are generic over it, since mapping a step costs a box for each of its queries.
pub(super) trait EndpointOutput: From<Response> + 'static {}

impl<T: From<Response> + 'static> EndpointOutput for T {}

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
    /// Returns a builder of a server with that issuer identifier (RFC 8414 §2): an https URL without query and fragment, to which
    /// the paths of its endpoints belong. It offers no grant yet.
    pub fn builder(issuer: impl Into<String>) -> ProviderBuilder {
        ProviderBuilder::new(issuer.into())
    }

    /// Deals with any request to the server, by its path, which is the whole one that the client asked for. A request for another
    /// path is refused with [`RejectReason::NoSuchPath`]. Bodies of more than 64 KiB are refused; what a web server reads before is its
    /// own to bound. Pages in other origins that ask these endpoints need CORS headers, which are the application's to add.
    pub fn dispatch<B: AsRef<[u8]>>(&self, request: &Request<B>, moment: Moment) -> ServerStep<Dispatched> {
        let path = request.uri().path();
        match self.0.paths.find(path).filter(|endpoint| self.serves(*endpoint)) {
            Some(Endpoint::Authorize) => {
                or_reject(&RefusalChannel::page(Endpoint::Authorize), self.read_authorization_request(request, moment))
            }
            Some(Endpoint::Device) => {
                let page = self.read_page_request(request);
                or_reject(
                    &RefusalChannel::page(Endpoint::Device),
                    page.map(|page| ServerStep::Done(Dispatched::Device(page))),
                )
            }
            Some(Endpoint::Token) => {
                self.or_reject_with_client(request, Endpoint::Token, self.read_token_request(request, moment))
            }
            Some(Endpoint::Introspect) => {
                self.or_reject_with_client(request, Endpoint::Introspect, self.read_introspection(request, moment))
            }
            Some(Endpoint::Revoke) => {
                self.or_reject_with_client(request, Endpoint::Revoke, self.read_revocation(request, moment))
            }
            Some(Endpoint::DeviceAuthorization) => self.or_reject_with_client(
                request,
                Endpoint::DeviceAuthorization,
                self.read_device_request(request, moment),
            ),
            Some(Endpoint::PushedRequest) => {
                self.or_reject_with_client(request, Endpoint::PushedRequest, self.read_pushed_request(request, moment))
            }
            Some(Endpoint::Register) => self.answer_registration(request, moment),
            Some(Endpoint::Metadata) => {
                or_reject(&RefusalChannel::json(Endpoint::Metadata), self.read_metadata_request(request))
            }
            None => ServerStep::Reject(self.no_such_path(path)),
        }
    }

    /// Returns whether an endpoint has anything to do.
    fn serves(&self, endpoint: Endpoint) -> bool {
        match endpoint {
            Endpoint::Authorize | Endpoint::PushedRequest => {
                self.offers("authorization_code") || self.offers("implicit")
            }
            Endpoint::DeviceAuthorization | Endpoint::Device => self.offers(DEVICE_CODE),
            Endpoint::Register => self.0.registration != RegistrationPolicy::Off,
            _ => true,
        }
    }

    /// Refuses a request for a path that is no endpoint's, and names those that there are.
    pub(super) fn no_such_path(&self, path: &str) -> Rejected {
        let config = &self.0;
        let served = config.paths.iter().filter(|(endpoint, _)| self.serves(*endpoint));
        let expected = served.map(|(_, path)| path.to_owned()).collect();
        RejectReason::NoSuchPath { received: crate::wire::truncated(path), expected }.reject(&RefusalChannel::own())
    }

    /// The grant of that name, and where it is in the list.
    pub(super) fn grant_config(&self, name: &str) -> Option<(usize, &GrantType)> {
        self.0.grant_types.iter().enumerate().find(|(_, own)| own.name == name)
    }

    /// Whether a grant is offered.
    pub(super) fn offers(&self, name: &str) -> bool {
        self.grant_config(name).is_some()
    }
}

/// That a request has the method of its endpoint.
pub(super) fn check_method<B>(request: &Request<B>, allowed: &'static str) -> Result<(), RejectReason> {
    if request.method() == allowed || allowed.split(", ").any(|method| request.method() == method) {
        return Ok(());
    }
    Err(RejectReason::HttpMethod { method: Method::clone(request.method()), allowed })
}

/// A query, and the way on with its answer. Where that comes to a refusal, or storage fails, the other side is told so.
pub(crate) fn ask<Q: ServerQuery, T>(
    pending: fn(PendingQuery<Q, ServerStep<T>>) -> NextQuery<T>,
    query: Q,
    channel: RefusalChannel,
    next: impl FnOnce(Q::Output) -> Result<ServerStep<T>, RejectReason> + Send + 'static,
) -> ServerStep<T> {
    ask_back(pending, query, channel, move |_, answer| next(answer))
}

/// The same, for a way on that wants the query back.
pub(super) fn ask_back<Q: ServerQuery, T>(
    pending: fn(PendingQuery<Q, ServerStep<T>>) -> NextQuery<T>,
    query: Q,
    channel: RefusalChannel,
    next: impl FnOnce(Q, Q::Output) -> Result<ServerStep<T>, RejectReason> + Send + 'static,
) -> ServerStep<T> {
    ServerStep::Query(pending(PendingQuery::with_query(query, move |query, answer| {
        let end = answer.map_err(RejectReason::StoreFailed).and_then(|answer| next(query, answer));
        or_reject(&channel, end)
    })))
}

/// A step, or the refusal.
pub(super) fn or_reject<T>(channel: &RefusalChannel, result: Result<ServerStep<T>, RejectReason>) -> ServerStep<T> {
    result.unwrap_or_else(|reason| ServerStep::Reject(reason.reject(channel)))
}
