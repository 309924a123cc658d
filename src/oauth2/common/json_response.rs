//! JSON responses that must not be cached, and JSON errors, RFC 6749 §5.1 and §5.2, RFC 6750 §3.

use std::sync::LazyLock;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

use crate::Response;

/// Makes a JSON response (RFC 6749 §5.1).
pub(crate) fn json(status: StatusCode, body: Vec<u8>) -> Response {
    // Copying a map takes half the time of filling one.
    static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // For caches of HTTP/1.0; §5.1 demands it.
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
        headers
    });
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().clone_from(&HEADERS);
    response
}

/// Makes a JSON error response (RFC 6749 §5.2).
pub(crate) fn error(status: StatusCode, code: &str, description: Option<&str>) -> Response {
    #[derive(Serialize)]
    struct Error<'a> {
        error: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        error_description: Option<String>,
    }
    let error = Error { error: code, error_description: description.map(printable) };
    json(status, serde_json::to_vec(&error).unwrap_or_default())
}

/// Returns a description with only the characters that §5.2 allows.
pub(crate) fn printable(text: &str) -> String {
    text.replace('§', "section ")
        .chars()
        .map(|letter| if is_printable(letter) { letter } else { '\'' })
        .collect()
}

/// Returns whether a text can be an error code (RFC 6749 §4.1.2.1 and §5.2) or a quoted parameter
/// of a challenge.
pub(crate) fn is_quotable(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_printable)
}

fn is_printable(letter: char) -> bool {
    matches!(letter, ' '..='~') && !matches!(letter, '"' | '\\')
}
