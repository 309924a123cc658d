//! The query that finds all records that a request names, in one trip to the storage.

use std::sync::Arc;

use super::attempts::FindAttempts;
use super::optional::NotSupported;
use super::queries::{FindClient, FindOneTimeRecord, FindToken, FoundOneTimeRecord};
use super::records::attempt::Attempts;
use super::records::client_record::ClientRecord;
use super::records::token_record::TokenRecord;
use crate::core::query::ServerQuery;
use crate::core::token_hash::TokenHash;

/// The query that finds all records that a request names. A token request names its client and a
/// code, for example.
///
/// By default, a store answers it with one query after the other: [`FindClient`],
/// [`FindOneTimeRecord`], [`FindToken`] and [`FindAttempts`]. A store on another machine should
/// answer it in one trip instead, with one statement or one pipeline. The records need not be read
/// at the same moment, because the server changes a record only with a query that checks it again.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::store::{Find, FindClient};
///
/// let find = Find::client("s6BhdRkqt3");
/// assert_eq!(find.client, Some(FindClient::new("s6BhdRkqt3")));
/// assert_eq!(find.token, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Find {
    /// The client that the request names.
    pub client: Option<FindClient>,
    /// The client that the other reading of HTTP Basic names, if it differs (RFC 6749 §2.3.1).
    pub other_client: Option<FindClient>,
    /// The code, the device code or the pushed request that the request names.
    pub one_time_record: Option<FindOneTimeRecord>,
    /// The access token or the refresh token that the request names.
    pub token: Option<FindToken>,
    /// The counts of attempts that limit the request.
    pub attempts: Vec<FindAttempts>,
}

/// The records that were found. A record that the query does not name, or that does not exist, is
/// `None`.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::store::{Find, MemoryStore, Store};
///
/// let found = MemoryStore::default().find(&Find::client("s6BhdRkqt3")).unwrap();
/// assert_eq!(found.client, None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The client that was found for [`Find::client`].
    pub client: Option<Arc<ClientRecord>>,
    /// The client that was found for [`Find::other_client`].
    pub other_client: Option<Arc<ClientRecord>>,
    /// The record that was found for [`Find::one_time_record`].
    pub one_time_record: Option<FoundOneTimeRecord>,
    /// The record that was found for [`Find::token`].
    pub token: Option<Arc<TokenRecord>>,
    /// The counts that were found for [`Find::attempts`], in the order of the query. `None` for
    /// each count that does not exist.
    pub attempts: Result<Vec<Option<Attempts>>, NotSupported>,
}

impl Default for Found {
    fn default() -> Self {
        Self {
            client: None,
            other_client: None,
            one_time_record: None,
            token: None,
            attempts: Ok(Vec::new()),
        }
    }
}

impl Find {
    /// Makes the query for a client.
    pub fn client(client_id: impl Into<String>) -> Self {
        Self { client: Some(FindClient::new(client_id)), ..Self::default() }
    }

    /// Makes the query for a one-time record.
    pub fn one_time_record(key: TokenHash) -> Self {
        Self { one_time_record: Some(FindOneTimeRecord { key }), ..Self::default() }
    }

    /// Makes the query for a token.
    pub fn token(key: TokenHash) -> Self {
        Self { token: Some(FindToken { key }), ..Self::default() }
    }
}

impl ServerQuery for Find {
    type Output = Found;
}
