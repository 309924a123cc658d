//! The records that are redeemed once: codes (RFC 6749 §4.1.2), device codes (RFC 8628 §3.2) and
//! pushed requests (RFC 9126 §2.2).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::code_challenge::CodeChallenge;
use super::consent::Consent;
use super::grant_record::{GrantId, GrantRecord};
use crate::Timestamp;
use crate::core::record_format::RecordFormat;
use crate::oauth2::common::scope::Scope;

/// The record of a value that can be redeemed once: an authorization code, a device code or a
/// pushed request. It is stored under the hash of the value.
///
/// ```
/// use oauth_proto::oauth2::server::store::OneTimeRecord;
///
/// fn columns(record: &OneTimeRecord) -> Result<(String, u64, String), serde_json::Error> {
///     Ok((
///         record.grant_id.to_string(),
///         record.expires_at.as_secs(),
///         serde_json::to_string(&record)?,
///     ))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OneTimeRecord {
    /// The version of the stored form.
    #[serde(default, rename = "v")]
    pub(crate) format: RecordFormat,
    /// The identifier of the grant to which the tokens that are issued for this value belong.
    pub grant_id: GrantId,
    /// The id of the client to which the value was given.
    pub client_id: String,
    /// The time at which the record expires. After it, the store may drop the record.
    pub expires_at: Timestamp,
    /// The content of the record.
    pub content: OneTimeContent,
}

impl OneTimeRecord {
    /// Returns the user who gave the grant. `None` if no user has decided yet, and for the grant of
    /// a client for itself. The record is revoked with the user's grants.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::server::store::OneTimeRecord;
    ///
    /// /// The value of a column with an index.
    /// fn user_id(record: &OneTimeRecord) -> Option<&str> {
    ///     record.user()
    /// }
    /// ```
    pub fn user(&self) -> Option<&str> {
        match &self.content {
            OneTimeContent::Code { grant, .. }
            | OneTimeContent::Device { stage: DeviceStage::Granted(grant), .. } => {
                grant.user.as_deref()
            }
            OneTimeContent::Device { .. } | OneTimeContent::Pushed { .. } => None,
        }
    }
}

/// The content of a one-time record: a code, a device code or a pushed request.
///
/// ```
/// use oauth_proto::oauth2::server::store::OneTimeContent;
///
/// fn is_code(pending: &OneTimeContent) -> bool {
///     matches!(pending, OneTimeContent::Code { .. })
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum OneTimeContent {
    /// An authorization code (RFC 6749 §4.1).
    #[non_exhaustive]
    Code {
        /// The grant, from which tokens are issued when the code is redeemed.
        grant: Arc<GrantRecord>,
        /// The redirect_uri to which the code was sent.
        redirect_uri: String,
        /// Whether the authorization request had a redirect_uri. If so, the token request must have
        /// the same one (RFC 6749 §4.1.3).
        redirect_uri_sent: bool,
        /// The PKCE challenge (RFC 7636).
        challenge: Option<CodeChallenge>,
    },
    /// A device code (RFC 8628). The record is also found by the hash of the user code.
    #[non_exhaustive]
    Device {
        /// The scope that the device requested.
        scope: Scope,
        /// The resources that the device requested.
        resource: Vec<String>,
        /// The stage of the device's request.
        stage: DeviceStage,
        /// The interval between two polls, in seconds.
        interval: u64,
        /// The time of the last poll.
        asked_at: Option<Timestamp>,
    },
    /// A pushed authorization request (RFC 9126). It is used up when the user decides.
    #[non_exhaustive]
    Pushed {
        /// The request on which the user has to decide.
        consent: Box<Consent>,
        /// The time at which the request can no longer be loaded. The one-time record expires
        /// later, so the user can decide on the page that was loaded last.
        loadable_until: Timestamp,
    },
}

/// The stage of a device's request: whether the user has decided.
///
/// ```
/// use oauth_proto::oauth2::server::store::DeviceStage;
///
/// assert_ne!(DeviceStage::Waiting, DeviceStage::Denied);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum DeviceStage {
    /// The user has not decided yet.
    Waiting,
    /// The user has granted access.
    Granted(Arc<GrantRecord>),
    /// The user has denied access.
    Denied,
}
