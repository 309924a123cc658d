//! Limits for the allocations of an authorization server.

use oauth_proto::oauth2::server::store::{ClientRecord, MemoryStore};
use oauth_proto::oauth2::server::{GrantType, Provider, serve};
use oauth_proto::{Moment, Timestamp};

#[test]
fn a_token_for_a_client_costs_at_most_twelve_allocations() {
    let provider = Provider::builder("https://auth.example.com")
        .add_grant_type(GrantType::client_credentials().scopes("read write"))
        .build()
        .unwrap();
    let store = MemoryStore::default();
    store.add_client(
        ClientRecord::confidential("s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw")
            .unwrap()
            .add_grant_type("client_credentials"),
    );
    let request = http::Request::post("https://auth.example.com/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3")
        .body(b"grant_type=client_credentials&scope=read%20write".to_vec())
        .unwrap();
    let issue = |count: u8| {
        let moment = Moment::new(Timestamp::from_secs(1_700_000_000), [count; 32]);
        assert_eq!(serve(provider.token(&request, moment), &store).unwrap().status(), 200);
    };
    // The store's tables grow now and then, so the test fills them and uses the smallest of ten
    // counts.
    (0..100).for_each(issue);
    let allocations: Vec<_> =
        (100..110).map(|count| allocation_counter::measure(|| issue(count)).count_total).collect();
    assert!(allocations.iter().min().is_some_and(|least| *least <= 12), "{allocations:?}");
}
