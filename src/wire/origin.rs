//! Origins: scheme, host and port (RFC 6454 §4), with the default ports of http and https.

use std::fmt;

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Uri};

use super::{percent, without_query};
use crate::Unsupported;

/// A scheme, a host and a port. Two are equal when a credential for one may be shown to the other.
///
/// ```
/// use oauth_proto::wire::Origin;
///
/// let origin = Origin::of(&"https://API.example.com:443/path".parse().unwrap()).unwrap();
/// assert_eq!(origin.to_string(), "https://api.example.com");
/// assert_ne!(origin, Origin::of(&"http://api.example.com/path".parse().unwrap()).unwrap());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    https: bool,
    host: String,
    port: u16,
}

impl Origin {
    /// The origin of an absolute http or https URI; `None` for any other. User information is left out.
    pub fn of(uri: &Uri) -> Option<Self> {
        OriginRef::of(uri).map(Self::from)
    }

    /// Whether the scheme is https.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Whether the host is the machine itself: `localhost`, or an address of the loopback range.
    pub fn is_loopback(&self) -> bool {
        self.site().is_loopback()
    }

    /// The origin as its parts.
    pub(crate) fn site(&self) -> OriginRef<'_> {
        OriginRef { https: self.https, host: &self.host, port: self.port }
    }

    /// Whether a `Host` header's value names this origin's host and port.
    pub(crate) fn has_host(&self, host: &str) -> bool {
        self.site().has_host(host)
    }
}

impl From<OriginRef<'_>> for Origin {
    fn from(OriginRef { https, host, port }: OriginRef<'_>) -> Self {
        Self { https, host: host.to_ascii_lowercase(), port }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.host)?;
        self.site().explicit_port().map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// An origin in the words of a URI: the host is in any case, an IPv6 address in brackets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OriginRef<'a> {
    pub(crate) https: bool,
    pub(crate) host: &'a str,
    port: u16,
}

impl<'a> OriginRef<'a> {
    pub(crate) fn of(uri: &'a Uri) -> Option<Self> {
        Self::new(is_https(uri)?, uri.authority()?)
    }

    /// Returns the site of a scheme and an authority; `None` where the authority has no host, or a port that is no number.
    pub(crate) fn new(https: bool, authority: &'a Authority) -> Option<Self> {
        let (host, port) = host_and_port(authority.as_str());
        let port = port_of(port, https)?;
        (!host.is_empty()).then_some(Self { https, host, port })
    }

    /// Returns the site that a request goes to, if all readers agree on it: its URI has no user information, and no `Host`
    /// names another place. Some transports send a `Host` on, and make an `Authorization` of user information.
    pub(crate) fn of_request(uri: &'a Uri, headers: &HeaderMap) -> Result<Self, Unsupported> {
        let authority = uri.authority().map(Authority::as_str).unwrap_or_default();
        let site = Self::of(uri).filter(|site| {
            let named = |host: &HeaderValue| host.to_str().is_ok_and(|host| site.has_host(host));
            !percent::has_either(authority.as_bytes(), *b"@@") && headers.get_all(HOST).iter().all(named)
        });
        site.ok_or_else(|| {
            let reason = "a request with a token goes to an absolute http or https URL, without user information and without a \
                Host header that names another place";
            Unsupported::Url { url: without_query(uri), reason }
        })
    }

    /// Whether a `Host` header's value names this host and port.
    pub(crate) fn has_host(self, host: &str) -> bool {
        let (named, rest) = host.split_at_checked(self.host.len()).unwrap_or_default();
        // Nothing else can stand there: `Host` has no user information (RFC 9110 §7.2).
        let same_host = named == self.host || named.eq_ignore_ascii_case(self.host);
        same_host && port_behind(rest, self.https) == Some(self.port)
    }

    /// Whether two sites are one origin.
    pub(crate) fn is(self, other: OriginRef<'_>) -> bool {
        // Hosts are nearly always written alike.
        let same_host = self.host == other.host || self.host.eq_ignore_ascii_case(other.host);
        self.https == other.https && self.port == other.port && same_host
    }

    /// The port, unless it is the scheme's default.
    pub(crate) fn explicit_port(self) -> Option<u16> {
        (self.port != default_port(self.https)).then_some(self.port)
    }

    pub(crate) fn is_loopback(self) -> bool {
        let literal = self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(self.host);
        literal.eq_ignore_ascii_case("localhost")
            || literal.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether what is sent there stays secret on the way: https, or the machine itself.
    pub(crate) fn is_secure(self) -> bool {
        self.https || self.is_loopback()
    }
}

/// Splits an authority, without its user information, at the colon. (`Authority::port` takes a text that is no port, such
/// as 99999, for no text at all.)
fn host_and_port(authority: &str) -> (&str, &str) {
    // Most authorities are nothing but a host.
    if !percent::has_either(authority.as_bytes(), *b"@:") {
        return (authority, "");
    }
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    // An IPv6 address has colons of its own, and ends at its bracket.
    let colon = host.bytes().rposition(|byte| byte == b':' || byte == b']').filter(|at| host.as_bytes()[*at] == b':');
    colon.map_or((host, ""), |at| (&host[..at], &host[at + 1..]))
}

/// A port as it stands behind the colon; the scheme's where nothing does.
fn port_of(port: &str, https: bool) -> Option<u16> {
    match port {
        "" => Some(default_port(https)),
        // `parse` would take a sign.
        port if port.bytes().all(|byte| byte.is_ascii_digit()) => port.parse().ok(),
        _ => None,
    }
}

/// A port with its colon, or nothing.
fn port_behind(text: &str, https: bool) -> Option<u16> {
    if text.is_empty() { Some(default_port(https)) } else { port_of(text.strip_prefix(':')?, https) }
}

const fn default_port(https: bool) -> u16 {
    if https { 443 } else { 80 }
}

/// Returns whether a URI's scheme is https (`Some(true)`), http (`Some(false)`) or another.
fn is_https(uri: &Uri) -> Option<bool> {
    match uri.scheme_str()? {
        "https" => Some(true),
        "http" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(uri: &str) -> Origin {
        Origin::of(&uri.parse().unwrap()).unwrap()
    }

    #[test]
    fn case_default_port_and_user_information_do_not_matter() {
        for same in ["https://A.example", "HTTPS://a.example:443/x?y", "https://me:pw@a.example"] {
            assert_eq!(origin(same), origin("https://a.example/"), "{same}");
        }
        for other in ["http://a.example", "https://a.example:444", "https://b.example", "https://a.example."] {
            assert_ne!(origin(other), origin("https://a.example/"), "{other}");
        }
    }

    #[test]
    fn loopback_is_the_machine_itself_and_nothing_that_looks_like_it() {
        for yes in ["http://localhost:1", "http://127.0.0.1", "http://127.9.9.9", "http://[::1]:80"] {
            assert!(origin(yes).is_loopback(), "{yes}");
        }
        for no in ["http://localhost.example", "http://127.0.0.1.example", "http://10.0.0.1", "http://[::2]"] {
            assert!(!origin(no).is_loopback(), "{no}");
        }
    }

    #[test]
    fn a_host_header_is_compared_with_its_port() {
        assert!(origin("https://a.example").has_host("A.example"));
        assert!(origin("https://a.example").has_host("a.example:443"));
        assert!(origin("http://[::1]:8080").has_host("[::1]:8080"));
        for no in ["a.example:80", "b.example", "", "me@a.example", "a.example:x", "a.example:99999", "a.example:+443"]
        {
            assert!(!origin("https://a.example").has_host(no), "{no}");
        }
    }
}
