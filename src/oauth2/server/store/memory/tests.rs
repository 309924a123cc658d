//! Tests of the store in memory that need to see inside: how much an operation moves, and what a
//! race leaves behind.

use super::table::moved;
use super::*;
use crate::core::record_format::RecordFormat;
use crate::oauth2::Scope;
use crate::oauth2::server::store::{
    DeviceStage, FindOneTimeRecord, FindToken, OneTimeContent, OneTimeRecord, Redeem, RemoveClient,
    Revoke, SaveOneTimeRecord, SaveTokens, Saved, Sealed, Store, TokenKind, TokenReuse,
};

const MANY: u32 = 1_000_000;
/// No operation may move or drop more entries than this.
const MOST: usize = 1_024;
const LIFETIME: u64 = 3_600;
const REGISTRATION: &str = "this.is.a.token";

fn access(number: u32) -> TokenHash {
    TokenHash::of_number(number.into())
}

fn refresh(number: u32) -> TokenHash {
    TokenHash::of_number((u64::from(number) + 1) << 32)
}

fn record_key(number: u32) -> TokenHash {
    TokenHash::of_number(u64::from(number) | 7 << 40)
}

fn second_key(number: u32) -> TokenHash {
    TokenHash::of_number(u64::from(number) | 11 << 40)
}

fn reuse(number: u32) -> TokenHash {
    TokenHash::of_number(u64::from(number) | 13 << 40)
}

fn grant_id(number: u32) -> GrantId {
    let hash = TokenHash::of_number(u64::from(number) | 17 << 40);
    GrantId(u128::from_ne_bytes(*hash.as_bytes().first_chunk().unwrap()))
}

fn at(now: u64) -> Timestamp {
    Timestamp::from_secs(now)
}

/// Returns an access token and a refresh token of a grant, for a client.
fn tokens(client: &str, grant: u32, number: u32, now: u64) -> NewTokens {
    let grant = Arc::new(GrantRecord {
        id: grant_id(grant),
        exchanged: None,
        client_id: client.to_owned(),
        user: None,
        scope: Scope::default(),
        grant_type: "client_credentials".into(),
        resource: Vec::new(),
        session_id: None,
        auth_time: None,
        acr: None,
        data: serde_json::Value::Null,
        granted_at: at(now),
    });
    let record = |kind| TokenRecord {
        format: RecordFormat,
        kind,
        grant: grant.clone(),
        narrowed_scope: None,
        narrowed_resource: None,
        issued_at: at(now),
        expires_at: (kind == TokenKind::Access).then_some(at(now + LIFETIME)),
        reuse: None,
        replaced: None,
        predecessor: None,
    };
    NewTokens {
        access: KeyedToken::new(access(number), Arc::new(record(TokenKind::Access))),
        refresh: (number.is_multiple_of(8))
            .then(|| KeyedToken::new(refresh(number), Arc::new(record(TokenKind::Refresh)))),
        now: at(now),
    }
}

fn save(store: &MemoryStore, tokens: NewTokens) -> Saved {
    let Ok(saved) = store.save_tokens(&SaveTokens { tokens, parent: None });
    saved
}

/// Returns an access token alone, with a reuse key of its number.
fn reusable_token(client: &str, grant: u32, number: u32, now: u64) -> NewTokens {
    let mut tokens = NewTokens { refresh: None, ..tokens(client, grant, number, now) };
    let sealed = Sealed::new("token", b"key", b"context");
    Arc::make_mut(&mut tokens.access.record).reuse =
        Some(Box::new(TokenReuse { key: reuse(number), access: sealed, refresh: None }));
    tokens
}

/// Returns a device's one-time record with a second_key.
fn record(client: &str, grant: u32, number: u32, now: u64) -> SaveOneTimeRecord {
    let record = OneTimeRecord {
        format: RecordFormat,
        grant_id: grant_id(grant),
        client_id: client.to_owned(),
        expires_at: at(now + LIFETIME),
        content: OneTimeContent::Device {
            scope: Scope::default(),
            resource: Vec::new(),
            stage: DeviceStage::Waiting,
            interval: 5,
            asked_at: None,
        },
    };
    SaveOneTimeRecord {
        key: record_key(number),
        second_key: Some(second_key(number)),
        record: Arc::new(record),
        now: at(now),
    }
}

fn remove(store: &MemoryStore, client: &str) {
    let query =
        RemoveClient { client_id: client.to_owned(), registration: TokenHash::of(REGISTRATION) };
    assert_eq!(store.remove_client(&query), Ok(true));
}

fn revoke(store: &MemoryStore, grant: u32) {
    assert_eq!(store.revoke(&Revoke::Grant(grant_id(grant))), Ok(()));
}

fn find(store: &MemoryStore, key: TokenHash) -> bool {
    let Ok(found) = store.find_token(&FindToken { key });
    found.is_some()
}

fn store() -> MemoryStore {
    let store = MemoryStore::default();
    let registered = |id| ClientRecord {
        registration: Some(TokenHash::of(REGISTRATION)),
        ..ClientRecord::public(id)
    };
    store.add_client(registered("printer"));
    store.add_client(registered("scanner"));
    store
}

/// Checks how much the operation before has moved and dropped.
#[track_caller]
fn check_moved() {
    let moved = moved::take();
    assert!(moved <= MOST, "{moved} entries were moved or dropped at once");
}

#[test]
fn no_operation_moves_or_drops_many_of_a_million_records() {
    let store = store();
    moved::take();
    for number in 0..MANY {
        save(&store, tokens("printer", number / 16, number, 0));
        check_moved();
    }
    assert_eq!(store.len(), MANY as usize * 9 / 8);
    // All access tokens expire in the same second, and the refresh tokens stay.
    for number in MANY..MANY + MANY / 8 {
        save(&store, tokens("scanner", number, number, LIFETIME));
        check_moved();
    }
    let living = MANY as usize * (2 + 2 + 1) / 16 - MANY as usize / 64 * 3;
    assert!(store.len() < living + living / 2, "{}", store.len());
    // A client with all of its grants.
    let query =
        RemoveClient { client_id: "printer".into(), registration: TokenHash::of(REGISTRATION) };
    assert_eq!(store.remove_client(&query), Ok(true));
    assert_eq!(moved::take(), 0, "it ends in one step, and is dropped later");
    assert!(!find(&store, refresh(0)) && find(&store, access(MANY)));
    for number in 0..MANY / 16 {
        save(&store, tokens("scanner", 2 * MANY, 2 * MANY + number, LIFETIME));
        check_moved();
    }
    // A grant with many tokens.
    let grant = tokens("scanner", 2 * MANY, 0, 0).access.record.grant.id;
    assert_eq!(store.revoke(&Revoke::Grant(grant)), Ok(()));
    assert_eq!(moved::take(), 0, "it ends in one step, and is dropped later");
    assert!(!find(&store, access(2 * MANY)) && find(&store, access(MANY)));
    // Everything has expired except the refresh tokens.
    for number in 0..MANY / 16 {
        save(&store, tokens("scanner", 3 * MANY, 3 * MANY + number, 3 * LIFETIME));
        check_moved();
    }
    let living = MANY as usize / 64 + MANY as usize / 16 * 9 / 8;
    assert!(store.len() < living + living / 2, "{}", store.len());
    assert!(store.grants.len() < MANY as usize / 4, "{}", store.grants.len());
}

#[test]
fn no_operation_moves_or_drops_many_one_time_records_with_their_second_keys_and_unique_tokens() {
    let store = store();
    moved::take();
    for number in 0..MANY / 2 {
        assert_eq!(store.save_one_time_record(&record("printer", number, number, 0)), Ok(true));
        check_moved();
        save(&store, reusable_token("printer", MANY + number, number, 0));
        check_moved();
    }
    for number in MANY / 2..MANY {
        save(&store, reusable_token("scanner", MANY + number, number, LIFETIME));
        check_moved();
    }
    assert!(store.one_time_records.len() < MANY as usize / 8, "{}", store.one_time_records.len());
    assert!(store.second_keys.len() <= store.one_time_records.len());
    assert!(store.reuse.len() < MANY as usize, "{}", store.reuse.len());
}

/// The store does not rely on one client for each grant.
#[test]
fn removing_a_client_removes_its_tokens_and_no_others() {
    for has_refresh in [true, false] {
        let exchanged = || {
            let store = store();
            save(&store, tokens("printer", 1, if has_refresh { 8 } else { 1 }, 0));
            let parent = Some(access(if has_refresh { 8 } else { 1 }));
            let query = SaveTokens { tokens: tokens("scanner", 1, 2, 0), parent };
            assert_eq!(store.save_tokens(&query), Ok(Saved::New));
            store
        };
        let parent = access(if has_refresh { 8 } else { 1 });
        let store = exchanged();
        remove(&store, "scanner");
        assert!(find(&store, parent) && !find(&store, access(2)));
        let store = exchanged();
        remove(&store, "printer");
        assert!(!find(&store, parent) && find(&store, access(2)));
        revoke(&store, 1);
        assert!(!find(&store, access(2)));
    }
}

/// Runs two operations at the same moment, many times, each time with a new store, and judges the
/// end.
fn race(
    prepare: impl Fn() -> MemoryStore,
    first: impl Fn(&MemoryStore) + Sync,
    second: impl Fn(&MemoryStore) + Sync,
    is_right: impl Fn(&MemoryStore) -> bool,
) {
    const ROUNDS: usize = 20_000;
    let stores: Vec<_> = (0..ROUNDS).map(|_| prepare()).collect();
    let arrived = std::sync::atomic::AtomicUsize::new(0);
    let run = |operation: &(dyn Fn(&MemoryStore) + Sync)| {
        for (round, store) in stores.iter().enumerate() {
            arrived.fetch_add(1, std::sync::atomic::Ordering::AcqRel);
            while arrived.load(std::sync::atomic::Ordering::Acquire) < 2 * (round + 1) {
                std::thread::yield_now();
            }
            operation(store);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| run(&first));
        run(&second);
    });
    let wrong = stores.iter().filter(|store| !is_right(store)).count();
    assert_eq!(wrong, 0, "of {ROUNDS} rounds");
}

#[test]
fn exchanging_a_token_while_its_grant_is_revoked_leaves_no_valid_token() {
    race(
        || {
            let store = store();
            save(&store, tokens("printer", 1, 1, 0));
            store
        },
        |store| {
            drop(store.save_tokens(&SaveTokens {
                tokens: tokens("printer", 1, 2, 0),
                parent: Some(access(1)),
            }));
        },
        |store| revoke(store, 1),
        |store| !find(store, access(1)) && !find(store, access(2)),
    );
}

#[test]
fn a_one_time_record_that_joins_a_grant_during_its_revocation_is_removed() {
    let prepare = || {
        let store = store();
        save(&store, reusable_token("printer", 1, 1, 0));
        assert_eq!(store.save_one_time_record(&record("printer", 2, 1, 0)), Ok(true));
        store
    };
    let redeem = |store: &MemoryStore| {
        let tokens = NewTokens {
            access: KeyedToken::new(access(2), reusable_token("printer", 2, 1, 0).access.record),
            ..tokens("printer", 2, 2, 0)
        };
        drop(store.redeem(&Redeem { key: record_key(1), tokens: Some(tokens) }));
    };
    let is_gone = |store: &MemoryStore| {
        let Ok(found) = store.find_one_time_record(&FindOneTimeRecord { key: record_key(1) });
        !find(store, access(1)) && !find(store, access(2)) && found.is_none()
    };
    race(prepare, redeem, |store| remove(store, "printer"), is_gone);
    // If the grant was revoked first, the one-time record brings a new token.
    let belongs_together = |store: &MemoryStore| {
        let Ok(found) = store.find_one_time_record(&FindOneTimeRecord { key: record_key(1) });
        !find(store, access(1)) && found.is_some() == find(store, access(2))
    };
    race(prepare, redeem, |store| revoke(store, 1), belongs_together);
}

#[test]
fn a_client_that_was_removed_and_added_again_does_not_get_its_tokens_back() {
    let store = store();
    save(&store, tokens("printer", 1, 0, 0));
    let query =
        RemoveClient { client_id: "printer".into(), registration: TokenHash::of(REGISTRATION) };
    assert_eq!(store.remove_client(&query), Ok(true));
    assert_eq!(save(&store, tokens("printer", 1, 8, 0)), Saved::ParentGone);
    store.add_client(ClientRecord::public("printer"));
    assert!(!find(&store, access(0)) && !find(&store, refresh(0)));
    assert_eq!(save(&store, tokens("printer", 1, 8, 0)), Saved::New);
    assert!(find(&store, access(8)) && !find(&store, access(0)));
}

#[test]
fn tokens_that_lose_a_race_against_a_revocation_are_invalid() {
    let store = store();
    save(&store, tokens("printer", 1, 0, 0));
    let near = store.tokens.shard(&refresh(0)).get(&refresh(0)).unwrap().grant.clone();
    let late = tokens("printer", 1, 8, 0);
    assert_eq!(store.revoke(&Revoke::Grant(late.access.record.grant.id)), Ok(()));
    store.insert(&late, near.as_ref(), None, None);
    assert!(!find(&store, access(8)) && !find(&store, refresh(8)));
    // A grant with the same identifier that is made later is another.
    save(&store, tokens("printer", 1, 16, 0));
    assert!(find(&store, access(16)) && !find(&store, access(0)));
}
