//! The signed target of a request: method, site and URI, RFC 5849 §3.4.1.1 and §3.4.1.2.

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, Method as HttpMethod, Uri};

use crate::Unsupported;
use crate::wire::{OriginRef, without_query};

/// The method, the site and the URI of a request: the beginning of the base string.
pub(crate) type RequestTarget<'a> = (&'a HttpMethod, OriginRef<'a>, &'a Uri);

/// Returns the value of the `Host` header, if there is one.
pub(super) fn host(headers: &HeaderMap) -> Result<Option<Authority>, Unsupported> {
    let Some(host) = headers.get(HOST) else {
        return Ok(None);
    };
    let authority = Authority::try_from(host.as_bytes());
    authority.map(Some).map_err(|_| Unsupported::Unsendable {
        what: "the Host header",
        reason: "expected a host and optionally a port",
    })
}

/// Returns the site that is signed: the scheme of the URI, with the authority of the `Host` header
/// if there is one, and with that of the URI if not (RFC 5849 §3.4.1.2, item 2).
#[inline]
pub(super) fn signed_site<'u>(
    uri: &'u Uri,
    host: Option<&'u Authority>,
) -> Result<OriginRef<'u>, Unsupported> {
    let site = OriginRef::of(uri);
    let site =
        site.and_then(|site| host.map_or(Some(site), |host| OriginRef::new(site.scheme, host)));
    site.ok_or_else(|| Unsupported::Url {
        url: without_query(uri),
        reason: "expected an absolute http or https URI with a valid host and port",
    })
}
