//! A store in memory: for tests, for examples, and for servers that are one process and may lose
//! their data.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};

use super::queries::{RememberNonce, Store};
use crate::{OneTimeUse, Timestamp};

/// A store in memory, which keeps nonces until they expire. Each query drops a few expired nonces,
/// so no request waits until all of them are dropped.
///
/// # Examples
/// ```
/// use oauth_proto::Timestamp;
/// use oauth_proto::openid2::server::store::{MemoryStore, OneTimeUse, RememberNonce, Store};
///
/// let store = MemoryStore::default();
/// let query = RememberNonce {
///     endpoint: "https://op.example/".into(),
///     nonce: "2005-05-15T17:11:51Z".into(),
///     until: Timestamp::from_secs(20),
///     now: Timestamp::from_secs(10),
/// };
/// assert_eq!(store.remember_nonce(&query), Ok(OneTimeUse::First));
/// assert_eq!(store.remember_nonce(&query), Ok(OneTimeUse::Replay));
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore {
    tables: Mutex<Tables>,
}

/// The number of expired nonces that one query drops at most.
const DROPPED_AT_ONCE: usize = 32;

/// Trees, because they grow and shrink a few nonces at a time.
#[derive(Debug, Default)]
struct Tables {
    nonces: BTreeSet<(String, String)>,
    /// In the order in which they expire.
    expiries: BTreeSet<(Timestamp, String, String)>,
    /// The latest time of a query. Nonces until then may have been dropped.
    latest: Timestamp,
}

impl Store for MemoryStore {
    type Error = Infallible;

    fn remember_nonce(&self, query: &RememberNonce) -> Result<OneTimeUse, Infallible> {
        let RememberNonce { endpoint, nonce, until, now } = query.clone();
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.forget(now);
        if until <= tables.latest {
            return Ok(OneTimeUse::Replay);
        }
        if !tables.nonces.insert((endpoint.clone(), nonce.clone())) {
            return Ok(OneTimeUse::Replay);
        }
        tables.expiries.insert((until, endpoint, nonce));
        Ok(OneTimeUse::First)
    }
}

impl Tables {
    fn forget(&mut self, now: Timestamp) {
        self.latest = self.latest.max(now);
        for _ in 0..DROPPED_AT_ONCE {
            if self.expiries.first().is_some_and(|(until, ..)| *until <= self.latest)
                && let Some((_, endpoint, nonce)) = self.expiries.pop_first()
            {
                self.nonces.remove(&(endpoint, nonce));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(store: &MemoryStore, nonce: &str, until: u64, now: u64) -> OneTimeUse {
        let (until, now) = (Timestamp::from_secs(until), Timestamp::from_secs(now));
        let Ok(one_time_use) = store.remember_nonce(&RememberNonce {
            endpoint: "e".into(),
            nonce: nonce.into(),
            until,
            now,
        });
        one_time_use
    }

    #[test]
    fn a_forgotten_nonce_counts_as_used() {
        let store = MemoryStore::default();
        assert_eq!(ask(&store, "a", 20, 10), OneTimeUse::First);
        assert_eq!(ask(&store, "a", 20, 19), OneTimeUse::Replay);
        assert_eq!(ask(&store, "b", 40, 30), OneTimeUse::First);
        assert!(store.tables.lock().unwrap().nonces.len() == 1);
        // A request that is late, or a clock that stepped back.
        assert_eq!(ask(&store, "a", 20, 10), OneTimeUse::Replay);
        assert_eq!(ask(&store, "c", 31, 10), OneTimeUse::First);
    }

    #[test]
    fn no_request_waits_until_all_expired_nonces_are_dropped() {
        let store = MemoryStore::default();
        let len = || store.tables.lock().unwrap().nonces.len();
        for number in 0..100_000 {
            assert_eq!(ask(&store, &number.to_string(), 300, 0), OneTimeUse::First);
        }
        for number in 0..100_000 / 31 + 1 {
            let before = len();
            assert_eq!(ask(&store, &format!("new {number}"), 600, 300), OneTimeUse::First);
            assert!(len() + DROPPED_AT_ONCE > before);
        }
        assert_eq!(len(), 100_000 / 31 + 1);
        assert_eq!(ask(&store, "99999", 300, 0), OneTimeUse::Replay);
    }
}
