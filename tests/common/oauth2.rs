//! An OAuth 2.0 client whose servers are scripts, without sockets. The tests set the clock.

use std::cell::Cell;
use std::sync::Arc;

use oauth_proto::oauth2::{
    AuthenticateClientRemotely, AuthorizationServer, Authorize, Client, ClientAuthentication,
    Grant, Pending, RequestCredentials, Session, SharedSession, Token,
};
use oauth_proto::wire::form;
use oauth_proto::{BoxError, Error, Moment, Purpose, Request, Response, Sent, Step, Timestamp};

#[allow(unused_imports, reason = "each test crate uses its part")]
pub use super::with::With;

pub const NOW: u64 = 1_700_000_000;
pub const ISSUER: &str = "https://auth.example.com";
pub const API: &str = "https://photos.example.com/albums";
pub const REDIRECT: &str = "https://client.example.com/cb";
pub const SECRET: &str = "7Fjfp0ZBr1KtDRbnfVdmIw";
/// The token response in RFC 6749 §5.1.
pub const ANSWER: &str = concat!(
    r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":3600,"#,
    r#""refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA","example_parameter":"example_value"}"#,
);

/// A key service at `https://keys.example.com/sign`, which signs assertions.
pub struct KeyService;

impl AuthenticateClientRemotely for KeyService {
    fn authenticate(
        &self,
        mut credentials: RequestCredentials,
        _: Moment,
    ) -> Result<Step<RequestCredentials>, BoxError> {
        let claims = credentials.claims();
        assert_eq!((&claims["iss"], &claims["aud"]), (&"s6BhdRkqt3".into(), &ISSUER.into()));
        assert_ne!(credentials.randomness(), [0; 32]);
        let request = http::Request::post("https://keys.example.com/sign")
            .body(claims.to_string().into_bytes())?;
        Ok(Step::exchange(request, Purpose::CallingKeyService, move |response| {
            let answer: serde_json::Value = serde_json::from_slice(response.body())?;
            let signature = answer["signature"].as_str().ok_or("the answer has no signature")?;
            // The claims after the response are the claims that were sent to the key service.
            let jti = credentials.claims()["jti"].clone();
            credentials.parameter("client_assertion", &format!("{signature}.{jti}"));
            credentials.header(
                http::HeaderName::from_static("x-proof"),
                http::HeaderValue::from_static("p"),
            );
            Ok(credentials)
        }))
    }
}

/// Returns the client with its key in the key service.
pub fn with_key_service(client: Client) -> Client {
    client.authentication(ClientAuthentication::Remote(Arc::new(KeyService)))
}

pub fn now() -> Timestamp {
    Timestamp::from_secs(NOW)
}

pub fn at(secs: u64) -> Moment {
    Moment::new(Timestamp::from_secs(secs), [7; 32])
}

pub fn moment() -> Moment {
    at(NOW)
}

thread_local! {
    static CLOCK: Cell<(u64, u8)> = const { Cell::new((NOW, 7)) };
}

/// The clock of shared sessions: [`NOW`], or the time that the thread has set.
pub fn clock() -> Moment {
    let (secs, entropy) = CLOCK.get();
    Moment::new(Timestamp::from_secs(secs), [entropy; 32])
}

pub fn set_clock(secs: u64) {
    CLOCK.set((secs, CLOCK.get().1));
}

pub fn set_entropy(entropy: u8) {
    CLOCK.set((CLOCK.get().0, entropy));
}

pub fn server() -> AuthorizationServer {
    let mut server = AuthorizationServer::new("https://auth.example.com/token").unwrap();
    server.issuer = Some(ISSUER.into());
    server.authorization_endpoint = Some("https://auth.example.com/authorize".into());
    server.device_authorization_endpoint = Some("https://auth.example.com/device".into());
    server.pushed_authorization_request_endpoint = Some("https://auth.example.com/par".into());
    server.revocation_endpoint = Some("https://auth.example.com/revoke".into());
    server.introspection_endpoint = Some("https://auth.example.com/introspect".into());
    server.registration_endpoint = Some("https://auth.example.com/register".into());
    server
}

pub fn client_of(server: AuthorizationServer) -> Client {
    Client::new(server, "s6BhdRkqt3").secret(SECRET).redirect_uri(REDIRECT).unwrap()
}

pub fn client() -> Client {
    client_of(server())
}

pub fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let builder =
        headers.iter().fold(http::Response::builder().status(status), |builder, (name, value)| {
            builder.header(*name, *value)
        });
    builder.body(body.as_bytes().to_vec()).unwrap()
}

pub fn json(body: &str) -> Response {
    response(200, &[("content-type", "application/json;charset=UTF-8")], body)
}

pub fn refusal(code: &str) -> Response {
    response(400, &[("content-type", "application/json")], &format!(r#"{{"error":"{code}"}}"#))
}

#[track_caller]
pub fn sent<T: std::fmt::Debug>(step: Step<T>) -> (Request, Sent<T>) {
    match step {
        Step::Send(request, sent) => (request, sent),
        step => panic!("{step:?}"),
    }
}

#[track_caller]
pub fn done<T: std::fmt::Debug>(step: Step<T>) -> T {
    match step {
        Step::Done(value) => value,
        step => panic!("{step:?}"),
    }
}

/// Sends a token request, and returns what the client reads from the response.
pub fn token_of(client: &Client, answer: Response) -> Result<Token, Error> {
    let (_, sent) = sent(client.request_token(Grant::client_credentials(), moment()).unwrap());
    sent.receive(answer, moment()).map(done)
}

/// Begins an authorization. Returns its pending value, and a callback with its state and without a
/// code.
pub fn begun(client: &Client) -> (Pending, String) {
    let authorization = done(client.authorize(Authorize::scope("photos"), moment()).unwrap());
    let callback = format!("{REDIRECT}?state={}", authorization.pending.state());
    (authorization.pending, callback)
}

/// Returns the parameters of a form or a query.
pub fn pairs(text: &[u8]) -> Vec<(String, String)> {
    let text_of = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    form::pairs(text).map(|(name, value)| (text_of(&name), text_of(&value))).collect()
}

/// Returns the value of a parameter. Panics unless the parameter occurs exactly once.
#[track_caller]
pub fn parameter(text: &[u8], name: &str) -> String {
    let values: Vec<_> = pairs(text).into_iter().filter(|(own, _)| own == name).collect();
    assert_eq!(values.len(), 1, "{name} in {:?}", pairs(text));
    values.into_iter().next().unwrap().1
}

pub fn query(url: &str) -> &[u8] {
    url.split_once('?').map_or("", |(_, query)| query).as_bytes()
}

pub fn get(url: &str) -> Request {
    http::Request::get(url).body(Vec::new()).unwrap()
}

/// Returns a token that is valid for an hour.
pub fn token() -> Token {
    let mut token = Token::bearer("2YotnFZFEjr1zCsicMWpAA");
    token.refresh_token = Some("tGzv3JOkF0XG5Qx2TlKWIA".into());
    token.expires_at = Some(Timestamp::from_secs(NOW + 3600));
    token
}

pub fn session(token: Token) -> Session {
    Session::new(&client(), API, token).unwrap()
}

pub fn shared(token: Token) -> SharedSession {
    SharedSession::builder_with(session(token), clock).build().unwrap()
}

pub fn bearer(request: &Request) -> Option<&str> {
    request.headers().get("authorization")?.to_str().ok()?.strip_prefix("Bearer ")
}
