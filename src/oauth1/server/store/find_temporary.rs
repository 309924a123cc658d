//! The query for the temporary credentials on which the resource owner decides: RFC 5849 §2.2.

use super::temporary_record::TemporaryRecord;
use crate::core::query::ServerQuery;

/// The query for the temporary credentials on which the resource owner decides.
///
/// ```
/// let query = oauth_proto::oauth1::server::store::FindTemporary::new("hh5s93j4hdidpola");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FindTemporary {
    /// The identifier of the temporary credentials.
    pub token: String,
}

impl FindTemporary {
    /// Makes the query, for tests of a store.
    pub fn new(token: impl Into<String>) -> Self {
        Self { token: token.into() }
    }
}

impl ServerQuery for FindTemporary {
    type Output = Option<TemporaryRecord>;
}
