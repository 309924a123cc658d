//! Tokens that another server has issued: introspection, RFC 7662, whose responses are remembered
//! for a while.

use std::fmt;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use super::access::Access;
use super::guard::{Guard, has};
use super::refuse::{ProtectedResource, Rejected};
use super::remembered::{Limits, Remembered};
use crate::core::error::resource::RejectReason;
use crate::core::single_flight::SingleFlight;
use crate::core::step::{Transport, run_async_with};
use crate::core::token_hash::TokenHash;
use crate::oauth2::{Client, HintedToken, Introspection, Scope};
use crate::wire::truncated;
use crate::{DriveError, Moment, Timestamp};

/// Checks tokens at the introspection endpoint of an authorization server (RFC 7662), and remembers
/// the responses.
///
/// An active token is remembered for one minute, so a revoked token is accepted for up to one
/// minute. An inactive token is remembered for five seconds. You can change both times, or
/// [forget](Self::forget) one token at once. Clones share one memory.
///
/// [`ResourceServer::admit`](super::ResourceServer::admit) introspects a token only once if many
/// requests with the same token arrive at the same time.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::resource::{RemoteTokens, ResourceServer};
/// use oauth_proto::oauth2::{AuthorizationServer, Client};
/// use oauth_proto::{Request, Response};
/// use std::time::Duration;
/// # fn send(_: Request) -> Result<Response, std::io::Error> { unimplemented!() }
///
/// let mut server = AuthorizationServer::new("https://auth.example.com/token")?;
/// server.introspection_endpoint = Some("https://auth.example.com/introspect".into());
/// let client = Client::new(server, "photos").secret("7Fjfp0ZBr1KtDRbnfVdmIw");
/// let mut tokens = RemoteTokens::new(client);
/// tokens.remembered_for = Duration::from_secs(30);
/// let photos = ResourceServer::builder("https://photos.example.com").build()?;
///
/// let albums = |request: &Request| -> Response {
///     match photos.admit(request, "photos.read", &tokens, send) {
///         Ok(access) => {
///             Response::new(format!("the albums of {:?}", access.user()).into_bytes())
///         }
///         Err(not_admitted) => not_admitted.response(),
///     }
/// };
/// # Ok::<(), oauth_proto::Error>(())
/// ```
///
/// You can also make the client from the metadata of the authorization server. Many servers, such
/// as Keycloak, put another name of an API into `aud`, and not its URL:
/// ```no_run
/// use oauth_proto::oauth2::resource::RemoteTokens;
/// use oauth_proto::oauth2::{AuthorizationServer, Client, Discovery};
/// use oauth_proto::run;
/// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> {
/// #     unimplemented!()
/// # }
///
/// let metadata =
///     run(Discovery::new("https://keycloak.example.com/realms/photos")?.start()?, send)?;
/// let client = Client::new(AuthorizationServer::from_metadata(&metadata)?, "photos-api")
///     .secret("7Fjfp0ZBr1KtDRbnfVdmIw");
/// let mut tokens = RemoteTokens::new(client);
/// tokens.audiences.push("photos-api".into());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct RemoteTokens {
    /// The time for which an active token is remembered, counted from its introspection, and at
    /// most until the token expires. A revoked token is accepted for up to this time. With zero,
    /// each request introspects. Default: one minute.
    pub remembered_for: Duration,
    /// The time for which an inactive token is remembered, so a client that repeats such a token
    /// does not cause an introspection each time. With zero, each request introspects. Default:
    /// five seconds.
    pub refusals_remembered_for: Duration,
    /// The number of active tokens that are remembered at most. The same number of inactive tokens
    /// is remembered. Default: ten thousand.
    pub capacity: usize,
    /// The time by which the authorization server's clock may be ahead of this one: a token is
    /// accepted this long before its `nbf`. The leeway does not apply to `exp`. Default: one
    /// minute.
    pub leeway: Duration,
    /// Further names of the resource in `aud`, besides its URL. RFC 7662 §2.2 does not say how a
    /// server names an API, and many servers use other names, such as a client id. Default: empty.
    ///
    /// A token without `aud` is accepted by every resource, unless
    /// [`require_audience`](field@super::ResourceServerBuilder::require_audience) is set.
    pub audiences: Vec<String>,
    pub(super) client: Client,
    pub(super) remembered: Arc<Remembered>,
    /// The introspections that are under way.
    pub(super) flights: Arc<SingleFlight<TokenHash, Result<Arc<Introspection>, DriveError>>>,
}

impl RemoteTokens {
    /// Makes a value that introspects tokens with this client. The client's server needs an
    /// introspection endpoint.
    pub fn new(client: Client) -> Self {
        Self {
            remembered_for: Duration::from_secs(60),
            refusals_remembered_for: Duration::from_secs(5),
            capacity: 10_000,
            leeway: Duration::from_secs(60),
            audiences: Vec::new(),
            client,
            remembered: Arc::default(),
            flights: Arc::default(),
        }
    }

    /// Removes a token from the memory. Call this when your API learns that the token was revoked.
    /// The next request with the token introspects it, even if an introspection is under way.
    pub fn forget(&self, token: &str) {
        let key = TokenHash::of(token);
        self.remembered.forget(key);
        self.flights.let_go(&key);
    }

    pub(super) fn limits(&self) -> Limits {
        Limits {
            active: self.remembered_for,
            inactive: self.refusals_remembered_for,
            capacity: self.capacity,
        }
    }

    pub(super) fn recall(&self, key: TokenHash, now: Timestamp) -> Option<Arc<Introspection>> {
        self.remembered.recall(key, &self.limits(), now)
    }

    /// Introspects a token, and remembers the response.
    pub(super) async fn ask(
        &self,
        key: TokenHash,
        token: &str,
        send: &mut impl Transport,
        mut moment: impl FnMut() -> Moment,
    ) -> Result<Arc<Introspection>, DriveError> {
        let first = moment();
        // Another caller may have introspected the token since the first look.
        if let Some(introspection) = self.recall(key, first.now) {
            return Ok(introspection);
        }
        let asked = self.remembered.asked(first.now);
        let step = self.client.introspect(HintedToken::AccessToken(token.into()), first)?;
        // An introspection does not wait, so no function for sleep is needed.
        let introspection = Arc::new(
            run_async_with(step, |request| send.send(request), &mut moment, |_| ready(())).await?,
        );
        self.remembered.remember(key, &introspection, asked, &self.limits(), moment().now);
        Ok(introspection)
    }

    /// Checks an introspection for a request. A token without `aud` is for every resource, unless
    /// the resource requires an audience.
    fn judge(
        &self,
        guarded: &ProtectedResource,
        introspection: &Introspection,
        scope: &Scope,
        now: Timestamp,
    ) -> Result<(), RejectReason> {
        if !introspection.active {
            return Err(RejectReason::TokenInactive);
        }
        if let Some(at) = introspection.exp.filter(|at| *at <= now) {
            return Err(RejectReason::TokenExpired { at, now });
        }
        if let Some(from) = introspection.nbf.filter(|from| *from > now.after(self.leeway)) {
            return Err(RejectReason::TokenNotYetValid { from, now });
        }
        if let Some(kind) = introspection.token_type.as_deref().filter(|kind| is_other_kind(kind)) {
            return Err(RejectReason::TokenKind(truncated(kind)));
        }
        guarded.check_audience(&introspection.aud, &self.audiences)?;
        let granted = introspection.scope.as_ref();
        let has_scope = granted.map_or(scope.is_empty(), |granted| has(granted, scope));
        if has_scope { Ok(()) } else { Err(RejectReason::ScopeInsufficient) }
    }

    pub(super) fn end(
        &self,
        guard: &Guard,
        introspection: Arc<Introspection>,
        scope: Scope,
        now: Timestamp,
    ) -> End {
        match self.judge(&guard.guarded, &introspection, &scope, now) {
            Ok(()) => Ok(Access::of(introspection)),
            Err(reason) => Err(guard.reject(reason, scope)),
        }
    }
}

/// The access of a request, or the refusal.
pub(super) type End = Result<Access, Rejected>;

impl fmt::Debug for RemoteTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteTokens")
            .field("client", &self.client)
            .field("limits", &self.limits())
            .finish_non_exhaustive()
    }
}

/// Returns whether a `token_type` is not that of a bearer access token: it needs a proof of a key,
/// or is not for resources. The member is optional, and servers send all kinds of words for a
/// bearer token.
fn is_other_kind(kind: &str) -> bool {
    let kind = kind.rsplit(':').next().unwrap_or_default();
    ["dpop", "pop", "mac", "n_a", "refresh_token", "id_token"]
        .iter()
        .any(|other| kind.eq_ignore_ascii_case(other))
}
