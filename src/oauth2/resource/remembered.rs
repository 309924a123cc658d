//! A memory of an authorization server's answers about tokens, for a while and within bounds.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::Timestamp;
use crate::oauth2::Introspection;
use crate::oauth2::common::token_hash::TokenHash;

/// The answer "not active" is kept at least this long, even if it may not be told: it keeps out an
/// older answer that is late.
const LATE: Duration = Duration::from_secs(60);

/// The times for which answers are remembered, and their number.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// The time for which the answer "active" is remembered.
    pub(super) active: Duration,
    /// The time for which the answer "not active" is remembered.
    pub(super) inactive: Duration,
    /// The number of answers of each kind.
    pub(super) capacity: usize,
}

/// The newest answer about each token.
#[derive(Default)]
pub(super) struct Remembered {
    answers: Mutex<RememberedResponses>,
    /// The number of questions that were asked and tokens that were forgotten.
    count: AtomicU64,
    /// The count when a token was forgotten last.
    forgotten: AtomicU64,
}

/// Answers about active tokens, and the others apart from them: unknown tokens must not displace
/// known ones. No token is in both.
#[derive(Default)]
struct RememberedResponses {
    active: Table,
    inactive: Table,
}

/// Answers, and in which order they were asked for.
#[derive(Default)]
struct Table {
    tokens: BTreeMap<TokenHash, Entry>,
    order: BTreeMap<u64, TokenHash>,
}

struct Entry {
    asked: Asked,
    /// The time at which it is dropped.
    until: Timestamp,
    introspection: Arc<Introspection>,
}

/// The time at which a question was asked, and its order among the other questions.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    number: u64,
    at: Timestamp,
}

impl Remembered {
    /// Returns what is remembered of a token.
    pub(super) fn recall(
        &self,
        key: TokenHash,
        limits: &Limits,
        now: Timestamp,
    ) -> Option<Arc<Introspection>> {
        let answers = self.lock();
        let entry =
            answers.active.tokens.get(&key).or_else(|| answers.inactive.tokens.get(&key))?;
        // Clones share one memory, and each has its own limits.
        let lifetime = if entry.introspection.active { limits.active } else { limits.inactive };
        let is_recent = !entry.is_over(now) && entry.asked.at.after(lifetime) > now;
        is_recent.then(|| entry.introspection.clone())
    }

    /// Marks the time at which a question is asked.
    pub(super) fn asked(&self, now: Timestamp) -> Asked {
        Asked { number: self.count.fetch_add(1, Ordering::SeqCst), at: now }
    }

    /// Remembers an answer, unless there is one to a newer question, or a token was forgotten since
    /// the question was asked: this answer may be older than that.
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

    /// Forgets a token, also if a question about it is on its way.
    pub(super) fn forget(&self, key: TokenHash) {
        // First this: an answer that is about to be remembered is either dropped, or is there to be
        // removed.
        self.forgotten.fetch_max(self.count.fetch_add(1, Ordering::SeqCst), Ordering::SeqCst);
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, RememberedResponses> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RememberedResponses {
    /// Returns whether a newer question about a token was answered.
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
    /// Inserts the answer about a token that is not there, and drops the oldest of those that are
    /// over or too many.
    fn insert(&mut self, key: TokenHash, entry: Entry, capacity: usize, now: Timestamp) {
        self.order.insert(entry.asked.number, key);
        self.tokens.insert(key, entry);
        // Two: one more than was added, so that the surplus shrinks with every call.
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
    /// Returns whether this counts no longer. A time in the future shows that the clock has stepped
    /// back, by an unknown amount.
    fn is_over(&self, now: Timestamp) -> bool {
        self.until <= now || self.asked.at > now
    }
}
