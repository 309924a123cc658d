//! The answers of the store in memory to the queries of a server.

use std::convert::Infallible;
use std::sync::Arc;

use super::stored::{NEVER, StoredOneTimeRecord, StoredToken};
use super::{MemoryStore, end_in, end_of, put_client};
use crate::OneTimeUse;
use crate::core::one_time::RememberOnce;
use crate::core::token_hash::TokenHash;
use crate::oauth2::server::store::attempts::{CountAttempt, FindAttempts};
use crate::oauth2::server::store::lists::{ClientPage, GrantPage, ListClients, ListGrants};
use crate::oauth2::server::store::optional::{NotSupported, OptionalQuery};
use crate::oauth2::server::store::purge::{Purge, Purged};
use crate::oauth2::server::store::queries::{
    FindClient, FindOneTimeRecord, FindToken, FoundOneTimeRecord, KeyedToken, Redeem, Redemption,
    RemoveClient, ReplaceOneTimeRecord, Revoke, Rotate, Rotation, SaveClient, SaveOneTimeRecord,
    SaveTokens, Saved,
};
use crate::oauth2::server::store::records::attempt::Attempts;
use crate::oauth2::server::store::records::client_record::ClientRecord;
use crate::oauth2::server::store::records::grant_record::GrantRecord;
use crate::oauth2::server::store::records::token_record::TokenRecord;
use crate::oauth2::server::store::traits::Store;

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
        drop(clients);
        if let Some(elsewhere) = &self.clients_elsewhere {
            end_in(elsewhere, &query.client_id);
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
        let grant = self.grant(record.grant_id, record.user(), None, None);
        let stored = StoredOneTimeRecord {
            record: record.clone(),
            second_key: *second_key,
            client,
            grant,
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
            if record.grant_id != stored.grant.id {
                Arc::make_mut(&mut record).grant_id = stored.grant.id;
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
        if let Some(user) = query.record.user() {
            stored.grant.user.get_or_init(|| self.user_ending(user));
        }
        stored.record = query.record.clone();
        stored.version += 1;
        Ok(true)
    }

    fn redeem(&self, query: &Redeem) -> Result<Redemption, Infallible> {
        let mut shard = self.one_time_records.shard(&query.key);
        let alive = shard.get_mut(&query.key).filter(|stored| stored.is_alive());
        let Some(stored) = alive else { return Ok(Redemption::Unknown) };
        if std::mem::replace(&mut stored.used, true) {
            return Ok(Redemption::Replayed(stored.grant.id));
        }
        let Some(tokens) = &query.tokens else { return Ok(Redemption::Redeemed) };
        let client = stored
            .client
            .clone()
            .or_else(|| self.client_ending(&tokens.access.record.grant.client_id));
        while let Some(token) =
            self.insert_unless_reusable(tokens, Some(&stored.grant), None, client.clone())
        {
            let GrantRecord { id, user, .. } = &*token.record.grant;
            let grant = self.grant(*id, user.as_deref(), None, None);
            // Its grant may have been revoked since it was found: then it is looked for once more.
            if self.is_of(&token.key, &grant) {
                stored.grant = grant;
                return Ok(Redemption::Existing(token));
            }
            self.forget_grant(grant);
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
        let (mut near, mut subject) = (None, None);
        if let Some(parent) = &query.parent {
            near = self.grant_of(parent);
            if near.is_none() {
                return Ok(Saved::ParentGone);
            }
        }
        if let Some(origin) = &tokens.access.record.grant.exchanged {
            subject = self.subject(&origin.subject);
            if subject.is_none() {
                return Ok(Saved::ParentGone);
            }
        }
        let client = Some(client);
        if let Some(token) = self.insert_unless_reusable(tokens, near.as_ref(), subject, client) {
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
        let (grant, client) = match rotatable(self.tokens.shard(key).get_mut(key)) {
            Ok(stored) => (stored.grant.clone(), stored.client.clone()),
            Err(answer) => return Ok(answer),
        };
        // The new tokens come first: once the old one is replaced, another request may look for
        // them.
        self.insert(tokens, grant.as_ref(), None, client);
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
            Revoke::Exchanged(key) => {
                if let Some(stored) = self.tokens.shard(key).get_mut(key) {
                    stored.end_exchanged();
                }
            }
            Revoke::Grant(id) => self.revoke_grant(id, |_| true),
            // All other grants of a family were exchanged from tokens of the first one.
            Revoke::Family(id) => self.revoke_grant(id, |grant| grant.subject.is_none()),
            Revoke::User(user) => self.revoke_user(user),
            Revoke::Client(client_id) => self.revoke_client(client_id),
        }
        Ok(())
    }

    fn count_attempt(
        &self,
        query: &CountAttempt,
    ) -> Result<Result<Attempts, NotSupported>, Infallible> {
        Ok(Ok(self.attempts.count(query)))
    }

    fn find_attempts(
        &self,
        query: &FindAttempts,
    ) -> Result<Result<Option<Attempts>, NotSupported>, Infallible> {
        Ok(Ok(self.attempts.find(query)))
    }

    fn remember_once(&self, query: &RememberOnce) -> Result<OneTimeUse, Infallible> {
        Ok(self.one_time_values.remember(query))
    }

    fn list_grants(
        &self,
        query: &ListGrants,
    ) -> Result<Result<GrantPage, NotSupported>, Infallible> {
        Ok(Ok(self.grants_of(query)))
    }

    fn list_clients(
        &self,
        query: &ListClients,
    ) -> Result<Result<ClientPage, NotSupported>, Infallible> {
        Ok(Ok(self.clients_after(query)))
    }

    fn purge(&self, query: &Purge) -> Result<Result<Purged, NotSupported>, Infallible> {
        Ok(Ok(self.purge_batch(query)))
    }

    fn supports(&self, _: OptionalQuery) -> bool {
        true
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
