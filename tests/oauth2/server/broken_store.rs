//! Stores that break one rule each.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use oauth_proto::oauth2::server::store::{
    AttemptPurpose, Attempts, ClientPage, ClientRecord, CountAttempt, Find, FindAttempts,
    FindClient, FindOneTimeRecord, FindToken, Found, FoundOneTimeRecord, GrantPage, KeyedToken,
    ListClients, ListGrants, ListedGrant, MemoryStore, NotSupported, OneTimeRecord, OptionalQuery,
    Purge, Purged, Redeem, Redemption, RememberOnce, RemoveClient, ReplaceOneTimeRecord, Revoke,
    Rotate, Rotation, SaveClient, SaveOneTimeRecord, SaveTokens, Saved, Store, TokenHash,
    TokenKind, TokenRecord,
};
use oauth_proto::{OneTimeUse, Timestamp};

use crate::common::broken_stores::{BrokenValues, ValueFault, between_two_steps};

/// The fault of a broken store.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    None,
    ReplacesClients,
    RemovesClientsAlone,
    RedeemsWithoutSpending,
    RedeemsInTwoSteps,
    LeavesRecordsWithTheirGrant,
    OverwritesSecondKeys,
    TakesStaleVersions,
    ReplacesUsedRecords,
    IgnoresParents,
    ReturnsExpiredReusableTokens,
    ChecksReuseKeysInTwoSteps,
    LosesNarrowedScopes,
    RotatesTwice,
    RotatesInTwoSteps,
    ForgetsRefreshTokensOfGrants,
    RevokesInTwoSteps,
    KeepsExchangedTokens,
    ForgetsTheSubjectOfExchanges,
    TakesFamiliesForGrants,
    RevokesAnyGrantAsFamily,
    FoldsUsers,
    KeepsTokensOfRevokedClients,
    FindsOneClientForBoth,
    FindsNoTokenBesideARecord,
    FoldsClients,
    TrimsClients,
    ReplacesAnyRecord,
    RemovesWithAnyRegistration,
    NeverFreesSecondKeys,
    FindsNoUsedRecords,
    ForgetsVersions,
    RepeatsRedeems,
    SavesForRemovedClients,
    LosesRefreshTokens,
    FindsStaleTokens,
    RepeatsRotations,
    ResetsLifetimes,
    CountsInTwoSteps,
    MovesWindows,
    NeverEndsWindows,
    CountsWhereItFinds,
    FindsAnyPurpose,
    Values(ValueFault),
    ListsExpiredGrants,
    ListsSimilarUsers,
    LosesTheNextPage,
    ListsAPageTwice,
    SkipsAClient,
    PurgesUsedRecords,
    PurgesOneKind,
    PurgesTooMany,
}

pub struct Broken {
    inner: MemoryStore,
    fault: Fault,
    one_time_records: Mutex<HashMap<TokenHash, Arc<OneTimeRecord>>>,
    tokens: Mutex<Vec<KeyedToken>>,
    undead: Mutex<HashMap<TokenHash, Arc<TokenRecord>>>,
    clients: Mutex<Vec<String>>,
    cache: Mutex<HashMap<TokenHash, Arc<TokenRecord>>>,
    values: BrokenValues,
}

impl Broken {
    pub fn new(fault: Fault) -> Self {
        Self {
            inner: MemoryStore::default(),
            fault,
            one_time_records: Mutex::default(),
            tokens: Mutex::default(),
            undead: Mutex::default(),
            clients: Mutex::default(),
            cache: Mutex::default(),
            values: BrokenValues::default(),
        }
    }

    /// Returns whether a token with this reuse key is stored.
    fn has_reusable(&self, reuse: TokenHash) -> bool {
        let tokens = self.tokens.lock().unwrap();
        let mut equal = tokens
            .iter()
            .filter(|token| token.record.reuse.as_ref().is_some_and(|own| own.key == reuse));
        equal.any(|token| self.inner.find_token(&FindToken::new(token.key)).unwrap().is_some())
    }

    /// Lets the store find these tokens after they were removed.
    fn raise(&self, which: impl Fn(&TokenRecord) -> bool) {
        let tokens = self.tokens.lock().unwrap();
        let raised = tokens
            .iter()
            .filter(|token| which(&token.record))
            .map(|token| (token.key, token.record.clone()));
        self.undead.lock().unwrap().extend(raised);
    }
}

impl Store for Broken {
    type Error = Infallible;

    fn find_client(&self, query: &FindClient) -> Result<Option<Arc<ClientRecord>>, Infallible> {
        let found = self.inner.find_client(query)?;
        let is_similar = |known: &&String| match self.fault {
            Fault::FoldsClients => known.eq_ignore_ascii_case(&query.client_id),
            Fault::TrimsClients => known.trim_end() == query.client_id.trim_end(),
            _ => false,
        };
        if found.is_some() {
            return Ok(found);
        }
        match self.clients.lock().unwrap().iter().find(is_similar) {
            Some(similar) => self.inner.find_client(&FindClient::new(similar)),
            None => Ok(None),
        }
    }

    fn save_client(&self, query: &SaveClient) -> Result<bool, Infallible> {
        if self.fault == Fault::ReplacesClients {
            self.inner.add_client(ClientRecord::clone(&query.record));
            return Ok(true);
        }
        self.clients.lock().unwrap().push(query.record.client_id.clone());
        if self.fault == Fault::ReplacesAnyRecord && query.replaces.is_some() {
            let mut query = query.clone();
            query.replaces = self.inner.find_client(&FindClient::new(&*query.record.client_id))?;
            return self.inner.save_client(&query);
        }
        self.inner.save_client(query)
    }

    fn remove_client(&self, query: &RemoveClient) -> Result<bool, Infallible> {
        let mut query = query.clone();
        if self.fault == Fault::RemovesWithAnyRegistration
            && let Some(found) = self.inner.find_client(&FindClient::new(&*query.client_id))?
            && let Some(registration) = found.registration
        {
            query.registration = registration;
        }
        let removed = self.inner.remove_client(&query)?;
        if self.fault == Fault::RemovesClientsAlone && removed {
            self.raise(|record| record.grant.client_id == query.client_id);
        }
        Ok(removed)
    }

    fn save_one_time_record(&self, query: &SaveOneTimeRecord) -> Result<bool, Infallible> {
        self.one_time_records.lock().unwrap().insert(query.key, query.record.clone());
        if self.fault == Fault::NeverFreesSecondKeys
            && let Some(second_key) = query.second_key
            && self.inner.find_one_time_record(&FindOneTimeRecord::new(second_key))?.is_some()
        {
            return Ok(false);
        }
        let mut saved = self.inner.save_one_time_record(query)?;
        if self.fault == Fault::OverwritesSecondKeys && !saved {
            let query_of_other = FindOneTimeRecord::new(query.second_key.unwrap());
            if let Some(other) = self.inner.find_one_time_record(&query_of_other)? {
                self.inner.revoke(&Revoke::Grant(other.record.grant_id))?;
            }
            saved = self.inner.save_one_time_record(query)?;
        }
        Ok(saved)
    }

    fn find_one_time_record(
        &self,
        query: &FindOneTimeRecord,
    ) -> Result<Option<FoundOneTimeRecord>, Infallible> {
        let mut found = self.inner.find_one_time_record(query)?;
        if let Some(found) = &mut found
            && self.fault == Fault::LeavesRecordsWithTheirGrant
        {
            Arc::make_mut(&mut found.record).grant_id =
                self.one_time_records.lock().unwrap()[&found.key].grant_id;
        }
        if let (Fault::ForgetsVersions, Some(found)) = (self.fault, &mut found) {
            found.version = 0;
        }
        Ok(found.filter(|found| self.fault != Fault::FindsNoUsedRecords || !found.used))
    }

    fn replace_one_time_record(&self, query: &ReplaceOneTimeRecord) -> Result<bool, Infallible> {
        let found = self.inner.find_one_time_record(&FindOneTimeRecord::new(query.key))?;
        match (self.fault, found) {
            (Fault::TakesStaleVersions, Some(found)) => {
                let mut query = query.clone();
                query.version = found.version;
                self.inner.replace_one_time_record(&query)
            }
            (Fault::ReplacesUsedRecords, Some(found)) if found.used => Ok(true),
            _ => self.inner.replace_one_time_record(query),
        }
    }

    fn redeem(&self, query: &Redeem) -> Result<Redemption, Infallible> {
        let found = self.inner.find_one_time_record(&FindOneTimeRecord::new(query.key))?;
        self.tokens.lock().unwrap().extend(query.tokens.iter().map(|tokens| tokens.access.clone()));
        if self.fault == Fault::RedeemsInTwoSteps {
            between_two_steps();
        }
        let mut query = query.clone();
        if let (Fault::LosesRefreshTokens, Some(tokens)) = (self.fault, &mut query.tokens) {
            tokens.refresh = None;
        }
        let query = &query;
        let mut redemption = self.inner.redeem(query)?;
        if self.fault == Fault::RepeatsRedeems {
            redemption = self.inner.redeem(query)?;
        }
        let forgotten = match self.fault {
            Fault::RedeemsWithoutSpending => true,
            Fault::RedeemsInTwoSteps => found.is_some_and(|found| !found.used),
            _ => false,
        };
        if let (Redemption::Replayed(_), true, Some(tokens)) =
            (&redemption, forgotten, &query.tokens)
        {
            self.inner.save_tokens(&SaveTokens::new(tokens.clone(), None))?;
            return Ok(Redemption::Redeemed);
        }
        Ok(redemption)
    }

    fn save_tokens(&self, query: &SaveTokens) -> Result<Saved, Infallible> {
        let mut query = query.clone();
        match self.fault {
            Fault::IgnoresParents => query.parent = None,
            Fault::SavesForRemovedClients => {
                let client_id = &query.tokens.access.record.grant.client_id;
                if self.inner.find_client(&FindClient::new(&**client_id))?.is_none() {
                    let KeyedToken { key, record, .. } = query.tokens.access;
                    self.undead.lock().unwrap().insert(key, record);
                    return Ok(Saved::New);
                }
            }
            Fault::ReturnsExpiredReusableTokens => query.tokens.now = Timestamp::from_secs(0),
            Fault::ChecksReuseKeysInTwoSteps => {
                let own = query.tokens.access.record.reuse.clone();
                let before = own.as_ref().is_some_and(|own| self.has_reusable(own.key));
                between_two_steps();
                let saved = self.inner.save_tokens(&query)?;
                self.tokens.lock().unwrap().push(query.tokens.access.clone());
                if let (false, Saved::Existing(..)) = (before, &saved) {
                    Arc::make_mut(&mut query.tokens.access.record).reuse = None;
                    return self.inner.save_tokens(&query);
                }
                return Ok(saved);
            }
            _ => {}
        }
        let own = [query.tokens.access.clone()].into_iter().chain(query.tokens.refresh.clone());
        self.tokens.lock().unwrap().extend(own);
        self.inner.save_tokens(&query)
    }

    fn find_token(&self, query: &FindToken) -> Result<Option<Arc<TokenRecord>>, Infallible> {
        let found = self.inner.find_token(query)?;
        let mut found = found.or_else(|| self.undead.lock().unwrap().get(&query.key).cloned());
        if let (Fault::FindsStaleTokens, Some(record)) = (self.fault, &mut found) {
            // A cache that no query empties.
            let mut cache = self.cache.lock().unwrap();
            *record = cache.entry(query.key).or_insert_with(|| record.clone()).clone();
        }
        if let (Fault::LosesNarrowedScopes, Some(record)) = (self.fault, &mut found) {
            Arc::make_mut(record).narrowed_scope = None;
        }
        // A table of grants whose key is the family.
        if let (Fault::TakesFamiliesForGrants, Some(record)) = (self.fault, &mut found) {
            let family = record.grant.family();
            let tokens = self.tokens.lock().unwrap();
            if let Some(first) = tokens.iter().find(|own| own.record.grant.id == family) {
                Arc::make_mut(record).grant = first.record.grant.clone();
            }
        }
        Ok(found)
    }

    fn find(&self, query: &Find) -> Result<Found, Infallible> {
        let mut query = query.clone();
        match self.fault {
            Fault::FindsOneClientForBoth if query.other_client.is_some() => {
                query.other_client.clone_from(&query.client);
            }
            Fault::FindsNoTokenBesideARecord if query.one_time_record.is_some() => {
                query.token = None;
            }
            _ => {}
        }
        self.inner.find(&query)
    }

    fn rotate(&self, query: &Rotate) -> Result<Rotation, Infallible> {
        let found = self.inner.find_token(&FindToken::new(query.key))?;
        if self.fault == Fault::RotatesInTwoSteps {
            between_two_steps();
        }
        let mut query = query.clone();
        if self.fault == Fault::ResetsLifetimes {
            let record = Arc::make_mut(&mut query.replaced);
            record.expires_at = Some(query.tokens.now.after(Duration::from_secs(86_400)));
        }
        let mut rotation = self.inner.rotate(&query)?;
        if self.fault == Fault::RepeatsRotations {
            rotation = self.inner.rotate(&query)?;
        }
        self.tokens.lock().unwrap().push(query.tokens.access.clone());
        let save = || self.inner.save_tokens(&SaveTokens::new(query.tokens.clone(), None));
        let forgotten = match self.fault {
            Fault::RotatesTwice => true,
            Fault::RotatesInTwoSteps => found.is_some_and(|found| found.replaced.is_none()),
            _ => false,
        };
        if forgotten && matches!(rotation, Rotation::Replaced(_)) {
            save()?;
            return Ok(Rotation::Rotated);
        }
        if self.fault == Fault::RevokesInTwoSteps && rotation == Rotation::Rotated {
            between_two_steps();
            save()?;
        }
        Ok(rotation)
    }

    fn revoke(&self, query: &Revoke) -> Result<(), Infallible> {
        if let (Fault::ForgetsRefreshTokensOfGrants, Revoke::Grant(grant)) = (self.fault, query) {
            self.raise(|record| record.grant.id == *grant && record.kind == TokenKind::Refresh);
        }
        match (self.fault, query) {
            (Fault::KeepsExchangedTokens, Revoke::Token(key)) => {
                self.raise(|record| {
                    record.grant.exchanged.as_ref().is_some_and(|origin| origin.subject == *key)
                });
            }
            (Fault::ForgetsTheSubjectOfExchanges, Revoke::Exchanged(key)) => {
                return self.inner.revoke(&Revoke::Token(*key));
            }
            (Fault::RevokesAnyGrantAsFamily, Revoke::Family(id)) => {
                return self.inner.revoke(&Revoke::Grant(*id));
            }
            (Fault::FoldsUsers, Revoke::User(user)) => {
                self.inner.revoke(&Revoke::User(user.to_lowercase()))?;
            }
            (Fault::KeepsTokensOfRevokedClients, Revoke::Client(client)) => {
                self.raise(|record| {
                    record.grant.client_id == *client && record.kind == TokenKind::Access
                });
            }
            _ => {}
        }
        self.inner.revoke(query)
    }

    fn count_attempt(
        &self,
        query: &CountAttempt,
    ) -> Result<Result<Attempts, NotSupported>, Infallible> {
        let find = FindAttempts::new(query.purpose, query.key);
        let before = self.inner.find_attempts(&find)?.unwrap();
        if self.fault == Fault::CountsInTwoSteps {
            between_two_steps();
        }
        let mut counted = self.inner.count_attempt(query)?.unwrap();
        match (self.fault, before) {
            (Fault::CountsInTwoSteps, Some(before)) => {
                counted.count = counted.count.min(before.count + 1);
            }
            (Fault::CountsInTwoSteps, None) => counted.count = 1,
            (Fault::MovesWindows, _) => counted.ends_at = query.now.after(query.window),
            (Fault::NeverEndsWindows, Some(before)) => counted.count = before.count + 1,
            _ => {}
        }
        Ok(Ok(counted))
    }

    fn find_attempts(
        &self,
        query: &FindAttempts,
    ) -> Result<Result<Option<Attempts>, NotSupported>, Infallible> {
        let found = self.inner.find_attempts(query)?.unwrap();
        match (self.fault, found) {
            (Fault::CountsWhereItFinds, Some(found)) => {
                let begin = before(found.ends_at, 60);
                let (limit, window) = (1_000, Duration::from_secs(60));
                let count = CountAttempt::new(query.purpose, query.key, limit, window, begin);
                self.inner.count_attempt(&count)?.unwrap();
            }
            (Fault::FindsAnyPurpose, None) => {
                let other = FindAttempts::new(AttemptPurpose::UserCode, query.key);
                return self.inner.find_attempts(&other);
            }
            _ => {}
        }
        Ok(Ok(found))
    }

    fn remember_once(&self, query: &RememberOnce) -> Result<OneTimeUse, Infallible> {
        match self.fault {
            Fault::Values(fault) => {
                let ask = |query: &RememberOnce| self.inner.remember_once(query).unwrap();
                Ok(self.values.remember(fault, query, ask))
            }
            _ => self.inner.remember_once(query),
        }
    }

    fn list_grants(
        &self,
        query: &ListGrants,
    ) -> Result<Result<GrantPage, NotSupported>, Infallible> {
        let mut query = query.clone();
        let mut page = self.inner.list_grants(&query)?.unwrap();
        match self.fault {
            Fault::LosesTheNextPage => page.next = None,
            Fault::ListsExpiredGrants => {
                let tokens = self.tokens.lock().unwrap();
                let is_over = |record: &&Arc<TokenRecord>| {
                    record.kind == TokenKind::Access
                        && record.grant.user.as_ref() == Some(&query.user)
                        && record.expires_at.is_some_and(|end| end <= query.now)
                };
                let over = tokens.iter().map(|token| &token.record).filter(is_over);
                page.grants.extend(over.map(|record| ListedGrant::new(record.grant.clone(), None)));
                page.grants.sort_by_key(|listed| listed.grant.id);
            }
            Fault::ListsSimilarUsers => {
                query.user = query.user.to_uppercase();
                page.grants.extend(self.inner.list_grants(&query)?.unwrap().grants);
                page.grants.sort_by_key(|listed| listed.grant.id);
            }
            _ => {}
        }
        Ok(Ok(page))
    }

    fn list_clients(
        &self,
        query: &ListClients,
    ) -> Result<Result<ClientPage, NotSupported>, Infallible> {
        let mut page = self.inner.list_clients(query)?.unwrap();
        match self.fault {
            // A page that begins with the client after which it should begin.
            Fault::ListsAPageTwice => {
                if let (Some(after), true) = (&query.after, page.clients.len() > 1) {
                    page.clients.extend(self.inner.find_client(&FindClient::new(&**after))?);
                    page.clients.sort_by_key(|client| client.client_id.clone());
                    page.clients.pop();
                }
            }
            Fault::SkipsAClient => {
                if let Some(next) = &mut page.next {
                    next.push('B');
                }
            }
            _ => {}
        }
        Ok(Ok(page))
    }

    fn purge(&self, query: &Purge) -> Result<Result<Purged, NotSupported>, Infallible> {
        let mut purged = self.inner.purge(query)?.unwrap();
        match self.fault {
            Fault::PurgesUsedRecords => {
                let records: Vec<_> = self.one_time_records.lock().unwrap().drain().collect();
                for (key, record) in records {
                    let found = self.inner.find_one_time_record(&FindOneTimeRecord::new(key))?;
                    if found.is_some_and(|found| found.used) {
                        self.inner.revoke(&Revoke::Grant(record.grant_id))?;
                    }
                }
            }
            Fault::PurgesTooMany => {
                while !purged.is_complete {
                    let more = self.inner.purge(query)?.unwrap();
                    purged.removed += more.removed;
                    purged.is_complete = more.is_complete;
                }
            }
            Fault::PurgesOneKind => {
                let now = before(query.now, 1);
                self.raise(|record| record.expires_at.is_some_and(|end| end > now));
            }
            _ => {}
        }
        Ok(Ok(purged))
    }

    fn supports(&self, _: OptionalQuery) -> bool {
        true
    }
}

/// Returns the time some seconds earlier.
fn before(time: Timestamp, seconds: u64) -> Timestamp {
    Timestamp::from_secs(time.as_secs() - seconds)
}
