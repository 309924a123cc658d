//! Limits of attempts: user codes (RFC 8628 §5.1), client secrets, passwords, registrations and
//! introspections. Only the caller that makes too many attempts is refused.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use oauth_proto::oauth2::server::store::{
    AttemptPurpose, ClientRecord, Find, FindClient, FindOneTimeRecord, FindToken,
    FoundOneTimeRecord, MemoryStore, NextQuery, OptionalQuery, PendingQuery, Purge, Redeem,
    Redemption, RemoveClient, ReplaceOneTimeRecord, Revoke, Rotate, Rotation, SaveClient,
    SaveOneTimeRecord, SaveTokens, Saved, SecretHasher, Sha256Secrets, Store, TokenHash,
    TokenRecord,
};
use oauth_proto::oauth2::server::{
    Approval, Caller, Decision, Provider, RegistrationPolicy, RejectReason, Rejected, Serve,
    ServerStep, serve,
};
use oauth_proto::oauth2::{Authorize, AuthorizeDevice};
use oauth_proto::wire::form;
use oauth_proto::{Request, Response, Secret};
use oauth_proto::{Timestamp, for_each_oauth2_query};

use crate::common::oauth2_pair::{ISSUER, NOW, OAuth2Pair, SECRET, provider};
use crate::common::with::With;

/// Returns a request of a caller with a form.
fn posted(path: &str, caller: Option<&str>, pairs: &[(&str, &str)]) -> Request {
    let mut request = http::Request::post(format!("{ISSUER}{path}"))
        .header("content-type", form::MEDIA_TYPE)
        .body(form::encode(pairs.iter().copied()).into_bytes())
        .unwrap();
    if let Some(caller) = caller {
        request.extensions_mut().insert(Caller::from(caller));
    }
    request
}

fn with_secret(caller: Option<&str>, secret: &str) -> Request {
    posted(
        "/token",
        caller,
        &[
            ("grant_type", "client_credentials"),
            ("scope", "stats"),
            ("client_id", "printer"),
            ("client_secret", secret),
        ],
    )
}

fn password(caller: &str, user: &str, password: &str) -> Request {
    posted(
        "/token",
        Some(caller),
        &[
            ("grant_type", "password"),
            ("scope", "read"),
            ("username", user),
            ("password", password),
            ("client_id", "printer"),
            ("client_secret", SECRET),
        ],
    )
}

fn retry_after(response: &Response) -> u64 {
    response.headers()["retry-after"].to_str().unwrap().parse().unwrap()
}

/// Row `attempts`: an attacker guesses the secret of a client.
#[test]
fn a_caller_with_too_many_wrong_secrets_is_refused_and_other_callers_are_not() {
    let pair = OAuth2Pair::new(provider());
    for _ in 0..20 {
        assert_eq!(pair.send(with_secret(Some("203.0.113.7"), "wrong")).status(), 401);
    }
    pair.now.set(NOW + 100);
    let refused = pair.send(with_secret(Some("203.0.113.7"), SECRET));
    assert_eq!((refused.status().as_u16(), retry_after(&refused)), (429, 500));
    let body: serde_json::Value = serde_json::from_slice(refused.body()).unwrap();
    assert_eq!(body["error"], "temporarily_unavailable");
    // The client itself, which sends its requests from another address, is not locked out.
    assert_eq!(pair.send(with_secret(Some("198.51.100.1"), SECRET)).status(), 200);
    // The caller can still be another client.
    let other = posted(
        "/token",
        Some("203.0.113.7"),
        &[("grant_type", "client_credentials"), ("client_id", "other"), ("client_secret", "x")],
    );
    assert_eq!(pair.send(other).status(), 401);
    pair.now.set(NOW + 600);
    assert_eq!(pair.send(with_secret(Some("203.0.113.7"), SECRET)).status(), 200);
}

#[test]
fn attempts_of_callers_without_a_name_are_not_counted() {
    let pair = OAuth2Pair::new(provider());
    for _ in 0..50 {
        assert_eq!(pair.send(with_secret(None, "wrong")).status(), 401);
    }
    assert_eq!(pair.send(with_secret(None, SECRET)).status(), 200);
}

#[test]
fn correct_secrets_are_not_counted() {
    let pair = OAuth2Pair::new(provider());
    for _ in 0..50 {
        assert_eq!(pair.send(with_secret(Some("203.0.113.7"), SECRET)).status(), 200);
    }
}

#[test]
fn a_client_that_does_not_exist_is_counted_like_one_that_does() {
    let pair = OAuth2Pair::new(provider());
    let unknown = || {
        posted(
            "/token",
            Some("203.0.113.7"),
            &[("grant_type", "client_credentials"), ("client_id", "none"), ("client_secret", "x")],
        )
    };
    for _ in 0..20 {
        assert_eq!(pair.send(unknown()).status(), 401);
    }
    assert_eq!(pair.send(unknown()).status(), 429);
}

#[test]
fn the_two_readings_of_http_basic_count_as_one_attempt() {
    let pair = OAuth2Pair::new(provider().with(|options| options.allow_raw_basic = true));
    // The secret "a+b" has two readings.
    let basic = || {
        let mut request = posted(
            "/token",
            Some("203.0.113.7"),
            &[("grant_type", "client_credentials"), ("scope", "stats")],
        );
        let value = http::HeaderValue::from_static("Basic cHJpbnRlcjphK2I=");
        request.headers_mut().insert("authorization", value);
        request
    };
    for _ in 0..20 {
        assert_eq!(pair.send(basic()).status(), 401);
    }
    assert_eq!(pair.send(basic()).status(), 429);
}

/// Row `attempts`: an attacker guesses a password.
#[test]
fn wrong_passwords_are_counted_for_each_caller_and_user_in_any_spelling() {
    let pair = OAuth2Pair::new(provider());
    for user in ["jane", "Jane", " JANE ", "jane", "jAne", "jane", "jane", "jane", "jane", "jane"] {
        assert_eq!(pair.send(password("203.0.113.7", user, "guess")).status(), 400);
    }
    assert_eq!(pair.send(password("203.0.113.7", "jane", "A3ddj3w")).status(), 429);
    assert_eq!(pair.send(password("203.0.113.7", "john", "A3ddj3w")).status(), 200);
    assert_eq!(pair.send(password("198.51.100.1", "jane", "A3ddj3w")).status(), 200);
}

/// Row `attempts`: a client tries tokens at the introspection endpoint.
#[test]
fn introspections_of_unknown_tokens_are_limited_and_those_of_known_ones_are_not_counted() {
    let pair = OAuth2Pair::new(provider().with(|options| options.introspection_attempts = 3));
    let introspect = |token: &str| {
        pair.send(posted(
            "/introspect",
            Some("203.0.113.7"),
            &[("token", token), ("client_id", "printer"), ("client_secret", SECRET)],
        ))
    };
    let issued = pair.send(with_secret(None, SECRET));
    let issued: serde_json::Value = serde_json::from_slice(issued.body()).unwrap();
    let known = issued["access_token"].as_str().unwrap();
    for _ in 0..9 {
        assert_eq!(introspect(known).status(), 200);
    }
    for _ in 0..3 {
        assert_eq!(introspect("unknown").body(), br#"{"active":false}"#);
    }
    assert_eq!(introspect("unknown").status(), 429);
    assert_eq!(introspect(known).status(), 429);
    // A resource server introspects the wrong tokens that its callers send. They must not stop it.
    let api = ClientRecord::confidential("api", SECRET).unwrap().may_introspect_all();
    pair.store.add_client(api);
    let as_api = |token: &str| {
        let own = [("token", token), ("client_id", "api"), ("client_secret", SECRET)];
        pair.send(posted("/introspect", Some("203.0.113.7"), &own)).status()
    };
    for _ in 0..9 {
        assert_eq!(as_api("unknown"), 200);
    }
    assert_eq!(as_api(known), 200);
}

/// Row `attempts`: a flood of registrations.
#[test]
fn registrations_are_counted_before_they_are_judged() {
    let pair = OAuth2Pair::new(provider().with(|options| {
        options.registration = RegistrationPolicy::AllowAnyone;
        options.registration_attempts = 2;
    }));
    let register = |body: &str| {
        let mut request = http::Request::post(format!("{ISSUER}/register"))
            .body(body.as_bytes().to_vec())
            .unwrap();
        request.extensions_mut().insert(Caller::from("203.0.113.7"));
        pair.send(request)
    };
    let good = r#"{"redirect_uris": ["https://client.example.com/cb"]}"#;
    assert_eq!(register("no JSON").status(), 400);
    assert_eq!(register(good).status(), 201);
    let refused = register(good);
    assert_eq!((refused.status().as_u16(), retry_after(&refused)), (429, 600));
}

fn find_device(pair: &OAuth2Pair, code: &str, caller: &str) -> Result<(), Rejected> {
    let step = pair.provider.find_device(code, caller, pair.moment().now);
    serve(step, &pair.store).map(|_| ())
}

/// Row `attempts`: an attacker who is signed in tries user codes. A device of the attacker has a
/// correct code.
#[test]
fn user_codes_are_limited_by_default_and_a_correct_code_does_not_reset_the_count() {
    let pair = OAuth2Pair::new(provider());
    let client = oauth_proto::oauth2::Client::new(pair.server(), "app");
    let device =
        pair.run(client.authorize_device(AuthorizeDevice::scope("read"), pair.moment())).unwrap();
    for _ in 0..4 {
        let refused = find_device(&pair, "BCDF-GHJK", "mallory").unwrap_err();
        assert_eq!(refused.reason, RejectReason::UserCode);
    }
    find_device(&pair, &device.user_code, "mallory").unwrap();
    let refused = find_device(&pair, &device.user_code, "mallory").unwrap_err();
    let (now, until) = (Timestamp::from_secs(NOW), Timestamp::from_secs(NOW + 600));
    let purpose = AttemptPurpose::UserCode;
    assert_eq!(refused.reason, RejectReason::TooManyAttempts { purpose, until, now });
    let response = refused.response();
    assert_eq!((response.status().as_u16(), retry_after(&response)), (429, 600));
    find_device(&pair, &device.user_code, "jane").unwrap();
}

/// A store that has only the queries without a default.
struct Plain(MemoryStore);

macro_rules! plain {
    // A query with a default is left out.
    (@ $method:ident: $Query:ident -> $Output:ty, $($default:ident),*) => {};
    (@ $method:ident: $Query:ident -> $Output:ty) => {
        fn $method(&self, query: &$Query) -> Result<$Output, Infallible> {
            self.0.$method(query)
        }
    };
    ($($method:ident: $Query:ident -> $Output:ty $(, $default:ident, $other:ident)?;)*) => {
        $(plain! { @ $method: $Query -> $Output $(, $default, $other)? })*
    };
}

impl Store for Plain {
    type Error = Infallible;

    for_each_oauth2_query! { plain! {} }
}

/// Row `attempts`: a store without counts does not switch the limits off.
#[test]
fn a_store_that_cannot_count_is_named_by_build_and_its_requests_are_refused_with_503() {
    let store = Plain(MemoryStore::default());
    let check = |provider: oauth_proto::oauth2::server::ProviderBuilder| {
        provider.check_store(|query| store.supports(query)).build()
    };
    let problem = check(provider()).unwrap_err().to_string();
    assert!(problem.contains("the store does not support the query CountAttempt"), "{problem}");
    assert!(problem.contains("dangerous_allow_unlimited_attempts"), "{problem}");
    let unlimited =
        check(provider().with(|options| options.dangerous_allow_unlimited_attempts = true));
    let limited: Provider = provider().build().unwrap();

    let now = Timestamp::from_secs(NOW);
    let status = |provider: &Provider| {
        let step = provider.find_device("BCDF-GHJK", "jane", now);
        serve(step, &store).unwrap_err().response().status().as_u16()
    };
    assert_eq!((status(&limited), status(&unlimited.unwrap())), (503, 400));
    let moment = oauth_proto::Moment::new(now, [7; 32]);
    let step = limited.token(&with_secret(Some("203.0.113.7"), SECRET), moment);
    let refused = serve(step, &store).unwrap_err();
    assert_eq!(refused.response().status(), 503);
    assert!(refused.to_string().contains("implement `count_attempt`"), "{refused}");
    // A plain store still answers `Find`, without counts.
    assert!(store.find(&Find::client("printer")).unwrap().attempts.unwrap().is_empty());
    assert!(OptionalQuery::ALL.into_iter().all(|query| !store.supports(query)));
}

/// Row `attempts`: requests at the same time all find the count before them.
#[test]
fn a_failed_attempt_above_the_limit_is_refused_for_that() {
    let pair = OAuth2Pair::new(provider().with(|options| options.client_secret_attempts = 2));
    let wrong = with_secret(Some("203.0.113.7"), "wrong");
    // All requests ask `Find` before the first of them continues.
    let steps: Vec<_> = (0..4)
        .map(|_| {
            let ServerStep::Query(NextQuery::Find(pending)) =
                pair.provider.token(&wrong, pair.moment())
            else {
                panic!("expected the query Find")
            };
            let found = pair.store.find(pending.query()).unwrap();
            (pending, found)
        })
        .collect();
    let status = |(pending, found): (PendingQuery<Find, ServerStep<Response>>, _)| {
        serve(pending.answer(found), &pair.store).unwrap_err().response().status().as_u16()
    };
    assert_eq!(steps.into_iter().map(status).collect::<Vec<_>>(), [401, 401, 429, 429]);
}

#[test]
fn a_limit_of_none_refuses_every_attempt_and_a_window_of_no_second_is_refused_by_build() {
    let pair = OAuth2Pair::new(provider().with(|options| {
        options.client_secret_attempts = 0;
        options.user_code_attempts = 0;
    }));
    assert_eq!(pair.send(with_secret(Some("203.0.113.7"), SECRET)).status(), 429);
    let refused = find_device(&pair, "BCDF-GHJK", "jane").unwrap_err();
    assert!(matches!(refused.reason, RejectReason::TooManyAttempts { .. }), "{refused}");
    let short = provider().with(|options| options.attempt_window = Duration::from_millis(900));
    let problem = short.build().unwrap_err().to_string();
    assert!(problem.contains("`ProviderBuilder::attempt_window`"), "{problem}");
}

/// Row `attempts`: a client id with two readings is one client.
#[test]
fn both_readings_of_a_client_id_in_http_basic_are_counted() {
    let pair = OAuth2Pair::new(provider().with(|options| {
        options.allow_raw_basic = true;
        options.client_secret_attempts = 3;
    }));
    let in_body = || {
        let pairs = [
            ("grant_type", "client_credentials"),
            ("client_id", "a+b"),
            ("client_secret", "guess"),
        ];
        pair.send(posted("/token", Some("203.0.113.7"), &pairs)).status().as_u16()
    };
    let by_basic = || {
        let pairs = [("grant_type", "client_credentials")];
        let mut request = posted("/token", Some("203.0.113.7"), &pairs);
        // The client id "a+b" and the secret "guess".
        let value = http::HeaderValue::from_static("Basic YStiOmd1ZXNz");
        request.headers_mut().insert("authorization", value);
        pair.send(request).status().as_u16()
    };
    assert_eq!((by_basic(), by_basic(), in_body()), (401, 401, 401));
    assert_eq!((in_body(), by_basic()), (429, 429));
}

#[test]
fn a_refusal_of_the_application_is_not_a_wrong_password() {
    let pair = OAuth2Pair::new(provider());
    let status = |decision: Decision| {
        let step =
            pair.provider.dispatch(&password("203.0.113.7", "jane", "A3ddj3w"), pair.moment());
        let end = Serve::new(&pair.store)
            .decide_grant(|_| Ok::<_, Infallible>(decision.clone()))
            .run(step);
        match end {
            Ok(_) => 200,
            Err(rejected) => rejected.response().status().as_u16(),
        }
    };
    let refused = Decision::Refused {
        code: "mfa_required".to_owned(),
        description: "enter the code of your device".to_owned(),
    };
    for _ in 0..12 {
        assert_eq!(status(refused.clone()), 400);
    }
    assert_eq!(status(Decision::Granted(Approval::new("jane"))), 200);
}

#[test]
fn a_registration_above_the_limit_hashes_no_secret() {
    #[derive(Debug)]
    struct Counted(Arc<AtomicUsize>);

    impl SecretHasher for Counted {
        fn hash(&self, secret: &Secret, salt: [u8; 16]) -> String {
            self.0.fetch_add(1, Ordering::Relaxed);
            Sha256Secrets.hash(secret, salt)
        }

        fn verify(&self, secret: &Secret, hash: &str) -> bool {
            Sha256Secrets.verify(secret, hash)
        }
    }

    let hashed = Arc::new(AtomicUsize::new(0));
    let options = provider().secret_hasher(Counted(hashed.clone())).with(|options| {
        options.registration = RegistrationPolicy::AllowAnyone;
        options.registration_attempts = 2;
    });
    let pair = OAuth2Pair::new(options);
    let before = hashed.load(Ordering::Relaxed);
    for expected in [201, 201, 429, 429] {
        let mut request = http::Request::post(format!("{ISSUER}/register"))
            .body(br#"{"redirect_uris": ["https://client.example.com/cb"]}"#.to_vec())
            .unwrap();
        request.extensions_mut().insert(Caller::from("203.0.113.7"));
        assert_eq!(pair.send(request).status(), expected);
    }
    assert_eq!(hashed.load(Ordering::Relaxed) - before, 2);
}

/// A store whose own clients were removed has none of their records, also if it takes records of
/// clients in another store.
#[test]
fn a_removed_client_of_a_store_with_clients_elsewhere_leaves_no_tokens() {
    let store = MemoryStore::default().with_clients_elsewhere();
    let mut client = ClientRecord::confidential("stats", SECRET).unwrap();
    let registration = TokenHash::of("registration");
    client.registration = Some(registration);
    store.add_client(client.grant_types(["client_credentials"]));
    let provider = provider().build().unwrap();
    let pairs = [
        ("grant_type", "client_credentials"),
        ("client_id", "stats"),
        ("client_secret", SECRET),
        ("scope", "stats"),
    ];
    let moment = oauth_proto::Moment::new(Timestamp::from_secs(NOW), [7; 32]);
    let response = serve(provider.token(&posted("/token", None, &pairs), moment), &store).unwrap();
    let answer: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    let token = FindToken::new(TokenHash::of(answer["access_token"].as_str().unwrap()));
    assert!(store.find_token(&token).unwrap().is_some());
    assert!(store.remove_client(&RemoveClient::new("stats", registration)).unwrap());
    assert!(store.find_token(&token).unwrap().is_none());
}

#[test]
fn the_window_begins_with_the_first_attempt() {
    let pair = OAuth2Pair::new(provider().with(|options| {
        options.client_secret_attempts = 2;
        options.attempt_window = Duration::from_secs(60);
    }));
    let wrong = || pair.send(with_secret(Some("203.0.113.7"), "wrong")).status().as_u16();
    assert_eq!(wrong(), 401);
    pair.now.set(NOW + 59);
    assert_eq!((wrong(), wrong()), (401, 429));
    pair.now.set(NOW + 60);
    assert_eq!((wrong(), wrong(), wrong()), (401, 401, 429));
}

/// Row `purge`: a purge must not remove what recognizes a replay.
#[test]
fn a_purge_keeps_used_codes_and_replaced_refresh_tokens_so_replays_still_revoke_the_grant() {
    let pair = OAuth2Pair::new(provider());
    let client = pair.client();
    let purge = || {
        let query = Purge::new(1_000, pair.moment().now);
        assert!(pair.store.purge(&query).unwrap().unwrap().is_complete);
    };
    let authorization =
        pair.run(client.authorize(Authorize::scope("read"), pair.moment())).unwrap();
    let consent = pair.consent(&authorization.url);
    let approved = pair.provider.approve(consent, Approval::new("jane"), pair.moment());
    let response = serve(approved, &pair.store).unwrap();
    let callback = response.headers()["location"].to_str().unwrap().to_owned();
    let (_, code) = callback.split_once("code=").unwrap();
    let code = code.split('&').next().unwrap();
    pair.run(client.redeem(authorization.pending, &callback, pair.moment())).unwrap();
    purge();
    let replay = posted(
        "/token",
        None,
        &[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", "printer"),
            ("client_secret", SECRET),
        ],
    );
    let reason = |request: &Request| {
        serve(pair.provider.token(request, pair.moment()), &pair.store).unwrap_err().reason
    };
    assert_eq!(reason(&replay), RejectReason::CodeReplayed);

    let first = pair.sign_in(&client, Authorize::scope("read")).unwrap();
    let refresh = first.refresh_token.unwrap();
    let renew = posted(
        "/token",
        None,
        &[
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.expose()),
            ("client_id", "printer"),
            ("client_secret", SECRET),
        ],
    );
    serve(pair.provider.token(&renew, pair.moment()), &pair.store).unwrap();
    // The grace time is over, in which the client can ask again.
    pair.now.set(NOW + 3600);
    purge();
    assert_eq!(reason(&renew), RejectReason::RefreshTokenReplayed);
}

/// Row `purge`: everything that has expired is removed.
#[test]
fn a_purge_removes_all_expired_records_in_batches() {
    let pair = OAuth2Pair::new(provider());
    let client = pair.client();
    for _ in 0..20 {
        pair.sign_in(&client, Authorize::scope("read")).unwrap();
    }
    pair.send(with_secret(Some("203.0.113.7"), "wrong"));
    let before = pair.store.len();
    assert!(before >= 60, "{before}");
    pair.now.set(NOW + 100 * 365 * 86_400);
    let mut batches = 0;
    loop {
        let purged = pair.store.purge(&Purge::new(7, pair.moment().now)).unwrap().unwrap();
        assert!(purged.removed <= 7);
        batches += 1;
        if purged.is_complete {
            break;
        }
    }
    assert!(batches >= before / 7, "{batches}");
    assert!(pair.store.is_empty(), "{}", pair.store.len());
}
