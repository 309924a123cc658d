//! Reading the responses of servers: RFC 5849 §2.1 and §2.3, the Problem Reporting extension, and
//! other formats in use.

use crate::common::with::With;
use crate::common::{CALLBACK, NOW, OAuth1Pair};
use oauth_proto::oauth1::server::store::ClientRecord;
use oauth_proto::oauth1::{Authorization, Authorize, Pending, Session, Token};
use oauth_proto::{
    ApiRequest, Error, Forged, Misbehaved, Moment, Refused, Response, Step, Timestamp,
};

#[test]
fn a_denial_has_the_explanation_of_the_service() {
    let pair = OAuth1Pair::default();
    for (explained, word) in [
        (
            "oauth_problem=user_refused&oauth_problem_advice=Ask+again+tomorrow",
            "Ask again tomorrow",
        ),
        ("error=access_denied&error_description=Jane+said+no", "Jane said no"),
        ("denied={token}&oauth_problem=user_refused", "user_refused"),
        ("oauth_problem=user_refused&oauth_problem_advice=Acc%E8s+refus%E9", "refus"),
    ] {
        let Authorization { pending, .. } = pair.begin(Authorize::callback(CALLBACK)).unwrap();
        let callback = format!("{CALLBACK}&oauth_token={}&{explained}", pending.token())
            .replace("{token}", pending.token());
        let error = pair.redeem(pending, &callback).unwrap_err();
        assert!(matches!(error, Error::Refused(Refused::Denied { .. })), "{error}");
        assert!(error.to_string().contains(word), "{error}");
    }
    // Empty error parameters are ignored, and the verifier is still required.
    let Authorization { pending, .. } = pair.begin(Authorize::callback(CALLBACK)).unwrap();
    let callback = format!("{CALLBACK}&oauth_token={}&oauth_problem=&error=", pending.token());
    assert_eq!(
        pair.redeem(pending, &callback),
        Err(Forged::ParameterMissing { name: "oauth_verifier" }.into())
    );
}

/// Returns the pending authorization after the response with the temporary credentials `t`.
pub fn first_leg(pair: &OAuth1Pair) -> Pending {
    let Step::Send(_, sent) =
        pair.client.authorize(Authorize::callback(CALLBACK), pair.moment()).unwrap()
    else {
        panic!("expected a request")
    };
    let answer =
        Response::new(b"oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true".to_vec());
    let Step::Done(authorization) = sent.receive(answer, pair.moment()).unwrap() else {
        panic!("expected the end of the conversation")
    };
    authorization.pending
}

/// Returns the result of the last leg when the token endpoint responds with `body`.
pub fn answered(pair: &OAuth1Pair, body: &str) -> Result<Token, Error> {
    let pending = first_leg(pair);
    let step =
        pair.client.redeem(pending, "/ready?x=1&oauth_token=t&oauth_verifier=v", pair.moment())?;
    let Step::Send(_, sent) = step else { panic!("expected a request") };
    match sent.receive(Response::new(body.as_bytes().to_vec()), pair.moment())? {
        Step::Done(token) => Ok(token),
        step => panic!("{step:?}"),
    }
}

#[test]
fn every_field_of_the_answer_is_kept() {
    let token = answered(
        &OAuth1Pair::default(),
        "oauth_token=6253282&oauth_token_secret=2EEf&user_id=6253282&screen_name=twitter%20api\
         &x_auth_expires=0\n",
    )
    .unwrap();
    assert_eq!(token.credentials.token, "6253282");
    assert_eq!(token.extra["screen_name"], "twitter api");
    assert_eq!(token.extra["x_auth_expires"], "0");
    let stored = serde_json::to_string(&token).unwrap();
    assert_eq!(serde_json::from_str::<Token>(&stored).unwrap(), token);
}

#[test]
fn json_is_read_only_if_it_is_allowed() {
    let body = r#"{"oauth_token":"t","oauth_token_secret":"s","user_id":7}"#;
    assert!(matches!(
        answered(&OAuth1Pair::default(), body),
        Err(Error::Misbehaved(Misbehaved::FieldMissing { .. }))
    ));
    let lenient =
        OAuth1Pair::new(|it| it.with(|it| it.allow_json_answers = true), |provider| provider);
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
fn an_empty_error_is_not_a_refusal() {
    let form = "oauth_token=t&oauth_token_secret=s";
    for error in ["error=", "oauth_problem=", "error=&error_description=", "oauth_problem=&error="]
    {
        answered(&OAuth1Pair::default(), &format!("{form}&{error}")).unwrap();
    }
    let lenient =
        OAuth1Pair::new(|it| it.with(|it| it.allow_json_answers = true), |provider| provider);
    for error in [r#""error":null"#, r#""error":"""#, r#""oauth_problem":"""#] {
        answered(&lenient, &format!(r#"{{"oauth_token":"t","oauth_token_secret":"s",{error}}}"#))
            .unwrap();
    }
    // A response with an error code is a refusal, even if it contains a token.
    for error in ["error=&oauth_problem=nonce_used", "oauth_problem=&error=nonce_used"] {
        let refused = answered(&OAuth1Pair::default(), &format!("{form}&{error}")).unwrap_err();
        assert_eq!(refused.code(), Some("nonce_used"), "{error}");
    }
    let challenge = r#"OAuth oauth_problem="nonce_used""#;
    assert_eq!(
        refused(&[("www-authenticate", challenge)], 401, "error=").code(),
        Some("nonce_used")
    );
}

#[test]
fn a_byte_order_mark_is_ignored() {
    answered(&OAuth1Pair::default(), "\u{feff}oauth_token=t&oauth_token_secret=s").unwrap();
    let lenient =
        OAuth1Pair::new(|it| it.with(|it| it.allow_json_answers = true), |provider| provider);
    answered(&lenient, "\u{feff} {\"oauth_token\":\"t\",\"oauth_token_secret\":\"s\"}").unwrap();
    for body in ["\u{feff}oauth_problem=nonce_used", "\u{feff}{\"error\":\"nonce_used\"}"] {
        assert_eq!(refused(&[], 401, body).code(), Some("nonce_used"), "{body}");
    }
    // Only one byte order mark is ignored. The second is part of the first name.
    answered(&OAuth1Pair::default(), "\u{feff}\u{feff}oauth_token=t&oauth_token_secret=s")
        .unwrap_err();
}

#[test]
fn an_error_of_the_client_has_the_explanation_of_the_server() {
    let pair = OAuth1Pair::default();
    pair.store.add_client("dpf43f3p2l4k3l03", ClientRecord::with_secret("another secret").unwrap());
    let error = pair.begin(Authorize::callback(CALLBACK)).unwrap_err();
    let Error::Refused(Refused::Problem { code, response: answer, .. }) = error else {
        panic!("{error}")
    };
    assert_eq!((code.as_str(), answer.status.as_u16()), ("signature_invalid", 401));
}

/// Returns the error of the first leg for this refusal.
fn refused(headers: &[(&str, &str)], status: u16, body: &str) -> Error {
    let pair = OAuth1Pair::default();
    let Step::Send(_, sent) =
        pair.client.authorize(Authorize::callback(CALLBACK), pair.moment()).unwrap()
    else {
        panic!("expected a request")
    };
    let mut answer = http::Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    sent.receive(answer.body(body.as_bytes().to_vec()).unwrap(), pair.moment()).unwrap_err()
}

#[test]
fn a_problem_in_the_challenge_is_read_too() {
    for (separator, before) in [
        (", ", ""),
        (" ", ""),
        ("; ", ""),
        (", ", r#"Basic realm="y", "#),
        (" ", r#"Basic realm="y" "#),
    ] {
        let parameters = [
            r#"OAuth realm="x""#,
            r#"oauth_problem="consumer_key_rejected""#,
            r#"oauth_problem_advice="ask us""#,
            r#"oauth_acceptable_versions="1-2""#,
            r#"oauth_token_secret="abc""#,
        ];
        let challenge = format!("{before}{}", parameters.join(separator));
        let error = refused(&[("www-authenticate", &challenge)], 401, "<h1>No</h1>");
        let Error::Refused(Refused::Problem { code, advice, details, .. }) = error else {
            panic!("{error}")
        };
        assert_eq!(
            (code.as_str(), advice.as_deref()),
            ("consumer_key_rejected", Some("ask us")),
            "{challenge}"
        );
        assert_eq!(
            details.into_iter().collect::<Vec<_>>(),
            [("oauth_acceptable_versions".into(), "1-2".into())]
        );
    }
    let twice = r#"OAuth oauth_problem="token_expired", OAuth_Problem="token_revoked""#;
    assert_eq!(refused(&[("www-authenticate", twice)], 401, "").code(), None);
}

#[test]
fn an_unusual_explanation_of_a_server_is_kept() {
    for (body, code, word) in [
        (
            r#"{"errors":[{"code":32,"message":"Could not authenticate you."}]}"#,
            "32",
            "Could not authenticate you.",
        ),
        (r#"{"errors":[{"code":"no_key","message":"Whose?"}]}"#, "no_key", "Whose?"),
        (
            "oauth_problem=parameter_absent&oauth_parameters_absent=oauth_nonce",
            "parameter_absent",
            "oauth_nonce",
        ),
        ("error=no_key&error_description=Cl%E9+inconnue", "no_key", "inconnue"),
        ("error=no_key&error_description=Whose%3F&x=1&x=2", "no_key", "Whose?"),
    ] {
        let error = refused(&[], 401, body);
        assert_eq!(error.code(), Some(code), "{body}");
        assert!(error.to_string().contains(word), "{error}");
    }
    assert_eq!(refused(&[], 401, r#"{"errors":[]}"#).code(), None);
    let token =
        refused(&[], 401, "oauth_problem=x&oauth_token_secret=s3cr3t&oauth_parameters_absent=y");
    assert!(!format!("{token} {token:?}").contains("s3cr3t"), "{token}");
}

#[test]
fn a_refused_timestamp_says_how_far_the_clock_is_off() {
    let said = |acceptable: &str| {
        let body =
            format!("oauth_problem=timestamp_refused&oauth_acceptable_timestamps={acceptable}");
        refused(&[], 401, &body).to_string()
    };
    let range = |before: u64, after: u64| format!("{}-{}", NOW - before, NOW - after);
    assert!(
        said(&range(4200, 3600)).contains("the clock is at least 3,600 s fast"),
        "{}",
        said(&range(4200, 3600))
    );
    let late = format!("{}-{}", NOW + 1_234_567, NOW + 1_235_000);
    assert!(said(&late).contains("the clock is at least 1,234,567 s slow"), "{}", said(&late));
    assert!(said(&range(5, 3)).contains("the clock is at least 3 s fast"));
    // Without a valid range that excludes the client's time, the error does not mention the clock.
    for odd in [
        range(300, 0),
        "".into(),
        "5".into(),
        "a-b".into(),
        "9-3".into(),
        format!("{}-{}", "9".repeat(30), 1),
    ] {
        assert!(!said(&odd).contains("the clock"), "{odd}");
    }
    // The refusal of this crate's provider is read in the same way, also after an API call.
    let pair = OAuth1Pair::default();
    let late = || Moment::new(Timestamp::from_secs(NOW + 3600), [9; 32]);
    let Step::Send(request, sent) =
        pair.client.authorize(Authorize::callback(CALLBACK), late()).unwrap()
    else {
        panic!("expected a request")
    };
    let answer = || pair.answer(&request);
    let error = sent.receive(answer(), late()).unwrap_err();
    assert!(error.to_string().contains("s fast"), "{error}");
    let call = ApiRequest::new("https://photos.example.net/x").unwrap();
    let Step::Send(_, sent) = Session::two_legged(&pair.client).call(&call, late()).unwrap() else {
        panic!("expected a request")
    };
    let error = sent.receive(answer(), late()).unwrap_err();
    assert!(error.to_string().contains("s fast"), "{error}");
    let Error::Refused(Refused::Problem { details, .. }) = error else { panic!("{error}") };
    assert_eq!(details["oauth_timestamp"], (NOW + 3600).to_string());
}

#[test]
fn an_error_in_json_on_status_200_is_an_error_whether_or_not_json_is_read() {
    let lenient =
        OAuth1Pair::new(|it| it.with(|it| it.allow_json_answers = true), |provider| provider);
    for (body, code, word) in [
        (
            r#"{"errors":[{"code":32,"message":"Could not authenticate you."}]}"#,
            "32",
            "Could not authenticate you.",
        ),
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
fn an_api_answer_that_has_only_an_error_is_a_refusal() {
    let pair = OAuth1Pair::default();
    let called = |body: &str| {
        let call = ApiRequest::new("https://photos.example.net/x").unwrap();
        let step = Session::two_legged(&pair.client).call(&call, pair.moment()).unwrap();
        let Step::Send(_, sent) = step else { panic!("expected a request") };
        sent.receive(Response::new(body.as_bytes().to_vec()), pair.moment())
    };
    let error =
        called(r#"{"errors":[{"code":135,"message":"Timestamp out of bounds."}]}"#).unwrap_err();
    assert_eq!(error.code(), Some("135"));
    assert!(error.to_string().contains("Timestamp out of bounds."), "{error}");
    assert_eq!(
        called(r#"{"error":"Not authorized","request":"/1.1/x.json"}"#).unwrap_err().code(),
        Some("Not authorized")
    );
    // A body with other content is returned to the application.
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
fn without_other_information_the_date_of_the_answer_says_how_far_the_clock_is_off() {
    // The client's clock is at 22:13:20 (1,700,000,000 s after 1970).
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
    // The range that the server reports takes precedence over the date.
    let range = format!(
        "oauth_problem=timestamp_refused&oauth_acceptable_timestamps={}-{}",
        NOW + 600,
        NOW + 1200
    );
    assert!(
        said(early, &range).contains("at least 600 s slow")
            && !said(early, &range).contains("3,600")
    );
}

#[test]
fn a_lifetime_is_read_in_every_form_of_a_whole_number_and_in_no_other() {
    let pair = OAuth1Pair::default();
    let expires_at = |value: &str| {
        let body = format!(
            "oauth_token=a&oauth_token_secret=b&oauth_expires_in={value}\
             &oauth_authorization_expires_in={value}"
        );
        answered(&pair, &body).map(|token| token.expires_at.unwrap().as_secs())
    };
    for value in ["3600", "3600.0", "+3600+"] {
        assert_eq!(expires_at(value).unwrap(), NOW + 3600, "{value}");
    }
    let lenient =
        OAuth1Pair::new(|it| it.with(|it| it.allow_json_answers = true), |provider| provider);
    for value in ["3600", "3600.0", "\"3600\""] {
        let body =
            format!(r#"{{"oauth_token":"a","oauth_token_secret":"b","oauth_expires_in":{value}}}"#);
        assert_eq!(
            answered(&lenient, &body).unwrap().expires_at.unwrap().as_secs(),
            NOW + 3600,
            "{value}"
        );
    }
    for value in ["-1", "1.5", "%2B1", "an+hour", ""] {
        let error = expires_at(value).unwrap_err();
        assert!(error.to_string().contains("oauth_expires_in"), "{value}: {error}");
    }
}
