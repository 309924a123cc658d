//! The counts of attempts in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use crate::Timestamp;
use crate::core::expiries::{self, DROPPED_AT_ONCE};
use crate::core::token_hash::TokenHash;
use crate::oauth2::server::store::attempts::{CountAttempt, FindAttempts};
use crate::oauth2::server::store::records::attempt::{AttemptPurpose, Attempts};

/// The counts of attempts. Each attempt drops a few ended counts.
#[derive(Debug, Default)]
pub(crate) struct AttemptCounts(Mutex<Tables>);

type Name = (AttemptPurpose, TokenHash);

/// Trees, because they grow and shrink a few values at a time.
#[derive(Debug, Default)]
struct Tables {
    counts: BTreeMap<Name, Attempts>,
    /// The counts in the order of the ends of their windows.
    ends: BTreeSet<(Timestamp, Name)>,
}

impl AttemptCounts {
    pub(crate) fn count(&self, query: &CountAttempt) -> Attempts {
        let name = (query.purpose, query.key);
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tables.drop_ended(query.now, DROPPED_AT_ONCE);
        if let Some(attempts) = tables.counts.get_mut(&name) {
            if attempts.ends_at > query.now {
                attempts.count = attempts.count.saturating_add(1);
                return *attempts;
            }
            let ended = attempts.ends_at;
            tables.ends.remove(&(ended, name));
        }
        let attempts = Attempts::new(1, query.now.after(query.window));
        tables.counts.insert(name, attempts);
        tables.ends.insert((attempts.ends_at, name));
        attempts
    }

    pub(crate) fn find(&self, query: &FindAttempts) -> Option<Attempts> {
        let tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tables.counts.get(&(query.purpose, query.key)).copied()
    }

    /// Drops ended counts, and returns how many.
    pub(crate) fn purge(&self, now: Timestamp, limit: u32) -> u32 {
        expiries::in_batches(limit, |batch| {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).drop_ended(now, batch)
        })
    }
}

impl Tables {
    fn drop_ended(&mut self, now: Timestamp, limit: u32) -> u32 {
        expiries::drop_expired(&mut self.ends, now, limit, |name| {
            self.counts.remove(&name);
        })
    }
}
