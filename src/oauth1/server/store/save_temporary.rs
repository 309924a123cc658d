//! The query that keeps new temporary credentials, RFC 5849 §2.1.

use super::temporary_record::TemporaryRecord;
use crate::Timestamp;
use crate::core::query::ServerQuery;

/// Keeps new temporary credentials.
///
/// ```
/// fn key(query: &oauth_proto::oauth1::server::store::SaveTemporary) -> &str {
///     &query.token
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SaveTemporary {
    /// Their identifier.
    pub token: String,
    /// The record that is kept.
    pub record: TemporaryRecord,
    /// The time. The store may drop records that have expired by then.
    pub now: Timestamp,
}

impl SaveTemporary {
    /// Returns the query, for tests of a store.
    pub fn new(token: impl Into<String>, record: TemporaryRecord, now: Timestamp) -> Self {
        Self { token: token.into(), record, now }
    }
}

impl ServerQuery for SaveTemporary {
    type Output = ();
}
