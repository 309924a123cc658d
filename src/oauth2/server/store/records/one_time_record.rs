//! What is redeemed once: codes (RFC 6749 §4.1.2), devices (RFC 8628 §3.2), pushed requests (RFC
//! 9126 §2.2).

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
    /// When it expires. The record may be dropped then.
    pub expires_at: Timestamp,
    /// What it is.
    pub content: OneTimeContent,
}

/// What a one-time record is for.
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
        /// What comes of it.
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
        /// What the device asks for.
        scope: Scope,
        /// The resources that it is for.
        resource: Vec<String>,
        /// How far it is.
        stage: DeviceStage,
        /// How long the device has to wait from one poll to the next, in seconds.
        interval: u64,
        /// When it asked last.
        asked_at: Option<Timestamp>,
    },
    /// A pushed authorization request (RFC 9126). It is used when the user has decided.
    #[non_exhaustive]
    Pushed {
        /// What the user is to decide.
        consent: Box<Consent>,
        /// Until when the request can be loaded: until the second before. The one-time record stays
        /// longer, for the page that was loaded last.
        loadable_until: Timestamp,
    },
}

/// How far a device has come.
///
/// ```
/// use oauth_proto::oauth2::server::store::DeviceStage;
///
/// assert_ne!(DeviceStage::Waiting, DeviceStage::Denied);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum DeviceStage {
    /// Nobody has decided.
    Waiting,
    /// The resource owner has granted access.
    Granted(Arc<GrantRecord>),
    /// The resource owner has denied it.
    Denied,
}
