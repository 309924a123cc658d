//! Authentication of clients at an authorization server, and the cost of refused clients.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::common::oauth2_pair::{ISSUER, NOW, SECRET, provider};
use base64::prelude::{BASE64_STANDARD, Engine};
use http::request::Parts;
use oauth_proto::oauth2::server::store::{ClientRecord, MemoryStore, NextQuery, Store};
use oauth_proto::oauth2::server::store::{ClientSecret, SecretHasher, Sha256Secrets};
use oauth_proto::oauth2::server::{
    ClientSource, GrantType, IdentifiedClient, ProviderBuilder, RejectReason, Rejected, ServerStep,
    serve,
};
use oauth_proto::{Moment, Request, Response, Secret, Timestamp, Unsupported};

use crate::common::with::With;

const NAME: &str = "client & co.";
const AWKWARD: &str = "100% s=cret+/:é, and long enough";

fn form(authorization: Option<&str>, form: &str) -> Request {
    let mut request = http::Request::post(format!("{ISSUER}/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.as_bytes().to_vec())
        .unwrap();
    if let Some(value) = authorization {
        request.headers_mut().insert("authorization", value.parse().unwrap());
    }
    request
}

fn basic(pair: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(pair))
}

fn encoded(name: &str, secret: &str) -> String {
    let encode =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    basic(&format!("{}:{}", encode(name), encode(secret)))
}

fn raw(name: &str, secret: &str) -> String {
    basic(&format!("{name}:{secret}"))
}

fn at(now: u64) -> Moment {
    Moment::new(Timestamp::from_secs(now), [7; 32])
}

fn asks(
    builder: &ProviderBuilder,
    store: &impl Store,
    authorization: &str,
) -> Result<Response, Rejected> {
    let provider = builder.clone().build().unwrap();
    let request = form(Some(authorization), "grant_type=client_credentials&scope=stats");
    serve(provider.token(&request, at(NOW)), store)
}

fn machine(name: &str, secret: &str) -> ClientRecord {
    ClientRecord::confidential(name, secret).unwrap().grant_types(["client_credentials"])
}

#[test]
fn one_server_accepts_clients_that_encode_basic_and_clients_that_do_not() {
    let store = MemoryStore::default();
    let secrets = [
        AWKWARD,
        "plain-and-long-enough-1234",
        "+/=+/=+/=+/=+/=+/=+/=+/=",
        "%41%41%41%41%41%41%41%41",
    ];
    for (at, secret) in secrets.iter().enumerate() {
        store.add_client(machine(&format!("{NAME} {at}"), secret));
    }
    let (strict, lenient) = (provider(), provider().with(|options| options.allow_raw_basic = true));
    for (at, secret) in secrets.iter().enumerate() {
        let name = format!("{NAME} {at}");
        asks(&strict, &store, &encoded(&name, secret)).unwrap();
        asks(&lenient, &store, &encoded(&name, secret)).unwrap();
        asks(&lenient, &store, &raw(&name, secret)).unwrap();
        if !secret.contains(['%', '+']) {
            continue;
        }
        let reason = asks(&strict, &store, &raw(&name, secret)).map(drop).unwrap_err().reason;
        assert!(
            matches!(
                reason,
                RejectReason::UnknownClient(_)
                    | RejectReason::WrongSecret(_)
                    | RejectReason::NotAuthenticated
            ),
            "{reason}"
        );
    }
    // A server that accepts raw credentials reads credentials that are not UTF-8 as ISO 8859-1.
    let latin: Vec<u8> =
        format!("{NAME} 0:{AWKWARD}").chars().map(|letter| u8::try_from(letter).unwrap()).collect();
    let latin = format!("Basic {}", BASE64_STANDARD.encode(latin));
    asks(&lenient, &store, &latin).unwrap();
    assert_eq!(
        asks(&strict, &store, &latin).map(drop).unwrap_err().reason,
        RejectReason::NotAuthenticated
    );
    // A wrong secret is refused in the raw and in the encoded form.
    for wrong in [
        raw(&format!("{NAME} 0"), "wrong"),
        encoded(&format!("{NAME} 0"), "wrong"),
        raw("nobody+", AWKWARD),
    ] {
        let rejected = asks(&lenient, &store, &wrong).unwrap_err();
        assert_eq!(
            (rejected.reason.code(), rejected.response().status().as_u16()),
            ("invalid_client", 401)
        );
    }
}

/// The encoded client id of the second client is the client id of the first.
#[test]
fn a_name_that_can_be_read_in_two_ways_is_the_client_whose_secret_it_is() {
    let store = MemoryStore::default();
    store.add_client(machine("a+b", SECRET));
    store.add_client(machine("a b", "b8K0dP4rQ7eF1gL6xN9yWz"));
    let server = provider().with(|options| options.allow_raw_basic = true);
    let client = |authorization: &str| {
        let response = asks(&server, &store, authorization).unwrap();
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        let key = oauth_proto::oauth2::server::store::TokenHash::of(
            body["access_token"].as_str().unwrap(),
        );
        let record = store
            .find_token(&oauth_proto::oauth2::server::store::FindToken::new(key))
            .unwrap()
            .unwrap();
        record.grant.client_id.clone()
    };
    assert_eq!(client(&raw("a+b", SECRET)), "a+b");
    assert_eq!(client(&raw("a b", "b8K0dP4rQ7eF1gL6xN9yWz")), "a b");
    assert_eq!(client(&encoded("a+b", SECRET)), "a+b");
    assert_eq!(client(&encoded("a b", "b8K0dP4rQ7eF1gL6xN9yWz")), "a b");
    // The `client_id` in the body decides which client it is.
    let provider = server.build().unwrap();
    let named = |name: &str, authorization: String| {
        let body = format!("grant_type=client_credentials&scope=stats&client_id={name}");
        serve(provider.token(&form(Some(&authorization), &body), at(NOW)), &store)
            .map_err(|rejected| rejected.reason)
    };
    named("a%2Bb", raw("a+b", SECRET)).unwrap();
    assert_eq!(
        named("a+b", raw("a+b", SECRET)).unwrap_err(),
        RejectReason::WrongSecret("a b".into())
    );
    assert_eq!(named("c", raw("a+b", SECRET)).unwrap_err(), RejectReason::TwoAuthentications);
}

/// RFC 6749 §2.3.1: a client may omit an empty secret, or send it.
#[test]
fn basic_with_only_a_name_is_a_client_without_a_secret() {
    let store = MemoryStore::default();
    store.add_client(ClientRecord::public("app"));
    store.add_client(machine("printer", SECRET));
    let provider = provider().build().unwrap();
    let refresh = |authorization: &str| {
        let body = "grant_type=refresh_token&refresh_token=unknown";
        serve(provider.token(&form(Some(authorization), body), at(NOW)), &store).unwrap_err().reason
    };
    assert_eq!(refresh(&basic("app:")), RejectReason::RefreshTokenUnknown);
    assert_eq!(refresh(&basic("printer:")), RejectReason::WrongSecret("printer".into()));
    assert_eq!(refresh(&basic("app:x")), RejectReason::WrongSecret("app".into()));
    assert_eq!(refresh(&basic("app")), RejectReason::NotAuthenticated);
}

/// A hasher that counts how often a secret is verified.
#[derive(Clone, Debug, Default)]
struct Counting(Arc<AtomicU32>);

impl SecretHasher for Counting {
    fn hash(&self, secret: &Secret, salt: [u8; 16]) -> String {
        Sha256Secrets.hash(secret, salt)
    }
    fn verify(&self, secret: &Secret, hash: &str) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed);
        Sha256Secrets.verify(secret, hash)
    }
    fn stand_in(&self) -> String {
        Sha256Secrets.stand_in()
    }
}

/// Row `secret-wrong`: a refused client costs two hashes for each possible secret, and one query
/// for each possible client id.
#[test]
fn a_refused_client_costs_the_same_whether_it_is_known_or_not() {
    let store = MemoryStore::default();
    store.add_client(machine("one", SECRET));
    let rotated = machine("two", SECRET)
        .replace_secret(ClientSecret::new(AWKWARD).unwrap(), Timestamp::from_secs(NOW + 9));
    store.add_client(rotated);
    store.add_client(ClientRecord::public("app"));
    store.add_client(ClientRecord::authenticated_by("jwt", "private_key_jwt"));
    let counting = Counting::default();
    let server = provider()
        .with(|options| options.allow_raw_basic = true)
        .secret_hasher(counting.clone())
        .build()
        .unwrap();
    let cost = |authorization: &str| {
        let before = counting.0.load(Ordering::Relaxed);
        let request = form(Some(authorization), "grant_type=client_credentials&scope=stats");
        let (mut step, mut clients) = (server.token(&request, at(NOW)), 0);
        let refused = loop {
            step = match step {
                ServerStep::Query(NextQuery::Find(pending)) => {
                    let query = pending.query();
                    clients += 1 + usize::from(query.other_client.is_some());
                    let found = store.find(query).unwrap();
                    pending.answer(found)
                }
                ServerStep::Query(_) | ServerStep::Done(_) => break false,
                ServerStep::Reject(_) => break true,
            };
        };
        assert!(refused, "{authorization}");
        (counting.0.load(Ordering::Relaxed) - before, clients)
    };
    for name in ["one", "two", "app", "jwt", "nobody"] {
        assert_eq!(cost(&raw(name, "wrong")), (2, 1), "{name}");
        // Both readings have the same client id, but other secrets.
        assert_eq!(cost(&raw(name, "wrong+wrong")), (4, 1), "{name}");
    }
    for name in ["one+", "nobody+", "%6Fne", "%6Eobody"] {
        assert_eq!(cost(&raw(name, "wrong+wrong")), (4, 2), "{name}");
    }
}

#[test]
fn a_client_has_two_secrets_during_a_change_of_secrets() {
    let (store, server) = (MemoryStore::default(), provider().build().unwrap());
    let third = "Hq3nY1mJX0cC8sZ2vT5wUa";
    let ask = |secret: &str, now: u64| {
        let request =
            form(Some(&raw("printer", secret)), "grant_type=client_credentials&scope=stats");
        serve(server.token(&request, at(now)), &store).map(drop).map_err(|rejected| rejected.reason)
    };
    let until = |seconds: u64| Timestamp::from_secs(NOW + seconds);
    let record =
        machine("printer", SECRET).replace_secret(ClientSecret::new(AWKWARD).unwrap(), until(100));
    store.add_client(serde_json::from_str(&serde_json::to_string(&record).unwrap()).unwrap());
    let awkward = AWKWARD.replace('%', "%25").replace('+', "%2B");
    ask(SECRET, NOW + 99).unwrap();
    ask(&awkward, NOW + 99).unwrap();
    assert_eq!(ask(SECRET, NOW + 100), Err(RejectReason::SecretExpired("printer".into())));
    ask(&awkward, NOW + 100).unwrap();
    assert_eq!(ask("wrong", NOW), Err(RejectReason::WrongSecret("printer".into())));
    // The new secret may expire, too. A third secret replaces the oldest one.
    let new = ClientSecret::new(third).unwrap().expires_at(until(300));
    store.add_client(record.clone().replace_secret(new, until(200)));
    assert_eq!(ask(SECRET, NOW), Err(RejectReason::WrongSecret("printer".into())));
    ask(&awkward, NOW + 199).unwrap();
    assert_eq!(ask(&awkward, NOW + 200), Err(RejectReason::SecretExpired("printer".into())));
    ask(third, NOW + 299).unwrap();
    assert_eq!(ask(third, NOW + 300), Err(RejectReason::SecretExpired("printer".into())));
    // A secret that expires before the end of the transition keeps its earlier end.
    let ends = ClientRecord::with_secret(
        "printer",
        ClientSecret::new(SECRET).unwrap().expires_at(until(10)),
    );
    let ends = ends.replace_secret(ClientSecret::new(third).unwrap(), until(100));
    assert_eq!(ends.previous_secret.unwrap().expires_at, Some(until(10)));
    assert!(!format!("{record:?}").contains("sha256"), "{record:?}");
}

#[test]
fn a_short_secret_is_refused_unless_the_dangerous_function_is_used() {
    let error = ClientRecord::confidential("printer", "7Fjfp0ZBr1KtDRbnfVdmI").unwrap_err();
    assert_eq!(error, Unsupported::ShortSecret { length: 21, least: 22 }.into());
    ClientRecord::confidential("printer", "").unwrap_err();
    let short = ClientRecord::with_secret("printer", ClientSecret::dangerous_short("s"));
    let store = MemoryStore::default();
    store.add_client(short.grant_types(["client_credentials"]));
    asks(&provider(), &store, &raw("printer", "s")).unwrap();
    asks(&provider(), &store, &raw("printer", "t")).unwrap_err();

    /// Stands for a slow hasher, for secrets that users choose.
    #[derive(Debug)]
    struct Slow;
    impl SecretHasher for Slow {
        fn hash(&self, secret: &Secret, _: [u8; 16]) -> String {
            secret.expose().into()
        }
        fn verify(&self, secret: &Secret, hash: &str) -> bool {
            secret.expose() == hash
        }
        fn shortest(&self) -> usize {
            8
        }
    }
    ClientSecret::with_hasher(&Slow, "8 chars.", &at(NOW)).unwrap();
    ClientSecret::with_hasher(&Slow, "7 chars", &at(NOW)).unwrap_err();
}

/// The secret of the stand-in for a custom hasher is public, because it is in the source of this
/// crate.
#[test]
fn the_secret_of_the_stand_in_is_refused() {
    let store = MemoryStore::default();
    store.add_client(
        ClientRecord::authenticated_by("jwt", "private_key_jwt")
            .grant_types(["client_credentials"]),
    );
    store.add_client(ClientRecord::public("app"));
    #[derive(Debug)]
    struct Own;
    impl SecretHasher for Own {
        fn hash(&self, secret: &Secret, salt: [u8; 16]) -> String {
            Sha256Secrets.hash(secret, salt)
        }
        fn verify(&self, secret: &Secret, hash: &str) -> bool {
            Sha256Secrets.verify(secret, hash)
        }
    }
    for name in ["jwt", "app", "nobody"] {
        let authorization = raw(name, "no client has this secret");
        let rejected = asks(&provider().secret_hasher(Own), &store, &authorization).unwrap_err();
        assert_eq!(rejected.reason.code(), "invalid_client");
    }
    // For the default hasher, no secret of the stand-in is known.
    assert!(!Sha256Secrets.verify(&"no client has this secret".into(), &Sha256Secrets.stand_in()));
    assert_eq!(Sha256Secrets.stand_in().len(), Sha256Secrets.hash(&"x".into(), [0; 16]).len());
}

/// Row `secret-wrong`: with the application's own authentication, an unknown client costs as much
/// as a known one.
#[test]
fn an_unknown_client_is_checked_against_a_stand_in_and_refused() {
    #[derive(Debug, Default)]
    struct Keys(Arc<AtomicU32>);
    impl ClientSource for Keys {
        fn find(&self, request: &Parts, parameters: &[(&str, &str)]) -> Option<IdentifiedClient> {
            let key = request.headers.get("x-key")?.to_str().ok()?.to_owned();
            let (_, client_id) = parameters.iter().find(|(name, _)| *name == "client_id")?;
            let checked = self.0.clone();
            Some(IdentifiedClient::new(*client_id, move |record| {
                checked.fetch_add(1, Ordering::Relaxed);
                record.metadata.extra.get("key").is_some_and(|own| *own == *key)
            }))
        }
        fn stand_in(&self) -> ClientRecord {
            let mut record = ClientRecord::authenticated_by("", "key");
            record.metadata.extra.insert("key".into(), "of nobody".into());
            record
        }
    }
    let (store, keys) = (MemoryStore::default(), Keys::default());
    let checked = keys.0.clone();
    let mut record =
        ClientRecord::authenticated_by("printer", "key").grant_types(["client_credentials"]);
    record.metadata.extra.insert("key".into(), "right".into());
    store.add_client(record);
    let server = provider().client_source(keys).build().unwrap();
    let ask = |name: &str, key: &str| {
        let mut request =
            form(None, &format!("grant_type=client_credentials&scope=stats&client_id={name}"));
        request.headers_mut().insert("x-key", key.parse().unwrap());
        serve(server.token(&request, at(NOW)), &store).map(drop).map_err(|rejected| rejected.reason)
    };
    ask("printer", "right").unwrap();
    assert_eq!(ask("printer", "wrong"), Err(RejectReason::WrongSecret("printer".into())));
    assert_eq!(ask("nobody", "wrong"), Err(RejectReason::UnknownClient("nobody".into())));
    assert_eq!(checked.load(Ordering::Relaxed), 3);
    assert_eq!(ask("nobody", "of nobody"), Err(RejectReason::UnknownClient("nobody".into())));
    // RFC 6749 §2.3: a client must not authenticate in two ways.
    let mut both = form(
        Some(&raw("printer", "wrong")),
        "grant_type=client_credentials&scope=stats&client_id=printer",
    );
    both.headers_mut().insert("x-key", "right".parse().unwrap());
    assert_eq!(
        serve(server.token(&both, at(NOW)), &store).unwrap_err().reason,
        RejectReason::TwoAuthentications
    );
}

/// By default, client credentials give no refresh token.
#[test]
fn refresh_tokens_are_issued_for_the_grant_types_that_the_operator_names() {
    let store = MemoryStore::default();
    store.add_client(
        ClientRecord::confidential("printer", SECRET)
            .unwrap()
            .grant_types(["client_credentials", "refresh_token"]),
    );
    store.add_client(machine("bare", SECRET));
    let brings = |builder: &ProviderBuilder, name: &str| {
        let response = asks(builder, &store, &raw(name, SECRET)).unwrap();
        serde_json::from_slice::<serde_json::Value>(response.body())
            .unwrap()
            .get("refresh_token")
            .is_some()
    };
    assert!(!brings(&provider(), "printer"));
    let with = provider().add_grant_type(
        GrantType::client_credentials()
            .scopes("stats")
            .with(|options| options.with_refresh_token = true),
    );
    assert!(brings(&with, "printer"));
    // A client without the grant type `refresh_token` gets none.
    assert!(!brings(&with, "bare"));
    let without = with.add_grant_type(
        GrantType::client_credentials()
            .scopes("stats")
            .with(|options| options.with_refresh_token = false),
    );
    assert!(!brings(&without, "printer"));
}

/// The length of credentials is limited only by the length of a header.
#[test]
fn a_long_secret_fits_in_basic() {
    let store = MemoryStore::default();
    for length in [22, 100, 180, 183, 184, 185, 300, 2000] {
        let secret = "s".repeat(length);
        store.add_client(machine("printer", &secret));
        asks(&provider(), &store, &raw("printer", &secret)).unwrap();
        asks(&provider(), &store, &raw("printer", &secret[1..])).unwrap_err();
    }
}

#[test]
fn the_debug_output_of_an_identified_client_shows_its_client_id() {
    let claim = IdentifiedClient::new("printer", |_| true);
    assert_eq!(format!("{claim:?}"), r#"IdentifiedClient { client_id: "printer", .. }"#);
}
