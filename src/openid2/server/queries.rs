//! The one query to storage, whether an assertion comes for the first time, and what asks it.

use std::fmt;

use super::rejected::Rejected;
use crate::core::query::ServerQuery;
use crate::core::server_queries::server_queries;
use crate::{OneTimeUse, Timestamp};

/// Remembers a nonce, and tells whether it was there already: in one step.
///
/// For a relying party it is an assertion's (OpenID Authentication 2.0 §11.3), for a provider that
/// of an answer whose signature was asked about (§11.4.2.1). Two sites may share a table: endpoint
/// and nonce are the key.
///
/// A store that forgets nonces when their time has passed must answer [`OneTimeUse::Replay`] where
/// `until` is not later than the latest `now` that it has forgotten by: it cannot know any more.
///
/// ```
/// use oauth_proto::Timestamp;
/// use oauth_proto::openid2::server::store::RememberNonce;
///
/// let query = RememberNonce {
///     endpoint: "https://op.example/openid".into(),
///     nonce: "2005-05-15T17:11:51ZUNIQUE".into(),
///     until: Timestamp::from_secs(1_116_177_771),
///     now: Timestamp::from_secs(1_116_177_120),
/// };
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RememberNonce {
    /// The provider's endpoint.
    pub endpoint: String,
    /// The nonce: up to 255 characters.
    pub nonce: String,
    /// Until when it must be remembered. Afterwards its time is refused.
    pub until: Timestamp,
    /// The time. The store may forget answers that had to be remembered until then.
    pub now: Timestamp,
}

impl ServerQuery for RememberNonce {
    type Output = OneTimeUse;
}

impl fmt::Debug for RememberNonce {
    /// Of OpenID 1.1, the nonce is what ties the answer to a browser.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RememberNonce")
            .field("endpoint", &self.endpoint)
            .field("until", &self.until)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

server_queries! {
    /// The next step of a request to a provider: a query to storage, the end, or a refusal.
    ///
    /// ```
    /// use oauth_proto::openid2::server::store::{MemoryStore, NextQuery, Store};
    /// use oauth_proto::openid2::server::{Rejected, ServerStep};
    ///
    /// fn drive<T>(mut step: ServerStep<T>, store: &MemoryStore) -> Result<T, Rejected> {
    ///     loop {
    ///         step = match step {
    ///             ServerStep::Query(NextQuery::RememberNonce(pending)) => {
    ///                 match store.remember_nonce(pending.query()) {
    ///                     Ok(answer) => pending.answer(answer),
    ///                     Err(error) => pending.unavailable(error),
    ///                 }
    ///             }
    ///             ServerStep::Done(value) => return Ok(value),
    ///             ServerStep::Reject(rejected) => return Err(rejected),
    ///         }
    ///     }
    /// }
    /// ```
    step;

    /// A query that is pending.
    ///
    /// ```
    /// use oauth_proto::openid2::server::store::NextQuery;
    ///
    /// fn endpoint<T>(query: &NextQuery<T>) -> &str {
    ///     let NextQuery::RememberNonce(pending) = query;
    ///     &pending.query().endpoint
    /// }
    /// ```
    query;

    /// A blocking store, for a relying party and a provider. [`serve`] asks it.
    ///
    /// ```
    /// use std::collections::HashSet;
    /// use std::convert::Infallible;
    /// use std::sync::Mutex;
    ///
    /// use oauth_proto::openid2::server::store::{OneTimeUse, RememberNonce, Store};
    ///
    /// struct MyStore(Mutex<HashSet<(String, String)>>);
    ///
    /// impl Store for MyStore {
    ///     type Error = Infallible;
    ///
    ///     // INSERT … ON CONFLICT DO NOTHING: `First` if a row was inserted. Rows may go when
    ///     // `until` has passed.
    ///     fn remember_nonce(&self, query: &RememberNonce) -> Result<OneTimeUse, Infallible> {
    ///         let key = (query.endpoint.clone(), query.nonce.clone());
    ///         let inserted = self.0.lock().unwrap().insert(key);
    ///         Ok(if inserted { OneTimeUse::First } else { OneTimeUse::Replay })
    ///     }
    /// }
    /// ```
    store;

    /// An asynchronous store. [`serve_async`] asks it. Write its method as an `async fn`.
    ///
    /// ```
    /// use oauth_proto::openid2::server::store::{AsyncStore, Blocking, MemoryStore};
    ///
    /// fn any_store(_: &impl AsyncStore) {}
    /// any_store(&Blocking(&MemoryStore::default()));
    /// ```
    async_store;

    /// A blocking store where an asynchronous one is wanted, for stores that answer at once.
    ///
    /// ```
    /// use oauth_proto::openid2::server::store::{AsyncStore, Blocking, MemoryStore};
    ///
    /// fn any_store(_: &impl AsyncStore) {}
    /// any_store(&Blocking(&MemoryStore::default()));
    /// ```
    blocking;

    rejected Rejected;
    aside [];

    remember_nonce: RememberNonce -> OneTimeUse;
}
