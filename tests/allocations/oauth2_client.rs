//! Limits for the allocations of an OAuth 2.0 client.

use oauth_proto::oauth2::{AuthorizationServer, Authorize, Client, Pending};
use oauth_proto::{Moment, Step, Timestamp};

const ANSWER: &[u8] = concat!(
    r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":3600,"#,
    r#""refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA","scope":"read write"}"#,
)
.as_bytes();

fn client() -> Client {
    let mut server = AuthorizationServer::new("https://auth.example.com/token").unwrap();
    server.authorization_endpoint = Some("https://auth.example.com/authorize".into());
    let client = Client::new(server, "s6BhdRkqt3").secret("7Fjfp0ZBr1KtDRbnfVdmIw");
    client.redirect_uri("https://client.example.com/callback").unwrap()
}

fn moment() -> Moment {
    Moment::new(Timestamp::from_secs(1_700_000_000), [7; 32])
}

fn authorize(client: &Client) -> (String, Pending) {
    let step = client.authorize(Authorize::scope(["read", "write"]), moment()).unwrap();
    let Step::Done(authorization) = step else { panic!("{step:?}") };
    (authorization.url, authorization.pending)
}

/// The client allocates the scope in the pending value, and the URL.
#[test]
fn an_authorization_url_costs_at_most_two_allocations() {
    let client = client();
    let counted = allocation_counter::measure(|| drop(authorize(&client)));
    assert!(counted.count_total <= 2, "{}", counted.count_total);
}

/// The count includes the headers and the body of the response.
#[test]
fn an_exchange_costs_at_most_ten_allocations() {
    let client = client();
    let (_, pending) = authorize(&client);
    let callback = format!("/callback?code=SplxlOBeZQQYbYS6WxSbIA&state={}", pending.state());
    // The first clone of the client's header value allocates, and later clones share the
    // allocation. So the first redemption is not measured.
    let (_, first) = authorize(&client);
    drop(client.redeem(first, &callback, moment()).unwrap());
    let counted = allocation_counter::measure(|| {
        let step = client.redeem(pending, &callback, moment()).unwrap();
        let Step::Send(_, sent) = step else { panic!("{step:?}") };
        let response = {
            let json = http::HeaderValue::from_static("application/json");
            http::Response::builder()
                .header(http::header::CONTENT_TYPE, json)
                .body(ANSWER.to_vec())
                .unwrap()
        };
        let step = sent.receive(response, moment()).unwrap();
        assert!(matches!(step, Step::Done(_)));
    });
    assert!(counted.count_total <= 10, "{}", counted.count_total);
}
