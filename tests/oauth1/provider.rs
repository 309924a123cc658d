//! The provider and its verifier (RFC 5849 §2 and §3.2): accepted requests, refusals and texts.

use crate::common::with::With;
use std::collections::BTreeSet;

use crate::common::{CALLBACK, NOW, OAuth1Pair, ORIGIN, fields};
use http::Request;
use oauth_proto::oauth1::server::store::ClientRecord;
use oauth_proto::oauth1::server::{
    AfterConsent, Approval, Endpoint, Provider, RejectReason, Verifier, serve,
};
use oauth_proto::oauth1::{
    Authorization, Authorize, ClientCredentials, Method, Scheme, Session, Signer,
};
use oauth_proto::{Error, Refused};

#[test]
fn registered_callbacks_must_match_to_the_byte() {
    let pair = OAuth1Pair::default();
    let record = ClientRecord::with_secret("kd94hf93k423kf44").unwrap().add_callback(CALLBACK);
    pair.store.add_client("dpf43f3p2l4k3l03", record);
    assert!(pair.begin(Authorize::callback(CALLBACK)).is_ok());
    assert!(pair.begin(Authorize::out_of_band()).is_err(), "oob is a callback like the others");
    for other in [
        "https://printer.example.com/ready",
        "https://printer.example.com/ready?x=1#",
        "https://evil.example/",
    ] {
        let error = pair.begin(Authorize::callback(other)).unwrap_err();
        assert!(matches!(error, Error::Refused(Refused::Problem { .. })), "{other}: {error}");
    }
    let unregistered = OAuth1Pair::default();
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

/// The refusal of an unknown path lists the paths of the endpoints. Two endpoints cannot have the
/// same path.
#[test]
fn a_provider_serves_the_paths_that_were_set_and_names_them_to_others() {
    let builder = || Provider::builder(Verifier::new(ORIGIN).unwrap());
    let provider =
        builder().path(Endpoint::TokenCredentials, "oauth/access_token").build().unwrap();
    let pair = OAuth1Pair::default();
    let reach = |path: &str| {
        let request = Request::post(format!("{ORIGIN}{path}")).body(Vec::new()).unwrap();
        serve(provider.dispatch(&request, pair.moment()), &pair.store).unwrap_err()
    };
    assert_eq!(reach("/oauth/access_token?x=1").reason, RejectReason::Unsigned);
    let elsewhere = reach("/token");
    let expected = ["/initiate", "/authorize", "/oauth/access_token"].map(str::to_owned).to_vec();
    assert_eq!(elsewhere.reason, RejectReason::NoSuchPath { received: "/token".into(), expected });
    assert_eq!(elsewhere.response().status(), 404);
    for (path, problem) in [
        ("/initiate", "TemporaryCredentials and TokenCredentials have the same path \"/initiate\""),
        ("/token?x=1", "\"/token?x=1\" of TokenCredentials is not the path of a URL"),
        ("//evil.example/", "is not the path of a URL"),
    ] {
        let error =
            builder().path(Endpoint::TokenCredentials, path).build().unwrap_err().to_string();
        assert!(error.contains(problem) && error.contains("ProviderBuilder::path"), "{error}");
    }
}

#[test]
fn two_legged_requests_are_accepted_if_they_are_allowed() {
    let pair = OAuth1Pair::default();
    let mut request = Request::get(format!("{ORIGIN}/photos")).body(Vec::new()).unwrap();
    let session = Session::two_legged(&pair.client);
    assert!(!session.is_authorized());
    session.sign(&mut request, pair.moment()).unwrap();
    assert_eq!(
        pair.verify(&request).unwrap_err().reason,
        RejectReason::ParameterMissing("oauth_token")
    );
    let verifier = pair.provider.verifier().clone().with(|it| it.allow_two_legged = true);
    let verified = serve(verifier.verify(&request, pair.moment()), &pair.store).unwrap();
    assert_eq!((verified.token, verified.approval), (None, None));
}

#[test]
fn tokens_expire_if_the_service_sets_a_lifetime() {
    let hour = std::time::Duration::from_secs(3600);
    let pair = OAuth1Pair::new(
        |server| server,
        |provider| provider.with(|it| it.token_lifetime = Some(hour)),
    );
    let token = pair.token();
    assert_eq!(token.expires_at.unwrap().as_secs(), NOW + 3600);
    pair.now.set(NOW + 3600);
    let mut request = Request::get(format!("{ORIGIN}/photos")).body(Vec::new()).unwrap();
    Session::new(&pair.client, token).sign(&mut request, pair.moment()).unwrap();
    let rejected = pair.verify(&request).unwrap_err();
    assert_eq!(rejected.reason, RejectReason::TokenExpired);
    assert_eq!(fields(&rejected.response())["oauth_problem"], "token_expired");
}

#[test]
fn a_service_can_add_parameters_to_its_response() {
    let pair = OAuth1Pair::default();
    let Authorization { url, pending, .. } = pair.begin(Authorize::callback(CALLBACK)).unwrap();
    let consent = pair.consent(&url).unwrap();
    let grant = Approval::new("7").with(|it| {
        it.response_parameters.insert("screen_name".into(), "jane d".into());
        it.response_parameters.insert("oauth_token".into(), "not this".into());
    });
    let decision =
        serve(pair.provider.approve(consent, grant, pair.moment()), &pair.store).unwrap();
    let AfterConsent::Redirect(response) = decision else { panic!("{decision:?}") };
    let token = pair.redeem(pending, response.headers()["location"].to_str().unwrap()).unwrap();
    assert_eq!(
        token.extra.into_iter().collect::<Vec<_>>(),
        [("screen_name".into(), "jane d".into())]
    );
}

/// OAuth Request Body Hash §3.1: the parameters of a form are signed, so a form must not have a
/// hash as well.
#[test]
fn a_form_with_a_body_hash_is_refused() {
    use base64::Engine;
    use sha1::Digest;
    let pair = OAuth1Pair::default();
    let sign = |content_type: &str| {
        let mut request = Request::post(format!("{ORIGIN}/photos"))
            .header("content-type", content_type)
            .body(b"a=1".to_vec())
            .unwrap();
        Session::new(&pair.client, pair.token()).sign(&mut request, pair.moment()).unwrap();
        request
    };
    let hash = base64::engine::general_purpose::STANDARD.encode(sha1::Sha1::digest(b"a=1"));
    let with_hash = |mut request: Request<Vec<u8>>| {
        let value = request.headers()["authorization"].to_str().unwrap().to_owned();
        let hash = percent_encoding::utf8_percent_encode(&hash, percent_encoding::NON_ALPHANUMERIC)
            .to_string();
        let value = format!("{value}, oauth_body_hash=\"{hash}\"");
        request.headers_mut().insert("authorization", value.parse().unwrap());
        request
    };
    let form = with_hash(sign("application/x-www-form-urlencoded"));
    let rejected = pair.verify(&form).unwrap_err();
    assert_eq!(rejected.reason, RejectReason::ParameterInvalid("oauth_body_hash"));
    assert_eq!(rejected.response().status(), 400);
    // For another media type the hash is right, and only the signature is wrong, since it does not
    // cover the hash.
    assert_eq!(
        pair.verify(&with_hash(sign("text/plain"))).unwrap_err().reason,
        RejectReason::WrongSignature
    );
}

#[test]
fn a_decision_is_accepted_until_the_second_in_which_the_temporary_credentials_expire() {
    for (later, counts) in [(3599, true), (3600, false)] {
        for grants in [true, false] {
            let pair = OAuth1Pair::default();
            let Authorization { url, .. } = pair.begin(Authorize::callback(CALLBACK)).unwrap();
            let consent = pair.consent(&url).unwrap();
            pair.now.set(NOW + later);
            let moment = pair.moment();
            let step = if grants {
                pair.provider.approve(consent, Approval::new("jane"), moment)
            } else {
                pair.provider.deny(consent, moment)
            };
            let outcome = serve(step, &pair.store).map(drop).map_err(|rejected| rejected.reason);
            assert_eq!(
                outcome,
                if counts { Ok(()) } else { Err(RejectReason::NothingPending) },
                "{later} s later"
            );
        }
    }
}

/// A verifier that a user copies by hand needs only ten characters, because one wrong try ends the
/// grant.
#[test]
fn a_displayed_verifier_has_ten_random_characters() {
    let pair = OAuth1Pair::default();
    let mut seen = BTreeSet::new();
    for _ in 0..60 {
        let Authorization { url, .. } = pair.begin(Authorize::out_of_band()).unwrap();
        let consent = pair.consent(&url).unwrap();
        match serve(
            pair.provider.approve(consent, Approval::new("jane"), pair.moment()),
            &pair.store,
        )
        .unwrap()
        {
            AfterConsent::ShowVerifier(code) => {
                assert_eq!(code.expose().len(), 10);
                seen.extend(code.expose().chars());
            }
            decision => panic!("{decision:?}"),
        }
    }
    assert_eq!(seen.into_iter().collect::<String>(), "0123456789ABCDEFGHJKMNPQRSTVWXYZ");
}

/// Clients of oauthlib send such a hash. Without the option, the verifier expects the hash of the
/// signature method. With the option, another body is still refused.
#[test]
fn a_body_hash_by_sha1_under_another_method_needs_its_option() {
    let pair = OAuth1Pair::default();
    let mut request = Request::post(format!("{ORIGIN}/photos")).body(b"{}".to_vec()).unwrap();
    let client = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
    let scheme = Scheme::new(Method::HmacSha256).with(|it| it.sha1_body_hash = true);
    Signer::new(&scheme, &client, Some(&pair.token().credentials))
        .sign(&mut request, pair.moment())
        .unwrap();
    assert_eq!(pair.verify(&request).unwrap_err().reason, RejectReason::WrongBodyHash);
    let allowing = pair.provider.verifier().clone().with(|it| it.allow_sha1_body_hash = true);
    let mut changed = request.clone();
    changed.body_mut().push(b' ');
    let rejected = serve(allowing.verify(&changed, pair.moment()), &pair.store).unwrap_err();
    assert_eq!(rejected.reason, RejectReason::WrongBodyHash);
    assert!(serve(allowing.verify(&request, pair.moment()), &pair.store).is_ok());
}
