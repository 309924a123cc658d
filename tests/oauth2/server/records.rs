//! Stored records stay readable: a file with the records of version 1 is read for ever.

use oauth_proto::oauth2::server::store::{
    ClientRecord, DeviceStage, OneTimeContent, OneTimeRecord, TokenKind, TokenRecord,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Records as this crate wrote them. Never change an entry; add new ones.
const VERSION_1: &str = include_str!("../../fixtures/oauth2_records_1.json");

/// Reads the records of a kind, checks that nothing of them is lost, and returns them.
fn read<T: Serialize + DeserializeOwned>(kind: &str) -> Vec<T> {
    let all: Value = serde_json::from_str(VERSION_1).unwrap();
    let read = |stored: &Value| {
        let record: T = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!(serde_json::to_value(&record).unwrap(), *stored);
        let mut without_version = stored.clone();
        without_version.as_object_mut().unwrap().remove("v").unwrap();
        let old: T = serde_json::from_value(without_version).unwrap();
        assert_eq!(serde_json::to_value(&old).unwrap(), *stored, "a record without a version");
        let mut later = stored.clone();
        later["v"] = 2.into();
        let error = serde_json::from_value::<T>(later).err().unwrap().to_string();
        assert!(error.contains("expected a record of version 1"), "{error}");
        let mut extended = stored.clone();
        extended["a_later_member"] = 7.into();
        let extended: T = serde_json::from_value(extended).unwrap();
        assert_eq!(serde_json::to_value(&extended).unwrap(), *stored, "a later member");
        record
    };
    all[kind].as_array().unwrap().iter().map(read).collect()
}

#[test]
fn clients_of_version_1_are_read() {
    let clients = read::<ClientRecord>("clients");
    assert!(clients.iter().any(ClientRecord::is_public));
    assert!(clients.iter().any(|client| client.previous_secret.is_some()));
    assert!(clients.iter().any(|client| client.registration.is_some()));
}

#[test]
fn one_time_records_of_version_1_are_read() {
    let records = read::<OneTimeRecord>("one_time_records");
    let has = |is: fn(&OneTimeContent) -> bool| records.iter().any(|it| is(&it.content));
    assert!(has(|it| matches!(it, OneTimeContent::Code { challenge: Some(_), .. })));
    assert!(has(|it| matches!(it, OneTimeContent::Code { challenge: None, .. })));
    assert!(has(|it| matches!(it, OneTimeContent::Pushed { .. })));
    for stage in [DeviceStage::Waiting, DeviceStage::Denied] {
        assert!(records.iter().any(|record| {
            matches!(&record.content, OneTimeContent::Device { stage: own, .. } if *own == stage)
        }));
    }
    assert!(has(|it| matches!(it, OneTimeContent::Device { stage: DeviceStage::Granted(_), .. })));
}

#[test]
fn tokens_of_version_1_are_read() {
    let tokens = read::<TokenRecord>("tokens");
    let has = |is: fn(&TokenRecord) -> bool| tokens.iter().any(is);
    assert!(has(|token| token.kind == TokenKind::Access && token.narrowed_scope.is_some()));
    assert!(has(|token| token.reuse.as_ref().is_some_and(|reuse| reuse.refresh.is_some())));
    assert!(has(|token| token.replaced.as_ref().is_some_and(|it| it.sealed.is_some())));
    assert!(has(|token| token.predecessor.is_some()));
    assert!(has(|token| token.grant.exchanged.is_some()));
    assert!(has(|token| token.grant.acr.is_some() && token.grant.auth_time.is_some()));
    assert!(has(|token| token.grant.data["tenant"] == 7));
    assert!(has(|token| token.expires_at.is_none()));
}
