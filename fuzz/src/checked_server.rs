//! An authorization server, a model of its valid codes and tokens, and requests to the server.

use std::sync::Arc;

use http::Request;
use oauth_proto::oauth2::Scope;
use oauth_proto::oauth2::server::store::{
    FindToken, GrantId, Store, TokenHash, TokenKind, TokenRecord,
};
use oauth_proto::oauth2::server::{Consent, Dispatched, Provider, RejectReason, Rejected, serve};
use oauth_proto::wire::form;
use oauth_proto::{Response, Timestamp};

use crate::oauth2_provider::*;

pub(crate) const CLIENTS: [(&str, Option<&str>, usize); 3] =
    [("web", Some(SECRETS[0]), 0), ("other", Some(SECRETS[1]), 1), ("app", None, 2)];
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const DAY: u64 = 24 * 3600;

/// Returns the scope of a bit set: bit 0 is `read`, bit 1 is `write`.
pub(crate) fn words(scope: u8) -> &'static str {
    ["", "read", "write", "read write"][usize::from(scope & 3)]
}

pub(crate) fn bits(scope: &Scope) -> u8 {
    u8::from(scope.contains("read")) | u8::from(scope.contains("write")) << 1
}

pub(crate) struct Code {
    pub(crate) value: String,
    pub(crate) client: usize,
    pub(crate) scope: u8,
    pub(crate) user: bool,
    pub(crate) grant: Option<GrantId>,
    pub(crate) pkce: bool,
    pub(crate) expires_at: u64,
    pub(crate) used: bool,
    pub(crate) gone: bool,
}

pub(crate) struct Token {
    pub(crate) value: String,
    pub(crate) kind: TokenKind,
    pub(crate) client: usize,
    pub(crate) user: bool,
    /// The scope of the grant, as bits. The scope of the token may be narrower.
    pub(crate) granted: u8,
    pub(crate) scope: u8,
    pub(crate) grant: GrantId,
    pub(crate) expires_at: Option<u64>,
    /// The time of the replacement, and the index of the new token.
    pub(crate) replaced: Option<(u64, usize)>,
    pub(crate) gone: bool,
}

/// A server, and the expected state of each code and token.
pub(crate) struct CheckedServer {
    pub(crate) provider: Provider,
    pub(crate) store: Counted,
    pub(crate) clock: Clock,
    pub(crate) reuse: bool,
    pub(crate) keep: bool,
    pub(crate) grace: u64,
    pub(crate) codes: Vec<Code>,
    pub(crate) tokens: Vec<Token>,
    pub(crate) fails: bool,
}

impl CheckedServer {
    pub(crate) fn ask<T>(
        &mut self,
        request: impl FnOnce(&mut Self) -> Result<T, Rejected>,
    ) -> Result<T, RejectReason> {
        self.store.asked.set(0);
        let end = request(self);
        let secrets: Vec<_> = self
            .codes
            .iter()
            .map(|code| &code.value)
            .chain(self.tokens.iter().map(|token| &token.value))
            .cloned()
            .collect();
        end.map_err(|rejected| {
            shows_no_secret(&rejected, &secrets);
            well_formed(&rejected.response());
            assert!(self.fails || !matches!(rejected.reason, RejectReason::StoreFailed(_)));
            assert!(!matches!(rejected.reason, RejectReason::Misconfigured(_)), "{rejected}");
            rejected.reason
        })
    }

    pub(crate) fn post(
        &mut self,
        path: &str,
        client: usize,
        parameters: &[(&str, &str)],
    ) -> Result<Response, RejectReason> {
        let (id, secret, _) = CLIENTS[client];
        let own =
            [("client_id", id)].into_iter().chain(secret.map(|secret| ("client_secret", secret)));
        let body = form::encode(own.chain(parameters.iter().copied()));
        let request =
            Request::post(format!("{ISSUER}{path}")).header("content-type", form::MEDIA_TYPE);
        let request = request.body(body.into_bytes()).unwrap();
        self.ask(|server| match server.provider.dispatch(&request, server.clock.moment()) {
            step if path == "/token" || path == "/revoke" => {
                serve(step, &server.store).map(|end| match end {
                    Dispatched::Respond(response) => response,
                    end => panic!("{end:?}"),
                })
            }
            step => panic!("{step:?}"),
        })
    }

    pub(crate) fn authorize(
        &mut self,
        client: usize,
        redirect_uri: &str,
        scope: u8,
        pkce: bool,
    ) -> Result<Consent, Rejected> {
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", CLIENTS[client].0),
            ("redirect_uri", redirect_uri),
            ("scope", words(scope)),
            ("state", "s&t"),
        ];
        if pkce {
            parameters.extend([("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]);
        }
        let uri = format!("{ISSUER}/authorize?{}", form::encode(parameters));
        self.store.asked.set(0);
        let request = Request::get(uri).body(Vec::new()).unwrap();
        serve(self.provider.authorize(&request, self.clock.moment()), &self.store)
    }

    pub(crate) fn refresh_lifetime(&self, value: &str) -> Option<u64> {
        let expires_at = self.record(value).unwrap().expires_at;
        assert!(expires_at.is_none_or(|at| at.as_secs() == self.clock.now + 30 * DAY));
        expires_at.map(|_| 30 * DAY)
    }

    pub(crate) fn push(&mut self, token: Token) {
        let fresh = self.codes.iter().all(|code| code.value != token.value);
        assert!(
            fresh && self.tokens.iter().all(|known| known.value != token.value),
            "the same value twice"
        );
        self.tokens.push(token);
    }

    /// Revokes the code and its grant in the model. A code that was not redeemed has no grant yet.
    pub(crate) fn forget_code(&mut self, at: usize) {
        self.codes[at].gone = true;
        if let Some(grant) = self.codes[at].grant {
            self.forget(grant);
        }
    }

    pub(crate) fn forget(&mut self, grant: GrantId) {
        self.tokens
            .iter_mut()
            .filter(|token| token.grant == grant)
            .for_each(|token| token.gone = true);
        self.codes
            .iter_mut()
            .filter(|code| code.grant == Some(grant))
            .for_each(|code| code.gone = true);
    }

    pub(crate) fn lives(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        !token.gone
            && token.replaced.is_none()
            && token.expires_at.is_none_or(|at| at > self.clock.now)
    }

    pub(crate) fn record(&self, value: &str) -> Option<Arc<TokenRecord>> {
        self.store.inner.find_token(&FindToken::new(TokenHash::of(value))).unwrap()
    }

    /// Asserts that the record of each token is as in the model.
    pub(crate) fn check(&self) {
        let now = Timestamp::from_secs(self.clock.now);
        for (at, token) in self.tokens.iter().enumerate() {
            let found = self.record(&token.value);
            let lives = found
                .as_ref()
                .is_some_and(|record| record.replaced.is_none() && !record.has_expired(now));
            assert_eq!(lives, self.lives(at), "{:?} {at}", token.kind);
            let Some(record) = found.filter(|_| lives) else { continue };
            assert_eq!(
                (record.kind, record.grant.client_id.as_str()),
                (token.kind, CLIENTS[token.client].0)
            );
            assert_eq!(
                (bits(record.scope()), bits(&record.grant.scope)),
                (token.scope, token.granted)
            );
            assert_eq!(record.grant.id, token.grant);
        }
        if self.reuse && self.keep {
            // Without rotation, there is only one valid grant for each client, user and scope.
            let roots = self.tokens.iter().enumerate().filter(|(at, token)| {
                self.lives(*at)
                    && self.record(&token.value).is_some_and(|record| record.reuse.is_some())
                    && token.client != 2
            });
            let mut keys: Vec<_> =
                roots.map(|(_, token)| (token.client, token.user, token.granted)).collect();
            keys.sort_unstable();
            assert!(
                keys.windows(2).all(|pair| pair[0] != pair[1]),
                "two reusable tokens for one key"
            );
        }
    }
}

pub(crate) fn read(response: &Response) -> (String, Option<String>) {
    well_formed(response);
    let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    (text("access_token").unwrap(), text("refresh_token"))
}
