//! What an authorization server said about tokens, for a while and within bounds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::Timestamp;
use crate::oauth2::Introspection;
use crate::oauth2::server::TokenHash;

/// How long answers are remembered, and how many.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// How long the answer "active" is.
    pub(super) active: Duration,
    /// How long the answer "not active" is.
    pub(super) inactive: Duration,
    /// How many of each.
    pub(super) capacity: usize,
}

/// Answers about active tokens, and the others apart from them: unknown tokens must not displace known ones.
#[derive(Default)]
pub(super) struct Remembered {
    active: Mutex<Answers>,
    inactive: Mutex<Answers>,
    forgotten: AtomicU64,
}

/// Answers, and in which order they are forgotten.
#[derive(Default)]
struct Answers {
    tokens: BTreeMap<TokenHash, (Timestamp, Arc<Introspection>)>,
    order: BTreeSet<(Timestamp, TokenHash)>,
}

/// When a question was asked: before or after which tokens were forgotten.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked(u64);

impl Remembered {
    /// Returns what is remembered of a token.
    pub(super) fn recall(&self, key: TokenHash, limits: &Limits, now: Timestamp) -> Option<Arc<Introspection>> {
        let recall = |answers, lifetime: Duration| {
            // Clones share one memory, and this one may have been told to ask every time.
            let answers = (!lifetime.is_zero()).then(|| lock(answers))?;
            let (until, introspection) = answers.tokens.get(&key)?;
            (*until > now).then(|| introspection.clone())
        };
        recall(&self.active, limits.active).or_else(|| recall(&self.inactive, limits.inactive))
    }

    /// Marks the time at which a question is asked.
    pub(super) fn asked(&self) -> Asked {
        Asked(self.forgotten.load(Ordering::SeqCst))
    }

    /// Remembers an answer, unless a token was forgotten since the question was asked: the answer may be older than that.
    pub(super) fn remember(
        &self,
        key: TokenHash,
        introspection: &Arc<Introspection>,
        asked: Asked,
        limits: &Limits,
        now: Timestamp,
    ) {
        let (answers, until) = if introspection.active {
            let end = introspection.exp.unwrap_or(Timestamp::from_secs(u64::MAX));
            (&self.active, now.after(limits.active).min(end))
        } else {
            (&self.inactive, now.after(limits.inactive))
        };
        if until <= now || limits.capacity == 0 {
            return;
        }
        let mut answers = lock(answers);
        if asked != self.asked() {
            return;
        }
        if let Some((before, _)) = answers.tokens.insert(key, (until, introspection.clone())) {
            answers.order.remove(&(before, key));
        }
        answers.order.insert((until, key));
        let is_over = |answers: &Answers| {
            answers.tokens.len() > limits.capacity || answers.order.first().is_some_and(|(until, _)| *until <= now)
        };
        // Two: one more than was added, so that the surplus shrinks with every call.
        for _ in 0..2 {
            if let Some((_, oldest)) = is_over(&answers).then(|| answers.order.pop_first()).flatten() {
                answers.tokens.remove(&oldest);
            }
        }
    }

    /// Forgets a token, also if a question about it is on its way.
    pub(super) fn forget(&self, key: TokenHash) {
        // First this: an answer that is about to be remembered is either dropped, or is there to be removed.
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        for answers in [&self.active, &self.inactive] {
            let mut answers = lock(answers);
            if let Some((until, _)) = answers.tokens.remove(&key) {
                answers.order.remove(&(until, key));
            }
        }
    }
}

fn lock(answers: &Mutex<Answers>) -> MutexGuard<'_, Answers> {
    answers.lock().unwrap_or_else(PoisonError::into_inner)
}
