//! Checks that a conformance kit finds the faults of broken stores.
#![allow(dead_code, reason = "each test crate uses its part")]

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

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
