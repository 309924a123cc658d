//! Reading the bearer token of a request, RFC 6750 §2.

use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, Request};

use crate::wire::{auth_param, form};

/// The reason why the token of a request cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BearerProblem {
    /// The header or parameter of that name occurs more than once.
    Twice(&'static str),
    /// The header or parameter does not contain a token.
    Invalid { name: &'static str, why: &'static str },
}

/// Returns the token of `Authorization: Bearer`; other schemes are ignored. Two headers are
/// refused, because another reader of the request might choose the other one.
pub(crate) fn of_header(headers: &HeaderMap) -> Result<Option<&str>, BearerProblem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(BearerProblem::Twice("authorization"));
    }
    let (scheme, token) = auth_param::scheme(value.as_bytes());
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Ok(None);
    }
    let invalid = BearerProblem::Invalid {
        name: "authorization",
        why: "expected Bearer and a token (RFC 6750 section 2.1)",
    };
    let token = Some(token.trim_ascii_end()).filter(|token| auth_param::is_bearer(token));
    // The token is ASCII.
    token.and_then(|token| std::str::from_utf8(token).ok()).map(Some).ok_or(invalid)
}

/// Returns the token of a form (§2.2) or of a query (§2.3), if the name occurs only once.
pub(crate) fn of_pairs(pairs: &[u8]) -> Result<Option<String>, BearerProblem> {
    // The usual case: the text has neither the name nor an escape that could encode it.
    if memchr::memchr(b'%', pairs).is_none()
        && memchr::memmem::find(pairs, b"access_token").is_none()
    {
        return Ok(None);
    }
    let mut tokens =
        form::pairs(pairs).filter(|(name, _)| **name == *b"access_token").map(|(_, value)| value);
    let Some(token) = tokens.next() else { return Ok(None) };
    if tokens.next().is_some() {
        return Err(BearerProblem::Twice("access_token"));
    }
    let invalid = BearerProblem::Invalid {
        name: "access_token",
        why: "expected a token of letters, digits or -._~+/= (RFC 6750 section 2.1)",
    };
    String::from_utf8(token.into_owned())
        .ok()
        .filter(|token| auth_param::is_bearer(token.as_bytes()))
        .map(Some)
        .ok_or(invalid)
}

/// Returns whether the body may contain a token: it is a form, and the method has a body (§2.2).
pub(crate) fn has_form<B>(request: &Request<B>) -> bool {
    !matches!(*request.method(), Method::GET | Method::HEAD)
        && form::is_form(request.headers()) != Some(false)
}
