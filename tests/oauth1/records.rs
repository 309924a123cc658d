//! Stored records stay readable: a file with the records of version 1 is read for ever.

use oauth_proto::oauth1::server::store::{Stage, TemporaryRecord, TokenRecord};

use crate::common::records::read;

/// Records as this crate wrote them. Never change an entry; add new ones.
const VERSION_1: &str = include_str!("../fixtures/oauth1_records_1.json");

#[test]
fn records_of_version_1_are_read() {
    let temporaries = read::<TemporaryRecord>(VERSION_1, "temporaries");
    assert_eq!(temporaries[0].stage, Stage::Waiting);
    assert!(matches!(temporaries[1].stage, Stage::Granted { .. }));
    let tokens = read::<TokenRecord>(VERSION_1, "tokens");
    assert!(tokens[0].expires_at.is_none() && tokens[1].expires_at.is_some());
    assert_eq!(tokens[0].approval.data["tenant"], 7);
}
