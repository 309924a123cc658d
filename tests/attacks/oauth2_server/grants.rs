//! What of a grant reaches further than it may: exchanged, narrowed and reusable tokens.

use oauth_proto::oauth2::resource::ResourceServer;
use oauth_proto::oauth2::server::{
    Approval, ClientRecord, DecideGrant, Decision, FindToken, GrantType, NextQuery, Serve, ServerStep, Store,
    TokenHash, TokenRecord, serve,
};

use super::world::*;

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const A: &str = "https://a.example/";
const B: &str = "https://b.example/";

fn exchanging() -> World {
    let exchange = GrantType::token_exchange().scopes("read write");
    let world = World::new(provider().add_resource(A).add_resource(B).add_grant_type(exchange));
    world.store.add_client(
        ClientRecord::confidential("scanner", OTHER_SECRET).unwrap().add_grant_type(EXCHANGE).scope("read"),
    );
    world
}

/// The application lets everybody exchange everything.
fn exchange(world: &World, token: &str) -> String {
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
    let response =
        Serve::new(&world.store).decide_grant(yes).run(world.provider.token(&request, world.moment())).unwrap();
    let answer: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

fn record(world: &World, token: &str) -> TokenRecord {
    let found = world.store.find_token(&FindToken { key: TokenHash::of(token) }).unwrap();
    TokenRecord::clone(&found.unwrap())
}

#[test]
fn an_exchanged_token_exceeds_neither_its_subject_nor_its_client() {
    let world = exchanging();
    let asked = [&asking("printer", REDIRECT)[..], &[("resource", A), ("scope", "read write")]].concat();
    let subject = world.redeem(PRINTER, &world.code(&asked)).unwrap();
    world.pass(600);
    let exchanged = record(&world, &exchange(&world, &subject.access));
    assert_eq!((exchanged.scope().as_str(), exchanged.resource()), ("read", &[A.to_owned()][..]));
    assert_eq!(exchanged.expires_at, record(&world, &subject.access).expires_at);
}

#[test]
fn a_chain_of_exchanges_ends_with_its_first_token() {
    let world = exchanging();
    let subject = world.redeem(PRINTER, &world.printers_code()).unwrap();
    let mut token = exchange(&world, &subject.access);
    world.pass(3500);
    token = exchange(&world, &token);
    assert!(!record(&world, &token).has_expired(world.moment().now));
    world.pass(200);
    assert!(record(&world, &token).has_expired(world.moment().now));
}

/// RFC 8707 §2.2.
#[test]
fn a_grant_for_all_resources_can_be_narrowed_to_one() {
    let world = World::new(provider().add_resource(A));
    let code = world.printers_code();
    let parameters = |resource| {
        [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", REDIRECT), ("resource", resource)]
    };
    world.token(PRINTER, &parameters(B)).unwrap_err();
    let narrow = world.token(PRINTER, &parameters(A)).unwrap();
    assert_eq!(world.introspect(&narrow.access)["aud"], serde_json::json!([A]));
}

#[test]
fn unique_tokens_for_other_resources_are_others() {
    let world = World::new(provider().add_resource(A).add_resource(B).reuse_access_tokens("a key that lies elsewhere"));
    let code = || world.code(&[&asking("printer", REDIRECT)[..], &[("resource", A), ("resource", B)]].concat());
    let wide = world.redeem(PRINTER, &code()).unwrap();
    let code = code();
    let parameters =
        [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", REDIRECT), ("resource", A)];
    let narrow = world.token(PRINTER, &parameters).unwrap();
    assert_ne!(wide.access, narrow.access);
}

/// Tokens by password, for clients that may do that.
fn by_password(world: &World, client: &ClientRecord, username: &str) -> Tokens {
    world.store.add_client(client.clone().grant_types(["password"]));
    let parameters = [
        ("client_id", &*client.client_id),
        ("grant_type", "password"),
        ("username", username),
        ("password", PASSWORD),
        ("scope", "read"),
    ];
    let secret = Some(("client_secret", SECRET)).filter(|_| !client.is_public());
    let parameters: Vec<_> = parameters.into_iter().chain(secret).collect();
    Tokens::read(&world.post("/token", &parameters).unwrap())
}

#[test]
fn unique_tokens_of_another_user_or_client_are_others() {
    let world = World::new(provider().reuse_access_tokens("a key that lies elsewhere"));
    let [one, other] = ["one", "other"].map(|id| ClientRecord::confidential(id, SECRET).unwrap());
    let first = by_password(&world, &one, "jane");
    assert_eq!(by_password(&world, &one, "jane").access, first.access);
    assert_ne!(by_password(&world, &one, "joe").access, first.access);
    assert_ne!(by_password(&world, &other, "jane").access, first.access);
}

/// Whoever claims to be a public client would get a token that another one has.
#[test]
fn a_public_client_gets_no_token_that_another_has() {
    let world = World::new(provider().reuse_access_tokens("a key that lies elsewhere"));
    let phone = ClientRecord::public("phone");
    assert_ne!(by_password(&world, &phone, "jane").access, by_password(&world, &phone, "jane").access);
}

/// Two requests have found the code when the first of them redeems it, and gets a reusable token that was there.
#[test]
fn a_code_replayed_in_a_race_revokes_the_reusable_token_that_it_brought() {
    let world = World::new(provider().reuse_access_tokens("a key that lies elsewhere"));
    let first = world.redeem(PRINTER, &world.printers_code()).unwrap();
    let code = world.printers_code();
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
        let ServerStep::Query(NextQuery::FindClient(pending)) = world.provider.token(&request, world.moment()) else {
            panic!("the client is not looked for")
        };
        let client = world.store.find_client(pending.query()).unwrap();
        let ServerStep::Query(NextQuery::FindOneTimeRecord(pending)) = pending.answer(client) else {
            panic!("the code is not looked for")
        };
        let record = world.store.find_one_time_record(pending.query()).unwrap();
        pending.answer(record)
    };
    let (one, other) = (found(), found());
    serve(one, &world.store).unwrap();
    serve(other, &world.store).unwrap_err();
    assert!(!world.lives(&first.access));
}

#[test]
fn token_in_query() {
    let world = World::new(provider());
    let token = world.redeem(PRINTER, &world.printers_code()).unwrap();
    let api = ResourceServer::builder("https://photos.example.com").build().unwrap();
    let get = |uri: String| http::Request::get(uri).body(Vec::new()).unwrap();
    let request = get(format!("https://photos.example.com/?access_token={}", token.access));
    let refused = serve(api.check(&request, "read", world.moment().now), &world.store).unwrap_err().response();
    assert_eq!(refused.status(), 400);
    assert!(!format!("{refused:?}").contains(&token.access));
    let api = ResourceServer::builder("https://photos.example.com").allow_token_in_query().build().unwrap();
    serve(api.check(&request, "read", world.moment().now), &world.store).unwrap();
}
