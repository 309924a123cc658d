//! The checks of RememberOnce.

use std::time::Duration;

use super::crowd::{Move, Outcome};
use super::kit::Kit;
use super::races::{CROWD, Together, run, winner};
use crate::core::one_time::{OneTimePurpose, RememberOnce};
use crate::core::token_hash::TokenHash;
use crate::oauth2::server::store::traits::AsyncStore;
use crate::{OneTimeUse, Timestamp};

/// The time for which values are remembered. The checks ask at most one second before its end, so
/// another check of the same store can begin at the same time.
const LIFE: Duration = Duration::from_secs(200);

fn first(key: TokenHash, now: Timestamp) -> RememberOnce {
    RememberOnce::new(OneTimePurpose::ClientAssertion, key, now, now.after(LIFE))
}

pub(crate) async fn check<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let key = kit.key();
    let query = first(key, kit.now);
    kit.must_equal(
        &kit.remember_once(query.clone()).await,
        &OneTimeUse::First,
        "RememberOnce of a new value answers First",
    );
    kit.must_equal(
        &kit.remember_once(query.clone()).await,
        &OneTimeUse::Replay,
        "RememberOnce of a known value answers Replay",
    );
    let other = RememberOnce { purpose: OneTimePurpose::OpenId2Nonce, ..query.clone() };
    kit.must_equal(
        &kit.remember_once(other).await,
        &OneTimeUse::First,
        "RememberOnce of the same key with another purpose answers First",
    );
    // Many values that end earlier, so a store that drops some has reason to.
    for _ in 0..100 {
        let expires_at = kit.now.after(Duration::from_secs(1));
        let soon = RememberOnce { expires_at, ..first(kit.key(), kit.now) };
        kit.remember_once(soon).await;
    }
    let late = RememberOnce { now: kit.now.after(LIFE - Duration::from_secs(1)), ..query };
    kit.must_equal(
        &kit.remember_once(late).await,
        &OneTimeUse::Replay,
        "RememberOnce answers Replay until the value expires",
    );
}

/// Checks that one of several uses at once is the first one.
pub(crate) async fn race<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>, together: &impl Together) {
    let prepare = async || ((), vec![Move::Remember(first(kit.key(), kit.now)); CROWD]);
    let judge = async |(), outcomes: Vec<Outcome>| {
        winner(
            kit,
            &outcomes,
            |outcome| *outcome == Outcome::Remembered(OneTimeUse::First),
            "of several RememberOnces of one value at once, exactly one is answered First",
        );
    };
    run(kit, together, prepare, judge).await;
}
