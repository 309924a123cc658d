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
//! runs with the same store need different values of `now`, or different seeds ([`Check`]).
//!
//! Queries that a store leaves out are only checked for their output
//! ([`OptionalQuery`]).

mod attempts;
mod clients;
mod crowd;
mod finding;
mod kit;
mod left_out;
mod listing;
mod one_time_records;
mod purging;
mod races;
mod races_of_revoking;
mod revoking;
mod texts;
mod tokens;

use self::crowd::{Move, Outcome, make};
use self::kit::Kit;
use super::optional::OptionalQuery;
use super::traits::{AsyncStore, Blocking, Store};
use crate::OneTimeUse;
use crate::core::conformance::check::check_functions;
use crate::core::conformance::one_time_values;
use crate::core::conformance::race::Together;
use crate::core::one_time::{OneTimePurpose, RememberOnce};

/// The purpose of the values that are checked.
const ONE_TIME_PURPOSE: OneTimePurpose = OneTimePurpose::ClientAssertion;

check_functions! {
    /// Checks a blocking store, with the defaults of [`Check`].
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
    check;

    /// Checks an asynchronous store, with the defaults of [`Check`].
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
    check_async;

    /// A check of a store with options.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::Timestamp;
    /// use oauth_proto::oauth2::server::store::MemoryStore;
    /// use oauth_proto::oauth2::server::store::conformance::Check;
    ///
    /// let store = MemoryStore::default();
    /// // A quick check while you write the store, and a long one before you publish it.
    /// Check::at(Timestamp::from_secs(1_700_000_000)).rounds(10).run(&store);
    /// Check::at(Timestamp::from_secs(1_700_000_000)).seed(1).rounds(100).run(&store);
    /// ```
    options;
}

impl Check {
    /// Leaves out the rule that the records of a client are saved only while the client is there. A
    /// store whose clients are in another store cannot keep it: see
    /// [`Layered`](crate::oauth2::server::store::Layered).
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::Timestamp;
    /// use oauth_proto::oauth2::server::store::conformance::Check;
    /// use oauth_proto::oauth2::server::store::{Layered, MemoryStore};
    ///
    /// let records = MemoryStore::default().with_clients_elsewhere();
    /// let store = Layered::new(MemoryStore::default(), records);
    /// Check::at(Timestamp::from_secs(1_700_000_000)).rounds(10).clients_elsewhere().run(&store);
    /// ```
    pub const fn clients_elsewhere(mut self) -> Self {
        self.0.clients_elsewhere = true;
        self
    }
}

/// Checks each query alone.
async fn one_by_one<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    kit.register().await;
    clients::check(kit).await;
    one_time_records::check(kit).await;
    tokens::check(kit).await;
    finding::check(kit).await;
    revoking::check(kit).await;
    texts::check(kit).await;
    for query in OptionalQuery::ALL {
        if !kit.supports(query) {
            left_out::check(kit, query).await;
            continue;
        }
        match query {
            OptionalQuery::CountAttempt => attempts::check(kit).await,
            OptionalQuery::RememberOnce => {
                let remember = async |query: RememberOnce| kit.remember_once(query).await;
                let other = OneTimePurpose::OpenId2Nonce;
                one_time_values::check(kit, ONE_TIME_PURPOSE, other, remember).await;
            }
            OptionalQuery::ListGrants => listing::check_grants(kit).await,
            OptionalQuery::ListClients => listing::check_clients(kit).await,
            OptionalQuery::Purge => purging::check(kit).await,
        }
    }
}

/// Checks the races.
async fn at_once<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>, together: impl Together<Move, Outcome>) {
    races::check(kit, &together).await;
    races_of_revoking::check(kit, &together).await;
    if kit.supports(OptionalQuery::CountAttempt) {
        attempts::race(kit, &together).await;
    }
    if kit.supports(OptionalQuery::RememberOnce) {
        let is_first = |outcome: &Outcome| *outcome == Outcome::Remembered(OneTimeUse::First);
        one_time_values::race(kit, ONE_TIME_PURPOSE, &together, Move::Remember, is_first).await;
    }
    if kit.supports(OptionalQuery::Purge) {
        purging::race(kit, &together).await;
    }
}
