//! The record of token credentials: RFC 5849 §2.3.

use serde::{Deserialize, Serialize};

use super::schedules::Schedules;
use crate::core::record_format::RecordFormat;
use crate::oauth1::server::store::approval::Approval;
use crate::{Secret, Timestamp};

/// The record of token credentials, which is stored under the token's identifier.
///
/// ```
/// use oauth_proto::Timestamp;
/// use oauth_proto::oauth1::server::Approval;
/// use oauth_proto::oauth1::server::store::TokenRecord;
///
/// let mut record =
///     TokenRecord::new("pfkkdhi9sl3r4s00", "dpf43f3p2l4k3l03", Approval::new("jane"));
/// record.expires_at = Some(Timestamp::from_secs(137_134_800));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenRecord {
    /// The version of the stored form.
    #[serde(default, rename = "v")]
    pub(crate) format: RecordFormat,
    /// The shared secret of the token.
    pub secret: Secret,
    /// The identifier of the client to which the token was issued.
    pub client_key: String,
    /// The time at which the token expires. `None` if it does not expire. After it, the store may
    /// drop the record.
    pub expires_at: Option<Timestamp>,
    /// The approval of the resource owner.
    pub approval: Approval,
    #[serde(skip)]
    pub(crate) schedules: Schedules,
}

impl TokenRecord {
    /// Makes the record of a token that does not expire.
    ///
    /// ```
    /// use oauth_proto::oauth1::server::Approval;
    /// use oauth_proto::oauth1::server::store::TokenRecord;
    ///
    /// let record =
    ///     TokenRecord::new("pfkkdhi9sl3r4s00", "dpf43f3p2l4k3l03", Approval::new("jane"));
    /// assert_eq!(record.expires_at, None);
    /// ```
    pub fn new(
        secret: impl Into<Secret>,
        client_key: impl Into<String>,
        approval: Approval,
    ) -> Self {
        Self {
            format: RecordFormat,
            secret: secret.into(),
            client_key: client_key.into(),
            expires_at: None,
            approval,
            schedules: Schedules::default(),
        }
    }
}
