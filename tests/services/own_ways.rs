//! Signing in with Google, Facebook, Twitter, Dropbox and GitHub: the URLs to which users are sent,
//! the requests with their token, and the resulting users.

use crate::common::oauth2::{NOW, json, response};
use crate::common::services::*;
use crate::common::with::With;
use oauth_proto::Timestamp;
use oauth_proto::services;

#[test]
fn a_user_signs_in_with_google() {
    let profile = r#"{"sub":"110248495921238986420","name":"Jane Roe","given_name":"Jane",
        "family_name":"Roe","picture":"https://lh3.example/a","email":"jane@gmail.example",
        "email_verified":true,"locale":"en","hd":"x"}"#;
    let user = walks(
        &of(&services::GOOGLE),
        "https://accounts.google.com/o/oauth2/v2/auth",
        "openid profile email",
        &["GET https://openidconnect.googleapis.com/v1/userinfo"],
        &[profile],
    );
    assert_eq!(user.id, "110248495921238986420");
    assert_eq!(
        said(&user),
        [
            Some("Jane Roe"),
            Some("Jane"),
            Some("Roe"),
            None,
            Some("jane@gmail.example"),
            Some("true"),
            Some("https://lh3.example/a"),
            Some("en")
        ]
    );
    assert_eq!(user.session_expires, Some(3600));
    let token = user.tokens.oauth2().unwrap();
    assert_eq!(token.access_token.expose(), "at-5f3a");
    assert_eq!(token.expires_at, Some(Timestamp::from_secs(NOW + 3600)));
}

#[test]
fn a_user_signs_in_with_facebook() {
    let profile = r#"{"id":"10150000000000001","name":"Jane Roe","first_name":"Jane",
        "last_name":"Roe","locale":"en_US","picture":{"data":{"height":50,"is_silhouette":false,
        "url":"https://platform-lookaside.example/p","width":50}},
        "link":"https://www.facebook.com/10150000000000001","birthday":"01/02/1980",
        "email":"jane@mail.example"}"#;
    let sign_in =
        of(&services::FACEBOOK).with(|it| it.extra_fields.extend(["birthday"].map(Into::into)));
    let user = walks(
        &sign_in,
        "https://www.facebook.com/dialog/oauth",
        "public_profile,email",
        &["GET https://graph.facebook.com/me"],
        &[profile],
    );
    assert_eq!(user.id, "10150000000000001");
    assert_eq!(
        said(&user),
        [
            Some("Jane Roe"),
            Some("Jane"),
            Some("Roe"),
            None,
            Some("jane@mail.example"),
            None,
            Some("https://platform-lookaside.example/p"),
            Some("en_US")
        ]
    );
    assert_eq!(user.raw["birthday"], "01/02/1980");

    let (_, sent) = finish(&sign_in, vec![json(profile)]);
    let url = sent[1].uri().to_string();
    assert_eq!(
        argument(&url, "fields"),
        "id,name,first_name,last_name,locale,picture,link,email,birthday"
    );
    // The HMAC-SHA256 of the token with the secret as key, computed with another implementation.
    assert_eq!(
        argument(&url, "appsecret_proof"),
        "1650699750859f146cd357c0ea5d549bc1a79e978951068a927a813bff162406"
    );
}

#[test]
fn facebooks_old_answers_have_a_lifetime() {
    let sign_in = of(&services::FACEBOOK);
    let (authorization, _) = begin(&sign_in);
    let uri = callback(&authorization.pending, false);
    let token = response(
        200,
        &[("content-type", "text/plain;charset=UTF-8")],
        "access_token=at-5f3a&expires=5183999",
    );
    let step = sign_in.redeem(authorization.pending, &uri, crate::common::oauth2::moment());
    let user = drive(step, vec![token, json(r#"{"id":"1"}"#)]).0.unwrap();
    assert_eq!(user.session_expires, Some(5_183_999));
}

const TWITTER: &str = r#"{"id":38895958,"id_str":"38895958","name":"Jane Roe",
    "screen_name":"janeroe","verified":true,
    "profile_image_url_https":"https://pbs.example/1.png","lang":null,"email":null,
    "status":{"text":"hello"}}"#;

#[test]
fn a_user_signs_in_with_twitter() {
    let sign_in = of(&services::TWITTER);
    let (authorization, sent) = begin(&sign_in);
    assert_eq!(place(&sent[0]), "POST https://api.x.com/oauth/request_token");
    assert_eq!(authorization.url, "https://api.x.com/oauth/authenticate?oauth_token=rqt");
    assert_eq!(authorization.pending.key(), "rqt");
    let user = walks(
        &sign_in,
        "https://api.x.com/oauth/authenticate",
        "",
        &["GET https://api.x.com/1.1/account/verify_credentials.json"],
        &[TWITTER],
    );
    assert_eq!(user.id, "38895958");
    let picture = Some("https://pbs.example/1.png");
    assert_eq!(
        said(&user),
        [Some("Jane Roe"), None, None, Some("janeroe"), None, None, picture, None]
    );
    assert_eq!(
        (user.session_expires, user.tokens.oauth1().unwrap().extra["user_id"].as_str()),
        (None, "38895958")
    );
}

#[test]
fn twitters_profile_is_requested_with_the_access_token_and_optionally_the_email() {
    let (user, sent) = finish(
        &of(&services::TWITTER)
            .with(|it| drop(it.profile_arguments.insert("include_email".into(), "true".into()))),
        vec![json(&TWITTER.replace("\"email\":null", "\"email\":\"j@x.example\""))],
    );
    assert_eq!(sent[1].uri().query(), Some("include_email=true"));
    let header = sent[1].headers()["authorization"].to_str().unwrap();
    assert!(
        header.contains("oauth_token=\"at-5f3a\"") && header.contains("oauth_signature="),
        "{header}"
    );
    // The response does not say whether the address is verified: `verified` is about the account.
    let user = user.unwrap();
    assert_eq!((user.email.as_deref(), user.email_verified), (Some("j@x.example"), None));
    let (_, sent) = finish(&of(&services::TWITTER), vec![json(TWITTER)]);
    assert_eq!(sent[1].uri().query(), None);
}

#[test]
fn twitter_can_be_made_to_ask_each_time() {
    let sign_in = of(&services::TWITTER)
        .with(|it| it.always_authorize = true)
        .parameter("force_login", "true");
    let (authorization, _) = begin(&sign_in);
    assert_eq!(
        authorization.url,
        "https://api.x.com/oauth/authorize?force_login=true&oauth_token=rqt"
    );
}

#[test]
fn a_user_signs_in_with_dropbox() {
    let sign_in = dropbox_v1();
    let answer = "oauth_token=rqt&oauth_token_secret=rqs";
    let (authorization, sent) =
        drive(sign_in.authorize(crate::common::oauth2::moment()), vec![form(answer)]);
    let authorization = authorization.unwrap();
    assert_eq!(place(&sent[0]), "POST https://api.dropbox.com/1/oauth/request_token");
    assert!(
        authorization.url.starts_with("https://www.dropbox.com/1/oauth/authorize?"),
        "{}",
        authorization.url
    );
    assert_eq!(
        (
            argument(&authorization.url, "oauth_token"),
            argument(&authorization.url, "oauth_callback")
        ),
        ("rqt".into(), CALLBACK.into())
    );

    let profile = r#"{"uid":12345678,"display_name":"Jane Roe","country":"DE","locale":"de",
        "email":"jane@mail.example","email_verified":false,
        "name_details":{"familiar_name":"Jane","given_name":"Jane","surname":"Roe"},
        "quota_info":{"quota":107374182400000,"normal":680031877871}}"#;
    // The callback of this version has no verifier.
    let uri = format!("{CALLBACK}?uid=12345678&oauth_token=rqt");
    let step = sign_in.redeem(authorization.pending, &uri, crate::common::oauth2::moment());
    let (user, sent) = drive(
        step,
        vec![form("oauth_token=at-5f3a&oauth_token_secret=ats&uid=12345678"), json(profile)],
    );
    assert_eq!(place(&sent[0]), "POST https://api.dropbox.com/1/oauth/access_token");
    assert_eq!(place(&sent[1]), "GET https://api.dropbox.com/1/account/info");
    let user = user.unwrap();
    assert_eq!(user.id, "12345678");
    assert_eq!(
        said(&user),
        [
            Some("Jane Roe"),
            Some("Jane"),
            Some("Roe"),
            Some("Jane Roe"),
            Some("jane@mail.example"),
            Some("false"),
            None,
            Some("de")
        ]
    );
}

const GITHUB: &str = r#"{"login":"janeroe","id":583231,"node_id":"MDQ6",
    "avatar_url":"https://avatars.example/u/583231","type":"User","name":null,
    "email":"public@mail.example"}"#;
const GITHUB_EMAILS: &str = r#"[{"email":"old@mail.example","primary":false,"verified":true,
    "visibility":null},{"email":"jane@mail.example","primary":true,"verified":true,
    "visibility":"private"}]"#;
const GITHUB_PICTURE: Option<&str> = Some("https://avatars.example/u/583231");

#[test]
fn a_user_signs_in_with_github() {
    let user = walks(
        &of(&services::GITHUB),
        "https://github.com/login/oauth/authorize",
        "read:user user:email",
        &["GET https://api.github.com/user", "GET https://api.github.com/user/emails"],
        &[GITHUB, GITHUB_EMAILS],
    );
    assert_eq!(user.id, "583231");
    let email = Some("jane@mail.example");
    assert_eq!(
        said(&user),
        [None, None, None, Some("janeroe"), email, Some("true"), GITHUB_PICTURE, None]
    );
}

#[test]
fn github_sees_a_user_agent() {
    let named = of(&services::GITHUB).with(|it| {
        drop(
            it.profile_headers
                .insert("user-agent", http::HeaderValue::from_static("printer.example.com")),
        );
    });
    for (sign_in, agent) in [(of(&services::GITHUB), "oauth-proto"), (named, "printer.example.com")]
    {
        let (_, sent) = finish(&sign_in, vec![json(GITHUB), json(GITHUB_EMAILS)]);
        assert!(sent[1..].iter().all(|request| request.headers()["user-agent"] == agent));
    }
}

#[test]
fn without_a_verified_primary_address_github_gives_no_address() {
    for emails in [
        r#"[{"email":"jane@mail.example","primary":true,"verified":false}]"#,
        r#"[{"email":"jane@mail.example","primary":false,"verified":true}]"#,
        r#"[{"email":"","primary":true,"verified":true}]"#,
        "[]",
    ] {
        let user = finish(&of(&services::GITHUB), vec![json(GITHUB), json(emails)]).0.unwrap();
        assert_eq!((user.email, user.email_verified), (None, None), "{emails}");
    }
    // GitHub refuses the request if the application has not asked for the scope of addresses.
    for status in [403, 404] {
        let refused = response(status, &[], r#"{"message":"Not Found"}"#);
        let user = finish(&of(&services::GITHUB), vec![json(GITHUB), refused]).0.unwrap();
        assert_eq!((user.email, user.email_verified), (None, None));
    }
}

#[test]
fn a_user_signs_in_with_github_enterprise_server() {
    let sign_in = of(&services::GITHUB_ENTERPRISE).instance("https://git.example").unwrap();
    walks(
        &sign_in,
        "https://git.example/login/oauth/authorize",
        "read:user user:email",
        &["GET https://git.example/api/v3/user", "GET https://git.example/api/v3/user/emails"],
        &[GITHUB, GITHUB_EMAILS],
    );
}
