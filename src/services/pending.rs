//! The pending sign-in while the user is away.

use serde::{Deserialize, Serialize};

use crate::core::client_fingerprint::ClientFingerprint;
use crate::{Error, Expired, PendingId, Timestamp, oauth1, oauth2};

/// A sign-in whose user is away.
///
/// Keep it where only this user's browser gets at it: an encrypted cookie (it is a few hundred
/// bytes), or the server's session. It belongs to one client of one service and the place where
/// users come back to, and another [`SignIn`](super::SignIn) refuses it. It is consumed by
/// [`SignIn::redeem`](super::SignIn::redeem), and not `Clone`.
///
/// A callback may arrive twice: by a second click, a prefetch, or an attacker. What counts once is
/// what you make count once. In a server's session, take the value out in the same step in which
/// you read it. Nothing can be taken out of a cookie, which browsers and attackers keep copies of:
/// note [`id`](Self::id) in your database before you call `redeem`, if it is absent, and go on only
/// then; or in [`UsedPendingIds`](crate::UsedPendingIds), if there is one process. Keep a note
/// until [`expires_at`](Self::expires_at).
///
/// ```no_run
/// # use oauth_proto::services::Pending;
/// # fn insert_if_absent(_: &str, _: u64) -> bool { true }
/// // INSERT INTO spent (id, until) VALUES ($1, $2) ON CONFLICT DO NOTHING, and whether that
/// // inserted a row.
/// fn is_first(pending: &Pending) -> bool {
///     insert_if_absent(&pending.id().to_string(), pending.expires_at().as_secs())
/// }
/// ```
///
/// ```no_run
/// # use oauth_proto::services::Pending;
/// # fn cookie() -> String { String::new() }
/// let pending: Pending = serde_json::from_str(&cookie())?;
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct Pending {
    #[serde(rename = "sign_in")]
    version: u64,
    /// The client at its service.
    #[serde(rename = "for")]
    fingerprint: ClientFingerprint,
    pub(super) leg: PendingLeg,
}

/// The pending value of the protocol.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PendingLeg {
    Oauth1(oauth1::Pending),
    Oauth2(oauth2::Pending),
}

/// The first form had a fingerprint of 53 bits.
const VERSION: u64 = 2;

impl Pending {
    pub(super) fn new(fingerprint: ClientFingerprint, leg: PendingLeg) -> Self {
        Self { version: VERSION, fingerprint, leg }
    }

    /// Returns the value that the callback will have: the state, or the request token. It may serve
    /// as the key under which this is stored, as long as what finds it is bound to the user's
    /// browser too.
    pub fn key(&self) -> &str {
        match &self.leg {
            PendingLeg::Oauth1(pending) => pending.token(),
            PendingLeg::Oauth2(pending) => pending.state(),
        }
    }

    /// Returns the identifier of this pending sign-in. Store it before you redeem, and go on only
    /// if it was not stored yet.
    pub fn id(&self) -> PendingId {
        match &self.leg {
            PendingLeg::Oauth1(pending) => pending.id(),
            PendingLeg::Oauth2(pending) => pending.id(),
        }
    }

    /// Returns the time from which it cannot be used any more.
    pub fn expires_at(&self) -> Timestamp {
        match &self.leg {
            PendingLeg::Oauth1(pending) => pending.expires_at(),
            PendingLeg::Oauth2(pending) => pending.expires_at(),
        }
    }

    /// Whether it is this client's. Its time is for the protocol to look at.
    pub(super) fn check(&self, fingerprint: &ClientFingerprint) -> Result<(), Error> {
        if self.version != VERSION {
            return Err(Expired::Outdated.into());
        }
        self.fingerprint.check(fingerprint)?;
        Ok(())
    }
}
