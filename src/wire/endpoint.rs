//! The other side's URLs: what may be an endpoint, whether it is private, and pairs at the end of a query.

use http::Uri;

use super::{Site, bare};
use crate::Unsupported;

/// A URL that can be an endpoint.
pub(crate) fn endpoint(url: &str) -> Result<Uri, Unsupported> {
    // A fragment would be dropped without a word.
    let uri = url.parse().ok().filter(|uri: &Uri| {
        let has_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        Site::of(uri).is_some() && !has_user && !url.contains('#')
    });
    uri.ok_or_else(|| Unsupported::Url {
        url: bare(url),
        reason: "an endpoint is an absolute http or https URL without user information and fragment",
    })
}

/// Whether secrets may go to that place and come back from it: it is https, or this machine, or `plain_http` is wanted.
pub(crate) fn check_private(uri: &Uri, plain_http: bool) -> Result<(), Unsupported> {
    if plain_http || Site::of(uri).is_some_and(Site::is_private) {
        return Ok(());
    }
    Err(Unsupported::PlainHttp { url: without_query(uri) })
}

/// Whether a URL may lead to this machine, in any of the ways in which resolvers read a host: wider than
/// [`Origin::is_loopback`](super::Origin::is_loopback), since it serves to refuse.
pub(crate) fn is_near(uri: &Uri) -> bool {
    use url::Host;
    let url = url::Url::parse(&uri.to_string());
    match url.as_ref().ok().and_then(url::Url::host) {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => {
            let mapped = address.to_ipv4_mapped();
            address.is_loopback()
                || address.is_unspecified()
                || mapped.is_some_and(|address| address.is_loopback() || address.is_unspecified())
        }
        None => true,
    }
}

/// Whether a URL's host is one that only this machine or its network can reach, by its name or as an address that is written
/// out. What a name resolves to is for whoever connects to look at.
#[cfg(feature = "openid")]
pub(crate) fn is_internal(url: &url::Url) -> bool {
    use url::Host;
    /// Names that no one else has (RFC 6761, 6762, 8375, and what is in use).
    const TOPS: [&str; 13] = [
        "localhost",
        "localdomain",
        "local",
        "internal",
        "intranet",
        "private",
        "home.arpa",
        "home",
        "corp",
        "lan",
        "svc",
        "consul",
        "cluster.local",
    ];
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            let below = |top: &str| name.strip_suffix(top).is_some_and(|rest| rest.ends_with('.'));
            !name.contains('.') || TOPS.into_iter().any(|top| name == top || below(top))
        }
        Some(Host::Ipv4(address)) => is_special(address),
        Some(Host::Ipv6(address)) => {
            let [first, second, third, .., high, low] = address.segments();
            let low_half = std::net::Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
            // RFC 6052 §2.1. Elsewhere, networks of their own put the address in other places (RFC 8215).
            let well_known = address.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0];
            let translated = well_known || address.to_ipv4_mapped().is_some();
            let six_to_four = std::net::Ipv4Addr::from((u32::from(second) << 16) | u32::from(third));
            match first {
                _ if translated => is_special(low_half),
                0x2002 => is_special(six_to_four),
                // Special purposes below 2001::/23, documentation, and all that is not of the internet (RFC 4291 §2.4).
                0x2001 => second < 0x200 || second == 0xdb8,
                0x2000..=0x3fff => false,
                _ => true,
            }
        }
        None => true,
    }
}

/// Whether an address has a special purpose (RFC 6890).
#[cfg(feature = "openid")]
fn is_special(address: std::net::Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || matches!(
            (first, second, third),
            (0, ..) | (100, 64..=127, _) | (192, 0, 0) | (198, 18 | 19, _) | (224.., ..)
        )
}

/// The URI with pairs at the end of its query.
pub(crate) fn with_query(uri: &Uri, pairs: &str) -> Result<Uri, Unsupported> {
    let mut parts = uri.clone().into_parts();
    let path = if uri.path().is_empty() { "/" } else { uri.path() };
    let target = match uri.query() {
        None | Some("") => format!("{path}?{pairs}"),
        Some(query) => format!("{path}?{query}&{pairs}"),
    };
    let too_long = |_| Unsupported::Unsendable { what: "the query", reason: "the URI becomes too long" };
    parts.path_and_query = Some(target.parse().map_err(too_long)?);
    Uri::from_parts(parts).map_err(|_| Unsupported::Unsendable { what: "the query", reason: "the URI is not absolute" })
}

/// A URI as an error may show it: a query may hold secrets, and so may user information.
pub(crate) fn without_query(uri: &Uri) -> String {
    let scheme = uri.scheme_str().map(|scheme| format!("{scheme}://")).unwrap_or_default();
    format!("{scheme}{}{}", uri.host().unwrap_or_default(), uri.path())
}
