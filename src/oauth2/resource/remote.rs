//! Tokens that another server knows: introspection, RFC 7662, remembered for a while.

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
use crate::oauth2::common::token_hash::TokenHash;
use crate::oauth2::{Client, HintedToken, Introspection, Scope};
use crate::wire::truncated;
use crate::{DriveError, Moment, Timestamp};

/// Tokens of an authorization server that is asked about each of them (RFC 7662).
///
/// Its answers are remembered from the time of the question on. The answer "active" is remembered
/// for one minute, so that a revoked token is accepted for up to that long; the answer "not active"
/// for five seconds. Both times can be changed, and one token can be forgotten at once.
/// [`ResourceServer::admit`](super::ResourceServer::admit) asks once where many requests come with
/// one token at the same time.
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
/// The server may be described by its metadata. Many servers, Keycloak among them, do not call an
/// API by its URL in `aud`, but by another name:
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
    /// The time for which the answer "active" is remembered, at most until the token expires. A
    /// revoked token is accepted for up to this long. Zero asks every time. Default: one minute.
    pub remembered_for: Duration,
    /// The time for which the answer "not active" is remembered, so that a client which repeats
    /// such a token does not cost the authorization server a request each time. Zero asks every
    /// time. Default: five seconds.
    pub refusals_remembered_for: Duration,
    /// The number of tokens that are remembered at a time: so many that are active, and so many
    /// that are not. Default: ten thousand.
    pub capacity: usize,
    /// The time by which the authorization server's clock may be ahead of this one: tokens are
    /// accepted this long before their `nbf`. The leeway does not apply to `exp`. Default: one
    /// minute.
    pub leeway: Duration,
    /// Names of the resource in `aud` besides its URL. RFC 7662 §2.2 leaves open what an audience
    /// is called, and many servers give their APIs names of another kind, such as a client
    /// identifier. Default: no names.
    ///
    /// A token without `aud` is accepted by every resource.
    pub audiences: Vec<String>,
    pub(super) client: Client,
    pub(super) remembered: Arc<Remembered>,
    /// Questions that are on their way.
    pub(super) flights: Arc<SingleFlight<TokenHash, Result<Arc<Introspection>, DriveError>>>,
}

impl RemoteTokens {
    /// Returns tokens about which that client asks.
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

    /// Drops a token from what is remembered. Call it when the API learns that the token was
    /// revoked. The next request with the token asks the authorization server, also if it is being
    /// asked already.
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

    /// Asks the authorization server, and remembers the answer.
    pub(super) async fn ask(
        &self,
        key: TokenHash,
        token: &str,
        send: &mut impl Transport,
        mut moment: impl FnMut() -> Moment,
    ) -> Result<Arc<Introspection>, DriveError> {
        let first = moment();
        // Another's answer may have come since this one looked.
        if let Some(introspection) = self.recall(key, first.now) {
            return Ok(introspection);
        }
        let asked = self.remembered.asked(first.now);
        let step = self.client.introspect(HintedToken::AccessToken(token.into()), first)?;
        // An introspection does not wait, so there is nothing to sleep with.
        let introspection = Arc::new(
            run_async_with(step, |request| send.send(request), &mut moment, |_| ready(())).await?,
        );
        self.remembered.remember(key, &introspection, asked, &self.limits(), moment().now);
        Ok(introspection)
    }

    /// Judges an answer of the authorization server. A server that does not say for whom a token is
    /// lets it be for this resource.
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

/// The access of a request that is admitted, or the refusal.
pub(super) type End = Result<Access, Rejected>;

impl fmt::Debug for RemoteTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteTokens")
            .field("client", &self.client)
            .field("limits", &self.limits())
            .finish_non_exhaustive()
    }
}

/// Returns whether a `token_type` is one of tokens that are shown with a proof of their key, or are
/// not for resources at all. The member is optional, and servers write all kinds of other words
/// there for a bearer token.
fn is_other_kind(kind: &str) -> bool {
    let kind = kind.rsplit(':').next().unwrap_or_default();
    ["dpop", "pop", "mac", "n_a", "refresh_token", "id_token"]
        .iter()
        .any(|other| kind.eq_ignore_ascii_case(other))
}
