//! OAuth 2.0 token endpoint: codes and tokens that are used twice, by another client, too late, or
//! for more than was granted.

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use oauth_proto::oauth2::server::store::{
    ClientRecord, FindToken, NextQuery, Revoke, Store, TokenHash,
};
use oauth_proto::oauth2::server::{GrantType, RejectReason, ServerStep, UnknownScope, serve};
use oauth_proto::{Moment, Response, Timestamp};
use sha2::{Digest, Sha256};

use super::raw_server::*;

use crate::common::with::With;
use std::time::Duration;

/// Row `code-replay`.
#[test]
fn a_code_that_is_redeemed_twice_revokes_its_tokens() {
    let server = RawServer::default();
    let code = server.printers_code();
    let tokens = server.redeem(PRINTER, &code).unwrap();
    let other = server.tokens();
    let refreshed = server.refresh(PRINTER, tokens.refresh_token(), None).unwrap();
    assert_eq!(
        refused(server.redeem(PRINTER, &code), 400, "invalid_grant"),
        RejectReason::CodeReplayed
    );
    for token in [&tokens.access, &refreshed.access, refreshed.refresh_token()] {
        assert!(!server.lives(token), "{token}");
    }
    refused(server.refresh(PRINTER, refreshed.refresh_token(), None), 400, "invalid_grant");
    assert!(server.lives(&other.access) && server.lives(other.refresh_token()));
    // A replay without the redirect_uri revokes the tokens, too.
    let code = server.printers_code();
    let tokens = server.redeem(PRINTER, &code).unwrap();
    refused(
        server.token(PRINTER, &[("grant_type", "authorization_code"), ("code", &code)]),
        400,
        "invalid_grant",
    );
    assert!(!server.lives(&tokens.access));
}

/// Row `code-replay`: an attacker without the client's secret cannot cause the revocation of its
/// tokens.
#[test]
fn a_used_code_with_a_wrong_secret_revokes_nothing() {
    let server = RawServer::default();
    let code = server.printers_code();
    let tokens = server.redeem(PRINTER, &code).unwrap();
    refused(server.redeem(("printer", "wrong"), &code), 401, "invalid_client");
    refused(
        server.refresh(("printer", "wrong"), tokens.refresh_token(), None),
        401,
        "invalid_client",
    );
    assert!(server.lives(&tokens.access));
}

/// Row `code-other-client`.
#[test]
fn a_code_that_another_client_presents_is_refused_and_revoked() {
    let server = RawServer::default();
    let code = server.printers_code();
    let reason = refused(server.redeem(SCANNER, &code), 400, "invalid_grant");
    assert_eq!(reason, RejectReason::CodeOfAnotherClient("scanner".into()));
    refused(server.redeem(PRINTER, &code), 400, "invalid_grant");

    let code = server.printers_code();
    let (tokens, other) = (server.redeem(PRINTER, &code).unwrap(), server.tokens());
    refused(server.redeem(SCANNER, &code), 400, "invalid_grant");
    assert!(!server.lives(&tokens.access) && !server.lives(tokens.refresh_token()));
    assert!(server.lives(&other.access));
}

/// Row `code-race`.
#[test]
fn only_one_of_several_simultaneous_redemptions_of_a_code_succeeds() {
    for _ in 0..50 {
        let server = RawServer::default();
        let code = server.printers_code();
        let own = [
            ("client_id", PRINTER.0),
            ("client_secret", PRINTER.1),
            ("code", &code),
            ("redirect_uri", REDIRECT),
        ];
        let request =
            posting("/token", &[&own[..], &[("grant_type", "authorization_code")]].concat());
        let (provider, store) = (&server.provider, &server.store);
        let moments: Vec<_> = (0..4).map(|_| server.moment()).collect();
        let answers: Vec<Option<Response>> = std::thread::scope(|scope| {
            let tries: Vec<_> = moments
                .into_iter()
                .map(|moment| scope.spawn(|| serve(provider.token(&request, moment), store).ok()))
                .collect();
            tries.into_iter().map(|attempt| attempt.join().unwrap()).collect()
        });
        let won: Vec<_> = answers.into_iter().flatten().collect();
        assert_eq!(won.len(), 1);
        // The other requests were replays, so the token of the first request is revoked.
        let body: serde_json::Value = serde_json::from_slice(won[0].body()).unwrap();
        assert!(!server.lives(body["access_token"].as_str().unwrap()));
    }
}

/// Row `code-race`: step by step, both requests find the code before either of them redeems it.
#[test]
fn a_code_that_two_requests_have_found_is_redeemed_once() {
    let server = RawServer::default();
    let code = server.printers_code();
    let own = [
        ("client_id", PRINTER.0),
        ("client_secret", PRINTER.1),
        ("code", &code),
        ("redirect_uri", REDIRECT),
    ];
    let request = posting("/token", &[&own[..], &[("grant_type", "authorization_code")]].concat());
    let found = |moment: Moment| match server.provider.token(&request, moment) {
        ServerStep::Query(NextQuery::Find(pending)) => {
            let found = server.store.find(pending.query()).unwrap();
            pending.answer(found)
        }
        step => panic!("{step:?}"),
    };
    let (first, second) = (found(server.moment()), found(server.moment()));
    let answer = serve(first, &server.store).unwrap();
    let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    assert!(server.lives(body["access_token"].as_str().unwrap()));
    assert_eq!(
        refused(serve(second, &server.store), 400, "invalid_grant"),
        RejectReason::CodeReplayed
    );
    assert!(!server.lives(body["access_token"].as_str().unwrap()));
}

fn code_with_challenge(server: &RawServer) -> String {
    let challenge = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    server.code(&[&asking("app", "http://127.0.0.1:51004/cb")[..], &challenge].concat())
}

fn redeem_with(
    server: &RawServer,
    code: &str,
    verifier: Option<&str>,
) -> Result<Response, oauth_proto::oauth2::server::Rejected> {
    let uri = ("redirect_uri", "http://127.0.0.1:51004/cb");
    let mut parameters =
        vec![("grant_type", "authorization_code"), ("client_id", "app"), ("code", code), uri];
    parameters.extend(verifier.map(|verifier| ("code_verifier", verifier)));
    server.post("/token", &parameters)
}

/// Row `verifier-missing`.
#[test]
fn a_code_with_a_challenge_is_refused_without_its_verifier() {
    let server = RawServer::default();
    for missing in [None, Some("")] {
        let code = code_with_challenge(&server);
        assert_eq!(
            refused(redeem_with(&server, &code, missing), 400, "invalid_grant"),
            RejectReason::WrongVerifier
        );
        // The code is used up after one attempt.
        refused(redeem_with(&server, &code, Some(VERIFIER)), 400, "invalid_grant");
    }
    redeem_with(&server, &code_with_challenge(&server), Some(VERIFIER)).unwrap();
}

/// Row `verifier-wrong`.
#[test]
fn a_code_with_a_wrong_verifier_is_refused_and_spent() {
    let server = RawServer::default();
    let changed = VERIFIER.replace("dB", "dC");
    for wrong in [
        &*changed,
        &VERIFIER[..42],
        &format!("{VERIFIER}A"),
        CHALLENGE,
        &"v".repeat(129),
        "v v",
        VERIFIER.to_lowercase().as_str(),
    ] {
        let code = code_with_challenge(&server);
        assert_eq!(
            refused(redeem_with(&server, &code, Some(wrong)), 400, "invalid_grant"),
            RejectReason::WrongVerifier,
            "{wrong}"
        );
        refused(redeem_with(&server, &code, Some(VERIFIER)), 400, "invalid_grant");
    }
}

/// Row `verifier-wrong`: the verifier matches the challenge, but it has a wrong length or invalid
/// characters.
#[test]
fn a_malformed_verifier_is_refused_although_it_matches_the_challenge() {
    let redeemed = |verifier: &str| {
        let server = RawServer::default();
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        let challenge = [("code_challenge", &*challenge), ("code_challenge_method", "S256")];
        let code =
            server.code(&[&asking("app", "http://127.0.0.1:51004/cb")[..], &challenge].concat());
        redeem_with(&server, &code, Some(verifier))
    };
    for good in ["v".repeat(43), "v".repeat(128), format!("{}-._~", "v".repeat(39))] {
        redeemed(&good).unwrap();
    }
    let long = "v".repeat(42);
    for bad in [
        "short",
        &long,
        &"v".repeat(129),
        &format!("{long}+"),
        &format!("{long} "),
        &format!("{long}="),
    ] {
        assert_eq!(
            refused(redeemed(bad), 400, "invalid_grant"),
            RejectReason::WrongVerifier,
            "{bad}"
        );
    }
}

/// Row `verifier-unasked`: an attacker has removed the challenge from the authorization request.
#[test]
fn a_verifier_for_a_code_without_a_challenge_is_refused() {
    let server = RawServer::default();
    let code = server.printers_code();
    let parameters = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(
        refused(server.token(PRINTER, &parameters), 400, "invalid_grant"),
        RejectReason::VerifierUnasked
    );
}

fn basic(client_id: &str, secret: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{client_id}:{secret}")))
}

/// Row `two-client-auths`.
#[test]
fn a_client_that_authenticates_in_two_ways_is_refused() {
    let server = RawServer::default();
    let stats = [("grant_type", "client_credentials"), ("scope", "stats")];
    let send = |headers: &[&str], more: &[(&str, &str)]| {
        let mut request = posting("/token", &[&stats[..], more].concat());
        for header in headers {
            request.headers_mut().append("authorization", header.parse().unwrap());
        }
        server.send(request)
    };
    let right = basic(PRINTER.0, PRINTER.1);
    send(&[&right], &[]).unwrap();
    send(&[&right], &[("client_id", "printer")]).unwrap();
    send(&[], &[("client_id", PRINTER.0), ("client_secret", PRINTER.1)]).unwrap();
    for (headers, more) in [
        (&[&*right][..], &[("client_id", PRINTER.0), ("client_secret", PRINTER.1)][..]),
        (&[&right], &[("client_secret", PRINTER.1)]),
        (&[&right], &[("client_id", "scanner")]),
        (&[&right, &right], &[]),
    ] {
        assert_eq!(
            refused(send(headers, more), 400, "invalid_request"),
            RejectReason::TwoAuthentications,
            "{headers:?} {more:?}"
        );
    }
    for odd in ["Bearer x", "Basic", "Basic !", "Basic cHJpbnRlcg==", "Digest a=b"] {
        refused(send(&[odd], &[]), 401, "invalid_client");
    }
}

/// Row `secret-wrong`: the responses are identical, at each endpoint.
#[test]
fn an_unknown_client_and_a_wrong_secret_get_the_same_answer() {
    let server = RawServer::default();
    server.store.add_client(
        ClientRecord::authenticated_by("bank", "tls_client_auth")
            .add_grant_type("client_credentials"),
    );
    for path in ["/token", "/introspect", "/revoke", "/par", "/device_authorization"] {
        let answer = |client_id: &str, secret: Option<&str>| {
            let mut parameters = vec![
                ("client_id", client_id),
                ("grant_type", "client_credentials"),
                ("token", "x"),
            ];
            parameters.extend(secret.map(|secret| ("client_secret", secret)));
            let rejected = server.post(path, &parameters).unwrap_err();
            refused::<()>(Err(rejected.clone()), 401, "invalid_client");
            let response = rejected.response();
            (response.status(), response.headers().clone(), response.into_body())
        };
        let wrong = answer("printer", Some("wrong"));
        for (client_id, secret) in [
            ("nobody", Some("wrong")),
            ("nobody", Some(SECRET)),
            ("nobody", None),
            ("printer", None),
            ("printer", Some(OTHER_SECRET)),
            ("app", Some("wrong")),
            ("bank", Some("wrong")),
            ("bank", None),
        ] {
            assert_eq!(answer(client_id, secret), wrong, "{path} {client_id} {secret:?}");
        }
    }
}

/// Row `secret-wrong`: a client that became public has no secret, even if its record still contains
/// the old one.
#[test]
fn a_public_client_cannot_use_its_former_secret() {
    let server = RawServer::default();
    let mut record =
        ClientRecord::confidential("phone", SECRET).unwrap().grant_types(["refresh_token"]);
    let ask = || {
        server.token(("phone", SECRET), &[("grant_type", "refresh_token"), ("refresh_token", "x")])
    };
    server.store.add_client(record.clone());
    assert_eq!(refused(ask(), 400, "invalid_grant"), RejectReason::RefreshTokenUnknown);
    record.metadata.token_endpoint_auth_method = Some("none".into());
    server.store.add_client(record);
    assert_eq!(refused(ask(), 401, "invalid_client"), RejectReason::WrongSecret("phone".into()));
}

/// Row `refresh-replay`.
#[test]
fn a_replaced_refresh_token_that_is_presented_again_revokes_its_grant() {
    let server = RawServer::with(
        GrantType::refresh_token().with(|options| options.rotation_grace = Some(Duration::ZERO)),
    );
    let (first, other) = (server.tokens(), server.tokens());
    let second = server.refresh(PRINTER, first.refresh_token(), None).unwrap();
    assert_ne!((&second.access, &second.refresh), (&first.access, &first.refresh));
    // A request with a wrong client secret changes nothing.
    refused(
        server.refresh(("printer", "wrong"), first.refresh_token(), None),
        401,
        "invalid_client",
    );
    assert!(server.lives(&second.access) && !server.lives(first.refresh_token()));
    let reason =
        refused(server.refresh(PRINTER, first.refresh_token(), None), 400, "invalid_grant");
    assert_eq!(reason, RejectReason::RefreshTokenReplayed);
    for token in [&first.access, &second.access, second.refresh_token()] {
        assert!(!server.lives(token));
    }
    refused(server.refresh(PRINTER, second.refresh_token(), None), 400, "invalid_grant");
    assert!(server.lives(&other.access));
    // A replay is detected until the replaced token would have expired.
    let second = server.refresh(PRINTER, other.refresh_token(), None).unwrap();
    server.pass(29 * 24 * 3600);
    refused(server.refresh(PRINTER, other.refresh_token(), None), 400, "invalid_grant");
    assert!(!server.lives(second.refresh_token()));
}

/// Row `refresh-grace`.
#[test]
fn a_replaced_refresh_token_gives_the_same_successor_for_ten_seconds() {
    // Ten seconds are the default.
    let server = RawServer::default();
    let first = server.tokens();
    let second = server.refresh(PRINTER, first.refresh_token(), None).unwrap();
    server.pass(9);
    let again = server.refresh(PRINTER, first.refresh_token(), None).unwrap();
    assert_eq!(again.refresh, second.refresh);
    assert!(server.lives(&again.access) && server.lives(&second.access));
    // Another client gets no successor.
    refused(server.refresh(SCANNER, first.refresh_token(), None), 400, "invalid_grant");
    assert!(!server.lives(&again.access));
    // After the successor was used, the first token is refused.
    let first = server.tokens();
    let second = server.refresh(PRINTER, first.refresh_token(), None).unwrap();
    let third = server.refresh(PRINTER, second.refresh_token(), None).unwrap();
    refused(server.refresh(PRINTER, first.refresh_token(), None), 400, "invalid_grant");
    assert!(!server.lives(&third.access));
    // After ten seconds, the first token is refused, to the second.
    let first = server.tokens();
    let second = server.refresh(PRINTER, first.refresh_token(), None).unwrap();
    server.pass(10);
    let reason =
        refused(server.refresh(PRINTER, first.refresh_token(), None), 400, "invalid_grant");
    assert!(reason == RejectReason::RefreshTokenReplayed && !server.lives(&second.access));
    // Two parties use the first token, and get the same successor. The second use of the successor
    // after the grace time is refused.
    let first = server.tokens();
    let one = server.refresh(PRINTER, first.refresh_token(), None).unwrap();
    let other = server.refresh(PRINTER, first.refresh_token(), None).unwrap();
    assert_eq!(one.refresh, other.refresh);
    let next = server.refresh(PRINTER, one.refresh_token(), None).unwrap();
    server.pass(10);
    refused(server.refresh(PRINTER, other.refresh_token(), None), 400, "invalid_grant");
    assert!(!server.lives(&next.access) && !server.lives(next.refresh_token()));
}

/// Row `refresh-grace`: if the successor has expired within the grace time, no token is issued, and
/// the grant is not revoked.
#[test]
fn a_successor_that_has_expired_within_the_grace_time_is_refused_and_revokes_nothing() {
    let seconds = Duration::from_secs;
    let server = RawServer::with(
        GrantType::refresh_token()
            .with(|options| options.expires_in = seconds(10))
            .with(|options| options.rotation_grace = Some(seconds(100))),
    );
    let first = server.tokens();
    server.pass(5);
    server.refresh(PRINTER, first.refresh_token(), None).unwrap();
    server.pass(9);
    let again = server.refresh(PRINTER, first.refresh_token(), None).unwrap();
    server.pass(1);
    let reason =
        refused(server.refresh(PRINTER, first.refresh_token(), None), 400, "invalid_grant");
    assert!(matches!(reason, RejectReason::RefreshTokenExpired { .. }));
    assert!(server.lives(&again.access));
}

/// Row `scope-withdrawn`: a scope that the client or the grant type has lost is in no new token.
#[test]
fn a_withdrawn_scope_is_not_in_new_tokens() {
    let server = RawServer::default();
    let first = server.tokens();
    let record =
        || ClientRecord::confidential(PRINTER.0, PRINTER.1).unwrap().add_redirect_uri(REDIRECT);
    server.store.add_client(record().scope("read"));
    let second = server.refresh(PRINTER, first.refresh_token(), None).unwrap();
    assert_eq!(
        (second.scope.as_str(), server.introspect(&second.access)["scope"].as_str()),
        ("read", Some("read"))
    );
    let third = server.refresh(PRINTER, second.refresh_token(), Some("read write")).unwrap();
    assert_eq!(third.scope, "read");
    let reason = refused(
        server.refresh(PRINTER, third.refresh_token(), Some("write")),
        400,
        "invalid_scope",
    );
    assert_eq!(reason, RejectReason::ScopeRefused("write".into()));
    // A scope that the client gets back is in new tokens again, because the user has granted it.
    server.store.add_client(record());
    assert_eq!(server.refresh(PRINTER, third.refresh_token(), None).unwrap().scope, "read write");
    // If no scope is left, the refresh is refused, and the user has to grant another scope.
    let server = RawServer::default();
    let tokens = server.tokens();
    server.store.add_client(record().scope("print"));
    let reason =
        refused(server.refresh(PRINTER, tokens.refresh_token(), None), 400, "invalid_grant");
    assert_eq!(reason, RejectReason::ScopeWithdrawn("read write".into()));
    // The scope is also checked if it was withdrawn between the user's decision and the redemption
    // of the code.
    let server = RawServer::default();
    let code =
        server.code(&[&asking("printer", REDIRECT)[..], &[("scope", "read write")]].concat());
    server.store.add_client(record().scope("read"));
    let tokens = server.redeem(PRINTER, &code).unwrap();
    assert_eq!(
        (tokens.scope.as_str(), server.introspect(&tokens.access)["scope"].as_str()),
        ("read", Some("read"))
    );
    server.store.add_client(record());
    let code =
        server.code(&[&asking("printer", REDIRECT)[..], &[("scope", "read write")]].concat());
    server.store.add_client(record().scope("print"));
    let reason = refused(server.redeem(PRINTER, &code), 400, "invalid_grant");
    assert_eq!(reason, RejectReason::ScopeWithdrawn("read write".into()));
    // A client that has lost the grant type gets no token for its old grants.
    let server = RawServer::default();
    let tokens = server.tokens();
    server.store.add_client(record().grant_types(["client_credentials", "refresh_token"]));
    let reason =
        refused(server.refresh(PRINTER, tokens.refresh_token(), None), 400, "unauthorized_client");
    assert_eq!(reason, RejectReason::NotAllowed("authorization_code".into()));
    // The grant type has lost a scope.
    let mut server = RawServer::default();
    let tokens = server.tokens();
    server.provider =
        provider().add_grant_type(GrantType::authorization_code().scopes("write")).build().unwrap();
    assert_eq!(server.refresh(PRINTER, tokens.refresh_token(), None).unwrap().scope, "write");
}

/// Row `seal-chain`: an attacker with an old refresh token and a copy of the store cannot compute a
/// valid token.
#[test]
fn a_sealed_successor_is_erased_after_the_next_rotation_or_the_grace_time() {
    let seals = |server: &RawServer, token: &str| {
        let key = TokenHash::of(token);
        let record = server.store.find_token(&FindToken::new(key)).unwrap().unwrap();
        record.replaced.as_ref().is_some_and(|replaced| replaced.sealed.is_some())
    };
    let server = RawServer::default();
    let mut chain = vec![server.tokens()];
    for _ in 0..4 {
        let next = server.refresh(PRINTER, chain.last().unwrap().refresh_token(), None).unwrap();
        chain.push(next);
    }
    // Only the last but one token has a sealed successor, because the client may still repeat its
    // request. The older tokens have none.
    let sealed: Vec<_> =
        chain.iter().map(|tokens| seals(&server, tokens.refresh_token())).collect();
    assert_eq!(sealed, [false, false, false, true, false]);
    // Without a further rotation, later writes erase the sealed successor after the grace time.
    let first = server.tokens();
    server.refresh(PRINTER, first.refresh_token(), None).unwrap();
    assert!(seals(&server, first.refresh_token()));
    server.pass(10);
    for _ in 0..3000 {
        server.token(PRINTER, &[("grant_type", "client_credentials"), ("scope", "stats")]).unwrap();
    }
    assert!(!seals(&server, first.refresh_token()));
    // The first token is still known as used.
    let reason =
        refused(server.refresh(PRINTER, first.refresh_token(), None), 400, "invalid_grant");
    assert_eq!(reason, RejectReason::RefreshTokenReplayed);
    let server = RawServer::with(
        GrantType::refresh_token().with(|options| options.rotation_grace = Some(Duration::ZERO)),
    );
    let first = server.tokens();
    server.refresh(PRINTER, first.refresh_token(), None).unwrap();
    assert!(!seals(&server, first.refresh_token()));
}

/// Row `refresh-other-client`.
#[test]
fn a_refresh_token_that_another_client_presents_is_refused_and_revoked() {
    let server = RawServer::default();
    let tokens = server.tokens();
    let reason =
        refused(server.refresh(SCANNER, tokens.refresh_token(), None), 400, "invalid_grant");
    assert_eq!(reason, RejectReason::RefreshTokenOfAnotherClient("scanner".into()));
    assert!(!server.lives(&tokens.access) && !server.lives(tokens.refresh_token()));
    // An access token is not a refresh token.
    let tokens = server.tokens();
    refused(server.refresh(PRINTER, &tokens.access, None), 400, "invalid_grant");
    assert!(server.lives(&tokens.access));
}

/// Row `scope-escalation`.
#[test]
fn no_request_gets_a_wider_scope_than_was_granted() {
    let server = RawServer::default();
    let code = server.code(&[&asking("printer", REDIRECT)[..], &[("scope", "read")]].concat());
    let tokens = server.redeem(PRINTER, &code).unwrap();
    for more in ["write", "read write", "admin", "READ"] {
        refused(server.refresh(PRINTER, tokens.refresh_token(), Some(more)), 400, "invalid_scope");
    }
    // The refused requests have not replaced the refresh token.
    assert_eq!(
        server.refresh(PRINTER, tokens.refresh_token(), Some("read")).unwrap().scope,
        "read"
    );
    // A scope in the token request does not widen the scope of a code.
    let code = server.code(&[&asking("printer", REDIRECT)[..], &[("scope", "read")]].concat());
    let parameters = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", REDIRECT),
        ("scope", "write"),
    ];
    assert_eq!(server.token(PRINTER, &parameters).unwrap().scope, "read");
    // A scope that the grant type or the client does not have is refused, and not silently dropped.
    let ask = |scope: &str| {
        server.authorize(&[&asking("printer", REDIRECT)[..], &[("scope", scope)]].concat())
    };
    assert_eq!(sent_back(ask("read admin")), "invalid_scope");
    server.store.add_client(
        ClientRecord::confidential("printer", SECRET)
            .unwrap()
            .add_redirect_uri(REDIRECT)
            .scope("read"),
    );
    assert_eq!(sent_back(ask("write")), "invalid_scope");
    let drops = RawServer::with(
        GrantType::authorization_code()
            .scopes("read write")
            .with(|options| options.unknown_scope = UnknownScope::Drop),
    );
    let code = drops.code(&[&asking("printer", REDIRECT)[..], &[("scope", "admin read")]].concat());
    assert_eq!(drops.redeem(PRINTER, &code).unwrap().scope, "read");
}

/// Row `scope-omitted`: a refresh without a scope keeps the scope. python-oauth2 grants no scope in
/// this case, or refuses the request.
#[test]
fn a_refresh_without_a_scope_keeps_the_scope_of_the_grant() {
    let server = RawServer::default();
    let first = server.tokens();
    let narrow = server.refresh(PRINTER, first.refresh_token(), Some("write")).unwrap();
    assert_eq!(
        (narrow.scope.as_str(), server.introspect(&narrow.access)["scope"].as_str()),
        ("write", Some("write"))
    );
    let second = server.refresh(PRINTER, narrow.refresh_token(), None).unwrap();
    assert_eq!(second.scope, "read write");
}

/// Row `token-in-log`.
#[test]
fn no_error_and_no_debug_output_of_a_server_shows_a_secret() {
    let server = RawServer::default();
    let tokens = server.tokens();
    let code = server.printers_code();
    server.redeem(PRINTER, &code).unwrap();
    let secrets = [&*code, &tokens.access, tokens.refresh_token(), SECRET, PASSWORD, VERIFIER];
    let shown = [
        format!("{:?}", server.store),
        format!("{:?}", server.provider),
        format!(
            "{:?}",
            server.authorize(
                &[
                    &asking("printer", REDIRECT)[..],
                    &[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]
                ]
                .concat()
            )
        ),
        format!("{:?}", server.redeem(PRINTER, &code).unwrap_err()),
        format!("{:?}", server.refresh(SCANNER, tokens.refresh_token(), None).unwrap_err()),
        format!(
            "{:?}",
            server.token(
                PRINTER,
                &[("grant_type", "password"), ("username", "jane"), ("password", PASSWORD)]
            )
        ),
        {
            let own = [("client_id", PRINTER.0), ("client_secret", PRINTER.1), ("code", &code)];
            let request =
                posting("/token", &[&own[..], &[("grant_type", "authorization_code")]].concat());
            format!("{:?}", server.provider.token(&request, server.moment()))
        },
    ];
    for shown in shown {
        assert!(secrets.iter().all(|secret| !shown.contains(secret)), "{shown}");
    }
}

/// Row `content-type-wrong`: a form that is too large, and credentials in the URL, are refused,
/// too.
#[test]
fn a_token_request_that_is_not_a_form_is_refused() {
    let server = RawServer::default();
    let code = server.printers_code();
    for odd in [
        None,
        Some("application/json"),
        Some("text/plain"),
        Some("multipart/form-data"),
        Some("application/x-www-form-urlencodedx"),
        Some(""),
    ] {
        let own = [
            ("client_id", PRINTER.0),
            ("client_secret", PRINTER.1),
            ("code", &code),
            ("redirect_uri", REDIRECT),
        ];
        let mut request =
            posting("/token", &[&own[..], &[("grant_type", "authorization_code")]].concat());
        request.headers_mut().remove("content-type");
        if let Some(odd) = odd {
            request.headers_mut().insert("content-type", odd.parse().unwrap());
        }
        refused(server.send(request), 400, "invalid_request");
    }
    let mut twice = posting("/token", &[]);
    twice.headers_mut().append("content-type", "application/json".parse().unwrap());
    refused(server.send(twice), 400, "invalid_request");
    let mut large = posting("/token", &[]);
    large.body_mut().resize(64 * 1024 + 1, b'a');
    refused(server.send(large), 413, "invalid_request");
    // Credentials in the URL are ignored.
    let mut request =
        posting("/token", &[("grant_type", "client_credentials"), ("scope", "stats")]);
    *request.uri_mut() =
        format!("{ISSUER}/token?client_id=printer&client_secret={SECRET}").parse().unwrap();
    refused(server.send(request), 401, "invalid_client");
    server.redeem(PRINTER, &code).unwrap();
}

/// Row `expired-token`: the test covers codes, access tokens and refresh tokens.
#[test]
fn codes_and_tokens_expire_to_the_second() {
    let server = RawServer::default();
    let code = server.printers_code();
    server.pass(60);
    let reason = refused(server.redeem(PRINTER, &code), 400, "invalid_grant");
    assert!(matches!(reason, RejectReason::CodeExpired { at, now } if at == now), "{reason}");
    let tokens = server.tokens();
    assert_eq!(tokens.expires_in, 3600);
    server.pass(3599);
    assert!(server.lives(&tokens.access));
    server.pass(1);
    assert!(!server.lives(&tokens.access) && server.lives(tokens.refresh_token()));
    server.pass(30 * 24 * 3600 - 3600);
    assert!(!server.lives(tokens.refresh_token()));
    refused(server.refresh(PRINTER, tokens.refresh_token(), None), 400, "invalid_grant");
}

/// Row `revoked-grant`: if a refresh token is revoked, its access tokens are revoked, too. No store
/// of python-oauth2 does that.
#[test]
fn a_refresh_token_and_its_grant_are_revoked_together() {
    let server = RawServer::default();
    let (tokens, other) = (server.tokens(), server.tokens());
    let revoke = |(client_id, secret): Who<'_>, token: &str| {
        server.post(
            "/revoke",
            &[("client_id", client_id), ("client_secret", secret), ("token", token)],
        )
    };
    refused(revoke(SCANNER, tokens.refresh_token()), 400, "invalid_request");
    assert!(server.lives(&tokens.access));
    assert_eq!(revoke(PRINTER, tokens.refresh_token()).unwrap().status(), 200);
    assert!(!server.lives(&tokens.access) && !server.lives(tokens.refresh_token()));
    refused(server.refresh(PRINTER, tokens.refresh_token(), None), 400, "invalid_grant");
    assert!(server.lives(&other.access));
    // A token that is revoked already, or unknown, gives the same response.
    assert_eq!(revoke(PRINTER, tokens.refresh_token()).unwrap().status(), 200);
    assert_eq!(revoke(SCANNER, "unknown").unwrap().status(), 200);
}

/// Row `control-characters`: an identifier, scope, code or token with such a character never
/// reaches storage.
#[test]
fn control_characters_are_refused_before_storage_is_asked() {
    let server = RawServer::default();
    let own = [
        ("client_id", PRINTER.0),
        ("client_secret", PRINTER.1),
        ("grant_type", "client_credentials"),
    ];
    let first_answer =
        |request: &http::Request<Vec<u8>>| match server.provider.dispatch(request, server.moment())
        {
            ServerStep::Reject(rejected) => rejected.response().status().as_u16(),
            ServerStep::Query(_) | ServerStep::Done(_) => 0,
        };
    for bad in ["\0", "a\0b", "a\r\nb", "a\u{7f}", "caf\u{e9}", "\u{85}"] {
        let client =
            [("client_id", bad), ("client_secret", "x"), ("grant_type", "client_credentials")];
        assert_eq!(first_answer(&posting("/token", &client)), 400, "{bad:?}");
        for name in [
            "scope",
            "code",
            "refresh_token",
            "resource",
            "grant_type",
            "redirect_uri",
            "device_code",
        ] {
            let own = own.iter().filter(|(own, _)| *own != name).copied();
            let parameters: Vec<_> = own.chain([(name, bad)]).collect();
            assert_eq!(first_answer(&posting("/token", &parameters)), 400, "{name} {bad:?}");
        }
        for (path, name) in
            [("/introspect", "token"), ("/revoke", "token"), ("/device_authorization", "scope")]
        {
            assert_eq!(
                first_answer(&posting(path, &[&own[..2], &[(name, bad)]].concat())),
                400,
                "{path} {bad:?}"
            );
        }
        for authorization in [
            format!("{bad}:secret"),
            format!("printer:secret{}", bad.replace(['\u{e9}', '\u{85}'], "\0")),
        ] {
            let basic = format!("Basic {}", BASE64_STANDARD.encode(authorization));
            let mut request = posting("/token", &own[2..]);
            request.headers_mut().insert("authorization", basic.parse().unwrap());
            assert_eq!(first_answer(&request), 400, "{bad:?}");
        }
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{bad}:secret")));
        let mut request = posting("/token", &own[2..]);
        request.headers_mut().insert("authorization", basic.parse().unwrap());
        assert_eq!(first_answer(&request), 400, "{bad:?}");
        for name in ["client_id", "redirect_uri", "state", "request_uri"] {
            let honest = asking("printer", REDIRECT);
            let parameters: Vec<_> = honest
                .iter()
                .filter(|(own, _)| *own != name)
                .copied()
                .chain([(name, bad)])
                .collect();
            let query = oauth_proto::wire::form::encode(parameters);
            let request =
                http::Request::get(format!("{ISSUER}/authorize?{query}")).body(Vec::new()).unwrap();
            let refused = first_answer(&request);
            // A state may have letters of any script.
            assert_eq!(
                refused,
                if name == "state" && bad == "caf\u{e9}" { 0 } else { 400 },
                "{name} {bad:?}"
            );
        }
    }
    // A parameter for the application may have several lines, but no character that a database
    // refuses.
    let honest = asking("printer", REDIRECT);
    let asks = |value| server.authorize(&[&honest[..], &[("claims", value)]].concat());
    assert_eq!(
        asks("{\n\t\"a\": \"\u{e9}\"\r\n}").unwrap().parameter("claims"),
        Some("{\n\t\"a\": \"\u{e9}\"\r\n}")
    );
    assert_eq!(sent_back(asks("a\0")), "invalid_request");
    assert_eq!(
        sent_back(server.authorize(&[&honest[..], &[("a\r\nb", "c")]].concat())),
        "invalid_request"
    );
    // Secrets, user names and passwords may have letters of any script.
    let unicode = "p\u{e4}ssw\u{f6}rd \u{1f389} of some length";
    server.store.add_client(
        ClientRecord::confidential("unicode", unicode).unwrap().grant_types(["client_credentials"]),
    );
    server
        .token(("unicode", unicode), &[("grant_type", "client_credentials"), ("scope", "stats")])
        .unwrap();
    let password = [
        ("grant_type", "password"),
        ("username", "j\u{e4}ne"),
        ("password", "not \u{1f389}"),
        ("scope", "read"),
    ];
    server
        .store
        .add_client(ClientRecord::confidential("typed", SECRET).unwrap().grant_types(["password"]));
    assert_eq!(
        refused(server.token(("typed", SECRET), &password), 400, "invalid_grant"),
        RejectReason::PasswordDenied
    );
}

/// Row `refresh-replay`: a replaced refresh token is remembered until it would have expired. A
/// token that never expires is remembered for 90 days.
#[test]
fn a_replaced_refresh_token_is_remembered_for_a_limited_time() {
    const DAY: u64 = 24 * 3600;
    for (refresh, days) in [
        (GrantType::refresh_token().with(|options| options.dangerous_never_expires = true), 90),
        (GrantType::refresh_token(), 30),
    ] {
        let server = RawServer::with(refresh);
        let first = server.tokens();
        server.refresh(PRINTER, first.refresh_token(), None).unwrap();
        let key = TokenHash::of(first.refresh_token());
        let record = server.store.find_token(&FindToken::new(key)).unwrap().unwrap();
        assert_eq!(record.expires_at, Some(Timestamp::from_secs(NOW + days * DAY)));
    }
}

/// Row `redirect-changed`: RFC 6749 §4.1.3, OAuth 2.1 §10.2. It may be missing if the authorization
/// request had none, or if the client uses PKCE.
#[test]
fn a_redirect_uri_may_be_left_out_at_the_token_endpoint() {
    let server = RawServer::default();
    let unsaid = [("response_type", "code"), ("client_id", PRINTER.0)];
    let proof = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let redeem = |code: &str, more: &[(&str, &str)]| {
        server.token(
            PRINTER,
            &[&[("grant_type", "authorization_code"), ("code", code)], more].concat(),
        )
    };
    redeem(&server.code(&unsaid), &[]).unwrap();
    let with_proof = server.code(&[&asking(PRINTER.0, REDIRECT)[..], &proof].concat());
    redeem(&with_proof, &[("code_verifier", VERIFIER)]).unwrap();
    redeem(&server.code(&[&unsaid[..], &proof].concat()), &[("code_verifier", VERIFIER)]).unwrap();
    let said = server.printers_code();
    assert_eq!(refused(redeem(&said, &[]), 400, "invalid_grant"), RejectReason::RedirectUriChanged);
}

/// Row `revoked-grant`: a code whose grant is revoked during the redemption gives no token.
#[test]
fn a_code_that_is_revoked_while_it_is_redeemed_is_unknown() {
    let server = RawServer::default();
    let code = server.printers_code();
    let own = [
        ("client_id", PRINTER.0),
        ("client_secret", PRINTER.1),
        ("code", &code),
        ("redirect_uri", REDIRECT),
    ];
    let request = posting("/token", &[&own[..], &[("grant_type", "authorization_code")]].concat());
    let ServerStep::Query(NextQuery::Find(pending)) =
        server.provider.token(&request, server.moment())
    else {
        panic!()
    };
    let found = server.store.find(pending.query()).unwrap();
    let grant = found.one_time_record.as_ref().unwrap().record.grant_id;
    let step = pending.answer(found);
    serve(server.provider.revoke_records(Revoke::Grant(grant)), &server.store).unwrap();
    assert_eq!(
        refused(serve(step, &server.store), 400, "invalid_grant"),
        RejectReason::CodeUnknown
    );
}
