//! The responses of a provider: redirects and forms for the user's browser, direct responses, and
//! plain text. OpenID Authentication 2.0 §5.1.2, §5.2.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

use super::super::message::Message;
use super::super::{indirect_communication, key_value};
use crate::Response;
use crate::wire::WHEN_UNAVAILABLE;

/// The longest URL of a redirect, in bytes. A longer one is replaced by a form, since some browsers
/// and servers refuse it.
const LONGEST_URL: usize = 2047;

/// The part of the relying party's URL for the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessagePlace {
    Query,
    /// The fragment, for a page of the relying party that reads it (User Interface Extension §5.1).
    Fragment,
}

/// Returns a response that sends the user to a URL with a message: a redirect, or a form if the URL
/// is too long (§5.2).
pub(super) fn indirect(return_to: &str, message: &Message, place: MessagePlace) -> Response {
    let url = match place {
        MessagePlace::Query => indirect_communication::with_query(return_to, &message.to_form()),
        MessagePlace::Fragment => {
            indirect_communication::with_fragment(return_to, &message.to_form())
        }
    };
    let mut response = Response::default();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let location = HeaderValue::try_from(&url).ok().filter(|_| url.len() <= LONGEST_URL);
    if let Some(mut location) = location {
        location.set_sensitive(true);
        headers.insert(LOCATION, location);
        *response.status_mut() = StatusCode::SEE_OTHER;
        return response;
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    *response.body_mut() = indirect_communication::page(return_to, message).into_bytes();
    response
}

/// Returns an empty response, for a request without a usable `return_to` (§10).
pub(super) fn nothing() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// Returns a message in Key-Value form (§5.1.2).
pub(super) fn direct(status: StatusCode, message: &Message) -> Response {
    text(status, message.to_key_value().unwrap_or_default())
}

/// Returns a response of plain text.
pub(super) fn text(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(body.into_bytes());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(key_value::MEDIA_TYPE));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(WHEN_UNAVAILABLE));
    }
    response
}
