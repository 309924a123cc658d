//! Attacks on an OAuth 1.0a client, and the rows about responses, which apply to every client.

use crate::common::with::With;
use http::Request;
use oauth_proto::oauth1::CallbackError;
use oauth_proto::oauth1::{
    Authorization, Authorize, Callbacks, Client, ClientCredentials, Pending, Scheme, Server,
    Session, TokenCredentials,
};
use oauth_proto::{
    Error, Expired, Forged, Misbehaved, Moment, Response, Step, Timestamp, Unsupported,
};

use crate::common::{CALLBACK, OAuth1Pair};

fn server() -> Server {
    let url = |path: &str| format!("https://photos.example.net/{path}");
    Server::new(&url("initiate"), &url("authorize"), &url("token")).unwrap()
}

fn client(server: Server) -> Client {
    Client::new(server, ClientCredentials::new("key", "client-secret"))
}

fn moment() -> Moment {
    Moment::new(Timestamp::from_secs(1), [7; 32])
}

/// Runs the first leg with a response, and returns its result.
fn answered(server: Server, answer: Response) -> Result<Pending, Error> {
    match client(server).authorize(Authorize::callback(CALLBACK), moment())? {
        Step::Send(_, sent) => match sent.receive(answer, moment())? {
            Step::Done(authorization) => Ok(authorization.pending),
            step => panic!("{step:?}"),
        },
        step => panic!("{step:?}"),
    }
}

fn misbehaved(answer: Response) -> Misbehaved {
    match answered(server(), answer).unwrap_err() {
        Error::Misbehaved(misbehaved) => misbehaved,
        error => panic!("{error}"),
    }
}

fn ok(body: &str) -> Response {
    Response::new(body.as_bytes().to_vec())
}

/// Row `callback-unconfirmed`: if a server ignores the callback, the session fixation of 2009 is
/// still possible (RFC 5849 §2.1).
#[test]
fn temporary_credentials_without_a_confirmed_callback_are_refused() {
    for body in [
        "oauth_token=t&oauth_token_secret=s",
        "oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=false",
        "oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=",
        "oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=1",
        "oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true+",
        "oauth_token=t&oauth_token_secret=s&OAuth_Callback_Confirmed=true",
    ] {
        assert!(matches!(misbehaved(ok(body)), Misbehaved::CallbackUnconfirmed { .. }), "{body}");
        assert!(
            answered(server().with(|it| it.allow_unconfirmed_callback = true), ok(body)).is_ok()
        );
    }
    let json = r#"{"oauth_token":"t","oauth_token_secret":"s","oauth_callback_confirmed":false}"#;
    let error = answered(server().with(|it| it.allow_json_answers = true), ok(json)).unwrap_err();
    assert!(matches!(error, Error::Misbehaved(Misbehaved::CallbackUnconfirmed { .. })), "{error}");
    // Some servers of OAuth 1.0a spell the word as their programming language does.
    for confirmed in ["true", "True", "TRUE"] {
        let body =
            format!("oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed={confirmed}");
        answered(server(), ok(&body)).unwrap();
    }
    let json = r#"{"oauth_token":"t","oauth_token_secret":"s","oauth_callback_confirmed":true}"#;
    answered(server().with(|it| it.allow_json_answers = true), ok(json)).unwrap();
}

/// Row `request-token-other`: an attacker has sent their own request token to a victim.
#[test]
fn a_callback_with_the_token_of_another_authorization_is_refused() {
    let pair = OAuth1Pair::default();
    let Authorization { pending, .. } = pair.begin(Authorize::callback(CALLBACK)).unwrap();
    let error =
        pair.redeem(pending, "/ready?x=1&oauth_token=attackers&oauth_verifier=v").unwrap_err();
    assert!(
        matches!(error, Error::Forged(Forged::OAuth1(CallbackError::TokenMismatch { .. }))),
        "{error}"
    );
}

/// Row `request-token-other`: the callback contains no request token.
#[test]
fn a_callback_without_its_token_is_refused() {
    let pair = OAuth1Pair::default();
    for parameters in ["oauth_verifier=v", "", "oauth_verifier=v&OAuth_Token=t"] {
        let Authorization { pending, .. } = pair.begin(Authorize::callback(CALLBACK)).unwrap();
        let error = pair.redeem(pending, &format!("{CALLBACK}&{parameters}")).unwrap_err();
        assert_eq!(error, Forged::ParameterMissing { name: "oauth_token" }.into(), "{parameters}");
    }
}

/// Row `callback-replay`: the application stores this id to mark the pending value as used.
#[test]
fn the_id_of_a_pending_value_survives_storage_and_is_unique() {
    let pair = OAuth1Pair::default();
    let [one, other] = [(); 2].map(|()| pair.begin(Authorize::callback(CALLBACK)).unwrap().pending);
    let stored: Pending = serde_json::from_str(&serde_json::to_string(&one).unwrap()).unwrap();
    assert_eq!(stored.id(), one.id());
    assert_ne!(one.id(), other.id());
    assert!(!format!("{}", one.id()).contains(one.token()));
}

/// Row `pending-of-another-service`: another client would send the verifier to another server.
#[test]
fn a_pending_value_is_redeemed_only_by_its_own_client() {
    let at = |host: &str, key: &str| {
        let url = |path: &str| format!("https://{host}/{path}");
        let server = Server::new(&url("r"), &url("a"), &url("t")).unwrap();
        Client::new(server, ClientCredentials::new(key, "client-secret"))
    };
    let pending = || {
        let step =
            at("honest.example", "key").authorize(Authorize::callback(CALLBACK), moment()).unwrap();
        let Step::Send(_, sent) = step else { panic!("expected a request") };
        let answer = ok("oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true");
        let Step::Done(authorization) = sent.receive(answer, moment()).unwrap() else {
            panic!("expected the end of the conversation")
        };
        serde_json::to_value(&authorization.pending).unwrap()
    };
    let read =
        |stored: &serde_json::Value| serde_json::from_value::<Pending>(stored.clone()).unwrap();
    let redeem = |client: &Client, stored: &serde_json::Value| {
        client.redeem(read(stored), "/ready?x=1&oauth_token=t&oauth_verifier=v", moment())
    };
    let stored = pending();
    assert_eq!(stored["for"].as_str().unwrap().len(), 32, "128 bits");
    assert!(matches!(redeem(&at("honest.example", "key"), &stored), Ok(Step::Send(..))));
    for stranger in [
        at("evil.example", "key"),
        at("honest.example", "another"),
        at("honest.example:8443", "key"),
    ] {
        let other = || Error::from(Forged::OtherClient);
        assert_eq!(redeem(&stranger, &stored).unwrap_err(), other());
        assert_eq!(stranger.redeem_verifier(read(&stored), "v", moment()).unwrap_err(), other());
    }
    // The fingerprint is missing, or one of its digits was changed.
    let mut unmarked = stored.clone();
    unmarked.as_object_mut().unwrap().remove("for");
    assert_eq!(
        redeem(&at("honest.example", "key"), &unmarked).unwrap_err(),
        Forged::OtherClient.into()
    );
    let mut changed = stored.clone();
    let fingerprint = stored["for"].as_str().unwrap();
    changed["for"] =
        format!("{}{}", &fingerprint[..31], if fingerprint.ends_with('0') { '1' } else { '0' })
            .into();
    assert_eq!(
        redeem(&at("honest.example", "key"), &changed).unwrap_err(),
        Forged::OtherClient.into()
    );
    // The format of earlier versions, which stored no fingerprint.
    unmarked["v"] = 1.into();
    assert_eq!(
        redeem(&at("honest.example", "key"), &unmarked).unwrap_err(),
        Expired::Outdated.into()
    );
}

/// Row `duplicated-parameter`: two parsers could each read another of the two values.
#[test]
fn a_callback_that_names_a_parameter_twice_is_refused() {
    let pair = OAuth1Pair::default();
    for twice in ["oauth_token", "oauth_verifier"] {
        let Authorization { pending, .. } = pair.begin(Authorize::callback(CALLBACK)).unwrap();
        let token = pending.token();
        let callback = format!("{CALLBACK}&oauth_token={token}&oauth_verifier=v&{twice}={token}");
        assert_eq!(
            pair.redeem(pending, &callback),
            Err(Forged::ParameterTwice { name: twice }.into())
        );
    }
}

/// Row `html-200`: the page is of a captive portal, or about maintenance.
#[test]
fn a_page_on_status_200_is_not_read_as_credentials() {
    let answer = http::Response::builder()
        .header("content-type", "text/html; charset=utf-8")
        .body(b"<html>Please sign in</html>".to_vec())
        .unwrap();
    let misbehaved = misbehaved(answer);
    assert!(matches!(misbehaved, Misbehaved::WrongFormat { .. }));
    assert!(misbehaved.to_string().contains("text/html"), "{misbehaved}");
}

/// Row `error-on-200`: some servers refuse a request with a status of success.
#[test]
fn an_error_on_status_200_is_a_refusal() {
    let error = answered(server(), ok("oauth_problem=consumer_key_refused")).unwrap_err();
    assert!(matches!(error, Error::Refused(oauth_proto::Refused::Problem { .. })), "{error}");
}

/// Row `oversized-body`: the server sends without end.
#[test]
fn a_response_larger_than_64_kib_is_refused() {
    let beginning = "oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true&x=";
    let body = |length: usize| format!("{beginning}{}", "y".repeat(length - beginning.len()));
    assert!(matches!(misbehaved(ok(&body(64 * 1024 + 1))), Misbehaved::TooLarge { .. }));
    assert!(answered(server(), ok(&body(64 * 1024))).is_ok());
}

/// Row `form-duplicate-names`: it is undefined which of the two values is valid.
#[test]
fn a_form_that_names_a_field_twice_is_refused() {
    for body in [
        "oauth_token=t&oauth_token=u&oauth_token_secret=s",
        "x=1&oauth_token=t&oauth_token_secret=s&x=1",
    ] {
        assert!(matches!(misbehaved(ok(body)), Misbehaved::FieldTwice { .. }), "{body}");
    }
}

/// Row `json-duplicate-keys`: it is undefined which of the two values is valid.
#[test]
fn json_that_names_a_field_twice_is_refused() {
    let body = concat!(
        r#"{"oauth_token":"t","oauth_token":"u","oauth_token_secret":"s","#,
        r#""oauth_callback_confirmed":"true"}"#,
    );
    let error = answered(server().with(|it| it.allow_json_answers = true), ok(body)).unwrap_err();
    assert!(matches!(error, Error::Misbehaved(Misbehaved::FieldTwice { .. })), "{error}");
}

/// Row `answer-malformed`: the client assumes no values for missing parts of the response.
#[test]
fn credentials_that_are_empty_missing_or_not_utf8_are_refused() {
    assert!(matches!(
        misbehaved(ok("oauth_token=&oauth_token_secret=s")),
        Misbehaved::FieldMissing { .. }
    ));
    assert!(matches!(
        misbehaved(ok("oauth_token=t")),
        Misbehaved::FieldMissing { field: "oauth_token_secret", .. }
    ));
    assert!(matches!(
        misbehaved(ok("oauth_token=%ff&oauth_token_secret=s")),
        Misbehaved::WrongFormat { .. }
    ));
}

/// Row `expires-in-odd`: if the lifetime is misread, an expired token is still used.
#[test]
fn a_lifetime_that_is_not_a_whole_number_is_refused() {
    let pair = OAuth1Pair::default();
    let mut handle = pair.token();
    handle.session_handle = Some("h".into());
    for (seconds, fine) in [
        ("3600", true),
        ("0", true),
        ("3600abc", false),
        ("-1", false),
        ("", false),
        ("1.5", false),
    ] {
        let Step::Send(_, sent) = pair.client.renew(&handle, pair.moment()).unwrap() else {
            panic!("nothing sent")
        };
        let answer = ok(&format!("oauth_token=t&oauth_token_secret=s&oauth_expires_in={seconds}"));
        assert_eq!(sent.receive(answer, pair.moment()).is_ok(), fine, "{seconds}");
    }
}

/// Row `redirect-followed`: a client that followed the redirect would send the secrets to another
/// server.
#[test]
fn a_redirect_of_a_credentials_endpoint_is_refused_and_its_query_not_shown() {
    for status in [301, 302, 303, 307, 308] {
        let answer = http::Response::builder()
            .status(status)
            .header("location", "https://evil.example/?token=secret1")
            .body(Vec::new())
            .unwrap();
        let misbehaved = misbehaved(answer);
        assert!(matches!(
            &misbehaved,
            Misbehaved::Redirect { location, .. } if location == "https://evil.example/"
        ));
    }
}

/// Row `http-endpoint`: the response holds secrets (RFC 5849 §2.1).
#[test]
fn an_endpoint_without_tls_is_used_only_on_this_machine() {
    let urls = |origin: &str| ["1", "2", "3"].map(|path| format!("{origin}/{path}"));
    let [one, two, three] = urls("http://photos.example.net");
    let plain = || Server::new(&one, &two, &three).unwrap();
    let authorize =
        |server: Server| client(server).authorize(Authorize::callback(CALLBACK), moment());
    let error = authorize(plain()).unwrap_err();
    assert!(matches!(error, Error::Unsupported(Unsupported::PlainHttp { .. })), "{error}");
    assert!(authorize(plain().with(|it| it.dangerous_allow_http = true)).is_ok());
    for origin in ["http://127.0.0.1:8080", "http://[::1]", "http://localhost:3000"] {
        let [one, two, three] = urls(origin);
        assert!(authorize(Server::new(&one, &two, &three).unwrap()).is_ok(), "{origin}");
    }
}

/// Row `plaintext-without-tls`: the secrets would travel in the clear (RFC 5849 §3.4.4).
#[test]
fn plaintext_is_not_sent_without_tls() {
    let scheme = Scheme::new(oauth_proto::oauth1::Method::DangerousPlaintext);
    let session =
        Session::from_credentials(&scheme, &ClientCredentials::new("key", "secret"), None);
    let mut request = Request::get("http://photos.example.net/").body(Vec::new()).unwrap();
    let error = session.sign(&mut request, moment()).unwrap_err();
    assert!(matches!(error, Error::Unsupported(Unsupported::PlainHttp { .. })), "{error}");
    assert!(request.headers().is_empty());
    // The URL decides where the request is sent, not the `Host` header.
    request.headers_mut().insert("host", "localhost".parse().unwrap());
    assert!(session.sign(&mut request, moment()).is_err());
}

/// Row `token-to-wrong-host`: the requests for later redirects are not signed either.
#[test]
fn a_redirect_to_another_origin_is_followed_without_a_signature() {
    let token = TokenCredentials::new("token", "secret");
    let session = Session::from_credentials(
        &Scheme::default(),
        &ClientCredentials::new("key", "secret"),
        Some(token.into()),
    );
    let to = |location: &str| {
        http::Response::builder().status(307).header("location", location).body(()).unwrap()
    };
    let mut request = Request::post("https://photos.example.net/a")
        .header("cookie", "x=1")
        .body(b"b".to_vec())
        .unwrap();
    session.sign(&mut request, moment()).unwrap();
    for elsewhere in [
        "https://evil.example/",
        "http://photos.example.net/",
        "https://photos.example.net:8443/",
        "//evil.example",
    ] {
        let away = session.follow(&request, &to(elsewhere), moment()).unwrap().unwrap();
        assert!(
            !away.headers().contains_key("authorization") && !away.headers().contains_key("cookie")
        );
        assert_eq!(away.body(), b"b");
        // The other origin redirects to itself, and then back. Neither request is signed.
        let within = session.follow(&away, &to("/b"), moment()).unwrap().unwrap();
        assert!(!within.headers().contains_key("authorization"), "{}", within.uri());
        let back =
            session.follow(&away, &to("https://photos.example.net/a"), moment()).unwrap().unwrap();
        assert!(!back.headers().contains_key("authorization"), "{}", back.uri());
    }
    let user = session
        .follow(&request, &to("https://u:pw@photos.example.net/b"), moment())
        .unwrap()
        .unwrap();
    assert_eq!(user.uri(), "https://photos.example.net/b");
    let here = session
        .follow(&request, &to("https://PHOTOS.example.net:443/b"), moment())
        .unwrap()
        .unwrap();
    assert!(here.headers().contains_key("authorization") && here.headers().contains_key("cookie"));
}

/// A GET has no body, so the parameters cannot be in a form.
#[test]
fn a_get_after_a_form_is_signed_in_the_header() {
    let scheme =
        Scheme::default().with(|it| it.placement = oauth_proto::oauth1::ParameterPlacement::Body);
    let session =
        Session::from_credentials(&scheme, &ClientCredentials::new("key", "secret"), None);
    let mut request = Request::post("https://photos.example.net/a").body(Vec::new()).unwrap();
    session.sign(&mut request, moment()).unwrap();
    let response = http::Response::builder().status(303).header("location", "/b").body(()).unwrap();
    let next = session.follow(&request, &response, moment()).unwrap().unwrap();
    assert!(
        next.method() == "GET"
            && next.body().is_empty()
            && next.headers().contains_key("authorization")
    );
}

/// Row `token-in-log`: more people can read logs than may have the credentials.
#[test]
fn no_error_and_no_debug_output_of_a_client_shows_a_secret() {
    let echoed = http::Response::builder()
        .status(401)
        .body(
            br#"{"error":{"echo":{"oauth_signature":"sesamopen"}},"oauth_secret":"sesamopen"}"#
                .to_vec(),
        )
        .unwrap();
    let error = answered(server(), echoed).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("sesamopen"), "{error:?}");
    for url in [
        "ftp://u:sesamopen@p.example/",
        "https://u:sesamopen@p.example/",
        "https://p.example/#sesamopen",
    ] {
        let error = Server::new(url, url, url).unwrap_err();
        assert!(!format!("{error:?}").contains("sesamopen"), "{error:?}");
    }
    let answer = ok("oauth_token=t0k3n&oauth_token_secrets=s3cr3t&oauth_callback_confirmed=true");
    let error = answered(server(), answer).unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("s3cr3t") && !shown.contains("client-secret"), "{shown}");
    let Step::Send(..) =
        client(server()).authorize(Authorize::callback(CALLBACK), moment()).unwrap()
    else {
        panic!("expected a request")
    };
    let step = client(server()).authorize(Authorize::callback(CALLBACK), moment()).unwrap();
    assert_eq!(format!("{step:?}"), "Send(POST /initiate, Sent(RequestingTemporaryCredentials))");
}

/// Row `callback-place`: the user was sent back by another service. The token matches, because a
/// malicious service can copy the identifier of the temporary credentials.
#[test]
fn a_callback_at_another_uri_sends_no_verifier() {
    let pending = |authorize: Authorize, server: Server| {
        let step = client(server).authorize(authorize, moment()).unwrap();
        let Step::Send(_, sent) = step else { panic!("expected a request") };
        let answer = ok("oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true");
        let Step::Done(authorization) = sent.receive(answer, moment()).unwrap() else {
            panic!("expected the end of the conversation")
        };
        authorization.pending
    };
    let evil = || pending(Authorize::callback("https://printer.example.com/evil"), server());
    let came = |client: &Client, pending, before: &str| {
        client
            .redeem(pending, &format!("{before}oauth_token=t&oauth_verifier=HONEST"), moment())
            .map(drop)
    };
    let own = client(server());
    for before in
        ["https://printer.example.com/honest?", "/honest?", "http://printer.example.com/evil?"]
    {
        let error = came(&own, evil(), before).unwrap_err();
        assert!(matches!(error, Error::Forged(Forged::PlaceMismatch { .. })), "{before}: {error}");
        assert!(!error.to_string().contains("HONEST"), "{error}");
    }
    for before in ["", "?"] {
        let error = came(&own, evil(), before).unwrap_err();
        assert_eq!(
            error,
            Forged::PlaceMissing { expected: "https://printer.example.com/evil".into() }.into()
        );
        came(&own.clone().with(|it| it.allow_callback_without_place = true), evil(), before)
            .unwrap();
    }
    came(&own, evil(), "https://printer.example.com/evil?").unwrap();
    came(&own, evil(), "/evil?").unwrap();
    let proxied = own.clone().with(|it| it.allow_callback_at_any_origin = true);
    came(&proxied, evil(), "http://10.0.0.5/evil?").unwrap();
    came(&proxied, evil(), "http://10.0.0.5/honest?").unwrap_err();

    // A registered callback URL is compared if the application has passed it.
    let untold = || server().with(|it| it.callbacks = Some(Callbacks::Registered));
    let own = client(untold());
    came(
        &own,
        pending(
            Authorize::allow_any_callback(),
            untold().with(|it| it.allow_unconfirmed_callback = true),
        ),
        "/anywhere?",
    )
    .unwrap();
    let known = || pending(Authorize::registered("https://printer.example.com/evil"), untold());
    came(&own, known(), "/evil?").unwrap();
    came(&own, known(), "/honest?").unwrap_err();
    client(untold()).authorize(Authorize::registered("/evil"), moment()).unwrap_err();
    // A callback at another URL is refused, too, if it says that the user denied access.
    let error = client(server()).redeem(evil(), "/honest?denied=t", moment()).unwrap_err();
    assert!(matches!(error, Error::Forged(Forged::PlaceMismatch { .. })), "{error}");
}
