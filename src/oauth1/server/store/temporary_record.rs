//! Temporary credentials as the server keeps them, RFC 5849 §2.1.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::oauth1::server::approval::Approval;
use crate::{Secret, Timestamp};

/// Temporary credentials as the server keeps them, under their identifier.
///
/// ```
/// use oauth_proto::oauth1::server::store::TemporaryRecord;
///
/// fn may_be_dropped(record: &TemporaryRecord, now: oauth_proto::Timestamp) -> bool {
///     record.expires_at <= now
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemporaryRecord {
    /// The credentials' shared secret.
    pub secret: Secret,
    /// The client that they were issued to.
    pub client_key: String,
    /// The callback, or `oob`.
    pub callback: String,
    /// The realm that the client asked for.
    pub realm: Option<String>,
    /// Parameters of the application's own that the client sent along.
    pub parameters: BTreeMap<String, String>,
    /// When they expire. The store may drop them then.
    pub expires_at: Timestamp,
    /// How far the resource owner is.
    pub stage: Stage,
}

/// How far temporary credentials have come.
///
/// ```
/// use oauth_proto::oauth1::server::store::Stage;
///
/// assert_ne!(Stage::Waiting, Stage::Granted { verifier: "hash".into(), approval: oauth_proto::oauth1::server::Approval::new("jane") });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// The resource owner has not decided.
    Waiting,
    /// The resource owner has granted access.
    Granted {
        /// The hash of the verifier.
        verifier: String,
        /// What was granted.
        approval: Approval,
    },
}
