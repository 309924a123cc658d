//! The queries of a race, and their outputs.

use crate::OneTimeUse;
use crate::core::one_time::RememberOnce;
use crate::oauth1::server::store::traits::AsyncStore;
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

/// Asks the store.
pub(crate) async fn make<S: AsyncStore + ?Sized>(
    store: &S,
    one: Move,
) -> Result<Outcome, S::Error> {
    Ok(match one {
        Move::Decide(query) => Outcome::Decided(store.record_decision(&query).await?),
        Move::Redeem(query) => Outcome::Redeemed(store.redeem(&query).await?),
        Move::Remember(query) => Outcome::Remembered(store.remember_once(&query).await?),
    })
}
