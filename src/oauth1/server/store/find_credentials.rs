//! The query for what a signature is checked with, RFC 5849 §3.2.

use std::sync::Arc;

use super::client_record::ClientRecord;
use super::temporary_record::TemporaryRecord;
use super::token_record::TokenRecord;
use crate::ServerQuery;

/// Finds what a signature is checked with.
///
/// ```
/// use oauth_proto::oauth1::server::store::FindCredentials;
///
/// let query = FindCredentials { client_key: "dpf43f3p2l4k3l03".into(), token: None, temporary: false };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindCredentials {
    /// The client's identifier.
    pub client_key: String,
    /// The token's identifier, if the request has one.
    pub token: Option<String>,
    /// Whether the token is one of temporary credentials.
    pub temporary: bool,
}

/// The answer to [`FindCredentials`]: each part `None` where there is none. Both are looked for in any case, so that
/// finding neither takes as long as finding one.
///
/// Records are shared: a store that keeps them in memory answers with the pointers that it holds, and the records keep what
/// was computed from their secrets for the next request. A store that makes them anew for each answer puts them into new
/// pointers.
///
/// ```
/// use oauth_proto::oauth1::server::store::{ClientRecord, FoundCredentials};
///
/// let client = ClientRecord::with_secret("secret")?;
/// let found = FoundCredentials { client: Some(client.into()), token: None, temporary: None };
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct FoundCredentials {
    /// The client.
    pub client: Option<Arc<ClientRecord>>,
    /// The token, if one was asked for.
    pub token: Option<Arc<TokenRecord>>,
    /// The temporary credentials, if they were asked for.
    pub temporary: Option<Arc<TemporaryRecord>>,
}

impl ServerQuery for FindCredentials {
    type Output = FoundCredentials;
}
