//! The record of temporary credentials: RFC 5849 §2.1.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::core::record_format::RecordFormat;
use crate::oauth1::server::store::approval::Approval;
use crate::{Secret, Timestamp};

/// The record of temporary credentials, which is stored under their identifier.
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
    /// The version of the stored form.
    #[serde(default, rename = "v")]
    pub(crate) format: RecordFormat,
    /// The shared secret of the temporary credentials.
    pub secret: Secret,
    /// The identifier of the client to which the credentials were issued.
    pub client_key: String,
    /// The callback, or `oob`.
    pub callback: String,
    /// The realm to which the client requests access.
    pub realm: Option<String>,
    /// Further parameters of the client's request.
    pub parameters: BTreeMap<String, String>,
    /// The time at which the credentials expire. After it, the store may drop the record.
    pub expires_at: Timestamp,
    /// The state of the resource owner's decision.
    pub stage: Stage,
}

impl TemporaryRecord {
    /// Makes the record of temporary credentials on which the resource owner has not decided,
    /// without realm and parameters.
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
            format: RecordFormat,
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

/// The stage of temporary credentials: whether the resource owner has decided.
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
    /// The resource owner has not decided yet.
    Waiting,
    /// The resource owner has granted access.
    Granted {
        /// The hash of the verifier, with which the client must redeem.
        verifier: String,
        /// The approval of the resource owner.
        approval: Approval,
    },
}
