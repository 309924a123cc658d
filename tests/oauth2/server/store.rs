//! The conformance kit accepts a correct store, and finds each of these faults in broken stores.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::Poll;

use oauth_proto::OneTimeUse;
use oauth_proto::oauth2::server::store::{
    AsyncStore, Attempts, Blocking, ClientPage, ClientRecord, CountAttempt, Find, FindAttempts,
    FindClient, FindOneTimeRecord, FindToken, Found, FoundOneTimeRecord, GrantPage, Layered,
    ListClients, ListGrants, MemoryStore, NotSupported, OptionalQuery, Purge, Purged, Redeem,
    Redemption, RememberOnce, RemoveClient, ReplaceOneTimeRecord, Revoke, Rotate, Rotation,
    SaveClient, SaveOneTimeRecord, SaveTokens, Saved, Store, TokenRecord, conformance,
};
use oauth_proto::{Timestamp, for_each_oauth2_query};

use super::broken_store::{Broken, Fault};
use crate::common::broken_stores::{Row, VALUE_FAULTS, check_faults, verdict};
use oauth_proto::oauth2::server::store::conformance::Check;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

#[test]
fn the_memory_store_passes_the_conformance_kit() {
    conformance::check(&MemoryStore::default(), NOW);
    conformance::check(&Broken::new(Fault::None), NOW);
    // The same store can be checked again at another time, and through a pointer.
    let store: Arc<dyn Store<Error = Infallible> + Send + Sync> = Arc::new(MemoryStore::default());
    conformance::check(&store, NOW);
    conformance::check(&*store, Timestamp::from_secs(NOW.as_secs() + 1));
}

/// The faults of each query.
const FAULTS: &[(&str, &[Row<Fault>])] = &[
    (
        "FindClient",
        &[
            (Fault::FoldsClients, "FindClient compares", &["Find answers"]),
            (Fault::TrimsClients, "FindClient compares", &["Find answers"]),
        ],
    ),
    (
        "SaveClient",
        &[
            (
                Fault::ReplacesClients,
                "SaveClient without",
                &["SaveClient", "registration", "saved"],
            ),
            (
                Fault::ReplacesAnyRecord,
                "that differs from `replaces`",
                &["SaveClient", "registration"],
            ),
        ],
    ),
    (
        "RemoveClient",
        &[
            (Fault::RemovesClientsAlone, "RemoveClient removes all", &["revoked: RemoveClient"]),
            (
                Fault::RemovesWithAnyRegistration,
                "another registration's hash removes",
                &["RemoveClient"],
            ),
        ],
    ),
    (
        "SaveOneTimeRecord",
        &[
            (
                Fault::OverwritesSecondKeys,
                "second key of a living record",
                &["second key", "version"],
            ),
            (Fault::NeverFreesSecondKeys, "free once its record has expired", &["second key"]),
        ],
    ),
    (
        "FindOneTimeRecord",
        &[
            (Fault::LeavesRecordsWithTheirGrant, "the grant of the existing token", &[]),
            (Fault::FindsNoUsedRecords, "a used record stays", &["used", "Redeem", "Find answers"]),
            (
                Fault::ForgetsVersions,
                "the version increases",
                &["version", "Find answers", "ReplaceOneTimeRecord saved"],
            ),
        ],
    ),
    (
        "ReplaceOneTimeRecord",
        &[
            (Fault::TakesStaleVersions, "with a stale version", &["ReplaceOneTimeRecord"]),
            (Fault::ReplacesUsedRecords, "does not change a used record", &[]),
        ],
    ),
    (
        "Redeem",
        &[
            (Fault::RedeemsWithoutSpending, "answers Replayed", &["Redeem", "Replayed", "Purge"]),
            (Fault::RedeemsInTwoSteps, "exactly one is answered Redeemed", &["answered Replayed"]),
            (Fault::LosesRefreshTokens, "Redeem saves both tokens", &[]),
            (Fault::RepeatsRedeems, "living record answers Redeemed", &["Redeem", "Existing"]),
        ],
    ),
    (
        "SaveTokens",
        &[
            (
                Fault::IgnoresParents,
                "does not exist answers ParentGone",
                &["parent", "revoked while"],
            ),
            (Fault::ReturnsExpiredReusableTokens, "that has expired", &["answers Existing"]),
            (Fault::ChecksReuseKeysInTwoSteps, "with one reuse key at once", &["one reuse key"]),
            (Fault::SavesForRemovedClients, "for a client that was removed", &["RemoveClient"]),
        ],
    ),
    (
        "FindToken",
        &[
            (Fault::LosesNarrowedScopes, "complete record of the access token", &[]),
            (
                Fault::TakesFamiliesForGrants,
                "record of an exchanged token",
                &["exchanged", "family"],
            ),
            (Fault::FindsStaleTokens, "drops the seal of the predecessor", &["seal"]),
        ],
    ),
    (
        "Rotate",
        &[
            (Fault::RotatesTwice, "the second Rotate answers Replaced", &["Rotate"]),
            (Fault::RotatesInTwoSteps, "exactly one is answered Rotated", &["Rotate"]),
            (Fault::RepeatsRotations, "living refresh token answers Rotated", &["Rotate"]),
            (Fault::ResetsLifetimes, "the old token's record as `replaced`", &["Rotate", "seal"]),
        ],
    ),
    (
        "Revoke",
        &[
            (Fault::ForgetsRefreshTokensOfGrants, "its refresh tokens", &["grant"]),
            (Fault::RevokesInTwoSteps, "revoked while tokens are saved", &[]),
            (Fault::KeepsExchangedTokens, "Revoke of a token removes", &["while it is exchanged"]),
            (Fault::ForgetsTheSubjectOfExchanges, "does not remove this token", &["exchanged"]),
            (Fault::RevokesAnyGrantAsFamily, "Revoke of a family takes the identifier", &[]),
            (Fault::FoldsUsers, "Revoke of a user compares users byte for byte", &[]),
            (Fault::KeepsTokensOfRevokedClients, "Revoke of a client removes all", &["Client"]),
        ],
    ),
    (
        "Find",
        &[
            (Fault::FindsOneClientForBoth, "Find answers with the records", &[]),
            (Fault::FindsNoTokenBesideARecord, "Find answers with the records", &[]),
        ],
    ),
    (
        "CountAttempt",
        &[
            (Fault::CountsInTwoSteps, "several CountAttempts of one key at once", &[]),
            (Fault::MovesWindows, "and the same end", &[]),
            (Fault::NeverEndsWindows, "begins a new window", &[]),
        ],
    ),
    (
        "FindAttempts",
        &[
            (Fault::CountsWhereItFinds, "and does not count", &[]),
            (Fault::FindsAnyPurpose, "FindAttempts of another purpose", &[]),
        ],
    ),
    (
        "ListGrants",
        &[
            (Fault::ListsExpiredGrants, "whose tokens have all expired", &["a revoked grant"]),
            (Fault::ListsSimilarUsers, "ListGrants compares users", &["at most `limit`"]),
            (Fault::LosesTheNextPage, "each grant of the user once", &[]),
        ],
    ),
    (
        "ListClients",
        &[
            (Fault::ListsAPageTwice, "ListClients lists each client once", &[]),
            (Fault::SkipsAClient, "ListClients lists each client once", &[]),
        ],
    ),
    (
        "Purge",
        &[
            (
                Fault::PurgesUsedRecords,
                "Purge keeps used one-time records",
                &["saved during a Purge", "Purge removes nothing"],
            ),
            (Fault::PurgesOneKind, "Purge removes all expired tokens", &["Purge"]),
            (Fault::PurgesTooMany, "at most `limit` records", &[]),
        ],
    ),
];

macro_rules! names {
    ($($method:ident: $Query:ident -> $Output:ty $(, $default:ident)*;)*) => {
        &[$(stringify!($Query)),*]
    };
}

#[test]
fn a_layered_store_passes_the_kit_without_the_rule_about_clients() {
    let layered = || {
        let records = MemoryStore::default().with_clients_elsewhere();
        Layered::new(MemoryStore::default(), records)
    };
    let check = Check::at(NOW).rounds(200);
    check.clients_elsewhere().run(&layered());
    // Futures that are ready at once, so one after the other.
    let (clients, records) = (MemoryStore::default(), MemoryStore::default());
    let records = records.with_clients_elsewhere();
    let by_futures = Layered::new(Blocking(&clients), Blocking(&records));
    pollster::block_on(check.clients_elsewhere().run_async(&by_futures));
    let said = verdict(|| check.run(&layered())).unwrap();
    assert!(said.contains("SaveTokens for a client that was removed"), "{said}");
    // The store of the records refuses records of clients that it does not have.
    let separate = Layered::new(MemoryStore::default(), MemoryStore::default());
    let said = verdict(|| check.clients_elsewhere().run(&separate)).unwrap();
    assert!(said.contains("SaveTokens of new tokens answers New"), "{said}");
}

#[test]
fn every_query_has_at_least_two_broken_stores() {
    let queries: &[&str] = for_each_oauth2_query! { names! {} };
    let mut counts: Vec<_> = FAULTS.iter().map(|(name, faults)| (*name, faults.len())).collect();
    counts.extend(VALUE_FAULTS.iter().map(|(name, faults)| (*name, faults.len())));
    for query in queries {
        let faults = counts.iter().find(|(name, _)| name == query).map(|(_, count)| *count);
        assert!(faults >= Some(2), "{query} has {faults:?} broken stores: add them to `FAULTS`");
    }
    assert_eq!(counts.len(), queries.len());
}

#[test]
fn every_broken_store_is_caught_by_the_rule_that_it_breaks() {
    check_faults(FAULTS, |fault| conformance::check(&Broken::new(fault), NOW));
    check_faults(VALUE_FAULTS, |fault| {
        conformance::check(&Broken::new(Fault::Values(fault)), NOW);
    });
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

    fn supports(&self, _: OptionalQuery) -> bool {
        true
    }

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
