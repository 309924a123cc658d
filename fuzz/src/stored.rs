//! Any JSON as a stored value: after reading, writing and reading again, it is equal.

use std::fmt::Debug;

use oauth_proto::oauth2::{
    Client, ClientMetadata, ClientRegistration, Introspection, Metadata, Pending, PendingDevice,
    PendingImplicit, ResourceMetadata, Session, Token,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answers::has_fraction;
use crate::requests::moment;

pub fn run(input: &[u8]) {
    again::<Token>(input);
    again::<ClientRegistration>(input);
    again::<ClientMetadata>(input);
    again::<Introspection>(input);
    again::<Metadata>(input);
    again::<ResourceMetadata>(input);
    again::<Pending>(input);
    again::<PendingImplicit>(input);
    again::<PendingDevice>(input);
    counted(input);
    used(input);
}

/// Reads, writes and reads a value. The `Debug` texts are compared, since not all types implement
/// `PartialEq`.
fn again<T: Serialize + DeserializeOwned + Debug>(input: &[u8]) {
    let Ok(first) = serde_json::from_slice::<T>(input) else { return };
    let shown = format!("{first:?}");
    let written = serde_json::to_string(&first).unwrap();
    if serde_json::from_str(&written).is_ok_and(|value: Value| has_fraction(&value)) {
        return;
    }
    let second: T =
        serde_json::from_str(&written).unwrap_or_else(|error| panic!("{error}: {written}"));
    assert_eq!(format!("{second:?}"), shown);
    assert_eq!(serde_json::to_string(&second).unwrap(), written);
}

/// Asserts that a token whose lifetime is counted from now on has an end that can be stored.
fn counted(input: &[u8]) {
    let Ok(token) = serde_json::from_slice::<Token>(input) else { return };
    let counted = token.clone().counted_from(moment(1000, 1).now);
    match token.expires_at {
        Some(_) => assert_eq!(counted, token),
        None => assert!(counted.expires_at.is_none_or(|time| time.as_secs() >= 1000)),
    }
    again::<Token>(serde_json::to_string(&counted).unwrap().as_bytes());
}

/// Uses stored values with arbitrary content. They must not cause a panic, and expired values are
/// refused.
fn used(input: &[u8]) {
    let client = client();
    if let Ok(pending) = serde_json::from_slice::<Pending>(input) {
        let expires_at = pending.expires_at();
        let place = serde_json::to_value(&pending).unwrap()["redirect_uri"]
            .as_str()
            .unwrap_or("/")
            .to_owned();
        let answer = oauth_proto::wire::form::encode([("state", pending.state()), ("code", "c")]);
        let callback = format!("{place}{}{answer}", if place.contains('?') { '&' } else { '?' });
        let result = client.redeem(pending, &callback, moment(100, 1));
        assert!(result.is_err() || expires_at.as_secs() > 100);
    }
    if let Ok(pending) = serde_json::from_slice::<PendingDevice>(input) {
        let expired = pending.expires_at.as_secs() <= 100;
        assert!(client.poll(&pending, moment(100, 1)).is_err() || !expired);
    }
    if let Ok(token) = serde_json::from_slice::<Token>(input)
        && let Ok(session) = Session::new(&client, "https://api.example", token)
    {
        let mut request = http::Request::get("https://api.example/").body(Vec::new()).unwrap();
        let _ = session.attach_token(&mut request, moment(100, 1).now).map(drop);
        let _ = session.renew(moment(100, 1)).map(drop);
    }
}

fn client() -> Client {
    let server = oauth_proto::oauth2::AuthorizationServer::new("https://a.example/token").unwrap();
    Client::new(server, "client")
}
