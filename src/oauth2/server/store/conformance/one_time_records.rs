//! The checks of SaveOneTimeRecord, FindOneTimeRecord, ReplaceOneTimeRecord and Redeem.

use std::sync::Arc;
use std::time::Duration;

use super::kit::Kit;
use crate::core::token_hash::TokenHash;
use crate::oauth2::ResponseMode;
use crate::oauth2::server::store::queries::{
    FoundOneTimeRecord, NewTokens, Redeem, Redemption, ReplaceOneTimeRecord, Revoke,
    SaveOneTimeRecord,
};
use crate::oauth2::server::store::records::consent::{ClientRedirect, Consent, ResponseType};
use crate::oauth2::server::store::records::one_time_record::{
    DeviceStage, OneTimeContent, OneTimeRecord,
};
use crate::oauth2::server::store::traits::AsyncStore;

pub(crate) async fn check<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    saving(kit).await;
    second_keys(kit).await;
    replacing(kit).await;
    redeeming(kit).await;
    redeeming_for_an_existing_token(kit).await;
}

fn pushed<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) -> OneTimeRecord {
    let grant = kit.grant();
    let redirect_uri = "https://client.example.com/cb?x=1".to_owned();
    let back = ClientRedirect {
        redirect_uri: redirect_uri.clone(),
        state: Some("a&b \u{1f511}".to_owned()),
        issuer: "https://auth.example.com".to_owned(),
        mode: ResponseMode::FormPost,
    };
    let consent = Consent {
        client_id: grant.client_id.clone(),
        client_name: Some("Jäne's".to_owned()),
        redirect_uri,
        scope: grant.scope.clone(),
        resource: grant.resource.clone(),
        parameters: [("login_hint".to_owned(), "jane".to_owned())].into(),
        expires_at: kit.now.after(Duration::from_secs(60)),
        response_type: ResponseType::Code,
        back: Box::new(back),
        redirect_uri_sent: true,
        challenge: None,
        pushed: Some(kit.key()),
    };
    OneTimeRecord {
        content: OneTimeContent::Pushed { consent: Box::new(consent), loadable_until: kit.now },
        ..kit.code(&grant)
    }
}

async fn saving<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    kit.must(
        kit.record(kit.key()).await.is_none(),
        "FindOneTimeRecord of a record that was never saved answers None",
    );
    let grant = kit.grant();
    let (waiting, granted) = (
        kit.device(&grant, DeviceStage::Waiting),
        kit.device(&grant, DeviceStage::Granted(grant.clone())),
    );
    for record in
        [kit.code(&grant), waiting, granted, kit.device(&grant, DeviceStage::Denied), pushed(kit)]
    {
        let key = kit.issue(record.clone()).await;
        let expected =
            FoundOneTimeRecord { key, version: 0, used: false, record: Arc::new(record) };
        kit.must_equal(
            &kit.record(key).await,
            &Some(expected),
            "FindOneTimeRecord answers with the complete record that SaveOneTimeRecord saved, at \
             version 0",
        );
    }
    // An expired record may be dropped. If it is returned, it must have its expiry.
    let past = kit.past();
    let record =
        OneTimeRecord { expires_at: past.after(Duration::from_secs(1)), ..kit.code(&kit.grant()) };
    let (key, record) = (kit.key(), Arc::new(record));
    kit.save_one_time_record(SaveOneTimeRecord {
        key,
        second_key: None,
        record: record.clone(),
        now: past,
    })
    .await;
    kit.issue(kit.code(&kit.grant())).await;
    let found = kit.record(key).await;
    kit.must(
        found.is_none_or(|found| found.record == record),
        "FindOneTimeRecord does not answer with an expired record as if it were valid",
    );
}

async fn second_keys<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let (second_key, keys) = (kit.key(), [kit.key(), kit.key(), kit.key()]);
    let record = Arc::new(kit.device(&kit.grant(), DeviceStage::Waiting));
    let save = |key, second_key| SaveOneTimeRecord {
        key,
        second_key: Some(second_key),
        record: record.clone(),
        now: kit.now,
    };
    kit.must(
        kit.save_one_time_record(save(keys[0], second_key)).await,
        "SaveOneTimeRecord with a second key that is free answers true",
    );
    let found = kit.record(second_key).await;
    kit.must(
        found.is_some_and(|found| found.key == keys[0]),
        "FindOneTimeRecord finds a record by its second_key, and answers with its key",
    );
    kit.must(
        kit.record(keys[0]).await.is_some(),
        "FindOneTimeRecord finds a record with a second key by its key, too",
    );
    kit.must(
        !kit.save_one_time_record(save(keys[1], second_key)).await,
        "SaveOneTimeRecord with the second key of a living record answers false",
    );
    kit.must(
        kit.record(keys[1]).await.is_none(),
        "SaveOneTimeRecord with the second key of a living record saves nothing",
    );
    let (used, key) = (kit.key(), kit.key());
    kit.save_one_time_record(save(key, used)).await;
    kit.redeem(Redeem { key, tokens: None }).await;
    kit.must(
        !kit.save_one_time_record(save(kit.key(), used)).await,
        "a record that is used keeps its second key until it expires",
    );
    let found = kit.record(second_key).await;
    kit.must(
        found.is_some_and(|found| found.key == keys[0]),
        "SaveOneTimeRecord does not take a second key from the record that has it",
    );

    let replace = ReplaceOneTimeRecord { key: keys[0], version: 0, record: record.clone() };
    kit.must(
        kit.replace_one_time_record(replace).await,
        "ReplaceOneTimeRecord with the version that was found answers true",
    );
    let found = kit.record(second_key).await;
    kit.must(
        found.is_some_and(|found| found.version == 1),
        "FindOneTimeRecord by the second key finds the record that ReplaceOneTimeRecord saved",
    );
    kit.revoke(Revoke::Grant(record.grant_id)).await;
    kit.must(
        kit.record(second_key).await.is_none(),
        "FindOneTimeRecord by the second key of a record that was revoked answers None",
    );
    kit.must(
        kit.save_one_time_record(save(keys[2], second_key)).await,
        "a second key is free once its record is revoked",
    );

    // When a one-time record expires, its second key is free.
    let (second_key, past) = (kit.key(), kit.past());
    let before = OneTimeRecord { expires_at: kit.now, ..OneTimeRecord::clone(&record) };
    let first = SaveOneTimeRecord {
        key: kit.key(),
        second_key: Some(second_key),
        record: Arc::new(before),
        now: past,
    };
    kit.save_one_time_record(first).await;
    let key = kit.key();
    kit.must(
        kit.save_one_time_record(save(key, second_key)).await,
        "a second key is free once its record has expired",
    );
    let found = kit.record(second_key).await;
    kit.must(
        found.is_some_and(|found| found.key == key),
        "FindOneTimeRecord by a second key that became free finds the record that has it now",
    );
    // A new record is stored, so the first one may be dropped with its own second key, but not with
    // that of the second one.
    kit.issue(kit.code(&kit.grant())).await;
    let found = kit.record(second_key).await;
    kit.must(
        found.is_some_and(|found| found.key == key),
        "dropping an expired record does not take its second key from the record that has it now",
    );
}

async fn replacing<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let grant = kit.grant();
    let key = kit.issue(kit.device(&grant, DeviceStage::Waiting)).await;
    let (granted, denied) = (DeviceStage::Granted(grant.clone()), DeviceStage::Denied);
    let replace = |key, version, stage: &DeviceStage| {
        let record = Arc::new(kit.device(&grant, stage.clone()));
        ReplaceOneTimeRecord { key, version, record }
    };
    let stage = async |stage: &DeviceStage, version: u64| {
        let expected = Arc::new(kit.device(&grant, stage.clone()));
        kit.record(key).await.is_some_and(|found| {
            found.record == expected && found.version == version && !found.used
        })
    };
    kit.must(
        !kit.replace_one_time_record(replace(key, 1, &denied)).await,
        "ReplaceOneTimeRecord with a version that does not exist yet answers false",
    );
    kit.must(
        kit.replace_one_time_record(replace(key, 0, &granted)).await,
        "ReplaceOneTimeRecord with the version that was found answers true",
    );
    kit.must(
        stage(&granted, 1).await,
        "ReplaceOneTimeRecord saves the new record, and the version increases by one",
    );
    let refused = !kit.replace_one_time_record(replace(key, 0, &denied)).await;
    kit.must(
        refused && stage(&granted, 1).await,
        "ReplaceOneTimeRecord with a stale version changes nothing, and answers false",
    );
    kit.must(
        kit.replace_one_time_record(replace(key, 1, &denied)).await && stage(&denied, 2).await,
        "each ReplaceOneTimeRecord increases the version by one",
    );
    let unknown = kit.key();
    let refused = !kit.replace_one_time_record(replace(unknown, 0, &denied)).await;
    kit.must(
        refused && kit.record(unknown).await.is_none(),
        "ReplaceOneTimeRecord of a record that does not exist saves nothing",
    );

    kit.must_equal(
        &kit.redeem(Redeem { key, tokens: None }).await,
        &Redemption::Redeemed,
        "Redeem accepts a record that was replaced, too",
    );
    let version = kit.record(key).await.map_or(2, |found| found.version);
    let refused = !kit.replace_one_time_record(replace(key, version, &granted)).await;
    let used = kit.record(key).await.is_some_and(|found| found.used);
    kit.must(
        refused && used,
        "ReplaceOneTimeRecord does not change a used record, whatever the version",
    );
    kit.revoke(Revoke::Grant(grant.id)).await;
    let refused = !kit.replace_one_time_record(replace(key, version, &granted)).await;
    kit.must(
        refused && kit.record(key).await.is_none(),
        "ReplaceOneTimeRecord does not restore a record that was revoked",
    );
}

async fn redeeming<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let grant = kit.grant();
    let (first, second) = (kit.tokens(&grant), kit.tokens(&grant));
    let redeem = |key: TokenHash, tokens: &NewTokens| Redeem { key, tokens: Some(tokens.clone()) };
    let unknown = kit.redeem(redeem(kit.key(), &first)).await;
    kit.must(
        unknown == Redemption::Unknown && kit.lacks(&first).await,
        "Redeem of a record that does not exist answers Unknown, and saves no tokens",
    );

    let key = kit.issue(kit.code(&grant)).await;
    kit.must_equal(
        &kit.redeem(redeem(key, &first)).await,
        &Redemption::Redeemed,
        "Redeem of a living record answers Redeemed",
    );
    let both = kit.has(&first.access).await && first.refresh.as_ref().is_some();
    let refresh = first.refresh.as_ref().map_or(first.access.key, |token| token.key);
    kit.must(
        both && kit.token(refresh).await
            == first.refresh.as_ref().map(|token| token.record.clone()),
        "Redeem saves both tokens",
    );
    kit.must_equal(
        &kit.redeem(redeem(key, &second)).await,
        &Redemption::Replayed(grant.id),
        "Redeem of a record that was redeemed answers Replayed, with its grant",
    );
    kit.must(kit.lacks(&second).await, "Redeem of a record that was redeemed saves no tokens");
    kit.must_have(
        &first.access,
        "Redeem of a record that was redeemed does not revoke the first tokens: the caller does",
    )
    .await;
    kit.issue(kit.code(&kit.grant())).await;
    let found = kit.record(key).await;
    kit.must(
        found.is_some_and(|found| found.used && *found.record == kit.code(&grant)),
        "a used record stays until it expires",
    );

    let key = kit.issue(kit.code(&grant)).await;
    kit.must_equal(
        &kit.redeem(Redeem { key, tokens: None }).await,
        &Redemption::Redeemed,
        "Redeem without tokens answers Redeemed",
    );
    let again = kit.redeem(redeem(key, &second)).await;
    kit.must_equal(
        &again,
        &Redemption::Replayed(grant.id),
        "Redeem without tokens spends the record",
    );
    kit.must(
        kit.lacks(&second).await,
        "Redeem of a record that was spent without tokens saves no tokens",
    );

    let (grant, only) = (kit.grant(), NewTokens { refresh: None, ..kit.tokens(&grant) });
    let key = kit.issue(kit.code(&grant)).await;
    kit.must_equal(
        &kit.redeem(redeem(key, &only)).await,
        &Redemption::Redeemed,
        "Redeem accepts an access token without a refresh token, too",
    );
    kit.must_have(&only.access, "Redeem saves an access token without a refresh token").await;

    let key = kit.issue(kit.code(&grant)).await;
    kit.revoke(Revoke::Grant(grant.id)).await;
    let revoked = kit.redeem(redeem(key, &second)).await;
    kit.must(
        revoked == Redemption::Unknown && kit.lacks(&second).await,
        "Redeem of a record that was revoked answers Unknown",
    );
}

/// Checks that a one-time record that is redeemed for a stored reusable token belongs to the grant
/// of that token afterwards.
async fn redeeming_for_an_existing_token<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let (reuse, first, second) = (kit.key(), kit.grant(), kit.grant());
    let (existing, tokens) = (kit.living(&first, reuse), kit.living(&second, reuse));
    kit.keep(&existing).await;
    let key = kit.issue(kit.code(&second)).await;
    let redemption = kit.redeem(Redeem { key, tokens: Some(tokens.clone()) }).await;
    let token = existing.access.clone();
    kit.must_equal(
        &redemption,
        &Redemption::Existing(token),
        "Redeem answers Existing, with the reusable token that exists",
    );
    kit.must(kit.lacks(&tokens).await, "Redeem that answers Existing saves no tokens");
    let found = kit.record(key).await;
    kit.must(
        found.as_ref().is_some_and(|found| found.used),
        "Redeem that answers Existing spends the record",
    );
    let moved = found.is_some_and(|found| found.record.grant_id == first.id);
    kit.must(
        moved,
        "after Redeem has answered Existing, FindOneTimeRecord answers with the grant of the \
         existing token",
    );
    let again = kit.redeem(Redeem { key, tokens: Some(tokens) }).await;
    kit.must_equal(
        &again,
        &Redemption::Replayed(first.id),
        "a record that was used for an existing token is Replayed the second time, with that \
         token's grant",
    );
    kit.revoke(Revoke::Grant(second.id)).await;
    let stays = kit.record(key).await.is_some() && kit.has(&existing.access).await;
    kit.must(
        stays,
        "Revoke of a record's former grant does not remove the record after it was used for an \
         existing token",
    );
    kit.revoke(Revoke::Grant(first.id)).await;
    kit.must(
        kit.record(key).await.is_none(),
        "Revoke of an existing token's grant removes the record that was used for that token",
    );

    // A reusable token that was removed is not found.
    let (third, key) = (kit.grant(), kit.issue(kit.code(&second)).await);
    let tokens = kit.living(&third, reuse);
    let redemption = kit.redeem(Redeem { key, tokens: Some(tokens.clone()) }).await;
    kit.must(
        redemption == Redemption::Redeemed && kit.has(&tokens.access).await,
        "Redeem does not answer Existing for a reusable token that was revoked",
    );
}
