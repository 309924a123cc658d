//! A client whose key is in a key service: `ClientAuthentication::Remote`.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use oauth_proto::oauth2::{
    AuthenticateClientRemotely, AuthorizationServer, AuthorizeDevice, Client, ClientAuthentication,
    Grant, PendingDevice, RequestCredentials, RequestError, Session, SharedSession, Token,
    Transmission,
};
use oauth_proto::{
    ApiRequest, BoxError, Error, Event, Expired, Moment, Purpose, Refused, Request, Secret, Step,
    Timestamp, Unsupported, run_with,
};

use crate::common::oauth2::*;

fn remote() -> Client {
    with_key_service(client())
}

/// Drives a step to its end, and returns the request that was sent after the one to the key
/// service.
fn asked<T>(step: Step<T>, answer: &str) -> (Request, Result<T, Error>) {
    let mut sent = Vec::new();
    let mut claims = serde_json::Value::Null;
    let send = |request: Request| {
        let is_key = request.uri() == "https://keys.example.com/sign";
        if is_key {
            claims = serde_json::from_slice(request.body()).unwrap();
        }
        sent.push(request);
        Ok::<_, std::io::Error>(if is_key {
            json(r#"{"signature":"signed"}"#)
        } else {
            json(answer)
        })
    };
    // The clock advances, because a device waits before it polls.
    let mut time = NOW;
    let clock = || {
        time += 10;
        at(time)
    };
    let ended = run_with(step, send, clock, |_| {});
    assert_eq!(sent.len(), 2, "the key service, and then the server");
    let request = sent.pop().unwrap();
    assert_eq!(parameter_of(&request, "client_assertion"), format!("signed.{}", claims["jti"]));
    (request, ended.map_err(|error| error.protocol().expect("an error of the protocol").clone()))
}

fn parameter_of(request: &Request, name: &str) -> String {
    let query = request.uri().query().unwrap_or_default().as_bytes();
    parameter(if request.body().is_empty() { query } else { request.body() }, name)
}

#[test]
fn every_request_to_the_server_waits_for_the_key_service() {
    let client = remote();
    let (request, token) =
        asked(client.request_token(Grant::client_credentials(), moment()).unwrap(), ANSWER);
    assert!(token.is_ok());
    assert!(request.headers()["x-proof"].is_sensitive());
    assert_eq!(parameter_of(&request, "client_id"), "s6BhdRkqt3");

    let (request, ended) =
        asked(client.introspect(Secret::from("t"), moment()).unwrap(), r#"{"active":true}"#);
    assert!(ended.unwrap().active && parameter_of(&request, "token") == "t");
    let (request, ended) = asked(client.revoke(Secret::from("t"), moment()).unwrap(), "{}");
    assert!(ended.is_ok() && parameter_of(&request, "token") == "t");

    let device = concat!(
        r#"{"device_code":"d","user_code":"u","#,
        r#""verification_uri":"https://auth.example.com/device","expires_in":600}"#,
    );
    let (_, pending) =
        asked(client.authorize_device(AuthorizeDevice::default(), moment()).unwrap(), device);
    let pending = pending.unwrap();
    let (request, token) = asked(client.poll(&pending, moment()).unwrap(), ANSWER);
    assert!(token.is_ok() && parameter_of(&request, "device_code") == "d");
}

#[test]
fn a_request_in_the_query_and_its_own_headers_survive_the_wait() {
    let client = with_key_service(client_of(
        server().with(|server| server.transmission = Transmission::AllowGet),
    ));
    let grant = Grant::client_credentials()
        .header(http::HeaderName::from_static("x-tenant"), http::HeaderValue::from_static("a"));
    let (request, token) = asked(client.request_token(grant, moment()).unwrap(), ANSWER);
    assert!(token.is_ok() && request.method() == "GET" && request.headers()["x-tenant"] == "a");
}

#[test]
fn a_session_renews_its_token_through_the_key_service() {
    let session = Session::new(&remote(), API, token()).unwrap();
    let renewal = session.renew(moment()).unwrap();
    let (request, renewed) = asked(renewal, ANSWER);
    assert!(renewed.is_ok());
    assert_eq!(parameter_of(&request, "grant_type"), "refresh_token");
}

#[test]
fn errors_name_the_service_that_made_them() {
    let sent = || match remote().request_token(Grant::client_credentials(), moment()).unwrap() {
        Step::Send(_, sent) => sent,
        _ => panic!("expected a request to the key service"),
    };
    let response = |status: u16, body: &str| {
        http::Response::builder().status(status).body(body.as_bytes().to_vec()).unwrap()
    };
    let error = sent()
        .receive(response(400, r#"{"error":"invalid_grant"}"#), moment())
        .map(drop)
        .unwrap_err();
    assert!(matches!(error, Error::Refused(Refused::KeyService(_))), "{error}");
    assert_eq!(error.leg().unwrap().purpose, Purpose::CallingKeyService);
    assert!(!error.needs_sign_in(), "the key service has no say in the grant: {error}");
    assert!(sent().receive(response(429, ""), moment()).map(drop).unwrap_err().is_temporary());

    let Step::Send(_, sent) =
        sent().receive(response(200, r#"{"signature":"signed"}"#), moment()).unwrap()
    else {
        panic!("the server")
    };
    let error = sent
        .receive(response(400, r#"{"error":"invalid_client"}"#), moment())
        .map(drop)
        .unwrap_err();
    assert_eq!(error.leg().unwrap().purpose, Purpose::RequestingToken);
}

/// Authenticates with a token that another client gets at `https://platform.example.com/token`.
struct Platform(Client);

fn platform() -> Client {
    let server = AuthorizationServer::new("https://platform.example.com/token").unwrap();
    Client::new(server, "workload").secret("hunter2")
}

impl AuthenticateClientRemotely for Platform {
    fn authenticate(
        &self,
        mut credentials: RequestCredentials,
        moment: Moment,
    ) -> Result<Step<RequestCredentials>, BoxError> {
        let step = self.0.request_token(Grant::client_credentials(), moment)?;
        Ok(step.map(move |token| {
            credentials.parameter("client_assertion", token.access_token.expose());
            credentials
        }))
    }
}

fn by_platform(platform: Client) -> Client {
    client().authentication(ClientAuthentication::Remote(Arc::new(Platform(platform))))
}

fn expired() -> Token {
    let mut token = token();
    token.expires_at = Some(Timestamp::from_secs(NOW - 10));
    token
}

#[test]
fn a_refusal_of_the_key_service_does_not_end_the_users_grant() {
    let ended = Arc::new(AtomicUsize::new(0));
    let seen = ended.clone();
    let client = by_platform(platform()).on_event(move |event| {
        seen.fetch_add(usize::from(matches!(event, Event::GrantEnded { .. })), Relaxed);
    });
    let shared = SharedSession::builder_with(Session::new(&client, API, expired()).unwrap(), clock)
        .build()
        .unwrap();
    let mut asked = 0;
    for _ in 0..2 {
        let error = shared.fetch(get(API), |request: Request| {
            assert_eq!(request.uri().host(), Some("platform.example.com"));
            asked += 1;
            Ok::<_, std::io::Error>(refusal("invalid_grant"))
        });
        assert!(!error.unwrap_err().needs_sign_in());
    }
    assert_eq!((asked, ended.load(Relaxed)), (2, 0), "it is asked again each time");
}

/// Authenticates with an API call whose token may have expired.
struct ByApi(Session);

impl AuthenticateClientRemotely for ByApi {
    fn authenticate(
        &self,
        credentials: RequestCredentials,
        moment: Moment,
    ) -> Result<Step<RequestCredentials>, BoxError> {
        let call =
            self.0.call(&ApiRequest::new("https://platform.example.com/sign")?, moment.now)?;
        Ok(call.map(|_| credentials))
    }
}

#[test]
fn an_expired_token_of_the_key_service_is_not_the_users_token() {
    let own = Session::new(&platform(), "https://platform.example.com", expired()).unwrap();
    let client = client().authentication(ClientAuthentication::Remote(Arc::new(ByApi(own))));
    let shared = SharedSession::builder_with(Session::new(&client, API, expired()).unwrap(), clock)
        .build()
        .unwrap();
    let error = shared.fetch(get(API), |_| Ok::<_, std::io::Error>(json("{}"))).unwrap_err();
    assert!(!error.needs_sign_in(), "{error}");
    let own = Box::new(Expired::Token.into());
    assert_eq!(error.protocol(), Some(&Refused::KeyService(own).into()));
}

#[test]
fn each_client_observes_its_own_requests() {
    let heard = |log: &Arc<Mutex<Vec<String>>>, client: Client| {
        let log = log.clone();
        client
            .on_event(move |event| log.lock().unwrap().push(event.leg().unwrap().endpoint.clone()))
    };
    let (ours, theirs) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let client = heard(&ours, by_platform(heard(&theirs, platform())));
    let step = client.request_token(Grant::client_credentials(), moment()).unwrap();
    run_with(step, |_| Ok::<_, std::io::Error>(json(ANSWER)), moment, |_| {}).unwrap();
    assert_eq!(*theirs.lock().unwrap(), ["https://platform.example.com/token"]);
    assert_eq!(
        *ours.lock().unwrap(),
        ["https://platform.example.com/token", "https://auth.example.com/token"]
    );
}

/// Authenticates with a step that waits for a device's user.
struct Waits(PendingDevice);

impl AuthenticateClientRemotely for Waits {
    fn authenticate(
        &self,
        credentials: RequestCredentials,
        moment: Moment,
    ) -> Result<Step<RequestCredentials>, BoxError> {
        Ok(client().poll(&self.0, moment)?.map(|_| credentials))
    }
}

#[test]
fn a_step_that_waits_is_refused_since_renewals_cannot_sleep() {
    let device = concat!(
        r#"{"device_code":"d","user_code":"u","#,
        r#""verification_uri":"https://auth.example.com/device","expires_in":600}"#,
    );
    let (_, on) = sent(client().authorize_device(AuthorizeDevice::default(), moment()).unwrap());
    let pending = done(on.receive(json(device), moment()).unwrap());
    let client = client().authentication(ClientAuthentication::Remote(Arc::new(Waits(pending))));
    let error = client.request_token(Grant::client_credentials(), moment()).map(drop).unwrap_err();
    let kind = matches!(
        &error,
        Error::Unsupported(Unsupported::OAuth2(RequestError::ClientAuthentication { .. }))
    );
    assert!(kind && error.to_string().contains("waits"), "{error}");
}

#[test]
fn a_request_that_cannot_be_made_fails_before_the_key_service_is_asked() {
    let client = client_of(server().with(|server| server.transmission = Transmission::AllowGet));
    let grant = || Grant::client_credentials().parameter("long", &"x".repeat(70_000));
    let error = |client: &Client| client.request_token(grant(), moment()).map(drop).unwrap_err();
    assert_eq!(error(&with_key_service(client.clone())), error(&client));
}

struct Broken;

impl AuthenticateClientRemotely for Broken {
    fn authenticate(
        &self,
        _: RequestCredentials,
        _: Moment,
    ) -> Result<Step<RequestCredentials>, BoxError> {
        Err("no key for 2026".into())
    }
}

#[test]
fn an_error_in_making_the_step_is_reported() {
    let client = client().authentication(ClientAuthentication::Remote(Arc::new(Broken)));
    let error = client.request_token(Grant::client_credentials(), moment()).map(drop).unwrap_err();
    assert_eq!(
        error,
        RequestError::ClientAuthentication { reason: "no key for 2026".into() }.into()
    );
    assert_eq!(format!("{:?}", ClientAuthentication::Remote(Arc::new(Broken))), "Remote");
}
