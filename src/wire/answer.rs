//! What an error may show of an answer: status, content type, and an excerpt in which values are masked.

use std::fmt;

use http::StatusCode;
use http::header::CONTENT_TYPE;

use super::{Challenge, RetryAfter};
use crate::Leg;
use crate::step::Response;

/// Token endpoints answer with a few hundred bytes; a body above this is not read.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// How much of a body an excerpt looks at.
const EXCERPT: usize = 200;

/// An answer as it appears in an error: enough to recognise it, nothing that must stay secret.
///
/// ```
/// use oauth_proto::wire::Answer;
///
/// let response = http::Response::builder()
///     .status(503)
///     .header("content-type", "text/html")
///     .body(b"<title>Try again later</title>".to_vec())
///     .unwrap();
/// let answer = Answer::of(&response);
/// assert_eq!(answer.to_string(), r#"status 503, content type "text/html", body "<title>Try again later</title>""#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its `Content-Type`, if it has one.
    pub content_type: Option<String>,
    /// The beginning of its body. Whatever stands behind `=` or as a value in JSON (but for messages), has a digit in it or
    /// is long, is replaced by `…`.
    pub excerpt: String,
    /// The challenges of its `WWW-Authenticate` headers, without anything but names and short values.
    pub challenges: Vec<Challenge>,
    /// When the server wants to be asked again, if it says so.
    pub retry_after: Option<RetryAfter>,
    /// The request that it answers: what it was for, and where it went. `None` for an answer that was not read in a conversation.
    pub leg: Option<Leg>,
}

impl Answer {
    /// What may be shown of a response.
    pub fn of(response: &Response) -> Self {
        let content_type = response.headers().get(CONTENT_TYPE);
        Self {
            status: response.status(),
            content_type: content_type.map(|value| shortened(&String::from_utf8_lossy(value.as_bytes()))),
            excerpt: excerpt(response.body()),
            challenges: Challenge::of(response.headers()).into_iter().map(presentable).collect(),
            retry_after: RetryAfter::of(response.headers()),
            leg: None,
        }
    }
}

/// A challenge as an error may hold it.
fn presentable(challenge: Challenge) -> Challenge {
    let parameters = challenge.parameters.into_iter().take(16);
    Challenge {
        scheme: shortened(&challenge.scheme),
        token68: None,
        parameters: parameters.map(|(name, value)| (shortened(&name), shortened(&value))).collect(),
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(leg) = &self.leg {
            write!(f, "{leg}, ")?;
        }
        write!(f, "status {}", self.status.as_u16())?;
        match &self.content_type {
            Some(content_type) => write!(f, ", content type {content_type:?}")?,
            None => write!(f, ", no content type")?,
        }
        if let Some(retry_after) = self.retry_after {
            write!(f, ", {retry_after}")?;
        }
        if self.excerpt.is_empty() { f.write_str(", no body") } else { write!(f, ", body {:?}", self.excerpt) }
    }
}

/// A URL as an error may show it: user information and query may hold secrets.
pub(crate) fn bare(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    // Where readers disagree about what the authority is, a password may be anywhere before the last `@`.
    let begin = if url::Url::parse(url).is_ok_and(|url| url.has_host()) { url.find("//") } else { None };
    let Some((scheme, rest)) = begin.map(|at| url.split_at(at + 2)) else {
        return shortened(url.rsplit('@').next().unwrap_or_default());
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    shortened(&format!("{scheme}{host}{path}"))
}

/// Returns a text of the other side, cut to a length that fits in a log.
pub(crate) fn shortened(text: &str) -> String {
    // Most texts have fewer bytes than that.
    let cut = if text.len() <= EXCERPT { None } else { text.char_indices().nth(EXCERPT) };
    cut.map_or(text, |(end, _)| &text[..end]).to_owned()
}

/// Behind a word with one of these in it nothing more is shown: what follows may be its value in any syntax.
const SENSITIVE: [&str; 7] = ["secret", "token", "signature", "verifier", "password", "key", "code"];

/// In these members of JSON servers explain themselves: their words pass.
const MESSAGES: [&str; 6] = ["message", "error", "error_description", "detail", "title", "reason"];

/// The beginning of a body with everything masked that may be a value: a secret may stand in a place that a broken server
/// chose. Prose passes; numbers, long words, what stands behind `=`, and strings of JSON but for names and messages do not.
fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(EXCERPT)]);
    let mut out = String::new();
    let mut rest = text.as_ref();
    let mut message = false;
    while let Some(next) = rest.chars().next() {
        let (piece, after) = rest.split_at(match next {
            '"' if !message => quoted(rest),
            // An escaped quotation mark ends no message.
            '\\' if message => next.len_utf8() + rest[1..].chars().next().map_or(0, char::len_utf8),
            '=' | '＝' => rest.find(['&', '\n']).unwrap_or(rest.len()),
            _ if is_word(next) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ => next.len_utf8(),
        });
        rest = after;
        match next {
            '"' if message => message = false,
            '"' => {
                let name = piece.trim_matches('"');
                let is_name = after.trim_start().starts_with(':') && is_plain(name);
                message = is_name && MESSAGES.contains(&name) && opens_string(after);
                out.push_str(if is_name { piece } else { "\"…\"" });
                if message {
                    out.push_str(": ");
                    rest = &after[after.find('"').map_or(after.len(), |at| at + 1)..];
                }
                if is_name && is_sensitive(name) {
                    return out + "…";
                }
            }
            '=' | '＝' => out.push_str("=…"),
            _ if is_word(next) && is_sensitive(piece) => return out + if is_plain(piece) { piece } else { "" } + "…",
            _ if is_word(next) && !is_plain(piece) => out.push('…'),
            _ => out.extend(piece.chars().map(|c| if c.is_control() { ' ' } else { c })),
        }
    }
    out
}

/// The length of the quoted string that `text` begins with, quotes included.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let closing = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        closing
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// Whether what follows a name is a string.
fn opens_string(after: &str) -> bool {
    after.trim_start().strip_prefix(':').is_some_and(|value| value.trim_start().starts_with('"'))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || "_-.~+/%*\u{fffd}".contains(c)
}

fn is_sensitive(word: &str) -> bool {
    SENSITIVE.iter().any(|sensitive| word.to_ascii_lowercase().contains(sensitive))
}

/// Whether a word is one of a language, or a number as short as a status.
fn is_plain(word: &str) -> bool {
    let is_status = word.len() <= 3 && word.bytes().all(|byte| byte.is_ascii_digit());
    is_status || (word.len() <= 20 && !word.chars().any(char::is_numeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(body: &str) -> String {
        excerpt(body.as_bytes())
    }

    #[test]
    fn values_are_masked_and_words_are_not() {
        assert_eq!(shown("Error 401: not allowed"), "Error 401: not allowed");
        assert_eq!(shown("a=abc&b = x y\nno more"), "a=…&b =… no more");
        assert_eq!(shown("id hdk48Djdsa is bad"), "id … is bad");
        assert_eq!(shown(r#"{"a" : "x \"y z", "n":12345,"t":true}"#), r#"{"a" : "…", "n":…,"t":true}"#);
        assert_eq!(
            shown(r#"{"errors":[{"message":"Could not authenticate you, x9y8z7", "x":"y"}]}"#),
            r#"{"errors":[{"message": Could not authenticate you, …, "x":"…"}]}"#
        );
    }

    #[test]
    fn nothing_that_follows_a_sensitive_word_is_shown() {
        for body in [
            "oauth_token_secret=sesamopen",
            "<oauth_token_secret>sesamopen</oauth_token_secret>",
            "oauth_token_secret: sesamopen",
            "{'oauth_token_secret': 'sesamopen'}",
            r#"["oauth_token_secret","sesamopen"]"#,
            r#"{"oauth_token_secret":["sesamopen"]}"#,
            r#"{"message":"your token is sesamopen"}"#,
            r#"{"sesamopen1":"x", "a":"sesamopen"}"#,
            r#"{"message":"no 5\" disk","value":"sesamopen"}"#,
            "x=ab*sesamopen",
            "x=ab:sesamopen!x",
            "x= sesamopen",
            "x=\"ab cd sesamopen\"",
            "x=(sesamopen)",
            "x＝sesamopen",
            "\"sesamopen",
            "unknown value secret_sesamopen1",
            "key-sesamopen12345678901234567890",
        ] {
            assert!(!shown(body).contains("sesamopen"), "{body}: {}", shown(body));
        }
    }

    #[test]
    fn urls_are_shown_without_user_and_query() {
        assert_eq!(bare("ftp://u:pw@p.example/i@j?k=1#x"), "ftp://p.example/i@j");
        assert_eq!(bare("relative?x"), "relative");
        for hidden in ["u:hunter2@h/t", "https:/u:hunter2@h/t", "https://u:p/hunter2@h", "https://u:hunter2@h"] {
            assert!(!bare(hidden).contains("hunter2"), "{}", bare(hidden));
        }
    }

    #[test]
    fn an_excerpt_is_short_and_has_no_control_characters() {
        let shown = shown(&"line\r\n".repeat(1000));
        assert!(shown.len() <= 2 * EXCERPT && !shown.contains(char::is_control));
    }

    proptest::proptest! {
        #[test]
        fn no_assigned_value_survives(value in "[a-zA-Z0-9_~.-]{4,40}") {
            for body in [format!("x={value}"), format!("{{\"x\":\"{value}\"}}"), format!("a=b&x={value}&c")] {
                proptest::prop_assert!(!shown(&body).contains(&value), "{}", shown(&body));
            }
        }
    }
}
