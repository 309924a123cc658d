//! Sessions: where the token is placed, when it is renewed, and what happens to callers that wait
//! for a renewal.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::common::oauth2::*;
use oauth_proto::oauth2::RequestError;
use oauth_proto::oauth2::{
    Grant, NextAction, Session, SharedSession, Token, TokenPlacement, WithholdToken,
};
use oauth_proto::{DriveError, Error, Expired, Refused, Request, Response, Timestamp, Unsupported};

fn expired() -> Token {
    let mut token = token();
    token.expires_at = Some(now());
    token
}

fn renewed() -> Response {
    json(&ANSWER.replace("2YotnFZFEjr1zCsicMWpAA", "renewed"))
}

fn unauthorized() -> Response {
    response(401, &[("www-authenticate", r#"Bearer error="invalid_token""#)], "")
}

/// A server whose token endpoint issues the token `renewed`, and whose API accepts only this token.
#[derive(Clone, Default)]
struct Server {
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn answer(&self, request: &Request) -> Response {
        let token = bearer(request).unwrap_or("-").to_owned();
        let path = request.uri().path().to_owned();
        self.seen.lock().unwrap().push(if path == "/token" {
            path.clone()
        } else {
            format!("{path} {token}")
        });
        match (path.as_str(), token.as_str()) {
            ("/token", _) => renewed(),
            (_, "renewed") => response(200, &[], "albums"),
            _ => unauthorized(),
        }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// Shares a session that records the saved tokens in `seen`.
    fn share(&self, session: Session) -> SharedSession {
        let seen = self.seen.clone();
        let save = move |token: Token| {
            seen.lock().unwrap().push(format!("save {}", token.access_token.expose()));
            Ok::<_, Infallible>(())
        };
        SharedSession::builder_with(session, clock)
            .save(move |token| ready(save(token)))
            .build()
            .unwrap()
    }

    fn fetch(&self, shared: &SharedSession) -> Result<Response, DriveError> {
        shared.fetch(get(API), |request| Ok::<_, Infallible>(self.answer(&request)))
    }
}

#[test]
fn a_valid_token_is_attached_to_the_request() {
    let mut request = get(API);
    let sent_token = session(token()).attach_token(&mut request, now()).unwrap();
    assert_eq!(bearer(&request), Some("2YotnFZFEjr1zCsicMWpAA"));
    assert!(request.headers()["authorization"].is_sensitive());
    let verdict =
        session(token()).check_response(sent_token, &response(200, &[], ""), moment()).unwrap();
    assert!(matches!(verdict, NextAction::Done));
}

/// The first way of requests-oauthlib: an expired token is an error, and the caller renews it.
#[test]
fn an_expired_token_is_an_error_before_anything_is_sent() {
    let mut session = session(expired());
    session.without_renewal = true;
    let error = session.attach_token(&mut get(API), now()).unwrap_err();
    assert_eq!(error, Expired::Token.into());
    let server = Server::default();
    let error =
        server.fetch(&SharedSession::builder_with(session, clock).build().unwrap()).unwrap_err();
    assert!(
        matches!(error, DriveError::Protocol { error: Error::Expired(Expired::Token), .. }),
        "{error}"
    );
    assert!(server.seen().is_empty());
}

/// The second way: the token is renewed and reported, and the request is not sent.
#[test]
fn a_renewal_is_reported_instead_of_saved_with_the_option() {
    let server = Server::default();
    let shared = SharedSession::builder_with(
        session(expired()).with(|session| session.return_renewals = true),
        clock,
    )
    .build()
    .unwrap();
    let Err(DriveError::Renewed) = server.fetch(&shared) else { panic!() };
    assert_eq!(shared.session().token().unwrap().access_token.expose(), "renewed");
    assert_eq!(server.seen(), ["/token"]);
    server.fetch(&shared).unwrap();
    assert_eq!(server.seen(), ["/token", "/albums renewed"]);
}

/// The third way: the token is renewed, then saved, and then used.
#[test]
fn a_renewed_token_is_saved_before_it_is_used() {
    let server = Server::default();
    let shared = server.share(session(expired()));
    assert_eq!(server.fetch(&shared).unwrap().body(), b"albums");
    assert_eq!(server.seen(), ["/token", "save renewed", "/albums renewed"]);
    server.fetch(&shared).unwrap();
    assert_eq!(server.seen().len(), 4);
}

#[test]
fn a_401_renews_the_token_and_sends_the_request_once_more() {
    let server = Server::default();
    let shared = server.share(session(token()));
    assert_eq!(server.fetch(&shared).unwrap().status(), 200);
    let expected = ["/albums 2YotnFZFEjr1zCsicMWpAA", "/token", "save renewed", "/albums renewed"];
    assert_eq!(server.seen(), expected);
    let ignoring = SharedSession::builder_with(
        session(token()).with(|session| session.without_renewal_on_401 = true),
        clock,
    )
    .build()
    .unwrap();
    assert_eq!(server.fetch(&ignoring).unwrap().status(), 401);
}

/// As in tornado-alf, the session gets a token before the first request, keeps it until it expires,
/// and gets a new one after a 401.
#[test]
fn a_session_gets_its_own_token_by_client_credentials() {
    let server = Server::default();
    let mut supplied = Session::new(&client(), API, None).unwrap();
    supplied.grant = Some(Grant::client_credentials());
    let shared = server.share(supplied);
    server.fetch(&shared).unwrap();
    server.fetch(&shared).unwrap();
    assert_eq!(server.seen(), ["/token", "save renewed", "/albums renewed", "/albums renewed"]);
    set_clock(NOW + 3600 - 10);
    shared.fetch(get(API), |request| Ok::<_, Infallible>(server.answer(&request))).unwrap();
    assert_eq!(server.seen()[4..], ["/token", "save renewed", "/albums renewed"]);
}

#[test]
fn a_token_without_a_lifetime_is_kept_or_used_once_as_configured() {
    let answer = r#"{"access_token":"a","token_type":"Bearer"}"#;
    for (lifetime, renewals) in
        [(None, 1), (Some(Duration::ZERO), 3), (Some(Duration::from_secs(60)), 1)]
    {
        let mut session = Session::new(&client(), API, None).unwrap();
        session.grant = Some(Grant::client_credentials());
        if let Some(lifetime) = lifetime {
            session.unknown_lifetime = Some(lifetime);
        }
        let shared = SharedSession::builder_with(session, clock).build().unwrap();
        let mut seen = 0;
        for _ in 0..3 {
            let send = |request: Request| {
                let renewal = request.uri().path() == "/token";
                seen += usize::from(renewal);
                Ok::<_, Infallible>(if renewal { json(answer) } else { response(200, &[], "") })
            };
            shared.fetch(get(API), send).unwrap();
        }
        assert_eq!(seen, renewals, "{lifetime:?}");
    }
}

#[test]
fn a_leeway_renews_earlier() {
    let mut token = token();
    token.expires_at = Some(Timestamp::from_secs(NOW + 30));
    let due = |session: &Session| session.attach_token(&mut get(API), now()).is_err();
    assert!(!due(&session(token.clone())));
    assert!(due(&session(token.clone()).with(|session| session.leeway = Duration::from_secs(30))));
    assert!(due(&session(token).with(|session| session.leeway = Duration::MAX)));
}

#[test]
fn a_refused_renewal_is_reported_and_the_request_is_not_sent() {
    let shared = shared(expired());
    let mut seen = Vec::new();
    let send = |request: Request| {
        seen.push(request.uri().path().to_owned());
        Ok::<_, Infallible>(refusal("invalid_grant"))
    };
    let error = shared.fetch(get(API), send).unwrap_err();
    let DriveError::Protocol {
        error: Error::Refused(Refused::Problem { code, response: answer, .. }),
        ..
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!((code.as_str(), answer.status.as_u16()), ("invalid_grant", 400));
    assert_eq!(seen, ["/token"]);
}

#[test]
fn a_new_token_that_is_refused_is_not_renewed_again() {
    let shared = shared(expired());
    let mut seen = Vec::new();
    let send = |request: Request| {
        let path = request.uri().path().to_owned();
        let answer = if path == "/token" { renewed() } else { unauthorized() };
        seen.push(path);
        Ok::<_, Infallible>(answer)
    };
    assert_eq!(shared.fetch(get(API), send).unwrap().status(), 401);
    assert_eq!(seen, ["/token", "/albums"]);
}

#[test]
fn a_new_grant_has_priority_over_a_renewal_of_the_old_one() {
    let save = |_| -> Result<(), Infallible> { panic!("it would overwrite the new grant") };
    let save = move |token| ready(save(token));
    let shared = SharedSession::builder_with(session(expired()), clock).save(save).build().unwrap();
    let send = |request: Request| {
        if request.uri().path() == "/token" {
            shared.set_token(Token::bearer("granted again"));
            return Ok(renewed());
        }
        assert_eq!(bearer(&request), Some("granted again"));
        Ok::<_, Infallible>(response(200, &[], ""))
    };
    assert_eq!(shared.fetch(get(API), send).unwrap().status(), 200);
}

#[test]
fn a_new_grant_has_priority_over_a_renewal_that_is_being_saved_or_refused() {
    for (answer, saves) in [(renewed(), true), (refusal("invalid_grant"), false)] {
        let (saved, itself) =
            (Arc::new(Mutex::new(Vec::new())), Arc::new(OnceLock::<SharedSession>::new()));
        let (stored, own) = (saved.clone(), itself.clone());
        let save = move |token: Token| {
            let mut stored = stored.lock().unwrap();
            if stored.is_empty() {
                own.get().unwrap().set_token(Token::bearer("granted again"));
            }
            stored.push(token.access_token.expose().to_owned());
            Ok::<_, Infallible>(())
        };
        let save = move |token| ready(save(token));
        let shared =
            SharedSession::builder_with(session(expired()), clock).save(save).build().unwrap();
        itself.set(shared.clone()).unwrap();
        let send = |request: Request| {
            if request.uri().path() == "/token" {
                if !saves {
                    shared.set_token(Token::bearer("granted again"));
                }
                return Ok(answer.clone());
            }
            assert_eq!(bearer(&request), Some("granted again"));
            Ok::<_, Infallible>(response(200, &[], ""))
        };
        assert_eq!(shared.fetch(get(API), send).unwrap().status(), 200);
        // The token that was stored last is used.
        assert_eq!(
            *saved.lock().unwrap(),
            if saves { vec!["renewed", "granted again"] } else { vec![] }
        );
    }
}

#[test]
fn a_token_that_could_not_be_saved_is_saved_at_the_next_call() {
    // The second token is renewed after a 401, although it has not expired.
    for (token, before) in [(expired(), 0), (token(), 1)] {
        let (server, full) = (Server::default(), Arc::new(AtomicBool::new(true)));
        let (seen, is_full) = (server.seen.clone(), full.clone());
        let save = move |token: Token| {
            if is_full.load(Ordering::SeqCst) {
                return Err("disk full");
            }
            seen.lock().unwrap().push(format!("save {}", token.access_token.expose()));
            Ok(())
        };
        let save = move |token| ready(save(token));
        let shared = SharedSession::builder_with(session(token), clock).save(save).build().unwrap();
        let error = server.fetch(&shared).unwrap_err();
        assert!(matches!(error, DriveError::Storage { .. }), "{error}");
        assert!(error.is_temporary() && error.to_string().contains("disk full"), "{error}");
        assert_eq!(server.seen()[before..], ["/token"]);
        full.store(false, Ordering::SeqCst);
        server.fetch(&shared).unwrap();
        assert_eq!(server.seen()[before..], ["/token", "save renewed", "/albums renewed"]);
    }
}

#[test]
fn a_challenge_that_a_renewal_cannot_satisfy_causes_no_renewal() {
    let session = session(token());
    for (error, renews) in [
        ("insufficient_user_authentication", false),
        ("insufficient_scope", false),
        ("invalid_request", false),
        ("invalid_token", true),
    ] {
        let sent_token = session.attach_token(&mut get(API), now()).unwrap();
        let header = format!(r#"Basic realm="x", Bearer error="{error}""#);
        let verdict = session
            .check_response(
                sent_token,
                &response(401, &[("www-authenticate", &header)], ""),
                moment(),
            )
            .unwrap();
        assert_eq!(matches!(verdict, NextAction::Renew(..)), renews, "{error}: {verdict:?}");
    }
    let mut unrenewable = token();
    unrenewable.refresh_token = None;
    let session = crate::common::oauth2::session(unrenewable);
    let sent_token = session.attach_token(&mut get(API), now()).unwrap();
    let verdict = session.check_response(sent_token, &unauthorized(), moment()).unwrap();
    assert!(matches!(verdict, NextAction::Reauthorize));
}

#[test]
fn a_late_401_of_an_old_token_causes_no_renewal() {
    let mut session = session(token());
    let sent_token = session.attach_token(&mut get(API), now()).unwrap();
    session.set_token(Token::bearer("newer"));
    let NextAction::Retry(again) =
        session.check_response(sent_token, &unauthorized(), moment()).unwrap()
    else {
        panic!()
    };
    let mut request = get(API);
    let sent_token = session.retry(&mut request, again).unwrap();
    assert_eq!(bearer(&request), Some("newer"));
    // A request is repeated only once, even if there is a newer token.
    session.set_token(Token::bearer("newest"));
    assert!(matches!(
        session.check_response(sent_token, &unauthorized(), moment()),
        Ok(NextAction::Done)
    ));
}

#[test]
fn a_token_is_withheld_from_one_request() {
    let session = session(expired());
    let mut request = get("https://elsewhere.example/");
    request.extensions_mut().insert(WithholdToken);
    let sent_token = session.attach_token(&mut request, now()).unwrap();
    assert!(request.headers().is_empty());
    assert!(matches!(
        session.check_response(sent_token, &unauthorized(), moment()).unwrap(),
        NextAction::Done
    ));
}

fn placed(placement: TokenPlacement, request: Request) -> Result<Request, Error> {
    let mut request = request;
    let mut session = session(token());
    session.token_placement = placement;
    // A repeated request gets the token a second time, and must contain it only once.
    let _ = session.attach_token(&mut request, now())?;
    let _ = session.attach_token(&mut request, now())?;
    Ok(request)
}

fn post(body: &str, content_type: &str) -> Request {
    http::Request::post(API)
        .header("content-type", content_type)
        .body(body.as_bytes().to_vec())
        .unwrap()
}

/// RFC 6750 §2.
#[test]
fn a_token_is_placed_where_the_server_expects_it() {
    const TOKEN: &str = "2YotnFZFEjr1zCsicMWpAA";
    let request = placed(TokenPlacement::Scheme("OAuth"), get(API)).unwrap();
    assert_eq!(request.headers()["authorization"], format!("OAuth {TOKEN}"));
    let request = placed(TokenPlacement::Header("x-shop-token"), get(API)).unwrap();
    assert_eq!(request.headers()["x-shop-token"], TOKEN);
    let request =
        placed(TokenPlacement::AllowQuery("access_token"), get(&format!("{API}?a=b%20c"))).unwrap();
    assert_eq!(request.uri().query(), Some("a=b%20c&access_token=2YotnFZFEjr1zCsicMWpAA"));
    assert!(request.headers().is_empty());

    const FORM: &str = "application/x-www-form-urlencoded";
    let request = placed(TokenPlacement::Form("access_token"), post("a=b", FORM)).unwrap();
    assert_eq!(request.body(), format!("a=b&access_token={TOKEN}").as_bytes());
    let request = placed(
        TokenPlacement::Form("access_token"),
        http::Request::post(API).body(Vec::new()).unwrap(),
    )
    .unwrap();
    assert_eq!(request.headers()["content-type"], FORM);
    for refused in
        [post("{}", "application/json"), post("a", "application/x-www-form-urlencoded, x")]
    {
        let error = placed(TokenPlacement::Form("access_token"), refused).unwrap_err();
        assert!(matches!(error, Error::Unsupported(Unsupported::NoFormBody { .. })), "{error}");
    }

    let both = |request| placed(TokenPlacement::AllowBearerAndParameter("token"), request).unwrap();
    for (request, in_body) in
        [(get(API), false), (post("{}", "application/json"), false), (post("a=b", FORM), true)]
    {
        let request = both(request);
        assert_eq!(bearer(&request), Some(TOKEN));
        assert_eq!(request.body().ends_with(b"token=2YotnFZFEjr1zCsicMWpAA"), in_body);
        assert_eq!(request.uri().query().is_some(), !in_body);
    }
}

#[test]
fn oauth_2_1_never_sends_a_token_in_the_query() {
    let strict = client_of(server().with(|server| server.oauth_2_1 = true));
    let signed = |placement: TokenPlacement| {
        let mut request = get(API);
        let end = Session::new(&strict, API, token())
            .unwrap()
            .with(|session| session.token_placement = placement)
            .attach_token(&mut request, now());
        (end.map(drop), request)
    };
    let (end, request) = signed(TokenPlacement::AllowQuery("access_token"));
    let error = end.unwrap_err();
    assert!(
        matches!(error, Error::Unsupported(Unsupported::OAuth2(RequestError::NotInOauth21 { .. }))),
        "{error}"
    );
    assert_eq!(
        (request.uri(), request.headers().is_empty()),
        (&API.parse::<http::Uri>().unwrap(), true)
    );
    signed(TokenPlacement::default()).0.unwrap();
    placed(TokenPlacement::AllowQuery("access_token"), get(API)).unwrap();
}

#[test]
fn a_session_serves_only_the_configured_origins() {
    let session = session(token()).allow_origin("https://upload.example.com/v1").unwrap();
    for own in [API, "https://upload.example.com/v1/photo", "https://upload.example.com/elsewhere"]
    {
        let mut request = get(own);
        let _ = session.attach_token(&mut request, now()).unwrap();
        assert_eq!(bearer(&request), Some("2YotnFZFEjr1zCsicMWpAA"), "{own}");
    }
    for foreign in
        ["https://example.com/", "https://upload.example.com:8443/", "http://upload.example.com/"]
    {
        let error = session.attach_token(&mut get(foreign), now()).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Unsupported(Unsupported::OAuth2(RequestError::ForeignOrigin { .. }))
            ),
            "{foreign}: {error}"
        );
    }
    for none in ["http://upload.example.com", "upload.example.com", ""] {
        session.clone().allow_origin(none).unwrap_err();
    }
}

#[test]
fn another_authorization_is_not_overwritten() {
    let mut request = get(API);
    request.headers_mut().insert("authorization", http::HeaderValue::from_static("Basic x"));
    let error = session(token()).attach_token(&mut request, now()).unwrap_err();
    assert_eq!(error, Unsupported::AuthorizationPresent.into());
    assert_eq!(request.headers()["authorization"], "Basic x");
}

#[test]
fn a_token_that_a_header_cannot_have_is_an_error() {
    for token in ["a\r\nx: y", "a\u{0}", "\n"] {
        session(Token::bearer(token)).attach_token(&mut get(API), now()).unwrap_err();
    }
}

#[test]
fn a_renewal_has_the_parameters_that_the_caller_adds() {
    let session = session(expired())
        .map_renewal_grant(|grant| grant.scope("photos").parameter("tenant", "t1"));
    let (request, _) = sent(session.renew(moment()).unwrap());
    assert_eq!(
        (parameter(request.body(), "scope").as_str(), parameter(request.body(), "tenant").as_str()),
        ("photos", "t1")
    );
    let client = client_of(server().with(|server| {
        server.refresh_endpoint = Some("https://auth.example.com/refresh".into());
    }));
    let (request, _) =
        sent(Session::new(&client, API, expired()).unwrap().renew(moment()).unwrap());
    assert_eq!(request.uri().path(), "/refresh");
}

#[test]
fn without_a_token_only_the_user_can_help() {
    let mut token = token();
    token.refresh_token = None;
    token.expires_at = Some(now());
    let server = Server::default();
    let error = server.fetch(&shared(token)).unwrap_err();
    assert!(
        matches!(error, DriveError::Protocol { error: Error::Expired(Expired::Token), .. }),
        "{error}"
    );
}

#[test]
fn one_of_many_threads_renews_and_all_use_its_token() {
    let (renewals, saved, barrier) =
        (AtomicUsize::new(0), Arc::new(Mutex::new(Vec::new())), Barrier::new(8));
    let stored = saved.clone();
    let save = move |token: Token| {
        stored.lock().unwrap().push(token);
        Ok::<_, Infallible>(())
    };
    let save = move |token| ready(save(token));
    let shared = SharedSession::builder_with(session(expired()), clock).save(save).build().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                barrier.wait();
                let send = |request: Request| {
                    if request.uri().path() == "/token" {
                        renewals.fetch_add(1, Ordering::SeqCst);
                        std::thread::sleep(Duration::from_millis(30));
                        return Ok::<_, Infallible>(renewed());
                    }
                    assert_eq!(bearer(&request), Some("renewed"));
                    assert_eq!(saved.lock().unwrap().len(), 1, "saved before it is used");
                    Ok(response(200, &[], ""))
                };
                shared.fetch(get(API), send).unwrap();
            });
        }
    });
    assert_eq!(renewals.load(Ordering::SeqCst), 1);
}

/// A transport that responds to a renewal when the test allows it.
#[derive(Default)]
struct Slow(RefCell<Vec<Request>>, RefCell<bool>);

impl Slow {
    async fn send(&self, request: Request) -> Result<Response, Infallible> {
        let renewal = request.uri().path() == "/token";
        self.0.borrow_mut().push(request);
        std::future::poll_fn(|_| {
            if !renewal || *self.1.borrow() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        Ok(if renewal { renewed() } else { response(200, &[], "") })
    }

    fn renewals(&self) -> usize {
        self.0.borrow().iter().filter(|request| request.uri().path() == "/token").count()
    }

    async fn fetch(&self, shared: &SharedSession) -> Result<Response, DriveError> {
        shared.fetch_async(get(API), |request| self.send(request)).await
    }
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Row `renewal-abandoned`: the task is cancelled while it waits for the server.
#[test]
fn one_of_many_tasks_renews_and_another_takes_over_when_it_is_cancelled() {
    let (shared, slow) = (shared(expired()), Slow::default());
    let mut second = pin!(slow.fetch(&shared));
    {
        let mut first = Box::pin(slow.fetch(&shared));
        assert!(poll(first.as_mut()).is_pending());
        assert!(poll(second.as_mut()).is_pending());
        assert!(poll(second.as_mut()).is_pending());
        assert_eq!(slow.renewals(), 1);
    }
    // The first task was cancelled.
    assert!(poll(second.as_mut()).is_pending());
    assert_eq!(slow.renewals(), 2);
    *slow.1.borrow_mut() = true;
    assert!(matches!(poll(second.as_mut()), Poll::Ready(Ok(_))));
    let mut third = pin!(slow.fetch(&shared));
    assert!(poll(third.as_mut()).is_ready());
    assert_eq!(slow.renewals(), 2);
}

/// Row `renewal-abandoned`: the task is cancelled while it saves.
#[test]
fn a_task_that_is_cancelled_while_it_saves_loses_nothing() {
    let (saved, slow) = (Arc::new(Mutex::new(Vec::new())), Slow::default());
    *slow.1.borrow_mut() = true;
    let stored = saved.clone();
    let save = move |token: Token| {
        let mut stored = stored.lock().unwrap();
        stored.push(token.access_token.expose().to_owned());
        let is_first = stored.len() == 1;
        std::future::poll_fn(move |_| {
            if is_first { Poll::Pending } else { Poll::Ready(Ok::<_, Infallible>(())) }
        })
    };
    let shared = SharedSession::builder_with(session(expired()), clock).save(save).build().unwrap();
    {
        let mut first = Box::pin(slow.fetch(&shared));
        assert!(poll(first.as_mut()).is_pending());
    }
    let mut second = pin!(slow.fetch(&shared));
    assert!(poll(second.as_mut()).is_ready());
    assert_eq!(slow.renewals(), 1);
    assert_eq!(*saved.lock().unwrap(), ["renewed", "renewed"]);
}

#[test]
fn a_token_without_a_request_is_renewed_too() {
    let server = Server::default();
    let shared = shared(expired());
    let token = shared.token(|request| Ok::<_, Infallible>(server.answer(&request)));
    assert_eq!(token.unwrap().access_token.expose(), "renewed");
}

#[test]
fn the_future_of_a_shared_fetch_can_be_sent() {
    fn is_send<T: Send>(_: &T) {}
    let shared = shared(token());
    let send = |_| ready(Ok::<_, Infallible>(Response::new(Vec::new())));
    is_send(&shared.fetch_async(get(API), send));
}

#[test]
fn every_waiting_caller_gets_the_refusal_of_a_renewal() {
    let (shared, answered, renewals) = (shared(expired()), RefCell::new(false), RefCell::new(0));
    let refuse = |_: Request| async {
        *renewals.borrow_mut() += 1;
        std::future::poll_fn(|_| if *answered.borrow() { Poll::Ready(()) } else { Poll::Pending })
            .await;
        Ok::<_, Infallible>(refusal("invalid_grant"))
    };
    let fetch = || shared.fetch_async(get(API), refuse);
    let mut all = [(); 4].map(|()| Box::pin(fetch()));
    assert!(all.iter_mut().all(|one| poll(one.as_mut()).is_pending()));
    *answered.borrow_mut() = true;
    for one in &mut all {
        let Poll::Ready(Err(DriveError::Protocol { error, .. })) = poll(one.as_mut()) else {
            panic!("the renewal was refused")
        };
        assert_eq!(error.code(), Some("invalid_grant"));
    }
    assert_eq!(*renewals.borrow(), 1);
}

#[test]
fn waiting_callers_do_not_each_try_again_after_a_renewal_whose_transport_fails() {
    let (shared, slow) = (shared(expired()), Slow::default());
    let down = |_: Request| async {
        std::future::poll_fn(|_| if *slow.1.borrow() { Poll::Ready(()) } else { Poll::Pending })
            .await;
        Err::<Response, _>("the network is down")
    };
    let fetch = || shared.fetch_async(get(API), down);
    let (mut first, mut second) = (pin!(fetch()), pin!(fetch()));
    assert!(poll(first.as_mut()).is_pending() && poll(second.as_mut()).is_pending());
    *slow.1.borrow_mut() = true;
    assert!(matches!(poll(first.as_mut()), Poll::Ready(Err(DriveError::Transport { .. }))));
    assert!(matches!(poll(second.as_mut()), Poll::Ready(Err(DriveError::Transport { .. }))));
    let mut third = pin!(fetch());
    assert!(matches!(poll(third.as_mut()), Poll::Ready(Err(DriveError::Transport { .. }))));
}

/// RFC 6750 §3.1: the error code decides before the status, and an unknown code may mean that the
/// token has expired.
#[test]
fn a_challenge_decides_whether_a_renewal_may_help() {
    let verdict = |status: u16, challenge: &str| {
        let session = session(token());
        let sent_token = session.attach_token(&mut get(API), now()).unwrap();
        let answer = response(status, &[("www-authenticate", challenge)], "");
        match session.check_response(sent_token, &answer, moment()).unwrap() {
            NextAction::Done => "accept",
            NextAction::Retry(_) => "resend",
            NextAction::Renew(..) => "renew",
            NextAction::Reauthorize => "reauthorize",
        }
    };
    for code in [
        "invalid_token",
        "INVALID_TOKEN",
        "expired_token",
        "token_expired",
        "invalid_grant",
        "unauthorized",
        "",
    ] {
        assert_eq!(
            verdict(401, &format!(r#"Bearer realm="api", error="{code}""#)),
            "renew",
            "{code}"
        );
    }
    for status in [400, 403] {
        assert_eq!(verdict(status, r#"Bearer error="invalid_token""#), "renew", "{status}");
        assert_eq!(verdict(status, r#"Bearer error="insufficient_scope""#), "accept", "{status}");
        assert_eq!(verdict(status, "Bearer"), "accept", "{status}");
    }
    for code in [
        "insufficient_scope",
        "insufficient_user_authentication",
        "invalid_request",
        "Insufficient_Scope",
    ] {
        assert_eq!(verdict(401, &format!(r#"Bearer error="{code}""#)), "reauthorize", "{code}");
    }
    assert_eq!(verdict(500, r#"Bearer error="invalid_token""#), "accept");
}
