//! Yadis 1.0: responses that are XRDS documents, or that name the URL of one.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use url::Url;

use super::identifier::absolute;
use super::xrds;
use crate::Response;
use crate::wire::form;

/// Returns whether a response is an XRDS document: by its content type, or because it is XML and
/// can be read as such a document. (A page in XHTML is XML, too.)
pub(super) fn is_document(response: &Response) -> bool {
    let value = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let is = |media_type: &str| form::essence(value).eq_ignore_ascii_case(media_type.as_bytes());
    is("application/xrds+xml")
        || ((is("text/xml") || is("application/xml")) && xrds::services(response.body()).is_some())
}

/// Returns the URL in a header, such as `X-XRDS-Location`.
pub(super) fn location<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// Returns the absolute URL of `to`, which can be relative to `base`.
pub(super) fn joined(base: &Url, to: &str) -> Option<Url> {
    absolute(base.join(to).ok()?.as_str())
}
