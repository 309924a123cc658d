//! The parts of a response that an error shows: status, content type, and an excerpt in which
//! values are masked.

use std::fmt;

use http::StatusCode;
use http::header::CONTENT_TYPE;

use super::leg::Leg;
use super::message::Response;
use crate::wire::excerpt::excerpt;
use crate::wire::words::Speech;
use crate::wire::{Challenge, RetryAfter, printable_text, truncated};

/// The parts of a response that an error shows. They have no secrets.
///
/// ```
/// use oauth_proto::ResponseExcerpt;
///
/// let response = http::Response::builder()
///     .status(503)
///     .header("content-type", "text/html")
///     .body(b"<title>Try again later</title>".to_vec())
///     .unwrap();
/// let answer = ResponseExcerpt::of(&response);
/// assert_eq!(
///     answer.to_string(),
///     r#"status 503, content type "text/html", body "<title>Try again later</title>""#
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseExcerpt {
    /// The status of the response.
    pub status: StatusCode,
    /// The `Content-Type` of the response, if it has one.
    pub content_type: Option<String>,
    /// The beginning of the body. Values are replaced by `…`: text after `=`, JSON values except
    /// messages, words with digits, and long words. If the body is a refusal in JSON, its error
    /// codes and messages are shown. If a message mentions a token or another secret, only words
    /// that are known to be harmless are shown.
    pub excerpt: String,
    /// The challenges of the `WWW-Authenticate` headers, with names and short values only.
    pub challenges: Vec<Challenge>,
    /// The time after which the client may send the request again, if the response has
    /// `Retry-After`.
    pub retry_after: Option<RetryAfter>,
    /// The request of this response: its purpose and its endpoint. `None` if the response was not
    /// part of a conversation.
    pub leg: Option<Leg>,
}

impl ResponseExcerpt {
    /// Returns the parts of a response that can be shown and logged.
    pub fn of(response: &Response) -> Self {
        let content_type = response.headers().get(CONTENT_TYPE);
        Self {
            status: response.status(),
            content_type: content_type
                .map(|value| truncated(&String::from_utf8_lossy(value.as_bytes()))),
            excerpt: excerpt(response.body(), Speech::of(response)),
            challenges: Challenge::of(response.headers()).into_iter().map(presentable).collect(),
            retry_after: RetryAfter::of(response.headers()),
            leg: None,
        }
    }
}

/// Returns a challenge without long values.
fn presentable(challenge: Challenge) -> Challenge {
    let parameters = challenge.parameters.into_iter().take(16);
    let shown = |(name, value): (String, String)| {
        let is_text =
            ["description", "advice"].iter().any(|end| name.to_ascii_lowercase().ends_with(end));
        (truncated(&name), if is_text { printable_text(&value) } else { truncated(&value) })
    };
    Challenge {
        scheme: truncated(&challenge.scheme),
        token68: None,
        parameters: parameters.map(shown).collect(),
    }
}

impl fmt::Display for ResponseExcerpt {
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
        if self.excerpt.is_empty() {
            f.write_str(", no body")
        } else {
            write!(f, ", body {:?}", self.excerpt)
        }
    }
}
