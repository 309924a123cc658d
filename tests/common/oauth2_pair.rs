//! This crate's authorization server in memory, and a client of it. The tests set the clock.
#![allow(dead_code, reason = "each test crate uses its part")]

use std::cell::Cell;

use oauth_proto::oauth2::server::store::{ClientRecord, MemoryStore};
use oauth_proto::oauth2::server::{
    Approval, Consent, DecideGrant, Decision, Dispatched, GrantCredential, GrantType, Provider,
    ProviderBuilder, Serve, serve,
};
use oauth_proto::oauth2::{AuthorizationServer, Authorize, Client, Token};
use oauth_proto::{Error, Moment, Request, Response, Step, Timestamp};

use super::with::With;

pub const NOW: u64 = 1_700_000_000;
pub const ISSUER: &str = "https://auth.example.com";
pub const REDIRECT: &str = "https://client.example.com/cb?x=1";
pub const SECRET: &str = "7Fjfp0ZBr1KtDRbnfVdmIw";

/// The authorization server with its store and its clock. The method `client` creates a client of
/// it.
pub struct OAuth2Pair {
    pub provider: Provider,
    pub store: MemoryStore,
    pub now: Cell<u64>,
    pub count: Cell<u64>,
}

impl OAuth2Pair {
    pub fn new(provider: ProviderBuilder) -> Self {
        let provider = provider.build().unwrap();
        let store = MemoryStore::default();
        store.add_client(
            ClientRecord::confidential("printer", SECRET)
                .unwrap()
                .add_grant_type("client_credentials")
                .add_redirect_uri(REDIRECT)
                .add_grant_type("password")
                .add_grant_type("implicit"),
        );
        store.add_client(ClientRecord::public("app").add_redirect_uri("http://127.0.0.1/cb"));
        Self { provider, store, now: Cell::new(NOW), count: Cell::new(0) }
    }

    pub fn moment(&self) -> Moment {
        self.count.set(self.count.get() + 1);
        let mut entropy = [7; 32];
        entropy[..8].copy_from_slice(&self.count.get().to_be_bytes());
        Moment::new(Timestamp::from_secs(self.now.get()), entropy)
    }

    pub fn dispatch(&self, request: &Request) -> Result<Dispatched, Response> {
        let decide = |question: DecideGrant| match question.credential {
            GrantCredential::Password { username, password } if password.expose() == "A3ddj3w" => {
                Ok::<_, String>(Decision::Granted(Approval::new(username)))
            }
            _ => Ok(Decision::Denied),
        };
        Serve::new(&self.store)
            .decide_grant(decide)
            .run(self.provider.dispatch(request, self.moment()))
            .map_err(|rejected| rejected.response())
    }

    pub fn send(&self, request: Request) -> Response {
        match self.dispatch(&request) {
            Ok(Dispatched::Respond(response)) | Err(response) => response,
            Ok(end) => panic!("{end:?}"),
        }
    }

    /// Runs a step of the client until its result.
    pub fn run<T>(&self, mut step: Result<Step<T>, Error>) -> Result<T, Error> {
        loop {
            step = match step? {
                Step::Send(request, sent) => sent.receive(self.send(request), self.moment()),
                Step::Wait(until, asleep) => {
                    self.now.set(until.as_secs());
                    asleep.wake(self.moment())
                }
                Step::Done(value) => return Ok(value),
            }
        }
    }

    pub fn server(&self) -> AuthorizationServer {
        AuthorizationServer::from_metadata(&self.provider.metadata()).unwrap()
    }

    pub fn client(&self) -> Client {
        Client::new(self.server(), "printer").secret(SECRET).redirect_uri(REDIRECT).unwrap()
    }

    pub fn consent(&self, url: &str) -> Consent {
        match self.dispatch(&http::Request::get(url).body(Vec::new()).unwrap()) {
            Ok(Dispatched::Consent(consent)) => consent,
            end => panic!("{end:?}"),
        }
    }

    /// Signs in a user who grants everything, and returns the token for which the client has
    /// redeemed the code.
    pub fn sign_in(&self, client: &Client, authorize: Authorize) -> Result<Token, Error> {
        let authorization = self.run(client.authorize(authorize, self.moment()))?;
        let consent = self.consent(&authorization.url);
        let response = serve(
            self.provider.approve(consent, Approval::new("jane"), self.moment()),
            &self.store,
        )
        .unwrap();
        let callback = response.headers()["location"].to_str().unwrap().to_owned();
        self.run(client.redeem(authorization.pending, &callback, self.moment()))
    }
}

/// Returns the options of a server with reusable access tokens.
pub fn reusing(provider: ProviderBuilder) -> ProviderBuilder {
    provider
        .with(|options| options.reuse_access_tokens = true)
        .token_reuse_key("a key that lies elsewhere")
}

pub fn provider() -> ProviderBuilder {
    Provider::builder(ISSUER)
        .add_grant_type(
            GrantType::authorization_code()
                .scopes("read write")
                .with(|options| options.default_scope = Some("read".into())),
        )
        .add_grant_type(GrantType::client_credentials().scopes("stats"))
        .add_grant_type(GrantType::dangerous_password().scopes("read write"))
        .add_grant_type(GrantType::device_code().scopes("read"))
        .add_grant_type(GrantType::refresh_token())
}
