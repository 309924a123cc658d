//! The query that counts a nonce once, RFC 5849 §3.3.

use std::time::Duration;

use crate::core::query::ServerQuery;
use crate::{OneTimeUse, Timestamp};

/// Remembers a nonce, and tells whether it was there already: in one step.
///
/// A store that forgets nonces when their time has passed must answer [`OneTimeUse::Replay`] where
/// `until` is not later than the latest `now` that it has forgotten by: it cannot know any more.
/// Requests overtake each other, and clocks step back.
///
/// ```
/// use oauth_proto::{Timestamp, oauth1::server::store::RememberNonce};
///
/// let timestamp = Timestamp::from_secs(137131202);
/// let query = RememberNonce::new("dpf43f3p2l4k3l03", timestamp, "chapoH");
/// assert_eq!(query.now, timestamp);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RememberNonce {
    /// The client's identifier.
    pub client_key: String,
    /// The token's identifier.
    pub token: Option<String>,
    /// The timestamp, which is part of what must be unique (RFC 5849 §3.3).
    pub timestamp: Timestamp,
    /// The nonce.
    pub nonce: String,
    /// Until when it must be remembered. Afterwards the timestamp itself is refused.
    pub until: Timestamp,
    /// The time. The store may forget nonces that had to be remembered until then.
    pub now: Timestamp,
}

impl RememberNonce {
    /// Returns the query for a nonce of a client's, for tests of a store. The time is that of the
    /// timestamp, and it must be remembered for five minutes; the fields can be changed.
    pub fn new(
        client_key: impl Into<String>,
        timestamp: Timestamp,
        nonce: impl Into<String>,
    ) -> Self {
        Self {
            client_key: client_key.into(),
            token: None,
            timestamp,
            nonce: nonce.into(),
            until: timestamp.after(Duration::from_secs(300)),
            now: timestamp,
        }
    }
}

impl ServerQuery for RememberNonce {
    type Output = OneTimeUse;
}
