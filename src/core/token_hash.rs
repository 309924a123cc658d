//! The hash that a server stores instead of a code or token.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::short_hash;

/// The SHA-256 hash of a code or token. It is the key under which a code or token is stored, so an
/// attacker who reads the store does not get any token.
///
/// `Display` and `Serialize` write it as 64 hexadecimal digits, which `FromStr` and `Deserialize`
/// read.
///
/// ```
/// use oauth_proto::oauth2::server::store::TokenHash;
///
/// let hash = TokenHash::of("2YotnFZFEjr1zCsicMWpAA");
/// assert_eq!(hash.to_string().len(), 64);
/// assert_eq!(hash.to_string().parse::<TokenHash>()?, hash);
/// # Ok::<(), oauth_proto::oauth2::server::store::InvalidTokenHash>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Returns the hash of a code or token.
    pub fn of(token: &str) -> Self {
        Self(short_hash::sha256_of(token.as_bytes()))
    }

    /// A hash with an even distribution that is made quickly, so a test can use a million of them.
    #[cfg(test)]
    pub(crate) fn of_number(number: u64) -> Self {
        let word = |index: u64| {
            let mixed = (number + index + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
            (mixed ^ mixed >> 31).to_be_bytes()
        };
        let mut bytes = [0; 32];
        for (at, eight) in bytes.chunks_exact_mut(8).enumerate() {
            eight.copy_from_slice(&word((at as u64) << 40));
        }
        Self(bytes)
    }

    /// Returns the second eight bytes of the hash.
    pub(crate) fn second_word(&self) -> u64 {
        let [_, _, _, _, _, _, _, _, rest @ ..] = &self.0;
        rest.first_chunk().map_or(0, |bytes| u64::from_ne_bytes(*bytes))
    }

    /// Returns the 64 hexadecimal digits.
    pub(crate) fn digits(&self) -> [u8; 64] {
        const EACH: u64 = u64::MAX / 0xFF;
        let mut digits = [0; 64];
        // Eight digits at a time: four bytes are spread into eight half-bytes. Half-bytes above
        // nine become letters.
        for (digits, bytes) in digits.as_chunks_mut().0.iter_mut().zip(self.0.as_chunks().0) {
            let bytes = u64::from(u32::from_be_bytes(*bytes));
            let halves = (bytes | bytes << 16) & 0x0000_FFFF_0000_FFFF;
            let halves = (halves | halves << 8) & 0x00FF_00FF_00FF_00FF;
            let halves = (halves | halves << 4) & (0x0F * EACH);
            let letters = (halves + 6 * EACH) >> 4 & EACH;
            *digits = (halves + u64::from(b'0') * EACH + letters * u64::from(b'a' - b'0' - 10))
                .to_be_bytes();
        }
        digits
    }

    /// Returns the hash of several texts and of their lengths, so `["ab", "c"]` and `["a", "bc"]`
    /// differ.
    pub(crate) fn of_all<T: AsRef<[u8]>>(texts: impl IntoIterator<Item = T>) -> Self {
        let mut hash = Sha256::new();
        for text in texts {
            let text = text.as_ref();
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        Self(hash.finalize().into())
    }

    /// Makes a hash from the 32 bytes that a store has kept.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::server::store::TokenHash;
    ///
    /// let hash = TokenHash::of("2YotnFZFEjr1zCsicMWpAA");
    /// assert_eq!(TokenHash::from_bytes(*hash.as_bytes()), hash);
    /// ```
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the 32 bytes, for a store that keeps bytes instead of a text.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

impl fmt::Debug for TokenHash {
    /// Shows the first four bytes, to distinguish two hashes in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "TokenHash({a:02x}{b:02x}{c:02x}{d:02x}…)")
    }
}

/// The error for a text that is not 64 hexadecimal digits.
///
/// ```
/// use oauth_proto::oauth2::server::store::{InvalidTokenHash, TokenHash};
///
/// assert_eq!("2Yot".parse::<TokenHash>(), Err(InvalidTokenHash));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hash has 64 hexadecimal digits")]
pub struct InvalidTokenHash;

impl FromStr for TokenHash {
    type Err = InvalidTokenHash;

    fn from_str(text: &str) -> Result<Self, InvalidTokenHash> {
        let digits: &[u8; 64] = text.as_bytes().try_into().map_err(|_| InvalidTokenHash)?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
            let digit = |at: usize| {
                char::from(pair[at]).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
            };
            *byte = digit(0)
                .zip(digit(1))
                .map(|(high, low)| high << 4 | low)
                .ok_or(InvalidTokenHash)?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for TokenHash {
    type Error = InvalidTokenHash;

    fn try_from(text: String) -> Result<Self, InvalidTokenHash> {
        text.parse()
    }
}

impl From<TokenHash> for String {
    fn from(hash: TokenHash) -> Self {
        hash.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_written_and_read() {
        let hash = TokenHash::of("abc");
        assert_eq!(
            hash.to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let json = serde_json::to_string(&hash).unwrap();
        assert_eq!(serde_json::from_str::<TokenHash>(&json).unwrap(), hash);
        assert_eq!(TokenHash::from_bytes(*hash.as_bytes()), hash);
        for other in ["", "ba78", &hash.to_string().replace('b', "g"), &format!("{hash}0")] {
            other.parse::<TokenHash>().unwrap_err();
        }
        assert_ne!(TokenHash::of_all(["ab", "c"]), TokenHash::of_all(["a", "bc"]));
    }
}
