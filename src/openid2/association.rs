//! Associations, which are shared keys (OpenID Authentication 2.0 §8.3 and §8.4), and signatures
//! with them (§6).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::message::{Message, Version};
use crate::core::secret::same;
use crate::{Secret, Timestamp};

/// The algorithm that signs messages (§6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum AssociationType {
    /// HMAC-SHA1, the only one of OpenID 1.1.
    #[serde(rename = "HMAC-SHA1")]
    HmacSha1,
    /// HMAC-SHA256.
    #[serde(rename = "HMAC-SHA256")]
    HmacSha256,
}

/// The encryption of a key on the way to the relying party (§8.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionType {
    /// Not encrypted. Only over TLS.
    NoEncryption,
    /// Encrypted by Diffie-Hellman and SHA-1.
    DhSha1,
    /// Encrypted by Diffie-Hellman and SHA-256.
    DhSha256,
}

/// The kind of an association: its algorithm, and the encryption of its key on the way to the
/// relying party (§8.3, §8.4).
///
/// ```
/// use oauth_proto::openid2::{AssociationKind, Options};
///
/// let mut options = Options::default();
/// options.associations =
///     Some(vec![AssociationKind::DhSha256, AssociationKind::NoEncryptionSha256]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AssociationKind {
    /// HMAC-SHA256. The key is encrypted by Diffie-Hellman and SHA-256.
    DhSha256,
    /// HMAC-SHA1. The key is encrypted by Diffie-Hellman and SHA-1.
    DhSha1,
    /// HMAC-SHA256. The key is not encrypted, and only TLS protects it.
    NoEncryptionSha256,
    /// HMAC-SHA1. The key is not encrypted, and only TLS protects it.
    NoEncryptionSha1,
}

impl AssociationKind {
    /// All kinds, the best first.
    pub(crate) const ALL: [Self; 4] =
        [Self::DhSha256, Self::DhSha1, Self::NoEncryptionSha256, Self::NoEncryptionSha1];

    /// Returns the kind for an association type and a session type. `None` if the key and its
    /// encryption have different lengths (§8.4.2).
    pub(crate) fn of(
        association: Option<AssociationType>,
        session: Option<SessionType>,
    ) -> Option<Self> {
        let types = (association?, session?);
        Self::ALL.into_iter().find(|kind| (kind.association_type(), kind.session_type()) == types)
    }

    /// Returns whether the key is encrypted, so it needs no TLS (§8.4.1).
    pub(crate) fn hides_key(self) -> bool {
        self.session_type() != SessionType::NoEncryption
    }

    /// Returns whether a version of the protocol has this kind.
    pub(crate) fn is_in(self, version: Version) -> bool {
        version == Version::V2_0 || self.association_type() == AssociationType::HmacSha1
    }

    /// Returns the algorithm of its signatures.
    pub(crate) const fn association_type(self) -> AssociationType {
        match self {
            Self::DhSha256 | Self::NoEncryptionSha256 => AssociationType::HmacSha256,
            Self::DhSha1 | Self::NoEncryptionSha1 => AssociationType::HmacSha1,
        }
    }

    /// Returns the encryption of its key.
    pub(crate) const fn session_type(self) -> SessionType {
        match self {
            Self::DhSha256 => SessionType::DhSha256,
            Self::DhSha1 => SessionType::DhSha1,
            Self::NoEncryptionSha256 | Self::NoEncryptionSha1 => SessionType::NoEncryption,
        }
    }
}

impl AssociationType {
    /// Returns the name of the algorithm in messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::HmacSha1 => "HMAC-SHA1",
            Self::HmacSha256 => "HMAC-SHA256",
        }
    }

    /// Returns the algorithm with this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        [Self::HmacSha1, Self::HmacSha256].into_iter().find(|known| known.name() == name)
    }

    /// Returns the length of the key, in bytes (§8.4.1).
    pub(crate) const fn key_length(self) -> usize {
        match self {
            Self::HmacSha1 => 20,
            Self::HmacSha256 => 32,
        }
    }

    /// Returns the signature of a text, in base64.
    pub(crate) fn sign(self, key: &[u8], text: &str) -> String {
        fn mac<M: Mac + KeyInit>(key: &[u8], text: &str) -> String {
            // HMAC takes keys of every length.
            <M as KeyInit>::new_from_slice(key)
                .map(|mac| STANDARD.encode(mac.chain_update(text).finalize().into_bytes()))
                .unwrap_or_default()
        }
        match self {
            Self::HmacSha1 => mac::<Hmac<Sha1>>(key, text),
            Self::HmacSha256 => mac::<Hmac<Sha256>>(key, text),
        }
    }
}

impl SessionType {
    /// Returns the name of the encryption in messages of version 2.0.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NoEncryption => "no-encryption",
            Self::DhSha1 => "DH-SHA1",
            Self::DhSha256 => "DH-SHA256",
        }
    }

    /// Returns the encryption with this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        [Self::NoEncryption, Self::DhSha1, Self::DhSha256]
            .into_iter()
            .find(|known| known.name() == name)
    }

    /// Encrypts or decrypts a key with the shared secret (§8.2.3). `None` if their lengths differ.
    pub(crate) fn hide(self, shared: &[u8], key: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mask = match self {
            Self::NoEncryption => return None,
            Self::DhSha1 => Zeroizing::new(Sha1::digest(shared).to_vec()),
            Self::DhSha256 => Zeroizing::new(Sha256::digest(shared).to_vec()),
        };
        let hidden = mask.iter().zip(key).map(|(mask, key)| mask ^ key);
        (mask.len() == key.len()).then(|| Zeroizing::new(hidden.collect()))
    }
}

/// An association: a key that a relying party shares with one provider, to check signatures without
/// a request.
///
/// Store it as a secret, under its endpoint and handle, and use it for all users until it expires.
/// The type implements serde's `Serialize` and `Deserialize`.
///
/// ```
/// use oauth_proto::Timestamp;
/// use oauth_proto::openid2::Association;
///
/// fn usable(stored: Vec<Association>, endpoint: &str, now: Timestamp) -> Option<Association> {
///     stored.into_iter().find(|association| {
///         association.endpoint == endpoint && association.expires_at > now
///     })
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Association {
    /// The endpoint of the provider. The handle is valid only there (§8.2.1).
    pub endpoint: String,
    /// The name of the association in messages (`assoc_handle`).
    pub handle: String,
    /// The algorithm of its signatures.
    #[serde(rename = "type")]
    pub(crate) association_type: AssociationType,
    /// The key, in base64.
    key: Secret,
    /// The time at which the association expires.
    #[serde(rename = "until")]
    pub expires_at: Timestamp,
}

impl Association {
    /// Makes an association. `None` if the handle or the key is not valid (§8.2.1, §8.4.1).
    pub(crate) fn new(
        endpoint: &str,
        handle: &str,
        association_type: AssociationType,
        key: &[u8],
        expires_at: Timestamp,
    ) -> Option<Self> {
        let sound = is_handle(handle) && key.len() == association_type.key_length();
        sound.then(|| Self {
            endpoint: endpoint.to_owned(),
            handle: handle.to_owned(),
            association_type,
            key: Secret::new(STANDARD.encode(key)),
            expires_at,
        })
    }

    /// Returns whether the association is for this endpoint and has not expired.
    pub(crate) fn is_usable(&self, endpoint: &str, now: Timestamp) -> bool {
        self.endpoint == endpoint && self.expires_at > now
    }

    /// Returns whether the signature of a message is valid.
    pub(crate) fn verifies(&self, message: &Message) -> bool {
        let key = STANDARD.decode(self.key.expose()).map(Zeroizing::new);
        key.is_ok_and(|key| signature_fits(self.association_type, &key, message))
    }
}

/// Returns whether the signature of a message (§6.1) is that of the fields that it lists.
pub(crate) fn signature_fits(
    association_type: AssociationType,
    key: &[u8],
    message: &Message,
) -> bool {
    let text = message.get("signed").and_then(|signed| message.signed_text(signed));
    let (Some(text), Some(signature)) = (text, message.get("sig")) else { return false };
    same(association_type.sign(key, &text).as_bytes(), signature.as_bytes())
}

/// Returns whether a text is a handle: up to 255 characters from `!` to `~` (§8.2.1).
pub(crate) fn is_handle(handle: &str) -> bool {
    (1..=255).contains(&handle.len()) && handle.bytes().all(|byte| byte.is_ascii_graphic())
}

impl fmt::Debug for Association {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Association")
            .field("endpoint", &self.endpoint)
            .field("type", &self.association_type)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn association(association_type: AssociationType, key: &[u8]) -> Option<Association> {
        Association::new(
            "https://op.example/",
            "handle",
            association_type,
            key,
            Timestamp::from_secs(10),
        )
    }

    /// RFC 2202 and RFC 4231, test case 2.
    #[test]
    fn signatures_are_hmac_in_base64() {
        let text = "what do ya want for nothing?";
        assert_eq!(AssociationType::HmacSha1.sign(b"Jefe", text), "7/zfauXrL6LSdBbV8YTfnCWafHk=");
        let sha256 = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";
        assert_eq!(AssociationType::HmacSha256.sign(b"Jefe", text), sha256);
    }

    #[test]
    fn the_length_of_a_key_and_the_characters_of_a_handle_are_checked() {
        assert!(association(AssociationType::HmacSha1, &[1; 20]).is_some());
        assert!(association(AssociationType::HmacSha1, &[1; 32]).is_none());
        assert!(association(AssociationType::HmacSha256, &[1; 20]).is_none());
        assert!(is_handle("{HMAC-SHA1}{6b01de30}") && is_handle(&"x".repeat(255)));
        assert!(
            !is_handle("")
                && !is_handle("a b")
                && !is_handle("\u{e9}")
                && !is_handle(&"x".repeat(256))
        );
    }

    #[test]
    fn hiding_twice_gives_the_key_and_lengths_must_agree() {
        for (session, length) in [(SessionType::DhSha1, 20), (SessionType::DhSha256, 32)] {
            let key = vec![7; length];
            let hidden = session.hide(b"shared", &key).unwrap();
            assert_eq!(*session.hide(b"shared", &hidden).unwrap(), key);
            assert_ne!(*session.hide(b"other", &hidden).unwrap(), key);
            assert!(session.hide(b"shared", &key[1..]).is_none());
        }
    }

    #[test]
    fn debug_shows_neither_key_nor_handle() {
        let shown = format!(
            "{:?}",
            association(AssociationType::HmacSha1, b"abcdefghijklmnopqrst").unwrap()
        );
        assert!(!shown.contains("handle\"") && !shown.contains("YWJj"), "{shown}");
    }
}
