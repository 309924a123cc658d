//! The query that stores the resource owner's decision: RFC 5849 §2.2.

use super::temporary_record::{Stage, TemporaryRecord};
use crate::core::query::ServerQuery;

/// The query that stores the resource owner's decision. If the record is [`Stage::Waiting`] and
/// belongs to the client, replace its stage, or remove the record if `stage` is `None`, and return
/// the record as it was before. If not, change nothing and return `None`.
///
/// ```
/// use oauth_proto::oauth1::server::store::RecordDecision;
///
/// let denial = RecordDecision::new("hh5s93j4hdidpola", "dpf43f3p2l4k3l03");
/// assert_eq!(denial.stage, None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordDecision {
    /// The identifier of the temporary credentials.
    pub token: String,
    /// The identifier of the client. If the record belongs to another client, change nothing.
    pub client_key: String,
    /// The new stage. `None` for a denial.
    pub stage: Option<Stage>,
}

impl RecordDecision {
    /// Makes the query for a denial, for tests of a store. The fields can be changed.
    pub fn new(token: impl Into<String>, client_key: impl Into<String>) -> Self {
        Self { token: token.into(), client_key: client_key.into(), stage: None }
    }
}

impl ServerQuery for RecordDecision {
    type Output = Option<TemporaryRecord>;
}
