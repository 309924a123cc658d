//! The checks of FindClient, SaveClient and RemoveClient.

use std::sync::Arc;

use super::kit::Kit;
use crate::core::token_hash::TokenHash;
use crate::oauth2::server::store::queries::{
    NewTokens, RemoveClient, SaveClient, SaveTokens, Saved,
};
use crate::oauth2::server::store::records::client_record::ClientRecord;
use crate::oauth2::server::store::records::client_secret::ClientSecret;
use crate::oauth2::server::store::traits::AsyncStore;

pub(crate) async fn check<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    saving(kit).await;
    names(kit).await;
    removing(kit).await;
}

/// Returns a client with this hash of a registration access token.
pub(crate) fn registered(client_id: &str, registration: Option<TokenHash>) -> ClientRecord {
    let secret = |seed| ClientSecret::with_hash(format!("sha256:{}", TokenHash::of(seed)));
    let end = crate::Timestamp::from_secs(4_000_000_000);
    let mut record = ClientRecord::with_secret(client_id, secret("one"))
        .replace_secret(secret("another"), end)
        .add_redirect_uri("https://client.example.com/cb?x=1")
        .add_grant_type("password")
        .scope("photos.read")
        .name("Jäne's \"printer\"");
    record.registration = registration;
    record
}

fn save(record: &ClientRecord, replaces: Option<&ClientRecord>) -> SaveClient {
    SaveClient { record: Arc::new(record.clone()), replaces: replaces.cloned().map(Arc::new) }
}

async fn saving<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let (id, registration) = (kit.name("client"), kit.key());
    kit.must(
        kit.client(&id).await.is_none(),
        "FindClient of a client that was never saved answers None",
    );
    let first = registered(&id, Some(registration));
    let is =
        async |record: &ClientRecord| kit.client(&id).await.is_some_and(|found| *found == *record);
    let refused = !kit.save_client(save(&first, Some(&first))).await;
    kit.must(
        refused && kit.client(&id).await.is_none(),
        "SaveClient that replaces a client which does not exist saves nothing",
    );
    kit.must(
        kit.save_client(save(&first, None)).await,
        "SaveClient with a new client answers true",
    );
    kit.must(is(&first).await, "FindClient answers with the complete record that was saved");

    let second = registered(&id, Some(registration)).add_redirect_uri("https://other.example.com/");
    let refused = !kit.save_client(save(&second, None)).await;
    kit.must(
        refused && is(&first).await,
        "SaveClient without `replaces` does not change a client that exists",
    );
    let refused = !kit.save_client(save(&second, Some(&second))).await;
    kit.must(
        refused && is(&first).await,
        "SaveClient does not change a client that differs from `replaces`",
    );
    kit.must(
        kit.save_client(save(&second, Some(&first))).await,
        "SaveClient whose `replaces` is the stored record answers true",
    );
    kit.must(is(&second).await, "SaveClient replaces the whole record");

    let renewed = registered(&id, Some(kit.key()));
    kit.must(
        kit.save_client(save(&renewed, Some(&second))).await,
        "SaveClient may change the registration's hash",
    );
    let refused = !kit.save_client(save(&second, Some(&first))).await;
    kit.must(
        refused && is(&renewed).await,
        "after SaveClient has changed the registration's hash, the former hash is not valid",
    );

    let id = kit.name("client");
    let unmanaged = registered(&id, None);
    kit.must(
        kit.save_client(save(&unmanaged, None)).await,
        "SaveClient saves a client without a registration, too",
    );
    let refused = !kit.save_client(save(&second, Some(&second))).await;
    let removed =
        kit.remove_client(RemoveClient { client_id: id.clone(), registration: kit.key() }).await;
    let stays = kit.client(&id).await.is_some_and(|found| *found == unmanaged);
    kit.must(
        refused && !removed && stays,
        "a client without a registration can be neither replaced nor removed",
    );
}

/// Identifiers are compared byte by byte. Some databases ignore case, or spaces at the end.
async fn names<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let id = kit.name("Client");
    kit.must(
        kit.save_client(save(&registered(&id, None), None)).await,
        "SaveClient with a new client answers true",
    );
    for other in [
        id.to_lowercase(),
        format!("{id} "),
        id.replace("Client", "Cliënt"),
        format!("{id}%"),
        String::new(),
    ] {
        kit.must(
            kit.client(&other).await.is_none(),
            "FindClient compares identifiers byte for byte",
        );
    }
}

async fn removing<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let ids = [kit.name("client"), kit.name("client")];
    let registrations = [kit.key(), kit.key()];
    let mut kept = Vec::new();
    for (id, registration) in ids.iter().zip(registrations) {
        kit.must(
            kit.save_client(save(&registered(id, Some(registration)), None)).await,
            "SaveClient with a new client answers true",
        );
        let (grant, other) = (kit.grant_to(id), kit.grant_to(id));
        let tokens = [kit.tokens(&grant), kit.tokens(&other)];
        kit.keep(&tokens[0]).await;
        kit.keep(&NewTokens { refresh: None, ..tokens[1].clone() }).await;
        let record = kit.issue(kit.code(&kit.grant_to(id))).await;
        kept.push((tokens, record));
    }
    let remove =
        |which: usize, registration| RemoveClient { client_id: ids[which].clone(), registration };
    let removed = kit.remove_client(remove(0, registrations[1])).await;
    kit.must(
        !removed && kit.client(&ids[0]).await.is_some(),
        "RemoveClient with another registration's hash removes nothing",
    );
    kit.must_have(
        &kept[0].0[0].access,
        "RemoveClient with another registration's hash removes no tokens",
    )
    .await;
    kit.must(
        kit.remove_client(remove(0, registrations[0])).await,
        "RemoveClient with the registration's hash answers true",
    );
    kit.must(kit.client(&ids[0]).await.is_none(), "RemoveClient removes the client");
    let (tokens, record) = &kept[0];
    kit.must(
        kit.lacks(&tokens[0]).await && kit.lacks(&tokens[1]).await,
        "RemoveClient removes all of the client's tokens",
    );
    kit.must(
        kit.record(*record).await.is_none(),
        "RemoveClient removes the client's one-time records",
    );
    kit.must(
        !kit.remove_client(remove(0, registrations[0])).await,
        "RemoveClient of a client that was removed answers false",
    );
    let late = kit.tokens(&kit.grant_to(&ids[0]));
    let saved = kit.save_tokens(SaveTokens { tokens: late.clone(), parent: None }).await;
    kit.must(
        kit.options.clients_elsewhere || saved == Saved::ParentGone && kit.lacks(&late).await,
        "SaveTokens for a client that was removed answers ParentGone, and saves nothing",
    );
    let (tokens, record) = &kept[1];
    let untouched = kit.client(&ids[1]).await.is_some() && kit.has(&tokens[0].access).await;
    kit.must(
        untouched && kit.record(*record).await.is_some(),
        "RemoveClient does not change other clients, nor their tokens and records",
    );
    kit.must(
        kit.save_client(save(&registered(&ids[0], None), None)).await,
        "a client's identifier is free once it is removed",
    );
}
