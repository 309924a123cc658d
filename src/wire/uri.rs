//! The parts of a URI as its author wrote them (RFC 3986 §3 and appendix B), and the host in its
//! authority.
//!
//! Nothing is repaired. If URL parsers disagree about the host of a text, this module returns no
//! host, and the caller must be careful with the text.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The parts of a URI, each as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UriParts<'a> {
    pub(crate) scheme: &'a str,
    /// The text between `//` and the path; `None` if there is no `//`.
    pub(crate) authority: Option<&'a str>,
}

impl<'a> UriParts<'a> {
    /// Returns the parts of a text that begins with a scheme (RFC 3986 §3.1); `None` for any other
    /// text.
    pub(crate) fn of(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let is_in_scheme =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(is_in_scheme);
        let authority = rest
            .strip_prefix("//")
            .map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
        is_scheme.then_some(Self { scheme, authority })
    }

    /// Returns whether the scheme is http or https, in any case.
    pub(crate) fn is_web(self) -> bool {
        self.scheme.eq_ignore_ascii_case("https") || self.scheme.eq_ignore_ascii_case("http")
    }

    /// Returns the host, if all URL parsers agree on it.
    pub(crate) fn host(self) -> Option<Host<'a>> {
        Host::of_authority(self.authority?)
    }

    /// Returns whether two URIs have one origin (RFC 6454 §4). URIs of schemes other than http and
    /// https have none.
    pub(crate) fn is_same_origin(self, other: UriParts<'_>) -> bool {
        let port = |parts: UriParts<'_>, site: &Site<'_>| {
            site.port.unwrap_or(if parts.scheme.eq_ignore_ascii_case("https") { 443 } else { 80 })
        };
        let (Some(one), Some(two)) =
            (self.authority.and_then(Site::of), other.authority.and_then(Site::of))
        else {
            return false;
        };
        self.is_web()
            && self.scheme.eq_ignore_ascii_case(other.scheme)
            && one.host.is(two.host)
            && port(self, &one) == port(other, &two)
    }
}

/// An authority without its user information.
struct Site<'a> {
    host: Host<'a>,
    port: Option<u16>,
}

impl<'a> Site<'a> {
    fn of(authority: &'a str) -> Option<Self> {
        // Browsers end the authority at a backslash, and drop white space.
        if authority.bytes().any(|byte| byte == b'\\' || !byte.is_ascii_graphic()) {
            return None;
        }
        let site = authority.rsplit_once('@').map_or(authority, |(_, site)| site);
        // An IPv6 address contains colons, and ends at its bracket.
        let end = if site.starts_with('[') {
            site.find(']')? + 1
        } else {
            site.find(':').unwrap_or(site.len())
        };
        let (host, port) = site.split_at(end);
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => None,
            Some("") => None,
            // `parse` would also accept a sign.
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok()?)
            }
            _ => return None,
        };
        Some(Self { host: Host::of(host)?, port })
    }
}

/// A host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host<'a> {
    /// A name in upper or lower case, perhaps with a dot at its end.
    Name(&'a str),
    Ipv4(Ipv4Addr),
    Ipv6(Ipv6Addr),
}

impl<'a> Host<'a> {
    /// Reads a host. Returns `None` for a text that URL parsers read as different hosts, such as a
    /// text with escapes or with letters outside ASCII.
    pub(crate) fn of(text: &'a str) -> Option<Self> {
        if let Some(inner) = text.strip_prefix('[') {
            return inner.strip_suffix(']')?.parse().ok().map(Self::Ipv6);
        }
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte);
        if text.is_empty() || !text.bytes().all(is_plain) {
            return None;
        }
        let last = text.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
        let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || number(last).is_some();
        if is_number {
            ipv4(text.strip_suffix('.').unwrap_or(text)).map(Self::Ipv4)
        } else {
            Some(Self::Name(text))
        }
    }

    /// Returns the host of an authority, if all URL parsers agree on it.
    pub(crate) fn of_authority(authority: &'a str) -> Option<Self> {
        Some(Site::of(authority)?.host)
    }

    fn is(self, other: Host<'_>) -> bool {
        match (self, other) {
            (Self::Name(one), Host::Name(two)) => one.eq_ignore_ascii_case(two),
            (Self::Ipv4(one), Host::Ipv4(two)) => one == two,
            (Self::Ipv6(one), Host::Ipv6(two)) => one == two,
            _ => false,
        }
    }
}

/// Reads an IPv4 address in every form that resolvers accept: up to four numbers, each in decimal,
/// octal or hexadecimal. The last number fills the rest of the address.
fn ipv4(text: &str) -> Option<Ipv4Addr> {
    let numbers = text.split('.').map(number).collect::<Option<Vec<_>>>()?;
    let (last, first) = numbers.split_last()?;
    if first.len() > 3 || first.iter().any(|number| *number > 255) {
        return None;
    }
    let mut bits = u64::from(*last);
    if bits >= 1 << (8 * (4 - first.len())) {
        return None;
    }
    for (at, number) in first.iter().enumerate() {
        bits |= u64::from(*number) << (8 * (3 - at));
    }
    u32::try_from(bits).ok().map(Ipv4Addr::from)
}

fn number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    match digits {
        "" if radix == 16 => Some(0),
        digits if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            u32::from_str_radix(digits, radix).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(uri: &str) -> Option<Host<'_>> {
        UriParts::of(uri)?.host()
    }

    #[test]
    fn a_host_is_read_without_user_information_and_port() {
        for uri in [
            "https://c.example",
            "https://c.example:8080/x",
            "https://me:pw@c.example?x",
            "x.y://c.example#z",
        ] {
            assert_eq!(host(uri), Some(Host::Name("c.example")), "{uri}");
        }
    }

    #[test]
    fn an_ipv4_address_is_read_in_every_form_that_resolvers_accept() {
        for uri in [
            "http://127.0.0.1",
            "http://127.1",
            "http://0x7f.1",
            "http://0177.0.0.1",
            "http://2130706433",
            "http://127.0.0.1./",
        ] {
            assert_eq!(host(uri), Some(Host::Ipv4(Ipv4Addr::LOCALHOST)), "{uri}");
        }
        for uri in [
            "http://256.0.0.1",
            "http://1.2.3.4.5",
            "http://0x",
            "http://4294967296",
            "http://08.0.0.1",
            "http://a.1",
        ] {
            assert_ne!(host(uri), Some(Host::Ipv4(Ipv4Addr::LOCALHOST)), "{uri}");
        }
    }

    #[test]
    fn a_host_that_readers_disagree_about_is_not_read() {
        for uri in [
            "http://127.0.0.1%2e",
            "http://1\u{ff12}7.0.0.1",
            "http://good.example\\@evil.example/",
            "http://c.example:x/",
            "http://c.example:99999/",
            "http://[::1/",
            "http://[fe80::1%25eth0]/",
            "http:/c.example",
            "http:c.example",
            "http://",
            "/c.example",
        ] {
            assert_eq!(host(uri), None, "{uri}");
        }
    }

    proptest::proptest! {
        /// If this module and the `url` library both read a host, it is the same host. The library
        /// reads URLs like browsers.
        #[test]
        fn a_host_agrees_with_the_url_library(
            uri in "https?://([a-z0-9.x-]{1,12}|\\[[0-9a-f:]{2,9}\\])(:[0-9]{0,5})?\
                (/[a-z@:]{0,4})?",
        ) {
            let theirs = url::Url::parse(&uri).ok();
            let theirs = theirs.as_ref().and_then(url::Url::host);
            if let (Some(ours), Some(theirs)) = (host(&uri), theirs) {
                let same = match (ours, theirs) {
                    (Host::Name(one), url::Host::Domain(two)) => one.eq_ignore_ascii_case(two),
                    (Host::Ipv4(one), url::Host::Ipv4(two)) => one == two,
                    (Host::Ipv6(one), url::Host::Ipv6(two)) => one == two,
                    _ => false,
                };
                proptest::prop_assert!(same, "{uri}: {ours:?}");
            }
        }
    }
}
