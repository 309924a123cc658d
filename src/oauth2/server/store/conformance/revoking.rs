//! The checks of Revoke.

use std::sync::Arc;

use super::kit::{Kit, OTHER_CLIENT, refresh};
use crate::oauth2::server::store::queries::{
    KeyedToken, NewTokens, Redeem, Redemption, ReplaceOneTimeRecord, Revoke, SaveTokens, Saved,
};
use crate::oauth2::server::store::records::client_record::ClientRecord;
use crate::oauth2::server::store::records::grant_record::GrantRecord;
use crate::oauth2::server::store::records::one_time_record::DeviceStage;
use crate::oauth2::server::store::records::token_record::TokenKind;
use crate::oauth2::server::store::traits::AsyncStore;

pub(crate) async fn check<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    tokens(kit).await;
    grants(kit).await;
    exchanged(kit).await;
    families(kit).await;
    users(kit).await;
    clients(kit).await;
}

async fn tokens<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let tokens = [kit.tokens(&kit.grant()), kit.tokens(&kit.grant())];
    kit.keep(&tokens[0]).await;
    kit.keep(&tokens[1]).await;
    kit.revoke(Revoke::Token(kit.key())).await;
    kit.revoke(Revoke::Token(tokens[0].access.key)).await;
    kit.must(
        kit.token(tokens[0].access.key).await.is_none(),
        "Revoke of an access token removes it",
    );
    kit.must(
        kit.has(&refresh(&tokens[0])).await,
        "Revoke of an access token does not change its refresh token",
    );
    kit.revoke(Revoke::Token(refresh(&tokens[1]).key)).await;
    kit.must(
        kit.token(refresh(&tokens[1]).key).await.is_none(),
        "Revoke of a refresh token removes it",
    );
    kit.must_have(&tokens[1].access, "Revoke of one token does not change the others").await;
    kit.revoke(Revoke::Token(tokens[0].access.key)).await;
}

async fn grants<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let (grant, other) = (kit.grant(), kit.grant());
    kit.revoke(Revoke::Grant(grant.id)).await;
    let used = kit.issue(kit.code(&grant)).await;
    let mut tokens = vec![kit.tokens(&grant)];
    let redemption = kit.redeem(Redeem { key: used, tokens: Some(tokens[0].clone()) }).await;
    kit.must_equal(
        &redemption,
        &Redemption::Redeemed,
        "Redeem of a living record answers Redeemed",
    );
    // More tokens than a store may have on one page.
    for at in 0..64 {
        let mut more = kit.tokens(&grant);
        if at % 2 == 0 {
            more.refresh = None;
        }
        if at % 4 == 0 {
            Arc::make_mut(&mut more.access.record).expires_at = None;
        }
        kit.keep(&more).await;
        tokens.push(more);
    }
    let unused = kit.issue(kit.device(&grant, DeviceStage::Waiting)).await;
    let (kept, record) = (kit.tokens(&other), kit.issue(kit.code(&other)).await);
    kit.keep(&kept).await;

    kit.revoke(Revoke::Grant(grant.id)).await;
    for tokens in &tokens {
        kit.must(
            kit.token(tokens.access.key).await.is_none(),
            "Revoke of a grant removes all of its access tokens",
        );
        let refresh =
            tokens.refresh.as_ref().filter(|token| token.record.kind == TokenKind::Refresh);
        if let Some(KeyedToken { key, .. }) = refresh {
            kit.must(
                kit.token(*key).await.is_none(),
                "Revoke of a grant removes all of its refresh tokens",
            );
        }
    }
    kit.must(
        kit.record(unused).await.is_none(),
        "Revoke of a grant removes one-time records that are not used",
    );
    kit.must(
        kit.record(used).await.is_none(),
        "Revoke of a grant removes one-time records that are used",
    );
    let untouched = kit.has(&kept.access).await
        && kit.has(&refresh(&kept)).await
        && kit.record(record).await.is_some();
    kit.must(
        untouched,
        "Revoke of a grant does not change other grants, even of the same client and user",
    );
    kit.revoke(Revoke::Grant(grant.id)).await;
}

impl<S: AsyncStore + ?Sized> Kit<'_, S> {
    /// Saves a token that was exchanged from this token: of another client, another user and
    /// another scope.
    async fn exchange(&self, subject: &KeyedToken) -> KeyedToken {
        let tokens = self.exchanged(subject);
        let query = SaveTokens { tokens: tokens.clone(), parent: Some(subject.key) };
        let saved = self.save_tokens(query).await;
        self.must_equal(
            &saved,
            &Saved::New,
            "SaveTokens saves a token that is exchanged from a living token",
        );
        self.must_have(
            &tokens.access,
            "FindToken answers with the record of an exchanged token, not with the record of its \
             subject token or of its family",
        )
        .await;
        tokens.access
    }

    /// Returns a new token that is exchanged from this token.
    pub(crate) fn exchanged(&self, subject: &KeyedToken) -> NewTokens {
        let from = &subject.record.grant;
        let grant = GrantRecord {
            exchanged: Some(from.exchange(subject.key)),
            user: Some(self.name("service")),
            scope: "photos.read".into(),
            grant_type: "urn:ietf:params:oauth:grant-type:token-exchange".into(),
            resource: Vec::new(),
            session_id: None,
            auth_time: None,
            acr: None,
            data: serde_json::Value::Null,
            ..GrantRecord::clone(&self.grant_to(OTHER_CLIENT))
        };
        NewTokens { refresh: None, ..self.tokens(&Arc::new(grant)) }
    }

    /// Returns whether all of these tokens are there.
    async fn has_all(&self, tokens: &[&KeyedToken]) -> bool {
        for token in tokens {
            if !self.has(token).await {
                return false;
            }
        }
        true
    }

    /// Returns whether none of these tokens is there.
    async fn has_none(&self, tokens: &[&KeyedToken]) -> bool {
        for token in tokens {
            if self.token(token.key).await.is_some() {
                return false;
            }
        }
        true
    }
}

async fn exchanged<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    // The subject token, a token that was exchanged from it, and one that was exchanged from that.
    let chain = async || {
        let tokens = kit.tokens(&kit.grant());
        kit.keep(&tokens).await;
        let first = kit.exchange(&tokens.access).await;
        let second = kit.exchange(&first).await;
        (tokens, first, second)
    };
    let (tokens, first, second) = chain().await;
    let of_refresh = kit.exchange(&refresh(&tokens)).await;
    kit.revoke(Revoke::Token(first.key)).await;
    kit.must(
        kit.has_none(&[&first, &second]).await,
        "Revoke of a token removes the tokens that were exchanged from it",
    );
    kit.must(
        kit.has_all(&[&tokens.access, &refresh(&tokens), &of_refresh]).await,
        "Revoke of an exchanged token changes neither its subject token nor the other tokens that \
         were exchanged",
    );
    let again = kit.exchange(&tokens.access).await;
    kit.revoke(Revoke::Token(tokens.access.key)).await;
    kit.must(
        kit.has_none(&[&tokens.access, &again]).await,
        "Revoke of a token removes the tokens that were exchanged from it",
    );
    kit.must_have(
        &of_refresh,
        "Revoke of an access token does not change tokens that were exchanged from the refresh \
         token",
    )
    .await;
    let late = kit.exchanged(&tokens.access);
    let query = SaveTokens { tokens: late.clone(), parent: Some(tokens.access.key) };
    let saved = kit.save_tokens(query).await;
    kit.must(
        saved == Saved::ParentGone && kit.lacks(&late).await,
        "SaveTokens of a token that is exchanged from a revoked token answers ParentGone",
    );

    let (tokens, first, second) = chain().await;
    kit.revoke(Revoke::Exchanged(tokens.access.key)).await;
    kit.must(
        kit.has_none(&[&first, &second]).await,
        "Revoke of what was exchanged from a token removes those tokens",
    );
    kit.must_have(
        &tokens.access,
        "Revoke of what was exchanged from a token does not remove this token",
    )
    .await;
    let again = kit.exchange(&tokens.access).await;
    kit.must_have(
        &again,
        "after Revoke of what was exchanged from a token, the token can be exchanged again",
    )
    .await;
    kit.revoke(Revoke::Exchanged(kit.key())).await;

    let (tokens, first, second) = chain().await;
    kit.revoke(Revoke::Grant(first.record.grant.id)).await;
    kit.must(
        kit.has_none(&[&first, &second]).await && kit.has(&tokens.access).await,
        "Revoke of an exchanged grant removes what was exchanged from it, but not its subject",
    );
    let (tokens, first, second) = chain().await;
    kit.revoke(Revoke::Grant(tokens.access.record.grant.id)).await;
    kit.must(
        kit.has_none(&[&tokens.access, &first, &second]).await,
        "Revoke of a grant removes the tokens that were exchanged from its tokens",
    );
}

async fn families<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let [tokens, other] = [(); 2].map(|()| kit.tokens(&kit.grant()));
    kit.keep(&tokens).await;
    kit.keep(&other).await;
    let code = kit.issue(kit.code(&tokens.access.record.grant)).await;
    let first = kit.exchange(&tokens.access).await;
    let second = kit.exchange(&first).await;
    let kept = kit.exchange(&other.access).await;
    kit.revoke(Revoke::Family(first.record.grant.id)).await;
    kit.must(
        kit.has_all(&[&tokens.access, &first, &second]).await,
        "Revoke of a family takes the identifier of its first grant, and no other",
    );
    kit.revoke(Revoke::Family(second.record.grant.family())).await;
    let all = [&tokens.access, &refresh(&tokens), &first, &second];
    kit.must(
        kit.has_none(&all).await && kit.record(code).await.is_none(),
        "Revoke of a family removes the tokens and one-time records of all of its grants",
    );
    kit.must(
        kit.has_all(&[&other.access, &refresh(&other), &kept]).await,
        "Revoke of a family does not change other families",
    );
}

async fn users<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let user = kit.name("Jane");
    let (one, two) = (kit.tokens(&kit.grant_of(&user)), kit.tokens(&kit.grant_of(&user)));
    kit.keep(&one).await;
    kit.keep(&NewTokens { refresh: None, ..two.clone() }).await;
    let exchanged = kit.exchange(&one.access).await;
    let code = kit.issue(kit.code(&kit.grant_of(&user))).await;
    let grant = kit.grant_of(&user);
    let device = kit.issue(kit.device(&grant, DeviceStage::Waiting)).await;
    let granted = Arc::new(kit.device(&grant, DeviceStage::Granted(grant.clone())));
    let replaced = kit.replace_one_time_record(ReplaceOneTimeRecord {
        key: device,
        version: 0,
        record: granted,
    });
    kit.must(replaced.await, "ReplaceOneTimeRecord of the present version answers true");
    let waiting = kit.issue(kit.device(&kit.grant(), DeviceStage::Waiting)).await;
    let others = [
        kit.tokens(&kit.grant_of(&user.to_lowercase())),
        kit.tokens(&kit.grant_of(&format!("{user} "))),
        kit.tokens(&kit.grant_of(&user.to_uppercase())),
    ];
    for tokens in &others {
        kit.keep(tokens).await;
    }
    kit.revoke(Revoke::User(kit.name("nobody"))).await;
    kit.must_have(&one.access, "Revoke of a user does not change the grants of other users").await;
    kit.revoke(Revoke::User(user.clone())).await;
    kit.must(
        kit.has_none(&[&one.access, &refresh(&one), &two.access]).await,
        "Revoke of a user removes all tokens of the user",
    );
    kit.must(
        kit.has_none(&[&exchanged]).await,
        "Revoke of a user removes the tokens that were exchanged from the user's tokens",
    );
    kit.must(
        kit.record(code).await.is_none() && kit.record(device).await.is_none(),
        "Revoke of a user removes the codes and the devices that the user has granted",
    );
    kit.must(
        kit.record(waiting).await.is_some(),
        "Revoke of a user does not change devices that wait for a user",
    );
    for tokens in &others {
        kit.must(
            kit.has(&tokens.access).await && kit.has(&refresh(tokens)).await,
            "Revoke of a user compares users byte for byte",
        );
    }
    let again = kit.tokens(&kit.grant_of(&user));
    kit.keep(&again).await;
    kit.must_have(&again.access, "a user whose grants were revoked can have new grants").await;
}

async fn clients<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let id = kit.name("client");
    kit.save(&ClientRecord::public(id.as_str())).await;
    let (one, two) = (kit.tokens(&kit.grant_to(&id)), kit.tokens(&kit.grant_to(&id)));
    kit.keep(&one).await;
    kit.keep(&NewTokens { refresh: None, ..two.clone() }).await;
    let exchanged = kit.exchange(&one.access).await;
    let code = kit.issue(kit.code(&kit.grant_to(&id))).await;
    let other = kit.tokens(&kit.grant());
    kit.keep(&other).await;
    kit.revoke(Revoke::Client(id.to_uppercase())).await;
    kit.must_have(&one.access, "Revoke of a client compares client ids byte for byte").await;
    kit.revoke(Revoke::Client(id.clone())).await;
    kit.must(
        kit.has_none(&[&one.access, &refresh(&one), &two.access]).await,
        "Revoke of a client removes all of its tokens",
    );
    kit.must(
        kit.has_none(&[&exchanged]).await,
        "Revoke of a client removes the tokens that were exchanged from its tokens",
    );
    kit.must(kit.record(code).await.is_none(), "Revoke of a client removes its one-time records");
    kit.must(kit.client(&id).await.is_some(), "Revoke of a client does not remove the client");
    kit.must_have(&other.access, "Revoke of a client does not change other clients").await;
    let again = kit.tokens(&kit.grant_to(&id));
    kit.keep(&again).await;
    kit.must_have(&again.access, "a client whose grants were revoked can get new tokens").await;
}
