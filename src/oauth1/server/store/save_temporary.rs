//! The query that stores new temporary credentials: RFC 5849 §2.1.

use super::temporary_record::TemporaryRecord;
use crate::Timestamp;
use crate::core::query::ServerQuery;

/// The query that stores new temporary credentials.
///
/// ```
/// fn key(query: &oauth_proto::oauth1::server::store::SaveTemporary) -> &str {
///     &query.token
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SaveTemporary {
    /// The identifier of the temporary credentials.
    pub token: String,
    /// The record to store.
    pub record: TemporaryRecord,
    /// The current time. The store may drop expired records.
    pub now: Timestamp,
}

impl SaveTemporary {
    /// Makes the query, for tests of a store.
    pub fn new(token: impl Into<String>, record: TemporaryRecord, now: Timestamp) -> Self {
        Self { token: token.into(), record, now }
    }
}

impl ServerQuery for SaveTemporary {
    type Output = ();
}
