//! The identifiers of used pending values. An application marks one before it redeems the value, so
//! a callback works once.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::short_hash::short_hash_of;
use crate::{OneTimeUse, Timestamp};

/// The identifier of a pending value: 128 bits of a hash, shown as hexadecimal digits. It does not
/// reveal the state or any other part of the value, so you can store it and log it.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::Pending;
///
/// // INSERT INTO used (id, until) VALUES (…) ON CONFLICT DO NOTHING. This is the first use if a
/// // row was inserted.
/// fn row(pending: &Pending) -> (String, u64) {
///     (pending.id().to_string(), pending.expires_at().as_secs())
/// }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PendingId(u128);

impl PendingId {
    /// Returns the identifier of the pending value with this owner and this state.
    pub(crate) fn of(owner: &str, state: &str) -> Self {
        Self(short_hash_of(&["pending id", owner, state]))
    }
}

impl fmt::Display for PendingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for PendingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PendingId({self})")
    }
}

impl From<PendingId> for String {
    fn from(id: PendingId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for PendingId {
    type Error = &'static str;

    fn try_from(digits: String) -> Result<Self, Self::Error> {
        let is_id = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bits = u128::from_str_radix(&digits, 16).ok().filter(|_| is_id);
        bits.map(Self).ok_or("a pending value's identifier has 32 hexadecimal digits")
    }
}

/// The time for which a used value is kept after it has expired, since clocks can be set back.
const LONGER: Duration = Duration::from_secs(60);

/// The largest number of expired values that one call drops. So no request has to wait until all of
/// them are dropped.
const DROPPED_AT_ONCE: usize = 32;

/// The pending values that one process has used, in memory. For an application that keeps pending
/// values only in cookies, and has no store for their identifiers.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::{Client, Pending, Token};
/// use oauth_proto::{Error, OneTimeUse, Moment, UsedPendingIds, Step};
///
/// fn come_back(
///     client: &Client,
///     used: &UsedPendingIds,
///     pending: Pending,
///     uri: &str,
/// ) -> Option<Result<Step<Token>, Error>> {
///     let moment = Moment::from_os();
///     match used.mark_used(pending.id(), pending.expires_at(), moment.now) {
///         OneTimeUse::First => Some(client.redeem(pending, uri, moment)),
///         // Used already, expired, or `UsedPendingIds` is full: if this browser is signed in,
///         // show its page; otherwise offer to start again.
///         OneTimeUse::Replay => None,
///     }
/// }
///
/// let used = UsedPendingIds::new(100_000); // one for the process
/// ```
///
/// # Security
/// The values are in the memory of one process. After a restart, and in each further process, a
/// callback can be replayed once. Then only the authorization server protects the user, since it
/// accepts a code once. A store that all processes share has no such gap: before you redeem, insert
/// the [`PendingId`] there if it is absent.
///
/// When a `UsedPendingIds` is full, every value is [`Replay`](OneTimeUse::Replay) until an entry
/// expires. It drops no entry to make room, so an attacker cannot make it forget one. But an
/// attacker who begins many sign-ins can fill it, and then other users cannot finish theirs. Make
/// it large enough for all sign-ins that begin within the lifetime of a pending value (an entry
/// takes about 100 bytes), and limit how many sign-ins a visitor can begin.
///
/// The current time is the latest `now` of all calls, so an expired value stays expired when the
/// clock is set back. If one call has a `now` far in the future by mistake, every value is
/// [`Replay`](OneTimeUse::Replay), and users cannot sign in until that time or a restart of the
/// process.
#[derive(Debug)]
pub struct UsedPendingIds {
    most: usize,
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    ids: BTreeSet<PendingId>,
    /// In the order in which they expire.
    expiries: BTreeSet<(Timestamp, PendingId)>,
    /// The latest time that a call passed. If the clock is set back, expired values stay expired.
    latest: Timestamp,
}

impl UsedPendingIds {
    /// Makes an empty memory for at most `most` values at a time.
    pub fn new(most: usize) -> Self {
        Self { most, tables: Mutex::default() }
    }

    /// Marks a pending value as used. Of all calls for a value, in all threads, at most one returns
    /// [`First`](OneTimeUse::First). Returns [`Replay`](OneTimeUse::Replay) if the value was used
    /// before or has expired, or if the memory is full.
    pub fn mark_used(&self, id: PendingId, expires_at: Timestamp, now: Timestamp) -> OneTimeUse {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.forget(now);
        if expires_at <= tables.latest || tables.ids.contains(&id) || tables.ids.len() >= self.most
        {
            return OneTimeUse::Replay;
        }
        tables.ids.insert(id);
        tables.expiries.insert((expires_at.after(LONGER), id));
        OneTimeUse::First
    }
}

impl Tables {
    fn forget(&mut self, now: Timestamp) {
        self.latest = self.latest.max(now);
        for _ in 0..DROPPED_AT_ONCE {
            if self.expiries.first().is_some_and(|(until, _)| *until <= self.latest)
                && let Some((_, id)) = self.expiries.pop_first()
            {
                self.ids.remove(&id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn use_up(used: &UsedPendingIds, state: &str, until: u64, now: u64) -> OneTimeUse {
        used.mark_used(
            PendingId::of("owner", state),
            Timestamp::from_secs(until),
            Timestamp::from_secs(now),
        )
    }

    #[test]
    fn a_value_is_spent_once_even_after_it_has_expired() {
        let used = UsedPendingIds::new(10);
        assert_eq!(use_up(&used, "a", 100, 10), OneTimeUse::First);
        for now in [10, 99, 100, 159, 160, 1000, 10] {
            assert_eq!(use_up(&used, "a", 100, now), OneTimeUse::Replay, "{now}");
        }
        assert_eq!(use_up(&used, "b", 1001, 10), OneTimeUse::First);
        assert_eq!(used.tables.lock().unwrap().ids.len(), 1);
    }

    #[test]
    fn a_full_set_refuses_new_values_and_keeps_the_old_ones() {
        let used = UsedPendingIds::new(2);
        assert_eq!(use_up(&used, "a", 100, 10), OneTimeUse::First);
        assert_eq!(use_up(&used, "b", 100, 10), OneTimeUse::First);
        assert_eq!(use_up(&used, "c", 100, 10), OneTimeUse::Replay);
        assert_eq!(use_up(&used, "a", 100, 10), OneTimeUse::Replay);
        assert_eq!(use_up(&used, "d", 500, 160), OneTimeUse::First);
        assert_eq!(used.tables.lock().unwrap().ids.len(), 1);
    }

    #[test]
    fn exactly_one_of_many_threads_is_the_first() {
        let used = UsedPendingIds::new(10);
        let fresh: usize = std::thread::scope(|scope| {
            let tries: Vec<_> =
                (0..8).map(|_| scope.spawn(|| use_up(&used, "a", 100, 10))).collect();
            tries.into_iter().map(|one| usize::from(one.join().unwrap() == OneTimeUse::First)).sum()
        });
        assert_eq!(fresh, 1);
    }

    #[test]
    fn an_identifier_survives_storage_and_belongs_to_its_owner() {
        let id = PendingId::of("owner", "state");
        let stored = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<PendingId>(&stored).unwrap(), id);
        assert!(serde_json::from_str::<PendingId>("\"x\"").is_err());
        assert_ne!(id, PendingId::of("another", "state"));
    }
}
