//! The checks of SaveTemporary, FindTemporary and FindCredentials.

use super::kit::{CLIENT, Kit};
use crate::Timestamp;
use crate::oauth1::server::store::traits::AsyncStore;
use crate::oauth1::server::store::{FindCredentials, TemporaryRecord};

/// The last second of the year 9999.
const LAST_SECOND: Timestamp = Timestamp::from_secs(253_402_300_799);

pub(crate) async fn check<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    kit.must(
        kit.temporary(&kit.name("temporary")).await.is_none(),
        "FindTemporary of credentials that were never saved answers None",
    );
    for record in [kit.waiting(), kit.approved(), odd(kit)] {
        let token = kit.save(&record).await;
        kit.must_equal(
            &kit.temporary(&token).await,
            &Some(record.clone()),
            "FindTemporary answers with the complete record that SaveTemporary saved",
        );
        credentials(kit, &token, &record).await;
    }
    similar(kit).await;
    let unknown = kit.find_credentials(FindCredentials::new(kit.name("client"))).await;
    kit.must(
        unknown.client.is_none() && unknown.token.is_none() && unknown.temporary.is_none(),
        "FindCredentials of a client that does not exist answers no records",
    );
}

/// Returns a record with unusual values.
fn odd<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) -> TemporaryRecord {
    let mut record = kit.waiting();
    record.expires_at = LAST_SECOND;
    record.realm = None;
    record.parameters.insert("long".to_owned(), "x".repeat(4096));
    record.parameters.insert("quote \"'\\".to_owned(), "a\0b\u{10FFFF} ".to_owned());
    record
}

/// Checks that the two kinds of credentials are not mixed.
async fn credentials<S: AsyncStore + ?Sized>(
    kit: &Kit<'_, S>,
    token: &str,
    record: &TemporaryRecord,
) {
    let mut query = FindCredentials::new(CLIENT);
    query.token = Some(token.to_owned());
    let as_token = kit.find_credentials(query.clone()).await;
    kit.must(
        as_token.token.is_none() && as_token.temporary.is_none(),
        "FindCredentials for a token does not answer with temporary credentials",
    );
    query.temporary = true;
    let found = kit.find_credentials(query).await;
    kit.must(found.token.is_none(), "FindCredentials for temporary credentials answers no token");
    kit.must_equal(
        &found.temporary.as_deref(),
        &Some(record),
        "FindCredentials answers with the complete record of temporary credentials",
    );
}

/// Checks that identifiers are compared byte by byte.
async fn similar<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let token = kit.save(&kit.waiting()).await;
    for other in [token.to_uppercase(), format!("{token} "), format!(" {token}")] {
        kit.must(
            kit.temporary(&other).await.is_none(),
            "FindTemporary compares identifiers byte for byte",
        );
        let query =
            FindCredentials { token: Some(other), temporary: true, ..FindCredentials::new(CLIENT) };
        kit.must(
            kit.find_credentials(query).await.temporary.is_none(),
            "FindCredentials compares identifiers byte for byte",
        );
    }
}
