//! An OpenID provider, a few identifiers and a relying party in one process. The clock does not
//! move.
#![allow(dead_code, reason = "each test crate uses its part")]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use oauth_proto::openid2::server::store::{MemoryStore, Store};
use oauth_proto::openid2::server::{
    Approval, CheckIdRequest, Dispatched, Identity, Provider, Rejected, serve,
};
use oauth_proto::openid2::{
    Assertion, Association, Authorization, Authorize, Discovered, Options, Pending, RelyingParty,
    XrdsDocument,
};
use oauth_proto::{Error, Moment, Request, Response, Secret, Step, Timestamp};
use sha1::Sha1;
use sha2::Sha256;

pub(super) use super::With;

/// The most requests that a discovery sends: for three documents, with five redirects each.
pub const MOST: usize = 18;

pub const NOW: u64 = 1_700_000_000;
pub const ENDPOINT: &str = "https://op.example/openid";
pub const REALM: &str = "https://rp.example/";
pub const RETURN_TO: &str = "https://rp.example/back?x=1";
pub const JANE: &str = "https://op.example/id/jane";

pub struct OpenIdPair {
    pub provider: Provider,
    pub party: RelyingParty,
    /// The provider's store. The field `nonces` is the relying party's.
    pub confirmed: MemoryStore,
    pub nonces: MemoryStore,
    pub pages: RefCell<BTreeMap<String, Response>>,
    pub sent: RefCell<Vec<String>>,
    /// The associations that `associate` has created.
    pub associations: RefCell<Vec<Association>>,
    pub now: Cell<u64>,
    count: Cell<u64>,
}

impl Default for OpenIdPair {
    fn default() -> Self {
        Self::new(|options| options, |options| options)
    }
}

impl OpenIdPair {
    /// Creates both sides. Each function changes the default options of one side.
    pub fn new(
        party: impl FnOnce(Options) -> Options,
        provider: impl FnOnce(Options) -> Options,
    ) -> Self {
        let secret = Secret::new("0123456789abcdef0123456789abcdef");
        let pair = Self {
            provider: Provider::new(ENDPOINT, &secret, provider(Options::default())).unwrap(),
            party: RelyingParty::new(REALM, party(Options::default())).unwrap(),
            confirmed: MemoryStore::default(),
            nonces: MemoryStore::default(),
            pages: RefCell::default(),
            sent: RefCell::default(),
            associations: RefCell::default(),
            now: Cell::new(NOW),
            count: Cell::new(0),
        };
        pair.page("https://op.example/", xrds(&provider_document(ENDPOINT)));
        pair.page(JANE, xrds(&user_document(ENDPOINT, None, &[])));
        pair.page("https://jane.example/", xrds(&user_document(ENDPOINT, Some(JANE), &[])));
        pair
    }

    pub fn page(&self, url: &str, response: Response) {
        self.pages.borrow_mut().insert(url.to_owned(), response);
    }

    pub fn moment(&self) -> Moment {
        self.count.set(self.count.get() + 1);
        let mut entropy = [7; 32];
        entropy[..8].copy_from_slice(&self.count.get().to_be_bytes());
        Moment::new(Timestamp::from_secs(self.now.get()), entropy)
    }

    /// Returns the response of the server to which the request is addressed.
    pub fn send(&self, request: &Request) -> Response {
        self.sent.borrow_mut().push(format!("{} {}", request.method(), request.uri()));
        let url = request.uri().to_string();
        // A page at the endpoint replaces the provider.
        if url == ENDPOINT && !self.pages.borrow().contains_key(ENDPOINT) {
            return match self.dispatch(request) {
                Ok(Dispatched::Respond(response)) => response,
                Ok(Dispatched::CheckIdRequest(_)) => panic!("expected no request for a user"),
                Err(rejected) => rejected.response(),
            };
        }
        let page = self.pages.borrow().get(&url).cloned();
        page.unwrap_or_else(|| http::Response::builder().status(404).body(Vec::new()).unwrap())
    }

    pub fn dispatch(&self, request: &Request) -> Result<Dispatched, Rejected> {
        serve(self.provider.dispatch(request, self.moment()), &self.confirmed)
    }

    pub fn run<T>(&self, mut step: Result<Step<T>, Error>) -> Result<T, Error> {
        loop {
            step = match step? {
                Step::Send(request, sent) => sent.receive(self.send(&request), self.moment()),
                Step::Wait(..) => panic!("expected no wait"),
                Step::Done(value) => return Ok(value),
            }
        }
    }

    pub fn discover(&self, identifier: &str) -> Result<Discovered, Error> {
        self.run(self.party.discover(identifier))
    }

    pub fn associate(&self, discovered: &Discovered) -> Result<Option<Association>, Error> {
        let association = self.run(self.party.associate(discovered, self.moment()))?;
        self.associations.borrow_mut().extend(association.clone());
        Ok(association)
    }

    /// Discovers an identifier, and returns the request for its user.
    pub fn asking(&self, identifier: &str) -> Authorize {
        Authorize::new(&self.discover(identifier).unwrap(), RETURN_TO)
    }

    pub fn begin(&self, authorize: Authorize) -> Authorization {
        self.party.authorize(authorize, self.moment()).unwrap()
    }

    /// Returns the request that the provider's page shows.
    pub fn check_id(&self, url: &str) -> Result<CheckIdRequest, Rejected> {
        match self.dispatch(&get(url))? {
            Dispatched::CheckIdRequest(check_id) => Ok(*check_id),
            Dispatched::Respond(response) => panic!("{response:?}"),
        }
    }

    /// Consents as the user at the provider, and returns the URL to which the browser is
    /// redirected.
    pub fn approve(&self, url: &str, approval: impl FnOnce(Approval) -> Approval) -> String {
        let check_id = self.check_id(url).unwrap();
        let local_id = match &check_id.identity {
            Identity::Claimed { local_id, .. } => local_id.clone(),
            Identity::Select | Identity::None => JANE.to_owned(),
        };
        let approval = approval(Approval::new(local_id));
        location(&self.approve_request(check_id, approval).unwrap())
    }

    pub fn approve_request(
        &self,
        request: CheckIdRequest,
        approval: Approval,
    ) -> Result<Response, Rejected> {
        serve(self.provider.approve(request, approval, self.moment()), &self.confirmed)
    }

    pub fn deny_request(&self, request: CheckIdRequest) -> Response {
        serve(self.provider.deny(request), &self.confirmed).unwrap()
    }

    pub fn verify(&self, pending: Pending, callback: &str) -> Result<Assertion, Error> {
        let associations = self.associations.borrow();
        let handle = pending.association_handle.as_ref();
        let association =
            associations.iter().find(|association| Some(&association.handle) == handle);
        let checked = self.run(self.party.redeem(
            pending.with(|it| it.association = association.cloned()),
            callback,
            self.moment(),
        ))?;
        let Ok(one_time_use) = self.nonces.remember_once(&checked.query);
        checked.answer(one_time_use)
    }

    /// Signs in with an identifier, from discovery to the assertion.
    pub fn sign_in(&self, identifier: &str) -> Result<Assertion, Error> {
        let authorization = self.begin(self.asking(identifier));
        let callback = self.approve(&authorization.url().unwrap(), |approval| approval);
        self.verify(authorization.pending, &callback)
    }

    /// Begins a sign-in with an identifier, and consents. Returns the pending value and the
    /// callback.
    pub fn callback(&self, identifier: &str, association: bool) -> (Pending, String) {
        let discovered = self.discover(identifier).unwrap();
        let association = association.then(|| self.associate(&discovered).unwrap()).flatten();
        let authorize =
            Authorize::new(&discovered, RETURN_TO).with(|it| it.association = association);
        let authorization = self.party.authorize(authorize, self.moment()).unwrap();
        let callback = self.approve(&authorization.url().unwrap(), |approval| approval);
        (authorization.pending, callback)
    }
}

pub fn get(url: &str) -> Request {
    http::Request::get(url).body(Vec::new()).unwrap()
}

pub fn post(form: &str) -> Request {
    let builder =
        http::Request::post(ENDPOINT).header("content-type", "application/x-www-form-urlencoded");
    builder.body(form.as_bytes().to_vec()).unwrap()
}

pub fn xrds(document: &str) -> Response {
    let builder =
        http::Response::builder().header("content-type", "application/xrds+xml; charset=utf-8");
    builder.body(document.as_bytes().to_vec()).unwrap()
}

pub fn html(page: &str) -> Response {
    http::Response::builder()
        .header("content-type", "text/html")
        .body(page.as_bytes().to_vec())
        .unwrap()
}

pub fn redirect(to: &str) -> Response {
    http::Response::builder().status(302).header("location", to).body(Vec::new()).unwrap()
}

pub fn location(response: &Response) -> String {
    response.headers()["location"].to_str().unwrap().to_owned()
}

/// Returns the parameters of a URL's query.
pub fn fields(url: &str) -> BTreeMap<String, String> {
    let url = url::Url::parse(url).unwrap();
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// Returns the URL with the query parameters that `change` has changed.
pub fn changed(url: &str, change: impl FnOnce(&mut BTreeMap<String, String>)) -> String {
    let mut fields = fields(url);
    change(&mut fields);
    let mut url = url::Url::parse(url).unwrap();
    url.query_pairs_mut().clear().extend_pairs(fields);
    url.into()
}

/// Returns the type of an association, as it is stored.
pub fn signs_with(association: &Association) -> String {
    serde_json::to_value(association).unwrap()["type"].as_str().unwrap().to_owned()
}

/// Signs a callback with the association's key, over the fields that it lists (§6.1). Everyone who
/// has the key can do that.
pub fn signed(association: &Association, callback: &str) -> String {
    fn mac<M: Mac + KeyInit>(key: &[u8], text: &str) -> String {
        STANDARD.encode(
            <M as KeyInit>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes(),
        )
    }
    let key = serde_json::to_value(association).unwrap()["key"]
        .as_str()
        .map(|key| STANDARD.decode(key).unwrap());
    let key = key.unwrap();
    changed(callback, |fields| {
        let line = |key: &str| format!("{key}:{}\n", fields[&format!("openid.{key}")]);
        let text: String = fields["openid.signed"].split(',').map(line).collect();
        let signature = match signs_with(association).as_str() {
            "HMAC-SHA1" => mac::<Hmac<Sha1>>(&key, &text),
            _ => mac::<Hmac<Sha256>>(&key, &text),
        };
        fields.insert("openid.sig".into(), signature);
    })
}

/// Returns the document of a user. The next functions return the documents of a provider and of a
/// relying party.
pub fn user_document(endpoint: &str, local_id: Option<&str>, extensions: &[&str]) -> String {
    XrdsDocument::User { endpoint, local_id, extensions }.to_string()
}

pub fn provider_document(endpoint: &str) -> String {
    XrdsDocument::Provider { endpoint, extensions: &[] }.to_string()
}

pub fn relying_party_document(return_to: &[&str]) -> String {
    XrdsDocument::RelyingParty { return_to, icons: &[] }.to_string()
}

/// Reads a direct message in key-value form (§4.1.1).
pub fn key_value(body: &[u8]) -> BTreeMap<String, String> {
    let text = std::str::from_utf8(body).unwrap();
    let pairs = text.lines().map(|line| line.split_once(':').unwrap());
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}
