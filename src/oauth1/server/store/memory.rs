//! A store in memory: for tests, for examples, and for servers that are one process and may lose
//! their data.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::client_record::ClientRecord;
use super::find_credentials::{FindCredentials, FoundCredentials};
use super::find_temporary::FindTemporary;
use super::record_decision::RecordDecision;
use super::redeem::{Redeem, Redemption};
use super::save_temporary::SaveTemporary;
use super::temporary_record::{Stage, TemporaryRecord};
use super::token_record::TokenRecord;
use super::traits::Store;
use crate::core::expiries::{self, DROPPED_AT_ONCE};
use crate::core::one_time::{OneTimeValues, RememberOnce};
use crate::{OneTimeUse, Timestamp};

/// A store in memory. Each query that stores a nonce or temporary credentials drops a few expired
/// records, so no request waits until all of them are dropped.
///
/// # Examples
///
/// ```
/// use oauth_proto::oauth1::server::store::{ClientRecord, MemoryStore};
///
/// let store = MemoryStore::default();
/// store.add_client("dpf43f3p2l4k3l03", ClientRecord::with_secret("kd94hf93k423kf44")?);
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore {
    tables: Mutex<Tables>,
    nonces: OneTimeValues,
}

/// Trees, because they grow and shrink a few records at a time.
#[derive(Debug, Default)]
struct Tables {
    clients: BTreeMap<String, Arc<ClientRecord>>,
    tokens: BTreeMap<String, Arc<TokenRecord>>,
    temporaries: BTreeMap<String, TemporaryRecord>,
    /// The entries that expire, in the order of their expiry.
    expiries: BTreeSet<(Timestamp, Expiring)>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Expiring {
    Temporary(String),
    Token(String),
}

impl MemoryStore {
    /// Stores a client under its identifier. Replaces a client with the same identifier.
    pub fn add_client(&self, key: impl Into<String>, client: ClientRecord) {
        self.tables().clients.insert(key.into(), client.into());
    }

    /// Stores a token under its identifier.
    pub fn add_token(&self, token: impl Into<String>, record: TokenRecord) {
        self.tables().insert_token(token.into(), record);
    }

    /// Removes a token, and returns whether it was there.
    pub fn remove_token(&self, token: &str) -> bool {
        self.tables().remove_token(token)
    }

    /// Returns the number of records that expire: nonces, temporary credentials, and tokens with a
    /// lifetime.
    pub fn expiring(&self) -> usize {
        self.tables().expiries.len() + self.nonces.len()
    }

    /// The tables are consistent between two statements, so a thread that panicked has not broken
    /// them.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    /// Drops some expired records.
    fn expire(&mut self, now: Timestamp) {
        let Self { tokens, temporaries, expiries, .. } = self;
        expiries::drop_expired(expiries, now, DROPPED_AT_ONCE, |entry| match entry {
            Expiring::Temporary(token) => drop(temporaries.remove(&token)),
            Expiring::Token(token) => drop(tokens.remove(&token)),
        });
    }

    fn insert_token(&mut self, token: String, record: TokenRecord) {
        // The replaced record can have another expiry.
        self.remove_token(&token);
        self.expiries.extend(record.expires_at.map(|at| (at, Expiring::Token(token.clone()))));
        self.tokens.insert(token, record.into());
    }

    fn remove_token(&mut self, token: &str) -> bool {
        let Some(record) = self.tokens.remove(token) else { return false };
        if let Some(at) = record.expires_at {
            self.expiries.remove(&(at, Expiring::Token(token.to_owned())));
        }
        true
    }

    fn remove_temporary(&mut self, token: &str) -> Option<TemporaryRecord> {
        let record = self.temporaries.remove(token)?;
        self.expiries.remove(&(record.expires_at, Expiring::Temporary(token.to_owned())));
        Some(record)
    }
}

impl Store for MemoryStore {
    type Error = Infallible;

    fn find_credentials(&self, query: &FindCredentials) -> Result<FoundCredentials, Infallible> {
        let tables = self.tables();
        let token = query.token.as_ref();
        Ok(FoundCredentials {
            client: tables.clients.get(&query.client_key).cloned(),
            token: token
                .filter(|_| !query.temporary)
                .and_then(|token| tables.tokens.get(token).cloned()),
            temporary: token
                .filter(|_| query.temporary)
                .and_then(|token| tables.temporaries.get(token).cloned().map(Arc::new)),
        })
    }

    fn remember_once(&self, query: &RememberOnce) -> Result<OneTimeUse, Infallible> {
        self.tables().expire(query.now);
        Ok(self.nonces.remember(query))
    }

    fn save_temporary(&self, query: &SaveTemporary) -> Result<(), Infallible> {
        let SaveTemporary { token, record, now } = query.clone();
        self.nonces.drop_expired(now, DROPPED_AT_ONCE);
        let mut tables = self.tables();
        tables.expire(now);
        // The replaced records can have another expiry.
        tables.remove_temporary(&token);
        tables.expiries.insert((record.expires_at, Expiring::Temporary(token.clone())));
        tables.temporaries.insert(token, record);
        Ok(())
    }

    fn find_temporary(&self, query: &FindTemporary) -> Result<Option<TemporaryRecord>, Infallible> {
        Ok(self.tables().temporaries.get(&query.token).cloned())
    }

    fn record_decision(
        &self,
        query: &RecordDecision,
    ) -> Result<Option<TemporaryRecord>, Infallible> {
        let mut tables = self.tables();
        let record = tables.temporaries.get_mut(&query.token).filter(|record| {
            record.stage == Stage::Waiting && record.client_key == query.client_key
        });
        let Some(record) = record else {
            return Ok(None);
        };
        let before = record.clone();
        match &query.stage {
            Some(stage) => record.stage = stage.clone(),
            None => drop(tables.remove_temporary(&query.token)),
        }
        Ok(Some(before))
    }

    fn redeem(&self, query: &Redeem) -> Result<Redemption, Infallible> {
        let mut tables = self.tables();
        let removed = tables.remove_temporary(&query.temporary);
        let redemption = removed.map_or(Redemption::Refused, |record| record.redeem(query));
        if let Redemption::Redeemed(token) = &redemption {
            tables.insert_token(query.token.clone(), token.clone());
        }
        Ok(redemption)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::one_time::OneTimePurpose;
    use crate::core::record_format::RecordFormat;
    use crate::core::token_hash::TokenHash;

    fn remember(store: &MemoryStore, number: u64, now: u64) {
        let key = TokenHash::of_number(number);
        let [now, end] = [now, now + 300].map(Timestamp::from_secs);
        let query = RememberOnce::new(OneTimePurpose::OAuth1Nonce, key, now, end);
        assert_eq!(store.remember_once(&query), Ok(OneTimeUse::First));
    }

    #[test]
    fn a_replacement_token_has_its_own_lifetime() {
        let store = MemoryStore::default();
        let expiring = |at| {
            let grant = crate::oauth1::server::store::approval::Approval::new("jane");
            let mut record = TokenRecord::new("pfkkdhi9sl3r4s00", "dpf43f3p2l4k3l03", grant);
            record.expires_at = Some(Timestamp::from_secs(at));
            record
        };
        store.add_token("nnch734d00sl2jdk", expiring(100));
        store.add_token("nnch734d00sl2jdk", expiring(300));
        let is_there = || store.tables().tokens.contains_key("nnch734d00sl2jdk");
        remember(&store, 1, 200);
        assert!(is_there());
        remember(&store, 2, 300);
        assert!(!is_there());
    }

    #[test]
    fn replacement_temporary_credentials_have_their_own_lifetime() {
        let store = MemoryStore::default();
        let save = |until| {
            let record = TemporaryRecord {
                format: RecordFormat,
                secret: "hdhd0244k9j7ao03".into(),
                client_key: "dpf43f3p2l4k3l03".into(),
                callback: "oob".to_owned(),
                realm: None,
                parameters: BTreeMap::new(),
                expires_at: Timestamp::from_secs(until),
                stage: Stage::Waiting,
            };
            let Ok(()) = store.save_temporary(&SaveTemporary {
                token: "hh5s93j4hdidpola".to_owned(),
                record,
                now: Timestamp::from_secs(0),
            });
        };
        save(100);
        save(300);
        remember(&store, 1, 200);
        let Ok(found) =
            store.find_temporary(&FindTemporary { token: "hh5s93j4hdidpola".to_owned() });
        assert!(found.is_some());
    }
}
