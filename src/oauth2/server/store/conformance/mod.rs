//! Functions that check an implementation of a store. Call them in the tests of your store.
//!
//! [`check`] is for a [`Store`], and [`check_async`] for an [`AsyncStore`]. They check that each
//! query of [`store`](super) does what its documentation says. Then they test races, a thousand
//! times: several queries redeem the same code at the same time, and exactly one of them must
//! succeed. A store that breaks a rule without a race is not tested for races.
//!
//! The functions panic if the store has broken rules. The message has all broken rules and the line
//! of the caller.
//!
//! ```
//! use oauth_proto::Timestamp;
//! use oauth_proto::oauth2::server::store::{MemoryStore, conformance};
//!
//! conformance::check(&MemoryStore::default(), Timestamp::from_os());
//! ```
//!
//! Use a store that is only for tests: the checks leave their records in the store, and records of
//! clients that were there before can disturb the checks. If the store has its own clock, such as a
//! database that drops expired rows, `now` must be the current time. The checks store expired
//! records, whose end is before `now`, and living records, whose end is one hour after `now`. Two
//! runs with the same store need different values of `now`.
#![expect(clippy::panic, reason = "a test calls it, and must fail when the store fails")]

mod clients;
mod crowd;
mod finding;
mod kit;
mod one_time_records;
mod races;
mod races_of_revoking;
mod revoking;
mod tokens;

use std::panic::Location;

use super::traits::{AsyncStore, Blocking, Store};
use crate::Timestamp;
use crate::core::server_queries;

/// Checks a blocking store.
///
/// # Panics
/// If the store fails, or does not do what its trait requires.
///
/// ```
/// use oauth_proto::Timestamp;
/// use oauth_proto::oauth2::server::store::{MemoryStore, conformance};
///
/// conformance::check(&MemoryStore::default(), Timestamp::from_secs(1_700_000_000));
/// ```
#[track_caller]
pub fn check<S: Store + Sync + ?Sized>(store: &S, now: Timestamp) {
    let caller = Location::caller();
    let asked = Blocking(store);
    let kit = kit::Kit::new(&asked, now);
    server_queries::at_once(async {
        one_by_one(&kit).await;
        kit.finish(caller);
        races::check(&kit, async |rounds| crowd::threads(store, rounds)).await;
        races_of_revoking::check(&kit, async |rounds| crowd::threads(store, rounds)).await;
    });
    kit.finish(caller);
}

/// Checks an asynchronous store. Its futures are polled in turn on the caller's task, so they
/// overlap where they wait. Check a store that never waits with [`check`].
///
/// # Panics
/// If the store fails, or does not do what its trait requires.
///
/// ```
/// use oauth_proto::Timestamp;
/// use oauth_proto::oauth2::server::store::{Blocking, MemoryStore, conformance};
///
/// # pollster::block_on(async {
/// let store = MemoryStore::default();
/// conformance::check_async(&Blocking(&store), Timestamp::from_secs(1_700_000_000)).await;
/// # });
/// ```
#[track_caller]
pub fn check_async<S: AsyncStore + ?Sized>(store: &S, now: Timestamp) -> impl Future<Output = ()> {
    let caller = Location::caller();
    async move {
        let kit = kit::Kit::new(store, now);
        one_by_one(&kit).await;
        kit.finish(caller);
        races::check(&kit, async |rounds| crowd::tasks(store, rounds).await).await;
        races_of_revoking::check(&kit, async |rounds| crowd::tasks(store, rounds).await).await;
        kit.finish(caller);
    }
}

/// Checks each query alone.
async fn one_by_one<S: AsyncStore + ?Sized>(kit: &kit::Kit<'_, S>) {
    kit.register().await;
    clients::check(kit).await;
    one_time_records::check(kit).await;
    tokens::check(kit).await;
    finding::check(kit).await;
    revoking::check(kit).await;
}
