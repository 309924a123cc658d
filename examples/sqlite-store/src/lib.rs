//! A store of an authorization server on SQLite: one connection, and one transaction for each query
//! that writes.
//!
//! ```
//! use oauth_proto::oauth2::server::store::{ClientRecord, SaveClient, Store};
//! use oauth_proto_example_sqlite_store::SqliteStore;
//!
//! let store = SqliteStore::open(":memory:")?;
//! store.add_client(&ClientRecord::public("app"))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod rows;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use oauth_proto::OneTimeUse;
use oauth_proto::oauth2::server::store::{
    Attempts, ClientPage, ClientRecord, CountAttempt, FindAttempts, FindClient, FindOneTimeRecord,
    FindToken, FoundOneTimeRecord, GrantPage, ListClients, ListGrants, ListedGrant, NotSupported,
    OptionalQuery, Purge, Purged, Redeem, Redemption, RememberOnce, RemoveClient,
    ReplaceOneTimeRecord, Revoke, Rotate, Rotation, SaveClient, SaveOneTimeRecord, SaveTokens,
    Saved, Store, TokenRecord,
};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use self::rows::{from_json, insert, number, reusable, seconds, to_json};

/// A store in a file of SQLite.
#[derive(Debug)]
pub struct SqliteStore(Mutex<Connection>);

impl SqliteStore {
    /// Opens a file, and creates the tables that are missing.
    ///
    /// # Errors
    /// The error of SQLite if the file cannot be opened or written.
    pub fn open(path: impl AsRef<Path>) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.execute_batch(include_str!("schema.sql"))?;
        Ok(Self(Mutex::new(connection)))
    }

    /// Stores a client, in place of one that was there. Its tokens stay.
    ///
    /// # Errors
    /// The error of SQLite if the file cannot be written.
    pub fn add_client(&self, record: &ClientRecord) -> rusqlite::Result<()> {
        put_client(&self.connection(), record)
    }

    /// Locks the connection. After a panic its transaction was rolled back, so it can be used.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a query that writes. The transaction begins as a writer, because SQLite refuses one
    /// that begins as a reader and then writes while another process writes.
    fn write<T>(
        &self,
        run: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let output = run(&transaction)?;
        transaction.commit()?;
        Ok(output)
    }
}

/// Stores a client, in place of one that was there.
fn put_client(connection: &Connection, record: &ClientRecord) -> rusqlite::Result<()> {
    let registration = record.registration.map(|hash| hash.to_string());
    connection.execute(
        "INSERT INTO clients (client_id, registration, record) VALUES (?1, ?2, ?3)
         ON CONFLICT (client_id) DO UPDATE SET registration = ?2, record = ?3",
        params![record.client_id, registration, to_json(record)?],
    )?;
    Ok(())
}

fn client(connection: &Connection, client_id: &str) -> rusqlite::Result<Option<Arc<ClientRecord>>> {
    let sql = "SELECT record FROM clients WHERE client_id = ?1";
    connection.prepare_cached(sql)?.query_row([client_id], |row| from_json(row, 0)).optional()
}

fn token(connection: &Connection, key: &str) -> rusqlite::Result<Option<Arc<TokenRecord>>> {
    let sql = "SELECT record FROM tokens WHERE key = ?1";
    connection.prepare_cached(sql)?.query_row([key], |row| from_json(row, 0)).optional()
}

impl Store for SqliteStore {
    type Error = rusqlite::Error;

    fn find_client(&self, query: &FindClient) -> rusqlite::Result<Option<Arc<ClientRecord>>> {
        client(&self.connection(), &query.client_id)
    }

    fn save_client(&self, query: &SaveClient) -> rusqlite::Result<bool> {
        self.write(|transaction| {
            if client(transaction, &query.record.client_id)? != query.replaces {
                return Ok(false);
            }
            put_client(transaction, &query.record)?;
            Ok(true)
        })
    }

    fn remove_client(&self, query: &RemoveClient) -> rusqlite::Result<bool> {
        let removed = self.connection().execute(
            "DELETE FROM clients WHERE client_id = ?1 AND registration = ?2",
            params![query.client_id, query.registration.to_string()],
        )?;
        Ok(removed == 1)
    }

    fn save_one_time_record(&self, query: &SaveOneTimeRecord) -> rusqlite::Result<bool> {
        let SaveOneTimeRecord { key, second_key, record, now, .. } = query;
        let second_key = second_key.map(|second_key| second_key.to_string());
        self.write(|transaction| {
            if client(transaction, &record.client_id)?.is_none() {
                return Ok(false);
            }
            transaction.execute(
                "DELETE FROM one_time_records WHERE second_key = ?1 AND expires_at <= ?2",
                params![second_key, seconds(*now)],
            )?;
            let saved = transaction.execute(
                "INSERT OR IGNORE INTO one_time_records
                     (key, second_key, grant_id, user_id, client_id, expires_at, record)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    key.to_string(),
                    second_key,
                    record.grant_id.to_string(),
                    record.user(),
                    record.client_id,
                    seconds(record.expires_at),
                    to_json(&**record)?,
                ],
            )?;
            Ok(saved == 1)
        })
    }

    fn find_one_time_record(
        &self,
        query: &FindOneTimeRecord,
    ) -> rusqlite::Result<Option<FoundOneTimeRecord>> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT record, key, version, used, grant_id FROM one_time_records
                 WHERE key = ?1 OR second_key = ?1",
        )?;
        let found = statement.query_row([query.key.to_string()], |row| {
            let mut found = FoundOneTimeRecord::new(rows::parsed(row, 1)?, from_json(row, 0)?);
            (found.version, found.used) = (row.get(2)?, row.get(3)?);
            // Redeem can move a record to another grant.
            Arc::make_mut(&mut found.record).grant_id = rows::parsed(row, 4)?;
            Ok(found)
        });
        found.optional()
    }

    fn replace_one_time_record(&self, query: &ReplaceOneTimeRecord) -> rusqlite::Result<bool> {
        let replaced = self.connection().execute(
            "UPDATE one_time_records SET record = ?3, user_id = ?4, version = version + 1
                 WHERE key = ?1 AND version = ?2 AND NOT used",
            params![
                query.key.to_string(),
                query.version,
                to_json(&*query.record)?,
                query.record.user()
            ],
        )?;
        Ok(replaced == 1)
    }

    fn redeem(&self, query: &Redeem) -> rusqlite::Result<Redemption> {
        let key = query.key.to_string();
        self.write(|transaction| {
            let sql = "SELECT used, grant_id FROM one_time_records WHERE key = ?1";
            let found = transaction
                .query_row(sql, [&key], |row| Ok((row.get::<_, bool>(0)?, rows::parsed(row, 1)?)));
            match found.optional()? {
                None => return Ok(Redemption::Unknown),
                Some((true, grant)) => return Ok(Redemption::Replayed(grant)),
                Some((false, _)) => {}
            }
            transaction
                .execute("UPDATE one_time_records SET used = TRUE WHERE key = ?1", [&key])?;
            let Some(tokens) = &query.tokens else { return Ok(Redemption::Redeemed) };
            if let Some(existing) = reusable(transaction, tokens)? {
                let grant = &existing.record.grant;
                transaction.execute(
                    "UPDATE one_time_records SET grant_id = ?2, user_id = ?3 WHERE key = ?1",
                    params![key, grant.id.to_string(), grant.user],
                )?;
                return Ok(Redemption::Existing(existing));
            }
            insert(transaction, tokens)?;
            Ok(Redemption::Redeemed)
        })
    }

    fn save_tokens(&self, query: &SaveTokens) -> rusqlite::Result<Saved> {
        let grant = &query.tokens.access.record.grant;
        let subject = grant.exchanged.as_ref().map(|origin| origin.subject);
        self.write(|transaction| {
            let mut is_gone = client(transaction, &grant.client_id)?.is_none();
            for parent in [query.parent, subject].into_iter().flatten() {
                is_gone |= token(transaction, &parent.to_string())?.is_none();
            }
            if is_gone {
                return Ok(Saved::ParentGone);
            }
            if let Some(existing) = reusable(transaction, &query.tokens)? {
                return Ok(Saved::Existing(existing));
            }
            insert(transaction, &query.tokens)?;
            Ok(Saved::New)
        })
    }

    fn find_token(&self, query: &FindToken) -> rusqlite::Result<Option<Arc<TokenRecord>>> {
        token(&self.connection(), &query.key.to_string())
    }

    fn rotate(&self, query: &Rotate) -> rusqlite::Result<Rotation> {
        let key = query.key.to_string();
        self.write(|transaction| {
            let Some(old) = token(transaction, &key)? else { return Ok(Rotation::Unknown) };
            if old.replaced.is_some() {
                return Ok(Rotation::Replaced(old));
            }
            rows::update(transaction, &key, &query.replaced)?;
            insert(transaction, &query.tokens)?;
            if let Some(predecessor) = query.predecessor {
                rows::drop_seal(transaction, &predecessor.to_string())?;
            }
            Ok(Rotation::Rotated)
        })
    }

    fn revoke(&self, query: &Revoke) -> rusqlite::Result<()> {
        let (column, value) = match query {
            Revoke::Token(key) => ("key", key.to_string()),
            Revoke::Exchanged(key) => ("subject", key.to_string()),
            Revoke::Grant(id) => ("grant_id", id.to_string()),
            Revoke::Family(id) => ("family", id.to_string()),
            Revoke::User(user) => ("user_id", user.clone()),
            Revoke::Client(client_id) => ("client_id", client_id.clone()),
            // A kind of a later version. It must not count as done.
            other => {
                let error = format!("this store cannot revoke {other:?}");
                return Err(rusqlite::Error::ToSqlConversionFailure(error.into()));
            }
        };
        self.write(|transaction| {
            transaction.execute(&format!("DELETE FROM tokens WHERE {column} = ?1"), [&value])?;
            // The one-time records of a family are those of its first grant.
            let column = if column == "family" { "grant_id" } else { column };
            if matches!(column, "grant_id" | "user_id" | "client_id") {
                let sql = format!("DELETE FROM one_time_records WHERE {column} = ?1");
                transaction.execute(&sql, [&value])?;
            }
            Ok(())
        })
    }

    fn count_attempt(
        &self,
        query: &CountAttempt,
    ) -> rusqlite::Result<Result<Attempts, NotSupported>> {
        // Without this transaction, `query_row` would not report that the commit has failed.
        let counted = self.write(|transaction| {
            transaction.query_row(
                "INSERT INTO attempts (purpose, key, count, ends_at) VALUES (?1, ?2, 1, ?4)
             ON CONFLICT (purpose, key) DO UPDATE SET
                 count = CASE WHEN ends_at <= ?3 THEN 1 ELSE count + 1 END,
                 ends_at = CASE WHEN ends_at <= ?3 THEN ?4 ELSE ends_at END
             RETURNING count, ends_at",
                params![
                    query.purpose.as_str(),
                    query.key.to_string(),
                    seconds(query.now),
                    seconds(query.now.after(query.window))
                ],
                rows::attempts,
            )
        })?;
        Ok(Ok(counted))
    }

    fn find_attempts(
        &self,
        query: &FindAttempts,
    ) -> rusqlite::Result<Result<Option<Attempts>, NotSupported>> {
        let sql = "SELECT count, ends_at FROM attempts WHERE purpose = ?1 AND key = ?2";
        let name = params![query.purpose.as_str(), query.key.to_string()];
        Ok(Ok(self.connection().query_row(sql, name, rows::attempts).optional()?))
    }

    fn remember_once(&self, query: &RememberOnce) -> rusqlite::Result<OneTimeUse> {
        let inserted = self.connection().execute(
            "INSERT OR IGNORE INTO one_time_values (purpose, key, expires_at)
                 SELECT ?1, ?2, ?3 FROM purged WHERE until < ?3",
            params![query.purpose.as_str(), query.key.to_string(), seconds(query.expires_at)],
        )?;
        Ok(if inserted == 1 { OneTimeUse::First } else { OneTimeUse::Replay })
    }

    fn list_grants(&self, query: &ListGrants) -> rusqlite::Result<Result<GrantPage, NotSupported>> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT record FROM tokens WHERE serial IN (
                 SELECT max(serial) FROM tokens
                     WHERE user_id = ?1 AND grant_id > ?2 AND subject IS NULL AND NOT replaced
                         AND (expires_at IS NULL OR expires_at > ?3)
                     GROUP BY grant_id)
                 ORDER BY grant_id LIMIT ?4",
        )?;
        let after = query.after.map(|after| after.to_string()).unwrap_or_default();
        let size = number(query.limit.max(1));
        let page = params![query.user, after, seconds(query.now), size.saturating_add(1)];
        let mut grants = statement
            .query_map(page, |row| from_json::<TokenRecord>(row, 0))?
            .map(|record| record.map(|it| ListedGrant::new(it.grant.clone(), Some(it.issued_at))))
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let mut page = GrantPage::default();
        if grants.len() > size {
            grants.truncate(size);
            page.next = grants.last().map(|listed| listed.grant.id);
        }
        page.grants = grants;
        Ok(Ok(page))
    }

    fn list_clients(
        &self,
        query: &ListClients,
    ) -> rusqlite::Result<Result<ClientPage, NotSupported>> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT record FROM clients WHERE ?1 IS NULL OR client_id > ?1
                 ORDER BY client_id LIMIT ?2",
        )?;
        let size = number(query.limit.max(1));
        let mut clients = statement
            .query_map(params![query.after, size.saturating_add(1)], |row| {
                from_json::<ClientRecord>(row, 0)
            })?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let mut page = ClientPage::default();
        if clients.len() > size {
            clients.truncate(size);
            page.next = clients.last().map(|client| client.client_id.clone());
        }
        page.clients = clients;
        Ok(Ok(page))
    }

    fn purge(&self, query: &Purge) -> rusqlite::Result<Result<Purged, NotSupported>> {
        let (now, limit) = (seconds(query.now), number(query.limit.max(1)));
        let removed = self.write(|transaction| {
            transaction.execute("UPDATE purged SET until = max(until, ?1)", [now])?;
            let mut left = limit;
            for (table, end) in [
                ("tokens", "expires_at"),
                ("one_time_records", "expires_at"),
                ("attempts", "ends_at"),
                ("one_time_values", "expires_at"),
            ] {
                let sql = format!(
                    "DELETE FROM {table} WHERE rowid IN
                         (SELECT rowid FROM {table} WHERE {end} <= ?1 LIMIT ?2)"
                );
                left -= transaction.execute(&sql, params![now, left])?;
            }
            let sealed = transaction
                .prepare("SELECT key FROM tokens WHERE sealed_until <= ?1 LIMIT ?2")?
                .query_map(params![now, left], |row| row.get(0))?
                .collect::<rusqlite::Result<Vec<String>>>()?;
            for key in &sealed {
                rows::drop_seal(transaction, key)?;
            }
            Ok(limit - left + sealed.len())
        })?;
        let count = u32::try_from(removed).unwrap_or(query.limit);
        Ok(Ok(if removed < limit { Purged::rest(count) } else { Purged::part(count) }))
    }

    fn supports(&self, query: OptionalQuery) -> bool {
        matches!(
            query,
            OptionalQuery::CountAttempt
                | OptionalQuery::RememberOnce
                | OptionalQuery::ListGrants
                | OptionalQuery::ListClients
                | OptionalQuery::Purge
        )
    }
}
