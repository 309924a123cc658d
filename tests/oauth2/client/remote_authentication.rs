//! A client whose key is in a service elsewhere: `ClientAuthentication::Remote`.

use std::sync::Arc;

use oauth_proto::oauth2::RequestError;
use oauth_proto::oauth2::{
    AuthenticateClientRemotely, AuthorizeDevice, Client, ClientAuthentication, Grant, RequestCredentials, Transmission,
};
use oauth_proto::{BoxError, Error, Moment, Purpose, Request, Secret, Step, run_with};

use crate::common::oauth2::*;

fn remote() -> Client {
    with_key_service(client())
}

/// Drives a step to its end, and returns the request that came after the key service was asked.
fn asked<T>(step: Step<T>, answer: &str) -> (Request, Result<T, Error>) {
    let mut sent = Vec::new();
    let mut claims = serde_json::Value::Null;
    let send = |request: Request| {
        let is_key = request.uri() == "https://keys.example.com/sign";
        if is_key {
            claims = serde_json::from_slice(request.body()).unwrap();
        }
        sent.push(request);
        Ok::<_, std::io::Error>(if is_key { json(r#"{"signature":"signed"}"#) } else { json(answer) })
    };
    // Time passes, since a device waits before it asks.
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
    let (request, token) = asked(client.request_token(Grant::client_credentials(), moment()).unwrap(), ANSWER);
    assert!(token.is_ok());
    assert!(request.headers()["x-proof"].is_sensitive());
    assert_eq!(parameter_of(&request, "client_id"), "s6BhdRkqt3");

    let (request, ended) = asked(client.introspect(Secret::from("t"), moment()).unwrap(), r#"{"active":true}"#);
    assert!(ended.unwrap().active && parameter_of(&request, "token") == "t");
    let (request, ended) = asked(client.revoke(Secret::from("t"), moment()).unwrap(), "{}");
    assert!(ended.is_ok() && parameter_of(&request, "token") == "t");

    let device =
        r#"{"device_code":"d","user_code":"u","verification_uri":"https://auth.example.com/device","expires_in":600}"#;
    let (_, pending) = asked(client.authorize_device(AuthorizeDevice::default(), moment()).unwrap(), device);
    let pending = pending.unwrap();
    let (request, token) = asked(client.poll(&pending, moment()).unwrap(), ANSWER);
    assert!(token.is_ok() && parameter_of(&request, "device_code") == "d");
}

#[test]
fn a_request_in_the_query_and_its_own_headers_survive_the_wait() {
    let client = with_key_service(client_of(server().with(|server| server.transmission = Transmission::AllowGet)));
    let grant = Grant::client_credentials()
        .header(http::HeaderName::from_static("x-tenant"), http::HeaderValue::from_static("a"));
    let (request, token) = asked(client.request_token(grant, moment()).unwrap(), ANSWER);
    assert!(token.is_ok() && request.method() == "GET" && request.headers()["x-tenant"] == "a");
}

#[test]
fn a_session_renews_its_token_through_the_key_service() {
    let session = oauth_proto::oauth2::Session::new(&remote(), API, token()).unwrap();
    let renewal = session.renew(moment()).unwrap();
    let (request, renewed) = asked(renewal, ANSWER);
    assert!(renewed.is_ok());
    assert_eq!(parameter_of(&request, "grant_type"), "refresh_token");
}

#[test]
fn errors_name_the_service_that_made_them() {
    let sent = || match remote().request_token(Grant::client_credentials(), moment()).unwrap() {
        Step::Send(_, sent) => sent,
        _ => panic!("the key service is asked"),
    };
    let response =
        |status: u16, body: &str| http::Response::builder().status(status).body(body.as_bytes().to_vec()).unwrap();
    let error = sent().receive(response(400, r#"{"error":"invalid_grant"}"#), moment()).map(drop).unwrap_err();
    assert_eq!(error.leg().unwrap().purpose, Purpose::CallingKeyService);
    assert!(!error.needs_sign_in(), "the key service has no say in the grant: {error}");
    assert!(sent().receive(response(429, ""), moment()).map(drop).unwrap_err().is_temporary());

    let Step::Send(_, sent) = sent().receive(response(200, r#"{"signature":"signed"}"#), moment()).unwrap() else {
        panic!("the server")
    };
    let error = sent.receive(response(400, r#"{"error":"invalid_client"}"#), moment()).map(drop).unwrap_err();
    assert_eq!(error.leg().unwrap().purpose, Purpose::RequestingToken);
}

struct Broken;

impl AuthenticateClientRemotely for Broken {
    fn authenticate(&self, _: RequestCredentials, _: Moment) -> Result<Step<RequestCredentials>, BoxError> {
        Err("no key for 2026".into())
    }
}

#[test]
fn a_step_that_cannot_be_made_says_why() {
    let client = client().authentication(ClientAuthentication::Remote(Arc::new(Broken)));
    let error = client.request_token(Grant::client_credentials(), moment()).map(drop).unwrap_err();
    assert_eq!(error, RequestError::ClientAuthentication { reason: "no key for 2026".into() }.into());
    assert_eq!(format!("{:?}", ClientAuthentication::Remote(Arc::new(Broken))), "Remote");
}
