//! A store in memory: for tests, for examples, and for servers that are one process and may lose
//! their data.
//!
//! Every query of a server is short, for any number of records. Lists and purges look at all
//! records, and lock a part of them at a time. Expired records are dropped a few at a time
//! ([`Table::sweep`]). A revoked grant, user or subject token and a removed client are marked
//! ([`Ending`]) in one step: their records are not valid any more, and later steps drop them.
//!
//! Code that holds more than one lock takes them in this order: second_keys, one-time records,
//! reuse, grants, tokens, users, clients. It never holds two locks of one table.

mod answers;
mod counts;
mod lists;
mod stored;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::memory::counts::AttemptCounts;
use super::memory::stored::{
    Ending, Members, NEVER, StoredGrant, StoredOneTimeRecord, StoredToken, Subject,
};
use super::memory::table::{Key, Shard, Table};
use super::queries::{KeyedToken, NewTokens};
use super::records::client_record::ClientRecord;
use super::records::grant_record::{GrantId, GrantRecord};
use super::records::token_record::TokenRecord;
use crate::Timestamp;
use crate::core::one_time::OneTimeValues;
use crate::core::token_hash::TokenHash;

/// Keeps everything in memory. Records that have expired, or whose grant was revoked or client
/// removed, are dropped some at a time, whenever tokens or one-time records are saved.
///
/// No query of a server makes others wait for long: there are many locks, and no query moves or
/// drops more than 1,024 records, at a million of them as at a thousand. The memory is given back
/// after a burst. [`ListGrants`](crate::oauth2::server::store::ListGrants) and
/// [`Purge`](crate::oauth2::server::store::Purge) look at all records.
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
    /// The mark of each user, by the hash of the user. A user whose grants were revoked gets a new
    /// one.
    users: Table<TokenHash, Arc<Ending>>,
    attempts: AttemptCounts,
    one_time_values: OneTimeValues,
    /// The marks of clients that are in another store, by the hash of the client id. `None` if the
    /// clients are here.
    clients_elsewhere: Option<Table<TokenHash, Arc<Ending>>>,
}

#[derive(Debug)]
struct Client {
    record: Arc<ClientRecord>,
    /// Set when the client is removed. A later client with the same identifier gets a new one.
    ending: Arc<Ending>,
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
    /// Returns a store that accepts records of clients that it does not have, because another store
    /// has the clients: see [`Layered`](crate::oauth2::server::store::Layered). Call it before the
    /// store has records.
    pub fn with_clients_elsewhere(mut self) -> Self {
        self.clients_elsewhere = Some(Table::default());
        self
    }

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
        if let Some(elsewhere) = &self.clients_elsewhere {
            return Some(ending_in(elsewhere, client_id));
        }
        self.clients(client_id).get(client_id).map(|client| client.ending.clone())
    }

    /// Returns the mark of a user, for a new grant.
    fn user_ending(&self, user: &str) -> Arc<Ending> {
        ending_in(&self.users, user)
    }

    /// Returns a grant: `near` if it is this grant, otherwise the living one in `grants`, otherwise
    /// a new one.
    fn grant(
        &self,
        id: GrantId,
        user: Option<&str>,
        subject: Option<Arc<Subject>>,
        near: Option<&Arc<StoredGrant>>,
    ) -> Arc<StoredGrant> {
        if let Some(near) = near.filter(|near| near.id == id) {
            return near.clone();
        }
        let mut shard = self.grants.shard(&id);
        if let Some(Members::Many(grant)) = shard.get(&id)
            && !grant.has_ended()
        {
            return grant.clone();
        }
        let grant = StoredGrant::new(id, user.map(|user| self.user_ending(user)), subject);
        if let Some(Members::One(key)) = shard.insert(id, Members::Many(grant.clone()))
            && let Some(stored) =
                self.tokens.shard(&key).get_mut(&key).filter(|stored| stored.is_alive())
        {
            stored.grant = Some(grant.clone());
        }
        grant
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
        near: Option<&Arc<StoredGrant>>,
        subject: Option<Arc<Subject>>,
        client: Option<Arc<Ending>>,
    ) -> Option<KeyedToken> {
        let Some(reuse) = &tokens.access.record.reuse else {
            self.insert(tokens, near, subject, client);
            return None;
        };
        let mut shard = self.reuse.shard(&reuse.key);
        let existing = self.existing(&shard, &reuse.key, tokens.now);
        if existing.is_none() {
            self.insert(tokens, near, subject, client);
            shard.insert(reuse.key, tokens.access.key);
        }
        existing
    }

    fn insert(
        &self,
        tokens: &NewTokens,
        near: Option<&Arc<StoredGrant>>,
        subject: Option<Arc<Subject>>,
        client: Option<Arc<Ending>>,
    ) {
        let KeyedToken { key, record } = &tokens.access;
        let GrantRecord { id, user, .. } = &*record.grant;
        let is_alone = tokens.refresh.is_none() && near.is_none() && subject.is_none();
        if is_alone && user.is_none() {
            // The lock is held until the token is there, so a revocation finds it.
            let mut shard = self.grants.shard(id);
            if shard.get(id).is_none() {
                shard.insert(*id, Members::One(*key));
                return self.insert_token(*key, record, client, None);
            }
        }
        let grant = self.grant(*id, user.as_deref(), subject, near);
        if let Some(KeyedToken { key, record }) = &tokens.refresh {
            self.insert_token(*key, record, client.clone(), Some(grant.clone()));
        }
        self.insert_token(*key, record, client, Some(grant));
    }

    fn insert_token(
        &self,
        key: TokenHash,
        record: &Arc<TokenRecord>,
        client: Option<Arc<Ending>>,
        grant: Option<Arc<StoredGrant>>,
    ) {
        let stored = StoredToken {
            record: record.clone(),
            expires_at: end_of(record),
            sealed_until: NEVER,
            client,
            grant,
            exchanged: None,
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
        self.forget(tokens, one_time_records);
        // Grants that no record points to any more. `forget_grant` has dropped them already, except
        // if another request held the grant at that moment, or a one-time record moved to another
        // grant.
        self.grants.sweep(|members| members.has_no_record());
        self.users.sweep(|user| Arc::strong_count(user) == 1);
        if let Some(clients) = &self.clients_elsewhere {
            clients.sweep(|client| Arc::strong_count(client) == 1);
        }
    }

    /// Removes what pointed to records that were removed.
    fn forget(
        &self,
        tokens: Vec<(TokenHash, StoredToken)>,
        one_time_records: Vec<(TokenHash, StoredOneTimeRecord)>,
    ) {
        for (key, stored) in tokens {
            self.forget_token(key, stored);
        }
        for (key, stored) in one_time_records {
            self.forget_one_time_record(key, stored);
        }
    }

    /// Removes what pointed to a token that was removed.
    fn forget_token(&self, key: TokenHash, StoredToken { record, grant, .. }: StoredToken) {
        if let Some(reuse) = &record.reuse {
            self.reuse.shard(&reuse.key).remove_if(&reuse.key, |latest| *latest == key);
        }
        let id = record.grant.id;
        match grant {
            None => drop(self.grants.shard(&id).remove_if(&id, |members| members.is_only(key))),
            Some(grant) => self.forget_grant(grant),
        }
    }

    /// Removes what pointed to a one-time record that was removed.
    fn forget_one_time_record(
        &self,
        key: TokenHash,
        StoredOneTimeRecord { second_key, grant, .. }: StoredOneTimeRecord,
    ) {
        if let Some(second_key) = second_key {
            self.second_keys.shard(&second_key).remove_if(&second_key, |holder| *holder == key);
        }
        self.forget_grant(grant);
    }

    /// Removes a grant if this was its last record. A record gets its grant under this lock, or
    /// from another record, which counts.
    fn forget_grant(&self, grant: Arc<StoredGrant>) {
        let is_last = || Arc::strong_count(&grant) == 2;
        if is_last() {
            let mut shard = self.grants.shard(&grant.id);
            shard.remove_if(&grant.id, |members| members.is_of(&grant) && is_last());
        }
    }

    /// Returns the grant of a living token. A token without a grant gets one, so that a revocation
    /// finds the tokens that are about to be kept beside it.
    fn grant_of(&self, key: &TokenHash) -> Option<Arc<StoredGrant>> {
        let id = {
            let shard = self.tokens.shard(key);
            let stored = shard.get(key).filter(|stored| stored.is_alive())?;
            match &stored.grant {
                Some(grant) => return Some(grant.clone()),
                None => stored.record.grant.id,
            }
        };
        let grant = self.grant(id, None, None, None);
        if self.is_of(key, &grant) {
            return Some(grant);
        }
        self.forget_grant(grant);
        None
    }

    /// Returns whether a living token of this grant is there.
    fn is_of(&self, key: &TokenHash, grant: &Arc<StoredGrant>) -> bool {
        let shard = self.tokens.shard(key);
        let own = shard
            .get(key)
            .filter(|stored| stored.is_alive())
            .and_then(|stored| stored.grant.as_ref());
        own.is_some_and(|own| Arc::ptr_eq(own, grant))
    }

    /// Returns the mark for the grants that a living token is exchanged for.
    fn subject(&self, key: &TokenHash) -> Option<Arc<Subject>> {
        let grant = self.grant_of(key)?;
        let mut shard = self.tokens.shard(key);
        let stored = shard.get_mut(key).filter(|stored| stored.is_alive())?;
        let client = &stored.client;
        let subject = stored.exchanged.get_or_insert_with(|| {
            Arc::new(Subject { ending: Ending::default(), client: client.clone(), grant })
        });
        Some(subject.clone())
    }

    fn drop_seal(&self, key: &TokenHash) {
        if let Some(stored) = self.tokens.shard(key).get_mut(key) {
            stored.drop_seal();
        }
    }

    fn remove_token(&self, key: &TokenHash) {
        let removed = self.tokens.shard(key).remove(key);
        if let Some(mut stored) = removed {
            stored.end_exchanged();
            self.forget_token(*key, stored);
        }
    }

    /// Revokes a grant, if it is this grant.
    fn revoke_grant(&self, id: &GrantId, is_meant: impl Fn(&StoredGrant) -> bool) {
        let mut shard = self.grants.shard(id);
        let may = |members: &Members| match members {
            Members::One(_) => true,
            Members::Many(grant) => is_meant(grant),
        };
        let only = match shard.remove_if(id, may) {
            Some(Members::One(key)) => Some(key),
            Some(Members::Many(grant)) => {
                grant.ending.end();
                None
            }
            None => None,
        };
        let removed = only.and_then(|key| Some((key, self.tokens.shard(&key).remove(&key)?)));
        drop(shard);
        if let Some((key, stored)) = removed {
            self.forget_token(key, stored);
        }
    }

    fn revoke_user(&self, user: &str) {
        end_in(&self.users, user);
    }

    fn revoke_client(&self, client_id: &str) {
        if let Some(elsewhere) = &self.clients_elsewhere {
            end_in(elsewhere, client_id);
        }
        if let Some(client) = self.clients(client_id).get_mut(client_id) {
            std::mem::take(&mut client.ending).end();
        }
    }
}

/// Returns the mark of a user or a client, by its name.
fn ending_in(table: &Table<TokenHash, Arc<Ending>>, name: &str) -> Arc<Ending> {
    let key = TokenHash::of(name);
    let mut shard = table.shard(&key);
    if let Some(ending) = shard.get(&key) {
        return ending.clone();
    }
    let ending = Arc::<Ending>::default();
    shard.insert(key, ending.clone());
    ending
}

/// Ends a user or a client. Later records get a new mark.
fn end_in(table: &Table<TokenHash, Arc<Ending>>, name: &str) {
    let key = TokenHash::of(name);
    let ending = table.shard(&key).remove(&key);
    if let Some(ending) = ending {
        ending.end();
    }
}

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
