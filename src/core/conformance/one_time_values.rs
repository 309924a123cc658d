//! The checks of RememberOnce.

use std::time::Duration;

use super::race::{CROWD, Together, run, winner};
use super::rules::Rules;
use crate::core::one_time::{OneTimePurpose, RememberOnce};
use crate::core::token_hash::TokenHash;
use crate::{OneTimeUse, Timestamp};

/// The time for which values are remembered. The checks ask at most one second before its end, so
/// another check of the same store can begin at the same time.
const LIFE: Duration = Duration::from_secs(200);

fn first(purpose: OneTimePurpose, key: TokenHash, now: Timestamp) -> RememberOnce {
    RememberOnce::new(purpose, key, now, now.after(LIFE))
}

/// Checks values of a purpose. `other` is another purpose.
pub(crate) async fn check(
    rules: &Rules,
    purpose: OneTimePurpose,
    other: OneTimePurpose,
    remember: impl AsyncFn(RememberOnce) -> OneTimeUse,
) {
    let query = first(purpose, rules.key(), rules.now);
    rules.must_equal(
        &remember(query.clone()).await,
        &OneTimeUse::First,
        "RememberOnce of a new value answers First",
    );
    rules.must_equal(
        &remember(query.clone()).await,
        &OneTimeUse::Replay,
        "RememberOnce of a known value answers Replay",
    );
    let of_other = RememberOnce { purpose: other, ..query.clone() };
    rules.must_equal(
        &remember(of_other).await,
        &OneTimeUse::First,
        "RememberOnce of the same key with another purpose answers First",
    );
    // Many values that end earlier, so a store that drops some has reason to.
    for _ in 0..100 {
        let expires_at = rules.now.after(Duration::from_secs(1));
        remember(RememberOnce { expires_at, ..first(purpose, rules.key(), rules.now) }).await;
    }
    let late = RememberOnce { now: rules.now.after(LIFE - Duration::from_secs(1)), ..query };
    rules.must_equal(
        &remember(late).await,
        &OneTimeUse::Replay,
        "RememberOnce answers Replay until the value expires",
    );
}

/// Checks that one of several uses at once is the first one. `ask` makes the query of a race.
pub(crate) async fn race<M: Clone, O>(
    rules: &Rules,
    purpose: OneTimePurpose,
    together: &impl Together<M, O>,
    ask: impl Fn(RememberOnce) -> M,
    is_first: impl Fn(&O) -> bool,
) {
    let prepare = async || ((), vec![ask(first(purpose, rules.key(), rules.now)); CROWD]);
    let judge = async |(), outcomes: Vec<O>| {
        winner(
            rules,
            &outcomes,
            &is_first,
            "of several RememberOnces of one value at once, exactly one is answered First",
        );
    };
    run(rules, together, prepare, judge).await;
}
