//! The queries that a store can leave out, and the output of a store that leaves one out.

use std::fmt;

use crate::core::query::ServerQuery;

/// A query that a store can leave out. A feature of the server that needs the query then does not
/// work with this store: its requests are refused.
///
/// A store that answers the query returns `true` for it from `supports`. Pass the store to
/// [`ProviderBuilder::check_store`](crate::oauth2::server::ProviderBuilder::check_store), so that
/// [`build`](crate::oauth2::server::ProviderBuilder::build) finds a query that is missing.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::store::{MemoryStore, OptionalQuery, Store};
///
/// assert!(MemoryStore::default().supports(OptionalQuery::CountAttempt));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OptionalQuery {
    /// [`CountAttempt`](crate::oauth2::server::store::CountAttempt) and
    /// [`FindAttempts`](crate::oauth2::server::store::FindAttempts), for limits of attempts.
    CountAttempt,
    /// [`RememberOnce`](crate::oauth2::server::store::RememberOnce), for values that can be used
    /// once. A store that leaves it out answers [`OneTimeUse::Replay`](crate::OneTimeUse::Replay).
    RememberOnce,
    /// [`ListGrants`](crate::oauth2::server::store::ListGrants), for the application.
    ListGrants,
    /// [`ListClients`](crate::oauth2::server::store::ListClients), for the application.
    ListClients,
    /// [`Purge`](crate::oauth2::server::store::Purge), for the application.
    Purge,
}

impl OptionalQuery {
    /// All optional queries.
    pub const ALL: [Self; 5] =
        [Self::CountAttempt, Self::RememberOnce, Self::ListGrants, Self::ListClients, Self::Purge];

    /// Returns the functions of a store that answer the query.
    const fn functions(self) -> &'static str {
        match self {
            Self::CountAttempt => "`count_attempt` and `find_attempts`",
            Self::RememberOnce => "`remember_once`",
            Self::ListGrants => "`list_grants`",
            Self::ListClients => "`list_clients`",
            Self::Purge => "`purge`",
        }
    }
}

impl fmt::Display for OptionalQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// The output of a store that does not support a query.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::store::{NotSupported, OptionalQuery};
///
/// let output = NotSupported::new(OptionalQuery::Purge);
/// assert!(output.to_string().contains("implement `purge`"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the store does not support the query {query}: implement {} in the store, and return `true` \
     for the query from `supports`",
    query.functions()
)]
#[non_exhaustive]
pub struct NotSupported {
    /// The query.
    pub query: OptionalQuery,
}

impl NotSupported {
    /// Makes the output for a query.
    pub const fn new(query: OptionalQuery) -> Self {
        Self { query }
    }
}

/// A query that a store can leave out.
pub(crate) trait CanBeLeftOut: ServerQuery {
    const QUERY: OptionalQuery;
}
