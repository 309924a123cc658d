//! The rules that a store breaks, and the names and keys of a check.

use std::fmt::{Debug, Display};
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::Timestamp;
use crate::core::token_hash::TokenHash;

/// The options of a check.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) now: Timestamp,
    /// The order of the races, and a part of all names.
    pub(crate) seed: u64,
    /// The number of rounds of each race.
    pub(crate) rounds: u64,
    /// Whether another store has the clients.
    pub(crate) clients_elsewhere: bool,
}

impl Options {
    pub(crate) const fn at(now: Timestamp) -> Self {
        Self { now, seed: 0, rounds: 1_000, clients_elsewhere: false }
    }
}

/// The rules that a store has broken during a check.
pub(crate) struct Rules {
    pub(crate) options: Options,
    pub(crate) now: Timestamp,
    count: AtomicU64,
    /// The broken rules, in the order in which they were found.
    broken: Mutex<Vec<BrokenRule>>,
}

/// A rule that the store breaks.
struct BrokenRule {
    rule: String,
    /// The values at the first time.
    values: String,
}

/// Returns the output of a query. Ends the check if the store failed.
pub(crate) fn answered<T>(query: &str, answer: Result<T, impl Display>) -> T {
    answer.unwrap_or_else(|why| panic!("the store failed at {query}: {why}"))
}

impl Rules {
    pub(crate) fn new(options: Options) -> Self {
        Self { options, now: options.now, count: AtomicU64::new(0), broken: Mutex::default() }
    }

    /// Notes that the store breaks a rule, if it does. The check goes on, so that it reports all
    /// broken rules.
    pub(crate) fn must(&self, holds: bool, rule: &str) {
        if !holds {
            self.note(rule, String::new);
        }
    }

    fn note(&self, rule: &str, values: impl FnOnce() -> String) {
        let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        if !broken.iter().any(|known| known.rule == rule) {
            broken.push(BrokenRule { rule: rule.to_owned(), values: values() });
        }
    }

    /// Does the same as [`must`](Self::must) if two values must be equal.
    pub(crate) fn must_equal<T: PartialEq + Debug>(&self, received: &T, expected: &T, rule: &str) {
        if received != expected {
            self.note(rule, || format!(": expected {expected:?}, received {received:?}"));
        }
    }

    /// Ends the check.
    ///
    /// # Panics
    /// If the store breaks a rule.
    pub(crate) fn finish(&self, caller: &Location<'_>) {
        let broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(
            broken.is_empty(),
            "the store breaks {} of the rules, found by the check at {caller}:{}",
            broken.len(),
            broken.iter().fold(String::new(), |text, BrokenRule { rule, values }| {
                text + "\n- " + rule + values
            })
        );
    }

    /// Returns a new text.
    pub(crate) fn name(&self, what: &str) -> String {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        format!("{what} {number} of {} {}", self.now, self.options.seed)
    }

    /// Returns a new key.
    pub(crate) fn key(&self) -> TokenHash {
        TokenHash::of(&self.name("conformance"))
    }
}
