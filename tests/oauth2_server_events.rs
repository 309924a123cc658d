//! What the authorization server tells its operator by the feature `tracing`: enough, and no secret.
#![cfg(feature = "tracing")]
#![allow(missing_docs)]

#[path = "common/world.rs"]
mod world;

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use oauth_proto::oauth2::{self, Authorize};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use world::{SECRET, World, provider};

/// Every event as a line: its level, and all its fields.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<(Level, String)>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, "{}={value:?} ", field.name());
    }
}

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn event(&self, event: &Event<'_>) {
        // The client of this test has events of its own.
        if event.metadata().target() != "oauth_proto::oauth2::server" {
            return;
        }
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push((*event.metadata().level(), line.0));
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn events_have_their_levels_and_no_secret() {
    let lines = Lines::default();
    let mut secrets = vec![SECRET.to_owned()];
    tracing::subscriber::with_default(lines.clone(), || {
        let world = World::new(provider());
        let client = world.client();
        let token = world.sign_in(&client, Authorize::scope("read")).unwrap();
        let renew = || oauth2::Grant::refresh_token(token.refresh_token.clone().unwrap());
        let second = world.run(client.request_token(renew(), world.moment())).unwrap();
        world.run(client.request_token(renew(), world.moment())).unwrap_err();
        let password = oauth2::Grant::password("jane", "not the password").scope("read");
        world.run(client.request_token(password, world.moment())).unwrap_err();
        for token in [&token, &second] {
            secrets.push(token.access_token.expose().to_owned());
            secrets.push(token.refresh_token.as_ref().unwrap().expose().to_owned());
        }
        secrets.push("not the password".to_owned());
    });
    let lines = lines.0.lock().unwrap();
    let levels: Vec<_> = lines.iter().map(|(level, _)| *level).collect();
    // Issued, renewed, revoked and the replay that caused it, a wrong password.
    assert_eq!(levels, [Level::INFO, Level::INFO, Level::INFO, Level::WARN, Level::DEBUG], "{lines:?}");
    assert!(lines[0].1.contains("printer") && lines[3].1.contains("used before"), "{lines:?}");
    for secret in secrets {
        assert!(!lines.iter().any(|(_, line)| line.contains(&secret)), "{lines:?}");
    }
}
