//! The time at the beginning of a nonce (OpenID Authentication 2.0 §10.1): RFC 3339 §5.6 in UTC
//! without fractions.

use std::time::{Duration, UNIX_EPOCH};

use crate::Timestamp;

/// The length of the time, in bytes.
const LENGTH: usize = 20;

/// Reads a time. `None` if it has another format.
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    // A text of this length has no fractions.
    let time = Some(text).filter(|text| text.len() == LENGTH && text.is_ascii())?;
    humantime::parse_rfc3339(time).ok().map(Timestamp::from)
}

/// Returns the time at the beginning of a nonce. `None` if the nonce does not begin with a time, or
/// has other characters than §10.1 allows.
pub(crate) fn begins_at(nonce: &str) -> Option<Timestamp> {
    let sound = nonce.len() <= 255 && nonce.bytes().all(|byte| byte.is_ascii_graphic());
    nonce.get(..LENGTH).filter(|_| sound).and_then(time)
}

/// Returns the text of a time. A time after the year 9999 becomes the last second of that year.
pub(crate) fn format(time: Timestamp) -> String {
    const LAST: u64 = 253_402_300_799;
    let time = UNIX_EPOCH + Duration::from_secs(time.as_secs().min(LAST));
    humantime::format_rfc3339_seconds(time).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// §10.1's example.
    #[test]
    fn the_example_of_the_specification() {
        assert_eq!(
            begins_at("2005-05-15T17:11:51ZUNIQUE"),
            Some(Timestamp::from_secs(1_116_177_111))
        );
        assert_eq!(format(Timestamp::from_secs(1_116_177_111)), "2005-05-15T17:11:51Z");
        assert_eq!(format(Timestamp::from_secs(u64::MAX)), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn other_forms_are_refused() {
        for nonce in [
            "",
            "UNIQUE",
            "2005-05-15T17:11:51",
            "2005-05-15T17:11:51+00:00",
            "2005-05-15 17:11:51ZX",
            "2005-05-15T17:11:51.5Z",
            "2005-13-15T17:11:51Z",
            "2005-02-30T17:11:51Z",
            "2005-05-15T17:11:51Z with space",
            "2005-05-15T17:11:51Z\u{e9}",
        ] {
            assert_eq!(begins_at(nonce), None, "{nonce}");
        }
        assert_eq!(begins_at(&format!("2005-05-15T17:11:51Z{}", "x".repeat(236))), None);
    }
}
