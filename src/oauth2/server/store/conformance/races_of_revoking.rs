//! The checks of races between a query that revokes and queries that save.

use std::sync::Arc;

use super::clients::registered;
use super::crowd::{Move, Outcome};
use super::kit::{Kit, refresh};
use crate::core::conformance::race::{Together, run};
use crate::core::token_hash::TokenHash;
use crate::oauth2::server::store::queries::{
    NewTokens, Redeem, Redemption, RemoveClient, Revoke, SaveTokens,
};
use crate::oauth2::server::store::records::grant_record::GrantRecord;
use crate::oauth2::server::store::traits::AsyncStore;

/// The query that revokes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Grant,
    Family,
    User,
    Client,
    RemoveClient,
}

pub(crate) async fn check<S: AsyncStore + ?Sized>(
    kit: &Kit<'_, S>,
    together: &impl Together<Move, Outcome>,
) {
    for end in [End::Grant, End::Family, End::User, End::Client, End::RemoveClient] {
        let may_leave_tokens = end == End::RemoveClient && kit.options.clients_elsewhere;
        if !may_leave_tokens {
            revoked_meanwhile(kit, together, end).await;
        }
    }
    exchanged_meanwhile(kit, together).await;
    joined_meanwhile(kit, together).await;
}

/// Checks that no record is left, in any order: records that were stored before are revoked, and
/// nothing is stored that depends on a revoked record.
async fn revoked_meanwhile<S: AsyncStore + ?Sized>(
    kit: &Kit<'_, S>,
    together: &impl Together<Move, Outcome>,
    end: End,
) {
    let prepare = async || {
        let (client_id, registration) = (kit.name("client"), kit.key());
        kit.save(&registered(&client_id, Some(registration))).await;
        let user = kit.name("user");
        let grant = GrantRecord {
            user: Some(user.clone()),
            ..GrantRecord::clone(&kit.grant_to(&client_id))
        };
        let grant = Arc::new(grant);
        let (key, first) = (kit.issue(kit.code(&grant)).await, kit.tokens(&grant));
        kit.keep(&first).await;
        let parent = Some(first.access.key);
        let [redeemed, rotated, saved] = [(); 3].map(|()| kit.tokens(&grant));
        let exchanged = kit.exchanged(&first.access);
        let moves = vec![
            Move::Redeem(Redeem { key, tokens: Some(redeemed.clone()) }),
            Move::Rotate(kit.rotation(&refresh(&first), None, &rotated)),
            Move::Save(SaveTokens { tokens: saved.clone(), parent }),
            Move::Save(SaveTokens { tokens: exchanged.clone(), parent }),
            match end {
                End::Grant => Move::Revoke(Revoke::Grant(grant.id)),
                End::Family => Move::Revoke(Revoke::Family(grant.id)),
                End::User => Move::Revoke(Revoke::User(user)),
                End::Client => Move::Revoke(Revoke::Client(client_id)),
                End::RemoveClient => Move::Remove(RemoveClient { client_id, registration }),
            },
        ];
        ((key, [first, redeemed, rotated, saved, exchanged]), moves)
    };
    let judge = async |(key, all): (TokenHash, [NewTokens; 5]), _: Vec<Outcome>| {
        for tokens in &all {
            kit.must(
                kit.lacks(tokens).await,
                &format!(
                    "what is revoked while tokens are saved for it has no tokens afterwards \
                     (revoked: {end:?})"
                ),
            );
        }
        kit.must(
            kit.record(key).await.is_none(),
            &format!(
                "what is revoked while its one-time record is redeemed has no records afterwards \
                 (revoked: {end:?})"
            ),
        );
    };
    run(kit, together, prepare, judge).await;
}

/// Checks that no token is left that was exchanged from a revoked token.
async fn exchanged_meanwhile<S: AsyncStore + ?Sized>(
    kit: &Kit<'_, S>,
    together: &impl Together<Move, Outcome>,
) {
    let prepare = async || {
        let subject = kit.tokens(&kit.grant());
        kit.keep(&subject).await;
        let parent = Some(subject.access.key);
        let [one, two] = [(); 2].map(|()| kit.exchanged(&subject.access));
        let moves = vec![
            Move::Save(SaveTokens { tokens: one.clone(), parent }),
            Move::Save(SaveTokens { tokens: two.clone(), parent }),
            Move::Revoke(Revoke::Token(subject.access.key)),
        ];
        ([one, two], moves)
    };
    let judge = async |all: [NewTokens; 2], _: Vec<Outcome>| {
        for tokens in &all {
            kit.must(
                kit.lacks(tokens).await,
                "a token that is revoked while it is exchanged has no exchanged tokens afterwards",
            );
        }
    };
    run(kit, together, prepare, judge).await;
}

/// Checks that a one-time record which has joined the grant of a reusable token ends with it.
async fn joined_meanwhile<S: AsyncStore + ?Sized>(
    kit: &Kit<'_, S>,
    together: &impl Together<Move, Outcome>,
) {
    let prepare = async || {
        let (grant, reuse) = (kit.grant(), kit.key());
        let existing = kit.living(&kit.grant(), reuse);
        kit.keep(&existing).await;
        let (key, new) = (kit.issue(kit.code(&grant)).await, kit.living(&grant, reuse));
        let moves = vec![
            Move::Redeem(Redeem { key, tokens: Some(new.clone()) }),
            Move::Revoke(Revoke::Grant(existing.access.record.grant.id)),
        ];
        ((key, existing, new), moves)
    };
    let judge = async |(key, existing, new): (TokenHash, NewTokens, NewTokens),
                       outcomes: Vec<Outcome>| {
        let joined =
            |outcome: &Outcome| matches!(outcome, Outcome::Redeemed(Redemption::Existing(_)));
        let joined = outcomes.iter().any(joined);
        kit.must(
            kit.lacks(&existing).await,
            "a grant that is revoked while a record joins it has no tokens afterwards",
        );
        let record = kit.record(key).await.is_some();
        kit.must(
            record != joined && kit.has(&new.access).await != joined,
            "a one-time record whose Redeem answers Existing while that grant is revoked is \
             revoked, too; otherwise its new tokens are saved",
        );
    };
    run(kit, together, prepare, judge).await;
}
