//! The timestamp and the nonce of a request: RFC 5849 §3.3.

use std::borrow::Cow;
use std::fmt;

use super::decimal::write_decimal;
use crate::wire::{hex_digits, percent};
use crate::{Moment, Timestamp};

/// The length of a derived nonce: 30 hexadecimal digits, which are 120 bits. Servers that are
/// strict about nonces want 20 to 30 alphanumeric characters.
const DERIVED: usize = 30;

/// The timestamp and the nonce, which make a request unique.
///
/// A [`Moment`] converts into it. For a test vector or an unusual service, make it from your own
/// values.
///
/// ```
/// use oauth_proto::{Moment, Timestamp, oauth1::Stamp};
///
/// let stamp = Stamp::from(Moment::from_os());
/// let stamp = Stamp::new(Timestamp::from_secs(137_131_200), "wIjqoS");
/// ```
#[derive(Clone)]
pub struct Stamp<'a> {
    timestamp: Timestamp,
    nonce: Nonce<'a>,
}

/// A protocol parameter that only some requests have, and its value.
pub(crate) type OAuthParam<'a> = (Cow<'a, str>, Cow<'a, str>);

/// The protocol parameters that differ from request to request, except the signature.
#[derive(Clone, Copy)]
pub(super) struct StampText<'a> {
    pub(super) timestamp: &'a str,
    pub(super) nonce: &'a str,
    /// Whether the nonce needs no encoding.
    pub(super) plain: bool,
    /// Secret bytes, for methods with blinding or random values.
    pub(super) randomness: Option<&'a [u8; 16]>,
    pub(super) extra: &'a [OAuthParam<'a>],
}

#[derive(Clone)]
enum Nonce<'a> {
    /// A nonce from a moment. The other bytes of the derived value are for methods with blinding or
    /// random values.
    Derived {
        digits: [u8; DERIVED],
        randomness: [u8; 16],
    },
    Given(&'a str),
}

impl<'a> Stamp<'a> {
    /// Makes a stamp with the caller's timestamp and nonce. The same nonce must not be used twice
    /// with one timestamp.
    pub const fn new(timestamp: Timestamp, nonce: &'a str) -> Self {
        Self { timestamp, nonce: Nonce::Given(nonce) }
    }

    /// Returns the nonce.
    fn nonce(&self) -> &str {
        match &self.nonce {
            Nonce::Derived { digits, .. } => str::from_utf8(digits).unwrap_or_default(),
            Nonce::Given(nonce) => nonce,
        }
    }

    /// Returns the stamp as it is sent. Values that are not texts yet are written into `room`, a
    /// variable of the caller that is not moved. Bytes that were just written one by one are slow
    /// to move.
    pub(super) fn write<'s>(
        &'s self,
        room: &'s mut Room,
        extra: &'s [OAuthParam<'s>],
    ) -> StampText<'s> {
        let start = write_decimal(&mut room.0, self.timestamp.as_secs());
        if let Nonce::Derived { digits, .. } = &self.nonce {
            room.0[..DERIVED].copy_from_slice(digits);
        }
        // One check for both texts, over a number of bytes at which the check is fast.
        let text = str::from_utf8(&room.0).unwrap_or_default();
        let timestamp = text.get(start..).unwrap_or_default();
        let (nonce, plain, randomness) = match &self.nonce {
            Nonce::Derived { randomness, .. } => {
                (text.get(..DERIVED).unwrap_or_default(), true, Some(randomness))
            }
            Nonce::Given(nonce) => (*nonce, percent::is_plain(nonce.as_bytes()), None),
        };
        StampText { timestamp, nonce, plain, randomness, extra }
    }
}

impl From<Moment> for Stamp<'_> {
    fn from(moment: Moment) -> Self {
        let value = moment.derive("oauth1 nonce");
        let (mut digits, mut randomness) = ([0; DERIVED], [0; 16]);
        digits.iter_mut().zip(hex_digits(&value)).for_each(|(own, digit)| *own = digit);
        // The nonce shows only bytes of the first half.
        randomness.copy_from_slice(&value[16..]);
        Self { timestamp: moment.now, nonce: Nonce::Derived { digits, randomness } }
    }
}

impl fmt::Debug for Stamp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stamp")
            .field("timestamp", &self.timestamp)
            .field("nonce", &self.nonce())
            .finish()
    }
}

/// A buffer for a derived nonce at its beginning and a timestamp at its end.
pub(super) struct Room([u8; 64]);

impl Default for Room {
    fn default() -> Self {
        Self([0; 64])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_moment_gives_a_different_nonce() {
        let stamp = |entropy| Stamp::from(Moment::new(Timestamp::from_secs(5), [entropy; 32]));
        assert_ne!(stamp(1).nonce(), stamp(2).nonce());
        assert_eq!(stamp(1).nonce(), stamp(1).nonce());
        assert!(stamp(1).nonce().bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(stamp(1).timestamp.as_secs(), 5);
    }
}
