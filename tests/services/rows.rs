//! Signing in with custom services, options, and stored values.

use crate::common::oauth2::{json, moment, pairs, query};
use crate::common::services::*;
use crate::common::with::With;
use oauth_proto::oauth2::CallbackError;
use oauth_proto::oauth2::RequestError;
use oauth_proto::services::{
    self, EmailMapping, Instance, Pending, ProfileMapping, Service, SignIn, User,
};
use oauth_proto::{Error, Forged, Refused, Unsupported};
use serde_json::json as value;

const ZOOM: Service = {
    let mut profile = ProfileMapping::new("/id");
    profile.name = Some("/display_name");
    profile.email = Some("/email");
    profile.picture = Some("/pic_url");
    profile.scope = "user:read:user";
    profile.arguments = &[("login_type", "100")];
    profile.parameters = &[("prompt", "login")];
    let mut zoom = services::ZOOM;
    zoom.profile = Some(profile);
    zoom
};

const FLICKR: Service = {
    let mut profile = ProfileMapping::new("/user/id");
    profile.username = Some("/user/username/_content");
    profile.arguments =
        &[("method", "flickr.test.login"), ("format", "json"), ("nojsoncallback", "1")];
    profile.parameters = &[("perms", "read")];
    let mut flickr = services::FLICKR;
    flickr.userinfo = Some("https://api.flickr.com/services/rest");
    flickr.profile = Some(profile);
    flickr
};

#[test]
fn a_custom_row_can_be_a_constant() {
    let sign_in = SignIn::new(&ZOOM, "id", "secret", CALLBACK).unwrap();
    let (authorization, _) = begin(&sign_in);
    assert_eq!(
        (
            argument(&authorization.url, "scope").as_str(),
            argument(&authorization.url, "prompt").as_str()
        ),
        ("user:read:user", "login")
    );
    let (user, sent) =
        finish(&sign_in, vec![json(r#"{"id":"z1","display_name":"Jane","email":"j@x.example"}"#)]);
    assert_eq!(sent[1].uri(), "https://api.zoom.us/v2/users/me?login_type=100");
    let user = user.unwrap();
    assert_eq!((user.id.as_str(), user.name.as_deref(), user.picture), ("z1", Some("Jane"), None));
    let other =
        sign_in.with(|it| drop(it.profile_arguments.insert("login_type".into(), "1".into())));
    assert_eq!(
        finish(&other, vec![json(r#"{"id":"z1"}"#)]).1[1].uri().query(),
        Some("login_type=1")
    );
}

#[test]
fn a_custom_row_can_use_oauth_1() {
    let sign_in = SignIn::new(&FLICKR, "key", "secret", CALLBACK).unwrap();
    let (authorization, sent) = begin(&sign_in);
    assert_eq!(place(&sent[0]), "POST https://www.flickr.com/services/oauth/request_token");
    assert_eq!(
        authorization.url,
        "https://www.flickr.com/services/oauth/authorize?perms=read&oauth_token=rqt"
    );
    let profile = r#"{"user":{"id":"21207597@N07","username":{"_content":"jane"}},"stat":"ok"}"#;
    let (user, sent) = finish(&sign_in, vec![json(profile)]);
    assert_eq!(pairs(query(&sent[1].uri().to_string())).len(), 3);
    assert!(
        sent[1].headers()["authorization"].to_str().unwrap().contains("oauth_token=\"at-5f3a\"")
    );
    let user = user.unwrap();
    assert_eq!((user.id.as_str(), user.username.as_deref()), ("21207597@N07", Some("jane")));
}

#[test]
fn every_row_can_be_moved_to_this_machine() {
    for service in services::ALL.iter().filter(|service| service.profile.is_some()) {
        let sign_in = match service.name {
            "Dropbox (version 1)" => dropbox_v1(),
            _ => of(service),
        };
        let sign_in = match service.instance {
            Instance::Base { default: None } => sign_in.instance("https://place.example").unwrap(),
            _ => sign_in,
        };
        let sign_in = sign_in.base_url("http://127.0.0.1:8080/double/").unwrap();
        let (authorization, mut sent) = begin(&sign_in);
        assert!(
            authorization.url.starts_with("http://127.0.0.1:8080/double/"),
            "{}",
            authorization.url
        );
        let mut profile = value!({});
        for name in ["id", "sub", "uuid", "uid", "id_str"] {
            profile[name] = "u1".into();
        }
        let mut answers = vec![json(&profile.to_string())];
        if service.profile.unwrap().emails.is_some() {
            answers.push(json(r#"{"values":[]}"#));
        }
        let (_, more) = finish(&sign_in, answers);
        sent.extend(more);
        for request in sent {
            assert_eq!(request.uri().authority().unwrap(), "127.0.0.1:8080", "{}", service.name);
        }
    }
}

#[test]
fn a_double_has_its_own_issuer() {
    let double = || of(&services::GOOGLE).base_url("http://127.0.0.1:8080").unwrap();
    let come_back = |sign_in: &SignIn| {
        let (authorization, _) = begin(sign_in);
        assert_eq!(argument(&authorization.url, "redirect_uri"), CALLBACK);
        let uri = format!("{}&iss=http%3A%2F%2F127.0.0.1", callback(&authorization.pending, false));
        sign_in.redeem(authorization.pending, &uri, moment()).map(drop)
    };
    let error = come_back(&double()).unwrap_err();
    assert!(
        matches!(error, Error::Forged(Forged::OAuth2(CallbackError::IssuerUnknown { .. }))),
        "{error}"
    );
    come_back(&double().with(|it| it.issuer = Some("http://127.0.0.1".into()))).unwrap();
    come_back(&double().with(|it| it.allow_unknown_issuer = true)).unwrap();
    for base in
        ["http://double.example", "127.0.0.1", "https://u@x.example", "https://x.example?a", ""]
    {
        assert!(of(&services::GOOGLE).base_url(base).is_err(), "{base}");
    }
}

#[test]
fn the_applications_scope_and_parameters_override_those_of_the_row() {
    let sign_in = of(&services::GOOGLE)
        .scope("openid calendar")
        .parameter("prompt", "consent")
        .parameter("prompt", "none");
    let sign_in = sign_in.parameter("login_hint", "jane@x.example");
    let url = begin(&sign_in).0.url;
    assert_eq!(
        ["scope", "prompt", "login_hint"].map(|name| argument(&url, name)),
        ["openid calendar", "none", "jane@x.example"]
    );
    let reserved = of(&services::GOOGLE).parameter("state", "x").authorize(moment()).unwrap_err();
    assert_eq!(reserved, Unsupported::ReservedParameter { name: "state".into() }.into());
}

fn mapped(mut service: Service) -> Service {
    service.profile = Some(ProfileMapping::new("/id"));
    service
}

#[test]
fn an_instance_may_be_chosen_after_other_options_and_must_be_chosen() {
    let enterprise = of(&services::GITHUB_ENTERPRISE).with(|it| {
        it.issuer = Some("https://id.example".into());
        it.allow_callback_without_place = true;
    });
    assert!(enterprise.oauth2().is_none());
    let error = enterprise.authorize(moment()).unwrap_err();
    assert!(error.to_string().contains("`SignIn::instance`"), "{error}");
    assert_eq!(
        enterprise.request("/user").unwrap_err().to_string(),
        enterprise.request("/").unwrap_err().to_string()
    );
    let (authorization, _) = begin(&of(&services::GITHUB));
    let error = enterprise.redeem(authorization.pending, "/callback", moment()).unwrap_err();
    assert!(error.to_string().contains("`SignIn::instance`"), "{error}");

    let sign_in = enterprise.instance("https://git.example").unwrap();
    let (authorization, _) = begin(&sign_in);
    let query =
        format!("code=c1&state={}&iss=https%3A%2F%2Fid.example", authorization.pending.key());
    drop(sign_in.redeem(authorization.pending, query.as_str(), moment()).unwrap());
    let plain =
        SignIn::new(&services::GITHUB_ENTERPRISE, "id", "s", "http://app.example/").unwrap();
    let error = plain.instance("https://git.example").unwrap_err();
    assert!(
        matches!(error, Error::Unsupported(Unsupported::PlainHttp { option: None, .. })),
        "{error}"
    );
}

#[test]
fn arguments_that_cannot_work_are_refused_at_construction() {
    assert!(matches!(
        SignIn::new(&mapped(services::LINEAR), "id", "s", CALLBACK),
        Err(Error::Unsupported(Unsupported::NoEndpoint { endpoint: "profile" }))
    ));
    let error = SignIn::new(&services::ZOOM, "id", "s", CALLBACK).unwrap_err();
    assert!(error.to_string().contains("`Service::profile`"), "{error}");
    of(&services::GOOGLE).instance("https://x.example").unwrap_err();
    SignIn::new(&services::GOOGLE, "id", "s", "callback").unwrap_err();
    SignIn::new(&services::TWITTER, "id", "s", "callback").unwrap_err();
    let mut plain = ZOOM;
    plain.userinfo = Some("http://api.zoom.us/me");
    let plain = SignIn::new(&plain, "id", "s", CALLBACK);
    assert!(matches!(plain, Err(Error::Unsupported(Unsupported::PlainHttp { .. }))));
    let mut profile = ZOOM.profile.unwrap();
    profile.headers = &[("a b", "x")];
    let mut zoom = ZOOM;
    zoom.profile = Some(profile);
    SignIn::new(&zoom, "id", "s", CALLBACK).unwrap_err();
    let mut profile = services::GITHUB.profile.unwrap();
    profile.emails = Some(EmailMapping::new("https://elsewhere.example/emails"));
    let mut github = services::GITHUB;
    github.profile = Some(profile);
    let error = SignIn::new(&github, "id", "s", CALLBACK).unwrap_err();
    assert_eq!(
        error,
        RequestError::ForeignOrigin { origin: "https://elsewhere.example".into(), option: None }
            .into()
    );
}

#[test]
fn a_client_without_a_secret_sends_none() {
    let sign_in = SignIn::new(&services::FACEBOOK, "id", "", CALLBACK).unwrap();
    let (_, sent) = finish(&sign_in, vec![json(r#"{"id":"1"}"#)]);
    assert!(!String::from_utf8(sent[0].body().clone()).unwrap().contains("client_secret"));
    assert!(!sent[1].uri().to_string().contains("appsecret_proof"));
}

#[test]
fn pending_and_user_survive_storage_and_show_no_secret() {
    for service in [services::GOOGLE, services::TWITTER] {
        let sign_in = of(&service);
        let (authorization, _) = begin(&sign_in);
        let shown = format!("{sign_in:?} {authorization:?}");
        let stored = serde_json::to_string(&authorization.pending).unwrap();
        let pending: Pending = serde_json::from_str(&stored).unwrap();
        assert_eq!(
            (pending.key(), pending.expires_at()),
            (authorization.pending.key(), authorization.pending.expires_at())
        );
        let uri = callback(&pending, sign_in.oauth1().is_some());
        drop(sign_in.redeem(pending, &uri, moment()).unwrap());

        let user = user(&sign_in, r#"{"sub":"1","id_str":"1","x":"sesame"}"#);
        let shown = format!("{shown} {user:?}");
        for secret in ["\"ats\"", "rt-91c2", "rqs", "\"secret\"", "sesame"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        // The identifier of an OAuth 1.0 token is not secret.
        let hidden = |text: &str| sign_in.oauth1().is_some() || !shown.contains(text);
        assert!(hidden("at-5f3a") && hidden(authorization.pending.key()), "{shown}");
        let stored = serde_json::to_string(&user).unwrap();
        assert_eq!(serde_json::from_str::<User>(&stored).unwrap(), user);
    }
}

#[test]
fn a_profile_error_with_status_200_is_refused() {
    let error =
        error(&of(&services::SLACK_SIGN_IN), json(r#"{"ok":false,"error":"invalid_auth"}"#));
    let Error::Refused(Refused::Problem { code, .. }) = error else { panic!("{error}") };
    assert_eq!(code, "invalid_auth");
    let error = crate::common::services::error(
        &of(&services::GOOGLE),
        json(r#"{"error":"invalid_token","error_description":"x"}"#),
    );
    assert_eq!(error.code(), Some("invalid_token"));
    let bare = crate::common::services::error(
        &of(&services::SLACK_SIGN_IN),
        json(r#"{"ok":false,"sub":"U1"}"#),
    );
    assert!(matches!(bare, Error::Refused(Refused::Status(_))), "{bare}");
}
