//! A store made of two: the clients in one, and all other records in the other.

use std::fmt;
use std::sync::Arc;

use super::attempts::{CountAttempt, FindAttempts};
use super::find::{Find, Found};
use super::lists::{ClientPage, GrantPage, ListClients, ListGrants};
use super::optional::{NotSupported, OptionalQuery};
use super::purge::{Purge, Purged};
use super::queries::{
    FindClient, FindOneTimeRecord, FindToken, FoundOneTimeRecord, Redeem, Redemption, RemoveClient,
    ReplaceOneTimeRecord, Revoke, Rotate, Rotation, SaveClient, SaveOneTimeRecord, SaveTokens,
    Saved,
};
use super::records::attempt::Attempts;
use super::records::client_record::ClientRecord;
use super::records::token_record::TokenRecord;
use super::traits::{AsyncStore, Store};
use crate::OneTimeUse;
use crate::core::one_time::RememberOnce;
use crate::for_each_oauth2_query;

/// A store made of two: one that has the clients, such as a configuration file, and one that has
/// all other records, such as a database.
///
/// The store of the records must accept records of clients that it does not have. A
/// [`MemoryStore`](crate::oauth2::server::store::MemoryStore) does so after
/// [`with_clients_elsewhere`](crate::oauth2::server::store::MemoryStore::with_clients_elsewhere).
/// Tables do so without the foreign keys to the clients. Check the two together with
/// `conformance::Check::clients_elsewhere`.
///
/// [`RemoveClient`] removes the client first, and then revokes its records with [`Revoke::Client`].
/// If the second part fails, the query fails, and the client is gone: revoke its records again.
///
/// # Security
/// A request of a client that is removed at the same time can save tokens after the client's
/// records were revoked. These tokens work until they expire. Each later request of the client is
/// refused, so no refresh token of it works.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::store::{ClientRecord, Layered, MemoryStore};
///
/// // The clients of a configuration, and a store that stands for a database.
/// let clients = MemoryStore::default();
/// clients.add_client(ClientRecord::public("app"));
/// let store = Layered::new(clients, MemoryStore::default().with_clients_elsewhere());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Layered<C, R> {
    clients: C,
    records: R,
}

impl<C, R> Layered<C, R> {
    /// Makes a store that has its clients in `clients`, and all other records in `records`.
    pub const fn new(clients: C, records: R) -> Self {
        Self { clients, records }
    }
}

/// The error of a [`Layered`] store.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::store::LayeredError;
///
/// let error: LayeredError<&str, &str> = LayeredError::Clients("the file is locked");
/// assert_eq!(error.to_string(), "the store of the clients: the file is locked");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayeredError<C, R> {
    /// The store of the clients failed.
    Clients(C),
    /// The store of the other records failed.
    Records(R),
}

impl<C: fmt::Display, R: fmt::Display> fmt::Display for LayeredError<C, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clients(error) => write!(f, "the store of the clients: {error}"),
            Self::Records(error) => write!(f, "the store of the records: {error}"),
        }
    }
}

/// Returns the part of a query that the store of the clients answers, and the rest.
fn divided(query: &Find) -> (Find, Find) {
    let mut rest = query.clone();
    let clients = Find {
        client: rest.client.take(),
        other_client: rest.other_client.take(),
        ..Find::default()
    };
    (clients, rest)
}

fn joined(clients: Found, rest: Found) -> Found {
    Found { client: clients.client, other_client: clients.other_client, ..rest }
}

/// Defines the methods that one of the two stores answers, as blocking or as asynchronous ones.
macro_rules! layered {
    ($kind:ident $($method:ident: $Query:ident -> $Output:ty $(, $default:ident)*;)*) => {
        $(layered! { @ $kind $method: $Query -> $Output })*
    };
    // These two have answers from both stores.
    (@ $kind:ident remove_client: $Query:ident -> $Output:ty) => {};
    (@ $kind:ident find: $Query:ident -> $Output:ty) => {};
    (@ $kind:ident find_client: $Query:ident -> $Output:ty) => {
        layered! { $kind(clients Clients) find_client: $Query -> $Output }
    };
    (@ $kind:ident save_client: $Query:ident -> $Output:ty) => {
        layered! { $kind(clients Clients) save_client: $Query -> $Output }
    };
    (@ $kind:ident list_clients: $Query:ident -> $Output:ty) => {
        layered! { $kind(clients Clients) list_clients: $Query -> $Output }
    };
    (@ $kind:ident $method:ident: $Query:ident -> $Output:ty) => {
        layered! { $kind(records Records) $method: $Query -> $Output }
    };
    (blocking($layer:ident $Error:ident) $method:ident: $Query:ident -> $Output:ty) => {
        fn $method(&self, query: &$Query) -> Result<$Output, Self::Error> {
            self.$layer.$method(query).map_err(LayeredError::$Error)
        }
    };
    (asynchronous($layer:ident $Error:ident) $method:ident: $Query:ident -> $Output:ty) => {
        async fn $method(&self, query: &$Query) -> Result<$Output, Self::Error> {
            self.$layer.$method(query).await.map_err(LayeredError::$Error)
        }
    };
}

impl<C: Store, R: Store> Store for Layered<C, R> {
    type Error = LayeredError<C::Error, R::Error>;

    for_each_oauth2_query! { layered! { blocking } }

    fn remove_client(&self, query: &RemoveClient) -> Result<bool, Self::Error> {
        let removed = self.clients.remove_client(query).map_err(LayeredError::Clients)?;
        if removed {
            let revoke = Revoke::Client(query.client_id.clone());
            self.records.revoke(&revoke).map_err(LayeredError::Records)?;
        }
        Ok(removed)
    }

    fn find(&self, query: &Find) -> Result<Found, Self::Error> {
        let (clients, rest) = divided(query);
        let (mut by_clients, mut by_records) = (Found::default(), Found::default());
        // A store that is asked for nothing needs no trip.
        if clients != Find::default() {
            by_clients = self.clients.find(&clients).map_err(LayeredError::Clients)?;
        }
        if rest != Find::default() {
            by_records = self.records.find(&rest).map_err(LayeredError::Records)?;
        }
        Ok(joined(by_clients, by_records))
    }

    fn supports(&self, query: OptionalQuery) -> bool {
        match query {
            OptionalQuery::ListClients => self.clients.supports(query),
            _ => self.records.supports(query),
        }
    }
}

impl<C: AsyncStore + Sync, R: AsyncStore + Sync> AsyncStore for Layered<C, R> {
    type Error = LayeredError<C::Error, R::Error>;

    for_each_oauth2_query! { layered! { asynchronous } }

    async fn remove_client(&self, query: &RemoveClient) -> Result<bool, Self::Error> {
        let removed = self.clients.remove_client(query).await.map_err(LayeredError::Clients)?;
        if removed {
            let revoke = Revoke::Client(query.client_id.clone());
            self.records.revoke(&revoke).await.map_err(LayeredError::Records)?;
        }
        Ok(removed)
    }

    async fn find(&self, query: &Find) -> Result<Found, Self::Error> {
        let (clients, rest) = divided(query);
        let (mut by_clients, mut by_records) = (Found::default(), Found::default());
        if clients != Find::default() {
            by_clients = self.clients.find(&clients).await.map_err(LayeredError::Clients)?;
        }
        if rest != Find::default() {
            by_records = self.records.find(&rest).await.map_err(LayeredError::Records)?;
        }
        Ok(joined(by_clients, by_records))
    }

    fn supports(&self, query: OptionalQuery) -> bool {
        match query {
            OptionalQuery::ListClients => self.clients.supports(query),
            _ => self.records.supports(query),
        }
    }
}
