//! Functions that check an implementation of a store. Call them in the tests of your store.
//!
//! [`check`] is for a [`Store`], and [`check_async`] for an [`AsyncStore`]. They check that a nonce
//! is used once, also if several requests use it at the same time. The functions panic if the store
//! has broken rules. The message has all broken rules and the line of the caller.
//!
//! Use a store that is only for tests. Two checks of one store need different times, or different
//! seeds ([`Check`]).
//!
//! ```
//! use oauth_proto::Timestamp;
//! use oauth_proto::openid2::server::store::{MemoryStore, conformance};
//!
//! conformance::check(&MemoryStore::default(), Timestamp::from_secs(1_700_000_000));
//! ```

use crate::OneTimeUse;
use crate::core::conformance::check::check_functions;
use crate::core::conformance::kit::kit;
use crate::core::conformance::one_time_values;
use crate::core::conformance::race::Together;
use crate::core::one_time::{OneTimePurpose, RememberOnce};
use crate::openid2::server::queries::{AsyncStore, Blocking, Store};

check_functions! {
    /// Checks a blocking store, with the defaults of [`Check`].
    ///
    /// # Panics
    /// If the store fails, or does not do what its trait requires.
    ///
    /// ```
    /// use oauth_proto::Timestamp;
    /// use oauth_proto::openid2::server::store::{MemoryStore, conformance};
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
    /// use oauth_proto::openid2::server::store::{Blocking, MemoryStore, conformance};
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
    /// use oauth_proto::openid2::server::store::MemoryStore;
    /// use oauth_proto::openid2::server::store::conformance::Check;
    ///
    /// let store = MemoryStore::default();
    /// Check::at(Timestamp::from_secs(1_700_000_000)).rounds(10).run(&store);
    /// Check::at(Timestamp::from_secs(1_700_000_000)).seed(1).rounds(100).run(&store);
    /// ```
    options;
}

kit! {
    remember_once: RememberOnce -> OneTimeUse;
}

/// Asks the store.
async fn make<S: AsyncStore + ?Sized>(
    store: &S,
    query: RememberOnce,
) -> Result<OneTimeUse, S::Error> {
    store.remember_once(&query).await
}

/// Checks the query alone.
async fn one_by_one<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let remember = async |query: RememberOnce| kit.remember_once(query).await;
    let other = OneTimePurpose::OAuth1Nonce;
    one_time_values::check(kit, OneTimePurpose::OpenId2Nonce, other, remember).await;
}

/// Checks the race.
async fn at_once<S: AsyncStore + ?Sized>(
    kit: &Kit<'_, S>,
    together: impl Together<RememberOnce, OneTimeUse>,
) {
    let is_first = |one_time_use: &OneTimeUse| *one_time_use == OneTimeUse::First;
    let purpose = OneTimePurpose::OpenId2Nonce;
    one_time_values::race(kit, purpose, &together, |query| query, is_first).await;
}
