//! Our OAuth 2.0 client at oidc-provider: devices, registration, and sessions that renew
//! themselves.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use interop::browser::Browser;
use interop::caller::Caller;
use interop::exchange::Clock;
use interop::oidc_provider::{CALLBACK, CLIENTS, INITIAL_ACCESS_TOKEN, OidcProvider, PHOTOS};
use oauth_proto::oauth2::RequestError;
use oauth_proto::oauth2::{
    Authorize, AuthorizeDevice, BearerChallenge, BearerError, Client, ClientMetadata, Grant,
    PendingDevice, Session, SharedSession, Token, WithholdToken,
};
use oauth_proto::{DriveError, Error, Expired, Moment, Refused, Response, Secret, Unsupported};

fn begin_device(op: &OidcProvider, client: &Client, clock: &Clock) -> PendingDevice {
    let authorize = AuthorizeDevice::scope("openid offline_access").parameter("prompt", "consent");
    let step = client.authorize_device(authorize, clock.moment());
    let pending = op.http.run_waiting(clock, step, |_| ()).unwrap();
    // The pending value is stored and read again, since a device may be switched off.
    serde_json::from_str(&serde_json::to_string(&pending).unwrap()).unwrap()
}

/// Enters the code on Jane's telephone, and confirms or denies as `how` says.
fn enter(op: &OidcProvider, pending: &PendingDevice, how: &[(&str, &str)]) -> Response {
    let mut browser = Browser::new(&op.http, &op.issuer);
    let asks = browser.page(&pending.verification_uri);
    let confirms = browser.submit(&asks, &[("user_code", &pending.user_code)]).page();
    browser.submit(&confirms, how).page()
}

#[test]
fn a_device_waits_until_the_user_has_entered_its_code() {
    let op = OidcProvider::start();
    for id in CLIENTS.into_iter().chain(["native"]) {
        let (client, clock) = (op.client(id), Clock::default());
        let pending = begin_device(&op, &client, &clock);
        assert_eq!(pending.verification_uri, format!("{}/device", op.issuer));
        let pauses = RefCell::new(Vec::new());
        let token = op.http.run_waiting(&clock, client.poll(&pending, clock.moment()), |pause| {
            pauses.borrow_mut().push(pause.as_secs());
            if pauses.borrow().len() == 3 {
                let success = enter(&op, &pending, &[]);
                assert!(String::from_utf8_lossy(success.body()).contains("Sign-in Success"));
            }
        });
        let token = token.unwrap();
        // The server sends no interval, so the default of RFC 8628 applies.
        assert_eq!(pauses.into_inner(), [5, 5, 5], "{id}");
        assert_eq!(token.scope, Some("openid offline_access".into()), "{id}");
        assert!(
            op.http
                .run(
                    Grant::refresh(&token)
                        .and_then(|grant| client.request_token(grant, clock.moment()))
                )
                .is_ok(),
            "{id}"
        );
        // The device code can be used once.
        let again = op.http.run_waiting(&clock, client.poll(&pending, clock.moment()), |_| {});
        assert_eq!(again.unwrap_err().code(), Some("invalid_grant"), "{id}");
    }
}

#[test]
fn the_user_code_can_be_part_of_the_address() {
    let op = OidcProvider::start();
    let (client, clock) = (op.client("native"), Clock::default());
    let pending = begin_device(&op, &client, &clock);
    let mut browser = Browser::new(&op.http, &op.issuer);
    // The page contains a form that submits itself.
    let asks = browser.page(pending.verification_uri_complete.as_deref().unwrap());
    let confirms = browser.submit(&asks, &[]).page();
    browser.submit(&confirms, &[]).page();
    assert!(op.http.run_waiting(&clock, client.poll(&pending, clock.moment()), |_| ()).is_ok());
}

#[test]
fn a_device_that_is_denied_gets_no_token() {
    let op = OidcProvider::start();
    let (client, clock) = (op.client("native"), Clock::default());
    let pending = begin_device(&op, &client, &clock);
    let step = client.poll(&pending, clock.moment());
    let denied =
        op.http.run_waiting(&clock, step, |_| drop(enter(&op, &pending, &[("abort", "yes")])));
    let Err(Error::Refused(Refused::Denied { problem, advice, .. })) = denied else {
        panic!("{denied:?}")
    };
    assert_eq!(
        (problem.as_deref(), advice.as_deref()),
        (Some("access_denied"), Some("End-User aborted interaction"))
    );
}

#[test]
fn a_device_polls_at_the_interval_until_its_code_has_expired() {
    let op = OidcProvider::start();
    let (client, clock) = (op.client("native"), Clock::default());
    let pending = begin_device(&op, &client, &clock);
    let pauses = RefCell::new(Vec::new());
    let late = op.http.run_waiting(&clock, client.poll(&pending, clock.moment()), |pause| {
        pauses.borrow_mut().push(pause.as_secs());
    });
    assert_eq!(late.unwrap_err(), Expired::DeviceCode.into());
    let pauses = pauses.into_inner();
    assert!(pauses.len() <= 121 && pauses[..119].iter().all(|pause| *pause == 5), "{pauses:?}");
}

#[test]
fn a_client_registers_changes_and_leaves() {
    let op = OidcProvider::start();
    let server = op.server();
    let mut metadata = ClientMetadata::new([CALLBACK]);
    metadata.client_name = Some("Photo printer".into());
    metadata.grant_types = Some(vec!["authorization_code".into(), "client_credentials".into()]);
    metadata.contacts = Some(vec!["jane@example.com".into()]);
    metadata.extra.insert("default_max_age".into(), 3600.into());

    // Registration requires the initial access token.
    let strangers = op.http.run(server.register(&metadata, Some(&Secret::new("guessed"))));
    assert_eq!(strangers.unwrap_err().code(), Some("invalid_token"));
    let initial = Secret::new(INITIAL_ACCESS_TOKEN);
    let elsewhere = ClientMetadata::new(["https://printer.example.com/ready#fragment"]);
    let error = op.http.run(server.register(&elsewhere, Some(&initial))).unwrap_err();
    assert_eq!(error.code(), Some("invalid_redirect_uri"));

    let registered = op.http.run(server.register(&metadata, Some(&initial))).unwrap();
    assert_eq!(registered.metadata.client_name, metadata.client_name);
    assert_eq!(registered.metadata.contacts, metadata.contacts);
    assert_eq!(registered.metadata.extra["default_max_age"], 3600);
    assert_eq!(
        registered.metadata.token_endpoint_auth_method.as_deref(),
        Some("client_secret_basic")
    );
    assert!(
        registered.client_id_issued_at.is_some() && registered.client_secret_expires_at.is_none()
    );
    let stored = serde_json::to_string(&registered).unwrap();
    let registered: oauth_proto::oauth2::ClientRegistration =
        serde_json::from_str(&stored).unwrap();

    let client = registered.client(server.clone(), Moment::from_os().now).unwrap();
    let token =
        op.http.run(client.request_token(Grant::client_credentials(), Moment::from_os())).unwrap();
    assert!(op.is_active(&client, &token.access_token));
    let client = client.redirect_uri(CALLBACK).unwrap();
    assert!(op.grant(&client, Authorize::scope("openid")).is_ok());

    let read = op.http.run(registered.read()).unwrap();
    assert_eq!(read, registered);

    // The update changes one member: the client now sends its secret in the body.
    let mut changed = read.metadata.clone();
    changed.token_endpoint_auth_method = Some("client_secret_post".into());
    let updated = op.http.run(read.update(&changed)).unwrap();
    assert_eq!((&updated.metadata, &updated.client_secret), (&changed, &registered.client_secret));
    assert_ne!(updated.registration_access_token, registered.registration_access_token);
    let client = updated.client(server.clone(), Moment::from_os().now).unwrap();
    assert!(
        op.http.run(client.request_token(Grant::client_credentials(), Moment::from_os())).is_ok()
    );
    // The update has replaced the registration access token.
    let error = op.http.run(registered.read()).unwrap_err();
    assert_eq!(error.code(), Some("invalid_token"));

    op.http.run(updated.delete()).unwrap();
    assert_eq!(op.http.run(updated.read()).unwrap_err().code(), Some("invalid_token"));
    let step = client.request_token(Grant::client_credentials(), Moment::from_os());
    assert_eq!(op.http.run(step).unwrap_err().code(), Some("invalid_client"));
}

#[test]
fn a_public_client_and_one_with_a_key_register_too() {
    let op = OidcProvider::start();
    let initial = Secret::new(INITIAL_ACCESS_TOKEN);
    let mut metadata = ClientMetadata::new([CALLBACK]);
    metadata.token_endpoint_auth_method = Some("none".into());
    let registered = op.http.run(op.server().register(&metadata, Some(&initial))).unwrap();
    assert_eq!(registered.client_secret, None);
    let client = registered
        .client(op.server(), Moment::from_os().now)
        .unwrap()
        .redirect_uri(CALLBACK)
        .unwrap();
    assert!(op.grant(&client, Authorize::scope("openid")).is_ok());

    metadata.token_endpoint_auth_method = Some("client_secret_jwt".into());
    let registered = op.http.run(op.server().register(&metadata, Some(&initial))).unwrap();
    let secret = registered.client_secret.clone().unwrap();
    let client = registered
        .client(op.server(), Moment::from_os().now)
        .unwrap()
        .redirect_uri(CALLBACK)
        .unwrap();
    let client = client.authentication(interop::assertion::client_secret_jwt(secret.expose()));
    assert!(op.grant(&client, Authorize::scope("openid")).is_ok());
}

/// Returns a caller of the userinfo endpoint.
fn userinfo<'a>(op: &'a OidcProvider, session: &'a SharedSession) -> Caller<'a> {
    Caller::new(&op.http, session, format!("{}/me", op.issuer))
}

fn shared(op: &OidcProvider, client: &Client, token: Token) -> SharedSession {
    SharedSession::builder(Session::new(client, &op.issuer, token).unwrap()).build().unwrap()
}

#[test]
fn an_expired_token_is_renewed_and_the_request_is_sent_again() {
    let mut op = OidcProvider::start();
    let client = op.client("basic");
    let token = op.offline_token(&client);
    let session = shared(&op, &client, token.clone());
    let caller = userinfo(&op, &session);
    let answer = caller.call().unwrap();
    assert_eq!(serde_json::from_slice::<serde_json::Value>(answer.body()).unwrap()["sub"], "jane");
    assert_eq!(caller.sent(), ["/me"]);

    op.forget(&token.access_token);
    let caller = userinfo(&op, &session);
    assert_eq!(caller.call().unwrap().status(), 200);
    assert_eq!(caller.sent(), ["/me", "/token", "/me"]);
    let saved = caller.renewed();
    assert_eq!(saved.as_slice(), [session.session().token().unwrap().clone()]);
    assert_ne!(saved[0].refresh_token, token.refresh_token);

    // Shortly before its end, the token is renewed before the request.
    let clock = Clock::default();
    clock.advance(Duration::from_secs(595));
    let send = |request| op.http.exchange(request);
    let session = Session::new(&client, &op.issuer, saved[0].clone()).unwrap();
    let session = SharedSession::builder_with(session, move || clock.moment()).build().unwrap();
    let answer = session.fetch(caller.request(), send).unwrap();
    assert_eq!(answer.status(), 200);
    assert_ne!(session.session().token(), Some(&saved[0]));
}

#[test]
fn many_callers_with_a_refused_token_renew_it_once() {
    let mut op = OidcProvider::start();
    let client = op.client("basic");
    let token = op.offline_token(&client);
    let session = shared(&op, &client, token.clone());
    op.forget(&token.access_token);
    let caller = userinfo(&op, &session);
    std::thread::scope(|scope| {
        let callers: Vec<_> =
            (0..8).map(|_| scope.spawn(|| caller.call().unwrap().status())).collect();
        callers.into_iter().for_each(|caller| assert_eq!(caller.join().unwrap(), 200));
    });
    // A second renewal with the same refresh token would have revoked the grant.
    assert_eq!(caller.sent().iter().filter(|path| *path == "/token").count(), 1);
    assert_eq!(caller.renewed().len(), 1);
    assert!(op.is_active(&client, &session.session().token().unwrap().access_token));
}

#[test]
fn a_token_without_the_scope_is_not_renewed() {
    let op = OidcProvider::start();
    let client = op.client("basic");
    let token = op.grant(&client, Authorize::scope("openid photos.read").resource(PHOTOS)).unwrap();
    let wrong = shared(&op, &client, token);
    let caller = userinfo(&op, &wrong);
    assert_eq!(
        caller.call().unwrap().status(),
        200,
        "the token is for her data until it is asked for photos"
    );

    let step = client.request_token(Grant::client_credentials(), Moment::from_os());
    let other = SharedSession::builder(
        Session::new(&client, &op.issuer, op.http.run(step).unwrap()).unwrap(),
    )
    .build()
    .unwrap();
    let answer = userinfo(&op, &other).call().unwrap();
    assert_eq!(answer.status(), 401);
    let challenge = BearerChallenge::of(answer.headers()).unwrap();
    assert_eq!(
        (challenge.realm.as_ref(), challenge.error),
        (Some(&op.issuer), Some(BearerError::InvalidToken))
    );

    let email =
        http::Request::get(format!("{}/me?scope=email", op.issuer)).body(Vec::new()).unwrap();
    let answer = caller.fetch(email).unwrap();
    assert_eq!(answer.status(), 403);
    let challenge = BearerChallenge::of(answer.headers()).unwrap();
    assert_eq!(challenge.error, Some(BearerError::InsufficientScope));
    assert_eq!(challenge.scope, Some("email".into()));
    assert_eq!(caller.sent(), ["/me", "/me"]);
}

#[test]
fn a_revoked_grant_needs_a_new_sign_in_of_the_user() {
    let op = OidcProvider::start();
    let client = op.client("basic");
    let token = op.offline_token(&client);
    let session = shared(&op, &client, token.clone());
    op.http.run(client.revoke_grant(&token, Moment::from_os())).unwrap();
    let caller = userinfo(&op, &session);
    let error = caller.call().unwrap_err();
    let DriveError::Protocol { error, .. } = error else { panic!("{error}") };
    assert_eq!(error.code(), Some("invalid_grant"));
    assert_eq!(caller.sent(), ["/me", "/token"]);

    session.set_token(op.offline_token(&client));
    assert_eq!(caller.call().unwrap().status(), 200);
}

#[test]
fn a_client_gets_its_own_tokens() {
    let op = OidcProvider::start();
    let client = op.client("key-jwt");
    let grant = Grant::client_credentials().scope("photos.read").resource(PHOTOS);
    let clock = Arc::new(Clock::default());
    let own = clock.clone();
    let mut session = Session::new(&client, PHOTOS, None).unwrap();
    session.grant = Some(grant);
    let session = SharedSession::builder_with(session, move || own.moment()).build().unwrap();
    let token = || session.token(|request| op.http.exchange(request)).unwrap();
    let first = token();
    assert_eq!(token(), first);
    clock.advance(Duration::from_secs(600));
    let second = token();
    assert_ne!(second.access_token, first.access_token);
    assert!(op.is_active(&client, &second.access_token));
    // The session is for another origin, so its token is not sent to the issuer.
    let error = userinfo(&op, &session).call().unwrap_err();
    assert!(
        matches!(
            error,
            DriveError::Protocol {
                error: Error::Unsupported(Unsupported::OAuth2(RequestError::ForeignOrigin { .. })),
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_request_without_a_token_gets_a_challenge() {
    let op = OidcProvider::start();
    let client = op.client("basic");
    let session = shared(&op, &client, Token::bearer("x"));
    let caller = userinfo(&op, &session);
    let mut request = caller.request();
    request.extensions_mut().insert(WithholdToken);
    let answer = caller.fetch(request).unwrap();
    assert_eq!(answer.status(), 401);
    let challenge = BearerChallenge::of(answer.headers()).unwrap();
    assert_eq!((challenge.realm, challenge.error), (Some(op.issuer.clone()), None));
    // A session with a guessed token, which cannot be renewed.
    let answer = caller.call().unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(
        BearerChallenge::of(answer.headers()).unwrap().error,
        Some(BearerError::InvalidToken)
    );
    assert_eq!(caller.sent(), ["/me", "/me"]);
}
