//! A key that is ready to sign and to verify, RFC 5849 §3.4.2 to §3.4.4.

use std::borrow::Cow;
use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::base_string::Writer;
use super::mac::{Digits, Hash, Mac, Sha1, Sha256, Sha512};
use super::method::Kind;
use super::{Method, SignatureMethod};
use crate::wire::percent;
use crate::{Error, Unsupported};

/// A key whose schedule is computed.
#[derive(Clone)]
pub(super) enum Key {
    Sha1(Mac<Sha1>),
    Sha256(Mac<Sha256>),
    Sha512(Mac<Sha512>),
    Plaintext(Zeroizing<String>),
    Custom(Arc<dyn SignatureMethod>, Zeroizing<String>),
}

/// A signature, not yet in base64; of PLAINTEXT, the value of `oauth_signature` itself.
pub(super) enum Signature<'d> {
    Mac(&'d [u8]),
    Custom(Vec<u8>),
    Plaintext(Zeroizing<String>),
}

impl Key {
    pub(super) fn new(method: &Method, key: Zeroizing<String>) -> Self {
        match &method.0 {
            Kind::HmacSha1 => Self::Sha1(Mac::new(key.as_bytes())),
            Kind::HmacSha256 => Self::Sha256(Mac::new(key.as_bytes())),
            Kind::HmacSha512 => Self::Sha512(Mac::new(key.as_bytes())),
            Kind::Plaintext => Self::Plaintext(key),
            Kind::Custom(method) => Self::Custom(method.clone(), key),
        }
    }

    /// Signs what `write` writes: the base string. The digits of a MAC are written where they stay.
    pub(super) fn sign<'d>(
        &self,
        method: &str,
        digits: &'d mut Digits,
        write: impl FnOnce(&mut Writer<'_>),
    ) -> Result<Signature<'d>, Error> {
        Ok(match self {
            Self::Sha1(mac) => authenticated(mac, digits, write),
            Self::Sha256(mac) => authenticated(mac, digits, write),
            Self::Sha512(mac) => authenticated(mac, digits, write),
            Self::Plaintext(key) => Signature::Plaintext(key.clone()),
            Self::Custom(custom, key) => {
                let signature = custom.sign(&Writer::collect(write), key.as_bytes());
                signature
                    .map(Signature::Custom)
                    .map_err(|reason| Unsupported::Signing { method: method.to_owned(), reason })?
            }
        })
    }

    /// Whether `signature`, the value of `oauth_signature`, is that of what `write` writes. Takes the same time
    /// wherever it differs.
    pub(super) fn verify(&self, signature: &[u8], write: impl FnOnce(&mut Writer<'_>)) -> bool {
        if let Self::Custom(custom, key) = self {
            let decoded = BASE64_STANDARD.decode(signature).unwrap_or_default();
            return custom.verify(&Writer::collect(write), key.as_bytes(), &decoded);
        }
        match self.sign("", &mut [0; _], write) {
            Ok(Signature::Plaintext(expected)) => expected.as_bytes().ct_eq(signature).into(),
            Ok(expected) => {
                // One that is too long for it is no MAC's.
                let mut room = [0; 96];
                let length = BASE64_STANDARD.decode_slice(signature, &mut room).unwrap_or_default();
                expected.bytes().ct_eq(&room[..length]).into()
            }
            Err(_) => false,
        }
    }
}

impl Signature<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Mac(digits) => digits,
            Self::Custom(bytes) => bytes,
            Self::Plaintext(text) => text.as_bytes(),
        }
    }

    /// The value of `oauth_signature`.
    pub(super) fn value(&self) -> String {
        match self {
            Self::Plaintext(text) => text.as_str().to_owned(),
            _ => BASE64_STANDARD.encode(self.bytes()),
        }
    }

    /// The value percent-encoded. That of an HMAC is written into `room`: base64 and its escapes in one pass.
    pub(super) fn encoded<'r>(&self, room: &'r mut EncodedMac) -> Cow<'r, str> {
        let Self::Mac(bytes) = self else {
            return percent::encode(self.value()).into();
        };
        let mut end = 0;
        let mut push = |escape: [u8; 4]| {
            room[end..end + 4].copy_from_slice(&escape);
            end += usize::from(escape[3]);
        };
        let digit = |bits: u32, shift: u32| DIGITS[(bits >> shift) as usize & 63];
        let (groups, rest) = bytes.as_chunks();
        for [first, second, third] in groups {
            let bits = u32::from_be_bytes([0, *first, *second, *third]);
            [18, 12, 6, 0].into_iter().for_each(|shift| push(digit(bits, shift)));
        }
        if let [first, rest @ ..] = rest {
            let bits = u32::from_be_bytes([0, *first, rest.first().copied().unwrap_or_default(), 0]);
            push(digit(bits, 18));
            push(digit(bits, 12));
            push(if rest.is_empty() { PADDING } else { digit(bits, 6) });
            push(PADDING);
        }
        str::from_utf8(&room[..end]).unwrap_or_default().into()
    }
}

/// The `=` at the end of base64, as in [`DIGITS`].
const PADDING: [u8; 4] = *b"%3D\x03";

/// Room for the longest MAC, every digit of it escaped.
pub(super) type EncodedMac = [u8; 3 * 88 + 4];

/// The digits of base64, percent-encoded, and the length of that.
const DIGITS: [[u8; 4]; 64] = {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut escapes = [[0; 4]; 64];
    let mut at = 0;
    while at < 64 {
        escapes[at] = match digits[at] {
            b'+' => *b"%2B\x03",
            b'/' => *b"%2F\x03",
            digit => [digit, 0, 0, 1],
        };
        at += 1;
    }
    escapes
};

fn authenticated<'d, H: Hash>(
    mac: &Mac<H>,
    digits: &'d mut Digits,
    write: impl FnOnce(&mut Writer<'_>),
) -> Signature<'d> {
    let length = Writer::authenticate(mac.clone(), digits, write);
    Signature::Mac(&digits[..length])
}
