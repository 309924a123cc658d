//! Clients that register and manage themselves.

use http::Request;
use oauth_proto::Response;
use oauth_proto::oauth2::server::store::{ClientRecord, FindClient, Store};
use oauth_proto::oauth2::server::{Approval, RegistrationPolicy, RejectReason, Rejected, serve};
use serde_json::{Value, json};

use super::raw_server::*;

use crate::common::with::With;

const CALLBACK: &str = "https://new.example.com/cb";

fn open() -> RawServer {
    RawServer::new(
        provider().with(|options| options.registration = RegistrationPolicy::AllowAnyone),
    )
}

fn ask(
    server: &RawServer,
    method: &str,
    path: &str,
    token: &str,
    body: &Value,
) -> Result<Response, Rejected> {
    let request = Request::builder().method(method).uri(format!("{ISSUER}{path}"));
    let request = request.header("authorization", format!("Bearer {token}"));
    server.send(request.body(body.to_string().into_bytes()).unwrap())
}

/// A client that registered itself, with the path and the token for managing it.
struct Registered {
    path: String,
    token: String,
    client_id: String,
    secret: String,
}

impl Registered {
    fn new(server: &RawServer, initial: &str, more: &Value) -> Self {
        let mut body = json!({ "redirect_uris": [CALLBACK] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let response = ask(server, "POST", "/register", initial, &body).unwrap();
        let answer: Value = serde_json::from_slice(response.body()).unwrap();
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        Self {
            path: format!("/register/{}", text("client_id")),
            token: text("registration_access_token"),
            client_id: text("client_id"),
            secret: text("client_secret"),
        }
    }

    fn put(&self, server: &RawServer, more: &Value) -> Result<Response, Rejected> {
        let mut body = json!({ "client_id": self.client_id, "redirect_uris": [CALLBACK] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask(server, "PUT", &self.path, &self.token, &body)
    }

    fn record(&self, server: &RawServer) -> ClientRecord {
        let query = FindClient::new(self.client_id.clone());
        ClientRecord::clone(&server.store.find_client(&query).unwrap().unwrap())
    }
}

/// Row `registration-token-of-another-client`.
#[test]
fn a_registration_is_managed_only_with_its_own_token() {
    let server = open();
    let [own, other] = [(); 2].map(|()| Registered::new(&server, "", &json!({})));
    for token in [&*other.token, "x"] {
        for method in ["GET", "PUT", "DELETE"] {
            let body = json!({
                "client_id": own.client_id,
                "redirect_uris": [CALLBACK],
                "client_name": "Mallory",
            });
            refused(ask(&server, method, &own.path, token, &body), 401, "invalid_token");
        }
    }
    // A client that the operator added has no such token.
    refused(ask(&server, "GET", "/register/printer", &own.token, &json!({})), 401, "invalid_token");
    assert_eq!(own.record(&server).metadata.client_name, None);
    assert_eq!(ask(&server, "GET", &own.path, &own.token, &json!({})).unwrap().status(), 200);
    assert_eq!(ask(&server, "DELETE", &own.path, &own.token, &json!({})).unwrap().status(), 204);
    refused(ask(&server, "GET", &own.path, &own.token, &json!({})), 401, "invalid_token");
    assert_eq!(ask(&server, "GET", &other.path, &other.token, &json!({})).unwrap().status(), 200);
}

/// Row `registration-changed-client-id`.
#[test]
fn an_update_cannot_change_the_client_id() {
    let server = open();
    let [own, other] = [(); 2].map(|()| Registered::new(&server, "", &json!({})));
    let before = own.record(&server);
    for client_id in [
        json!(other.client_id),
        json!("printer"),
        json!("fresh"),
        json!(""),
        json!(null),
        json!([]),
    ] {
        refused(
            own.put(&server, &json!({ "client_id": client_id })),
            400,
            "invalid_client_metadata",
        );
    }
    assert_eq!(own.record(&server), before);
}

/// Row `registration-server-members-smuggled`.
#[test]
fn a_registration_cannot_set_what_the_server_decides() {
    let server = open();
    let smuggled = json!({
        "client_id": "chosen", "client_secret": "chosen", "registration_access_token": "chosen",
        "software_statement": "x.y.z",
        "certificate": "mine",
        "introspects_all": true,
        "registrant": "trusted",
    });
    let own = Registered::new(&server, "", &smuggled);
    assert!(![&own.client_id, &own.secret, &own.token].iter().any(|given| *given == "chosen"));
    let record = own.record(&server);
    assert!(
        !record.introspects_all
            && record.metadata.software_statement.is_none()
            && record.metadata.extra.is_empty()
    );
    for name in [
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
        "client_id_issued_at",
    ] {
        refused(own.put(&server, &json!({ name: "x" })), 400, "invalid_client_metadata");
    }
    for chosen in [json!("chosen"), json!(OTHER_SECRET), json!(""), json!([]), json!({})] {
        refused(
            own.put(&server, &json!({ "client_secret": chosen })),
            400,
            "invalid_client_metadata",
        );
    }
    assert_eq!(own.record(&server), record);
    let more = json!({
        "certificate": "mine",
        "introspects_all": true,
        "secret": { "hash": "x" },
        "registrant": "trusted",
    });
    own.put(&server, &more).unwrap();
    assert_eq!(own.record(&server), record);
    // A client that changes its method to `none` has no secret any more.
    own.put(&server, &json!({ "client_secret": own.secret, "token_endpoint_auth_method": "none" }))
        .unwrap();
    assert_eq!(own.record(&server).secret, None);
}

/// Row `registration-policy-tightened-later`.
#[test]
fn an_update_is_judged_by_the_current_policy() {
    let trusted = || RegistrationPolicy::with_token("initial-access-token-1234").unwrap();
    let under = |mut server: RawServer, policy| {
        server.provider = provider().with(|options| options.registration = policy).build().unwrap();
        server
    };
    let machine =
        json!({ "grant_types": ["client_credentials"], "response_types": [], "redirect_uris": [] });
    let both = json!({ "grant_types": ["authorization_code", "client_credentials", "password"] });
    let page = Some(vec!["authorization_code".to_owned()]);

    // A client that registered under the open policy has no more rights under the stricter one.
    let server = open();
    let own = Registered::new(&server, "", &json!({}));
    let server = under(server, trusted());
    refused(own.put(&server, &machine), 400, "invalid_client_metadata");
    own.put(&server, &both).unwrap();
    assert_eq!(own.record(&server).metadata.grant_types, page);
    let stats = [("grant_type", "client_credentials"), ("scope", "stats")];
    refused(server.token((&own.client_id, &own.secret), &stats), 400, "unauthorized_client");

    // A client that registered with the initial access token keeps its rights while the policy
    // accepts this token.
    let partner = Registered::new(&server, "initial-access-token-1234", &machine);
    let all =
        Some(["authorization_code", "client_credentials", "password"].map(str::to_owned).to_vec());
    partner.put(&server, &both).unwrap();
    assert_eq!(partner.record(&server).metadata.grant_types, all);
    let server = under(server, RegistrationPolicy::AllowAnyone);
    refused(partner.put(&server, &machine), 400, "invalid_client_metadata");
    partner.put(&server, &both).unwrap();
    assert_eq!(partner.record(&server).metadata.grant_types, page);
    let server = under(server, trusted());
    partner.put(&server, &both).unwrap();
    assert_eq!(partner.record(&server).metadata.grant_types, all);

    // If clients cannot register, they cannot manage registrations.
    let server = under(server, RegistrationPolicy::Off);
    assert!(matches!(
        partner.put(&server, &both).unwrap_err().reason,
        RejectReason::NoSuchPath { .. }
    ));
}

/// Row `redirect-fragment`: the operator has registered a redirect_uri with a fragment for a
/// client.
#[test]
fn a_redirect_uri_with_a_fragment_is_refused_although_it_is_registered() {
    let server = open();
    let uri = "https://fragment.example.com/#x";
    server
        .store
        .add_client(ClientRecord::confidential("fragment", SECRET).unwrap().add_redirect_uri(uri));
    assert!(matches!(
        paged(server.authorize(&asking("fragment", uri))),
        RejectReason::RedirectUri { .. }
    ));
    let unsaid = [("response_type", "code"), ("client_id", "fragment"), ("state", "xyz")];
    assert!(matches!(paged(server.authorize(&unsaid)), RejectReason::RedirectUri { .. }));
    let body = json!({ "redirect_uris": [uri] });
    refused(ask(&server, "POST", "/register", "", &body), 400, "invalid_redirect_uri");
}

/// Row `redirect-port`: the port at `localhost` may differ only with the option, at every endpoint
/// that checks the redirect_uri.
#[test]
fn the_port_of_localhost_may_differ_only_with_the_option() {
    let uri = "http://localhost:51004/cb";
    let pkce = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let record = ClientRecord::public("tool").add_redirect_uri("http://localhost/cb");
    let asked = [&asking("tool", uri)[..], &pkce].concat();
    let strict = RawServer::default();
    strict.store.add_client(record.clone());
    assert!(matches!(paged(strict.authorize(&asked)), RejectReason::RedirectUri { .. }));
    refused(strict.post("/par", &asked), 400, "invalid_request");

    let lenient = RawServer::new(provider().with(|options| options.allow_localhost_ports = true));
    lenient.store.add_client(record);
    let answer: Value =
        serde_json::from_slice(lenient.post("/par", &asked).unwrap().body()).unwrap();
    lenient
        .authorize(&[
            ("client_id", "tool"),
            ("request_uri", answer["request_uri"].as_str().unwrap()),
        ])
        .unwrap();
    let consent = lenient.authorize(&asked).unwrap();
    // The option is checked again at the user's decision.
    let end = serve(
        strict.provider.approve(consent.clone(), Approval::new("jane"), strict.moment()),
        &strict.store,
    );
    assert!(matches!(paged(end), RejectReason::RedirectUri { .. }));
    assert!(location(&lenient.grant(consent)).starts_with(uri));
    for other in [
        "http://localhost:80@evil.example/cb",
        "http://localhost.evil.example/cb",
        "http://localhost:1/other",
    ] {
        let asked = [&asking("tool", other)[..], &pkce].concat();
        assert!(
            matches!(paged(lenient.authorize(&asked)), RejectReason::RedirectUri { .. }),
            "{other}"
        );
    }
}

/// Row `redirect-unregistered`: no option allows a scheme that makes a browser or an operating
/// system run something.
#[test]
fn no_option_lets_a_client_register_a_scheme_that_runs_something() {
    for server in [
        open(),
        RawServer::new(
            provider()
                .with(|options| options.registration = RegistrationPolicy::AllowAnyone)
                .with(|options| options.allow_any_private_scheme = true),
        ),
    ] {
        for uri in [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "java\tscript:alert(1)",
            " javascript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "about:blank",
            "blob:https://x/y",
            "view-source:https://x/",
            "filesystem:https://x/y",
            "ws://x/",
            "wss://x/",
            "ftp://x/",
            "mailto:x@example.com",
            "tel:112",
            "sms:112",
            "intent://x#Intent;end",
            "intent://x/",
            "chrome://settings/",
            "ms-msdt:/id",
            "search-ms:query=x",
            "urn:ietf:wg:oauth:2.0:oob",
            "localhost:8080/cb",
            "http://new.example.com/cb",
            "http://127.0.0.1.evil.example/cb",
            "https://auth.example.com/consent",
            "cursor://x/cb#y",
            "cursor://me:pw@x/cb",
        ] {
            refused(
                ask(&server, "POST", "/register", "", &json!({ "redirect_uris": [uri] })),
                400,
                "invalid_redirect_uri",
            );
        }
    }
}

/// Row `control-characters`: a client's metadata is stored unchanged, and is shown on pages and in
/// logs.
#[test]
fn a_registration_with_control_characters_or_a_malformed_url_is_refused() {
    let server = RawServer::new(
        provider().with(|options| options.registration = RegistrationPolicy::AllowAnyone),
    );
    let register = |members: &Value| {
        let mut all = json!({ "redirect_uris": ["https://client.example.com/cb"] });
        all.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let request =
            Request::post(format!("{ISSUER}/register")).header("content-type", "application/json");
        server.send(request.body(all.to_string().into_bytes()).unwrap())
    };
    for (member, value) in [
        ("client_uri", json!("https://x.example/\u{0}")),
        ("logo_uri", json!("https://x.example/a\r\nb")),
        ("tos_uri", json!(" https://x.example/")),
        ("policy_uri", json!("https://user:pw@x.example/")),
        ("policy_uri", json!("https://x.example/\u{202e}")),
        ("jwks_uri", json!("https://x.example/\n")),
        ("jwks", json!({ "keys": [{ "kid": "\u{0}" }] })),
        ("jwks", json!({ "a\u{0}": [] })),
        ("redirect_uris", json!(["https://client.example.com/\u{e9}"])),
        ("redirect_uris", json!(["https://client.example.com/\u{85}"])),
        ("redirect_uris", json!(["https://auth.example.com./cb"])),
        ("redirect_uris", json!(["x-apple.systempreferences:x"])),
    ] {
        let refused = register(&json!({ member: value })).unwrap_err();
        assert!(!refused.to_string().contains(char::is_control), "{member} {refused}");
        assert_eq!(refused.response().status(), 400, "{member}");
    }
    let names: serde_json::Map<_, _> =
        (0..100).map(|at| (format!("client_name#x{at}"), json!("a"))).collect();
    for names in
        [Value::Object(names), json!({ "client_name#\u{0}\r\n": "x", "client_name#de-CH": "x" })]
    {
        let answer: Value = serde_json::from_slice(register(&names).unwrap().body()).unwrap();
        let kept: Vec<_> = answer
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| name.starts_with("client_name#"))
            .collect();
        assert!(
            kept.len() <= 32 && kept.iter().all(|name| !name.contains(char::is_control)),
            "{kept:?}"
        );
    }
}

/// RFC 7592 §3: every response about a registration contains the token for managing it.
#[test]
fn every_answer_about_a_registration_has_its_token() {
    let server = RawServer::new(
        provider().with(|options| options.registration = RegistrationPolicy::AllowAnyone),
    );
    let send = |method: &str, path: &str, token: Option<&str>, body: &str| -> Value {
        let mut request = Request::builder().method(method).uri(format!("{ISSUER}{path}"));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        serde_json::from_slice(
            server.send(request.body(body.as_bytes().to_vec()).unwrap()).unwrap().body(),
        )
        .unwrap()
    };
    let body = r#"{"redirect_uris":["https://client.example.com/cb"]}"#;
    let first = send("POST", "/register", None, body);
    let (id, token) = (
        first["client_id"].as_str().unwrap(),
        first["registration_access_token"].as_str().unwrap(),
    );
    let path = format!("/register/{id}");
    assert_eq!(send("GET", &path, Some(token), "")["registration_access_token"], token);
    let update =
        format!(r#"{{"client_id":"{id}","redirect_uris":["https://client.example.com/cb"]}}"#);
    assert_eq!(send("PUT", &path, Some(token), &update)["registration_access_token"], token);
}
