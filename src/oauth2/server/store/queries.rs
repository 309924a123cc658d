//! The queries of a server to storage, each of which is a step that happens as a whole or not at
//! all.

use std::sync::Arc;

use super::records::client_record::ClientRecord;
use super::records::grant_record::GrantId;
use super::records::one_time_record::OneTimeRecord;
use super::records::token_record::TokenRecord;
use crate::Timestamp;
use crate::core::query::ServerQuery;
use crate::oauth2::common::token_hash::TokenHash;

/// Finds a client by its identifier, byte for byte.
///
/// ```
/// let query = oauth_proto::oauth2::server::store::FindClient::new("s6BhdRkqt3");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FindClient {
    /// Its identifier.
    pub client_id: String,
}

impl FindClient {
    /// Returns the query for the client of that identifier.
    pub fn new(client_id: impl Into<String>) -> Self {
        Self { client_id: client_id.into() }
    }
}

impl ServerQuery for FindClient {
    type Output = Option<Arc<ClientRecord>>;
}

/// Keeps a client under its identifier: a new one, which must not be there yet; or in place of one
/// that is there and is still the same as it was found (RFC 7592), so that a change that an
/// operator has made meanwhile is not undone. Answers whether it was kept.
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
    /// The client.
    pub record: Arc<ClientRecord>,
    /// The record that this one replaces.
    pub replaces: Option<Arc<ClientRecord>>,
}

impl ServerQuery for SaveClient {
    type Output = bool;
}

/// Removes a client that has that registration access token, with all its one-time records and
/// tokens. Answers whether it was there.
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
    /// Its identifier.
    pub client_id: String,
    /// The registration access token's hash in its record.
    pub registration: TokenHash,
}

impl ServerQuery for RemoveClient {
    type Output = bool;
}

/// Keeps a new one-time record, with version 0. Answers whether it was kept. It is not kept if
/// another one-time record that has not expired, used or not, has that second key. This happens
/// with user codes, since they are short.
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
    /// The hash under which it is kept.
    pub key: TokenHash,
    /// The hash by which it is found, too.
    pub second_key: Option<TokenHash>,
    /// The one-time record.
    pub record: Arc<OneTimeRecord>,
    /// The time. Records that have expired by then may be dropped.
    pub now: Timestamp,
}

impl ServerQuery for SaveOneTimeRecord {
    type Output = bool;
}

/// Finds a one-time record by its key, or by its second_key.
///
/// ```
/// # use oauth_proto::oauth2::server::store::{FindOneTimeRecord, TokenHash};
/// let query = FindOneTimeRecord::new(TokenHash::of("SplxlOBeZQQYbYS6WxSbIA"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FindOneTimeRecord {
    /// The hash of its value, or its second_key.
    pub key: TokenHash,
}

/// A one-time record that is kept, also when it has expired and was not dropped yet.
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
    /// Its key.
    pub key: TokenHash,
    /// The number of times that it was replaced.
    pub version: u64,
    /// Whether it has been redeemed.
    pub used: bool,
    /// The one-time record.
    pub record: Arc<OneTimeRecord>,
}

impl FindOneTimeRecord {
    /// Returns the query for the record of that key.
    pub fn new(key: TokenHash) -> Self {
        Self { key }
    }
}

impl FoundOneTimeRecord {
    /// Returns a record that was found: one that was neither replaced nor redeemed yet.
    pub fn new(key: TokenHash, record: Arc<OneTimeRecord>) -> Self {
        Self { key, version: 0, used: false, record }
    }
}

impl ServerQuery for FindOneTimeRecord {
    type Output = Option<FoundOneTimeRecord>;
}

/// Puts a one-time record in place of one that is there, is not used and has that version. The
/// version is increased by one, and the second key stays. Answers whether the record was replaced.
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
    /// Its key, never its second_key.
    pub key: TokenHash,
    /// The version that was found.
    pub version: u64,
    /// The record that is kept instead. Its expiry and its grant are as before.
    pub record: Arc<OneTimeRecord>,
}

impl ServerQuery for ReplaceOneTimeRecord {
    type Output = bool;
}

/// A token's record, with the key under which it is kept.
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
    /// The token's hash.
    pub key: TokenHash,
    /// The token's record.
    pub record: Arc<TokenRecord>,
}

impl KeyedToken {
    /// Returns a token's record with its key.
    pub fn new(key: TokenHash, record: Arc<TokenRecord>) -> Self {
        Self { key, record }
    }
}

/// Tokens that are to be kept.
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
    /// The access token's hash and record. If the record has a [`reuse`](TokenRecord::reuse) key,
    /// and there is an access token with that key that has not expired by `now`, nothing is kept,
    /// and the answer is that token; of several tokens the one that was kept last.
    pub access: KeyedToken,
    /// The refresh token's.
    pub refresh: Option<KeyedToken>,
    /// The time. Tokens that have expired by then may be dropped.
    pub now: Timestamp,
}

/// Spends a one-time record for tokens, once: marks it as used, and keeps the tokens. A used
/// one-time record stays until it expires, so that a second attempt, which keeps nothing, is
/// recognized. Without tokens it is only marked as used. The server has checked before whether it
/// has expired.
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
    /// Its key.
    pub key: TokenHash,
    /// The tokens that are kept.
    pub tokens: Option<NewTokens>,
}

/// The answer to [`Redeem`].
///
/// ```
/// use oauth_proto::oauth2::server::store::Redemption;
///
/// assert_ne!(Redemption::Redeemed, Redemption::Unknown);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Redemption {
    /// It is used now, and the tokens are kept.
    Redeemed,
    /// It is used now, and a reusable token was there already: its hash and record. The one-time
    /// record belongs to the grant of that token from now on: [`FindOneTimeRecord`] says so, and it
    /// is revoked with that grant, no longer with its own.
    Existing(KeyedToken),
    /// It was used before. The grant to which it now belongs: all records of the grant are about to
    /// be revoked.
    Replayed(GrantId),
    /// The record does not exist, or it has been revoked.
    Unknown,
}

impl ServerQuery for Redeem {
    type Output = Redemption;
}

/// Keeps tokens, if their client is still there; if they are made from another token, only if that
/// token is still there, too.
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
    /// The tokens that are kept.
    pub tokens: NewTokens,
    /// The token that they are made from, of either kind. The server has checked before whether it
    /// has expired or was replaced: here it only has to be there.
    pub parent: Option<TokenHash>,
}

/// The answer to [`SaveTokens`].
///
/// ```
/// use oauth_proto::oauth2::server::store::Saved;
///
/// assert_ne!(Saved::New, Saved::ParentGone);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Saved {
    /// They are kept.
    New,
    /// A reusable token was there already: its hash and record.
    Existing(KeyedToken),
    /// The token from which they are made has been revoked, or their client was removed.
    ParentGone,
}

impl SaveTokens {
    /// Returns the query that keeps tokens, if their parent is there.
    pub fn new(tokens: NewTokens, parent: Option<TokenHash>) -> Self {
        Self { tokens, parent }
    }
}

impl ServerQuery for SaveTokens {
    type Output = Saved;
}

/// Finds a token, of either kind.
///
/// ```
/// # use oauth_proto::oauth2::server::store::{FindToken, TokenHash};
/// let query = FindToken::new(TokenHash::of("2YotnFZFEjr1zCsicMWpAA"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FindToken {
    /// The hash of its value.
    pub key: TokenHash,
}

impl FindToken {
    /// Returns the query for the token of that hash.
    pub fn new(key: TokenHash) -> Self {
        Self { key }
    }
}

impl ServerQuery for FindToken {
    type Output = Option<Arc<TokenRecord>>;
}

/// Replaces a refresh token, once. If it is there and has not been replaced, puts `replaced` in its
/// place, keeps the new tokens, whatever reuse keys there are, and drops the seal in the record of
/// the predecessor, if that is there: a successor that was replaced itself is never returned again.
/// See [`TokenRecord::without_seal`].
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
    /// Its record from now on.
    pub replaced: Arc<TokenRecord>,
    /// The hash of the refresh token that the old one has replaced.
    pub predecessor: Option<TokenHash>,
    /// The new ones.
    pub tokens: NewTokens,
}

/// The answer to [`Rotate`].
///
/// ```
/// use oauth_proto::oauth2::server::store::Rotation;
///
/// assert_ne!(Rotation::Rotated, Rotation::Unknown);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rotation {
    /// It is replaced now.
    Rotated,
    /// It was replaced before. The record of the token.
    Replaced(Arc<TokenRecord>),
    /// The token does not exist, or it has been revoked.
    Unknown,
}

impl ServerQuery for Rotate {
    type Output = Rotation;
}

/// Revokes tokens and one-time records. There is no answer: a record that does not exist counts as
/// revoked.
///
/// Afterwards nothing of a grant may be there, not even what a [`Redeem`], [`Rotate`] or
/// [`SaveTokens`] at the same time was about to keep: they and this one exclude each other. In SQL,
/// a `DELETE` under `READ COMMITTED` overlooks rows that another transaction is inserting: lock a
/// row of the grant first (the one-time record, the parent, the refresh token), or run
/// serializably.
///
/// ```
/// # use oauth_proto::oauth2::server::store::{Revoke, TokenHash};
/// let query = Revoke::Token(TokenHash::of("2YotnFZFEjr1zCsicMWpAA"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Revoke {
    /// One token.
    Token(TokenHash),
    /// A grant: all its tokens, and its one-time records, too.
    Grant(GrantId),
}

impl ServerQuery for Revoke {
    type Output = ();
}
