//! Entries that expire, for stores in memory that drop a few of them at a time.

use std::collections::BTreeSet;

use crate::Timestamp;

/// The number of expired entries that one query drops at most, so no request waits until all of
/// them are dropped.
pub(crate) const DROPPED_AT_ONCE: u32 = 32;

/// Removes the keys that expire until a time, at most `limit`, and passes them to a function.
/// Returns how many were removed.
pub(crate) fn drop_expired<K: Ord>(
    expiries: &mut BTreeSet<(Timestamp, K)>,
    until: Timestamp,
    limit: u32,
    mut drop_entry: impl FnMut(K),
) -> u32 {
    let mut dropped = 0;
    while dropped < limit
        && expiries.first().is_some_and(|(at, _)| *at <= until)
        && let Some((_, key)) = expiries.pop_first()
    {
        drop_entry(key);
        dropped += 1;
    }
    dropped
}

/// Drops at most `limit` entries in batches, between which other threads get the lock. Returns how
/// many were dropped.
#[cfg(any(feature = "server", feature = "oauth1"))]
pub(crate) fn in_batches(limit: u32, drop_some: impl Fn(u32) -> u32) -> u32 {
    let mut dropped = 0;
    while dropped < limit {
        let batch = (limit - dropped).min(1_024);
        let now_dropped = drop_some(batch);
        dropped += now_dropped;
        if now_dropped < batch {
            break;
        }
    }
    dropped
}
