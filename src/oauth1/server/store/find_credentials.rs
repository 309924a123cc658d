//! The query for what a signature is checked with, RFC 5849 §3.2.

use std::sync::Arc;

use super::client_record::ClientRecord;
use super::temporary_record::TemporaryRecord;
use super::token_record::TokenRecord;
use crate::core::query::ServerQuery;

/// Finds what a signature is checked with.
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
    /// The client's identifier.
    pub client_key: String,
    /// The token's identifier, if the request has one.
    pub token: Option<String>,
    /// Whether the token is one of temporary credentials.
    pub temporary: bool,
}

/// The answer to [`FindCredentials`]: a part is `None` if it was not found. Both are looked for in
/// any case, so that finding neither takes as long as finding one.
///
/// Records are shared: a store that keeps them in memory answers with the pointers that it holds,
/// and the records keep what was computed from their secrets for the next request. A store that
/// makes them anew for each answer puts them into new pointers.
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
    /// The client.
    pub client: Option<Arc<ClientRecord>>,
    /// The token, if one was asked for.
    pub token: Option<Arc<TokenRecord>>,
    /// The temporary credentials, if they were asked for.
    pub temporary: Option<Arc<TemporaryRecord>>,
}

impl FindCredentials {
    /// Returns the query for a client alone, for tests of a store. The fields can be changed.
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
