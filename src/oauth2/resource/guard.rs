//! The resource server: it reads the token of a request, and publishes metadata, RFC 6750 §2 and
//! §3, RFC 9728 §2 and §5.1.

use std::sync::Arc;

use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Request};

use super::refuse::{ProtectedResource, Rejected};
use crate::Response;
use crate::core::error::resource::RejectReason;
use crate::core::event::Observer;
use crate::oauth2::common::bearer;
use crate::oauth2::{ResourceMetadata, Scope};

/// A resource server: it checks the tokens of the requests for a protected resource. Make it with
/// [`builder`](Self::builder).
///
/// If your own authorization server has the tokens in its store, call [`check`](Self::check). If
/// another server has issued the tokens, call [`admit`](Self::admit).
///
/// ```
/// use oauth_proto::oauth2::resource::{Admission, ResourceServer};
/// use oauth_proto::oauth2::server::serve;
/// use oauth_proto::oauth2::server::store::MemoryStore;
/// use oauth_proto::{Request, Response, Timestamp};
///
/// let photos = ResourceServer::builder("https://photos.example.com")
///     .add_authorization_server("https://auth.example.com")
///     .build()?;
/// let store = MemoryStore::default(); // the store of the authorization server
///
/// let albums = |request: &Request| -> Response {
///     match serve(photos.check(request, "photos.read", Timestamp::from_os()), &store) {
///         Ok(Admission::Granted(access)) => {
///             Response::new(format!("the albums of {:?}", access.user()).into_bytes())
///         }
///         // The response has a challenge.
///         Ok(Admission::Rejected(rejected)) => rejected.response(),
///         // The store failed.
///         Err(unavailable) => unavailable.response(),
///     }
/// };
/// assert_eq!(albums(&Request::default()).status(), 401);
/// // The challenge contains the URL of the metadata. On `GET photos.metadata_path()`, send:
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

/// The settings with which requests are checked, and the observers of refusals.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    pub(super) guarded: Arc<ProtectedResource>,
    pub(super) observer: Observer,
}

impl Guard {
    /// Refuses a request that needs `scope`.
    pub(super) fn reject(&self, reason: RejectReason, scope: Scope) -> Rejected {
        self.observer.rejected(&self.guarded.resource, &reason);
        Rejected::new(reason, &self.guarded, scope)
    }
}

impl ResourceServer {
    /// Returns the token of a request, which may be in only one place (RFC 6750 §2).
    pub(super) fn token<'r, B: AsRef<[u8]>>(
        &self,
        request: &'r Request<B>,
    ) -> Result<std::borrow::Cow<'r, str>, RejectReason> {
        let in_header = bearer::of_header(request.headers())?;
        let query = request.uri().query().unwrap_or_default();
        // The query is read even if tokens are not accepted there, so a client that leaks its
        // token there gets an error.
        let in_query = bearer::of_pairs(query.as_bytes())?;
        let in_body = if self.in_body && bearer::has_form(request) {
            bearer::of_pairs(request.body().as_ref())?
        } else {
            None
        };
        match (in_header, in_query, in_body) {
            (None, None, None) => Err(RejectReason::TokenMissing),
            (Some(token), None, None) => Ok(token.into()),
            (None, Some(_), None) if !self.in_query => Err(RejectReason::TokenInQuery),
            (None, Some(token), None) | (None, None, Some(token)) => Ok(token.into()),
            _ => Err(RejectReason::TokenTwice("access_token")),
        }
    }

    /// Returns the metadata of the resource (RFC 9728 §2).
    pub fn metadata(&self) -> ResourceMetadata {
        let methods = [(true, "header"), (self.in_body, "body"), (self.in_query, "query")];
        let methods =
            methods.into_iter().filter(|(taken, _)| *taken).map(|(_, name)| name.to_owned());
        ResourceMetadata {
            resource: self.guard.guarded.resource.clone(),
            authorization_servers: self.authorization_servers.clone(),
            scopes_supported: self
                .scopes
                .as_ref()
                .map(|scopes| scopes.iter().map(str::to_owned).collect()),
            bearer_methods_supported: Some(methods.collect()),
            ..ResourceMetadata::default()
        }
    }

    /// Returns the path at which to publish the metadata (RFC 9728 §3).
    pub fn metadata_path(&self) -> &str {
        &self.guard.guarded.path
    }

    /// Returns the response to a GET of [`metadata_path`](Self::metadata_path).
    pub fn metadata_response(&self) -> Response {
        let mut response = Response::new(serde_json::to_vec(&self.metadata()).unwrap_or_default());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        response
    }
}

/// Returns whether the granted scope has all needed words.
pub(super) fn has(granted: &Scope, needed: &Scope) -> bool {
    needed.iter().all(|word| granted.contains(word))
}
