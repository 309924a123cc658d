//! Temporary credentials as the server keeps them, RFC 5849 §2.1.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::oauth1::server::store::approval::Approval;
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
#[non_exhaustive]
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
    /// The state of the resource owner's decision.
    pub stage: Stage,
}

impl TemporaryRecord {
    /// Returns the record of temporary credentials whose resource owner has not decided, without
    /// realm and parameters.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::Timestamp;
    /// use oauth_proto::oauth1::server::store::{Stage, TemporaryRecord};
    ///
    /// let until = Timestamp::from_secs(137_134_800);
    /// let record = TemporaryRecord::new("hdhd0244k9j7ao03", "dpf43f3p2l4k3l03", "oob", until);
    /// assert_eq!(record.stage, Stage::Waiting);
    /// ```
    pub fn new(
        secret: impl Into<Secret>,
        client_key: impl Into<String>,
        callback: impl Into<String>,
        expires_at: Timestamp,
    ) -> Self {
        Self {
            secret: secret.into(),
            client_key: client_key.into(),
            callback: callback.into(),
            realm: None,
            parameters: BTreeMap::new(),
            expires_at,
            stage: Stage::Waiting,
        }
    }
}

/// The state of temporary credentials.
///
/// ```
/// use oauth_proto::oauth1::server::store::Stage;
///
/// assert_ne!(
///     Stage::Waiting,
///     Stage::Granted {
///         verifier: "hash".into(),
///         approval: oauth_proto::oauth1::server::Approval::new("jane")
///     }
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Stage {
    /// The resource owner has not decided.
    Waiting,
    /// The resource owner has granted access.
    Granted {
        /// The hash of the verifier.
        verifier: String,
        /// The approval.
        approval: Approval,
    },
}
