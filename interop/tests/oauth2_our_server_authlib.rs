//! Authlib at our authorization server: the code grant with PKCE, client credentials, introspection
//! and revocation.

use interop::authorization_server::{
    AWKWARD_CLIENT, AWKWARD_SECRET, CALLBACK, CLIENT, LOOPBACK_CALLBACK, OurServer, PUBLIC_CLIENT,
    SECRET,
};
use interop::peer::Peer;
use serde::Serialize;
use serde_json::{Value, json};

/// The task of the client script.
#[derive(Clone, Serialize)]
struct Task<'a> {
    issuer: String,
    flow: &'a str,
    client: &'a str,
    client_secret: Option<&'a str>,
    authentication: &'a str,
    callback: &'a str,
    scope: &'a str,
    user: &'a str,
    /// Whether the client sends another PKCE verifier than that of the authorization request.
    forged_verifier: bool,
}

impl<'a> Task<'a> {
    fn new(server: &OurServer, flow: &'a str) -> Self {
        Self {
            issuer: server.issuer(),
            flow,
            client: CLIENT,
            client_secret: Some(SECRET),
            authentication: "client_secret_basic",
            callback: CALLBACK,
            scope: if flow == "code" { "photos.read photos.write" } else { "stats" },
            user: "jane",
            forged_verifier: false,
        }
    }
}

fn walk(task: &Task<'_>) -> Value {
    Peer::run("authlib_client.py").ask(task)
}

/// Asserts that the token is valid until it is revoked. Public clients cannot introspect it.
/// Returns the result of the client script.
fn is_good_until_revoked(task: &Task<'_>) -> Value {
    let walk = walk(task);
    let user = if task.flow == "code" { json!("jane") } else { Value::Null };
    assert_eq!(
        walk["photos"],
        json!({ "user": user, "client": task.client, "scope": task.scope }),
        "{walk:#}"
    );
    assert_eq!(walk["revocation"], 200, "{walk:#}");
    assert_eq!(walk["photos_after_revocation"], 401, "{walk:#}");
    if task.authentication != "none" {
        let introspection = &walk["introspection"];
        assert_eq!(introspection["active"], true, "{walk:#}");
        assert_eq!(introspection["sub"], user, "{walk:#}");
        assert_eq!(introspection["scope"], task.scope, "{walk:#}");
        assert_eq!(introspection["client_id"], task.client, "{walk:#}");
        assert_eq!(introspection["iss"], task.issuer, "{walk:#}");
        assert_eq!(walk["introspection_after_revocation"], json!({ "active": false }), "{walk:#}");
    }
    walk
}

#[test]
fn a_code_gives_a_token_that_is_renewed_and_revoked() {
    let server = OurServer::start();
    for authentication in ["client_secret_basic", "client_secret_post"] {
        let task = Task { authentication, ..Task::new(&server, "code") };
        let walk = is_good_until_revoked(&task);
        assert_ne!(walk["token"]["refresh_token"], walk["renewed"]["refresh_token"], "{walk:#}");
        assert_eq!(walk["photos"], walk["photos_later"], "{walk:#}");
    }
}

#[test]
fn an_app_signs_in_without_a_secret() {
    let server = OurServer::start();
    let callback = LOOPBACK_CALLBACK.replace("127.0.0.1", "127.0.0.1:51004");
    let task = Task {
        client: PUBLIC_CLIENT,
        client_secret: None,
        authentication: "none",
        ..Task::new(&server, "code")
    };
    is_good_until_revoked(&Task { callback: &callback, ..task });
}

#[test]
fn a_client_acts_for_itself() {
    let server = OurServer::start();
    for authentication in ["client_secret_basic", "client_secret_post"] {
        is_good_until_revoked(&Task { authentication, ..Task::new(&server, "client_credentials") });
    }
}

#[test]
fn awkward_credentials_are_understood_in_every_placement() {
    let server = OurServer::start();
    let task = Task::new(&server, "client_credentials");
    let task = Task { client: AWKWARD_CLIENT, client_secret: Some(AWKWARD_SECRET), ..task };
    // Authlib does not encode the id and the secret in the header.
    for authentication in ["client_secret_post", "client_secret_basic"] {
        is_good_until_revoked(&Task { authentication, ..task.clone() });
    }
}

#[test]
fn invalid_requests_are_refused() {
    let server = OurServer::start();
    let code = Task::new(&server, "code");
    // Authlib does not notice that the callback has no code, and requests a token with the client
    // credentials. The server must not grant a user's scope to it.
    assert_eq!(
        walk(&Task { user: "nobody", ..code.clone() }),
        json!({ "refused": "invalid_scope" })
    );
    assert_eq!(
        walk(&Task { forged_verifier: true, ..code.clone() }),
        json!({ "refused": "invalid_grant" })
    );
    assert_eq!(
        walk(&Task { client_secret: Some("another"), ..code }),
        json!({ "refused": "invalid_client" })
    );
    let scope = Task { scope: "admin", ..Task::new(&server, "client_credentials") };
    assert_eq!(walk(&scope), json!({ "refused": "invalid_scope" }));
}
