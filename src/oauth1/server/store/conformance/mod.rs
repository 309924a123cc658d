//! Functions that check an implementation of a store. Call them in the tests of your store.
//!
//! [`check`] is for a [`Store`], and [`check_async`] for an [`AsyncStore`]. They check that each
//! query of [`store`](super) does what its documentation says, and then test races. The functions
//! panic if the store has broken rules. The message has all broken rules and the line of the
//! caller.
//!
//! Use a store that is only for tests. No query saves a client, so the store needs none. Two checks
//! of one store need different times, or different seeds ([`Check`]).
//!
//! ```
//! use oauth_proto::Timestamp;
//! use oauth_proto::oauth1::server::store::{MemoryStore, conformance};
//!
//! conformance::check(&MemoryStore::default(), Timestamp::from_secs(1_700_000_000));
//! ```

mod crowd;
mod decisions;
mod kit;
mod redeeming;
mod temporaries;

use self::crowd::{Move, Outcome, make};
use self::kit::Kit;
use super::traits::{AsyncStore, Blocking, Store};
use crate::OneTimeUse;
use crate::core::conformance::check::check_functions;
use crate::core::conformance::one_time_values;
use crate::core::conformance::race::Together;
use crate::core::one_time::{OneTimePurpose, RememberOnce};

check_functions! {
    /// Checks a blocking store, with the defaults of [`Check`].
    ///
    /// # Panics
    /// If the store fails, or does not do what its trait requires.
    ///
    /// ```
    /// use oauth_proto::Timestamp;
    /// use oauth_proto::oauth1::server::store::{MemoryStore, conformance};
    ///
    /// conformance::check(&MemoryStore::default(), Timestamp::from_secs(1_700_000_000));
    /// ```
    check;

    /// Checks an asynchronous store, with the defaults of [`Check`].
    ///
    /// # Panics
    /// If the store fails, or does not do what its trait requires.
    ///
    /// ```
    /// use oauth_proto::Timestamp;
    /// use oauth_proto::oauth1::server::store::{Blocking, MemoryStore, conformance};
    ///
    /// # pollster::block_on(async {
    /// let store = MemoryStore::default();
    /// conformance::check_async(&Blocking(&store), Timestamp::from_secs(1_700_000_000)).await;
    /// # });
    /// ```
    check_async;

    /// A check of a store with options.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::Timestamp;
    /// use oauth_proto::oauth1::server::store::MemoryStore;
    /// use oauth_proto::oauth1::server::store::conformance::Check;
    ///
    /// let store = MemoryStore::default();
    /// Check::at(Timestamp::from_secs(1_700_000_000)).rounds(10).run(&store);
    /// Check::at(Timestamp::from_secs(1_700_000_000)).seed(1).rounds(100).run(&store);
    /// ```
    options;
}

/// Checks each query alone.
async fn one_by_one<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    temporaries::check(kit).await;
    decisions::check(kit).await;
    redeeming::check(kit).await;
    let remember = async |query: RememberOnce| kit.remember_once(query).await;
    let other = OneTimePurpose::OpenId2Nonce;
    one_time_values::check(kit, OneTimePurpose::OAuth1Nonce, other, remember).await;
}

/// Checks the races.
async fn at_once<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>, together: impl Together<Move, Outcome>) {
    decisions::race(kit, &together).await;
    redeeming::race(kit, &together).await;
    let is_first = |outcome: &Outcome| *outcome == Outcome::Remembered(OneTimeUse::First);
    let purpose = OneTimePurpose::OAuth1Nonce;
    one_time_values::race(kit, purpose, &together, Move::Remember, is_first).await;
}
