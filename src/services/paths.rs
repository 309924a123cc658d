//! Paths of an API. They cannot leave the base URL of the API.

use std::borrow::Cow;

use http::Uri;
use percent_encoding::percent_decode_str;

use super::instance::installation;
use crate::core::error::oauth2::RequestError;
use crate::wire::{Origin, without_secrets};
use crate::{Error, Unsupported};

/// Returns the URL of a path below a base URL, with the API suffix at its end.
pub(super) fn below(base: &str, path: &str, ending: &str) -> Result<String, Error> {
    let base = installation(base)?;
    let segments = path.strip_prefix('/').unwrap_or(path);
    let decoded: Cow<'_, [u8]> = percent_decode_str(segments).into();
    // Some servers ignore the part of a segment after a semicolon.
    let name = |segment: &[u8]| {
        segment.split(|byte| *byte == b';').next().map(<[u8]>::to_vec).unwrap_or_default()
    };
    let dots = decoded
        .split(|byte| matches!(byte, b'/' | b'\\'))
        .any(|segment| matches!(&*name(segment), b"." | b".."));
    let plain = !segments.starts_with('/')
        && !segments.contains(['@', '\\', '?', '#'])
        && !is_absolute(segments);
    let url = format!("{base}/{segments}{ending}");
    // A path that two parsers read differently is refused, too.
    if segments.is_empty()
        || !plain
        || segments.contains("//")
        || dots
        || installation(&url).is_err()
    {
        let reason = "a path must be relative to the API's base URL, stay below it, and have no \
            query";
        return Err(Unsupported::Url { url: without_secrets(path), reason }.into());
    }
    Ok(url)
}

/// Returns whether the text begins like a URL.
pub(super) fn is_absolute(path: &str) -> bool {
    let begins = |scheme: &str| {
        path.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    };
    begins("http:") || begins("https:")
}

/// Returns an absolute URL if it is at one of the given origins.
pub(super) fn at_one_of(url: &str, origins: &[String]) -> Result<String, Error> {
    let place = url.split('?').next().unwrap_or_default();
    let origin = |url: &str| url.parse().ok().and_then(|uri: Uri| Origin::of(&uri));
    installation(place)?;
    let own = origin(place);
    if own.is_none() || !origins.iter().any(|allowed| origin(allowed) == own) {
        let origin = own.map(|origin| origin.to_string()).unwrap_or_default();
        return Err(RequestError::ForeignOrigin { origin, option: None }.into());
    }
    Ok(url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://api.example.com/1";

    #[test]
    fn a_path_is_appended_to_the_base() {
        for path in ["/account/info", "account/info"] {
            assert_eq!(below(BASE, path, "").unwrap(), "https://api.example.com/1/account/info");
        }
        assert_eq!(
            below("http://127.0.0.1:80/", "/me", ".json").unwrap(),
            "http://127.0.0.1:80/me.json"
        );
        let encoded = "/metadata/auto/a%20b%40c/..d";
        assert_eq!(below(BASE, encoded, "").unwrap(), format!("{BASE}{encoded}"));
    }

    #[test]
    fn a_path_that_could_leave_the_base_is_refused() {
        for path in [
            "",
            "/",
            "//evil.example",
            "///evil.example",
            "a//b",
            "@evil.example",
            "/x@evil.example",
            "..",
            "/../x",
            "/a/../../x",
            "/a/./b",
            "/%2e%2e/x",
            "/%2E./x",
            "/a%2f..%2fx",
            "/a%5c..%5cx",
            "\\evil.example",
            "/a\\b",
            "/a?b=c",
            "/a#b",
            "http://evil.example",
            "HTTPS://evil.example",
            "/https:evil.example",
            "/a b",
            "/a\r\nb",
            "/ä",
        ] {
            let error = below(BASE, path, "").unwrap_err();
            assert!(
                matches!(error, Error::Unsupported(Unsupported::Url { .. })),
                "{path}: {error}"
            );
        }
    }
}
