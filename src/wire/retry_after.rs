//! The `Retry-After` header, by which a busy server says when to send a request again: RFC 9110
//! §10.2.3.

use std::fmt;
use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;

use super::timestamp::Timestamp;

/// The `Retry-After` of our servers with status 503, in seconds. Storage that fails usually
/// recovers soon, unless clients keep it busy by sending requests again at once.
pub(crate) const WHEN_UNAVAILABLE: &str = "5";

/// The value of `Retry-After`: when to send a request again.
///
/// # Examples
/// ```
/// use oauth_proto::{Timestamp, wire::RetryAfter};
/// use std::time::Duration;
///
/// let now = Timestamp::from_secs(1_700_000_000);
/// assert_eq!(
///     RetryAfter::Delay(Duration::from_secs(120)).delay(now),
///     Duration::from_secs(120)
/// );
/// let date = RetryAfter::Date(Timestamp::from_secs(1_700_000_120));
/// assert_eq!(date.delay(now), Duration::from_secs(120));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// This long after the response.
    Delay(Duration),
    /// At this time of the server's clock.
    Date(Timestamp),
}

impl RetryAfter {
    /// Reads the header. Returns `None` if it is missing or malformed.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
            // A number that is too large becomes the longest time.
            return Some(Self::Delay(Duration::from_secs(value.parse().unwrap_or(u64::MAX))));
        }
        httpdate::parse_http_date(value).ok().map(|date| Self::Date(date.into()))
    }

    /// Returns how long to wait. `now` is the time of the response. Returns zero if the time is in
    /// the past.
    pub fn delay(self, now: Timestamp) -> Duration {
        match self {
            Self::Delay(delay) => delay,
            Self::Date(date) => now.until(date),
        }
    }
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delay(delay) => write!(f, "retry after {} s", delay.as_secs()),
            Self::Date(date) => write!(f, "retry at {date} (in Unix seconds)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_nothing_else_is() {
        let of = |value: &str| {
            RetryAfter::of(&HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]))
        };
        assert_eq!(of("120"), Some(RetryAfter::Delay(Duration::from_secs(120))));
        assert_eq!(
            of("99999999999999999999999"),
            Some(RetryAfter::Delay(Duration::from_secs(u64::MAX)))
        );
        let date = Some(RetryAfter::Date(Timestamp::from_secs(1_700_000_120)));
        assert_eq!(of("Tue, 14 Nov 2023 22:15:20 GMT"), date);
        // The obsolete forms of RFC 9110 §5.6.7 are dates, too.
        assert_eq!(of("Tuesday, 14-Nov-23 22:15:20 GMT"), date);
        for odd in ["", "-1", "+1", "1.5", "soon", "Tue, 14 Nov 2023"] {
            assert_eq!(of(odd), None, "{odd}");
        }
    }
}
