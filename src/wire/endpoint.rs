//! Checks of URLs from other servers: whether they can be endpoints, and whether they are in this
//! machine's network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;

use super::origin::OriginRef;
use super::uri::{Host, UriParts};
use super::words::truncated;

/// Returns the URL of an endpoint: absolute, http or https, without user information and fragment.
pub(crate) fn parse_endpoint(url: &str) -> Option<Uri> {
    // The parser would drop a fragment without an error.
    url.parse().ok().filter(|uri: &Uri| {
        let has_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        OriginRef::of(uri).is_some() && !has_user && !url.contains('#')
    })
}

/// Returns whether a URI has only characters of URIs (RFC 3986 §2). A parser drops or escapes other
/// characters, but the caller keeps the original text.
pub(crate) fn is_ascii(uri: &str) -> bool {
    uri.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Returns whether a text is the path of a URL, as a request line has it.
pub(crate) fn is_request_path(path: &str) -> bool {
    let is_path = path.parse::<http::uri::PathAndQuery>().is_ok_and(|parsed| parsed.path() == path);
    is_path && path.is_ascii() && !path.contains("//")
}

/// Returns whether secrets may be sent to a URL and received from it: it is https, or on this
/// machine.
pub(crate) fn is_secure(uri: &Uri) -> bool {
    OriginRef::of(uri).is_some_and(OriginRef::is_secure)
}

/// The kind of network that a URL leads to, judged by its text alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Depth {
    Internet,
    Network,
    Machine,
}

impl Depth {
    /// Returns the depth of an http or https URL. `None` for any other text.
    fn of(url: &str) -> Option<Self> {
        let parts = UriParts::of(url).filter(|parts| parts.is_web())?;
        parts.authority.filter(|authority| !authority.is_empty())?;
        // If URL parsers disagree about the host, the URL can lead anywhere.
        Some(match parts.host() {
            None => Self::Machine,
            Some(host) if is_machine(host) => Self::Machine,
            Some(host) if is_internal(host) => Self::Network,
            Some(_) => Self::Internet,
        })
    }
}

/// Returns whether a URL in a document is on a more internal host than the document: in this
/// network or on this machine. The author of the document could then make this machine send
/// requests to hosts that the author cannot reach.
pub(crate) fn points_into_private_network(from: &str, place: &str) -> bool {
    let from = Depth::of(from).unwrap_or(Depth::Internet);
    // A URL that parsers read differently can lead anywhere. A text that no parser reads as a URL
    // leads nowhere.
    let unclear = || if parse_endpoint(place).is_some() { Depth::Machine } else { Depth::Internet };
    Depth::of(place).unwrap_or_else(unclear) > from
}

/// Returns whether a host can be this machine, in every form that resolvers accept. This function
/// accepts more forms than `OriginRef::is_loopback`, since it is used to refuse URLs.
fn is_machine(host: Host<'_>) -> bool {
    const NAMES: [&str; 7] = [
        "localhost",
        "localhost4",
        "localhost6",
        "ip6-localhost",
        "ip6-loopback",
        "localhost.localdomain",
        "localhost6.localdomain6",
    ];
    let is_own = |address: Ipv4Addr| address.is_loopback() || address.is_unspecified();
    match host {
        Host::Name(name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            NAMES.contains(&name.as_str()) || name.ends_with(".localhost")
        }
        Host::Ipv4(address) => is_own(address),
        Host::Ipv6(address) => {
            // ::/64 also has outdated forms of addresses, with an IPv4 address at the end.
            let outdated = address.segments()[..4] == [0; 4];
            address.is_loopback()
                || address.is_unspecified()
                || contained(address).is_some_and(is_own)
                || (outdated && is_own(low_half(address)))
        }
    }
}

/// Returns whether only this machine or its network can reach a host, judged by its name or by the
/// address in the text. The transport has to check the address to which a name resolves, with
/// [`is_internal_address`].
pub(crate) fn is_internal(host: Host<'_>) -> bool {
    /// The ends of names that exist only in private networks (RFC 6761, 6762 and 8375, and others
    /// that are in use).
    const TOPS: [&str; 14] = [
        "localhost",
        "localdomain",
        "localdomain6",
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
    match host {
        Host::Name(name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            let below = |top: &str| name.strip_suffix(top).is_some_and(|rest| rest.ends_with('.'));
            !name.contains('.') || TOPS.into_iter().any(|top| name == top || below(top))
        }
        Host::Ipv4(address) => is_internal_address(address.into()),
        Host::Ipv6(address) => is_internal_address(address.into()),
    }
}

/// Returns whether an address is one of this machine, of its network or of a special purpose (RFC
/// 6890): loopback, private, link-local, shared, multicast, reserved, and IPv6 addresses that
/// contain such an IPv4 address.
///
/// This crate applies the rule to URLs in documents of other servers, if the host is an address or
/// a name such as `localhost`. It does not resolve names. A public name can resolve to an internal
/// address, perhaps only at a second lookup. To refuse such names, apply this function in the
/// resolver of your HTTP client, to the address to which the client then connects.
///
/// # Examples
/// ```
/// use oauth_proto::wire::is_internal_address;
/// use std::net::{IpAddr, SocketAddr};
///
/// /// The addresses of a name that a request may go to.
/// fn external(resolved: Vec<SocketAddr>) -> Vec<SocketAddr> {
///     resolved.into_iter().filter(|address| !is_internal_address(address.ip())).collect()
/// }
///
/// for internal in
///     ["127.0.0.1", "10.0.0.5", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.5"]
/// {
///     assert!(is_internal_address(internal.parse()?));
/// }
/// assert!(!is_internal_address("1.1.1.1".parse()?));
/// let resolved = vec!["93.184.215.14:443".parse()?, "10.0.0.5:443".parse()?];
/// assert_eq!(external(resolved).len(), 1);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
pub fn is_internal_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_special(address),
        IpAddr::V6(address) => match (contained(address), address.segments()) {
            (Some(address), _) => is_special(address),
            // Special purposes in 2001::/23, addresses for documentation, and all addresses outside
            // of 2000::/3, which are not of the internet (RFC 4291 §2.4).
            (None, [0x2001, second, ..]) => second < 0x200 || second == 0xdb8,
            (None, [0x3fff, second, ..]) => second < 0x1000,
            (None, [first, ..]) => !(0x2000..=0x3fff).contains(&first),
        },
    }
}

/// Returns the IPv4 address that an IPv6 address leads to.
fn contained(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        // RFC 4291 §2.5.5.2, and RFC 6052 §2.1. Local-use prefixes put the address in other places
        // (RFC 8215).
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(low_half(address)),
        // RFC 3056 §2.
        [0x2002, high, low, ..] => Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))),
        _ => None,
    }
}

/// Returns the last 32 bits of an IPv6 address.
fn low_half(address: Ipv6Addr) -> Ipv4Addr {
    let [.., high, low] = address.segments();
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
}

/// Returns whether an address has a special purpose (RFC 6890).
fn is_special(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || matches!(
            (first, second, third),
            (0, ..) | (100, 64..=127, _) | (192, 0, 0) | (198, 18 | 19, _) | (224.., ..)
        )
}

/// Returns a URI in the form that an error can show. Query and user information are left out, since
/// they can have secrets in them.
pub(crate) fn without_query(uri: &Uri) -> String {
    let scheme = uri.scheme_str().map(|scheme| format!("{scheme}://")).unwrap_or_default();
    let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    truncated(&format!("{scheme}{host}{}", uri.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_cannot_point_further_inside_than_its_own_host() {
        let [internet, network, machine] =
            ["https://a.example", "https://10.0.0.1/x", "http://localhost:8080"];
        for (from, place) in [
            (internet, network),
            (internet, machine),
            (network, machine),
            ("", network),
            ("x", machine),
        ] {
            assert!(points_into_private_network(from, place), "{from} {place}");
        }
        for (from, place) in [
            (machine, network),
            (network, internet),
            (network, "https://intranet"),
            (internet, internet),
        ] {
            assert!(!points_into_private_network(from, place), "{from} {place}");
        }
        // A text that is not a URL of the web leads nowhere.
        for place in ["", "undefined", "urn:x", "/path", "ftp://10.0.0.1/", "1"] {
            assert!(!points_into_private_network(internet, place), "{place}");
        }
        for machine in [
            "https://LOCALHOST.",
            "https://127.1",
            "https://[::127.0.0.1]",
            "https://[2002:7f00:1::]",
        ] {
            assert_eq!(Depth::of(machine), Some(Depth::Machine), "{machine}");
        }
    }

    #[test]
    fn addresses_of_the_internet_are_not_internal() {
        for address in [
            "1.1.1.1",
            "100.128.0.1",
            "172.32.0.1",
            "2606:4700::1111",
            "64:ff9b::101:101",
            "2002:101:101::",
        ] {
            assert!(!is_internal_address(address.parse().unwrap()), "{address}");
        }
        for address in [
            "0.1.2.3",
            "100.64.0.1",
            "172.31.0.1",
            "255.255.255.255",
            "2001::1",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert!(is_internal_address(address.parse().unwrap()), "{address}");
        }
    }
}
