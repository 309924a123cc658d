//! The checks of Find.

use std::sync::Arc;

use super::clients::registered;
use super::kit::Kit;
use crate::oauth2::server::store::find::Find;
use crate::oauth2::server::store::queries::{
    FindClient, FindOneTimeRecord, FindToken, Redeem, SaveClient, SaveOneTimeRecord,
};
use crate::oauth2::server::store::records::one_time_record::DeviceStage;
use crate::oauth2::server::store::traits::AsyncStore;

/// Checks that Find answers with the same records as one query for each.
pub(crate) async fn check<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let [id, other_id] = [kit.name("client"), kit.name("client")];
    for id in [&id, &other_id] {
        let record = Arc::new(registered(id, None));
        kit.must(
            kit.save_client(SaveClient { record, replaces: None }).await,
            "SaveClient with a new client answers true",
        );
    }
    let tokens = kit.tokens(&kit.grant());
    kit.keep(&tokens).await;
    let code = kit.issue(kit.code(&kit.grant())).await;
    kit.redeem(Redeem { key: code, tokens: None }).await;
    let [key, second_key] = [kit.key(), kit.key()];
    let record = Arc::new(kit.device(&kit.grant(), DeviceStage::Waiting));
    let device = SaveOneTimeRecord { key, second_key: Some(second_key), record, now: kit.now };
    kit.save_one_time_record(device).await;

    let absent = kit.key();
    let clients = [None, Some(id.clone()), Some(other_id), Some(id.to_uppercase())];
    let records = [None, Some(code), Some(second_key), Some(absent)];
    let refresh = tokens.refresh.as_ref().map(|token| token.key);
    let keys = [None, Some(tokens.access.key), refresh, Some(absent)];
    for at in 0..64 {
        let (first, second, third) = (at % 4, at / 4 % 4, at / 16);
        let client = |at: usize| clients[at % 4].clone().map(FindClient::new);
        let query = Find {
            client: client(first),
            other_client: client(second),
            one_time_record: records[third].map(FindOneTimeRecord::new),
            token: keys[(first + second + third) % 4].map(FindToken::new),
            attempts: Vec::new(),
        };
        let expected = kit.find_in_turn(&query).await;
        let found = kit.find(query.clone()).await;
        kit.must_equal(
            &(&query, found),
            &(&query, expected),
            "Find answers with the records that FindClient, FindOneTimeRecord and FindToken answer \
             with",
        );
    }
}
