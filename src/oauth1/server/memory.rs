//! A store in memory, for tests, examples and servers of one process that may forget.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::commands::{
    Credentials, Decide, FindCredentials, FindTemporary, Redeem, Redemption, RememberNonce, SaveTemporary,
};
use super::records::{ClientRecord, Stage, TemporaryRecord, TokenRecord};
use super::store::Store;
use crate::{Freshness, Timestamp};

/// Keeps everything in memory. What has expired is dropped whenever a nonce or temporary credentials come.
///
/// ```
/// use oauth_proto::oauth1::server::{ClientRecord, MemoryStore};
///
/// let store = MemoryStore::default();
/// store.add_client("dpf43f3p2l4k3l03", ClientRecord::with_secret("kd94hf93k423kf44"));
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore {
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    clients: BTreeMap<String, ClientRecord>,
    tokens: BTreeMap<String, TokenRecord>,
    temporaries: BTreeMap<String, TemporaryRecord>,
    nonces: BTreeSet<Nonce>,
    /// What expires, in the order in which it does.
    expiries: BTreeSet<(Timestamp, Expiring)>,
    /// The latest time by which something has been dropped.
    latest: Timestamp,
}

/// Client, token, timestamp and nonce.
type Nonce = (String, Option<String>, Timestamp, String);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Expiring {
    Nonce(Nonce),
    Temporary(String),
    Token(String),
}

impl MemoryStore {
    /// Registers a client under its identifier, in place of one that was there.
    pub fn add_client(&self, key: impl Into<String>, client: ClientRecord) {
        self.tables().clients.insert(key.into(), client);
    }

    /// Keeps a token under its identifier, as if it had been issued.
    pub fn add_token(&self, token: impl Into<String>, record: TokenRecord) {
        self.tables().tokens.insert(token.into(), record);
    }

    /// Revokes a token. Tells whether it was there.
    pub fn remove_token(&self, token: &str) -> bool {
        self.tables().tokens.remove(token).is_some()
    }

    /// How many records it holds of what expires: nonces, temporary credentials, and tokens that do.
    pub fn expiring(&self) -> usize {
        self.tables().expiries.len()
    }

    /// The tables are whole between two statements, so a thread that panicked has not broken them.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    /// Drops what had expired by then.
    fn expire(&mut self, now: Timestamp) {
        self.latest = self.latest.max(now);
        while self.expiries.first().is_some_and(|(at, _)| *at <= now) {
            match self.expiries.pop_first() {
                Some((_, Expiring::Nonce(nonce))) => drop(self.nonces.remove(&nonce)),
                Some((_, Expiring::Temporary(token))) => drop(self.temporaries.remove(&token)),
                Some((_, Expiring::Token(token))) => drop(self.tokens.remove(&token)),
                None => {}
            }
        }
    }

    fn remove_temporary(&mut self, token: &str) -> Option<TemporaryRecord> {
        let record = self.temporaries.remove(token)?;
        self.expiries.remove(&(record.expires_at, Expiring::Temporary(token.to_owned())));
        Some(record)
    }
}

impl Store for MemoryStore {
    type Error = Infallible;

    fn find_credentials(&self, command: &FindCredentials) -> Result<Credentials, Infallible> {
        let tables = self.tables();
        let token = command.token.as_ref();
        Ok(Credentials {
            client: tables.clients.get(&command.client).cloned(),
            token: token.filter(|_| !command.temporary).and_then(|token| tables.tokens.get(token).cloned()),
            temporary: token.filter(|_| command.temporary).and_then(|token| tables.temporaries.get(token).cloned()),
        })
    }

    fn remember_nonce(&self, command: &RememberNonce) -> Result<Freshness, Infallible> {
        let RememberNonce { client, token, timestamp, nonce, until, now } = command.clone();
        let mut tables = self.tables();
        tables.expire(now);
        let nonce = (client, token, timestamp, nonce);
        if until <= tables.latest || !tables.nonces.insert(nonce.clone()) {
            return Ok(Freshness::Seen);
        }
        tables.expiries.insert((until, Expiring::Nonce(nonce)));
        Ok(Freshness::Fresh)
    }

    fn save_temporary(&self, command: &SaveTemporary) -> Result<(), Infallible> {
        let SaveTemporary { token, record, now } = command.clone();
        let mut tables = self.tables();
        tables.expire(now);
        tables.expiries.insert((record.expires_at, Expiring::Temporary(token.clone())));
        tables.temporaries.insert(token, record);
        Ok(())
    }

    fn find_temporary(&self, command: &FindTemporary) -> Result<Option<TemporaryRecord>, Infallible> {
        Ok(self.tables().temporaries.get(&command.token).cloned())
    }

    fn decide(&self, command: &Decide) -> Result<Option<TemporaryRecord>, Infallible> {
        let mut tables = self.tables();
        let record = tables
            .temporaries
            .get_mut(&command.token)
            .filter(|record| record.stage == Stage::Waiting && record.client == command.client);
        let Some(record) = record else {
            return Ok(None);
        };
        let before = record.clone();
        match &command.stage {
            Some(stage) => record.stage = stage.clone(),
            None => drop(tables.remove_temporary(&command.token)),
        }
        Ok(Some(before))
    }

    fn redeem(&self, command: &Redeem) -> Result<Redemption, Infallible> {
        let mut tables = self.tables();
        let removed = tables.remove_temporary(&command.temporary);
        let redemption = removed.map_or(Redemption::Refused, |record| record.redeem(command));
        if let Redemption::Redeemed(token) = &redemption {
            let expiry = token.expires_at.map(|at| (at, Expiring::Token(command.token.clone())));
            tables.expiries.extend(expiry);
            tables.tokens.insert(command.token.clone(), token.clone());
        }
        Ok(redemption)
    }
}
