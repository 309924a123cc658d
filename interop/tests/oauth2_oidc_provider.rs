//! Our OAuth 2.0 client at oidc-provider: discovery, the code grant in all response modes, pushed
//! requests, client credentials, renewal, introspection and revocation.

use interop::assertion::claims;
use interop::browser::{Arrival, Browser, Form};
use interop::oidc_provider::{CALLBACK, CLIENTS, LOOPBACK, OidcProvider, PHOTOS, offline};
use interop::with::With;
use oauth_proto::oauth2::CallbackError;
use oauth_proto::oauth2::{
    AuthorizationServer, Authorize, Client, ClientAuthentication, Discovery, Grant, HintedToken,
    PkceSupport, ResponseMode, Scope, Token, TokenType,
};
use oauth_proto::{Callback, Error, Forged, Moment, Refused};

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

#[test]
fn the_metadata_is_found_by_the_issuer() {
    let op = OidcProvider::start();
    let metadata = op.metadata();
    assert_eq!(metadata.issuer.as_deref(), Some(op.issuer.as_str()));
    assert_eq!(metadata.token_endpoint, Some(format!("{}/token", op.issuer)));
    assert!(metadata.authorization_response_iss_parameter_supported);
    assert!(metadata.extra.contains_key("id_token_signing_alg_values_supported"));

    // At this issuer, only OpenID Connect's URL has metadata.
    let nested = format!("{}/nested", op.issuer);
    let metadata = op.http.run(Discovery::new(&nested).and_then(Discovery::start)).unwrap();
    assert_eq!(metadata.issuer.as_deref(), Some(nested.as_str()));
    assert_eq!(metadata.token_endpoint, Some(format!("{nested}/token")));
}

#[test]
fn the_metadata_is_found_though_the_first_place_has_an_error_in_json() {
    let op = OidcProvider::start();
    let realms = format!("{}/realms", op.issuer);
    let metadata = op.http.run(Discovery::new(&realms).and_then(Discovery::start)).unwrap();
    assert_eq!(metadata.token_endpoint, Some(format!("{realms}/token")));
}

#[test]
fn metadata_of_another_issuer_is_refused() {
    let op = OidcProvider::start();
    let nested = format!("{}/nested", op.issuer);
    let place = format!("{nested}/.well-known/openid-configuration");
    for other in [format!("{}/", op.issuer), op.issuer.replace("127.0.0.1", "localhost")] {
        let mut discovery = Discovery::new(&other).unwrap();
        discovery.metadata_url = Some(place.clone());
        let step = discovery.start();
        let expected = CallbackError::IssuerMismatch { expected: other, received: nested.clone() };
        assert_eq!(op.http.run(step).unwrap_err(), expected.into());
    }
    let nowhere = Discovery::new(&format!("{}/nowhere", op.issuer)).and_then(Discovery::start);
    let error = op.http.run(nowhere).unwrap_err();
    assert!(
        matches!(&error, Error::Refused(Refused::Status(answer)) if answer.status == 404),
        "{error}"
    );
}

#[test]
fn a_code_is_exchanged_for_a_token_however_the_client_is_authenticated() {
    let op = OidcProvider::start();
    for id in CLIENTS {
        let client = op.client(id);
        let (pending, callback) = op
            .authorize(
                &client,
                offline("openid email offline_access").with(|authorize| authorize.nonce = true),
            )
            .unwrap();
        assert!(callback.starts_with(&format!("{CALLBACK}&")), "{callback}");
        let nonce = pending.nonce().unwrap().to_owned();
        let token = op.redeem(&client, pending, &callback).unwrap();

        assert_eq!(token.token_type, TokenType::Bearer, "{id}");
        assert_eq!(token.scope, Some(Scope::from("email offline_access openid")), "{id}");
        assert_eq!(token.scope_refused().count(), 0, "{id}");
        assert!(token.refresh_token.is_some() && token.expires_at.is_some(), "{id}");
        let claims = claims(token.id_token.as_ref().unwrap().expose());
        assert_eq!((&claims["sub"], &claims["aud"]), (&"jane".into(), &id.into()), "{id}");
        assert_eq!(claims["nonce"], nonce, "{id}");
    }
}

#[test]
fn a_native_app_may_listen_on_any_port() {
    let op = OidcProvider::start();
    let client = op.client("native");
    let uri = LOOPBACK.replace("127.0.0.1", "127.0.0.1:51004");
    let mut authorize = offline("openid offline_access");
    authorize.redirect_uri = Some(uri.to_string());
    let (pending, callback) = op.authorize(&client, authorize).unwrap();
    assert!(callback.starts_with(&format!("{uri}?code=")), "{callback}");
    let token = op.redeem(&client, pending, &callback).unwrap();
    let renewed = op
        .http
        .run(
            Grant::refresh(&token).and_then(|grant| client.request_token(grant, Moment::from_os())),
        )
        .unwrap();
    assert_ne!(renewed.refresh_token, token.refresh_token);
}

#[test]
fn a_callback_that_names_another_issuer_or_no_issuer_is_refused() {
    let op = OidcProvider::start();
    let client = op.client("basic");
    let iss = oauth_proto::wire::form::encode([("iss", &op.issuer)]);
    for (replacement, expected) in [
        ("", Forged::ParameterMissing { name: "iss" }),
        (
            "&iss=https%3A%2F%2Fattacker.example",
            CallbackError::IssuerMismatch {
                expected: op.issuer.clone(),
                received: "https://attacker.example".into(),
            }
            .into(),
        ),
    ] {
        let (pending, callback) = op.authorize(&client, Authorize::scope("openid")).unwrap();
        let forged = callback.replace(&format!("&{iss}"), replacement);
        assert_ne!(forged, callback);
        assert_eq!(op.redeem(&client, pending, &forged).unwrap_err(), expected.into());
    }
}

#[test]
fn a_callback_for_another_authorization_is_refused() {
    let op = OidcProvider::start();
    let client = op.client("basic");
    let (ours, _) = op.authorize(&client, Authorize::scope("openid")).unwrap();
    let (_, attackers) = op.authorize(&client, Authorize::scope("openid")).unwrap();
    assert_eq!(op.redeem(&client, ours, &attackers).unwrap_err(), Forged::StateMismatch.into());
}

#[test]
fn another_authorizations_proof_key_does_not_match_the_code() {
    let op = OidcProvider::start();
    let client = op.client("basic");
    // Both requests have the same state, so only the PKCE challenge differs.
    let begin = || {
        op.authorize(
            &client,
            Authorize::scope("openid")
                .with(|authorize| authorize.dangerous_state = Some("same".into())),
        )
        .unwrap()
    };
    let ((ours, _), (_, attackers)) = (begin(), begin());
    assert_eq!(refusal(op.redeem(&client, ours, &attackers)), refused("invalid_grant", 400));
}

#[test]
fn a_code_without_a_proof_key_is_accepted_if_the_server_allows_it() {
    let op = OidcProvider::start();
    let client = op.client("basic");
    assert!(
        op.grant(
            &client,
            Authorize::scope("openid").with(|authorize| authorize.allow_missing_pkce = true)
        )
        .is_ok()
    );
    let mut server = op.server();
    server.pkce = PkceSupport::Refused;
    let client = Client::new(server, "native").redirect_uri(LOOPBACK).unwrap();
    // The server requires PKCE of public clients.
    let error = op.grant(&client, Authorize::scope("openid")).unwrap_err();
    assert_eq!(error.code(), Some("invalid_request"), "{error}");
    // The server refuses the `plain` method.
    let error = op
        .grant(
            &op.client("basic"),
            Authorize::scope("openid").with(|authorize| authorize.allow_plain_pkce = true),
        )
        .unwrap_err();
    let Error::Refused(Refused::Authorization { code, description, .. }) = error else {
        panic!("{error}")
    };
    assert_eq!(code, "invalid_request");
    assert!(description.unwrap().contains("code_challenge_method"));
}

#[test]
fn a_code_presented_twice_revokes_its_tokens() {
    let op = OidcProvider::start();
    let client = op.client("basic");
    let (pending, callback) = op.authorize(&client, Authorize::scope("openid")).unwrap();
    let stored = serde_json::to_string(&pending).unwrap();
    let token = op.redeem(&client, pending, &callback).unwrap();
    assert!(op.is_active(&client, &token.access_token));
    let again = op.redeem(&client, serde_json::from_str(&stored).unwrap(), &callback);
    assert_eq!(refusal(again), refused("invalid_grant", 400));
    assert!(!op.is_active(&client, &token.access_token));
}

#[test]
fn the_code_can_be_sent_in_the_fragment_or_as_a_form() {
    let op = OidcProvider::start();
    let client = op.client("basic");
    let authorize = || Authorize::scope("openid");
    let (pending, callback) = op
        .authorize(
            &client,
            authorize().with(|authorize| authorize.response_mode = ResponseMode::Fragment),
        )
        .unwrap();
    assert!(callback.starts_with(&format!("{CALLBACK}#code=")), "{callback}");
    assert!(op.redeem(&client, pending, &callback).is_ok());
    // In this response mode, parameters of the query are ignored.
    let (pending, callback) = op
        .authorize(
            &client,
            authorize().with(|authorize| authorize.response_mode = ResponseMode::Fragment),
        )
        .unwrap();
    let error = op.redeem(&client, pending, &callback.replace('#', "&")).unwrap_err();
    assert_eq!(error, Forged::ParameterMissing { name: "state" }.into());

    let form_post = |mut authorize: Authorize| {
        authorize.response_mode = ResponseMode::FormPost;
        let authorization = op.http.run(client.authorize(authorize, Moment::from_os())).unwrap();
        let arrival = Browser::new(&op.http, &op.issuer).visit(&authorization.url);
        let Arrival::Page(page) = arrival else { panic!("{arrival:?}") };
        let form = Form::of(&page);
        assert_eq!(form.action, CALLBACK);
        (authorization.pending, form.body())
    };
    let (pending, body) = form_post(authorize());
    assert!(op.redeem(&client, pending, Callback::posted(CALLBACK, body.as_bytes())).is_ok());
    let (pending, body) = form_post(authorize().parameter("jane", "denies"));
    let denied = Refused::Denied {
        problem: Some("access_denied".into()),
        advice: Some("Jane said no".into()),
        response: None,
    };
    let posted = Callback::posted(CALLBACK, body.as_bytes());
    assert_eq!(op.redeem(&client, pending, posted).unwrap_err(), denied.into());
}

#[test]
fn a_pushed_request_passes_only_its_reference_through_the_browser() {
    let op = OidcProvider::start();
    for id in CLIENTS {
        let client = op.client(id);
        let mut authorize = Authorize::scope("openid");
        authorize.pushed = true;
        let authorization = op.http.run(client.authorize(authorize, Moment::from_os())).unwrap();
        let query = authorization.url.split_once('?').unwrap().1;
        let names: Vec<_> = query.split('&').map(|pair| pair.split('=').next().unwrap()).collect();
        assert_eq!(names, ["client_id", "request_uri"], "{id}");
        let callback = op.callback(&authorization.url);
        assert!(op.redeem(&client, authorization.pending, &callback).is_ok(), "{id}");
    }
}

#[test]
fn a_request_that_should_have_been_pushed_is_refused() {
    let op = OidcProvider::start();
    let client = op.client("pushing");
    let error = op.grant(&client, Authorize::scope("openid")).unwrap_err();
    assert!(
        matches!(
            &error,
            Error::Refused(Refused::Authorization { code, .. }) if code == "invalid_request"
        ),
        "{error}"
    );
    assert!(
        op.grant(&client, Authorize::scope("openid").with(|authorize| authorize.pushed = true))
            .is_ok()
    );
    // The server refuses an invalid pushed request at once.
    let mut elsewhere = Authorize::scope("openid");
    elsewhere.pushed = true;
    elsewhere.redirect_uri = Some("https://elsewhere.example.com/ready".into());
    let step = client.authorize(elsewhere, Moment::from_os());
    assert_eq!(refusal(op.http.run(step)), refused("invalid_request", 400));
}

#[test]
fn a_denial_and_a_missing_user_are_refusals() {
    let op = OidcProvider::start();
    let client = op.client("basic");
    let error =
        op.grant(&client, Authorize::scope("openid").parameter("jane", "denies")).unwrap_err();
    let denied = Refused::Denied {
        problem: Some("access_denied".into()),
        advice: Some("Jane said no".into()),
        response: None,
    };
    assert_eq!(error, denied.into());

    let error =
        op.grant(&client, Authorize::scope("openid").parameter("prompt", "none")).unwrap_err();
    let Error::Refused(Refused::Authorization { code, description, .. }) = error else {
        panic!("{error}")
    };
    assert_eq!(
        (code.as_str(), description.as_deref()),
        ("login_required", Some("End-User authentication is required"))
    );
}

#[test]
fn a_scope_that_the_user_withholds_is_not_granted() {
    let op = OidcProvider::start();
    let authorize = Authorize::scope("openid email").parameter("jane", "hides");
    let token = op.grant(&op.client("basic"), authorize).unwrap();
    assert_eq!(token.scope, Some("openid".into()));
    assert_eq!(token.requested_scope, Some("openid email".into()));
    assert_eq!(token.scope_refused().collect::<Vec<_>>(), ["email"]);
}

#[test]
fn a_token_is_for_the_resource_that_it_was_asked_for() {
    let op = OidcProvider::start();
    let client = op.client("basic");
    let authorize = Authorize::scope("openid photos.read").resource(PHOTOS);
    let (pending, callback) = op.authorize(&client, authorize).unwrap();
    let grant = client.accept(pending, &callback, Moment::from_os().now).unwrap().resource(PHOTOS);
    let token = op.http.run(client.request_token(grant, Moment::from_os())).unwrap();
    assert_eq!(token.scope, Some("photos.read".into()));
    let step = client.introspect(token.access_token.expose(), Moment::from_os());
    assert_eq!(op.http.run(step).unwrap().aud, [PHOTOS]);

    let error = op
        .grant(&client, Authorize::scope("openid").resource("https://elsewhere.example.com/"))
        .unwrap_err();
    assert_eq!(error.code(), Some("invalid_target"), "{error}");
}

#[test]
fn a_client_asks_for_itself_however_it_is_authenticated() {
    let op = OidcProvider::start();
    for id in CLIENTS {
        let client = op.client(id);
        let grant = Grant::client_credentials().scope("photos.read").resource(PHOTOS);
        let token = op.http.run(client.request_token(grant, Moment::from_os())).unwrap();
        assert_eq!((token.refresh_token, token.scope), (None, Some("photos.read".into())), "{id}");

        let step = client.introspect(
            HintedToken::AccessToken(token.access_token.expose().into()),
            Moment::from_os(),
        );
        let found = op.http.run(step).unwrap();
        assert!(found.active, "{id}");
        assert_eq!((found.client_id.as_deref(), found.sub.as_deref()), (Some(id), None));
        assert_eq!(
            (found.scope, found.aud),
            (Some("photos.read".into()), vec![PHOTOS.to_owned()]),
            "{id}"
        );
        assert_eq!(found.iss.as_ref(), Some(&op.issuer), "{id}");
        // Both sides use the same clock, so the times differ only by the duration of the request.
        let (theirs, ours) = (found.exp.unwrap(), token.expires_at.unwrap());
        assert!(theirs <= ours && ours.as_secs() - theirs.as_secs() <= 30, "{id}: {theirs} {ours}");
    }
}

#[test]
fn a_wrong_secret_or_key_is_an_unknown_client() {
    let op = OidcProvider::start();
    let unknown = refused("invalid_client", 401);
    let wrong = || {
        [
            ("basic", ClientAuthentication::Basic("x y".into())),
            ("post", ClientAuthentication::Body("x y".into())),
        ]
    };
    let clients = wrong().map(|(id, authentication)| op.client_by(id, authentication));
    for client in clients.iter().chain([&op.client("stranger")]) {
        let step = client.request_token(Grant::client_credentials(), Moment::from_os());
        assert_eq!(refusal(op.http.run(step)), unknown, "{client:?}");
        let step = client.introspect("2YotnFZFEjr1zCsicMWpAA", Moment::from_os());
        assert_eq!(refusal(op.http.run(step)), unknown, "{client:?}");
        let step = client.revoke("2YotnFZFEjr1zCsicMWpAA", Moment::from_os());
        assert_eq!(refusal(op.http.run(step)), unknown, "{client:?}");
        let step = client.authorize(
            Authorize::scope("openid").with(|authorize| authorize.pushed = true),
            Moment::from_os(),
        );
        assert_eq!(refusal(op.http.run(step)), unknown, "{client:?}");
    }
}

#[test]
fn a_refresh_token_is_accepted_once() {
    let op = OidcProvider::start();
    let client = op.client("basic");
    let first = op.offline_token(&client);
    let renewed = |token: &Token| {
        Grant::refresh(token).and_then(|grant| client.request_token(grant, Moment::from_os()))
    };
    let refresh = |token: &Token| op.http.run(renewed(token));
    let second = refresh(&first).unwrap();
    assert_ne!(second.refresh_token, first.refresh_token);
    assert_eq!(second.scope, first.scope);
    assert!(op.is_active(&client, &second.access_token));
    // An old refresh token may be stolen, so the server revokes the grant.
    assert_eq!(refusal(refresh(&first)), refused("invalid_grant", 400));
    assert!(!op.is_active(&client, &second.access_token));
    assert_eq!(refusal(refresh(&second)), refused("invalid_grant", 400));
}

#[test]
fn a_renewed_token_may_have_a_smaller_scope_and_no_larger_one() {
    let op = OidcProvider::start();
    let client = op.client("post");
    let token = op.grant(&client, offline("openid email offline_access")).unwrap();
    let step = Grant::refresh(&token)
        .and_then(|grant| client.request_token(grant.scope("openid"), Moment::from_os()));
    let smaller = op.http.run(step).unwrap();
    assert_eq!(smaller.scope, Some("openid".into()));
    // The grant still has the full scope.
    let step = Grant::refresh(&smaller)
        .and_then(|grant| client.request_token(grant.scope("openid email"), Moment::from_os()));
    let larger = op.http.run(step).unwrap();
    assert_eq!(larger.scope, Some("openid email".into()));
    let step = Grant::refresh(&larger)
        .and_then(|grant| client.request_token(grant.scope("openid photos"), Moment::from_os()));
    assert_eq!(refusal(op.http.run(step)), refused("invalid_scope", 400));
}

#[test]
fn a_revoked_token_is_inactive() {
    let op = OidcProvider::start();
    for id in CLIENTS {
        let client = op.client(id);
        let revoke = |token| op.http.run(client.revoke(token, Moment::from_os()));
        let is_gone = |token: &Token| {
            let tokens = token.refresh_token.iter().chain([&token.access_token]);
            tokens.filter(|token| op.is_active(&client, token)).count() == 0
        };
        // This server revokes the whole grant with either token.
        let token = op.offline_token(&client);
        assert!(op.is_active(&client, token.refresh_token.as_ref().unwrap()), "{id}");
        revoke(HintedToken::AccessToken(token.access_token.clone())).unwrap();
        assert!(is_gone(&token), "{id}");

        let token = op.offline_token(&client);
        op.http.run(client.revoke_grant(&token, Moment::from_os())).unwrap();
        assert!(is_gone(&token), "{id}");
        // Revoking an unknown token succeeds.
        revoke(HintedToken::RefreshToken("2YotnFZFEjr1zCsicMWpAA".into())).unwrap();
    }
}

#[test]
fn a_code_is_redeemed_without_what_oauth_2_1_leaves_out() {
    let op = OidcProvider::start();
    let mut server = AuthorizationServer::new(&format!("{}/token", op.issuer)).unwrap();
    server.issuer = Some(op.issuer.clone());
    server.promises_issuer = true;
    server.oauth_2_1 = true;
    server.authorization_endpoint = Some(format!("{}/auth", op.issuer));
    let client = Client::new(server, "native").redirect_uri(LOOPBACK).unwrap();
    // The server requires the redirect_uri with the code.
    assert!(op.grant(&client, Authorize::scope("openid")).is_ok());
}
