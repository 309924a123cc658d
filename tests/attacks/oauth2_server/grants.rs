//! Exchanged, narrowed and reusable tokens, which must not have more rights than their grant.

use oauth_proto::oauth2::resource::ResourceServer;
use oauth_proto::oauth2::server::store::{
    ClientRecord, FindToken, NextQuery, Store, TokenHash, TokenRecord,
};
use oauth_proto::oauth2::server::{
    Approval, DecideGrant, Decision, GrantType, Serve, ServerStep, serve,
};

use super::raw_server::*;

use crate::common::with::With;

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const A: &str = "https://a.example/";
const B: &str = "https://b.example/";

fn exchanging() -> RawServer {
    let exchange = GrantType::token_exchange().scopes("read write");
    let server = RawServer::new(
        provider()
            .with(|options| options.resources.push(A.into()))
            .with(|options| options.resources.push(B.into()))
            .add_grant_type(exchange),
    );
    server.store.add_client(
        ClientRecord::confidential("scanner", OTHER_SECRET)
            .unwrap()
            .add_grant_type(EXCHANGE)
            .scope("read"),
    );
    server
}

/// Exchanges a token as the scanner. The application grants every request.
fn exchange(server: &RawServer, token: &str) -> String {
    let (id, secret) = SCANNER;
    let request = posting(
        "/token",
        &[
            ("client_id", id),
            ("client_secret", secret),
            ("grant_type", EXCHANGE),
            ("subject_token", token),
            ("subject_token_type", ACCESS_TOKEN),
        ],
    );
    let yes = |_: DecideGrant| Ok::<_, String>(Decision::Granted(Approval::new("jane")));
    let response = Serve::new(&server.store)
        .decide_grant(yes)
        .run(server.provider.token(&request, server.moment()))
        .unwrap();
    let answer: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

fn record(server: &RawServer, token: &str) -> TokenRecord {
    let found = server.store.find_token(&FindToken::new(TokenHash::of(token))).unwrap();
    TokenRecord::clone(&found.unwrap())
}

/// Rows `exchange-wider-scope` and `exchange-outlives-subject`: the scope of the client is smaller
/// than the scope of the subject.
#[test]
fn an_exchanged_token_exceeds_neither_its_subject_nor_its_client() {
    let server = exchanging();
    let asked =
        [&asking("printer", REDIRECT)[..], &[("resource", A), ("scope", "read write")]].concat();
    let subject = server.redeem(PRINTER, &server.code(&asked)).unwrap();
    server.pass(600);
    let exchanged = record(&server, &exchange(&server, &subject.access));
    assert_eq!((exchanged.scope().as_str(), exchanged.resource()), ("read", &[A.to_owned()][..]));
    assert_eq!(exchanged.expires_at, record(&server, &subject.access).expires_at);
}

/// Row `exchange-outlives-subject`: a client exchanges its token again and again.
#[test]
fn a_chain_of_exchanges_ends_with_its_first_token() {
    let server = exchanging();
    let subject = server.redeem(PRINTER, &server.printers_code()).unwrap();
    let mut token = exchange(&server, &subject.access);
    server.pass(3500);
    token = exchange(&server, &token);
    assert!(!record(&server, &token).has_expired(server.moment().now));
    server.pass(200);
    assert!(record(&server, &token).has_expired(server.moment().now));
}

/// RFC 8707 §2.2.
#[test]
fn a_grant_for_all_resources_can_be_narrowed_to_one() {
    let server = RawServer::new(provider().with(|options| options.resources.push(A.into())));
    let code = server.printers_code();
    let parameters = |resource| {
        [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", REDIRECT),
            ("resource", resource),
        ]
    };
    server.token(PRINTER, &parameters(B)).unwrap_err();
    let narrow = server.token(PRINTER, &parameters(A)).unwrap();
    assert_eq!(server.introspect(&narrow.access)["aud"], serde_json::json!([A]));
}

/// Row `unique-token-other-data`: the resources differ.
#[test]
fn unique_tokens_differ_between_resources() {
    let server = RawServer::new(reusing(
        provider()
            .with(|options| options.resources.push(A.into()))
            .with(|options| options.resources.push(B.into())),
    ));
    let code = || {
        server
            .code(&[&asking("printer", REDIRECT)[..], &[("resource", A), ("resource", B)]].concat())
    };
    let wide = server.redeem(PRINTER, &code()).unwrap();
    let code = code();
    let parameters = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", REDIRECT),
        ("resource", A),
    ];
    let narrow = server.token(PRINTER, &parameters).unwrap();
    assert_ne!(wide.access, narrow.access);
}

/// Allows a client the password grant, and returns its tokens for a user.
fn by_password(server: &RawServer, client: &ClientRecord, username: &str) -> Tokens {
    server.store.add_client(client.clone().grant_types(["password"]));
    let parameters = [
        ("client_id", &*client.client_id),
        ("grant_type", "password"),
        ("username", username),
        ("password", PASSWORD),
        ("scope", "read"),
    ];
    let secret = Some(("client_secret", SECRET)).filter(|_| !client.is_public());
    let parameters: Vec<_> = parameters.into_iter().chain(secret).collect();
    Tokens::read(&server.post("/token", &parameters).unwrap())
}

/// Row `unique-token-other-data`: the user or the client differs.
#[test]
fn unique_tokens_differ_between_users_and_clients() {
    let server = RawServer::new(reusing(provider()));
    let [one, other] = ["one", "other"].map(|id| ClientRecord::confidential(id, SECRET).unwrap());
    let first = by_password(&server, &one, "jane");
    assert_eq!(by_password(&server, &one, "jane").access, first.access);
    assert_ne!(by_password(&server, &one, "joe").access, first.access);
    assert_ne!(by_password(&server, &other, "jane").access, first.access);
}

/// Row `unique-token-of-a-public-client`: an attacker can pretend to be a public client, and would
/// get the token of the real client.
#[test]
fn a_public_client_does_not_get_the_token_of_another_client() {
    let server = RawServer::new(reusing(provider()));
    let phone = ClientRecord::public("phone");
    assert_ne!(
        by_password(&server, &phone, "jane").access,
        by_password(&server, &phone, "jane").access
    );
}

/// Rows `code-replay` and `code-race`: two requests have found the code before the first one
/// redeems it. The first one gets a reusable token that already existed.
#[test]
fn a_code_replayed_in_a_race_revokes_the_reusable_token_that_it_gave() {
    let server = RawServer::new(reusing(provider()));
    let first = server.redeem(PRINTER, &server.printers_code()).unwrap();
    let code = server.printers_code();
    let (id, secret) = PRINTER;
    let request = posting(
        "/token",
        &[
            ("client_id", id),
            ("client_secret", secret),
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", REDIRECT),
        ],
    );
    let found = || {
        let ServerStep::Query(NextQuery::Find(pending)) =
            server.provider.token(&request, server.moment())
        else {
            panic!("expected the query Find")
        };
        let found = server.store.find(pending.query()).unwrap();
        pending.answer(found)
    };
    let (one, other) = (found(), found());
    serve(one, &server.store).unwrap();
    serve(other, &server.store).unwrap_err();
    assert!(!server.lives(&first.access));
}

/// Row `token-in-query`.
#[test]
fn a_token_in_the_query_is_refused_unless_it_is_allowed() {
    let server = RawServer::new(provider());
    let token = server.redeem(PRINTER, &server.printers_code()).unwrap();
    let api = ResourceServer::builder("https://photos.example.com").build().unwrap();
    let get = |uri: String| http::Request::get(uri).body(Vec::new()).unwrap();
    let request = get(format!("https://photos.example.com/?access_token={}", token.access));
    let refused = serve(api.check(&request, "read", server.moment().now), &server.store)
        .unwrap()
        .into_result()
        .unwrap_err()
        .response();
    assert_eq!(refused.status(), 400);
    assert!(!format!("{refused:?}").contains(&token.access));
    let api = ResourceServer::builder("https://photos.example.com")
        .with(|options| options.allow_token_in_query = true)
        .build()
        .unwrap();
    serve(api.check(&request, "read", server.moment().now), &server.store)
        .unwrap()
        .into_result()
        .unwrap();
}
