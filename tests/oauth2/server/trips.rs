//! The queries of each endpoint, which are its trips to a store on another machine.

use std::cell::RefCell;
use std::convert::Infallible;
use std::sync::Arc;

use http::Request;
use oauth_proto::OneTimeUse;
use oauth_proto::for_each_oauth2_query;
use oauth_proto::oauth2::resource::{Admission, ResourceServer};
use oauth_proto::oauth2::server::store::{
    Attempts, ClientPage, ClientRecord, CountAttempt, Find, FindAttempts, FindClient,
    FindOneTimeRecord, FindToken, Found, FoundOneTimeRecord, GrantPage, ListClients, ListGrants,
    MemoryStore, NotSupported, Purge, Purged, Redeem, Redemption, RememberOnce, RemoveClient,
    ReplaceOneTimeRecord, Revoke, Rotate, Rotation, SaveClient, SaveOneTimeRecord, SaveTokens,
    Saved, Store, TokenRecord,
};
use oauth_proto::oauth2::server::{
    Approval, Caller, Decision, Dispatched, GrantType, Provider, RegistrationPolicy, Serve, serve,
};
use oauth_proto::wire::form;
use oauth_proto::{Moment, Response, Timestamp};
use serde_json::Value;

use crate::common::oauth2_pair::{ISSUER, NOW, REDIRECT, SECRET};
use crate::common::with::With;

/// A store that writes down the queries.
#[derive(Default)]
struct Asked {
    inner: MemoryStore,
    queries: RefCell<Vec<&'static str>>,
}

macro_rules! asked {
    ($($method:ident: $Query:ident -> $Output:ty $(, $default:ident)*;)*) => {
        impl Store for Asked {
            type Error = Infallible;
            $(fn $method(&self, query: &$Query) -> Result<$Output, Infallible> {
                self.queries.borrow_mut().push(stringify!($Query));
                self.inner.$method(query)
            })*
        }
    };
}

for_each_oauth2_query! { asked! {} }

/// A server whose store writes down the queries.
struct Server {
    provider: Provider,
    store: Asked,
    count: RefCell<u64>,
    /// Whether the requests name their caller, so that attempts are counted.
    names_callers: bool,
}

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

impl Server {
    fn new() -> Self {
        let provider = Provider::builder(ISSUER)
            .add_grant_type(GrantType::authorization_code().scopes("read write"))
            .add_grant_type(GrantType::client_credentials().scopes("stats"))
            .add_grant_type(GrantType::dangerous_password().scopes("read"))
            .add_grant_type(GrantType::device_code().scopes("read"))
            .add_grant_type(GrantType::token_exchange().scopes("read"))
            .add_grant_type(GrantType::refresh_token())
            .with(|options| options.registration = RegistrationPolicy::AllowAnyone)
            .with(|options| options.allow_raw_basic = true)
            .build()
            .unwrap();
        let store = Asked::default();
        let client = ClientRecord::confidential("printer", SECRET).unwrap();
        store.inner.add_client(
            client
                .add_redirect_uri(REDIRECT)
                .add_grant_type("client_credentials")
                .add_grant_type("password")
                .add_grant_type(EXCHANGE),
        );
        Self { provider, store, count: RefCell::default(), names_callers: false }
    }

    fn moment(&self) -> Moment {
        *self.count.borrow_mut() += 1;
        let mut entropy = [7; 32];
        entropy[..8].copy_from_slice(&self.count.borrow().to_be_bytes());
        Moment::new(Timestamp::from_secs(NOW), entropy)
    }

    /// Returns the queries since the last call.
    fn trips(&self) -> Vec<&'static str> {
        self.store.queries.take()
    }

    fn dispatch(&self, request: &Request<Vec<u8>>) -> Result<Dispatched, Response> {
        Serve::new(&self.store)
            .decide_grant(|_| Ok::<_, String>(Decision::Granted(Approval::new("jane"))))
            .run(self.provider.dispatch(request, self.moment()))
            .map_err(|rejected| rejected.response())
    }

    /// Sends a request as the client, and returns the members of the response, with or without an
    /// error.
    fn post(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        match self.send(path, SECRET, parameters) {
            Ok(Dispatched::Respond(response)) | Err(response) => {
                serde_json::from_slice(response.body()).unwrap()
            }
            Ok(page) => panic!("{page:?}"),
        }
    }

    /// Sends a request as the client with this secret.
    fn send(
        &self,
        path: &str,
        secret: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Dispatched, Response> {
        let own = [("client_id", "printer"), ("client_secret", secret)];
        let body = form::encode(own.into_iter().chain(parameters.iter().copied()));
        let mut request = Request::post(format!("{ISSUER}{path}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.into_bytes())
            .unwrap();
        if self.names_callers {
            request.extensions_mut().insert(Caller::from("203.0.113.7"));
        }
        self.dispatch(&request)
    }

    fn token(&self, parameters: &[(&str, &str)]) -> Value {
        let answer = self.post("/token", parameters);
        assert!(answer.get("access_token").is_some(), "{answer}");
        answer
    }

    /// Sends the user to the authorization endpoint, approves, and returns the code.
    fn code(&self) -> String {
        let asked = [("response_type", "code"), ("client_id", "printer"), ("scope", "read")];
        let uri = format!("{ISSUER}/authorize?{}", form::encode(asked));
        let Ok(Dispatched::Consent(consent)) =
            self.dispatch(&Request::get(uri).body(Vec::new()).unwrap())
        else {
            panic!("expected a consent")
        };
        assert_eq!(self.trips(), ["FindClient"], "authorize");
        let step = self.provider.approve(consent, Approval::new("jane"), self.moment());
        let response = serve(step, &self.store).unwrap();
        assert_eq!(self.trips(), ["FindClient", "SaveOneTimeRecord"], "approve");
        let location = response.headers()["location"].to_str().unwrap();
        let query = location.split_once("code=").unwrap().1;
        query.split('&').next().unwrap().to_owned()
    }
}

fn text<'v>(answer: &'v Value, member: &str) -> &'v str {
    answer[member].as_str().unwrap_or_else(|| panic!("{member} of {answer}"))
}

#[test]
fn the_token_endpoint_needs_two_trips_for_each_grant_type() {
    let server = Server::new();
    let code = server.code();
    let tokens = server.token(&[("grant_type", "authorization_code"), ("code", &code)]);
    assert_eq!(server.trips(), ["Find", "Redeem"]);
    let refresh = text(&tokens, "refresh_token");
    server.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]);
    assert_eq!(server.trips(), ["Find", "Rotate"]);
    server.token(&[
        ("grant_type", EXCHANGE),
        ("subject_token", text(&tokens, "access_token")),
        ("subject_token_type", ACCESS_TOKEN),
    ]);
    assert_eq!(server.trips(), ["Find", "SaveTokens"]);
    server.token(&[("grant_type", "client_credentials"), ("scope", "stats")]);
    assert_eq!(server.trips(), ["Find", "SaveTokens"]);
    server.token(&[
        ("grant_type", "password"),
        ("username", "jane"),
        ("password", "A3ddj3w"),
        ("scope", "read"),
    ]);
    assert_eq!(server.trips(), ["Find", "SaveTokens"]);
}

#[test]
fn a_device_needs_two_trips_for_each_request() {
    let server = Server::new();
    let codes = server.post("/device_authorization", &[("scope", "read")]);
    assert_eq!(server.trips(), ["Find", "SaveOneTimeRecord"]);
    let poll = [("grant_type", DEVICE), ("device_code", text(&codes, "device_code"))];
    assert_eq!(server.post("/token", &poll)["error"], "authorization_pending");
    assert_eq!(server.trips(), ["Find", "ReplaceOneTimeRecord"]);
    let now = server.moment().now;
    let step = server.provider.find_device(text(&codes, "user_code"), "jane", now);
    let device = serve(step, &server.store).unwrap();
    assert_eq!(server.trips(), ["CountAttempt", "FindOneTimeRecord", "FindClient"]);
    let step = server.provider.approve_device(device, Approval::new("jane"), server.moment());
    serve(step, &server.store).unwrap();
    assert_eq!(server.trips(), ["FindOneTimeRecord", "ReplaceOneTimeRecord"]);
    server.token(&poll);
    assert_eq!(server.trips(), ["Find", "Redeem"]);
}

#[test]
fn only_a_failed_proof_needs_a_further_trip_that_counts_it() {
    let mut server = Server::new();
    server.names_callers = true;
    server.token(&[("grant_type", "client_credentials"), ("scope", "stats")]);
    assert_eq!(server.trips(), ["Find", "SaveTokens"]);
    server.token(&[
        ("grant_type", "password"),
        ("username", "jane"),
        ("password", "A3ddj3w"),
        ("scope", "read"),
    ]);
    assert_eq!(server.trips(), ["Find", "SaveTokens"]);
    let refused = server.send("/token", "wrong", &[("grant_type", "client_credentials")]);
    assert_eq!(refused.unwrap_err().status(), 401);
    assert_eq!(server.trips(), ["Find", "CountAttempt"]);
    assert_eq!(server.post("/introspect", &[("token", "unknown")])["active"], false);
    assert_eq!(server.trips(), ["Find", "CountAttempt"]);
}

#[test]
fn introspection_and_bearer_checks_need_one_trip_and_revocation_two() {
    let server = Server::new();
    let tokens = server.token(&[("grant_type", "client_credentials"), ("scope", "stats")]);
    server.trips();
    let token = text(&tokens, "access_token");
    assert_eq!(server.post("/introspect", &[("token", token)])["active"], true);
    assert_eq!(server.trips(), ["Find"]);
    let api = ResourceServer::builder("https://stats.example.com/").build().unwrap();
    let request = Request::get("https://stats.example.com/")
        .header("authorization", format!("Bearer {token}"))
        .body(Vec::new())
        .unwrap();
    let admission =
        serve(api.check(&request, "stats", server.moment().now), &server.store).unwrap();
    assert!(matches!(admission, Admission::Granted(_)), "{admission:?}");
    assert_eq!(server.trips(), ["FindToken"]);
    server.post("/revoke", &[("token", token)]);
    assert_eq!(server.trips(), ["Find", "Revoke"]);
}

#[test]
fn a_pushed_request_needs_two_trips_and_a_registration_one() {
    let server = Server::new();
    server.post("/par", &[("response_type", "code"), ("scope", "read")]);
    assert_eq!(server.trips(), ["Find", "SaveOneTimeRecord"]);
    let request = Request::post(format!("{ISSUER}/register"))
        .header("content-type", "application/json")
        .body(br#"{"redirect_uris":["https://client.example.com/cb"]}"#.to_vec())
        .unwrap();
    server.dispatch(&request).unwrap();
    assert_eq!(server.trips(), ["SaveClient"]);
}

/// RFC 6749 §2.3.1: HTTP Basic can be read in two ways.
#[test]
fn two_readings_of_the_client_need_no_further_trip() {
    let server = Server::new();
    let basic = "Basic cHJpbnQlNjVyOndyb25nK3dyb25n"; // print%65r:wrong+wrong
    let request = Request::post(format!("{ISSUER}/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", basic)
        .body(b"grant_type=client_credentials&scope=stats".to_vec())
        .unwrap();
    let response = server.dispatch(&request).unwrap_err();
    assert_eq!(response.status(), 401);
    assert_eq!(server.trips(), ["Find"]);
}
