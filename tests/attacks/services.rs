//! Sign-ins with services: callbacks of other users and services, tokens for other hosts, and
//! invalid profiles.

use crate::common::with::With;
use oauth_proto::oauth1::{self, ClientCredentials};
use oauth_proto::oauth2;
use oauth_proto::services::{
    self, Client, Oauth1, Pending, Protocol, Service, SignIn, Tokens, User,
};
use oauth_proto::{Error, Expired, Forged, Misbehaved, Refused, Response};

use crate::common::oauth2::{NOW, at, get, json, moment, response};
use crate::common::services::*;

const LINK: &str = "https://app.example/link";

const BOTH: [Service; 2] = [services::GOOGLE, services::TWITTER];

/// Redeems a callback, and returns the error. No request is sent.
fn redeemed(sign_in: &SignIn, pending: Pending, parameters: &str) -> Error {
    sign_in.redeem(pending, &format!("{CALLBACK}?{parameters}"), moment()).unwrap_err()
}

/// Row `denied`.
#[test]
fn a_user_who_denies_access_is_not_signed_in() {
    for (sign_in, parameters) in [
        (of(&services::GOOGLE), "error=access_denied&state="),
        (of(&services::TWITTER), "denied="),
        (dropbox_v1(), "not_approved=true&oauth_token="),
    ] {
        let (authorization, _) = begin(&sign_in);
        let parameters = format!("{parameters}{}", authorization.pending.key());
        let error = redeemed(&sign_in, authorization.pending, &parameters);
        assert!(matches!(error, Error::Refused(Refused::Denied { .. })), "{error}");
    }
}

/// Row `callback-of-another-user`.
#[test]
fn the_callback_of_another_user_is_refused() {
    let (authorization, _) = begin(&of(&services::GOOGLE));
    assert_eq!(
        redeemed(&of(&services::GOOGLE), authorization.pending, "code=c1&state=x"),
        Forged::StateMismatch.into()
    );
    let (authorization, _) = begin(&of(&services::TWITTER));
    let error =
        redeemed(&of(&services::TWITTER), authorization.pending, "oauth_token=x&oauth_verifier=v");
    assert!(
        matches!(error, Error::Forged(Forged::OAuth1(oauth1::CallbackError::TokenMismatch { .. }))),
        "{error}"
    );
    for (service, parameters) in
        [(&services::GOOGLE, "code=c1"), (&services::TWITTER, "oauth_verifier=v")]
    {
        let (authorization, _) = begin(&of(service));
        let error = redeemed(&of(service), authorization.pending, parameters);
        assert!(matches!(error, Error::Forged(Forged::ParameterMissing { .. })), "{error}");
    }
}

/// Row `fixated-session`.
#[test]
fn a_session_is_not_fixated_by_a_request_token() {
    let (authorization, _) = begin(&of(&services::TWITTER));
    let error = redeemed(&of(&services::TWITTER), authorization.pending, "oauth_token=rqt");
    assert_eq!(error, Forged::ParameterMissing { name: "oauth_verifier" }.into());
    let unconfirmed = form("oauth_token=rqt&oauth_token_secret=rqs");
    let (authorization, _) = drive(of(&services::TWITTER).authorize(moment()), vec![unconfirmed]);
    assert!(
        matches!(authorization, Err(Error::Misbehaved(Misbehaved::CallbackUnconfirmed { .. }))),
        "{authorization:?}"
    );
}

/// Returns a custom sign-in with a client. The tests request no profile with it.
fn custom(client: impl Into<Client>) -> SignIn {
    let request = |_: &Tokens| Ok(get("https://api.example/me"));
    SignIn::custom(client, CALLBACK, request, |_, tokens| Some(User::new("1", tokens))).unwrap()
}

/// Row `pending-of-another-service`.
#[test]
fn a_pending_value_is_redeemed_only_by_its_own_sign_in() {
    let double = |service| of(service).base_url("http://127.0.0.1:8080").unwrap();
    // This service has the name and the profile of Twitter, but its token endpoint, which would
    // receive the verifier, is at another server.
    let mut evil = Service::new(
        "Twitter",
        Protocol::Oauth1(Oauth1::new(
            "https://api.x.com/oauth/request_token",
            "https://api.x.com/oauth/authorize",
            "https://evil.example/oauth/access_token",
        )),
    );
    (evil.userinfo, evil.profile) = (services::TWITTER.userinfo, services::TWITTER.profile);
    let mut people = services::GOOGLE;
    people.userinfo = Some("https://people.googleapis.com/v1/people/me");
    let strangers = [
        SignIn::new(&evil, "id", "secret", CALLBACK).unwrap(),
        of(&services::GOOGLE),
        of(&services::FACEBOOK),
        of(&services::TWITTER),
        dropbox_v1(),
        of(&services::GITLAB),
        of(&services::GITLAB).instance("https://git.example").unwrap(),
        double(&services::GOOGLE),
        double(&services::TWITTER),
        SignIn::new(&services::GOOGLE, "other id", "secret", CALLBACK).unwrap(),
        SignIn::new(&services::TWITTER, "other id", "secret", CALLBACK).unwrap(),
        // The callback URL at which an account is linked and no user is signed in.
        SignIn::new(&services::GOOGLE, "id", "secret", LINK).unwrap(),
        SignIn::new(&people, "id", "s", CALLBACK).unwrap(),
        // Custom sign-ins with clients of the same services, with other clients of these services,
        // and with clients of their doubles.
        custom(of(&services::GOOGLE).oauth2().unwrap()),
        custom(of(&services::TWITTER).oauth1().unwrap()),
        custom(
            SignIn::new(&services::GOOGLE, "other id", "secret", CALLBACK)
                .unwrap()
                .oauth2()
                .unwrap(),
        ),
        custom(
            SignIn::new(&services::TWITTER, "other id", "secret", CALLBACK)
                .unwrap()
                .oauth1()
                .unwrap(),
        ),
        custom(double(&services::GOOGLE).oauth2().unwrap()),
        custom(double(&services::TWITTER).oauth1().unwrap()),
    ];
    for (one, sign_in) in strangers.iter().enumerate() {
        for (other, stranger) in strangers.iter().enumerate() {
            let oauth1 = sign_in.oauth1().is_some();
            let answers = oauth1.then(|| form(REQUEST_TOKEN)).into_iter().collect();
            let authorization = drive(sign_in.authorize(moment()), answers).0.unwrap();
            let place = if format!("{sign_in:?}").contains(LINK) { LINK } else { CALLBACK };
            let uri = callback(&authorization.pending, oauth1).replace(CALLBACK, place);
            let redeemed = stranger.redeem(authorization.pending, &uri, moment()).map(drop);
            let expected = if one == other { Ok(()) } else { Err(Forged::OtherClient.into()) };
            assert_eq!(redeemed, expected, "{sign_in:?} {stranger:?}");
        }
    }
}

/// Row `pending-of-another-service`: the other service speaks another protocol.
#[test]
fn a_pending_value_of_another_protocol_is_refused() {
    let (authorization, _) = begin(&of(&services::TWITTER));
    let mut stored = serde_json::to_value(&authorization.pending).unwrap();
    assert_eq!(stored["for"].as_str().unwrap().len(), 32, "128 bits");
    let google = serde_json::to_value(begin(&of(&services::GOOGLE)).0.pending).unwrap();
    // With the fingerprint of the other service, the pending value is still refused, because its
    // protocol differs.
    stored["for"] = google["for"].clone();
    let pending: Pending = serde_json::from_value(stored.clone()).unwrap();
    assert_eq!(
        redeemed(&of(&services::GOOGLE), pending, "code=c1&state=rqt"),
        Forged::OtherClient.into()
    );
    serde_json::from_value::<Pending>(stored["leg"]["oauth1"].clone()).unwrap_err();
    // The format in which earlier versions stored a pending value.
    stored["for"] = 4_503_599_627_370_497_u64.into();
    stored["sign_in"] = 1.into();
    let outdated: Pending = serde_json::from_value(stored).unwrap();
    assert_eq!(redeemed(&of(&services::GOOGLE), outdated, "code=c1"), Expired::Outdated.into());
}

/// Row `too-late`.
#[test]
fn a_user_who_comes_back_too_late_is_not_signed_in() {
    for service in BOTH {
        let sign_in = of(&service);
        let (authorization, _) = begin(&sign_in);
        let uri = callback(&authorization.pending, sign_in.oauth1().is_some());
        assert_eq!(authorization.pending.expires_at().as_secs(), NOW + 3600);
        let error = sign_in.redeem(authorization.pending, &uri, at(NOW + 3600)).unwrap_err();
        assert_eq!(error, Expired::Pending.into());
    }
}

/// Row `profile-without-identifier`.
#[test]
fn a_profile_without_an_identifier_is_refused() {
    for profile in [
        r#"{"name":"Jane"}"#,
        r#"{"sub":null,"id_str":null}"#,
        r#"{"sub":"","id_str":""}"#,
        r#"{"sub":{"a":1},"id_str":["1"]}"#,
        r#"{"sub":true,"id_str":1.5}"#,
        "[]",
        "\"1\"",
        "null",
        "",
    ] {
        for (service, expected) in BOTH.into_iter().zip(["/sub", "/id_str"]) {
            let error = error(&of(&service), json(profile));
            let Error::Misbehaved(Misbehaved::FieldMissing { field, .. }) = error else {
                panic!("{profile}: {error}")
            };
            assert_eq!(field, expected);
        }
    }
}

/// Row `profile-redirected`.
#[test]
fn a_redirect_from_the_profile_is_not_followed() {
    let location = [("location", "https://evil.example/?x=y")];
    for status in [301, 302, 303, 307, 308] {
        for service in BOTH {
            let (user, sent) = finish(&of(&service), vec![response(status, &location, "")]);
            let Err(Error::Misbehaved(Misbehaved::Redirect { location, .. })) = user else {
                panic!("{user:?}")
            };
            assert_eq!((location.as_str(), sent.len()), ("https://evil.example/", 2));
        }
    }
}

/// Row `token-to-wrong-host`: the request for the profile has the wrong host.
#[test]
fn a_request_that_names_two_hosts_gets_no_token() {
    // The URL and the `Host` header name two hosts: the token is for one host, and would be sent to
    // the other.
    let to = |url: &'static str, host: Option<&'static str>| {
        move |_: &Tokens| {
            let mut request = get(url);
            host.map(|host| {
                request.headers_mut().insert("host", http::HeaderValue::from_static(host))
            });
            Ok(request)
        }
    };
    let clients: [Client; 2] = [
        of(&services::GOOGLE).oauth2().unwrap().into(),
        of(&services::TWITTER).oauth1().unwrap().into(),
    ];
    for client in clients {
        for (url, host) in [
            ("https://api.example@evil.example/me", None),
            ("https://me@api.example/me", None),
            ("https://api.example/me", Some("evil.example")),
            ("https://api.example/me", Some("api.example:444")),
            ("https://api.example/me", Some("me@api.example")),
            ("http://api.example/me", None),
            ("/me", Some("api.example")),
        ] {
            let map = |_: &serde_json::Value, tokens| Some(User::new("1", tokens));
            let sign_in = SignIn::custom(client.clone(), CALLBACK, to(url, host), map).unwrap();
            let (user, sent) = finish(&sign_in, vec![]);
            assert!(matches!(user, Err(Error::Unsupported(_))), "{url} {host:?}: {user:?}");
            assert_eq!(sent.len(), 1);
        }
    }
}

/// Row `profile-refused`.
#[test]
fn a_refused_profile_is_an_error() {
    let unauthorized: fn(&str) -> Response =
        |body| response(401, &[("content-type", "application/json")], body);
    for service in BOTH {
        let error = error(&of(&service), unauthorized("{}"));
        assert!(matches!(error, Error::Refused(Refused::Status(_))), "{error}");
        let error = crate::common::services::error(
            &of(&service),
            unauthorized(r#"{"error":"invalid_token"}"#),
        );
        assert_eq!(error.code(), Some("invalid_token"));
    }
    let graph = concat!(
        r#"{"error":{"message":"Error validating access token","type":"OAuthException","#,
        r#""code":190}}"#,
    );
    let refused = error(&of(&services::FACEBOOK), unauthorized(graph));
    let Error::Refused(Refused::Problem { code, details, .. }) = &refused else {
        panic!("{refused}")
    };
    assert_eq!((code.as_str(), details["code"].as_str()), ("OAuthException", "190"));
    let twitter = r#"{"errors":[{"code":89,"message":"Invalid or expired token."}]}"#;
    let Error::Refused(Refused::Problem { code, advice, .. }) =
        error(&of(&services::TWITTER), unauthorized(twitter))
    else {
        panic!()
    };
    assert_eq!((code.as_str(), advice.as_deref()), ("89", Some("Invalid or expired token.")));
}

/// Row `profile-malformed`.
#[test]
fn a_profile_that_is_too_large_or_not_json_is_refused() {
    let large = format!(r#"{{"sub":"1","id_str":"1","x":"{}"}}"#, "x".repeat(256 * 1024));
    for service in BOTH {
        let error = error(&of(&service), json(&large));
        assert!(matches!(error, Error::Misbehaved(Misbehaved::TooLarge { .. })), "{error}");
        for body in [
            "<html>",
            "{\"sub\":\"1\",\"id_str\":\"1\"",
            "sub=1&id_str=1",
            "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
        ] {
            let error = crate::common::services::error(&of(&service), json(body));
            assert!(
                matches!(error, Error::Misbehaved(Misbehaved::WrongFormat { .. })),
                "{body}: {error}"
            );
        }
    }
}

/// Row `profile-malformed`: the list of the user's e-mail addresses is malformed.
#[test]
fn a_response_without_a_list_of_addresses_is_refused() {
    let profile = r#"{"id":1,"email":"public@mail.example"}"#;
    let addresses = |answer: Response| {
        finish(&of(&services::GITHUB), vec![json(profile), answer]).0.unwrap_err()
    };
    for body in ["{}", "null", "", r#"{"values":[]}"#] {
        let error = addresses(json(body));
        assert!(
            matches!(error, Error::Misbehaved(Misbehaved::WrongFormat { .. })),
            "{body}: {error}"
        );
    }
    let error = addresses(response(302, &[("location", "https://evil.example/")], ""));
    assert!(matches!(error, Error::Misbehaved(Misbehaved::Redirect { .. })), "{error}");
    for status in [401, 500] {
        let error = addresses(response(status, &[], ""));
        assert!(matches!(error, Error::Refused(Refused::Status(_))), "{error}");
    }
}

/// Row `nonce-repeated`: if two requests with the same timestamp had the same nonce, the server
/// would refuse the second one as a replay.
#[test]
fn two_signatures_of_one_moment_have_different_nonces() {
    let moment = || at(NOW);
    let sign_in = of(&services::TWITTER);
    let (authorization, _) = begin(&sign_in);
    let uri = callback(&authorization.pending, true);
    // Every step has the same entropy, and the nonces must still differ.
    let mut step = sign_in.redeem(authorization.pending, &uri, moment()).unwrap();
    let mut nonces = Vec::new();
    for answer in [form(ACCESS_TOKEN), json(r#"{"id_str":"1"}"#)] {
        let (request, sent) = crate::common::oauth2::sent(step);
        let header = request.headers()["authorization"].to_str().unwrap();
        nonces.push(
            header.split("oauth_nonce=").nth(1).unwrap().split(',').next().unwrap().to_owned(),
        );
        step = sent.receive(answer, moment()).unwrap();
    }
    assert_ne!(nonces[0], nonces[1]);
}

#[test]
fn a_request_token_that_came_by_openid_is_redeemed_with_an_empty_secret() {
    let client = of(&services::TWITTER).oauth1().unwrap();
    let error = client.redeem_approved("", moment()).unwrap_err();
    assert_eq!(error, Forged::ParameterMissing { name: "request_token" }.into());

    let (token, sent) =
        drive(client.redeem_approved("hh5s93j4hdidpola", moment()), vec![form(ACCESS_TOKEN)]);
    assert_eq!(token.unwrap().credentials.token, "at-5f3a");
    assert_eq!(place(&sent[0]), "POST https://api.x.com/oauth/access_token");
    let header = sent[0].headers()["authorization"].to_str().unwrap();
    let value = |name: &str| {
        header.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next())
    };
    assert_eq!(value("oauth_token"), Some("hh5s93j4hdidpola"));
    assert_eq!(value("oauth_verifier"), None);

    // The token secret is the empty text (OpenID OAuth Extension §11).
    use oauth1::{Scheme, Signer, Stamp, TokenCredentials};
    let credentials =
        (ClientCredentials::new("id", "secret"), TokenCredentials::new("hh5s93j4hdidpola", ""));
    let signer = Signer::new(&Scheme::default(), &credentials.0, Some(&credentials.1));
    let time =
        oauth_proto::Timestamp::from_secs(value("oauth_timestamp").unwrap().parse().unwrap());
    let stamp = Stamp::new(time, value("oauth_nonce").unwrap());
    let expected =
        signer.authorization(sent[0].method(), sent[0].uri(), &[("", ""); 0], stamp).unwrap();
    assert_eq!(header, expected);
}

/// Row `version-of-2007`.
#[test]
fn the_version_of_2007_needs_its_dangerous_option() {
    let error = of(&services::DROPBOX_V1).authorize(moment()).unwrap_err();
    assert_eq!(error, oauth1::RequestError::VersionOf2007.into());
    assert!(error.to_string().contains("`SignIn::dangerous_version_1_0`"), "{error}");
    assert_eq!(of(&services::DROPBOX_V1).client().map(drop).unwrap_err(), error);
    let (authorization, _) = begin(&dropbox_v1());
    let error = of(&services::DROPBOX_V1)
        .redeem(authorization.pending, "/callback?oauth_token=rqt", moment())
        .unwrap_err();
    assert_eq!(error, oauth1::RequestError::VersionOf2007.into());
    assert!(dropbox_v1().authorize(moment()).is_ok());

    // By default, the server in the row speaks OAuth 1.0a, so it has to confirm the callback.
    let server = services::DROPBOX_V1.oauth1_server(None).unwrap();
    let requested = |server| {
        let client = oauth1::Client::new(server, ClientCredentials::new("key", "secret"));
        drive(
            custom(client).authorize(moment()),
            vec![form("oauth_token=rqt&oauth_token_secret=rqs")],
        )
        .0
    };
    let error = requested(server.clone()).unwrap_err();
    assert!(matches!(error, Error::Misbehaved(Misbehaved::CallbackUnconfirmed { .. })), "{error}");
    requested(server.with(|it| it.dangerous_version_1_0 = true)).unwrap();
}

/// Row `callback-place`: each service has its own URL.
#[test]
fn a_callback_at_another_services_url_is_refused() {
    for service in BOTH {
        let own =
            || SignIn::new(&service, "id", "secret", "https://app.example/callback/own").unwrap();
        let came = |sign_in: &SignIn, place: &str| {
            let (authorization, _) = begin(sign_in);
            let answer = callback(&authorization.pending, sign_in.oauth1().is_some());
            let (_, query) = answer.split_once('?').unwrap();
            sign_in.redeem(authorization.pending, &format!("{place}{query}"), moment()).map(drop)
        };
        for place in [
            "/callback/other?",
            "https://app.example/callback/other?",
            "https://evil.example/callback/own?",
        ] {
            let error = came(&own(), place).unwrap_err();
            assert!(
                matches!(error, Error::Forged(Forged::PlaceMismatch { .. })),
                "{place}: {error}"
            );
        }
        assert!(matches!(came(&own(), ""), Err(Error::Forged(Forged::PlaceMissing { .. }))));
        came(&own(), "/callback/own?").unwrap();
        // The options have the same effect in any order.
        let moved = |sign_in: SignIn| sign_in.base_url("http://127.0.0.1:1").unwrap();
        for lenient in [
            moved(own().with(|it| it.allow_callback_without_place = true)),
            moved(own()).with(|it| it.allow_callback_without_place = true),
        ] {
            came(&lenient, "?").unwrap();
            came(&lenient, "/callback/other?").unwrap_err();
        }
        let proxied = moved(own().with(|it| it.allow_callback_at_any_origin = true));
        came(&proxied, "http://10.0.0.5/callback/own?").unwrap();
        came(&proxied, "http://10.0.0.5/callback/other?").unwrap_err();
    }
    // A registered callback URL is not sent, but the URL of the callback is compared with it.
    let client = |oauth1: oauth1::Client| {
        let request =
            |_: &Tokens| oauth_proto::ApiRequest::new("https://wiki.example/whoami")?.request();
        SignIn::custom(oauth1, "https://app.example/callback/wiki", request, |_, tokens| {
            Some(User::new("1", tokens))
        })
    };
    let service = oauth1::Server::new(
        "https://wiki.example/r",
        "https://wiki.example/a",
        "https://wiki.example/t",
    );
    let service = service.unwrap().with(|it| it.callbacks = Some(oauth1::Callbacks::Registered));
    let wiki =
        client(oauth1::Client::new(service, ClientCredentials::new("id", "secret"))).unwrap();
    let redeem = |place: &str| {
        let (authorization, _) = begin(&wiki);
        wiki.redeem(
            authorization.pending,
            &format!("{place}?oauth_token=rqt&oauth_verifier=v1"),
            moment(),
        )
        .map(drop)
    };
    redeem("/callback/wiki").unwrap();
    redeem("/callback/other").unwrap_err();
}

/// Rows `mix-up` and `iss-unknown`: the issuer is also compared for an instance of the operator and
/// for a double on this machine.
#[test]
fn an_issuer_is_compared_for_every_instance_of_a_service() {
    let came = |sign_in: &SignIn, iss: &str| {
        let (authorization, _) = begin(sign_in);
        let uri = format!("{}&iss={iss}", callback(&authorization.pending, false));
        sign_in.redeem(authorization.pending, &uri, moment()).map(drop)
    };
    let github = "https://github.com/login/oauth";
    came(&of(&services::GITHUB), github).unwrap();
    came(&of(&services::GITHUB), "https://evil.example").unwrap_err();
    let own = of(&services::GITHUB_ENTERPRISE).instance("https://git.example.com/").unwrap();
    came(&own, "https://git.example.com/login/oauth").unwrap();
    came(&own, github).unwrap_err();

    let moved = |sign_in: SignIn| sign_in.base_url("http://127.0.0.1:1").unwrap();
    let error = came(&moved(of(&services::GITHUB)), github).unwrap_err();
    assert_eq!(error, oauth2::CallbackError::IssuerUnknown { received: github.into() }.into());
    for told in [
        moved(of(&services::GITHUB)).with(|it| it.issuer = Some(github.into())),
        moved(of(&services::GITHUB).with(|it| it.issuer = Some(github.into()))),
    ] {
        came(&told, github).unwrap();
        came(&told, "https://evil.example").unwrap_err();
    }
    for lenient in [
        moved(of(&services::GITHUB)).with(|it| it.allow_unknown_issuer = true),
        moved(of(&services::GITHUB).with(|it| it.allow_unknown_issuer = true)),
    ] {
        came(&lenient, "https://anybody.example").unwrap();
    }
}

/// Row `callback-replay`: the application stores this id to mark the pending value as used.
#[test]
fn the_id_of_a_pending_value_survives_storage_and_is_unique() {
    for service in BOTH {
        let (authorization, _) = begin(&of(&service));
        let stored: Pending =
            serde_json::from_str(&serde_json::to_string(&authorization.pending).unwrap()).unwrap();
        assert_eq!(stored.id(), authorization.pending.id());
        let (other, _) = begin(&SignIn::new(&service, "another", "secret", CALLBACK).unwrap());
        assert_ne!(other.pending.id(), authorization.pending.id());
    }
}
