//! The records that are redeemed once: codes (RFC 6749 §4.1.2), devices (RFC 8628 §3.2), pushed
//! requests (RFC 9126 §2.2).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::code_challenge::CodeChallenge;
use super::consent::Consent;
use super::grant_record::{GrantId, GrantRecord};
use crate::Timestamp;
use crate::oauth2::common::scope::Scope;

/// A record that is stored under the hash of its value until it is exchanged for tokens: an
/// authorization code, a device code or a pushed request.
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
    /// The grant that its tokens belong to.
    pub grant_id: GrantId,
    /// The client that it was given to.
    pub client_id: String,
    /// The time at which it expires. The record may be dropped then.
    pub expires_at: Timestamp,
    /// The content of the record.
    pub content: OneTimeContent,
}

/// The purpose of a one-time record.
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
        /// The grant that is made when the code is redeemed.
        grant: Arc<GrantRecord>,
        /// The redirect_uri to which the code was sent.
        redirect_uri: String,
        /// Whether the client sent the redirect_uri in its authorization request, rather than leave
        /// it to the server. Then it has to send the same one with the code (RFC 6749 §4.1.3).
        redirect_uri_sent: bool,
        /// The proof key's challenge (RFC 7636).
        challenge: Option<CodeChallenge>,
    },
    /// A device code (RFC 8628), found by the hash of its user code, too.
    #[non_exhaustive]
    Device {
        /// The scope that the device asks for.
        scope: Scope,
        /// The resources that it is for.
        resource: Vec<String>,
        /// The stage of the device's request.
        stage: DeviceStage,
        /// The time that the device has to wait from one poll to the next, in seconds.
        interval: u64,
        /// The time at which it asked last.
        asked_at: Option<Timestamp>,
    },
    /// A pushed authorization request (RFC 9126). It is used when the user has decided.
    #[non_exhaustive]
    Pushed {
        /// The request on which the user is to decide.
        consent: Box<Consent>,
        /// The time until which the request can be loaded: until the second before. The one-time
        /// record stays longer, for the page that was loaded last.
        loadable_until: Timestamp,
    },
}

/// The stage of a device's request.
///
/// ```
/// use oauth_proto::oauth2::server::store::DeviceStage;
///
/// assert_ne!(DeviceStage::Waiting, DeviceStage::Denied);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum DeviceStage {
    /// The user has not decided.
    Waiting,
    /// The resource owner has granted access.
    Granted(Arc<GrantRecord>),
    /// The resource owner has denied it.
    Denied,
}
