//! A key that is ready to sign and to verify, RFC 5849 §3.4.2 to §3.4.4.

use std::borrow::Cow;
use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine};
use zeroize::Zeroizing;

use super::base_string::Writer;
use super::mac::{Hash, Mac, MacOutput, NO_MAC, Sha1, Sha256, Sha512};
use super::method::{Method, SignatureMethod};
#[cfg(feature = "rsa")]
use super::rsa::{RsaHash, RsaKey};
use crate::Error;
use crate::core::error::oauth1::RequestError;
use crate::core::secret::same;
use crate::wire::percent::{self, EACH, ONCE};

/// A key whose schedule is computed.
#[derive(Clone)]
pub(crate) enum Key {
    Sha1(Mac<Sha1>),
    Sha256(Mac<Sha256>),
    Sha512(Mac<Sha512>),
    Plaintext(Zeroizing<String>),
    #[cfg(feature = "rsa")]
    Rsa(RsaHash, RsaKey),
    Custom(Arc<dyn SignatureMethod>, Zeroizing<String>),
    /// The key is in a key service.
    Remote,
}

/// A signature before it is encoded in base64. For PLAINTEXT, it is the value of `oauth_signature`.
pub(crate) enum Signature<'d> {
    /// A MAC and its length.
    Mac(&'d MacOutput, usize),
    Custom(Vec<u8>),
    Plaintext(Zeroizing<String>),
}

impl Key {
    pub(crate) fn new(method: &Method, key: Zeroizing<String>) -> Self {
        match method {
            Method::HmacSha1 => Self::Sha1(Mac::new(key.as_bytes())),
            Method::HmacSha256 => Self::Sha256(Mac::new(key.as_bytes())),
            Method::HmacSha512 => Self::Sha512(Mac::new(key.as_bytes())),
            Method::DangerousPlaintext => Self::Plaintext(key),
            #[cfg(feature = "rsa")]
            Method::RsaSha1(key) => Self::Rsa(RsaHash::Sha1, key.clone()),
            #[cfg(feature = "rsa")]
            Method::RsaSha256(key) => Self::Rsa(RsaHash::Sha256, key.clone()),
            #[cfg(feature = "rsa")]
            Method::RsaSha512(key) => Self::Rsa(RsaHash::Sha512, key.clone()),
            Method::Custom(method) => Self::Custom(method.clone(), key),
            Method::Remote(_) => Self::Remote,
        }
    }

    /// Signs the base string, which `write` writes. A MAC is written into `digits`, so it is not
    /// moved. `randomness` is for methods with blinding or random values.
    pub(crate) fn sign<'d>(
        &self,
        method: &str,
        randomness: Option<&[u8; 16]>,
        digits: &'d mut MacOutput,
        write: impl FnOnce(&mut Writer<'_>),
    ) -> Result<Signature<'d>, Error> {
        Ok(match self {
            Self::Sha1(mac) => authenticated(mac, digits, write),
            Self::Sha256(mac) => authenticated(mac, digits, write),
            Self::Sha512(mac) => authenticated(mac, digits, write),
            Self::Plaintext(key) => Signature::Plaintext(key.clone()),
            Self::Custom(custom, key) => signed_by_others(
                custom.sign(&Writer::collect(write), key.as_bytes(), randomness),
                method,
            )?,
            Self::Remote => {
                return Err(RequestError::KeyElsewhere { method: method.to_owned() }.into());
            }
            #[cfg(feature = "rsa")]
            Self::Rsa(hash, key) => {
                signed_by_others(key.sign(*hash, &Writer::collect(write), randomness), method)?
            }
        })
    }

    /// Returns whether `signature`, the value of `oauth_signature`, is that of the base string that
    /// `write` writes. Takes the same time, no matter at which position the signature differs.
    pub(crate) fn verify(&self, signature: &[u8], write: impl FnOnce(&mut Writer<'_>)) -> bool {
        if let Self::Custom(custom, key) = self {
            let decoded = BASE64_STANDARD.decode(signature).unwrap_or_default();
            return custom.verify(&Writer::collect(write), key.as_bytes(), &decoded);
        }
        #[cfg(feature = "rsa")]
        if let Self::Rsa(hash, key) = self {
            let decoded = BASE64_STANDARD.decode(signature).unwrap_or_default();
            return key.verify(*hash, &Writer::collect(write), &decoded);
        }
        let mut digits = NO_MAC;
        match self.sign("", None, &mut digits, write) {
            Ok(Signature::Mac(mac, length)) => {
                // Bytes have only one form in base64, so comparing the texts is enough.
                let mut room = ROOM;
                let end = write_base64::<false>(&mut room, mac, length);
                same(&room[..end], signature)
            }
            Ok(expected) => same(expected.bytes(), signature),
            Err(_) => false,
        }
    }
}

/// Returns a signature that RSA or a custom method made, or the error that says why it could not be
/// made.
fn signed_by_others<'d>(
    signature: Result<Vec<u8>, String>,
    method: &str,
) -> Result<Signature<'d>, Error> {
    let refused = |reason| RequestError::Signing { method: method.to_owned(), reason }.into();
    signature.map(Signature::Custom).map_err(refused)
}

impl Signature<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Mac(digits, length) => &digits[..*length],
            Self::Custom(bytes) => bytes,
            Self::Plaintext(text) => text.as_bytes(),
        }
    }

    /// Returns the value of `oauth_signature`.
    pub(crate) fn value(&self) -> String {
        match self {
            Self::Plaintext(text) => text.as_str().to_owned(),
            _ => BASE64_STANDARD.encode(self.bytes()),
        }
    }

    /// Returns the percent-encoded value. The value of an HMAC is written into `room`, with base64
    /// and its escapes in one pass.
    pub(super) fn encoded<'r>(&self, room: &'r mut EncodedMac) -> Cow<'r, str> {
        let Self::Mac(mac, length) = *self else {
            return percent::encode(self.value()).into();
        };
        let end = write_base64::<true>(room, mac, length);
        str::from_utf8(&room[..end]).unwrap_or_default().into()
    }
}

/// Room for the longest MAC with every digit escaped, and for the rest of a word.
pub(super) type EncodedMac = [u8; 3 * 88 + 8];

/// A buffer for an encoded MAC, before the MAC is written.
pub(super) const ROOM: EncodedMac = [0; 3 * 88 + 8];

/// Writes a MAC in base64, percent-encoded if `ENCODED` is `true`, and returns where it ends.
#[inline]
fn write_base64<const ENCODED: bool>(
    room: &mut EncodedMac,
    mac: &MacOutput,
    length: usize,
) -> usize {
    let (mut at, mut end) = (0, 0);
    while at < length {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&mac[at..at + 8]);
        let (digits, marks) = digits(u64::from_be_bytes(bytes) >> 16);
        end = percent::escape_word(room, end, digits, if ENCODED { marks } else { 0 }, &ONCE) + 8;
        at += 6;
    }
    // Padding replaces the digits that belong to no byte.
    let missing = at - length;
    end -= 8 * missing / 6;
    let padding: &[u8] = if ENCODED { b"%3D" } else { b"=" };
    for _ in 0..missing % 3 {
        room[end..end + padding.len()].copy_from_slice(padding);
        end += padding.len();
    }
    end
}

/// Returns 48 bits as eight digits of base64 (RFC 4648 §4), with the first digit in the lowest
/// byte. Also returns marks for the digits that must be percent-encoded: the highest bits of their
/// bytes. All eight digits are computed at once.
#[inline]
fn digits(bits: u64) -> (u64, u64) {
    // Each step halves groups of bits, until every byte has six.
    let bits = (bits << 8) & 0x00FF_FFFF_0000_0000 | bits & 0x0000_0000_00FF_FFFF;
    let bits = (bits << 4) & 0x0FFF_0000_0FFF_0000 | bits & 0x0000_0FFF_0000_0FFF;
    let values = (bits << 2) & 0x3F00_3F00_3F00_3F00 | bits & 0x003F_003F_003F_003F;
    // Returns a one in every byte whose value is at least the bound.
    let from = |bound: u8| ((values + u64::from(0x80 - bound) * EACH) >> 7) & EACH;
    let (lower, decimal, plus, slash) = (from(26), from(52), from(62), from(63));
    let up = u64::from(b'A') * EACH
        + lower * u64::from(b'a' - b'Z' - 1)
        + slash * u64::from(b'/' - b'+' - 1);
    let down = decimal * u64::from(b'z' - b'0' + 1) + plus * u64::from(b'9' - b'+' + 1);
    ((values + up - down).swap_bytes(), plus.swap_bytes() << 7)
}

fn authenticated<'d, H: Hash>(
    mac: &Mac<H>,
    digits: &'d mut MacOutput,
    write: impl FnOnce(&mut Writer<'_>),
) -> Signature<'d> {
    let length = Writer::authenticate(mac.clone(), digits, write);
    Signature::Mac(digits, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_base64_digit_is_encoded_alike_at_every_position() {
        for length in [20, 32, 64] {
            for value in 0..=255_u8 {
                for step in [0, 1, 7] {
                    let mut mac = NO_MAC;
                    (0_u8..)
                        .zip(&mut mac[..length])
                        .for_each(|(at, byte)| *byte = value.wrapping_add(at.wrapping_mul(step)));
                    let expected = percent::encode(BASE64_STANDARD.encode(&mac[..length]));
                    assert_eq!(Signature::Mac(&mac, length).encoded(&mut { ROOM }), expected);
                }
            }
        }
    }
}
