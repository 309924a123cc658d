//! Token exchange: requests for a token with more rights than its subject token. The application
//! grants every request with a valid subject token.

use oauth_proto::oauth2::server::store::{
    ClientRecord, FindToken, GrantRecord, Revoke, Store, TokenHash,
};
use oauth_proto::oauth2::server::{
    Approval, DecideGrant, Decision, GrantCredential, GrantType, RejectReason, Rejected, Serve,
    serve,
};

use super::raw_server::*;

use crate::common::with::With;

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const REFRESH: &str = "urn:ietf:params:oauth:token-type:refresh_token";

/// Returns a server at which the printer and the scanner may exchange tokens. The grant type issues
/// refresh tokens.
fn exchanging() -> RawServer {
    let server = RawServer::with(
        GrantType::token_exchange()
            .scopes("read write")
            .with(|options| options.default_scope = Some("read".into()))
            .with(|options| options.with_refresh_token = true),
    );
    for ((id, secret), uri) in [(PRINTER, REDIRECT), (SCANNER, "https://scanner.example.com/")] {
        let record = ClientRecord::confidential(id, secret).unwrap();
        server.store.add_client(record.add_redirect_uri(uri).add_grant_type(EXCHANGE));
    }
    server
}

fn exchange(
    server: &RawServer,
    who: Who<'_>,
    (kind, token): (&str, &str),
) -> Result<Tokens, Rejected> {
    exchange_for(server, who, (kind, token), None, Approval::new("jane"))
}

fn exchange_for(
    server: &RawServer,
    (client_id, secret): Who<'_>,
    (kind, token): (&str, &str),
    scope: Option<&str>,
    grant: Approval,
) -> Result<Tokens, Rejected> {
    let mut parameters = vec![
        ("client_id", client_id),
        ("client_secret", secret),
        ("grant_type", EXCHANGE),
        ("subject_token", token),
        ("subject_token_type", kind),
    ];
    parameters.extend(scope.map(|scope| ("scope", scope)));
    let decide = |question: DecideGrant| {
        let GrantCredential::Exchange(exchange) = question.credential else {
            panic!("another claim")
        };
        Ok::<_, String>(if exchange.subject.is_some() {
            Decision::Granted(grant.clone())
        } else {
            Decision::Denied
        })
    };
    let request = posting("/token", &parameters);
    let response = Serve::new(&server.store)
        .decide_grant(decide)
        .run(server.provider.token(&request, server.moment()))?;
    Ok(Tokens::read(&response))
}

/// Asserts that the subject token was not found, so that the application got it as a token of
/// another issuer and denied it.
#[track_caller]
fn is_no_subject(end: Result<Tokens, Rejected>) {
    assert_eq!(refused(end, 400, "invalid_grant"), RejectReason::GrantDenied);
}

/// Row `exchange-subject-expired`: the token expires to the second.
#[test]
fn an_expired_token_cannot_be_exchanged() {
    let server = exchanging();
    let tokens = server.tokens();
    server.pass(3599);
    exchange(&server, SCANNER, (ACCESS, &tokens.access)).unwrap();
    server.pass(1);
    is_no_subject(exchange(&server, SCANNER, (ACCESS, &tokens.access)));
}

/// Row `exchange-subject-replaced`.
#[test]
fn a_replaced_refresh_token_cannot_be_exchanged() {
    let server = exchanging();
    let first = server.tokens();
    exchange(&server, PRINTER, (REFRESH, first.refresh_token())).unwrap();
    let second = server.refresh(PRINTER, first.refresh_token(), None).unwrap();
    is_no_subject(exchange(&server, PRINTER, (REFRESH, first.refresh_token())));
    exchange(&server, PRINTER, (REFRESH, second.refresh_token())).unwrap();
}

/// Row `exchange-subject-of-wrong-kind`.
#[test]
fn a_token_is_exchanged_only_as_its_own_type() {
    let server = exchanging();
    let tokens = server.tokens();
    for (kind, token) in [
        (REFRESH, &*tokens.access),
        (ACCESS, tokens.refresh_token()),
        ("urn:ietf:params:oauth:token-type:id_token", &tokens.access),
        ("", &tokens.access),
    ] {
        exchange(&server, PRINTER, (kind, token)).unwrap_err();
    }
    is_no_subject(exchange(&server, PRINTER, (REFRESH, &tokens.access)));
    is_no_subject(exchange(&server, PRINTER, (ACCESS, tokens.refresh_token())));
    exchange(&server, PRINTER, (ACCESS, &tokens.access)).unwrap();
}

/// Row `exchange-subject-of-another-client`: clients pass on access tokens, but never refresh
/// tokens. So another client's refresh token has leaked.
#[test]
fn a_refresh_token_of_another_client_revokes_its_grant() {
    let server = exchanging();
    let other = server.tokens();
    for kind in [REFRESH, ACCESS] {
        let tokens = server.tokens();
        let reason = refused(
            exchange(&server, SCANNER, (kind, tokens.refresh_token())),
            400,
            "invalid_grant",
        );
        assert_eq!(reason, RejectReason::RefreshTokenOfAnotherClient("scanner".into()));
        assert!(!server.lives(&tokens.access) && !server.lives(tokens.refresh_token()));
    }
    assert!(server.lives(&other.access) && server.lives(other.refresh_token()));
}

/// Row `exchange-wider-scope`: the client requests a wider scope, or the application grants one.
#[test]
fn an_exchanged_token_has_no_wider_scope_than_its_subject() {
    let server = exchanging();
    let narrow = server.redeem(PRINTER, &server.printers_code()).unwrap();
    assert_eq!(narrow.scope, "read");
    let ask = |scope, grant| exchange_for(&server, SCANNER, (ACCESS, &narrow.access), scope, grant);
    for wider in ["read write", "write"] {
        let reason = refused(ask(Some(wider), Approval::new("jane")), 400, "invalid_scope");
        assert_eq!(reason, RejectReason::ScopeRefused("write".into()));
    }
    for scope in [None, Some("read")] {
        let reason =
            refused(ask(scope, Approval::new("jane").scope("read write")), 500, "server_error");
        assert!(matches!(reason, RejectReason::Misconfigured(_)), "{reason}");
        assert_eq!(ask(scope, Approval::new("jane")).unwrap().scope, "read");
    }
    // The application cannot grant more than the request, even if the subject token has the scope.
    let wide = server.tokens();
    let more = Approval::new("jane").scope("read write");
    refused(
        exchange_for(&server, SCANNER, (ACCESS, &wide.access), Some("read"), more),
        500,
        "server_error",
    );
}

/// Row `exchange-outlives-subject`: the lifetime is limited, and no refresh token is issued.
#[test]
fn an_exchanged_token_ends_with_its_subject() {
    let server = exchanging();
    let tokens = server.tokens();
    server.pass(3000);
    let exchanged = exchange(&server, PRINTER, (ACCESS, &tokens.access)).unwrap();
    assert_eq!((exchanged.expires_in, &exchanged.refresh), (600, &None));
    assert!(server.lives(&exchanged.access));
    server.pass(600);
    assert!(!server.lives(&exchanged.access));
    // No refresh token is issued for a refresh token as the subject either.
    assert_eq!(
        exchange(&server, PRINTER, (REFRESH, tokens.refresh_token())).unwrap().refresh,
        None
    );
}

/// Returns whether the store has a token of any client.
fn is_stored(server: &RawServer, token: &str) -> bool {
    server.store.find_token(&FindToken::new(TokenHash::of(token))).unwrap().is_some()
}

/// Returns a token of the printer, and a token that the scanner has exchanged it for.
fn exchanged(server: &RawServer) -> (Tokens, Tokens) {
    let tokens = server.tokens();
    let exchanged = exchange(server, SCANNER, (ACCESS, &tokens.access)).unwrap();
    assert!(is_stored(server, &exchanged.access));
    (tokens, exchanged)
}

/// Row `removed-with-its-source`: the client revokes the subject token, or the refresh token of its
/// grant.
#[test]
fn an_exchanged_token_is_revoked_with_its_subject_token() {
    let server = exchanging();
    for revoke_refresh in [false, true] {
        let (tokens, exchanged) = exchanged(&server);
        let again = exchange(&server, PRINTER, (ACCESS, &exchanged.access)).unwrap();
        let token = if revoke_refresh { tokens.refresh_token() } else { &tokens.access };
        let (client_id, secret) = PRINTER;
        let parameters = [("client_id", client_id), ("client_secret", secret), ("token", token)];
        server.post("/revoke", &parameters).unwrap();
        for token in [&tokens.access, &exchanged.access, &again.access] {
            assert!(!is_stored(&server, token), "{revoke_refresh}");
        }
        is_no_subject(exchange(&server, SCANNER, (ACCESS, &exchanged.access)));
    }
}

/// Row `removed-with-its-source`: the application ends what the user or the client has.
#[test]
fn an_exchanged_token_is_revoked_with_the_user_the_client_and_the_family() {
    let ends: [fn(&GrantRecord) -> Revoke; 4] = [
        |grant| Revoke::User(grant.user.clone().unwrap()),
        |grant| Revoke::Client(grant.client_id.clone()),
        |grant| Revoke::Family(grant.family()),
        |grant| Revoke::Grant(grant.id),
    ];
    for end in ends {
        let server = exchanging();
        let (tokens, exchanged) = exchanged(&server);
        let query = FindToken::new(TokenHash::of(&tokens.access));
        let what = end(&server.store.find_token(&query).unwrap().unwrap().grant);
        serve(server.provider.revoke_records(what), &server.store).unwrap();
        assert!(!is_stored(&server, &tokens.access) && !is_stored(&server, &exchanged.access));
    }
}

/// Row `removed-with-its-source`: an exchanged token that is revoked does not end the grant from
/// which it was exchanged.
#[test]
fn revoking_an_exchanged_token_does_not_revoke_its_subject_token() {
    let server = exchanging();
    let (tokens, exchanged) = exchanged(&server);
    let (client_id, secret) = SCANNER;
    let token = ("token", exchanged.access.as_str());
    server.post("/revoke", &[("client_id", client_id), ("client_secret", secret), token]).unwrap();
    assert!(is_stored(&server, &tokens.access) && !is_stored(&server, &exchanged.access));
    // With the same grant, this would widen the exchanged token to the scope of its subject.
    let query = |token: &str| FindToken::new(TokenHash::of(token));
    let again = exchange(&server, SCANNER, (ACCESS, &tokens.access)).unwrap();
    let records = [&tokens.access, &again.access]
        .map(|token| server.store.find_token(&query(token)).unwrap().unwrap());
    assert_ne!(records[0].grant.id, records[1].grant.id);
    assert_eq!(records[0].grant.family(), records[1].grant.family());
}

/// Row `exchange-outlives-subject`: a chain of exchanges has an end, since a store looks at the
/// whole chain.
#[test]
fn a_chain_of_exchanges_has_at_most_sixteen() {
    let server = exchanging();
    let mut token = server.tokens().access;
    for _ in 0..16 {
        token = exchange(&server, SCANNER, (ACCESS, &token)).unwrap().access;
    }
    let end = exchange(&server, SCANNER, (ACCESS, &token));
    assert_eq!(refused(end, 400, "invalid_grant"), RejectReason::ExchangedTooOften(16));
    assert!(is_stored(&server, &token));
}
