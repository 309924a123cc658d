//! Departures of servers from RFC 5849: the options of `Server`, and the version of 2007.

use crate::common::with::With;
use crate::common::{CALLBACK, NOW, OAuth1Pair, ORIGIN};
use crate::responses::{answered, first_leg};
use oauth_proto::oauth1::RequestError;
use oauth_proto::oauth1::{
    Authorization, Authorize, Callbacks, Client, ClientCredentials, KeyEncoding,
    ParameterPlacement, Scheme, Server, Session,
};
use oauth_proto::{ApiRequest, Error, Forged, Moment, Response, Step, Timestamp, Unsupported};

#[test]
fn the_order_of_the_options_of_a_service_does_not_matter() {
    type Say = fn(Server) -> Server;
    let version_2007: Say = |it| it.with(|it| it.dangerous_version_1_0 = true);
    let first: Say = |server| server.with(|it| it.callbacks = Some(Callbacks::WithRequest));
    let in_query: Say = |server| {
        server.with(|it| {
            it.scheme = Scheme::default().with(|it| it.placement = ParameterPlacement::Query);
        })
    };
    let encoded: Say = |server| {
        server.with(|it| {
            it.scheme = Scheme::default().with(|it| it.key_encoding = Some(KeyEncoding::Encoded));
        })
    };
    let sent = |say: &[Say]| {
        let server =
            Server::new("https://a.example/1", "https://a.example/2", "https://a.example/3")
                .unwrap();
        let server = say.iter().fold(server, |server, say| say(server));
        // The `&` in the secret makes the two key encodings differ.
        let client = Client::new(server, ClientCredentials::new("k", "s&s"));
        let moment = || Moment::new(Timestamp::from_secs(NOW), [7; 32]);
        let Step::Send(request, sent) =
            client.authorize(Authorize::callback(CALLBACK), moment()).unwrap()
        else {
            panic!("expected a request")
        };
        let answer = Response::new(b"oauth_token=t&oauth_token_secret=s".to_vec());
        let Step::Done(authorization) = sent.receive(answer, moment()).unwrap() else {
            panic!("expected the end of the conversation")
        };
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
    let pair =
        OAuth1Pair::new(|it| it.with(|it| it.dangerous_version_1_0 = true), |provider| provider);
    let Step::Send(request, sent) =
        pair.client.authorize(Authorize::callback(CALLBACK), pair.moment()).unwrap()
    else {
        panic!("expected a request")
    };
    assert!(!request.headers()["authorization"].to_str().unwrap().contains("oauth_callback"));
    let answer = Response::new(b"oauth_token=t&oauth_token_secret=s".to_vec());
    let Step::Done(authorization) = sent.receive(answer, pair.moment()).unwrap() else {
        panic!("expected the end of the conversation")
    };
    assert_eq!(
        authorization.url,
        format!(
            "{ORIGIN}/authorize?oauth_token=t\
             &oauth_callback=https%3A%2F%2Fprinter.example.com%2Fready%3Fx%3D1"
        )
    );
    let step = pair
        .client
        .redeem(authorization.pending, "/ready?x=1&oauth_token=t", pair.moment())
        .unwrap();
    let Step::Send(request, _) = step else { panic!("expected a request") };
    assert!(!request.headers()["authorization"].to_str().unwrap().contains("oauth_verifier"));
}

#[test]
fn a_service_with_registered_callbacks_never_gets_a_callback() {
    let pair = OAuth1Pair::new(
        |server| server.with(|it| it.callbacks = Some(Callbacks::Registered)),
        |provider| provider,
    );
    let error = pair.client.authorize(Authorize::callback(CALLBACK), pair.moment()).unwrap_err();
    assert_eq!(error, RequestError::CallbackNotAccepted.into());
    let Step::Send(request, _) =
        pair.client.authorize(Authorize::allow_any_callback(), pair.moment()).unwrap()
    else {
        panic!("expected a request")
    };
    assert!(!request.headers()["authorization"].to_str().unwrap().contains("oauth_callback"));
}

#[test]
fn custom_parameters_are_placed_where_the_request_has_its_parameters() {
    let first = |server: fn(Server) -> Server| {
        let pair = OAuth1Pair::new(server, |provider| provider);
        let authorize =
            Authorize::callback(CALLBACK).parameter("scope", "a b").parameter("oauth_own", "c");
        match pair.client.authorize(authorize, pair.moment()).unwrap() {
            Step::Send(request, _) => request,
            step => panic!("{step:?}"),
        }
    };
    let posted = first(|server| server);
    assert_eq!(posted.body(), b"scope=a%20b");
    assert_eq!(posted.headers()["content-type"], "application/x-www-form-urlencoded");
    assert!(posted.headers()["authorization"].to_str().unwrap().contains("oauth_own=\"c\""));
    let got = first(|it| it.with(|it| it.by_get = true));
    assert_eq!((got.uri().query(), got.body().len()), (Some("scope=a%20b"), 0));
    assert!(!got.headers().contains_key("content-type"));

    // Without custom parameters, a POST has no body and no `Content-Type`, unless the body contains
    // the parameters of the protocol.
    for (placement, labelled) in
        [(ParameterPlacement::Header, false), (ParameterPlacement::Body, true)]
    {
        let scheme = Scheme::default().with(|it| it.placement = placement);
        let pair =
            OAuth1Pair::new(|server| server.with(|it| it.scheme = scheme), |provider| provider);
        let Step::Send(request, _) =
            pair.client.authorize(Authorize::callback(CALLBACK), pair.moment()).unwrap()
        else {
            panic!("expected a request")
        };
        assert_eq!(
            (request.headers().contains_key("content-type"), !request.body().is_empty()),
            (labelled, labelled)
        );
    }
}

#[test]
fn the_callback_is_sent_in_both_places_if_the_service_wants_it() {
    let pair = OAuth1Pair::new(
        |server| server.with(|it| it.callbacks = Some(Callbacks::WithBoth)),
        |provider| provider,
    );
    let Authorization { url, .. } = pair.begin(Authorize::callback(CALLBACK)).unwrap();
    assert!(url.contains("&oauth_callback=https%3A%2F%2F"));
}

#[test]
fn an_authentication_endpoint_gets_the_token_and_no_callback() {
    let pair = OAuth1Pair::new(
        |server| {
            server
                .with(|it| it.callbacks = Some(Callbacks::WithBoth))
                .authentication("https://photos.example.net/signin")
                .unwrap()
        },
        |provider| provider,
    );
    let authorize =
        || Authorize::callback(CALLBACK).with(|it| it.at_authentication_endpoint = true);
    let Authorization { url, pending, .. } =
        pair.begin(authorize().url_parameter("force_login", "true")).unwrap();
    assert_eq!(url, format!("{ORIGIN}/signin?force_login=true&oauth_token={}", pending.token()));
    let error = OAuth1Pair::default().begin(authorize()).unwrap_err();
    assert_eq!(error, Unsupported::NoEndpoint { endpoint: "authentication" }.into());
}

#[test]
fn names_of_the_protocol_are_reserved() {
    let pair = OAuth1Pair::default();
    let authorize = Authorize::callback(CALLBACK).parameter("oauth_token", "x");
    let reserved = || Error::from(Unsupported::ReservedParameter { name: "oauth_token".into() });
    assert_eq!(pair.client.authorize(authorize, pair.moment()).unwrap_err(), reserved());
    let authorize = Authorize::callback(CALLBACK).url_parameter("oauth_token", "x");
    assert_eq!(pair.client.authorize(authorize, pair.moment()).unwrap_err(), reserved());
}

#[test]
fn a_missing_verifier_is_refused_unless_the_service_sends_none() {
    let pair = OAuth1Pair::default();
    let Authorization { pending, .. } = pair.begin(Authorize::callback(CALLBACK)).unwrap();
    let callback = format!("{CALLBACK}&oauth_token={}", pending.token());
    let missing = Forged::ParameterMissing { name: "oauth_verifier" };
    assert_eq!(pair.redeem(pending, &callback), Err(missing.clone().into()));
    let Authorization { pending, .. } = pair.begin(Authorize::out_of_band()).unwrap();
    assert_eq!(
        pair.client.redeem_verifier(pending, " ", pair.moment()).unwrap_err(),
        missing.into()
    );
    let lenient =
        OAuth1Pair::new(|it| it.with(|it| it.dangerous_version_1_0 = true), |provider| provider);
    assert!(lenient.client.redeem_verifier(first_leg(&lenient), "", lenient.moment()).is_ok());
}

/// Asserts that the error without the option names the option, and that there is no error with the
/// option.
#[track_caller]
fn lifted<T: std::fmt::Debug>(option: &str, without: Result<T, Error>, with: Result<T, Error>) {
    let error = without.unwrap_err();
    assert!(error.to_string().contains(&format!("`{option}`")), "{option}: {error}");
    with.unwrap_or_else(|error| panic!("{option}: {error}"));
}

/// All options of a service except `dangerous_version_1_0`, which sets two of these at once.
#[test]
fn an_error_names_the_option_that_lifts_it() {
    let pair = OAuth1Pair::default();
    let unconfirmed = "oauth_token=t&oauth_token_secret=s";
    let first_leg = |pair: &OAuth1Pair| {
        let step = pair.client.authorize(Authorize::callback(CALLBACK), pair.moment())?;
        let Step::Send(_, sent) = step else { panic!("expected a request") };
        sent.receive(Response::new(unconfirmed.as_bytes().to_vec()), pair.moment())
    };
    let lenient = OAuth1Pair::new(
        |it| it.with(|it| it.allow_unconfirmed_callback = true),
        |provider| provider,
    );
    lifted("oauth1::Server::allow_unconfirmed_callback", first_leg(&pair), first_leg(&lenient));

    let body = r#"{"oauth_token":"t","oauth_token_secret":"s"}"#;
    let lenient =
        OAuth1Pair::new(|it| it.with(|it| it.allow_json_answers = true), |provider| provider);
    lifted("oauth1::Server::allow_json_answers", answered(&pair, body), answered(&lenient, body));

    let unverified = |pair: &OAuth1Pair| {
        let Authorization { pending, .. } = pair.begin(Authorize::callback(CALLBACK)).unwrap();
        let callback = format!("{CALLBACK}&oauth_token={}", pending.token());
        pair.client.redeem(pending, &callback, pair.moment())
    };
    let lenient =
        OAuth1Pair::new(|it| it.with(|it| it.allow_missing_verifier = true), |provider| provider);
    lifted("oauth1::Server::allow_missing_verifier", unverified(&pair), unverified(&lenient));

    let plain =
        || Server::new("http://a.example/1", "http://a.example/2", "http://a.example/3").unwrap();
    let begun = |server| {
        let client = Client::new(server, ClientCredentials::new("k", "s"));
        client.authorize(Authorize::callback(CALLBACK), pair.moment())
    };
    lifted(
        "oauth1::Server::dangerous_allow_http",
        begun(plain()),
        begun(plain().with(|it| it.dangerous_allow_http = true)),
    );

    let call =
        |request: ApiRequest| Session::two_legged(&pair.client).call(&request, pair.moment());
    let plain = || ApiRequest::new("http://a.example/x").unwrap();
    lifted(
        "ApiRequest::dangerous_allow_http",
        call(plain()),
        call(plain().with(|it| it.dangerous_allow_http = true)),
    );
}
