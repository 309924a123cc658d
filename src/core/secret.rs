//! Secrets: redacted in `Debug`, wiped from memory when dropped, compared in constant time.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A text that must stay secret, such as a client secret, a token or a PKCE verifier.
///
/// `Debug` prints `[redacted]`, and there is no `Display`. A comparison of two values of the same
/// length takes the same time, no matter at which position they differ. The memory is overwritten
/// when the value is dropped. Serialization writes the secret itself, so keep the result in a safe
/// place.
///
/// ```
/// use oauth_proto::Secret;
///
/// let secret = Secret::new("kd94hf93k423kf44");
/// assert_eq!(format!("{secret:?}"), "[redacted]");
/// assert_eq!(secret, Secret::new("kd94hf93k423kf44"));
/// assert_eq!(secret.expose(), "kd94hf93k423kf44");
/// ```
#[derive(Clone, Default, Deserialize)]
#[serde(from = "String")]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Makes a secret from a text.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(Zeroizing::new(secret.into()))
    }

    /// Returns the text of the secret. Keep it out of logs and errors.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns whether the secret is the empty text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Returns whether two values are the same, in a time that reveals only their lengths. Compares
/// eight bytes at a time.
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    let ((words, rest), (other_words, other_rest)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    let same = words.iter().zip(other_words).fold(rest.ct_eq(other_rest), |same, (word, other)| {
        same & u64::from_ne_bytes(*word).ct_eq(&u64::from_ne_bytes(*other))
    });
    one.len() == other.len() && same.into()
}

impl Serialize for Secret {
    /// Passes the text on without a copy, since a copy would stay in memory.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        same(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl Eq for Secret {}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self::new(secret)
    }
}

impl From<&str> for Secret {
    fn from(secret: &str) -> Self {
        Self::new(secret)
    }
}

impl From<&Self> for Secret {
    fn from(secret: &Self) -> Self {
        secret.clone()
    }
}

impl From<Secret> for String {
    fn from(secret: Secret) -> Self {
        secret.expose().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_even_inside_other_values() {
        let shown = format!("{:?}", Some(vec![Secret::new("hunter2")]));
        assert_eq!(shown, "Some([[redacted]])");
    }

    #[test]
    fn equality_looks_at_every_byte_and_at_the_length() {
        assert_eq!(Secret::new("abc"), Secret::new("abc"));
        assert_ne!(Secret::new("abc"), Secret::new("abd"));
        assert_ne!(Secret::new("abc"), Secret::new("ab"));
    }

    #[test]
    fn every_byte_of_a_long_value_counts() {
        let value: Vec<u8> = (0..43).collect();
        assert!(same(&value, &value));
        for length in 0..value.len() {
            assert!(!same(&value, &value[..length]));
            let mut other = value.clone();
            other[length] ^= 0x80;
            assert!(!same(&value, &other));
        }
    }

    #[test]
    fn serde_keeps_the_value() {
        let json = serde_json::to_string(&Secret::new("a\"b")).unwrap();
        assert_eq!(json, r#""a\"b""#);
        assert_eq!(serde_json::from_str::<Secret>(&json).unwrap(), Secret::new("a\"b"));
    }
}
