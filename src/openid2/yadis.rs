//! Yadis 1.0: how a response leads to an XRDS document, or is one.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use url::Url;

use super::identifier::absolute;
use super::xrds;
use crate::Response;
use crate::wire::form;

/// Returns whether an answer is an XRDS document: because it says so, or because it is XML and is
/// one. (A page in XHTML is XML as well.)
pub(super) fn is_document(response: &Response) -> bool {
    let value = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let is = |media_type: &str| form::essence(value).eq_ignore_ascii_case(media_type.as_bytes());
    is("application/xrds+xml")
        || ((is("text/xml") || is("application/xml")) && xrds::services(response.body()).is_some())
}

/// The URL that such a header names.
pub(super) fn location<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// A URL that is relative to another.
pub(super) fn joined(base: &Url, to: &str) -> Option<Url> {
    absolute(base.join(to).ok()?.as_str())
}
