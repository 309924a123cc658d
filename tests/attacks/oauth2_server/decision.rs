//! Pushed requests, the decision of the user, and redirects that need the user's consent first.

use http::Request;
use oauth_proto::oauth2::server::store::ClientRecord;
use oauth_proto::oauth2::server::{
    Approval, Consent, GrantType, RegistrationPolicy, RejectReason, serve,
};
use oauth_proto::wire::form;

use super::raw_server::*;

use crate::common::with::With;

const CALLBACK: &str = "https://new.example.com/cb";

/// Pushes an authorization request of the printer, and returns its request_uri.
fn push(server: &RawServer, more: &[(&str, &str)]) -> String {
    let honest = asking(PRINTER.0, REDIRECT);
    let parameters =
        [&honest[..], &[("client_secret", PRINTER.1), ("scope", "read")], more].concat();
    let response = server.post("/par", &parameters).unwrap();
    assert_eq!(response.status(), 201);
    let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    body["request_uri"].as_str().unwrap().to_owned()
}

fn load(
    server: &RawServer,
    client_id: &str,
    uri: &str,
) -> Result<Consent, oauth_proto::oauth2::server::Rejected> {
    server.authorize(&[("client_id", client_id), ("request_uri", uri)])
}

fn is_request_uri(reason: &RejectReason) -> bool {
    matches!(reason, RejectReason::RequestUri(_))
}

/// Row `par-other-client`.
#[test]
fn a_pushed_request_is_loaded_only_by_its_own_client() {
    let server = RawServer::default();
    let uri = push(&server, &[]);
    assert!(is_request_uri(&paged(load(&server, SCANNER.0, &uri))));
    load(&server, PRINTER.0, &uri).unwrap();
}

/// Row `par-expired`: the request expires to the second. The user can still decide on a page that
/// was loaded before.
#[test]
fn a_pushed_request_is_loaded_for_a_minute_and_decided_on_for_an_hour() {
    let server = RawServer::default();
    let uri = push(&server, &[]);
    server.pass(59);
    let consent = load(&server, PRINTER.0, &uri).unwrap();
    server.pass(1);
    assert!(is_request_uri(&paged(load(&server, PRINTER.0, &uri))));
    server.pass(3598);
    assert!(parameter(&location(&server.grant(consent.clone())), "code").is_some());
    // An hour after the page was loaded, the decision is too late.
    let uri = push(&server, &[]);
    let consent = load(&server, PRINTER.0, &uri).unwrap();
    server.pass(3600);
    let late = serve(
        server.provider.approve(consent, Approval::new("jane"), server.moment()),
        &server.store,
    );
    assert_eq!(sent_back(late), "invalid_request");
}

/// Row `par-reused-after-grant`: the page can be loaded twice, but a second decision is refused.
#[test]
fn a_pushed_request_is_decided_on_once() {
    let server = RawServer::default();
    let decide = |consent: Consent| {
        serve(
            server.provider.approve(consent, Approval::new("jane"), server.moment()),
            &server.store,
        )
    };
    let uri = push(&server, &[]);
    let (first, second) =
        (load(&server, PRINTER.0, &uri).unwrap(), load(&server, PRINTER.0, &uri).unwrap());
    // The consent can be stored while the user logs in.
    let first: Consent = serde_json::from_str(&serde_json::to_string(&first).unwrap()).unwrap();
    let code = parameter(&location(&decide(first.clone()).unwrap()), "code").unwrap();
    for late in [first.clone(), second.clone()] {
        assert!(is_request_uri(&paged(decide(late))));
    }
    assert!(is_request_uri(&paged(serve(server.provider.deny(second), &server.store))));
    assert!(is_request_uri(&paged(load(&server, PRINTER.0, &uri))));
    // The refused decisions have not redeemed the code.
    server.redeem(PRINTER, &code).unwrap();

    // An invalid error code leaves the pushed request usable.
    let uri = push(&server, &[]);
    for code in ["", "log\"in", "a\r\nb", "\u{e9}"] {
        let consent = load(&server, PRINTER.0, &uri).unwrap();
        let rejected =
            serve(server.provider.redirect_with_error(consent, code), &server.store).unwrap_err();
        assert!(matches!(rejected.reason, RejectReason::Misconfigured(_)), "{code:?}");
    }
    load(&server, PRINTER.0, &uri).unwrap();
    // A denial and another error of the application are decisions, too.
    for end in ["deny", "login_required"] {
        let uri = push(&server, &[]);
        let consent = load(&server, PRINTER.0, &uri).unwrap();
        let step = match end {
            "deny" => server.provider.deny(consent.clone()),
            code => server.provider.redirect_with_error(consent.clone(), code),
        };
        location(&serve(step, &server.store).unwrap());
        assert!(is_request_uri(&paged(decide(consent))), "{end}");
        assert!(is_request_uri(&paged(load(&server, PRINTER.0, &uri))), "{end}");
    }

    // The implicit grant, which stores its token at the decision.
    let server = RawServer::default();
    server.store.add_client(
        ClientRecord::confidential(PRINTER.0, PRINTER.1)
            .unwrap()
            .add_redirect_uri(CALLBACK)
            .add_grant_type("implicit"),
    );
    let implicit = [
        ("response_type", "token"),
        ("client_id", PRINTER.0),
        ("redirect_uri", CALLBACK),
        ("scope", "read"),
    ];
    let again = || {
        let response = server
            .post("/par", &[&implicit[..], &[("client_secret", PRINTER.1)]].concat())
            .unwrap();
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        body["request_uri"].as_str().unwrap().to_owned()
    };
    let consent = load(&server, PRINTER.0, &again()).unwrap();
    // RFC 6749 §4.2.2: a token without scope is sent without this parameter.
    let bare = serve(
        server.provider.approve(consent.clone(), Approval::new("jane").scope(""), server.moment()),
        &server.store,
    );
    assert_eq!(parameter(&location(&bare.unwrap()), "scope"), None);
    let consent = load(&server, PRINTER.0, &again()).unwrap();
    let url = location(&server.grant(consent.clone()));
    assert!(parameter(&url, "access_token").is_some());
    assert_eq!(parameter(&url, "scope").as_deref(), Some("read"));
    let again = serve(
        server.provider.approve(consent, Approval::new("jane"), server.moment()),
        &server.store,
    );
    assert!(is_request_uri(&paged(again)));
}

/// Row `par-not-pushed-though-required`.
#[test]
fn a_request_that_was_not_pushed_is_refused_if_pushing_is_required() {
    let server = RawServer::new(provider().with(|options| options.require_pushed_requests = true));
    assert_eq!(sent_back(server.authorize(&asking("printer", REDIRECT))), "invalid_request");
    let uri = push(&server, &[]);
    load(&server, PRINTER.0, &uri).unwrap();
    assert!(is_request_uri(&paged(load(
        &server,
        PRINTER.0,
        "urn:ietf:params:oauth:request_uri:of-nobody"
    ))));
    // Parameters beside the request_uri are neither used nor checked (RFC 6749 §3.1).
    let uri = push(&server, &[]);
    for (name, values) in [("foo", ["1", "2"]), ("scope", ["a", "b"])] {
        let twice = values.map(|value| (name, value));
        let parameters = [&[("client_id", PRINTER.0), ("request_uri", &uri)][..], &twice].concat();
        assert!(matches!(paged(server.authorize(&parameters)), RejectReason::ParameterTwice(_)));
    }
    // A code is not a pushed request.
    let consent = load(&server, PRINTER.0, &push(&server, &[])).unwrap();
    let code = parameter(&location(&server.grant(consent)), "code").unwrap();
    assert!(is_request_uri(&paged(load(&server, PRINTER.0, &code))));
}

/// Row `par-request-uri-inside`.
#[test]
fn a_pushed_request_with_a_request_uri_is_refused() {
    let server = RawServer::default();
    let honest = [
        &asking(PRINTER.0, REDIRECT)[..],
        &[("client_secret", PRINTER.1), ("request_uri", "urn:x")],
    ]
    .concat();
    refused(server.post("/par", &honest), 400, "invalid_request");
}

/// Row `method-wrong`: a POST is allowed (RFC 6749 §3.1), with the same rules as a GET. Only the
/// form is read.
#[test]
fn an_authorization_request_may_be_posted() {
    let server = RawServer::default();
    let post = |query: &str, parameters: &[(&str, &str)]| {
        let mut request = posting("/authorize", parameters);
        *request.uri_mut() = format!("{ISSUER}/authorize{query}").parse().unwrap();
        match server.dispatch(&request)? {
            oauth_proto::oauth2::server::Dispatched::Consent(consent) => Ok(consent),
            end => panic!("{end:?}"),
        }
    };
    let honest = asking("printer", REDIRECT);
    let consent = post("", &honest).unwrap();
    assert_eq!(consent, server.authorize(&honest).unwrap());
    // The query of a POST is ignored.
    assert_eq!(post("?client_id=scanner&scope=admin", &honest).unwrap(), consent);
    paged(post("?client_id=printer&response_type=code", &[]));
    assert!(matches!(
        paged(post("", &asking("printer", "https://evil.example/"))),
        RejectReason::RedirectUri { .. }
    ));
    assert_eq!(
        sent_back(post("", &[&honest[..], &[("scope", "admin")]].concat())),
        "invalid_scope"
    );
    assert!(matches!(
        paged(post("", &[&honest[..], &[("state", "b")]].concat())),
        RejectReason::ParameterTwice(_)
    ));
    // A pushed request can be posted, too.
    let uri = push(&server, &[]);
    post("", &[("client_id", "printer"), ("request_uri", &uri)]).unwrap();
    // Another content type and a large body are refused.
    let mut request = posting("/authorize", &honest);
    request.headers_mut().insert("content-type", "application/json".parse().unwrap());
    assert!(matches!(paged(server.dispatch(&request).map(drop)), RejectReason::ContentType(_)));
    let mut request = posting("/authorize", &honest);
    *request.body_mut() = vec![b'a'; 64 * 1024 + 1];
    assert_eq!(server.dispatch(&request).unwrap_err().response().status(), 413);
}

fn registered(server: &RawServer) -> String {
    let body = format!(r#"{{"redirect_uris":["{CALLBACK}"],"token_endpoint_auth_method":"none"}}"#);
    let request =
        Request::post(format!("{ISSUER}/register")).header("content-type", "application/json");
    let response = server.send(request.body(body.into_bytes()).unwrap()).unwrap();
    let answer: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    answer["client_id"].as_str().unwrap().to_owned()
}

/// Row `redirect-before-asking`: a client that registered itself sends an invalid request.
#[test]
fn a_self_registered_client_gets_no_redirect_before_the_user_was_asked() {
    let server = RawServer::new(
        provider().with(|options| options.registration = RegistrationPolicy::AllowAnyone),
    );
    let client = registered(&server);
    let proof = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let honest = [&asking(&client, CALLBACK)[..], &proof].concat();
    let page = |response: &oauth_proto::Response| {
        assert_eq!((response.status().as_u16(), response.headers().get("location")), (400, None));
        assert_eq!(response.headers()["content-security-policy"], "default-src 'none'");
        String::from_utf8(response.body().clone()).unwrap()
    };
    for (name, value, code) in [
        ("scope", "nonsense", "invalid_scope"),
        ("response_type", "id_token", "unsupported_response_type"),
        ("resource", "https://api.example.com", "invalid_target"),
        ("request", "x.y.z", "request_not_supported"),
    ] {
        let others = honest.iter().filter(|(own, _)| *own != name).copied();
        let parameters: Vec<_> = others.chain([(name, value)]).collect();
        let text = page(&server.authorize(&parameters).unwrap_err().response());
        // The page has a link to the client, and names its host.
        assert!(text.contains("<b>new.example.com</b>"), "{text}");
        let link = format!("href=\"{CALLBACK}?error={code}&amp;");
        assert!(
            text.contains(&link) && text.contains("state=xyz") && text.contains("iss=https"),
            "{text}"
        );
    }
    let form = [&honest[..], &[("response_mode", "form_post"), ("scope", "nonsense")]].concat();
    let text = page(&server.authorize(&form).unwrap_err().response());
    assert!(
        text.contains(&format!("<form method=\"post\" action=\"{CALLBACK}\">"))
            && !text.contains("<script"),
        "{text}"
    );
    // An error before any page gives no redirect. After the user's decision, the server redirects.
    let consent = server.authorize(&honest).unwrap();
    let silent = serve(
        server.provider.redirect_with_error(consent.clone(), "login_required"),
        &server.store,
    )
    .unwrap();
    assert!(page(&silent).contains("error=login_required"));
    location(&server.deny(consent.clone()));
    location(&server.grant(consent));

    // A client that the operator has approved gets a redirect. The operator approves it with an
    // initial access token, or by hand.
    let server = RawServer::new(provider().with(|options| {
        options.registration = RegistrationPolicy::with_token("initial-access-token-1234").unwrap();
    }));
    let request = Request::post(format!("{ISSUER}/register"))
        .header("content-type", "application/json")
        .header("authorization", "Bearer initial-access-token-1234")
        .body(format!(r#"{{"redirect_uris":["{CALLBACK}"]}}"#).into_bytes())
        .unwrap();
    let answer: serde_json::Value =
        serde_json::from_slice(server.send(request).unwrap().body()).unwrap();
    let vetted = answer["client_id"].as_str().unwrap();
    for (client, uri) in [(vetted, CALLBACK), ("printer", REDIRECT)] {
        let wrong = [&asking(client, uri)[..], &[("scope", "nonsense")]].concat();
        assert_eq!(sent_back(server.authorize(&wrong)), "invalid_scope");
    }
}

/// Row `redirect-before-asking`: even with a changed consent, the server redirects only to
/// registered URIs.
#[test]
fn a_changed_consent_cannot_redirect_elsewhere() {
    let server = RawServer::default();
    let consent = server.authorize(&asking("printer", REDIRECT)).unwrap();
    let changed = |from: &str, to: &str| -> Consent {
        let stored = serde_json::to_string(&consent).unwrap();
        assert!(stored.contains(from), "{stored}");
        serde_json::from_str(&stored.replace(from, to)).unwrap()
    };
    let evil = changed("https://client.example.com/cb?x=1", "https://evil.example/");
    for step in [
        server.provider.deny(evil.clone()),
        server.provider.redirect_with_error(evil.clone(), "login_required"),
        server.provider.approve(evil, Approval::new("jane"), server.moment()),
    ] {
        let reason = paged(serve(step, &server.store));
        assert!(
            matches!(
                &reason,
                RejectReason::RedirectUri { received: Some(uri), .. }
                    if uri == "https://evil.example/"
            ),
            "{reason}"
        );
    }
    let nobody = changed("\"client_id\":\"printer\"", "\"client_id\":\"nobody\"");
    assert!(matches!(
        paged(serve(server.provider.deny(nobody), &server.store)),
        RejectReason::UnknownClient(_)
    ));
    // The redirect contains the server's own issuer, not the changed one.
    let other =
        changed("\"issuer\":\"https://auth.example.com\"", "\"issuer\":\"https://evil.example\"");
    let url = location(&server.grant(other));
    assert_eq!(parameter(&url, "iss").as_deref(), Some(ISSUER));
}

/// Row `consent-changed`: the consent or the server's configuration was changed while the user
/// decided.
#[test]
fn a_decision_checks_the_servers_requirements_again() {
    let mut server = RawServer::default();
    let consent = server
        .authorize(&[&asking("printer", REDIRECT)[..], &[("scope", "read")]].concat())
        .unwrap();
    let grant = |server: &RawServer| {
        serve(
            server.provider.approve(consent.clone(), Approval::new("jane"), server.moment()),
            &server.store,
        )
    };
    server.provider = provider().with(|options| options.require_pkce = true).build().unwrap();
    assert_eq!(grant(&server).unwrap_err().reason, RejectReason::ChallengeMissing);
    server.provider = provider()
        .with(|options| options.resources.push("https://api.example.com".into()))
        .with(|options| options.require_resource = true)
        .build()
        .unwrap();
    assert_eq!(grant(&server).unwrap_err().reason, RejectReason::ResourceMissing);
    // A token is not sent in the query, although the consent was changed to that mode.
    let mut server = RawServer::default();
    server.store.add_client(
        ClientRecord::confidential(PRINTER.0, PRINTER.1)
            .unwrap()
            .add_redirect_uri(CALLBACK)
            .add_grant_type("implicit"),
    );
    let implicit = [
        ("response_type", "token"),
        ("client_id", PRINTER.0),
        ("redirect_uri", CALLBACK),
        ("state", "xyz"),
        ("scope", "read"),
    ];
    let stored = serde_json::to_string(&server.authorize(&implicit).unwrap()).unwrap();
    let changed: Consent =
        serde_json::from_str(&stored.replace("\"mode\":\"fragment\"", "\"mode\":\"query\""))
            .unwrap();
    assert_eq!(
        sent_back(serve(
            server.provider.approve(changed, Approval::new("jane"), server.moment()),
            &server.store
        )),
        "invalid_request"
    );
    server.provider =
        provider().add_grant_type(GrantType::dangerous_implicit().scopes("write")).build().unwrap();
    let consent: Consent = serde_json::from_str(&stored).unwrap();
    assert_eq!(
        sent_back(serve(
            server.provider.approve(consent, Approval::new("jane"), server.moment()),
            &server.store
        )),
        "invalid_scope"
    );
}

/// Row `text-on-a-page`: the page shows a wrong redirect_uri escaped, shortened and without its
/// query, so an attacker cannot show a message to the user.
#[test]
fn a_page_shows_a_wrong_redirect_uri_as_a_text() {
    let server = RawServer::default();
    let page = |uri: &str| {
        let response = server.authorize(&asking("printer", uri)).unwrap_err().response();
        String::from_utf8(response.body().clone()).unwrap()
    };
    let text = page("https://evil.example/<b>x</b>?call=555-1234#now");
    assert!(text.contains("&quot;https://evil.example/&lt;b&gt;x&lt;/b&gt;&quot;"), "{text}");
    assert!(!text.contains("555") && !text.contains("<b>") && !text.contains("href"), "{text}");
    let long = format!("https://evil.example/{}", "x".repeat(5000));
    assert!(page(&long).len() < 2000);
    let form = form::encode([("response_type", "code"), ("client_id", "app")]);
    let request = Request::get(format!("{ISSUER}/authorize?{form}")).body(Vec::new()).unwrap();
    let text =
        String::from_utf8(server.dispatch(&request).unwrap_err().response().into_body()).unwrap();
    assert!(text.contains("redirect_uri is missing"), "{text}");
    let unknown = server.authorize(&asking("nobody", REDIRECT)).unwrap_err();
    assert_eq!(unknown.client_id(), Some("nobody"));
}
