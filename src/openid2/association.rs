//! Associations, OpenID Authentication 2.0 §8.3 and §8.4: keys that both sides know, and signatures
//! with them, §6.

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

/// The way in which a key is sent to the relying party (§8.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionType {
    /// As it is. Only over TLS.
    NoEncryption,
    /// Hidden by Diffie-Hellman and SHA-1.
    DhSha1,
    /// Hidden by Diffie-Hellman and SHA-256.
    DhSha256,
}

/// The algorithm of an association, and the way in which its key is sent to the relying party
/// (§8.3, §8.4).
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
    /// HMAC-SHA256, with a key that is hidden by Diffie-Hellman and SHA-256.
    DhSha256,
    /// HMAC-SHA1, with a key that is hidden by Diffie-Hellman and SHA-1.
    DhSha1,
    /// HMAC-SHA256, with a key as it is, protected by TLS alone.
    NoEncryptionSha256,
    /// HMAC-SHA1, with a key as it is, protected by TLS alone.
    NoEncryptionSha1,
}

impl AssociationKind {
    /// All of them, the best first.
    pub(crate) const ALL: [Self; 4] =
        [Self::DhSha256, Self::DhSha1, Self::NoEncryptionSha256, Self::NoEncryptionSha1];

    /// The kind of an association type and a session type. `None` where what hides the key is not
    /// as long as it (§8.4.2).
    pub(crate) fn of(
        association: Option<AssociationType>,
        session: Option<SessionType>,
    ) -> Option<Self> {
        let types = (association?, session?);
        Self::ALL.into_iter().find(|kind| (kind.association_type(), kind.session_type()) == types)
    }

    /// Returns whether its key travels encrypted, so that it needs no TLS (§8.4.1).
    pub(crate) fn hides_key(self) -> bool {
        self.session_type() != SessionType::NoEncryption
    }

    /// Returns whether that version of the protocol has it.
    pub(crate) fn is_in(self, version: Version) -> bool {
        version == Version::V2_0 || self.association_type() == AssociationType::HmacSha1
    }

    /// The algorithm that it signs with.
    pub(crate) const fn association_type(self) -> AssociationType {
        match self {
            Self::DhSha256 | Self::NoEncryptionSha256 => AssociationType::HmacSha256,
            Self::DhSha1 | Self::NoEncryptionSha1 => AssociationType::HmacSha1,
        }
    }

    /// The way in which its key is sent to the relying party.
    pub(crate) const fn session_type(self) -> SessionType {
        match self {
            Self::DhSha256 => SessionType::DhSha256,
            Self::DhSha1 => SessionType::DhSha1,
            Self::NoEncryptionSha256 | Self::NoEncryptionSha1 => SessionType::NoEncryption,
        }
    }
}

impl AssociationType {
    /// Its name in messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::HmacSha1 => "HMAC-SHA1",
            Self::HmacSha256 => "HMAC-SHA256",
        }
    }

    /// The type of that name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        [Self::HmacSha1, Self::HmacSha256].into_iter().find(|known| known.name() == name)
    }

    /// Returns the number of bytes of its key (§8.4.1).
    pub(crate) const fn key_length(self) -> usize {
        match self {
            Self::HmacSha1 => 20,
            Self::HmacSha256 => 32,
        }
    }

    /// The signature of a text, in base64.
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
    /// Its name in messages of version 2.0.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NoEncryption => "no-encryption",
            Self::DhSha1 => "DH-SHA1",
            Self::DhSha256 => "DH-SHA256",
        }
    }

    /// The type of that name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        [Self::NoEncryption, Self::DhSha1, Self::DhSha256]
            .into_iter()
            .find(|known| known.name() == name)
    }

    /// A key hidden by, or found behind, what both sides know (§8.2.3). `None` where their lengths
    /// differ.
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

/// A key that a relying party shares with one provider, to check answers without asking.
///
/// Keep it where secrets are kept, by its endpoint and handle, and use it for all users until it
/// expires. It is serde.
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
    /// The provider's endpoint. A handle is not valid at another one (§8.2.1).
    pub endpoint: String,
    /// The name that both sides use for it.
    pub handle: String,
    /// The algorithm that it signs with.
    #[serde(rename = "type")]
    pub(crate) association_type: AssociationType,
    /// In base64.
    key: Secret,
    /// When it is over.
    #[serde(rename = "until")]
    pub expires_at: Timestamp,
}

impl Association {
    /// `None` where the handle or the key is not what it must be (§8.2.1, §8.4.1).
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

    /// Whether it may be used at an endpoint at that time.
    pub(crate) fn is_usable(&self, endpoint: &str, now: Timestamp) -> bool {
        self.endpoint == endpoint && self.expires_at > now
    }

    /// Whether the message's signature is right.
    pub(crate) fn verifies(&self, message: &Message) -> bool {
        let key = STANDARD.decode(self.key.expose()).map(Zeroizing::new);
        key.is_ok_and(|key| signature_fits(self.association_type, &key, message))
    }
}

/// Whether a message's signature (§6.1) is that of the fields which it lists.
pub(crate) fn signature_fits(
    association_type: AssociationType,
    key: &[u8],
    message: &Message,
) -> bool {
    let text = message.get("signed").and_then(|signed| message.signed_text(signed));
    let (Some(text), Some(signature)) = (text, message.get("sig")) else { return false };
    same(association_type.sign(key, &text).as_bytes(), signature.as_bytes())
}

/// Up to 255 characters from `!` to `~` (§8.2.1).
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
