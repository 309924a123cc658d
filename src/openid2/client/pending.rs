//! The pending authorization while the user is at the provider.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::association::Association;
use super::super::message::Version;
use crate::{PendingId, Timestamp};

/// The pending value of an authentication request: the part that the application keeps while the
/// user is at the provider.
///
/// Keep it for this user's browser only, and protect it against changes: in an encrypted or signed
/// cookie, or in the server's session. It usually takes less than a kilobyte. The author of an
/// identifier's document can make it grow to 25 kilobytes, so check the size before you put it into
/// a cookie. [`RelyingParty::redeem`](super::RelyingParty::redeem) consumes it, and it is not
/// `Clone`. If the transport fails, send the user again: the provider confirms a signature only
/// once, so a second attempt with a stored copy can fail.
///
/// Your store remembers the nonce of an assertion
/// ([`UnconfirmedAssertion`](super::UnconfirmedAssertion)), so an assertion works once. A response
/// without a nonce, and the requests before the check of the nonce, can be repeated. To prevent
/// that, store [`id`](Self::id) before you redeem, like in this example. If you have only one
/// process, you can use [`UsedPendingIds`](crate::UsedPendingIds). Keep the id until
/// [`expires_at`](Self::expires_at).
///
/// ```no_run
/// # use oauth_proto::openid2::Pending;
/// # fn insert_if_absent(_: &str, _: u64) -> bool { true }
/// // Runs `INSERT INTO spent (id, until) VALUES ($1, $2) ON CONFLICT DO NOTHING`, and returns
/// // whether it inserted a row.
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
    /// The fingerprint of the relying party.
    pub(super) realm: String,
    pub(super) endpoints: Vec<String>,
    #[serde(rename = "wanted")]
    pub(super) identity: Option<RequestedIdentity>,
    /// The `return_to` URL, with the state in its query.
    pub(super) return_to: String,
    pub(super) state: String,
    /// The handle of the association that was set in [`Authorize`](super::Authorize), if there was
    /// one. Set this association in [`association`](field@Self::association), even if there is a
    /// newer one for the same endpoint.
    #[serde(rename = "assoc_handle", default, skip_serializing_if = "Option::is_none")]
    pub association_handle: Option<String>,
    /// The association with which the response can be signed. Set it before you redeem: load it
    /// from your storage by [`endpoint`](Self::endpoint) and
    /// [`association_handle`](field@Self::association_handle). The association is not serialized
    /// with the pending value, since a pending value is often in a user's cookie, and the
    /// association is for all users.
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

/// The version of the stored format.
pub(super) const VERSION: u64 = 1;

/// The identity that was requested.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RequestedIdentity {
    /// The owner of a discovered identifier.
    Claimed { claimed_id: String, local_id: String },
    /// Any user of the provider: `identifier_select` was sent.
    #[serde(rename = "anybody")]
    Select,
    /// No identity: the response has only extensions.
    #[serde(rename = "nobody")]
    None,
}

impl Pending {
    /// Returns the value of `rp_state` in the callback's URL. You can use the returned text as the
    /// key under which you store the pending value, if you also bind the stored value to the user's
    /// browser.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// Returns the identifier of this pending value. Insert this identifier into your store, and
    /// call `redeem` only if it was absent there.
    pub fn id(&self) -> PendingId {
        PendingId::of(&self.realm, &self.state)
    }

    /// Returns the endpoint of the provider to which the user was sent.
    pub fn endpoint(&self) -> &str {
        self.endpoints.first().map_or("", String::as_str)
    }

    /// Returns the time at which the pending value expires.
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
