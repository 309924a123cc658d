//! Functions of the caller's that see answers before they are read and requests before they are sent.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, Method, Uri};

use super::placement::{in_query, place};
use crate::oauth2::{Token, TokenPlacement};
use crate::wire::without_query;
use crate::{Error, Purpose, Response};

/// A request that has its token, as [`Client::on_protected_request`](super::Client::on_protected_request) hands it over.
///
/// ```
/// use oauth_proto::oauth2::ProtectedRequest;
///
/// fn twitch(request: &mut ProtectedRequest<'_>) {
///     request.headers.insert("client-id", http::HeaderValue::from_static("hof5gwx0su6owfnys0yan9c87zr6t"));
/// }
/// ```
pub struct ProtectedRequest<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Where it goes. Its origin must stay what it is.
    pub uri: &'a mut Uri,
    /// Its headers.
    pub headers: &'a mut HeaderMap,
    /// Its body, where it is at hand.
    pub body: Option<&'a mut Vec<u8>>,
    /// The token that it carries.
    pub token: &'a Token,
}

impl fmt::Debug for ProtectedRequest<'_> {
    /// The token may be in the query, a header of its own, or the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProtectedRequest({} {})", self.method, without_query(self.uri))
    }
}

impl ProtectedRequest<'_> {
    /// Gives a request its token, and what follows from it, and lets a function see it in parts.
    pub(super) fn of<B>(
        request: &mut http::Request<B>,
        body: impl FnOnce(&mut B) -> Option<&mut Vec<u8>>,
        token: &Token,
        placement: &TokenPlacement,
        see: impl FnOnce(&mut ProtectedRequest<'_>),
    ) -> Result<(), Error> {
        let derived = request.extensions().get::<TokenParameter>().cloned();
        let method = request.method().clone();
        let (mut uri, mut headers) = (std::mem::take(request.uri_mut()), std::mem::take(request.headers_mut()));
        let body = body(request.body_mut());
        let mut protected = ProtectedRequest { method: &method, uri: &mut uri, headers: &mut headers, body, token };
        let mut given = place(&mut protected, placement);
        if let Some(parameter) = derived {
            given = given.and_then(|()| parameter.add(&mut protected));
        }
        if given.is_ok() {
            see(&mut protected);
        }
        (*request.uri_mut(), *request.headers_mut()) = (uri, headers);
        given
    }
}

/// A parameter of the query that follows from the token, in a request's extensions: it is right for whatever token the
/// request is given, and made anew when it is sent again with another one.
#[derive(Clone)]
pub(crate) struct TokenParameter {
    name: &'static str,
    value: Arc<dyn Fn(&Token) -> String + Send + Sync>,
}

impl TokenParameter {
    pub(crate) fn new(name: &'static str, value: impl Fn(&Token) -> String + Send + Sync + 'static) -> Self {
        Self { name, value: Arc::new(value) }
    }

    fn add(&self, request: &mut ProtectedRequest<'_>) -> Result<(), Error> {
        in_query(request.uri, self.name, &(self.value)(request.token))
    }
}

type OnResponse = Arc<dyn Fn(&mut Response) + Send + Sync>;
type OnRequest = Arc<dyn Fn(&mut ProtectedRequest<'_>) + Send + Sync>;

#[derive(Clone)]
pub(super) enum Hook {
    AccessTokenResponse(OnResponse),
    RefreshTokenResponse(OnResponse),
    ProtectedRequest(OnRequest),
}

/// Which request a token response answers: they have hooks of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenResponseOf {
    Refresh,
    Other,
}

impl TokenResponseOf {
    pub(super) fn purpose(purpose: Purpose) -> Self {
        if purpose == Purpose::RenewingToken { Self::Refresh } else { Self::Other }
    }
}

/// In the order in which they were registered.
#[derive(Clone, Default)]
pub(super) struct Hooks(Vec<Hook>);

impl Hooks {
    pub(super) fn push(&mut self, hook: Hook) {
        self.0.push(hook);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn token_response(&self, response: &mut Response, of: TokenResponseOf) {
        for hook in &self.0 {
            match hook {
                Hook::AccessTokenResponse(hook) if of == TokenResponseOf::Other => hook(response),
                Hook::RefreshTokenResponse(hook) if of == TokenResponseOf::Refresh => hook(response),
                _ => {}
            }
        }
    }

    pub(super) fn protected_request(&self, request: &mut ProtectedRequest<'_>) {
        for hook in &self.0 {
            if let Hook::ProtectedRequest(hook) = hook {
                hook(request);
            }
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} hooks", self.0.len())
    }
}
