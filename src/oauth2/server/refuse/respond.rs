//! Responses: JSON that is not cached, redirects, and a page for errors.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
    X_FRAME_OPTIONS,
};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use super::reason::RejectReason;
use crate::Response;
use crate::oauth2::ResponseMode;
use crate::oauth2::common::json_response::json;
use crate::wire::form;

pub(crate) fn to_json(
    status: StatusCode,
    value: &impl Serialize,
) -> Result<Response, RejectReason> {
    // Most responses are shorter than this, so the buffer seldom grows.
    let mut body = Vec::with_capacity(512);
    serde_json::to_writer(&mut body, value)
        .map_err(|_| RejectReason::Misconfigured("an answer cannot be written as JSON"))?;
    Ok(json(status, body))
}

/// Returns an error page for the user.
pub(crate) fn page(status: StatusCode, code: &str, description: Option<&str>) -> Response {
    page_with(status, code, description, "")
}

/// Returns an error page with HTML after the text.
pub(crate) fn page_with(
    status: StatusCode,
    code: &str,
    description: Option<&str>,
    after: &str,
) -> Response {
    let text = escape(description.unwrap_or("The application that sent you here made a mistake."));
    let code = escape(code);
    html(
        status,
        "default-src 'none'",
        format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\">\
             <title>Request refused</title><h1>This request cannot go on</h1><p>{text}</p>\
             <p><code>{code}</code></p>{after}</html>"
        ),
    )
}

/// Returns a page that is not cached or framed, with a content security policy.
pub(crate) fn html(status: StatusCode, policy: &str, page: String) -> Response {
    let mut response = Response::new(page.into_bytes());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Returns a text escaped for HTML, also for quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // A browser would change line breaks without this.
            '\r' => out.push_str("&#13;"),
            '\n' => out.push_str("&#10;"),
            letter => out.push(letter),
        }
    }
    out
}

/// Returns a redirect to a URI with parameters at the end of the query, or in the fragment.
pub(crate) fn redirect(
    uri: &str,
    parameters: &[(&str, &str)],
    mode: ResponseMode,
) -> Result<Response, RejectReason> {
    let mut location = String::with_capacity(uri.len() + 160);
    location.push_str(uri);
    location.push_str(match (mode == ResponseMode::Fragment, uri.contains('?')) {
        (true, _) => "#",
        (false, true) if uri.ends_with(['?', '&']) => "",
        (false, true) => "&",
        (false, false) => "?",
    });
    // The pairs need a separate buffer, since `push_text` would add `&` after `#`.
    let mut pairs = String::new();
    parameters.iter().for_each(|(name, value)| form::push_text(&mut pairs, name, value));
    location.push_str(&pairs);
    let mut location = HeaderValue::try_from(location).map_err(|_| {
        RejectReason::Misconfigured(
            "the registered redirect_uri cannot be sent in a Location header",
        )
    })?;
    location.set_sensitive(true);
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    headers.insert(LOCATION, location);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}
