//! OAuth 2.0 client: callbacks and requests that must be refused before a secret is sent, and
//! responses that must be refused.

use oauth_proto::oauth2::CallbackError;
use oauth_proto::oauth2::RequestError;
use oauth_proto::oauth2::{
    AuthorizationServer, Authorize, AuthorizeDevice, Client, Discovery, Grant, Metadata,
    NextAction, Pending, Quirks, ResourceDiscovery, ResponseMode, Scope, Session, Token, TokenType,
};
use oauth_proto::{
    Error, Expired, Forged, Misbehaved, OneTimeUse, Refused, Step, Timestamp, Unsupported,
    UsedPendingIds,
};

use crate::common::oauth2::*;

/// Redeems a callback with these parameters. Returns the error, or `Ok` if a request is sent.
fn redeemed(client: &Client, parameters: &str) -> Result<(), Error> {
    let (pending, callback) = begun(client);
    client
        .redeem(pending, &format!("{callback}{parameters}"), moment())
        .map(|step| drop(sent(step)))
}

fn misbehaved(body: &str) -> Misbehaved {
    match token_of(&client(), json(body)).unwrap_err() {
        Error::Misbehaved(misbehaved) => misbehaved,
        error => panic!("{body}: {error}"),
    }
}

/// Row `mix-up`: the client would send a dishonest server the code of another server (RFC 9207 §1).
#[test]
fn a_code_from_another_issuer_is_refused() {
    let error = redeemed(&client(), "&code=x&iss=https%3A%2F%2Fevil.example").unwrap_err();
    let expected = CallbackError::IssuerMismatch {
        expected: ISSUER.into(),
        received: "https://evil.example".into(),
    };
    assert_eq!(error, expected.into());
    assert_eq!(
        redeemed(&client(), "&code=x&iss=https%3A%2F%2Fauth.example.com%2F")
            .unwrap_err()
            .to_string(),
        {
            let received = format!("{ISSUER}/");
            CallbackError::IssuerMismatch { expected: ISSUER.into(), received }.to_string()
        }
    );
    redeemed(&client(), "&code=x&iss=https%3A%2F%2Fauth.example.com").unwrap();

    let promised = r#"{"issuer":"https://auth.example.com",
        "token_endpoint":"https://auth.example.com/token",
        "authorization_endpoint":"https://auth.example.com/a",
        "authorization_response_iss_parameter_supported":true}"#;
    let metadata: Metadata = serde_json::from_str(promised).unwrap();
    for server in [
        AuthorizationServer::from_metadata(&metadata).unwrap(),
        server().with(|server| server.promises_issuer = true),
    ] {
        let client = client_of(server);
        assert_eq!(
            redeemed(&client, "&code=x"),
            Err(Forged::ParameterMissing { name: "iss" }.into())
        );
        redeemed(&client, "&code=x&iss=https%3A%2F%2Fauth.example.com").unwrap();
    }
    redeemed(&client(), "&code=x").unwrap();
}

/// Row `iss-unknown`: the client has no issuer with which to compare the parameter, so
/// `promises_issuer` makes no difference.
#[test]
fn an_issuer_is_refused_if_the_servers_issuer_is_unknown() {
    let server = || {
        let server = AuthorizationServer::new("https://evil.example/token").unwrap();
        server.with(|server| {
            server.authorization_endpoint = Some("https://evil.example/authorize".into());
        })
    };
    for server in [server(), server().with(|server| server.promises_issuer = true)] {
        for rest in ["&code=x", "&error=access_denied"] {
            let named = format!("{rest}&iss=https%3A%2F%2Fhonest.example");
            let error = redeemed(&client_of(server.clone()), &named).unwrap_err();
            assert_eq!(
                error,
                CallbackError::IssuerUnknown { received: "https://honest.example".into() }.into()
            );
            for option in
                ["`AuthorizationServer::issuer`", "`AuthorizationServer::allow_unknown_issuer`"]
            {
                assert!(error.to_string().contains(option), "{error}");
            }
        }
        let lenient = client_of(server.clone().with(|server| server.allow_unknown_issuer = true));
        redeemed(&lenient, "&code=x&iss=https%3A%2F%2Fhonest.example").unwrap();
        redeemed(
            &client_of(server.with(|server| server.issuer = Some("https://evil.example".into()))),
            "&code=x&iss=https%3A%2F%2Fevil.example",
        )
        .unwrap();
    }
    // If the issuer was not compared, the callback still needs its URL.
    let (pending, callback) =
        begun(&client_of(server().with(|server| server.allow_unknown_issuer = true)));
    let query =
        format!("{}&code=x&iss=https%3A%2F%2Fhonest.example", callback.split_once('?').unwrap().1);
    let error = client_of(server().with(|server| server.allow_unknown_issuer = true))
        .redeem(pending, &query, moment())
        .unwrap_err();
    assert!(matches!(error, Error::Forged(Forged::PlaceMissing { .. })), "{error}");
}

/// Row `mix-up-error`.
#[test]
fn an_error_from_another_issuer_is_refused() {
    let error =
        redeemed(&client(), "&error=access_denied&iss=https%3A%2F%2Fevil.example").unwrap_err();
    assert!(
        matches!(error, Error::Forged(Forged::OAuth2(CallbackError::IssuerMismatch { .. }))),
        "{error}"
    );
    let error =
        redeemed(&client(), "&error=access_denied&iss=https%3A%2F%2Fauth.example.com").unwrap_err();
    assert!(matches!(error, Error::Refused(Refused::Denied { .. })), "{error}");
}

/// Row `state-missing`.
#[test]
fn a_callback_without_a_state_is_refused() {
    for callback in ["?code=x", "?code=x&error=access_denied", "", "?state"] {
        let (pending, _) = begun(&client());
        let error = client().redeem(pending, callback, moment()).unwrap_err();
        let missing = Error::from(Forged::ParameterMissing { name: "state" });
        assert!(error == missing || error == Forged::StateMismatch.into(), "{callback}: {error}");
    }
}

/// Row `state-wrong`: the other parameters of the callback do not matter.
#[test]
fn a_callback_with_another_state_is_refused() {
    let (_, callback) = begun(&client());
    let other = callback.replace("state=", "state=x");
    let shorter = &callback[..callback.len() - 1];
    for wrong in [&other, shorter, &format!("{callback}x"), &format!("{REDIRECT}?state=")] {
        for rest in ["&code=x", "&error=access_denied", "&code=x&iss=https%3A%2F%2Fevil.example"] {
            let (pending, _) = begun(&client());
            let error = client().redeem(pending, &format!("{wrong}{rest}"), moment()).unwrap_err();
            assert_eq!(error, Forged::StateMismatch.into(), "{wrong}{rest}");
        }
    }
}

/// Row `state-twice`.
#[test]
fn a_callback_with_the_state_twice_is_refused() {
    let (_, callback) = begun(&client());
    let state = parameter(query(&callback), "state");
    for second in [format!("&state={state}"), "&state=x".into(), format!("&st%61te={state}")] {
        assert_eq!(
            redeemed(&client(), &format!("&code=x{second}")),
            Err(Forged::ParameterTwice { name: "state" }.into())
        );
    }
}

/// Row `duplicated-parameter`: two parsers could each read another of the two values.
#[test]
fn a_callback_that_names_a_parameter_twice_is_refused() {
    for name in ["code", "iss", "error"] {
        let error = redeemed(&client(), &format!("&code=x&{name}=y&{name}=y")).unwrap_err();
        assert_eq!(error, Forged::ParameterTwice { name }.into());
    }
}

/// Row `implicit-in-code`.
#[test]
fn a_token_in_the_callback_of_a_code_is_refused() {
    for name in ["access_token", "id_token"] {
        let error = redeemed(&client(), &format!("&code=x&{name}=y")).unwrap_err();
        assert_eq!(error, CallbackError::TokenInCallback { name }.into());
    }
}

/// Row `pkce-downgrade`.
#[test]
fn a_server_that_lists_proof_key_methods_without_s256_is_refused() {
    let metadata = |methods: &str| -> Metadata {
        serde_json::from_str(&format!(
            r#"{{"issuer":"{ISSUER}","token_endpoint":"{ISSUER}/t",
            "authorization_endpoint":"{ISSUER}/a"{methods}}}"#
        ))
        .unwrap()
    };
    let authorize = |server| client_of(server).authorize(Authorize::default(), moment());
    let listing = |methods: &str| AuthorizationServer::from_metadata(&metadata(methods)).unwrap();
    for downgraded in [
        r#","code_challenge_methods_supported":["plain"]"#,
        r#","code_challenge_methods_supported":[]"#,
    ] {
        assert_eq!(
            authorize(listing(downgraded)).unwrap_err(),
            RequestError::NoPkce.into(),
            "{downgraded}"
        );
        drop(
            authorize(listing(downgraded).with(|server| server.allow_missing_s256 = true)).unwrap(),
        );
    }
    for fine in ["", r#","code_challenge_methods_supported":["plain","S256"]"#] {
        let authorization = done(authorize(listing(fine)).unwrap());
        assert_eq!(parameter(query(&authorization.url), "code_challenge_method"), "S256");
    }
}

/// Row `callback-replay`: the cause is a second click, a prefetch, or a stored copy.
#[test]
fn a_callback_that_arrives_twice_is_redeemed_once_if_its_id_is_spent_first() {
    let used = UsedPendingIds::new(10);
    let (pending, callback) = begun(&client());
    let stored = serde_json::to_string(&pending).unwrap();
    let come_back =
        |pending: Pending| match used.mark_used(pending.id(), pending.expires_at(), now()) {
            OneTimeUse::First => {
                Some(client().redeem(pending, &format!("{callback}&code=x"), moment()).map(drop))
            }
            OneTimeUse::Replay => None,
        };
    assert_eq!(come_back(pending), Some(Ok(())));
    for _ in 0..2 {
        assert_eq!(come_back(serde_json::from_str(&stored).unwrap()), None);
    }
    // The pending value of another client has another id, even with the same state.
    let state =
        || Authorize::default().with(|authorize| authorize.dangerous_state = Some("same".into()));
    let id = |client: &Client| done(client.authorize(state(), moment()).unwrap()).pending.id();
    assert_eq!(id(&client()), id(&client()));
    assert_ne!(id(&client()), id(&Client::new(server(), "another")));
    assert!(!stored.contains(&id(&client()).to_string()));
    let implicit = client().dangerous_authorize_implicit(state(), moment()).unwrap().pending;
    assert_eq!(implicit.id().to_string().len(), 32);
}

/// Row `callback-replay`: the pending value is consumed and not `Clone`, but a stored copy can be
/// redeemed again, as the docs say. The code is sent with the same PKCE verifier, and the server
/// detects the replay.
#[test]
fn a_callback_that_is_redeemed_again_from_storage_sends_the_same_proof_key() {
    let (pending, callback) = begun(&client());
    let stored = serde_json::to_string(&pending).unwrap();
    let (request, _) =
        sent(client().redeem(pending, &format!("{callback}&code=x"), moment()).unwrap());
    let copy = serde_json::from_str(&stored).unwrap();
    let (again, _) = sent(client().redeem(copy, &format!("{callback}&code=x"), moment()).unwrap());
    assert_eq!(
        parameter(request.body(), "code_verifier"),
        parameter(again.body(), "code_verifier")
    );
}

/// Row `html-200`: the page is of a captive portal, or about maintenance.
#[test]
fn a_page_on_status_200_is_not_read_as_a_token() {
    for content_type in [
        "text/html; charset=utf-8",
        "text/plain",
        "application/jsonp",
        "application/x-www-form-urlencoded",
    ] {
        let answer = response(200, &[("content-type", content_type)], ANSWER);
        let error = token_of(&client(), answer).unwrap_err();
        assert!(matches!(error, Error::Misbehaved(Misbehaved::WrongFormat { .. })), "{error}");
        assert!(error.to_string().contains(content_type), "{error}");
    }
    token_of(&client(), response(200, &[], ANSWER)).unwrap_err();
    let two = [("content-type", "application/json"), ("content-type", "text/html")];
    token_of(&client(), response(200, &two, ANSWER)).unwrap_err();
    let lenient = client_of(server().with(|server| {
        server.quirks = Quirks::default().with(|quirks| quirks.allow_any_content_type = true);
    }));
    token_of(&lenient, response(200, &[], ANSWER)).unwrap();
}

/// Row `error-on-200`: some servers refuse a request with a status of success.
#[test]
fn an_error_on_status_200_is_a_refusal() {
    let body = r#"{"error":"bad_verification_code",
        "error_description":"The code passed is incorrect or expired.",
        "error_uri":"https://docs.github.com/e"}"#;
    for body in [body.to_owned(), ANSWER.replace("example_parameter", "error")] {
        let error = token_of(&client(), json(&body)).unwrap_err();
        assert!(matches!(error, Error::Refused(Refused::Problem { .. })), "{error}");
        assert!(error.code().is_some());
    }
    let Error::Refused(Refused::Problem { advice, details, .. }) =
        token_of(&client(), json(body)).unwrap_err()
    else {
        panic!()
    };
    assert_eq!(advice.as_deref(), Some("The code passed is incorrect or expired."));
    assert_eq!(details["error_uri"], "https://docs.github.com/e");
}

/// Row `oversized-body`: the server sends without end.
#[test]
fn a_response_larger_than_64_kib_is_refused() {
    let body = |length: usize| {
        let rest = format!(r#","x":"{}"}}"#, "y".repeat(length - ANSWER.len() - 7));
        format!("{}{rest}", &ANSWER[..ANSWER.len() - 1])
    };
    assert_eq!(body(64 * 1024).len(), 64 * 1024);
    token_of(&client(), json(&body(64 * 1024))).unwrap();
    assert!(matches!(misbehaved(&body(64 * 1024 + 1)), Misbehaved::TooLarge { .. }));
    let error = token_of(&client(), response(400, &[], &body(64 * 1024 + 1))).unwrap_err();
    assert!(matches!(error, Error::Misbehaved(Misbehaved::TooLarge { .. })), "{error}");
}

/// Row `json-duplicate-keys`: it is undefined which of the two values is valid.
#[test]
fn json_that_names_a_field_twice_is_refused() {
    for second in [r#""access_token":"x""#, r#""access_token":null"#, r#""acc\u0065ss_token":"x""#]
    {
        let body = format!("{},{second}}}", &ANSWER[..ANSWER.len() - 1]);
        let misbehaved = misbehaved(&body);
        assert!(
            matches!(&misbehaved, Misbehaved::FieldTwice { field, .. } if field == "access_token"),
            "{misbehaved}"
        );
    }
    let twice = format!(r#"{},"example_parameter":1}}"#, &ANSWER[..ANSWER.len() - 1]);
    assert!(matches!(misbehaved(&twice), Misbehaved::FieldTwice { .. }));
}

/// Row `expires-in-odd`: if the lifetime is misread, an expired token is still used.
#[test]
fn a_lifetime_that_is_not_a_whole_number_is_refused() {
    let with = |value: &str| ANSWER.replace("3600", value);
    let until = |seconds: u64| Some(Timestamp::from_secs(NOW.saturating_add(seconds)));
    for (value, expires_at) in [
        ("3600", until(3600)),
        ("\"3600\"", until(3600)),
        ("3600.0", until(3600)),
        ("0", until(0)),
        ("18446744073709551615", until(u64::MAX)),
        ("1e300", until(u64::MAX)),
        ("\"99999999999999999999999999\"", until(u64::MAX)),
    ] {
        let token = token_of(&client(), json(&with(value))).unwrap();
        assert_eq!(token.expires_at, expires_at, "{value}");
    }
    for value in
        ["\"3600abc\"", "-1", "\"-1\"", "\"+1\"", "3600.5", "\"\"", "null", "true", "[3600]"]
    {
        let misbehaved = misbehaved(&with(value));
        assert!(
            matches!(misbehaved, Misbehaved::FieldInvalid { field: "expires_in", .. }),
            "{value}: {misbehaved}"
        );
    }
    let absent = ANSWER.replace(r#""expires_in":3600,"#, "");
    assert_eq!(token_of(&client(), json(&absent)).unwrap().expires_at, None);
}

/// Row `token-type-odd`.
#[test]
fn a_token_of_another_type_than_bearer_is_refused() {
    for bearer in ["Bearer", "bearer", "BEARER"] {
        let token = token_of(&client(), json(&ANSWER.replace("Bearer", bearer))).unwrap();
        assert_eq!(token.token_type, TokenType::Bearer);
    }
    for other in ["mac", "DPoP", "N_A", "Application Access Token", ""] {
        let misbehaved = misbehaved(&ANSWER.replace("Bearer", other));
        assert!(matches!(misbehaved, Misbehaved::TokenType { .. }), "{other}: {misbehaved}");
    }
    let missing = ANSWER.replace(r#""token_type":"Bearer","#, "");
    assert!(matches!(misbehaved(&missing), Misbehaved::FieldMissing { field: "token_type", .. }));
    let lenient = client_of(server().with(|server| {
        server.quirks = Quirks::default().with(|quirks| quirks.allow_missing_token_type = true);
    }));
    assert_eq!(token_of(&lenient, json(&missing)).unwrap().token_type, TokenType::Bearer);
    token_of(&lenient, json(&ANSWER.replace("Bearer", "mac"))).unwrap_err();
}

fn granted(scope: &str) -> Token {
    let (pending, callback) = begun(&client());
    let (_, sent) =
        sent(client().redeem(pending, &format!("{callback}&code=x"), moment()).unwrap());
    done(
        sent.receive(
            json(&ANSWER.replace("example_value", "y").replace("example_parameter", scope)),
            moment(),
        )
        .unwrap(),
    )
}

/// Row `scope-narrowed`.
#[test]
fn a_scope_that_the_server_has_narrowed_is_reported() {
    let token = granted(r#"scope":"","x"#);
    assert_eq!(token.scope, Some(Scope::default()));
    assert_eq!(token.scope_refused().collect::<Vec<_>>(), ["photos"]);
    assert_eq!(
        token.scope.as_ref().unwrap().missing_from(token.requested_scope.as_ref().unwrap()).count(),
        0
    );
}

/// Row `scope-widened`.
#[test]
fn a_scope_that_the_server_has_widened_is_reported() {
    let token = granted(r#"scope":"admin photos","x"#);
    assert_eq!(token.scope_refused().count(), 0);
    assert_eq!(
        token
            .scope
            .as_ref()
            .unwrap()
            .missing_from(token.requested_scope.as_ref().unwrap())
            .collect::<Vec<_>>(),
        ["admin"]
    );
    // RFC 6749 §5.1: without a scope in the response, the token has the requested scope.
    assert_eq!(granted("x").scope, Some("photos".into()));
}

/// Row `redirect-followed`: a client that followed the redirect would send the secrets to another
/// server.
#[test]
fn a_redirect_of_the_token_endpoint_is_refused_and_its_query_not_shown() {
    for status in [301, 302, 303, 307, 308] {
        let answer = response(status, &[("location", "https://evil.example/token?x=1")], "");
        let error = token_of(&client(), answer).unwrap_err();
        let Error::Misbehaved(Misbehaved::Redirect { location, .. }) = error else {
            panic!("{error}")
        };
        assert_eq!(location, "https://evil.example/token");
    }
}

/// Row `http-endpoint`: an endpoint at another machine needs the dangerous option.
#[test]
fn an_endpoint_without_tls_is_used_only_on_this_machine() {
    let server = |url: &str| AuthorizationServer::new(url).unwrap();
    let request = |server| client_of(server).request_token(Grant::client_credentials(), moment());
    let error = request(server("http://auth.example.com/token")).unwrap_err();
    assert!(matches!(error, Error::Unsupported(Unsupported::PlainHttp { .. })), "{error}");
    for loopback in ["http://127.0.0.1:8080/token", "http://[::1]/token", "http://localhost/token"]
    {
        drop(request(server(loopback)).unwrap());
    }
    drop(
        request(
            server("http://auth.example.com/token")
                .with(|server| server.dangerous_allow_http = true),
        )
        .unwrap(),
    );

    let mut plain = server("https://auth.example.com/token");
    plain.authorization_endpoint = Some("http://auth.example.com/a".into());
    client_of(plain).authorize(Authorize::default(), moment()).unwrap_err();
    Session::new(&client(), "http://photos.example.com", token()).unwrap_err();
    Client::new(crate::common::oauth2::server(), "id")
        .redirect_uri("http://client.example.com/cb")
        .unwrap_err();
}

/// Row `token-to-wrong-host`: a request to another origin needs the dangerous option.
#[test]
fn a_token_is_attached_only_to_requests_to_its_own_origin() {
    let session = session(token());
    for foreign in [
        "https://evil.example/albums",
        "http://photos.example.com/albums",
        "https://photos.example.com:8443/albums",
        "https://photos.example.com.evil.example/",
        "https://sub.photos.example.com/",
    ] {
        let mut request = get(foreign);
        let error = session.attach_token(&mut request, now()).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Unsupported(Unsupported::OAuth2(RequestError::ForeignOrigin { .. }))
            ),
            "{foreign}: {error}"
        );
        assert!(request.headers().is_empty());
        session.attach_renewed_token(&mut request).unwrap_err();
    }
    for unclear in ["https://photos.example.com@evil.example/", "/albums"] {
        let mut request = get(unclear);
        let error = session.attach_token(&mut request, now()).unwrap_err();
        assert!(matches!(error, Error::Unsupported(Unsupported::Url { .. })), "{unclear}: {error}");
        assert!(request.headers().is_empty());
    }
    for own in ["https://photos.example.com/", "HTTPS://PHOTOS.example.com:443/x?y"] {
        let _ = session.attach_token(&mut get(own), now()).unwrap();
    }
    let mut anywhere = session.clone();
    anywhere.dangerous_allow_any_origin = true;
    let _ = anywhere.attach_token(&mut get("https://evil.example/"), now()).unwrap();
    anywhere.attach_token(&mut get("http://photos.example.com/"), now()).unwrap_err();
}

/// Row `token-to-wrong-host`: the application has changed the URL of the request before it repeats
/// the request.
#[test]
fn a_request_that_was_redirected_elsewhere_is_not_signed_again() {
    let mut session = session(token());
    let refused = response(401, &[("www-authenticate", "Bearer error=\"invalid_token\"")], "");
    let mut again = |leads_to: &str| {
        let mut request = get(API);
        let sent_token = session.attach_token(&mut request, now()).unwrap();
        session.set_token(token());
        let NextAction::Retry(again) =
            session.check_response(sent_token, &refused, moment()).unwrap()
        else {
            panic!("there is a newer token")
        };
        let mut request = get(leads_to);
        (session.retry(&mut request, again), request)
    };
    assert!(bearer(&again(API).1).is_some());
    let (end, request) = again("https://evil.example/albums");
    let error = end.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Unsupported(Unsupported::OAuth2(RequestError::ForeignOrigin { .. }))
        ),
        "{error}"
    );
    assert!(request.headers().is_empty());
}

/// Row `refresh-lost`.
#[test]
fn a_renewal_without_a_refresh_token_keeps_the_old_refresh_token() {
    let mut before = token();
    before.extra.insert("team".into(), "T1".into());
    before.scope = Some("photos".into());
    let (request, sent) = sent(
        Grant::refresh(&before).and_then(|grant| client().request_token(grant, moment())).unwrap(),
    );
    assert_eq!(parameter(request.body(), "refresh_token"), "tGzv3JOkF0XG5Qx2TlKWIA");
    let answer = r#"{"access_token":"new","token_type":"Bearer"}"#;
    let token = done(sent.receive(json(answer), moment()).unwrap());
    assert_eq!(token.access_token.expose(), "new");
    assert_eq!(token.refresh_token, before.refresh_token);
    assert_eq!(token.scope, Some("photos".into()));
    assert_eq!(token.extra["team"], "T1");
    assert_eq!(token.expires_at, None);
}

/// Row `retry-storm`.
#[test]
fn a_request_that_is_refused_with_a_renewed_token_is_not_sent_again() {
    let shared = shared(token());
    let (mut resource, mut renewals) = (0, 0);
    let response = shared.fetch(get(API), |request| -> Result<_, Error> {
        Ok(if request.uri().path() == "/token" {
            renewals += 1;
            json(&ANSWER.replace("2Yotn", &format!("new{renewals}")))
        } else {
            resource += 1;
            response(401, &[("www-authenticate", r#"Bearer error="invalid_token""#)], "")
        })
    });
    assert_eq!(response.unwrap().status(), 401);
    assert_eq!((resource, renewals), (2, 1));
}

/// Row `discovery-issuer-mismatch`.
#[test]
fn metadata_of_another_issuer_is_refused() {
    // Every well-known URL has the same document.
    let discovered = |discovery: Discovery, issuer: &str| {
        let mut step = discovery.start().unwrap();
        while let Step::Send(_, sent) = step {
            let document =
                json(&format!(r#"{{{issuer}"token_endpoint":"https://auth.example.com/t"}}"#));
            step = sent.receive(document, moment())?;
        }
        Ok::<_, Error>(done(step))
    };
    let discovery = || Discovery::new(ISSUER).unwrap();
    assert_eq!(
        discovered(discovery(), r#""issuer":"https://auth.example.com","#)
            .unwrap()
            .issuer
            .as_deref(),
        Some(ISSUER)
    );
    for other in
        ["https://auth.example.com/", "https://Auth.example.com", "https://auth.example.co", ""]
    {
        let error = discovered(discovery(), &format!(r#""issuer":"{other}","#)).unwrap_err();
        assert_eq!(
            error,
            CallbackError::IssuerMismatch { expected: ISSUER.into(), received: other.into() }
                .into()
        );
        discovered(
            discovery().with(|discovery| discovery.allow_missing_issuer = true),
            &format!(r#""issuer":"{other}","#),
        )
        .unwrap_err();
    }
    discovered(discovery(), "").unwrap_err();
    assert_eq!(
        discovered(discovery().with(|discovery| discovery.allow_missing_issuer = true), "")
            .unwrap()
            .issuer,
        None
    );

    let template = "https://login.microsoftonline.com/{tenantid}/v2.0";
    let entra =
        || discovery().with(|discovery| discovery.allow_issuer_template = Some(template.into()));
    assert_eq!(discovered(entra(), &format!(r#""issuer":"{template}","#)).unwrap().issuer, None);
    discovered(discovery(), &format!(r#""issuer":"{template}","#)).unwrap_err();
    discovered(entra(), r#""issuer":"https://login.microsoftonline.com/evil/v2.0","#).unwrap_err();
}

/// Row `token-in-log`: more people can read logs than may have the tokens.
#[test]
fn no_error_and_no_debug_output_of_a_client_shows_a_secret() {
    let secrets = [
        SECRET,
        "2YotnFZFEjr1zCsicMWpAA",
        "tGzv3JOkF0XG5Qx2TlKWIA",
        "SplxlOBeZQQYbYS6WxSbIA",
        "A3ddj3w",
    ];
    let mut shown = Vec::new();
    let (pending, callback) = begun(&client());
    let verifier = serde_json::to_value(&pending).unwrap()["verifier"].as_str().unwrap().to_owned();
    let state = pending.state().to_owned();
    shown.push(format!("{pending:?}"));
    let grant = client()
        .accept(pending, &format!("{callback}&code=SplxlOBeZQQYbYS6WxSbIA"), now())
        .unwrap();
    shown.push(format!("{grant:?}"));
    shown.push(format!("{:?}", Grant::dangerous_password("johndoe", "A3ddj3w")));
    let step = client().request_token(grant, moment()).unwrap();
    shown.push(format!("{step:?} {:?} {:?}", client(), session(token())));
    for body in [
        ANSWER.to_owned(),
        ANSWER.replace("Bearer", "mac"),
        ANSWER.replace("3600", "-1"),
        ANSWER.replace('}', ""),
    ] {
        let (_, sent) = sent(
            Grant::refresh(&token())
                .and_then(|grant| client().request_token(grant, moment()))
                .unwrap(),
        );
        shown.push(format!(
            "{:?}",
            sent.receive(json(&body), moment()).map_err(|error| format!("{error} {error:?}"))
        ));
        let answers =
            [response(400, &[], &body), response(200, &[("content-type", "text/html")], &body)];
        for answer in answers {
            let error = token_of(&client(), answer).unwrap_err();
            shown.push(format!("{error} {error:?}"));
        }
    }
    for text in shown {
        for secret in secrets.into_iter().chain([verifier.as_str(), state.as_str()]) {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

/// Rows `mix-up` and `pending-of-another-service`: a client of another server would send that
/// server the code and the PKCE verifier.
#[test]
fn a_pending_value_is_redeemed_only_by_its_own_client() {
    let mut other = AuthorizationServer::new("https://evil.example/token").unwrap();
    other.authorization_endpoint = Some("https://evil.example/a".into());
    other.device_authorization_endpoint = Some("https://evil.example/d".into());
    for other in [client_of(other), Client::new(server(), "another")] {
        let (pending, callback) = begun(&client());
        let error = other.redeem(pending, &format!("{callback}&code=x"), moment()).unwrap_err();
        assert_eq!(error, Forged::OtherClient.into());
        let (pending, _) = begun(&client());
        assert_eq!(
            other.dangerous_redeem_code(pending, "x", moment()).unwrap_err(),
            Forged::OtherClient.into()
        );
    }
}

/// Row `endpoint-with-parameters`: the server's metadata could choose the client or the
/// redirect_uri of the request.
#[test]
fn an_endpoint_with_parameters_of_the_protocol_is_refused() {
    for query in [
        "client_id=victim",
        "x=y&st%61te=fixed",
        "request_uri=urn:x",
        "redirect_uri=https://evil.example/",
    ] {
        let endpoint = format!("https://auth.example.com/a?{query}");
        let error =
            client_of(server().with(|server| server.authorization_endpoint = Some(endpoint)))
                .authorize(Authorize::default(), moment())
                .unwrap_err();
        assert!(
            matches!(error, Error::Unsupported(Unsupported::ReservedParameter { .. })),
            "{query}: {error}"
        );
    }
}

/// Row `discovery-internal`: the host is this machine, in all spellings of its address.
#[test]
fn a_remote_server_cannot_name_endpoints_on_this_machine() {
    for host in [
        "127.0.0.1",
        "localhost",
        "a.localhost.",
        "127.1",
        "0x7f000001",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
    ] {
        let body = format!(r#"{{"issuer":"{ISSUER}","token_endpoint":"https://{host}/t"}}"#);
        let (_, sent_on) = sent(Discovery::new(ISSUER).unwrap().start().unwrap());
        let error = sent_on.receive(json(&body), moment()).unwrap_err();
        assert!(matches!(error, Error::Unsupported(Unsupported::Url { .. })), "{host}: {error}");
        let metadata = serde_json::from_str(&body).unwrap();
        AuthorizationServer::from_metadata(&metadata).unwrap_err();
        let mut unnamed = Discovery::new(ISSUER).unwrap();
        unnamed.allow_missing_issuer = true;
        let (_, sent_on) = sent(unnamed.start().unwrap());
        sent_on.receive(json(&body.replace("issuer", "x")), moment()).unwrap_err();

        let registered =
            format!(r#"{{"client_id":"x","registration_client_uri":"https://{host}/containers"}}"#);
        let (_, sent_on) = sent(server().register(&Default::default(), None).unwrap());
        let error = sent_on.receive(json(&registered), moment()).unwrap_err();
        assert!(
            matches!(error, Error::Misbehaved(Misbehaved::FieldInvalid { .. })),
            "{host}: {error}"
        );
    }
}

/// Row `device-uri-that-acts`: a device shows or opens the URI that the server sends.
#[test]
fn a_device_is_not_shown_a_uri_or_code_that_acts_by_itself() {
    let device = |uri: &str, code: &str| {
        let (_, sent_on) =
            sent(client().authorize_device(AuthorizeDevice::default(), moment()).unwrap());
        let body = serde_json::json!({
            "device_code": "x",
            "user_code": code,
            "verification_uri": "https://a.example/",
            "verification_uri_complete": uri,
            "expires_in": u64::MAX,
        });
        sent_on.receive(json(&body.to_string()), moment()).map(done)
    };
    for (uri, code) in
        [("javascript:alert(1)", "A"), ("file:///bin/sh", "A"), ("https://a.example/", "\u{1b}[2J")]
    {
        device(uri, code).unwrap_err();
    }
    let pending = device("https://a.example/?c=A", "A").unwrap();
    assert_eq!(pending.expires_at, Timestamp::from_secs(NOW + 24 * 3600));
}

/// Row `token-to-wrong-host`: the `Host` header or the user name in the URL is another host.
#[test]
fn a_request_with_a_different_host_header_gets_no_token() {
    let mut request = get(API);
    request.headers_mut().insert("host", http::HeaderValue::from_static("evil.example"));
    session(token()).attach_token(&mut request, now()).unwrap_err();
    assert!(!request.headers().contains_key("authorization"));
    session(token()).attach_token(&mut get("https://u:p@photos.example.com/"), now()).unwrap_err();
    let mut named = get(API);
    named.headers_mut().insert("host", http::HeaderValue::from_static("photos.example.com"));
    let _ = session(token()).attach_token(&mut named, now()).unwrap();
}

/// Hosts in an internal network, in all spellings that a document can contain.
const INTERNAL: [&str; 26] = [
    "10.0.0.5",
    "192.168.1.1",
    "172.17.0.1",
    "169.254.169.254",
    "100.100.100.200",
    "0x0a000005",
    "167772165",
    "224.0.0.1",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[::ffff:10.0.0.5]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a00:5]",
    "[2002:7f00:1::]",
    "localhost.localdomain",
    "ip6-localhost",
    "ip6-loopback",
    "metadata.google.internal",
    "Metadata.Google.Internal.",
    "kubernetes.default.svc",
    "vault.service.consul",
    "printer.local",
    "intranet",
];

/// Row `discovery-internal`.
#[test]
fn a_remote_server_cannot_name_endpoints_in_this_network() {
    let discovered = |discovery: Discovery, body: &str| {
        let (_, sent_on) = sent(discovery.start().unwrap());
        sent_on.receive(json(body), moment()).map(done)
    };
    let discovery = |issuer: &str| Discovery::new(issuer).unwrap();
    for host in INTERNAL {
        for member in
            ["authorization_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint"]
        {
            let body = format!(
                r#"{{"issuer":"{ISSUER}","token_endpoint":"{ISSUER}/t",
                "{member}":"https://{host}/x","extra":1}}"#
            );
            let error = discovered(discovery(ISSUER), &body).unwrap_err();
            assert!(
                matches!(error, Error::Unsupported(Unsupported::Url { .. })),
                "{host}: {error}"
            );
        }
        // RFC 8705 §5: clients with a certificate send their requests to these endpoints.
        let body = format!(
            r#"{{"issuer":"{ISSUER}","token_endpoint":"{ISSUER}/t",
            "mtls_endpoint_aliases":{{"x":1,"token_endpoint":"https://{host}/t"}}}}"#
        );
        let error = discovered(discovery(ISSUER), &body).unwrap_err();
        assert!(
            error.to_string().contains("Discovery::dangerous_allow_internal_hosts`"),
            "{host}: {error}"
        );
        AuthorizationServer::from_metadata(&serde_json::from_str(&body).unwrap()).unwrap_err();
        discovered(
            discovery(ISSUER).with(|discovery| discovery.dangerous_allow_internal_hosts = true),
            &body,
        )
        .unwrap();
        let outside = body.replace(host, "mtls.auth.example.com");
        AuthorizationServer::from_metadata(&discovered(discovery(ISSUER), &outside).unwrap())
            .unwrap();

        let body = format!(r#"{{"issuer":"{ISSUER}","token_endpoint":"https://{host}/t"}}"#);
        let error = discovered(discovery(ISSUER), &body).unwrap_err();
        assert!(
            error.to_string().contains("Discovery::dangerous_allow_internal_hosts`"),
            "{host}: {error}"
        );
        let metadata = serde_json::from_str(&body).unwrap();
        let error = AuthorizationServer::from_metadata(&metadata).unwrap_err();
        assert!(
            error.to_string().contains("dangerous_from_metadata_of_internal_hosts`"),
            "{host}: {error}"
        );
        // With the options, the same metadata is accepted.
        let found = discovered(
            discovery(ISSUER).with(|discovery| discovery.dangerous_allow_internal_hosts = true),
            &body,
        )
        .unwrap();
        AuthorizationServer::dangerous_from_metadata_of_internal_hosts(&found).unwrap();

        let registered =
            format!(r#"{{"client_id":"x","registration_client_uri":"https://{host}/r"}}"#);
        let register = |server: AuthorizationServer| {
            let (_, sent_on) = sent(server.register(&Default::default(), None).unwrap());
            sent_on.receive(json(&registered), moment()).map(done)
        };
        let error = register(server()).unwrap_err();
        assert!(
            matches!(error, Error::Misbehaved(Misbehaved::FieldInvalid { .. })),
            "{host}: {error}"
        );
        assert!(
            error.to_string().contains("AuthorizationServer::dangerous_allow_internal_hosts`"),
            "{error}"
        );
        register(server().with(|server| server.dangerous_allow_internal_hosts = true)).unwrap();
    }
}

/// Row `discovery-internal`: the metadata of a server in the internal network may contain other
/// hosts in this network.
#[test]
fn a_server_in_this_network_can_name_endpoints_there_but_not_on_this_machine() {
    let discovered = |issuer: &str, host: &str| {
        let (_, sent_on) = sent(Discovery::new(issuer).unwrap().start().unwrap());
        let body = format!(r#"{{"issuer":"{issuer}","token_endpoint":"https://{host}/t"}}"#);
        let found = sent_on.receive(json(&body), moment()).map(done)?;
        AuthorizationServer::from_metadata(&found).map(drop)
    };
    for issuer in ["https://10.0.0.5", "https://auth.corp", "https://keycloak"] {
        discovered(issuer, "192.168.1.1").unwrap();
        discovered(issuer, "auth.example.com").unwrap();
        for host in [
            "127.0.0.1",
            "localhost",
            "ip6-localhost",
            "localhost.localdomain",
            "[64:ff9b::7f00:1]",
        ] {
            discovered(issuer, host).unwrap_err();
        }
    }
    for issuer in ["http://localhost:8080", "http://127.0.0.1", "https://[::1]"] {
        discovered(issuer, "127.0.0.1").unwrap();
        discovered(issuer, "keycloak").unwrap();
    }
}

/// Row `discovery-internal`: the metadata of a hostile resource contains an internal server, to
/// which the client would send requests.
#[test]
fn a_remote_resource_cannot_name_a_server_in_this_network() {
    let own = || ResourceDiscovery::new("https://mcp.evil.example/api").unwrap();
    let answered = |discovery: ResourceDiscovery, resource: &str, servers: &str| {
        let (_, sent_on) = sent(discovery.start().unwrap());
        let body = format!(
            r#"{{"resource":"{resource}","authorization_servers":["{ISSUER}","{servers}"]}}"#
        );
        sent_on.receive(json(&body), moment()).map(done)
    };
    let hint = |place: &str| {
        let header = format!(r#"Bearer resource_metadata="{place}""#);
        response(401, &[("www-authenticate", &header)], "")
    };
    for host in INTERNAL.into_iter().chain(["127.0.0.1", "localhost", "[::1]"]) {
        let url = format!("https://{host}/v1");
        let error = answered(own(), "https://mcp.evil.example/api", &url).unwrap_err();
        assert!(matches!(error, Error::Unsupported(Unsupported::Url { .. })), "{host}: {error}");
        assert!(
            error.to_string().contains("ResourceDiscovery::dangerous_allow_internal_hosts`"),
            "{error}"
        );
        answered(
            own().with(|discovery| discovery.dangerous_allow_internal_hosts = true),
            "https://mcp.evil.example/api",
            &url,
        )
        .unwrap();
        let hinted = hint(&url);
        let error = own().challenged(hinted.headers()).start().unwrap_err();
        assert!(
            error.to_string().contains("ResourceDiscovery::dangerous_allow_internal_hosts`"),
            "{error}"
        );
        let mut allowed = own();
        allowed.dangerous_allow_internal_hosts = true;
        drop(allowed.challenged(hinted.headers()).start().unwrap());
    }
    for url in ["http://127.0.0.1:6379", "http://localhost:2375/v1"] {
        answered(own(), "https://mcp.evil.example/api", url).unwrap_err();
        own().challenged(hint(url).headers()).start().unwrap_err();
    }
    let near = ResourceDiscovery::new("http://127.0.0.1:3000").unwrap();
    let near = near.challenged(hint("http://127.0.0.1:3000/m").headers());
    answered(near, "http://127.0.0.1:3000", "http://localhost:8080").unwrap();
}

/// Row `callback-place`: another server has redirected the user to its own redirect_uri, and the
/// application passes the callback on (RFC 9700 §4.4.2.2).
#[test]
fn a_callback_at_another_redirect_uri_sends_no_code() {
    // Like most servers, this one sends no issuer.
    let server = || {
        let server = AuthorizationServer::new("https://evil.example/token").unwrap();
        server.with(|server| {
            server.authorization_endpoint = Some("https://evil.example/authorize".into());
        })
    };
    let client =
        |redirect_uri: &str| Client::new(server(), "id").redirect_uri(redirect_uri).unwrap();
    let came = |client: &Client, place: &str| {
        let authorization = done(client.authorize(Authorize::default(), moment()).unwrap());
        let mark = if place.contains('?') { '&' } else { '?' };
        let uri = format!("{place}{mark}code=HONEST&state={}", authorization.pending.state());
        client.redeem(authorization.pending, &uri, moment()).map(|step| drop(sent(step)))
    };
    let evil = client("https://rp.example/cb/evil");
    for place in [
        "https://rp.example/cb/honest",
        "/cb/honest",
        "http://rp.example/cb/evil",
        "https://x.example/cb/evil",
    ] {
        let error = came(&evil, place).unwrap_err();
        let expected = "https://rp.example/cb/evil".to_owned();
        assert_eq!(error, Forged::PlaceMismatch { expected, received: place.into() }.into());
        assert!(error.to_string().contains("`allow_callback_at_any_origin`"), "{error}");
        assert!(!error.to_string().contains("HONEST"), "{error}");
    }
    for place in ["https://rp.example/cb/evil", "https://RP.example:443/cb/evil", "/cb/evil"] {
        came(&evil, place).unwrap();
    }
    let mut proxied = evil;
    proxied.allow_callback_at_any_origin = true;
    came(&proxied, "http://10.0.0.5:8080/cb/evil").unwrap();
    came(&proxied, "http://10.0.0.5:8080/cb/honest").unwrap_err();

    // The redirect URIs of the two servers differ in a query parameter.
    let evil = client("https://rp.example/cb?as=evil");
    for place in ["/cb?as=honest", "/cb", "/cb?as=evil&as=honest"] {
        let error = came(&evil, place).unwrap_err();
        assert!(matches!(error, Error::Forged(Forged::PlaceMismatch { .. })), "{place}: {error}");
    }
    came(&evil, "/cb?as=evil").unwrap();

    // The redirect_uri has the app's own scheme, or a port that was chosen at runtime.
    for (own, other) in [
        ("com.example.app:/cb", "com.example.other:/cb"),
        ("http://127.0.0.1:51004/cb", "http://127.0.0.1:51005/cb"),
    ] {
        came(&client(own), own).unwrap();
        came(&client(own), other).unwrap_err();
    }
    // A client without redirect_uri compares nothing.
    came(&Client::new(server(), "id"), "/anywhere").unwrap();
    came(&Client::new(server(), "id"), "").unwrap();
}

/// Row `callback-place`: the application passes only the query.
#[test]
fn a_callback_without_its_place_sends_no_code_unless_the_server_names_itself() {
    let unnamed = AuthorizationServer::new("https://auth.example.com/token").unwrap();
    let unnamed = client_of(unnamed.with(|server| {
        server.authorization_endpoint = Some("https://auth.example.com/authorize".into());
    }));
    let came = |client: &Client, before: &str, rest: &str| {
        let authorization = done(client.authorize(Authorize::default(), moment()).unwrap());
        let callback = format!("{before}code=x&state={}{rest}", authorization.pending.state());
        client.redeem(authorization.pending, &callback, moment()).map(|step| drop(sent(step)))
    };
    for before in ["", "?"] {
        for client in [&unnamed, &client()] {
            let error = came(client, before, "").unwrap_err();
            assert_eq!(error, Forged::PlaceMissing { expected: REDIRECT.into() }.into());
            assert!(error.to_string().contains("`allow_callback_without_place`"), "{error}");
        }
        came(&client(), before, "&iss=https%3A%2F%2Fauth.example.com").unwrap();
        came(&client(), before, "&iss=https%3A%2F%2Fevil.example").unwrap_err();
        came(
            &unnamed.clone().with(|client| client.allow_callback_without_place = true),
            before,
            "",
        )
        .unwrap();
    }
    // If the callback has a URL, it is compared in spite of the option.
    came(&unnamed.clone().with(|client| client.allow_callback_without_place = true), "/other?", "")
        .unwrap_err();
    // The right issuer does not replace this comparison.
    came(&client(), "/other?", "&iss=https%3A%2F%2Fauth.example.com").unwrap_err();
}

/// Row `callback-place`: the callback is a form, with `response_mode=form_post`.
#[test]
fn a_form_that_was_posted_elsewhere_sends_no_code() {
    let posted = |url: &str| {
        let mut authorize = Authorize::default();
        authorize.response_mode = ResponseMode::FormPost;
        let authorization = done(client().authorize(authorize, moment()).unwrap());
        let form = format!("code=x&state={}", authorization.pending.state());
        let request = http::Request::post(url).body(form.into_bytes()).unwrap();
        client().redeem(authorization.pending, &request, moment()).map(|step| drop(sent(step)))
    };
    posted("/cb").unwrap();
    posted("https://client.example.com/cb?x=1").unwrap();
    for url in ["/other", "https://evil.example/cb"] {
        let error = posted(url).unwrap_err();
        assert!(matches!(error, Error::Forged(Forged::PlaceMismatch { .. })), "{url}: {error}");
    }
}

/// Row `callback-place`: the callback has a fragment, with the implicit grant.
#[test]
fn a_fragment_of_another_page_gives_no_token() {
    let came = |before: &str| {
        let authorization =
            client().dangerous_authorize_implicit(Authorize::default(), moment()).unwrap();
        let answer =
            format!("access_token=x&token_type=bearer&state={}", authorization.pending.state());
        client().token_from_fragment(authorization.pending, &format!("{before}#{answer}"), now())
    };
    came(REDIRECT).unwrap();
    came("/cb").unwrap();
    assert!(matches!(came("/other"), Err(Error::Forged(Forged::PlaceMismatch { .. }))));
    assert!(matches!(came(""), Err(Error::Forged(Forged::PlaceMissing { .. }))));
}

/// Row `pending-of-another-service`: a server chooses its token endpoint, so it could search for
/// one with the fingerprint of another server.
#[test]
fn a_pending_value_is_tied_to_its_client_by_128_bits() {
    let device = || {
        let (_, sent) =
            sent(client().authorize_device(AuthorizeDevice::default(), moment()).unwrap());
        let codes = concat!(
            r#"{"device_code":"d","user_code":"u","verification_uri":"https://a.example/d","#,
            r#""expires_in":600}"#,
        );
        done(sent.receive(json(codes), moment()).unwrap())
    };
    let implicit =
        client().dangerous_authorize_implicit(Authorize::default(), moment()).unwrap().pending;
    let state = implicit.state().to_owned();
    let code = begun(&client()).0;
    let stored = [
        serde_json::to_value(&code),
        serde_json::to_value(&implicit),
        serde_json::to_value(device()),
    ];
    let use_up = |at: usize, stored: serde_json::Value| -> Result<(), Error> {
        let read = "what was stored can be read";
        match at {
            0 => {
                let pending: Pending = serde_json::from_value(stored).expect(read);
                let callback = format!("/cb?code=x&state={}", pending.state());
                client().redeem(pending, &callback, moment()).map(drop)
            }
            1 => {
                let callback = format!("/cb#access_token=x&token_type=bearer&state={state}");
                client()
                    .token_from_fragment(
                        serde_json::from_value(stored).expect(read),
                        &callback,
                        now(),
                    )
                    .map(drop)
            }
            _ => client().poll(&serde_json::from_value(stored).expect(read), moment()).map(drop),
        }
    };
    for (at, stored) in stored.into_iter().enumerate() {
        let stored = stored.unwrap();
        let mark = stored["for"].as_str().unwrap().to_owned();
        assert_eq!(mark.len(), 32);
        use_up(at, stored.clone()).unwrap();
        let with = |mark: serde_json::Value| {
            let mut changed = stored.clone();
            changed["for"] = mark;
            changed
        };
        for digit in [0, 15, 31] {
            let mut other = mark.clone();
            other.replace_range(
                digit..=digit,
                if mark[digit..].starts_with('0') { "1" } else { "0" },
            );
            assert_eq!(use_up(at, with(other.into())), Err(Forged::OtherClient.into()), "{stored}");
        }
        // The format of earlier versions: the fingerprint is a number, and some types have a
        // version.
        let mut before = with(4_503_599_627_370_497_u64.into());
        for version in ["v", "implicit"] {
            if at == 2 {
                before.as_object_mut().unwrap().remove(version);
            } else if before.get(version).is_some() {
                before[version] = 1.into();
            }
        }
        assert_eq!(use_up(at, before), Err(Expired::Outdated.into()));
    }
}

fn device(verification_uri: &str) -> Result<oauth_proto::oauth2::PendingDevice, Error> {
    let (_, sent) = sent(client().authorize_device(AuthorizeDevice::default(), moment()).unwrap());
    let uri = serde_json::json!(verification_uri);
    let codes = format!(
        r#"{{"device_code":"d","user_code":"u","verification_uri":{uri},"expires_in":600}}"#
    );
    sent.receive(json(&codes), moment()).map(done)
}

/// Row `pending-of-another-service`: the pending value is a pending device.
#[test]
fn a_device_code_is_sent_only_to_its_own_server() {
    let pending = device("https://auth.example.com/device").unwrap();
    let evil = AuthorizationServer::new("https://evil.example/token").unwrap();
    for stranger in [client_of(evil), Client::new(server(), "another")] {
        assert_eq!(stranger.poll(&pending, moment()).unwrap_err(), Forged::OtherClient.into());
    }
    drop(client().poll(&pending, moment()).unwrap());
}

/// Row `device-uri-that-acts`: the user would open this address.
#[test]
fn a_verification_uri_that_is_not_a_web_page_is_refused() {
    for uri in [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "com.example.app:/x",
        "/device",
        "https:",
        "https://a.example/\u{1b}[",
    ] {
        let error = device(uri).unwrap_err();
        let Error::Misbehaved(Misbehaved::FieldInvalid { field, .. }) = error else {
            panic!("{uri}: {error}")
        };
        assert_eq!(field, "verification_uri", "{uri}");
    }
    for uri in [
        "https://auth.example.com/device",
        "http://192.168.1.1/device",
        "https://auth.example.com/#device",
    ] {
        assert_eq!(device(uri).unwrap().verification_uri, uri);
    }
}
