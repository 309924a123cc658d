//! Shared sessions: how they store tokens, who finishes a renewal, and what happens when a renewal
//! fails.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::common::oauth2::*;
use oauth_proto::oauth2::RequestError;
use oauth_proto::oauth2::{
    ConditionalWrite, Grant, Lease, LeaseOutcome, NextAction, Renewal, Session, SharedSession,
    SharedSessionBuilder, StoredToken, Token, WriteOutcome,
};
use oauth_proto::{DriveError, Error, Request, Response, Timestamp, Unsupported};

/// Returns a token that expires after this number of seconds.
fn ends_in(seconds: u64) -> Token {
    let mut token = token();
    token.expires_at = Some(Timestamp::from_secs(NOW + seconds));
    token
}

fn answer(token: &str) -> Response {
    json(
        &ANSWER
            .replace("2YotnFZFEjr1zCsicMWpAA", token)
            .replace("tGzv3JOkF0XG5Qx2TlKWIA", &format!("{token}-refresh")),
    )
}

/// A token endpoint whose response the test sets, and an API that returns the token of the request.
#[derive(Clone)]
struct Server {
    answer: Arc<Mutex<Result<Response, &'static str>>>,
    renewals: Arc<AtomicUsize>,
}

impl Server {
    fn new(answer: Result<Response, &'static str>) -> Self {
        Self { answer: Arc::new(Mutex::new(answer)), renewals: Arc::default() }
    }

    fn answers(&self, answer: Result<Response, &'static str>) {
        *self.answer.lock().unwrap() = answer;
    }

    fn send(&self, request: &Request) -> Result<Response, &'static str> {
        if request.uri().path() == "/token" {
            self.renewals.fetch_add(1, Ordering::SeqCst);
            return self.answer.lock().unwrap().clone();
        }
        Ok(response(200, &[], bearer(request).unwrap_or_default()))
    }

    /// Calls the API at a time, and returns the token with which it was called.
    fn call(&self, shared: &SharedSession, time: u64) -> Result<String, DriveError> {
        set_clock(time);
        let called = shared.fetch(get(API), |request| self.send(&request))?;
        Ok(String::from_utf8(called.into_body()).unwrap())
    }

    fn renewals(&self) -> usize {
        self.renewals.load(Ordering::SeqCst)
    }
}

/// A row of a database that several sessions share.
#[derive(Clone, Default)]
struct Row {
    stored: Arc<Mutex<Option<StoredToken>>>,
    lease: Arc<Mutex<Option<Lease>>>,
    time: Arc<AtomicU64>,
}

impl Row {
    fn with(token: Token) -> Self {
        let row = Self::default();
        *row.stored.lock().unwrap() = Some(StoredToken::new(token));
        row
    }

    fn token(&self) -> Option<Token> {
        self.stored.lock().unwrap().as_ref()?.token.clone()
    }

    fn builder(&self, session: Session) -> SharedSessionBuilder {
        let (load, store) = (self.stored.clone(), self.stored.clone());
        let store = move |write: ConditionalWrite| {
            let mut stored = store.lock().unwrap();
            if stored.as_ref().map(|stored| &stored.version) != write.expected.as_ref() {
                return Ok::<_, Infallible>(WriteOutcome::Conflict);
            }
            *stored = Some(write.stored);
            Ok(WriteOutcome::Stored)
        };
        SharedSession::builder_with(session, clock)
            .load(move || ready(Ok::<_, Infallible>(load.lock().unwrap().clone())))
            .store_if_unchanged(move |write| ready(store(write)))
    }

    fn share(&self) -> SharedSession {
        self.builder(Session::new(&client(), API, None).unwrap()).build().unwrap()
    }

    /// Shares a session with a lease of ten seconds. Waiting for the lease advances the clock.
    fn share_with_lease(&self) -> SharedSession {
        let (lease, release, time) = (self.lease.clone(), self.lease.clone(), self.time.clone());
        let lease = move |wanted: Lease| {
            let mut held = lease.lock().unwrap();
            if held.as_ref().is_some_and(|held| held.expires_at > wanted.now) {
                return Ok::<_, Infallible>(LeaseOutcome::HeldByAnother);
            }
            *held = Some(wanted);
            Ok(LeaseOutcome::Acquired)
        };
        let mut builder = self
            .builder(Session::new(&client(), API, None).unwrap())
            .lease(move |wanted| ready(lease(wanted)))
            .release(move |lease: Lease| {
                release.lock().unwrap().take_if(|held| held.holder == lease.holder);
                ready(Ok::<_, Infallible>(()))
            })
            .sleep(move |_| {
                set_clock(time.fetch_add(1, Ordering::SeqCst) + 1);
                ready(())
            });
        builder.lease_duration = Duration::from_secs(10);
        builder.build().unwrap()
    }
}

#[test]
fn a_failed_early_renewal_leaves_the_valid_token_in_use() {
    let server = Server::new(Err("connection refused"));
    for failure in
        [Err("connection refused"), Ok(response(503, &[], "")), Ok(refusal("invalid_client"))]
    {
        server.answers(failure);
        let shared = SharedSession::builder_with(session(ends_in(5)), clock).build().unwrap();
        assert_eq!(server.call(&shared, NOW).unwrap(), "2YotnFZFEjr1zCsicMWpAA");
        let before = server.renewals();
        assert_eq!(server.call(&shared, NOW + 4).unwrap(), "2YotnFZFEjr1zCsicMWpAA");
        assert_eq!(server.renewals(), before, "it is not tried again at once");
        server.call(&shared, NOW + 5).unwrap_err();
    }
}

#[test]
fn a_failed_early_renewal_is_tried_again_after_a_pause_or_retry_after() {
    for (retry_after, pause) in [(None, 10), (Some("25"), 25)] {
        let headers: Vec<_> =
            retry_after.map(|seconds| ("retry-after", seconds)).into_iter().collect();
        let server = Server::new(Ok(response(503, &headers, "")));
        let shared = SharedSession::builder_with(
            session(ends_in(60)).with(|session| session.leeway = Duration::from_secs(60)),
            clock,
        )
        .build()
        .unwrap();
        for (time, renewals) in [(0, 1), (pause - 1, 1), (pause, 2)] {
            assert_eq!(server.call(&shared, NOW + time).unwrap(), "2YotnFZFEjr1zCsicMWpAA");
            assert_eq!(server.renewals(), renewals, "{retry_after:?} {time}");
        }
    }
}

#[test]
fn a_server_that_has_ended_the_grant_is_not_asked_again_until_there_is_another_token() {
    let server = Server::new(Ok(refusal("invalid_grant")));
    let shared = SharedSession::builder_with(session(ends_in(0)), clock).build().unwrap();
    for _ in 0..3 {
        assert!(server.call(&shared, NOW).unwrap_err().needs_sign_in());
    }
    assert_eq!(server.renewals(), 1);
    shared.set_token(Token::bearer("granted again"));
    assert_eq!(server.call(&shared, NOW).unwrap(), "granted again");
}

#[test]
fn a_token_that_another_process_renewed_is_used_and_not_renewed() {
    let (server, row) = (Server::new(Ok(answer("renewed"))), Row::with(ends_in(0)));
    let (first, second) = (row.share(), row.share());
    assert_eq!(server.call(&first, NOW).unwrap(), "renewed");
    assert_eq!(server.call(&second, NOW).unwrap(), "renewed");
    assert_eq!(server.renewals(), 1);
    assert_eq!(row.token().unwrap().access_token.expose(), "renewed");
}

#[test]
fn a_user_who_signs_in_again_elsewhere_is_noticed_at_the_next_renewal_or_refusal() {
    let (server, row) = (Server::new(Ok(answer("renewed"))), Row::with(ends_in(0)));
    let shared = row.share();
    server.call(&shared, NOW).unwrap();
    *row.stored.lock().unwrap() = Some(StoredToken::new(Token::bearer("granted again")));
    let send = |request: Request| {
        let is_new = bearer(&request) == Some("granted again");
        Ok::<_, Infallible>(response(
            if is_new { 200 } else { 401 },
            &[("www-authenticate", "Bearer")],
            "",
        ))
    };
    assert_eq!(shared.fetch(get(API), send).unwrap().status(), 200);
    assert_eq!(server.renewals(), 1);
}

/// The token of the session has no refresh token, but the storage has a newer token.
#[test]
fn a_token_without_a_refresh_token_is_replaced_by_a_stored_one() {
    let row = Row::with(Token::bearer("old"));
    let shared = row.share();
    let send = |request: Request| {
        let is_new = bearer(&request) == Some("new");
        Ok::<_, Infallible>(response(
            if is_new { 200 } else { 401 },
            &[("www-authenticate", "Bearer")],
            "",
        ))
    };
    assert_eq!(shared.fetch(get(API), send).unwrap().status(), 401, "the API has the last word");
    *row.stored.lock().unwrap() = Some(StoredToken::new(Token::bearer("new")));
    assert_eq!(shared.fetch(get(API), send).unwrap().status(), 200);
}

#[test]
fn the_end_of_a_grant_is_stored_for_other_processes() {
    let (server, row) = (Server::new(Ok(refusal("invalid_grant"))), Row::with(ends_in(0)));
    let (first, second) = (row.share(), row.share());
    assert!(server.call(&first, NOW).unwrap_err().needs_sign_in());
    let error = server.call(&second, NOW).unwrap_err();
    assert!(error.needs_sign_in() && error.to_string().contains("sign in again"), "{error}");
    assert_eq!((server.renewals(), row.token()), (1, None));
    *row.stored.lock().unwrap() = Some(StoredToken::new(Token::bearer("granted again")));
    assert_eq!(server.call(&second, NOW).unwrap(), "granted again");
    assert_eq!(server.call(&first, NOW).unwrap(), "granted again");
}

/// Row `renewal-in-two-processes`: without a lease, two processes may renew at once. The process
/// whose refresh is refused uses the token of the other process.
#[test]
fn a_second_process_uses_the_token_of_the_first() {
    let row = Row::with(ends_in(0));
    let (shared, stored) = (row.share(), row.stored.clone());
    let send = |request: Request| {
        if request.uri().path() != "/token" {
            return Ok::<_, Infallible>(response(200, &[], bearer(&request).unwrap()));
        }
        *stored.lock().unwrap() = Some(StoredToken::new(ends_in(3600)));
        Ok(refusal("invalid_grant"))
    };
    let called = shared.fetch(get(API), send).unwrap();
    assert_eq!(called.body(), b"2YotnFZFEjr1zCsicMWpAA");
    assert!(row.token().is_some());
}

#[test]
fn a_user_who_signs_in_during_a_renewal_keeps_the_new_grant() {
    let row = Row::with(ends_in(0));
    let (shared, stored) = (row.share(), row.stored.clone());
    let send = |request: Request| {
        if request.uri().path() != "/token" {
            return Ok::<_, Infallible>(response(200, &[], bearer(&request).unwrap()));
        }
        *stored.lock().unwrap() = Some(StoredToken::new(Token::bearer("granted again")));
        Ok(answer("renewed"))
    };
    assert_eq!(shared.fetch(get(API), send).unwrap().body(), b"granted again");
    assert_eq!(row.token().unwrap().access_token.expose(), "granted again");
}

#[test]
fn a_user_who_has_signed_out_is_not_signed_in_by_a_renewal() {
    let (server, row) = (Server::new(Ok(answer("renewed"))), Row::with(ends_in(0)));
    let shared = row.share();
    server.call(&shared, NOW).unwrap();
    *row.stored.lock().unwrap() = None;
    let error = server.call(&shared, NOW + 3600).unwrap_err();
    assert!(error.needs_sign_in(), "{error}");
    assert_eq!((server.renewals(), row.token()), (1, None));
}

#[test]
fn a_client_that_gets_its_own_tokens_stores_the_first_one() {
    let (server, row) = (Server::new(Ok(answer("supplied"))), Row::default());
    let supplied = || {
        let session = Session::new(&client(), API, None).unwrap();
        session.with(|session| session.grant = Some(Grant::client_credentials()))
    };
    let (first, second) =
        (row.builder(supplied()).build().unwrap(), row.builder(supplied()).build().unwrap());
    assert_eq!(server.call(&first, NOW).unwrap(), "supplied");
    assert_eq!(server.call(&second, NOW).unwrap(), "supplied");
    assert_eq!(server.renewals(), 1);
}

#[test]
fn a_caller_waits_for_the_end_of_a_lease_and_gives_its_own_back() {
    let (server, row) = (Server::new(Ok(answer("renewed"))), Row::with(ends_in(0)));
    row.time.store(NOW, Ordering::SeqCst);
    let shared = row.share_with_lease();
    let call = |shared: &SharedSession| {
        set_clock(row.time.load(Ordering::SeqCst));
        shared.fetch(get(API), |request| server.send(&request))
    };
    // The process that has the lease has died.
    let other = r#"{"holder":"another","now":0,"expires_at":1700000010}"#;
    *row.lease.lock().unwrap() = Some(serde_json::from_str(other).unwrap());
    assert_eq!(call(&shared).unwrap().body(), b"renewed");
    assert_eq!(row.time.load(Ordering::SeqCst), NOW + 10);
    assert_eq!(*row.lease.lock().unwrap(), None);

    // If the lease does not expire, the call returns an error.
    let forever = r#"{"holder":"another","now":0,"expires_at":99999999999}"#;
    *row.lease.lock().unwrap() = Some(serde_json::from_str(forever).unwrap());
    row.time.store(NOW + 4000, Ordering::SeqCst);
    let error = call(&shared).unwrap_err();
    assert!(error.is_temporary() && error.to_string().contains("take the lease"), "{error}");
    assert_eq!(server.renewals(), 1);
}

/// While another process renews the token, a token that is still valid is used.
#[test]
fn no_caller_waits_for_the_lease_while_the_token_is_valid() {
    let (server, row) = (Server::new(Ok(answer("renewed"))), Row::with(ends_in(60)));
    let shared = row.share_with_lease();
    assert_eq!(server.call(&shared, NOW).unwrap(), "2YotnFZFEjr1zCsicMWpAA");
    let other = r#"{"holder":"another","now":0,"expires_at":1700000100}"#;
    *row.lease.lock().unwrap() = Some(serde_json::from_str(other).unwrap());
    assert_eq!(server.call(&shared, NOW + 55).unwrap(), "2YotnFZFEjr1zCsicMWpAA");
    assert_eq!(
        (row.time.load(Ordering::SeqCst), server.renewals()),
        (0, 0),
        "it neither slept nor renewed"
    );
    *row.stored.lock().unwrap() = Some(StoredToken::new(ends_in(4000)));
    assert_eq!(server.call(&shared, NOW + 60).unwrap(), "2YotnFZFEjr1zCsicMWpAA");
    assert_eq!(server.renewals(), 0);
}

#[test]
fn a_store_that_contradicts_itself_is_an_error_and_the_renewed_token_is_kept() {
    let stored = Arc::new(Mutex::new(WriteOutcome::Conflict));
    let answer_of_store = stored.clone();
    let (server, row) = (Server::new(Ok(answer("renewed"))), StoredToken::new(ends_in(0)));
    let shared = SharedSession::builder_with(session(ends_in(0)), clock)
        .load(move || ready(Ok::<_, Infallible>(Some(row.clone()))))
        .store_if_unchanged(move |_| ready(Ok::<_, Infallible>(*answer_of_store.lock().unwrap())))
        .build()
        .unwrap();
    let error = server.call(&shared, NOW).unwrap_err();
    assert!(error.to_string().contains("at every attempt"), "{error}");
    *stored.lock().unwrap() = WriteOutcome::Stored;
    assert_eq!(server.call(&shared, NOW).unwrap(), "renewed");
    assert_eq!(server.renewals(), 1);
}

#[test]
fn a_failed_renewal_gives_the_lease_back() {
    let (server, row) = (Server::new(Err("connection refused")), Row::with(ends_in(0)));
    server.call(&row.share_with_lease(), NOW).unwrap_err();
    assert_eq!(*row.lease.lock().unwrap(), None);
}

#[test]
fn renewals_of_many_processes_are_spread_over_a_tenth_of_the_lifetime() {
    let server = Server::new(Ok(answer("renewed")));
    let renews_at = |entropy: u8| {
        let row = Row::with(ends_in(1000));
        let shared = row.share();
        set_entropy(entropy);
        (0..1000)
            .find(|time| {
                set_clock(NOW + time);
                let send = |request: Request| server.send(&request);
                shared.fetch(get(API), send).unwrap().body() == b"renewed"
            })
            .unwrap()
    };
    let times: Vec<u64> = (0..16).map(renews_at).collect();
    assert!(times.iter().all(|time| (890..=990).contains(time)), "{times:?}");
    let mut different = times.clone();
    different.sort_unstable();
    different.dedup();
    assert!(different.len() > 8, "{times:?}");
}

#[test]
fn functions_that_exclude_each_other_are_refused_by_name() {
    let session = || session(token());
    let load = || ready(Ok::<_, Infallible>(None));
    let error = SharedSession::builder_with(session(), clock).load(load).build().unwrap_err();
    assert!(error.to_string().contains("`load` needs `store_if_unchanged`"), "{error}");
    let lease = |_| ready(Ok::<_, Infallible>(LeaseOutcome::Acquired));
    let error = SharedSession::builder_with(session(), clock).lease(lease).build().unwrap_err();
    assert!(
        matches!(
            error,
            Error::Unsupported(Unsupported::OAuth2(RequestError::StorageIncomplete {
                given: "lease",
                ..
            }))
        ),
        "{error}"
    );
    let save = |_| ready(Ok::<_, Infallible>(()));
    let error = Row::default().builder(session()).save(save).build().unwrap_err();
    assert!(error.to_string().contains("`save` cannot be used together with"), "{error}");
    let error = SharedSession::builder_with(
        session().with(|session| session.return_renewals = true),
        clock,
    )
    .save(save)
    .build()
    .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`Session::return_renewals` cannot be used together with `save`"),
        "{error}"
    );
    let stored = |_| ready(Ok::<_, Infallible>(WriteOutcome::Stored));
    let builder =
        SharedSession::builder_with(session(), clock).load(load).store_if_unchanged(stored);
    let error = builder.lease(lease).build().unwrap_err();
    assert!(error.to_string().contains("`lease` needs `sleep`"), "{error}");
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// A runtime that keeps the renewals until the test runs them.
#[derive(Clone, Default)]
struct Runtime(Arc<Mutex<Vec<Renewal>>>);

impl Runtime {
    fn share(&self, server: &Server, token: Token) -> SharedSession {
        let (renewals, server) = (self.0.clone(), server.clone());
        let send = move |request: Request| {
            let answer = server.send(&request);
            async move { answer }
        };
        SharedSession::builder_with(session(token), clock)
            .spawn_renewals(send, move |renewal| renewals.lock().unwrap().push(renewal))
            .build()
            .unwrap()
    }
}

/// Row `renewal-abandoned`: the caller is dropped, and a runtime finishes the renewal.
#[test]
fn a_renewal_whose_caller_is_dropped_is_finished_and_the_next_caller_gets_its_result() {
    let (server, runtime) = (Server::new(Ok(answer("renewed"))), Runtime::default());
    let shared = runtime.share(&server, ends_in(0));
    let send = |request: Request| ready(server.send(&request));
    {
        let mut dropped = pin!(shared.fetch_async(get(API), send));
        assert!(poll(dropped.as_mut()).is_pending());
    }
    let renewal = runtime.0.lock().unwrap().pop().expect("it was given to the runtime");
    let mut waiting = pin!(shared.fetch_async(get(API), send));
    assert!(poll(waiting.as_mut()).is_pending(), "it waits for the one renewal");
    std::thread::spawn(move || renewal.finish()).join().unwrap();
    let Poll::Ready(Ok(called)) = poll(waiting.as_mut()) else { panic!("the token is there") };
    assert_eq!((called.body().as_slice(), server.renewals()), (&b"renewed"[..], 1));
}

#[test]
fn every_waiting_caller_gets_the_error_of_a_spawned_renewal() {
    let (server, runtime) = (Server::new(Err("connection refused")), Runtime::default());
    let shared = runtime.share(&server, ends_in(0));
    let send = |request: Request| ready(server.send(&request));
    let mut waiting = [(); 3].map(|()| Box::pin(shared.fetch_async(get(API), send)));
    assert!(waiting.iter_mut().all(|one| poll(one.as_mut()).is_pending()));
    let renewal = runtime.0.lock().unwrap().pop().unwrap();
    renewal.finish();
    for one in &mut waiting {
        let Poll::Ready(Err(error)) = poll(one.as_mut()) else { panic!("the renewal has failed") };
        assert!(
            error.to_string().starts_with("renewing the token at https://auth.example.com/token"),
            "{error}"
        );
    }
    assert_eq!(server.renewals(), 1);
}

#[test]
fn a_runtime_that_drops_a_renewal_leaves_no_caller_waiting() {
    let server = Server::new(Ok(answer("renewed")));
    let own = server.clone();
    let send = move |request: Request| ready(own.send(&request));
    let shared = SharedSession::builder_with(session(ends_in(0)), clock).spawn_renewals(send, drop);
    let shared = shared.build().unwrap();
    let mut fetch = pin!(shared.fetch_async(get(API), |request| ready(server.send(&request))));
    assert!(poll(fetch.as_mut()).is_ready());
}

/// RFC 8707 §2.2.
#[test]
fn the_resource_of_a_session_is_sent_with_every_renewal() {
    let mut session = session(ends_in(0));
    session.resources.push("https://photos.example.com/".into());
    session.resources.push("https://mail.example.com/".into());
    let (request, _) = sent(session.renew(moment()).unwrap());
    let resources: Vec<_> =
        pairs(request.body()).into_iter().filter(|(name, _)| name == "resource").collect();
    assert_eq!(resources.len(), 2, "{resources:?}");
    assert_eq!(resources[0].1, "https://photos.example.com/");
}

#[test]
fn an_api_may_refuse_a_token_in_its_own_words() {
    let session = session(token()).token_refused_when(|response| {
        let says_expired = |body: &[u8]| body.starts_with(b"{\"error\":\"expired\"");
        response.status == 403 || response.body.is_some_and(says_expired)
    });
    let sent_token = session.attach_token(&mut get(API), now()).unwrap();
    let verdict = session.check_response(sent_token, &response(403, &[], ""), moment()).unwrap();
    assert!(matches!(verdict, NextAction::Renew(..)), "{verdict:?}");
    let sent_token = session.attach_token(&mut get(API), now()).unwrap();
    assert!(matches!(
        session.check_response(sent_token, &response(404, &[], ""), moment()).unwrap(),
        NextAction::Done
    ));

    let shared = SharedSession::builder_with(session, clock).build().unwrap();
    let send = |request: Request| {
        Ok::<_, Infallible>(match (request.uri().path(), bearer(&request)) {
            ("/token", _) => answer("renewed"),
            (_, Some("renewed")) => response(200, &[], "albums"),
            _ => json(r#"{"error":"expired"}"#),
        })
    };
    assert_eq!(shared.fetch(get(API), send).unwrap().body(), b"albums");
}

#[test]
fn every_waiting_caller_gets_the_error_of_the_renewal_of_a_loaded_token() {
    let (row, answered) = (Row::with(ends_in(0)), AtomicUsize::new(0));
    let shared = row.share();
    let send = |request: Request| {
        assert_eq!(request.uri().path(), "/token", "no request goes with an expired token");
        std::future::poll_fn(|_| match answered.load(Ordering::SeqCst) {
            0 => Poll::Pending,
            _ => Poll::Ready(Err::<Response, _>("connection refused")),
        })
    };
    let mut waiting = [(); 3].map(|()| Box::pin(shared.fetch_async(get(API), send)));
    assert!(waiting.iter_mut().all(|one| poll(one.as_mut()).is_pending()));
    assert!(waiting.iter_mut().all(|one| poll(one.as_mut()).is_pending()));
    answered.store(1, Ordering::SeqCst);
    for one in &mut waiting {
        let Poll::Ready(Err(error)) = poll(one.as_mut()) else { panic!("the renewal has failed") };
        assert!(matches!(error, DriveError::Transport { .. }), "{error}");
    }
}

/// Row `renewal-abandoned`: a web framework drops the task of a request when the browser
/// disconnects.
#[test]
fn a_dropped_request_does_not_end_the_session() {
    let renewals = Arc::new(AtomicUsize::new(0));
    let exchange = {
        let renewals = renewals.clone();
        move |request: Request| {
            let renewals = renewals.clone();
            async move {
                if request.uri().path() != "/token" {
                    return Ok::<_, Infallible>(response(200, &[], bearer(&request).unwrap()));
                }
                // The server rotates refresh tokens, so it refuses all renewals after the first.
                let is_first = renewals.fetch_add(1, Ordering::SeqCst) == 0;
                tokio::time::sleep(Duration::from_millis(50)).await;
                Ok(if is_first { answer("renewed") } else { refusal("invalid_grant") })
            }
        }
    };
    let shared = SharedSession::builder_with(session(ends_in(0)), clock)
        .spawn_renewals(exchange.clone(), |renewal| drop(tokio::spawn(renewal)))
        .build()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let called = runtime.block_on(async {
        let (own, send) = (shared.clone(), exchange.clone());
        let handler = tokio::spawn(async move { own.fetch_async(get(API), send).await.is_ok() });
        while renewals.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        handler.abort();
        assert!(handler.await.unwrap_err().is_cancelled());
        shared.fetch_async(get(API), exchange).await.unwrap()
    });
    assert_eq!((called.body().as_slice(), renewals.load(Ordering::SeqCst)), (&b"renewed"[..], 1));
}

/// Some servers send such a lifetime for a token that never expires.
#[test]
fn the_longest_lifetime_is_spread_without_a_panic() {
    for lifetime in ["9223372036854775807", "18446744073709551615"] {
        let server = Server::new(Ok(json(&ANSWER.replace("3600", lifetime))));
        let shared = Row::with(ends_in(0)).share();
        for _ in 0..2 {
            shared.fetch(get(API), |request| server.send(&request)).unwrap();
        }
        assert_eq!(server.renewals(), 1);
    }
}

#[test]
fn when_the_caller_that_loaded_an_expired_token_is_cancelled_the_next_one_renews_it() {
    let (row, is_open) = (Row::with(ends_in(0)), Arc::new(AtomicUsize::new(0)));
    let (stored, open) = (row.stored.clone(), is_open.clone());
    let shared = SharedSession::builder_with(Session::new(&client(), API, None).unwrap(), clock)
        .load(move || {
            let (stored, open) = (stored.clone(), open.clone());
            std::future::poll_fn(move |_| match open.load(Ordering::SeqCst) {
                0 => Poll::Pending,
                _ => Poll::Ready(Ok::<_, Infallible>(stored.lock().unwrap().clone())),
            })
        })
        .store_if_unchanged(|_| ready(Ok::<_, Infallible>(WriteOutcome::Stored)))
        .build()
        .unwrap();
    let never = |_: Request| std::future::pending::<Result<Response, Infallible>>();
    let mut first = Box::pin(shared.token_async(never));
    assert!(poll(first.as_mut()).is_pending());
    let answers = |_: Request| ready(Ok::<_, Infallible>(answer("renewed")));
    let mut second = pin!(shared.token_async(answers));
    assert!(poll(second.as_mut()).is_pending(), "it waits for the first one");
    is_open.store(1, Ordering::SeqCst);
    assert!(poll(first.as_mut()).is_pending(), "it asks the server");
    drop(first);
    let Poll::Ready(Ok(token)) = poll(second.as_mut()) else { panic!("nobody renews") };
    assert_eq!(token.access_token.expose(), "renewed");
}

/// Returns a session whose storage fails to write while `is_down` is `true`.
fn failing(row: &Row, is_down: &Arc<AtomicBool>) -> SharedSession {
    let (load, store, is_down) = (row.stored.clone(), row.stored.clone(), is_down.clone());
    let store = move |write: ConditionalWrite| {
        let mut stored = store.lock().unwrap();
        if is_down.load(Ordering::SeqCst) {
            return Err("the database is down");
        }
        if stored.as_ref().map(|stored| &stored.version) != write.expected.as_ref() {
            return Ok(WriteOutcome::Conflict);
        }
        *stored = Some(write.stored);
        Ok(WriteOutcome::Stored)
    };
    SharedSession::builder_with(Session::new(&client(), API, None).unwrap(), clock)
        .load(move || ready(Ok::<_, &str>(load.lock().unwrap().clone())))
        .store_if_unchanged(move |write| ready(store(write)))
        .build()
        .unwrap()
}

/// The server has rotated the refresh token, so it refuses the old one, which the other process
/// sends.
#[test]
fn a_renewed_token_is_kept_when_another_process_was_refused_meanwhile() {
    let (row, is_down) = (Row::with(ends_in(0)), Arc::new(AtomicBool::new(true)));
    let first = failing(&row, &is_down);
    let server = Server::new(Ok(answer("renewed")));
    assert!(matches!(server.call(&first, NOW).unwrap_err(), DriveError::Storage { .. }));
    is_down.store(false, Ordering::SeqCst);
    server.answers(Ok(refusal("invalid_grant")));
    assert!(server.call(&row.share(), NOW).unwrap_err().needs_sign_in());
    assert_eq!(server.call(&first, NOW).unwrap(), "renewed");
    assert_eq!(row.token().unwrap().access_token.expose(), "renewed");

    // The same if the end of the grant is stored before the successful response arrives.
    let row = Row::with(ends_in(0));
    let (first, second) = (row.share(), row.share());
    let send = |request: Request| {
        if request.uri().path() != "/token" {
            return Ok::<_, Infallible>(response(200, &[], bearer(&request).unwrap()));
        }
        assert!(server.call(&second, NOW).unwrap_err().needs_sign_in());
        Ok(answer("renewed"))
    };
    assert_eq!(first.fetch(get(API), send).unwrap().body(), b"renewed");
    assert_eq!(server.call(&second, NOW).unwrap(), "renewed");
}

#[test]
fn a_stored_version_that_does_not_match_its_token_does_not_cause_endless_attempts() {
    let mut edited = serde_json::to_value(StoredToken::new(ends_in(0))).unwrap();
    edited["version"] = "1".into();
    let (server, row) = (Server::new(Ok(refusal("invalid_grant"))), Row::default());
    *row.stored.lock().unwrap() = Some(serde_json::from_value(edited).unwrap());
    assert!(server.call(&row.share(), NOW).unwrap_err().needs_sign_in());
    assert_eq!((server.renewals(), row.token()), (1, None));
}

#[test]
fn only_invalid_grant_ends_a_grant() {
    for code in ["token_expired", "token_revoked", "token_rejected", "invalid_client"] {
        let (server, row) = (Server::new(Ok(refusal(code))), Row::with(ends_in(0)));
        let error = server.call(&row.share(), NOW).unwrap_err();
        assert!(!error.needs_sign_in(), "{error}");
        assert!(row.token().is_some(), "{code}");
    }
}

#[test]
fn a_token_that_was_put_back_is_renewed_again() {
    let (server, row) = (Server::new(Ok(refusal("invalid_grant"))), Row::with(ends_in(0)));
    let shared = row.share();
    server.call(&shared, NOW).unwrap_err();
    *row.stored.lock().unwrap() = Some(StoredToken::new(ends_in(0)));
    server.answers(Ok(answer("renewed")));
    assert_eq!(server.call(&shared, NOW).unwrap(), "renewed");
}

#[test]
fn a_newer_grant_that_could_not_be_saved_is_saved_at_the_next_call() {
    let (saved, itself) =
        (Arc::new(Mutex::new(Vec::new())), Arc::new(std::sync::OnceLock::<SharedSession>::new()));
    let (stored, own) = (saved.clone(), itself.clone());
    let save = move |token: Token| {
        let mut stored = stored.lock().unwrap();
        let name = token.access_token.expose().to_owned();
        if stored.is_empty() {
            own.get().unwrap().set_token(Token::bearer("granted again"));
        } else if stored.len() == 1 {
            stored.push("failed".to_owned());
            return Err("disk full");
        }
        stored.push(name);
        Ok(())
    };
    let save = move |token| ready(save(token));
    let shared =
        SharedSession::builder_with(session(ends_in(0)), clock).save(save).build().unwrap();
    itself.set(shared.clone()).unwrap();
    let server = Server::new(Ok(answer("renewed")));
    for _ in 0..2 {
        assert_eq!(server.call(&shared, NOW).unwrap(), "granted again");
    }
    assert_eq!(*saved.lock().unwrap(), ["renewed", "failed", "granted again"]);
}

#[test]
fn a_renewed_token_that_expired_before_it_could_be_stored_is_renewed_again() {
    let (row, is_down) = (Row::with(ends_in(0)), Arc::new(AtomicBool::new(true)));
    let (server, shared) = (Server::new(Ok(answer("renewed"))), failing(&row, &is_down));
    server.call(&shared, NOW).unwrap_err();
    is_down.store(false, Ordering::SeqCst);
    server.answers(Ok(answer("renewed once more")));
    assert_eq!(server.call(&shared, NOW + 4000).unwrap(), "renewed once more");
    assert_eq!(server.renewals(), 2);
}

#[test]
fn a_token_that_expires_while_its_early_renewal_fails_is_not_used() {
    let (shared, time) = (shared(ends_in(5)), AtomicU64::new(NOW));
    let send = |request: Request| {
        assert_eq!(request.uri().path(), "/token");
        set_clock(time.fetch_add(30, Ordering::SeqCst) + 30);
        Err::<Response, _>("timed out")
    };
    let error = shared.fetch(get(API), send).unwrap_err();
    assert!(matches!(error, DriveError::Transport { .. }), "{error}");
}

#[test]
fn a_loaded_token_that_is_still_valid_is_used_during_an_outage() {
    let (server, row) = (Server::new(Ok(response(503, &[], ""))), Row::with(ends_in(5)));
    assert_eq!(server.call(&row.share(), NOW).unwrap(), "2YotnFZFEjr1zCsicMWpAA");
}

#[test]
fn the_longest_lifetime_is_accepted() {
    let endless = ANSWER.replace("3600", "9223372036854775807");
    let (server, row) = (Server::new(Ok(json(&endless))), Row::with(ends_in(0)));
    let shared = row.share();
    for time in [NOW, NOW + 1] {
        assert_eq!(server.call(&shared, time).unwrap(), "2YotnFZFEjr1zCsicMWpAA");
    }
}

#[test]
fn a_user_who_signs_out_during_a_renewal_is_not_signed_in_by_it() {
    let (saved, server, runtime) =
        (Arc::new(AtomicUsize::new(0)), Server::new(Ok(answer("renewed"))), Runtime::default());
    let (saves, own, renewals) = (saved.clone(), server.clone(), runtime.0.clone());
    let shared = SharedSession::builder_with(session(ends_in(0)), clock)
        .save(move |_| {
            saves.fetch_add(1, Ordering::SeqCst);
            ready(Ok::<_, Infallible>(()))
        })
        .spawn_renewals(
            move |request| ready(own.send(&request)),
            move |renewal| renewals.lock().unwrap().push(renewal),
        )
        .build()
        .unwrap();
    let send = |request: Request| ready(server.send(&request));
    let mut fetch = pin!(shared.fetch_async(get(API), send));
    assert!(poll(fetch.as_mut()).is_pending());
    shared.sign_out();
    runtime.0.lock().unwrap().pop().unwrap().finish();
    assert_eq!((saved.load(Ordering::SeqCst), shared.session().token()), (0, None));
    let Poll::Ready(Err(error)) = poll(fetch.as_mut()) else { panic!("there is no token") };
    assert!(error.needs_sign_in(), "{error}");
}
