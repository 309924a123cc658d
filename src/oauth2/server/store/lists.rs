//! The lists for pages of the application, such as "connected applications". A server never asks
//! for them.

use std::sync::Arc;

use super::optional::{CanBeLeftOut, NotSupported, OptionalQuery};
use super::records::client_record::ClientRecord;
use super::records::grant_record::{GrantId, GrantRecord};
use crate::Timestamp;
use crate::core::query::ServerQuery;

/// The query that lists the grants of a user, in the order of their identifiers. A grant is listed
/// if it has a token that has not expired and was not replaced. Grants that were exchanged from a
/// token are not listed, since they end with the grant of that token.
///
/// # Examples
/// ```
/// use oauth_proto::Timestamp;
/// use oauth_proto::oauth2::server::Provider;
/// use oauth_proto::oauth2::server::store::{ListGrants, MemoryStore, Revoke, Store};
///
/// // A page "connected applications". Each button sends the identifier of its grant.
/// fn page(store: &MemoryStore, user: &str) -> Result<String, Box<dyn std::error::Error>> {
///     let mut query = ListGrants::new(user, 50, Timestamp::from_os());
///     let mut page = String::new();
///     loop {
///         let list = store.list_grants(&query)??;
///         for listed in &list.grants {
///             let grant = &listed.grant;
///             page += &format!("{} may {} [end: {}]\n", grant.client_id, grant.scope, grant.id);
///         }
///         let Some(next) = list.next else { return Ok(page) };
///         query.after = Some(next);
///     }
/// }
/// assert_eq!(page(&MemoryStore::default(), "jane")?, "");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
/// To end a grant, pass its family to
/// [`Provider::revoke_records`](crate::oauth2::server::Provider::revoke_records), after a check
/// that the grant belongs to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListGrants {
    /// The user, compared byte by byte with [`GrantRecord::user`].
    pub user: String,
    /// The identifier after which the page begins: [`GrantPage::next`] of the page before. `None`
    /// for the first page.
    pub after: Option<GrantId>,
    /// The highest number of grants in the page. 0 counts as 1.
    pub limit: u32,
    /// The current time.
    pub now: Timestamp,
}

impl ListGrants {
    /// Makes the query for the first page.
    pub fn new(user: impl Into<String>, limit: u32, now: Timestamp) -> Self {
        Self { user: user.into(), after: None, limit, now }
    }
}

impl ServerQuery for ListGrants {
    type Output = Result<GrantPage, NotSupported>;
}

impl CanBeLeftOut for ListGrants {
    const QUERY: OptionalQuery = OptionalQuery::ListGrants;
}

/// A page of a user's grants.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::store::GrantPage;
///
/// assert_eq!(GrantPage::default().next, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GrantPage {
    /// The grants.
    pub grants: Vec<ListedGrant>,
    /// The value of [`ListGrants::after`] for the next page. `None` if this is the last page.
    pub next: Option<GrantId>,
}

/// A grant in a list.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::store::ListedGrant;
///
/// fn row(listed: &ListedGrant) -> String {
///     let granted_at = listed.grant.granted_at.as_secs();
///     format!("{} since {granted_at}", listed.grant.client_id)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedGrant {
    /// The grant, as in the record of its latest token.
    pub grant: Arc<GrantRecord>,
    /// The time at which the latest token was issued. `None` if the store does not know it.
    pub last_used_at: Option<Timestamp>,
}

impl ListedGrant {
    /// Makes an entry of a list.
    pub const fn new(grant: Arc<GrantRecord>, last_used_at: Option<Timestamp>) -> Self {
        Self { grant, last_used_at }
    }
}

/// The query that lists the clients, in the order of the bytes of their client ids.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::store::{ClientRecord, ListClients, MemoryStore, Store};
///
/// let store = MemoryStore::default();
/// store.add_client(ClientRecord::public("app"));
/// let page = store.list_clients(&ListClients::first(50))??;
/// assert_eq!((page.clients[0].client_id.as_str(), page.next), ("app", None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListClients {
    /// The client id after which the page begins: [`ClientPage::next`] of the page before. `None`
    /// for the first page.
    pub after: Option<String>,
    /// The highest number of clients in the page. 0 counts as 1.
    pub limit: u32,
}

impl ListClients {
    /// Makes the query for the first page.
    pub const fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }
}

impl ServerQuery for ListClients {
    type Output = Result<ClientPage, NotSupported>;
}

impl CanBeLeftOut for ListClients {
    const QUERY: OptionalQuery = OptionalQuery::ListClients;
}

/// A page of clients.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::store::ClientPage;
///
/// assert_eq!(ClientPage::default().next, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientPage {
    /// The clients.
    pub clients: Vec<Arc<ClientRecord>>,
    /// The value of [`ListClients::after`] for the next page. `None` if this is the last page.
    pub next: Option<String>,
}
