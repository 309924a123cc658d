//! Identifiers: the text that a user types, as the URL at which discovery begins. OpenID
//! Authentication 2.0 §7.2.

use url::Url;

use crate::Unsupported;
use crate::wire::without_secrets;

/// The longest identifier, in bytes.
const MAX_LENGTH: usize = 2048;

/// Returns the URL of a user's input: `example.com` is `http://example.com/` if the default scheme
/// is http. Fragments are dropped, and equivalent URLs become the same (RFC 3986 §6.2). Refuses
/// XRIs (`=name`, `xri://…`, whose resolvers no longer exist), texts that are not http or https
/// URLs, and URLs with user information.
pub(crate) fn parse(input: &str, scheme: &str) -> Result<Url, Unsupported> {
    let refuse = |reason| Unsupported::Identifier {
        identifier: without_secrets(input),
        reason,
        response: None,
    };
    let input = input.trim();
    if input.is_empty() || input.len() > MAX_LENGTH {
        return Err(refuse("it is empty, or longer than 2048 bytes"));
    }
    let rest =
        input.get(..6).filter(|begin| begin.eq_ignore_ascii_case("xri://")).map(|_| &input[6..]);
    if rest.is_some() || input.starts_with(['=', '@', '+', '$', '!', '(']) {
        return Err(refuse("it is an XRI, which is not supported: expected a URL"));
    }
    if !has_http_scheme(input) && input.contains('@') {
        return Err(refuse("it is an email address: expected a URL"));
    }
    let with_scheme =
        if has_http_scheme(input) { input.to_owned() } else { format!("{scheme}://{input}") };
    let mut url = Url::parse(&with_scheme).map_err(|_| refuse("it is not a URL"))?;
    url.set_fragment(None);
    usable(url).ok_or_else(|| refuse("it has user information, or no host"))
}

/// Returns an absolute http or https URL in its normal form, with its fragment. `None` if it has
/// user information, or if parsers could read it in two ways, because it has a backslash, a
/// character that parsers drop, or no host after the slashes.
pub(crate) fn absolute(url: &str) -> Option<Url> {
    let doubtful = |char: char| char == '\\' || char.is_ascii_control() || char.is_whitespace();
    let url = Some(url)
        .filter(|url| url.len() <= MAX_LENGTH && has_http_scheme(url) && !url.contains(doubtful))?;
    let host = url.split_once("://")?.1;
    usable(Url::parse(url).ok().filter(|_| !host.starts_with('/'))?)
}

/// Returns the URL without its fragment.
pub(crate) fn without_fragment(mut url: Url) -> Url {
    url.set_fragment(None);
    url
}

fn has_http_scheme(input: &str) -> bool {
    let scheme = |scheme: &str| {
        input.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    };
    scheme("http://") || scheme("https://")
}

fn usable(mut url: Url) -> Option<Url> {
    let sound = url.has_host() && url.username().is_empty() && url.password().is_none();
    if !sound {
        return None;
    }
    let path = normal_escapes(url.path())?;
    if path != url.path() {
        url.set_path(&path);
    }
    if let Some(query) = url.query().map(normal_escapes) {
        url.set_query(Some(&query?));
    }
    Some(url)
}

/// Returns the text with escapes in upper case, and without unneeded escapes (RFC 3986 §6.2.2.1 and
/// §6.2.2.2). Returns `None` if a percent sign does not begin an escape: once the text after it is
/// decoded, it could begin one.
fn normal_escapes(text: &str) -> Option<String> {
    use crate::wire::percent::is_unreserved;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let digits = rest
            .get(at + 1..at + 3)
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        let byte = u8::from_str_radix(digits, 16).ok()?;
        if is_unreserved(byte) {
            out.push(char::from(byte));
        } else {
            out.extend(["%", &digits.to_ascii_uppercase()]);
        }
        rest = &rest[at + 3..];
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalize(input: &str) -> Result<String, Unsupported> {
        parse(input, "http").map(String::from)
    }

    /// Appendix A.1, and RFC 3986 §6.2.
    #[test]
    fn inputs_become_identifiers_as_the_specification_shows() {
        for (input, identifier) in [
            ("example.com", "http://example.com/"),
            ("http://example.com", "http://example.com/"),
            ("https://example.com/", "https://example.com/"),
            ("http://example.com/user", "http://example.com/user"),
            ("http://example.com/user/", "http://example.com/user/"),
            ("http://example.com/", "http://example.com/"),
            ("HTTP://Example.COM:80/a/./b/../c", "http://example.com/a/c"),
            ("https://example.com:443", "https://example.com/"),
            ("example.com:8080/x", "http://example.com:8080/x"),
            ("http://example.com/%7Euser?a=%2f#top", "http://example.com/~user?a=%2F"),
            ("http://example.com/100%25/%e2%98%83", "http://example.com/100%25/%E2%98%83"),
            ("\tbücher.example\n", "http://xn--bcher-kva.example/"),
        ] {
            assert_eq!(normalize(input).unwrap(), identifier, "{input}");
            assert_eq!(normalize(identifier).unwrap(), identifier, "{input}");
        }
    }

    #[test]
    fn an_invalid_identifier_is_refused_with_the_reason() {
        let long = "x".repeat(5000);
        for input in [
            "",
            "  ",
            "=example",
            "xri://=example",
            "XRI://x",
            "@x",
            "http://me:pw@example.com",
            "http://",
            "a b",
            "http://a.example/100%",
            "http://a.example/%%32e%%32e/b",
            &long,
        ] {
            let error = normalize(input).unwrap_err();
            assert!(matches!(error, Unsupported::Identifier { .. }), "{input}: {error}");
            assert!(!error.to_string().contains("pw"), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn normalizing_twice_gives_the_same_as_once(input in "[ -~]{0,40}") {
            if let Ok(once) = normalize(&input) {
                proptest::prop_assert_eq!(normalize(&once).unwrap(), once);
            }
        }
    }
}
