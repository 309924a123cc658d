//! The queries of a race, and their outputs.

use crate::OneTimeUse;
use crate::core::conformance::crowd;
use crate::core::one_time::RememberOnce;
use crate::core::server_queries;
use crate::oauth1::server::store::traits::{AsyncStore, Blocking, Store};
use crate::oauth1::server::store::{RecordDecision, Redeem, Redemption, TemporaryRecord};

/// One query of many.
#[derive(Clone)]
pub(crate) enum Move {
    Decide(RecordDecision),
    Redeem(Redeem),
    Remember(RememberOnce),
}

/// The output of a move.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Decided(Option<TemporaryRecord>),
    Redeemed(Redemption),
    Remembered(OneTimeUse),
}

impl Outcome {
    pub(crate) fn one_time_use(self) -> OneTimeUse {
        match self {
            Self::Remembered(one_time_use) => one_time_use,
            _ => OneTimeUse::Replay,
        }
    }
}

async fn make<S: AsyncStore + ?Sized>(store: &S, one: Move) -> Result<Outcome, S::Error> {
    Ok(match one {
        Move::Decide(query) => Outcome::Decided(store.record_decision(&query).await?),
        Move::Redeem(query) => Outcome::Redeemed(store.redeem(&query).await?),
        Move::Remember(query) => Outcome::Remembered(store.remember_once(&query).await?),
    })
}

fn end<E: std::fmt::Display>(outcome: Result<Outcome, E>) -> Outcome {
    outcome.unwrap_or_else(|why| panic!("the store failed while several asked it at once: {why}"))
}

/// Runs the rounds one after another, with a thread for each move of a round.
pub(crate) fn threads<S: Store + Sync + ?Sized>(
    store: &S,
    rounds: Vec<Vec<Move>>,
) -> Vec<Vec<Outcome>> {
    crowd::threads(rounds, |one| end(server_queries::at_once(make(&Blocking(store), one))))
}

/// Runs the rounds one after another, all moves of a round as futures.
pub(crate) async fn tasks<S: AsyncStore + ?Sized>(
    store: &S,
    rounds: Vec<Vec<Move>>,
) -> Vec<Vec<Outcome>> {
    crowd::tasks(rounds, async |one| end(make(store, one).await)).await
}
