//! Handles that need no storage: an association's data, sealed with the provider's key.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::super::association::{AssociationType, is_handle};
use crate::core::secret::same;
use crate::{Moment, Timestamp};

/// The version of the format of handles.
const VERSION: u8 = 1;
const PAYLOAD: usize = 2 + 8 + 16;
const TAG: usize = 16;

/// The keys that seal handles: the current one, and former ones.
#[derive(Clone)]
pub(super) struct HandleKeys {
    keys: Vec<Zeroizing<[u8; 32]>>,
}

/// The parties that know the key of an association.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    /// The provider and a relying party know the key (§8).
    Shared,
    /// Only the provider knows the key (§10). Such a handle is for one response.
    Private,
}

/// An association, read from its handle.
pub(super) struct AssociationHandle {
    pub(super) text: String,
    pub(super) association_type: AssociationType,
    pub(super) sharing: Sharing,
    pub(super) expires_at: Timestamp,
    pub(super) mac_key: Zeroizing<Vec<u8>>,
}

impl HandleKeys {
    /// Makes the keys for one endpoint. A handle is not valid at another endpoint with the same
    /// secret.
    pub(super) fn new(secret: &[u8], endpoint: &str) -> Self {
        Self {
            keys: vec![Zeroizing::new(mac(secret, &[b"openid provider\0", endpoint.as_bytes()]))],
        }
    }

    /// Adds a former key.
    pub(super) fn also(&mut self, secret: &[u8], endpoint: &str) {
        self.keys.extend(Self::new(secret, endpoint).keys);
    }

    /// Makes a new association.
    pub(super) fn issue(
        &self,
        association_type: AssociationType,
        sharing: Sharing,
        lifetime: Duration,
        moment: &Moment,
    ) -> Option<AssociationHandle> {
        let expires_at = moment.now.after(lifetime);
        let mut payload = [0; PAYLOAD];
        payload[0] = VERSION;
        payload[1] = u8::from(sharing == Sharing::Private)
            | u8::from(association_type == AssociationType::HmacSha256) << 1;
        payload[2..10].copy_from_slice(&expires_at.as_secs().to_be_bytes());
        payload[10..].copy_from_slice(&moment.derive("openid handle")[..16]);
        let key = self.keys.first()?;
        let text = URL_SAFE_NO_PAD
            .encode([&payload[..], &mac(&**key, &[b"handle\0", &payload])[..TAG]].concat());
        self.open(&text, moment.now)
    }

    /// Returns the association of a handle. `None` if this provider did not make the handle, or if
    /// it has expired.
    pub(super) fn open(&self, text: &str, now: Timestamp) -> Option<AssociationHandle> {
        let bytes = URL_SAFE_NO_PAD.decode(Some(text).filter(|text| is_handle(text))?).ok()?;
        let (payload, tag) = bytes.split_at_checked(PAYLOAD)?;
        let key = self
            .keys
            .iter()
            .find(|key| same(&mac(&***key, &[b"handle\0", payload])[..TAG], tag))?;
        let (version, flags) = (payload[0], payload[1]);
        let expires_at = Timestamp::from_secs(u64::from_be_bytes(payload[2..10].try_into().ok()?));
        if version != VERSION || expires_at <= now {
            return None;
        }
        let association_type =
            if flags & 2 == 0 { AssociationType::HmacSha1 } else { AssociationType::HmacSha256 };
        let mut mac_key = Zeroizing::new(mac(&**key, &[b"mac key\0", payload]).to_vec());
        mac_key.truncate(association_type.key_length());
        let sharing = if flags & 1 == 1 { Sharing::Private } else { Sharing::Shared };
        Some(AssociationHandle {
            text: text.to_owned(),
            association_type,
            sharing,
            expires_at,
            mac_key,
        })
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes keys of every length.
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(key) else { return [0; 32] };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(now: u64, seed: u8) -> Moment {
        Moment::new(Timestamp::from_secs(now), [seed; 32])
    }

    fn handles() -> HandleKeys {
        HandleKeys::new(&[7; 32], "https://op.example/openid")
    }

    fn issue(sharing: Sharing) -> AssociationHandle {
        handles()
            .issue(AssociationType::HmacSha256, sharing, Duration::from_secs(60), &moment(100, 1))
            .unwrap()
    }

    #[test]
    fn a_handle_can_be_opened_until_it_expires() {
        let issued = issue(Sharing::Private);
        let opened = handles().open(&issued.text, Timestamp::from_secs(159)).unwrap();
        assert!(
            opened.sharing == Sharing::Private
                && opened.association_type == AssociationType::HmacSha256
        );
        assert_eq!((opened.mac_key.len(), opened.expires_at), (32, Timestamp::from_secs(160)));
        assert_eq!(opened.mac_key, issued.mac_key);
        assert!(handles().open(&issued.text, Timestamp::from_secs(160)).is_none());
        assert!(
            issue(Sharing::Shared).sharing == Sharing::Shared
                && issue(Sharing::Shared).mac_key != issued.mac_key
        );
    }

    #[test]
    fn other_texts_are_not_handles() {
        let text = issue(Sharing::Shared).text;
        let now = Timestamp::from_secs(100);
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            assert!(handles().open(std::str::from_utf8(&other).unwrap(), now).is_none(), "{at}");
            assert!(handles().open(&text[..at], now).is_none(), "{at}");
        }
        assert!(HandleKeys::new(&[8; 32], "https://op.example/openid").open(&text, now).is_none());
        assert!(HandleKeys::new(&[7; 32], "https://op.example/other").open(&text, now).is_none());
    }

    #[test]
    fn a_former_key_still_opens_handles() {
        let text = issue(Sharing::Shared).text;
        let mut next = HandleKeys::new(&[9; 32], "https://op.example/openid");
        next.also(&[7; 32], "https://op.example/openid");
        assert!(next.open(&text, Timestamp::from_secs(100)).is_some());
    }
}
