//! The queries of a race, and their outputs.

use crate::OneTimeUse;
use crate::core::conformance::crowd;
use crate::core::one_time::RememberOnce;
use crate::openid2::server::queries::{AsyncStore, Store};

fn end<E: std::fmt::Display>(outcome: Result<OneTimeUse, E>) -> OneTimeUse {
    outcome.unwrap_or_else(|why| panic!("the store failed while several asked it at once: {why}"))
}

/// Runs the rounds one after another, with a thread for each query of a round.
pub(crate) fn threads<S: Store + Sync + ?Sized>(
    store: &S,
    rounds: Vec<Vec<RememberOnce>>,
) -> Vec<Vec<OneTimeUse>> {
    crowd::threads(rounds, |query| end(store.remember_once(&query)))
}

/// Runs the rounds one after another, all queries of a round as futures.
pub(crate) async fn tasks<S: AsyncStore + ?Sized>(
    store: &S,
    rounds: Vec<Vec<RememberOnce>>,
) -> Vec<Vec<OneTimeUse>> {
    crowd::tasks(rounds, async |query: RememberOnce| end(store.remember_once(&query).await)).await
}
