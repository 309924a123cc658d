//! Our client against our own authorization server, in memory: no socket, a clock that is handed over.

use crate::common::world::{NOW, World, provider};
use oauth_proto::oauth2::server::{Approval, serve};
use oauth_proto::oauth2::{self, Authorize, AuthorizeDevice, Client};

#[test]
fn a_code_brings_tokens_and_those_bring_others() {
    let world = World::new(provider());
    let client = world.client();
    let token = world.sign_in(&client, Authorize::scope("read write")).unwrap();
    assert_eq!(token.scope, Some("read write".into()));
    assert_eq!(token.expires_at.unwrap().as_secs(), NOW + 3600);
    let introspection = world.run(client.introspect(token.access_token.expose(), world.moment())).unwrap();
    assert!(introspection.active && introspection.sub.as_deref() == Some("jane"));
    let narrower = oauth2::Grant::refresh_token(token.refresh_token.clone().unwrap()).scope("read");
    let second = world.run(client.request_token(narrower, world.moment())).unwrap();
    assert_eq!(second.scope, Some("read".into()));
    assert_ne!(second.refresh_token, token.refresh_token);
    // The first refresh token is used. Who shows it after the time for lost answers has stolen one of them.
    world.now.set(NOW + 10);
    let again = oauth2::Grant::refresh_token(token.refresh_token.unwrap());
    world.run(client.request_token(again, world.moment())).unwrap_err();
    let introspection = world.run(client.introspect(second.access_token.expose(), world.moment())).unwrap();
    assert!(!introspection.active);
}

#[test]
fn pushed_requests_devices_passwords_and_clients_get_tokens() {
    let world = World::new(provider());
    let client = world.client();
    world.sign_in(&client, Authorize::scope("read").pushed()).unwrap();
    world
        .run(client.request_token(oauth2::Grant::dangerous_password("jane", "A3ddj3w").scope("read"), world.moment()))
        .unwrap();
    world
        .run(client.request_token(oauth2::Grant::dangerous_password("jane", "wrong").scope("read"), world.moment()))
        .unwrap_err();
    let token = world.run(client.request_token(oauth2::Grant::client_credentials().scope("stats"), world.moment()));
    let token = token.unwrap();
    assert!(token.refresh_token.is_none());
    world.run(client.revoke(token.access_token.expose(), world.moment())).unwrap();

    let pending = world.run(client.authorize_device(AuthorizeDevice::scope("read"), world.moment())).unwrap();
    let entered = pending.user_code.to_lowercase().replace('-', " ");
    let device = serve(world.provider.find_device(&entered, world.moment().now), &world.store).unwrap();
    serve(world.provider.approve_device(device, Approval::new("jane"), world.moment()), &world.store).unwrap();
    world.run(client.poll(&pending, world.moment())).unwrap();
}

#[test]
fn an_app_needs_no_secret_and_chooses_its_port() {
    let world = World::new(provider());
    let client = Client::new(world.server(), "app").redirect_uri("http://127.0.0.1:51004/cb").unwrap();
    let token = world.sign_in(&client, Authorize::scope("read")).unwrap();
    assert!(token.refresh_token.is_some());
}

#[test]
fn what_has_expired_leaves_the_memory() {
    let world = World::new(provider());
    let client = world.client();
    let issue = || {
        let grant = oauth2::Grant::client_credentials().scope("stats");
        world.run(client.request_token(grant, world.moment())).unwrap();
    };
    (0..500).for_each(|_| issue());
    for _ in 0..20 {
        world.sign_in(&client, Authorize::scope("read")).unwrap();
    }
    assert_eq!(world.store.len(), 500 + 3 * 20);
    world.now.set(NOW + 3600);
    issue();
    // No request has to wait until all of it is gone.
    assert!(world.store.len() > 500);
    (0..100).for_each(|_| issue());
    // The refresh tokens live on.
    assert_eq!(world.store.len(), 101 + 20);
    world.now.set(NOW + 31 * 24 * 3600);
    (0..100).for_each(|_| issue());
    assert_eq!(world.store.len(), 100);
}
