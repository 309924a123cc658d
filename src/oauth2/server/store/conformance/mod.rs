//! The requirements on a store, as functions that a store's own tests call.
//!
//! [`check`] is for a [`Store`], [`check_async`] for an [`AsyncStore`]. They go through every query
//! in [`server`](super), as it is documented there, and then ask many at once: of those who take
//! one code at the same time, exactly one may win, a thousand times. If the store departs from
//! them, they panic with a description.
//!
//! ```
//! use oauth_proto::Timestamp;
//! use oauth_proto::oauth2::server::store::{MemoryStore, conformance};
//!
//! conformance::check(&MemoryStore::default(), Timestamp::from_os());
//! ```
//!
//! Give it a store that is only for tests: the records that are put there stay, and clients that a
//! store knows by other means may be in the way. `now` is the true time if the store has a clock
//! itself, such as a database that drops expired rows; everything that has to have expired did so
//! before then, and everything else lives for an hour. Two runs against the same store need
//! different seconds.
#![expect(clippy::panic, reason = "a test calls it, and must fail when a rule is broken")]

mod clients;
mod crowd;
mod kit;
mod one_time_records;
mod races;
mod tokens;

use super::traits::{AsyncStore, Blocking, Store};
use crate::Timestamp;
use crate::core::server_queries;

/// Checks a blocking store.
///
/// # Panics
/// If the store does not do what its trait says, or fails.
///
/// ```
/// use oauth_proto::Timestamp;
/// use oauth_proto::oauth2::server::store::{MemoryStore, conformance};
///
/// conformance::check(&MemoryStore::default(), Timestamp::from_secs(1_700_000_000));
/// ```
pub fn check<S: Store + Sync + ?Sized>(store: &S, now: Timestamp) {
    let asked = Blocking(store);
    let kit = kit::Kit::new(&asked, now);
    server_queries::at_once(async {
        one_by_one(&kit).await;
        races::check(&kit, async |rounds| crowd::threads(store, rounds)).await;
    });
}

/// Checks an asynchronous store. Its futures are polled in turn, on the caller's task, so that they
/// overlap wherever they wait; a store that never waits is better checked by [`check`].
///
/// # Panics
/// If the store does not do what its trait says, or fails.
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
pub async fn check_async<S: AsyncStore + ?Sized>(store: &S, now: Timestamp) {
    let kit = kit::Kit::new(store, now);
    one_by_one(&kit).await;
    races::check(&kit, async |rounds| crowd::tasks(store, rounds).await).await;
}

/// Checks each query alone.
async fn one_by_one<S: AsyncStore + ?Sized>(kit: &kit::Kit<'_, S>) {
    kit.register().await;
    clients::check(kit).await;
    one_time_records::check(kit).await;
    tokens::check(kit).await;
}
