//! The questions of a server, the two traits that a store implements, and what drives a request to its end.

use super::commands::{
    Credentials, Decide, FindCredentials, FindTemporary, Redeem, Redemption, RememberNonce, SaveTemporary,
};
use super::records::TemporaryRecord;
use super::rejected::Rejected;
use crate::Freshness;
use crate::questions::questions;

questions! {
    /// What happens next with a request: a question to storage, the end, or a refusal.
    ///
    /// [`serve`] and [`serve_async`] take one to its end. A server that wants to do so itself matches:
    ///
    /// ```
    /// use oauth_proto::oauth1::server::{MemoryStore, Question, Rejected, Reply, Store};
    ///
    /// fn drive<T>(mut reply: Reply<T>, store: &MemoryStore) -> Result<T, Rejected> {
    ///     loop {
    ///         reply = match reply {
    ///             Reply::Query(Question::FindCredentials(pending)) => match store.find_credentials(pending.command()) {
    ///                 Ok(answer) => pending.answer(answer),
    ///                 Err(error) => pending.unavailable(error),
    ///             },
    ///             // … and so on for the other questions.
    ///             Reply::Query(_) => unimplemented!(),
    ///             Reply::Done(value) => return Ok(value),
    ///             Reply::Reject(rejected) => return Err(rejected),
    ///         }
    ///     }
    /// }
    /// ```
    reply;

    /// A question to storage: a command, and the way on with its answer.
    ///
    /// ```
    /// use oauth_proto::oauth1::server::Question;
    ///
    /// fn changes_something<T>(question: &Question<T>) -> bool {
    ///     !matches!(question, Question::FindCredentials(_) | Question::FindTemporary(_))
    /// }
    /// ```
    question;

    /// A blocking store. [`serve`] asks it.
    ///
    /// Every method is one atomic step: here a lock is held for its length, in SQL it is one statement or one transaction.
    ///
    /// ```
    /// use std::collections::{HashMap, HashSet};
    /// use std::convert::Infallible;
    /// use std::sync::{Arc, Mutex};
    ///
    /// use oauth_proto::oauth1::server::*;
    ///
    /// #[derive(Default)]
    /// struct Tables {
    ///     clients: HashMap<String, Arc<ClientRecord>>,
    ///     temporaries: HashMap<String, TemporaryRecord>,
    ///     tokens: HashMap<String, Arc<TokenRecord>>,
    ///     nonces: HashSet<(String, Option<String>, u64, String)>,
    /// }
    ///
    /// struct MyStore(Mutex<Tables>);
    ///
    /// impl Store for MyStore {
    ///     type Error = Infallible;
    ///
    ///     fn find_credentials(&self, command: &FindCredentials) -> Result<Credentials, Infallible> {
    ///         let tables = self.0.lock().unwrap();
    ///         let token = command.token.as_deref().unwrap_or_default();
    ///         Ok(Credentials {
    ///             client: tables.clients.get(&command.client).cloned(),
    ///             token: tables.tokens.get(token).filter(|_| !command.temporary).cloned(),
    ///             temporary: tables.temporaries.get(token).filter(|_| command.temporary).cloned().map(Arc::new),
    ///         })
    ///     }
    ///
    ///     // INSERT … ON CONFLICT DO NOTHING: fresh if a row was inserted. Rows may go when `until` has passed.
    ///     fn remember_nonce(&self, command: &RememberNonce) -> Result<Freshness, Infallible> {
    ///         let RememberNonce { client, token, timestamp, nonce, .. } = command.clone();
    ///         let inserted = self.0.lock().unwrap().nonces.insert((client, token, timestamp.as_secs(), nonce));
    ///         Ok(if inserted { Freshness::Fresh } else { Freshness::Seen })
    ///     }
    ///
    ///     fn save_temporary(&self, command: &SaveTemporary) -> Result<(), Infallible> {
    ///         self.0.lock().unwrap().temporaries.insert(command.token.clone(), command.record.clone());
    ///         Ok(())
    ///     }
    ///
    ///     fn find_temporary(&self, command: &FindTemporary) -> Result<Option<TemporaryRecord>, Infallible> {
    ///         Ok(self.0.lock().unwrap().temporaries.get(&command.token).cloned())
    ///     }
    ///
    ///     // UPDATE … WHERE token = ? AND client = ? AND stage = 'waiting' RETURNING …, or DELETE likewise.
    ///     fn decide(&self, command: &Decide) -> Result<Option<TemporaryRecord>, Infallible> {
    ///         let mut tables = self.0.lock().unwrap();
    ///         let waits = |record: &&mut TemporaryRecord| {
    ///             record.stage == Stage::Waiting && record.client == command.client
    ///         };
    ///         let Some(record) = tables.temporaries.get_mut(&command.token).filter(waits) else { return Ok(None) };
    ///         let before = record.clone();
    ///         match &command.stage {
    ///             Some(stage) => record.stage = stage.clone(),
    ///             None => drop(tables.temporaries.remove(&command.token)),
    ///         }
    ///         Ok(Some(before))
    ///     }
    ///
    ///     // One transaction: DELETE … RETURNING the record, `record.redeem(command)`, INSERT the token.
    ///     fn redeem(&self, command: &Redeem) -> Result<Redemption, Infallible> {
    ///         let mut tables = self.0.lock().unwrap();
    ///         let Some(record) = tables.temporaries.remove(&command.temporary) else { return Ok(Redemption::Refused) };
    ///         let redemption = record.redeem(command);
    ///         if let Redemption::Redeemed(token) = &redemption {
    ///             tables.tokens.insert(command.token.clone(), token.clone().into());
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

    /// An asynchronous store. [`serve_async`] asks it. Each method does what that of [`Store`] does, in one
    /// atomic step; write them as `async fn`.
    ///
    /// ```
    /// use oauth_proto::oauth1::server::{AsyncStore, Blocking, MemoryStore};
    ///
    /// fn any_store(_: &impl AsyncStore) {}
    /// any_store(&Blocking(&MemoryStore::default()));
    /// ```
    async_store;

    /// A blocking store where an asynchronous one is wanted, for stores that answer at once.
    ///
    /// ```
    /// use oauth_proto::oauth1::server::{AsyncStore, Blocking, MemoryStore};
    ///
    /// fn any_store(_: &impl AsyncStore) {}
    /// any_store(&Blocking(&MemoryStore::default()));
    /// ```
    blocking;

    rejected Rejected;
    aside [];

    find_credentials: FindCredentials -> Credentials;
    remember_nonce: RememberNonce -> Freshness;
    save_temporary: SaveTemporary -> ();
    find_temporary: FindTemporary -> Option<TemporaryRecord>;
    decide: Decide -> Option<TemporaryRecord>;
    redeem: Redeem -> Redemption;
}
