//! The checks of SaveTokens, FindToken and Rotate.

use std::sync::Arc;
use std::time::Duration;

use super::kit::{Kit, refresh};
use crate::core::token_hash::TokenHash;
use crate::oauth2::server::store::queries::KeyedToken;
use crate::oauth2::server::store::queries::{NewTokens, Revoke, Rotation, SaveTokens, Saved};
use crate::oauth2::server::store::traits::AsyncStore;

pub(crate) async fn check<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    saving(kit).await;
    expiring(kit).await;
    parents(kit).await;
    reuse_access_tokens(kit).await;
    rotating(kit).await;
    rotating_unique_tokens(kit).await;
}

fn save(tokens: &NewTokens, parent: Option<TokenHash>) -> SaveTokens {
    SaveTokens { tokens: tokens.clone(), parent }
}

async fn saving<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    kit.must(
        kit.token(kit.key()).await.is_none(),
        "FindToken of a token that was never saved answers None",
    );
    let mut tokens = kit.living(&kit.grant(), kit.key());
    let access = Arc::make_mut(&mut tokens.access.record);
    access.narrowed_scope = Some("photos.read".into());
    access.narrowed_resource = Some(Vec::new());
    kit.keep(&tokens).await;
    kit.must_have(&tokens.access, "FindToken answers with the complete record of the access token")
        .await;
    kit.must(
        kit.has(&refresh(&tokens)).await,
        "FindToken answers with the complete record of the refresh token",
    );
    let alone = NewTokens { refresh: None, ..kit.tokens(&kit.grant()) };
    kit.keep(&alone).await;
    kit.must_have(&alone.access, "SaveTokens saves an access token without a refresh token").await;
}

async fn expiring<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let past = kit.past();
    let mut eternal = kit.tokens(&kit.grant());
    Arc::make_mut(&mut eternal.access.record).expires_at = None;
    let mut brief = kit.tokens(&kit.grant());
    Arc::make_mut(&mut brief.access.record).expires_at = Some(past.after(Duration::from_secs(1)));
    for tokens in [&mut eternal, &mut brief] {
        tokens.now = past;
        kit.keep(tokens).await;
    }
    // A new token is stored, so expired ones may be dropped.
    kit.keep(&kit.tokens(&kit.grant())).await;
    kit.must_have(&eternal.access, "a token that never expires is not dropped").await;
    kit.must(
        kit.has(&refresh(&brief)).await,
        "a refresh token is not dropped when the access token that was saved with it expires",
    );
    let found = kit.token(brief.access.key).await;
    kit.must(
        found.is_none_or(|found| found == brief.access.record),
        "FindToken does not answer with an expired token as if it were valid",
    );
}

async fn parents<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let grant = kit.grant();
    let (parent, child) = (kit.tokens(&grant), kit.tokens(&grant));
    let gone = kit.save_tokens(save(&child, Some(parent.access.key))).await;
    kit.must_equal(
        &gone,
        &Saved::ParentGone,
        "SaveTokens whose parent does not exist answers ParentGone",
    );
    kit.must(kit.lacks(&child).await, "SaveTokens whose parent does not exist saves nothing");
    kit.keep(&parent).await;
    let of_refresh = kit.save_tokens(save(&child, Some(refresh(&parent).key))).await;
    kit.must(
        of_refresh == Saved::New && kit.has(&child.access).await,
        "SaveTokens saves tokens whose parent is a refresh token that exists",
    );
    let child = kit.tokens(&grant);
    let of_access = kit.save_tokens(save(&child, Some(parent.access.key))).await;
    kit.must(
        of_access == Saved::New && kit.has(&child.access).await,
        "SaveTokens saves tokens whose parent is an access token that exists",
    );

    kit.revoke(Revoke::Token(parent.access.key)).await;
    let child = kit.tokens(&grant);
    let gone = kit.save_tokens(save(&child, Some(parent.access.key))).await;
    kit.must(
        gone == Saved::ParentGone && kit.lacks(&child).await,
        "SaveTokens saves nothing whose parent was revoked",
    );
    kit.revoke(Revoke::Grant(grant.id)).await;
    let gone = kit.save_tokens(save(&child, Some(refresh(&parent).key))).await;
    kit.must(
        gone == Saved::ParentGone && kit.lacks(&child).await,
        "SaveTokens saves nothing whose parent's grant was revoked",
    );
}

async fn reuse_access_tokens<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let reuse = kit.key();
    let expect = async |tokens: &NewTokens, existing: &NewTokens, law: &str| {
        let saved = kit.save_tokens(save(tokens, None)).await;
        let token = existing.access.clone();
        kit.must_equal(&saved, &Saved::Existing(token), law);
        kit.must(kit.lacks(tokens).await, "SaveTokens that answers Existing saves neither token");
        kit.must_have(
            &existing.access,
            "SaveTokens that answers Existing does not change the existing token",
        )
        .await;
    };
    let first = kit.living(&kit.grant(), reuse);
    kit.keep(&first).await;
    expect(
        &kit.living(&kit.grant(), reuse),
        &first,
        "SaveTokens answers Existing when a living token has the reuse key",
    )
    .await;
    kit.keep(&kit.living(&kit.grant(), kit.key())).await;
    kit.keep(&kit.tokens(&kit.grant())).await;

    kit.revoke(Revoke::Token(first.access.key)).await;
    let second = kit.living(&kit.grant(), reuse);
    kit.keep(&second).await;
    expect(
        &kit.living(&kit.grant(), reuse),
        &second,
        "SaveTokens answers Existing with the token that came after a revoked one",
    )
    .await;
    kit.revoke(Revoke::Grant(second.access.record.grant.id)).await;
    let third = kit.living(&kit.grant(), reuse);
    kit.keep(&third).await;
    expect(
        &kit.living(&kit.grant(), reuse),
        &third,
        "SaveTokens answers Existing with the token that came after a revoked grant",
    )
    .await;

    // A token that expires at this second is not found.
    let reuse = kit.key();
    let mut expired = kit.reuse(&kit.grant(), reuse, Some(kit.now));
    expired.now = kit.past();
    kit.keep(&expired).await;
    let after = kit.living(&kit.grant(), reuse);
    let saved = kit.save_tokens(save(&after, None)).await;
    kit.must(
        saved == Saved::New && kit.has(&after.access).await,
        "a reusable token that has expired does not prevent a new one",
    );
    expect(
        &kit.living(&kit.grant(), reuse),
        &after,
        "SaveTokens answers Existing with the token that came after an expired one",
    )
    .await;
    // A token that does not expire is found.
    let reuse = kit.key();
    let eternal = kit.reuse(&kit.grant(), reuse, None);
    kit.keep(&eternal).await;
    expect(
        &kit.living(&kit.grant(), reuse),
        &eternal,
        "SaveTokens answers Existing with a reusable token that never expires",
    )
    .await;
}

async fn rotating<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let grant = kit.grant();
    let tokens = [kit.tokens(&grant), kit.tokens(&grant), kit.tokens(&grant)];
    let old = refresh(&tokens[0]);
    let rotate = |new: &NewTokens| kit.rotation(&old, None, new);
    let unknown = kit.rotate(rotate(&tokens[1])).await;
    kit.must_equal(
        &unknown,
        &Rotation::Unknown,
        "Rotate of a token that does not exist answers Unknown",
    );
    kit.must(
        kit.lacks(&tokens[1]).await && kit.token(old.key).await.is_none(),
        "Rotate of a token that does not exist saves nothing",
    );

    kit.keep(&tokens[0]).await;
    let first = rotate(&tokens[1]);
    kit.must_equal(
        &kit.rotate(first.clone()).await,
        &Rotation::Rotated,
        "Rotate of a living refresh token answers Rotated",
    );
    kit.must(
        kit.has(&tokens[1].access).await && kit.has(&refresh(&tokens[1])).await,
        "Rotate saves the new tokens",
    );
    kit.must_have(
        &KeyedToken::new(old.key, first.replaced.clone()),
        "Rotate saves the old token's record as `replaced` has it",
    )
    .await;
    kit.must_have(&tokens[0].access, "Rotate does not change access tokens").await;
    let second = kit.rotate(rotate(&tokens[2])).await;
    kit.must_equal(
        &second,
        &Rotation::Replaced(first.replaced.clone()),
        "the second Rotate answers Replaced, with the first one's record",
    );
    kit.must(kit.lacks(&tokens[2]).await, "the second Rotate saves no tokens");
    kit.must_have(
        &KeyedToken::new(old.key, first.replaced.clone()),
        "the second Rotate does not change the record of the first",
    )
    .await;

    let (predecessor, old) = (old.key, refresh(&tokens[1]));
    let next = kit.rotation(&old, Some(predecessor), &tokens[2]);
    kit.must_equal(
        &kit.rotate(next.clone()).await,
        &Rotation::Rotated,
        "the successor of a refresh token can be rotated, too",
    );
    let unsealed = Arc::new(first.replaced.without_seal());
    kit.must_have(
        &KeyedToken::new(predecessor, unsealed),
        "Rotate drops the seal of the predecessor, and nothing else of its record",
    )
    .await;
    kit.must_have(
        &KeyedToken::new(old.key, next.replaced),
        "Rotate does not change the seal of the token that it replaces",
    )
    .await;
    kit.revoke(Revoke::Grant(grant.id)).await;
    for tokens in &tokens {
        kit.must(
            kit.lacks(tokens).await,
            "Revoke of a grant removes refresh tokens that were replaced, and their successors",
        );
    }
    let revoked = kit.rotate(rotate(&tokens[2])).await;
    kit.must(
        revoked == Rotation::Unknown && kit.lacks(&tokens[2]).await,
        "Rotate of a token that was revoked answers Unknown",
    );
}

async fn rotating_unique_tokens<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let (grant, reuse) = (kit.grant(), kit.key());
    let (first, second) = (kit.living(&grant, reuse), kit.living(&grant, reuse));
    kit.keep(&first).await;
    let old = refresh(&first);
    let rotate = kit.rotation(&old, None, &second);
    kit.must_equal(&kit.rotate(rotate).await, &Rotation::Rotated, "Rotate ignores reuse keys");
    kit.must_have(
        &second.access,
        "Rotate saves the new tokens even if a living token has the reuse key",
    )
    .await;
    kit.must_have(&first.access, "Rotate does not change the reusable token that existed before")
        .await;
    let latest = async |law: &str| {
        let token = second.access.clone();
        let saved = kit.save_tokens(save(&kit.living(&kit.grant(), reuse), None)).await;
        kit.must_equal(&saved, &Saved::Existing(token), law);
    };
    latest(
        "of two tokens with one reuse key, SaveTokens answers Existing with the one that was \
        saved last",
    )
    .await;
    kit.revoke(Revoke::Token(first.access.key)).await;
    latest(
        "of two tokens with one reuse key, SaveTokens still answers Existing with the latest when \
         the other one is revoked",
    )
    .await;
}
