//! Tokens of the wrong kind, changed decisions and clients, repeated values, and unsafe redirect
//! URIs.

use oauth_proto::Step;
use oauth_proto::oauth2::resource::{RemoteTokens, ResourceServer};
use oauth_proto::oauth2::server::store::{ClientRecord, FindToken, Store, TokenHash};
use oauth_proto::oauth2::server::{Approval, Consent, RegistrationPolicy, RejectReason, serve};
use oauth_proto::oauth2::{AuthorizationServer, Client};

use super::raw_server::*;

use crate::common::with::With;

/// Row `refresh-token-as-access-token`: the first resource introspects the token, and the second
/// resource uses the server's store.
#[test]
fn a_refresh_token_gives_no_access_to_a_resource() {
    let server = RawServer::new(provider());
    server
        .store
        .add_client(ClientRecord::confidential("photos", SECRET).unwrap().may_introspect_all());
    let tokens = server.tokens();
    let authorization_server =
        AuthorizationServer::from_metadata(&server.provider.metadata()).unwrap();
    for asker in ["photos", "printer"] {
        let remote =
            RemoteTokens::new(Client::new(authorization_server.clone(), asker).secret(SECRET));
        for (token, opens) in [(tokens.refresh_token(), false), (&*tokens.access, true)] {
            let request = http::Request::get("https://photos.example.com/")
                .header("authorization", format!("Bearer {token}"))
                .body(Vec::new())
                .unwrap();
            let api = ResourceServer::builder("https://photos.example.com/").build().unwrap();
            let mut step = api.check_remotely(&request, "", &remote, server.moment()).unwrap();
            let end = loop {
                step = match step {
                    Step::Send(request, sent) => {
                        sent.receive(server.send(request).unwrap(), server.moment()).unwrap()
                    }
                    Step::Done(end) => break end,
                    step => panic!("{step:?}"),
                }
            };
            // The printer may introspect only its own tokens, and this token is one of them.
            assert_eq!(end.into_result().is_ok(), opens, "{asker}");
            assert_eq!(
                serve(api.check(&request, "", server.moment().now), &server.store)
                    .unwrap()
                    .into_result()
                    .is_ok(),
                opens
            );
        }
    }
}

/// Row `consent-changed`: the scope was changed.
#[test]
fn a_consent_whose_scope_was_changed_grants_no_more_than_the_client_may_ask() {
    let server = RawServer::new(provider());
    let consent = server.authorize(&asking("printer", REDIRECT)).unwrap();
    let mut stored = serde_json::to_value(&consent).unwrap();
    stored["scope"] = "read root".into();
    let changed: Consent = serde_json::from_value(stored).unwrap();
    let step = server.provider.approve(changed, Approval::new("jane"), server.moment());
    let rejected = serve(step, &server.store).unwrap_err();
    assert!(matches!(rejected.reason, RejectReason::ScopeRefused(_)), "{rejected}");
}

/// Row `challenge-missing`: the client became public between the request and the code, or between
/// the code and the tokens.
#[test]
fn a_client_that_became_public_needs_a_proof_key() {
    let server = RawServer::new(provider());
    let consent = || server.authorize(&asking("printer", REDIRECT)).unwrap();
    let (before, code) = (consent(), server.code(&asking("printer", REDIRECT)));
    server.store.add_client(ClientRecord::public("printer").add_redirect_uri(REDIRECT));
    let rejected = serve(
        server.provider.approve(before, Approval::new("jane"), server.moment()),
        &server.store,
    )
    .unwrap_err();
    assert_eq!(rejected.reason, RejectReason::ChallengeMissing);
    let parameters = [
        ("grant_type", "authorization_code"),
        ("client_id", "printer"),
        ("code", &*code),
        ("redirect_uri", REDIRECT),
    ];
    refused(server.post("/token", &parameters), 400, "invalid_grant");
}

/// Row `repeated-values`.
#[test]
fn a_scope_or_a_resource_that_is_repeated_is_stored_once() {
    const A: &str = "https://a.example/";
    let server = RawServer::new(provider().with(|options| options.resources.push(A.into())));
    let tokens = server.redeem(
        PRINTER,
        &server.code(&[&asking("printer", REDIRECT)[..], &[("resource", A); 9]].concat()),
    );
    let tokens = tokens.unwrap();
    let again =
        server.refresh(PRINTER, tokens.refresh_token(), Some(&"read ".repeat(5000))).unwrap();
    let record =
        server.store.find_token(&FindToken::new(TokenHash::of(&again.access))).unwrap().unwrap();
    assert_eq!((record.scope().as_str(), record.resource().len()), ("read", 1));
}

/// Row `redirect-unregistered`: a client tries to register a redirect_uri at the server itself, or
/// one whose host is ambiguous.
#[test]
fn a_redirect_uri_at_the_server_itself_or_without_a_clear_host_is_not_registered() {
    let server = RawServer::new(
        provider().with(|options| options.registration = RegistrationPolicy::AllowAnyone),
    );
    let register = |uri: &str| {
        let body = serde_json::json!({ "redirect_uris": [uri] }).to_string().into_bytes();
        let request = http::Request::post("https://auth.example.com/register").body(body).unwrap();
        server.send(request)
    };
    register("https://client.example.com/cb").unwrap();
    for uri in [
        "https://auth.example.com/consent?decision=allow",
        "https://AUTH.example.com:443/x",
        "https:consent?decision=allow",
        "https:/consent",
        "https:///evil.example/",
        "https://@evil.example/",
    ] {
        refused(register(uri), 400, "invalid_redirect_uri");
    }
}

/// Row `many-rotations`: the successors of an often rotated token are dropped in a time that is
/// proportional to their number, not to its square.
#[test]
fn many_rotations_of_one_grant_leave_the_memory_as_fast_as_they_came() {
    let server = RawServer::new(provider());
    let mut tokens = server.tokens();
    for _ in 0..3_000 {
        tokens = server.refresh(PRINTER, tokens.refresh_token(), None).unwrap();
    }
    assert!(server.store.len() > 6_000);
    server.pass(31 * 24 * 3600);
    // Each request drops only a few records, and after 200 requests they are all dropped.
    (0..200).for_each(|_| drop(server.tokens()));
    assert!(server.store.len() <= 3 * 200);
}
