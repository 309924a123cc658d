//! Whole conversations between our client and our server, in the words of RFC 5849 §2.

mod common;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;

use common::{CALLBACK, NOW, ORIGIN, World, fields, response};
use http::Request;
use oauth_proto::OneTimeUse;
use oauth_proto::oauth1::server::store::{
    ClientRecord, FindCredentials, FindTemporary, FoundCredentials, MemoryStore, NextQuery, RecordDecision, Redeem,
    Redemption, RememberNonce, SaveTemporary, Store, TemporaryRecord,
};
use oauth_proto::oauth1::server::{AfterConsent, Approval, RejectReason, ServerStep, serve};
use oauth_proto::oauth1::{
    ApiRequest, Authorization, Authorize, Callbacks, Client, ClientCredentials, KeyEncoding, Method,
    ParameterPlacement, Pending, Scheme, Server, Session, Signer, Token, TokenCredentials,
};
use oauth_proto::{Error, Expired, Forged, Misbehaved, Moment, Refused, Response, Step, Timestamp, Unsupported};

#[test]
fn a_client_gets_a_token_and_the_service_knows_for_whom_it_acts() {
    let world = World::default();
    let verified = world.verify(&world.signed()).unwrap();
    assert_eq!(verified.client_key, "dpf43f3p2l4k3l03");
    assert_eq!(verified.approval, Some(Approval::new("jane")));
}

#[test]
fn every_method_and_placement_walks_the_three_legs() {
    for method in [Method::HMAC_SHA1, Method::HMAC_SHA256, Method::HMAC_SHA512] {
        for placement in [ParameterPlacement::Header, ParameterPlacement::Body, ParameterPlacement::Query] {
            let scheme = Scheme::new(method.clone()).placement(placement);
            let world = World::new(|server| server.scheme(scheme), |provider| provider);
            assert!(world.verify(&world.signed()).is_ok(), "{method:?} {placement:?}");
        }
    }
}

#[test]
fn a_service_that_wants_get_gets_it() {
    let world = World::new(
        |server| server.by_get().scheme(Scheme::default().placement(ParameterPlacement::Query)),
        oauth_proto::oauth1::server::ProviderBuilder::allow_get,
    );
    assert!(world.verify(&world.signed()).is_ok());
    let refusing = World::new(Server::by_get, |provider| provider);
    let Step::Send(request, _) = refusing.client.authorize(Authorize::callback(CALLBACK), refusing.moment()).unwrap()
    else {
        panic!("nothing to send")
    };
    let response = refusing.answer(&request);
    assert_eq!((response.status().as_u16(), &response.headers()["allow"]), (405, &"POST".parse().unwrap()));
}

/// §1.2: the request for temporary credentials, with the callback where the text has it.
#[test]
fn the_first_request_is_that_of_the_specification() {
    let world = World::new(|server| server.scheme(Scheme::default().without_version()), |provider| provider);
    let authorize = Authorize::callback("http://printer.example.com/ready").realm("Photos");
    let Step::Send(request, _) = world.client.authorize(authorize, world.moment()).unwrap() else {
        panic!("nothing to send")
    };
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri(), format!("{ORIGIN}/initiate").as_str());
    let header = request.headers()["authorization"].to_str().unwrap();
    assert!(header.starts_with("OAuth realm=\"Photos\", oauth_consumer_key=\"dpf43f3p2l4k3l03\", "), "{header}");
    assert!(header.ends_with(", oauth_callback=\"http%3A%2F%2Fprinter.example.com%2Fready\""), "{header}");
}

#[test]
fn the_callback_keeps_its_own_query() {
    let world = World::default();
    let Authorization { url, pending, .. } = world.begin(Authorize::callback(CALLBACK)).unwrap();
    let callback = world.grant(&url);
    let expected = format!("{CALLBACK}&oauth_token={}&oauth_verifier=", pending.token());
    assert!(callback.starts_with(&expected), "{callback}");
}

#[test]
fn the_service_shows_what_the_client_asks_for() {
    let world = World::default();
    let authorize = Authorize::callback(CALLBACK).realm("Photos").realm("Albums").parameter("scope", "read write");
    let authorization = world.begin(authorize.url_parameter("lang", "de")).unwrap();
    assert!(authorization.url.contains("?lang=de&"), "{}", authorization.url);
    let consent = world.consent(&authorization.url).unwrap();
    assert_eq!(consent.client_key, "dpf43f3p2l4k3l03");
    assert_eq!(consent.callback.as_deref(), Some(CALLBACK));
    assert_eq!(consent.realm.as_deref(), Some("Photos Albums"));
    assert_eq!(consent.parameters["scope"], "read write");
    let stored = serde_json::to_string(&consent).unwrap();
    assert_eq!(serde_json::from_str::<oauth_proto::oauth1::server::Consent>(&stored).unwrap(), consent);
}

#[test]
fn a_user_who_denies_sends_the_client_a_refusal() {
    let world = World::default();
    let Authorization { url, pending, .. } = world.begin(Authorize::callback(CALLBACK)).unwrap();
    let consent = world.consent(&url).unwrap();
    let AfterConsent::Redirect(response) = serve(world.provider.deny(consent, world.moment()), &world.store).unwrap()
    else {
        panic!("no redirect")
    };
    let callback = response.headers()["location"].to_str().unwrap();
    let refused = Refused::Denied { problem: Some("user_refused".into()), advice: None, response: None };
    assert_eq!(world.redeem(pending, callback), Err(refused.into()));
    assert_eq!(world.consent(&url).unwrap_err().reason, RejectReason::NothingPending);
}

#[test]
fn a_denial_says_what_the_service_explains() {
    let world = World::default();
    for (explained, word) in [
        ("oauth_problem=user_refused&oauth_problem_advice=Ask+again+tomorrow", "Ask again tomorrow"),
        ("error=access_denied&error_description=Jane+said+no", "Jane said no"),
        ("denied={token}&oauth_problem=user_refused", "user_refused"),
        ("oauth_problem=user_refused&oauth_problem_advice=Acc%E8s+refus%E9", "refus"),
    ] {
        let Authorization { pending, .. } = world.begin(Authorize::callback(CALLBACK)).unwrap();
        let callback =
            format!("{CALLBACK}&oauth_token={}&{explained}", pending.token()).replace("{token}", pending.token());
        let error = world.redeem(pending, &callback).unwrap_err();
        assert!(matches!(error, Error::Refused(Refused::Denied { .. })), "{error}");
        assert!(error.to_string().contains(word), "{error}");
    }
    // An error without a word says nothing; what grants access is still all asked for.
    let Authorization { pending, .. } = world.begin(Authorize::callback(CALLBACK)).unwrap();
    let callback = format!("{CALLBACK}&oauth_token={}&oauth_problem=&error=", pending.token());
    assert_eq!(world.redeem(pending, &callback), Err(Forged::ParameterMissing { name: "oauth_verifier" }.into()));
}

#[test]
fn out_of_band_the_user_copies_a_verifier() {
    let world = World::default();
    let Authorization { url, pending, .. } = world.begin(Authorize::out_of_band()).unwrap();
    let consent = world.consent(&url).unwrap();
    assert_eq!(consent.callback, None);
    let decision = serve(world.provider.approve(consent, Approval::new("jane"), world.moment()), &world.store).unwrap();
    let AfterConsent::ShowVerifier(code) = decision else { panic!("{decision:?}") };
    let typed = format!("  {} \n", code.expose().to_lowercase());
    let step = world.client.redeem_verifier(pending, &typed, world.moment()).unwrap();
    assert!(world.run(step).is_ok());
}

#[test]
fn a_pending_authorization_survives_storage_and_is_small_enough_for_a_cookie() {
    let world = World::default();
    let Authorization { url, pending, .. } = world.begin(Authorize::callback(CALLBACK)).unwrap();
    let stored = serde_json::to_string(&pending).unwrap();
    assert!(stored.len() < 300, "{stored}");
    let callback = world.grant(&url);
    let pending: Pending = serde_json::from_str(&stored).unwrap();
    assert!(world.redeem(pending, &callback).is_ok());
}

#[test]
fn a_pending_authorization_expires_on_both_sides() {
    let world = World::default();
    let Authorization { url, pending, .. } = world.begin(Authorize::callback(CALLBACK)).unwrap();
    let callback = world.grant(&url);
    world.now.set(NOW + 3600);
    assert_eq!(world.redeem(pending, &callback), Err(Expired::Pending.into()));
    assert_eq!(world.consent(&url).unwrap_err().reason, RejectReason::NothingPending);
}

#[test]
fn a_user_decides_once() {
    let world = World::default();
    let Authorization { url, .. } = world.begin(Authorize::callback(CALLBACK)).unwrap();
    let first = world.consent(&url).unwrap();
    let second = world.consent(&url).unwrap();
    serve(world.provider.deny(first, world.moment()), &world.store).unwrap();
    let refused =
        serve(world.provider.approve(second, Approval::new("eve"), world.moment()), &world.store).unwrap_err();
    assert_eq!(refused.reason, RejectReason::NothingPending);
}

/// What is pending after a service of our own making gave out the temporary credentials `t`.
fn first_leg(world: &World) -> Pending {
    let Step::Send(_, sent) = world.client.authorize(Authorize::callback(CALLBACK), world.moment()).unwrap() else {
        panic!("nothing to send")
    };
    let answer = Response::new(b"oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true".to_vec());
    let Step::Done(authorization) = sent.receive(answer, world.moment()).unwrap() else { panic!("not done") };
    authorization.pending
}

/// A service of our own making that answers with `body`.
fn answered(world: &World, body: &str) -> Result<Token, Error> {
    let pending = first_leg(world);
    let step = world.client.redeem(pending, "/ready?x=1&oauth_token=t&oauth_verifier=v", world.moment())?;
    let Step::Send(_, sent) = step else { panic!("nothing to send") };
    match sent.receive(Response::new(body.as_bytes().to_vec()), world.moment())? {
        Step::Done(token) => Ok(token),
        step => panic!("{step:?}"),
    }
}

#[test]
fn every_field_of_the_answer_is_kept() {
    let token = answered(
        &World::default(),
        "oauth_token=6253282&oauth_token_secret=2EEf&user_id=6253282&screen_name=twitter%20api&x_auth_expires=0\n",
    )
    .unwrap();
    assert_eq!(token.credentials.token, "6253282");
    assert_eq!(token.extra["screen_name"], "twitter api");
    assert_eq!(token.extra["x_auth_expires"], "0");
    let stored = serde_json::to_string(&token).unwrap();
    assert_eq!(serde_json::from_str::<Token>(&stored).unwrap(), token);
}

#[test]
fn json_is_read_only_where_it_is_allowed() {
    let body = r#"{"oauth_token":"t","oauth_token_secret":"s","user_id":7}"#;
    assert!(matches!(answered(&World::default(), body), Err(Error::Misbehaved(Misbehaved::FieldMissing { .. }))));
    let lenient = World::new(Server::allow_json_answers, |provider| provider);
    assert_eq!(answered(&lenient, body).unwrap().extra["user_id"], "7");
    for odd in [
        r#"{"oauth_token":null,"oauth_token":"t","oauth_token_secret":"s"}"#,
        r#"{"oauth_token":false,"oauth_token_secret":"s"}"#,
        r#"{"oauth_token":{"a":1},"oauth_token_secret":[]}"#,
        r#"{"oauth_token":1.5,"oauth_token_secret":"s"}"#,
    ] {
        assert!(matches!(answered(&lenient, odd), Err(Error::Misbehaved(_))), "{odd}");
    }
}

#[test]
fn an_error_without_a_word_is_none() {
    let form = "oauth_token=t&oauth_token_secret=s";
    for error in ["error=", "oauth_problem=", "error=&error_description=", "oauth_problem=&error="] {
        answered(&World::default(), &format!("{form}&{error}")).unwrap();
    }
    let lenient = World::new(Server::allow_json_answers, |provider| provider);
    for error in [r#""error":null"#, r#""error":"""#, r#""oauth_problem":"""#] {
        answered(&lenient, &format!(r#"{{"oauth_token":"t","oauth_token_secret":"s",{error}}}"#)).unwrap();
    }
    // One that has a word is one, whatever stands beside it.
    for error in ["error=&oauth_problem=nonce_used", "oauth_problem=&error=nonce_used"] {
        let refused = answered(&World::default(), &format!("{form}&{error}")).unwrap_err();
        assert_eq!(refused.code(), Some("nonce_used"), "{error}");
    }
    let challenge = r#"OAuth oauth_problem="nonce_used""#;
    assert_eq!(refused(&[("www-authenticate", challenge)], 401, "error=").code(), Some("nonce_used"));
}

#[test]
fn a_byte_order_mark_is_ignored() {
    answered(&World::default(), "\u{feff}oauth_token=t&oauth_token_secret=s").unwrap();
    let lenient = World::new(Server::allow_json_answers, |provider| provider);
    answered(&lenient, "\u{feff} {\"oauth_token\":\"t\",\"oauth_token_secret\":\"s\"}").unwrap();
    for body in ["\u{feff}oauth_problem=nonce_used", "\u{feff}{\"error\":\"nonce_used\"}"] {
        assert_eq!(refused(&[], 401, body).code(), Some("nonce_used"), "{body}");
    }
    // Elsewhere than at the beginning it is a character like any other.
    answered(&World::default(), "\u{feff}\u{feff}oauth_token=t&oauth_token_secret=s").unwrap_err();
}

/// OAuth Session 1.0 draft 1.
#[test]
fn an_expired_token_is_renewed_with_its_session_handle() {
    let world = World::default();
    let body = "oauth_token=a&oauth_token_secret=b&oauth_session_handle=h%26h&oauth_expires_in=3600&xoauth_guid=g";
    let token = answered(&world, body).unwrap();
    assert_eq!(token.expires_at.unwrap().as_secs(), NOW + 3600);
    assert!(!token.is_expired(Timestamp::from_secs(NOW + 3599)));
    assert!(token.is_expired(Timestamp::from_secs(NOW + 3600)));

    let Step::Send(request, sent) = world.client.renew(&token, world.moment()).unwrap() else {
        panic!("nothing to send")
    };
    let header = request.headers()["authorization"].to_str().unwrap();
    assert!(header.contains("oauth_session_handle=\"h%26h\"") && header.contains("oauth_token=\"a\""), "{header}");
    let answer = Response::new(b"oauth_token=c&oauth_token_secret=d&oauth_expires_in=60".to_vec());
    let Step::Done(renewed) = sent.receive(answer, world.moment()).unwrap() else { panic!("not done") };
    assert_eq!(renewed.credentials.token, "c");
    assert_eq!(renewed.session_handle, token.session_handle, "the handle that was not replaced is kept");
    assert_eq!(renewed.extra["xoauth_guid"], "g");

    let mut session = Session::new(&world.client, token);
    session.set_token(renewed);
    assert_eq!(session.token().unwrap().credentials.token, "c");
    let plain = answered(&world, "oauth_token=a&oauth_token_secret=b").unwrap();
    assert_eq!(world.client.renew(&plain, world.moment()).unwrap_err(), Unsupported::NotRenewable.into());
}

#[test]
fn what_a_service_is_said_to_do_does_not_depend_on_the_order() {
    type Say = fn(Server) -> Server;
    let version_2007: Say = Server::dangerous_version_1_0;
    let first: Say = |server| server.callbacks(Callbacks::WithRequest);
    let in_query: Say = |server| server.scheme(Scheme::default().placement(ParameterPlacement::Query));
    let encoded: Say = |server| server.scheme(Scheme::default().key_encoding(KeyEncoding::Encoded));
    let sent = |say: &[Say]| {
        let server = Server::new("https://a.example/1", "https://a.example/2", "https://a.example/3").unwrap();
        let server = say.iter().fold(server, |server, say| say(server));
        // A secret for which the key's encoding makes a difference.
        let client = Client::new(server, ClientCredentials::new("k", "s&s"));
        let moment = || Moment::new(Timestamp::from_secs(NOW), [7; 32]);
        let Step::Send(request, sent) = client.authorize(Authorize::callback(CALLBACK), moment()).unwrap() else {
            panic!("nothing to send")
        };
        let answer = Response::new(b"oauth_token=t&oauth_token_secret=s".to_vec());
        let Step::Done(authorization) = sent.receive(answer, moment()).unwrap() else { panic!("not done") };
        let header = request.headers().get("authorization").cloned();
        (request.uri().to_string(), header, authorization.url)
    };
    for other in [first, in_query, encoded] {
        assert_eq!(sent(&[version_2007, other]), sent(&[other, version_2007]));
        assert_ne!(sent(&[version_2007, other]), sent(&[version_2007]));
    }
    assert_eq!(sent(&[version_2007, first]).2, "https://a.example/2?oauth_token=t");
}

#[test]
fn the_version_of_2007_sends_no_callback_first_and_needs_no_verifier() {
    let world = World::new(Server::dangerous_version_1_0, |provider| provider);
    let Step::Send(request, sent) = world.client.authorize(Authorize::callback(CALLBACK), world.moment()).unwrap()
    else {
        panic!("nothing to send")
    };
    assert!(!request.headers()["authorization"].to_str().unwrap().contains("oauth_callback"));
    let answer = Response::new(b"oauth_token=t&oauth_token_secret=s".to_vec());
    let Step::Done(authorization) = sent.receive(answer, world.moment()).unwrap() else { panic!("not done") };
    assert_eq!(
        authorization.url,
        format!("{ORIGIN}/authorize?oauth_token=t&oauth_callback=https%3A%2F%2Fprinter.example.com%2Fready%3Fx%3D1")
    );
    let step = world.client.redeem(authorization.pending, "/ready?x=1&oauth_token=t", world.moment()).unwrap();
    let Step::Send(request, _) = step else { panic!("nothing to send") };
    assert!(!request.headers()["authorization"].to_str().unwrap().contains("oauth_verifier"));
}

#[test]
fn a_service_with_registered_callbacks_is_never_sent_one() {
    let world = World::new(|server| server.callbacks(Callbacks::Registered), |provider| provider);
    let error = world.client.authorize(Authorize::callback(CALLBACK), world.moment()).unwrap_err();
    assert_eq!(error, Unsupported::CallbackNotAccepted.into());
    let Step::Send(request, _) = world.client.authorize(Authorize::registered(), world.moment()).unwrap() else {
        panic!("nothing to send")
    };
    assert!(!request.headers()["authorization"].to_str().unwrap().contains("oauth_callback"));
}

#[test]
fn parameters_of_the_services_own_go_where_its_requests_have_them() {
    let first = |server: fn(Server) -> Server| {
        let world = World::new(server, |provider| provider);
        let authorize = Authorize::callback(CALLBACK).parameter("scope", "a b").parameter("oauth_own", "c");
        match world.client.authorize(authorize, world.moment()).unwrap() {
            Step::Send(request, _) => request,
            step => panic!("{step:?}"),
        }
    };
    let posted = first(|server| server);
    assert_eq!(posted.body(), b"scope=a%20b");
    assert_eq!(posted.headers()["content-type"], "application/x-www-form-urlencoded");
    assert!(posted.headers()["authorization"].to_str().unwrap().contains("oauth_own=\"c\""));
    let got = first(Server::by_get);
    assert_eq!((got.uri().query(), got.body().len()), (Some("scope=a%20b"), 0));
    assert!(!got.headers().contains_key("content-type"));

    // Without any, a POST has no body and no label, unless the protocol's go there.
    for (placement, labelled) in [(ParameterPlacement::Header, false), (ParameterPlacement::Body, true)] {
        let scheme = Scheme::default().placement(placement);
        let world = World::new(|server| server.scheme(scheme), |provider| provider);
        let Step::Send(request, _) = world.client.authorize(Authorize::callback(CALLBACK), world.moment()).unwrap()
        else {
            panic!("nothing to send")
        };
        assert_eq!((request.headers().contains_key("content-type"), !request.body().is_empty()), (labelled, labelled));
    }
}

#[test]
fn both_places_are_told_the_callback_where_the_service_wants_it() {
    let world = World::new(|server| server.callbacks(Callbacks::WithBoth), |provider| provider);
    let Authorization { url, .. } = world.begin(Authorize::callback(CALLBACK)).unwrap();
    assert!(url.contains("&oauth_callback=https%3A%2F%2F"));
}

#[test]
fn an_authentication_endpoint_gets_the_token_and_no_callback() {
    let world = World::new(
        |server| server.callbacks(Callbacks::WithBoth).authentication("https://photos.example.net/signin").unwrap(),
        |provider| provider,
    );
    let authorize = || Authorize::callback(CALLBACK).at_authentication_endpoint();
    let Authorization { url, pending, .. } = world.begin(authorize().url_parameter("force_login", "true")).unwrap();
    assert_eq!(url, format!("{ORIGIN}/signin?force_login=true&oauth_token={}", pending.token()));
    let error = World::default().begin(authorize()).unwrap_err();
    assert_eq!(error, Unsupported::NoEndpoint { endpoint: "authentication" }.into());
}

#[test]
fn names_of_the_protocol_are_reserved() {
    let world = World::default();
    let authorize = Authorize::callback(CALLBACK).parameter("oauth_token", "x");
    let reserved = || Error::from(Unsupported::ReservedParameter { name: "oauth_token".into() });
    assert_eq!(world.client.authorize(authorize, world.moment()).unwrap_err(), reserved());
    let authorize = Authorize::callback(CALLBACK).url_parameter("oauth_token", "x");
    assert_eq!(world.client.authorize(authorize, world.moment()).unwrap_err(), reserved());
}

#[test]
fn a_server_says_what_is_wrong_and_the_client_repeats_it() {
    let world = World::default();
    world.store.add_client("dpf43f3p2l4k3l03", ClientRecord::with_secret("another secret").unwrap());
    let error = world.begin(Authorize::callback(CALLBACK)).unwrap_err();
    let Error::Refused(Refused::Problem { code, response: answer, .. }) = error else { panic!("{error}") };
    assert_eq!((code.as_str(), answer.status.as_u16()), ("signature_invalid", 401));
}

/// What the first leg makes of an answer that refuses.
fn refused(headers: &[(&str, &str)], status: u16, body: &str) -> Error {
    let world = World::default();
    let Step::Send(_, sent) = world.client.authorize(Authorize::callback(CALLBACK), world.moment()).unwrap() else {
        panic!("nothing to send")
    };
    let mut answer = http::Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    sent.receive(answer.body(body.as_bytes().to_vec()).unwrap(), world.moment()).unwrap_err()
}

#[test]
fn a_problem_in_the_challenge_is_read_too() {
    for (separator, before) in
        [(", ", ""), (" ", ""), ("; ", ""), (", ", r#"Basic realm="y", "#), (" ", r#"Basic realm="y" "#)]
    {
        let parameters = [
            r#"OAuth realm="x""#,
            r#"oauth_problem="consumer_key_rejected""#,
            r#"oauth_problem_advice="ask us""#,
            r#"oauth_acceptable_versions="1-2""#,
            r#"oauth_token_secret="abc""#,
        ];
        let challenge = format!("{before}{}", parameters.join(separator));
        let error = refused(&[("www-authenticate", &challenge)], 401, "<h1>No</h1>");
        let Error::Refused(Refused::Problem { code, advice, details, .. }) = error else { panic!("{error}") };
        assert_eq!((code.as_str(), advice.as_deref()), ("consumer_key_rejected", Some("ask us")), "{challenge}");
        assert_eq!(details.into_iter().collect::<Vec<_>>(), [("oauth_acceptable_versions".into(), "1-2".into())]);
    }
    let twice = r#"OAuth oauth_problem="token_expired", OAuth_Problem="token_revoked""#;
    assert_eq!(refused(&[("www-authenticate", twice)], 401, "").code(), None);
}

#[test]
fn what_a_server_explains_in_its_own_way_is_not_lost() {
    for (body, code, word) in [
        (r#"{"errors":[{"code":32,"message":"Could not authenticate you."}]}"#, "32", "Could not authenticate you."),
        (r#"{"errors":[{"code":"no_key","message":"Whose?"}]}"#, "no_key", "Whose?"),
        ("oauth_problem=parameter_absent&oauth_parameters_absent=oauth_nonce", "parameter_absent", "oauth_nonce"),
        ("error=no_key&error_description=Cl%E9+inconnue", "no_key", "inconnue"),
        ("error=no_key&error_description=Whose%3F&x=1&x=2", "no_key", "Whose?"),
    ] {
        let error = refused(&[], 401, body);
        assert_eq!(error.code(), Some(code), "{body}");
        assert!(error.to_string().contains(word), "{error}");
    }
    assert_eq!(refused(&[], 401, r#"{"errors":[]}"#).code(), None);
    let token = refused(&[], 401, "oauth_problem=x&oauth_token_secret=s3cr3t&oauth_parameters_absent=y");
    assert!(!format!("{token} {token:?}").contains("s3cr3t"), "{token}");
}

#[test]
fn a_refused_timestamp_says_how_far_the_clock_is_off() {
    let said = |acceptable: &str| {
        let body = format!("oauth_problem=timestamp_refused&oauth_acceptable_timestamps={acceptable}");
        refused(&[], 401, &body).to_string()
    };
    let range = |before: u64, after: u64| format!("{}-{}", NOW - before, NOW - after);
    assert!(said(&range(4200, 3600)).contains("the clock is at least 3,600 s fast"), "{}", said(&range(4200, 3600)));
    let late = format!("{}-{}", NOW + 1_234_567, NOW + 1_235_000);
    assert!(said(&late).contains("the clock is at least 1,234,567 s slow"), "{}", said(&late));
    assert!(said(&range(5, 3)).contains("the clock is at least 3 s fast"));
    // Nothing is said of the clock where the range does not say anything of it.
    for odd in [range(300, 0), "".into(), "5".into(), "a-b".into(), "9-3".into(), format!("{}-{}", "9".repeat(30), 1)] {
        assert!(!said(&odd).contains("the clock"), "{odd}");
    }
    // Our own server's answer, to an API call as well.
    let world = World::default();
    let late = || Moment::new(Timestamp::from_secs(NOW + 3600), [9; 32]);
    let Step::Send(request, sent) = world.client.authorize(Authorize::callback(CALLBACK), late()).unwrap() else {
        panic!("nothing to send")
    };
    let answer = || world.answer(&request);
    let error = sent.receive(answer(), late()).unwrap_err();
    assert!(error.to_string().contains("s fast"), "{error}");
    let call = ApiRequest::new("https://photos.example.net/x").unwrap();
    let Step::Send(_, sent) = call.call(&Session::two_legged(&world.client), late()).unwrap() else {
        panic!("nothing to send")
    };
    let error = sent.receive(answer(), late()).unwrap_err();
    assert!(error.to_string().contains("s fast"), "{error}");
    let Error::Refused(Refused::Problem { details, .. }) = error else { panic!("{error}") };
    assert_eq!(details["oauth_timestamp"], (NOW + 3600).to_string());
}

#[test]
fn registered_callbacks_must_match_to_the_byte() {
    let world = World::default();
    let record = ClientRecord::with_secret("kd94hf93k423kf44").unwrap().add_callback(CALLBACK);
    world.store.add_client("dpf43f3p2l4k3l03", record);
    assert!(world.begin(Authorize::callback(CALLBACK)).is_ok());
    assert!(world.begin(Authorize::out_of_band()).is_err(), "oob is a callback like the others");
    for other in
        ["https://printer.example.com/ready", "https://printer.example.com/ready?x=1#", "https://evil.example/"]
    {
        let error = world.begin(Authorize::callback(other)).unwrap_err();
        assert!(matches!(error, Error::Refused(Refused::Problem { .. })), "{other}: {error}");
    }
    let unregistered = World::default();
    for scheme in [
        "javascript:alert(1)",
        "data:text/html,x",
        "intent://x#Intent;end",
        "view-source:https://c.example/",
        "https://c.example/?oauth_verifier=mine",
        "https://c.example/\r\nX: y",
    ] {
        assert!(unregistered.begin(Authorize::callback(scheme)).is_err(), "{scheme}");
    }
    assert!(unregistered.begin(Authorize::callback("com.example.app:/cb")).is_ok());
}

#[test]
fn two_legged_requests_are_accepted_where_they_are_allowed() {
    let world = World::default();
    let mut request = Request::get(format!("{ORIGIN}/photos")).body(Vec::new()).unwrap();
    let session = Session::two_legged(&world.client);
    assert!(!session.is_authorized());
    session.sign(&mut request, world.moment()).unwrap();
    assert_eq!(world.verify(&request).unwrap_err().reason, RejectReason::ParameterMissing("oauth_token"));
    let verifier = world.provider.verifier().clone().allow_two_legged();
    let verified = serve(verifier.verify(&request, world.moment()), &world.store).unwrap();
    assert_eq!((verified.token, verified.approval), (None, None));
}

#[test]
fn tokens_expire_where_the_service_says_so() {
    let hour = std::time::Duration::from_secs(3600);
    let world = World::new(|server| server, |provider| provider.token_lifetime(hour));
    let token = world.token();
    assert_eq!(token.expires_at.unwrap().as_secs(), NOW + 3600);
    world.now.set(NOW + 3600);
    let mut request = Request::get(format!("{ORIGIN}/photos")).body(Vec::new()).unwrap();
    Session::new(&world.client, token).sign(&mut request, world.moment()).unwrap();
    let rejected = world.verify(&request).unwrap_err();
    assert_eq!(rejected.reason, RejectReason::TokenExpired);
    assert_eq!(fields(&rejected.response())["oauth_problem"], "token_expired");
}

#[test]
fn a_service_tells_the_client_what_it_wants_it_to_know() {
    let world = World::default();
    let Authorization { url, pending, .. } = world.begin(Authorize::callback(CALLBACK)).unwrap();
    let consent = world.consent(&url).unwrap();
    let grant =
        Approval::new("7").response_parameter("screen_name", "jane d").response_parameter("oauth_token", "not this");
    let decision = serve(world.provider.approve(consent, grant, world.moment()), &world.store).unwrap();
    let AfterConsent::Redirect(response) = decision else { panic!("{decision:?}") };
    let token = world.redeem(pending, response.headers()["location"].to_str().unwrap()).unwrap();
    assert_eq!(token.extra.into_iter().collect::<Vec<_>>(), [("screen_name".into(), "jane d".into())]);
}

#[test]
fn a_revoked_token_is_refused() {
    let world = World::default();
    let token = world.token();
    assert!(world.store.remove_token(&token.credentials.token));
    let mut request = Request::get(format!("{ORIGIN}/photos")).body(Vec::new()).unwrap();
    Session::new(&world.client, token).sign(&mut request, world.moment()).unwrap();
    assert_eq!(world.verify(&request).unwrap_err().reason, RejectReason::UnknownToken);
}

#[test]
fn a_changed_secret_counts_at_once_for_tokens_that_have_been_used() {
    let world = World::default();
    let token = world.token();
    let signed = |secret: &str| {
        let mut request = Request::get(format!("{ORIGIN}/photos")).body(Vec::new()).unwrap();
        let client = ClientCredentials::new("dpf43f3p2l4k3l03", secret);
        let session = Session::from_credentials(&Scheme::default(), &client, Some(token.clone()));
        session.sign(&mut request, world.moment()).unwrap();
        request
    };
    assert!(world.verify(&signed("kd94hf93k423kf44")).is_ok());
    world.store.add_client("dpf43f3p2l4k3l03", ClientRecord::with_secret("another secret").unwrap());
    assert_eq!(world.verify(&signed("kd94hf93k423kf44")).unwrap_err().reason, RejectReason::WrongSignature);
    assert!(world.verify(&signed("another secret")).is_ok());
}

/// As a store that reads rows from a database does.
#[test]
fn a_store_may_make_its_records_anew_for_each_answer() {
    let world = World::default();
    for _ in 0..2 {
        for (is_known, expected) in [(true, None), (false, Some(RejectReason::UnknownToken))] {
            let request = world.signed();
            let ServerStep::Query(NextQuery::FindCredentials(pending)) =
                world.provider.verifier().verify(&request, world.moment())
            else {
                panic!("no question")
            };
            let found = world.store.find_credentials(pending.query()).unwrap();
            let anew = FoundCredentials {
                client: found.client.map(|client| Arc::new((*client).clone())),
                token: found.token.filter(|_| is_known).map(|token| Arc::new((*token).clone())),
                temporary: None,
            };
            assert_eq!(serve(pending.answer(anew), &world.store).err().map(|rejected| rejected.reason), expected);
        }
    }
}

#[test]
fn a_store_that_fails_is_a_503_and_nothing_is_lost() {
    let world = World::default();
    let request = world.signed();
    let ServerStep::Query(NextQuery::FindCredentials(pending)) =
        world.provider.verifier().verify(&request, world.moment())
    else {
        panic!("no question")
    };
    let rejected = serve(pending.unavailable("the disk is full"), &world.store).unwrap_err();
    assert_eq!(rejected.response().status(), 503);
    assert_eq!(rejected.reason, RejectReason::StoreFailed("the disk is full".into()));
    assert!(!rejected.response().headers().contains_key("www-authenticate"));
    assert!(world.verify(&request).is_ok());
    assert!(!world.verify(&request).unwrap_err().response().headers().contains_key("retry-after"));
}

/// A store in memory that has failed since so many questions.
struct Failing<'s>(&'s MemoryStore, Cell<usize>);

impl Failing<'_> {
    fn ask<T>(&self, answer: impl FnOnce(&MemoryStore) -> Result<T, Infallible>) -> Result<T, &'static str> {
        let left = self.1.get().checked_sub(1).ok_or("the disk is full")?;
        self.1.set(left);
        Ok(answer(self.0).unwrap_or_else(|never| match never {}))
    }
}

impl Store for Failing<'_> {
    type Error = &'static str;

    fn find_credentials(&self, query: &FindCredentials) -> Result<FoundCredentials, Self::Error> {
        self.ask(|store| store.find_credentials(query))
    }
    fn remember_nonce(&self, query: &RememberNonce) -> Result<OneTimeUse, Self::Error> {
        self.ask(|store| store.remember_nonce(query))
    }
    fn save_temporary(&self, query: &SaveTemporary) -> Result<(), Self::Error> {
        self.ask(|store| store.save_temporary(query))
    }
    fn find_temporary(&self, query: &FindTemporary) -> Result<Option<TemporaryRecord>, Self::Error> {
        self.ask(|store| store.find_temporary(query))
    }
    fn record_decision(&self, query: &RecordDecision) -> Result<Option<TemporaryRecord>, Self::Error> {
        self.ask(|store| store.record_decision(query))
    }
    fn redeem(&self, query: &Redeem) -> Result<Redemption, Self::Error> {
        self.ask(|store| store.redeem(query))
    }
}

/// RFC 9110 §10.2.3: clients that come back at once would keep storage from recovering.
#[test]
fn every_endpoint_says_when_to_come_back_after_any_question_that_storage_could_not_answer() {
    fn outage<T: std::fmt::Debug>(world: &World, answered: usize, step: ServerStep<T>) {
        let rejected = serve(step, &Failing(&world.store, Cell::new(answered))).unwrap_err();
        assert_eq!(rejected.reason, RejectReason::StoreFailed("the disk is full".into()), "after {answered}");
        let response = rejected.response();
        assert_eq!((response.status().as_u16(), response.headers()["retry-after"].as_bytes()), (503, &b"5"[..]));
        assert!(!response.body().windows(4).any(|word| word == b"disk"));
    }
    let world = World::default();
    let sent = |step: Step<Authorization>| match step {
        Step::Send(request, _) => request,
        _ => panic!("nothing to send"),
    };
    for answered in 0..3 {
        let request = sent(world.client.authorize(Authorize::callback(CALLBACK), world.moment()).unwrap());
        outage(&world, answered, world.provider.dispatch(&request, world.moment()).map(response));
    }
    for answered in 0..2 {
        outage(&world, answered, world.provider.verifier().verify(&world.signed(), world.moment()));
    }
    let Authorization { url, pending, .. } = world.begin(Authorize::callback(CALLBACK)).unwrap();
    outage(&world, 0, world.provider.dispatch(&Request::get(&url).body(Vec::new()).unwrap(), world.moment()));
    outage(&world, 0, world.provider.deny(world.consent(&url).unwrap(), world.moment()));
    outage(&world, 0, world.provider.approve(world.consent(&url).unwrap(), Approval::new("jane"), world.moment()));
    let callback = world.grant(&url);
    let stored = serde_json::to_string(&pending).unwrap();
    for answered in 0..3 {
        let pending = serde_json::from_str(&stored).unwrap();
        let Step::Send(request, _) = world.client.redeem(pending, callback.as_str(), world.moment()).unwrap() else {
            panic!("nothing to send")
        };
        outage(&world, answered, world.provider.dispatch(&request, world.moment()).map(response));
    }
    assert!(world.redeem(pending, &callback).is_ok());
}

#[test]
fn the_memory_store_forgets_what_has_expired() {
    let world = World::default();
    for _ in 0..50 {
        world.begin(Authorize::callback(CALLBACK)).unwrap();
    }
    // Fifty temporary credentials and the nonces of the requests for them.
    assert_eq!(world.store.expiring(), 100);
    world.now.set(NOW + 361);
    world.begin(Authorize::callback(CALLBACK)).unwrap();
    assert_eq!(world.store.expiring(), 52);
    world.now.set(NOW + 7300);
    world.begin(Authorize::callback(CALLBACK)).unwrap();
    assert_eq!(world.store.expiring(), 2);
}

#[test]
fn temporary_credentials_are_redeemed_once_however_many_try() {
    let world = World::default();
    let Authorization { url, pending, .. } = world.begin(Authorize::callback(CALLBACK)).unwrap();
    let stored = serde_json::to_string(&pending).unwrap();
    let callback = world.grant(&url);
    let requests: Vec<_> = (0..8)
        .map(|_| {
            let pending: Pending = serde_json::from_str(&stored).unwrap();
            match world.client.redeem(pending, &callback, world.moment()).unwrap() {
                Step::Send(request, _) => (request, world.moment()),
                step => panic!("{step:?}"),
            }
        })
        .collect();
    let (provider, store) = (&world.provider, &world.store);
    let won: usize = std::thread::scope(|scope| {
        let tries = requests.into_iter().map(|(request, moment)| {
            scope.spawn(move || serve(provider.dispatch(&request, moment).map(response), store).is_ok())
        });
        let tries: Vec<_> = tries.collect();
        tries.into_iter().map(|try_| usize::from(try_.join().unwrap())).sum()
    });
    assert_eq!(won, 1);
}

#[test]
fn a_missing_verifier_is_forged_unless_the_service_sends_none() {
    let world = World::default();
    let Authorization { pending, .. } = world.begin(Authorize::callback(CALLBACK)).unwrap();
    let callback = format!("{CALLBACK}&oauth_token={}", pending.token());
    let missing = Forged::ParameterMissing { name: "oauth_verifier" };
    assert_eq!(world.redeem(pending, &callback), Err(missing.clone().into()));
    let Authorization { pending, .. } = world.begin(Authorize::out_of_band()).unwrap();
    assert_eq!(world.client.redeem_verifier(pending, " ", world.moment()).unwrap_err(), missing.into());
    let lenient = World::new(Server::dangerous_version_1_0, |provider| provider);
    assert!(lenient.client.redeem_verifier(first_leg(&lenient), "", lenient.moment()).is_ok());
}

/// Asserts that what is refused without an option names it, and passes with it.
#[track_caller]
fn lifted<T: std::fmt::Debug>(option: &str, without: Result<T, Error>, with: Result<T, Error>) {
    let error = without.unwrap_err();
    assert!(error.to_string().contains(&format!("`{option}`")), "{option}: {error}");
    with.unwrap_or_else(|error| panic!("{option}: {error}"));
}

/// All options of a service's: each error names the one that lifts it, and with it there is none. (`dangerous_version_1_0` is
/// two of these at once.)
#[test]
fn an_error_names_the_option_that_lifts_it() {
    let world = World::default();
    let unconfirmed = "oauth_token=t&oauth_token_secret=s";
    let first_leg = |world: &World| {
        let step = world.client.authorize(Authorize::callback(CALLBACK), world.moment())?;
        let Step::Send(_, sent) = step else { panic!("nothing to send") };
        sent.receive(Response::new(unconfirmed.as_bytes().to_vec()), world.moment())
    };
    let lenient = World::new(Server::allow_unconfirmed_callback, |provider| provider);
    lifted("oauth1::Server::allow_unconfirmed_callback", first_leg(&world), first_leg(&lenient));

    let body = r#"{"oauth_token":"t","oauth_token_secret":"s"}"#;
    let lenient = World::new(Server::allow_json_answers, |provider| provider);
    lifted("oauth1::Server::allow_json_answers", answered(&world, body), answered(&lenient, body));

    let unverified = |world: &World| {
        let Authorization { pending, .. } = world.begin(Authorize::callback(CALLBACK)).unwrap();
        let callback = format!("{CALLBACK}&oauth_token={}", pending.token());
        world.client.redeem(pending, &callback, world.moment())
    };
    let lenient = World::new(Server::allow_missing_verifier, |provider| provider);
    lifted("oauth1::Server::allow_missing_verifier", unverified(&world), unverified(&lenient));

    let plain = || Server::new("http://a.example/1", "http://a.example/2", "http://a.example/3").unwrap();
    let begun = |server| {
        let client = Client::new(server, ClientCredentials::new("k", "s"));
        client.authorize(Authorize::callback(CALLBACK), world.moment())
    };
    lifted("oauth1::Server::dangerous_allow_http", begun(plain()), begun(plain().dangerous_allow_http()));

    let call = |request: ApiRequest| request.call(&Session::two_legged(&world.client), world.moment());
    let plain = || ApiRequest::new("http://a.example/x").unwrap();
    lifted("ApiRequest::dangerous_allow_http", call(plain()), call(plain().dangerous_allow_http()));
}

#[test]
fn an_error_in_json_on_status_200_is_an_error_whether_or_not_json_is_read() {
    let lenient = World::new(Server::allow_json_answers, |provider| provider);
    for (body, code, word) in [
        (r#"{"errors":[{"code":32,"message":"Could not authenticate you."}]}"#, "32", "Could not authenticate you."),
        (r#"{"error":{"code":401,"message":"Who is there?"}}"#, "401", "Who is there?"),
        (
            r#"{"error":"invalid_consumer","error_description":"It is not registered"}"#,
            "invalid_consumer",
            "registered",
        ),
        ("\u{feff}{\"oauth_problem\":\"nonce_used\"}", "nonce_used", "nonce_used"),
    ] {
        for error in [refused(&[], 200, body), answered(&lenient, body).unwrap_err()] {
            assert_eq!(error.code(), Some(code), "{body}: {error}");
            assert!(error.to_string().contains(word), "{error}");
        }
    }
    let token = r#"{"oauth_token":"t","oauth_token_secret":"s","errors":[],"error":null}"#;
    answered(&lenient, token).unwrap();
}

#[test]
fn an_api_call_is_refused_by_an_answer_that_holds_nothing_but_an_error() {
    let world = World::default();
    let called = |body: &str| {
        let call = ApiRequest::new("https://photos.example.net/x").unwrap();
        let step = call.call(&Session::two_legged(&world.client), world.moment()).unwrap();
        let Step::Send(_, sent) = step else { panic!("nothing to send") };
        sent.receive(Response::new(body.as_bytes().to_vec()), world.moment())
    };
    let error = called(r#"{"errors":[{"code":135,"message":"Timestamp out of bounds."}]}"#).unwrap_err();
    assert_eq!(error.code(), Some("135"));
    assert!(error.to_string().contains("Timestamp out of bounds."), "{error}");
    assert_eq!(
        called(r#"{"error":"Not authorized","request":"/1.1/x.json"}"#).unwrap_err().code(),
        Some("Not authorized")
    );
    // What has more to say is the application's to read.
    for body in [
        r#"{"data":[{"id":"1"}],"errors":[{"title":"Not Found Error"}]}"#,
        r#"{"id":7,"status":"failed","error":"the disk is full"}"#,
        r#"{"errors":[]}"#,
        r#"[{"error":"x"}]"#,
    ] {
        assert!(matches!(called(body), Ok(Step::Done(_))), "{body}");
    }
}

#[test]
fn the_date_of_the_answer_says_how_far_the_clock_is_off_where_nothing_else_does() {
    // 1,700,000,000 s after 1970 it was 22:13:20.
    let said = |date: &str, body: &str| refused(&[("date", date)], 401, body).to_string();
    let early = "Tue, 14 Nov 2023 21:13:20 GMT";
    let late = "Tue, 14 Nov 2023 22:18:20 GMT";
    for (date, body, off) in [
        (early, "oauth_problem=timestamp_refused", "the clock is 3,600 s off (fast)"),
        (late, "oauth_problem=timestamp_refused", "the clock is 300 s off (slow)"),
        (early, r#"{"errors":[{"code":135,"message":"Timestamp out of bounds."}]}"#, "3,600 s off"),
        (early, "error=unauthorized&error_description=Invalid+Timestamp", "3,600 s off"),
    ] {
        assert!(said(date, body).contains(off), "{}", said(date, body));
    }
    for (date, body) in [
        ("Tue, 14 Nov 2023 22:13:22 GMT", "oauth_problem=timestamp_refused"),
        ("yesterday", "oauth_problem=timestamp_refused"),
        (early, "oauth_problem=signature_invalid"),
    ] {
        assert!(!said(date, body).contains("the clock"), "{}", said(date, body));
    }
    // The range is the server's own word on it.
    let range = format!("oauth_problem=timestamp_refused&oauth_acceptable_timestamps={}-{}", NOW + 600, NOW + 1200);
    assert!(said(early, &range).contains("at least 600 s slow") && !said(early, &range).contains("3,600"));
}

#[test]
fn a_lifetime_is_read_in_every_form_of_a_whole_number_and_in_no_other() {
    let world = World::default();
    let expires_at = |value: &str| {
        let body = format!(
            "oauth_token=a&oauth_token_secret=b&oauth_expires_in={value}&oauth_authorization_expires_in={value}"
        );
        answered(&world, &body).map(|token| token.expires_at.unwrap().as_secs())
    };
    for value in ["3600", "3600.0", "+3600+"] {
        assert_eq!(expires_at(value).unwrap(), NOW + 3600, "{value}");
    }
    let lenient = World::new(Server::allow_json_answers, |provider| provider);
    for value in ["3600", "3600.0", "\"3600\""] {
        let body = format!(r#"{{"oauth_token":"a","oauth_token_secret":"b","oauth_expires_in":{value}}}"#);
        assert_eq!(answered(&lenient, &body).unwrap().expires_at.unwrap().as_secs(), NOW + 3600, "{value}");
    }
    for value in ["-1", "1.5", "%2B1", "an+hour", ""] {
        let error = expires_at(value).unwrap_err();
        assert!(error.to_string().contains("oauth_expires_in"), "{value}: {error}");
    }
}

/// OAuth Request Body Hash §3.1: a form's parameters are signed themselves, and two rules for one body can be read in two ways.
#[test]
fn a_form_that_comes_with_a_body_hash_is_refused() {
    use base64::Engine;
    use sha1::Digest;
    let world = World::default();
    let sign = |content_type: &str| {
        let mut request = Request::post(format!("{ORIGIN}/photos"))
            .header("content-type", content_type)
            .body(b"a=1".to_vec())
            .unwrap();
        Session::new(&world.client, world.token()).sign(&mut request, world.moment()).unwrap();
        request
    };
    let hash = base64::engine::general_purpose::STANDARD.encode(sha1::Sha1::digest(b"a=1"));
    let with_hash = |mut request: Request<Vec<u8>>| {
        let value = request.headers()["authorization"].to_str().unwrap().to_owned();
        let hash = oauth_proto::wire::percent::encode(&hash);
        let value = format!("{value}, oauth_body_hash=\"{hash}\"");
        request.headers_mut().insert("authorization", value.parse().unwrap());
        request
    };
    let form = with_hash(sign("application/x-www-form-urlencoded"));
    let rejected = world.verify(&form).unwrap_err();
    assert_eq!(rejected.reason, RejectReason::ParameterInvalid("oauth_body_hash"));
    assert_eq!(rejected.response().status(), 400);
    // Of another body, the same hash is the right one, and only the signature does not know it.
    assert_eq!(world.verify(&with_hash(sign("text/plain"))).unwrap_err().reason, RejectReason::WrongSignature);
}

/// One table for tokens and temporary credentials, or a store that does not look at what it is asked for.
#[test]
fn a_store_that_answers_tokens_and_temporary_credentials_alike_lets_none_pass_for_the_other() {
    struct Both<'s>(&'s MemoryStore);
    impl Both<'_> {
        fn credentials(&self, step: ServerStep<impl std::fmt::Debug>) -> RejectReason {
            let ServerStep::Query(NextQuery::FindCredentials(pending)) = step else { panic!("no question") };
            let query = pending.query();
            let find = |temporary| FindCredentials { temporary, ..query.clone() };
            let token = self.0.find_credentials(&find(false)).unwrap();
            let temporary = self.0.find_credentials(&find(true)).unwrap().temporary;
            assert!(token.token.is_some() != temporary.is_some());
            serve(pending.answer(FoundCredentials { temporary, ..token }), self.0).unwrap_err().reason
        }
    }
    let world = World::default();
    let store = Both(&world.store);
    let credentials = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
    let signed = |token: &TokenCredentials, path: &str| {
        let mut request = Request::post(format!("{ORIGIN}{path}")).body(Vec::new()).unwrap();
        Signer::new(&Scheme::default(), &credentials, Some(token)).sign(&mut request, world.moment()).unwrap();
        request
    };
    // Temporary credentials, which their client knows, open no resource, and a token is exchanged for no other.
    let Step::Send(request, _) = world.client.authorize(Authorize::callback(CALLBACK), world.moment()).unwrap() else {
        panic!("nothing to send")
    };
    let answer = fields(&world.answer(&request));
    let temporary = TokenCredentials::new(&answer["oauth_token"], answer["oauth_token_secret"].as_str());
    let step = world.provider.verifier().verify(&signed(&temporary, "/photos"), world.moment());
    assert_eq!(store.credentials(step), RejectReason::UnknownToken);
    let token = world.token().credentials;
    let step = world.provider.dispatch(&signed(&token, "/token"), world.moment()).map(response);
    assert_eq!(store.credentials(step), RejectReason::UnknownToken);
}

#[test]
fn a_decision_counts_until_the_second_in_which_the_temporary_credentials_expire() {
    for (later, counts) in [(3599, true), (3600, false)] {
        for grants in [true, false] {
            let world = World::default();
            let Authorization { url, .. } = world.begin(Authorize::callback(CALLBACK)).unwrap();
            let consent = world.consent(&url).unwrap();
            world.now.set(NOW + later);
            let moment = world.moment();
            let step = if grants {
                world.provider.approve(consent, Approval::new("jane"), moment)
            } else {
                world.provider.deny(consent, moment)
            };
            let outcome = serve(step, &world.store).map(drop).map_err(|rejected| rejected.reason);
            assert_eq!(outcome, if counts { Ok(()) } else { Err(RejectReason::NothingPending) }, "{later} s later");
        }
    }
}

/// What a person copies has as much in it as ten of these characters can, since it can be tried only once.
#[test]
fn a_verifier_that_is_shown_is_ten_characters_of_which_each_can_be_any() {
    let world = World::default();
    let mut seen = BTreeSet::new();
    for _ in 0..60 {
        let Authorization { url, .. } = world.begin(Authorize::out_of_band()).unwrap();
        let consent = world.consent(&url).unwrap();
        match serve(world.provider.approve(consent, Approval::new("jane"), world.moment()), &world.store).unwrap() {
            AfterConsent::ShowVerifier(code) => {
                assert_eq!(code.expose().len(), 10);
                seen.extend(code.expose().chars());
            }
            decision => panic!("{decision:?}"),
        }
    }
    assert_eq!(seen.into_iter().collect::<String>(), "0123456789ABCDEFGHJKMNPQRSTVWXYZ");
}

/// As oauthlib's clients send it. Without the option the hash goes by the signature method, and no other body passes with it.
#[test]
fn a_body_hash_by_sha1_under_another_method_needs_its_option() {
    let world = World::default();
    let mut request = Request::post(format!("{ORIGIN}/photos")).body(b"{}".to_vec()).unwrap();
    let client = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
    let scheme = Scheme::new(Method::HMAC_SHA256).sha1_body_hash();
    Signer::new(&scheme, &client, Some(&world.token().credentials)).sign(&mut request, world.moment()).unwrap();
    assert_eq!(world.verify(&request).unwrap_err().reason, RejectReason::WrongBodyHash);
    let allowing = world.provider.verifier().clone().allow_sha1_body_hash();
    let mut changed = request.clone();
    changed.body_mut().push(b' ');
    let rejected = serve(allowing.verify(&changed, world.moment()), &world.store).unwrap_err();
    assert_eq!(rejected.reason, RejectReason::WrongBodyHash);
    assert!(serve(allowing.verify(&request, world.moment()), &world.store).is_ok());
}
