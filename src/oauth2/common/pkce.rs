//! PKCE (Proof Key for Code Exchange), RFC 7636, and random texts.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::Moment;
use crate::core::short_hash;

/// The length of 32 bytes in base64url.
const LENGTH: usize = 43;

/// A PKCE code verifier (§4.1): 256 bits in base64url, without an allocation, wiped when dropped.
/// It is aligned to words, so the check for UTF-8 takes fewer steps.
#[derive(Clone)]
#[repr(align(8))]
pub(crate) struct CodeVerifier([u8; LENGTH]);

impl CodeVerifier {
    pub(crate) fn new(moment: &Moment) -> Self {
        Self(base64url(moment.derive("oauth2 verifier")))
    }

    /// Returns the code challenge of the method `S256` (§4.2).
    pub(crate) fn challenge(&self) -> Unguessable {
        Unguessable(base64url(short_hash::sha256(&self.0)))
    }

    pub(crate) fn as_str(&self) -> &str {
        text(&self.0)
    }
}

impl Drop for CodeVerifier {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Serialize for CodeVerifier {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CodeVerifier {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let bytes = text.as_bytes().try_into().ok().filter(|_| text.bytes().all(is_base64url));
        bytes.map(Self).ok_or_else(|| {
            serde::de::Error::custom("a code verifier has 43 characters of base64url")
        })
    }
}

/// 256 random bits in base64url, without an allocation.
#[derive(Clone, Copy)]
#[repr(align(8))]
pub(crate) struct Unguessable([u8; LENGTH]);

impl Unguessable {
    pub(crate) fn new(moment: &Moment, label: &'static str) -> Self {
        Self::of(moment.derive(label))
    }

    pub(crate) fn of(bytes: [u8; 32]) -> Self {
        Self(base64url(bytes))
    }

    pub(crate) fn as_str(&self) -> &str {
        text(&self.0)
    }
}

fn base64url(bytes: [u8; 32]) -> [u8; LENGTH] {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digit = |bits: u32, shift: u32| DIGITS[(bits >> shift) as usize & 63];
    let mut out = [0; LENGTH];
    let (groups, rest) = bytes.as_chunks();
    for (out, [first, second, third]) in out.as_chunks_mut().0.iter_mut().zip(groups) {
        let bits = u32::from_be_bytes([0, *first, *second, *third]);
        *out = [digit(bits, 18), digit(bits, 12), digit(bits, 6), digit(bits, 0)];
    }
    // 32 bytes are ten groups and two bytes.
    if let [first, second] = rest {
        let bits = u32::from_be_bytes([0, *first, *second, 0]);
        out[40..].copy_from_slice(&[digit(bits, 18), digit(bits, 12), digit(bits, 6)]);
    }
    out
}

fn text(bytes: &[u8; LENGTH]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    /// RFC 7636 appendix B.
    #[test]
    fn the_example_of_the_specification() {
        let bytes = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212,
            37, 77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
        ];
        let verifier = CodeVerifier(base64url(bytes));
        assert_eq!(verifier.as_str(), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(verifier.challenge().as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_verifier_survives_storage_and_other_texts_are_refused() {
        let verifier = CodeVerifier::new(&Moment::new(Timestamp::from_secs(1), [3; 32]));
        let stored = serde_json::to_string(&verifier).unwrap();
        assert_eq!(
            serde_json::from_str::<CodeVerifier>(&stored).unwrap().as_str(),
            verifier.as_str()
        );
        for other in
            [r#""short""#.to_owned(), stored.replace('"', ""), stored.replacen('"', "\"&", 1)]
        {
            serde_json::from_str::<CodeVerifier>(&other).unwrap_err();
        }
        assert_eq!(format!("{verifier:?}"), "[redacted]");
    }
}
