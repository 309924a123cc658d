//! Authorization requests that must be refused, and permissions that were removed between the
//! request and the user's decision.

use oauth_proto::oauth2::server::store::ClientRecord;
use oauth_proto::oauth2::server::{Approval, Consent, RejectReason, serve};

use super::raw_server::*;

use crate::common::with::With;

fn printer() -> ClientRecord {
    ClientRecord::confidential(PRINTER.0, PRINTER.1).unwrap().add_redirect_uri(REDIRECT)
}

fn asking_for_token() -> Vec<(&'static str, &'static str)> {
    [&asking("printer", REDIRECT)[1..], &[("response_type", "token"), ("scope", "read")]].concat()
}

/// Row `grant-not-allowed`: the client may use the grant, but not the response type.
#[test]
fn a_client_may_use_only_its_own_response_types() {
    let server = RawServer::default();
    let both = ["authorization_code", "implicit"];
    let (code, token) = (asking("printer", REDIRECT), asking_for_token());
    for (own, asked, other, lacking) in [
        ("code", &code[..], &token[..], "implicit"),
        ("token", &token, &code, "authorization_code"),
    ] {
        server.store.add_client(printer().grant_types(both).response_types([own]));
        server.authorize(asked).unwrap();
        assert_eq!(
            server.authorize(other).unwrap_err().reason,
            RejectReason::NotAllowed(lacking.into())
        );
    }
    server.store.add_client(printer().grant_types(both).response_types(["code", "token"]));
    server.authorize(&code).unwrap();
    server.authorize(&token).unwrap();
}

/// Row `token-in-query`: the query of a redirect is written to logs, so it never contains a token.
#[test]
fn an_implicit_grant_never_sends_its_token_in_the_query() {
    let server = RawServer::default();
    server.store.add_client(printer().add_grant_type("implicit"));
    let ask = |mode: Option<&'static str>| {
        let mode = mode.map(|mode| ("response_mode", mode));
        server.authorize(&asking_for_token().into_iter().chain(mode).collect::<Vec<_>>())
    };
    assert_eq!(sent_back(ask(Some("query"))), "invalid_request");
    for mode in [None, Some("fragment")] {
        let url = location(&server.grant(ask(mode).unwrap()));
        assert!(url.starts_with(&format!("{REDIRECT}#access_token=")), "{url}");
    }
    assert_eq!(server.grant(ask(Some("form_post")).unwrap()).status(), 200);
}

/// Row `request-object`: the parameters in the request object would replace the others, so it must
/// not be ignored.
#[test]
fn a_request_object_is_refused() {
    let server = RawServer::default();
    let with_object =
        [&asking("printer", REDIRECT)[..], &[("request", "eyJhbGciOiJub25lIn0.e30.")]].concat();
    assert_eq!(sent_back(server.authorize(&with_object)), "request_not_supported");
}

/// Row `resource-unknown`: RFC 8707 §2.
#[test]
fn a_resource_of_another_server_is_refused_before_the_user_decides() {
    const A: &str = "https://a.example/";
    let server = RawServer::new(provider().with(|options| options.resources.push(A.into())));
    let ask = |resources: &[&'static str]| {
        let resources = resources.iter().map(|own| ("resource", *own));
        server.authorize(
            &asking("printer", REDIRECT).into_iter().chain(resources).collect::<Vec<_>>(),
        )
    };
    assert_eq!(ask(&[A]).unwrap().resource, [A]);
    for resources in
        [&["https://evil.example/"][..], &[A, "https://evil.example/"], &["https://a.example"]]
    {
        assert_eq!(sent_back(ask(resources)), "invalid_target", "{resources:?}");
    }
}

/// Row `redirect-unregistered`: the redirect_uri was still registered when the user was asked.
#[test]
fn a_redirect_uri_that_was_removed_meanwhile_is_not_used() {
    let server = RawServer::default();
    let consent = server.authorize(&asking("printer", REDIRECT)).unwrap();
    let other = ClientRecord::confidential(PRINTER.0, PRINTER.1)
        .unwrap()
        .add_redirect_uri("https://new.example.com/cb");
    server.store.add_client(other);
    assert!(matches!(paged(granted(&server, consent.clone())), RejectReason::RedirectUri { .. }));
    server.store.add_client(printer());
    granted(&server, consent).unwrap();
}

/// Row `grant-not-allowed`: the client still had the grant and the response type when the user was
/// asked.
#[test]
fn a_response_type_that_was_removed_meanwhile_gives_no_code() {
    let server = RawServer::default();
    let consent = server.authorize(&asking("printer", REDIRECT)).unwrap();
    for less in [printer().grant_types(["client_credentials"]), printer().response_types(["token"])]
    {
        server.store.add_client(less);
        assert_eq!(sent_back(granted(&server, consent.clone())), "unauthorized_client");
    }
    server.store.add_client(printer());
    granted(&server, consent).unwrap();
}

fn granted(
    server: &RawServer,
    consent: Consent,
) -> Result<oauth_proto::Response, oauth_proto::oauth2::server::Rejected> {
    serve(server.provider.approve(consent, Approval::new("jane"), server.moment()), &server.store)
}
