//! Every grant, with the examples of its specification.

use std::time::Duration;

use crate::common::oauth2::*;
use oauth_proto::oauth2::CallbackError;
use oauth_proto::oauth2::RequestError;
use oauth_proto::oauth2::{
    AuthenticateClient, Authorize, AuthorizeDevice, Client, ClientAuthentication, Grant,
    IncludeClientId, PendingDevice, PkceSupport, RequestCredentials, ResponseMode, SecretPlacement,
    TokenType, Transmission,
};
use oauth_proto::{
    Callback, Error, Expired, Forged, Misbehaved, Refused, Request, Response, Step, Timestamp,
    Unsupported,
};

fn request(client: &Client, grant: Grant) -> Request {
    sent(client.request_token(grant, moment()).unwrap()).0
}

fn sorted(request: &Request) -> Vec<(String, String)> {
    let mut pairs = pairs(request.body());
    pairs.sort();
    pairs
}

fn has(request: &Request, name: &str) -> bool {
    pairs(request.body()).iter().any(|(own, _)| own == name)
}

/// RFC 6749 §4.1.1 and §4.1.3, RFC 7636 §4.3 and §4.5.
#[test]
fn a_code_is_requested_and_redeemed() {
    let authorize = Authorize::scope(["photos", "profile"])
        .parameter("access_type", "offline")
        .parameter("prompt", "a b");
    let authorization = done(client().authorize(authorize, moment()).unwrap());
    let url = &authorization.url;
    assert!(
        url.starts_with(
            "https://auth.example.com/authorize?client_id=s6BhdRkqt3&response_type=code"
        ),
        "{url}"
    );
    for (name, value) in [
        ("redirect_uri", REDIRECT),
        ("scope", "photos profile"),
        ("state", authorization.pending.state()),
        ("code_challenge_method", "S256"),
        ("access_type", "offline"),
        ("prompt", "a b"),
    ] {
        assert_eq!(parameter(query(url), name), value);
    }

    let callback =
        format!("{REDIRECT}?code=SplxlOBeZQQYbYS6WxSbIA&state={}", authorization.pending.state());
    let (request, sent) =
        sent(client().redeem(authorization.pending, &callback, moment()).unwrap());
    assert_eq!(
        (request.method().as_str(), request.uri().to_string().as_str()),
        ("POST", "https://auth.example.com/token")
    );
    assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(request.headers()["accept"], "application/json");
    assert_eq!(
        request.headers()["authorization"],
        "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"
    );
    assert!(request.headers()["authorization"].is_sensitive());
    assert_eq!(parameter(request.body(), "grant_type"), "authorization_code");
    assert_eq!(parameter(request.body(), "code"), "SplxlOBeZQQYbYS6WxSbIA");
    assert_eq!(parameter(request.body(), "redirect_uri"), REDIRECT);
    assert_eq!(parameter(request.body(), "code_verifier").len(), 43);
    assert!(!has(&request, "client_id") && !has(&request, "scope"));

    let token = done(sent.receive(json(ANSWER), at(NOW + 5)).unwrap());
    assert_eq!(token.access_token.expose(), "2YotnFZFEjr1zCsicMWpAA");
    assert_eq!(token.expires_at, Some(Timestamp::from_secs(NOW + 3605)));
    assert_eq!(token.scope, Some("photos profile".into()));
    assert_eq!(token.extra["example_parameter"].as_str().unwrap(), "example_value");
}

#[test]
fn a_pending_authorization_survives_storage() {
    for authorize in [
        Authorize::default(),
        Authorize::scope("a").with(|authorize| {
            authorize.nonce = true;
            authorize.redirect_uri = Some("http://127.0.0.1:51004/cb".into());
            authorize.response_mode = ResponseMode::FormPost;
        }),
    ] {
        let pending = done(client().authorize(authorize, moment()).unwrap()).pending;
        let stored = serde_json::to_string(&pending).unwrap();
        assert!(stored.len() < 400, "{stored}");
        let restored: oauth_proto::oauth2::Pending = serde_json::from_str(&stored).unwrap();
        assert_eq!(restored.nonce(), pending.nonce());
        let answer = format!("code=x&state={}", pending.state());
        let (url, form) = (format!("/cb?{answer}"), answer.as_bytes());
        let (one, _) =
            sent(client().redeem(pending, Callback::posted(&url, form), moment()).unwrap());
        let (other, _) =
            sent(client().redeem(restored, Callback::posted(&url, form), moment()).unwrap());
        assert_eq!(one.body(), other.body());
    }
}

#[test]
fn a_pending_authorization_expires() {
    let authorization = done(
        client()
            .authorize(
                Authorize::default().with(|authorize| authorize.lifetime = Duration::from_secs(60)),
                moment(),
            )
            .unwrap(),
    );
    let callback = format!("/cb?code=x&state={}", authorization.pending.state());
    let error = client().redeem(authorization.pending, &callback, at(NOW + 60)).unwrap_err();
    assert_eq!(error, Expired::Pending.into());
    let mut endless = Authorize::default();
    endless.lifetime = Duration::MAX;
    let pending = done(client().authorize(endless, moment()).unwrap()).pending;
    assert_eq!(pending.expires_at(), Timestamp::from_secs(u64::MAX));
}

#[test]
fn a_parameter_that_has_an_option_or_is_already_set_is_refused() {
    for name in
        ["state", "scope", "client_id", "code_challenge", "request_uri", "nonce", "response_mode"]
    {
        let error =
            client().authorize(Authorize::default().parameter(name, "x"), moment()).unwrap_err();
        assert_eq!(error, Unsupported::ReservedParameter { name: name.into() }.into());
    }
    let twice = Authorize::default().parameter("prompt", "a").parameter("prompt", "b");
    client().authorize(twice, moment()).unwrap_err();
    for name in ["grant_type", "client_secret", "scope", "username"] {
        let grant = Grant::dangerous_password("a", "b").parameter(name, "x");
        assert_eq!(
            client().request_token(grant, moment()).unwrap_err(),
            Unsupported::ReservedParameter { name: name.into() }.into()
        );
    }
}

#[test]
fn options_of_an_authorization_request_are_sent_in_its_query() {
    let details = serde_json::json!([{ "type": "payment", "amount": "1 €" }]);
    let mut authorize = Authorize::default()
        .with(|authorize| authorize.nonce = true)
        .parameter("login_hint", "jane@example.com")
        .resource("https://a.example/")
        .resource("https://b.example/")
        .parameter("authorization_details", &details.to_string());
    authorize.dangerous_state = Some("s &".into());
    let authorization = done(client().authorize(authorize, moment()).unwrap());
    let query = query(&authorization.url);
    assert_eq!(parameter(query, "login_hint"), "jane@example.com");
    assert_eq!(parameter(query, "state"), "s &");
    assert_eq!(Some(parameter(query, "nonce").as_str()), authorization.pending.nonce());
    assert_eq!(parameter(query, "authorization_details"), details.to_string());
    assert_eq!(pairs(query).iter().filter(|(name, _)| name == "resource").count(), 2);
    let (request, _) =
        sent(client().redeem(authorization.pending, "/cb?code=x&state=s+%26", moment()).unwrap());
    assert_eq!(parameter(request.body(), "code"), "x");
}

#[test]
fn one_moment_gives_independent_values_and_the_same_moment_the_same() {
    let url = |secs| {
        done(
            client()
                .authorize(Authorize::default().with(|authorize| authorize.nonce = true), at(secs))
                .unwrap(),
        )
        .url
    };
    assert_eq!(url(NOW), url(NOW + 1));
    let query = query(&url(NOW)).to_vec();
    let values = ["state", "nonce", "code_challenge"].map(|name| parameter(&query, name));
    assert!(values[0] != values[1] && values[1] != values[2] && values[0] != values[2]);
}

#[test]
fn an_endpoint_may_have_a_query_and_a_server_may_have_its_own_parameters_and_separator() {
    let mut server = server();
    server.authorization_endpoint = Some("https://auth.example.com/authorize?tenant=a%20b".into());
    let mut server = server.authorization_parameter("audience", "api.example.com");
    server.scope_separator = ',';
    let client = client_of(server);
    let url = done(client.authorize(Authorize::scope("a b"), moment()).unwrap()).url;
    assert_eq!(parameter(query(&url), "tenant"), "a b");
    assert_eq!(parameter(query(&url), "audience"), "api.example.com");
    assert_eq!(parameter(query(&url), "scope"), "a,b");
    let own = Authorize::default().parameter("audience", "other");
    let url = done(client.authorize(own, moment()).unwrap()).url;
    assert_eq!(parameter(query(&url), "audience"), "other");
    let (request, sent) =
        sent(client.request_token(Grant::client_credentials().scope("a b"), moment()).unwrap());
    assert_eq!(parameter(request.body(), "scope"), "a,b");
    let answer = ANSWER.replace("example_parameter", "scope").replace("example_value", "a,c");
    let token = done(sent.receive(json(&answer), moment()).unwrap());
    assert_eq!(token.scope, Some("a c".into()));
}

#[test]
fn proof_keys_are_left_out_or_plain_only_with_an_option() {
    let url = |client: &Client, authorize| done(client.authorize(authorize, moment()).unwrap()).url;
    let plain =
        url(&client(), Authorize::default().with(|authorize| authorize.allow_plain_pkce = true));
    assert_eq!(parameter(query(&plain), "code_challenge_method"), "plain");
    let refused = client_of(server().with(|server| server.pkce = PkceSupport::Refused));
    for without in [
        url(&client(), Authorize::default().with(|authorize| authorize.allow_missing_pkce = true)),
        url(&refused, Authorize::default()),
    ] {
        assert!(!without.contains("code_challenge"), "{without}");
    }
}

/// RFC 9126 §2.
#[test]
fn a_request_is_pushed_and_referred_to() {
    let (request, sent) = sent(
        client()
            .authorize(
                Authorize::scope("a")
                    .with(|authorize| authorize.pushed = true)
                    .parameter("login_hint", "x"),
                moment(),
            )
            .unwrap(),
    );
    assert_eq!(request.uri(), "https://auth.example.com/par");
    for (name, value) in [
        ("client_id", "s6BhdRkqt3"),
        ("response_type", "code"),
        ("scope", "a"),
        ("login_hint", "x"),
    ] {
        assert_eq!(parameter(request.body(), name), value);
    }
    assert!(request.headers().contains_key("authorization"));
    let body = concat!(
        r#"{"request_uri":"urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c","#,
        r#""expires_in":60}"#,
    );
    let answer = response(201, &[("content-type", "application/json")], body);
    let authorization = done(sent.receive(answer, moment()).unwrap());
    let mut names = pairs(query(&authorization.url));
    names.sort();
    assert_eq!(names.len(), 2);
    assert_eq!(names[1].1, "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c");
    let callback = format!("/cb?code=x&state={}", authorization.pending.state());
    drop(client().redeem(authorization.pending, &callback, moment()).unwrap());
}

#[test]
fn a_pushed_request_may_be_refused_or_answered_with_nonsense() {
    let pushed = |answer: Response| {
        let (_, sent) = sent(
            client()
                .authorize(Authorize::default().with(|authorize| authorize.pushed = true), moment())
                .unwrap(),
        );
        sent.receive(answer, moment()).unwrap_err()
    };
    assert_eq!(pushed(refusal("invalid_scope")).code(), Some("invalid_scope"));
    for body in [
        "{}",
        r#"{"request_uri":""}"#,
        r#"{"request_uri":5}"#,
        "x",
        r#"{"request_uri":"a","request_uri":"b"}"#,
    ] {
        assert!(matches!(pushed(json(body)), Error::Misbehaved(_)), "{body}");
    }
}

#[test]
fn a_server_that_demands_pushed_requests_gets_them() {
    let metadata = serde_json::from_str(
        r#"{"issuer":"https://auth.example.com","token_endpoint":"https://auth.example.com/token",
        "authorization_endpoint":"https://auth.example.com/a",
        "require_pushed_authorization_requests":true,
        "pushed_authorization_request_endpoint":"https://auth.example.com/par"}"#,
    )
    .unwrap();
    let server = oauth_proto::oauth2::AuthorizationServer::from_metadata(&metadata).unwrap();
    let (request, _) =
        sent(Client::new(server, "public").authorize(Authorize::default(), moment()).unwrap());
    assert_eq!(parameter(request.body(), "client_id"), "public");
}

/// RFC 6749 §4.2.2 has the fragment in this test.
#[test]
fn an_implicit_grant_gives_its_token_in_the_fragment() {
    let authorization =
        client().dangerous_authorize_implicit(Authorize::scope("photos"), moment()).unwrap();
    assert_eq!(parameter(query(&authorization.url), "response_type"), "token");
    assert!(
        !authorization.url.contains("code_challenge")
            && !authorization.url.contains("response_mode")
    );
    let fragment = |rest: &str| format!("{REDIRECT}#state={}{rest}", authorization.pending.state());
    let stored = serde_json::to_string(&authorization.pending).unwrap();
    let read = |callback: &str| {
        client().token_from_fragment(serde_json::from_str(&stored).unwrap(), callback, now())
    };
    let token =
        read(&fragment("&access_token=2YotnFZFEjr1zCsicMWpAA&token_type=example&expires_in=3600"));
    assert!(matches!(token, Err(Error::Misbehaved(Misbehaved::TokenType { .. }))));
    let token = read(&fragment(
        "&access_token=2YotnFZFEjr1zCsicMWpAA&token_type=bearer&expires_in=3600&x=y",
    ))
    .unwrap();
    assert_eq!(token.expires_at, Some(Timestamp::from_secs(NOW + 3600)));
    assert_eq!(token.scope, Some("photos".into()));
    assert_eq!(token.extra.keys().collect::<Vec<_>>(), ["x"]);
    assert!(matches!(
        read(&fragment("&error=access_denied")),
        Err(Error::Refused(Refused::Denied { .. }))
    ));
    assert_eq!(
        read("https://client.example.com/cb#state=x&access_token=a&token_type=bearer"),
        Err(Forged::StateMismatch.into())
    );
    assert!(read(&fragment("&access_token=a&access_token=b&token_type=bearer")).is_err());
}

/// RFC 6749 §4.3.2, §4.4.2 and §6; RFC 7522 and RFC 7523 §2.1; RFC 8693 §2.1.
#[test]
fn other_grants_send_what_their_specifications_say() {
    let cases = [
        (
            Grant::dangerous_password("johndoe", "A3ddj3w"),
            "grant_type=password username=johndoe password=A3ddj3w",
        ),
        (Grant::client_credentials().scope("a"), "grant_type=client_credentials scope=a"),
        (
            Grant::refresh(&token()).unwrap().scope("a"),
            "grant_type=refresh_token refresh_token=tGzv3JOkF0XG5Qx2TlKWIA scope=a",
        ),
        (Grant::refresh_token("r"), "grant_type=refresh_token refresh_token=r"),
        (
            Grant::jwt_bearer("eyJhbGciOiJFUzI1NiJ9.x.y"),
            "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer \
             assertion=eyJhbGciOiJFUzI1NiJ9.x.y",
        ),
        (
            Grant::extension("urn:ietf:params:oauth:grant-type:saml2-bearer")
                .parameter("assertion", "PHNhbWxwOl"),
            "grant_type=urn:ietf:params:oauth:grant-type:saml2-bearer assertion=PHNhbWxwOl",
        ),
        (
            Grant::token_exchange(
                "accVkjcJyb4BWCxGsndESCJQbdFMogUC5PbRDqceLTC",
                "urn:ietf:params:oauth:token-type:access_token",
            )
            .parameter("actor_token", "x")
            .parameter("actor_token_type", "urn:ietf:params:oauth:token-type:jwt")
            .parameter("requested_token_type", "urn:ietf:params:oauth:token-type:jwt")
            .parameter("audience", "b")
            .resource("https://backend.example.com/api"),
            "grant_type=urn:ietf:params:oauth:grant-type:token-exchange \
             subject_token=accVkjcJyb4BWCxGsndESCJQbdFMogUC5PbRDqceLTC \
             subject_token_type=urn:ietf:params:oauth:token-type:access_token actor_token=x \
             actor_token_type=urn:ietf:params:oauth:token-type:jwt \
             requested_token_type=urn:ietf:params:oauth:token-type:jwt audience=b \
             resource=https://backend.example.com/api",
        ),
        (
            Grant::extension("urn:x").parameter("a&b", "c d".split(' ').next().unwrap()),
            "grant_type=urn:x a&b=c",
        ),
    ];
    for (grant, expected) in cases {
        let mut expected: Vec<_> = expected
            .split(' ')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        expected.sort();
        assert_eq!(sorted(&request(&client(), grant)), expected);
    }
    let mut unrenewable = token();
    unrenewable.refresh_token = None;
    assert_eq!(Grant::refresh(&unrenewable).unwrap_err(), Unsupported::NotRenewable.into());
}

/// RFC 8693 §2.2.1: the result of an exchange need not be an access token.
#[test]
fn an_exchanged_token_may_have_no_type() {
    let grant = Grant::token_exchange("a", "urn:ietf:params:oauth:token-type:access_token");
    let (_, sent) = sent(client().request_token(grant, moment()).unwrap());
    let answer = concat!(
        r#"{"access_token":"PHNhbWw","#,
        r#""issued_token_type":"urn:ietf:params:oauth:token-type:saml2","token_type":"N_A"}"#,
    );
    let token = done(sent.receive(json(answer), moment()).unwrap());
    assert_eq!(token.token_type, TokenType::NotApplicable);
    assert_eq!(token.extra["issued_token_type"], "urn:ietf:params:oauth:token-type:saml2");
    let error = session(token).attach_token(&mut get(API), now()).unwrap_err();
    assert!(
        matches!(error, Error::Unsupported(Unsupported::OAuth2(RequestError::TokenType { .. }))),
        "{error}"
    );
}

struct Signed;

impl AuthenticateClient for Signed {
    fn authenticate(&self, credentials: &mut RequestCredentials) -> Result<(), String> {
        let claims = credentials.claims();
        assert_eq!((&claims["iss"], &claims["aud"]), (&"s6BhdRkqt3".into(), &ISSUER.into()));
        assert_eq!(claims["exp"], credentials.now.as_secs() + 60);
        credentials.parameter("client_assertion", claims["jti"].as_str().unwrap());
        credentials
            .header(http::HeaderName::from_static("x-proof"), http::HeaderValue::from_static("p"));
        // An authentication method cannot replace parameters and headers of the request, so these
        // two calls have no effect.
        credentials.parameter("client_id", &credentials.client_id.clone());
        credentials
            .header(http::header::CONTENT_TYPE, http::HeaderValue::from_static("text/plain"));
        if credentials.now == now() { Ok(()) } else { Err("the key is locked".into()) }
    }
}

#[test]
fn clients_authenticate_as_configured() {
    let authenticated = |authentication| client().authentication(authentication);
    let of = |client: Client| request(&client, Grant::client_credentials());

    let public = of(authenticated(ClientAuthentication::None));
    assert_eq!(parameter(public.body(), "client_id"), "s6BhdRkqt3");
    let tls = of(authenticated(ClientAuthentication::MutualTls));
    assert_eq!(parameter(tls.body(), "client_id"), "s6BhdRkqt3");
    let body = of(authenticated(ClientAuthentication::Body("s&".into())).with(|client| {
        client.include_client_id = IncludeClientId::Never;
    }));
    assert_eq!(parameter(body.body(), "client_secret"), "s&");
    assert_eq!(parameter(body.body(), "client_id"), "s6BhdRkqt3");
    for request in [&public, &tls, &body] {
        assert!(!request.headers().contains_key("authorization"));
    }
    let both = of(client().with(|client| client.include_client_id = IncludeClientId::Always));
    assert_eq!(parameter(both.body(), "client_id"), "s6BhdRkqt3");
    assert!(both.headers().contains_key("authorization") && !has(&both, "client_secret"));
    assert!(!has(
        &of(authenticated(ClientAuthentication::None)
            .with(|client| client.include_client_id = IncludeClientId::Never)),
        "client_id"
    ));
    let custom = of(authenticated(ClientAuthentication::Custom(std::sync::Arc::new(Signed))));
    assert_eq!(parameter(custom.body(), "client_assertion").len(), 22);
    assert!(custom.headers()["x-proof"].is_sensitive());
    assert_eq!(parameter(custom.body(), "client_id"), "s6BhdRkqt3");
    assert_eq!(custom.headers()["content-type"], "application/x-www-form-urlencoded");
    let locked = authenticated(ClientAuthentication::Custom(std::sync::Arc::new(Signed)))
        .request_token(Grant::client_credentials(), at(NOW + 1));
    assert!(locked.is_err());

    let placed = |placement| {
        Client::new(server().with(|server| server.secret_placement = Some(placement)), "id")
            .secret("a/b")
    };
    let basic = of(placed(SecretPlacement::Basic)).headers()["authorization"].clone();
    let raw = of(placed(SecretPlacement::AllowRawBasic)).headers()["authorization"].clone();
    assert_ne!(basic, raw);
    assert!(has(&of(placed(SecretPlacement::Body)), "client_secret"));
}

#[test]
fn token_requests_use_the_query_only_with_the_option() {
    for (transmission, method) in
        [(Transmission::AllowPostQuery, "POST"), (Transmission::AllowGet, "GET")]
    {
        let request = request(
            &client_of(server().with(|server| server.transmission = transmission)),
            Grant::client_credentials(),
        );
        assert_eq!(request.method(), method);
        assert!(request.body().is_empty());
        assert_eq!(
            parameter(request.uri().query().unwrap().as_bytes(), "grant_type"),
            "client_credentials"
        );
    }
}

#[test]
fn oauth_2_1_refuses_what_it_has_removed_and_sends_no_redirect_uri_with_the_code() {
    let client = client_of(server().with(|server| server.oauth_2_1 = true));
    let (pending, callback) = begun(&client);
    let (request, _) =
        sent(client.redeem(pending, &format!("{callback}&code=x"), moment()).unwrap());
    assert!(!has(&request, "redirect_uri") && has(&request, "code_verifier"));
    let in_query = client_of(server().with(|server| {
        server.oauth_2_1 = true;
        server.transmission = Transmission::AllowGet;
    }));
    // A device that began before the option was set.
    let Step::Wait(until, poll) = in_query.poll(&device(CODES), moment()).unwrap() else {
        panic!("a poll without a pause")
    };
    let credentials = Grant::client_credentials();
    for error in [
        poll.wake(at(until.as_secs())).unwrap_err(),
        in_query.request_token(credentials, moment()).unwrap_err(),
        in_query.authorize_device(AuthorizeDevice::default(), moment()).unwrap_err(),
        client.dangerous_authorize_implicit(Authorize::default(), moment()).unwrap_err(),
        client.request_token(Grant::dangerous_password("a", "b"), moment()).unwrap_err(),
        client
            .authorize(
                Authorize::default().with(|authorize| authorize.allow_missing_pkce = true),
                moment(),
            )
            .unwrap_err(),
        client
            .authorize(
                Authorize::default().with(|authorize| authorize.allow_plain_pkce = true),
                moment(),
            )
            .unwrap_err(),
    ] {
        assert!(
            matches!(
                error,
                Error::Unsupported(Unsupported::OAuth2(RequestError::NotInOauth21 { .. }))
            ),
            "{error}"
        );
    }
}

/// The response has members with the names of fields in a stored token.
#[test]
fn an_answer_may_say_when_the_token_ends_and_is_stored_all_the_same() {
    for (members, expires_at) in [
        (r#""expires_in":60,"expires_at":1568775134"#, Some(NOW + 60)),
        (r#""expires_at":1700000999"#, Some(1_700_000_999)),
        (r#""expires_at":"2019-05-01T00:00:00Z""#, None),
        (r#""requested_scope":"x""#, None),
    ] {
        let answer = format!(r#"{{"access_token":"a","token_type":"Bearer",{members}}}"#);
        let token = token_of(&client(), json(&answer)).unwrap();
        assert_eq!(token.expires_at, expires_at.map(Timestamp::from_secs), "{members}");
        let stored = serde_json::to_string(&token).unwrap();
        assert_eq!(
            serde_json::from_str::<oauth_proto::oauth2::Token>(&stored).unwrap(),
            token,
            "{stored}"
        );
    }
}

#[test]
fn an_empty_scope_asks_for_nothing() {
    let url = done(client().authorize(Authorize::scope(" "), moment()).unwrap()).url;
    assert!(!url.contains("scope"), "{url}");
    let (request, sent) =
        sent(client().request_token(Grant::client_credentials().scope(""), moment()).unwrap());
    assert!(!has(&request, "scope"));
    assert_eq!(done(sent.receive(json(ANSWER), moment()).unwrap()).requested_scope, None);
}

fn device(answer: &str) -> PendingDevice {
    let (request, sent) = sent(
        client()
            .authorize_device(AuthorizeDevice::scope("photos").parameter("x", "y"), moment())
            .unwrap(),
    );
    assert_eq!(request.uri(), "https://auth.example.com/device");
    assert_eq!(
        (parameter(request.body(), "scope").as_str(), parameter(request.body(), "x").as_str()),
        ("photos", "y")
    );
    assert_eq!(parameter(request.body(), "client_id"), "s6BhdRkqt3");
    done(sent.receive(json(answer), moment()).unwrap())
}

/// RFC 8628 §3.2.
const CODES: &str = r#"{"device_code":"GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS",
    "user_code":"WDJB-MJHT","verification_uri":"https://example.com/device",
    "verification_uri_complete":"https://example.com/device?user_code=WDJB-MJHT",
    "expires_in":1800,"interval":5}"#;

/// Polls with a script of responses. Returns the times of the requests, and the result.
fn polled(
    pending: &PendingDevice,
    script: Vec<Response>,
) -> (Vec<u64>, Result<oauth_proto::oauth2::Token, Error>) {
    let mut script = script.into_iter();
    let (mut time, mut times) = (NOW, Vec::new());
    let mut step = client().poll(pending, at(time));
    loop {
        step = match step {
            Ok(Step::Wait(until, asleep)) => {
                // A step that is woken too early waits again.
                let Ok(Step::Wait(again, asleep)) = asleep.wake(at(time)) else {
                    panic!("it was too early")
                };
                assert_eq!(again, until);
                time = until.as_secs();
                asleep.wake(at(time))
            }
            Ok(Step::Send(request, sent)) => {
                assert_eq!(
                    parameter(request.body(), "grant_type"),
                    "urn:ietf:params:oauth:grant-type:device_code"
                );
                times.push(time - NOW);
                sent.receive(script.next().expect("an answer"), at(time))
            }
            Ok(Step::Done(token)) => return (times, Ok(token)),
            Err(error) => return (times, Err(error)),
        };
    }
}

/// RFC 8628 §3.5: after `authorization_pending`, the client waits for the interval. Each
/// `slow_down` makes the interval five seconds longer.
#[test]
fn a_device_polls_at_the_interval_that_the_server_sets() {
    let pending = device(CODES);
    assert_eq!(pending.user_code, "WDJB-MJHT");
    let stored = serde_json::to_string(&pending).unwrap();
    let pending: PendingDevice = serde_json::from_str(&stored).unwrap();
    assert!(!format!("{pending:?}").contains("GmRhmhcx"));
    let busy = || response(429, &[("retry-after", "60")], "");
    let (times, token) = polled(
        &pending,
        vec![
            refusal("authorization_pending"),
            refusal("slow_down"),
            refusal("authorization_pending"),
            busy(),
            response(503, &[], ""),
            json(ANSWER),
        ],
    );
    // The pauses are 5, 5, 10, 10, 60 and 40 seconds. Each busy response doubles the interval.
    assert_eq!(times, [5, 10, 20, 30, 90, 130]);
    // A client that polls again after an error of the transport waits for the interval first.
    let Step::Wait(until, _) = client().poll(&pending, at(NOW + 60)).unwrap() else { panic!() };
    assert_eq!(until, Timestamp::from_secs(NOW + 65));
    assert_eq!(token.unwrap().scope, Some("photos".into()));
}

#[test]
fn a_device_stops_polling_after_a_final_answer() {
    let pending = device(CODES);
    let (times, error) = polled(&pending, vec![refusal("access_denied")]);
    assert_eq!((times.len(), error.unwrap_err().code()), (1, Some("access_denied")));
    assert_eq!(polled(&pending, vec![refusal("expired_token")]).1, Err(Expired::DeviceCode.into()));
    let short = device(&CODES.replace("1800", "12"));
    let (times, error) = polled(&short, (0..9).map(|_| refusal("authorization_pending")).collect());
    assert_eq!((times, error), (vec![5, 10], Err(Expired::DeviceCode.into())));
    let huge = device(&CODES.replace("\"interval\":5", "\"interval\":18446744073709551615"));
    assert_eq!(polled(&huge, vec![]), (vec![], Err(Expired::DeviceCode.into())));
}

#[test]
fn a_device_response_without_a_required_field_is_refused() {
    let device = |answer: &str| {
        let (_, sent) =
            sent(client().authorize_device(AuthorizeDevice::default(), moment()).unwrap());
        sent.receive(json(answer), moment())
    };
    for field in ["device_code", "user_code", "verification_uri\"", "expires_in"] {
        let error = device(&CODES.replace(field, &format!("x{field}"))).unwrap_err();
        assert!(
            matches!(error, Error::Misbehaved(Misbehaved::FieldMissing { .. })),
            "{field}: {error}"
        );
    }
    let no_interval =
        CODES.replace(",\"interval\":5", "").replace("verification_uri\"", "verification_url\"");
    assert_eq!(done(device(&no_interval).unwrap()).verification_uri, "https://example.com/device");
    device(&CODES.replace("1800", "-1")).unwrap_err();
    client()
        .authorize_device(AuthorizeDevice::default().parameter("scope", "x"), moment())
        .unwrap_err();
}

/// RFC 9110 §10.2.3: `Retry-After` is a number of seconds or a date. The client polls a busy server
/// again, with any error code in the response.
#[test]
fn a_device_waits_for_a_server_that_is_busy() {
    let pending = device(CODES);
    let dated = response(429, &[("retry-after", "Tue, 14 Nov 2023 22:15:20 GMT")], "");
    let (times, token) = polled(&pending, vec![dated, json(ANSWER)]);
    token.unwrap();
    assert_eq!(times, [5, 120]);
    for (status, code) in [(500, "server_error"), (502, "bad_gateway"), (429, "too_many_requests")]
    {
        let busy = response(
            status,
            &[("content-type", "application/json")],
            &format!(r#"{{"error":"{code}"}}"#),
        );
        let (times, token) = polled(&pending, vec![busy, json(ANSWER)]);
        token.unwrap();
        assert_eq!(times, [5, 15], "{code}");
    }
}

#[test]
fn a_device_answer_with_an_odd_optional_member_is_used() {
    let device = |answer: &str| {
        let (_, sent) =
            sent(client().authorize_device(AuthorizeDevice::default(), moment()).unwrap());
        sent.receive(json(answer), moment()).map(done)
    };
    let relative = CODES.replace("https://example.com/device?user_code", "/device?user_code");
    assert_eq!(device(&relative).unwrap().verification_uri_complete, None);
    let fragment = CODES.replace("https://example.com/device", "https://example.com/#/device");
    assert_eq!(device(&fragment).unwrap().verification_uri, "https://example.com/#/device");
    let digits = CODES.replace("\"WDJB-MJHT\"", "123456");
    assert_eq!(device(&digits).unwrap().user_code, "123456");
    let error = device(&CODES.replace("\"WDJB-MJHT\"", "[1]")).unwrap_err();
    assert!(
        matches!(error, Error::Misbehaved(Misbehaved::FieldInvalid { field: "user_code", .. })),
        "{error}"
    );
    let error = device(r#"{"error":"unauthorized_client"}"#).unwrap_err();
    assert_eq!(error.code(), Some("unauthorized_client"), "an error on status 200");
}

#[test]
fn a_callback_with_an_error_and_no_state_is_refused_with_the_code() {
    for code in ["access_denied", "server_error"] {
        let (pending, _) = begun(&client());
        let error =
            client().redeem(pending, &format!("{REDIRECT}?error={code}"), moment()).unwrap_err();
        assert_eq!(error, CallbackError::ErrorAlone { code: code.into() }.into());
        assert_eq!(error.code(), Some(code));
        assert!(!error.is_temporary() && !error.needs_sign_in());
    }
    // An empty `error` parameter is ignored.
    let (pending, callback) = begun(&client());
    let _ = sent(
        client()
            .redeem(pending, &format!("{callback}&error=&code=SplxlOBeZQQYbYS6WxSbIA"), moment())
            .unwrap(),
    );
}
