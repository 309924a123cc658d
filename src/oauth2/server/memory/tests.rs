//! Tests of the store in memory that need to see inside: how much an operation moves, and what a race leaves behind.

use super::super::records::{GrantRecord, TokenKind};
use super::table::moved;
use super::*;
use crate::oauth2::Scope;

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

fn grant_id(number: u32) -> GrantId {
    GrantId(
        u128::from(TokenHash::of_number(number.into()).second_word()) << 64
            | u128::from(number.wrapping_mul(0x9E37_79B9)),
    )
}

fn at(now: u64) -> Timestamp {
    Timestamp::from_secs(now)
}

/// An access token and a refresh token of a grant, for a client.
fn tokens(client: &str, grant: u32, number: u32, now: u64) -> NewTokens {
    let grant = Arc::new(GrantRecord {
        id: grant_id(grant),
        client_id: client.to_owned(),
        user: None,
        scope: Scope::default(),
        grant_type: "client_credentials".into(),
        resource: Vec::new(),
        data: serde_json::Value::Null,
        granted_at: at(now),
    });
    let record = |kind| TokenRecord {
        kind,
        grant: grant.clone(),
        narrowed_scope: None,
        narrowed_resource: None,
        issued_at: at(now),
        expires_at: (kind == TokenKind::Access).then_some(at(now + LIFETIME)),
        unique: None,
        replaced: None,
    };
    NewTokens {
        access: (access(number), Arc::new(record(TokenKind::Access))),
        refresh: (number.is_multiple_of(8)).then(|| (refresh(number), Arc::new(record(TokenKind::Refresh)))),
        now: at(now),
    }
}

fn save(store: &MemoryStore, tokens: NewTokens) -> Saved {
    let Ok(saved) = store.save_tokens(&SaveTokens { tokens, parent: None });
    saved
}

fn find(store: &MemoryStore, key: TokenHash) -> bool {
    let Ok(found) = store.find_token(&FindToken { key });
    found.is_some()
}

fn store() -> MemoryStore {
    let store = MemoryStore::default();
    let registered = |id| ClientRecord { registration: Some(TokenHash::of(REGISTRATION)), ..ClientRecord::public(id) };
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
    let command = RemoveClient { client_id: "printer".into(), registration: TokenHash::of(REGISTRATION) };
    assert_eq!(store.remove_client(&command), Ok(true));
    assert_eq!(moved::take(), 0, "it ends in one step, and is dropped later");
    assert!(!find(&store, refresh(0)) && find(&store, access(MANY)));
    for number in 0..MANY / 16 {
        save(&store, tokens("scanner", 2 * MANY, 2 * MANY + number, LIFETIME));
        check_moved();
    }
    // A grant with many tokens.
    let grant = tokens("scanner", 2 * MANY, 0, 0).access.1.grant.id;
    assert_eq!(store.revoke(&Revoke::Grant(grant)), Ok(()));
    assert_eq!(moved::take(), 0, "it ends in one step, and is dropped later");
    assert!(!find(&store, access(2 * MANY)) && find(&store, access(MANY)));
    // Everything has expired but the refresh tokens.
    for number in 0..MANY / 16 {
        save(&store, tokens("scanner", 3 * MANY, 3 * MANY + number, 3 * LIFETIME));
        check_moved();
    }
    let living = MANY as usize / 64 + MANY as usize / 16 * 9 / 8;
    assert!(store.len() < living + living / 2, "{}", store.len());
    assert!(store.grants.len() < MANY as usize / 4, "{}", store.grants.len());
}

#[test]
fn a_client_that_was_removed_and_added_again_has_none_of_its_tokens_back() {
    let store = store();
    save(&store, tokens("printer", 1, 0, 0));
    let command = RemoveClient { client_id: "printer".into(), registration: TokenHash::of(REGISTRATION) };
    assert_eq!(store.remove_client(&command), Ok(true));
    assert_eq!(save(&store, tokens("printer", 1, 8, 0)), Saved::ParentGone);
    store.add_client(ClientRecord::public("printer"));
    assert!(!find(&store, access(0)) && !find(&store, refresh(0)));
    assert_eq!(save(&store, tokens("printer", 1, 8, 0)), Saved::New);
    assert!(find(&store, access(8)) && !find(&store, access(0)));
}

#[test]
fn tokens_that_lose_a_race_against_a_revocation_are_dead() {
    let store = store();
    save(&store, tokens("printer", 1, 0, 0));
    let near = store.tokens.shard(&refresh(0)).get(&refresh(0)).unwrap().owner.family();
    let late = tokens("printer", 1, 8, 0);
    assert_eq!(store.revoke(&Revoke::Grant(late.access.1.grant.id)), Ok(()));
    store.insert(&late, near.as_ref(), || None);
    assert!(!find(&store, access(8)) && !find(&store, refresh(8)));
    // A grant with the same identifier that is made later is another.
    save(&store, tokens("printer", 1, 16, 0));
    assert!(find(&store, access(16)) && !find(&store, access(0)));
}
