//! The conformance kit accepts a correct store, and finds each of these faults in broken stores.

use std::collections::HashMap;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use oauth_proto::oauth2::server::store::{
    AsyncStore, Blocking, ClientRecord, Find, FindClient, FindOneTimeRecord, FindToken, Found,
    FoundOneTimeRecord, KeyedToken, MemoryStore, OneTimeRecord, Redeem, Redemption, RemoveClient,
    ReplaceOneTimeRecord, Revoke, Rotate, Rotation, SaveClient, SaveOneTimeRecord, SaveTokens,
    Saved, Store, TokenHash, TokenKind, TokenRecord, conformance,
};
use oauth_proto::{Timestamp, for_each_oauth2_query};

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

/// The fault of a broken store.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
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
}

struct Broken {
    inner: MemoryStore,
    fault: Fault,
    one_time_records: Mutex<HashMap<TokenHash, Arc<OneTimeRecord>>>,
    tokens: Mutex<Vec<KeyedToken>>,
    undead: Mutex<HashMap<TokenHash, Arc<TokenRecord>>>,
}

impl Broken {
    fn new(fault: Fault) -> Self {
        Self {
            inner: MemoryStore::default(),
            fault,
            one_time_records: Mutex::default(),
            tokens: Mutex::default(),
            undead: Mutex::default(),
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
        self.inner.find_client(query)
    }

    fn save_client(&self, query: &SaveClient) -> Result<bool, Infallible> {
        if self.fault == Fault::ReplacesClients {
            self.inner.add_client(ClientRecord::clone(&query.record));
            return Ok(true);
        }
        self.inner.save_client(query)
    }

    fn remove_client(&self, query: &RemoveClient) -> Result<bool, Infallible> {
        let removed = self.inner.remove_client(query)?;
        if self.fault == Fault::RemovesClientsAlone && removed {
            self.raise(|record| record.grant.client_id == query.client_id);
        }
        Ok(removed)
    }

    fn save_one_time_record(&self, query: &SaveOneTimeRecord) -> Result<bool, Infallible> {
        self.one_time_records.lock().unwrap().insert(query.key, query.record.clone());
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
        Ok(found)
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
        let redemption = self.inner.redeem(query)?;
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
        let rotation = self.inner.rotate(query)?;
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
}

/// Sleeps, so that another thread can run. After `yield_now`, the same thread could continue
/// immediately.
fn between_two_steps() {
    std::thread::sleep(Duration::from_micros(50));
}

/// Returns the message with which a check panics, or `None` if the store is accepted.
fn verdict(check: impl FnOnce()) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(check)).err()?;
    let text = panic.downcast_ref::<String>().cloned();
    Some(text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap())
}

#[test]
fn the_memory_store_passes_the_conformance_kit() {
    conformance::check(&MemoryStore::default(), NOW);
    conformance::check(&Broken::new(Fault::None), NOW);
    // The same store can be checked again at another time, and through a pointer.
    let store: Arc<dyn Store<Error = Infallible> + Send + Sync> = Arc::new(MemoryStore::default());
    conformance::check(&store, NOW);
    conformance::check(&*store, Timestamp::from_secs(NOW.as_secs() + 1));
}

#[test]
fn every_broken_store_is_caught_by_the_rule_that_it_breaks() {
    // The fault, the rule that finds it, and a word of each other rule that it breaks.
    let faults: [(Fault, &str, &[&str]); 24] = [
        (Fault::ReplacesClients, "SaveClient without", &["SaveClient", "registration", "saved"]),
        (Fault::RemovesClientsAlone, "RemoveClient removes all", &["revoked: RemoveClient"]),
        (Fault::RedeemsWithoutSpending, "answers Replayed", &["Redeem", "Replayed"]),
        (Fault::RedeemsInTwoSteps, "exactly one is answered Redeemed", &["answered Replayed"]),
        (Fault::LeavesRecordsWithTheirGrant, "the grant of the existing token", &[]),
        (Fault::OverwritesSecondKeys, "second key of a living record", &["second key", "version"]),
        (Fault::TakesStaleVersions, "with a stale version", &["ReplaceOneTimeRecord"]),
        (Fault::ReplacesUsedRecords, "ReplaceOneTimeRecord does not change a used record", &[]),
        (Fault::IgnoresParents, "does not exist answers ParentGone", &["parent", "revoked while"]),
        (Fault::ReturnsExpiredReusableTokens, "that has expired", &["answers Existing"]),
        (Fault::ChecksReuseKeysInTwoSteps, "with one reuse key at once", &["one reuse key"]),
        (Fault::LosesNarrowedScopes, "complete record of the access token", &[]),
        (Fault::RotatesTwice, "the second Rotate answers Replaced", &["Rotate"]),
        (Fault::RotatesInTwoSteps, "exactly one is answered Rotated", &["Rotate"]),
        (Fault::ForgetsRefreshTokensOfGrants, "its refresh tokens", &["grant"]),
        (Fault::RevokesInTwoSteps, "revoked while tokens are saved", &[]),
        (Fault::KeepsExchangedTokens, "Revoke of a token removes", &["while it is exchanged"]),
        (Fault::ForgetsTheSubjectOfExchanges, "does not remove this token", &["exchanged"]),
        (Fault::TakesFamiliesForGrants, "record of an exchanged token", &["exchanged", "family"]),
        (Fault::RevokesAnyGrantAsFamily, "Revoke of a family takes the identifier", &[]),
        (Fault::FoldsUsers, "Revoke of a user compares users byte for byte", &[]),
        (Fault::KeepsTokensOfRevokedClients, "Revoke of a client removes all", &["Client"]),
        (Fault::FindsOneClientForBoth, "Find answers with the records", &[]),
        (Fault::FindsNoTokenBesideARecord, "Find answers with the records", &[]),
    ];
    for (fault, rule, others) in faults {
        let said = verdict(|| conformance::check(&Broken::new(fault), NOW));
        let said = said.unwrap_or_else(|| panic!("{fault:?} was not caught"));
        assert!(said.contains(rule), "{fault:?}: {said}");
        for broken in said.lines().filter(|line| line.starts_with("- ")) {
            let known = [rule].iter().chain(others).any(|word| broken.contains(word));
            assert!(known, "{fault:?} breaks another rule: {broken}");
        }
    }
}

#[test]
fn the_message_has_all_broken_rules_the_values_and_the_callers_line() {
    let line = line!() + 1;
    let said = verdict(|| conformance::check(&Broken::new(Fault::RotatesTwice), NOW)).unwrap();
    let head =
        format!("2 of the rules, found by the check at tests/oauth2/server/store.rs:{line}:");
    assert!(said.lines().next().unwrap().contains(&head), "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("- ")).count(), 2, "{said}");
    assert!(said.contains("the second Rotate answers Replaced, with the first one's record"));
    assert!(said.contains(": expected Replaced(") && said.contains(", received Rotated"), "{said}");
}

/// Waits once, so that the other tasks can run.
async fn elsewhere() {
    let mut waited = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A store that waits before and after each query. The broken one also waits in the middle of
/// redeeming.
struct Slow {
    inner: MemoryStore,
    redeems_in_two_steps: bool,
}

macro_rules! slowly {
    // `redeem` is implemented below.
    (@ redeem: $Query:ident -> $Output:ty) => {};
    (@ $method:ident: $Query:ident -> $Output:ty) => {
        async fn $method(&self, query: &$Query) -> Result<$Output, Infallible> {
            elsewhere().await;
            let answer = self.inner.$method(query);
            elsewhere().await;
            answer
        }
    };
    ($($method:ident: $Query:ident -> $Output:ty $(, $default:ident)*;)*) => {
        $(slowly! { @ $method: $Query -> $Output })*
    };
}

impl AsyncStore for Slow {
    type Error = Infallible;

    for_each_oauth2_query! { slowly! {} }

    async fn redeem(&self, query: &Redeem) -> Result<Redemption, Infallible> {
        let found = self.inner.find_one_time_record(&FindOneTimeRecord::new(query.key))?;
        elsewhere().await;
        let redemption = self.inner.redeem(query)?;
        let forgotten = self.redeems_in_two_steps && found.is_some_and(|found| !found.used);
        if forgotten && matches!(redemption, Redemption::Replayed(_)) {
            return Ok(Redemption::Redeemed);
        }
        Ok(redemption)
    }
}

#[test]
fn asynchronous_stores_are_checked_too_and_their_futures_overlap() {
    let store = MemoryStore::default();
    pollster::block_on(conformance::check_async(&Blocking(&store), NOW));
    let slow = |redeems_in_two_steps| Slow { inner: MemoryStore::default(), redeems_in_two_steps };
    pollster::block_on(conformance::check_async(&slow(false), NOW));
    let said = verdict(|| pollster::block_on(conformance::check_async(&slow(true), NOW))).unwrap();
    assert!(said.contains("exactly one is answered Redeemed: expected 1, received 4"), "{said}");
}

/// A store that fails at every query.
struct Gone;

macro_rules! unreachable_store {
    ($($method:ident: $Query:ident -> $Output:ty $(, $default:ident)*;)*) => {
        impl Store for Gone {
            type Error = &'static str;
            $(fn $method(&self, _: &$Query) -> Result<$Output, &'static str> {
                Err("connection refused")
            })*
        }
    };
}

for_each_oauth2_query! { unreachable_store! {} }

#[test]
fn a_failing_store_is_reported() {
    let said = verdict(|| conformance::check(&Gone, NOW)).unwrap();
    assert_eq!(said, "the store failed at SaveClient: connection refused");
}
