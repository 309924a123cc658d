//! The checks of RememberOnce in a store of OAuth 2.0.

use super::crowd::{Move, Outcome};
use super::kit::Kit;
use crate::OneTimeUse;
use crate::core::conformance::one_time_values;
use crate::core::conformance::race::Together;
use crate::core::one_time::{OneTimePurpose, RememberOnce};
use crate::oauth2::server::store::traits::AsyncStore;

const PURPOSE: OneTimePurpose = OneTimePurpose::ClientAssertion;

pub(crate) async fn check<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let remember = async |query| kit.remember_once(query).await;
    one_time_values::check(kit, PURPOSE, OneTimePurpose::OpenId2Nonce, remember).await;
}

pub(crate) async fn race<S: AsyncStore + ?Sized>(
    kit: &Kit<'_, S>,
    together: &impl Together<Move, Outcome>,
) {
    let remember_all = async |rounds: Vec<Vec<RememberOnce>>| {
        let moves = |round: Vec<_>| round.into_iter().map(Move::Remember).collect();
        let outcomes = together(rounds.into_iter().map(moves).collect()).await;
        let uses = |round: Vec<_>| {
            round
                .into_iter()
                .map(|outcome| match outcome {
                    Outcome::Remembered(one_time_use) => one_time_use,
                    _ => OneTimeUse::Replay,
                })
                .collect()
        };
        outcomes.into_iter().map(uses).collect()
    };
    one_time_values::race(kit, PURPOSE, &remember_all).await;
}
