//! Checks that a conformance kit finds the faults of broken stores.
#![allow(dead_code, reason = "each test crate uses its part")]

use std::collections::HashSet;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::Duration;

use oauth_proto::OneTimeUse;
use oauth_proto::oauth2::server::store::{OneTimePurpose, RememberOnce, TokenHash};

/// A fault, the rule that finds it, and a word of each other rule that it breaks.
pub type Row<F> = (F, &'static str, &'static [&'static str]);

/// Sleeps, so that another thread can run. After `yield_now`, the same thread could continue
/// immediately.
pub fn between_two_steps() {
    std::thread::sleep(Duration::from_micros(50));
}

/// Returns the message with which a check panics, or `None` if the store is accepted.
pub fn verdict(check: impl FnOnce()) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(check)).err()?;
    let text = panic.downcast_ref::<String>().cloned();
    Some(text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap())
}

/// Asserts that each fault is caught by its rule, and breaks no other rules than the listed ones.
pub fn check_faults<F: Copy + Debug>(faults: &[(&str, &[Row<F>])], check: impl Fn(F)) {
    let mut wrong = Vec::new();
    for (fault, rule, others) in faults.iter().flat_map(|(_, faults)| *faults) {
        let said = verdict(|| check(*fault)).unwrap_or_default();
        if !said.contains(rule) {
            wrong.push(format!("{fault:?} is not caught by the rule {rule:?}: {said}"));
        }
        for broken in said.lines().filter(|line| line.starts_with("- ")) {
            if !broken.contains(rule) && !others.iter().any(|word| broken.contains(word)) {
                wrong.push(format!("{fault:?} breaks another rule: {broken}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A fault with values that can be used once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ValueFault {
    RemembersInTwoSteps,
    ForgetsPurposes,
    ForgetsEarly,
    /// A driver repeats a script whose answer it has lost.
    AnswersTheFirstRunAsReplay,
}

/// The values of a broken store.
#[derive(Default)]
pub struct BrokenValues(Mutex<HashSet<(OneTimePurpose, TokenHash)>>);

impl BrokenValues {
    /// Answers a query with a fault. `ask` asks a correct store.
    pub fn remember(
        &self,
        fault: ValueFault,
        query: &RememberOnce,
        ask: impl Fn(&RememberOnce) -> OneTimeUse,
    ) -> OneTimeUse {
        match fault {
            ValueFault::RemembersInTwoSteps => {
                let value = (query.purpose, query.key);
                let is_known = self.0.lock().unwrap().contains(&value);
                between_two_steps();
                self.0.lock().unwrap().insert(value);
                if is_known { OneTimeUse::Replay } else { OneTimeUse::First }
            }
            ValueFault::ForgetsPurposes => {
                let mut query = query.clone();
                query.purpose = OneTimePurpose::OAuth1Nonce;
                ask(&query)
            }
            ValueFault::ForgetsEarly => {
                let soon = query.now.after(Duration::from_secs(60));
                if soon >= query.expires_at { OneTimeUse::First } else { ask(query) }
            }
            ValueFault::AnswersTheFirstRunAsReplay => {
                ask(query);
                ask(query)
            }
        }
    }
}

/// The faults of `RememberOnce`, as a table for [`check_faults`].
pub const VALUE_FAULTS: &[(&str, &[Row<ValueFault>])] = &[(
    "RememberOnce",
    &[
        (ValueFault::RemembersInTwoSteps, "exactly one is answered First", &[]),
        (ValueFault::ForgetsPurposes, "with another purpose answers First", &[]),
        (ValueFault::ForgetsEarly, "until the value expires", &[]),
        (
            ValueFault::AnswersTheFirstRunAsReplay,
            "of a new value answers First",
            &["answers First"],
        ),
    ],
)];
