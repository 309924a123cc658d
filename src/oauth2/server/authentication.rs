//! Who the client is, RFC 6749 §2.3.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, Request};
use zeroize::Zeroize;

use super::client_record::ClientRecord;
use super::commands::FindClient;
use super::parameters::Parameters;
use super::provider::{Provider, ask_back, check_method};
use super::rejected::{Reason, Voice};
use super::secrets::SecretHasher;
use super::store::{Question, Reply};
use crate::wire::{auth_param, form, shortened};
use crate::{Secret, Timestamp};

/// A source of the application's own for who a client is: mutual TLS (RFC 8705), an assertion (RFC 7523), a gateway's header.
///
/// ```
/// use http::request::Parts;
/// use oauth_proto::oauth2::server::{ClaimedClient, ClientSource, GrantType, Provider};
///
/// /// The certificate that the TLS layer has verified, put into the request's extensions by the web server.
/// #[derive(Clone)]
/// struct Certificate { thumbprint: String }
///
/// #[derive(Debug)]
/// struct MutualTls;
///
/// impl ClientSource for MutualTls {
///     fn find(&self, request: &Parts, parameters: &[(&str, &str)]) -> Option<ClaimedClient> {
///         let shown = request.extensions.get::<Certificate>()?.thumbprint.clone();
///         let (_, client_id) = parameters.iter().find(|(name, _)| *name == "client_id")?;
///         Some(ClaimedClient::new(*client_id, move |record| {
///             record.metadata.extra.get("certificate").is_some_and(|known| *known == *shown)
///         }))
///     }
/// }
///
/// let provider = Provider::builder("https://auth.example.com")
///     .add_grant_type(GrantType::client_credentials().scopes("stats"))
///     .client_source(MutualTls)
///     .build()?;
/// # Ok::<(), oauth_proto::oauth2::server::InvalidConfiguration>(())
/// ```
pub trait ClientSource: fmt::Debug + Send + Sync {
    /// Who the client claims to be, if the request shows something that this source knows how to check; `None` for clients that
    /// authenticate otherwise, since a second way is refused. The parameters are those of the body.
    fn find(&self, request: &Parts, parameters: &[(&str, &str)]) -> Option<ClaimedClient>;
}

/// Who a client claims to be, and how that is checked once the client is known.
///
/// ```
/// use oauth_proto::oauth2::server::ClaimedClient;
///
/// let claimed = ClaimedClient::new("printer", |client| !client.is_public());
/// ```
pub struct ClaimedClient {
    client_id: String,
    check: Check,
}

type Check = Box<dyn FnOnce(&ClientRecord) -> bool + Send>;

impl ClaimedClient {
    /// A claim and its check.
    pub fn new(client_id: impl Into<String>, check: impl FnOnce(&ClientRecord) -> bool + Send + 'static) -> Self {
        Self { client_id: client_id.into(), check: Box::new(check) }
    }
}

impl fmt::Debug for ClaimedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClaimedClient").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// How a provider takes clients' secrets.
#[derive(Clone, Debug)]
pub(super) struct Authentications {
    pub(super) hasher: Arc<dyn SecretHasher>,
    /// A hash that is nobody's, so that an unknown client takes as long as a known one.
    pub(super) stand_in: Arc<str>,
    pub(super) source: Option<Arc<dyn ClientSource>>,
    pub(super) basic: bool,
    pub(super) body: bool,
    pub(super) raw_basic: bool,
}

/// What a request shows of its client.
pub(super) struct Presented {
    client_id: String,
    proof: Proof,
}

/// What a client proves by that it is the one that it says.
enum Proof {
    Nothing,
    Secret(Secret),
    Own(Check),
}

impl Authentications {
    /// Who the client says that it is. One way at most (§2.3).
    pub(super) fn present<B>(&self, request: &Request<B>, parameters: &Parameters<'_>) -> Result<Presented, Reason> {
        let client_id = parameters.get("client_id");
        let in_body = parameters.get("client_secret");
        if let Some(claimed) = self.ask_source(request, parameters) {
            let by_basic = has_basic(request.headers());
            if by_basic || in_body.is_some() || client_id.is_some_and(|named| named != claimed.client_id) {
                return Err(Reason::TwoAuthentications);
            }
            return Ok(Presented { client_id: claimed.client_id, proof: Proof::Own(claimed.check) });
        }
        let basic = self.basic(request.headers())?;
        match (basic, in_body) {
            (Some(_), Some(_)) => Err(Reason::TwoAuthentications),
            (Some((basic, _)), None) if client_id.is_some_and(|named| named != basic) => {
                Err(Reason::TwoAuthentications)
            }
            (Some(_), None) if !self.basic => Err(Reason::NotAuthenticated),
            (Some((client_id, secret)), None) => Ok(Presented { client_id, proof: Proof::Secret(secret) }),
            (None, Some(_)) if !self.body => Err(Reason::NotAuthenticated),
            (None, secret) => {
                let client_id = client_id.ok_or(Reason::NotAuthenticated)?.to_owned();
                let proof = secret.map_or(Proof::Nothing, |secret| Proof::Secret(secret.into()));
                Ok(Presented { client_id, proof })
            }
        }
    }

    fn ask_source<B>(&self, request: &Request<B>, parameters: &Parameters<'_>) -> Option<ClaimedClient> {
        let source = self.source.as_ref()?;
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.method = request.method().clone();
        parts.uri = request.uri().clone();
        parts.headers = request.headers().clone();
        parts.extensions = request.extensions().clone();
        source.find(&parts, &parameters.iter().collect::<Vec<_>>())
    }

    /// Name and secret of HTTP Basic (§2.3.1): each is encoded as in a form, unless clients may send them as they are.
    fn basic(&self, headers: &HeaderMap) -> Result<Option<(String, Secret)>, Reason> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(Reason::TwoAuthentications);
        }
        let (scheme, credentials) = auth_param::scheme(value.as_bytes());
        if !scheme.eq_ignore_ascii_case(b"basic") {
            return Err(Reason::NotAuthenticated);
        }
        let credentials = credentials.trim_ascii_end();
        // Usual ones are decoded in place. What is wiped is what was written.
        let mut buffer = [0; 192];
        let pair = if credentials.len() <= 256 {
            let length = BASE64_STANDARD.decode_slice(credentials, &mut buffer).map_err(|_| {
                buffer.zeroize();
                Reason::NotAuthenticated
            })?;
            let pair = self.split_basic(&buffer[..length]);
            buffer[..length].zeroize();
            pair
        } else {
            let decoded = BASE64_STANDARD.decode(credentials).map_err(|_| Reason::NotAuthenticated)?;
            self.split_basic(&zeroize::Zeroizing::new(decoded))
        };
        pair.map(Some).ok_or(Reason::NotAuthenticated)
    }

    fn split_basic(&self, decoded: &[u8]) -> Option<(String, Secret)> {
        let decode = |part: &str| {
            if self.raw_basic { Some(part.to_owned()) } else { form::decoded_text(part).map(Cow::into_owned) }
        };
        let text = std::str::from_utf8(decoded).ok()?;
        let colon = memchr::memchr(b':', decoded)?;
        Some((decode(&text[..colon])?, Secret::new(decode(&text[colon + 1..])?)))
    }

    /// The client, if it is the one that it claims to be. A client that is not known takes as long as one whose secret is wrong.
    fn authenticate(
        &self,
        client_id: &str,
        proof: Proof,
        found: Option<Arc<ClientRecord>>,
        now: Timestamp,
    ) -> Result<Arc<ClientRecord>, Reason> {
        let client = found.as_deref();
        let by_secret = matches!(proof, Proof::Secret(_));
        let proven = match proof {
            Proof::Nothing => client.is_some_and(ClientRecord::is_public),
            Proof::Own(check) => client.is_some_and(check),
            Proof::Secret(secret) => {
                let hash = client.and_then(|client| client.secret_hash.as_deref());
                let fits = self.hasher.verify(&secret, hash.unwrap_or(&self.stand_in));
                fits && hash.is_some() && client.is_some_and(|client| !client.is_public())
            }
        };
        let Some(client) = found else {
            return Err(Reason::UnknownClient(shortened(client_id)));
        };
        if !proven {
            return Err(Reason::WrongSecret(client.client_id.clone()));
        }
        if by_secret && client.secret_expires_at.is_some_and(|at| at <= now) {
            return Err(Reason::SecretExpired(client.client_id.clone()));
        }
        Ok(client)
    }
}

fn has_basic(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    values.any(|value| auth_param::scheme(value.as_bytes()).0.eq_ignore_ascii_case(b"basic"))
}

impl Provider {
    /// The parameters of a request to an endpoint for clients, and who it says that it is.
    pub(super) fn posted<'r, B: AsRef<[u8]>>(
        &self,
        request: &'r Request<B>,
    ) -> Result<(Parameters<'r>, Presented), Reason> {
        check_method(request, "POST")?;
        let parameters = Parameters::of_body(request)?;
        let presented = self.0.authentications.present(request, &parameters)?;
        Ok((parameters, presented))
    }

    /// Goes on with the client of a request, once it is known to be the one that it claims to be; and with its name.
    pub(super) fn with_client<T: 'static>(
        &self,
        presented: Presented,
        now: Timestamp,
        next: impl FnOnce(Self, Arc<ClientRecord>, String) -> Result<Reply<T>, Reason> + Send + 'static,
    ) -> Reply<T> {
        let Presented { client_id, proof } = presented;
        let provider = self.clone();
        ask_back(Question::FindClient, FindClient { client_id }, Voice::Json, move |command, found| {
            // A store that folds case would let one client go by many names.
            let found = found.filter(|client| client.client_id == command.client_id);
            let client = provider.0.authentications.authenticate(&command.client_id, proof, found, now)?;
            next(provider, client, command.client_id)
        })
    }
}
