//! The query that remembers a nonce: RFC 5849 §3.3.

use std::time::Duration;

use crate::core::query::ServerQuery;
use crate::{OneTimeUse, Timestamp};

/// The query that remembers a nonce and returns whether it was there before, in one atomic
/// operation.
///
/// A store that drops expired nonces must keep the latest `now` at which it dropped some. For a
/// query whose `until` is not later than that, it must return [`OneTimeUse::Replay`], since it
/// cannot know. This happens when requests overtake each other, and when clocks are set back.
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
    /// The identifier of the client.
    pub client_key: String,
    /// The identifier of the token, if the request has one.
    pub token: Option<String>,
    /// The timestamp of the request. Client, token, timestamp and nonce together must be unique
    /// (RFC 5849 §3.3).
    pub timestamp: Timestamp,
    /// The nonce of the request.
    pub nonce: String,
    /// The time until which the nonce must be remembered. After that, the timestamp is too old.
    pub until: Timestamp,
    /// The current time. The store may drop nonces whose `until` is in the past.
    pub now: Timestamp,
}

impl RememberNonce {
    /// Makes the query for a nonce of a client, for tests of a store. The field `now` gets the
    /// value of `timestamp`, and the field `until` a time five minutes later. The fields can be
    /// changed.
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
