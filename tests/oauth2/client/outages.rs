//! Outages of the authorization server. No outage signs a user out, and every error says whether to
//! try again later or to sign in.

use std::cell::Cell;
use std::future::ready;
use std::time::Duration;

use crate::common::oauth2::*;
use oauth_proto::oauth2::{SharedSession, Token};
use oauth_proto::{DriveError, Error, Request, Response, Timestamp};

/// The expected classification of an error.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// The same request may succeed later.
    Temporary,
    /// The grant has ended.
    SignIn,
    /// The client or the request is wrong.
    Other,
}

fn kind(error: &Error) -> Kind {
    assert!(!(error.is_temporary() && error.needs_sign_in()), "{error}");
    match (error.is_temporary(), error.needs_sign_in()) {
        (true, _) => Kind::Temporary,
        (_, true) => Kind::SignIn,
        _ => Kind::Other,
    }
}

const JSON: (&str, &str) = ("content-type", "application/json");
const HTML: (&str, &str) = ("content-type", "text/html");

/// Returns responses to a renewal, and the kind of error that each of them causes.
fn answers() -> Vec<(Response, Kind)> {
    let page = "<html><h1>Down for maintenance</h1></html>";
    let code = |code: &str| format!(r#"{{"error":"{code}"}}"#);
    vec![
        (response(500, &[HTML], page), Kind::Temporary),
        (response(500, &[JSON], &code("invalid_grant")), Kind::Temporary),
        (response(502, &[], ""), Kind::Temporary),
        (
            response(503, &[JSON, ("retry-after", "120")], &code("temporarily_unavailable")),
            Kind::Temporary,
        ),
        (response(429, &[("retry-after", "Tue, 14 Nov 2023 22:15:20 GMT")], ""), Kind::Temporary),
        (response(429, &[JSON], &code("invalid_grant")), Kind::Temporary),
        (response(400, &[JSON], &code("temporarily_unavailable")), Kind::Temporary),
        (response(404, &[HTML], page), Kind::Temporary),
        (response(403, &[HTML], page), Kind::Temporary),
        (response(302, &[("location", "https://login.hotel.example/")], ""), Kind::Temporary),
        (response(200, &[HTML], page), Kind::Temporary),
        (response(200, &[JSON], page), Kind::Temporary),
        (response(401, &[JSON], &code("invalid_client")), Kind::Other),
        (response(400, &[JSON], &code("unauthorized_client")), Kind::Other),
        (response(400, &[HTML], page), Kind::Other),
        (response(200, &[JSON], &code("invalid_grant")), Kind::Other),
        (response(400, &[JSON], &code("invalid_grant")), Kind::SignIn),
        (response(401, &[JSON], &code("invalid_grant")), Kind::SignIn),
    ]
}

/// Row `outage-is-no-refusal`: each error has the expected kind.
#[test]
fn an_answer_to_a_renewal_is_temporary_or_ends_the_grant_or_neither() {
    for (answer, expected) in answers() {
        let (_, on) = sent(session(token()).renew(moment()).unwrap());
        let error = on.receive(answer.clone(), moment()).unwrap_err();
        assert_eq!(kind(&error), expected, "{error}");
        let pause =
            answer.headers().contains_key("retry-after").then_some(Duration::from_secs(120));
        assert_eq!(error.retry_after(now()), pause, "{error}");
        assert_eq!(error.to_string().contains("retry a"), pause.is_some(), "{error}");
    }
}

/// A token endpoint that fails twice and then recovers, and an API that accepts its new token.
struct Server {
    trouble: Option<Response>,
    renewals: Cell<usize>,
}

impl Server {
    fn fetch(&self, shared: &SharedSession) -> Result<Response, DriveError> {
        let send = |request: Request| match request.uri().path() {
            "/token" => {
                self.renewals.set(self.renewals.get() + 1);
                match (&self.trouble, self.renewals.get()) {
                    (Some(trouble), 1 | 2) => Ok(trouble.clone()),
                    (None, 1 | 2) => Err("connection refused"),
                    _ => Ok(json(&ANSWER.replace("2YotnFZFEjr1zCsicMWpAA", "renewed"))),
                }
            }
            _ => Ok(response(if bearer(&request) == Some("renewed") { 200 } else { 401 }, &[], "")),
        };
        shared.fetch(get(API), send)
    }
}

fn expired() -> Token {
    let mut token = token();
    token.expires_at = Some(Timestamp::from_secs(NOW));
    token
}

/// Row `outage-is-no-refusal`: the session keeps its token.
#[test]
fn a_session_keeps_its_token_through_every_outage_and_continues_afterwards() {
    let troubles = answers()
        .into_iter()
        .filter(|(_, kind)| *kind != Kind::SignIn)
        .map(|(answer, _)| Some(answer));
    for trouble in troubles.chain([None]) {
        // An expired token is renewed before the request, and a valid one after a 401.
        for token in [expired(), token()] {
            let (shared, server) = (
                shared(token.clone()),
                Server { trouble: trouble.clone(), renewals: Cell::new(0) },
            );
            for _ in 0..2 {
                let error = server.fetch(&shared).unwrap_err();
                assert!(!error.needs_sign_in(), "{error}");
                assert!(trouble.is_some() || error.is_temporary(), "{error}");
                assert_eq!(shared.session().token(), Some(&token), "{error}");
            }
            assert_eq!(server.fetch(&shared).unwrap().status(), 200);
        }
    }
}

/// The user has to sign in only if the expired token cannot be renewed.
#[test]
fn an_expired_token_asks_the_user_to_sign_in_only_if_it_cannot_be_renewed() {
    let error =
        session(expired()).attach_token(&mut get(API), Timestamp::from_secs(NOW)).unwrap_err();
    assert!(!error.needs_sign_in() && !error.is_temporary(), "{error}");
    let mut unrenewable = expired();
    unrenewable.refresh_token = None;
    let server = Server { trouble: None, renewals: Cell::new(0) };
    assert!(server.fetch(&shared(unrenewable)).unwrap_err().needs_sign_in());
}

#[test]
fn only_a_refusal_of_the_grant_asks_the_user_to_sign_in() {
    let server = Server { trouble: Some(refusal("invalid_grant")), renewals: Cell::new(0) };
    let error = server.fetch(&shared(expired())).unwrap_err();
    assert!(error.needs_sign_in() && !error.is_temporary(), "{error}");
}

/// Row `outage-is-no-refusal`: the same over real sockets. The server fails in several ways, and
/// then recovers.
#[test]
#[cfg(feature = "os")]
fn a_server_that_is_down_and_recovers_signs_no_user_out() {
    use std::sync::{Arc, Mutex};

    use oauth_proto::oauth2::{AuthorizationServer, Client, Session};
    use tiny_http::{Header, Server};

    let server = Arc::new(Server::http("127.0.0.1:0").unwrap());
    let origin = format!("http://{}", server.server_addr().to_ip().unwrap());
    let serving = server.clone();
    let served = std::thread::spawn(move || {
        let header = |name: &str, value: &str| Header::from_bytes(name, value).unwrap();
        let answer = |status: u16, content_type: &str, body: &str| {
            let answer = tiny_http::Response::from_string(body).with_status_code(status);
            answer.with_header(header("content-type", content_type))
        };
        let page = "<html><h1>Welcome to Hotel Example</h1></html>";
        let renewed = ANSWER.replace("2YotnFZFEjr1zCsicMWpAA", "renewed");
        let mut answers = vec![
            answer(500, "text/html", "<h1>Internal Server Error</h1>"),
            answer(503, "application/json", r#"{"error":"temporarily_unavailable"}"#)
                .with_header(header("retry-after", "30")),
            answer(429, "text/plain", "slow down")
                .with_header(header("retry-after", "Fri, 31 Dec 2100 23:59:59 GMT")),
            answer(200, "text/html", page),
            answer(403, "text/html", "<h1>Blocked by the firewall</h1>"),
            answer(200, "application/json", &renewed),
        ]
        .into_iter();
        for request in serving.incoming_requests() {
            if request.url() == "/token" {
                // If no response is left, the server closes the connection.
                if let Some(answer) = answers.next() {
                    request.respond(answer).unwrap();
                }
            } else {
                let is_new = request
                    .headers()
                    .iter()
                    .any(|header| header.value.as_str() == "Bearer renewed");
                request
                    .respond(answer(if is_new { 200 } else { 401 }, "text/plain", "albums"))
                    .unwrap();
            }
        }
    });

    let saved = Arc::new(Mutex::new(None));
    let store = saved.clone();
    let client =
        Client::new(AuthorizationServer::new(&format!("{origin}/token")).unwrap(), "client");
    let mut token = token();
    token.expires_at = Some(Timestamp::from_secs(1));
    let shared = SharedSession::builder(Session::new(&client, &origin, token.clone()).unwrap())
        .save(move |token| {
            *store.lock().unwrap() = Some(token);
            ready(Ok::<_, std::io::Error>(()))
        })
        .build()
        .unwrap();
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
    let send = |request: Request| -> Result<Response, ureq::Error> {
        let (parts, mut body) = agent.run(request)?.into_parts();
        Ok(Response::from_parts(parts, body.read_to_vec()?))
    };
    let fetch = || shared.fetch(get(&format!("{origin}/albums")), send);
    for pause in [false, true, true, false, false] {
        let error = fetch().unwrap_err();
        assert!(error.is_temporary() && !error.needs_sign_in(), "{error}");
        assert!(
            error.to_string().contains(&format!("renewing the token at {origin}/token")),
            "{error}"
        );
        assert_eq!(error.retry_after(Timestamp::from_os()).is_some(), pause, "{error}");
        assert_eq!(shared.session().token(), Some(&token));
        assert_eq!(*saved.lock().unwrap(), None);
    }
    assert_eq!(fetch().unwrap().status(), 200);
    assert_eq!(saved.lock().unwrap().as_ref().unwrap().access_token.expose(), "renewed");
    server.unblock();
    served.join().unwrap();
}
