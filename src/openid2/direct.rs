//! Direct communication, OpenID Authentication 2.0 §5.1: a POST, answered in Key-Value form.

use std::collections::BTreeMap;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Uri};

use super::key_value;
use super::message::Message;
use crate::wire::{MAX_BODY, form};
use crate::{Request, Response};

/// A message to a provider's endpoint.
pub(super) fn direct_request(endpoint: &Uri, message: &Message) -> Request {
    let mut request = Request::new(message.to_form().into_bytes());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = endpoint.clone();
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(form::MEDIA_TYPE));
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("text/plain, */*;q=0.1"));
    request
}

/// An answer's fields.
pub(super) struct Direct(BTreeMap<String, String>);

impl Direct {
    /// `None` where the answer is not in Key-Value form.
    pub(super) fn of(response: &Response) -> Option<Self> {
        if response.body().len() > MAX_BODY {
            return None;
        }
        key_value::parse(response.body()).map(Self)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}
