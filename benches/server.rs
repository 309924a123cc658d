//! What an authorization server does for every request, beside `oxide-auth` in the same run.
#![allow(missing_docs)]
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock: it is what it is for")]

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use criterion::{Criterion, criterion_group, criterion_main};
use oauth_proto::oauth2::resource::ResourceServer;
use oauth_proto::oauth2::server::{ClientRecord, Dispatched, Grant, GrantType, MemoryStore, Provider, serve};
use oauth_proto::{Moment, Request, Response, Timestamp};
use oxide_auth::endpoint::{OwnerConsent, Solicitation};
use oxide_auth::frontends::simple::endpoint::{FnSolicitor, client_credentials_flow};
use oxide_auth::frontends::simple::request::{Request as TheirRequest, Response as TheirResponse};
use oxide_auth::primitives::generator::RandomGenerator;
use oxide_auth::primitives::issuer::TokenMap;
use oxide_auth::primitives::registrar::{Client, ClientMap, PasswordPolicy, RegisteredUrl, RegistrarError};
use sha2::{Digest, Sha256};

const ISSUER: &str = "https://auth.example.com";
const ID: &str = "s6BhdRkqt3";
const SECRET: &str = "7Fjfp0ZBr1KtDRbnfVdmIw";
const REDIRECT: &str = "https://client.example.com/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// So many requests go to one server before it is replaced: stores that only grow would measure the machine's memory.
const ROUND: u64 = 10_000;

fn provider() -> Provider {
    Provider::new(ISSUER)
        .unwrap()
        .grant_type(GrantType::authorization_code().scopes("read write"))
        .grant_type(GrantType::client_credentials().scopes("read write"))
        .grant_type(GrantType::refresh_token())
}

fn store() -> MemoryStore {
    let store = MemoryStore::default();
    store.add_client(ClientRecord::confidential(ID, SECRET).redirect_uri(REDIRECT).grant_type("client_credentials"));
    store
}

fn form(body: &str) -> Request {
    http::Request::post("https://auth.example.com/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", format!("Basic {}", BASE64_STANDARD.encode(format!("{ID}:{SECRET}"))))
        .body(body.as_bytes().to_vec())
        .unwrap()
}

fn token(provider: &Provider, store: &MemoryStore, request: &Request) -> Response {
    serve(provider.token(request, Moment::from_os()), store).unwrap()
}

fn bearer(response: &Response) -> String {
    let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    body["access_token"].as_str().unwrap().to_owned()
}

/// Rounds of requests, each round to a server of its own, whose making and end are not measured.
fn rounds<S>(count: u64, mut setup: impl FnMut(u64) -> S, mut request: impl FnMut(&mut S, u64)) -> Duration {
    let mut measured = Duration::ZERO;
    let mut left = count;
    while left > 0 {
        let round = left.min(ROUND);
        let mut server = setup(round);
        let begin = Instant::now();
        (0..round).for_each(|at| request(&mut server, at));
        measured += begin.elapsed();
        left -= round;
    }
    measured
}

/// The peer's secrets as its users keep generated ones: its default, Argon2, is for passwords.
struct Sha256Policy;

impl PasswordPolicy for Sha256Policy {
    fn store(&self, _: &str, passphrase: &[u8]) -> Vec<u8> {
        Sha256::digest(passphrase).to_vec()
    }

    fn check(&self, _: &str, passphrase: &[u8], stored: &[u8]) -> Result<(), RegistrarError> {
        if Sha256::digest(passphrase)[..] == *stored { Ok(()) } else { Err(RegistrarError::Unspecified) }
    }
}

fn their_registrar() -> ClientMap {
    let mut registrar = ClientMap::new();
    registrar.set_password_policy(Sha256Policy);
    let redirect = RegisteredUrl::Semantic(REDIRECT.parse().unwrap());
    registrar.register_client(Client::confidential(ID, redirect, "read write".parse().unwrap(), SECRET.as_bytes()));
    registrar
}

/// From the same request, as the peer's frontends for web servers read it.
fn theirs(registrar: &ClientMap, issuer: &mut TokenMap<RandomGenerator>, request: &Request) -> TheirResponse {
    let urlbody: HashMap<_, _> = url::form_urlencoded::parse(request.body()).into_owned().collect();
    let auth = request.headers()["authorization"].to_str().ok().map(str::to_owned);
    let request = TheirRequest { query: HashMap::new(), urlbody, auth };
    let mut solicitor = FnSolicitor(|_: &mut TheirRequest, grant: Solicitation<'_>| {
        OwnerConsent::Authorized(grant.pre_grant().client_id.clone())
    });
    client_credentials_flow(registrar, issuer, &mut solicitor).execute(request).unwrap()
}

fn client_credentials(c: &mut Criterion) {
    let mut group = c.benchmark_group("server/client_credentials");
    let request = form("grant_type=client_credentials&scope=read%20write");
    let provider = provider();
    group.bench_function("oauth_proto", |b| {
        b.iter_custom(|count| {
            rounds(count, |_| store(), |store, _| drop(black_box(token(&provider, store, black_box(&request)))))
        });
    });
    let registrar = their_registrar();
    group.bench_function("oxide_auth", |b| {
        b.iter_custom(|count| {
            rounds(
                count,
                |_| TokenMap::new(RandomGenerator::new(32)),
                |issuer, _| drop(black_box(theirs(&registrar, issuer, black_box(&request)))),
            )
        });
    });
    group.finish();
}

/// A code as the user's browser brings it.
fn code(provider: &Provider, store: &MemoryStore) -> String {
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let url = format!(
        "{ISSUER}/authorize?response_type=code&client_id={ID}&scope=read&code_challenge={challenge}&code_challenge_method=S256"
    );
    let request = http::Request::get(url).body(Vec::new()).unwrap();
    let Ok(Dispatched::Consent(consent)) = serve(provider.dispatch(&request, Moment::from_os()), store) else {
        unreachable!("the request is a good one")
    };
    let response = serve(provider.grant(consent, Grant::new("jane"), Moment::from_os()), store).unwrap();
    let location = url::Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
    location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
}

fn code_exchange(c: &mut Criterion) {
    let provider = provider();
    let setup = |count| {
        let store = store();
        let request =
            |code: String| form(&format!("grant_type=authorization_code&code={code}&code_verifier={VERIFIER}"));
        let requests: Vec<_> = (0..count).map(|_| request(code(&provider, &store))).collect();
        (store, requests)
    };
    c.bench_function("server/code_exchange/oauth_proto", |b| {
        b.iter_custom(|count| {
            rounds(count, setup, |(store, requests), at| {
                drop(black_box(token(&provider, store, &requests[usize::try_from(at).unwrap()])));
            })
        });
    });
}

/// A store of so many tokens, and requests with some of them from all over it.
fn stored(count: usize) -> (MemoryStore, Vec<Request>) {
    let (provider, store) = (provider(), store());
    let request = form("grant_type=client_credentials&scope=read%20write");
    let every = (count / 64).max(1);
    let tokens = (0..count).map(|_| bearer(&token(&provider, &store, &request))).step_by(every);
    let requests = tokens.map(|token| {
        http::Request::get("https://photos.example.com/albums")
            .header("authorization", format!("Bearer {token}"))
            .body(Vec::new())
            .unwrap()
    });
    let requests = requests.collect();
    (store, requests)
}

fn bearer_check(c: &mut Criterion) {
    let photos = ResourceServer::new("https://photos.example.com").unwrap();
    let now = Timestamp::from_os();
    for (id, count) in [
        ("server/bearer_check/oauth_proto", 1),
        ("server/bearer_check_stored/1000", 1_000),
        ("server/bearer_check_stored/1000000", 1_000_000),
    ] {
        let (store, requests) = stored(count);
        let mut next = requests.iter().cycle();
        c.bench_function(id, |b| {
            b.iter(|| serve(photos.check(black_box(next.next().unwrap()), "read", now), &store).unwrap());
        });
    }
}

criterion_group!(benches, client_credentials, code_exchange, bearer_check);
criterion_main!(benches);
