//! The pending authorization while the user is at the provider.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::association::Association;
use super::super::message::Version;
use crate::{PendingId, Timestamp};

/// A user who is asked who they are, and will be back.
///
/// Keep it where only this user's browser can use it, and where it cannot be changed: an encrypted
/// or signed cookie, or the server's session. It is seldom more than a kilobyte; the author of an
/// identifier's document can make it 25, so check the size before you put it into a cookie. It is
/// consumed when the answer is verified, and not `Clone`. A stored copy serves for another try when
/// the transport failed; but where the provider was asked about the signature it may have confirmed
/// already, and says no the second time: send the user again.
///
/// The nonces that [`UnconfirmedAssertion`](super::UnconfirmedAssertion) makes your store remember
/// let no answer with an assertion count twice. An answer without a nonce (an immediate answer that
/// has extensions alone), and the requests before the nonce is checked, count once only if you
/// store [`id`](Self::id) before you redeem, as here, or in
/// [`UsedPendingIds`](crate::UsedPendingIds), if there is one process. Keep a note until
/// [`expires_at`](Self::expires_at).
///
/// ```no_run
/// # use oauth_proto::openid2::Pending;
/// # fn insert_if_absent(_: &str, _: u64) -> bool { true }
/// // INSERT INTO spent (id, until) VALUES ($1, $2) ON CONFLICT DO NOTHING, and whether that
/// // inserted a row.
/// fn is_first(pending: &Pending) -> bool {
///     insert_if_absent(&pending.id().to_string(), pending.expires_at().as_secs())
/// }
/// ```
///
/// ```no_run
/// # fn cookie() -> String { String::new() }
/// let pending: oauth_proto::openid2::Pending = serde_json::from_str(&cookie())?;
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pending {
    #[serde(rename = "v")]
    pub(super) version: u64,
    pub(super) protocol: Version,
    /// The relying party that it belongs to.
    pub(super) realm: String,
    pub(super) endpoints: Vec<String>,
    #[serde(rename = "wanted")]
    pub(super) identity: Option<RequestedIdentity>,
    /// With the state in its query.
    pub(super) return_to: String,
    pub(super) state: String,
    /// The handle of the association that [`association`](field@Self::association) wants, if one
    /// was given to [`Authorize`](super::Authorize): by now there may be a newer one of the same
    /// endpoint.
    #[serde(rename = "assoc_handle", default, skip_serializing_if = "Option::is_none")]
    pub association_handle: Option<String>,
    /// The association that the response may be signed with. Give it back from where you keep it,
    /// before you redeem: that of [`endpoint`](Self::endpoint) and
    /// [`association_handle`](field@Self::association_handle). It is not stored with the pending
    /// value, which lies in a user's cookie, while its key is every user's.
    ///
    /// ```
    /// use oauth_proto::openid2::{Association, Pending, RelyingParty, UnconfirmedAssertion};
    /// use oauth_proto::{Error, Moment, Step};
    ///
    /// fn back(
    ///     party: &RelyingParty,
    ///     keys: &[Association],
    ///     mut pending: Pending,
    ///     uri: &str,
    /// ) -> Result<Step<UnconfirmedAssertion>, Error> {
    ///     let mut own = keys.iter().filter(|key| key.endpoint == pending.endpoint());
    ///     pending.association =
    ///         own.find(|key| Some(&key.handle) == pending.association_handle.as_ref()).cloned();
    ///     party.redeem(pending, uri, Moment::from_os())
    /// }
    /// ```
    #[serde(skip)]
    pub association: Option<Association>,
    #[serde(rename = "until")]
    pub(super) expires_at: Timestamp,
}

/// The form that pending values are stored in.
pub(super) const VERSION: u64 = 1;

/// The identity that was requested.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RequestedIdentity {
    /// The owner of an identifier that was discovered.
    Claimed { claimed_id: String, local_id: String },
    /// Any user that the provider names: `identifier_select` was sent.
    #[serde(rename = "anybody")]
    Select,
    /// No identifier is asked for: the response brings extensions alone.
    #[serde(rename = "nobody")]
    None,
}

impl Pending {
    /// Returns the value of `rp_state` that the callback's URL will have. It may serve as the key
    /// under which this is stored, as long as what finds it is bound to the user's browser too.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// Returns the identifier of this pending authorization. Store it before you redeem, and go on
    /// only if it was not stored yet.
    pub fn id(&self) -> PendingId {
        PendingId::of(&self.realm, &self.state)
    }

    /// Returns the provider's endpoint that the user was sent to.
    pub fn endpoint(&self) -> &str {
        self.endpoints.first().map_or("", String::as_str)
    }

    /// Returns the time from which it cannot be used any more.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("endpoints", &self.endpoints)
            .field("identity", &self.identity)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
