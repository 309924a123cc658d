//! What a server keeps in place of a code or token: its hash, and sometimes itself, sealed with a key that is not kept.

use std::fmt;
use std::str::FromStr;

use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::core::short_hash;

/// The SHA-256 of a code or token: the key under which it lies in the store. Who reads the store learns no token.
///
/// It is written as 64 hexadecimal digits, by `Display` and by serde.
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
    /// The hash of a code or token.
    pub fn of(token: &str) -> Self {
        Self(short_hash::sha256_of(token.as_bytes()))
    }

    /// A hash that is distributed evenly enough, made quickly: a million of them take a test no time.
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

    /// Returns eight of its bytes, not the first ones.
    pub(crate) fn second_word(&self) -> u64 {
        let [_, _, _, _, _, _, _, _, rest @ ..] = &self.0;
        rest.first_chunk().map_or(0, |bytes| u64::from_ne_bytes(*bytes))
    }

    /// Its 64 hexadecimal digits.
    pub(crate) fn digits(&self) -> [u8; 64] {
        const EACH: u64 = u64::MAX / 0xFF;
        let mut digits = [0; 64];
        // Eight digits at a time: four bytes are spread to eight halves, and those above nine are letters.
        for (digits, bytes) in digits.as_chunks_mut().0.iter_mut().zip(self.0.as_chunks().0) {
            let bytes = u64::from(u32::from_be_bytes(*bytes));
            let halves = (bytes | bytes << 16) & 0x0000_FFFF_0000_FFFF;
            let halves = (halves | halves << 8) & 0x00FF_00FF_00FF_00FF;
            let halves = (halves | halves << 4) & (0x0F * EACH);
            let letters = (halves + 6 * EACH) >> 4 & EACH;
            *digits = (halves + u64::from(b'0') * EACH + letters * u64::from(b'a' - b'0' - 10)).to_be_bytes();
        }
        digits
    }

    /// The hash of several texts, none of which can be taken for a part of another.
    pub(crate) fn of_all<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hash = Sha256::new();
        for text in texts {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        Self(hash.finalize().into())
    }

    /// Returns the hash that has these 32 bytes, as a store kept them.
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

    /// The 32 bytes, for a store that keeps them as such.
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
    /// Enough of it to tell two apart in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "TokenHash({a:02x}{b:02x}{c:02x}{d:02x}…)")
    }
}

/// A text that is not 64 hexadecimal digits.
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
            let digit = |at: usize| char::from(pair[at]).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            *byte = digit(0).zip(digit(1)).map(|(high, low)| high << 4 | low).ok_or(InvalidTokenHash)?;
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

/// A token that can be had back by whoever has the key, which is not in the store.
///
/// It is the token combined with a key stream: HMAC-SHA-256 in counter mode (NIST SP 800-108 §4.1) over a context that is
/// used for no other token under the same key, so that no stream serves twice. Whether the right key opened it shows in
/// the hash of what comes out.
///
/// ```
/// # use oauth_proto::oauth2::server::store::Sealed;
/// /// Stores it as the text that serde makes of it.
/// fn column(sealed: &Sealed) -> Result<String, serde_json::Error> {
///     serde_json::to_string(sealed)
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sealed(Vec<u8>);

impl Sealed {
    pub(crate) fn new(token: &str, key: &[u8], context: &[u8]) -> Self {
        Self(combine(token.as_bytes(), key, context))
    }

    /// The token, if that is the one with this hash.
    pub(crate) fn open(&self, key: &[u8], context: &[u8], hash: TokenHash) -> Option<String> {
        let token = String::from_utf8(combine(&self.0, key, context)).ok()?;
        (TokenHash::of(&token) == hash).then_some(token)
    }
}

fn combine(text: &[u8], key: &[u8], context: &[u8]) -> Vec<u8> {
    // HMAC takes keys of any length. Its schedule is computed once.
    let mac = Hmac::<Sha256>::new_from_slice(key).ok();
    let block = |counter: u64| -> [u8; 32] {
        mac.clone().map_or([0; 32], |mac| {
            mac.chain_update(counter.to_be_bytes()).chain_update(context).finalize().into_bytes().into()
        })
    };
    let chunks = text.chunks(32).zip(1..);
    chunks.flat_map(|(chunk, counter)| chunk.iter().zip(block(counter)).map(|(byte, pad)| byte ^ pad)).collect()
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sealed]")
    }
}

impl TryFrom<String> for Sealed {
    type Error = base64::DecodeError;

    fn try_from(text: String) -> Result<Self, base64::DecodeError> {
        BASE64_STANDARD_NO_PAD.decode(text).map(Self)
    }
}

impl From<Sealed> for String {
    fn from(sealed: Sealed) -> Self {
        BASE64_STANDARD_NO_PAD.encode(sealed.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_written_and_read() {
        let hash = TokenHash::of("abc");
        assert_eq!(hash.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let json = serde_json::to_string(&hash).unwrap();
        assert_eq!(serde_json::from_str::<TokenHash>(&json).unwrap(), hash);
        assert_eq!(TokenHash::from_bytes(*hash.as_bytes()), hash);
        for other in ["", "ba78", &hash.to_string().replace('b', "g"), &format!("{hash}0")] {
            other.parse::<TokenHash>().unwrap_err();
        }
        assert_ne!(TokenHash::of_all(["ab", "c"]), TokenHash::of_all(["a", "bc"]));
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_and_context_alone() {
        for token in ["", "2YotnFZFEjr1zCsicMWpAA", &"x".repeat(100)] {
            let hash = TokenHash::of(token);
            let sealed = Sealed::new(token, b"key", b"context");
            let stored: Sealed = serde_json::from_str(&serde_json::to_string(&sealed).unwrap()).unwrap();
            assert_eq!(stored.open(b"key", b"context", hash).as_deref(), Some(token));
            if !token.is_empty() {
                assert_eq!(stored.open(b"kez", b"context", hash), None);
                assert_eq!(stored.open(b"key", b"contexu", hash), None);
                assert!(!stored.0.windows(4).any(|part| token.as_bytes().windows(4).any(|own| own == part)));
            }
        }
    }
}
