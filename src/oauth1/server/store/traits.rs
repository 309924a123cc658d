//! The two traits of stores, the queries of a server, and the functions that drive a request to its
//! end.

use super::find_credentials::{FindCredentials, FoundCredentials};
use super::find_temporary::FindTemporary;
use super::record_decision::RecordDecision;
use super::redeem::{Redeem, Redemption};
use super::save_temporary::SaveTemporary;
use super::temporary_record::TemporaryRecord;
use crate::OneTimeUse;
use crate::core::one_time::RememberOnce;
use crate::core::server_queries::server_queries;
use crate::oauth1::server::refuse::rejected::Rejected;

server_queries! {
    /// The next step of a request: a query to storage, the result, or a refusal.
    ///
    /// [`serve`] and [`serve_async`] drive it to its end. A server can also match the steps itself:
    ///
    /// ```
    /// use oauth_proto::oauth1::server::{Rejected, ServerStep};
    /// use oauth_proto::oauth1::server::store::{MemoryStore, NextQuery, Store};
    ///
    /// fn drive<T>(mut step: ServerStep<T>, store: &MemoryStore) -> Result<T, Rejected> {
    ///     loop {
    ///         step = match step {
    ///             ServerStep::Query(NextQuery::FindCredentials(pending)) => {
    ///                 match store.find_credentials(pending.query()) {
    ///                     Ok(answer) => pending.answer(answer),
    ///                     Err(error) => pending.unavailable(error),
    ///                 }
    ///             }
    ///             // … and so on for the other queries.
    ///             ServerStep::Query(_) => unimplemented!(),
    ///             ServerStep::Done(value) => return Ok(value),
    ///             ServerStep::Reject(rejected) => return Err(rejected),
    ///         }
    ///     }
    /// }
    /// ```
    step;

    /// A pending query, of any type.
    ///
    /// ```
    /// use oauth_proto::oauth1::server::store::NextQuery;
    ///
    /// fn changes_something<T>(query: &NextQuery<T>) -> bool {
    ///     !matches!(query, NextQuery::FindCredentials(_) | NextQuery::FindTemporary(_))
    /// }
    /// ```
    query;

    /// A blocking store, for [`serve`].
    ///
    /// Every method is one atomic operation. In this example a lock is held during the method; in
    /// SQL, use one statement or one transaction.
    ///
    /// ```
    /// use std::collections::{HashMap, HashSet};
    /// use std::convert::Infallible;
    /// use std::sync::{Arc, Mutex};
    ///
    /// use oauth_proto::OneTimeUse;
    /// use oauth_proto::oauth1::server::store::*;
    ///
    /// #[derive(Default)]
    /// struct Tables {
    ///     clients: HashMap<String, Arc<ClientRecord>>,
    ///     temporaries: HashMap<String, TemporaryRecord>,
    ///     tokens: HashMap<String, Arc<TokenRecord>>,
    ///     values: HashSet<(OneTimePurpose, TokenHash)>,
    /// }
    ///
    /// struct MyStore(Mutex<Tables>);
    ///
    /// impl Store for MyStore {
    ///     type Error = Infallible;
    ///
    ///     fn find_credentials(
    ///         &self,
    ///         query: &FindCredentials,
    ///     ) -> Result<FoundCredentials, Infallible> {
    ///         let tables = self.0.lock().unwrap();
    ///         let token = query.token.as_deref().unwrap_or_default();
    ///         let temporary = tables.temporaries.get(token).filter(|_| query.temporary);
    ///         Ok(FoundCredentials::default()
    ///             .client(tables.clients.get(&query.client_key).cloned())
    ///             .token(tables.tokens.get(token).filter(|_| !query.temporary).cloned())
    ///             .temporary(temporary.cloned().map(Arc::new)))
    ///     }
    ///
    ///     // INSERT … ON CONFLICT DO NOTHING: `First` if a row was inserted. Rows may go when
    ///     // `expires_at` has passed.
    ///     fn remember_once(&self, query: &RememberOnce) -> Result<OneTimeUse, Infallible> {
    ///         let value = (query.purpose, query.key);
    ///         let inserted = self.0.lock().unwrap().values.insert(value);
    ///         Ok(if inserted { OneTimeUse::First } else { OneTimeUse::Replay })
    ///     }
    ///
    ///     fn save_temporary(&self, query: &SaveTemporary) -> Result<(), Infallible> {
    ///         let mut tables = self.0.lock().unwrap();
    ///         tables.temporaries.insert(query.token.clone(), query.record.clone());
    ///         Ok(())
    ///     }
    ///
    ///     fn find_temporary(
    ///         &self,
    ///         query: &FindTemporary,
    ///     ) -> Result<Option<TemporaryRecord>, Infallible> {
    ///         Ok(self.0.lock().unwrap().temporaries.get(&query.token).cloned())
    ///     }
    ///
    ///     // UPDATE … WHERE token = ? AND client_key = ? AND stage = 'waiting' RETURNING …,
    ///     // or DELETE likewise.
    ///     fn record_decision(
    ///         &self,
    ///         query: &RecordDecision,
    ///     ) -> Result<Option<TemporaryRecord>, Infallible> {
    ///         let mut tables = self.0.lock().unwrap();
    ///         let waits = |record: &&mut TemporaryRecord| {
    ///             record.stage == Stage::Waiting && record.client_key == query.client_key
    ///         };
    ///         let Some(record) = tables.temporaries.get_mut(&query.token).filter(waits) else {
    ///             return Ok(None);
    ///         };
    ///         let before = record.clone();
    ///         match &query.stage {
    ///             Some(stage) => record.stage = stage.clone(),
    ///             None => drop(tables.temporaries.remove(&query.token)),
    ///         }
    ///         Ok(Some(before))
    ///     }
    ///
    ///     // One transaction: DELETE … RETURNING the record, `record.redeem(query)`, INSERT the
    ///     // token.
    ///     fn redeem(&self, query: &Redeem) -> Result<Redemption, Infallible> {
    ///         let mut tables = self.0.lock().unwrap();
    ///         let Some(record) = tables.temporaries.remove(&query.temporary) else {
    ///             return Ok(Redemption::Refused);
    ///         };
    ///         let redemption = record.redeem(query);
    ///         if let Redemption::Redeemed(token) = &redemption {
    ///             tables.tokens.insert(query.token.clone(), token.clone().into());
    ///         }
    ///         Ok(redemption)
    ///     }
    /// }
    ///
    /// # let store = MyStore(Mutex::default());
    /// // Behind a pointer it is a store too.
    /// fn any_store(_: &impl Store) {}
    /// any_store(&std::sync::Arc::new(store));
    /// ```
    store;

    /// An asynchronous store, for [`serve_async`]. Each method does the same as that of [`Store`],
    /// in one atomic operation. Write them as `async fn`.
    ///
    /// ```
    /// use oauth_proto::oauth1::server::store::{AsyncStore, Blocking, MemoryStore};
    ///
    /// fn any_store(_: &impl AsyncStore) {}
    /// any_store(&Blocking(&MemoryStore::default()));
    /// ```
    async_store;

    /// An adapter that makes an [`AsyncStore`] from a [`Store`] that never blocks for long.
    ///
    /// ```
    /// use oauth_proto::oauth1::server::store::{AsyncStore, Blocking, MemoryStore};
    ///
    /// fn any_store(_: &impl AsyncStore) {}
    /// any_store(&Blocking(&MemoryStore::default()));
    /// ```
    blocking;

    rejected Rejected;
    aside [];
    queries

    find_credentials: FindCredentials -> FoundCredentials;
    remember_once: RememberOnce -> OneTimeUse;
    save_temporary: SaveTemporary -> ();
    find_temporary: FindTemporary -> Option<TemporaryRecord>;
    record_decision: RecordDecision -> Option<TemporaryRecord>;
    redeem: Redeem -> Redemption;
}
