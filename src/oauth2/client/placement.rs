//! Where a request carries its token, RFC 6750 §2.

use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Uri};
use zeroize::Zeroizing;

use super::ProtectedRequest;
use crate::oauth2::{Placement, TokenPlacement};
use crate::wire::{form, with_query};
use crate::{Error, Secret, Unsupported};

/// Puts the request's token where the server looks for it.
pub(super) fn place(request: &mut ProtectedRequest<'_>, placement: &TokenPlacement) -> Result<(), Error> {
    let token = &request.token.access_token;
    match &placement.0 {
        Placement::Bearer => set(request, AUTHORIZATION, with_scheme("Bearer", token)?),
        Placement::Scheme(scheme) => set(request, AUTHORIZATION, with_scheme(scheme, token)?),
        Placement::Header(name) => {
            let name = HeaderName::from_bytes(name.as_bytes());
            let name =
                name.map_err(|_| Unsupported::Unsendable { what: "the token", reason: "its header's name is none" })?;
            set(request, name, sensitive(token.expose().as_bytes().to_vec())?)
        }
        Placement::Query(name) => in_query(request.uri, name, token.expose()),
        Placement::Form(name) => in_form(request, name),
        Placement::BearerAndParameter(name) => {
            set(request, AUTHORIZATION, with_scheme("Bearer", token)?)?;
            let empty = request.body.as_ref().is_some_and(|body| body.is_empty());
            let bodiless = matches!(*request.method, Method::GET | Method::HEAD);
            let in_body = form::is_form(request.headers) == Some(true) || (empty && !bodiless);
            if in_body { in_form(request, name) } else { in_query(request.uri, name, token.expose()) }
        }
    }
}

/// A header's value: a scheme and a token.
pub(super) fn with_scheme(scheme: &str, token: &Secret) -> Result<HeaderValue, Unsupported> {
    // Exactly as long as it becomes, so that the header's value is this very text.
    let mut value = Vec::with_capacity(scheme.len() + 1 + token.expose().len());
    value.extend_from_slice(scheme.as_bytes());
    value.push(b' ');
    value.extend_from_slice(token.expose().as_bytes());
    sensitive(value)
}

fn sensitive(text: Vec<u8>) -> Result<HeaderValue, Unsupported> {
    let value = Some(text).filter(|text| text.is_ascii()).and_then(|text| HeaderValue::try_from(text).ok());
    let mut value =
        value.ok_or(Unsupported::Unsendable { what: "the token", reason: "it cannot stand in a header" })?;
    value.set_sensitive(true);
    Ok(value)
}

fn set(request: &mut ProtectedRequest<'_>, name: HeaderName, value: HeaderValue) -> Result<(), Error> {
    // What a caller put there may be another service's credential, which is not ours to overwrite. A bearer token is: a
    // request that is sent again has the old one.
    let bearer =
        |value: &HeaderValue| value.as_bytes().get(..7).is_some_and(|begin| begin.eq_ignore_ascii_case(b"bearer "));
    let others = |own: &HeaderValue| !bearer(own) && !same_scheme(own, &value);
    if name == AUTHORIZATION && request.headers.get_all(&name).iter().any(others) {
        return Err(Unsupported::AuthorizationPresent.into());
    }
    request.headers.insert(name, value);
    Ok(())
}

fn same_scheme(one: &HeaderValue, other: &HeaderValue) -> bool {
    let scheme =
        |value: &HeaderValue| value.as_bytes().split(|byte| *byte == b' ').next().map(<[u8]>::to_ascii_lowercase);
    scheme(one) == scheme(other)
}

/// Puts a parameter into the query, in the place of one of that name.
pub(super) fn in_query(uri: &mut Uri, name: &str, value: &str) -> Result<(), Error> {
    let query = uri.query().unwrap_or_default();
    let mut pairs = Zeroizing::new(String::new());
    form::push_pair(&mut pairs, name.as_bytes(), value.as_bytes());
    let kept = form::retain(query.as_bytes(), |own| own != name.as_bytes());
    let mut bare = uri.clone();
    if kept.len() != query.len() {
        // It has one already: that of a request which is sent again.
        let kept = String::from_utf8_lossy(&kept).into_owned();
        let path = if kept.is_empty() { bare.path().to_owned() } else { format!("{}?{kept}", bare.path()) };
        let mut parts = bare.into_parts();
        parts.path_and_query = path.parse().ok();
        let reason = "the URI is not absolute";
        bare = Uri::from_parts(parts).map_err(|_| Unsupported::Unsendable { what: "the query", reason })?;
    }
    *uri = with_query(&bare, &pairs)?;
    Ok(())
}

fn in_form(request: &mut ProtectedRequest<'_>, name: &str) -> Result<(), Error> {
    let refuse = |reason| Err(Unsupported::NoFormBody { reason }.into());
    let token = request.token;
    let Some(body) = request.body.as_mut() else {
        return refuse("the body is not at hand");
    };
    match form::is_form(request.headers) {
        Some(true) => {}
        Some(false) if body.is_empty() && !request.headers.contains_key(CONTENT_TYPE) => {
            request.headers.insert(CONTENT_TYPE, HeaderValue::from_static(form::MEDIA_TYPE));
        }
        Some(false) => return refuse("the body is none"),
        None => return refuse("its content type is doubtful"),
    }
    let kept = form::retain(body, |own| own != name.as_bytes());
    let Ok(mut pairs) = String::from_utf8(kept) else {
        return refuse("the body is not of ASCII characters");
    };
    form::push_pair(&mut pairs, name.as_bytes(), token.access_token.expose().as_bytes());
    **body = pairs.into_bytes();
    request.headers.remove(CONTENT_LENGTH);
    Ok(())
}
