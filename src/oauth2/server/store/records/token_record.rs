//! The records of access tokens and refresh tokens.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::grant_record::GrantRecord;
use crate::Timestamp;
use crate::core::record_format::RecordFormat;
use crate::core::token_hash::TokenHash;
use crate::oauth2::Scope;
use crate::oauth2::server::store::records::sealed::Sealed;

/// The record of an access token or a refresh token, which is stored under the hash of the token.
///
/// ```
/// use oauth_proto::oauth2::server::store::TokenRecord;
///
/// fn columns(
///     record: &TokenRecord,
/// ) -> Result<(String, Option<u64>, String), serde_json::Error> {
///     let expires_at = record.expires_at.map(|at| at.as_secs());
///     Ok((record.grant.id.to_string(), expires_at, serde_json::to_string(record)?))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenRecord {
    /// The version of the stored form.
    #[serde(default, rename = "v")]
    pub(crate) format: RecordFormat,
    /// The kind of the token.
    pub kind: TokenKind,
    /// The grant to which the token belongs.
    pub grant: Arc<GrantRecord>,
    /// The scope of this token, if it is narrower than that of the grant. See
    /// [`scope`](Self::scope).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrowed_scope: Option<Scope>,
    /// The resources of this token, if they are fewer than those of the grant. See
    /// [`resource`](Self::resource).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrowed_resource: Option<Vec<String>>,
    /// The time at which the token was issued.
    pub issued_at: Timestamp,
    /// The time at which the token expires. After it, the store may drop the record. `None` if the
    /// token does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The key by which an equal request gets this token again, if tokens are reusable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reuse: Option<Box<TokenReuse>>,
    /// The successor, if this refresh token was replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<Box<Replaced>>,
    /// The hash of the refresh token that this one replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<TokenHash>,
}

impl TokenRecord {
    /// Returns the scope of this token.
    pub fn scope(&self) -> &Scope {
        self.narrowed_scope.as_ref().unwrap_or(&self.grant.scope)
    }

    /// Returns the resources of this token (RFC 8707). If empty, all resources of the server.
    pub fn resource(&self) -> &[String] {
        self.narrowed_resource.as_ref().unwrap_or(&self.grant.resource)
    }

    /// Returns the record without the sealed successor. A store writes it in place of the
    /// predecessor in a [`Rotate`](crate::oauth2::server::store::Rotate) query.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::server::store::TokenRecord;
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

    /// Returns whether the token has expired. At exactly its expiry time, it has expired.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// The kind of a token.
///
/// ```
/// use oauth_proto::oauth2::server::store::TokenKind;
///
/// assert_eq!(serde_json::to_string(&TokenKind::Refresh).unwrap(), r#""refresh_token""#);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TokenKind {
    /// A token for requests to a resource server.
    #[serde(rename = "access_token")]
    Access,
    /// A token for requests of new access tokens.
    #[serde(rename = "refresh_token")]
    Refresh,
}

/// The data by which an equal request gets a reusable access token again.
///
/// ```
/// fn column(reuse: &oauth_proto::oauth2::server::store::TokenReuse) -> String {
///     reuse.key.to_string()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenReuse {
    /// The hash of client, user, grant type, scope, resources, the user's sign-in (`acr`,
    /// `auth_time`, `session_id`) and the application's data. Put an index on this column.
    pub key: TokenHash,
    /// The sealed access token.
    pub access: Sealed,
    /// The hash of the refresh token that was issued with the access token, and the sealed refresh
    /// token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<(TokenHash, Sealed)>,
}

/// The successor of a replaced refresh token.
///
/// ```
/// use oauth_proto::oauth2::server::store::Replaced;
/// use std::time::Duration;
///
/// fn is_recent(replaced: &Replaced, now: oauth_proto::Timestamp) -> bool {
///     replaced.at.until(now) < Duration::from_secs(10)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Replaced {
    /// The time at which the refresh token was replaced.
    pub at: Timestamp,
    /// The hash of the new refresh token.
    pub by: TokenHash,
    /// The new refresh token, sealed with the old one, for a client that lost the response. `None`
    /// if the server has no grace time, and after the new token was replaced itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
    /// The end of the grace time, in which the new token can be requested again. After it, a store
    /// that cleans up must drop the seal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_until: Option<Timestamp>,
}
