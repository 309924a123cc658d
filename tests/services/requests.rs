//! API calls by path: the URLs and the signatures of the requests, and the results of the
//! responses.

use crate::common::with::With;
use std::convert::Infallible;

use crate::common::oauth2::{bearer, clock, json, moment, response, sent, token};
use crate::common::services::{CALLBACK, Half, argument, drive, dropbox_v1, of, place};
use oauth_proto::oauth1::{Session, TokenCredentials};
use oauth_proto::oauth2::RequestError;
use oauth_proto::oauth2::{self, NextAction, TokenPlacement};
use oauth_proto::services::{self, SignIn};
use oauth_proto::{ApiRequest, Error, Misbehaved, Refused, Request, Unsupported};

fn twitter_request(path: &str) -> Result<ApiRequest, Error> {
    of(&services::TWITTER).request(path)
}

fn dropbox_request(path: &str) -> Result<ApiRequest, Error> {
    dropbox_v1().request(path)
}

fn facebook(secret: &str) -> SignIn {
    SignIn::new(&services::FACEBOOK, "id", secret, CALLBACK).unwrap()
}

/// A client without a secret sends no `appsecret_proof`.
fn facebook_request(path: &str) -> Result<ApiRequest, Error> {
    facebook("").request(path)
}

fn proved_request(path: &str) -> ApiRequest {
    facebook("client secret").request(path).unwrap()
}

fn session() -> Session {
    Session::new(&of(&services::TWITTER).oauth1().unwrap(), TokenCredentials::new("t1", "ts"))
}

/// Returns a session with the token at the first API of the service.
fn shown(service: &services::Service) -> oauth2::Session {
    oauth2::Session::new(&of(service).oauth2().unwrap(), service.api[0], token()).unwrap()
}

/// Returns the request to Facebook's API with the token.
fn shown_to_facebook(request: &ApiRequest) -> Request {
    sent(shown(&services::FACEBOOK).call(request, moment().now).unwrap()).0
}

fn uri(request: Result<ApiRequest, Error>) -> String {
    request.unwrap().request().unwrap().uri().to_string()
}

#[test]
fn version_and_format_are_added_to_a_path_of_twitter() {
    let expected = "https://api.twitter.com/1.1/statuses/user_timeline/btaylor.json";
    assert_eq!(uri(twitter_request("/statuses/user_timeline/btaylor")), expected);
    assert_eq!(uri(twitter_request("statuses/user_timeline/btaylor")), expected);
    assert_eq!(uri(twitter_request("statuses/user_timeline/btaylor.json")), expected);
    let moved = of(&services::TWITTER).base_url("https://gateway.example/x/").unwrap();
    assert_eq!(uri(moved.request("users/me")), "https://gateway.example/x/1.1/users/me.json");
    let mut version_2 = services::TWITTER;
    version_2.api = &["https://api.x.com/2/"];
    assert_eq!(uri(of(&version_2).request("users/me")), "https://api.x.com/2/users/me.json");
}

#[test]
fn a_url_of_twitter_is_used_unchanged() {
    for url in [
        "https://api.twitter.com/2/users/me?x=y",
        "https://api.x.com/2/users/me",
        "HTTPS://API.X.com:443/a",
        "https://upload.twitter.com/1.1/media/upload.json",
        "https://upload.x.com/1.1/media/upload.json",
    ] {
        twitter_request(url).unwrap();
    }
    assert_eq!(
        uri(twitter_request("https://api.x.com/2/users/me?x=y")),
        "https://api.x.com/2/users/me?x=y"
    );
    for url in [
        "https://evil.example/1.1/x.json",
        "https://api.twitter.com.evil.example/",
        "https://api.twitter.com:444/",
        "https://upload.twitter.com.evil.example/",
        "https://x.com/",
    ] {
        let error = twitter_request(url).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Unsupported(Unsupported::OAuth2(RequestError::ForeignOrigin { .. }))
            ),
            "{url}: {error}"
        );
    }
    for url in [
        "http://api.twitter.com/1.1/x.json",
        "https://api.twitter.com@evil.example/",
        "https://u@api.twitter.com/",
        "https://api.twitter.com\\@evil.example/",
        "https:evil.example",
        "https:///evil.example",
        "https://api.twitter.com/../x",
        "https://api.twitter.com/#x",
        "http:",
    ] {
        assert!(twitter_request(url).is_err(), "{url}");
    }
    // The client accepts only URLs below its base URL.
    let double = of(&services::TWITTER).base_url("http://127.0.0.1:8080").unwrap();
    double.request("http://127.0.0.1:8080/other").unwrap();
    double.request("https://api.twitter.com/1.1/x.json").unwrap_err();
}

#[test]
fn no_path_leaves_an_api() {
    for path in [
        "//evil.example/x",
        "/@evil.example",
        "/../oauth2",
        "/a/%2e%2e/b",
        "\\\\evil.example",
        "//",
        "/?x=y",
        "/me?x=y",
    ] {
        for error in [
            twitter_request(path).unwrap_err(),
            dropbox_request(path).unwrap_err(),
            facebook_request(path).unwrap_err(),
        ] {
            assert!(
                matches!(error, Error::Unsupported(Unsupported::Url { .. })),
                "{path}: {error}"
            );
        }
    }
    // Only Facebook has an API at the base URL.
    for path in ["", "/"] {
        assert!(twitter_request(path).is_err() && dropbox_request(path).is_err());
    }
    for path in ["http://evil.example/", "https://graph.facebook.com/me"] {
        assert!(dropbox_request(path).is_err() && facebook_request(path).is_err());
    }
    for base in ["http://api.example", "https://u@api.example", "api.example"] {
        assert!(
            of(&services::TWITTER).base_url(base).is_err() && facebook("").base_url(base).is_err(),
            "{base}"
        );
    }
}

#[test]
fn dropbox_paths_follow_the_version() {
    assert_eq!(uri(dropbox_request("/account/info")), "https://api.dropbox.com/1/account/info");
    let moved = dropbox_v1().base_url("http://[::1]:1").unwrap();
    assert_eq!(uri(moved.request("/a%20b")), "http://[::1]:1/1/a%20b");
}

#[test]
fn a_call_with_a_session_is_signed_and_a_call_without_one_is_not() {
    let request = twitter_request("/statuses/show").unwrap().argument("id", "5");
    let (signed, _) = sent(session().call(&request, moment()).unwrap());
    assert_eq!(signed.uri(), "https://api.twitter.com/1.1/statuses/show.json?id=5");
    let header = signed.headers()["authorization"].to_str().unwrap();
    assert!(
        header.contains("oauth_token=\"t1\"") && header.contains("oauth_signature"),
        "{header}"
    );
    assert!(signed.headers()["authorization"].is_sensitive());

    let (unsigned, _) = sent(request.call().unwrap());
    assert_eq!(unsigned.uri(), signed.uri());
    assert!(!unsigned.headers().contains_key("authorization"));
}

#[test]
fn a_call_with_a_form_is_a_post_even_if_the_form_is_empty() {
    let request = || ApiRequest::new("https://api.example/x").unwrap();
    for (request, body) in
        [(request().post([("a", "b c")]), "a=b%20c"), (request().post::<&str, &str>([]), "")]
    {
        let (request, _) = sent(session().call(&request, moment()).unwrap());
        assert_eq!(
            (place(&request).as_str(), request.body().as_slice()),
            ("POST https://api.example/x", body.as_bytes())
        );
        assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
    }
}

#[test]
fn a_signed_request_is_not_sent_without_tls() {
    let request = ApiRequest::new("http://api.example/x").unwrap();
    let error = session().call(&request, moment()).unwrap_err();
    assert!(matches!(error, Error::Unsupported(Unsupported::PlainHttp { .. })), "{error}");
    drop(
        session()
            .call(&request.clone().with(|it| it.dangerous_allow_http = true), moment())
            .unwrap(),
    );
    drop(request.call().unwrap());
    drop(session().call(&ApiRequest::new("http://127.0.0.1:1/x").unwrap(), moment()).unwrap());
}

#[test]
fn an_answer_is_json_or_a_typed_error() {
    let read = |answer| {
        drive(twitter_request("/x").unwrap().with(|it| it.limit = 20).call(), vec![answer]).0
    };
    assert_eq!(read(json(r#"[{"id":5}]"#)).unwrap()[0]["id"], 5);
    assert_eq!(read(json("\u{feff}[{\"id\":5}]")).unwrap()[0]["id"], 5);
    assert!(read(response(204, &[], "")).unwrap().is_null());
    for (answer, expected) in [
        (json("<html>"), "not JSON"),
        (json(&" ".repeat(21)), "21 bytes"),
        (response(302, &[("location", "https://evil.example/")], ""), "received a redirect"),
    ] {
        let error = read(answer).unwrap_err();
        assert!(
            matches!(error, Error::Misbehaved(_)) && error.to_string().contains(expected),
            "{error}"
        );
    }
    for (status, body, code) in [
        (401, r#"{"errors":[{"code":32,"message":"Could not authenticate you."}]}"#, Some("32")),
        (401, r#"{"error":"Invalid signature."}"#, Some("Invalid signature.")),
        (401, "oauth_problem=token_expired", Some("token_expired")),
        (401, "\u{feff}{\"errors\":[{\"code\":32}]}", Some("32")),
        (403, r#"{"errors":[]}"#, None),
        (503, "<html>", None),
    ] {
        let error = read(response(status, &[], body)).unwrap_err();
        assert!(matches!(error, Error::Refused(_)), "{body}: {error}");
        assert_eq!(error.code(), code, "{body}");
    }
    let large = response(500, &[], &"x".repeat(1 << 20));
    assert!(matches!(read(large).unwrap_err(), Error::Refused(Refused::Status(_))));
    assert!(!matches!(read(json("1")), Err(Error::Misbehaved(Misbehaved::TooLarge { .. }))));
}

#[test]
fn facebook_is_called_with_the_token_and_optionally_a_proof() {
    let me = facebook_request("/me").unwrap().argument("fields", "id");
    let request = shown_to_facebook(&me);
    assert_eq!(request.uri(), "https://graph.facebook.com/me?fields=id");
    assert_eq!(bearer(&request), Some("2YotnFZFEjr1zCsicMWpAA"));

    let proved = proved_request("/me").argument("fields", "id");
    let request = shown_to_facebook(&proved);
    assert_eq!(
        argument(&request.uri().to_string(), "appsecret_proof"),
        "74c33c3826c9865a226868b0ce49df9b7b295eb6f491671f16530db34f528198"
    );
    assert!(!format!("{proved:?} {request:?}").contains("client secret"));
    let (request, _) = sent(proved.call().unwrap());
    assert_eq!(request.uri(), "https://graph.facebook.com/me?fields=id");

    let request =
        shown_to_facebook(&facebook_request("me/feed").unwrap().post([("message", "hi")]));
    assert_eq!(
        (place(&request).as_str(), &**request.body()),
        ("POST https://graph.facebook.com/me/feed", &b"message=hi"[..])
    );
    let versioned = facebook_request("/v23.0/me").unwrap();
    assert_eq!(
        place(&sent(versioned.call().unwrap()).0),
        "GET https://graph.facebook.com/v23.0/me"
    );

    let limited = facebook_request("/me").unwrap().with(|it| it.limit = 3).call();
    assert!(matches!(
        drive(limited, vec![json("1234")]).0,
        Err(Error::Misbehaved(Misbehaved::TooLarge { .. }))
    ));
}

/// Two tokens and their proofs for the secret `client secret`, computed with another
/// implementation.
const PROOFS: [(&str, &str); 2] = [
    ("2YotnFZFEjr1zCsicMWpAA", "74c33c3826c9865a226868b0ce49df9b7b295eb6f491671f16530db34f528198"),
    ("at-new", "517e5aaefbee4878ab649368bba6f6074c90b3b08a27ec2781f95ed3ec7d1f3d"),
];

#[test]
fn facebooks_base_accepts_batches_and_several_objects() {
    let path = |path| {
        place(&sent(facebook_request(path).unwrap().post([("batch", "[]")]).call().unwrap()).0)
    };
    assert_eq!(path("/"), "POST https://graph.facebook.com/");
    assert_eq!(path(""), "POST https://graph.facebook.com/");
    assert_eq!(path("/v23.0/"), "POST https://graph.facebook.com/v23.0/");
    assert_eq!(path("/v23.0"), "POST https://graph.facebook.com/v23.0");
    let moved = facebook("").base_url("http://127.0.0.1:8080/graph").unwrap();
    assert_eq!(
        moved.request("/").unwrap().request().unwrap().uri(),
        "http://127.0.0.1:8080/graph/"
    );
    let several = facebook_request("/").unwrap().argument("ids", "platform,me");
    assert_eq!(several.request().unwrap().uri(), "https://graph.facebook.com/?ids=platform%2Cme");
}

#[test]
fn facebooks_proof_is_computed_from_the_token_of_the_session() {
    let facebook = of(&services::FACEBOOK).oauth2().unwrap();
    let mut session =
        oauth2::Session::new(&facebook, "https://graph.facebook.com", token()).unwrap();
    let me = proved_request("/me").argument("fields", "id");
    let proof = |request: &Request| argument(&request.uri().to_string(), "appsecret_proof");

    let (request, _) = sent(session.call(&me, moment().now).unwrap());
    assert_eq!((bearer(&request).unwrap(), proof(&request).as_str()), PROOFS[0]);
    assert!(request.uri().query().unwrap().starts_with("fields=id&"), "{}", request.uri());

    // When the request is sent again with another token, the proof of that token replaces the old
    // proof.
    let mut request = me.request().unwrap();
    assert_eq!(request.uri().query(), Some("fields=id"));
    let sent_token = session.attach_token(&mut request, moment().now).unwrap();
    assert_eq!(proof(&request), PROOFS[0].1);
    session.set_token(oauth2::Token::bearer("at-new"));
    let NextAction::Retry(again) =
        session.check_response(sent_token, &response(401, &[], ""), moment()).unwrap()
    else {
        panic!()
    };
    let _ = session.retry(&mut request, again).unwrap();
    assert_eq!((bearer(&request).unwrap(), proof(&request).as_str()), PROOFS[1]);

    // The request is not sent to another host, and a request without a token has no proof.
    let stranger = oauth2::Session::new(&facebook, "https://photos.example.com", token()).unwrap();
    let error = stranger.call(&me, moment().now).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Unsupported(Unsupported::OAuth2(RequestError::ForeignOrigin { .. }))
        ),
        "{error}"
    );
    let mut request = me.request().unwrap();
    request.extensions_mut().insert(oauth2::WithholdToken);
    let _ = session.attach_token(&mut request, moment().now).unwrap();
    assert_eq!((bearer(&request), request.uri().query()), (None, Some("fields=id")));

    let error = me.clone().with(|it| it.limit = 3).read(&json("1234")).unwrap_err();
    assert!(matches!(error, Error::Misbehaved(Misbehaved::TooLarge { .. })), "{error}");
    let graph = concat!(
        r#"{"error":{"message":"Invalid appsecret_proof","type":"GraphMethodException","#,
        r#""code":100}}"#,
    );
    assert_eq!(
        me.read(&response(400, &[], graph)).unwrap_err().code(),
        Some("GraphMethodException")
    );
}

#[test]
fn a_shared_session_proves_the_token_that_it_renewed() {
    let facebook = of(&services::FACEBOOK).oauth2().unwrap();
    let session = oauth2::Session::new(&facebook, "https://graph.facebook.com", token()).unwrap();
    let shared = oauth2::SharedSession::builder_with(session, clock).build().unwrap();
    let me = proved_request("/me");
    let mut seen = Vec::new();
    let send = |request: Request| {
        let url = request.uri().to_string();
        if request.uri().path() == "/oauth/access_token" {
            return Ok::<_, Infallible>(json(r#"{"access_token":"at-new","token_type":"bearer"}"#));
        }
        seen.push((bearer(&request).unwrap().to_owned(), argument(&url, "appsecret_proof")));
        Ok(if seen.len() == 1 { response(401, &[], "") } else { json(r#"{"id":"1"}"#) })
    };
    let response = shared.fetch(me.request().unwrap(), send).unwrap();
    assert_eq!(me.read(&response).unwrap()["id"], "1");
    assert_eq!(seen, PROOFS.map(|(token, proof)| (token.to_owned(), proof.to_owned())));
}

#[test]
fn facebooks_token_may_be_sent_in_the_query() {
    let me = proved_request("/me");
    let session = shown(&services::FACEBOOK)
        .with(|it| it.token_placement = TokenPlacement::AllowQuery("access_token"));
    let (request, _) = sent(session.call(&me, moment().now).unwrap());
    let url = request.uri().to_string();
    assert_eq!(
        [argument(&url, "access_token"), argument(&url, "appsecret_proof")],
        [PROOFS[0].0, PROOFS[0].1]
    );
}

#[test]
fn a_request_has_the_url_and_the_token_placement_of_its_row() {
    let mut yandex = services::YANDEX;
    yandex.profile = services::GOOGLE.profile;
    let request = of(&yandex).request("/info").unwrap();
    let (request, _) = sent(shown(&yandex).call(&request, moment().now).unwrap());
    assert_eq!(request.uri(), "https://login.yandex.ru/info");
    assert_eq!(request.headers()["authorization"], "OAuth 2YotnFZFEjr1zCsicMWpAA");
    let gitlab = of(&services::GITLAB).instance("https://git.example/lab").unwrap();
    let request = gitlab.request("/api/v4/projects").unwrap().request().unwrap();
    assert_eq!(request.uri(), "https://git.example/lab/api/v4/projects");
}

#[test]
fn a_sign_in_makes_requests_to_an_api_that_its_row_knows() {
    let mut without_api = services::GITHUB;
    without_api.api = &[];
    let error = of(&without_api).request("/user").unwrap_err();
    assert!(matches!(error, Error::Unsupported(Unsupported::NoEndpoint { .. })), "{error}");
    let client = of(&services::GITHUB).oauth2().unwrap();
    let custom = SignIn::custom(client, CALLBACK, |_| unreachable!(), |_, _| None).unwrap();
    let error = custom.request("/user").unwrap_err();
    assert!(error.to_string().contains("`ApiRequest::new`"), "{error}");
}
