//! Requests of direct communication, OpenID Authentication 2.0 §5.1.1: a POST of a form.

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Uri};

use super::message::Message;
use crate::Request;
use crate::wire::form;

/// Returns the request with a message to the endpoint of a provider.
pub(super) fn direct_request(endpoint: &Uri, message: &Message) -> Request {
    let mut request = Request::new(message.to_form().into_bytes());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = endpoint.clone();
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(form::MEDIA_TYPE));
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("text/plain, */*;q=0.1"));
    request
}
