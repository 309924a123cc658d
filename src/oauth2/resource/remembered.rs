//! A memory of introspections, limited in time and number.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::Timestamp;
use crate::core::token_hash::TokenHash;
use crate::oauth2::Introspection;

/// The shortest time for which the entry of an inactive token is kept. The limits may end its use
/// earlier, but an older response that arrives late must not replace the entry.
const LATE: Duration = Duration::from_secs(60);

/// The times for which introspections are remembered, and the largest number of them.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// The time for active tokens.
    pub(super) active: Duration,
    /// The time for inactive tokens.
    pub(super) inactive: Duration,
    /// The largest number of active tokens, and separately of inactive tokens.
    pub(super) capacity: usize,
}

/// The newest introspection of each token.
#[derive(Default)]
pub(super) struct Remembered {
    answers: Mutex<RememberedResponses>,
    /// The number of introspections that were started, plus the number of tokens that were
    /// forgotten.
    count: AtomicU64,
    /// The value of `count` when the last token was forgotten.
    forgotten: AtomicU64,
}

/// The introspections of active and of inactive tokens. They are apart, so invalid tokens cannot
/// displace valid ones. No token is in both tables.
#[derive(Default)]
struct RememberedResponses {
    active: Table,
    inactive: Table,
}

/// Introspections, and the order in which they were started.
#[derive(Default)]
struct Table {
    tokens: BTreeMap<TokenHash, Entry>,
    order: BTreeMap<u64, TokenHash>,
}

struct Entry {
    asked: Asked,
    /// The time at which the entry is dropped.
    until: Timestamp,
    introspection: Arc<Introspection>,
}

/// The start of an introspection: its number in order, and its time.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    number: u64,
    at: Timestamp,
}

impl Remembered {
    /// Returns the remembered introspection of a token.
    pub(super) fn recall(
        &self,
        key: TokenHash,
        limits: &Limits,
        now: Timestamp,
    ) -> Option<Arc<Introspection>> {
        let answers = self.lock();
        let entry =
            answers.active.tokens.get(&key).or_else(|| answers.inactive.tokens.get(&key))?;
        // Clones of `RemoteTokens` share one memory, but each has its own limits.
        let lifetime = if entry.introspection.active { limits.active } else { limits.inactive };
        let is_recent = !entry.is_over(now) && entry.asked.at.after(lifetime) > now;
        is_recent.then(|| entry.introspection.clone())
    }

    /// Records the start of an introspection.
    pub(super) fn asked(&self, now: Timestamp) -> Asked {
        Asked { number: self.count.fetch_add(1, Ordering::SeqCst), at: now }
    }

    /// Remembers an introspection, unless a newer one of the token is there. If a token was
    /// forgotten after the introspection was started, the introspection may be outdated, so it is
    /// not remembered.
    pub(super) fn remember(
        &self,
        key: TokenHash,
        introspection: &Arc<Introspection>,
        asked: Asked,
        limits: &Limits,
        now: Timestamp,
    ) {
        let until = if introspection.active {
            let end = introspection.exp.unwrap_or(Timestamp::from_secs(u64::MAX));
            asked.at.after(limits.active).min(end)
        } else {
            asked.at.after(limits.inactive.max(LATE))
        };
        let entry = Entry { asked, until, introspection: introspection.clone() };
        let mut answers = self.lock();
        if asked.number < self.forgotten.load(Ordering::SeqCst) || answers.are_newer(key, asked) {
            return;
        }
        if introspection.active && entry.is_over(now) {
            return;
        }
        answers.remove(key);
        let table = if introspection.active { &mut answers.active } else { &mut answers.inactive };
        table.insert(key, entry, limits.capacity, now);
    }

    /// Forgets a token, even if an introspection of it is under way.
    pub(super) fn forget(&self, key: TokenHash) {
        // The order matters: an introspection that is about to be remembered is either dropped by
        // `remember`, or removed here.
        self.forgotten.fetch_max(self.count.fetch_add(1, Ordering::SeqCst), Ordering::SeqCst);
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, RememberedResponses> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RememberedResponses {
    /// Returns whether a newer introspection of a token is there.
    fn are_newer(&self, key: TokenHash, asked: Asked) -> bool {
        let mut entries =
            [&self.active, &self.inactive].into_iter().filter_map(|table| table.tokens.get(&key));
        entries.any(|entry| entry.asked.number > asked.number)
    }

    fn remove(&mut self, key: TokenHash) {
        for table in [&mut self.active, &mut self.inactive] {
            if let Some(entry) = table.tokens.remove(&key) {
                table.order.remove(&entry.asked.number);
            }
        }
    }
}

impl Table {
    /// Inserts the introspection of a token that is not in the table. Drops the oldest entries if
    /// they are over or too many.
    fn insert(&mut self, key: TokenHash, entry: Entry, capacity: usize, now: Timestamp) {
        self.order.insert(entry.asked.number, key);
        self.tokens.insert(key, entry);
        // One entry was added and up to two are dropped, so the surplus shrinks with every call.
        for _ in 0..2 {
            let Some((number, oldest)) =
                self.order.first_key_value().map(|(number, key)| (*number, *key))
            else {
                return;
            };
            let is_over = self.tokens.get(&oldest).is_none_or(|entry| entry.is_over(now));
            if is_over || self.tokens.len() > capacity {
                self.order.remove(&number);
                self.tokens.remove(&oldest);
            }
        }
    }
}

impl Entry {
    /// Returns whether the entry no longer counts. If its introspection was started in the future,
    /// the clock has been set back by an unknown amount.
    fn is_over(&self, now: Timestamp) -> bool {
        self.until <= now || self.asked.at > now
    }
}
