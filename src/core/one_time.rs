//! Values that may be used once, such as nonces: the query that remembers them, and the part of the
//! stores in memory that answers it.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::expiries::{self, DROPPED_AT_ONCE};
use super::query::{OneTimeUse, ServerQuery};
use super::token_hash::TokenHash;
use crate::Timestamp;

/// The query that remembers a value, such as a nonce, and returns whether it was there before, in
/// one atomic operation. Purpose and key together are compared.
///
/// A store that drops expired values must keep the latest `now` at which it dropped some. For a
/// query whose `expires_at` is not later than that, it must return [`OneTimeUse::Replay`], since it
/// cannot know. This happens when requests overtake each other, and when clocks are set back.
///
/// # Examples
/// ```
/// use oauth_proto::Timestamp;
/// use oauth_proto::oauth1::server::store::{OneTimePurpose, RememberOnce, TokenHash};
///
/// let key = TokenHash::of("chapoH");
/// let (now, end) = (Timestamp::from_secs(137_131_202), Timestamp::from_secs(137_131_502));
/// let query = RememberOnce::new(OneTimePurpose::OAuth1Nonce, key, now, end);
/// // INSERT INTO one_time_values (purpose, key, expires_at) VALUES (?, ?, ?)
/// //     ON CONFLICT DO NOTHING
/// let row = (query.purpose.as_str(), query.key.to_string(), query.expires_at.as_secs());
/// assert_eq!(row.0, "oauth1_nonce");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RememberOnce {
    /// The kind of the value.
    pub purpose: OneTimePurpose,
    /// The hash of the value and of everything with which it must be unique.
    pub key: TokenHash,
    /// The current time. The store may drop values whose `expires_at` is not later.
    pub now: Timestamp,
    /// The time until which the value must be remembered. After it, the server refuses the value
    /// for another reason.
    pub expires_at: Timestamp,
}

/// The kind of a value that may be used once.
///
/// # Examples
/// ```
/// use oauth_proto::oauth1::server::store::OneTimePurpose;
///
/// assert_eq!(OneTimePurpose::OAuth1Nonce.as_str(), "oauth1_nonce");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum OneTimePurpose {
    /// A nonce of OAuth 1.0, with its client, token and timestamp (RFC 5849 §3.3).
    OAuth1Nonce,
    /// The nonce of an OpenID 2.0 response, with the provider's endpoint (OpenID Authentication 2.0
    /// §11.3), or a handle whose response the provider confirms (§11.4.2.1).
    OpenId2Nonce,
    /// The `jti` of an assertion with which a client authenticates (RFC 7523 §3), with the client.
    ClientAssertion,
}

impl OneTimePurpose {
    /// Returns the name for a column or a key of a store. The name never changes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OAuth1Nonce => "oauth1_nonce",
            Self::OpenId2Nonce => "openid2_nonce",
            Self::ClientAssertion => "client_assertion",
        }
    }
}

impl RememberOnce {
    /// Makes the query.
    pub const fn new(
        purpose: OneTimePurpose,
        key: TokenHash,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Self {
        Self { purpose, key, now, expires_at }
    }
}

impl ServerQuery for RememberOnce {
    type Output = OneTimeUse;
}

/// The values that a store in memory remembers. Each query drops a few expired values, so no
/// request waits until all of them are dropped.
#[derive(Debug, Default)]
pub(crate) struct OneTimeValues(Mutex<Tables>);

/// Trees, because they grow and shrink a few values at a time.
#[derive(Debug, Default)]
struct Tables {
    values: BTreeSet<(OneTimePurpose, TokenHash)>,
    /// The values in the order of their expiry.
    expiries: BTreeSet<(Timestamp, (OneTimePurpose, TokenHash))>,
    /// The latest time of a query. Values that expire until then may have been dropped.
    latest: Timestamp,
}

impl OneTimeValues {
    pub(crate) fn remember(&self, query: &RememberOnce) -> OneTimeUse {
        let &RememberOnce { purpose, key, now, expires_at } = query;
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tables.drop_expired(now, DROPPED_AT_ONCE);
        if expires_at <= tables.latest || !tables.values.insert((purpose, key)) {
            return OneTimeUse::Replay;
        }
        tables.expiries.insert((expires_at, (purpose, key)));
        OneTimeUse::First
    }

    /// Drops expired values, at most `limit`, and returns how many.
    #[cfg(any(feature = "server", feature = "oauth1"))]
    pub(crate) fn drop_expired(&self, now: Timestamp, limit: u32) -> u32 {
        expiries::in_batches(limit, |batch| {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).drop_expired(now, batch)
        })
    }

    /// Returns the number of values, with expired ones that are not dropped yet.
    #[cfg(any(test, feature = "oauth1"))]
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values.len()
    }
}

impl Tables {
    fn drop_expired(&mut self, now: Timestamp, limit: u32) -> u32 {
        self.latest = self.latest.max(now);
        let Self { values, expiries, latest } = self;
        expiries::drop_expired(expiries, *latest, limit, |value| {
            values.remove(&value);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(values: &OneTimeValues, value: &str, expires_at: u64, now: u64) -> OneTimeUse {
        values.remember(&RememberOnce::new(
            OneTimePurpose::OpenId2Nonce,
            TokenHash::of(value),
            Timestamp::from_secs(now),
            Timestamp::from_secs(expires_at),
        ))
    }

    #[test]
    fn a_value_that_was_dropped_counts_as_used() {
        let values = OneTimeValues::default();
        assert_eq!(ask(&values, "a", 20, 10), OneTimeUse::First);
        assert_eq!(ask(&values, "a", 20, 19), OneTimeUse::Replay);
        assert_eq!(ask(&values, "b", 40, 30), OneTimeUse::First);
        assert_eq!(values.len(), 1);
        // A request that is late, or a clock that was set back.
        assert_eq!(ask(&values, "a", 20, 10), OneTimeUse::Replay);
        assert_eq!(ask(&values, "c", 31, 10), OneTimeUse::First);
    }

    #[test]
    fn values_of_different_purposes_do_not_meet() {
        let values = OneTimeValues::default();
        assert_eq!(ask(&values, "a", 20, 10), OneTimeUse::First);
        let mut query = RememberOnce::new(
            OneTimePurpose::OAuth1Nonce,
            TokenHash::of("a"),
            Timestamp::from_secs(10),
            Timestamp::from_secs(20),
        );
        assert_eq!(values.remember(&query), OneTimeUse::First);
        query.purpose = OneTimePurpose::OpenId2Nonce;
        assert_eq!(values.remember(&query), OneTimeUse::Replay);
    }

    #[test]
    fn no_request_waits_until_all_expired_values_are_dropped() {
        let values = OneTimeValues::default();
        for number in 0..100_000 {
            assert_eq!(ask(&values, &number.to_string(), 300, 0), OneTimeUse::First);
        }
        for number in 0..100_000 / 31 + 1 {
            let before = values.len();
            assert_eq!(ask(&values, &format!("new {number}"), 600, 300), OneTimeUse::First);
            assert!(values.len() + DROPPED_AT_ONCE as usize > before);
        }
        assert_eq!(values.len(), 100_000 / 31 + 1);
        assert_eq!(ask(&values, "99999", 300, 0), OneTimeUse::Replay);
    }
}
