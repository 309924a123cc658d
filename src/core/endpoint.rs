//! Checks of the URLs to which requests are sent: endpoints and origins. Also adds pairs to a
//! query.

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Uri};

use super::unsupported::Unsupported;
use crate::wire::{OriginRef, is_secure, parse_endpoint, percent, without_query, without_secrets};

/// Reads a URL that can be an endpoint.
pub(crate) fn endpoint(url: &str) -> Result<Uri, Unsupported> {
    parse_endpoint(url).ok_or_else(|| Unsupported::Url {
        url: without_secrets(url),
        reason: "an endpoint must be an absolute http or https URL without user information or \
            fragment",
    })
}

/// Checks that a URL [is secure](is_secure). The error names the option that prevents it, if there
/// is one.
pub(crate) fn check_secure(uri: &Uri, option: Option<&'static str>) -> Result<(), Unsupported> {
    if is_secure(uri) {
        Ok(())
    } else {
        Err(Unsupported::PlainHttp { url: without_query(uri), option })
    }
}

/// Returns the URI with pairs at the end of its query.
pub(crate) fn with_query(uri: &Uri, pairs: &str) -> Result<Uri, Unsupported> {
    let mut parts = uri.clone().into_parts();
    let path = if uri.path().is_empty() { "/" } else { uri.path() };
    let target = match uri.query() {
        None | Some("") => format!("{path}?{pairs}"),
        Some(query) => format!("{path}?{query}&{pairs}"),
    };
    let too_long = |_| Unsupported::Unsendable {
        what: "the query",
        reason: "the URI would be longer than 65534 bytes",
    };
    parts.path_and_query = Some(target.parse().map_err(too_long)?);
    Uri::from_parts(parts).map_err(|_| Unsupported::Unsendable {
        what: "the query",
        reason: "the URI must be absolute",
    })
}

/// Returns the origin to which a request is sent. Refuses a URI with user information, and a `Host`
/// header with another host. Some transports send the `Host` header as it is, and make an
/// `Authorization` header from the user information.
pub(crate) fn origin_of_request<'a>(
    uri: &'a Uri,
    headers: &HeaderMap,
) -> Result<OriginRef<'a>, Unsupported> {
    let authority = uri.authority().map(Authority::as_str).unwrap_or_default();
    let site = OriginRef::of(uri).filter(|site| {
        let named = |host: &HeaderValue| host.to_str().is_ok_and(|host| site.has_host(host));
        !percent::has_either(authority.as_bytes(), *b"@@")
            && headers.get_all(HOST).iter().all(named)
    });
    site.ok_or_else(|| {
        let reason = "a request with a token must go to an absolute http or https URL without user \
            information, and its Host header must not name another host";
        Unsupported::Url { url: without_query(uri), reason }
    })
}
