//! Requests, decisions, replays, failures of the store and advances of the clock, in arbitrary
//! order, at one authorization server. A model has the expected state of each code and token.

use arbitrary::Arbitrary;
use oauth_proto::Response;
use oauth_proto::oauth2::server::store::{Revoke, TokenKind};
use oauth_proto::oauth2::server::{Approval, RejectReason, serve};

use crate::checked_server::*;
use crate::oauth2_provider::*;

#[derive(Arbitrary, Debug)]
pub struct Input {
    reuse: bool,
    keep: bool,
    grace: u8,
    never_expires: bool,
    acts: Vec<Act>,
}

#[derive(Arbitrary, Debug)]
enum Act {
    /// A user grants a part of the requested scope.
    SignIn {
        client: u8,
        asked: u8,
        granted: u8,
        user: bool,
        pkce: bool,
    },
    /// A client requests another client's redirect_uri.
    Mislead {
        client: u8,
        to: u8,
    },
    Redeem {
        code: u8,
        client: u8,
        right_uri: bool,
        right_verifier: bool,
    },
    Refresh {
        token: u8,
        client: u8,
        scope: u8,
    },
    Revoke {
        token: u8,
        client: u8,
    },
    RevokeGrant {
        token: u8,
    },
    /// The store fails at this query of the next request.
    Fail(u8),
    Pass(u16),
    PassDays(u8),
}

pub fn run(input: Input) {
    let options = Options {
        reuse: input.reuse,
        keep: input.keep,
        grace: input.grace,
        require_pkce: false,
        plain_pkce: false,
        only_pushed: false,
        only_basic: false,
        only_body: false,
        raw_basic: false,
        separator: false,
        unknown_scope: 0,
        default_scope: false,
        registration: 0,
        never_expires: input.never_expires,
    };
    let mut server = CheckedServer {
        provider: provider(options),
        store: Counted::default(),
        clock: Clock::at(1_000_000),
        reuse: input.reuse,
        keep: input.keep,
        grace: input.grace.into(),
        codes: Vec::new(),
        tokens: Vec::new(),
        fails: false,
    };
    for act in input.acts.into_iter().take(48) {
        server.act(act);
        server.check();
    }
}

/// Chooses the index of an item.
fn one<T>(all: &[T], which: u8) -> Option<usize> {
    all.len().checked_sub(1).map(|last| last - usize::from(which) % all.len())
}

impl CheckedServer {
    fn act(&mut self, act: Act) {
        match act {
            Act::Fail(at) => {
                self.store.fails_at.set(Some(u32::from(at % 3) + 1));
                self.fails = true;
                return;
            }
            Act::Pass(seconds) => return self.clock.now += u64::from(seconds % 4000),
            Act::PassDays(days) => return self.clock.now += u64::from(days % 40) * DAY,
            Act::SignIn { client, asked, granted, user, pkce } => {
                self.sign_in(usize::from(client) % 3, asked, granted, user, pkce);
            }
            Act::Mislead { client, to } => {
                self.mislead(usize::from(client) % 3, usize::from(to) % REDIRECTS.len())
            }
            Act::Redeem { code, client, right_uri, right_verifier } => {
                if let Some(code) = one(&self.codes, code) {
                    self.redeem(
                        code,
                        self.taker(self.codes[code].client, client),
                        right_uri,
                        right_verifier,
                    );
                }
            }
            Act::Refresh { token, client, scope } => {
                if let Some(token) = one(&self.tokens, token) {
                    self.refresh(token, self.taker(self.tokens[token].client, client), scope & 3);
                }
            }
            Act::Revoke { token, client } => {
                if let Some(token) = one(&self.tokens, token) {
                    self.revoke(token, self.taker(self.tokens[token].client, client));
                }
            }
            Act::RevokeGrant { token } => {
                if let Some(token) = one(&self.tokens, token) {
                    let grant = self.tokens[token].grant;
                    if self
                        .ask(|server| {
                            serve(
                                server.provider.revoke_records(Revoke::Grant(grant)),
                                &server.store,
                            )
                        })
                        .is_ok()
                    {
                        self.forget(grant);
                    }
                }
            }
        }
        self.store.fails_at.set(None);
        self.fails = false;
    }

    /// Returns the client that sends the request: in most cases the right one.
    fn taker(&self, own: usize, other: u8) -> usize {
        if other < 192 { own } else { usize::from(other) % 3 }
    }

    fn sign_in(&mut self, client: usize, asked: u8, granted: u8, user: bool, pkce: bool) {
        // The app may only request `read`. It is public, so it needs PKCE.
        let (asked, pkce) = if client == 2 { (1, true) } else { (asked & 3, pkce) };
        let redirect_uri = REDIRECTS[CLIENTS[client].2].1;
        let Ok(consent) = self.authorize(client, redirect_uri, asked, pkce) else {
            assert!(asked == 0 || self.fails);
            return;
        };
        assert!(asked > 0 && bits(&consent.scope) == asked);
        let scope = if granted & asked == 0 { asked } else { granted & asked };
        let grant = Approval::new(if user { "jane" } else { "joe" }).scope(words(scope));
        let Ok(response) = self.ask(|server| {
            serve(server.provider.approve(consent, grant, server.clock.moment()), &server.store)
        }) else {
            return;
        };
        well_formed(&response);
        let parameters =
            brought(response.headers()["location"].to_str().unwrap(), CLIENTS[client].0).unwrap();
        let (name, value) = parameters.first().cloned().unwrap();
        // If the store has failed, the redirect has an error.
        if name != "code" {
            assert!(self.fails && name == "error");
            return;
        }
        assert!(
            self.codes.iter().all(|code| code.value != value)
                && self.tokens.iter().all(|token| token.value != value)
        );
        let expires_at = self.clock.now + 60;
        self.codes.push(Code {
            value,
            client,
            scope,
            user,
            grant: None,
            pkce,
            expires_at,
            used: false,
            gone: false,
        });
    }

    fn mislead(&mut self, client: usize, to: usize) {
        let (owner, redirect_uri) = REDIRECTS[to];
        if owner == CLIENTS[client].0 {
            return;
        }
        let rejected = self.authorize(client, redirect_uri, 1, true).unwrap_err();
        assert!(!rejected.response().headers().contains_key("location"));
    }

    fn redeem(&mut self, at: usize, client: usize, right_uri: bool, right_verifier: bool) {
        let value = self.codes[at].value.clone();
        let redirect_uri = if right_uri {
            REDIRECTS[CLIENTS[self.codes[at].client].2].1
        } else {
            "https://evil.example/"
        };
        let mut parameters = vec![
            ("grant_type", "authorization_code"),
            ("code", &*value),
            ("redirect_uri", redirect_uri),
        ];
        let pkce = self.codes[at].pkce;
        if pkce == right_verifier {
            parameters.push(("code_verifier", VERIFIER));
        }
        let end = self.post("/token", client, &parameters);
        let code = &mut self.codes[at];
        let expired = code.expires_at <= self.clock.now;
        let waits = code.client == client && !code.used && !code.gone && !expired;
        match end {
            Ok(response) => {
                assert!(waits && right_uri && right_verifier, "tokens for a code that is no good");
                code.used = true;
                self.redeemed(at, &response);
            }
            Err(RejectReason::CodeReplayed) => {
                assert!(code.used && !code.gone && code.client == client);
                self.forget_code(at);
            }
            Err(RejectReason::CodeOfAnotherClient(_)) => {
                assert!(code.client != client && !code.gone);
                self.forget_code(at);
            }
            Err(RejectReason::CodeUnknown) => assert!(code.gone || expired),
            Err(RejectReason::CodeExpired { .. }) => assert!(!code.gone && expired),
            Err(RejectReason::RedirectUriChanged) => {
                assert!(waits && !right_uri);
                code.used = true;
            }
            Err(RejectReason::WrongVerifier) => {
                assert!(waits && !right_verifier && pkce);
                code.used = true;
            }
            Err(RejectReason::VerifierUnasked) => {
                assert!(waits && !right_verifier && !pkce);
                code.used = true;
            }
            Err(RejectReason::StoreFailed(_)) => {}
            Err(reason) => panic!("{reason}"),
        }
    }

    fn redeemed(&mut self, at: usize, response: &Response) {
        let (access, refresh) = read(response);
        let (client, user, scope) =
            (self.codes[at].client, self.codes[at].user, self.codes[at].scope);
        if let Some(known) = self.tokens.iter().position(|token| token.value == access) {
            let token = &self.tokens[known];
            assert!(self.reuse && self.lives(known) && token.kind == TokenKind::Access);
            assert!(
                (token.client, token.user, token.granted, token.scope)
                    == (client, user, scope, scope)
            );
            let refresh = self
                .tokens
                .iter()
                .position(|token| Some(&token.value) == refresh.as_ref())
                .unwrap();
            assert!(
                self.lives(refresh) && self.tokens[refresh].grant == token.grant,
                "a refresh token that is no good"
            );
            self.codes[at].grant = Some(token.grant);
            return;
        }
        let record = self.record(&access).unwrap();
        let grant = record.grant.id;
        self.codes[at].grant = Some(grant);
        let new = |value, kind, lifetime: Option<u64>| Token {
            value,
            kind,
            client,
            user,
            granted: scope,
            scope,
            grant,
            expires_at: lifetime.map(|lifetime| self.clock.now + lifetime),
            replaced: None,
            gone: false,
        };
        let lifetime = self.refresh_lifetime(&refresh.clone().unwrap());
        let (access, refresh) = (
            new(access, TokenKind::Access, Some(3600)),
            new(refresh.unwrap(), TokenKind::Refresh, lifetime),
        );
        self.push(access);
        self.push(refresh);
    }

    fn refresh(&mut self, at: usize, client: usize, scope: u8) {
        // The model does not cover a reusable token of a public client that is renewed with a
        // narrower scope.
        let scope = if self.reuse && client == 2 { 0 } else { scope };
        let value = self.tokens[at].value.clone();
        let mut parameters = vec![("grant_type", "refresh_token"), ("refresh_token", &*value)];
        if scope > 0 {
            parameters.push(("scope", words(scope)));
        }
        let end = self.post("/token", client, &parameters);
        let now = self.clock.now;
        let token = &self.tokens[at];
        let is_own = token.kind == TokenKind::Refresh && token.client == client;
        let expired = token.expires_at.is_some_and(|at| at <= now);
        // The new refresh token, which may be returned again within the grace period.
        let successor =
            token.replaced.filter(|(when, _)| now < when + self.grace).map(|(_, by)| by);
        let successor =
            successor.filter(|by| self.tokens[*by].replaced.is_none() && !self.tokens[*by].gone);
        let fits = scope & !token.granted == 0;
        match end {
            Ok(response) => {
                assert!(
                    is_own && !token.gone && fits,
                    "tokens for a refresh token that is no good"
                );
                assert!(if token.replaced.is_some() { successor.is_some() } else { !expired });
                self.refreshed(
                    at,
                    successor,
                    if scope == 0 { token.granted } else { scope },
                    &response,
                );
            }
            Err(RejectReason::RefreshTokenOfAnotherClient(_)) => {
                assert!(token.kind == TokenKind::Refresh && token.client != client && !token.gone);
                self.forget(token.grant);
            }
            Err(RejectReason::RefreshTokenReplayed) => {
                assert!(
                    is_own
                        && token.replaced.is_some()
                        && !token.gone
                        && successor.is_none_or(|by| !self.lives(by))
                );
                self.forget(token.grant);
            }
            Err(RejectReason::RefreshTokenUnknown) => {
                let lost = successor.is_some_and(|by| !self.lives(by));
                // Replaced tokens without an expiry are deleted after some time.
                let old = token.replaced.is_some_and(|(when, _)| when + 90 * DAY <= now);
                assert!(token.gone || expired || token.kind == TokenKind::Access || lost || old);
            }
            Err(RejectReason::RefreshTokenExpired { .. }) => {
                assert!(
                    is_own
                        && !token.gone
                        && (expired || successor.is_some_and(|by| !self.lives(by)))
                );
            }
            Err(RejectReason::ScopeRefused(_)) => assert!(is_own && !fits),
            Err(RejectReason::StoreFailed(_)) => {}
            Err(reason) => panic!("{reason}"),
        }
    }

    fn refreshed(&mut self, at: usize, successor: Option<usize>, scope: u8, response: &Response) {
        let (access, refresh) = read(response);
        let Token { client, user, granted, grant, .. } = self.tokens[at];
        let keeps = (self.keep || self.reuse) && client != 2;
        let now = self.clock.now;
        let new = |value, kind, scope, expires_at| Token {
            value,
            kind,
            client,
            user,
            granted,
            scope,
            grant,
            expires_at,
            replaced: None,
            gone: false,
        };
        self.push(new(access, TokenKind::Access, scope, Some(now + 3600)));
        match (refresh, successor) {
            (Some(refresh), Some(by)) => {
                assert_eq!(refresh, self.tokens[by].value, "another successor")
            }
            (Some(refresh), None) => {
                assert!(!keeps);
                let expires_at = self.refresh_lifetime(&refresh).map(|lifetime| now + lifetime);
                self.tokens[at].replaced = Some((now, self.tokens.len()));
                self.push(new(refresh, TokenKind::Refresh, granted, expires_at));
            }
            (None, _) => assert!(keeps),
        }
    }

    fn revoke(&mut self, at: usize, client: usize) {
        let value = self.tokens[at].value.clone();
        let known = self.record(&value).is_some();
        let end = self.post("/revoke", client, &[("token", &value)]);
        let token = &mut self.tokens[at];
        match end {
            Ok(_) if !known => {}
            Ok(_) => {
                assert_eq!(token.client, client);
                match token.kind {
                    TokenKind::Access => token.gone = true,
                    TokenKind::Refresh => {
                        let grant = token.grant;
                        self.forget(grant);
                    }
                    kind => unreachable!("{kind:?}"),
                }
            }
            Err(RejectReason::TokenOfAnotherClient) => assert!(known && token.client != client),
            Err(RejectReason::StoreFailed(_)) => {}
            Err(reason) => panic!("{reason}"),
        }
    }
}
