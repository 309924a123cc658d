//! The checks of races in which several queries want the same, and one must win.

use std::sync::Arc;

use super::clients::registered;
use super::crowd::{Move, Outcome};
use super::kit::{Kit, refresh};
use crate::core::conformance::race::{CROWD, Together, run, winner};
use crate::core::token_hash::TokenHash;
use crate::oauth2::server::store::queries::KeyedToken;
use crate::oauth2::server::store::queries::{
    NewTokens, Redeem, Redemption, ReplaceOneTimeRecord, Rotate, Rotation, SaveClient,
    SaveOneTimeRecord, SaveTokens, Saved,
};
use crate::oauth2::server::store::records::one_time_record::DeviceStage;
use crate::oauth2::server::store::traits::AsyncStore;

pub(crate) async fn check<S: AsyncStore + ?Sized>(
    kit: &Kit<'_, S>,
    together: &impl Together<Move, Outcome>,
) {
    one_code(kit, together).await;
    one_refresh_token(kit, together).await;
    one_alias(kit, together).await;
    one_version(kit, together).await;
    one_reuse_key(kit, together).await;
    one_new_client(kit, together).await;
    one_registration(kit, together).await;
}

fn kept(outcome: &Outcome) -> bool {
    *outcome == Outcome::Kept(true)
}

async fn one_code<S: AsyncStore + ?Sized>(
    kit: &Kit<'_, S>,
    together: &impl Together<Move, Outcome>,
) {
    let prepare = async || {
        let grant = kit.grant();
        let key = kit.issue(kit.code(&grant)).await;
        let tokens: Vec<_> = (0..CROWD).map(|_| kit.tokens(&grant)).collect();
        let redeem =
            |tokens: &NewTokens| Move::Redeem(Redeem { key, tokens: Some(tokens.clone()) });
        let moves = tokens.iter().map(redeem).collect();
        (tokens, moves)
    };
    let judge = async |tokens: Vec<NewTokens>, outcomes: Vec<Outcome>| {
        let won = |outcome: &Outcome| *outcome == Outcome::Redeemed(Redemption::Redeemed);
        let winner = winner(
            kit,
            &outcomes,
            won,
            "of several Redeems of one record at once, exactly one is answered Redeemed",
        );
        for (at, tokens) in tokens.iter().enumerate() {
            if at == winner {
                kit.must_have(
                    &tokens.access,
                    "the tokens of the Redeem that is answered Redeemed are saved",
                )
                .await;
            } else {
                let late = outcomes.get(at)
                    == Some(&Outcome::Redeemed(Redemption::Replayed(
                        tokens.access.record.grant.id,
                    )));
                kit.must(
                    late,
                    "of several Redeems of one record at once, all except one are answered \
                     Replayed",
                );
                kit.must(
                    kit.lacks(tokens).await,
                    "the tokens of a Redeem that is answered Replayed are not saved",
                );
            }
        }
    };
    run(kit, together, prepare, judge).await;
}

async fn one_refresh_token<S: AsyncStore + ?Sized>(
    kit: &Kit<'_, S>,
    together: &impl Together<Move, Outcome>,
) {
    let prepare = async || {
        let grant = kit.grant();
        let first = kit.tokens(&grant);
        kit.keep(&first).await;
        let old = refresh(&first);
        let rotate = |_| {
            let tokens = kit.tokens(&grant);
            kit.rotation(&old, None, &tokens)
        };
        let rotations: Vec<_> = (0..CROWD).map(rotate).collect();
        let moves = rotations.iter().cloned().map(Move::Rotate).collect();
        (rotations, moves)
    };
    let judge = async |rotations: Vec<Rotate>, outcomes: Vec<Outcome>| {
        let won = |outcome: &Outcome| *outcome == Outcome::Rotated(Rotation::Rotated);
        let winner = winner(
            kit,
            &outcomes,
            won,
            "of several Rotates of one refresh token at once, exactly one is answered Rotated",
        );
        let Some(Rotate { key, replaced: now, .. }) = rotations.get(winner).cloned() else {
            return;
        };
        for (at, late) in rotations.iter().enumerate().filter(|(at, _)| *at != winner) {
            let told = outcomes.get(at) == Some(&Outcome::Rotated(Rotation::Replaced(now.clone())));
            kit.must(
                told,
                "the other Rotates are answered Replaced, with the record of the Rotate that was \
                 answered Rotated",
            );
            kit.must(
                kit.lacks(&late.tokens).await,
                "the tokens of a Rotate that is answered Replaced are not saved",
            );
        }
        kit.must_have(
            &KeyedToken::new(key, now),
            "the record of the Rotate that is answered Rotated is saved",
        )
        .await;
    };
    run(kit, together, prepare, judge).await;
}

async fn one_alias<S: AsyncStore + ?Sized>(
    kit: &Kit<'_, S>,
    together: &impl Together<Move, Outcome>,
) {
    let prepare = async || {
        let second_key = kit.key();
        let keys: Vec<_> = (0..CROWD).map(|_| kit.key()).collect();
        let save = |key: &TokenHash| {
            let record = Arc::new(kit.device(&kit.grant(), DeviceStage::Waiting));
            Move::OneTimeRecord(SaveOneTimeRecord {
                key: *key,
                second_key: Some(second_key),
                record,
                now: kit.now,
            })
        };
        let moves = keys.iter().map(save).collect();
        ((second_key, keys), moves)
    };
    let judge = async |(second_key, keys): (TokenHash, Vec<TokenHash>), outcomes: Vec<Outcome>| {
        let winner = winner(
            kit,
            &outcomes,
            kept,
            "of several one-time records with one second key at once, exactly one is saved",
        );
        let found = kit.record(second_key).await.map(|found| found.key);
        kit.must_equal(
            &found,
            &keys.get(winner).copied(),
            "FindOneTimeRecord by the second key finds the record that was saved",
        );
        for (_, key) in keys.iter().enumerate().filter(|(at, _)| *at != winner) {
            kit.must(
                kit.record(*key).await.is_none(),
                "a record whose second key was taken at the same time is not saved",
            );
        }
    };
    run(kit, together, prepare, judge).await;
}

async fn one_version<S: AsyncStore + ?Sized>(
    kit: &Kit<'_, S>,
    together: &impl Together<Move, Outcome>,
) {
    let prepare = async || {
        let grant = kit.grant();
        let key = kit.issue(kit.device(&grant, DeviceStage::Waiting)).await;
        let stages =
            [DeviceStage::Granted(grant.clone()), DeviceStage::Denied, DeviceStage::Waiting];
        let one_time_records = stages.map(|stage| Arc::new(kit.device(&grant, stage)));
        let replace = |record| ReplaceOneTimeRecord { key, version: 0, record };
        let replacements = one_time_records.map(replace);
        let moves = replacements.iter().cloned().map(Move::Replace).collect();
        (replacements, moves)
    };
    let judge = async |replacements: [ReplaceOneTimeRecord; 3], outcomes: Vec<Outcome>| {
        let winner = winner(
            kit,
            &outcomes,
            kept,
            "of several ReplaceOneTimeRecords of one version at once, exactly one is answered true",
        );
        let Some(ReplaceOneTimeRecord { key, record, .. }) = replacements.get(winner) else {
            return;
        };
        let found = kit.record(*key).await;
        let is_winners = found.is_some_and(|found| found.version == 1 && found.record == *record);
        kit.must(
            is_winners,
            "the stored record is that of the ReplaceOneTimeRecord that is answered true",
        );
    };
    run(kit, together, prepare, judge).await;
}

/// Races SaveTokens and Redeem, side by side.
async fn one_reuse_key<S: AsyncStore + ?Sized>(
    kit: &Kit<'_, S>,
    together: &impl Together<Move, Outcome>,
) {
    let prepare = async || {
        let (reuse, mut moves, mut all) = (kit.key(), Vec::new(), Vec::new());
        for at in 0..CROWD {
            let grant = kit.grant();
            let tokens = kit.living(&grant, reuse);
            all.push(tokens.clone());
            moves.push(if at % 2 == 0 {
                Move::Save(SaveTokens { tokens, parent: None })
            } else {
                Move::Redeem(Redeem {
                    key: kit.issue(kit.code(&grant)).await,
                    tokens: Some(tokens),
                })
            });
        }
        (all, moves)
    };
    let judge = async |all: Vec<NewTokens>, outcomes: Vec<Outcome>| {
        let won = |outcome: &Outcome| {
            matches!(outcome, Outcome::Saved(Saved::New) | Outcome::Redeemed(Redemption::Redeemed))
        };
        let winner = winner(
            kit,
            &outcomes,
            won,
            "of several tokens with one reuse key at once, exactly one is saved",
        );
        let Some(token) = all.get(winner).map(|tokens| tokens.access.clone()) else { return };
        let by_saving = Outcome::Saved(Saved::Existing(token.clone()));
        let by_redeeming = Outcome::Redeemed(Redemption::Existing(token));
        for (at, tokens) in all.iter().enumerate().filter(|(at, _)| *at != winner) {
            let told = outcomes
                .get(at)
                .is_some_and(|outcome| *outcome == by_saving || *outcome == by_redeeming);
            kit.must(
                told,
                "of several tokens with one reuse key at once, all except one are answered \
                 Existing, with that one",
            );
            kit.must(
                kit.lacks(tokens).await,
                "of several tokens with one reuse key at once, all except one are not saved",
            );
        }
    };
    run(kit, together, prepare, judge).await;
}

async fn one_new_client<S: AsyncStore + ?Sized>(
    kit: &Kit<'_, S>,
    together: &impl Together<Move, Outcome>,
) {
    let prepare = async || {
        let record = Arc::new(registered(&kit.name("client"), None));
        let moves =
            (0..CROWD).map(|_| Move::Client(SaveClient { record: record.clone(), replaces: None }));
        ((), moves.collect())
    };
    let judge = async |(), outcomes: Vec<Outcome>| {
        winner(
            kit,
            &outcomes,
            kept,
            "of several new clients with one identifier at once, exactly one is saved",
        );
    };
    run(kit, together, prepare, judge).await;
}

/// Replaces the client's registration in each thread, so the registration of the other threads is
/// not valid any more.
async fn one_registration<S: AsyncStore + ?Sized>(
    kit: &Kit<'_, S>,
    together: &impl Together<Move, Outcome>,
) {
    let prepare = async || {
        let (id, registration) = (kit.name("client"), kit.key());
        let record = Arc::new(registered(&id, Some(registration)));
        let before = record.clone();
        kit.must(
            kit.save_client(SaveClient { record, replaces: None }).await,
            "SaveClient with a new client answers true",
        );
        let replace = |_| {
            let record = Arc::new(registered(&id, Some(kit.key())));
            Move::Client(SaveClient { record, replaces: Some(before.clone()) })
        };
        ((), (0..CROWD).map(replace).collect())
    };
    let judge = async |(), outcomes: Vec<Outcome>| {
        winner(
            kit,
            &outcomes,
            kept,
            "of several SaveClients that replace one client at once, exactly one is answered true",
        );
    };
    run(kit, together, prepare, judge).await;
}
