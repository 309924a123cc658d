//! openid-client and oauth4webapi at our authorization server: metadata, the code grant with PKCE,
//! pushed requests, devices, registration, and forged callbacks that the two libraries detect.

use interop::authorization_server::{
    AWKWARD_CLIENT, AWKWARD_SECRET, CALLBACK, CALLBACK_WITHOUT_QUERY, CLIENT, LOOPBACK_CALLBACK,
    OurServer, PUBLIC_CLIENT, SECRET,
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
    /// `basic`, `post` or `none`.
    authentication: &'a str,
    callback: &'a str,
    scope: &'a str,
    user: &'a str,
    pushed: bool,
    /// The change of the callback URL, or an empty text.
    forge: &'a str,
}

impl<'a> Task<'a> {
    fn new(server: &OurServer, flow: &'a str) -> Self {
        Self {
            issuer: server.issuer(),
            flow,
            client: CLIENT,
            client_secret: Some(SECRET),
            authentication: "basic",
            // openid-client sends the callback URL without its query when it redeems a code.
            callback: if flow == "steps" { CALLBACK } else { CALLBACK_WITHOUT_QUERY },
            scope: "photos.read photos.write",
            user: "jane",
            pushed: false,
            forge: "nothing",
        }
    }
}

fn walk(task: &Task<'_>) -> Value {
    Peer::run("openid_client.mjs").ask(task)
}

fn refused(task: &Task<'_>) -> String {
    let walk = walk(task);
    walk["refused"].as_str().unwrap_or_else(|| panic!("{walk:#}")).to_owned()
}

/// Asserts that the token is Jane's and was issued to this client.
fn is_janes(task: &Task<'_>, client: &str, came_of_it: &Value) {
    let photos = json!({ "user": "jane", "client": client, "scope": task.scope });
    assert_eq!(came_of_it["photos"], photos, "{came_of_it:#}");
    let introspection = &came_of_it["introspection"];
    if task.authentication != "none" {
        let told =
            json!([introspection["active"], introspection["sub"], introspection["client_id"]]);
        assert_eq!(told, json!([true, "jane", client]), "{came_of_it:#}");
    }
}

fn signs_in(task: &Task<'_>) -> Value {
    let walk = walk(task);
    is_janes(task, task.client, &walk);
    is_janes(task, task.client, &walk["again"]);
    assert_ne!(walk["token"]["refresh_token"], walk["renewed"]["refresh_token"], "{walk:#}");
    assert_eq!(walk["revoked"], 401, "{walk:#}");
    walk
}

#[test]
fn the_metadata_describe_the_server() {
    let server = OurServer::start();
    let walk = walk(&Task::new(&server, "steps"));
    let metadata = &walk["metadata"];
    let issuer = server.issuer();
    assert_eq!(metadata["issuer"], issuer, "{walk:#}");
    for (name, path) in [
        ("authorization_endpoint", "/authorize"),
        ("token_endpoint", "/token"),
        ("pushed_authorization_request_endpoint", "/par"),
        ("device_authorization_endpoint", "/device_authorization"),
        ("introspection_endpoint", "/introspect"),
        ("revocation_endpoint", "/revoke"),
        ("registration_endpoint", "/register"),
    ] {
        assert_eq!(metadata[name], format!("{issuer}{path}"), "{name} in {walk:#}");
    }
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]), "{walk:#}");
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true, "{walk:#}");
}

#[test]
fn a_user_signs_in_with_a_proof_key() {
    let server = OurServer::start();
    for authentication in ["basic", "post"] {
        for pushed in [false, true] {
            let task = Task { authentication, pushed, ..Task::new(&server, "code") };
            let walk = signs_in(&task);
            let url = walk["url"].as_str().unwrap();
            assert_eq!(url.contains("request_uri=urn"), pushed, "{url}");
            assert_eq!(url.contains("code_challenge"), !pushed, "{url}");
        }
    }
}

#[test]
fn awkward_credentials_are_understood_in_every_placement() {
    let server = OurServer::start();
    for authentication in ["basic", "post"] {
        let task = Task {
            client: AWKWARD_CLIENT,
            client_secret: Some(AWKWARD_SECRET),
            ..Task::new(&server, "code")
        };
        signs_in(&Task { authentication, ..task });
    }
}

#[test]
fn an_app_signs_in_without_a_secret() {
    let server = OurServer::start();
    let callback = LOOPBACK_CALLBACK.replace("127.0.0.1", "127.0.0.1:51004");
    for pushed in [false, true] {
        let task = Task {
            client: PUBLIC_CLIENT,
            client_secret: None,
            pushed,
            ..Task::new(&server, "code")
        };
        signs_in(&Task { authentication: "none", callback: &callback, ..task });
    }
}

#[test]
fn single_steps_lead_to_a_token() {
    let server = OurServer::start();
    let walk = walk(&Task::new(&server, "steps"));
    assert_eq!(walk["photos"]["user"], "jane", "{walk:#}");
    assert_eq!(walk["token"]["scope"], "photos.read photos.write", "{walk:#}");
}

#[test]
fn a_callback_of_another_issuer_or_state_is_refused() {
    let server = OurServer::start();
    for flow in ["code", "steps"] {
        for forge in ["iss is missing", "iss is another", "state is another"] {
            let code = refused(&Task { forge, ..Task::new(&server, flow) });
            assert_eq!(code, "OAUTH_INVALID_RESPONSE", "{flow}: {forge}");
        }
    }
}

#[test]
fn a_device_gets_a_token_when_its_code_was_entered() {
    let server = OurServer::start();
    let task = Task {
        client: PUBLIC_CLIENT,
        client_secret: None,
        authentication: "none",
        ..Task::new(&server, "device")
    };
    let walk = walk(&task);
    is_janes(&task, PUBLIC_CLIENT, &walk);
    assert_eq!(
        walk["answer"]["verification_uri"],
        format!("{}/device", server.issuer()),
        "{walk:#}"
    );
    assert_eq!(refused(&Task { user: "nobody", ..task }), "access_denied");
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
}

#[test]
fn a_client_registers_itself_and_a_user_signs_in_there() {
    let server = OurServer::start();
    let task = Task::new(&server, "register");
    let walk = walk(&task);
    let registered = walk["registered"].as_str().unwrap_or_else(|| panic!("{walk:#}"));
    is_janes(&task, registered, &walk);
}

#[test]
fn invalid_requests_are_refused() {
    let server = OurServer::start();
    let code = Task::new(&server, "code");
    assert_eq!(refused(&Task { user: "nobody", ..code.clone() }), "access_denied");
    assert_eq!(refused(&Task { user: "nobody", pushed: true, ..code.clone() }), "access_denied");
    assert_eq!(refused(&Task { scope: "admin", ..code.clone() }), "invalid_scope");
    assert_eq!(refused(&Task { scope: "admin", pushed: true, ..code.clone() }), "invalid_scope");
    // A 401 has a challenge (RFC 9110 §15.5.2), even if the client has used another scheme.
    for authentication in ["basic", "post"] {
        let walk = walk(&Task { client_secret: Some("another"), authentication, ..code.clone() });
        assert_eq!(
            json!([walk["refused"], walk["schemes"]]),
            json!(["invalid_client", ["basic"]]),
            "{walk:#}"
        );
    }
}
