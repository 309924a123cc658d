//! OAuth 2.0 authorization server: requests that it must refuse, and URIs to which it must not
//! redirect a browser.

mod client_names;
mod consent;
mod decision;
mod device;
mod exchange;
mod grants;
mod introspection;
mod raw_server;
mod reach;
mod registration;
mod remote;
mod token_endpoint;

use http::Request;
use oauth_proto::oauth2::server::store::ClientRecord;
use oauth_proto::oauth2::server::{GrantType, RejectReason};

use raw_server::*;

use crate::common::with::With;

/// Row `redirect-unregistered`.
#[test]
fn a_redirect_uri_that_is_not_registered_is_refused_on_a_page() {
    let server = RawServer::default();
    server.authorize(&asking("printer", REDIRECT)).unwrap();
    for other in [
        "https://evil.example/cb?x=1",
        "https://client.example.com",
        "cb",
        "javascript:alert(1)",
        "//client.example.com/cb?x=1",
    ] {
        assert!(
            matches!(
                paged(server.authorize(&asking("printer", other))),
                RejectReason::RedirectUri { .. }
            ),
            "{other}"
        );
    }
    // The redirect_uri of another client is refused. A request without redirect_uri is refused if
    // the client has several.
    assert!(matches!(
        paged(server.authorize(&asking("printer", "https://scanner.example.com/"))),
        RejectReason::RedirectUri { .. }
    ));
    assert!(matches!(
        paged(server.authorize(&[("response_type", "code"), ("client_id", "app")])),
        RejectReason::RedirectUri { .. }
    ));
}

/// Row `redirect-query-added`.
#[test]
fn a_redirect_uri_with_anything_added_is_refused() {
    let server = RawServer::default();
    for added in ["&y=2", "&", "?", "%20", "/", "&x=1"] {
        let reason = paged(server.authorize(&asking("printer", &format!("{REDIRECT}{added}"))));
        assert!(matches!(reason, RejectReason::RedirectUri { .. }), "{added}");
    }
    assert!(matches!(
        paged(server.authorize(&asking("printer", "https://client.example.com/cb"))),
        RejectReason::RedirectUri { .. }
    ));
}

/// Row `redirect-fragment`.
#[test]
fn a_redirect_uri_with_a_fragment_is_refused() {
    let server = RawServer::default();
    let with_fragment = format!("{REDIRECT}#x");
    assert!(matches!(
        paged(server.authorize(&asking("printer", &with_fragment))),
        RejectReason::RedirectUri { .. }
    ));
    assert!(matches!(
        paged(server.authorize(&asking("app", "http://127.0.0.1/cb#x"))),
        RejectReason::RedirectUri { .. }
    ));
}

/// Row `redirect-case`.
#[test]
fn a_redirect_uri_in_another_spelling_is_refused() {
    let server = RawServer::default();
    for other in [
        "https://CLIENT.example.com/cb?x=1",
        "HTTPS://client.example.com/cb?x=1",
        "https://client.example.com/CB?x=1",
    ] {
        assert!(
            matches!(
                paged(server.authorize(&asking("printer", other))),
                RejectReason::RedirectUri { .. }
            ),
            "{other}"
        );
    }
    // A spelling that is equal only after decoding or normalizing is refused.
    for other in [
        "https://client.example.com/%63b?x=1",
        "https://client.example.com/a/../cb?x=1",
        "https://client.example.com:443/cb?x=1",
    ] {
        assert!(
            matches!(
                paged(server.authorize(&asking("printer", other))),
                RejectReason::RedirectUri { .. }
            ),
            "{other}"
        );
    }
}

/// Row `redirect-port`.
#[test]
fn the_port_of_a_redirect_uri_may_differ_only_on_a_loopback_address() {
    let server = RawServer::default();
    let pkce = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let ask = |uri: &str| server.authorize(&[&asking("app", uri)[..], &pkce].concat());
    for same in [
        "http://127.0.0.1/cb",
        "http://127.0.0.1:51004/cb",
        "http://[::1]:7/cb?a",
        "http://[::1]:65535/cb?a",
    ] {
        let url = location(&server.grant(ask(same).unwrap()));
        assert!(url.starts_with(same), "{url}");
    }
    for other in [
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:80@evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://127.0.0.1:1.evil.example/cb",
        "http://127.0.0.1:1:2/cb",
        "http://127.0.0.1:+1/cb",
        "http://127.0.0.1:1/cb/",
        "http://127.0.0.2:1/cb",
        "http://localhost:1/cb",
        "https://127.0.0.1:1/cb",
        "http://[::1]:1/cb",
    ] {
        assert!(matches!(paged(ask(other)), RejectReason::RedirectUri { .. }), "{other}");
    }
    assert!(matches!(
        paged(server.authorize(&asking("printer", "https://client.example.com:444/cb?x=1"))),
        RejectReason::RedirectUri { .. }
    ));
}

/// Row `redirect-changed`: the client has to send the redirect_uri of the authorization request
/// again, unchanged.
#[test]
fn a_code_with_another_redirect_uri_is_refused_and_spent() {
    let server = RawServer::default();
    for other in
        [None, Some("https://client.example.com/cb"), Some("https://evil.example/"), Some("")]
    {
        let code = server.printers_code();
        let mut parameters = vec![("grant_type", "authorization_code"), ("code", &*code)];
        parameters.extend(other.map(|uri| ("redirect_uri", uri)));
        let reason = refused(server.token(PRINTER, &parameters), 400, "invalid_grant");
        assert_eq!(reason, RejectReason::RedirectUriChanged, "{other:?}");
        // The code is used up after the first attempt.
        refused(server.redeem(PRINTER, &code), 400, "invalid_grant");
    }
}

/// Row `unknown-client`.
#[test]
fn an_unknown_client_is_refused_on_a_page() {
    let server = RawServer::default();
    let reason = paged(server.authorize(&asking("nobody", REDIRECT)));
    assert_eq!(reason, RejectReason::UnknownClient("nobody".into()));
    assert!(matches!(
        paged(server.authorize(&asking("Printer", REDIRECT))),
        RejectReason::UnknownClient(_)
    ));
    assert_eq!(
        paged(server.authorize(&[("response_type", "code")])),
        RejectReason::ParameterMissing("client_id")
    );
    let shown =
        server.authorize(&asking("<script>alert(1)</script>", REDIRECT)).unwrap_err().response();
    assert!(!String::from_utf8_lossy(shown.body()).contains("<script"));
}

/// Row `pkce-plain`.
#[test]
fn a_plain_proof_key_is_refused_unless_it_is_allowed() {
    let server = RawServer::default();
    let plain = |method: &'static [(&str, &str)]| {
        let parameters =
            [&asking("printer", REDIRECT)[..], &[("code_challenge", VERIFIER)], method].concat();
        server.authorize(&parameters)
    };
    assert_eq!(sent_back(plain(&[("code_challenge_method", "plain")])), "invalid_request");
    // A missing method means `plain`. The error explains that.
    let rejected = plain(&[]).unwrap_err();
    let told = parameter(&location(&rejected.response()), "error_description").unwrap();
    assert!(told.contains("a request without this parameter means plain"), "{told}");
    assert_eq!(sent_back(plain(&[])), "invalid_request");
    assert_eq!(sent_back(plain(&[("code_challenge_method", "S512")])), "invalid_request");
    let allowed = RawServer::new(provider().with(|options| options.allow_plain_pkce = true));
    let parameters = [&asking("printer", REDIRECT)[..], &[("code_challenge", VERIFIER)]].concat();
    allowed.authorize(&parameters).unwrap();
}

/// Row `challenge-missing`: a public client has to use PKCE, and a malformed challenge is refused.
#[test]
fn a_public_client_without_a_proof_key_is_refused() {
    let server = RawServer::default();
    assert_eq!(
        sent_back(server.authorize(&asking("app", "http://127.0.0.1/cb"))),
        "invalid_request"
    );
    for odd in
        ["", "short", &format!("{CHALLENGE}A"), &CHALLENGE.replace('-', "+"), &"=".repeat(43)]
    {
        let challenge = [("code_challenge", odd), ("code_challenge_method", "S256")];
        let parameters = [&asking("app", "http://127.0.0.1/cb")[..], &challenge].concat();
        assert_eq!(sent_back(server.authorize(&parameters)), "invalid_request", "{odd}");
    }
    let all = RawServer::new(provider().with(|options| options.require_pkce = true));
    assert_eq!(sent_back(all.authorize(&asking("printer", REDIRECT))), "invalid_request");
}

/// Row `parameter-twice`.
#[test]
fn a_request_that_names_a_parameter_twice_is_refused() {
    let server = RawServer::default();
    for name in ["client_id", "redirect_uri", "state", "response_mode"] {
        // The server cannot know to which URI to redirect the user, or with which state.
        let twice =
            [&asking("printer", REDIRECT)[..], &[(name, "query"), (name, "query")]].concat();
        assert!(
            matches!(paged(server.authorize(&twice)), RejectReason::ParameterTwice(_)),
            "{name}"
        );
    }
    for name in ["response_type", "scope", "code_challenge", "prompt", "anything"] {
        let twice = [&asking("printer", REDIRECT)[..], &[(name, "code"), (name, "code")]].concat();
        assert_eq!(sent_back(server.authorize(&twice)), "invalid_request", "{name}");
    }
    let code = server.printers_code();
    for name in
        ["grant_type", "code", "redirect_uri", "client_id", "client_secret", "scope", "anything"]
    {
        let twice = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", REDIRECT),
            (name, "x"),
            (name, "x"),
        ];
        let reason = refused(server.token(PRINTER, &twice), 400, "invalid_request");
        assert!(matches!(reason, RejectReason::ParameterTwice(_)), "{name}");
    }
    for path in ["/introspect", "/revoke", "/par", "/device_authorization"] {
        for name in ["token", "anything"] {
            let twice =
                [("client_id", PRINTER.0), ("client_secret", PRINTER.1), (name, "x"), (name, "x")];
            let reason = refused(server.post(path, &twice), 400, "invalid_request");
            assert_eq!(reason, RejectReason::ParameterTwice(name.into()), "{path}");
        }
    }
    let many: Vec<_> = (0..100).map(|at| format!("p{at}")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), "x")).collect();
    let reason = refused(server.post("/token", &many), 400, "invalid_request");
    assert_eq!(reason, RejectReason::ParametersTooMany(64));
    // A second parameter counts even if it is empty, or if its name is percent-encoded.
    let mut request = posting("/token", &[]);
    *request.body_mut() = format!("grant_type=authorization_code&code={code}&c%6Fde=").into_bytes();
    refused(server.send(request), 400, "invalid_request");
    server.redeem(PRINTER, &code).unwrap();
}

/// Row `grant-not-allowed`.
#[test]
fn a_grant_that_a_client_may_not_use_is_refused() {
    let server = RawServer::default();
    server.store.add_client(
        ClientRecord::confidential("stats", SECRET)
            .unwrap()
            .add_redirect_uri(REDIRECT)
            .grant_types(["client_credentials"]),
    );
    assert_eq!(sent_back(server.authorize(&asking("stats", REDIRECT))), "unauthorized_client");
    refused(server.redeem(("stats", SECRET), &server.printers_code()), 400, "unauthorized_client");
    let password = [("grant_type", "password"), ("username", "jane"), ("password", PASSWORD)];
    let reason = refused(server.token(PRINTER, &password), 400, "unauthorized_client");
    assert_eq!(reason, RejectReason::NotAllowed("password".into()));
    // A client with a wrong secret does not learn which grants it may use.
    refused(server.token(("printer", "wrong"), &password), 401, "invalid_client");
    // The implicit grant has to be configured, for the client and for the server.
    let token = |server: &RawServer| {
        server.authorize(&[
            ("response_type", "token"),
            ("client_id", "printer"),
            ("state", "xyz"),
            ("response_mode", "query"),
        ])
    };
    assert_eq!(sent_back(token(&server)), "unauthorized_client");
    let narrow = RawServer::new(
        oauth_proto::oauth2::server::Provider::builder(ISSUER)
            .add_grant_type(GrantType::authorization_code()),
    );
    assert_eq!(sent_back(token(&narrow)), "unsupported_response_type");
    refused(server.token(PRINTER, &[("grant_type", "implicit")]), 400, "unsupported_grant_type");
    refused(server.token(PRINTER, &[("grant_type", "urn:x")]), 400, "unsupported_grant_type");
    // A public client cannot use client credentials.
    let stats = [("grant_type", "client_credentials"), ("scope", "stats"), ("client_id", "app")];
    refused(server.post("/token", &stats), 400, "unauthorized_client");
}

/// Row `state-echo`: a state with control characters is refused.
#[test]
fn a_state_is_sent_back_unchanged_and_encoded() {
    let server = RawServer::default();
    for state in ["a\r\nSet-Cookie: x=1", "a\0", "a\tb", "a\u{7f}", "a\u{85}b"] {
        let parameters = [
            ("response_type", "code"),
            ("client_id", "printer"),
            ("redirect_uri", REDIRECT),
            ("state", state),
        ];
        assert_eq!(
            paged(server.authorize(&parameters)),
            RejectReason::ParameterCharacters("state".into()),
            "{state:?}"
        );
    }
    let long = "s".repeat(8 * 1024);
    for state in ["&code=evil#?=+%", "\u{1f511} \"'<>", "%0d%0a", "iss=https://evil.example", &long]
    {
        let asking = [
            ("response_type", "code"),
            ("client_id", "printer"),
            ("redirect_uri", REDIRECT),
            ("state", state),
        ];
        let wrong = [&asking[..], &[("scope", "admin")]].concat();
        let consent = server.authorize(&asking).unwrap();
        let denied = server.deny(consent.clone());
        for response in
            [denied, server.grant(consent), server.authorize(&wrong).unwrap_err().response()]
        {
            let url = location(&response);
            assert_eq!(parameter(&url, "state").as_deref(), Some(state));
            assert_eq!(parameter(&url, "iss").as_deref(), Some(ISSUER));
            assert!(url.starts_with(&format!("{REDIRECT}&")), "{url}");
            let fits =
                |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'"' | b'<' | b'>');
            assert!(url.bytes().all(fits), "{url}");
            assert_eq!(response.headers().len(), 3);
        }
        // With `form_post`, the state is in a form, and is escaped in its attribute.
        let posted = [&asking[..], &[("response_mode", "form_post")]].concat();
        let page = String::from_utf8(server.grant(server.authorize(&posted).unwrap()).into_body())
            .unwrap();
        assert_eq!(page.matches("name=\"state\"").count(), 1);
        assert_eq!(page.matches("<script").count(), 1);
        let escaped = state.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let escaped = escaped.replace('"', "&quot;").replace('\'', "&#39;");
        let escaped = escaped.replace('\r', "&#13;").replace('\n', "&#10;");
        assert!(page.contains(&format!("name=\"state\" value=\"{escaped}\">")), "{page}");
    }
}

/// Row `method-wrong`.
#[test]
fn an_endpoint_refuses_other_http_methods_and_names_its_own() {
    let server = RawServer::default();
    for (method, path, allowed) in [
        ("GET", "/token", "POST"),
        ("PUT", "/token", "POST"),
        ("HEAD", "/token", "POST"),
        ("GET", "/introspect", "POST"),
        ("GET", "/revoke", "POST"),
        ("GET", "/par", "POST"),
        ("GET", "/device_authorization", "POST"),
        ("PUT", "/authorize", "GET, POST"),
        ("DELETE", "/authorize", "GET, POST"),
        ("POST", "/device", "GET"),
        ("POST", "/.well-known/oauth-authorization-server", "GET, HEAD"),
    ] {
        let query = form_of(&asking("printer", REDIRECT));
        let request = Request::builder().method(method).uri(format!("{ISSUER}{path}?{query}"));
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(query.into_bytes());
        let rejected = server.dispatch(&request.unwrap()).unwrap_err();
        let response = rejected.response();
        assert_eq!(response.status(), 405, "{method} {path}");
        assert_eq!(response.headers()["allow"], allowed, "{method} {path}");
        refused::<()>(Err(rejected), 405, "invalid_request");
    }
    let lost = Request::get(format!("{ISSUER}/admin")).body(Vec::new()).unwrap();
    let rejected = server.dispatch(&lost).unwrap_err();
    assert_eq!(rejected.response().status(), 404);
    // The error names the received path, so an operator can see if a router has removed a part of
    // it.
    let told = String::from_utf8(rejected.response().into_body()).unwrap();
    assert!(
        told.contains("'/admin'") && told.contains("/token") && !told.contains("/register"),
        "{told}"
    );
}

fn form_of(parameters: &[(&str, &str)]) -> String {
    oauth_proto::wire::form::encode(parameters.iter().copied())
}

/// Row `state-echo`: a redirect with an error contains the state, after the query of the
/// redirect_uri. python-oauth2 loses the state and breaks the query.
#[test]
fn errors_that_redirect_to_the_client_keep_state_and_query() {
    let server = RawServer::default();
    let consent = server.authorize(&asking("printer", REDIRECT)).unwrap();
    let url = location(&server.deny(consent.clone()));
    assert_eq!(
        url,
        format!("{REDIRECT}&error=access_denied&state=xyz&iss=https%3A%2F%2Fauth.example.com")
    );
    let code = location(&server.grant(consent));
    assert!(code.starts_with(&format!("{REDIRECT}&code=")), "{code}");
}

/// Row `redirect-unregistered`: for a client without any redirect_uri, the server does not
/// redirect. python-oauth2 crashes. A redirect_uri in one request is not used for the next request.
#[test]
fn a_redirect_uri_is_not_remembered_for_the_next_request() {
    let server = RawServer::default();
    server.store.add_client(ClientRecord::confidential("bare", SECRET).unwrap());
    assert!(matches!(
        paged(server.authorize(&[("response_type", "code"), ("client_id", "bare")])),
        RejectReason::RedirectUri { .. }
    ));
    server
        .authorize(
            &[
                &asking("app", "http://127.0.0.1:9/cb")[..],
                &[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")],
            ]
            .concat(),
        )
        .unwrap();
    assert!(matches!(
        paged(server.authorize(&[("response_type", "code"), ("client_id", "app")])),
        RejectReason::RedirectUri { .. }
    ));
}
