//! Introspection by clients that must not learn about a token.

use oauth_proto::Response;
use oauth_proto::oauth2::server::store::ClientRecord;
use oauth_proto::oauth2::server::{RejectReason, Rejected};
use serde_json::{Value, json};

use super::raw_server::*;

fn ask(
    server: &RawServer,
    (client_id, secret): Who<'_>,
    token: &str,
) -> Result<Response, Rejected> {
    server.post(
        "/introspect",
        &[("client_id", client_id), ("client_secret", secret), ("token", token)],
    )
}

fn told(server: &RawServer, who: Who<'_>, token: &str) -> Value {
    serde_json::from_slice(ask(server, who, token).unwrap().body()).unwrap()
}

/// Adds a resource server, and returns its credentials.
fn photos(server: &RawServer) -> Who<'static> {
    server.store.add_client(
        ClientRecord::confidential("photos", OTHER_SECRET).unwrap().may_introspect_all(),
    );
    ("photos", OTHER_SECRET)
}

/// Row `introspect-by-public-client`: a public client is not authenticated, so any attacker could
/// send the request.
#[test]
fn a_public_client_cannot_introspect_a_token() {
    let server = RawServer::default();
    let pkce = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let code = server.code(&[&asking("app", "http://127.0.0.1/cb")[..], &pkce].concat());
    let redeem = [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", &*code),
        ("redirect_uri", "http://127.0.0.1/cb"),
        ("code_verifier", VERIFIER),
    ];
    let own = Tokens::read(&server.post("/token", &redeem).unwrap()).access;
    for token in [&*own, &server.tokens().access, "unknown"] {
        let asked = server.post("/introspect", &[("client_id", "app"), ("token", token)]);
        assert_eq!(refused(asked, 400, "unauthorized_client"), RejectReason::MayNotIntrospect);
    }
    // The request is refused even if the operator lets the client introspect all tokens.
    server.store.add_client(ClientRecord::public("app").may_introspect_all());
    let asked = server.post("/introspect", &[("client_id", "app"), ("token", &own)]);
    refused(asked, 400, "unauthorized_client");
}

/// Row `introspect-of-another-client`: the response is the same as for an unknown token.
#[test]
fn a_token_of_another_client_is_not_active() {
    let server = RawServer::default();
    let tokens = server.tokens();
    for token in [&*tokens.access, tokens.refresh_token(), "unknown"] {
        assert_eq!(told(&server, SCANNER, token), json!({ "active": false }));
    }
    assert_eq!(told(&server, PRINTER, &tokens.access)["active"], true);
    assert_eq!(told(&server, photos(&server), &tokens.access)["sub"], "jane");
}

/// Row `introspect-of-refresh-token`: a refresh token must not give access to a resource, so a
/// resource server learns nothing about it.
#[test]
fn a_resource_server_learns_nothing_about_a_refresh_token() {
    let server = RawServer::default();
    let (tokens, photos) = (server.tokens(), photos(&server));
    assert_eq!(told(&server, photos, tokens.refresh_token()), json!({ "active": false }));
    assert_eq!(told(&server, photos, &tokens.access)["active"], true);
    // The client of the refresh token learns that the token is active, and that it is not an access
    // token.
    let own = told(&server, PRINTER, tokens.refresh_token());
    assert_eq!((&own["active"], &own["token_type"]), (&json!(true), &json!("N_A")));
}
