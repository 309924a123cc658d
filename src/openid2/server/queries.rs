//! The one query to storage, which remembers a nonce, and the functions that ask it.

use super::rejected::Rejected;
use crate::OneTimeUse;
use crate::core::one_time::RememberOnce;
use crate::core::server_queries::server_queries;

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
    ///             ServerStep::Query(NextQuery::RememberOnce(pending)) => {
    ///                 match store.remember_once(pending.query()) {
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
    /// fn key<T>(query: &NextQuery<T>) -> String {
    ///     let NextQuery::RememberOnce(pending) = query;
    ///     pending.query().key.to_string()
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
    /// use oauth_proto::openid2::server::store::{
    ///     OneTimePurpose, OneTimeUse, RememberOnce, Store, TokenHash,
    /// };
    ///
    /// struct MyStore(Mutex<HashSet<(OneTimePurpose, TokenHash)>>);
    ///
    /// impl Store for MyStore {
    ///     type Error = Infallible;
    ///
    ///     // INSERT … ON CONFLICT DO NOTHING: `First` if a row was inserted. Rows may go when
    ///     // `expires_at` has passed.
    ///     fn remember_once(&self, query: &RememberOnce) -> Result<OneTimeUse, Infallible> {
    ///         let inserted = self.0.lock().unwrap().insert((query.purpose, query.key));
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
    queries

    remember_once: RememberOnce -> OneTimeUse;
}
