//! Complete grants between our client and our provider, by RFC 5849 §2.

use crate::common::with::With;
use crate::common::{CALLBACK, NOW, OAuth1Pair, ORIGIN};
use crate::responses::answered;
use oauth_proto::oauth1::server::{AfterConsent, Approval, RejectReason, serve};
use oauth_proto::oauth1::{
    Authorization, Authorize, Method, ParameterPlacement, Pending, Scheme, Session,
};
use oauth_proto::{Expired, Refused, Response, Step, Timestamp, Unsupported};

#[test]
fn a_client_gets_a_token_and_the_service_knows_for_whom_it_acts() {
    let pair = OAuth1Pair::default();
    let verified = pair.verify(&pair.signed()).unwrap();
    assert_eq!(verified.client_key, "dpf43f3p2l4k3l03");
    assert_eq!(verified.approval, Some(Approval::new("jane")));
}

#[test]
fn every_method_and_placement_walks_the_three_legs() {
    for method in [Method::HmacSha1, Method::HmacSha256, Method::HmacSha512] {
        for placement in
            [ParameterPlacement::Header, ParameterPlacement::Body, ParameterPlacement::Query]
        {
            let scheme = Scheme::new(method.clone()).with(|it| it.placement = placement);
            let pair =
                OAuth1Pair::new(|server| server.with(|it| it.scheme = scheme), |provider| provider);
            assert!(pair.verify(&pair.signed()).is_ok(), "{method:?} {placement:?}");
        }
    }
}

#[test]
fn get_is_used_if_the_service_wants_it() {
    let pair = OAuth1Pair::new(
        |server| {
            server.with(|it| {
                it.by_get = true;
                it.scheme = Scheme::default().with(|it| it.placement = ParameterPlacement::Query);
            })
        },
        |it| it.with(|it| it.allow_get = true),
    );
    assert!(pair.verify(&pair.signed()).is_ok());
    let refusing = OAuth1Pair::new(|it| it.with(|it| it.by_get = true), |provider| provider);
    let Step::Send(request, _) =
        refusing.client.authorize(Authorize::callback(CALLBACK), refusing.moment()).unwrap()
    else {
        panic!("expected a request")
    };
    let response = refusing.answer(&request);
    assert_eq!(
        (response.status().as_u16(), &response.headers()["allow"]),
        (405, &"POST".parse().unwrap())
    );
}

/// §1.2: the request for temporary credentials has the callback in the `Authorization` header.
#[test]
fn the_first_request_is_that_of_the_specification() {
    let pair = OAuth1Pair::new(
        |server| server.with(|it| it.scheme = Scheme::default().with(|it| it.omit_version = true)),
        |provider| provider,
    );
    let authorize = Authorize::callback("http://printer.example.com/ready")
        .with(|it| it.realm = Some("Photos".into()));
    let Step::Send(request, _) = pair.client.authorize(authorize, pair.moment()).unwrap() else {
        panic!("expected a request")
    };
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri(), format!("{ORIGIN}/initiate").as_str());
    let header = request.headers()["authorization"].to_str().unwrap();
    assert!(
        header.starts_with("OAuth realm=\"Photos\", oauth_consumer_key=\"dpf43f3p2l4k3l03\", "),
        "{header}"
    );
    assert!(
        header.ends_with(", oauth_callback=\"http%3A%2F%2Fprinter.example.com%2Fready\""),
        "{header}"
    );
}

#[test]
fn the_callback_keeps_its_own_query() {
    let pair = OAuth1Pair::default();
    let Authorization { url, pending, .. } = pair.begin(Authorize::callback(CALLBACK)).unwrap();
    let callback = pair.grant(&url);
    let expected = format!("{CALLBACK}&oauth_token={}&oauth_verifier=", pending.token());
    assert!(callback.starts_with(&expected), "{callback}");
}

#[test]
fn the_service_shows_what_the_client_asks_for() {
    let pair = OAuth1Pair::default();
    let authorize = Authorize::callback(CALLBACK)
        .with(|it| it.realm = Some("Photos Albums".into()))
        .parameter("scope", "read write");
    let authorization = pair.begin(authorize.url_parameter("lang", "de")).unwrap();
    assert!(authorization.url.contains("?lang=de&"), "{}", authorization.url);
    let consent = pair.consent(&authorization.url).unwrap();
    assert_eq!(consent.client_key, "dpf43f3p2l4k3l03");
    assert_eq!(consent.callback.as_deref(), Some(CALLBACK));
    assert_eq!(consent.realm.as_deref(), Some("Photos Albums"));
    assert_eq!(consent.parameters["scope"], "read write");
    let stored = serde_json::to_string(&consent).unwrap();
    assert_eq!(
        serde_json::from_str::<oauth_proto::oauth1::server::Consent>(&stored).unwrap(),
        consent
    );
}

#[test]
fn a_user_who_denies_sends_the_client_a_refusal() {
    let pair = OAuth1Pair::default();
    let Authorization { url, pending, .. } = pair.begin(Authorize::callback(CALLBACK)).unwrap();
    let consent = pair.consent(&url).unwrap();
    let AfterConsent::Redirect(response) =
        serve(pair.provider.deny(consent, pair.moment()), &pair.store).unwrap()
    else {
        panic!("no redirect")
    };
    let callback = response.headers()["location"].to_str().unwrap();
    let refused =
        Refused::Denied { problem: Some("user_refused".into()), advice: None, response: None };
    assert_eq!(pair.redeem(pending, callback), Err(refused.into()));
    assert_eq!(pair.consent(&url).unwrap_err().reason, RejectReason::NothingPending);
}

#[test]
fn out_of_band_the_user_copies_a_verifier() {
    let pair = OAuth1Pair::default();
    let Authorization { url, pending, .. } = pair.begin(Authorize::out_of_band()).unwrap();
    let consent = pair.consent(&url).unwrap();
    assert_eq!(consent.callback, None);
    let decision =
        serve(pair.provider.approve(consent, Approval::new("jane"), pair.moment()), &pair.store)
            .unwrap();
    let AfterConsent::ShowVerifier(code) = decision else { panic!("{decision:?}") };
    let typed = format!("  {} \n", code.expose().to_lowercase());
    let step = pair.client.redeem_verifier(pending, &typed, pair.moment()).unwrap();
    assert!(pair.run(step).is_ok());
}

#[test]
fn a_pending_authorization_survives_storage_and_is_small_enough_for_a_cookie() {
    let pair = OAuth1Pair::default();
    let Authorization { url, pending, .. } = pair.begin(Authorize::callback(CALLBACK)).unwrap();
    let stored = serde_json::to_string(&pending).unwrap();
    assert!(stored.len() < 300, "{stored}");
    let callback = pair.grant(&url);
    let pending: Pending = serde_json::from_str(&stored).unwrap();
    assert!(pair.redeem(pending, &callback).is_ok());
}

#[test]
fn a_pending_authorization_expires_on_both_sides() {
    let pair = OAuth1Pair::default();
    let Authorization { url, pending, .. } = pair.begin(Authorize::callback(CALLBACK)).unwrap();
    let callback = pair.grant(&url);
    pair.now.set(NOW + 3600);
    assert_eq!(pair.redeem(pending, &callback), Err(Expired::Pending.into()));
    assert_eq!(pair.consent(&url).unwrap_err().reason, RejectReason::NothingPending);
}

#[test]
fn a_user_decides_once() {
    let pair = OAuth1Pair::default();
    let Authorization { url, .. } = pair.begin(Authorize::callback(CALLBACK)).unwrap();
    let first = pair.consent(&url).unwrap();
    let second = pair.consent(&url).unwrap();
    serve(pair.provider.deny(first, pair.moment()), &pair.store).unwrap();
    let refused =
        serve(pair.provider.approve(second, Approval::new("eve"), pair.moment()), &pair.store)
            .unwrap_err();
    assert_eq!(refused.reason, RejectReason::NothingPending);
}

/// OAuth Session 1.0 draft 1.
#[test]
fn an_expired_token_is_renewed_with_its_session_handle() {
    let pair = OAuth1Pair::default();
    let body = "oauth_token=a&oauth_token_secret=b&oauth_session_handle=h%26h&oauth_expires_in=3600\
        &xoauth_guid=g";
    let token = answered(&pair, body).unwrap();
    assert_eq!(token.expires_at.unwrap().as_secs(), NOW + 3600);
    assert!(!token.is_expired(Timestamp::from_secs(NOW + 3599)));
    assert!(token.is_expired(Timestamp::from_secs(NOW + 3600)));

    let Step::Send(request, sent) = pair.client.renew(&token, pair.moment()).unwrap() else {
        panic!("expected a request")
    };
    let header = request.headers()["authorization"].to_str().unwrap();
    assert!(
        header.contains("oauth_session_handle=\"h%26h\"") && header.contains("oauth_token=\"a\""),
        "{header}"
    );
    let answer = Response::new(b"oauth_token=c&oauth_token_secret=d&oauth_expires_in=60".to_vec());
    let Step::Done(renewed) = sent.receive(answer, pair.moment()).unwrap() else {
        panic!("expected the end of the conversation")
    };
    assert_eq!(renewed.credentials.token, "c");
    assert_eq!(
        renewed.session_handle, token.session_handle,
        "the handle that was not replaced is kept"
    );
    assert_eq!(renewed.extra["xoauth_guid"], "g");

    let session = Session::new(&pair.client, renewed);
    assert_eq!(session.token().unwrap().credentials.token, "c");
    let plain = answered(&pair, "oauth_token=a&oauth_token_secret=b").unwrap();
    assert_eq!(
        pair.client.renew(&plain, pair.moment()).unwrap_err(),
        Unsupported::NotRenewable.into()
    );
}
