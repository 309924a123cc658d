//! A service and its client in one process, without sockets. The clock does not move, and the
//! entropy is a counter.
#![allow(dead_code, reason = "each test crate uses its part")]

#[cfg(feature = "conformance")]
pub mod broken_stores;
pub mod oauth2;
pub mod oauth2_pair;
pub mod records;
pub mod services;
#[cfg(feature = "tracing")]
pub mod traced;
pub mod with;

pub use with::With;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::convert::Infallible;

use http::Request;
use oauth_proto::oauth1::server::store::{ClientRecord, MemoryStore};
use oauth_proto::oauth1::server::{
    AfterConsent, Approval, Consent, Dispatched, Provider, ProviderBuilder, Rejected, Verified,
    Verifier, serve,
};
use oauth_proto::oauth1::{
    Authorization, Authorize, Client, ClientCredentials, Pending, Server, Session, Token,
};
use oauth_proto::{DriveError, Error, Moment, Response, Step, Timestamp, run_with};

pub const ORIGIN: &str = "https://photos.example.net";
pub const CALLBACK: &str = "https://printer.example.com/ready?x=1";
pub const NOW: u64 = 1_700_000_000;

pub struct OAuth1Pair {
    pub provider: Provider,
    pub store: MemoryStore,
    pub client: Client,
    pub now: Cell<u64>,
    counter: Cell<u64>,
}

impl Default for OAuth1Pair {
    fn default() -> Self {
        Self::new(|server| server, |provider| provider)
    }
}

impl OAuth1Pair {
    pub fn new(
        server: impl FnOnce(Server) -> Server,
        provider: impl FnOnce(ProviderBuilder) -> ProviderBuilder,
    ) -> Self {
        let store = MemoryStore::default();
        store
            .add_client("dpf43f3p2l4k3l03", ClientRecord::with_secret("kd94hf93k423kf44").unwrap());
        let endpoints = ["initiate", "authorize", "token"].map(|path| format!("{ORIGIN}/{path}"));
        let built = Server::new(&endpoints[0], &endpoints[1], &endpoints[2]).unwrap();
        let credentials = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
        let verifier = Verifier::new(ORIGIN).unwrap().with(|it| it.realm = Some("Photos".into()));
        Self {
            provider: provider(Provider::builder(verifier)).build().unwrap(),
            store,
            client: Client::new(server(built), credentials),
            now: Cell::new(NOW),
            counter: Cell::new(0),
        }
    }

    pub fn moment(&self) -> Moment {
        self.counter.set(self.counter.get() + 1);
        let mut entropy = [0; 32];
        entropy[..8].copy_from_slice(&self.counter.get().to_be_bytes());
        Moment::new(Timestamp::from_secs(self.now.get()), entropy)
    }

    /// Returns the service's response at one of the two endpoints for clients.
    pub fn answer(&self, request: &oauth_proto::Request) -> Response {
        serve(self.provider.dispatch(request, self.moment()).map(response), &self.store)
            .unwrap_or_else(|rejected| rejected.response())
    }

    pub fn run<T>(&self, step: Step<T>) -> Result<T, Error> {
        let send = |request: oauth_proto::Request| Ok::<_, Infallible>(self.answer(&request));
        run_with(step, send, || self.moment(), |_| ()).map_err(|error| match error {
            DriveError::Protocol { error, .. } => error,
            error => panic!("{error}"),
        })
    }

    pub fn begin(&self, authorize: Authorize) -> Result<Authorization, Error> {
        self.run(self.client.authorize(authorize, self.moment())?)
    }

    pub fn redeem(&self, pending: Pending, callback: &str) -> Result<Token, Error> {
        self.run(self.client.redeem(pending, callback, self.moment())?)
    }

    /// Opens the page on which the user decides, and returns its consent.
    pub fn consent(&self, url: &str) -> Result<Consent, Rejected> {
        let request = Request::get(url).body(Vec::new()).unwrap();
        serve(self.provider.dispatch(&request, self.moment()).map(question), &self.store)
    }

    /// Grants access as the user, and returns the URL to which the browser is redirected.
    pub fn grant(&self, url: &str) -> String {
        let consent = self.consent(url).unwrap();
        match serve(
            self.provider.approve(consent, Approval::new("jane"), self.moment()),
            &self.store,
        )
        .unwrap()
        {
            AfterConsent::Redirect(response) => {
                response.headers()["location"].to_str().unwrap().to_owned()
            }
            decision => panic!("{decision:?}"),
        }
    }

    /// Runs all three legs.
    pub fn token(&self) -> Token {
        let Authorization { url, pending, .. } = self.begin(Authorize::callback(CALLBACK)).unwrap();
        let callback = self.grant(&url);
        self.redeem(pending, &callback).unwrap()
    }

    /// Returns a signed request for a protected resource, with a query and a form.
    pub fn signed(&self) -> Request<Vec<u8>> {
        let mut request = Request::post(format!("{ORIGIN}/photos?size=original&file=vacation.jpg"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(b"title=Beach+day".to_vec())
            .unwrap();
        Session::new(&self.client, self.token()).sign(&mut request, self.moment()).unwrap();
        request
    }

    pub fn verify(&self, request: &Request<Vec<u8>>) -> Result<Verified, Rejected> {
        serve(self.provider.verifier().verify(request, self.moment()), &self.store)
    }
}

/// Returns the response of an endpoint for clients.
pub fn response(dispatched: Dispatched) -> Response {
    match dispatched {
        Dispatched::Respond(response) => response,
        other => panic!("{other:?}"),
    }
}

/// Returns the consent for which the endpoint for users asks.
pub fn question(dispatched: Dispatched) -> Consent {
    match dispatched {
        Dispatched::Consent(consent) => consent,
        other => panic!("{other:?}"),
    }
}

/// Returns the fields of the form in a response.
pub fn fields(response: &Response) -> BTreeMap<String, String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    oauth_proto::wire::form::pairs(response.body())
        .map(|(name, value)| (text(&name), text(&value)))
        .collect()
}
