//! Events that the authorization server records for its operator with the feature `tracing`. They
//! contain no secret.

use crate::common::oauth2_pair::{ISSUER, NOW, OAuth2Pair, REDIRECT, SECRET, provider};
use crate::common::traced::traced;
use oauth_proto::oauth2::{self, Authorize};
use tracing::Level;

/// Rows `refresh-grace` and `token-in-log`: each use of a replaced token within the grace time is
/// an event with the level `WARN`.
#[test]
fn events_have_their_levels_and_no_secret() {
    let mut secrets = vec![SECRET.to_owned()];
    let mut lines = traced(|| {
        let pair = OAuth2Pair::new(provider());
        let client = pair.client();
        let token = pair.sign_in(&client, Authorize::scope("read")).unwrap();
        let renew = || oauth2::Grant::refresh_token(token.refresh_token.clone().unwrap());
        let second = pair.run(client.request_token(renew(), pair.moment())).unwrap();
        let again = pair.run(client.request_token(renew(), pair.moment())).unwrap();
        assert_eq!(again.refresh_token, second.refresh_token);
        pair.now.set(NOW + 10);
        pair.run(client.request_token(renew(), pair.moment())).unwrap_err();
        let password = oauth2::Grant::dangerous_password("jane", "not the password").scope("read");
        pair.run(client.request_token(password, pair.moment())).unwrap_err();
        for token in [&token, &second] {
            secrets.push(token.access_token.expose().to_owned());
            secrets.push(token.refresh_token.as_ref().unwrap().expose().to_owned());
        }
        secrets.push("not the password".to_owned());
    });
    // The client in this test records events, too.
    lines.retain(|(_, line)| line.starts_with("oauth_proto::oauth2::server "));
    let levels: Vec<_> = lines.iter().map(|(level, _)| *level).collect();
    // In order: tokens were issued, renewed, and renewed again within the grace time. Then the
    // grant was revoked after a replay, and a password was wrong.
    use Level as L;
    assert_eq!(
        levels,
        [L::INFO, L::INFO, L::WARN, L::INFO, L::INFO, L::WARN, L::WARN],
        "{lines:?}"
    );
    assert!(lines[0].1.contains("printer") && lines[5].1.contains("already used"), "{lines:?}");
    assert!(
        lines[2].1.contains("within the grace time") && lines[2].1.contains("printer"),
        "{lines:?}"
    );
    for secret in secrets {
        assert!(!lines.iter().any(|(_, line)| line.contains(&secret)), "{lines:?}");
    }
}

/// Asserts that a request causes one event, with this level and these parts.
#[track_caller]
fn event(request: &oauth_proto::Request, pair: &OAuth2Pair, level: Level, parts: &[&str]) {
    let lines = traced(|| drop(pair.dispatch(request)));
    let lines: Vec<_> =
        lines.iter().filter(|(_, line)| line.starts_with("oauth_proto::oauth2::server ")).collect();
    let [(own, line)] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(*own, level, "{line}");
    for part in parts {
        assert!(line.contains(part), "expected {part:?} in {line}");
    }
}

#[test]
fn the_tokens_of_the_implicit_grant_are_logged() {
    let pair = OAuth2Pair::new(
        provider().add_grant_type(oauth2::server::GrantType::dangerous_implicit().scopes("read")),
    );
    let consent = pair
        .consent(&format!("{ISSUER}/authorize?client_id=printer&response_type=token&scope=read"));
    let approval = oauth2::server::Approval::new("jane");
    let lines = traced(|| {
        let step = pair.provider.approve(consent, approval, pair.moment());
        oauth2::server::serve(step, &pair.store).unwrap();
    });
    let [(level, line)] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(*level, Level::INFO);
    assert!(line.contains("tokens issued") && line.contains("implicit"), "{line}");
}

fn post(path: &str, parameters: &[(&str, &str)]) -> oauth_proto::Request {
    http::Request::post(format!("{ISSUER}{path}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(oauth_proto::wire::form::encode(parameters.iter().copied()).into_bytes())
        .unwrap()
}

#[test]
fn a_refusal_is_logged_with_its_client_its_endpoint_and_its_reason() {
    let pair = OAuth2Pair::new(provider());
    let known = [("client_id", "printer"), ("client_secret", SECRET)];
    let wrong = [("client_id", "printer"), ("client_secret", "wrong")];
    let credentials = [("grant_type", "client_credentials"), ("scope", "stats admin")];
    event(
        &post("/token", &[&wrong[..], &credentials].concat()),
        &pair,
        Level::WARN,
        &["Token", "printer", "wrong"],
    );
    let unknown = [("client_id", "nobody"), ("client_secret", "wrong")];
    event(
        &post("/token", &[&unknown[..], &credentials].concat()),
        &pair,
        Level::DEBUG,
        &["Token", "nobody", "unknown"],
    );
    event(
        &post("/token", &[&known[..], &credentials].concat()),
        &pair,
        Level::DEBUG,
        &["Token", "printer", "admin"],
    );
    let other = [
        &known[..],
        &[("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", "x")],
    ];
    event(
        &post("/token", &other.concat()),
        &pair,
        Level::DEBUG,
        &["Token", "printer", "device code"],
    );
    // The event contains the client id in the body or in the header, even if the client was not
    // looked up.
    event(&post("/token", &known), &pair, Level::DEBUG, &["Token", "printer", "grant_type"]);
    let mut magic = post("/token", &[("grant_type", "magic")]);
    magic.headers_mut().insert("authorization", "Basic cHJpbnRlcjp4".parse().unwrap());
    event(&magic, &pair, Level::DEBUG, &["Token", "printer", "magic"]);
    let revoke = [("client_id", "nobody"), ("token", "x")];
    event(&post("/revoke", &revoke), &pair, Level::DEBUG, &["Revoke", "nobody"]);
    event(&post("/tokens", &known), &pair, Level::DEBUG, &["/tokens", "/token, "]);
    let page = |query: &[(&str, &str)]| {
        let query = oauth_proto::wire::form::encode(query.iter().copied());
        http::Request::get(format!("{ISSUER}/authorize?{query}")).body(Vec::new()).unwrap()
    };
    let asking = [
        ("response_type", "code"),
        ("client_id", "printer"),
        ("redirect_uri", "https://evil.example/x?y"),
    ];
    event(&page(&asking), &pair, Level::DEBUG, &["Authorize", "printer", "https://evil.example/x"]);
    let asking = [
        ("response_type", "code"),
        ("client_id", "printer"),
        ("redirect_uri", REDIRECT),
        ("scope", "x"),
    ];
    event(&page(&asking), &pair, Level::DEBUG, &["Authorize", "printer", "\"x\""]);
}

/// The log contains the cause, although the response does not.
#[test]
fn the_log_says_why_a_code_or_a_token_is_invalid() {
    let pair = OAuth2Pair::new(provider());
    let client = pair.client();
    let token = pair.sign_in(&client, Authorize::scope("read")).unwrap();
    let refresh_token = token.refresh_token.unwrap().expose().to_owned();
    let own = [("client_id", "printer"), ("client_secret", SECRET)];
    let refresh = |value: &str| {
        post(
            "/token",
            &[&own[..], &[("grant_type", "refresh_token"), ("refresh_token", value)]].concat(),
        )
    };
    event(&refresh("unknown"), &pair, Level::DEBUG, &["refresh token is unknown"]);
    let introspect = |value: &str| post("/introspect", &[&own[..], &[("token", value)]].concat());
    let access = token.access_token.expose();
    event(&introspect("unknown"), &pair, Level::DEBUG, &["not active", "printer", "unknown"]);
    pair.now.set(NOW + 3600);
    event(
        &introspect(access),
        &pair,
        Level::DEBUG,
        &["not active", "printer", "expired at 1700003600"],
    );
    pair.now.set(NOW + 30 * 24 * 3600);
    event(&refresh(&refresh_token), &pair, Level::DEBUG, &["refresh token expired at"]);
    let password = [
        ("grant_type", "password"),
        ("username", "jane"),
        ("password", "guess"),
        ("scope", "read"),
    ];
    event(
        &post("/token", &[&own[..], &password].concat()),
        &pair,
        Level::WARN,
        &["printer", "username and password"],
    );
}
