//! The conformance kit accepts the store, in memory and in a file that is opened twice.

use oauth_proto::Timestamp;
use oauth_proto::oauth2::server::store::conformance::{self, Check};
use oauth_proto::oauth2::server::store::{ClientRecord, FindClient, Store};
use oauth_proto_example_sqlite_store::SqliteStore;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

#[test]
fn the_store_passes_the_kit() {
    conformance::check(&SqliteStore::open(":memory:").unwrap(), NOW);
}

#[test]
fn a_file_that_was_closed_is_opened_again_and_passes_the_kit() {
    let folder = std::env::temp_dir().join(format!("oauth-proto-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("store.sqlite");
    let first = SqliteStore::open(&path).unwrap();
    first.add_client(&ClientRecord::public("app")).unwrap();
    Check::at(NOW).rounds(2).run(&first);
    drop(first);
    let second = SqliteStore::open(&path).unwrap();
    assert!(second.find_client(&FindClient::new("app")).unwrap().is_some());
    Check::at(NOW).seed(1).rounds(2).run(&second);
    drop(second);
    std::fs::remove_dir_all(folder).unwrap();
}
