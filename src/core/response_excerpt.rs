//! The parts of a response that an error may show: status, content type, and an excerpt in which
//! values are masked.

use std::fmt;

use http::StatusCode;
use http::header::CONTENT_TYPE;

use super::leg::Leg;
use super::message::Response;
use crate::wire::excerpt::excerpt;
use crate::wire::words::Speech;
use crate::wire::{Challenge, RetryAfter, printable_text, truncated};

/// An answer as it appears in an error: enough to recognise it, nothing that must stay secret.
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
    /// Its status.
    pub status: StatusCode,
    /// Its `Content-Type`, if it has one.
    pub content_type: Option<String>,
    /// The beginning of its body. Everything that follows `=`, is a value in JSON (except
    /// messages), contains a digit or is long is replaced by `…`. Of a refusal in JSON, numbers of
    /// codes and all messages are shown. If a message mentions a token or another secret, only its
    /// words that are known to be harmless are shown.
    pub excerpt: String,
    /// The challenges of its `WWW-Authenticate` headers, without anything but names and short
    /// values.
    pub challenges: Vec<Challenge>,
    /// The time at which the server wants to be asked again, if it says so.
    pub retry_after: Option<RetryAfter>,
    /// The request that it answers: its purpose and its endpoint. `None` for an answer that was not
    /// read in a conversation.
    pub leg: Option<Leg>,
}

impl ResponseExcerpt {
    /// Returns the part of a response that may be shown and logged.
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

/// Returns a challenge as an error may hold it.
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
