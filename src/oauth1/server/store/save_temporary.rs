//! The query that keeps new temporary credentials, RFC 5849 §2.1.

use super::temporary_record::TemporaryRecord;
use crate::{ServerQuery, Timestamp};

/// Keeps new temporary credentials.
///
/// ```
/// fn key(query: &oauth_proto::oauth1::server::store::SaveTemporary) -> &str {
///     &query.token
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaveTemporary {
    /// Their identifier.
    pub token: String,
    /// What is kept.
    pub record: TemporaryRecord,
    /// The time. What has expired by then may be dropped.
    pub now: Timestamp,
}

impl ServerQuery for SaveTemporary {
    type Output = ();
}
