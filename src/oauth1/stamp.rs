//! Timestamp and nonce, RFC 5849 §3.3.

use std::fmt;

use crate::{Moment, Timestamp};

/// Alphanumeric and within 20 to 30 characters, which the servers that are strict about nonces want. 120 bits.
const DERIVED: usize = 30;

/// What makes a request unique: when it was signed, and a nonce.
///
/// Made of a [`Moment`], or of values of the caller's own where a test vector or a service's odd demand wants that.
///
/// ```
/// use oauth_proto::{Moment, Timestamp, oauth1::Stamp};
///
/// let stamp = Stamp::from(Moment::from_os());
/// assert_eq!(stamp.nonce().len(), 30);
///
/// let stamp = Stamp::new(Timestamp::from_secs(137_131_200), "wIjqoS");
/// assert_eq!(stamp.nonce(), "wIjqoS");
/// ```
#[derive(Clone)]
pub struct Stamp<'a> {
    timestamp: Timestamp,
    decimal: Decimal,
    nonce: Nonce<'a>,
}

#[derive(Clone)]
enum Nonce<'a> {
    Derived([u8; DERIVED]),
    Given(&'a str),
}

impl<'a> Stamp<'a> {
    /// A stamp with a nonce of the caller's own, which must never be used twice with one timestamp.
    pub const fn new(timestamp: Timestamp, nonce: &'a str) -> Self {
        Self { timestamp, decimal: Decimal::new(timestamp.as_secs()), nonce: Nonce::Given(nonce) }
    }

    /// The time of signing.
    pub const fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    /// The timestamp as it is sent.
    pub(super) fn decimal(&self) -> &str {
        str::from_utf8(self.digits()).unwrap_or_default()
    }

    pub(super) fn digits(&self) -> &[u8] {
        self.decimal.as_bytes()
    }

    /// The nonce.
    pub fn nonce(&self) -> &str {
        match &self.nonce {
            Nonce::Derived(digits) => str::from_utf8(digits).unwrap_or_default(),
            Nonce::Given(nonce) => nonce,
        }
    }
}

impl From<Moment> for Stamp<'_> {
    fn from(moment: Moment) -> Self {
        let mut digits = [0; DERIVED];
        hex(&moment.derive("oauth1 nonce"), &mut digits);
        Self { nonce: Nonce::Derived(digits), ..Self::new(moment.now, "") }
    }
}

impl fmt::Debug for Stamp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stamp").field("timestamp", &self.timestamp).field("nonce", &self.nonce()).finish()
    }
}

/// Fills `digits` with the hexadecimal form of the beginning of `bytes`.
fn hex(bytes: &[u8], digits: &mut [u8]) {
    for (digit, half) in digits.iter_mut().zip(bytes.iter().flat_map(|byte| [byte >> 4, byte & 15])) {
        *digit = b"0123456789abcdef"[usize::from(half)];
    }
}

/// A number in decimal, in a buffer of its own.
#[derive(Clone)]
pub(super) struct Decimal {
    digits: [u8; 20],
    start: usize,
}

impl Decimal {
    pub(super) const fn new(mut number: u64) -> Self {
        let mut decimal = Self { digits: [b'0'; 20], start: 20 };
        loop {
            decimal.start -= 1;
            decimal.digits[decimal.start] += (number % 10) as u8;
            number /= 10;
            if number == 0 {
                return decimal;
            }
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.digits[self.start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_right_at_both_ends() {
        for number in [0, 9, 10, 137_131_200, u64::MAX] {
            assert_eq!(Decimal::new(number).as_bytes(), number.to_string().as_bytes());
        }
    }

    #[test]
    fn moments_give_nonces_of_their_own() {
        let stamp = |entropy| Stamp::from(Moment::new(Timestamp::from_secs(5), [entropy; 32]));
        assert_ne!(stamp(1).nonce(), stamp(2).nonce());
        assert_eq!(stamp(1).nonce(), stamp(1).nonce());
        assert!(stamp(1).nonce().bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(stamp(1).timestamp().as_secs(), 5);
    }
}
