//! The query that counts a nonce once, RFC 5849 §3.3.

use crate::{OneTimeUse, ServerQuery, Timestamp};

/// Remembers a nonce, and tells whether it was there already: in one step.
///
/// A store that forgets nonces when their time has passed must answer [`OneTimeUse::Replay`] where `until` is not later than
/// the latest `now` that it has forgotten by: it cannot know any more. Requests overtake each other, and clocks step back.
///
/// ```
/// use oauth_proto::{Timestamp, oauth1::server::store::RememberNonce};
///
/// let query = RememberNonce {
///     client_key: "dpf43f3p2l4k3l03".into(),
///     token: None,
///     timestamp: Timestamp::from_secs(137131202),
///     nonce: "chapoH".into(),
///     until: Timestamp::from_secs(137131503),
///     now: Timestamp::from_secs(137131202),
/// };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// The time. What had to be remembered until then may be forgotten.
    pub now: Timestamp,
}

impl ServerQuery for RememberNonce {
    type Output = OneTimeUse;
}
