//! The callback: the request with which a user's browser comes back, and the check that it arrived
//! at the redirect_uri.

use std::borrow::Cow;
use std::fmt;

use http::Method;

use crate::wire::uri::UriParts;
use crate::wire::{form, without_secrets};
use crate::{Forged, Request};

/// The callback: the URI that the user's browser requested when it came back, and the form if it
/// posted one.
///
/// Pass the path and query of the request, or the whole URI if your web framework knows it. In
/// axum, `OriginalUri` has them, also inside a nested router. The path is compared with the
/// redirect_uri, and so are scheme and host if you pass them. A `&str`, an `http::Uri` and a
/// [`Request`] convert into a callback.
///
/// ```
/// use oauth_proto::{Callback, Request};
///
/// let by_get = Callback::from("/cb?code=x&state=y");
/// let by_post = Callback::posted("/cb", b"code=x&state=y");
/// fn either(request: &Request) -> Callback<'_> {
///     Callback::from(request)
/// }
/// ```
#[derive(Clone)]
pub struct Callback<'a> {
    pub(crate) url: Cow<'a, str>,
    pub(crate) form: Option<&'a [u8]>,
}

impl<'a> Callback<'a> {
    /// Makes a callback from a form that the browser posted to a URL (`form_post`). Use it also for
    /// a fragment (`location.hash`, with or without the `#`) that a script of your page posts to
    /// your server. In that case, the URL is that of the page (`location.href`).
    pub fn posted(url: &'a str, form: &'a [u8]) -> Self {
        Self { url: url.into(), form: Some(form) }
    }

    /// Splits the URI into the part before the query, the query and the fragment.
    pub(crate) fn parts(&self) -> CallbackParts<'_> {
        CallbackParts::of(&self.url)
    }
}

impl fmt::Debug for Callback<'_> {
    /// Shows the URL without its parameters, because those can be secret or forged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.parts().place.map(without_secrets);
        f.debug_struct("Callback")
            .field("place", &place)
            .field("posted", &self.form.is_some())
            .finish()
    }
}

impl<'a> From<&'a str> for Callback<'a> {
    fn from(url: &'a str) -> Self {
        Self { url: url.into(), form: None }
    }
}

impl<'a> From<&'a String> for Callback<'a> {
    fn from(url: &'a String) -> Self {
        Self::from(url.as_str())
    }
}

impl From<&http::Uri> for Callback<'_> {
    fn from(url: &http::Uri) -> Self {
        Self { url: url.to_string().into(), form: None }
    }
}

impl<'a> From<&'a Request> for Callback<'a> {
    /// Takes the body of a POST as the form.
    fn from(request: &'a Request) -> Self {
        let form = (request.method() == Method::POST).then(|| request.body().as_slice());
        Self { url: request.uri().to_string().into(), form }
    }
}

/// The parts of a URI, of a path with query, or of a query alone.
pub(crate) struct CallbackParts<'a> {
    /// The part before the query, if the text has one.
    pub(crate) place: Option<&'a str>,
    /// The query. A text that is not a URI is read as a query.
    pub(crate) query: Option<&'a str>,
    pub(crate) fragment: Option<&'a str>,
}

impl<'a> CallbackParts<'a> {
    fn of(text: &'a str) -> Self {
        let (before, fragment) = split(text, b'#');
        if before.starts_with('/') || has_scheme(before) {
            let (place, query) = split(before, b'?');
            return Self { place: Some(place), query, fragment };
        }
        let query = before.strip_prefix('?').unwrap_or(before);
        Self { place: None, query: (!before.is_empty()).then_some(query), fragment }
    }

    /// Compares the URL at which the user arrived with a redirect_uri.
    fn arrival(&self, uri: &str) -> Arrival {
        let asked = CallbackParts::of(uri);
        let Some(place) = self.place else { return Arrival::Unknown };
        let expected = asked.place.unwrap_or_default();
        let query = asked.query.unwrap_or_default();
        if !query.is_empty() && !has_arguments(self.query.unwrap_or_default(), query) {
            return Arrival::Elsewhere;
        }
        if place == expected {
            return Arrival::There;
        }
        let ((origin, path), (expected_origin, expected_path)) =
            (origin_and_path(place), origin_and_path(expected));
        if !is_same_path(path, expected_path) {
            return Arrival::Elsewhere;
        }
        match origin {
            "" => Arrival::There,
            origin if is_same_origin(origin, expected_origin) => Arrival::There,
            _ => Arrival::AtOtherOrigin,
        }
    }
}

/// The result of comparing the URL at which the user arrived with a redirect_uri.
enum Arrival {
    There,
    /// The path is the same, and scheme, host or port differ.
    AtOtherOrigin,
    Elsewhere,
    /// The callback has no path.
    Unknown,
}

/// The options that accept callbacks which may have arrived at another URL than the redirect_uri.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Leniency {
    pub(crate) any_origin: bool,
    pub(crate) no_place: bool,
}

impl Leniency {
    /// Checks that a callback arrived at a redirect_uri.
    pub(crate) fn check(self, came: &CallbackParts<'_>, redirect_uri: &str) -> Result<(), Forged> {
        match came.arrival(redirect_uri) {
            Arrival::There => Ok(()),
            Arrival::AtOtherOrigin if self.any_origin => Ok(()),
            Arrival::Unknown if self.no_place => Ok(()),
            Arrival::Unknown => {
                Err(Forged::PlaceMissing { expected: without_secrets(redirect_uri) })
            }
            Arrival::AtOtherOrigin | Arrival::Elsewhere => Err(Forged::PlaceMismatch {
                expected: without_secrets(redirect_uri),
                received: without_secrets(came.place.unwrap_or_default()),
            }),
        }
    }
}

/// Returns whether `query` has each argument of `expected`, with the same values.
fn has_arguments(query: &str, expected: &str) -> bool {
    form::pairs(expected.as_bytes())
        .all(|(name, _)| values(query, &name).eq(values(expected, &name)))
}

fn values<'q>(query: &'q str, name: &'q [u8]) -> impl Iterator<Item = Cow<'q, [u8]>> {
    form::pairs(query.as_bytes()).filter(move |(own, _)| **own == *name).map(|(_, value)| value)
}

/// Splits a URL into two parts: scheme with authority, and path. The first part of a path alone is
/// empty.
fn origin_and_path(place: &str) -> (&str, &str) {
    if place.starts_with('/') {
        return ("", place);
    }
    let find = |byte, text: &str| memchr::memchr(byte, text.as_bytes());
    let scheme = find(b':', place).map_or(0, |colon| colon + 1);
    let authority = place[scheme..]
        .strip_prefix("//")
        .map_or(0, |rest| 2 + find(b'/', rest).unwrap_or(rest.len()));
    place.split_at(scheme + authority)
}

/// Returns whether two paths are the same. An empty path is `/`.
fn is_same_path(path: &str, expected: &str) -> bool {
    let filled = |path| if str::is_empty(path) { "/" } else { path };
    path == expected || units(filled(path)).eq(units(filled(expected)))
}

/// Returns the characters and the escapes of a path as numbers. Escapes are the same in upper and
/// lower case. An escape of an unreserved character is the same as that character (RFC 3986
/// §6.2.2.2). A character that a URI cannot contain is the same as its escape, since browsers send
/// it so (RFC 3987 §3.1).
fn units(path: &str) -> impl Iterator<Item = u32> {
    let mut bytes = path.as_bytes();
    std::iter::from_fn(move || {
        let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        if bytes.first() == Some(&b'%')
            && let (Some(high), Some(low)) = (digit(1), digit(2))
        {
            bytes = &bytes[3..];
            let byte = high << 4 | low;
            let is_unreserved = u8::try_from(byte)
                .is_ok_and(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
            return Some(if is_unreserved { byte } else { 0x100 | byte });
        }
        let (byte, rest) = bytes.split_first()?;
        bytes = rest;
        let is_plain = byte.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(byte);
        Some(if is_plain { u32::from(*byte) } else { 0x100 | u32::from(*byte) })
    })
}

/// Returns whether two origins are the same. Upper and lower case are the same. The default port of
/// a scheme is the same as no port. Any other port counts, also that of a native app.
fn is_same_origin(origin: &str, expected: &str) -> bool {
    if origin.trim_end_matches('/').eq_ignore_ascii_case(expected.trim_end_matches('/')) {
        return true;
    }
    if origin.contains('@') {
        return false;
    }
    let parts = UriParts::of(origin).zip(UriParts::of(expected));
    parts.is_some_and(|(origin, expected)| origin.is_same_origin(expected))
        || is_same_in_browsers(origin, expected)
}

/// Returns whether two origins are the same for browsers. Browsers write host names in other
/// alphabets in two ways.
#[cfg(any(feature = "server", feature = "oauth1", feature = "openid2"))]
fn is_same_in_browsers(origin: &str, expected: &str) -> bool {
    let parsed = |origin: &str| {
        url::Url::parse(origin).ok().map(|url| url.origin()).filter(url::Origin::is_tuple)
    };
    parsed(origin).is_some_and(|origin| parsed(expected) == Some(origin))
}

#[cfg(not(any(feature = "server", feature = "oauth1", feature = "openid2")))]
const fn is_same_in_browsers(_: &str, _: &str) -> bool {
    false
}

/// Returns whether a text begins with a scheme (RFC 3986 §3.1). In a query without a path, a name
/// can have a colon, too. But then no slash follows the colon directly, and `=` or `&` comes later.
fn has_scheme(text: &str) -> bool {
    let is_in_scheme =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-');
    let (scheme, rest) = split(text, b':');
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(is_in_scheme);
    is_scheme
        && rest
            .is_some_and(|rest| rest.starts_with('/') || !split(rest, b'?').0.contains(['=', '&']))
}

/// Splits a text at the first byte `at`: into the part before it and the part after it.
fn split(text: &str, at: u8) -> (&str, Option<&str>) {
    match memchr::memchr(at, text.as_bytes()) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(leniency: Leniency, callback: &str, redirect_uri: &str) -> Result<(), Forged> {
        leniency.check(&Callback::from(callback).parts(), redirect_uri)
    }

    fn came(callback: &str, redirect_uri: &str) -> bool {
        judged(Leniency::default(), callback, redirect_uri).is_ok()
    }

    #[test]
    fn every_part_of_the_place_that_a_framework_knows_is_compared() {
        for (callback, redirect_uri) in [
            ("https://c.example/cb?code=x", "https://c.example/cb"),
            ("HTTPS://C.example:443/cb?code=x#_=_", "https://c.example/cb"),
            ("https://c.example:/cb", "https://c.example/cb"),
            ("http://c.example:80/cb", "http://c.example/cb"),
            ("/cb?code=x", "https://c.example/cb"),
            ("/cb#code=x", "https://c.example/cb"),
            ("/?code=x", "https://c.example"),
            ("https://c.example?code=x", "https://c.example/"),
            ("/%7euser/c%62", "https://c.example/~user/cb"),
            ("/~user", "https://c.example/%7Euser"),
            ("/a%2fb/%C3%a9", "https://c.example/a%2Fb/\u{e9}"),
            ("https://xn--bcher-kva.example/cb", "https://b\u{fc}cher.example/cb"),
            ("http://127.0.0.1:51004/cb?code=x", "http://127.0.0.1:51004/cb"),
            ("http://[::1]:51004/cb?code=x", "http://[0:0::1]:51004/cb"),
            ("com.example.app:/cb?code=x", "com.example.app:/cb"),
            ("COM.example.app:/cb?code=x", "com.example.app:/cb"),
            ("com.example.app://cb/?code=x", "com.example.app://cb"),
            ("/cb?code=x", "com.example.app:/cb"),
            ("/cb?code=x&as=1&as=2", "https://c.example/cb?as=1&as=2"),
            ("/cb?as=%61&code=x", "https://c.example/cb?as=a"),
        ] {
            assert!(came(callback, redirect_uri), "{callback} at {redirect_uri}");
        }
    }

    #[test]
    fn a_different_place_is_a_mismatch() {
        for (callback, redirect_uri) in [
            ("https://c.example/cb/other?code=x", "https://c.example/cb"),
            ("https://c.example/cb/?code=x", "https://c.example/cb"),
            ("/Cb?code=x", "https://c.example/cb"),
            ("/?code=x", "https://c.example/cb"),
            ("//c.example/cb", "https://c.example/cb"),
            ("https://d.example/cb?code=x", "https://c.example/cb"),
            ("https://c.example.d.example/cb", "https://c.example/cb"),
            ("http://c.example/cb", "https://c.example/cb"),
            ("https://c.example:444/cb", "https://c.example/cb"),
            ("https://me@c.example/cb", "https://c.example/cb"),
            ("https:/c.example/cb", "https://c.example/cb"),
            ("http://127.0.0.1:51005/cb?code=x", "http://127.0.0.1:51004/cb"),
            ("com.example.other:/cb", "com.example.app:/cb"),
            ("com.example.app://other", "com.example.app://cb"),
            ("/a/b", "https://c.example/a%2Fb"),
            ("/a%2Bb", "https://c.example/a+b"),
            ("/cb?code=x", "https://c.example/cb?as=1"),
            ("/cb?code=x&as=2", "https://c.example/cb?as=1"),
            ("/cb?code=x&as=1&as=1", "https://c.example/cb?as=1"),
        ] {
            let error = judged(Leniency::default(), callback, redirect_uri).unwrap_err();
            assert!(
                matches!(error, Forged::PlaceMismatch { .. }),
                "{callback} at {redirect_uri}: {error}"
            );
            let no_place = Leniency { no_place: true, ..Leniency::default() };
            judged(no_place, callback, redirect_uri).unwrap_err();
        }
    }

    #[test]
    fn a_callback_of_any_origin_must_still_have_the_path() {
        let any = Leniency { any_origin: true, ..Leniency::default() };
        judged(any, "http://10.0.0.5:8080/cb?code=x", "https://c.example/cb").unwrap();
        judged(any, "http://10.0.0.5:8080/other?code=x", "https://c.example/cb").unwrap_err();
        judged(any, "http://10.0.0.5:8080/cb?code=x", "https://c.example/cb?as=1").unwrap_err();
        judged(any, "code=x", "https://c.example/cb").unwrap_err();
    }

    #[test]
    fn a_query_or_a_fragment_without_a_path_has_no_place() {
        for callback in [
            "",
            "?",
            "code=x",
            "?code=x",
            "#code=x",
            "code=a:/b?c",
            "a:b=1&code=x",
            "a:b/c=1",
            "?x=https://c.example/cb",
        ] {
            let error = judged(Leniency::default(), callback, "https://c.example/cb").unwrap_err();
            assert_eq!(
                error,
                Forged::PlaceMissing { expected: "https://c.example/cb".into() },
                "{callback}"
            );
            judged(
                Leniency { no_place: true, ..Leniency::default() },
                callback,
                "https://c.example/cb",
            )
            .unwrap();
        }
    }

    #[test]
    fn debug_shows_the_place_and_no_parameters() {
        for callback in [
            "/cb?code=sesamopen",
            "code=sesamopen",
            "?code=sesamopen",
            "/cb#code=sesamopen",
            "a:b=1&code=sesamopen&state=x",
            "a:b&code=sesamopen",
            "a:b/c=1&code=sesamopen",
            "a:=x/y&code=sesamopen",
        ] {
            let shown = format!("{:?}", Callback::from(callback));
            assert!(!shown.contains("sesamopen"), "{shown}");
        }
    }
}
