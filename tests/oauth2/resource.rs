//! A protected resource: which tokens it accepts, and its responses to other requests (RFC 6750,
//! RFC 9728, RFC 7662).

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use oauth_proto::oauth2::resource::{
    Access, Admission, NotAdmitted, RejectReason, Rejected, RemoteTokens, ResourceServer,
    ResourceServerBuilder,
};
use oauth_proto::oauth2::server::store::{ClientRecord, MemoryStore};
use oauth_proto::oauth2::server::{GrantType, Provider, serve};
use oauth_proto::oauth2::{
    AuthorizationServer, BearerChallenge, BearerError, Client, ResourceMetadata, Scope,
};
use oauth_proto::{DriveError, Error, Moment, Request, Response, Step, Timestamp};

use crate::common::with::With;

const NOW: u64 = 1_700_000_000;
const SECRET: &str = "7Fjfp0ZBr1KtDRbnfVdmIw";
const RESOURCE: &str = "https://photos.example.com/v1";

fn now() -> Timestamp {
    Timestamp::from_secs(NOW)
}

fn moment(entropy: u8) -> Moment {
    Moment::new(now(), [entropy; 32])
}

fn provider() -> Provider {
    Provider::builder("https://auth.example.com")
        .add_grant_type(GrantType::client_credentials().scopes("read write"))
        .with(|options| options.resources.push(RESOURCE.into()))
        .with(|options| options.resources.push("https://mail.example.com".into()))
        .build()
        .unwrap()
}

fn store() -> MemoryStore {
    let store = MemoryStore::default();
    store.add_client(
        ClientRecord::confidential("printer", SECRET).unwrap().grant_types(["client_credentials"]),
    );
    store.add_client(ClientRecord::confidential("photos", SECRET).unwrap().may_introspect_all());
    store
}

fn form(path: &str, body: &str) -> Request {
    http::Request::post(format!("https://auth.example.com{path}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("{body}&client_id=printer&client_secret={SECRET}").into_bytes())
        .unwrap()
}

fn issue(store: &MemoryStore, parameters: &str, entropy: u8) -> String {
    let request = form("/token", &format!("grant_type=client_credentials&{parameters}"));
    let response = serve(provider().token(&request, moment(entropy)), store).unwrap();
    let answer: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

fn get(uri: &str, token: Option<&str>) -> Request {
    let request = http::Request::get(uri);
    let request = match token {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    };
    request.body(Vec::new()).unwrap()
}

fn builder() -> ResourceServerBuilder {
    ResourceServer::builder(RESOURCE)
        .add_authorization_server("https://auth.example.com")
        .with(|options| options.scopes = Some("read write".into()))
}

fn photos() -> ResourceServer {
    builder().build().unwrap()
}

fn check(store: &MemoryStore, request: &Request, scope: &str) -> Result<Access, Rejected> {
    serve(photos().check(request, scope, now()), store).unwrap().into_result()
}

fn challenge(rejected: &Rejected) -> (u16, BearerChallenge) {
    let response = rejected.response();
    (response.status().as_u16(), BearerChallenge::of(response.headers()).expect("a challenge"))
}

#[test]
fn a_valid_token_with_the_scope_is_admitted() {
    let store = store();
    let token = issue(&store, "scope=read%20write", 1);
    let access = check(&store, &get(RESOURCE, Some(&token)), "read").unwrap();
    assert_eq!((access.user(), access.client_id()), (None, Some("printer")));
    assert_eq!(*access.scope(), Scope::from("read write"));
    check(&store, &get(RESOURCE, Some(&token)), "").unwrap();
}

#[test]
fn each_refusal_says_what_is_missing() {
    let store = store();
    let token = issue(&store, "scope=read", 1);
    let (status, none) = challenge(&check(&store, &get(RESOURCE, None), "read").unwrap_err());
    assert_eq!((status, none.error), (401, None));
    assert_eq!(none.scope, Some("read".into()));
    let metadata = "https://photos.example.com/.well-known/oauth-protected-resource/v1";
    assert_eq!(none.resource_metadata.as_deref(), Some(metadata));
    let (status, wrong) = challenge(
        &check(&store, &get(RESOURCE, Some("2YotnFZFEjr1zCsicMWpAA")), "read").unwrap_err(),
    );
    assert_eq!((status, wrong.error), (401, Some(BearerError::InvalidToken)));
    let (status, narrow) =
        challenge(&check(&store, &get(RESOURCE, Some(&token)), "read write").unwrap_err());
    assert_eq!((status, narrow.error), (403, Some(BearerError::InsufficientScope)));
    assert_eq!(narrow.scope, Some("read write".into()));
    let late = Timestamp::from_secs(NOW + 3600);
    let expired = serve(photos().check(&get(RESOURCE, Some(&token)), "read", late), &store)
        .unwrap()
        .into_result()
        .unwrap_err();
    assert_eq!(challenge(&expired).1.error, Some(BearerError::InvalidToken));
}

/// RFC 6750 §2: a request has one token, and places that can leak it need an option.
#[test]
fn tokens_are_read_only_from_the_allowed_places() {
    let store = store();
    let token = issue(&store, "scope=read", 1);
    let in_query = get(&format!("{RESOURCE}?access_token={token}"), None);
    let in_body = form("/", &format!("access_token={token}"));
    assert_eq!(check(&store, &in_query, "read").unwrap_err().response().status(), 400);
    assert_eq!(check(&store, &in_body, "read").unwrap_err().response().status(), 401);
    let lenient = builder()
        .with(|options| options.allow_token_in_body = true)
        .with(|options| options.allow_token_in_query = true)
        .build()
        .unwrap();
    serve(lenient.check(&in_query, "read", now()), &store).unwrap().into_result().unwrap();
    serve(lenient.check(&in_body, "read", now()), &store).unwrap().into_result().unwrap();
    for both in [
        get(&format!("{RESOURCE}?access_token={token}"), Some(&token)),
        get(&format!("{RESOURCE}?access_token={token}&access_token={token}"), None),
        get(&format!("{RESOURCE}?%61ccess_token={token}"), Some(&token)),
    ] {
        let (status, challenge) = challenge(
            &serve(lenient.check(&both, "read", now()), &store).unwrap().into_result().unwrap_err(),
        );
        assert_eq!((status, challenge.error), (400, Some(BearerError::InvalidRequest)));
    }
    for odd in ["Bearer", "Bearer ", "Bearer a b", "Bearer é", "bearer \"x\""] {
        let mut request = get(RESOURCE, None);
        request
            .headers_mut()
            .insert("authorization", http::HeaderValue::from_bytes(odd.as_bytes()).unwrap());
        assert_eq!(check(&store, &request, "read").unwrap_err().response().status(), 400, "{odd}");
    }
    let mut two = get(RESOURCE, Some(&token));
    two.headers_mut().append("authorization", http::HeaderValue::from_static("Basic eDp5"));
    assert_eq!(check(&store, &two, "read").unwrap_err().response().status(), 400);
    let basic = http::Request::get(RESOURCE)
        .header("authorization", "Basic eDp5")
        .body(Vec::new())
        .unwrap();
    assert_eq!(check(&store, &basic, "read").unwrap_err().response().status(), 401);
}

/// RFC 8707 §2: a token for another resource is refused.
#[test]
fn a_token_for_another_resource_is_refused() {
    let store = store();
    let ours = issue(
        &store,
        "scope=read&resource=https://photos.example.com/v1&resource=https://mail.example.com",
        1,
    );
    let theirs = issue(&store, "scope=read&resource=https://mail.example.com", 2);
    check(&store, &get(RESOURCE, Some(&ours)), "read").unwrap();
    let refused = check(&store, &get(RESOURCE, Some(&theirs)), "read").unwrap_err();
    assert_eq!(challenge(&refused).1.error, Some(BearerError::InvalidToken));
}

#[test]
fn the_published_metadata_can_be_read() {
    let photos = builder().with(|options| options.allow_token_in_body = true).build().unwrap();
    assert_eq!(photos.metadata_path(), "/.well-known/oauth-protected-resource/v1");
    let metadata: ResourceMetadata =
        serde_json::from_slice(photos.metadata_response().body()).unwrap();
    assert_eq!((metadata.resource.as_str(), metadata.authorization_servers.len()), (RESOURCE, 1));
    assert_eq!(metadata.bearer_methods_supported.unwrap(), ["header", "body"]);
}

/// Introspects tokens at the server, and counts the requests.
struct Remote {
    store: MemoryStore,
    tokens: RemoteTokens,
    asked: u32,
}

impl Remote {
    fn new() -> Self {
        let server = AuthorizationServer::from_metadata(&provider().metadata()).unwrap();
        let client = Client::new(server, "photos").secret(SECRET);
        Self { store: store(), tokens: RemoteTokens::new(client), asked: 0 }
    }

    fn check(&mut self, token: &str, scope: &str, now: u64) -> Result<Access, Rejected> {
        let at = || Moment::new(Timestamp::from_secs(now), [9; 32]);
        let mut step = photos()
            .check_remotely(&get(RESOURCE, Some(token)), scope, &self.tokens, at())
            .unwrap();
        loop {
            step = match step {
                Step::Send(request, sent) => {
                    self.asked += 1;
                    sent.receive(
                        serve(provider().introspect(&request, at()), &self.store).unwrap(),
                        at(),
                    )
                    .unwrap()
                }
                Step::Done(end) => return end.into_result(),
                step => panic!("{step:?}"),
            }
        }
    }
}

#[test]
fn the_introspection_of_a_remote_token_is_remembered_for_a_while() {
    let mut remote = Remote::new();
    let token = issue(&remote.store, "scope=read", 1);
    for _ in 0..3 {
        assert_eq!(remote.check(&token, "read", NOW).unwrap().client_id(), Some("printer"));
    }
    assert_eq!(remote.asked, 1);
    let (status, narrow) = challenge(&remote.check(&token, "write", NOW).unwrap_err());
    assert_eq!(
        (status, narrow.error, remote.asked),
        (403, Some(BearerError::InsufficientScope), 1)
    );
    remote.check(&token, "read", NOW + 60).unwrap();
    assert_eq!(remote.asked, 2);
    // The token expires before the remembered response does.
    remote.check(&token, "read", NOW + 3595).unwrap();
    remote.check(&token, "read", NOW + 3600).unwrap_err();
    assert_eq!(remote.asked, 4);
}

#[test]
fn a_remote_token_that_is_unknown_or_for_another_resource_is_refused_and_remembered_for_seconds() {
    let mut remote = Remote::new();
    for (after, asked) in [(0, 1), (4, 1), (5, 2)] {
        let rejected = remote.check("2YotnFZFEjr1zCsicMWpAA", "read", NOW + after).unwrap_err();
        assert_eq!((rejected.reason, remote.asked), (RejectReason::TokenInactive, asked));
    }
    remote.tokens =
        remote.tokens.clone().with(|options| options.refusals_remembered_for = Duration::ZERO);
    remote.check("2YotnFZFEjr1zCsicMWpAA", "read", NOW + 5).unwrap_err();
    assert_eq!(remote.asked, 3);
    let theirs = issue(&remote.store, "scope=read&resource=https://mail.example.com", 2);
    remote.check(&theirs, "read", NOW).unwrap_err();
}

#[test]
fn the_number_of_remembered_introspections_is_bounded() {
    let mut remote = Remote::new();
    remote.tokens = remote
        .tokens
        .clone()
        .with(|options| options.capacity = 2)
        .with(|options| options.remembered_for = Duration::from_secs(600));
    let tokens: Vec<_> =
        (1..=3).map(|entropy| issue(&remote.store, "scope=read", entropy)).collect();
    for (at, token) in (0..).zip(&tokens) {
        remote.check(token, "read", NOW + at).unwrap();
    }
    assert_eq!(remote.asked, 3);
    remote.check(&tokens[2], "read", NOW + 3).unwrap();
    assert_eq!(remote.asked, 3);
    remote.check(&tokens[0], "read", NOW + 3).unwrap();
    assert_eq!(remote.asked, 4);
}

#[test]
fn a_remote_token_that_was_revoked_is_forgotten_at_once() {
    let mut remote = Remote::new();
    let token = issue(&remote.store, "scope=read", 1);
    remote.check(&token, "read", NOW).unwrap();
    remote.tokens.forget(&token);
    remote.check(&token, "read", NOW).unwrap();
    assert_eq!(remote.asked, 2);
    remote.tokens.forget("another");
    remote.check(&token, "read", NOW).unwrap();
    assert_eq!(remote.asked, 2);
}

/// The introspection response may be older than the revocation, so it is not remembered.
#[test]
fn a_remote_token_can_be_forgotten_during_its_introspection() {
    let mut remote = Remote::new();
    let token = issue(&remote.store, "scope=read", 1);
    let step = photos()
        .check_remotely(&get(RESOURCE, Some(&token)), "read", &remote.tokens, moment(9))
        .unwrap();
    let Step::Send(_, sent) = step else { panic!("{step:?}") };
    remote.tokens.forget(&token);
    let answer = http::Response::builder().header("content-type", "application/json");
    let answer = answer.body(br#"{"active":true,"scope":"read"}"#.to_vec()).unwrap();
    assert!(matches!(sent.receive(answer, moment(9)).unwrap(), Step::Done(Admission::Granted(_))));
    remote.check(&token, "read", NOW).unwrap();
    assert_eq!(remote.asked, 1, "the server is asked anew");
}

const ACTIVE: &str = r#"{"active":true,"scope":"read"}"#;
const INACTIVE: &str = r#"{"active":false}"#;

/// Sends an introspection request for a token at a time. The returned function receives the
/// response, and returns whether the token is admitted.
fn question(tokens: &RemoteTokens, at: u64) -> impl FnOnce(&str, u64) -> bool {
    let moment = |at| Moment::new(Timestamp::from_secs(at), [9; 32]);
    let step =
        photos().check_remotely(&get(RESOURCE, Some("token")), "read", tokens, moment(at)).unwrap();
    let Step::Send(_, sent) = step else { panic!("{step:?}") };
    move |answer, at| {
        let answer = http::Response::builder()
            .header("content-type", "application/json")
            .body(answer.into())
            .unwrap();
        let Step::Done(end) = sent.receive(answer, moment(at)).unwrap() else {
            panic!("expected the end after one answer")
        };
        end.into_result().is_ok()
    }
}

/// Returns whether a token is admitted by the remembered response, or `None` if the server has to
/// be asked.
fn remembered(tokens: &RemoteTokens, at: u64) -> Option<bool> {
    let moment = Moment::new(Timestamp::from_secs(at), [9; 32]);
    match photos().check_remotely(&get(RESOURCE, Some("token")), "read", tokens, moment).unwrap() {
        Step::Done(end) => Some(end.into_result().is_ok()),
        _ => None,
    }
}

#[test]
fn the_answer_to_the_later_of_two_questions_about_a_token_is_remembered() {
    for refusals in [5, 0] {
        let tokens = Transport::tokens()
            .with(|options| options.refusals_remembered_for = Duration::from_secs(refusals));
        let inactive = (refusals > 0).then_some(false);
        let (older, newer) = (question(&tokens, NOW), question(&tokens, NOW));
        assert!(!newer(INACTIVE, NOW + 1));
        assert!(older(ACTIVE, NOW + 2));
        assert_eq!(remembered(&tokens, NOW + 2), inactive, "the older answer came later");
        let tokens = Transport::tokens()
            .with(|options| options.refusals_remembered_for = Duration::from_secs(refusals));
        let (older, newer) = (question(&tokens, NOW), question(&tokens, NOW));
        assert!(older(ACTIVE, NOW + 1));
        assert!(!newer(INACTIVE, NOW + 2));
        assert_eq!(remembered(&tokens, NOW + 2), inactive, "the older answer came first");
    }
    let tokens = Transport::tokens();
    let (older, newer) = (question(&tokens, NOW), question(&tokens, NOW));
    assert!(newer(ACTIVE, NOW));
    assert!(!older(INACTIVE, NOW));
    assert_eq!(remembered(&tokens, NOW), Some(true));
}

#[test]
fn a_token_that_one_clone_learns_to_be_inactive_is_inactive_for_all() {
    let tokens = Transport::tokens();
    let (first, strict) = (
        question(&tokens, NOW),
        tokens.clone().with(|options| options.remembered_for = Duration::ZERO),
    );
    assert!(first(ACTIVE, NOW));
    assert_eq!(remembered(&strict, NOW), None);
    assert!(!question(&strict, NOW + 1)(INACTIVE, NOW + 1));
    assert_eq!(remembered(&tokens, NOW + 1), Some(false));
    assert_eq!(remembered(&tokens, NOW + 6), None);
}

#[test]
fn an_answer_is_remembered_from_the_time_of_the_question() {
    let tokens = Transport::tokens();
    assert!(question(&tokens, NOW)(ACTIVE, NOW + 40));
    assert_eq!((remembered(&tokens, NOW + 59), remembered(&tokens, NOW + 60)), (Some(true), None));
    let tokens = Transport::tokens();
    assert!(question(&tokens, NOW)(ACTIVE, NOW + 70));
    assert_eq!(remembered(&tokens, NOW + 70), None);
}

#[test]
fn an_answer_from_the_future_is_not_remembered() {
    const DAY: u64 = 86_400;
    let mut remote = Remote::new();
    remote.tokens = remote.tokens.clone().with(|options| options.capacity = 1);
    assert!(question(&remote.tokens, NOW + DAY)(ACTIVE, NOW + DAY));
    assert_eq!(
        (remembered(&remote.tokens, NOW + DAY), remembered(&remote.tokens, NOW)),
        (Some(true), None)
    );
    let token = issue(&remote.store, "scope=read", 1);
    for _ in 0..3 {
        remote.check(&token, "read", NOW).unwrap();
    }
    assert_eq!(remote.asked, 1);
}

/// Returns the decision of a resource about an introspection response.
fn told(tokens: RemoteTokens, answer: &str) -> Result<Access, Rejected> {
    let moment = || Moment::new(Timestamp::from_secs(NOW), [9; 32]);
    let step =
        photos().check_remotely(&get(RESOURCE, Some("token")), "read", &tokens, moment()).unwrap();
    let Step::Send(_, sent) = step else { panic!("{step:?}") };
    let answer = http::Response::builder()
        .header("content-type", "application/json")
        .body(answer.into())
        .unwrap();
    let Step::Done(end) = sent.receive(answer, moment()).unwrap() else {
        panic!("expected the end after one answer")
    };
    end.into_result()
}

#[test]
fn an_introspection_answer_is_read_in_every_known_form_and_a_refusal_has_a_reason() {
    let tokens = || {
        let server = AuthorizationServer::from_metadata(&provider().metadata()).unwrap();
        RemoteTokens::new(Client::new(server, "photos").secret(SECRET))
    };
    let reason = |more: &str| {
        told(tokens(), &format!(r#"{{"active":true,"scope":"read"{more}}}"#))
            .map_err(|it| it.reason)
    };
    for kind in [
        "access_token",
        "Access_Token",
        "Bearer",
        "opaque",
        "urn:ietf:params:oauth:token-type:access_token",
    ] {
        reason(&format!(r#","token_type":"{kind}""#)).unwrap();
    }
    for kind in
        ["DPoP", "pop", "N_A", "refresh_token", "urn:ietf:params:oauth:token-type:refresh_token"]
    {
        let bound = reason(&format!(r#","token_type":"{kind}""#)).unwrap_err();
        assert_eq!(bound, RejectReason::TokenKind(kind.to_owned()));
    }
    let other = reason(r#","aud":["account","photos-api"]"#).unwrap_err();
    assert!(
        other.to_string().contains("photos-api") && other.to_string().contains(RESOURCE),
        "{other}"
    );
    let named = r#"{"active":true,"scope":"read","aud":["account","photos-api"]}"#;
    told(tokens().with(|options| options.audiences.push("photos-api".into())), named).unwrap();
    told(tokens().with(|options| options.audiences.push("photos".into())), named).unwrap_err();
    // The server's clock may be up to a minute ahead.
    reason(&format!(r#","nbf":{}"#, NOW + 60)).unwrap();
    let early = reason(&format!(r#","nbf":{}"#, NOW + 61)).unwrap_err();
    assert!(matches!(early, RejectReason::TokenNotYetValid { .. }), "{early}");
    let strict = format!(r#"{{"active":true,"scope":"read","nbf":{}}}"#, NOW + 1);
    told(tokens().with(|options| options.leeway = Duration::ZERO), &strict).unwrap_err();
    let late = reason(&format!(r#","exp":"{NOW}""#)).unwrap_err();
    assert!(matches!(late, RejectReason::TokenExpired { .. }), "{late}");
    assert_eq!(
        told(tokens(), r#"{"active":false}"#).unwrap_err().reason,
        RejectReason::TokenInactive
    );
}

/// The authorization server behind a transport that counts its requests.
#[derive(Clone)]
struct Transport {
    store: Arc<MemoryStore>,
    asked: Arc<AtomicU32>,
    /// The server responds after this number of requests has reached the resource.
    after: u32,
    come: Arc<AtomicU32>,
}

impl Transport {
    fn new() -> Self {
        Self { store: Arc::new(store()), asked: Arc::default(), after: 0, come: Arc::default() }
    }

    fn tokens() -> RemoteTokens {
        let server = AuthorizationServer::from_metadata(&provider().metadata()).unwrap();
        RemoteTokens::new(Client::new(server, "photos").secret(SECRET))
    }

    /// Returns the time for a request, and counts the request: it asks for the time first.
    fn moment(&self) -> Moment {
        self.come.fetch_add(1, Ordering::SeqCst);
        moment(9)
    }

    /// Waits until all requests have arrived, and then until they wait for the first one.
    fn wait(&self) {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.after > 0 {
            // The request that asks the server has asked for the time twice.
            while self.come.load(Ordering::SeqCst) <= self.after {
                std::thread::yield_now();
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn send(&self, request: &Request) -> Result<Response, std::io::Error> {
        self.wait();
        Ok(serve(provider().introspect(request, moment(9)), &*self.store).unwrap())
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Runs a function in this number of threads at the same time, and returns the results.
fn at_once<T: Send>(count: usize, one: impl Fn() -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(count);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    one()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn many_requests_with_one_token_at_the_same_time_cost_one_introspection() {
    let transport = Transport { after: 16, ..Transport::new() };
    let token = issue(&transport.store, "scope=read", 1);
    for (tokens, shown, is_good) in [
        (Transport::tokens(), &*token, true),
        (Transport::tokens(), "2YotnFZFEjr1zCsicMWpAA", false),
        // No response is remembered, but the waiting requests still get it.
        (
            Transport::tokens().with(|options| options.remembered_for = Duration::ZERO),
            &*token,
            true,
        ),
    ] {
        transport.asked.store(0, Ordering::SeqCst);
        transport.come.store(0, Ordering::SeqCst);
        let request = get(RESOURCE, Some(shown));
        let ends = at_once(16, || {
            photos().admit_with(
                &request,
                "read",
                &tokens,
                |request| transport.send(&request),
                || transport.moment(),
            )
        });
        assert_eq!(transport.asked(), 1);
        for end in ends {
            match end {
                Ok(access) => assert!(is_good && access.client_id() == Some("printer")),
                Err(not_admitted) => {
                    assert!(
                        !is_good && rejection(not_admitted).reason == RejectReason::TokenInactive
                    );
                }
            }
        }
    }
}

fn rejection(not_admitted: NotAdmitted) -> Rejected {
    let NotAdmitted::Rejected(rejected) = not_admitted else { panic!("{not_admitted}") };
    rejected
}

fn failure(not_admitted: NotAdmitted) -> DriveError {
    let NotAdmitted::Failed(error) = not_admitted else { panic!("{not_admitted}") };
    error
}

#[test]
fn requests_with_one_token_are_judged_each_for_its_own_scope_and_other_tokens_do_not_wait() {
    let transport = Transport::new();
    let tokens = Transport::tokens();
    let issued: Vec<_> =
        (1..=4).map(|entropy| issue(&transport.store, "scope=read", entropy)).collect();
    let next = AtomicU32::new(0);
    let ends = at_once(8, || {
        let number = next.fetch_add(1, Ordering::SeqCst) as usize;
        let (token, scope) = (&issued[number % 4], ["read", "write"][number / 4]);
        let request = get(RESOURCE, Some(token));
        let end = photos().admit_with(
            &request,
            scope,
            &tokens,
            |request| transport.send(&request),
            || moment(9),
        );
        (scope, end.map_err(|not_admitted| rejection(not_admitted).reason))
    });
    assert_eq!(transport.asked(), 4);
    for (scope, end) in ends {
        match end {
            Ok(_) => assert_eq!(scope, "read"),
            Err(reason) => assert_eq!((scope, reason), ("write", RejectReason::ScopeInsufficient)),
        }
    }
}

#[test]
fn every_waiting_request_gets_a_transport_error_and_the_next_request_asks_again() {
    let transport = Transport { after: 16, ..Transport::new() };
    let tokens = Transport::tokens();
    let request = get(RESOURCE, Some(&issue(&transport.store, "scope=read", 1)));
    let failing = |_: Request| -> Result<Response, std::io::Error> {
        transport.wait();
        Err(std::io::ErrorKind::TimedOut.into())
    };
    let ends = at_once(16, || {
        photos().admit_with(&request, "read", &tokens, failing, || transport.moment())
    });
    assert_eq!(transport.asked(), 1);
    for end in ends {
        let not_admitted = end.unwrap_err();
        assert_eq!(not_admitted.response().status(), 503);
        let error = failure(not_admitted);
        assert!(error.protocol().is_none() && error.to_string().contains("timed out"), "{error}");
    }
    // The waiting requests also share an error response of the server.
    transport.come.store(0, Ordering::SeqCst);
    let refusing = |_: Request| -> Result<Response, std::io::Error> {
        transport.wait();
        Ok(http::Response::builder().status(503).body(Vec::new()).unwrap())
    };
    for end in at_once(16, || {
        photos().admit_with(&request, "read", &tokens, refusing, || transport.moment())
    }) {
        assert_eq!(
            failure(end.unwrap_err()).protocol().and_then(Error::response).unwrap().status,
            503
        );
    }
    photos()
        .admit_with(&request, "read", &tokens, |request| transport.send(&request), || moment(9))
        .unwrap();
    assert_eq!(transport.asked(), 3);
}

#[test]
fn when_the_asking_request_is_cancelled_another_one_asks() {
    let transport = Transport::new();
    let (photos, tokens) = (photos(), Transport::tokens());
    let request = get(RESOURCE, Some(&issue(&transport.store, "scope=read", 1)));
    let never = |_: Request| std::future::pending::<Result<Response, std::io::Error>>();
    let answers = |request: Request| std::future::ready(transport.send(&request));
    let mut context = Context::from_waker(Waker::noop());
    let mut asking =
        Box::pin(photos.admit_async_with(&request, "read", &tokens, never, || moment(9)));
    let mut waiting =
        Box::pin(photos.admit_async_with(&request, "read", &tokens, answers, || moment(9)));
    assert!(
        asking.as_mut().poll(&mut context).is_pending()
            && waiting.as_mut().poll(&mut context).is_pending()
    );
    assert_eq!(transport.asked(), 0);
    drop(asking);
    let Poll::Ready(end) = waiting.as_mut().poll(&mut context) else {
        panic!("expected the end without a request")
    };
    end.unwrap();
    assert_eq!(transport.asked(), 1);
}

#[test]
fn a_token_that_is_forgotten_during_its_introspection_is_introspected_again() {
    let transport = Transport::new();
    let (photos, tokens) = (photos(), Transport::tokens());
    let token = issue(&transport.store, "scope=read", 1);
    let request = get(RESOURCE, Some(&token));
    let never = |_: Request| std::future::pending::<Result<Response, std::io::Error>>();
    let mut context = Context::from_waker(Waker::noop());
    let mut asking =
        Box::pin(photos.admit_async_with(&request, "read", &tokens, never, || moment(9)));
    assert!(asking.as_mut().poll(&mut context).is_pending());
    tokens.forget(&token);
    photos
        .admit_with(&request, "read", &tokens, |request| transport.send(&request), || moment(9))
        .unwrap();
    assert_eq!(transport.asked(), 1);
}

#[test]
fn a_request_without_a_token_causes_no_introspection() {
    let send = |_: Request| -> Result<Response, std::io::Error> { panic!("expected no request") };
    let end =
        photos().admit_with(&get(RESOURCE, None), "read", &Transport::tokens(), send, || moment(9));
    assert_eq!(rejection(end.unwrap_err()).reason, RejectReason::TokenMissing);
}

/// Runtimes move futures between threads, so the future has to be `Send`.
#[test]
fn the_future_of_a_check_can_be_sent() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let (photos, tokens, request) = (photos(), Transport::tokens(), get(RESOURCE, None));
    let send = |_: Request| async { Ok::<_, std::io::Error>(Response::new(Vec::new())) };
    drop(is_send(photos.admit_async_with(&request, "read", &tokens, send, || moment(9))));
}
