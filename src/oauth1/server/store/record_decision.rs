//! The query that records the resource owner's decision, RFC 5849 §2.2.

use super::temporary_record::{Stage, TemporaryRecord};
use crate::ServerQuery;

/// Notes the resource owner's decision, if there is still one to make: where the record is [`Stage::Waiting`], replaces
/// the stage, or removes the record where `stage` is `None`. Answers with the record as it was; with `None`, and without
/// a change, where there is no such record, it is another client's, or it is past waiting.
///
/// ```
/// use oauth_proto::oauth1::server::store::RecordDecision;
///
/// let denial = RecordDecision { token: "hh5s93j4hdidpola".into(), client_key: "dpf43f3p2l4k3l03".into(), stage: None };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordDecision {
    /// The temporary credentials' identifier.
    pub token: String,
    /// The client that the decision is about. Where the record is another client's, nothing is decided.
    pub client_key: String,
    /// The new stage; `None` for a denial.
    pub stage: Option<Stage>,
}

impl ServerQuery for RecordDecision {
    type Output = Option<TemporaryRecord>;
}
