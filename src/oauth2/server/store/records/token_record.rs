//! Tokens as a server keeps them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::grant_record::GrantRecord;
use crate::Timestamp;
use crate::oauth2::Scope;
use crate::oauth2::common::token_hash::TokenHash;
use crate::oauth2::server::store::records::sealed::Sealed;

/// An access token or a refresh token as it is kept, under the hash of its value.
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
    /// The kind of the token.
    pub kind: TokenKind,
    /// The grant of the token. All tokens of the grant share it.
    pub grant: Arc<GrantRecord>,
    /// The scope of this token, if that is less than what was granted. See [`scope`](Self::scope).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrowed_scope: Option<Scope>,
    /// The resources of this token, if they are fewer than were granted. See
    /// [`resource`](Self::resource).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrowed_resource: Option<Vec<String>>,
    /// The time at which it was issued.
    pub issued_at: Timestamp,
    /// The time at which it expires; never if `None`. The record may be dropped then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The key by which an equal request finds this token, if tokens are reusable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reuse: Option<Box<TokenReuse>>,
    /// The successor of a refresh token that has been replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<Box<Replaced>>,
    /// The hash of the refresh token that this one has replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<TokenHash>,
}

impl TokenRecord {
    /// Returns the scope of this token.
    pub fn scope(&self) -> &Scope {
        self.narrowed_scope.as_ref().unwrap_or(&self.grant.scope)
    }

    /// Returns the resources that this token is for (RFC 8707); if empty, all resources of the
    /// server.
    pub fn resource(&self) -> &[String] {
        self.narrowed_resource.as_ref().unwrap_or(&self.grant.resource)
    }

    /// Returns the record without the seal of its successor: a store keeps this in place of the
    /// predecessor that a [`Rotate`](crate::oauth2::server::store::Rotate) names.
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

    /// Returns whether it has expired: at the very second, too.
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
    /// A token that is shown to a resource server.
    #[serde(rename = "access_token")]
    Access,
    /// A token that gets another access token.
    #[serde(rename = "refresh_token")]
    Refresh,
}

/// The data by which an equal request finds a reusable access token, and gets it again.
///
/// ```
/// fn column(reuse: &oauth_proto::oauth2::server::store::TokenReuse) -> String {
///     reuse.key.to_string()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenReuse {
    /// The hash of client, user, grant type, scope, resources and the application's data, in a
    /// column with an index.
    pub key: TokenHash,
    /// The access token.
    pub access: Sealed,
    /// The hash of the refresh token that was issued with it, and that token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<(TokenHash, Sealed)>,
}

/// The successor of a refresh token.
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
    /// The time at which it was replaced.
    pub at: Timestamp,
    /// The hash of the new token.
    pub by: TokenHash,
    /// The new token, sealed with the old one, for a client that lost the answer; `None` if the
    /// server allows no grace, and from the moment at which the new token is replaced itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
    /// The time until which the new token may be asked for again. A store that cleans up drops the
    /// seal from then on, if no rotation has done so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_until: Option<Timestamp>,
}
