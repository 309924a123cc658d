//! The checks of CountAttempt and FindAttempts.

use std::time::Duration;

use super::crowd::{Move, Outcome};
use super::kit::Kit;
use crate::Timestamp;
use crate::core::conformance::race::{CROWD, Together, run};
use crate::core::token_hash::TokenHash;
use crate::oauth2::server::store::attempts::{CountAttempt, FindAttempts};
use crate::oauth2::server::store::find::Find;
use crate::oauth2::server::store::records::attempt::{AttemptPurpose, Attempts};
use crate::oauth2::server::store::traits::AsyncStore;

const WINDOW: Duration = Duration::from_secs(60);

fn attempt(key: TokenHash, now: Timestamp) -> CountAttempt {
    CountAttempt::new(AttemptPurpose::UserCode, key, 1_000, WINDOW, now)
}

pub(crate) async fn check<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let (key, end) = (kit.key(), kit.now.after(WINDOW));
    kit.must_equal(
        &kit.count_attempt(attempt(key, kit.now)).await,
        &Ok(Attempts::new(1, end)),
        "the first CountAttempt answers 1, and `now` plus the window",
    );
    let late = kit.now.after(Duration::from_secs(59));
    kit.must_equal(
        &kit.count_attempt(attempt(key, late)).await,
        &Ok(Attempts::new(2, end)),
        "a CountAttempt in the window answers one more, and the same end",
    );
    let find = |purpose, key| FindAttempts::new(purpose, key);
    for _ in 0..2 {
        kit.must_equal(
            &kit.find_attempts(find(AttemptPurpose::UserCode, key)).await,
            &Ok(Some(Attempts::new(2, end))),
            "FindAttempts answers the count, and does not count",
        );
    }
    kit.must_equal(
        &kit.find_attempts(find(AttemptPurpose::Password, key)).await,
        &Ok(None),
        "FindAttempts of another purpose answers no count",
    );
    kit.must_equal(
        &kit.find_attempts(find(AttemptPurpose::UserCode, kit.key())).await,
        &Ok(None),
        "FindAttempts of another key answers no count",
    );
    let other = CountAttempt { purpose: AttemptPurpose::Password, ..attempt(key, kit.now) };
    kit.must_equal(
        &kit.count_attempt(other).await.map(|attempts| attempts.count),
        &Ok(1),
        "CountAttempt counts each purpose for itself",
    );
    kit.must_equal(
        &kit.count_attempt(attempt(kit.key(), kit.now)).await.map(|attempts| attempts.count),
        &Ok(1),
        "CountAttempt counts each key for itself",
    );
    kit.must_equal(
        &kit.count_attempt(attempt(key, end)).await,
        &Ok(Attempts::new(1, end.after(WINDOW))),
        "a CountAttempt at the end of the window begins a new window with 1",
    );
    found_with_others(kit).await;
}

/// Checks that Find answers the counts in the order of the query.
async fn found_with_others<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let keys = [kit.key(), kit.key(), kit.key()];
    for (key, count) in [(keys[0], 1), (keys[2], 3)] {
        for _ in 0..count {
            let _ = kit.count_attempt(attempt(key, kit.now)).await;
        }
    }
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let attempts =
            order.map(|at| FindAttempts::new(AttemptPurpose::UserCode, keys[at])).to_vec();
        let found = kit.find(Find { attempts, ..Find::default() }).await.attempts;
        let counts = order.map(|at| [Some(1), None, Some(3)][at]);
        let found = found.map(|found| {
            found.into_iter().map(|found| found.map(|attempts| attempts.count)).collect()
        });
        kit.must_equal(
            &found,
            &Ok(counts.to_vec()),
            "Find answers the counts of attempts in the order of the query",
        );
    }
}

/// Checks that attempts at once are all counted.
pub(crate) async fn race<S: AsyncStore + ?Sized>(
    kit: &Kit<'_, S>,
    together: &impl Together<Move, Outcome>,
) {
    let prepare = async || {
        let query = attempt(kit.key(), kit.now);
        ((), vec![Move::Count(query); CROWD])
    };
    let judge = async |(), outcomes: Vec<Outcome>| {
        let count = |outcome: Outcome| match outcome {
            Outcome::Counted(Ok(attempts)) => attempts.count,
            _ => 0,
        };
        let mut counts: Vec<_> = outcomes.into_iter().map(count).collect();
        counts.sort_unstable();
        kit.must_equal(
            &counts,
            &(1..).take(CROWD).collect(),
            "several CountAttempts of one key at once answer different counts, without a gap",
        );
    };
    run(kit, together, prepare, judge).await;
}
