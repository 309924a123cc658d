//! Our OAuth 2.0 client at an authorization server and a protected resource that are built on
//! oauthlib.

use interop::with::With;
use std::cell::RefCell;
use std::time::Duration;

use interop::browser::text;
use interop::caller::Caller;
use interop::exchange::{Clock, Http};
use interop::peer::Peer;
use oauth_proto::oauth2::CallbackError;
use oauth_proto::oauth2::{
    AuthorizationServer, Authorize, AuthorizeDevice, BearerChallenge, BearerError, Client,
    ClientAuthentication, Discovery, Grant, HintedToken, IncludeClientId, Metadata, Pending,
    PendingDevice, Session, SharedSession, Token, TokenPlacement,
};
use oauth_proto::{DriveError, Error, Expired, Forged, Moment, Refused, Response, Secret, Step};
use serde::Deserialize;
use serde_json::json;

const SECRET: &str = "100% s=cret+/é:";
const CALLBACK: &str = "https://printer.example.com/ready?printer=2";

/// A running server, and our clients at this server.
struct OauthlibServer {
    /// The process of the server. It ends when this value is dropped.
    peer: Peer,
    origin: String,
    metadata: Metadata,
    http: Http,
}

#[derive(Deserialize)]
struct Started {
    port: u16,
}

impl OauthlibServer {
    fn new() -> Self {
        let mut peer = Peer::run("oauthlib_oauth2_server.py");
        let client = |id, secret, rotates| {
            json!({
                "id": id,
                "secret": secret,
                "redirect_uris": [CALLBACK],
                "rotates": rotates,
            })
        };
        let mut limited = client("limited", Some(SECRET), true);
        limited["scopes"] = json!(["read"]);
        limited["grants"] = json!(["client_credentials"]);
        let Started { port } = peer.ask(&[
            client("web: é", Some(SECRET), true),
            client("keeping", Some(SECRET), false),
            client("native", None, true),
            limited,
        ]);
        let origin = format!("http://127.0.0.1:{port}");
        let http = Http::default();
        let metadata = http.run(Discovery::new(&origin).and_then(Discovery::start)).unwrap();
        Self { peer, origin, metadata, http }
    }

    fn server(&self) -> AuthorizationServer {
        AuthorizationServer::from_metadata(&self.metadata).unwrap()
    }

    fn client(&self, id: &str, authentication: ClientAuthentication) -> Client {
        let client = Client::new(self.server(), id).authentication(authentication);
        client.redirect_uri(CALLBACK).unwrap()
    }

    fn web(&self) -> Client {
        self.client("web: é", ClientAuthentication::Basic(SECRET.into()))
    }

    fn token(&self, client: &Client, grant: Grant) -> Result<Token, Error> {
        self.http.run(client.request_token(grant, Moment::from_os()))
    }

    fn begin(&self, client: &Client, authorize: Authorize) -> (Pending, String) {
        let step = client.authorize(authorize, Moment::from_os()).unwrap();
        let Step::Done(authorization) = step else { panic!("{step:?}") };
        (authorization.pending, self.callback(&authorization.url))
    }

    fn callback(&self, url: &str) -> String {
        let answer = self.http.get(url);
        assert_eq!(answer.status(), 302, "{}", text(&answer));
        answer.headers()["location"].to_str().unwrap().to_owned()
    }

    fn redeem(&self, client: &Client, pending: Pending, callback: &str) -> Result<Token, Error> {
        self.http.run(client.redeem(pending, callback, Moment::from_os()))
    }

    fn grant(&self, client: &Client, authorize: Authorize) -> Result<Token, Error> {
        let (pending, callback) = self.begin(client, authorize);
        self.redeem(client, pending, &callback)
    }

    fn refresh(&self, client: &Client, token: &Token, scope: Option<&str>) -> Result<Token, Error> {
        let grant = Grant::refresh(token)?;
        let grant = scope.into_iter().fold(grant, Grant::scope);
        self.http.run(client.request_token(grant, Moment::from_os()))
    }

    /// Makes an access token expire at the server.
    fn expire(&mut self, token: &Secret) {
        assert!(self.peer.ask::<bool>(&token.expose()));
    }

    fn photos(&self) -> String {
        format!("{}/photos", self.origin)
    }

    fn shared(&self, client: &Client, token: Token) -> SharedSession {
        SharedSession::builder(Session::new(client, &self.origin, token).unwrap()).build().unwrap()
    }
}

/// Returns the code and the status of a refusal.
fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> (String, u16) {
    match result {
        Err(Error::Refused(Refused::Problem { code, response: answer, .. })) => {
            (code, answer.status.as_u16())
        }
        other => panic!("{other:?}"),
    }
}

fn refused(code: &str, status: u16) -> (String, u16) {
    (code.to_owned(), status)
}

fn json_of(response: &Response) -> serde_json::Value {
    serde_json::from_slice(response.body()).unwrap()
}

#[test]
fn the_metadata_describes_the_server() {
    let oauthlib = OauthlibServer::new();
    assert_eq!(oauthlib.metadata.issuer.as_ref(), Some(&oauthlib.origin));
    assert_eq!(
        oauthlib.metadata.introspection_endpoint,
        Some(format!("{}/introspect", oauthlib.origin))
    );
    let methods = oauthlib.metadata.code_challenge_methods_supported.clone().unwrap();
    assert!(
        methods.contains(&"S256".to_owned()) && methods.contains(&"plain".to_owned()),
        "{methods:?}"
    );
}

#[test]
fn a_code_gives_a_token_with_each_proof_key_and_each_authentication() {
    let oauthlib = OauthlibServer::new();
    let body = oauthlib.client("web: é", ClientAuthentication::Body(SECRET.into()));
    let native = oauthlib.client("native", ClientAuthentication::None);
    let mut beside = oauthlib.web();
    beside.include_client_id = IncludeClientId::Always;
    for client in [&oauthlib.web(), &body, &beside, &native] {
        for authorize in [
            Authorize::scope("read write"),
            Authorize::scope("read write").with(|authorize| authorize.allow_plain_pkce = true),
        ] {
            let now = Moment::from_os().now;
            let token = oauthlib.grant(client, authorize).unwrap();
            assert_eq!(token.scope, Some("write read".into()));
            assert!(
                token.refresh_token.is_some()
                    && token.expires_at >= Some(now.after(Duration::from_secs(3600)))
            );
            let session = oauthlib.shared(client, token);
            let answer = Caller::new(&oauthlib.http, &session, oauthlib.photos()).call().unwrap();
            assert_eq!(
                (answer.status().as_u16(), json_of(&answer)),
                (200, json!({ "user": "jane" }))
            );
        }
    }
    assert!(
        oauthlib
            .grant(
                &body,
                Authorize::default().with(|authorize| authorize.allow_missing_pkce = true)
            )
            .is_ok()
    );
    // The server requires PKCE of public clients.
    let (pending, callback) = oauthlib
        .begin(&native, Authorize::default().with(|authorize| authorize.allow_missing_pkce = true));
    let Err(Error::Refused(Refused::Authorization { code, description, .. })) =
        oauthlib.redeem(&native, pending, &callback)
    else {
        panic!("{callback}")
    };
    assert_eq!(
        (code.as_str(), description.as_deref()),
        ("invalid_request", Some("Code challenge required."))
    );
}

#[test]
fn a_code_is_accepted_once_with_its_proof_key_from_its_client() {
    let oauthlib = OauthlibServer::new();
    let web = oauthlib.web();
    let (pending, callback) = oauthlib.begin(&web, Authorize::default());
    let copy = || serde_json::from_str(&serde_json::to_string(&pending).unwrap()).unwrap();
    let keeping = oauthlib.client("keeping", ClientAuthentication::Body(SECRET.into()));
    assert_eq!(
        oauthlib.redeem(&keeping, copy(), &callback).unwrap_err(),
        Forged::OtherClient.into()
    );
    assert!(oauthlib.redeem(&web, copy(), &callback).is_ok());
    assert_eq!(refusal(oauthlib.redeem(&web, copy(), &callback)), refused("invalid_grant", 400));

    let begin = || {
        oauthlib.begin(
            &web,
            Authorize::default().with(|authorize| authorize.dangerous_state = Some("same".into())),
        )
    };
    let ((ours, _), (_, attackers)) = (begin(), begin());
    assert_eq!(refusal(oauthlib.redeem(&web, ours, &attackers)), refused("invalid_grant", 400));
    let (ours, (_, attackers)) =
        (oauthlib.begin(&web, Authorize::default()).0, oauthlib.begin(&web, Authorize::default()));
    assert_eq!(oauthlib.redeem(&web, ours, &attackers).unwrap_err(), Forged::StateMismatch.into());
}

#[test]
fn an_error_in_a_callback_is_the_servers_or_the_users_refusal() {
    let oauthlib = OauthlibServer::new();
    let web = oauthlib.web();
    let error = oauthlib.grant(&web, Authorize::default().parameter("jane", "denies")).unwrap_err();
    let denied = Refused::Denied {
        problem: Some("access_denied".into()),
        advice: Some("Jane said no".into()),
        response: None,
    };
    assert_eq!(error, denied.into());
    let error = oauthlib.grant(&web, Authorize::scope("read admin")).unwrap_err();
    assert!(
        matches!(
            &error,
            Error::Refused(Refused::Authorization { code, .. }) if code == "invalid_scope"
        ),
        "{error}"
    );
}

#[test]
fn a_token_is_sent_in_the_fragment() {
    let oauthlib = OauthlibServer::new();
    let native = oauthlib.client("native", ClientAuthentication::None);
    let begin = |authorize| {
        let authorization =
            native.dangerous_authorize_implicit(authorize, Moment::from_os()).unwrap();
        let stored = serde_json::to_string(&authorization.pending).unwrap();
        (serde_json::from_str(&stored).unwrap(), oauthlib.callback(&authorization.url))
    };
    let now = Moment::from_os().now;
    let (pending, callback) = begin(Authorize::scope("read"));
    assert!(callback.starts_with(&format!("{CALLBACK}#")), "{callback}");
    let token = native.token_from_fragment(pending, &callback, now).unwrap();
    assert_eq!((token.scope.as_ref(), &token.refresh_token), (Some(&"read".into()), &None));
    assert_eq!(token.expires_at, Some(now.after(Duration::from_secs(3600))));
    assert!(token.extra.is_empty(), "{token:?}");
    let session = oauthlib.shared(&native, token);
    assert_eq!(
        Caller::new(&oauthlib.http, &session, oauthlib.photos()).call().unwrap().status(),
        200
    );

    let (ours, (_, attackers)) = (begin(Authorize::default()).0, begin(Authorize::default()));
    assert_eq!(
        native.token_from_fragment(ours, &attackers, now).unwrap_err(),
        Forged::StateMismatch.into()
    );
    // The response to a request for a code must not be a token.
    let (pending, _) = oauthlib.begin(
        &native,
        Authorize::default().with(|authorize| authorize.dangerous_state = Some("same".into())),
    );
    let (_, callback) = begin(
        Authorize::default().with(|authorize| authorize.dangerous_state = Some("same".into())),
    );
    let error = oauthlib.redeem(&native, pending, &callback.replace('#', "&")).unwrap_err();
    assert_eq!(error, CallbackError::TokenInCallback { name: "access_token" }.into());
    let (pending, callback) = begin(Authorize::scope("admin"));
    assert_eq!(
        native.token_from_fragment(pending, &callback, now).unwrap_err().code(),
        Some("invalid_scope")
    );
}

#[test]
fn a_password_and_the_client_itself_are_grants_too() {
    let oauthlib = OauthlibServer::new();
    let web = oauthlib.web();
    let token = oauthlib
        .token(&web, Grant::dangerous_password("jane", "pass word&é").scope("read"))
        .unwrap();
    assert!(token.refresh_token.is_some());
    let mallory = oauthlib.token(&web, Grant::dangerous_password("jane", "guessed"));
    assert_eq!(refusal(mallory), refused("invalid_grant", 400));
    let own = oauthlib.token(&web, Grant::client_credentials()).unwrap();
    assert_eq!((own.refresh_token, own.scope), (None, Some("read".into())));
    let unknown = oauthlib.token(&web, Grant::extension("urn:example:grant").parameter("x", "y"));
    assert_eq!(refusal(unknown), refused("unsupported_grant_type", 400));
}

#[test]
fn the_token_has_the_scope_that_the_server_narrowed() {
    let oauthlib = OauthlibServer::new();
    let limited = oauthlib.client("limited", ClientAuthentication::Basic(SECRET.into()));
    let token = oauthlib.token(&limited, Grant::client_credentials().scope("read write")).unwrap();
    assert_eq!(token.scope, Some("read".into()));
    assert_eq!(token.scope_refused().collect::<Vec<_>>(), ["write"]);
    let password = oauthlib.token(&limited, Grant::dangerous_password("jane", "pass word&é"));
    assert_eq!(refusal(password), refused("unauthorized_client", 400));
}

#[test]
fn a_wrong_secret_is_refused_at_every_endpoint() {
    let oauthlib = OauthlibServer::new();
    for authentication in [
        ClientAuthentication::Basic("x".into()),
        ClientAuthentication::Body("x".into()),
        ClientAuthentication::None,
    ] {
        let mut client = oauthlib.client("web: é", authentication);
        client.include_client_id = IncludeClientId::Always;
        let unknown = refused("invalid_client", 401);
        assert_eq!(
            refusal(oauthlib.token(&client, Grant::client_credentials())),
            unknown,
            "{client:?}"
        );
        let step = client.introspect("2YotnFZFEjr1zCsicMWpAA", Moment::from_os());
        assert_eq!(refusal(oauthlib.http.run(step)), unknown, "{client:?}");
        let step = client.revoke("2YotnFZFEjr1zCsicMWpAA", Moment::from_os());
        assert_eq!(refusal(oauthlib.http.run(step)), unknown, "{client:?}");
        let step = client.authorize_device(AuthorizeDevice::default(), Moment::from_os());
        assert_eq!(refusal(oauthlib.http.run(step)), unknown, "{client:?}");
    }
}

#[test]
fn a_refresh_token_is_rotated_or_kept() {
    let oauthlib = OauthlibServer::new();
    let web = oauthlib.web();
    let first = oauthlib.grant(&web, Authorize::scope("read write")).unwrap();
    let second = oauthlib.refresh(&web, &first, None).unwrap();
    assert_ne!(second.refresh_token, first.refresh_token);
    assert_eq!(second.scope, first.scope);
    assert_eq!(refusal(oauthlib.refresh(&web, &first, None)), refused("invalid_grant", 400));

    let keeping = oauthlib.client("keeping", ClientAuthentication::Body(SECRET.into()));
    let first = oauthlib.grant(&keeping, Authorize::scope("read write")).unwrap();
    let second = oauthlib.refresh(&keeping, &first, Some("read")).unwrap();
    assert_eq!(
        (&second.refresh_token, &second.scope),
        (&first.refresh_token, &Some("read".into()))
    );
    assert_eq!(oauthlib.refresh(&keeping, &second, None).unwrap().scope, Some("read write".into()));
    assert_eq!(
        refusal(oauthlib.refresh(&keeping, &second, Some("admin"))),
        refused("invalid_scope", 400)
    );
    // Another client cannot use the refresh token.
    assert_eq!(refusal(oauthlib.refresh(&web, &second, None)), refused("invalid_grant", 400));
}

#[test]
fn a_revoked_token_is_unknown_to_introspection() {
    let oauthlib = OauthlibServer::new();
    let web = oauthlib.web();
    let token = oauthlib.grant(&web, Authorize::scope("read write")).unwrap();
    let introspect = |token| oauthlib.http.run(web.introspect(token, Moment::from_os())).unwrap();
    let found = introspect(HintedToken::AccessToken(token.access_token.clone()));
    assert!(found.active);
    assert_eq!(
        (found.username.as_deref(), found.client_id.as_deref()),
        (Some("jane"), Some("web: é"))
    );
    assert_eq!(
        (found.scope, found.aud),
        (Some("read write".into()), vec!["photos".into(), "videos".into()])
    );
    let refresh_token = token.refresh_token.clone().unwrap();
    assert!(introspect(HintedToken::RefreshToken(refresh_token.clone())).active);

    oauthlib.http.run(web.revoke_grant(&token, Moment::from_os())).unwrap();
    assert!(!introspect(HintedToken::RefreshToken(refresh_token.clone())).active);
    assert_eq!(refusal(oauthlib.refresh(&web, &token, None)), refused("invalid_grant", 400));
    // oauthlib has revoked only the refresh token.
    assert!(introspect(HintedToken::AccessToken(token.access_token.clone())).active);
    let step =
        web.revoke(HintedToken::AccessToken(token.access_token.expose().into()), Moment::from_os());
    oauthlib.http.run(step).unwrap();
    assert!(!introspect(HintedToken::AccessToken(token.access_token.clone())).active);
}

#[test]
fn an_expired_token_is_renewed_once_and_a_token_with_too_little_scope_is_not() {
    let mut oauthlib = OauthlibServer::new();
    let web = oauthlib.web();
    let token = oauthlib.grant(&web, Authorize::scope("read")).unwrap();
    let session = oauthlib.shared(&web, token.clone());
    oauthlib.expire(&token.access_token);
    let caller = Caller::new(&oauthlib.http, &session, oauthlib.photos());
    assert_eq!(caller.call().unwrap().status(), 200);
    assert_eq!(caller.sent(), ["/photos", "/token", "/photos"]);
    assert_eq!(caller.renewed().as_slice(), [session.session().token().unwrap().clone()]);

    let post = http::Request::post(oauthlib.photos()).body(Vec::new()).unwrap();
    let answer = caller.fetch(post).unwrap();
    assert_eq!(answer.status(), 403);
    let challenge = BearerChallenge::of(answer.headers()).unwrap();
    assert_eq!(challenge.error, Some(BearerError::InsufficientScope));
    assert_eq!((challenge.scope, challenge.realm), (Some("write".into()), Some("photos".into())));
    assert_eq!(caller.sent(), ["/photos"]);

    // When the renewed token expires and the refresh token is revoked, the user has to sign in
    // again.
    let renewed = session.session().token().unwrap().clone();
    oauthlib.http.run(web.revoke_grant(&renewed, Moment::from_os())).unwrap();
    oauthlib.expire(&renewed.access_token);
    let caller = Caller::new(&oauthlib.http, &session, oauthlib.photos());
    let Err(DriveError::Protocol { error, .. }) = caller.call() else {
        panic!("{:?}", caller.sent())
    };
    assert_eq!(error.code(), Some("invalid_grant"));
}

#[test]
fn a_token_is_found_in_every_place_of_rfc_6750() {
    let oauthlib = OauthlibServer::new();
    let web = oauthlib.web();
    let token = oauthlib.grant(&web, Authorize::scope("read write")).unwrap();
    for (placement, method) in [
        (TokenPlacement::Bearer, "GET"),
        (TokenPlacement::AllowQuery("access_token"), "GET"),
        (TokenPlacement::Form("access_token"), "POST"),
        (TokenPlacement::AllowBearerAndParameter("access_token"), "POST"),
    ] {
        let mut session = Session::new(&web, &oauthlib.origin, token.clone()).unwrap();
        session.token_placement = placement;
        let mut request = http::Request::builder()
            .method(method)
            .uri(oauthlib.photos())
            .body(Vec::new())
            .unwrap();
        let _sent_token = session.attach_token(&mut request, Moment::from_os().now).unwrap();
        assert_eq!(oauthlib.http.send(request).status(), 200, "{placement:?}");
    }
}

fn begin_device(oauthlib: &OauthlibServer, client: &Client, clock: &Clock) -> PendingDevice {
    let step = client.authorize_device(AuthorizeDevice::scope("read write"), clock.moment());
    oauthlib.http.run_waiting(clock, step, |_| ()).unwrap()
}

#[test]
fn a_device_slows_down_when_it_is_told_to() {
    let oauthlib = OauthlibServer::new();
    // oauthlib requires `client_id` in the body, even if the header has it.
    let mut web = oauthlib.web();
    web.include_client_id = IncludeClientId::Always;
    for client in [web, oauthlib.client("native", ClientAuthentication::None)] {
        let clock = Clock::default();
        let pending = begin_device(&oauthlib, &client, &clock);
        let pauses = RefCell::new(Vec::new());
        let token =
            oauthlib.http.run_waiting(&clock, client.poll(&pending, clock.moment()), |pause| {
                pauses.borrow_mut().push(pause.as_secs());
                if pauses.borrow().len() == 3 {
                    let page = pending.verification_uri_complete.as_deref().unwrap();
                    assert_eq!(oauthlib.http.get(page).status(), 200);
                }
            });
        assert_eq!(token.unwrap().scope, Some("read write".into()));
        // The interval of the server, and five seconds more after `slow_down` (RFC 8628 §3.5).
        assert_eq!(pauses.into_inner(), [3, 8, 8]);
    }
}

#[test]
fn a_device_ends_when_it_is_denied_or_its_code_has_expired() {
    let oauthlib = OauthlibServer::new();
    let native = oauthlib.client("native", ClientAuthentication::None);
    let poll = |status: &str| {
        let clock = Clock::default();
        let pending = begin_device(&oauthlib, &native, &clock);
        let page =
            format!("{}&status={status}", pending.verification_uri_complete.as_deref().unwrap());
        assert_eq!(oauthlib.http.get(&page).status(), 200);
        oauthlib
            .http
            .run_waiting(&clock, native.poll(&pending, clock.moment()), |_| ())
            .unwrap_err()
    };
    assert_eq!(poll("expired_token"), Expired::DeviceCode.into());
    assert_eq!(poll("access_denied").code(), Some("access_denied"));
    assert_eq!(poll("something").code(), Some("invalid_grant"));
}
