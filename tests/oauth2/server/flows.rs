//! This crate's client and authorization server together, in memory and without sockets. The tests
//! set the clock.

use crate::common::oauth2_pair::{NOW, OAuth2Pair, provider};
use crate::common::with::With;
use oauth_proto::oauth2::server::{Approval, serve};
use oauth_proto::oauth2::{self, Authorize, AuthorizeDevice, Client};

#[test]
fn a_code_gives_tokens_and_a_refresh_token_gives_new_ones() {
    let pair = OAuth2Pair::new(provider());
    let client = pair.client();
    let token = pair.sign_in(&client, Authorize::scope("read write")).unwrap();
    assert_eq!(token.scope, Some("read write".into()));
    assert_eq!(token.expires_at.unwrap().as_secs(), NOW + 3600);
    let introspection =
        pair.run(client.introspect(token.access_token.expose(), pair.moment())).unwrap();
    assert!(introspection.active && introspection.sub.as_deref() == Some("jane"));
    let narrower = oauth2::Grant::refresh_token(token.refresh_token.clone().unwrap()).scope("read");
    let second = pair.run(client.request_token(narrower, pair.moment())).unwrap();
    assert_eq!(second.scope, Some("read".into()));
    assert_ne!(second.refresh_token, token.refresh_token);
    // The first refresh token was used. Its use after the grace time is treated as a theft.
    pair.now.set(NOW + 10);
    let again = oauth2::Grant::refresh_token(token.refresh_token.unwrap());
    pair.run(client.request_token(again, pair.moment())).unwrap_err();
    let introspection =
        pair.run(client.introspect(second.access_token.expose(), pair.moment())).unwrap();
    assert!(!introspection.active);
}

#[test]
fn pushed_requests_devices_passwords_and_clients_get_tokens() {
    let pair = OAuth2Pair::new(provider());
    let client = pair.client();
    pair.sign_in(&client, Authorize::scope("read").with(|authorize| authorize.pushed = true))
        .unwrap();
    pair.run(client.request_token(
        oauth2::Grant::dangerous_password("jane", "A3ddj3w").scope("read"),
        pair.moment(),
    ))
    .unwrap();
    pair.run(client.request_token(
        oauth2::Grant::dangerous_password("jane", "wrong").scope("read"),
        pair.moment(),
    ))
    .unwrap_err();
    let token = pair.run(
        client.request_token(oauth2::Grant::client_credentials().scope("stats"), pair.moment()),
    );
    let token = token.unwrap();
    assert!(token.refresh_token.is_none());
    pair.run(client.revoke(token.access_token.expose(), pair.moment())).unwrap();

    let pending =
        pair.run(client.authorize_device(AuthorizeDevice::scope("read"), pair.moment())).unwrap();
    let entered = pending.user_code.to_lowercase().replace('-', " ");
    let device =
        serve(pair.provider.find_device(&entered, "jane", pair.moment().now), &pair.store).unwrap();
    serve(pair.provider.approve_device(device, Approval::new("jane"), pair.moment()), &pair.store)
        .unwrap();
    pair.run(client.poll(&pending, pair.moment())).unwrap();
}

#[test]
fn an_app_needs_no_secret_and_chooses_its_port() {
    let pair = OAuth2Pair::new(provider());
    let client =
        Client::new(pair.server(), "app").redirect_uri("http://127.0.0.1:51004/cb").unwrap();
    let token = pair.sign_in(&client, Authorize::scope("read")).unwrap();
    assert!(token.refresh_token.is_some());
}

#[test]
fn expired_records_leave_the_memory() {
    let pair = OAuth2Pair::new(provider());
    let client = pair.client();
    let issue = || {
        let grant = oauth2::Grant::client_credentials().scope("stats");
        pair.run(client.request_token(grant, pair.moment())).unwrap();
    };
    (0..500).for_each(|_| issue());
    for _ in 0..20 {
        pair.sign_in(&client, Authorize::scope("read")).unwrap();
    }
    assert_eq!(pair.store.len(), 500 + 3 * 20);
    pair.now.set(NOW + 3600);
    issue();
    // One request drops only a few of the expired records.
    assert!(pair.store.len() > 500);
    (0..100).for_each(|_| issue());
    // The refresh tokens are still valid.
    assert_eq!(pair.store.len(), 101 + 20);
    pair.now.set(NOW + 31 * 24 * 3600);
    (0..100).for_each(|_| issue());
    assert_eq!(pair.store.len(), 100);
}
