//! `WWW-Authenticate`: challenges of several schemes, in one header or in many, RFC 9110 §11.6.1.

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

use super::auth_param;

/// The largest number of challenges that are read from one response.
const MOST: usize = 32;

/// A challenge of a `WWW-Authenticate` header: an authentication scheme and its parameters (RFC
/// 9110 §11.3).
///
/// ```
/// use oauth_proto::wire::Challenge;
///
/// let header =
///     br#"Negotiate a87421000492aa874209af8bc028==, Bearer realm="a, b", error="invalid_token""#;
/// let challenges = Challenge::parse(header);
/// assert_eq!(challenges.len(), 2);
/// assert_eq!(challenges[0].token68.as_deref(), Some("a87421000492aa874209af8bc028=="));
/// assert!(challenges[1].scheme.eq_ignore_ascii_case("bearer"));
/// assert_eq!(challenges[1].parameter("realm"), Some("a, b"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Challenge {
    /// The scheme, spelled as in the header.
    pub scheme: String,
    /// The value that some schemes have instead of parameters, such as `Negotiate`.
    pub token68: Option<String>,
    /// The names and values of the parameters, without quotes, in the order of the header.
    pub parameters: Vec<(String, String)>,
}

impl Challenge {
    /// Returns the challenges of all `WWW-Authenticate` headers of a response.
    pub fn of(headers: &HeaderMap) -> Vec<Self> {
        let values = headers.get_all(WWW_AUTHENTICATE).iter();
        values.flat_map(|value| Self::parse(value.as_bytes())).take(MOST).collect()
    }

    /// Reads the challenges in one header's value.
    ///
    /// Many servers leave out the commas between parameters, or write semicolons. So white space or
    /// a semicolon before a `name=` counts as a comma. Parameters before a malformed part are kept.
    /// If the end of a value is unclear, the value is left out, and reading continues at the next
    /// comma that has a parameter behind it. Reading ends at a text that is not even a scheme.
    pub fn parse(header: &[u8]) -> Vec<Self> {
        let mut challenges: Vec<Self> = Vec::new();
        let mut rest = header;
        loop {
            rest = skip(rest, |byte| is_gap(byte) || byte == b',');
            if rest.is_empty() {
                return challenges;
            }
            let Some(value) = value_of_parameter(rest) else {
                let Some((challenge, after)) = begin(rest).filter(|_| challenges.len() < MOST)
                else {
                    return challenges;
                };
                challenges.push(challenge);
                rest = after;
                continue;
            };
            let Some(challenge) = challenges.last_mut() else {
                return challenges;
            };
            let quoted = value.starts_with(b"\"");
            let Some(length) = value_length(value) else {
                return challenges;
            };
            let after = &value[length..];
            let next = skip(after, is_gap);
            let is_clear = next.is_empty()
                || next.starts_with(b",")
                || (next.len() < after.len()
                    && (value_of_parameter(next).is_some() || (quoted && is_challenge(next))));
            // White space after a quoted value ends the value, even if the text after it cannot be
            // read.
            if is_clear || (quoted && next.len() < after.len()) {
                let parameter = &rest[..rest.len() - after.len()];
                if let Some(Ok((name, value))) = auth_param::parse(parameter).next() {
                    challenge.parameters.push((text(name), text(&value)));
                }
            }
            rest = if is_clear { next } else { after_next_comma(next) };
        }
    }

    /// Returns whether the challenge has this scheme, in upper or lower case.
    pub(crate) fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// Returns the value of a parameter that is present exactly once. The case of the name does not
    /// matter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut values = self.parameters.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        let (_, value) = values.next()?;
        values.next().is_none().then_some(value)
    }
}

/// Reads a scheme, and the token that some schemes have instead of parameters. Returns the
/// challenge and the text after it.
fn begin(list: &[u8]) -> Option<(Challenge, &[u8])> {
    let (scheme, after) =
        list.split_at(list.iter().position(|byte| is_end(*byte)).unwrap_or(list.len()));
    if !scheme.iter().all(|byte| auth_param::is_token(*byte)) {
        return None;
    }
    let (element, next) = after.split_at(memchr::memchr(b',', after).unwrap_or(after.len()));
    let token68 = Some(element.trim_ascii()).filter(|element| is_token68(element)).map(text);
    let after = if token68.is_some() { next } else { after };
    Some((Challenge { scheme: text(scheme), token68, parameters: Vec::new() }, after))
}

/// Returns the text after `name=` and the white space around the equals sign. `None` if the list
/// does not begin with `name=`.
fn value_of_parameter(list: &[u8]) -> Option<&[u8]> {
    let after = skip(list, auth_param::is_token);
    let value = after.trim_ascii_start().strip_prefix(b"=")?;
    (after.len() < list.len()).then(|| value.trim_ascii_start())
}

/// Returns whether a scheme begins here and has a parameter.
fn is_challenge(list: &[u8]) -> bool {
    let after = skip(list, auth_param::is_token);
    let parameters = after.trim_ascii_start();
    after.len() < list.len()
        && parameters.len() < after.len()
        && value_of_parameter(parameters).is_some()
}

/// Returns the length of a value with its quotes. `None` if the quotes are not closed.
fn value_length(value: &[u8]) -> Option<usize> {
    let Some(inside) = value.strip_prefix(b"\"") else {
        return Some(
            value.len()
                - skip(value, |byte| byte.is_ascii_graphic() && byte != b'"' && !is_end(byte))
                    .len(),
        );
    };
    let mut escaped = false;
    let end = inside.iter().position(|byte| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    })?;
    Some(end + 2)
}

/// Returns the text after the next comma that is followed by a parameter, or by a scheme with a
/// parameter.
fn after_next_comma(mut list: &[u8]) -> &[u8] {
    while let Some(at) = memchr::memchr(b',', list) {
        list = list[at + 1..].trim_ascii_start();
        if value_of_parameter(list).is_some() || is_challenge(list) {
            return list;
        }
    }
    &[]
}

fn skip(list: &[u8], accept: impl Fn(u8) -> bool) -> &[u8] {
    &list[list.iter().position(|byte| !accept(*byte)).unwrap_or(list.len())..]
}

/// Returns whether a byte may separate parameters in place of a comma.
const fn is_gap(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == b';'
}

const fn is_end(byte: u8) -> bool {
    is_gap(byte) || byte == b','
}

/// Returns whether a text is a `token68`: letters, digits and a few marks, and `=` only at the end
/// (RFC 9110 §11.2). A parameter differs from it, since it has a value after its `=`.
fn is_token68(bytes: &[u8]) -> bool {
    let end = bytes.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1);
    let mark = |byte: &u8| matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    end > 0 && bytes[..end].iter().all(|byte| byte.is_ascii_alphanumeric() || mark(byte))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schemes(header: &str) -> Vec<String> {
        Challenge::parse(header.as_bytes()).into_iter().map(|challenge| challenge.scheme).collect()
    }

    /// RFC 9110 §11.6.1: its example, two challenges with quoted and unquoted values.
    #[test]
    fn the_example_of_the_specification() {
        let header =
            br#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#;
        let challenges = Challenge::parse(header);
        assert_eq!(challenges.len(), 2);
        assert_eq!(challenges[0].parameter("realm"), Some("simple"));
        assert_eq!(challenges[1].parameter("TYPE"), Some("1"));
        assert_eq!(challenges[1].parameter("title"), Some(r#"Login to "apps""#));
    }

    #[test]
    fn a_scheme_without_parameters_is_a_challenge() {
        assert_eq!(schemes("Bearer"), ["Bearer"]);
        assert_eq!(schemes("Negotiate, Basic realm=x , , DPoP"), ["Negotiate", "Basic", "DPoP"]);
        assert_eq!(schemes(""), [""; 0]);
    }

    #[test]
    fn white_space_around_the_equals_sign_begins_no_challenge() {
        let challenges =
            Challenge::parse(br#"Bearer realm = "x" , error= invalid_token,scope ="a b""#);
        assert_eq!(challenges.len(), 1, "{challenges:?}");
        assert_eq!(challenges[0].parameters.len(), 3);
        assert_eq!(challenges[0].parameter("scope"), Some("a b"));
    }

    #[test]
    fn text_after_a_malformed_part_is_left_out() {
        assert_eq!(schemes(r#"Bearer realm="x, Basic realm="y""#), ["Bearer"]);
        assert_eq!(schemes("realm=x, Basic"), [""; 0]);
        assert_eq!(schemes("Basic, B@d, Bearer"), ["Basic"]);
    }

    fn bearer(header: &str, name: &str) -> Option<String> {
        let challenges = Challenge::parse(header.as_bytes());
        let challenge = challenges.iter().find(|challenge| challenge.is("bearer"))?;
        challenge.parameter(name).map(str::to_owned)
    }

    #[test]
    fn parameters_without_commas_between_them_are_read() {
        for header in [
            r#"Bearer realm="api" error="invalid_token" scope="a b""#,
            r#"Bearer realm="api"; error="invalid_token";scope="a b""#,
            r#"Bearer realm=api error = invalid_token , scope="a b""#,
            r#"Bearer realm=api;error=invalid_token;scope="a b""#,
            "Bearer\trealm=\"api\"\terror=\"invalid_token\";\t scope=\"a b\"",
        ] {
            for (name, value) in [("realm", "api"), ("error", "invalid_token"), ("scope", "a b")] {
                assert_eq!(bearer(header, name).as_deref(), Some(value), "{name} of {header}");
            }
            assert_eq!(schemes(header), ["Bearer"]);
        }
    }

    #[test]
    fn a_challenge_without_a_comma_before_it_is_a_separate_challenge() {
        assert_eq!(
            bearer(r#"Basic realm="x" Bearer error="invalid_token""#, "error").as_deref(),
            Some("invalid_token")
        );
        assert_eq!(
            bearer(r#"Basic realm="x"; Bearer error=invalid_token"#, "error").as_deref(),
            Some("invalid_token")
        );
        assert_eq!(schemes(r#"Negotiate Bearer error="x""#), ["Negotiate", "Bearer"]);
    }

    #[test]
    fn parameters_before_a_malformed_part_are_kept() {
        for header in [
            r#"Bearer error="invalid_token", realm=my realm"#,
            r#"Bearer error="invalid_token" and more"#,
            r#"Bearer error="invalid_token", realm="unclosed, scope=a"#,
            r#"Bearer error="invalid_token", realm="x"y"#,
            r#"Bearer error=invalid_token, B@d scope=a"#,
        ] {
            let challenges = Challenge::parse(header.as_bytes());
            assert_eq!(challenges.len(), 1, "{header}: {challenges:?}");
            assert_eq!(
                challenges[0].parameters,
                [("error".into(), "invalid_token".into())],
                "{header}"
            );
        }
    }

    #[test]
    fn a_value_whose_end_is_unclear_is_left_out_and_the_next_challenge_is_read() {
        for (header, name, value) in [
            (r#"Bearer realm=my realm, error="invalid_token""#, "error", Some("invalid_token")),
            (r#"Bearer realm=my realm, error="invalid_token""#, "realm", None),
            (r#"Bearer scope=read write, error="invalid_token""#, "scope", None),
            (
                r#"Bearer error="a", error_description="The token "abc" is over", scope="b""#,
                "scope",
                Some("b"),
            ),
            (
                r#"Bearer error="a", error_description="The token "abc" is over", scope="b""#,
                "error_description",
                None,
            ),
            (r#"Bearer error_description="The "a, b" is over", scope="b""#, "scope", Some("b")),
            (r#"Basic realm=my realm, Bearer scope="b""#, "scope", Some("b")),
        ] {
            assert_eq!(bearer(header, name).as_deref(), value, "{name} of {header}");
        }
    }

    proptest::proptest! {
        /// A challenge that follows the specification is read, whatever is in the quotes.
        #[test]
        fn challenges_that_follow_the_specification_are_read(
            values in proptest::collection::vec("[ -~]{0,12}", 1..5),
        ) {
            let quoted =
                |value: &str| format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
            for separator in [",", ", ", " ", ";"] {
                let list: Vec<_> = values
                    .iter()
                    .enumerate()
                    .map(|(at, value)| format!("p{at}={}", quoted(value)))
                    .collect();
                let challenges =
                    Challenge::parse(format!("Bearer {}", list.join(separator)).as_bytes());
                let read: Vec<_> =
                    challenges[0].parameters.iter().map(|(_, value)| value.clone()).collect();
                proptest::prop_assert_eq!((challenges.len(), read), (1, values.clone()));
            }
        }

        #[test]
        fn every_header_is_read_without_a_panic(header in "[BD a=,;\"\\\\\t\u{e9}]{0,40}") {
            Challenge::parse(header.as_bytes());
        }
    }

    #[test]
    fn a_repeated_parameter_is_ignored() {
        let challenges = Challenge::parse(b"Bearer error=a, error=b");
        assert_eq!(challenges[0].parameter("error"), None);
    }

    #[test]
    fn several_headers_are_read_up_to_a_limit() {
        let mut headers = HeaderMap::new();
        headers.append(WWW_AUTHENTICATE, "Basic".parse().unwrap());
        headers.append(WWW_AUTHENTICATE, "Bearer, DPoP".parse().unwrap());
        assert_eq!(Challenge::of(&headers).len(), 3);
        assert_eq!(Challenge::parse("Basic,".repeat(10_000).as_bytes()).len(), MOST);
    }
}
