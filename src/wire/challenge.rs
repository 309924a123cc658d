//! `WWW-Authenticate`: challenges of several schemes, in one header or in many, RFC 9110 §11.6.1.

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

use super::auth_param;

/// More challenges than this in one response are not looked at.
const MOST: usize = 32;

/// What a server wants to see before it answers: a scheme, and its parameters.
///
/// ```
/// use oauth_proto::wire::Challenge;
///
/// let header = br#"Negotiate a87421000492aa874209af8bc028==, Bearer realm="a, b", error="invalid_token""#;
/// let challenges = Challenge::parse(header);
/// assert_eq!(challenges.len(), 2);
/// assert_eq!(challenges[0].token68.as_deref(), Some("a87421000492aa874209af8bc028=="));
/// assert!(challenges[1].is("bearer"));
/// assert_eq!(challenges[1].parameter("realm"), Some("a, b"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Challenge {
    /// The scheme, as it was written.
    pub scheme: String,
    /// What some schemes have instead of parameters (`Negotiate`).
    pub token68: Option<String>,
    /// Names and values, unquoted, in their order.
    pub parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The challenges of all `WWW-Authenticate` headers of a response.
    pub fn of(headers: &HeaderMap) -> Vec<Self> {
        let values = headers.get_all(WWW_AUTHENTICATE).iter();
        values.flat_map(|value| Self::parse(value.as_bytes())).take(MOST).collect()
    }

    /// The challenges in one header's value. What follows a malformed part is left out, since nobody can tell where the next
    /// challenge begins.
    pub fn parse(header: &[u8]) -> Vec<Self> {
        let mut challenges: Vec<Self> = Vec::new();
        for element in elements(header).map(<[u8]>::trim_ascii).filter(|element| !element.is_empty()) {
            let (word, rest) = auth_param::scheme(element);
            // An element is `scheme`, `scheme token68`, `scheme name=value` or `name=value`, where white space may stand
            // around the equals sign.
            let begins = !word.contains(&b'=') && !rest.starts_with(b"=");
            if begins {
                if challenges.len() == MOST || !word.iter().all(|byte| auth_param::is_token(*byte)) {
                    return challenges;
                }
                challenges.push(Self { scheme: text(word), token68: None, parameters: Vec::new() });
            }
            let Some(challenge) = challenges.last_mut() else {
                return challenges;
            };
            let list = if begins { rest } else { element };
            if list.is_empty() {
                continue;
            }
            if begins && is_token68(list) {
                challenge.token68 = Some(text(list));
                continue;
            }
            match auth_param::parse(list).next() {
                Some(Ok((name, value))) => challenge.parameters.push((text(name), text(&value))),
                _ => return challenges,
            }
        }
        challenges
    }

    /// Whether the scheme is that one, in any case.
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// A parameter's value, where it stands exactly once. Names are in any case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut values = self.parameters.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        let (_, value) = values.next()?;
        values.next().is_none().then_some(value)
    }
}

/// Splits at commas that do not stand in quotes.
fn elements(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    header.split(move |byte| {
        let separates = *byte == b',' && !quoted;
        if *byte == b'"' && !escaped {
            quoted = !quoted;
        }
        escaped = *byte == b'\\' && quoted && !escaped;
        separates
    })
}

/// Letters, digits and a few marks, and `=` at the end alone (RFC 9110 §11.2). A parameter has something behind its `=`.
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
        let header = br#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#;
        let challenges = Challenge::parse(header);
        assert_eq!(challenges.len(), 2);
        assert_eq!(challenges[0].parameter("realm"), Some("simple"));
        assert_eq!(challenges[1].parameter("TYPE"), Some("1"));
        assert_eq!(challenges[1].parameter("title"), Some(r#"Login to "apps""#));
    }

    #[test]
    fn schemes_without_parameters_stand_for_themselves() {
        assert_eq!(schemes("Bearer"), ["Bearer"]);
        assert_eq!(schemes("Negotiate, Basic realm=x , , DPoP"), ["Negotiate", "Basic", "DPoP"]);
        assert_eq!(schemes(""), [""; 0]);
    }

    #[test]
    fn white_space_around_the_equals_sign_begins_no_challenge() {
        let challenges = Challenge::parse(br#"Bearer realm = "x" , error= invalid_token,scope ="a b""#);
        assert_eq!(challenges.len(), 1, "{challenges:?}");
        assert_eq!(challenges[0].parameters.len(), 3);
        assert_eq!(challenges[0].parameter("scope"), Some("a b"));
    }

    #[test]
    fn what_follows_a_malformed_part_is_left_out() {
        assert_eq!(schemes(r#"Bearer realm="x, Basic realm="y""#), ["Bearer"]);
        assert_eq!(schemes("realm=x, Basic"), [""; 0]);
        assert_eq!(schemes("Basic, B@d, Bearer"), ["Basic"]);
    }

    #[test]
    fn a_parameter_that_stands_twice_says_nothing() {
        let challenges = Challenge::parse(b"Bearer error=a, error=b");
        assert_eq!(challenges[0].parameter("error"), None);
    }

    #[test]
    fn headers_are_read_together_and_not_without_end() {
        let mut headers = HeaderMap::new();
        headers.append(WWW_AUTHENTICATE, "Basic".parse().unwrap());
        headers.append(WWW_AUTHENTICATE, "Bearer, DPoP".parse().unwrap());
        assert_eq!(Challenge::of(&headers).len(), 3);
        assert_eq!(Challenge::parse("Basic,".repeat(10_000).as_bytes()).len(), MOST);
    }
}
