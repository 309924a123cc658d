//! A key that is ready to sign and to verify, RFC 5849 §3.4.2 to §3.4.4.

use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine};
use hmac::digest::FixedOutput;
use hmac::{Hmac, KeyInit};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::base_string::{Sink, Writer};
use super::method::{Kind, base64};
use super::{Method, SignatureMethod};
use crate::{Error, Unsupported};

/// A key whose schedule is computed.
#[derive(Clone)]
pub(super) enum Key {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha512(Hmac<Sha512>),
    Plaintext(Zeroizing<String>),
    Custom(Arc<dyn SignatureMethod>, Zeroizing<String>),
}

/// The value of `oauth_signature`. One of an HMAC needs no allocation.
pub(super) enum Signature {
    Mac { digits: [u8; 88], length: usize },
    Other(Zeroizing<String>),
}

impl Key {
    pub(super) fn new(method: &Method, key: Zeroizing<String>) -> Self {
        match &method.0 {
            Kind::HmacSha1 => Self::Sha1(hmac(&key)),
            Kind::HmacSha256 => Self::Sha256(hmac(&key)),
            Kind::HmacSha512 => Self::Sha512(hmac(&key)),
            Kind::Plaintext => Self::Plaintext(key),
            Kind::Custom(method) => Self::Custom(method.clone(), key),
        }
    }

    /// Signs what `write` writes: the base string.
    pub(super) fn sign(&self, method: &str, write: impl FnOnce(&mut Writer<'_>)) -> Result<Signature, Error> {
        Ok(match self {
            Self::Sha1(mac) => authenticated(mac.clone(), write),
            Self::Sha256(mac) => authenticated(mac.clone(), write),
            Self::Sha512(mac) => authenticated(mac.clone(), write),
            Self::Plaintext(key) => Signature::Other(key.clone()),
            Self::Custom(custom, key) => {
                let signature = custom
                    .sign(&Writer::collect(write), key.as_bytes())
                    .map_err(|reason| Unsupported::Signing { method: method.to_owned(), reason })?;
                Signature::Other(base64(&signature).into())
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
        self.sign("", write).is_ok_and(|expected| expected.as_str().as_bytes().ct_eq(signature).into())
    }
}

impl Signature {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Mac { digits, length } => str::from_utf8(&digits[..*length]).unwrap_or_default(),
            Self::Other(text) => text,
        }
    }
}

fn hmac<M: KeyInit>(key: &str) -> M {
    let Ok(mac) = M::new_from_slice(key.as_bytes()) else { unreachable!("HMAC takes keys of any length") };
    mac
}

fn authenticated<M: Sink + FixedOutput>(mut mac: M, write: impl FnOnce(&mut Writer<'_>)) -> Signature {
    Writer::write(&mut mac, write);
    let mut digits = [0; 88];
    // 88 digits are what the longest MAC takes, so this cannot fail.
    let length = BASE64_STANDARD.encode_slice(mac.finalize_fixed(), &mut digits).unwrap_or_default();
    Signature::Mac { digits, length }
}
