//! The fingerprint that ties a pending value to its client.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::forged::Forged;
use super::short_hash::short_hash_of;
use super::used_pending_ids::PendingId;

/// The owner of a pending value, which is a client at its server: 128 bits of a hash. They are
/// stored as hexadecimal digits. Zeros do not belong to any client. The bits are behind a shared
/// pointer, since pending values are moved often.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientFingerprint(Arc<[u8; 16]>);

impl ClientFingerprint {
    /// Returns the fingerprint of those texts. The hash includes the length of each text, so "ab"
    /// and "c" have another fingerprint than "a" and "bc".
    pub(crate) fn of(texts: &[&str]) -> Self {
        Self(Arc::new(short_hash_of(texts).to_be_bytes()))
    }

    fn digits(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(*self.0))
    }

    /// Checks that the pending value with this fingerprint belongs to `client`.
    pub(crate) fn check(&self, client: &Self) -> Result<(), Forged> {
        if self == client { Ok(()) } else { Err(Forged::OtherClient) }
    }

    /// Returns the identifier of the owner's pending value with that state.
    pub(crate) fn id(&self, state: &str) -> PendingId {
        PendingId::of(&self.digits(), state)
    }
}

impl Serialize for ClientFingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.digits())
    }
}

impl<'de> Deserialize<'de> for ClientFingerprint {
    /// Reads any value. A value that is not a fingerprint becomes zeros. Earlier versions of this
    /// crate wrote numbers. Their pending values are recognized by the version of the stored
    /// format.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let digits = value
            .as_str()
            .filter(|text| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let bits =
            digits.and_then(|digits| u128::from_str_radix(digits, 16).ok()).unwrap_or_default();
        Ok(Self(Arc::new(bits.to_be_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_has_128_bits_and_survives_being_stored() {
        let fingerprint = ClientFingerprint::of(&["https://a.example/token", "id"]);
        let stored = serde_json::to_string(&fingerprint).unwrap();
        assert_eq!(stored.len(), 34);
        assert_eq!(serde_json::from_str::<ClientFingerprint>(&stored).unwrap(), fingerprint);
    }

    #[test]
    fn adjacent_texts_are_hashed_separately() {
        let marks = [&["ab", "c"][..], &["a", "bc"], &["abc"], &["abc", ""], &["a", "b", "c"]]
            .map(ClientFingerprint::of);
        assert!((1..marks.len()).all(|at| !marks[..at].contains(&marks[at])));
    }

    #[test]
    fn an_invalid_mark_belongs_to_no_client() {
        let own = ClientFingerprint::of(&["a"]);
        for odd in
            ["5", "null", "\"\"", "\"0\"", "[1]", "\"+0000000000000000000000000000000\"", "{}"]
        {
            assert_ne!(serde_json::from_str::<ClientFingerprint>(odd).unwrap(), own, "{odd}");
        }
    }
}
