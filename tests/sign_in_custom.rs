//! Signing in by services of one's own, the options, and what is stored.

mod common;

use common::oauth2::{json, moment, pairs, query};
use common::sign_in::*;
use oauth_proto::services::{self, Instance};
use oauth_proto::sign_in::{Emails, Fields, Pending, Protocol, SignIn, Site, User, sites};
use oauth_proto::{Error, Forged, Refused, Unsupported};
use serde_json::json as value;

const ZOOM: Site = Site::oauth2(
    services::ZOOM,
    Fields { name: Some("/display_name"), email: Some("/email"), picture: Some("/pic_url"), ..Fields::NONE },
)
.scope("user:read:user")
.arguments(&[("login_type", "100")])
.parameters(&[("prompt", "login")]);

const FLICKR: Site = Site::oauth1(
    services::FLICKR,
    "https://api.flickr.com/services/rest",
    Fields { id: "/user/id", username: Some("/user/username/_content"), ..Fields::NONE },
)
.arguments(&[("method", "flickr.test.login"), ("format", "json"), ("nojsoncallback", "1")])
.parameters(&[("perms", "read")]);

#[test]
fn a_row_of_ones_own_is_a_constant() {
    let sign_in = SignIn::new(&ZOOM, "id", "secret", CALLBACK).unwrap();
    let (start, _) = start(&sign_in);
    assert_eq!(
        (argument(&start.url, "scope").as_str(), argument(&start.url, "prompt").as_str()),
        ("user:read:user", "login")
    );
    let (user, sent) = finish(&sign_in, vec![json(r#"{"id":"z1","display_name":"Jane","email":"j@x.example"}"#)]);
    assert_eq!(sent[1].uri(), "https://api.zoom.us/v2/users/me?login_type=100");
    let user = user.unwrap();
    assert_eq!((user.id.as_str(), user.name.as_deref(), user.picture), ("z1", Some("Jane"), None));
    let other = sign_in.profile_argument("login_type", "1");
    assert_eq!(finish(&other, vec![json(r#"{"id":"z1"}"#)]).1[1].uri().query(), Some("login_type=1"));
}

#[test]
fn a_row_of_ones_own_may_be_of_oauth_1() {
    let sign_in = SignIn::new(&FLICKR, "key", "secret", CALLBACK).unwrap();
    let (start, sent) = start(&sign_in);
    assert_eq!(place(&sent[0]), "POST https://www.flickr.com/services/oauth/request_token");
    assert_eq!(start.url, "https://www.flickr.com/services/oauth/authorize?perms=read&oauth_token=rqt");
    let profile = r#"{"user":{"id":"21207597@N07","username":{"_content":"jane"}},"stat":"ok"}"#;
    let (user, sent) = finish(&sign_in, vec![json(profile)]);
    assert_eq!(pairs(query(&sent[1].uri().to_string())).len(), 3);
    assert!(sent[1].headers()["authorization"].to_str().unwrap().contains("oauth_token=\"at-5f3a\""));
    let user = user.unwrap();
    assert_eq!((user.id.as_str(), user.username.as_deref()), ("21207597@N07", Some("jane")));
}

#[test]
fn every_row_can_be_played_on_this_machine() {
    for site in sites::ALL {
        let (id, secret) = ("id", "secret");
        let sign_in = match &site.service {
            Protocol::Oauth2(row) if matches!(row.instance, Instance::Base { default: None }) => {
                SignIn::new_at(site, "https://place.example", id, secret, CALLBACK)
            }
            Protocol::Oauth1(row) if row.version_2007 => SignIn::dangerous_new_2007(site, id, secret, CALLBACK),
            _ => SignIn::new(site, id, secret, CALLBACK),
        };
        let sign_in = sign_in.unwrap().endpoints_at("http://127.0.0.1:8080/double/").unwrap();
        let (start, mut sent) = start(&sign_in);
        assert!(start.url.starts_with("http://127.0.0.1:8080/double/"), "{}", start.url);
        let mut profile = value!({});
        for name in ["id", "sub", "uuid", "uid", "id_str"] {
            profile[name] = "u1".into();
        }
        let mut answers = vec![json(&profile.to_string())];
        if site.emails.is_some() {
            answers.push(json(r#"{"values":[]}"#));
        }
        let (_, more) = finish(&sign_in, answers);
        sent.extend(more);
        for request in sent {
            assert_eq!(request.uri().authority().unwrap(), "127.0.0.1:8080", "{}", site.name());
        }
    }
}

#[test]
fn a_double_does_not_have_the_services_issuer_but_its_own() {
    let double = || of(SignIn::google).endpoints_at("http://127.0.0.1:8080").unwrap();
    let come_back = |sign_in: &SignIn| {
        let (start, _) = start(sign_in);
        assert_eq!(argument(&start.url, "redirect_uri"), CALLBACK);
        let uri = format!("{}&iss=http%3A%2F%2F127.0.0.1", callback(&start.pending, false));
        sign_in.callback(start.pending, &uri, moment()).map(drop)
    };
    let error = come_back(&double()).unwrap_err();
    assert!(matches!(error, Error::Forged(Forged::IssuerUnknown { .. })), "{error}");
    come_back(&double().issuer("http://127.0.0.1")).unwrap();
    come_back(&double().allow_unknown_issuer()).unwrap();
    for base in ["http://double.example", "127.0.0.1", "https://u@x.example", "https://x.example?a", ""] {
        assert!(of(SignIn::google).endpoints_at(base).is_err(), "{base}");
    }
}

#[test]
fn the_applications_scope_and_parameters_go_before_the_rows() {
    let sign_in =
        of(SignIn::google).scope("openid calendar").parameter("prompt", "consent").parameter("prompt", "none");
    let sign_in = sign_in.parameter("login_hint", "jane@x.example");
    let url = start(&sign_in).0.url;
    assert_eq!(
        ["scope", "prompt", "login_hint"].map(|name| argument(&url, name)),
        ["openid calendar", "none", "jane@x.example"]
    );
    let reserved = of(SignIn::google).parameter("state", "x").start(moment()).unwrap_err();
    assert_eq!(reserved, Unsupported::ReservedParameter { name: "state".into() }.into());
}

#[test]
fn what_cannot_work_is_refused_when_it_is_made() {
    assert!(matches!(
        SignIn::new(&Site::oauth2(services::LINEAR, Fields::NONE), "id", "s", CALLBACK),
        Err(Error::Unsupported(Unsupported::NoEndpoint { endpoint: "profile" }))
    ));
    SignIn::new(&sites::GITHUB_ENTERPRISE, "id", "s", CALLBACK).unwrap_err();
    of(SignIn::google).place("https://x.example").unwrap_err();
    SignIn::google("id", "s", "callback").unwrap_err();
    SignIn::twitter("id", "s", "callback").unwrap_err();
    let plain = SignIn::new(&ZOOM.clone().profile("http://api.zoom.us/me"), "id", "s", CALLBACK);
    assert!(matches!(plain, Err(Error::Unsupported(Unsupported::PlainHttp { .. }))));
    of(SignIn::github).profile_header("a b", "x").unwrap_err();
    of(SignIn::github).profile_header("x", "a\r\nb").unwrap_err();
    SignIn::new(&ZOOM.clone().headers(&[("a b", "x")]), "id", "s", CALLBACK).unwrap_err();
    let emails = Emails { url: "https://elsewhere.example/emails", ..sites::GITHUB.emails.unwrap() };
    let error = SignIn::new(&sites::GITHUB.emails(emails), "id", "s", CALLBACK).unwrap_err();
    assert_eq!(error, Unsupported::ForeignOrigin { origin: "https://elsewhere.example".into(), option: None }.into());
}

#[test]
fn a_client_without_a_secret_sends_none() {
    let sign_in = SignIn::facebook("id", "", CALLBACK).unwrap();
    let (_, sent) = finish(&sign_in, vec![json(r#"{"id":"1"}"#)]);
    assert!(!String::from_utf8(sent[0].body().clone()).unwrap().contains("client_secret"));
    assert!(!sent[1].uri().to_string().contains("appsecret_proof"));
}

#[test]
fn pending_and_user_survive_storage_and_show_no_secret() {
    for constructor in [SignIn::google, SignIn::twitter] as [Constructor; 2] {
        let sign_in = of(constructor);
        let (start, _) = start(&sign_in);
        let shown = format!("{sign_in:?} {start:?}");
        let stored = serde_json::to_string(&start.pending).unwrap();
        let pending: Pending = serde_json::from_str(&stored).unwrap();
        assert_eq!((pending.key(), pending.expires_at()), (start.pending.key(), start.pending.expires_at()));
        let uri = callback(&pending, sign_in.oauth1_client().is_some());
        drop(sign_in.callback(pending, &uri, moment()).unwrap());

        let user = user(&sign_in, r#"{"sub":"1","id_str":"1","x":"sesame"}"#);
        let shown = format!("{shown} {user:?}");
        for secret in ["\"ats\"", "rt-91c2", "rqs", "\"secret\"", "sesame"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        // The identifiers of OAuth 1.0 tokens are none.
        let hidden = |text: &str| sign_in.oauth1_client().is_some() || !shown.contains(text);
        assert!(hidden("at-5f3a") && hidden(start.pending.key()), "{shown}");
        let stored = serde_json::to_string(&user).unwrap();
        assert_eq!(serde_json::from_str::<User>(&stored).unwrap(), user);
    }
}

#[test]
fn a_profile_that_says_by_200_that_it_failed_is_refused() {
    let error = error(&of(SignIn::slack), json(r#"{"ok":false,"error":"invalid_auth"}"#));
    let Error::Refused(Refused::Problem { code, .. }) = error else { panic!("{error}") };
    assert_eq!(code, "invalid_auth");
    let error =
        common::sign_in::error(&of(SignIn::google), json(r#"{"error":"invalid_token","error_description":"x"}"#));
    assert_eq!(error.code(), Some("invalid_token"));
    let bare = common::sign_in::error(&of(SignIn::slack), json(r#"{"ok":false,"sub":"U1"}"#));
    assert!(matches!(bare, Error::Refused(Refused::Status(_))), "{bare}");
}
