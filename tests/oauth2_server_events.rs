//! What the authorization server tells its operator by the feature `tracing`: enough, and no secret.
#![cfg(feature = "tracing")]
#![allow(missing_docs)]

#[path = "common/traced.rs"]
mod traced;
#[path = "common/world.rs"]
mod world;

use oauth_proto::oauth2::{self, Authorize};
use traced::traced;
use tracing::Level;
use world::{NOW, SECRET, World, provider};

#[test]
fn events_have_their_levels_and_no_secret() {
    let mut secrets = vec![SECRET.to_owned()];
    let mut lines = traced(|| {
        let world = World::new(provider());
        let client = world.client();
        let token = world.sign_in(&client, Authorize::scope("read")).unwrap();
        let renew = || oauth2::Grant::refresh_token(token.refresh_token.clone().unwrap());
        let second = world.run(client.request_token(renew(), world.moment())).unwrap();
        let again = world.run(client.request_token(renew(), world.moment())).unwrap();
        assert_eq!(again.refresh_token, second.refresh_token);
        world.now.set(NOW + 10);
        world.run(client.request_token(renew(), world.moment())).unwrap_err();
        let password = oauth2::Grant::password("jane", "not the password").scope("read");
        world.run(client.request_token(password, world.moment())).unwrap_err();
        for token in [&token, &second] {
            secrets.push(token.access_token.expose().to_owned());
            secrets.push(token.refresh_token.as_ref().unwrap().expose().to_owned());
        }
        secrets.push("not the password".to_owned());
    });
    // The client of this test has events of its own.
    lines.retain(|(_, line)| line.starts_with("oauth_proto::oauth2::server "));
    let levels: Vec<_> = lines.iter().map(|(level, _)| *level).collect();
    // Issued, renewed, renewed once more within the grace time, revoked and the replay that caused it, a wrong password.
    use Level as L;
    assert_eq!(levels, [L::INFO, L::INFO, L::WARN, L::INFO, L::INFO, L::WARN, L::DEBUG], "{lines:?}");
    assert!(lines[0].1.contains("printer") && lines[5].1.contains("used before"), "{lines:?}");
    assert!(lines[2].1.contains("within the grace time") && lines[2].1.contains("printer"), "{lines:?}");
    for secret in secrets {
        assert!(!lines.iter().any(|(_, line)| line.contains(&secret)), "{lines:?}");
    }
}
