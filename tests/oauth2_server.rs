//! Our client against our own authorization server, in memory: no socket, a clock that is handed over.
#![allow(missing_docs)]

use std::cell::Cell;

use oauth_proto::oauth2::server::{
    Claim, ClientRecord, Consent, Decide, Decision, Dispatched, Grant, GrantType, MemoryStore, Provider, serve,
    serve_with,
};
use oauth_proto::oauth2::{self, AuthorizationServer, Authorize, Client, Token};
use oauth_proto::{Error, Moment, Request, Response, Step, Timestamp};

const NOW: u64 = 1_700_000_000;
const ISSUER: &str = "https://auth.example.com";
const REDIRECT: &str = "https://client.example.com/cb?x=1";
const SECRET: &str = "7Fjfp0ZBr1KtDRbnfVdmIw";

struct World {
    provider: Provider,
    store: MemoryStore,
    now: Cell<u64>,
    count: Cell<u64>,
}

impl World {
    fn new(provider: Provider) -> Self {
        let store = MemoryStore::default();
        store.add_client(
            ClientRecord::confidential("printer", SECRET)
                .redirect_uri(REDIRECT)
                .grant_type("password")
                .grant_type("implicit"),
        );
        store.add_client(ClientRecord::public("app").redirect_uri("http://127.0.0.1/cb"));
        Self { provider, store, now: Cell::new(NOW), count: Cell::new(0) }
    }

    fn moment(&self) -> Moment {
        self.count.set(self.count.get() + 1);
        let mut entropy = [7; 32];
        entropy[..8].copy_from_slice(&self.count.get().to_be_bytes());
        Moment::new(Timestamp::from_secs(self.now.get()), entropy)
    }

    fn dispatch(&self, request: &Request) -> Result<Dispatched, Response> {
        let decide = |question: Decide| match question.claim {
            Claim::Password { username, password } if password.expose() == "A3ddj3w" => {
                Ok::<_, String>(Decision::Granted(Grant::new(username)))
            }
            _ => Ok(Decision::Denied),
        };
        serve_with(self.provider.dispatch(request, self.moment()), &self.store, decide)
            .map_err(|rejected| rejected.response())
    }

    fn send(&self, request: Request) -> Response {
        match self.dispatch(&request) {
            Ok(Dispatched::Respond(response)) | Err(response) => response,
            Ok(end) => panic!("{end:?}"),
        }
    }

    /// Takes a step of the client's to its end.
    fn run<T>(&self, mut step: Result<Step<T>, Error>) -> Result<T, Error> {
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

    fn server(&self) -> AuthorizationServer {
        AuthorizationServer::from_metadata(&self.provider.metadata()).unwrap()
    }

    fn client(&self) -> Client {
        Client::new(self.server(), "printer").secret(SECRET).redirect_uri(REDIRECT).unwrap()
    }

    fn consent(&self, url: &str) -> Consent {
        match self.dispatch(&http::Request::get(url).body(Vec::new()).unwrap()) {
            Ok(Dispatched::Consent(consent)) => consent,
            end => panic!("{end:?}"),
        }
    }

    /// The user grants everything; the client redeems the code.
    fn sign_in(&self, client: &Client, authorize: Authorize) -> Result<Token, Error> {
        let authorization = self.run(client.authorize(authorize, self.moment()))?;
        let consent = self.consent(&authorization.url);
        let response = serve(self.provider.grant(consent, Grant::new("jane"), self.moment()), &self.store).unwrap();
        let callback = response.headers()["location"].to_str().unwrap().to_owned();
        self.run(client.redeem(authorization.pending, &callback, self.moment()))
    }
}

fn provider() -> Provider {
    Provider::new(ISSUER)
        .unwrap()
        .grant_type(GrantType::authorization_code().scopes("read write").default_scope("read"))
        .grant_type(GrantType::client_credentials().scopes("stats"))
        .grant_type(GrantType::password().scopes("read write"))
        .grant_type(GrantType::device_code().scopes("read"))
        .grant_type(GrantType::refresh_token())
}

#[test]
fn a_code_brings_tokens_and_those_bring_others() {
    let world = World::new(provider());
    let client = world.client();
    let token = world.sign_in(&client, Authorize::scope("read write")).unwrap();
    assert_eq!(token.scope, Some("read write".into()));
    assert_eq!(token.expires_at.unwrap().as_secs(), NOW + 3600);
    let introspection = world.run(client.introspect(token.access_token.expose(), None, world.moment())).unwrap();
    assert!(introspection.active && introspection.sub.as_deref() == Some("jane"));
    let narrower = oauth2::Grant::refresh_token(token.refresh_token.clone().unwrap()).scope("read");
    let second = world.run(client.request_token(narrower, world.moment())).unwrap();
    assert_eq!(second.scope, Some("read".into()));
    assert_ne!(second.refresh_token, token.refresh_token);
    // The first refresh token is spent, and whoever shows it has stolen one of them.
    let again = oauth2::Grant::refresh_token(token.refresh_token.unwrap());
    world.run(client.request_token(again, world.moment())).unwrap_err();
    let introspection = world.run(client.introspect(second.access_token.expose(), None, world.moment())).unwrap();
    assert!(!introspection.active);
}

#[test]
fn pushed_requests_devices_passwords_and_clients_get_tokens() {
    let world = World::new(provider());
    let client = world.client();
    world.sign_in(&client, Authorize::scope("read").pushed()).unwrap();
    world.run(client.request_token(oauth2::Grant::password("jane", "A3ddj3w").scope("read"), world.moment())).unwrap();
    world
        .run(client.request_token(oauth2::Grant::password("jane", "wrong").scope("read"), world.moment()))
        .unwrap_err();
    let token = world.run(client.request_token(oauth2::Grant::client_credentials().scope("stats"), world.moment()));
    let token = token.unwrap();
    assert!(token.refresh_token.is_none());
    world.run(client.revoke(token.access_token.expose(), None, world.moment())).unwrap();

    let pending = world.run(client.authorize_device(Some("read".into()), &[], world.moment())).unwrap();
    let entered = pending.user_code.to_lowercase().replace('-', " ");
    let device = serve(world.provider.find_device(entered, world.moment().now), &world.store).unwrap();
    serve(world.provider.grant_device(device, Grant::new("jane"), world.moment()), &world.store).unwrap();
    world.run(client.poll(&pending, world.moment())).unwrap();
}

#[test]
fn an_app_needs_no_secret_and_chooses_its_port() {
    let world = World::new(provider());
    let client = Client::new(world.server(), "app").redirect_uri("http://127.0.0.1:51004/cb").unwrap();
    let token = world.sign_in(&client, Authorize::scope("read")).unwrap();
    assert!(token.refresh_token.is_some());
}
