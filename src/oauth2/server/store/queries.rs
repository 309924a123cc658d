//! The queries of a server to storage. Each is one atomic operation.

use std::sync::Arc;

use super::records::client_record::ClientRecord;
use super::records::grant_record::GrantId;
use super::records::one_time_record::OneTimeRecord;
use super::records::token_record::TokenRecord;
use crate::Timestamp;
use crate::core::query::ServerQuery;
use crate::core::token_hash::TokenHash;

/// The query that finds a client by its client id, compared byte by byte.
///
/// ```
/// let query = oauth_proto::oauth2::server::store::FindClient::new("s6BhdRkqt3");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FindClient {
    /// The client id.
    pub client_id: String,
}

impl FindClient {
    /// Makes the query for a client.
    pub fn new(client_id: impl Into<String>) -> Self {
        Self { client_id: client_id.into() }
    }
}

impl ServerQuery for FindClient {
    type Output = Option<Arc<ClientRecord>>;
}

/// The query that stores a client under its client id. If `replaces` is `None`, store the client
/// only if the store has no client with this id. If `replaces` is a record, store the client only
/// if the stored record equals it (RFC 7592), so a change by the operator in the meantime is not
/// undone. Return whether the client was stored.
///
/// ```
/// # use oauth_proto::oauth2::server::store::SaveClient;
/// fn is_new(query: &SaveClient) -> bool {
///     query.replaces.is_none()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SaveClient {
    /// The record to store.
    pub record: Arc<ClientRecord>,
    /// The record that must be there before. `None` for a new client.
    pub replaces: Option<Arc<ClientRecord>>,
}

impl ServerQuery for SaveClient {
    type Output = bool;
}

/// The query that removes a client with all its one-time records and tokens, if the client has this
/// registration access token. Return whether it was removed.
///
/// ```
/// # use oauth_proto::oauth2::server::store::RemoveClient;
/// /// DELETE FROM clients WHERE client_id = ? AND registration = ?
/// fn row(query: &RemoveClient) -> (&str, String) {
///     (&query.client_id, query.registration.to_string())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoveClient {
    /// The client id.
    pub client_id: String,
    /// The hash of the registration access token in the client's record.
    pub registration: TokenHash,
}

impl RemoveClient {
    /// Makes the query for a client and the hash of its registration access token.
    pub fn new(client_id: impl Into<String>, registration: TokenHash) -> Self {
        Self { client_id: client_id.into(), registration }
    }
}

impl ServerQuery for RemoveClient {
    type Output = bool;
}

/// The query that stores a new one-time record, with version 0. Return whether it was stored. Do
/// not store it if another one-time record with the same second key has not expired, used or not.
/// This happens with user codes, since they are short.
///
/// ```
/// # use oauth_proto::oauth2::server::store::SaveOneTimeRecord;
/// fn is_a_devices(query: &SaveOneTimeRecord) -> bool {
///     query.second_key.is_some()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SaveOneTimeRecord {
    /// The key of the record: the hash of the code, the device code or the request URI.
    pub key: TokenHash,
    /// A second key, by which the record is found, too: for a device, the hash of its user code.
    pub second_key: Option<TokenHash>,
    /// The record to store.
    pub record: Arc<OneTimeRecord>,
    /// The current time. The store may drop expired records.
    pub now: Timestamp,
}

impl ServerQuery for SaveOneTimeRecord {
    type Output = bool;
}

/// The query that finds a one-time record by its key or its second key. Return the record even if
/// it has been redeemed. An expired record can be returned or be missing, since the server checks
/// the expiry.
///
/// ```
/// # use oauth_proto::oauth2::server::store::{FindOneTimeRecord, TokenHash};
/// let query = FindOneTimeRecord::new(TokenHash::of("SplxlOBeZQQYbYS6WxSbIA"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FindOneTimeRecord {
    /// The key or the second key of the record.
    pub key: TokenHash,
}

/// A one-time record that was found. It can have expired.
///
/// ```
/// # use oauth_proto::oauth2::server::store::FoundOneTimeRecord;
/// fn was_used(found: &FoundOneTimeRecord) -> bool {
///     found.used
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoundOneTimeRecord {
    /// The key of the record, never its second key.
    pub key: TokenHash,
    /// The number of times that the record was replaced.
    pub version: u64,
    /// Whether the record was redeemed.
    pub used: bool,
    /// The record.
    pub record: Arc<OneTimeRecord>,
}

impl FindOneTimeRecord {
    /// Makes the query for a one-time record.
    pub fn new(key: TokenHash) -> Self {
        Self { key }
    }
}

impl FoundOneTimeRecord {
    /// Makes the output for a record that was neither replaced nor redeemed.
    pub fn new(key: TokenHash, record: Arc<OneTimeRecord>) -> Self {
        Self { key, version: 0, used: false, record }
    }
}

impl ServerQuery for FindOneTimeRecord {
    type Output = Option<FoundOneTimeRecord>;
}

/// The query that replaces a one-time record, if it is there, is not used and has this version.
/// Increase the version by one, and keep the second key. Return whether the record was replaced.
///
/// ```
/// # use oauth_proto::oauth2::server::store::ReplaceOneTimeRecord;
/// /// UPDATE one_time_records SET …, version = version + 1
/// ///     WHERE key = ? AND version = ? AND NOT used
/// fn key_and_version(query: &ReplaceOneTimeRecord) -> (String, u64) {
///     (query.key.to_string(), query.version)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplaceOneTimeRecord {
    /// The key of the record, never its second key.
    pub key: TokenHash,
    /// The version that the record must have.
    pub version: u64,
    /// The new record. Its expiry and its grant are those of the old one.
    pub record: Arc<OneTimeRecord>,
}

impl ServerQuery for ReplaceOneTimeRecord {
    type Output = bool;
}

/// A token's record with the key under which it is stored.
///
/// # Examples
/// ```
/// # use oauth_proto::oauth2::server::store::KeyedToken;
/// fn row(token: &KeyedToken) -> (String, String) {
///     (token.key.to_string(), serde_json::to_string(&*token.record).unwrap())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyedToken {
    /// The hash of the token.
    pub key: TokenHash,
    /// The record of the token.
    pub record: Arc<TokenRecord>,
}

impl KeyedToken {
    /// Makes a keyed token from its key and its record.
    pub fn new(key: TokenHash, record: Arc<TokenRecord>) -> Self {
        Self { key, record }
    }
}

/// New tokens to store.
///
/// ```
/// # use oauth_proto::oauth2::server::store::NewTokens;
/// fn rows(tokens: &NewTokens) -> usize {
///     1 + usize::from(tokens.refresh.is_some())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewTokens {
    /// The access token. If its record has a [`reuse`](TokenRecord::reuse) key, and an access token
    /// with this key is stored that has not expired at `now`, store nothing, and return the stored
    /// token. If there are several, return the one that was stored last.
    pub access: KeyedToken,
    /// The refresh token, if there is one.
    pub refresh: Option<KeyedToken>,
    /// The current time. The store may drop expired tokens.
    pub now: Timestamp,
}

/// The query that redeems a one-time record, once: mark it as used, and store the tokens. Keep a
/// used record until it expires, so a second attempt, which stores nothing, is recognized. Without
/// tokens, only mark the record as used. The server has checked the expiry before.
///
/// ```
/// # use oauth_proto::oauth2::server::store::Redeem;
/// /// UPDATE one_time_records SET used = TRUE WHERE key = ? AND NOT used; if that was one row,
/// /// INSERT the tokens: one transaction.
/// fn key(query: &Redeem) -> String {
///     query.key.to_string()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Redeem {
    /// The key of the record.
    pub key: TokenHash,
    /// The tokens to store, if there are any.
    pub tokens: Option<NewTokens>,
}

/// The output of [`Redeem`].
///
/// ```
/// use oauth_proto::oauth2::server::store::Redemption;
///
/// assert_ne!(Redemption::Redeemed, Redemption::Unknown);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Redemption {
    /// The record is marked as used, and the tokens are stored.
    Redeemed,
    /// The record is marked as used, and a reusable token was stored before: this one. No tokens
    /// were stored. From now on the one-time record belongs to the grant of this token:
    /// [`FindOneTimeRecord`] returns that grant, and the record is revoked with it, and no longer
    /// with its former grant.
    Existing(KeyedToken),
    /// The record was used before. The content is its present grant, which the server revokes next.
    Replayed(GrantId),
    /// The record does not exist, or it has been revoked.
    Unknown,
}

impl ServerQuery for Redeem {
    type Output = Redemption;
}

/// The query that stores tokens, if their client is still there. If `parent` is set, store them
/// only if the parent token is there, too.
///
/// ```
/// # use oauth_proto::oauth2::server::store::SaveTokens;
/// fn come_of_nothing(query: &SaveTokens) -> bool {
///     query.parent.is_none()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SaveTokens {
    /// The tokens to store.
    pub tokens: NewTokens,
    /// The token from which they are made, an access token or a refresh token. The server has
    /// checked before that it has not expired and was not replaced. The store only checks that it
    /// is there.
    pub parent: Option<TokenHash>,
}

/// The output of [`SaveTokens`].
///
/// ```
/// use oauth_proto::oauth2::server::store::Saved;
///
/// assert_ne!(Saved::New, Saved::ParentGone);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Saved {
    /// The tokens are stored.
    New,
    /// A reusable token was stored before: this one. Nothing was stored.
    Existing(KeyedToken),
    /// The parent token is not there any more, or the client was removed. Nothing was stored.
    ParentGone,
}

impl SaveTokens {
    /// Makes the query for tokens and their parent.
    pub fn new(tokens: NewTokens, parent: Option<TokenHash>) -> Self {
        Self { tokens, parent }
    }
}

impl ServerQuery for SaveTokens {
    type Output = Saved;
}

/// The query that finds an access token or a refresh token.
///
/// ```
/// # use oauth_proto::oauth2::server::store::{FindToken, TokenHash};
/// let query = FindToken::new(TokenHash::of("2YotnFZFEjr1zCsicMWpAA"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FindToken {
    /// The hash of the token.
    pub key: TokenHash,
}

impl FindToken {
    /// Makes the query for a token.
    pub fn new(key: TokenHash) -> Self {
        Self { key }
    }
}

impl ServerQuery for FindToken {
    type Output = Option<Arc<TokenRecord>>;
}

/// The query that replaces a refresh token, once. If the refresh token is stored and was not
/// replaced yet, do three things. Store the record `replaced` in place of its record. Store the new
/// tokens, without a check of reuse keys. If the record of `predecessor` is still stored, remove
/// the seal from it ([`TokenRecord::without_seal`]). Then the predecessor can no longer be
/// exchanged for the token that is replaced here.
///
/// ```
/// # use oauth_proto::oauth2::server::store::Rotate;
/// /// UPDATE tokens SET … WHERE key = ? AND NOT replaced; if that was one row, INSERT the new
/// /// ones: one transaction.
/// fn key(query: &Rotate) -> String {
///     query.key.to_string()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rotate {
    /// The hash of the old refresh token.
    pub key: TokenHash,
    /// The new record of the old refresh token.
    pub replaced: Arc<TokenRecord>,
    /// The hash of the refresh token that the old one replaced, if there is one.
    pub predecessor: Option<TokenHash>,
    /// The new tokens.
    pub tokens: NewTokens,
}

/// The output of [`Rotate`].
///
/// ```
/// use oauth_proto::oauth2::server::store::Rotation;
///
/// assert_ne!(Rotation::Rotated, Rotation::Unknown);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rotation {
    /// The refresh token is replaced, and the new tokens are stored.
    Rotated,
    /// The refresh token was replaced before. The content is its present record.
    Replaced(Arc<TokenRecord>),
    /// The token does not exist, or it has been revoked.
    Unknown,
}

impl ServerQuery for Rotate {
    type Output = Rotation;
}

/// The query that revokes tokens and one-time records. The query has no output: a record that does
/// not exist counts as revoked.
///
/// With a token, revoke the tokens that were exchanged from it, too
/// ([`exchanged`](crate::oauth2::server::store::GrantRecord::exchanged)), and the tokens that were
/// exchanged from those. In SQL, a foreign key of this column with `ON DELETE CASCADE` does this.
///
/// After this query, the store must have none of these records. This includes the records of a
/// [`Redeem`], [`Rotate`], [`SaveTokens`] or [`ReplaceOneTimeRecord`] that ran at the same time:
/// these queries and this query must exclude each other. In SQL, a `DELETE` under `READ COMMITTED`
/// does not see rows that another transaction inserts. So lock a row of the grant first (the
/// one-time record, the parent or the refresh token), or use serializable transactions.
///
/// ```
/// # use oauth_proto::oauth2::server::store::{Revoke, TokenHash};
/// let query = Revoke::Token(TokenHash::of("2YotnFZFEjr1zCsicMWpAA"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Revoke {
    /// Revokes one token.
    Token(TokenHash),
    /// Revokes the tokens that were exchanged from this token, and keeps this token.
    Exchanged(TokenHash),
    /// Revokes a grant: all of its tokens and one-time records.
    Grant(GrantId),
    /// Revokes all grants of a [family](crate::oauth2::server::store::GrantRecord::family).
    Family(GrantId),
    /// Revokes all grants of a user, such as after a change of the password.
    User(String),
    /// Revokes all grants of a client, and keeps the client.
    Client(String),
}

impl ServerQuery for Revoke {
    type Output = ();
}
