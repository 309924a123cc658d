//! The one query to storage, which remembers a nonce, and the functions that ask it.

use std::fmt;

use super::rejected::Rejected;
use crate::core::query::ServerQuery;
use crate::core::server_queries::server_queries;
use crate::{OneTimeUse, Timestamp};

/// The query that remembers a nonce and returns whether it was there before, in one atomic
/// operation.
///
/// For a relying party it is the nonce of an assertion (OpenID Authentication 2.0 §11.3), and for a
/// provider that of a response whose signature it confirms (§11.4.2.1). The key is endpoint and
/// nonce together, so both can use the same table.
///
/// A store that drops expired nonces must keep the latest `now` at which it dropped some. For a
/// query whose `until` is not later than that, it must return [`OneTimeUse::Replay`], since it
/// cannot know.
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
    /// The endpoint of the provider.
    pub endpoint: String,
    /// The nonce, with up to 255 characters.
    pub nonce: String,
    /// The time until which the nonce must be remembered. After that, the nonce is too old.
    pub until: Timestamp,
    /// The current time. The store may drop nonces whose `until` is in the past.
    pub now: Timestamp,
}

impl ServerQuery for RememberNonce {
    type Output = OneTimeUse;
}

impl fmt::Debug for RememberNonce {
    /// In OpenID 1.1, the nonce is the value that ties the response to a browser.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RememberNonce")
            .field("endpoint", &self.endpoint)
            .field("until", &self.until)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

server_queries! {
    /// The next step of a request to a provider: a query to storage, the result, or a refusal.
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

    /// A pending query.
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

    /// A blocking store of a relying party or a provider, for [`serve`].
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

    /// An asynchronous store, for [`serve_async`]. Write its method as an `async fn`.
    ///
    /// ```
    /// use oauth_proto::openid2::server::store::{AsyncStore, Blocking, MemoryStore};
    ///
    /// fn any_store(_: &impl AsyncStore) {}
    /// any_store(&Blocking(&MemoryStore::default()));
    /// ```
    async_store;

    /// An adapter that makes an [`AsyncStore`] from a [`Store`] that never blocks for long.
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
