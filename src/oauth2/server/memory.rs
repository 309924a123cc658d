//! A store in memory, for tests, examples and servers of one process that may forget.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::client_record::ClientRecord;
use super::commands::{
    FindClient, FindTicket, FindToken, FoundTicket, NewTokens, Redeem, Redemption, RemoveClient, ReplaceTicket, Revoke,
    Rotate, Rotation, SaveClient, SaveTicket, SaveTokens, Saved,
};
use super::records::{GrantId, Ticket, TokenRecord};
use super::store::Store;
use super::token_hash::TokenHash;
use crate::Timestamp;

/// Keeps everything in memory. What has expired is dropped bit by bit, whenever something new comes.
///
/// ```
/// use oauth_proto::oauth2::server::{ClientRecord, MemoryStore};
///
/// let store = MemoryStore::default();
/// store.add_client(ClientRecord::confidential("printer", "7Fjfp0ZBr1KtDRbnfVdmIw"));
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore {
    tables: Mutex<Tables>,
}

/// So many records at most are dropped for each that comes, since all wait for it meanwhile.
const AT_ONCE: usize = 32;

#[derive(Debug, Default)]
struct Tables {
    clients: BTreeMap<String, Arc<ClientRecord>>,
    tokens: HashMap<TokenHash, Arc<TokenRecord>, BuildHasherDefault<FirstBytes>>,
    tickets: HashMap<TokenHash, StoredTicket, BuildHasherDefault<FirstBytes>>,
    aliases: HashMap<TokenHash, TokenHash, BuildHasherDefault<FirstBytes>>,
    /// The latest access token of each unique key.
    unique: HashMap<TokenHash, TokenHash, BuildHasherDefault<FirstBytes>>,
    /// The tokens and tickets of each grant.
    grants: HashMap<GrantId, Keys, BuildHasherDefault<FirstBytes>>,
    /// What expires, in the order in which it does. What has been dropped or replaced meanwhile stays here until then.
    expiries: BTreeMap<Timestamp, Vec<TokenHash>>,
}

/// The keys of a grant's records: of most grants, just one.
#[derive(Debug)]
enum Keys {
    One(TokenHash),
    Many(BTreeSet<TokenHash>),
}

impl Keys {
    fn into_vec(self) -> Vec<TokenHash> {
        match self {
            Self::One(key) => vec![key],
            Self::Many(keys) => keys.into_iter().collect(),
        }
    }

    fn add(&mut self, key: TokenHash) {
        match self {
            Self::One(first) => *self = Self::Many(BTreeSet::from([*first, key])),
            Self::Many(keys) => drop(keys.insert(key)),
        }
    }

    /// The keys without one; `None` where there is no other.
    fn without(&mut self, key: TokenHash) -> Option<()> {
        match self {
            Self::One(only) => (*only != key).then_some(()),
            Self::Many(keys) => {
                keys.remove(&key);
                (!keys.is_empty()).then_some(())
            }
        }
    }
}

#[derive(Debug)]
struct StoredTicket {
    ticket: Arc<Ticket>,
    alias: Option<TokenHash>,
    grant: GrantId,
    version: u64,
    spent: bool,
}

/// The first bytes of a key that is a hash already. Nobody can choose keys that are stored.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u128(&mut self, number: u128) {
        self.write(&number.to_ne_bytes());
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_ne_bytes(*first);
        }
    }

    /// The length of an array says nothing.
    fn write_usize(&mut self, _: usize) {}
}

impl MemoryStore {
    /// Keeps a client under its identifier, in place of one that was there.
    pub fn add_client(&self, record: ClientRecord) {
        self.tables().clients.insert(record.client_id.clone(), Arc::new(record));
    }

    /// How many records it holds of what expires, spent ones among them.
    pub fn len(&self) -> usize {
        let tables = self.tables();
        tables.tokens.len() + tables.tickets.len()
    }

    /// Whether it holds none of what expires.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tables are whole between two statements, so a thread that panicked has not broken them.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    /// Drops of what had expired by then [as much](AT_ONCE) as does not make anybody wait.
    fn expire(&mut self, now: Timestamp) {
        for _ in 0..AT_ONCE {
            let Some(mut entry) = self.expiries.first_entry().filter(|entry| *entry.key() <= now) else { return };
            let Some(key) = entry.get_mut().pop() else {
                entry.remove();
                continue;
            };
            // A record that was put in its place may live longer.
            if self.tokens.get(&key).is_some_and(|record| record.has_expired(now)) {
                self.drop_token(key);
            }
            if self.tickets.get(&key).is_some_and(|stored| stored.ticket.expires_at <= now) {
                self.drop_ticket(key);
            }
        }
    }

    fn belongs(&mut self, key: TokenHash, grant: GrantId) {
        match self.grants.entry(grant) {
            Entry::Occupied(keys) => keys.into_mut().add(key),
            Entry::Vacant(none) => drop(none.insert(Keys::One(key))),
        }
    }

    fn belongs_no_more(&mut self, key: TokenHash, grant: GrantId) {
        if let Entry::Occupied(mut keys) = self.grants.entry(grant)
            && keys.get_mut().without(key).is_none()
        {
            keys.remove();
        }
    }

    fn drop_token(&mut self, key: TokenHash) {
        let Some(record) = self.tokens.remove(&key) else { return };
        self.belongs_no_more(key, record.grant.id);
        if let Some(unique) = &record.unique
            && self.unique.get(&unique.key) == Some(&key)
        {
            self.unique.remove(&unique.key);
        }
    }

    fn drop_ticket(&mut self, key: TokenHash) {
        let Some(stored) = self.tickets.remove(&key) else { return };
        self.belongs_no_more(key, stored.grant);
        if let Some(alias) = stored.alias {
            self.aliases.remove(&alias);
        }
    }

    fn drop_grant(&mut self, grant: GrantId) {
        let Some(keys) = self.grants.remove(&grant) else { return };
        for key in keys.into_vec() {
            self.drop_token(key);
            self.drop_ticket(key);
        }
    }

    /// The living access token that an equal request has got.
    fn existing(&self, tokens: &NewTokens) -> Option<(TokenHash, Arc<TokenRecord>)> {
        let unique = tokens.access.1.unique.as_ref()?;
        let key = self.unique.get(&unique.key)?;
        let record = self.tokens.get(key).filter(|record| !record.has_expired(tokens.now))?;
        Some((*key, record.clone()))
    }

    fn insert(&mut self, tokens: &NewTokens) {
        self.expire(tokens.now);
        if let Some(unique) = &tokens.access.1.unique {
            self.unique.insert(unique.key, tokens.access.0);
        }
        for (key, record) in [&tokens.access].into_iter().chain(&tokens.refresh) {
            self.insert_token(*key, record.clone());
        }
    }

    fn insert_token(&mut self, key: TokenHash, record: Arc<TokenRecord>) {
        self.belongs(key, record.grant.id);
        if let Some(at) = record.expires_at {
            self.expiries.entry(at).or_default().push(key);
        }
        self.tokens.insert(key, record);
    }
}

impl Store for MemoryStore {
    type Error = Infallible;

    fn find_client(&self, command: &FindClient) -> Result<Option<Arc<ClientRecord>>, Infallible> {
        Ok(self.tables().clients.get(&command.client_id).cloned())
    }

    fn save_client(&self, command: &SaveClient) -> Result<bool, Infallible> {
        let mut tables = self.tables();
        let before = tables.clients.get(&command.record.client_id);
        let may = before == command.replaces.as_ref();
        if may {
            tables.clients.insert(command.record.client_id.clone(), command.record.clone());
        }
        Ok(may)
    }

    fn remove_client(&self, command: &RemoveClient) -> Result<bool, Infallible> {
        let mut tables = self.tables();
        let known = tables.clients.get(&command.client_id);
        if known.is_none_or(|client| client.registration != Some(command.registration)) {
            return Ok(false);
        }
        tables.clients.remove(&command.client_id);
        let tokens = tables.tokens.iter().filter(|(_, record)| record.grant.client_id == command.client_id);
        let tokens: Vec<_> = tokens.map(|(key, _)| *key).collect();
        tokens.into_iter().for_each(|key| tables.drop_token(key));
        let tickets = tables.tickets.iter().filter(|(_, stored)| stored.ticket.client_id == command.client_id);
        let tickets: Vec<_> = tickets.map(|(key, _)| *key).collect();
        tickets.into_iter().for_each(|key| tables.drop_ticket(key));
        Ok(true)
    }

    fn save_ticket(&self, command: &SaveTicket) -> Result<bool, Infallible> {
        let SaveTicket { key, alias, ticket, now } = command.clone();
        let mut tables = self.tables();
        tables.expire(now);
        if let Some(holder) = alias.and_then(|alias| tables.aliases.get(&alias).copied()) {
            if tables.tickets.get(&holder).is_some_and(|stored| stored.ticket.expires_at > now) {
                return Ok(false);
            }
            tables.drop_ticket(holder);
        }
        tables.belongs(key, ticket.grant_id);
        tables.expiries.entry(ticket.expires_at).or_default().push(key);
        if let Some(alias) = alias {
            tables.aliases.insert(alias, key);
        }
        let grant = ticket.grant_id;
        tables.tickets.insert(key, StoredTicket { ticket, alias, grant, version: 0, spent: false });
        Ok(true)
    }

    fn find_ticket(&self, command: &FindTicket) -> Result<Option<FoundTicket>, Infallible> {
        let tables = self.tables();
        let key = tables.aliases.get(&command.key).copied().unwrap_or(command.key);
        let found = tables.tickets.get(&key);
        Ok(found.map(|stored| {
            let mut ticket = stored.ticket.clone();
            if ticket.grant_id != stored.grant {
                Arc::make_mut(&mut ticket).grant_id = stored.grant;
            }
            FoundTicket { key, version: stored.version, spent: stored.spent, ticket }
        }))
    }

    fn replace_ticket(&self, command: &ReplaceTicket) -> Result<bool, Infallible> {
        let mut tables = self.tables();
        let stored = tables.tickets.get_mut(&command.key);
        let Some(stored) = stored.filter(|stored| stored.version == command.version && !stored.spent) else {
            return Ok(false);
        };
        stored.ticket = command.ticket.clone();
        stored.version += 1;
        Ok(true)
    }

    fn redeem(&self, command: &Redeem) -> Result<Redemption, Infallible> {
        let mut tables = self.tables();
        let existing = command.tokens.as_ref().and_then(|tokens| tables.existing(tokens));
        let Some(stored) = tables.tickets.get_mut(&command.key) else { return Ok(Redemption::Unknown) };
        if std::mem::replace(&mut stored.spent, true) {
            return Ok(Redemption::Replayed(stored.grant));
        }
        if let Some((hash, record)) = existing {
            let before = std::mem::replace(&mut stored.grant, record.grant.id);
            tables.belongs_no_more(command.key, before);
            tables.belongs(command.key, record.grant.id);
            return Ok(Redemption::Existing(hash, record));
        }
        if let Some(tokens) = &command.tokens {
            tables.insert(tokens);
        }
        Ok(Redemption::Redeemed)
    }

    fn save_tokens(&self, command: &SaveTokens) -> Result<Saved, Infallible> {
        let mut tables = self.tables();
        let is_gone = |parent| !tables.tokens.contains_key(&parent);
        if command.parent.is_some_and(is_gone) || !tables.clients.contains_key(&command.tokens.access.1.grant.client_id)
        {
            return Ok(Saved::ParentGone);
        }
        if let Some((hash, record)) = tables.existing(&command.tokens) {
            return Ok(Saved::Existing(hash, record));
        }
        tables.insert(&command.tokens);
        Ok(Saved::New)
    }

    fn find_token(&self, command: &FindToken) -> Result<Option<Arc<TokenRecord>>, Infallible> {
        Ok(self.tables().tokens.get(&command.key).cloned())
    }

    fn rotate(&self, command: &Rotate) -> Result<Rotation, Infallible> {
        let mut tables = self.tables();
        let Some(record) = tables.tokens.get(&command.key) else { return Ok(Rotation::Unknown) };
        if record.replaced.is_some() {
            return Ok(Rotation::Replaced(record.clone()));
        }
        tables.drop_token(command.key);
        tables.insert_token(command.key, command.replaced.clone());
        tables.insert(&command.tokens);
        Ok(Rotation::Rotated)
    }

    fn revoke(&self, command: &Revoke) -> Result<(), Infallible> {
        let mut tables = self.tables();
        match command {
            Revoke::Token(key) => tables.drop_token(*key),
            Revoke::Grant(grant) => tables.drop_grant(*grant),
        }
        Ok(())
    }
}
