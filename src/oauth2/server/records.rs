//! What a server keeps for a time: what was granted, tokens, and what tokens are had for.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Consent;
use super::token_hash::{InvalidTokenHash, Sealed, TokenHash};
use crate::Timestamp;
use crate::oauth2::Scope;

/// What somebody grants to a client: who it is, what the client may do, and whatever the application keeps with it.
///
/// ```
/// use oauth_proto::oauth2::server::Approval;
///
/// let approval = Approval::new("jane") // may do all that was asked
///     .scope("photos.read") // or only this
///     .data(serde_json::json!({ "tenant": 7 })); // for the application, with every token that comes of it
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approval {
    pub(super) user: Option<String>,
    pub(super) scope: Option<Scope>,
    pub(super) data: Value,
}

impl Approval {
    /// Granted by that user, as the application identifies them.
    pub fn new(user: impl Into<String>) -> Self {
        Self { user: Some(user.into()), ..Self::default() }
    }

    /// Granted by nobody in particular, as python-oauth2's site adapters may do.
    pub fn anonymous() -> Self {
        Self::default()
    }

    /// Grants what was granted before, for the same user and with the same data: the answer to
    /// [`GrantCredential::Refresh`](super::GrantCredential::Refresh).
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::server::{GrantCredential, Decision, Approval};
    ///
    /// fn decide(credential: &GrantCredential) -> Decision {
    ///     match credential {
    ///         GrantCredential::Refresh(grant) if grant.user.as_deref() != Some("mallory") => Decision::Granted(Approval::of(grant)),
    ///         _ => Decision::Denied,
    ///     }
    /// }
    /// ```
    pub fn of(record: &GrantRecord) -> Self {
        Self { user: record.user.clone(), scope: None, data: record.data.clone() }
    }

    /// Less than what was asked.
    pub fn scope(mut self, scope: impl Into<Scope>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Data of the application's, kept with the code and with every token. No client sees them.
    pub fn data(mut self, data: Value) -> Self {
        self.data = data;
        self
    }
}

/// Identifies a grant, and with it all tokens that come of it.
///
/// ```
/// use oauth_proto::oauth2::server::GrantId;
///
/// let id: GrantId = "000000000000000000000000000000ff".parse()?;
/// assert_eq!(id.to_string(), "000000000000000000000000000000ff");
/// # Ok::<(), oauth_proto::oauth2::server::InvalidTokenHash>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GrantId(pub(super) u128);

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for GrantId {
    type Err = InvalidTokenHash;

    fn from_str(text: &str) -> Result<Self, InvalidTokenHash> {
        let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        u128::from_str_radix(text, 16).ok().filter(|_| digits).map(Self).ok_or(InvalidTokenHash)
    }
}

impl TryFrom<String> for GrantId {
    type Error = InvalidTokenHash;

    fn try_from(text: String) -> Result<Self, InvalidTokenHash> {
        text.parse()
    }
}

impl From<GrantId> for String {
    fn from(id: GrantId) -> Self {
        id.to_string()
    }
}

/// A grant as it is kept with everything that comes of it.
///
/// ```
/// fn may_write(grant: &oauth_proto::oauth2::server::GrantRecord) -> bool {
///     grant.scope.contains("photos.write")
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GrantRecord {
    /// Its identifier, in a column with an index: it is what is revoked.
    pub id: GrantId,
    /// The client that it was made to.
    pub client_id: String,
    /// Who made it; `None` where a client acts for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What was granted. A token's own scope may be narrower.
    #[serde(default)]
    pub scope: Scope,
    /// The `grant_type` by which it was made.
    pub grant_type: Cow<'static, str>,
    /// The resources that it is for (RFC 8707); where empty, all of the server's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource: Vec<String>,
    /// The application's own.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
    /// When it was made.
    pub granted_at: Timestamp,
}

/// An access token or a refresh token as it is kept, under the hash of its value.
///
/// ```
/// use oauth_proto::oauth2::server::TokenRecord;
///
/// fn columns(record: &TokenRecord) -> Result<(String, Option<u64>, String), serde_json::Error> {
///     let expires_at = record.expires_at.map(|at| at.as_secs());
///     Ok((record.grant.id.to_string(), expires_at, serde_json::to_string(record)?))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenRecord {
    /// What it is good for.
    pub kind: TokenKind,
    /// What was granted. Shared by the tokens that come of it.
    pub grant: Arc<GrantRecord>,
    /// What this token may do, where that is less than what was granted. See [`scope`](Self::scope).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrowed_scope: Option<Scope>,
    /// Whom this token is for, where that are fewer than was granted. See [`resource`](Self::resource).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrowed_resource: Option<Vec<String>>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it expires; never if `None`. The record may be dropped then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Where tokens are reusable: how an equal request finds this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reuse: Option<Box<TokenReuse>>,
    /// For a refresh token that has been replaced: by what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<Box<Replaced>>,
    /// For a refresh token that has come in the place of another: the hash of that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<TokenHash>,
}

impl TokenRecord {
    /// What this token may do.
    pub fn scope(&self) -> &Scope {
        self.narrowed_scope.as_ref().unwrap_or(&self.grant.scope)
    }

    /// The resources that this token is for (RFC 8707); where empty, all of the server's.
    pub fn resource(&self) -> &[String] {
        self.narrowed_resource.as_ref().unwrap_or(&self.grant.resource)
    }

    /// Returns the record without the seal of its successor: what a store keeps of the predecessor that a
    /// [`Rotate`](super::Rotate) names.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::server::TokenRecord;
    ///
    /// /// UPDATE tokens SET record = ? WHERE key = ?
    /// fn column(predecessor: &TokenRecord) -> Result<String, serde_json::Error> {
    ///     serde_json::to_string(&predecessor.without_seal())
    /// }
    /// ```
    pub fn without_seal(&self) -> Self {
        let mut record = self.clone();
        if let Some(replaced) = &mut record.replaced {
            (replaced.sealed, replaced.sealed_until) = (None, None);
        }
        record
    }

    /// Whether it has expired: at the very second, too.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// What a token is good for.
///
/// ```
/// use oauth_proto::oauth2::server::TokenKind;
///
/// assert_eq!(serde_json::to_string(&TokenKind::Refresh).unwrap(), r#""refresh_token""#);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TokenKind {
    /// To be shown to a resource server.
    #[serde(rename = "access_token")]
    Access,
    /// To get another access token.
    #[serde(rename = "refresh_token")]
    Refresh,
}

/// How an equal request finds a reusable access token, and has it again.
///
/// ```
/// fn column(reuse: &oauth_proto::oauth2::server::TokenReuse) -> String {
///     reuse.key.to_string()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenReuse {
    /// The hash of client, user, grant type, scope, resources and the application's data, in a column with an index.
    pub key: TokenHash,
    /// The access token.
    pub access: Sealed,
    /// The refresh token that was issued with it, and its hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<(TokenHash, Sealed)>,
}

/// What has come in a refresh token's place.
///
/// ```
/// use std::time::Duration;
/// use oauth_proto::oauth2::server::Replaced;
///
/// fn is_recent(replaced: &Replaced, now: oauth_proto::Timestamp) -> bool {
///     replaced.at.until(now) < Duration::from_secs(10)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Replaced {
    /// When.
    pub at: Timestamp,
    /// The hash of the new one.
    pub by: TokenHash,
    /// The new one, sealed with the old, for a client that lost the answer; `None` where the server allows no grace, and from the
    /// moment in which the new one is replaced itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
    /// Until when the new one may be asked for again. A store that cleans up drops the seal from then on, where no rotation has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_until: Option<Timestamp>,
}

/// A record that is stored under the hash of its value until it is exchanged for tokens: an authorization code, a device code or
/// a pushed request.
///
/// ```
/// use oauth_proto::oauth2::server::OneTimeRecord;
///
/// fn columns(record: &OneTimeRecord) -> Result<(String, u64, String), serde_json::Error> {
///     Ok((record.grant_id.to_string(), record.expires_at.as_secs(), serde_json::to_string(&record)?))
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
/// use oauth_proto::oauth2::server::OneTimeContent;
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
        /// Whether the client sent the redirect_uri in its authorization request, rather than leave it to the server. Then
        /// it has to send the same one with the code (RFC 6749 §4.1.3).
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
        /// Until when the request can be loaded: until the second before. The one-time record stays longer, for the page that was loaded last.
        loadable_until: Timestamp,
    },
}

/// How far a device has come.
///
/// ```
/// use oauth_proto::oauth2::server::DeviceStage;
///
/// assert_ne!(DeviceStage::Waiting, DeviceStage::Denied);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceStage {
    /// Nobody has decided.
    Waiting,
    /// The resource owner has granted access.
    Granted(Arc<GrantRecord>),
    /// The resource owner has denied it.
    Denied,
}

/// What a code_verifier must fit (RFC 7636 §4.6).
///
/// ```
/// use oauth_proto::oauth2::server::CodeChallenge;
///
/// fn is_strong(challenge: &CodeChallenge) -> bool {
///     matches!(challenge, CodeChallenge::S256(_))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CodeChallenge {
    /// Its SHA-256 in base64url.
    S256(String),
    /// Itself; kept as its hash.
    Plain(TokenHash),
}
