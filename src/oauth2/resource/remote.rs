//! Tokens that another server knows: introspection, RFC 7662, remembered for a while.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Request;

use super::access::Access;
use super::guard::{ResourceServer, has};
use crate::oauth2::server::{Guarded, Reason, Rejected, TokenHash, Voice};
use crate::oauth2::{Client, Introspection, Scope, TokenHint};
use crate::step::Receive;
use crate::{Error, Moment, Response, Sent, Step, Timestamp};

/// Tokens of an authorization server that is asked about each, and remembered for a while: a minute, during which a token that
/// was revoked is still taken, unless [`remembered_for`](Self::remembered_for) says otherwise.
///
/// ```
/// use std::time::Duration;
/// use oauth_proto::oauth2::resource::{RemoteTokens, ResourceServer};
/// use oauth_proto::oauth2::{AuthorizationServer, Client};
/// use oauth_proto::{Moment, Request, Response, run};
/// # fn send(_: Request) -> Result<Response, std::io::Error> { unimplemented!() }
///
/// let server = AuthorizationServer::new("https://auth.example.com/token")?
///     .introspection_endpoint("https://auth.example.com/introspect")?;
/// let client = Client::new(server, "photos").secret("7Fjfp0ZBr1KtDRbnfVdmIw");
/// let tokens = RemoteTokens::new(client).remembered_for(Duration::from_secs(30));
/// let photos = ResourceServer::new("https://photos.example.com")?;
///
/// let albums = |request: &Request| -> Result<Response, Box<dyn std::error::Error>> {
///     let step = photos.check_remotely(request, "photos.read", &tokens, Moment::from_os())?;
///     Ok(match run(step, &mut send)? {
///         Ok(access) => Response::new(format!("the albums of {:?}", access.user()).into_bytes()),
///         Err(rejected) => rejected.response(),
///     })
/// };
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone)]
pub struct RemoteTokens {
    client: Client,
    lifetime: Duration,
    capacity: usize,
    memory: Arc<Mutex<Memory>>,
}

/// What is remembered, and in which order it is forgotten.
#[derive(Default)]
struct Memory {
    tokens: BTreeMap<TokenHash, (Timestamp, Arc<Introspection>)>,
    order: BTreeSet<(Timestamp, TokenHash)>,
}

impl RemoteTokens {
    /// Tokens about which that client asks. Each is remembered for a minute at most, and ten thousand at once.
    pub fn new(client: Client) -> Self {
        Self { client, lifetime: Duration::from_secs(60), capacity: 10_000, memory: Arc::default() }
    }

    /// For how long an answer that a token is active is remembered, at most until the token expires: for that long a token that
    /// was revoked is still taken. Zero asks every time. That a token is not active is never remembered.
    pub fn remembered_for(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// How many are remembered at once.
    pub fn at_most(mut self, capacity: usize) -> Self {
        self.capacity = capacity;
        self
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recall(&self, key: TokenHash, now: Timestamp) -> Option<Arc<Introspection>> {
        let memory = self.memory();
        let (until, introspection) = memory.tokens.get(&key)?;
        (*until > now).then(|| introspection.clone())
    }

    fn remember(&self, key: TokenHash, introspection: &Arc<Introspection>, now: Timestamp) {
        let until = now.after(self.lifetime).min(introspection.exp.unwrap_or(Timestamp::from_secs(u64::MAX)));
        if until <= now || self.capacity == 0 {
            return;
        }
        let mut memory = self.memory();
        if let Some((before, _)) = memory.tokens.insert(key, (until, introspection.clone())) {
            memory.order.remove(&(before, key));
        }
        memory.order.insert((until, key));
        let is_over = |memory: &Memory| {
            memory.tokens.len() > self.capacity || memory.order.first().is_some_and(|(until, _)| *until <= now)
        };
        // One more than comes, so that all that is over is gone in the end and no request drops much.
        for _ in 0..2 {
            if let Some((_, oldest)) = is_over(&memory).then(|| memory.order.pop_first()).flatten() {
                memory.tokens.remove(&oldest);
            }
        }
    }
}

impl fmt::Debug for RemoteTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteTokens")
            .field("client", &self.client)
            .field("lifetime", &self.lifetime)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

impl ResourceServer {
    /// Whether a request's token is good for all of that scope, as its server says. What comes out says whom to let in, or with
    /// what to refuse.
    ///
    /// # Errors
    /// Those of [`Client::introspect`], also from the step: the server cannot be asked. Such a request is best answered with 503.
    pub fn check_remotely<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        scope: impl Into<Scope>,
        tokens: &RemoteTokens,
        moment: Moment,
    ) -> Result<Step<Result<Access, Rejected>>, Error> {
        let scope = scope.into();
        let token = match self.token(request) {
            Ok(token) => token,
            Err(reason) => return Ok(Step::Done(Err(reason.reject(&Voice::resource(&self.guarded, scope))))),
        };
        let key = TokenHash::of(&token);
        if let Some(introspection) = tokens.recall(key, moment.now) {
            return Ok(Step::Done(judge(&self.guarded, introspection, scope, moment.now)));
        }
        let step = tokens.client.introspect(&*token, Some(TokenHint::AccessToken), moment)?;
        AwaitAnswer { key, scope, guarded: self.guarded.clone(), tokens: tokens.clone() }.go_on(step, None)
    }
}

/// Waits for the server to say what a token is.
struct AwaitAnswer {
    key: TokenHash,
    scope: Scope,
    guarded: Arc<Guarded>,
    tokens: RemoteTokens,
}

/// The same with the leg that asks.
struct Asking {
    state: AwaitAnswer,
    sent: Sent<Introspection>,
}

type End = Result<Access, Rejected>;

impl AwaitAnswer {
    fn go_on(self, step: Step<Introspection>, now: Option<Timestamp>) -> Result<Step<End>, Error> {
        match (step, now) {
            (Step::Send(request, sent), _) => Ok(Step::send(request, Asking { state: self, sent })),
            (Step::Done(introspection), Some(now)) => {
                let introspection = Arc::new(introspection);
                if introspection.active {
                    self.tokens.remember(self.key, &introspection, now);
                }
                Ok(Step::Done(judge(&self.guarded, introspection, self.scope, now)))
            }
            // An introspection is one request, whose answer ends it.
            (Step::Wait(..), _) | (Step::Done(_), None) => {
                Ok(Step::Done(Err(Reason::BearerToken.reject(&Voice::resource(&self.guarded, self.scope)))))
            }
        }
    }
}

impl Receive<End> for Asking {
    fn receive(self: Box<Self>, response: Response, moment: Moment) -> Result<Step<End>, Error> {
        let now = moment.now;
        let Self { state, sent } = *self;
        state.go_on(sent.receive(response, moment)?, Some(now))
    }

    fn name(&self) -> &'static str {
        "AwaitIntrospection"
    }
}

/// Whom to let in. A server that does not say for whom a token is lets it be for this resource.
fn judge(guarded: &Arc<Guarded>, introspection: Arc<Introspection>, scope: Scope, now: Timestamp) -> End {
    let lives = introspection.active
        && introspection.exp.is_none_or(|at| at > now)
        && introspection.nbf.is_none_or(|at| at <= now)
        && introspection.token_type.as_deref().is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"))
        && guarded.is_meant(&introspection.aud);
    let has_scope = introspection.scope.as_ref().map_or(scope.is_empty(), |granted| has(granted, &scope));
    match (lives, has_scope) {
        (true, true) => Ok(Access::told(introspection)),
        (true, false) => Err(Reason::ScopeInsufficient.reject(&Voice::resource(guarded, scope))),
        (false, _) => Err(Reason::BearerToken.reject(&Voice::resource(guarded, scope))),
    }
}
