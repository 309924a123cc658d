//! A store in memory: for tests, for examples, and for servers that are one process and may lose
//! their data.
//!
//! Every operation is short, for any number of records. Expired records are dropped a few at a time
//! ([`Table::sweep`]). A revoked grant or a removed client is marked ([`Ending`]) in one step: its
//! records are not valid any more, and later steps drop them.
//!
//! Code that holds more than one lock takes them in this order: second_keys, one-time records,
//! reuse, grants, tokens, clients. It never holds two locks of one table.

mod family;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::memory::family::{Ending, Family, Members};
use super::memory::table::{Key, Shard, Table};
use super::queries::KeyedToken;
use super::queries::{
    FindClient, FindOneTimeRecord, FindToken, FoundOneTimeRecord, NewTokens, Redeem, Redemption,
    RemoveClient, ReplaceOneTimeRecord, Revoke, Rotate, Rotation, SaveClient, SaveOneTimeRecord,
    SaveTokens, Saved,
};
use super::records::client_record::ClientRecord;
use super::records::grant_record::GrantId;
use super::records::one_time_record::OneTimeRecord;
use super::records::token_record::TokenRecord;
use super::traits::Store;
use crate::Timestamp;
use crate::oauth2::common::token_hash::TokenHash;

/// Keeps everything in memory. Records that have expired, or whose grant was revoked or client
/// removed, are dropped some at a time, whenever tokens or one-time records are saved.
///
/// No operation makes others wait for long: there are many locks, and no operation moves or drops
/// more than 1,024 records, at a million of them as at a thousand. The memory is given back after a
/// burst.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::store::{ClientRecord, MemoryStore};
///
/// let store = MemoryStore::default();
/// store.add_client(ClientRecord::confidential("printer", "7Fjfp0ZBr1KtDRbnfVdmIw")?);
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore {
    clients: [Mutex<BTreeMap<String, Client>>; 16],
    tokens: Table<TokenHash, StoredToken>,
    one_time_records: Table<TokenHash, StoredOneTimeRecord>,
    /// The one-time record of each second_key.
    second_keys: Table<TokenHash, TokenHash>,
    /// The latest access token of each reuse key.
    reuse: Table<TokenHash, TokenHash>,
    /// The records of each grant.
    grants: Table<GrantId, Members>,
}

#[derive(Debug)]
struct Client {
    record: Arc<ClientRecord>,
    /// Set when the client is removed. A later client with the same identifier gets a new one.
    ending: Arc<Ending>,
}

#[derive(Debug)]
struct StoredToken {
    record: Arc<TokenRecord>,
    /// A copy of the record's, so a sweep need not follow the pointer. The end of time if it never
    /// expires.
    expires_at: Timestamp,
    /// The same time for the seal of its successor.
    sealed_until: Timestamp,
    /// Comes when the token's own client is removed. Tokens of one grant can be of several clients,
    /// by token exchange.
    client: Option<Arc<Ending>>,
    /// The other records of the grant; `None` while this is the only one.
    family: Option<Arc<Family>>,
}

#[derive(Debug)]
struct StoredOneTimeRecord {
    record: Arc<OneTimeRecord>,
    second_key: Option<TokenHash>,
    client: Option<Arc<Ending>>,
    family: Arc<Family>,
    version: u64,
    used: bool,
}

fn has_come(ending: &Option<Arc<Ending>>) -> bool {
    ending.as_ref().is_some_and(|ending| ending.has_come())
}

impl StoredToken {
    fn is_alive(&self) -> bool {
        !has_come(&self.client) && !self.family.as_ref().is_some_and(|family| family.has_ended())
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at <= now || !self.is_alive()
    }

    fn drop_seal(&mut self) {
        self.sealed_until = NEVER;
        self.record = Arc::new(self.record.without_seal());
    }
}

impl StoredOneTimeRecord {
    fn is_alive(&self) -> bool {
        !has_come(&self.client) && !self.family.has_ended()
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.record.expires_at <= now || !self.is_alive()
    }
}

impl Key for TokenHash {
    fn place(&self) -> u64 {
        self.second_word()
    }
}

impl Key for GrantId {
    fn place(&self) -> u64 {
        let [_, _, _, _, _, _, _, _, second @ ..] = self.0.to_ne_bytes();
        u64::from_ne_bytes(second)
    }
}

impl MemoryStore {
    /// Keeps a client under its identifier, in place of one that was there.
    pub fn add_client(&self, record: ClientRecord) {
        put_client(&mut self.clients(&record.client_id), Arc::new(record));
    }

    /// Returns how many tokens and one-time records it holds. Used one-time records count, too, and
    /// so do expired records that are not dropped yet.
    pub fn len(&self) -> usize {
        self.tokens.len() + self.one_time_records.len()
    }

    /// Returns whether it holds no token and no one-time record.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Locks the clients among which this one is.
    fn clients(&self, client_id: &str) -> MutexGuard<'_, BTreeMap<String, Client>> {
        // An uneven spread does no harm, because trees have no worst case.
        let place =
            client_id.bytes().fold(0_u8, |place, byte| place.wrapping_mul(31).wrapping_add(byte));
        let clients = &self.clients[usize::from(place) % self.clients.len()];
        clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client_ending(&self, client_id: &str) -> Option<Arc<Ending>> {
        self.clients(client_id).get(client_id).map(|client| client.ending.clone())
    }

    /// Returns the family of a grant: `near` if it is of this grant, otherwise the living one in
    /// `grants`, otherwise a new one.
    fn family(&self, grant: GrantId, near: Option<&Arc<Family>>) -> Arc<Family> {
        near.filter(|near| near.grant == grant).cloned().unwrap_or_else(|| {
            let mut shard = self.grants.shard(&grant);
            let family = match shard.get(&grant) {
                Some(Members::Many(family)) if !family.has_ended() => return family.clone(),
                _ => Family::new(grant),
            };
            if let Some(Members::One(key)) = shard.insert(grant, Members::Many(family.clone()))
                && let Some(stored) =
                    self.tokens.shard(&key).get_mut(&key).filter(|stored| stored.is_alive())
            {
                stored.family = Some(family.clone());
            }
            family
        })
    }

    /// Returns the living access token that was kept under the same reuse key.
    fn existing(
        &self,
        reuse: &Shard<TokenHash, TokenHash>,
        key: &TokenHash,
        now: Timestamp,
    ) -> Option<KeyedToken> {
        let key = reuse.get(key)?;
        let shard = self.tokens.shard(key);
        let stored = shard.get(key).filter(|stored| !stored.is_over(now))?;
        Some(KeyedToken::new(*key, stored.record.clone()))
    }

    /// Keeps tokens, unless a living one was kept under the same reuse key, which it returns then.
    fn insert_unless_reusable(
        &self,
        tokens: &NewTokens,
        near: Option<&Arc<Family>>,
        client: Option<Arc<Ending>>,
    ) -> Option<KeyedToken> {
        let Some(reuse) = &tokens.access.record.reuse else {
            self.insert(tokens, near, client);
            return None;
        };
        let mut shard = self.reuse.shard(&reuse.key);
        let existing = self.existing(&shard, &reuse.key, tokens.now);
        if existing.is_none() {
            self.insert(tokens, near, client);
            shard.insert(reuse.key, tokens.access.key);
        }
        existing
    }

    fn insert(&self, tokens: &NewTokens, near: Option<&Arc<Family>>, client: Option<Arc<Ending>>) {
        let KeyedToken { key, record } = &tokens.access;
        let grant = record.grant.id;
        if tokens.refresh.is_none() && near.is_none() {
            // The lock is held until the token is there, so a revocation finds it.
            let mut shard = self.grants.shard(&grant);
            if shard.get(&grant).is_none() {
                shard.insert(grant, Members::One(*key));
                return self.insert_token(*key, record, client, None);
            }
        }
        let family = self.family(grant, near);
        if let Some(KeyedToken { key, record }) = &tokens.refresh {
            self.insert_token(*key, record, client.clone(), Some(family.clone()));
        }
        self.insert_token(*key, record, client, Some(family));
    }

    fn insert_token(
        &self,
        key: TokenHash,
        record: &Arc<TokenRecord>,
        client: Option<Arc<Ending>>,
        family: Option<Arc<Family>>,
    ) {
        let stored = StoredToken {
            record: record.clone(),
            expires_at: end_of(record),
            sealed_until: NEVER,
            client,
            family,
        };
        self.tokens.shard(&key).insert(key, stored);
    }

    /// Drops some of what is over. Tokens and one-time records take turns, so no request does the
    /// work of both.
    fn sweep(&self, now: Timestamp) {
        let tokens = self.tokens.sweep(|stored| {
            // No client may ask for the successor any more.
            if stored.sealed_until <= now {
                stored.drop_seal();
            }
            stored.is_over(now)
        });
        let one_time_records = if tokens.is_empty() {
            self.one_time_records.sweep(|stored| stored.is_over(now))
        } else {
            Vec::new()
        };
        for (key, stored) in tokens {
            self.forget_token(key, stored);
        }
        for (key, stored) in one_time_records {
            self.forget_one_time_record(key, stored);
        }
        // Families that no record points to any more. `forget_family` has dropped them already,
        // except if another request held the family at that moment, or a one-time record moved
        // to another grant.
        self.grants.sweep(
            |members| matches!(members, Members::Many(family) if Arc::strong_count(family) == 1),
        );
    }

    /// Removes what pointed to a token that was removed.
    fn forget_token(&self, key: TokenHash, StoredToken { record, family, .. }: StoredToken) {
        if let Some(reuse) = &record.reuse {
            self.reuse.shard(&reuse.key).remove_if(&reuse.key, |latest| *latest == key);
        }
        let grant = record.grant.id;
        match family {
            None => {
                drop(self.grants.shard(&grant).remove_if(&grant, |members| members.is_only(key)));
            }
            Some(family) => self.forget_family(family),
        }
    }

    /// Removes what pointed to a one-time record that was removed.
    fn forget_one_time_record(
        &self,
        key: TokenHash,
        StoredOneTimeRecord { second_key, family, .. }: StoredOneTimeRecord,
    ) {
        if let Some(second_key) = second_key {
            self.second_keys.shard(&second_key).remove_if(&second_key, |holder| *holder == key);
        }
        self.forget_family(family);
    }

    /// Removes a family if this was its last record. A record gets its family under this lock, or
    /// from another record, which counts.
    fn forget_family(&self, family: Arc<Family>) {
        let is_last = || Arc::strong_count(&family) == 2;
        if is_last() {
            let mut shard = self.grants.shard(&family.grant);
            shard.remove_if(&family.grant, |members| members.is_family(&family) && is_last());
        }
    }

    /// Returns the family of a living token. One that has been alone gets a family, so a revocation
    /// finds what is about to be kept beside it.
    fn family_of(&self, key: &TokenHash) -> Option<Arc<Family>> {
        let grant = {
            let shard = self.tokens.shard(key);
            let stored = shard.get(key).filter(|stored| stored.is_alive())?;
            match &stored.family {
                Some(family) => return Some(family.clone()),
                None => stored.record.grant.id,
            }
        };
        let family = self.family(grant, None);
        if self.is_of(key, &family) {
            return Some(family);
        }
        self.forget_family(family);
        None
    }

    /// Returns whether a token is there and belongs to that family.
    fn is_of(&self, key: &TokenHash, family: &Arc<Family>) -> bool {
        let shard = self.tokens.shard(key);
        let own = shard
            .get(key)
            .filter(|stored| stored.is_alive())
            .and_then(|stored| stored.family.as_ref());
        own.is_some_and(|own| Arc::ptr_eq(own, family))
    }

    fn drop_seal(&self, key: &TokenHash) {
        if let Some(stored) = self.tokens.shard(key).get_mut(key) {
            stored.drop_seal();
        }
    }

    fn remove_token(&self, key: &TokenHash) {
        let removed = self.tokens.shard(key).remove(key);
        if let Some(stored) = removed {
            self.forget_token(*key, stored);
        }
    }
}

/// The end of time.
const NEVER: Timestamp = Timestamp::from_secs(u64::MAX);

fn end_of(record: &TokenRecord) -> Timestamp {
    record.expires_at.unwrap_or(NEVER)
}

/// Puts a client in place of one of the same name, whose grants it keeps.
fn put_client(clients: &mut BTreeMap<String, Client>, record: Arc<ClientRecord>) {
    match clients.get_mut(&record.client_id) {
        Some(client) => client.record = record,
        None => drop(
            clients.insert(record.client_id.clone(), Client { record, ending: Arc::default() }),
        ),
    }
}

impl Store for MemoryStore {
    type Error = Infallible;

    fn find_client(&self, query: &FindClient) -> Result<Option<Arc<ClientRecord>>, Infallible> {
        Ok(self.clients(&query.client_id).get(&query.client_id).map(|client| client.record.clone()))
    }

    fn save_client(&self, query: &SaveClient) -> Result<bool, Infallible> {
        let mut clients = self.clients(&query.record.client_id);
        let before = clients.get(&query.record.client_id).map(|client| &client.record);
        let may = before == query.replaces.as_ref();
        if may {
            put_client(&mut clients, query.record.clone());
        }
        Ok(may)
    }

    fn remove_client(&self, query: &RemoveClient) -> Result<bool, Infallible> {
        let mut clients = self.clients(&query.client_id);
        let known = clients.get(&query.client_id);
        if known.is_none_or(|client| client.record.registration != Some(query.registration)) {
            return Ok(false);
        }
        if let Some(client) = clients.remove(&query.client_id) {
            client.ending.end();
        }
        Ok(true)
    }

    fn save_one_time_record(&self, query: &SaveOneTimeRecord) -> Result<bool, Infallible> {
        let SaveOneTimeRecord { key, second_key, record, now } = query;
        let second_keys =
            second_key.as_ref().map(|second_key| (second_key, self.second_keys.shard(second_key)));
        let taken = second_keys
            .as_ref()
            .and_then(|(second_key, second_keys)| second_keys.get(second_key).copied());
        let lives = |holder: TokenHash| {
            self.one_time_records.shard(&holder).get(&holder).is_some_and(|it| !it.is_over(*now))
        };
        if taken.is_some_and(lives) {
            return Ok(false);
        }
        let client = self.client_ending(&record.client_id);
        let family = self.family(record.grant_id, None);
        let stored = StoredOneTimeRecord {
            record: record.clone(),
            second_key: *second_key,
            client,
            family,
            version: 0,
            used: false,
        };
        self.one_time_records.shard(key).insert(*key, stored);
        if let Some((second_key, mut second_keys)) = second_keys {
            second_keys.insert(*second_key, *key);
        }
        self.sweep(*now);
        Ok(true)
    }

    fn find_one_time_record(
        &self,
        query: &FindOneTimeRecord,
    ) -> Result<Option<FoundOneTimeRecord>, Infallible> {
        let second_key = self.second_keys.shard(&query.key).get(&query.key).copied();
        let key = second_key.unwrap_or(query.key);
        let shard = self.one_time_records.shard(&key);
        let found = shard.get(&key).filter(|stored| stored.is_alive());
        Ok(found.map(|stored| {
            let mut record = stored.record.clone();
            if record.grant_id != stored.family.grant {
                Arc::make_mut(&mut record).grant_id = stored.family.grant;
            }
            FoundOneTimeRecord { key, version: stored.version, used: stored.used, record }
        }))
    }

    fn replace_one_time_record(&self, query: &ReplaceOneTimeRecord) -> Result<bool, Infallible> {
        let mut shard = self.one_time_records.shard(&query.key);
        let may = |stored: &&mut StoredOneTimeRecord| {
            stored.is_alive() && stored.version == query.version && !stored.used
        };
        let Some(stored) = shard.get_mut(&query.key).filter(may) else { return Ok(false) };
        stored.record = query.record.clone();
        stored.version += 1;
        Ok(true)
    }

    fn redeem(&self, query: &Redeem) -> Result<Redemption, Infallible> {
        let mut shard = self.one_time_records.shard(&query.key);
        let alive = shard.get_mut(&query.key).filter(|stored| stored.is_alive());
        let Some(stored) = alive else { return Ok(Redemption::Unknown) };
        if std::mem::replace(&mut stored.used, true) {
            return Ok(Redemption::Replayed(stored.family.grant));
        }
        let Some(tokens) = &query.tokens else { return Ok(Redemption::Redeemed) };
        let client = stored
            .client
            .clone()
            .or_else(|| self.client_ending(&tokens.access.record.grant.client_id));
        while let Some(token) =
            self.insert_unless_reusable(tokens, Some(&stored.family), client.clone())
        {
            let family = self.family(token.record.grant.id, None);
            // Its grant may have been revoked since it was found: then it is looked for once more.
            if self.is_of(&token.key, &family) {
                stored.family = family;
                return Ok(Redemption::Existing(token));
            }
            self.forget_family(family);
        }
        drop(shard);
        self.sweep(tokens.now);
        Ok(Redemption::Redeemed)
    }

    fn save_tokens(&self, query: &SaveTokens) -> Result<Saved, Infallible> {
        let tokens = &query.tokens;
        let Some(client) = self.client_ending(&tokens.access.record.grant.client_id) else {
            return Ok(Saved::ParentGone);
        };
        let mut near = None;
        if let Some(parent) = &query.parent {
            near = self.family_of(parent);
            if near.is_none() {
                return Ok(Saved::ParentGone);
            }
        }
        if let Some(token) = self.insert_unless_reusable(tokens, near.as_ref(), Some(client)) {
            return Ok(Saved::Existing(token));
        }
        self.sweep(tokens.now);
        Ok(Saved::New)
    }

    fn find_token(&self, query: &FindToken) -> Result<Option<Arc<TokenRecord>>, Infallible> {
        let shard = self.tokens.shard(&query.key);
        Ok(shard
            .get(&query.key)
            .filter(|stored| stored.is_alive())
            .map(|stored| stored.record.clone()))
    }

    fn rotate(&self, query: &Rotate) -> Result<Rotation, Infallible> {
        let Rotate { key, replaced, predecessor, tokens } = query;
        let (family, client) = match rotatable(self.tokens.shard(key).get_mut(key)) {
            Ok(stored) => (stored.family.clone(), stored.client.clone()),
            Err(answer) => return Ok(answer),
        };
        // The new tokens come first: once the old one is replaced, another request may look for
        // them.
        self.insert(tokens, family.as_ref(), client);
        let answer = match rotatable(self.tokens.shard(key).get_mut(key)) {
            Ok(stored) => {
                (stored.record, stored.expires_at) = (replaced.clone(), end_of(replaced));
                let sealed_until =
                    replaced.replaced.as_ref().and_then(|replaced| replaced.sealed_until);
                stored.sealed_until = sealed_until.unwrap_or(NEVER);
                Rotation::Rotated
            }
            Err(answer) => answer,
        };
        if answer != Rotation::Rotated {
            // Another request was faster. No client has seen these tokens.
            for KeyedToken { key, .. } in [&tokens.access].into_iter().chain(&tokens.refresh) {
                self.remove_token(key);
            }
            return Ok(answer);
        }
        if let Some(reuse) = &tokens.access.record.reuse {
            self.reuse.shard(&reuse.key).insert(reuse.key, tokens.access.key);
        }
        if let Some(predecessor) = predecessor {
            self.drop_seal(predecessor);
        }
        self.sweep(tokens.now);
        Ok(answer)
    }

    fn revoke(&self, query: &Revoke) -> Result<(), Infallible> {
        match query {
            Revoke::Token(key) => self.remove_token(key),
            Revoke::Grant(grant) => {
                let mut shard = self.grants.shard(grant);
                let only = match shard.remove(grant) {
                    Some(Members::One(key)) => Some(key),
                    Some(Members::Many(family)) => {
                        family.ending.end();
                        None
                    }
                    None => None,
                };
                let removed =
                    only.and_then(|key| Some((key, self.tokens.shard(&key).remove(&key)?)));
                drop(shard);
                if let Some((key, stored)) = removed {
                    self.forget_token(key, stored);
                }
            }
        }
        Ok(())
    }
}

/// Returns the refresh token if it can be rotated, and otherwise what `Rotate` answers.
fn rotatable(stored: Option<&mut StoredToken>) -> Result<&mut StoredToken, Rotation> {
    match stored.filter(|stored| stored.is_alive()) {
        None => Err(Rotation::Unknown),
        Some(stored) if stored.record.replaced.is_some() => {
            Err(Rotation::Replaced(stored.record.clone()))
        }
        Some(stored) => Ok(stored),
    }
}
