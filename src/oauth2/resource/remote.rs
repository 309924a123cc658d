//! Tokens that another server knows: introspection, RFC 7662, remembered for a while.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Request;

use super::access::Access;
use super::guard::{ResourceServer, has};
use super::remembered::{Asked, Limits, Remembered};
use crate::oauth2::server::{Guarded, Reason, Rejected, TokenHash, Voice};
use crate::oauth2::{Client, Introspection, Scope, TokenHint};
use crate::step::Receive;
use crate::wire::shortened;
use crate::{Error, Moment, Purpose, Response, Sent, Step, Timestamp};

/// Tokens of an authorization server that is asked about each of them (RFC 7662).
///
/// Its answers are remembered. The answer "active" is remembered for one minute, so that a revoked token is accepted for up to
/// that long; the answer "not active" for five seconds. Both times can be changed, and one token can be forgotten at once.
///
/// # Examples
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
    limits: Limits,
    leeway: Duration,
    audiences: Vec<String>,
    remembered: Arc<Remembered>,
}

impl RemoteTokens {
    /// Returns tokens about which that client asks. Up to ten thousand active tokens are remembered at a time, and up to ten
    /// thousand that are not active.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            limits: Limits { active: Duration::from_secs(60), inactive: Duration::from_secs(5), capacity: 10_000 },
            leeway: Duration::from_secs(60),
            audiences: Vec::new(),
            remembered: Arc::default(),
        }
    }

    /// Sets how long the answer "active" is remembered, at most until the token expires. A revoked token is accepted for up to this
    /// long. Zero asks every time. The default is one minute.
    pub fn remembered_for(mut self, lifetime: Duration) -> Self {
        self.limits.active = lifetime;
        self
    }

    /// Sets how long the answer "not active" is remembered, so that a client which repeats such a token does not cost the
    /// authorization server a request each time. Zero asks every time. The default is five seconds.
    pub fn refusals_remembered_for(mut self, lifetime: Duration) -> Self {
        self.limits.inactive = lifetime;
        self
    }

    /// Sets how many tokens are remembered at a time: up to `capacity` that are active and up to `capacity` that are not.
    pub fn at_most(mut self, capacity: usize) -> Self {
        self.limits.capacity = capacity;
        self
    }

    /// Also accepts tokens whose `aud` has this name, and not the resource's URL. Call it once for each name. RFC 7662 §2.2 leaves
    /// open what an audience is called, and many servers give their APIs names of another kind, such as a client identifier.
    ///
    /// A token without `aud` is accepted by every resource.
    ///
    /// # Examples
    /// ```
    /// # use oauth_proto::oauth2::{AuthorizationServer, Client, resource::RemoteTokens};
    /// # let server = AuthorizationServer::new("https://auth.example.com/token")?;
    /// let tokens = RemoteTokens::new(Client::new(server, "photos")).audience("photos-api");
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn audience(mut self, name: impl Into<String>) -> Self {
        self.audiences.push(name.into());
        self
    }

    /// Sets how far the authorization server's clock may be ahead of this one: tokens are accepted this long before their `nbf`. The
    /// leeway does not apply to `exp`. The default is one minute.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Drops a token from what is remembered. Call it when the API learns that the token was revoked. The next request with the token
    /// asks the authorization server.
    pub fn forget(&self, token: &str) {
        self.remembered.forget(TokenHash::of(token));
    }

    /// Judges an answer of the authorization server. A server that does not say for whom a token is lets it be for this resource.
    fn judge(
        &self,
        guarded: &Guarded,
        introspection: &Introspection,
        scope: &Scope,
        now: Timestamp,
    ) -> Result<(), Reason> {
        if !introspection.active {
            return Err(Reason::BearerInactive);
        }
        if let Some(at) = introspection.exp.filter(|at| *at <= now) {
            return Err(Reason::BearerExpired { at, now });
        }
        if let Some(from) = introspection.nbf.filter(|from| *from > now.after(self.leeway)) {
            return Err(Reason::BearerNotYet { from, now });
        }
        if let Some(kind) = introspection.token_type.as_deref().filter(|kind| is_other_kind(kind)) {
            return Err(Reason::BearerKind(shortened(kind)));
        }
        guarded.check_audience(&introspection.aud, &self.audiences)?;
        let granted = introspection.scope.as_ref();
        let has_scope = granted.map_or(scope.is_empty(), |granted| has(granted, scope));
        if has_scope { Ok(()) } else { Err(Reason::ScopeInsufficient) }
    }

    fn end(&self, guarded: &Arc<Guarded>, introspection: Arc<Introspection>, scope: Scope, now: Timestamp) -> End {
        match self.judge(guarded, &introspection, &scope, now) {
            Ok(()) => Ok(Access::told(introspection)),
            Err(reason) => Err(reason.reject(&Voice::resource(guarded, scope))),
        }
    }
}

impl fmt::Debug for RemoteTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteTokens")
            .field("client", &self.client)
            .field("limits", &self.limits)
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
        if let Some(introspection) = tokens.remembered.recall(key, &tokens.limits, moment.now) {
            return Ok(Step::Done(tokens.end(&self.guarded, introspection, scope, moment.now)));
        }
        let asked = tokens.remembered.asked();
        let step = tokens.client.introspect(&*token, Some(TokenHint::AccessToken), moment)?;
        AwaitAnswer { key, asked, scope, guarded: self.guarded.clone(), tokens: tokens.clone() }.go_on(step, None)
    }
}

/// Returns whether a `token_type` is one of tokens that are shown with a proof of their key, or are not for resources at all. The
/// member is optional, and servers write all kinds of other words there for a bearer token.
fn is_other_kind(kind: &str) -> bool {
    let kind = kind.rsplit(':').next().unwrap_or_default();
    ["dpop", "pop", "mac", "n_a", "refresh_token", "id_token"].iter().any(|other| kind.eq_ignore_ascii_case(other))
}

/// Waits for the server to say what a token is.
struct AwaitAnswer {
    key: TokenHash,
    asked: Asked,
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
                self.tokens.remembered.remember(self.key, &introspection, self.asked, &self.tokens.limits, now);
                Ok(Step::Done(self.tokens.end(&self.guarded, introspection, self.scope, now)))
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

    fn purpose(&self) -> Purpose {
        Purpose::IntrospectingToken
    }
}
