//! The check of redirect_uris, RFC 6749 §3.1.2, and RFC 8252 §7 for native apps.

use crate::Unsupported;
use crate::wire::uri::{Host, UriParts};
use crate::wire::without_secrets;

/// The schemes with which a browser runs or displays something itself, or starts a mail or phone
/// application.
const NOWHERE: [&str; 9] =
    ["javascript", "data", "vbscript", "file", "blob", "about", "view-source", "mailto", "tel"];

/// Whether a redirect_uri on another machine may be http.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlainHttp {
    Refused,
    Allowed,
}

impl PlainHttp {
    /// Returns `Allowed` if the option is set.
    pub(crate) const fn allowed_if(option: bool) -> Self {
        if option { Self::Allowed } else { Self::Refused }
    }
}

/// Checks that a redirect_uri is an https URL, an http URL of this machine, or a URI with an app's
/// private scheme. It is sent byte for byte, so nothing is normalized.
pub(crate) fn check_redirect_uri(uri: &str, plain_http: PlainHttp) -> Result<(), Unsupported> {
    let refuse = |reason| Err(Unsupported::Url { url: without_secrets(uri), reason });
    let Some(parts) = UriParts::of(uri) else {
        return refuse("a redirect_uri must be an absolute URI");
    };
    // Browsers drop or replace these characters, but servers compare redirect_uris byte by byte.
    if uri
        .bytes()
        .any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control() || byte == b'\\')
    {
        return refuse(
            "a redirect_uri must not have white space, backslashes or control characters",
        );
    }
    if uri.contains('#') {
        return refuse("a redirect_uri must not have a fragment");
    }
    if parts.authority.is_some_and(|authority| authority.contains('@')) {
        return refuse("a redirect_uri must not have user information");
    }
    // A browser reads `https:x` as relative to the current page.
    let is_unclear =
        |authority: &str| authority.is_ascii() && Host::of_authority(authority).is_none();
    if parts.is_web()
        && parts.authority.is_none_or(|authority| authority.is_empty() || is_unclear(authority))
    {
        return refuse("a redirect_uri of http or https must have a valid host");
    }
    if NOWHERE.iter().any(|scheme| parts.scheme.eq_ignore_ascii_case(scheme)) {
        return refuse(
            "a browser opens this scheme itself: use https, or a private scheme of the app",
        );
    }
    let loopback = match parts.host() {
        Some(Host::Name(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if parts.scheme.eq_ignore_ascii_case("http") && !loopback && plain_http == PlainHttp::Refused {
        let option = Some("AuthorizationServer::dangerous_allow_http");
        return Err(Unsupported::PlainHttp { url: without_secrets(uri), option });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_and_native_redirect_uris_are_accepted() {
        for uri in [
            "https://client.example.com/cb?x=1",
            "http://127.0.0.1:51004/cb",
            "http://[::1]:9/",
            "http://localhost/cb",
            "com.example.app:/cb",
            "urn:ietf:wg:oauth:2.0:oob",
        ] {
            check_redirect_uri(uri, PlainHttp::Refused).unwrap();
        }
        check_redirect_uri("http://client.example.com/", PlainHttp::Allowed).unwrap();
    }

    #[test]
    fn redirect_uris_without_a_place_or_without_tls_are_refused() {
        for uri in [
            "/cb",
            "",
            "https://client.example.com/cb#",
            "https://client.example.com/cb#x",
            "javascript:alert(1)",
            "data:text/html,x",
            "http://client.example.com/cb",
            "http://127.0.0.1.example/",
            "https://me:pw@client.example.com/cb",
            "https://client.example.com/c b",
            "https://client.example.com\\@evil.example/",
            "https://client.example.com/\n",
            "https:client.example.com/cb",
            "https:/client.example.com/cb",
            "https:///client.example.com/cb",
            "https://@client.example.com/cb",
            "https://:8080/cb",
            "com.example.app://me:pw@cb",
            "com.example.app://me@cb",
        ] {
            check_redirect_uri(uri, PlainHttp::Refused).unwrap_err();
        }
    }
}
