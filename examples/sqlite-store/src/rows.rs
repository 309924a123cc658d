//! The rows of the tables, and the records in them.

use std::str::FromStr;
use std::sync::Arc;

use oauth_proto::Timestamp;
use oauth_proto::oauth2::server::store::{Attempts, KeyedToken, NewTokens, TokenRecord};
use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension, Result, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Returns a time for a column. SQLite has no unsigned numbers of 64 bits.
pub(crate) fn seconds(time: Timestamp) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

/// Returns the number of rows for a limit.
pub(crate) fn number(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

pub(crate) fn to_json(record: &impl Serialize) -> Result<String> {
    serde_json::to_string(record).map_err(|error| Error::ToSqlConversionFailure(error.into()))
}

/// Reads a record from a column.
pub(crate) fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<Arc<T>> {
    let record = serde_json::from_str(row.get_ref(column)?.as_str()?);
    record.map(Arc::new).map_err(|error| unreadable(column, error))
}

/// Reads a key or an identifier from a column.
pub(crate) fn parsed<T>(row: &Row<'_>, column: usize) -> Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    row.get_ref(column)?.as_str()?.parse().map_err(|error| unreadable(column, error))
}

fn unreadable(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

/// Reads a count of attempts from the columns `count` and `ends_at`.
pub(crate) fn attempts(row: &Row<'_>) -> Result<Attempts> {
    Ok(Attempts::new(row.get(0)?, Timestamp::from_secs(row.get(1)?)))
}

/// Inserts new tokens.
pub(crate) fn insert(connection: &Connection, tokens: &NewTokens) -> Result<()> {
    for KeyedToken { key, record, .. } in [&tokens.access].into_iter().chain(&tokens.refresh) {
        let grant = &record.grant;
        connection
            .prepare_cached(
                "INSERT INTO tokens (key, grant_id, family, user_id, client_id, subject,
                     reuse_key, expires_at, sealed_until, replaced, record)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL, FALSE, ?9)",
            )?
            .execute(params![
                key.to_string(),
                grant.id.to_string(),
                grant.family().to_string(),
                grant.user,
                grant.client_id,
                grant.exchanged.as_ref().map(|origin| origin.subject.to_string()),
                record.reuse.as_ref().map(|reuse| reuse.key.to_string()),
                record.expires_at.map(seconds),
                to_json(&**record)?,
            ])?;
    }
    Ok(())
}

/// Returns the living token that was saved last under the reuse key of new tokens.
pub(crate) fn reusable(connection: &Connection, tokens: &NewTokens) -> Result<Option<KeyedToken>> {
    let Some(reuse) = &tokens.access.record.reuse else { return Ok(None) };
    let sql = "SELECT record, key FROM tokens
        WHERE reuse_key = ?1 AND (expires_at IS NULL OR expires_at > ?2)
        ORDER BY serial DESC LIMIT 1";
    connection
        .query_row(sql, params![reuse.key.to_string(), seconds(tokens.now)], |row| {
            Ok(KeyedToken::new(parsed(row, 1)?, from_json(row, 0)?))
        })
        .optional()
}

/// Stores a record in place of a refresh token's.
pub(crate) fn update(connection: &Connection, key: &str, record: &TokenRecord) -> Result<()> {
    let sealed_until = record.replaced.as_ref().and_then(|replaced| replaced.sealed_until);
    connection.execute(
        "UPDATE tokens SET record = ?2, replaced = ?3, expires_at = ?4, sealed_until = ?5
             WHERE key = ?1",
        params![
            key,
            to_json(record)?,
            record.replaced.is_some(),
            record.expires_at.map(seconds),
            sealed_until.map(seconds),
        ],
    )?;
    Ok(())
}

/// Removes the seal from the record of a replaced refresh token, if the record is there.
pub(crate) fn drop_seal(connection: &Connection, key: &str) -> Result<()> {
    let sql = "SELECT record FROM tokens WHERE key = ?1";
    let found = connection.query_row(sql, [key], |row| from_json::<TokenRecord>(row, 0));
    match found.optional()? {
        Some(record) => update(connection, key, &record.without_seal()),
        None => Ok(()),
    }
}
