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
    /// What it is good for.
    pub kind: TokenKind,
    /// What was granted. Shared by the tokens that come of it.
    pub grant: Arc<GrantRecord>,
    /// What this token may do, where that is less than what was granted. See
    /// [`scope`](Self::scope).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrowed_scope: Option<Scope>,
    /// Whom this token is for, where that are fewer than was granted. See
    /// [`resource`](Self::resource).
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

    /// Returns the record without the seal of its successor: what a store keeps of the predecessor
    /// that a [`Rotate`](crate::oauth2::server::store::Rotate) names.
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

    /// Whether it has expired: at the very second, too.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// What a token is good for.
///
/// ```
/// use oauth_proto::oauth2::server::store::TokenKind;
///
/// assert_eq!(serde_json::to_string(&TokenKind::Refresh).unwrap(), r#""refresh_token""#);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
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
    /// The refresh token that was issued with it, and its hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<(TokenHash, Sealed)>,
}

/// What has come in a refresh token's place.
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
    /// When.
    pub at: Timestamp,
    /// The hash of the new one.
    pub by: TokenHash,
    /// The new one, sealed with the old, for a client that lost the answer; `None` where the server
    /// allows no grace, and from the moment in which the new one is replaced itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
    /// Until when the new one may be asked for again. A store that cleans up drops the seal from
    /// then on, where no rotation has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_until: Option<Timestamp>,
}
