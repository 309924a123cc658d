//! Signing in with the services that have no special rules: the URLs to which users are sent, and
//! the resulting users.

use crate::common::services::*;
use oauth_proto::services;

#[test]
fn a_user_signs_in_with_gitlab() {
    let profile = r#"{"sub":"5","sub_legacy":"f7","name":"Jane Roe","nickname":"janeroe",
        "email":"jane@mail.example","email_verified":true,"profile":"https://gitlab.com/janeroe",
        "picture":"https://gitlab.com/5.png","groups":["g"]}"#;
    let here = of(&services::GITLAB).instance("https://git.example/lab/").unwrap();
    for (sign_in, base) in
        [(of(&services::GITLAB), "https://gitlab.com"), (here, "https://git.example/lab")]
    {
        let user = walks(
            &sign_in,
            &format!("{base}/oauth/authorize"),
            "openid profile email",
            &[&format!("GET {base}/oauth/userinfo")],
            &[profile],
        );
        assert_eq!(user.id, "5");
        let picture = Some("https://gitlab.com/5.png");
        let email = Some("jane@mail.example");
        assert_eq!(
            said(&user),
            [Some("Jane Roe"), None, None, Some("janeroe"), email, Some("true"), picture, None]
        );
    }
}

#[test]
fn a_user_signs_in_with_linkedin() {
    let profile = r#"{"sub":"782bbtaQ","name":"Jane Roe","given_name":"Jane","family_name":"Roe",
        "email":"j@x.example","picture":"https://media.example/C5","locale":{"country":"US",
        "language":"en"},"email_verified":"true"}"#;
    let user = walks(
        &of(&services::LINKEDIN),
        "https://www.linkedin.com/oauth/v2/authorization",
        "openid profile email",
        &["GET https://api.linkedin.com/v2/userinfo"],
        &[profile],
    );
    assert_eq!(user.id, "782bbtaQ");
    let picture = Some("https://media.example/C5");
    let email = Some("j@x.example");
    assert_eq!(
        said(&user),
        [Some("Jane Roe"), Some("Jane"), Some("Roe"), None, email, Some("true"), picture, None]
    );
}

#[test]
fn a_user_signs_in_with_microsoft() {
    let profile = r#"{"sub":"OLu859SGc2Sr9ZsqbkG-QbeLgJlb41KcdiPoLYNpSFA","name":"Jane Roe",
        "family_name":"Roe","given_name":"Jane","picture":"https://graph.example/photo",
        "email":"jane@corp.example","email_verified":true}"#;
    let tenant = of(&services::MICROSOFT).instance("corp.example").unwrap();
    for (sign_in, tenant) in [(of(&services::MICROSOFT), "common"), (tenant, "corp.example")] {
        let user = walks(
            &sign_in,
            &format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize"),
            "openid profile email",
            &["GET https://graph.microsoft.com/oidc/userinfo"],
            &[profile],
        );
        assert_eq!(user.id, "OLu859SGc2Sr9ZsqbkG-QbeLgJlb41KcdiPoLYNpSFA");
        let picture = Some("https://graph.example/photo");
        let email = Some("jane@corp.example");
        assert_eq!(
            said(&user),
            [Some("Jane Roe"), Some("Jane"), Some("Roe"), None, email, None, picture, None]
        );
    }
}

#[test]
fn a_user_signs_in_with_bitbucket() {
    let profile = r#"{"type":"user","uuid":"{c788b2da-b7a2-404c-9e26-d3f077557007}",
        "account_id":"557058:0a","display_name":"Jane Roe","nickname":"jane",
        "links":{"avatar":{"href":"https://avatar.example/1"}}}"#;
    let emails = r#"{"pagelen":10,"page":1,"size":2,"values":[
        {"type":"email","is_primary":false,"is_confirmed":true,"email":"old@mail.example"},
        {"type":"email","is_primary":true,"is_confirmed":true,"email":"jane@mail.example"}]}"#;
    let user = walks(
        &of(&services::BITBUCKET),
        "https://bitbucket.org/site/oauth2/authorize",
        "",
        &[
            "GET https://api.bitbucket.org/2.0/user",
            "GET https://api.bitbucket.org/2.0/user/emails",
        ],
        &[profile, emails],
    );
    assert_eq!(user.id, "{c788b2da-b7a2-404c-9e26-d3f077557007}");
    let (email, picture) = (Some("jane@mail.example"), Some("https://avatar.example/1"));
    assert_eq!(
        said(&user),
        [Some("Jane Roe"), None, None, Some("jane"), email, Some("true"), picture, None]
    );
}

#[test]
fn a_user_signs_in_with_discord() {
    let profile = r#"{"id":"80351110224678912","username":"jane","discriminator":"0",
        "global_name":"Jane Roe","avatar":"8342729096ea3675442027381ff50dfe","verified":false,
        "email":"jane@mail.example","locale":"de","mfa_enabled":true}"#;
    let sign_in = of(&services::DISCORD);
    let user = walks(
        &sign_in,
        "https://discord.com/oauth2/authorize",
        "identify email",
        &["GET https://discord.com/api/users/@me"],
        &[profile],
    );
    assert_eq!(user.id, "80351110224678912");
    let picture =
        "https://cdn.discordapp.com/avatars/80351110224678912/8342729096ea3675442027381ff50dfe.png";
    let email = Some("jane@mail.example");
    assert_eq!(
        said(&user),
        [
            Some("Jane Roe"),
            None,
            None,
            Some("jane"),
            email,
            Some("false"),
            Some(picture),
            Some("de")
        ]
    );
    let plain = r#"{"id":"80351110224678912","username":"jane","global_name":null,"avatar":null}"#;
    assert_eq!(
        said(&crate::common::services::user(&sign_in, plain)),
        [None, None, None, Some("jane"), None, None, None, None]
    );
}

#[test]
fn a_user_signs_in_with_spotify() {
    let profile = r#"{"country":"DE","display_name":"Jane Roe","email":"jane@mail.example",
        "id":"wizzler","product":"free","images":[{"height":64,"url":"https://i.example/64",
        "width":64},{"url":"https://i.example/300"}],"type":"user"}"#;
    let user = walks(
        &of(&services::SPOTIFY),
        "https://accounts.spotify.com/authorize",
        "user-read-private user-read-email",
        &["GET https://api.spotify.com/v1/me"],
        &[profile],
    );
    assert_eq!(user.id, "wizzler");
    let (email, picture) = (Some("jane@mail.example"), Some("https://i.example/64"));
    assert_eq!(said(&user), [Some("Jane Roe"), None, None, None, email, None, picture, None]);
}

#[test]
fn a_user_signs_in_with_twitch() {
    let profile = r#"{"aud":"id","exp":1700003600,"iat":1700000000,
        "iss":"https://id.twitch.tv/oauth2","sub":"713936733","azp":"id",
        "email":"jane@mail.example","email_verified":true,"preferred_username":"JaneRoe",
        "picture":"https://static.example/p.png"}"#;
    let sign_in = of(&services::TWITCH);
    let user = walks(
        &sign_in,
        "https://id.twitch.tv/oauth2/authorize",
        "openid user:read:email",
        &["GET https://id.twitch.tv/oauth2/userinfo"],
        &[profile],
    );
    assert_eq!(user.id, "713936733");
    let (email, picture) = (Some("jane@mail.example"), Some("https://static.example/p.png"));
    assert_eq!(
        said(&user),
        [Some("JaneRoe"), None, None, Some("JaneRoe"), email, Some("true"), picture, None]
    );

    let claims: serde_json::Value =
        serde_json::from_str(&argument(&begin(&sign_in).0.url, "claims")).unwrap();
    assert!(claims["userinfo"].as_object().unwrap().contains_key("email_verified"));
    let own = sign_in.parameter("claims", "{}");
    assert_eq!(argument(&begin(&own).0.url, "claims"), "{}");
}

#[test]
fn a_user_signs_in_with_slack() {
    let profile = r#"{"ok":true,"sub":"U0R7JM","https://slack.com/user_id":"U0R7JM",
        "https://slack.com/team_id":"T0R7GR","email":"jane@corp.example","email_verified":true,
        "date_email_verified":1622128723,"name":"Jane Roe",
        "picture":"https://secure.example/1.png","given_name":"Jane","family_name":"Roe",
        "locale":"en-US"}"#;
    let user = walks(
        &of(&services::SLACK_SIGN_IN),
        "https://slack.com/openid/connect/authorize",
        "openid profile email",
        &["GET https://slack.com/api/openid.connect.userInfo"],
        &[profile],
    );
    assert_eq!(user.id, "U0R7JM");
    let (email, picture) = (Some("jane@corp.example"), Some("https://secure.example/1.png"));
    assert_eq!(
        said(&user),
        [
            Some("Jane Roe"),
            Some("Jane"),
            Some("Roe"),
            None,
            email,
            Some("true"),
            picture,
            Some("en-US")
        ]
    );
}

#[test]
fn a_user_signs_in_with_yahoo() {
    let profile = r#"{"sub":"FSVIDUW3D7FSVIDUW3D72F2F","name":"Jane Roe","given_name":"Jane",
        "family_name":"Roe","locale":"en-US","email":"jane@yahoo.example","email_verified":true,
        "nickname":"jr","gender":"female","profile_images":{"image32":"https://s.example/32"},
        "picture":"https://s.example/192"}"#;
    let user = walks(
        &of(&services::YAHOO),
        "https://api.login.yahoo.com/oauth2/request_auth",
        "openid profile email",
        &["GET https://api.login.yahoo.com/openid/v1/userinfo"],
        &[profile],
    );
    assert_eq!(user.id, "FSVIDUW3D7FSVIDUW3D72F2F");
    let (email, picture) = (Some("jane@yahoo.example"), Some("https://s.example/192"));
    assert_eq!(
        said(&user),
        [
            Some("Jane Roe"),
            Some("Jane"),
            Some("Roe"),
            None,
            email,
            Some("true"),
            picture,
            Some("en-US")
        ]
    );
}
