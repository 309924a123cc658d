//! requests-oauthlib at our authorization server: four grants, renewal, and refusals.

use interop::authorization_server::{
    AWKWARD_CLIENT, AWKWARD_SECRET, CALLBACK, CLIENT, LOOPBACK_CALLBACK, OurServer, PASSWORD,
    PUBLIC_CLIENT, SECRET,
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
    /// The client authentication: `basic`, `body` or `none`.
    authentication: &'a str,
    callback: &'a str,
    scope: &'a str,
    pkce: bool,
    user: &'a str,
    password: &'a str,
}

impl<'a> Task<'a> {
    fn new(server: &OurServer, flow: &'a str) -> Self {
        Self {
            issuer: server.issuer(),
            flow,
            client: CLIENT,
            client_secret: Some(SECRET),
            authentication: "basic",
            callback: CALLBACK,
            scope: "photos.read photos.write",
            pkce: true,
            user: "jane",
            password: PASSWORD,
        }
    }
}

fn walk(task: &Task<'_>) -> Value {
    Peer::run("requests_oauthlib_oauth2_client.py").ask(task)
}

/// Returns the expected response of the protected resource.
fn photos(task: &Task<'_>) -> Value {
    json!({ "user": task.user, "client": task.client, "scope": task.scope })
}

fn is_renewed_once(task: &Task<'_>) {
    let walk = walk(task);
    let [token, renewed] = ["token", "renewed"].map(|name| &walk[name]);
    assert_eq!(token["token_type"], "Bearer", "{walk:#}");
    assert_eq!(token["expires_in"], 3600, "{walk:#}");
    assert_eq!(walk["photos"], photos(task), "{walk:#}");
    assert_ne!(token["access_token"], renewed["access_token"], "{walk:#}");
    assert_ne!(token["refresh_token"], renewed["refresh_token"], "{walk:#}");
    assert_eq!(walk["photos_later"], photos(task), "{walk:#}");
    // The first refresh token is used again, as after a theft, so the grant is revoked.
    assert_eq!(walk["used"], "invalid_grant", "{walk:#}");
    assert_eq!(walk["photos_after_theft"], 401, "{walk:#}");
}

#[test]
fn a_code_is_exchanged_with_and_without_a_proof_key() {
    let server = OurServer::start();
    for authentication in ["basic", "body"] {
        for pkce in [true, false] {
            is_renewed_once(&Task { authentication, pkce, ..Task::new(&server, "code") });
        }
    }
}

#[test]
fn a_client_with_awkward_credentials_is_authenticated_in_every_placement() {
    let server = OurServer::start();
    let task = Task {
        client: AWKWARD_CLIENT,
        client_secret: Some(AWKWARD_SECRET),
        ..Task::new(&server, "code")
    };
    // Requests does not encode the id and the secret in the header, and sends them in ISO 8859-1.
    for authentication in ["body", "basic"] {
        is_renewed_once(&Task { authentication, ..task.clone() });
    }
}

#[test]
fn an_app_needs_a_proof_key_and_no_secret() {
    let server = OurServer::start();
    let callback = LOOPBACK_CALLBACK.replace("127.0.0.1", "127.0.0.1:51004");
    let task = Task {
        client: PUBLIC_CLIENT,
        client_secret: None,
        authentication: "none",
        ..Task::new(&server, "code")
    };
    let task = Task { callback: &callback, ..task };
    is_renewed_once(&task);
    assert_eq!(walk(&Task { pkce: false, ..task }), json!({ "refused": "invalid_request" }));
}

#[test]
fn a_token_is_sent_in_the_fragment() {
    let server = OurServer::start();
    let task = Task { scope: "photos.read", ..Task::new(&server, "implicit") };
    let walk = walk(&task);
    assert_eq!(walk["photos"], photos(&task), "{walk:#}");
    assert_eq!(walk["token"]["refresh_token"], Value::Null, "{walk:#}");
}

#[test]
fn a_password_is_exchanged() {
    let server = OurServer::start();
    is_renewed_once(&Task::new(&server, "password"));
    is_renewed_once(&Task { authentication: "body", ..Task::new(&server, "password") });
    let wrong = walk(&Task { password: "correct", ..Task::new(&server, "password") });
    assert_eq!(wrong, json!({ "refused": "invalid_grant" }));
}

#[test]
fn a_client_acts_for_itself() {
    let server = OurServer::start();
    let task = Task { scope: "stats", ..Task::new(&server, "client_credentials") };
    let walk = walk(&task);
    assert_eq!(
        walk["photos"],
        json!({ "user": null, "client": CLIENT, "scope": "stats" }),
        "{walk:#}"
    );
    assert_eq!(walk["token"]["refresh_token"], Value::Null, "{walk:#}");
}

#[test]
fn a_user_who_denies_gives_no_code() {
    let server = OurServer::start();
    for flow in ["code", "implicit"] {
        let task = Task { user: "nobody", ..Task::new(&server, flow) };
        assert_eq!(walk(&task), json!({ "refused": "access_denied" }), "{flow}");
    }
}

#[test]
fn a_wrong_secret_and_an_unknown_scope_are_refused() {
    let server = OurServer::start();
    for flow in ["code", "password", "client_credentials"] {
        let task = Task {
            scope: if flow == "client_credentials" { "stats" } else { "photos.read" },
            ..Task::new(&server, flow)
        };
        for authentication in ["basic", "body"] {
            let wrong =
                Task { client_secret: Some("another secret"), authentication, ..task.clone() };
            assert_eq!(walk(&wrong), json!({ "refused": "invalid_client" }), "{flow}");
        }
        assert_eq!(
            walk(&Task { scope: "admin", ..task }),
            json!({ "refused": "invalid_scope" }),
            "{flow}"
        );
    }
}
