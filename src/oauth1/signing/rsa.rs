//! RSA-SHA1 (RFC 5849 §3.4.3), and the same with SHA-256 and SHA-512: RSASSA-PKCS1-v1_5 of RFC 8017
//! §8.2.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use rsa::pkcs1::{DecodeRsaPrivateKey, DecodeRsaPublicKey};
use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use rsa::{PrivateKey, PublicKey};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

use crate::Error;
use crate::core::error::oauth1::RequestError;

/// An RSA key. A private key signs and verifies, and a public key verifies.
///
/// ```no_run
/// use oauth_proto::oauth1::{Method, RsaKey, Scheme};
///
/// let key = RsaKey::from_pem(&std::fs::read_to_string("client.pem")?)?;
/// let scheme = Scheme::new(Method::RsaSha256(key));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct RsaKey(Arc<Parts>);

struct Parts {
    public: PublicKey,
    private: Option<Private>,
}

struct Private {
    key: PrivateKey,
    /// The seed of the blinding of each signature.
    seed: Zeroizing<[u8; 32]>,
}

/// The least number of bits of a key (NIST SP 800-131A).
const SMALLEST: u32 = 2048;
/// The least number of bits of a key that is known to be weak: shorter keys can be factored on one
/// machine.
const SMALLEST_WEAK: u32 = 1024;

impl RsaKey {
    /// Reads a key in PEM: a private key (`PRIVATE KEY` or `RSA PRIVATE KEY`), or a public key
    /// (`PUBLIC KEY` or `RSA PUBLIC KEY`). From a certificate, extract the public key first.
    ///
    /// # Errors
    /// [`RequestError::Signing`] if the text is not a key in one of these formats, or if the key is
    /// encrypted or has fewer than 2048 bits.
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        Self::read(
            pem,
            SMALLEST,
            " (`RsaKey::dangerous_short_from_pem` accepts 1024 bits and more)",
        )
    }

    /// Reads a key like [`from_pem`](Self::from_pem), and also accepts keys with 1024 to 2047 bits,
    /// which services used when OAuth 1.0 was new.
    ///
    /// # Security
    /// An attacker with the resources of a government can factor a key of 1024 bits, and then sign
    /// for the client. After that, earlier signatures of the client prove nothing any more. Use
    /// such a key only if the service does not accept a longer key.
    ///
    /// # Examples
    /// ```no_run
    /// use oauth_proto::oauth1::{Method, RsaKey, Scheme};
    ///
    /// let key =
    ///     RsaKey::dangerous_short_from_pem(&std::fs::read_to_string("jira_privatekey.pem")?)?;
    /// let scheme = Scheme::new(Method::RsaSha1(key));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`RequestError::Signing`] if the text is not a key in one of these formats, or if the key is
    /// encrypted or has fewer than 1024 bits.
    pub fn dangerous_short_from_pem(pem: &str) -> Result<Self, Error> {
        Self::read(pem, SMALLEST_WEAK, "")
    }

    fn read(pem: &str, least: u32, way_out: &str) -> Result<Self, Error> {
        let private =
            PrivateKey::from_pkcs8_pem(pem).ok().or_else(|| PrivateKey::from_pkcs1_pem(pem).ok());
        let public = || {
            PublicKey::from_public_key_pem(pem).ok().or_else(|| PublicKey::from_pkcs1_pem(pem).ok())
        };
        let key = match private {
            Some(key) => Some(Self::private(key)),
            None => public().map(|public| Self(Arc::new(Parts { public, private: None }))),
        };
        let key = key.ok_or_else(|| {
            unusable(if pem.contains("ENCRYPTED") {
                "the key is encrypted: decrypt it first"
            } else {
                "the text is not an RSA key in PEM (PRIVATE KEY, RSA PRIVATE KEY, PUBLIC KEY or \
                 RSA PUBLIC KEY)"
            })
        })?;
        let bits = key.0.public.n().bit_width();
        if bits < least {
            return Err(unusable(&format!(
                "it has {bits} bits: expected at least {least}{way_out}"
            )));
        }
        Ok(key)
    }

    fn private(key: PrivateKey) -> Self {
        let mut hash = Sha256::new_with_prefix(b"oauth-proto RSA blinding");
        hash.update(Zeroizing::new(key.d().to_be_bytes()));
        let seed = Zeroizing::new(hash.finalize().into());
        Self(Arc::new(Parts { public: key.to_public_key(), private: Some(Private { key, seed }) }))
    }
}

fn unusable(reason: &str) -> Error {
    RequestError::Signing { method: "the RSA key".to_owned(), reason: reason.to_owned() }.into()
}

impl fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.private.is_some() { "RsaKey(private)" } else { "RsaKey(public)" })
    }
}

impl RsaKey {
    /// Hashes a message with `hash`, and signs it. If there is randomness, the blinding is fresh.
    pub(super) fn sign(
        &self,
        hash: RsaHash,
        message: &[u8],
        randomness: Option<&[u8; 16]>,
    ) -> Result<Vec<u8>, String> {
        let Some(Private { key, seed }) = &self.0.private else {
            return Err("it is a public key, which can only verify: use the private key".to_owned());
        };
        let digest = hash.of(message);
        let mut blinding = Blinding::new(seed, randomness, &digest);
        key.sign_with_rng(&mut blinding, hash.padding(), &digest).map_err(|error| error.to_string())
    }

    /// Returns whether a signature is that of a message.
    pub(super) fn verify(&self, hash: RsaHash, message: &[u8], signature: &[u8]) -> bool {
        self.0.public.verify(hash.padding(), &hash.of(message), signature).is_ok()
    }
}

/// The function that hashes a message before it is signed.
#[derive(Clone, Copy)]
pub(crate) enum RsaHash {
    Sha1,
    Sha256,
    Sha512,
}

impl RsaHash {
    fn of(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(message).to_vec(),
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }

    /// Returns the padding, with the DER of `DigestInfo` up to the digest (RFC 8017 §9.2, note 1).
    fn padding(self) -> Pkcs1v15Sign {
        let (prefix, length): (&[u8], usize) = match self {
            Self::Sha1 => (b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14", 20),
            Self::Sha256 => (
                b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
                32,
            ),
            Self::Sha512 => (
                b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
                64,
            ),
        };
        Pkcs1v15Sign { hash_len: Some(length), prefix: prefix.into() }
    }
}

/// The random numbers that blind a private operation, so its duration says nothing about the key
/// (RUSTSEC-2023-0071). They are SHA-256 in counter mode, from the key, the message and the
/// moment's randomness. A stamp that the caller made has no randomness. The numbers are then the
/// same for the same message, but they are still secret.
struct Blinding {
    seed: Zeroizing<[u8; 32]>,
    counter: u64,
}

impl Blinding {
    fn new(seed: &[u8; 32], randomness: Option<&[u8; 16]>, digest: &[u8]) -> Self {
        // Each part has a fixed length, so different inputs never have the same bytes.
        let fresh = randomness.copied().unwrap_or_default();
        let seed =
            Sha256::new_with_prefix(seed).chain_update(fresh).chain_update(digest).finalize();
        Self { seed: Zeroizing::new(seed.into()), counter: 0 }
    }
}

impl TryRng for Blinding {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(32) {
            self.counter += 1;
            let block = Sha256::new_with_prefix(*self.seed)
                .chain_update(self.counter.to_be_bytes())
                .finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Blinding {}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, Engine};

    use super::*;

    #[test]
    fn each_moment_and_each_message_gets_a_different_blinding() {
        let drawn = |randomness: Option<&[u8; 16]>, digest: &[u8]| {
            let mut bytes = [0; 40];
            Blinding::new(&[1; 32], randomness, digest).try_fill_bytes(&mut bytes).unwrap();
            bytes
        };
        let all = [
            drawn(None, b"a"),
            drawn(None, b"b"),
            drawn(Some(&[7; 16]), b"a"),
            drawn(Some(&[8; 16]), b"a"),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(all[at + 1..].iter().all(|other| other != one));
        }
    }

    /// The base string of RFC 5849 §3.4.1.1 and the signatures that oauthlib's tests have for it
    /// (`tests/oauth1/rfc5849/test_signatures.py`), made with the key in that file.
    #[test]
    fn signatures_are_those_of_oauthlib() {
        let base_string = "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q\
            %26a3%3Da%26b5%3D%253D%25253D\
            %26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a\
            %26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201\
            %26oauth_token%3Dkkk9d7dh3k39sjv7";
        let key = RsaKey::dangerous_short_from_pem(include_str!(
            "../../../tests/keys/oauthlib.rsa1024.pkcs1.pem"
        ))
        .unwrap();
        for (hash, expected) in [
            (
                RsaHash::Sha1,
                "mFY2KOEnlYWsTvUA+5kxuBIcvBYXu+ljw9ttVJQxKduMueGSVPCB1tK1PlqVLK738HK0t19ecBJfb6rMx\
                 Uwrriw+MlBO+jpojkZIWccw1J4cAb4qu4M81DbpUAq4j/1w/QyTR4TWCODlEfN7Zfgy8+pf+TjiXfIwRC\
                 1jEWbuL1E=",
            ),
            (
                RsaHash::Sha256,
                "jqKl6m0WS69tiVJV8ZQ6aQEfJqISoZkiPBXRv6Al2+iFSaDpfeXjYm+Hbx6m1azRdrZ/35PM3cvuid3Lw\
                 W/siAkzb0xQcGnTyAPH8YcGWzmnKGY7LsB7fkqThchNxvRK/N7s9M1WMnfZZ+1dQbbwtTs1TG1+iexUcV\
                 7r3M7Heec=",
            ),
            (
                RsaHash::Sha512,
                "jL1CnjlsNd25qoZVHZ2oJft47IRYTjpF5CvCUjL3LY0NTnbEeVhE4amWXUFBe9GLDWdUh/79ZWNOrCirB\
                 FIP26cHLApjYdt4ZG7EVK0/GubS2v8wT1QPRsog8zyiMZkmg4JXdWCGXG8YRvRJTg+QKhXuXwS6TcMNak\
                 rgzgFIVhA=",
            ),
        ] {
            let signature = key.sign(hash, base_string.as_bytes(), Some(&[7; 16])).unwrap();
            assert_eq!(BASE64_STANDARD.encode(&signature), expected);
            assert!(key.verify(hash, base_string.as_bytes(), &signature));
            assert!(!key.verify(hash, b"another", &signature));
        }
    }
}
