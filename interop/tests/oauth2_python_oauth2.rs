//! Our OAuth 2.0 client at python-oauth2, which is set up as in its documentation.

use interop::browser::text;
use interop::exchange::{Clock, Http};
use interop::peer::Peer;
use interop::with::With;
use oauth_proto::oauth2::CallbackError;
use oauth_proto::oauth2::{
    AuthorizationServer, Authorize, Client, ClientAuthentication, Grant, IncludeClientId, Pending,
    SecretPlacement, Session, Token,
};
use oauth_proto::{Error, Forged, Moment, Refused, Step};
use serde::Deserialize;
use serde_json::{Value, json};

const CLIENT: &str = "abc";
const SECRET: &str = "xyz";
/// The library appends `?` and its parameters to the redirect_uri, even if that has a query.
const CALLBACK: &str = "https://printer.example.com/ready";
const CALLBACK_WITH_QUERY: &str = "https://printer.example.com/ready?printer=2";

/// A running server, and our client at this server.
struct PythonOauth2Server {
    /// The process of the server. It ends when this value is dropped.
    _peer: Peer,
    server: AuthorizationServer,
    client: Client,
    http: Http,
}

#[derive(Deserialize)]
struct Started {
    port: u16,
}

impl PythonOauth2Server {
    /// Starts a server with the configuration in the documentation, except for these members.
    fn new(configuration: Value) -> Self {
        Self::with_secret(SECRET, configuration)
    }

    fn with_secret(secret: &str, configuration: Value) -> Self {
        let mut told = json!({
            "client": CLIENT,
            "secret": secret,
            "redirect_uris": [CALLBACK, CALLBACK_WITH_QUERY],
            "authentication": "request_body",
        });
        told.as_object_mut().unwrap().extend(configuration.as_object().unwrap().clone());
        let placement = match told["authentication"].as_str() {
            Some("http_basic_auth") => SecretPlacement::AllowRawBasic,
            _ => SecretPlacement::Body,
        };
        let mut peer = Peer::run("python_oauth2_provider.py");
        let Started { port } = peer.ask(&told);
        let origin = format!("http://127.0.0.1:{port}");
        let mut server = AuthorizationServer::new(&format!("{origin}/token")).unwrap();
        server.authorization_endpoint = Some(format!("{origin}/authorize"));
        server.secret_placement = Some(placement);
        let client =
            Client::new(server.clone(), CLIENT).secret(secret).redirect_uri(CALLBACK).unwrap();
        Self { _peer: peer, server, client, http: Http::default() }
    }

    fn token(&self, grant: Grant) -> Result<Token, Error> {
        self.http.run(self.client.request_token(grant, Moment::from_os()))
    }

    /// Opens the page with two links as the user, and follows one of them. Returns the callback
    /// URL.
    fn callback(&self, url: &str, confirm: &str) -> String {
        let page = self.http.get(url);
        assert_eq!(page.status(), 200, "{}", text(&page));
        assert!(text(&page).contains(&format!("&confirm={confirm}\">")), "{}", text(&page));
        location(&self.http, &format!("{url}&confirm={confirm}"))
    }

    fn begin(&self, authorize: Authorize) -> (Pending, String) {
        let step = self.client.authorize(authorize, Moment::from_os()).unwrap();
        let Step::Done(authorization) = step else { panic!("{step:?}") };
        let callback = self.callback(&authorization.url, "1");
        (authorization.pending, callback)
    }

    fn redeem(&self, pending: Pending, callback: &str) -> Result<Token, Error> {
        self.http.run(self.client.redeem(pending, callback, Moment::from_os()))
    }

    fn grant(&self, authorize: Authorize) -> Result<Token, Error> {
        let (pending, callback) = self.begin(authorize);
        self.redeem(pending, &callback)
    }

    fn refresh(&self, token: &Token) -> Result<Token, Error> {
        self.http.run(
            Grant::refresh(token)
                .and_then(|grant| self.client.request_token(grant, Moment::from_os())),
        )
    }
}

fn location(http: &Http, url: &str) -> String {
    let answer = http.get(url);
    assert_eq!(answer.status(), 302, "{}", text(&answer));
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// Returns the code, the status and the advice of a refusal.
fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> (String, u16, Option<String>) {
    match result {
        Err(Error::Refused(Refused::Problem { code, response: answer, advice, .. })) => {
            (code, answer.status.as_u16(), advice)
        }
        other => panic!("{other:?}"),
    }
}

fn refused(code: &str, status: u16, advice: &str) -> (String, u16, Option<String>) {
    (code.to_owned(), status, Some(advice.to_owned()))
}

const JANE: (&str, &str) = ("jane", "pass word&%+=");

fn password() -> Grant {
    Grant::dangerous_password(JANE.0, JANE.1)
}

#[test]
fn every_grant_works_with_the_secret_in_the_body_and_in_the_header() {
    for authentication in ["request_body", "http_basic_auth"] {
        let python_oauth2 =
            PythonOauth2Server::new(json!({ "authentication": authentication, "expires_in": 600 }));
        let now = Moment::from_os().now;
        let token = python_oauth2.grant(Authorize::default()).unwrap();
        assert!(token.refresh_token.is_some() && token.expires_at >= Some(now), "{authentication}");
        assert_eq!(token.scope, None, "{authentication}");
        let renewed = python_oauth2.refresh(&token).unwrap();
        assert_ne!(renewed.access_token, token.access_token, "{authentication}");
        assert_eq!(
            renewed.refresh_token, token.refresh_token,
            "the old one stays good: {authentication}"
        );
        assert!(python_oauth2.refresh(&renewed).is_ok(), "{authentication}");

        assert!(
            python_oauth2.token(password()).unwrap().refresh_token.is_some(),
            "{authentication}"
        );
        let own = python_oauth2.token(Grant::client_credentials()).unwrap();
        assert_eq!((own.refresh_token, own.expires_at), (None, None), "{authentication}");

        let authorization = python_oauth2
            .client
            .dangerous_authorize_implicit(Authorize::default(), Moment::from_os())
            .unwrap();
        let callback = python_oauth2.callback(&authorization.url, "1");
        assert!(callback.starts_with(&format!("{CALLBACK}#access_token=")), "{callback}");
        let token = python_oauth2
            .client
            .token_from_fragment(authorization.pending, &callback, now)
            .unwrap();
        // Tokens of this grant do not expire, and have no refresh token.
        assert_eq!((token.expires_at, token.refresh_token), (None, None), "{authentication}");
    }
}

#[test]
fn a_token_without_an_end_does_not_expire() {
    let python_oauth2 = PythonOauth2Server::new(json!({}));
    let token = python_oauth2.grant(Authorize::default()).unwrap();
    assert_eq!((&token.expires_at, &token.refresh_token), (&None, &None));
    let clock = Clock::default();
    clock.advance(std::time::Duration::from_secs(100_000_000));
    assert!(!token.is_expired(clock.moment().now));
    let mut request = http::Request::get("https://photos.example.com/").body(Vec::new()).unwrap();
    let session = Session::new(&python_oauth2.client, "https://photos.example.com", token).unwrap();
    assert!(session.renew(clock.moment()).is_err());
    assert!(session.attach_token(&mut request, clock.moment().now).is_ok());
}

#[test]
fn a_rotated_refresh_token_is_accepted_once() {
    let python_oauth2 = PythonOauth2Server::new(json!({ "expires_in": 600, "reissues": true }));
    let first = python_oauth2.token(password()).unwrap();
    let second = python_oauth2.refresh(&first).unwrap();
    assert_ne!(second.refresh_token, first.refresh_token);
    // The library does not use the code `invalid_grant`.
    assert_eq!(
        refusal(python_oauth2.refresh(&first)),
        refused("invalid_request", 400, "Invalid refresh token")
    );
    assert!(python_oauth2.refresh(&second).is_ok());
}

#[test]
fn an_equal_request_gets_the_same_unique_tokens() {
    let python_oauth2 = PythonOauth2Server::new(json!({ "expires_in": 600, "unique": true }));
    let [first, second] = [(); 2].map(|()| python_oauth2.grant(Authorize::default()).unwrap());
    assert_eq!(
        (&first.access_token, &first.refresh_token),
        (&second.access_token, &second.refresh_token)
    );
    // Another grant has other tokens.
    assert_ne!(python_oauth2.token(password()).unwrap().access_token, first.access_token);
}

#[test]
fn a_code_is_accepted_once() {
    let python_oauth2 = PythonOauth2Server::new(json!({}));
    let (pending, callback) = python_oauth2.begin(Authorize::default());
    let copy = serde_json::from_str(&serde_json::to_string(&pending).unwrap()).unwrap();
    python_oauth2.redeem(pending, &callback).unwrap();
    let again = refusal(python_oauth2.redeem(copy, &callback));
    assert_eq!(again, refused("invalid_request", 400, "Invalid authorization code parameter"));
}

#[test]
fn an_error_without_a_state_is_refused() {
    let python_oauth2 = PythonOauth2Server::new(json!({}));
    let alone = Error::from(CallbackError::ErrorAlone { code: "access_denied".into() });
    let Step::Done(authorization) =
        python_oauth2.client.authorize(Authorize::default(), Moment::from_os()).unwrap()
    else {
        panic!("expected no pushed request")
    };
    // The library leaves `state` out of a denial, so the denial could be forged.
    let callback = python_oauth2.callback(&authorization.url, "0");
    assert_eq!(callback, format!("{CALLBACK}?error=access_denied"));
    assert_eq!(python_oauth2.redeem(authorization.pending, &callback).unwrap_err(), alone);

    let authorization = python_oauth2
        .client
        .dangerous_authorize_implicit(Authorize::default(), Moment::from_os())
        .unwrap();
    let callback = python_oauth2.callback(&authorization.url, "0");
    assert_eq!(callback, format!("{CALLBACK}#error=access_denied"));
    let now = Moment::from_os().now;
    assert_eq!(
        python_oauth2
            .client
            .token_from_fragment(authorization.pending, &callback, now)
            .unwrap_err(),
        alone
    );
}

#[test]
fn a_client_that_may_not_use_a_grant_gets_an_error() {
    let python_oauth2 = PythonOauth2Server::new(json!({}));
    let limited = Client::new(python_oauth2.server.clone(), "limited")
        .secret(SECRET)
        .redirect_uri(CALLBACK)
        .unwrap();
    assert!(
        python_oauth2
            .http
            .run(limited.request_token(Grant::client_credentials(), Moment::from_os()))
            .is_ok()
    );
    let advice = "The client is not allowed to use this grant type";
    let step = limited.request_token(password(), Moment::from_os());
    assert_eq!(refusal(python_oauth2.http.run(step)), refused("unauthorized_client", 400, advice));
    let Step::Done(authorization) =
        limited.authorize(Authorize::default(), Moment::from_os()).unwrap()
    else {
        panic!("expected no pushed request")
    };
    let callback = location(&python_oauth2.http, &authorization.url);
    assert_eq!(callback, format!("{CALLBACK}?error=unauthorized_client"));
    let step = limited.redeem(authorization.pending, &callback, Moment::from_os());
    assert_eq!(
        step.unwrap_err(),
        CallbackError::ErrorAlone { code: "unauthorized_client".into() }.into()
    );
}

#[test]
fn wrong_credentials_are_refused_with_the_text_of_the_library() {
    let python_oauth2 = PythonOauth2Server::new(json!({}));
    let ask = |client: Client, grant| {
        refusal(python_oauth2.http.run(client.request_token(grant, Moment::from_os())))
    };
    let client = |id: &str, authentication| {
        Client::new(python_oauth2.server.clone(), id).authentication(authentication)
    };
    let own = Grant::client_credentials;
    let wrong = ask(client(CLIENT, ClientAuthentication::Body("zyx".into())), own());
    assert_eq!(wrong, refused("invalid_client", 400, "Invalid client credentials"));
    let unknown = ask(client("abd", ClientAuthentication::Body(SECRET.into())), own());
    assert_eq!(unknown, refused("invalid_client", 400, "No client could be found"));
    // The library does not read a secret in the header.
    let missing = ask(client(CLIENT, ClientAuthentication::Basic(SECRET.into())), own());
    assert_eq!(missing, refused("invalid_request", 400, "Missing client identifier"));
    let mut beside = client(CLIENT, ClientAuthentication::Basic(SECRET.into()));
    beside.include_client_id = IncludeClientId::Always;
    assert_eq!(ask(beside, own()), refused("invalid_request", 400, "Missing client credentials"));
    let public = ask(client(CLIENT, ClientAuthentication::None), own());
    assert_eq!(public, refused("invalid_request", 400, "Missing client credentials"));
    let mallory = refusal(python_oauth2.token(Grant::dangerous_password("jane", "guessed")));
    assert_eq!(mallory, refused("invalid_client", 401, "Unable to authenticate resource owner"));
    let other = refusal(
        python_oauth2.token(Grant::extension("urn:ietf:params:oauth:grant-type:jwt-bearer")),
    );
    assert_eq!(other, refused("unsupported_response_type", 400, "Grant not supported"));
}

#[test]
fn a_secret_with_reserved_characters_is_sent_raw_in_the_header() {
    let secret = "100% s=cret+/&:~";
    let python_oauth2 =
        PythonOauth2Server::with_secret(secret, json!({ "authentication": "http_basic_auth" }));
    assert!(python_oauth2.token(Grant::client_credentials()).is_ok());
    // The library does not decode the id and the secret, which RFC 6749 §2.3.1 requires.
    let encoded = Client::new(python_oauth2.server.clone(), CLIENT)
        .authentication(ClientAuthentication::Basic(secret.into()));
    let step = encoded.request_token(Grant::client_credentials(), Moment::from_os());
    assert_eq!(
        refusal(python_oauth2.http.run(step)),
        refused("invalid_client", 400, "Invalid client credentials")
    );
    let python_oauth2 = PythonOauth2Server::with_secret(secret, json!({}));
    assert!(python_oauth2.token(Grant::client_credentials()).is_ok());
}

#[test]
fn an_unknown_scope_is_dropped_and_reported_only_for_a_code() {
    let python_oauth2 =
        PythonOauth2Server::new(json!({ "scopes": ["read", "write"], "expires_in": 600 }));
    let token = python_oauth2.grant(Authorize::scope("read admin")).unwrap();
    assert_eq!(token.scope, Some("read".into()));
    assert_eq!(token.scope_refused().collect::<Vec<_>>(), ["admin"]);
    // Only the code grant returns the granted scope. A response without a scope means that all was
    // granted (RFC 6749 §5.1), which is wrong here.
    assert_eq!(
        python_oauth2.token(password().scope("read admin")).unwrap().scope,
        Some("read admin".into())
    );
    // Without a default scope, a request without a scope is refused, also when a token is renewed.
    let missing = refused("invalid_scope", 400, "Missing scope parameter in request");
    assert_eq!(refusal(python_oauth2.token(password())), missing);
    assert_eq!(refusal(python_oauth2.refresh(&token)), missing);
    let session =
        Session::new(&python_oauth2.client, "https://photos.example.com", token.clone()).unwrap();
    let session = session.map_renewal_grant(|grant| grant.scope("read"));
    assert_eq!(
        python_oauth2.http.run(session.renew(Moment::from_os())).unwrap().scope,
        Some("read".into())
    );
    let step = Grant::refresh(&token).and_then(|grant| {
        python_oauth2.client.request_token(grant.scope("write"), Moment::from_os())
    });
    let invalid = refused("invalid_scope", 400, "Invalid scope parameter in request");
    assert_eq!(refusal(python_oauth2.http.run(step)), invalid);
}

#[test]
fn the_default_scope_is_reported_if_it_is_used() {
    let python_oauth2 =
        PythonOauth2Server::new(json!({ "scopes": ["read", "write"], "default_scope": "read" }));
    let ask = |authorize: &Authorize| {
        let authorization = python_oauth2
            .client
            .dangerous_authorize_implicit(authorize.clone(), Moment::from_os())
            .unwrap();
        let callback = python_oauth2.callback(&authorization.url, "1");
        let token = python_oauth2.client.token_from_fragment(
            authorization.pending,
            &callback,
            Moment::from_os().now,
        );
        [python_oauth2.grant(authorize.clone()), token]
    };
    let read = || Some("read".into());
    for token in [python_oauth2.token(password()), python_oauth2.token(Grant::client_credentials())]
    {
        assert_eq!(token.unwrap().scope, read());
    }
    for token in ask(&Authorize::default()) {
        assert_eq!(token.unwrap().scope, read());
    }
    for token in [password(), Grant::client_credentials()]
        .map(|grant| python_oauth2.token(grant.scope("admin")))
    {
        assert_eq!(token.unwrap().scope, read());
    }
    for token in ask(&Authorize::scope("admin")) {
        let token = token.unwrap();
        assert_eq!(
            (
                token
                    .scope
                    .as_ref()
                    .unwrap()
                    .missing_from(token.requested_scope.as_ref().unwrap())
                    .next(),
                token.scope_refused().next()
            ),
            (Some("read"), Some("admin"))
        );
    }
}

#[test]
fn a_code_after_a_second_question_mark_did_not_arrive_at_the_redirect_uri() {
    let python_oauth2 = PythonOauth2Server::new(json!({}));
    let (pending, callback) = python_oauth2.begin(
        Authorize::default()
            .with(|authorize| authorize.redirect_uri = Some(CALLBACK_WITH_QUERY.into())),
    );
    assert!(callback.starts_with(&format!("{CALLBACK_WITH_QUERY}?code=")), "{callback}");
    let error = python_oauth2.redeem(pending, &callback).unwrap_err();
    assert!(matches!(error, Error::Forged(Forged::PlaceMismatch { .. })), "{error}");
}

#[test]
fn a_redirect_uri_that_is_not_registered_is_not_used() {
    let python_oauth2 = PythonOauth2Server::new(json!({}));
    let mut authorize = Authorize::default();
    authorize.redirect_uri = Some("https://elsewhere.example.com/ready".into());
    let Step::Done(authorization) =
        python_oauth2.client.authorize(authorize, Moment::from_os()).unwrap()
    else {
        panic!("expected no pushed request")
    };
    let page = python_oauth2.http.get(&authorization.url);
    assert_eq!(page.status(), 400);
    assert!(text(&page).contains("invalid_redirect_uri"), "{}", text(&page));
}
