//! What an error may show of an answer: status, content type, and an excerpt in which values are masked.

use std::fmt;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

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
}

impl Answer {
    /// What may be shown of a response.
    pub fn of(response: &Response) -> Self {
        let content_type = response.headers().get(CONTENT_TYPE);
        Self {
            status: response.status(),
            content_type: content_type.map(|value| shortened(&String::from_utf8_lossy(value.as_bytes()))),
            excerpt: excerpt(response.body()),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status.as_u16())?;
        match &self.content_type {
            Some(content_type) => write!(f, ", content type {content_type:?}")?,
            None => write!(f, ", no content type")?,
        }
        if self.excerpt.is_empty() { f.write_str(", no body") } else { write!(f, ", body {:?}", self.excerpt) }
    }
}

/// The media type of a message in lower case, without parameters; the empty text where there is none.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).map(http::HeaderValue::as_bytes).unwrap_or_default();
    let essence = value.split(|byte| *byte == b';').next().unwrap_or_default();
    String::from_utf8_lossy(essence.trim_ascii()).to_ascii_lowercase()
}

/// A text of the other side, cut to a length that fits in a log.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(EXCERPT).collect()
}

/// The beginning of a body with everything masked that may be a value: a secret may stand in a place that a broken
/// server chose.
fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(EXCERPT)]);
    let mut out = String::new();
    let mut rest = text.as_ref();
    while let Some(next) = rest.chars().next() {
        let is_json_value = next == '"' && follows_json_name(&out) && !follows_message(&out);
        let length = if is_json_value {
            json_string(rest)
        } else if is_word(next) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else {
            next.len_utf8()
        };
        let (piece, after) = rest.split_at(length);
        if is_json_value {
            out.push_str("\"…\"");
        } else if is_word(next) && may_be_value(piece, &out) {
            out.push('…');
        } else {
            out.extend(piece.chars().map(|c| if c.is_control() { ' ' } else { c }));
        }
        rest = after;
    }
    out
}

/// The length of the JSON string that `text` begins with, quotes included.
fn json_string(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let closing = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        closing
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

fn follows_json_name(before: &str) -> bool {
    before.trim_end().strip_suffix(':').is_some_and(|name| name.trim_end().ends_with('"'))
}

/// Whether the member that comes next is one in which servers explain themselves. Its words pass, numbers and long words in
/// it do not.
fn follows_message(before: &str) -> bool {
    let name = before.trim_end().trim_end_matches(':').trim_end().trim_end_matches('"');
    ["message", "error", "error_description", "detail", "title", "reason"]
        .iter()
        .any(|known| name.strip_suffix(known).is_some_and(|before| before.ends_with('"')))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || "_-.~+/%\u{fffd}".contains(c)
}

fn may_be_value(word: &str, before: &str) -> bool {
    let before = before.trim_end();
    let assigned = before.trim_end_matches(['"', '\'', ' ']).ends_with('=') || follows_json_name(before);
    let is_short_number = word.len() <= 3 && word.bytes().all(|byte| byte.is_ascii_digit());
    assigned || word.len() > 20 || (word.chars().any(char::is_numeric) && !is_short_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(body: &str) -> String {
        excerpt(body.as_bytes())
    }

    #[test]
    fn values_are_masked_and_words_are_not() {
        assert_eq!(shown("oauth_token=abc&oauth_token_secret=def"), "oauth_token=…&oauth_token_secret=…");
        assert_eq!(shown(r#"{"secret" : "a \"b c", "n":12345,"t":true}"#), r#"{"secret" : "…", "n":…,"t":…}"#);
        assert_eq!(shown("oauth_token = \"abc\""), "oauth_token = \"…\"");
        assert_eq!(shown("Error 401: invalid signature"), "Error 401: invalid signature");
        assert_eq!(
            shown(r#"{"errors":[{"code":32,"message":"Could not authenticate you, x9y8z7"}]}"#),
            r#"{"errors":[{"code":…,"message":"Could not authenticate you, …"}]}"#
        );
        assert_eq!(shown("your token hdk48Djdsa is bad"), "your token … is bad");
    }

    #[test]
    fn an_excerpt_is_short_and_has_no_control_characters() {
        let shown = shown(&"line\r\n".repeat(1000));
        assert!(shown.len() <= 2 * EXCERPT && !shown.contains(char::is_control));
    }

    #[test]
    fn a_media_type_is_read_without_its_parameters() {
        let mut headers = HeaderMap::new();
        assert_eq!(media_type(&headers), "");
        headers.insert(CONTENT_TYPE, "Application/X-www-form-urlencoded ; charset=UTF-8".parse().unwrap());
        assert_eq!(media_type(&headers), super::super::form::MEDIA_TYPE);
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
