//! The query for the records by which a signature is checked: RFC 5849 §3.2.

use std::sync::Arc;

use super::client_record::ClientRecord;
use super::temporary_record::TemporaryRecord;
use super::token_record::TokenRecord;
use crate::core::query::ServerQuery;

/// The query for the records by which a signature is checked.
///
/// ```
/// use oauth_proto::oauth1::server::store::FindCredentials;
///
/// let query = FindCredentials::new("dpf43f3p2l4k3l03");
/// assert_eq!(query.token, None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FindCredentials {
    /// The identifier of the client (`oauth_consumer_key`).
    pub client_key: String,
    /// The identifier of the token (`oauth_token`), if the request has one.
    pub token: Option<String>,
    /// Whether `token` is the identifier of temporary credentials.
    pub temporary: bool,
}

/// The output of [`FindCredentials`]. A field is `None` if the record was not found. Look for both
/// records in any case, so the query takes the same time if the client is unknown.
///
/// The records are in `Arc`s. A store in memory returns clones of the `Arc`s that it has, and the
/// records keep values that were computed from their secrets for the next request. A store on a
/// database makes new `Arc`s.
///
/// ```
/// use oauth_proto::oauth1::server::store::{ClientRecord, FoundCredentials};
///
/// let client = ClientRecord::with_secret("secret")?;
/// let found = FoundCredentials::default().client(Some(client.into()));
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FoundCredentials {
    /// The record of the client.
    pub client: Option<Arc<ClientRecord>>,
    /// The record of the token, if the query has one.
    pub token: Option<Arc<TokenRecord>>,
    /// The record of the temporary credentials, if the query has them.
    pub temporary: Option<Arc<TemporaryRecord>>,
}

impl FindCredentials {
    /// Makes a query for a client without a token, for tests of a store. The fields can be changed.
    pub fn new(client_key: impl Into<String>) -> Self {
        Self { client_key: client_key.into(), token: None, temporary: false }
    }
}

impl FoundCredentials {
    /// Sets the client.
    pub fn client(mut self, client: Option<Arc<ClientRecord>>) -> Self {
        self.client = client;
        self
    }

    /// Sets the token.
    pub fn token(mut self, token: Option<Arc<TokenRecord>>) -> Self {
        self.token = token;
        self
    }

    /// Sets the temporary credentials.
    pub fn temporary(mut self, temporary: Option<Arc<TemporaryRecord>>) -> Self {
        self.temporary = temporary;
        self
    }
}

impl ServerQuery for FindCredentials {
    type Output = FoundCredentials;
}
