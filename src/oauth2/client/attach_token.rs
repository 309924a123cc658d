//! Attaching a token to a request, RFC 6750 §2.

use std::fmt;
use std::sync::Arc;

use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use zeroize::Zeroizing;

use crate::core::endpoint::with_query;
use crate::oauth2::{Token, TokenPlacement};
use crate::wire::{form, without_query};
use crate::{Error, Secret, Unsupported};

/// A request with its token. The function that you set with
/// [`Client::on_protected_request`](crate::oauth2::Client::on_protected_request) gets it.
///
/// ```
/// use oauth_proto::oauth2::ProtectedRequest;
///
/// fn twitch(request: &mut ProtectedRequest<'_>) {
///     request.headers.insert(
///         "client-id",
///         http::HeaderValue::from_static("hof5gwx0su6owfnys0yan9c87zr6t"),
///     );
/// }
/// ```
pub struct ProtectedRequest<'a> {
    /// The method of the request.
    pub method: &'a Method,
    /// The URI of the request. If the function changes the origin to one that must not get the
    /// token, the request is not sent.
    pub uri: &'a mut Uri,
    /// The headers of the request.
    pub headers: &'a mut HeaderMap,
    /// The body of the request; `None` if it cannot be read, such as a stream.
    pub body: Option<&'a mut Vec<u8>>,
    /// The token that was attached to the request.
    pub token: &'a Token,
}

impl fmt::Debug for ProtectedRequest<'_> {
    /// Shows neither query, headers nor body: the token may be in any of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProtectedRequest({} {})", self.method, without_query(self.uri))
    }
}

impl ProtectedRequest<'_> {
    /// Attaches the token and the parameters that depend on it to a request, and then calls `see`.
    pub(crate) fn of<B>(
        request: &mut http::Request<B>,
        body: impl FnOnce(&mut B) -> Option<&mut Vec<u8>>,
        token: &Token,
        placement: &TokenPlacement,
        see: impl FnOnce(&mut ProtectedRequest<'_>),
    ) -> Result<(), Error> {
        let derived = request.extensions().get::<TokenParameter>().cloned();
        let method = request.method().clone();
        let (mut uri, mut headers) =
            (std::mem::take(request.uri_mut()), std::mem::take(request.headers_mut()));
        let body = body(request.body_mut());
        let mut protected =
            ProtectedRequest { method: &method, uri: &mut uri, headers: &mut headers, body, token };
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

/// A query parameter that is computed from the token, in a request's extensions. It is computed
/// anew when the request is sent again with another token.
#[derive(Clone)]
pub(crate) struct TokenParameter {
    name: &'static str,
    value: Arc<dyn Fn(&Token) -> String + Send + Sync>,
}

impl TokenParameter {
    pub(crate) fn new(
        name: &'static str,
        value: impl Fn(&Token) -> String + Send + Sync + 'static,
    ) -> Self {
        Self { name, value: Arc::new(value) }
    }

    fn add(&self, request: &mut ProtectedRequest<'_>) -> Result<(), Error> {
        in_query(request.uri, self.name, &(self.value)(request.token))
    }
}

/// Puts the request's token where the server looks for it.
fn place(request: &mut ProtectedRequest<'_>, placement: &TokenPlacement) -> Result<(), Error> {
    let token = &request.token.access_token;
    match *placement {
        TokenPlacement::Bearer => set(request, AUTHORIZATION, with_scheme("Bearer", token)?),
        TokenPlacement::Scheme(scheme) => set(request, AUTHORIZATION, with_scheme(scheme, token)?),
        TokenPlacement::Header(name) => {
            let name = HeaderName::from_bytes(name.as_bytes());
            let name = name.map_err(|_| Unsupported::Unsendable {
                what: "the token",
                reason: "the name of the header in `TokenPlacement::Header` is not valid",
            })?;
            set(request, name, sensitive(token.expose().as_bytes().to_vec())?)
        }
        TokenPlacement::AllowQuery(name) => in_query(request.uri, name, token.expose()),
        TokenPlacement::Form(name) => in_form(request, name),
        TokenPlacement::AllowBearerAndParameter(name) => {
            set(request, AUTHORIZATION, with_scheme("Bearer", token)?)?;
            let empty = request.body.as_ref().is_some_and(|body| body.is_empty());
            let bodiless = matches!(*request.method, Method::GET | Method::HEAD);
            let in_body = form::is_form(request.headers) == Some(true) || (empty && !bodiless);
            if in_body {
                in_form(request, name)
            } else {
                in_query(request.uri, name, token.expose())
            }
        }
    }
}

/// Makes a header value from a scheme and a token.
pub(crate) fn with_scheme(scheme: &str, token: &Secret) -> Result<HeaderValue, Unsupported> {
    // The capacity is exact, so the header value takes over this buffer without a copy.
    let mut value = Vec::with_capacity(scheme.len() + 1 + token.expose().len());
    value.extend_from_slice(scheme.as_bytes());
    value.push(b' ');
    value.extend_from_slice(token.expose().as_bytes());
    sensitive(value)
}

fn sensitive(text: Vec<u8>) -> Result<HeaderValue, Unsupported> {
    let value =
        Some(text).filter(|text| text.is_ascii()).and_then(|text| HeaderValue::try_from(text).ok());
    let mut value = value.ok_or(Unsupported::Unsendable {
        what: "the token",
        reason: "it has characters that a header cannot have: expected visible ASCII",
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn set(
    request: &mut ProtectedRequest<'_>,
    name: HeaderName,
    value: HeaderValue,
) -> Result<(), Error> {
    // A value of the caller may be a credential of another service, which must not be overwritten.
    // A bearer token or a value with the same scheme is overwritten, because a request that is sent
    // again still has the old token.
    let bearer = |value: &HeaderValue| {
        value.as_bytes().get(..7).is_some_and(|begin| begin.eq_ignore_ascii_case(b"bearer "))
    };
    let others = |own: &HeaderValue| !bearer(own) && !same_scheme(own, &value);
    if name == AUTHORIZATION && request.headers.get_all(&name).iter().any(others) {
        return Err(Unsupported::AuthorizationPresent.into());
    }
    request.headers.insert(name, value);
    Ok(())
}

fn same_scheme(one: &HeaderValue, other: &HeaderValue) -> bool {
    let scheme = |value: &HeaderValue| {
        value.as_bytes().split(|byte| *byte == b' ').next().map(<[u8]>::to_ascii_lowercase)
    };
    scheme(one) == scheme(other)
}

/// Puts a parameter into the query, and replaces a parameter of the same name.
fn in_query(uri: &mut Uri, name: &str, value: &str) -> Result<(), Error> {
    let query = uri.query().unwrap_or_default();
    let mut pairs = Zeroizing::new(String::new());
    form::push_pair(&mut pairs, name.as_bytes(), value.as_bytes());
    let kept = form::retain(query.as_bytes(), |own| own != name.as_bytes());
    let mut bare = uri.clone();
    if kept.len() != query.len() {
        // A request that is sent again still has the old parameter.
        let kept = String::from_utf8_lossy(&kept).into_owned();
        let path = if kept.is_empty() {
            bare.path().to_owned()
        } else {
            format!("{}?{kept}", bare.path())
        };
        let mut parts = bare.into_parts();
        parts.path_and_query = path.parse().ok();
        let reason = "the URI must be absolute";
        bare = Uri::from_parts(parts)
            .map_err(|_| Unsupported::Unsendable { what: "the query", reason })?;
    }
    *uri = with_query(&bare, &pairs)?;
    Ok(())
}

fn in_form(request: &mut ProtectedRequest<'_>, name: &str) -> Result<(), Error> {
    let refuse = |reason| Err(Unsupported::NoFormBody { reason }.into());
    let token = request.token;
    let Some(body) = request.body.as_mut() else {
        return refuse("this call does not have the body");
    };
    match form::is_form(request.headers) {
        Some(true) => {}
        Some(false) if body.is_empty() && !request.headers.contains_key(CONTENT_TYPE) => {
            request.headers.insert(CONTENT_TYPE, HeaderValue::from_static(form::MEDIA_TYPE));
        }
        Some(false) => {
            return refuse(
                "the body is not a form: expected the Content-Type \
            application/x-www-form-urlencoded",
            );
        }
        None => {
            return refuse(
                "it is unclear whether the body is a form: expected one Content-Type \
            with one media type",
            );
        }
    }
    let kept = form::retain(body, |own| own != name.as_bytes());
    let Ok(mut pairs) = String::from_utf8(kept) else {
        return refuse("the body is not ASCII: percent-encode other characters");
    };
    form::push_pair(&mut pairs, name.as_bytes(), token.access_token.expose().as_bytes());
    **body = pairs.into_bytes();
    request.headers.remove(CONTENT_LENGTH);
    Ok(())
}
