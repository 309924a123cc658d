//! The checks of ListGrants and ListClients.

use std::sync::Arc;
use std::time::Duration;

use super::clients::registered;
use super::kit::{Kit, change, refresh};
use crate::oauth2::server::store::lists::{ListClients, ListGrants};
use crate::oauth2::server::store::queries::{RemoveClient, Revoke, SaveTokens};
use crate::oauth2::server::store::records::grant_record::GrantId;
use crate::oauth2::server::store::traits::AsyncStore;

/// Returns the identifiers of all grants of a user, in the order of the list.
async fn grants<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>, user: &str, limit: u32) -> Vec<GrantId> {
    let mut query = ListGrants::new(user, limit, kit.now);
    let mut all: Vec<GrantId> = Vec::new();
    // A broken store could answer pages without end.
    for _ in 0..100 {
        let Ok(page) = kit.list_grants(query.clone()).await else { break };
        let size = u32::try_from(page.grants.len()).unwrap_or(u32::MAX);
        kit.must(size <= limit, "a page of ListGrants has at most `limit` grants");
        all.extend(page.grants.iter().map(|listed| listed.grant.id));
        if page.next.is_none() {
            break;
        }
        query.after = page.next;
    }
    all
}

pub(crate) async fn check_grants<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let user = kit.name("user");
    let mut expected = Vec::new();
    for _ in 0..5 {
        let grant = kit.grant_of(&user);
        kit.keep(&kit.tokens(&grant)).await;
        expected.push(grant.id);
    }
    expected.sort_unstable();
    for limit in [1, 2, 5, 100] {
        kit.must_equal(
            &grants(kit, &user, limit).await,
            &expected,
            "ListGrants lists each grant of the user once, in the order of the identifiers",
        );
    }
    // Grants that must not be listed.
    for other in [user.to_uppercase(), format!("{user} "), kit.name("user")] {
        kit.keep(&kit.tokens(&kit.grant_of(&other))).await;
    }
    kit.must_equal(
        &grants(kit, &user, 100).await,
        &expected,
        "ListGrants compares users byte for byte",
    );
    let before = grants(kit, &user, 100).await;
    let mut over = kit.tokens(&kit.grant_of(&user));
    let past = Some(kit.past());
    change(&mut over, |record| record.expires_at = past);
    kit.keep(&over).await;
    kit.must_equal(
        &grants(kit, &user, 100).await,
        &before,
        "ListGrants does not list a grant whose tokens have all expired",
    );
    let revoked = kit.tokens(&kit.grant_of(&user));
    kit.keep(&revoked).await;
    kit.revoke(Revoke::Grant(revoked.access.record.grant.id)).await;
    kit.must_equal(
        &grants(kit, &user, 100).await,
        &before,
        "ListGrants does not list a revoked grant",
    );
    rotated(kit).await;
    exchanged(kit).await;
}

/// Checks the entry of a grant whose refresh token was replaced.
async fn rotated<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let user = kit.name("user");
    let grant = kit.grant_of(&user);
    let (first, mut second) = (kit.tokens(&grant), kit.tokens(&grant));
    kit.keep(&first).await;
    let later = kit.now.after(Duration::from_secs(60));
    change(&mut second, |record| record.issued_at = later);
    kit.rotate(kit.rotation(&refresh(&first), None, &second)).await;
    let page = kit.list_grants(ListGrants::new(&user, 10, kit.now)).await.unwrap_or_default();
    let entries: Vec<_> =
        page.grants.iter().map(|listed| (listed.grant.id, &listed.grant)).collect();
    kit.must_equal(
        &entries,
        &vec![(grant.id, &grant)],
        "ListGrants lists a grant with several tokens once, with its record",
    );
    let last_used_at = page.grants.first().and_then(|listed| listed.last_used_at);
    kit.must(
        last_used_at.is_none_or(|at| at == later),
        "the last use in ListGrants is the time at which the latest token was issued",
    );
    // Only the replaced refresh token is left.
    for token in [&first.access, &second.access, &refresh(&second)] {
        kit.revoke(Revoke::Token(token.key)).await;
    }
    kit.must_equal(
        &grants(kit, &user, 10).await,
        &Vec::new(),
        "ListGrants does not list a grant that has only a replaced refresh token",
    );
}

async fn exchanged<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let user = kit.name("user");
    let grant = kit.grant_of(&user);
    let first = kit.tokens(&grant);
    kit.keep(&first).await;
    let mut tokens = kit.exchanged(&first.access);
    let record = Arc::make_mut(&mut tokens.access.record);
    Arc::make_mut(&mut record.grant).user = Some(user.clone());
    kit.save_tokens(SaveTokens { tokens, parent: Some(first.access.key) }).await;
    kit.must_equal(
        &grants(kit, &user, 10).await,
        &vec![grant.id],
        "ListGrants does not list a grant that was exchanged from a token",
    );
}

pub(crate) async fn check_clients<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let name = kit.name("listed");
    let ends = ["", "a", "B", "c", "ä", "d e"];
    let mut expected: Vec<_> = ends.iter().map(|end| format!("{name}{end}")).collect();
    for client_id in &expected {
        kit.save(&registered(client_id, None)).await;
    }
    let (removed, registration) = (format!("{name}removed"), kit.key());
    kit.save(&registered(&removed, Some(registration))).await;
    kit.remove_client(RemoveClient { client_id: removed, registration }).await;
    expected.sort_unstable();
    for limit in [1, 2, 100] {
        // The pages begin in front of these clients, and end behind them.
        let mut query = ListClients { after: Some(before(&name)), limit };
        let mut listed = Vec::new();
        for _ in 0..100 {
            let Ok(page) = kit.list_clients(query.clone()).await else { break };
            let size = u32::try_from(page.clients.len()).unwrap_or(u32::MAX);
            kit.must(size <= limit, "a page of ListClients has at most `limit` clients");
            listed.extend(page.clients.iter().map(|client| client.client_id.clone()));
            let is_behind =
                listed.last().is_some_and(|last| *last > name && !last.starts_with(&name));
            if page.next.is_none() || is_behind {
                break;
            }
            query.after = page.next;
        }
        listed.retain(|client_id| client_id.starts_with(&name));
        kit.must_equal(
            &listed,
            &expected,
            "ListClients lists each client once, in the order of the bytes of its identifier",
        );
    }
    let first = kit.list_clients(ListClients::first(1)).await.unwrap_or_default();
    kit.must(
        first.clients.len() == 1 && first.next.is_some(),
        "ListClients without `after` begins with the first client",
    );
    let all = ListClients { after: Some(before(&name)), limit: 100 };
    let page = kit.list_clients(all).await.unwrap_or_default();
    for client in page.clients.iter().filter(|client| expected.contains(&client.client_id)) {
        let saved = registered(&client.client_id, None);
        kit.must_equal(&**client, &saved, "ListClients answers with the complete records");
    }
}

/// Returns a text that is before all texts with this beginning, and not far.
fn before(name: &str) -> String {
    let mut text = name.to_owned();
    text.pop();
    text
}
