//! A protected resource: which tokens it takes, and what it says to the others. RFC 6750 §2 and §3, RFC 9728 §2 and §5.1.

use std::sync::Arc;

use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Request};

use super::access::Access;
use super::bearer;
use super::builder::ResourceServerBuilder;
use crate::event::Observer;
use crate::oauth2::server::{
    FindToken, NextQuery, ProtectedResource, RefusalChannel, RejectReason, Rejected, ServerStep, TokenHash, TokenKind,
    TokenRecord, ask,
};
use crate::oauth2::{ResourceMetadata, Scope};
use crate::{Response, Timestamp};

/// A protected resource.
///
/// ```
/// use oauth_proto::oauth2::resource::ResourceServer;
/// use oauth_proto::oauth2::server::{MemoryStore, serve};
/// use oauth_proto::{Request, Response, Timestamp};
///
/// let photos = ResourceServer::builder("https://photos.example.com")
///     .add_authorization_server("https://auth.example.com")
///     .build()?;
/// let store = MemoryStore::default(); // the authorization server's
///
/// let albums = |request: &Request| -> Response {
///     match serve(photos.check(request, "photos.read", Timestamp::from_os()), &store) {
///         Ok(access) => Response::new(format!("the albums of {:?}", access.user()).into_bytes()),
///         Err(rejected) => rejected.response(), // with the challenge that is due
///     }
/// };
/// assert_eq!(albums(&Request::default()).status(), 401);
/// // The challenge names the metadata: a GET of `photos.metadata_path()` is answered by
/// let metadata = photos.metadata_response();
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ResourceServer {
    pub(super) guard: Guard,
    pub(super) authorization_servers: Vec<String>,
    pub(super) scopes: Option<Scope>,
    pub(super) in_body: bool,
    pub(super) in_query: bool,
}

/// What guards a resource, and who hears of its refusals.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    pub(super) guarded: Arc<ProtectedResource>,
    pub(super) observer: Observer,
}

impl Guard {
    /// Refuses a request that needs that scope.
    pub(super) fn reject(&self, reason: RejectReason, scope: Scope) -> Rejected {
        self.observer.rejected(&self.guarded.resource, &reason);
        Rejected::new(reason, RefusalChannel::resource(&self.guarded, scope))
    }
}

impl ResourceServer {
    /// Returns a builder of the resource with that identifier (RFC 9728 §1.2): an https URL without a fragment. Tokens that
    /// were asked for particular resources must have been asked for this one.
    pub fn builder(resource: impl Into<String>) -> ResourceServerBuilder {
        ResourceServerBuilder::new(resource.into())
    }

    /// Whether a request's token is good for all of that scope. Without a scope, any living token is.
    ///
    /// The body is read only if [`allow_token_in_body`](ResourceServerBuilder::allow_token_in_body) was called. If it was not, you can check
    /// a request whose body is a stream without reading that: `http::Request::from_parts(parts, [])`.
    pub fn check<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        scope: impl Into<Scope>,
        now: Timestamp,
    ) -> ServerStep<Access> {
        let guard = self.guard.clone();
        let scope = scope.into();
        let key = match self.token(request) {
            Ok(token) => TokenHash::of(token.as_ref()),
            Err(reason) => return ServerStep::Reject(guard.reject(reason, scope)),
        };
        ask(NextQuery::FindToken, FindToken { key }, RefusalChannel::own(), move |found| {
            let judged = found.ok_or(RejectReason::BearerToken).and_then(|record| {
                judge(&guard.guarded, &record, &scope, now)?;
                Ok(record)
            });
            match judged {
                Ok(record) => Ok(ServerStep::Done(Access::stored(record))),
                Err(reason) => Ok(ServerStep::Reject(guard.reject(reason, scope))),
            }
        })
    }

    /// The token that a request shows, in one place alone (RFC 6750 §2).
    pub(super) fn token<'r, B: AsRef<[u8]>>(
        &self,
        request: &'r Request<B>,
    ) -> Result<std::borrow::Cow<'r, str>, RejectReason> {
        let in_header = bearer::of_header(request.headers())?;
        let query = request.uri().query().unwrap_or_default();
        // Where it is not taken from, it is not welcome either: who sends it there has to learn that it leaks.
        let in_query = bearer::of_pairs(query.as_bytes())?;
        let in_body =
            if self.in_body && bearer::has_form(request) { bearer::of_pairs(request.body().as_ref())? } else { None };
        match (in_header, in_query, in_body) {
            (None, None, None) => Err(RejectReason::TokenMissing),
            (Some(token), None, None) => Ok(token.into()),
            (None, Some(_), None) if !self.in_query => Err(RejectReason::TokenInQuery),
            (None, Some(token), None) | (None, None, Some(token)) => Ok(token.into()),
            _ => Err(RejectReason::ParameterTwice("access_token".to_owned())),
        }
    }

    /// What it publishes (RFC 9728 §2).
    pub fn metadata(&self) -> ResourceMetadata {
        let methods = [(true, "header"), (self.in_body, "body"), (self.in_query, "query")];
        let methods = methods.into_iter().filter(|(taken, _)| *taken).map(|(_, name)| name.to_owned());
        ResourceMetadata {
            resource: self.guard.guarded.resource.clone(),
            authorization_servers: self.authorization_servers.clone(),
            scopes_supported: self.scopes.as_ref().map(|scopes| scopes.iter().map(str::to_owned).collect()),
            bearer_methods_supported: Some(methods.collect()),
            ..ResourceMetadata::default()
        }
    }

    /// The path of its metadata (RFC 9728 §3).
    pub fn metadata_path(&self) -> &str {
        &self.guard.guarded.path
    }

    /// The answer to a GET of [`metadata_path`](Self::metadata_path).
    pub fn metadata_response(&self) -> Response {
        let mut response = Response::new(serde_json::to_vec(&self.metadata()).unwrap_or_default());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        response
    }
}

/// Checks that a token is a living access token for this resource and good for all of that scope.
fn judge(guarded: &ProtectedResource, record: &TokenRecord, scope: &Scope, now: Timestamp) -> Result<(), RejectReason> {
    if record.kind != TokenKind::Access {
        return Err(RejectReason::BearerKind("refresh_token".to_owned()));
    }
    if let Some(at) = record.expires_at.filter(|at| *at <= now) {
        return Err(RejectReason::BearerExpired { at, now });
    }
    guarded.check_audience(record.resource(), &[])?;
    if has(record.scope(), scope) { Ok(()) } else { Err(RejectReason::ScopeInsufficient) }
}

/// Whether all that is needed was granted.
pub(super) fn has(granted: &Scope, needed: &Scope) -> bool {
    needed.iter().all(|word| granted.contains(word))
}
