//! The time of an authorization server for each request, with a store in a steady state, compared
//! with `oxide-auth` in the same run.
#![allow(missing_docs)]
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock: it is what it is for")]

#[path = "../tests/common/with.rs"]
mod with;

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use oauth_proto::oauth2::resource::ResourceServer;
use oauth_proto::oauth2::server::store::{ClientRecord, MemoryStore};
use oauth_proto::oauth2::server::{Approval, Dispatched, GrantType, Provider, serve};
use oauth_proto::{Moment, Request, Response, Timestamp};
use oxide_auth::endpoint::{OwnerConsent, Solicitation};
use oxide_auth::frontends::simple::endpoint::{FnSolicitor, client_credentials_flow};
use oxide_auth::frontends::simple::request::{Request as TheirRequest, Response as TheirResponse};
use oxide_auth::primitives::generator::RandomGenerator;
use oxide_auth::primitives::issuer::TokenMap;
use oxide_auth::primitives::registrar::{
    Client, ClientMap, PasswordPolicy, RegisteredUrl, RegistrarError,
};
use sha2::{Digest, Sha256};

use with::With;

const ISSUER: &str = "https://auth.example.com";
const ID: &str = "s6BhdRkqt3";
const SECRET: &str = "7Fjfp0ZBr1KtDRbnfVdmIw";
const REDIRECT: &str = "https://client.example.com/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// The number of requests to a store of `oxide-auth`, before it is replaced. Its stores only grow.
const ROUND: u64 = 10_000;

/// The number of valid tokens in the steady state, and their lifetime in seconds. The clock
/// advances by a second for each request.
const LIVING: u64 = 10_000;

/// The batch size of requests with an unmeasured setup. The batches are small enough for the cache.
const FEW: BatchSize = BatchSize::NumIterations(16);

/// A server whose store can be in a steady state, in which as many tokens expire as are issued.
struct Server {
    provider: Provider,
    store: MemoryStore,
    now: AtomicU64,
}

impl Server {
    fn new() -> Self {
        let lifetime = Duration::from_secs(LIVING);
        let provider = Provider::builder(ISSUER)
            .add_grant_type(
                GrantType::authorization_code()
                    .scopes("read write")
                    .with(|options| options.expires_in = lifetime),
            )
            .add_grant_type(
                GrantType::client_credentials()
                    .scopes("read write")
                    .with(|options| options.expires_in = lifetime),
            )
            .add_grant_type(
                GrantType::refresh_token().with(|options| options.expires_in = lifetime),
            )
            .build()
            .unwrap();
        let store = MemoryStore::default();
        let client = ClientRecord::confidential(ID, SECRET)
            .unwrap()
            .add_redirect_uri(REDIRECT)
            .add_grant_type("client_credentials");
        store.add_client(client.may_introspect_all());
        Self { provider, store, now: AtomicU64::new(1_700_000_000) }
    }

    /// Returns a server in the steady state.
    fn busy() -> Self {
        let server = Self::new();
        let request = form("/token", CREDENTIALS);
        (0..3 * LIVING).for_each(|_| drop(server.answer(&request)));
        server
    }

    /// Returns a moment, one second after the last, with randomness from the operating system, as
    /// in every real server.
    fn moment(&self) -> Moment {
        let now = self.now.fetch_add(1, Ordering::Relaxed);
        Moment::new(Timestamp::from_secs(now), Moment::from_os().entropy)
    }

    /// Handles a request as in the README.
    fn answer(&self, request: &Request) -> Response {
        match serve(self.provider.dispatch(request, self.moment()), &self.store) {
            Ok(Dispatched::Respond(response)) => response,
            Ok(_) => unreachable!("these requests need no user"),
            Err(rejected) => rejected.response(),
        }
    }

    /// Returns a code from the callback URL.
    fn code(&self) -> String {
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let url = format!(
            "{ISSUER}/authorize?response_type=code&client_id={ID}&scope=read\
             &code_challenge={challenge}&code_challenge_method=S256"
        );
        let request = http::Request::get(url).body(Vec::new()).unwrap();
        let Ok(Dispatched::Consent(consent)) =
            serve(self.provider.dispatch(&request, self.moment()), &self.store)
        else {
            unreachable!("the request is a good one")
        };
        let response = serve(
            self.provider.approve(consent, Approval::new("jane"), self.moment()),
            &self.store,
        )
        .unwrap();
        let location = url::Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
        location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
    }

    fn exchange(&self) -> Request {
        form(
            "/token",
            &format!("grant_type=authorization_code&code={}&code_verifier={VERIFIER}", self.code()),
        )
    }

    fn tokens(&self) -> serde_json::Value {
        serde_json::from_slice(self.answer(&self.exchange()).body()).unwrap()
    }

    fn access_token(&self) -> String {
        member(
            &serde_json::from_slice(self.answer(&form("/token", CREDENTIALS)).body()).unwrap(),
            "access_token",
        )
    }
}

const CREDENTIALS: &str = "grant_type=client_credentials&scope=read%20write";

fn member(answer: &serde_json::Value, name: &str) -> String {
    answer[name].as_str().unwrap().to_owned()
}

fn form(path: &str, body: &str) -> Request {
    with_secret(path, body, SECRET)
}

fn with_secret(path: &str, body: &str, secret: &str) -> Request {
    http::Request::post(format!("{ISSUER}{path}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header(
            "authorization",
            format!("Basic {}", BASE64_STANDARD.encode(format!("{ID}:{secret}"))),
        )
        .body(body.as_bytes().to_vec())
        .unwrap()
}

/// SHA-256 for the generated secrets of `oxide-auth`. Its default, Argon2, is for passwords.
struct Sha256Policy;

impl PasswordPolicy for Sha256Policy {
    fn store(&self, _: &str, passphrase: &[u8]) -> Vec<u8> {
        Sha256::digest(passphrase).to_vec()
    }

    fn check(&self, _: &str, passphrase: &[u8], stored: &[u8]) -> Result<(), RegistrarError> {
        if Sha256::digest(passphrase)[..] == *stored {
            Ok(())
        } else {
            Err(RegistrarError::Unspecified)
        }
    }
}

fn their_registrar() -> ClientMap {
    let mut registrar = ClientMap::new();
    registrar.set_password_policy(Sha256Policy);
    let redirect = RegisteredUrl::Semantic(REDIRECT.parse().unwrap());
    registrar.register_client(Client::confidential(
        ID,
        redirect,
        "read write".parse().unwrap(),
        SECRET.as_bytes(),
    ));
    registrar
}

/// Handles the same request by `oxide-auth`, as its frontends for web servers do.
fn theirs(
    registrar: &ClientMap,
    issuer: &mut TokenMap<RandomGenerator>,
    request: &Request,
) -> TheirResponse {
    let urlbody: HashMap<_, _> = url::form_urlencoded::parse(request.body()).into_owned().collect();
    let auth = request.headers()["authorization"].to_str().ok().map(str::to_owned);
    let request = TheirRequest { query: HashMap::new(), urlbody, auth };
    let mut solicitor = FnSolicitor(|_: &mut TheirRequest, grant: Solicitation<'_>| {
        OwnerConsent::Authorized(grant.pre_grant().client_id.clone())
    });
    client_credentials_flow(registrar, issuer, &mut solicitor).execute(request).unwrap()
}

/// Measures requests to `oxide-auth` in rounds with a new store each. Making and dropping the store
/// is not measured.
fn rounds<S>(
    count: u64,
    mut setup: impl FnMut() -> S,
    mut request: impl FnMut(&mut S),
) -> Duration {
    let mut measured = Duration::ZERO;
    let mut left = count;
    while left > 0 {
        let round = left.min(ROUND);
        let mut store = setup();
        let begin = Instant::now();
        (0..round).for_each(|_| request(&mut store));
        measured += begin.elapsed();
        left -= round;
    }
    measured
}

fn client_credentials(c: &mut Criterion) {
    let mut group = c.benchmark_group("server/client_credentials");
    let request = form("/token", CREDENTIALS);
    let server = Server::busy();
    group.bench_function("oauth_proto", |b| b.iter(|| server.answer(black_box(&request))));
    group.bench_function("oauth_proto_two_threads", |b| {
        b.iter_custom(|count| {
            let begin = Instant::now();
            std::thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        (0..count.div_ceil(2))
                            .for_each(|_| drop(server.answer(black_box(&request))));
                    });
                }
            });
            begin.elapsed()
        });
    });
    let refused = with_secret("/token", CREDENTIALS, "wrong");
    group.bench_function("oauth_proto_wrong_secret", |b| {
        b.iter(|| server.answer(black_box(&refused)));
    });
    let registrar = their_registrar();
    group.bench_function("oxide_auth", |b| {
        b.iter_custom(|count| {
            let setup = || TokenMap::new(RandomGenerator::new(32));
            rounds(count, setup, |issuer| {
                drop(black_box(theirs(&registrar, issuer, black_box(&request))));
            })
        });
    });
    group.finish();
}

/// Measures the other requests of a server. The setup of each request is not measured.
fn others(c: &mut Criterion) {
    let server = Server::busy();
    let mut bench = |name, setup: &dyn Fn() -> Request| {
        c.bench_function(name, |b| {
            b.iter_batched(setup, |request| (server.answer(&request), request), FEW);
        });
    };
    bench("server/code_exchange/oauth_proto", &|| server.exchange());
    bench("server/refresh/oauth_proto", &|| {
        let token = member(&server.tokens(), "refresh_token");
        form("/token", &format!("grant_type=refresh_token&refresh_token={token}"))
    });
    bench("server/introspect/oauth_proto", &|| {
        form("/introspect", &format!("token={}", server.access_token()))
    });
    bench("server/revoke/oauth_proto", &|| {
        form("/revoke", &format!("token={}", member(&server.tokens(), "refresh_token")))
    });
}

fn bearer(token: &str) -> Request {
    let request = http::Request::get("https://photos.example.com/albums");
    request.header("authorization", format!("Bearer {token}")).body(Vec::new()).unwrap()
}

/// Checks a single token, which is in the cache, and random tokens of stores with a thousand and a
/// million, which may not be in the cache.
fn bearer_check(c: &mut Criterion) {
    let photos = ResourceServer::builder("https://photos.example.com").build().unwrap();
    for (id, count) in [
        ("server/bearer_check/oauth_proto", 1),
        ("server/bearer_check_any_of/1000", 1_000),
        ("server/bearer_check_any_of/1000000", 1_000_000),
    ] {
        let server = Server::new();
        let now = Timestamp::from_secs(1_700_000_000);
        server.now.store(now.as_secs(), Ordering::Relaxed);
        let tokens: Vec<_> = (0..count)
            .map(|_| {
                server.now.store(now.as_secs(), Ordering::Relaxed);
                server.access_token()
            })
            .collect();
        let mut state = 1_u64;
        let mut any = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            bearer(&tokens[usize::try_from(state >> 33).unwrap() % tokens.len()])
        };
        c.bench_function(id, |b| {
            b.iter_batched(
                &mut any,
                |request| {
                    (
                        serve(photos.check(&request, "read", now), &server.store)
                            .unwrap()
                            .into_result()
                            .unwrap(),
                        request,
                    )
                },
                FEW,
            );
        });
    }
}

/// Prints the times of single requests to a store in which half a million tokens expire at the same
/// time.
fn latency(_: &mut Criterion) {
    let server = Server::new();
    let request = form("/token", CREDENTIALS);
    let mut times: Vec<_> = (0..1_200_000_u64)
        .map(|at| {
            // The clock advances by the lifetime of the tokens after each half million requests.
            server.now.store(1_700_000_000 + at / 500_000 * LIVING, Ordering::Relaxed);
            let begin = Instant::now();
            drop(black_box(server.answer(&request)));
            begin.elapsed()
        })
        .collect();
    times.sort_unstable();
    let at = |per_mille: usize| times[times.len() * per_mille / 1_000 - 1];
    println!(
        "server/latency: median {:?}, 99 % {:?}, 99.9 % {:?}, longest {:?}, the machine's \
         interruptions included",
        at(500),
        at(990),
        at(999),
        at(1_000)
    );
}

criterion_group!(benches, client_credentials, others, bearer_check, latency);
criterion_main!(benches);
