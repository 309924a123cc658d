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

    /// A blocking store, for [`serve`]. Every method is one atomic operation: hold a lock during
    /// the method, or in SQL use one statement or one transaction.
    ///
    /// The page [`write_a_store`](crate::oauth2::server::store::write_a_store) has the tables, and
    /// says what each query must exclude. The feature `conformance` has functions that check an
    /// implementation.
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
