//! The two traits of stores, the queries of an authorization server, and the functions that drive a
//! request to its end.

use std::sync::Arc;

use super::attempts::{CountAttempt, FindAttempts};
use super::decide_grant::DecideGrant;
use super::extend_response::ExtendResponse;
use super::find::{Find, Found};
use super::lists::{ClientPage, GrantPage, ListClients, ListGrants};
use super::optional::{CanBeLeftOut, NotSupported, OptionalQuery};
use super::purge::{Purge, Purged};
use super::queries::{
    FindClient, FindOneTimeRecord, FindToken, FoundOneTimeRecord, Redeem, Redemption, RemoveClient,
    ReplaceOneTimeRecord, Revoke, Rotate, Rotation, SaveClient, SaveOneTimeRecord, SaveTokens,
    Saved,
};
use super::records::attempt::Attempts;
use super::records::client_record::ClientRecord;
use super::records::token_record::TokenRecord;
use crate::OneTimeUse;
use crate::core::one_time::RememberOnce;
use crate::core::server_queries::server_queries;
use crate::oauth2::server::refuse::rejected::Rejected;

/// Calls a macro with the list of all queries of a store, after the caller's own tokens. It is for
/// stores around a store in this repository's tests, and not part of the public interface.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_oauth2_query {
    ($callback:ident! { $($before:tt)* }) => {
        $crate::for_each_oauth2_query! { @ $callback! { $($before)* } {} }
    };
    // Inserts `between` before the queries that are not steps of a request.
    (@ $callback:ident! { $($before:tt)* } { $($between:tt)* }) => {
        $callback! {
            $($before)*
            find_client: FindClient -> Option<Arc<ClientRecord>>;
            save_client: SaveClient -> bool;
            remove_client: RemoveClient -> bool;
            save_one_time_record: SaveOneTimeRecord -> bool;
            find_one_time_record: FindOneTimeRecord -> Option<FoundOneTimeRecord>;
            replace_one_time_record: ReplaceOneTimeRecord -> bool;
            redeem: Redeem -> Redemption;
            save_tokens: SaveTokens -> Saved;
            find_token: FindToken -> Option<Arc<TokenRecord>>;
            rotate: Rotate -> Rotation;
            revoke: Revoke -> ();
            find: Find -> Found, find_in_turn, find_in_turn_async;
            count_attempt: CountAttempt -> Result<Attempts, NotSupported>,
                leave_out, leave_out_async;
            remember_once: RememberOnce -> OneTimeUse, cannot_know, cannot_know_async;
            $($between)*
            find_attempts: FindAttempts -> Result<Option<Attempts>, NotSupported>,
                leave_out, leave_out_async;
            list_grants: ListGrants -> Result<GrantPage, NotSupported>,
                leave_out, leave_out_async;
            list_clients: ListClients -> Result<ClientPage, NotSupported>,
                leave_out, leave_out_async;
            purge: Purge -> Result<Purged, NotSupported>, leave_out, leave_out_async;
        }
    };
}

for_each_oauth2_query! { @ server_queries! {
    /// The next step of a request: a query, the result, or a refusal.
    ///
    /// [`serve`] and [`serve_async`] drive it to its end. A server can also match the steps itself:
    ///
    /// ```
    /// use oauth_proto::oauth2::server::{Rejected, ServerStep};
    /// use oauth_proto::oauth2::server::store::{MemoryStore, NextQuery, Store};
    ///
    /// fn drive<T>(mut step: ServerStep<T>, store: &MemoryStore) -> Result<T, Rejected> {
    ///     loop {
    ///         step = match step {
    ///             ServerStep::Query(NextQuery::FindClient(pending)) => {
    ///                 match store.find_client(pending.query()) {
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

    /// A pending query. The application answers [`DecideGrant`] and [`ExtendResponse`], and the
    /// storage answers all others.
    ///
    /// ```
    /// use oauth_proto::oauth2::server::store::NextQuery;
    ///
    /// fn is_for_the_application<T>(query: &NextQuery<T>) -> bool {
    ///     matches!(query, NextQuery::DecideGrant(_))
    /// }
    /// ```
    query;

    /// A blocking store, for [`serve`]: three tables, of clients, one-time records and tokens, and
    /// two tables for the queries that a store can leave out
    /// ([`OptionalQuery`]).
    ///
    /// Every method is one atomic operation: hold a lock during the method, or in SQL use one
    /// statement or one transaction. The feature `conformance` has functions that check an
    /// implementation. Records implement serde's `Serialize` and `Deserialize`, so each can be
    /// stored in a JSON column. Each record has a member `v`, the version of its form. Later
    /// versions of this crate read all records of version 1, and a record of a later version is
    /// refused with an error. The other columns are the keys by which a record is found, and its
    /// expiry:
    ///
    /// ```sql
    /// CREATE TABLE clients (client_id TEXT PRIMARY KEY, registration TEXT, record JSON NOT NULL);
    /// CREATE TABLE one_time_records (
    ///     key TEXT PRIMARY KEY, second_key TEXT UNIQUE, grant_id TEXT, user_id TEXT,
    ///     client_id TEXT REFERENCES clients ON DELETE CASCADE, expires_at BIGINT,
    ///     version BIGINT NOT NULL DEFAULT 0, used BOOLEAN NOT NULL DEFAULT FALSE,
    ///     record JSON NOT NULL
    /// );
    /// CREATE TABLE tokens (
    ///     key TEXT PRIMARY KEY, grant_id TEXT, family TEXT, user_id TEXT,
    ///     client_id TEXT REFERENCES clients ON DELETE CASCADE,
    ///     subject TEXT REFERENCES tokens ON DELETE CASCADE, unique_key TEXT, expires_at BIGINT,
    ///     replaced BOOLEAN NOT NULL DEFAULT FALSE,
    ///     serial BIGINT GENERATED ALWAYS AS IDENTITY, record JSON NOT NULL
    /// );
    /// CREATE TABLE attempts (
    ///     purpose TEXT, key TEXT, count BIGINT NOT NULL, ends_at BIGINT NOT NULL,
    ///     PRIMARY KEY (purpose, key)
    /// );
    /// CREATE TABLE one_time_values (
    ///     purpose TEXT, key TEXT, expires_at BIGINT NOT NULL, PRIMARY KEY (purpose, key)
    /// );
    /// -- with an index on each grant_id, family, user_id, client_id, subject, unique_key and
    /// -- expires_at. The serial tells which of several reusable tokens was saved last. The subject
    /// -- is the token from which the token was exchanged. Then, for example:
    ///
    /// -- save a one-time record with a second_key: an expired one must make room first
    /// DELETE FROM one_time_records WHERE second_key = $1 AND expires_at <= $2;
    ///
    /// -- redeem, in one transaction: where no row is changed, look whether there is one, for
    /// -- Replayed or Unknown
    /// UPDATE one_time_records SET used = TRUE WHERE key = $1 AND NOT used;
    /// INSERT INTO tokens (key, grant_id, client_id, unique_key, expires_at, user_id, record)
    ///     VALUES …;
    /// -- or, where a reusable token is there: set the one-time record's grant_id to that one's,
    /// -- and answer find_one_time_record with it
    ///
    /// -- rotate, in one transaction: likewise
    /// UPDATE tokens SET replaced = TRUE, expires_at = $2, record = $3
    ///     WHERE key = $1 AND NOT replaced;
    /// INSERT INTO tokens …;
    /// -- the predecessor, in PostgreSQL's syntax
    /// UPDATE tokens SET record = (record::jsonb #- '{replaced,sealed}') WHERE key = $4;
    ///
    /// -- revoke a grant; likewise a user and a client. The one-time records of a family are those
    /// -- of its first grant
    /// DELETE FROM one_time_records WHERE grant_id = $1;
    /// DELETE FROM tokens WHERE grant_id = $1;
    ///
    /// -- a page of a user's grants, in PostgreSQL's syntax
    /// SELECT DISTINCT ON (grant_id) record FROM tokens
    ///     WHERE user_id = $1 AND grant_id > $2 AND subject IS NULL AND NOT replaced
    ///         AND (expires_at IS NULL OR expires_at > $3)
    ///     ORDER BY grant_id, serial DESC LIMIT $4;
    ///
    /// -- purge, each statement with a limit
    /// DELETE FROM one_time_records WHERE expires_at <= $1;
    /// DELETE FROM tokens WHERE expires_at <= $1;
    /// DELETE FROM attempts WHERE ends_at <= $1;
    /// DELETE FROM one_time_values WHERE expires_at <= $1;
    /// UPDATE tokens SET record = (record::jsonb #- '{replaced,sealed}')
    ///     WHERE (record->'replaced'->>'sealed_until')::bigint <= $1;
    /// ```
    ///
    /// ```
    /// use oauth_proto::oauth2::server::store::{MemoryStore, Store};
    ///
    /// // Behind a pointer it is a store too.
    /// fn any_store(_: &impl Store) {}
    /// any_store(&std::sync::Arc::new(MemoryStore::default()));
    /// ```
    store;

    /// An asynchronous store, for [`serve_async`]. Each method does the same as that of [`Store`],
    /// in one atomic operation. Write them as `async fn`.
    ///
    /// ```
    /// use oauth_proto::oauth2::server::store::{AsyncStore, Blocking, MemoryStore};
    ///
    /// fn any_store(_: &impl AsyncStore) {}
    /// any_store(&Blocking(&MemoryStore::default()));
    /// ```
    async_store;

    /// An adapter that makes an [`AsyncStore`] from a [`Store`] that never blocks for long.
    ///
    /// ```
    /// use oauth_proto::oauth2::server::store::{AsyncStore, Blocking, MemoryStore};
    ///
    /// fn any_store(_: &impl AsyncStore) {}
    /// any_store(&Blocking(&MemoryStore::default()));
    /// ```
    blocking;

    rejected Rejected;
    aside [DecideGrant, ExtendResponse];
    optional OptionalQuery;
    queries
} { ; } }

/// Answers the query with one query after the other.
fn find_in_turn<S: Store + ?Sized>(store: &S, query: &Find) -> Result<Found, S::Error> {
    let find_client = |query| store.find_client(query);
    let find_record = |query| store.find_one_time_record(query);
    Ok(Found {
        client: query.client.as_ref().map(find_client).transpose()?.flatten(),
        other_client: query.other_client.as_ref().map(find_client).transpose()?.flatten(),
        one_time_record: query.one_time_record.as_ref().map(find_record).transpose()?.flatten(),
        token: query.token.as_ref().map(|query| store.find_token(query)).transpose()?.flatten(),
        attempts: match query.attempts.as_slice() {
            [] => Ok(Vec::new()),
            queries => {
                let found = queries.iter().map(|query| store.find_attempts(query));
                found.collect::<Result<Result<_, _>, _>>()?
            }
        },
    })
}

/// Does the same with an asynchronous store.
pub(crate) fn find_in_turn_async<S: AsyncStore + ?Sized>(
    store: &S,
    query: &Find,
) -> impl Future<Output = Result<Found, S::Error>> + Send {
    // The futures are made here, not in the block: a block that holds the store could only be sent
    // to another thread if the store were `Sync`.
    let client = query.client.as_ref().map(|query| store.find_client(query));
    let other_client = query.other_client.as_ref().map(|query| store.find_client(query));
    let one_time_record =
        query.one_time_record.as_ref().map(|query| store.find_one_time_record(query));
    let token = query.token.as_ref().map(|query| store.find_token(query));
    let attempts: Vec<_> = query.attempts.iter().map(|query| store.find_attempts(query)).collect();
    async move {
        Ok(Found {
            client: found(client).await?,
            other_client: found(other_client).await?,
            one_time_record: found(one_time_record).await?,
            token: found(token).await?,
            attempts: {
                let mut found = Vec::with_capacity(attempts.len());
                for attempts in attempts {
                    found.push(attempts.await?);
                }
                found.into_iter().collect()
            },
        })
    }
}

async fn found<T, E>(
    future: Option<impl Future<Output = Result<Option<T>, E>>>,
) -> Result<Option<T>, E> {
    match future {
        Some(future) => future.await,
        None => Ok(None),
    }
}

/// Answers a query that a store leaves out.
fn leave_out<S: Store + ?Sized, Q: CanBeLeftOut, T>(
    _: &S,
    _: &Q,
) -> Result<Result<T, NotSupported>, S::Error> {
    Ok(Err(NotSupported::new(Q::QUERY)))
}

/// Answers a query to remember a value with a store that cannot know whether it was used.
fn cannot_know<S: Store + ?Sized>(_: &S, _: &RememberOnce) -> Result<OneTimeUse, S::Error> {
    Ok(OneTimeUse::Replay)
}

/// Does the same for an asynchronous store.
fn cannot_know_async<S: AsyncStore + ?Sized>(
    _: &S,
    _: &RememberOnce,
) -> impl Future<Output = Result<OneTimeUse, S::Error>> + Send + use<S> {
    std::future::ready(Ok(OneTimeUse::Replay))
}

/// Answers a query that an asynchronous store leaves out.
fn leave_out_async<S: AsyncStore + ?Sized, Q: CanBeLeftOut, T: Send>(
    _: &S,
    _: &Q,
) -> impl Future<Output = Result<Result<T, NotSupported>, S::Error>> + Send + use<S, Q, T> {
    std::future::ready(Ok(Err(NotSupported::new(Q::QUERY))))
}
