//! Stored records stay readable: a file with the records of version 1 is read for ever.

use oauth_proto::oauth1::server::store::{Stage, TemporaryRecord, TokenRecord};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Records as this crate wrote them. Never change an entry; add new ones.
const VERSION_1: &str = include_str!("../fixtures/oauth1_records_1.json");

/// Reads the records of a kind, checks that nothing of them is lost, and returns them.
fn read<T: Serialize + DeserializeOwned>(kind: &str) -> Vec<T> {
    let all: Value = serde_json::from_str(VERSION_1).unwrap();
    let read = |stored: &Value| {
        let record: T = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!(serde_json::to_value(&record).unwrap(), *stored);
        let mut later = stored.clone();
        later["v"] = 2.into();
        let error = serde_json::from_value::<T>(later).err().unwrap().to_string();
        assert!(error.contains("expected a record of version 1"), "{error}");
        record
    };
    all[kind].as_array().unwrap().iter().map(read).collect()
}

#[test]
fn records_of_version_1_are_read() {
    let temporaries = read::<TemporaryRecord>("temporaries");
    assert_eq!(temporaries[0].stage, Stage::Waiting);
    assert!(matches!(temporaries[1].stage, Stage::Granted { .. }));
    let tokens = read::<TokenRecord>("tokens");
    assert!(tokens[0].expires_at.is_none() && tokens[1].expires_at.is_some());
    assert_eq!(tokens[0].approval.data["tenant"], 7);
}
