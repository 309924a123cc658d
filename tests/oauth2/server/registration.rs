//! Clients that register themselves: which members the server omits or refuses, and the
//! descriptions of errors (RFC 7591, RFC 7592).

use crate::common::oauth2_pair::{ISSUER, OAuth2Pair, provider};
use oauth_proto::oauth2::server::store::{FindClient, FindToken, Store, TokenHash};
use oauth_proto::oauth2::server::{
    ClientSource, GrantType, IdentifiedClient, Provider, ProviderBuilder, RegistrationPolicy, serve,
};
use oauth_proto::oauth2::{Authorize, Client, ClientMetadata, ClientRegistration};
use serde_json::{Value, json};

use crate::common::with::With;

const CALLBACK: &str = "https://new.example.com/cb";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn open() -> OAuth2Pair {
    OAuth2Pair::new(
        provider().with(|options| options.registration = RegistrationPolicy::AllowAnyone),
    )
}

fn request(
    pair: &OAuth2Pair,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: &str,
) -> (u16, Value) {
    let mut request = http::Request::builder().method(method).uri(format!("{ISSUER}{path}"));
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let response = pair.send(request.body(body.as_bytes().to_vec()).unwrap());
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or_default())
}

/// Registers a public client with a redirect_uri and these members.
fn register(pair: &OAuth2Pair, members: &Value) -> (u16, Value) {
    let mut body = json!({ "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none" });
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    request(pair, "POST", "/register", None, &body.to_string())
}

#[track_caller]
fn registered(pair: &OAuth2Pair, members: &Value) -> Value {
    let (status, answer) = register(pair, members);
    assert_eq!(status, 201, "{answer}");
    // The response contains the metadata that was stored.
    let query = FindClient::new(answer["client_id"].as_str().unwrap().to_owned());
    let record = pair.store.find_client(&query).unwrap().unwrap();
    let kept = serde_json::to_value(&record.metadata).unwrap();
    for (name, value) in kept.as_object().unwrap() {
        assert_eq!(&answer[name], value, "{name}");
    }
    answer
}

/// Asserts that a request was refused with this code, and that the description contains all of
/// these names.
#[track_caller]
fn refused((status, answer): (u16, Value), code: &str, names: &[&str]) {
    assert_eq!((status, answer["error"].as_str()), (400, Some(code)), "{answer}");
    let said = answer["error_description"].as_str().unwrap_or_default();
    assert!(said.len() < 1000 && said.is_ascii(), "{said}");
    for name in names {
        assert!(said.contains(name), "{name} in {said}");
    }
}

#[test]
fn a_refusal_names_the_member_and_what_was_received_and_what_is_accepted() {
    let pair = open();
    let long = "x".repeat(2049);
    let metadata: &[(Value, &[&str])] = &[
        (
            json!({ "grant_types": ["password"] }),
            &["'grant_types'", "'password'", "'authorization_code'", DEVICE],
        ),
        (json!({ "grant_types": [&long] }), &["'grant_types'", "xxx", "and so on"]),
        (json!({ "grant_types": ["refresh_token"] }), &["'grant_types'", "'refresh_token'"]),
        (
            json!({ "response_types": ["token", "x y"] }),
            &["'response_types'", "'token', 'x y'", "'code'"],
        ),
        (
            json!({ "token_endpoint_auth_method": "private_key_jwt" }),
            &[
                "'token_endpoint_auth_method'",
                "'private_key_jwt'",
                "'client_secret_basic', 'client_secret_post', 'none'",
            ],
        ),
        (json!({ "scope": "openid email" }), &["'scope'", "'openid email'", "'read', 'write'"]),
        (json!({ "client_name": "a\u{202e}b" }), &["'client_name'", "u{202e}"]),
        (json!({ "client_name": &long }), &["'client_name'", "xxx", "2049", "2048"]),
        (json!({ "software_id": "a\nb" }), &["'software_id'"]),
        (json!({ "software_version": "a\u{0}b" }), &["'software_version'"]),
        (json!({ "contacts": ["me@new.example.com", "a\tb"] }), &["'contacts'", "'a'tb'"]),
        (json!({ "contacts": vec!["a"; 33] }), &["'contacts'", "33", "32"]),
        (
            json!({ "client_uri": "javascript:alert(1)" }),
            &["'client_uri'", "'javascript:alert(1)'", "https"],
        ),
        (json!({ "logo_uri": "logo.png" }), &["'logo_uri'", "'logo.png'"]),
        (json!({ "tos_uri": "data:," }), &["'tos_uri'", "'data:,'"]),
        (json!({ "policy_uri": "x" }), &["'policy_uri'", "'x'"]),
        (json!({ "jwks_uri": "file:///x" }), &["'jwks_uri'", "'file:///x'"]),
        (
            json!({ "client_uri": format!("https://a.example/{long}") }),
            &["'client_uri'", "https://a.example/", "2067"],
        ),
        (
            json!({ "jwks": {}, "jwks_uri": "https://new.example.com/jwks" }),
            &["'jwks'", "'jwks_uri'"],
        ),
        // Values of a wrong type.
        (
            json!({ "redirect_uris": CALLBACK }),
            &["'redirect_uris'", "received a string", "list of strings"],
        ),
        (
            json!({ "grant_types": [1] }),
            &["'grant_types'", "list with other values", "list of strings"],
        ),
        (json!({ "response_types": {} }), &["'response_types'", "an object", "list of strings"]),
        (json!({ "contacts": true }), &["'contacts'", "a boolean", "list of strings"]),
        (json!({ "scope": 7 }), &["'scope'", "a number", "a string of words"]),
        (json!({ "client_name": ["a"] }), &["'client_name'", "received a list", "a string"]),
        (json!({ "software_statement": 1 }), &["'software_statement'", "a number", "a string"]),
    ];
    for (members, names) in metadata {
        refused(register(&pair, members), "invalid_client_metadata", names);
    }
    let twice =
        r#"{"redirect_uris":["https://new.example.com/cb"],"scope":"read","scope":"write"}"#;
    refused(
        request(&pair, "POST", "/register", None, twice),
        "invalid_client_metadata",
        &["'scope'", "more than once"],
    );
    let no_object = request(&pair, "POST", "/register", None, "[]");
    refused(no_object, "invalid_request", &["a JSON object"]);
}

#[test]
fn a_refused_redirect_uri_is_named_with_the_reason() {
    let pair = open();
    let long = format!("https://new.example.com/{}", "x".repeat(2048));
    let uris: &[(&str, &[&str])] = &[
        (
            "cursor://anysphere.cursor-retrieval/oauth/callback",
            &["cursor://anysphere", "scheme 'cursor'", "no dot"],
        ),
        ("urn:ietf:wg:oauth:2.0:oob", &["scheme 'urn'", "cannot be used by a client"]),
        ("https://new.example.com/cb#x", &["https://new.example.com/cb", "fragment"]),
        (
            "http://new.example.com/cb",
            &["http://new.example.com/cb", "http", "this machine", "need https"],
        ),
        (
            "https://auth.example.com/consent",
            &["https://auth.example.com/consent", "origin of this server"],
        ),
        ("https://me:pw@new.example.com/cb", &["https://new.example.com/cb", "user information"]),
        ("javascript:alert(1)", &["javascript:alert(1)", "browser"]),
        ("/cb", &["/cb", "absolute"]),
        ("", &["absolute"]),
        (&long, &["https://new.example.com/xxx", "2072", "2048"]),
    ];
    for (uri, names) in uris {
        refused(
            register(&pair, &json!({ "redirect_uris": [CALLBACK, uri] })),
            "invalid_redirect_uri",
            names,
        );
    }
    let many = register(&pair, &json!({ "redirect_uris": vec![CALLBACK; 33] }));
    refused(many, "invalid_redirect_uri", &["redirect_uris", "33", "32"]);
    for none in [json!([]), json!(null)] {
        refused(
            register(&pair, &json!({ "redirect_uris": none })),
            "invalid_redirect_uri",
            &["redirect_uris is missing"],
        );
    }
    // A query and user information may be secret, so the description does not contain them.
    for uri in ["cursor://x/cb?key=s3cret", "https://u:s3cret@new.example.com/"] {
        let (_, answer) = register(&pair, &json!({ "redirect_uris": [uri] }));
        assert!(!answer.to_string().contains("s3cret"), "{answer}");
    }
}

#[test]
fn a_registration_at_the_limits_is_accepted() {
    let long = "x".repeat(2048 - CALLBACK.len());
    let pair = open();
    registered(&pair, &json!({ "redirect_uris": vec![CALLBACK; 32], "contacts": vec!["a"; 32] }));
    registered(
        &pair,
        &json!({
            "redirect_uris": [format!("{CALLBACK}{long}")],
            "client_uri": format!("{CALLBACK}{long}"),
        }),
    );
    registered(&pair, &json!({ "client_name": "x".repeat(2048) }));
}

#[test]
fn metadata_that_is_not_offered_is_left_out_and_the_answer_says_so() {
    let pair = open();
    let answer = registered(
        &pair,
        &json!({
            "grant_types": [
                "refresh_token",
                "urn:x",
                "client_credentials",
                "authorization_code",
                "refresh_token",
                "implicit",
            ],
            "response_types": ["code id_token", "code", "token", "code"],
            "scope": "openid read email read",
        }),
    );
    assert_eq!(answer["grant_types"], json!(["refresh_token", "authorization_code"]));
    assert_eq!(answer["response_types"], json!(["code"]));
    assert_eq!(answer["scope"], "read");
    // A response type without its grant type is omitted.
    let answer = registered(
        &pair,
        &json!({ "grant_types": [DEVICE], "response_types": ["code"], "scope": "write read" }),
    );
    assert_eq!((&answer["response_types"], &answer["scope"]), (&json!([]), &json!("read")));
    let answer = registered(&pair, &json!({}));
    assert_eq!(
        (&answer["grant_types"], &answer["response_types"]),
        (&json!(["authorization_code"]), &json!(["code"]))
    );
    assert_eq!(answer.get("scope"), None);
}

/// RFC 6749 §4.4: only clients with credentials may use client credentials.
#[test]
fn a_client_without_authentication_does_not_get_client_credentials() {
    // A token of 22 base64url characters can have 128 bits, and one of 21 cannot.
    RegistrationPolicy::with_token(&"t".repeat(21)).unwrap_err();
    RegistrationPolicy::with_token(&"t".repeat(22)).unwrap();
    let pair = OAuth2Pair::new(provider().with(|options| {
        options.registration = RegistrationPolicy::with_token("initial-access-token-1234").unwrap();
    }));
    let ask = |method: &str, grants: Value| {
        let body = json!({
            "redirect_uris": [CALLBACK],
            "token_endpoint_auth_method": method,
            "grant_types": grants,
        });
        request(&pair, "POST", "/register", Some("initial-access-token-1234"), &body.to_string())
    };
    let both = json!(["client_credentials", "authorization_code", "password"]);
    assert_eq!(
        ask("none", both.clone()).1["grant_types"],
        json!(["authorization_code", "password"])
    );
    assert_eq!(ask("client_secret_post", both.clone()).1["grant_types"], both);
    refused(
        ask("none", json!(["client_credentials"])),
        "invalid_client_metadata",
        &["'grant_types'", "'password'"],
    );
    // The scope is limited to the scopes of the client's grant types.
    let body = json!({ "grant_types": ["client_credentials"], "scope": "stats read" }).to_string();
    let (_, answer) = request(&pair, "POST", "/register", Some("initial-access-token-1234"), &body);
    assert_eq!((&answer["scope"], &answer["response_types"]), (&json!("stats"), &json!([])));
}

#[test]
fn a_grant_type_that_is_not_offered_is_refused_as_a_default_too() {
    let only_devices = Provider::builder(ISSUER).add_grant_type(GrantType::device_code());
    let pair = OAuth2Pair::new(
        only_devices.with(|options| options.registration = RegistrationPolicy::AllowAnyone),
    );
    refused(
        register(&pair, &json!({})),
        "invalid_client_metadata",
        &["'grant_types'", "'authorization_code' (the default)", DEVICE],
    );
    registered(&pair, &json!({ "grant_types": [DEVICE], "redirect_uris": [] }));
}

#[test]
fn a_method_that_is_not_accepted_is_refused_as_a_default_too() {
    let ask = |provider: ProviderBuilder, method: Value| {
        let pair = OAuth2Pair::new(
            provider.with(|options| options.registration = RegistrationPolicy::AllowAnyone),
        );
        register(&pair, &json!({ "token_endpoint_auth_method": method }))
    };
    let names = &[
        "'token_endpoint_auth_method'",
        "the default",
        "expected one of 'client_secret_post', 'none'",
    ];
    for unsaid in [json!(null), json!(""), json!("  ")] {
        refused(
            ask(provider().with(|options| options.only_body = true), unsaid.clone()),
            "invalid_client_metadata",
            names,
        );
        let (_, answer) = ask(provider().with(|options| options.only_basic = true), unsaid);
        assert_eq!(answer["token_endpoint_auth_method"], "client_secret_basic");
    }
    let post = json!("client_secret_post");
    refused(
        ask(provider().with(|options| options.only_basic = true), post.clone()),
        "invalid_client_metadata",
        &["'client_secret_post' is not"],
    );
    assert_eq!(ask(provider().with(|options| options.only_body = true), post).0, 201);
}

#[derive(Debug)]
struct Assertions;

impl ClientSource for Assertions {
    fn find(&self, _: &http::request::Parts, _: &[(&str, &str)]) -> Option<IdentifiedClient> {
        None
    }
}

#[test]
fn with_a_source_of_clients_further_methods_are_accepted() {
    let pair = OAuth2Pair::new(
        provider()
            .client_source(Assertions)
            .with(|options| options.registration = RegistrationPolicy::AllowAnyone),
    );
    let answer = registered(&pair, &json!({ "token_endpoint_auth_method": "private_key_jwt" }));
    assert_eq!(answer.get("client_secret"), None);
    let hidden =
        register(&pair, &json!({ "token_endpoint_auth_method": "private\u{200b}_key_jwt" }));
    refused(hidden, "invalid_client_metadata", &["'token_endpoint_auth_method'"]);
    let pair = OAuth2Pair::new(
        provider()
            .with(|options| options.only_basic = true)
            .client_source(Assertions)
            .with(|options| options.registration = RegistrationPolicy::AllowAnyone),
    );
    let off = register(&pair, &json!({ "token_endpoint_auth_method": "client_secret_post" }));
    refused(off, "invalid_client_metadata", &["'token_endpoint_auth_method'"]);
}

#[test]
fn empty_members_count_as_absent() {
    let pair = open();
    let texts = [
        "client_name",
        "client_uri",
        "logo_uri",
        "tos_uri",
        "policy_uri",
        "jwks_uri",
        "software_id",
    ];
    for name in
        texts.into_iter().chain(["software_version", "software_statement", "jwks", "contacts", "x"])
    {
        for nothing in [json!(null), json!(""), json!(" "), json!([]), json!([""])] {
            let fits = match name {
                "contacts" => !nothing.is_string(),
                "jwks" => nothing.is_null(),
                "x" => true,
                _ => !nothing.is_array(),
            };
            if fits {
                assert_eq!(
                    registered(&pair, &json!({ name: nothing })).get(name),
                    None,
                    "{name}: {nothing}"
                );
            }
        }
    }
    let answer = registered(
        &pair,
        &json!({ "contacts": ["", "me@new.example.com"], "client_name#de": "Drucker" }),
    );
    assert_eq!(
        (&answer["contacts"], &answer["client_name#de"]),
        (&json!(["me@new.example.com"]), &json!("Drucker"))
    );
    for nothing in [json!(null), json!([])] {
        let answer =
            registered(&pair, &json!({ "grant_types": nothing, "response_types": nothing }));
        assert_eq!(answer["grant_types"], json!(["authorization_code"]));
        assert_eq!(answer["response_types"], json!(["code"]));
    }
}

/// An absent scope means all scopes, so an empty scope must not become an absent one.
#[test]
fn an_empty_scope_is_kept_and_gives_tokens_without_scope() {
    let pair = open();
    for (empty, kept) in
        [(json!(""), Some("")), (json!("  "), Some("")), (json!([]), Some("")), (json!(null), None)]
    {
        let answer = registered(&pair, &json!({ "scope": empty }));
        assert_eq!(answer.get("scope").and_then(Value::as_str), kept, "{empty}");
    }
    let answer = registered(&pair, &json!({ "scope": "" }));
    let client = Client::new(pair.server(), answer["client_id"].as_str().unwrap())
        .redirect_uri(CALLBACK)
        .unwrap();
    let authorize = |scope: Option<&str>| {
        let authorize = scope.map_or_else(Authorize::default, Authorize::scope);
        let url = pair.run(client.authorize(authorize, pair.moment())).unwrap().url;
        pair.dispatch(&http::Request::get(url).body(Vec::new()).unwrap())
    };
    // The error for a self-registered client is in a link on a page.
    let error = authorize(Some("read")).unwrap_err();
    assert!(String::from_utf8_lossy(error.body()).contains("error=invalid_scope"));
    authorize(None).unwrap();
    pair.sign_in(&pair.client(), Authorize::scope("read")).unwrap();
    let token = pair.sign_in(&client, Authorize::default()).unwrap();
    let query = FindToken::new(TokenHash::of(token.access_token.expose()));
    assert!(pair.store.find_token(&query).unwrap().unwrap().scope().as_str().is_empty());
}

#[test]
fn a_scope_becomes_empty_if_the_grant_types_have_no_scopes() {
    let plain = Provider::builder(ISSUER).add_grant_type(GrantType::authorization_code());
    let pair = OAuth2Pair::new(
        plain.with(|options| options.registration = RegistrationPolicy::AllowAnyone),
    );
    assert_eq!(registered(&pair, &json!({ "scope": "openid email" }))["scope"], "");
    let plain = Provider::builder(ISSUER).add_grant_type(
        GrantType::authorization_code()
            .with(|options| options.default_scope = Some("basic".into())),
    );
    let pair = OAuth2Pair::new(
        plain.with(|options| options.registration = RegistrationPolicy::AllowAnyone),
    );
    assert_eq!(registered(&pair, &json!({ "scope": "basic email" }))["scope"], "basic");
    refused(
        register(&pair, &json!({ "scope": "email" })),
        "invalid_client_metadata",
        &["expected some of 'basic'"],
    );
}

/// RFC 7592 §2.2.
#[test]
fn an_update_is_refused_by_the_member_that_is_wrong() {
    let pair = open();
    let answer = registered(&pair, &json!({ "token_endpoint_auth_method": "client_secret_basic" }));
    let text = |name: &str| answer[name].as_str().unwrap();
    let update = |members: Value| {
        let mut body = json!({ "client_id": text("client_id"), "redirect_uris": [CALLBACK] });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let path = format!("/register/{}", text("client_id"));
        request(&pair, "PUT", &path, Some(text("registration_access_token")), &body.to_string())
    };
    for other in [json!("printer"), json!(null), json!(7), json!("")] {
        refused(update(json!({ "client_id": other })), "invalid_client_metadata", &["'client_id'"]);
    }
    for name in [
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
        "client_id_issued_at",
    ] {
        refused(
            update(json!({ name: 0 })),
            "invalid_client_metadata",
            &[&format!("'{name}'"), "leave it out"],
        );
    }
    for other in [json!("s3cret-of-mine"), json!(7), json!("")] {
        let end = update(json!({ "client_secret": other }));
        assert!(!end.1.to_string().contains("s3cret"));
        refused(end, "invalid_client_metadata", &["'client_secret'"]);
    }
    refused(update(json!({ "client_uri": "x" })), "invalid_client_metadata", &["'client_uri'"]);
    let (status, after) = update(
        json!({ "client_secret": text("client_secret"), "scope": "read x", "client_name": "" }),
    );
    assert_eq!((status, &after["scope"], after.get("client_name")), (200, &json!("read"), None));
    assert_eq!(after.get("client_secret"), None);
}

/// RFC 7592 §2.2: a client that changes to a method with a secret gets one, and a client that
/// changes to `none` loses its secret.
#[test]
fn an_update_of_the_method_issues_or_removes_the_secret() {
    let pair = open();
    let answer = registered(&pair, &json!({ "token_endpoint_auth_method": "none" }));
    assert_eq!((answer.get("client_secret"), answer.get("client_secret_expires_at")), (None, None));
    let client_id = answer["client_id"].as_str().unwrap();
    let update = |method: &str| {
        let body = json!({
            "client_id": client_id,
            "redirect_uris": [CALLBACK],
            "token_endpoint_auth_method": method,
        });
        let token = answer["registration_access_token"].as_str();
        request(&pair, "PUT", &format!("/register/{client_id}"), token, &body.to_string()).1
    };
    let own = update("client_secret_post");
    assert_eq!(own["client_secret_expires_at"], 0);
    let introspect = |secret: &Value| {
        let client = Client::new(pair.server(), client_id).secret(secret.as_str().unwrap());
        pair.run(client.introspect("x", pair.moment()))
    };
    introspect(&own["client_secret"]).unwrap();
    assert_eq!(update("client_secret_basic").get("client_secret"), None);
    introspect(&own["client_secret"]).unwrap();
    assert_eq!(update("none").get("client_secret"), None);
    introspect(&own["client_secret"]).unwrap_err();
}

#[test]
fn a_body_of_64_kib_is_read_and_a_larger_one_is_refused() {
    let pair = open();
    let ask = |length: usize| {
        let rest = json!({ "redirect_uris": [CALLBACK], "x": "" }).to_string();
        let body =
            rest.replace(r#""x":"""#, &format!(r#""x":"{}""#, "x".repeat(length - rest.len())));
        assert_eq!(body.len(), length);
        request(&pair, "POST", "/register", None, &body)
    };
    assert_eq!(ask(64 * 1024).0, 201);
    let (status, answer) = ask(64 * 1024 + 1);
    assert_eq!(
        (status, &answer["error_description"]),
        (413, &json!("the body is too large: expected at most 64 KiB"))
    );
}

#[test]
fn a_refusal_says_that_nothing_is_offered() {
    // This server has only client credentials, which a self-registered client cannot have.
    let machines = Provider::builder(ISSUER).add_grant_type(GrantType::client_credentials());
    let pair = OAuth2Pair::new(
        machines.with(|options| options.registration = RegistrationPolicy::AllowAnyone),
    );
    let end = register(&pair, &json!({}));
    assert!(
        end.1["error_description"].as_str().unwrap().ends_with("this client can have none"),
        "{end:?}"
    );
    // The list of allowed methods is at the end of the description.
    let end = register(&open(), &json!({ "token_endpoint_auth_method": "x" }));
    assert!(
        end.1["error_description"].as_str().unwrap().ends_with("'client_secret_post', 'none'"),
        "{end:?}"
    );
}

#[test]
fn names_in_other_languages_are_kept_if_a_page_can_show_them() {
    let pair = open();
    let answer = registered(
        &pair,
        &json!({ "client_name#de": "Drucker", "client_name#he": "a\u{202e}b", "x#de": "x" }),
    );
    assert_eq!(answer["client_name#de"], "Drucker");
    assert_eq!((answer.get("client_name#he"), answer.get("x#de")), (None, None));
}

#[test]
fn our_client_reads_what_was_left_out() {
    let pair = open();
    let mut metadata = ClientMetadata::new([CALLBACK]);
    metadata.scope = Some("read admin".into());
    let registration: ClientRegistration =
        pair.run(pair.server().register(&metadata, None)).unwrap();
    assert_eq!(registration.metadata.scope, Some("read".into()));
}

/// RFC 8252 §7.1 and §8.4 require a reversed domain name as the scheme. The schemes of editors are
/// not domain names.
#[test]
fn the_schemes_of_editors_are_accepted_only_with_the_option() {
    let strict = open();
    let lenient = OAuth2Pair::new(
        provider()
            .with(|options| options.registration = RegistrationPolicy::AllowAnyone)
            .with(|options| options.allow_any_private_scheme = true),
    );
    for uri in [
        "cursor://anysphere.cursor-retrieval/oauth/callback",
        "vscode://vscode.github-authentication/did-authenticate",
        "vscode-insiders://x/cb",
        "windsurf:",
        "zed:/cb",
        "CURSOR://x/cb",
    ] {
        refused(
            register(&strict, &json!({ "redirect_uris": [uri] })),
            "invalid_redirect_uri",
            &["no dot"],
        );
        let answer = registered(&lenient, &json!({ "redirect_uris": [uri] }));
        assert_eq!(answer["redirect_uris"], json!([uri]));
        let client = Client::new(lenient.server(), answer["client_id"].as_str().unwrap())
            .redirect_uri(uri)
            .unwrap();
        lenient.sign_in(&client, Authorize::scope("read")).unwrap();
    }
    registered(
        &strict,
        &json!({
            "redirect_uris": ["com.example.app:/cb", "http://localhost/cb", "http://[::1]/cb"],
        }),
    );
}

#[test]
fn only_the_operator_is_told_of_the_option() {
    let pair = open();
    let ask = |uri: &str| {
        let body = json!({ "redirect_uris": [uri] }).to_string().into_bytes();
        let request = http::Request::post(format!("{ISSUER}/register")).body(body).unwrap();
        serve(pair.provider.register(&request, pair.moment()), &pair.store).unwrap_err()
    };
    let rejected = ask("cursor://x/cb");
    assert!(
        rejected.to_string().contains("`ProviderBuilder::allow_any_private_scheme` allows this"),
        "{rejected}"
    );
    let told = String::from_utf8(rejected.response().into_body()).unwrap();
    assert!(told.contains("no dot") && !told.contains("Provider"), "{told}");
    for uri in ["ftp://x/cb", "http://x/cb", "/cb"] {
        assert!(!ask(uri).to_string().contains("allows this"), "{uri}");
    }
}
