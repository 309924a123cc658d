//! The checks with unusual texts and times: a store keeps and compares all bytes.

use std::sync::Arc;

use super::clients::registered;
use super::kit::{Kit, change};
use crate::Timestamp;
use crate::oauth2::server::store::queries::{
    FindClient, RemoveClient, Revoke, SaveClient, SaveTokens, Saved,
};
use crate::oauth2::server::store::records::grant_record::GrantRecord;
use crate::oauth2::server::store::traits::AsyncStore;

/// The last second of the year 9999.
const LAST_SECOND: Timestamp = Timestamp::from_secs(253_402_300_799);

/// The length of a long value, in bytes.
const LONG: usize = 4096;

pub(crate) async fn check<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    similar_clients(kit).await;
    similar_users(kit).await;
    long_values(kit).await;
    far_times(kit).await;
}

/// Returns texts that databases often take for equal.
fn similar(name: &str) -> [String; 6] {
    let composed = format!("{name}\u{e9}");
    let decomposed = format!("{name}e\u{301}");
    [
        name.to_owned(),
        name.to_uppercase(),
        format!("{name} "),
        format!(" {name}"),
        composed,
        decomposed,
    ]
}

async fn similar_clients<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let names = similar(&kit.name("client"));
    for name in &names {
        let record = Arc::new(registered(name, Some(kit.key())));
        kit.must(kit.client(name).await.is_none(), "FindClient compares client ids byte for byte");
        kit.must(
            kit.save_client(SaveClient { record, replaces: None }).await,
            "SaveClient compares client ids byte for byte",
        );
    }
    for name in &names {
        let found = kit.find_client(FindClient::new(name.clone())).await;
        kit.must_equal(
            &found.as_ref().map(|client| &client.client_id),
            &Some(name),
            "FindClient finds the client with this client id, byte for byte",
        );
    }
    let [first, others @ ..] = &names;
    if let Some(registration) = kit.client(first).await.and_then(|client| client.registration) {
        kit.remove_client(RemoveClient { client_id: first.clone(), registration }).await;
    }
    for name in others {
        kit.must(
            kit.client(name).await.is_some(),
            "RemoveClient compares client ids byte for byte",
        );
    }
}

async fn similar_users<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let name = kit.name("user");
    let names = similar(&name).into_iter().chain([
        format!("{name}\0"),
        format!("{name}\0x"),
        format!("{name:x<LONG$}"),
    ]);
    let mut all = Vec::new();
    for user in names {
        let tokens = kit.tokens(&kit.grant_of(&user));
        kit.keep(&tokens).await;
        kit.must_have(&tokens.access, "the record of a token keeps all bytes of its user").await;
        all.push((user, tokens));
    }
    while let Some((user, tokens)) = all.pop() {
        kit.revoke(Revoke::User(user)).await;
        kit.must(kit.lacks(&tokens).await, "Revoke of a user removes all of the user's tokens");
        for (_, others) in &all {
            kit.must(
                kit.has(&others.access).await,
                "Revoke of a user compares users byte for byte",
            );
        }
    }
}

async fn long_values<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let long = "x".repeat(LONG);
    kit.must(
        kit.client(&long).await.is_none(),
        "FindClient of a client id of 4,096 bytes answers that there is none",
    );
    let mut grant = GrantRecord::clone(&kit.grant());
    grant.data = serde_json::json!({ "long": long, "nul": "a\0b", "quote": "'\"\\" });
    grant.scope = "a".repeat(LONG).as_str().into();
    grant.session_id = Some("\u{10FFFF}".repeat(LONG / 4));
    let tokens = kit.tokens(&Arc::new(grant));
    let saved = kit.save_tokens(SaveTokens { tokens: tokens.clone(), parent: None }).await;
    kit.must_equal(&saved, &Saved::New, "SaveTokens saves values of 4,096 bytes");
    kit.must_have(&tokens.access, "the record of a token keeps values of 4,096 bytes").await;
}

async fn far_times<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let mut tokens = kit.tokens(&kit.grant());
    change(&mut tokens, |record| record.expires_at = Some(LAST_SECOND));
    kit.keep(&tokens).await;
    let rule = "a token that expires in the last second of the year 9999 is kept";
    kit.must_have(&tokens.access, rule).await;
    let mut endless = kit.tokens(&kit.grant());
    change(&mut endless, |record| record.expires_at = None);
    kit.keep(&endless).await;
    kit.must_have(&endless.access, "a token that never expires is kept").await;
    let mut code = kit.code(&kit.grant());
    code.expires_at = LAST_SECOND;
    let (record, key) = (code.clone(), kit.issue(code).await);
    kit.must_equal(
        &kit.record(key).await.map(|found| found.record),
        &Some(Arc::new(record)),
        "a one-time record that expires in the last second of the year 9999 is kept",
    );
}
