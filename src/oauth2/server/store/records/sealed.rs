//! A sealed token: encrypted in the store, with a key that is not in the store.

use std::fmt;

use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::core::token_hash::TokenHash;

/// A token that is encrypted with a key which is not in the store.
///
/// The token is XORed with a key stream. HMAC-SHA-256 in counter mode (NIST SP 800-108 §4.1) makes
/// the stream from the key and a context. Each token under the same key has another context, so no
/// stream is used twice. The hash of the decrypted token shows whether the key was right.
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

    /// Decrypts the token. `None` if it does not have this hash.
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
            mac.chain_update(counter.to_be_bytes())
                .chain_update(context)
                .finalize()
                .into_bytes()
                .into()
        })
    };
    let chunks = text.chunks(32).zip(1..);
    chunks
        .flat_map(|(chunk, counter)| chunk.iter().zip(block(counter)).map(|(byte, pad)| byte ^ pad))
        .collect()
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
    fn a_sealed_value_opens_only_with_its_key_and_context() {
        for token in ["", "2YotnFZFEjr1zCsicMWpAA", &"x".repeat(100)] {
            let hash = TokenHash::of(token);
            let sealed = Sealed::new(token, b"key", b"context");
            let stored: Sealed =
                serde_json::from_str(&serde_json::to_string(&sealed).unwrap()).unwrap();
            assert_eq!(stored.open(b"key", b"context", hash).as_deref(), Some(token));
            if !token.is_empty() {
                assert_eq!(stored.open(b"kez", b"context", hash), None);
                assert_eq!(stored.open(b"key", b"contexu", hash), None);
                assert!(
                    !stored
                        .0
                        .windows(4)
                        .any(|part| token.as_bytes().windows(4).any(|own| own == part))
                );
            }
        }
    }
}
