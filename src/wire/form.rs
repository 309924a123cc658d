//! `application/x-www-form-urlencoded`: HTML 4.01 §17.13.4, read as RFC 5849 §3.4.1.3.1 and RFC
//! 6749 appendix B do.

use std::borrow::Cow;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};

use super::percent;

/// The media type of forms.
pub const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// A decoded name and its decoded value. Both can be any bytes.
pub(crate) type Pair<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// Splits a form or a query into decoded pairs, in their order.
///
/// `+` is a space and `%xx` a byte. A name without `=` has the empty value, and names may repeat or
/// be empty. Only `&` separates pairs, and two of them in a row have no pair between them. Every
/// input can be read.
///
/// ```
/// use oauth_proto::wire::form::pairs;
///
/// let pairs: Vec<_> = pairs(b"c2&a3=2+q&a=1;b=2&&=x")
///     .map(|(name, value)| {
///         (
///             String::from_utf8_lossy(&name).into_owned(),
///             String::from_utf8_lossy(&value).into_owned(),
///         )
///     })
///     .collect();
/// let expected = [("c2", ""), ("a3", "2 q"), ("a", "1;b=2"), ("", "x")];
/// assert!(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).eq(expected));
/// ```
pub fn pairs(form: &[u8]) -> impl Iterator<Item = (Cow<'_, [u8]>, Cow<'_, [u8]>)> {
    pieces(form).filter(|piece| !piece.is_empty()).map(|piece| {
        let (name, value) = split_pair(piece);
        (percent::decode_form(name), percent::decode_form(value))
    })
}

/// Encodes pairs as a form, with `%20` for a space, so the result can also be used in a query.
///
/// ```
/// use oauth_proto::wire::form::encode;
///
/// assert_eq!(encode([("status", "setting up"), ("x&y", "")]), "status=setting%20up&x%26y=");
/// ```
pub fn encode<N: AsRef<[u8]>, V: AsRef<[u8]>>(pairs: impl IntoIterator<Item = (N, V)>) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        push_pair(&mut out, name.as_ref(), value.as_ref());
    }
    out
}

/// Appends one pair to a form or query, with `&` before it unless it is the first.
pub(crate) fn push_pair(out: &mut String, name: &[u8], value: &[u8]) {
    if !out.is_empty() && !out.ends_with(['?', '&']) {
        out.push('&');
    }
    percent::encode_into(out, name);
    out.push('=');
    percent::encode_into(out, value);
}

/// Appends one pair of texts like [`push_pair`]. The name must be a text that needs no encoding.
pub(crate) fn push_text(out: &mut String, name: &str, value: &str) {
    push_encoded(out, name, "");
    percent::encode_text_into(out, value);
}

/// Appends one pair of texts that need no encoding, or are already encoded.
pub(crate) fn push_encoded(out: &mut String, name: &str, value: &str) {
    if !matches!(out.as_bytes().last(), None | Some(b'?' | b'&')) {
        out.push('&');
    }
    out.push_str(name);
    out.push('=');
    out.push_str(value);
}

/// Splits a text like [`pairs`], into names and values that are texts. A name or value that is not
/// UTF-8 after decoding is `None`.
pub(crate) fn text_pairs(
    form: &str,
) -> impl Iterator<Item = (Option<Cow<'_, str>>, Option<Cow<'_, str>>)> {
    let mut rest = Some(form);
    let pieces = std::iter::from_fn(move || {
        let (piece, more) = split_at_byte(rest?, b'&');
        rest = more;
        Some(piece)
    });
    pieces.filter(|piece| !piece.is_empty()).map(|piece| {
        let (name, value) = split_at_byte(piece, b'=');
        let value = value.unwrap_or_default();
        // Most pairs need no decoding. One search in name and value finds this out.
        if !percent::has_either(piece.as_bytes(), *b"%+") {
            return (Some(Cow::Borrowed(name)), Some(Cow::Borrowed(value)));
        }
        (decoded_text(name), decoded_text(value))
    })
}

/// Returns the text before an ASCII character and the text after it. This is faster than the search
/// of the standard library, which is made for any character.
fn split_at_byte(text: &str, byte: u8) -> (&str, Option<&str>) {
    match memchr::memchr(byte, text.as_bytes()) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

/// Decodes a text; `None` if the result is not UTF-8.
pub(crate) fn decoded_text(encoded: &str) -> Option<Cow<'_, str>> {
    match percent::decode_form(encoded.as_bytes()) {
        // A text that needs no decoding is returned as it is.
        Cow::Borrowed(_) => Some(Cow::Borrowed(encoded)),
        decoded => text(decoded),
    }
}

/// Returns a decoded name or value as a text. `None` if it is not UTF-8.
pub(crate) fn text(bytes: Cow<'_, [u8]>) -> Option<Cow<'_, str>> {
    match bytes {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

/// Returns a form or query with only those pieces for whose decoded name `keep` returns `true`. The
/// pieces are copied byte for byte.
pub(crate) fn retain(form: &[u8], keep: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let kept: Vec<_> =
        pieces(form).filter(|piece| keep(&percent::decode_form(split_pair(piece).0))).collect();
    kept.join(&b'&')
}

/// Returns a media type without its parameters.
pub(crate) fn essence(media_type: &[u8]) -> &[u8] {
    media_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii()
}

/// Returns whether the body of a request is a form, by its `Content-Type`. `None` if this is
/// unclear: there is more than one `Content-Type`, or it begins like that of a form and continues
/// in another way. A signer or verifier must refuse such a request. If not, an application could
/// read the body as a form, although it was not signed as a form.
pub(crate) fn is_form(headers: &HeaderMap) -> Option<bool> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let value = values.next().map(HeaderValue::as_bytes).unwrap_or_default();
    let form = MEDIA_TYPE.as_bytes();
    // Nearly all forms have exactly this type.
    if value == form {
        return values.next().is_none().then_some(true);
    }
    let begins = value
        .trim_ascii_start()
        .get(..form.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(form));
    let exact = essence(value).eq_ignore_ascii_case(form);
    (values.next().is_none() && begins == exact).then_some(exact)
}

/// Returns the pieces between the `&`s.
fn pieces(form: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(form);
    std::iter::from_fn(move || {
        let form = rest?;
        let end = memchr::memchr(b'&', form);
        rest = end.map(|at| &form[at + 1..]);
        Some(&form[..end.unwrap_or(form.len())])
    })
}

fn split_pair(piece: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'=', piece) {
        Some(at) => (&piece[..at], &piece[at + 1..]),
        None => (piece, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(form: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
        pairs(form.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect()
    }

    fn pair(name: &str, value: &str) -> (Vec<u8>, Vec<u8>) {
        (name.into(), value.into())
    }

    /// RFC 5849 §3.4.1.3.1: the query and the body of its example.
    #[test]
    fn decodes_the_example_of_the_specification() {
        let query = decoded("b5=%3D%253D&a3=a&c%40=&a2=r%20b");
        assert_eq!(query, [pair("b5", "=%3D"), pair("a3", "a"), pair("c@", ""), pair("a2", "r b")]);
        assert_eq!(decoded("c2&a3=2+q"), [pair("c2", ""), pair("a3", "2 q")]);
    }

    #[test]
    fn only_the_first_equals_sign_separates() {
        assert_eq!(decoded("a=b=c"), [pair("a", "b=c")]);
        assert_eq!(decoded("="), [pair("", "")]);
    }

    #[test]
    fn bytes_need_not_be_utf8() {
        assert_eq!(decoded("%ff=%00"), [(vec![0xff], vec![0])]);
    }

    #[test]
    fn retaining_does_not_change_the_pairs_that_are_kept() {
        let kept = retain(b"a=%7e&oauth%5Fnonce=1&&b+c", |name| !name.starts_with(b"oauth_"));
        assert_eq!(kept, b"a=%7e&&b+c");
    }

    #[test]
    fn a_form_is_distinguished_from_similar_media_types() {
        let of = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_TYPE, HeaderValue::from_static(value));
            }
            is_form(&headers)
        };
        let form = "application/x-www-form-urlencoded";
        assert_eq!(of(&[]), Some(false));
        assert_eq!(of(&["application/json"]), Some(false));
        assert_eq!(of(&[form]), Some(true));
        assert_eq!(of(&["Application/X-WWW-Form-Urlencoded ; charset=utf-8"]), Some(true));
        for doubtful in [
            "application/x-www-form-urlencoded1",
            "application/x-www-form-urlencoded, text/plain",
            "application/x-www-form-urlencoded charset=utf-8",
        ] {
            assert_eq!(of(&[doubtful]), None, "{doubtful}");
        }
        assert_eq!(of(&["text/plain", form]), None);
        assert_eq!(of(&[form, form]), None);
    }

    #[test]
    fn a_media_type_is_read_without_its_parameters() {
        assert_eq!(essence(b""), b"");
        assert_eq!(essence(b" text/plain ; charset=UTF-8; x"), b"text/plain");
    }

    proptest::proptest! {
        #[test]
        fn pairs_undoes_encode(list: Vec<(Vec<u8>, Vec<u8>)>) {
            proptest::prop_assert_eq!(
                decoded(&encode(list.iter().map(|(name, value)| (name, value)))),
                list
            );
        }
    }
}
