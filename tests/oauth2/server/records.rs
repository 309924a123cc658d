//! Stored records stay readable: a file with the records of version 1 is read for ever.

use oauth_proto::oauth2::server::store::{
    ClientRecord, DeviceStage, OneTimeContent, OneTimeRecord, TokenKind, TokenRecord,
};

use crate::common::records::read;

/// Records as this crate wrote them. Never change an entry; add new ones.
const VERSION_1: &str = include_str!("../../fixtures/oauth2_records_1.json");

#[test]
fn clients_of_version_1_are_read() {
    let clients = read::<ClientRecord>(VERSION_1, "clients");
    assert!(clients.iter().any(ClientRecord::is_public));
    assert!(clients.iter().any(|client| client.previous_secret.is_some()));
    assert!(clients.iter().any(|client| client.registration.is_some()));
}

#[test]
fn one_time_records_of_version_1_are_read() {
    let records = read::<OneTimeRecord>(VERSION_1, "one_time_records");
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
    let tokens = read::<TokenRecord>(VERSION_1, "tokens");
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
