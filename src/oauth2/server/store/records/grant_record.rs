//! The record of a grant, and the identifier that all tokens of a grant share.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::approval::Approval;
use crate::Timestamp;
use crate::core::token_hash::{InvalidTokenHash, TokenHash};
use crate::oauth2::common::scope::Scope;

/// The identifier of a grant. All tokens of the grant share it.
///
/// ```
/// use oauth_proto::oauth2::server::store::GrantId;
///
/// let id: GrantId = "000000000000000000000000000000ff".parse()?;
/// assert_eq!(id.to_string(), "000000000000000000000000000000ff");
/// # Ok::<(), oauth_proto::oauth2::server::store::InvalidTokenHash>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GrantId(pub(crate) u128);

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

/// The record of a grant, which is stored with each of its codes and tokens.
///
/// ```
/// fn may_write(grant: &oauth_proto::oauth2::server::store::GrantRecord) -> bool {
///     grant.scope.contains("photos.write")
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GrantRecord {
    /// The identifier of the grant. Grants are revoked by it, so put an index on this column. It is
    /// not a key of the record: two tokens of one grant can have different
    /// [`data`](Self::data), so store the whole record with each token.
    pub id: GrantId,
    /// The origin of the grant, if a token was exchanged for it (RFC 8693).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchanged: Option<Box<ExchangeOrigin>>,
    /// The id of the client to which the grant was given.
    pub client_id: String,
    /// The user who gave the grant. `None` if the client acts without a user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The granted scope. A token of the grant can have a narrower scope.
    #[serde(default)]
    pub scope: Scope,
    /// The `grant_type` of the grant.
    pub grant_type: Cow<'static, str>,
    /// The resources of the grant (RFC 8707). If empty, all resources of the server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource: Vec<String>,
    /// The identifier of the user's session at the server, by which the grant can be ended when the
    /// user signs out. OpenID Connect calls it `sid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The time at which the user was authenticated (`auth_time` of OpenID Connect and RFC 9470).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<Timestamp>,
    /// The authentication context class, which says how the user was authenticated (`acr` of OpenID
    /// Connect and RFC 9470).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// Data of the application, from [`Approval::data`](crate::oauth2::server::Approval::data).
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
    /// The time at which the grant was given.
    pub granted_at: Timestamp,
}

/// The origin of a grant for which a token was exchanged (RFC 8693).
///
/// ```
/// use oauth_proto::oauth2::server::store::TokenRecord;
///
/// /// The value of a column that refers to the tokens table, with `ON DELETE CASCADE`.
/// fn subject(record: &TokenRecord) -> Option<String> {
///     record.grant.exchanged.as_ref().map(|origin| origin.subject.to_string())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExchangeOrigin {
    /// The hash of the subject token. The tokens of the grant are revoked with the subject token.
    pub subject: TokenHash,
    /// The first grant of the family.
    pub family: GrantId,
    /// The number of exchanges between the first grant and this one: 1 or more.
    pub exchanges: u8,
}

impl GrantRecord {
    /// Returns the identifier of the family: the identifier of its first grant. All grants of a
    /// family come from this grant by token exchange. A grant that was not exchanged is the first
    /// of its family.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::server::store::{GrantRecord, Revoke};
    ///
    /// fn end_all(grant: &GrantRecord) -> Revoke {
    ///     Revoke::Family(grant.family())
    /// }
    /// ```
    pub fn family(&self) -> GrantId {
        self.exchanged.as_ref().map_or(self.id, |origin| origin.family)
    }

    /// Returns the origin of a grant for which a token of this grant is exchanged.
    pub(crate) fn exchange(&self, subject: TokenHash) -> Box<ExchangeOrigin> {
        let exchanges = self.exchanges().saturating_add(1);
        Box::new(ExchangeOrigin { subject, family: self.family(), exchanges })
    }

    /// Returns the number of exchanges between the first grant of the family and this one.
    pub(crate) fn exchanges(&self) -> u8 {
        self.exchanged.as_ref().map_or(0, |origin| origin.exchanges)
    }

    /// Makes the record of a grant without a user, with the whole requested scope.
    pub(crate) fn new(
        id: GrantId,
        client_id: String,
        grant_type: impl Into<Cow<'static, str>>,
        scope: Scope,
        granted_at: Timestamp,
    ) -> Self {
        Self {
            id,
            exchanged: None,
            client_id,
            user: None,
            scope,
            grant_type: grant_type.into(),
            resource: Vec::new(),
            session_id: None,
            auth_time: None,
            acr: None,
            data: Value::Null,
            granted_at,
        }
    }

    /// Returns the record with a user's approval. `None` if the approval has more than the
    /// requested scope.
    pub(crate) fn approved(self, approval: Approval) -> Option<Self> {
        let Approval { user, scope, session_id, auth_time, acr, data } = approval;
        let scope = scope.unwrap_or_else(|| self.scope.clone());
        let is_within = scope.missing_from(&self.scope).next().is_none();
        is_within.then_some(Self { user, scope, session_id, auth_time, acr, data, ..self })
    }
}

impl Approval {
    /// Makes an approval with the user and the data of an earlier grant, for
    /// [`GrantCredential::Refresh`](crate::oauth2::server::GrantCredential::Refresh).
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::server::{Approval, Decision, GrantCredential};
    ///
    /// fn decide(credential: &GrantCredential) -> Decision {
    ///     match credential {
    ///         GrantCredential::Refresh(grant) if grant.user.as_deref() != Some("mallory") => {
    ///             Decision::Granted(Approval::of(grant))
    ///         }
    ///         _ => Decision::Denied,
    ///     }
    /// }
    /// ```
    pub fn of(record: &GrantRecord) -> Self {
        Self {
            user: record.user.clone(),
            scope: None,
            session_id: record.session_id.clone(),
            auth_time: record.auth_time,
            acr: record.acr.clone(),
            data: record.data.clone(),
        }
    }
}
