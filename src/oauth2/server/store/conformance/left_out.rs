//! The checks of queries that a store leaves out.

use std::time::Duration;

use super::kit::Kit;
use crate::OneTimeUse;
use crate::core::one_time::{OneTimePurpose, RememberOnce};
use crate::oauth2::server::store::attempts::{CountAttempt, FindAttempts};
use crate::oauth2::server::store::lists::{ListClients, ListGrants};
use crate::oauth2::server::store::optional::{NotSupported, OptionalQuery};
use crate::oauth2::server::store::purge::Purge;
use crate::oauth2::server::store::records::attempt::AttemptPurpose;
use crate::oauth2::server::store::traits::AsyncStore;

pub(crate) async fn check<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>, query: OptionalQuery) {
    const RULE: &str = "a query for which `supports` returns `false` answers that it is not \
        supported";
    let not_supported = NotSupported::new(query);
    let error = match query {
        OptionalQuery::CountAttempt => {
            let (purpose, key) = (AttemptPurpose::UserCode, kit.key());
            let count = CountAttempt::new(purpose, key, 1, Duration::from_secs(60), kit.now);
            let counted = kit.count_attempt(count).await.err();
            kit.must_equal(&counted, &Some(not_supported), RULE);
            kit.find_attempts(FindAttempts::new(purpose, key)).await.err()
        }
        OptionalQuery::RememberOnce => {
            let (purpose, end) =
                (OneTimePurpose::ClientAssertion, kit.now.after(Duration::from_secs(60)));
            let query = RememberOnce::new(purpose, kit.key(), kit.now, end);
            kit.must_equal(
                &kit.remember_once(query).await,
                &OneTimeUse::Replay,
                "a store that does not support RememberOnce answers Replay",
            );
            return;
        }
        OptionalQuery::ListGrants => {
            kit.list_grants(ListGrants::new(kit.name("user"), 1, kit.now)).await.err()
        }
        OptionalQuery::ListClients => kit.list_clients(ListClients::first(1)).await.err(),
        OptionalQuery::Purge => kit.purge(Purge::new(1, kit.now)).await.err(),
    };
    kit.must_equal(&error, &Some(not_supported), RULE);
}
