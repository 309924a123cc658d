//! OAuth 1.0 beside our OpenID provider: request tokens that are approved during a sign-in, and the
//! endpoints that accept them.

use std::sync::atomic::{AtomicUsize, Ordering};

use http::StatusCode;
use oauth_proto::oauth1::server::store::{ClientRecord, MemoryStore, TokenRecord};
use oauth_proto::oauth1::server::{Approval, Rejected, Verified, Verifier, serve};
use oauth_proto::openid2::oauth;
use oauth_proto::wire::form;
use oauth_proto::{Moment, Request, Response};

/// The consumer whose request tokens are approved.
pub const CONSUMER: &str = "printer & co.";
/// The secret of [`CONSUMER`].
pub const CONSUMER_SECRET: &str = "100% s=cret+/é";

/// The only access token. One is enough for a test.
const TOKEN: &str = "nnch734d00sl2jdk";
const TOKEN_SECRET: &str = "pfkkdhi9sl3r4s00";

/// The OAuth endpoints. Request tokens and access tokens are in separate stores, so that they
/// cannot be confused.
pub(crate) struct Hybrid {
    verifier: Verifier,
    approved: MemoryStore,
    granted: MemoryStore,
    number: AtomicUsize,
}

impl Hybrid {
    pub(crate) fn new(origin: &str) -> Self {
        let store = || {
            let store = MemoryStore::default();
            store.add_client(CONSUMER, ClientRecord::with_secret(CONSUMER_SECRET).unwrap());
            store
        };
        let granted = store();
        granted.add_token(TOKEN, record(TOKEN_SECRET));
        let verifier = Verifier::new(origin).expect("an origin");
        Self { verifier, approved: store(), granted, number: AtomicUsize::default() }
    }

    /// Returns an approved request token if the consumer is known. The secret of the token is empty
    /// (OpenID OAuth Extension §10).
    pub(crate) fn approve(&self, access: &oauth::Request) -> Option<oauth::Response> {
        if access.consumer != CONSUMER {
            return None;
        }
        let token = format!("approved {}", self.number.fetch_add(1, Ordering::Relaxed));
        self.approved.add_token(&token, record(""));
        Some(oauth::Response { request_token: token.to_owned(), scope: access.scope.clone() })
    }

    /// Exchanges a request token for an access token. A request token can be used once.
    pub(crate) fn token(&self, request: &Request) -> Result<Response, Rejected> {
        let Verified { token, .. } =
            serve(self.verifier.verify(request, Moment::from_os()), &self.approved)?;
        let mut response = Response::default();
        if token.is_some_and(|token| self.approved.remove_token(&token)) {
            let answer = [("oauth_token", TOKEN), ("oauth_token_secret", TOKEN_SECRET)];
            *response.body_mut() = form::encode(answer).into_bytes();
        } else {
            *response.status_mut() = StatusCode::UNAUTHORIZED;
        }
        Ok(response)
    }

    /// Responds as the protected resource, with the name of the user.
    pub(crate) fn photos(&self, request: &Request) -> Result<Response, Rejected> {
        let Verified { approval: grant, .. } =
            serve(self.verifier.verify(request, Moment::from_os()), &self.granted)?;
        Ok(Response::new(grant.map(|grant| grant.user).unwrap_or_default().into_bytes()))
    }
}

fn record(secret: &str) -> TokenRecord {
    TokenRecord::new(secret, CONSUMER, Approval::new("jane"))
}
