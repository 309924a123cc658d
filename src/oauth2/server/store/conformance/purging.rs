//! The checks of Purge.

use std::sync::Arc;
use std::time::Duration;

use super::crowd::{Move, Outcome};
use super::kit::{Kit, change, refresh};
use crate::core::conformance::race::{Together, run_some};
use crate::oauth2::server::store::optional::NotSupported;
use crate::oauth2::server::store::purge::{Purge, Purged};
use crate::oauth2::server::store::queries::{
    FindToken, KeyedToken, NewTokens, Redeem, Redemption, Rotate, Rotation,
};
use crate::oauth2::server::store::traits::AsyncStore;

/// Purges until nothing is left to remove. Returns the number of records that were removed.
async fn purge_all<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>, query: &Purge) -> u32 {
    let mut removed = 0;
    // A broken store could be never complete.
    for _ in 0..1_000 {
        let Ok(Purged { removed: batch, is_complete }) = kit.purge(query.clone()).await else {
            break;
        };
        kit.must(batch <= query.limit, "Purge removes at most `limit` records");
        removed += batch;
        if is_complete {
            return removed;
        }
    }
    kit.must(false, "Purge is complete when nothing is left to remove");
    removed
}

/// Returns tokens that expire one second after `now`.
fn ending<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) -> NewTokens {
    let mut tokens = kit.tokens(&kit.grant());
    let end = Some(kit.now.after(Duration::from_secs(1)));
    change(&mut tokens, |record| record.expires_at = end);
    tokens
}

pub(crate) async fn check<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    // Records of the checks before.
    purge_all(kit, &Purge::new(100, kit.now)).await;
    let ending = [ending(kit), ending(kit), ending(kit)];
    for tokens in &ending {
        kit.keep(tokens).await;
    }
    let mut codes = Vec::new();
    for _ in 0..3 {
        let mut code = kit.code(&kit.grant());
        code.expires_at = kit.now.after(Duration::from_secs(1));
        codes.push(kit.issue(code).await);
    }
    let (living, grant) = (kit.tokens(&kit.grant()), kit.grant());
    kit.keep(&living).await;
    let used = kit.issue(kit.code(&grant)).await;
    kit.redeem(Redeem { key: used, tokens: Some(kit.tokens(&grant)) }).await;
    let replaced = kit.tokens(&kit.grant());
    kit.keep(&replaced).await;
    let successor = kit.tokens(&replaced.access.record.grant);
    let mut rotation = kit.rotation(&refresh(&replaced), None, &successor);
    if let Some(seal) = &mut Arc::make_mut(&mut rotation.replaced).replaced {
        seal.sealed_until = Some(kit.now.after(Duration::from_secs(1)));
    }
    kit.rotate(rotation.clone()).await;

    kit.must_equal(
        &purge_all(kit, &Purge::new(100, kit.now)).await,
        &0,
        "Purge removes nothing that expires after `now`",
    );
    for tokens in &ending {
        kit.must_have(&tokens.access, "Purge keeps tokens that expire after `now`").await;
    }
    let after = Purge::new(2, kit.now.after(Duration::from_secs(1)));
    purge_all(kit, &after).await;
    for tokens in &ending {
        kit.must(kit.lacks(tokens).await, "Purge removes all expired tokens");
    }
    for key in codes {
        kit.must(kit.record(key).await.is_none(), "Purge removes all expired one-time records");
    }
    kit.must_have(&living.access, "Purge keeps living tokens").await;
    kit.must_equal(
        &kit.redeem(Redeem { key: used, tokens: None }).await,
        &Redemption::Replayed(grant.id),
        "Purge keeps used one-time records until they expire",
    );
    let unsealed = Arc::new(rotation.replaced.without_seal());
    let expected = KeyedToken::new(rotation.key, unsealed);
    let found = kit.find_token(FindToken::new(rotation.key)).await;
    kit.must(found.is_some(), "Purge keeps replaced refresh tokens until they expire");
    kit.must_equal(
        &found.as_ref(),
        &Some(&expected.record),
        "Purge removes the seal of a replaced refresh token when its time is over",
    );
    kit.must_equal(
        &purge_all(kit, &after).await,
        &0,
        "a Purge with nothing to remove succeeds, and removes nothing",
    );
}

/// Checks that requests and purges at once do not disturb each other.
pub(crate) async fn race<S: AsyncStore + ?Sized>(
    kit: &Kit<'_, S>,
    together: &impl Together<Move, Outcome>,
) {
    let query = Purge::new(100, kit.now.after(Duration::from_secs(1)));
    let prepare = async || {
        let over = ending(kit);
        kit.keep(&over).await;
        let (grant, first) = (kit.grant(), kit.tokens(&kit.grant()));
        kit.keep(&first).await;
        let key = kit.issue(kit.code(&grant)).await;
        let [redeemed, rotated] = [kit.tokens(&grant), kit.tokens(&first.access.record.grant)];
        let rotate: Rotate = kit.rotation(&refresh(&first), None, &rotated);
        let moves = vec![
            Move::Purge(query.clone()),
            Move::Purge(query.clone()),
            Move::Redeem(Redeem { key, tokens: Some(redeemed.clone()) }),
            Move::Rotate(rotate),
        ];
        ((over, redeemed, rotated), moves)
    };
    let judge = async |(over, redeemed, rotated): (NewTokens, NewTokens, NewTokens),
                       outcomes: Vec<Outcome>| {
        for outcome in &outcomes {
            let is_good = match outcome {
                Outcome::Purged(purged) => purged.is_ok(),
                Outcome::Redeemed(redemption) => *redemption == Redemption::Redeemed,
                Outcome::Rotated(rotation) => *rotation == Rotation::Rotated,
                _ => false,
            };
            kit.must(is_good, "Redeem, Rotate and a second Purge succeed during a Purge");
        }
        let rule = "tokens that are saved during a Purge are there afterwards";
        kit.must_have(&redeemed.access, rule).await;
        kit.must_have(&rotated.access, rule).await;
        let _: Result<Purged, NotSupported> = kit.purge(query.clone()).await;
        kit.must(kit.lacks(&over).await, "two Purges at once remove the expired tokens");
    };
    // A purge can look at all records, so there are fewer rounds.
    run_some(kit, kit.options.rounds.div_ceil(20), together, prepare, judge).await;
}
