//! The pending value of a sign-in, while the user is at the service.

use serde::{Deserialize, Serialize};

use crate::core::client_fingerprint::ClientFingerprint;
use crate::{Error, Expired, PendingId, Timestamp, oauth1, oauth2};

/// The pending value of a sign-in: the part that the application keeps while the user is at the
/// service.
///
/// Keep it for this user's browser only: in an encrypted cookie (it takes a few hundred bytes), or
/// in the server's session. A pending value belongs to one client, one service and one callback
/// URL; another [`SignIn`](super::SignIn) refuses it. [`SignIn::redeem`](super::SignIn::redeem)
/// consumes it, and it is not `Clone`.
///
/// A callback can arrive twice: by a second click, by a prefetch, or from an attacker. The
/// application must accept it once. In a server's session, read and remove the value in one step. A
/// deleted cookie can still be sent again, since copies of it can exist. So before you call
/// `redeem`, insert [`id`](Self::id) into your database, and continue only if it was absent. With
/// one process, [`UsedPendingIds`](crate::UsedPendingIds) does the same in memory. Keep the id
/// until [`expires_at`](Self::expires_at).
///
/// ```no_run
/// # use oauth_proto::services::Pending;
/// # fn insert_if_absent(_: &str, _: u64) -> bool { true }
/// // Runs `INSERT INTO spent (id, until) VALUES ($1, $2) ON CONFLICT DO NOTHING`, and returns
/// // whether it inserted a row.
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

/// Version 1 had a fingerprint of 53 bits.
const VERSION: u64 = 2;

impl Pending {
    pub(super) fn new(fingerprint: ClientFingerprint, leg: PendingLeg) -> Self {
        Self { version: VERSION, fingerprint, leg }
    }

    /// Returns the value by which the callback can be recognized: its `state`, or its
    /// `oauth_token`. You can use the returned text as the key under which you store the pending
    /// value, if you also bind the stored value to the user's browser.
    pub fn key(&self) -> &str {
        match &self.leg {
            PendingLeg::Oauth1(pending) => pending.token(),
            PendingLeg::Oauth2(pending) => pending.state(),
        }
    }

    /// Returns the identifier of this pending value. Insert this identifier into your store, and
    /// call `redeem` only if it was absent there.
    pub fn id(&self) -> PendingId {
        match &self.leg {
            PendingLeg::Oauth1(pending) => pending.id(),
            PendingLeg::Oauth2(pending) => pending.id(),
        }
    }

    /// Returns the time at which the pending value expires.
    pub fn expires_at(&self) -> Timestamp {
        match &self.leg {
            PendingLeg::Oauth1(pending) => pending.expires_at(),
            PendingLeg::Oauth2(pending) => pending.expires_at(),
        }
    }

    /// Checks that the pending value belongs to this client. The protocol checks whether it has
    /// expired.
    pub(super) fn check(&self, fingerprint: &ClientFingerprint) -> Result<(), Error> {
        if self.version != VERSION {
            return Err(Expired::Outdated.into());
        }
        self.fingerprint.check(fingerprint)?;
        Ok(())
    }
}
