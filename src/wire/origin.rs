//! Origins: scheme, host and port (RFC 6454 §4), with the default ports of http and https.

use std::fmt;

use http::Uri;
use http::uri::Authority;

use super::percent;

/// A scheme of the web.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum WebScheme {
    Http,
    Https,
}

impl WebScheme {
    /// Returns the scheme of a URI; `None` if it is neither http nor https.
    pub(crate) fn of(uri: &Uri) -> Option<Self> {
        match uri.scheme_str()? {
            "https" => Some(Self::Https),
            "http" => Some(Self::Http),
            _ => None,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// A scheme, a host and a port. Two origins are equal if a credential for one may be sent to the
/// other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    scheme: WebScheme,
    host: String,
    port: u16,
}

impl Origin {
    /// Returns the origin of an absolute http or https URI, without user information. `None` for
    /// any other URI.
    pub(crate) fn of(uri: &Uri) -> Option<Self> {
        OriginRef::of(uri).map(Self::from)
    }

    /// Returns whether the scheme is https.
    pub(crate) fn is_https(&self) -> bool {
        self.scheme == WebScheme::Https
    }

    /// Returns the origin as its parts.
    pub(crate) fn site(&self) -> OriginRef<'_> {
        OriginRef { scheme: self.scheme, host: &self.host, port: self.port }
    }

    /// Returns whether the value of a `Host` header names this origin's host and port.
    pub(crate) fn has_host(&self, host: &str) -> bool {
        self.site().has_host(host)
    }
}

impl From<OriginRef<'_>> for Origin {
    fn from(OriginRef { scheme, host, port }: OriginRef<'_>) -> Self {
        Self { scheme, host: host.to_ascii_lowercase(), port }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.host)?;
        self.site().explicit_port().map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// An origin as a URI writes it: the host in upper or lower case, and an IPv6 address in brackets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OriginRef<'a> {
    pub(crate) scheme: WebScheme,
    pub(crate) host: &'a str,
    port: u16,
}

impl<'a> OriginRef<'a> {
    pub(crate) fn of(uri: &'a Uri) -> Option<Self> {
        Self::new(WebScheme::of(uri)?, uri.authority()?)
    }

    /// Returns the site of a scheme and an authority; `None` if the authority has no host, or a
    /// port that is not a number.
    pub(crate) fn new(scheme: WebScheme, authority: &'a Authority) -> Option<Self> {
        let (host, port) = host_and_port(authority.as_str());
        let port = port_of(port, scheme)?;
        (!host.is_empty()).then_some(Self { scheme, host, port })
    }

    /// Returns whether the value of a `Host` header names this host and port.
    pub(crate) fn has_host(self, host: &str) -> bool {
        let (named, rest) = host.split_at_checked(self.host.len()).unwrap_or_default();
        // The value begins with the host, since `Host` has no user information (RFC 9110 §7.2).
        let same_host = named == self.host || named.eq_ignore_ascii_case(self.host);
        same_host && port_behind(rest, self.scheme) == Some(self.port)
    }

    /// Returns whether two sites are the same origin.
    pub(crate) fn is(self, other: OriginRef<'_>) -> bool {
        // Hosts are nearly always written in the same way.
        let same_host = self.host == other.host || self.host.eq_ignore_ascii_case(other.host);
        self.scheme == other.scheme && self.port == other.port && same_host
    }

    /// Returns the port, unless it is the scheme's default.
    pub(crate) fn explicit_port(self) -> Option<u16> {
        (self.port != default_port(self.scheme)).then_some(self.port)
    }

    pub(crate) fn is_loopback(self) -> bool {
        let literal = self
            .host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(self.host);
        literal.eq_ignore_ascii_case("localhost")
            || literal.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Returns whether a request to this origin stays secret on its way: the scheme is https, or
    /// the host is this machine.
    pub(crate) fn is_secure(self) -> bool {
        self.scheme == WebScheme::Https || self.is_loopback()
    }
}

/// Splits an authority into host and port, without user information. `Authority::port` cannot be
/// used, since it ignores a text that is not a port, such as 99999.
fn host_and_port(authority: &str) -> (&str, &str) {
    // Most authorities are nothing but a host.
    if !percent::has_either(authority.as_bytes(), *b"@:") {
        return (authority, "");
    }
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    // An IPv6 address contains colons, and ends at its bracket.
    let colon = host
        .bytes()
        .rposition(|byte| byte == b':' || byte == b']')
        .filter(|at| host.as_bytes()[*at] == b':');
    colon.map_or((host, ""), |at| (&host[..at], &host[at + 1..]))
}

/// Reads the port after the colon. An empty text is the default port of the scheme.
fn port_of(port: &str, scheme: WebScheme) -> Option<u16> {
    match port {
        "" => Some(default_port(scheme)),
        // `parse` would also accept a sign.
        port if port.bytes().all(|byte| byte.is_ascii_digit()) => port.parse().ok(),
        _ => None,
    }
}

/// Reads a port with its colon. An empty text is the default port of the scheme.
fn port_behind(text: &str, scheme: WebScheme) -> Option<u16> {
    if text.is_empty() {
        Some(default_port(scheme))
    } else {
        port_of(text.strip_prefix(':')?, scheme)
    }
}

const fn default_port(scheme: WebScheme) -> u16 {
    match scheme {
        WebScheme::Http => 80,
        WebScheme::Https => 443,
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
        for other in
            ["http://a.example", "https://a.example:444", "https://b.example", "https://a.example."]
        {
            assert_ne!(origin(other), origin("https://a.example/"), "{other}");
        }
    }

    #[test]
    fn only_this_machine_counts_as_loopback() {
        for yes in ["http://localhost:1", "http://127.0.0.1", "http://127.9.9.9", "http://[::1]:80"]
        {
            assert!(origin(yes).site().is_loopback(), "{yes}");
        }
        for no in [
            "http://localhost.example",
            "http://127.0.0.1.example",
            "http://10.0.0.1",
            "http://[::2]",
        ] {
            assert!(!origin(no).site().is_loopback(), "{no}");
        }
    }

    #[test]
    fn a_host_header_is_compared_with_its_port() {
        assert!(origin("https://a.example").has_host("A.example"));
        assert!(origin("https://a.example").has_host("a.example:443"));
        assert!(origin("http://[::1]:8080").has_host("[::1]:8080"));
        for no in [
            "a.example:80",
            "b.example",
            "",
            "me@a.example",
            "a.example:x",
            "a.example:99999",
            "a.example:+443",
        ] {
            assert!(!origin("https://a.example").has_host(no), "{no}");
        }
    }
}
