//! A site of ours that users sign in to with an OpenID, and the browser with which they do.

use crate::with::With;
use std::cell::RefCell;

use http::header::{CONTENT_TYPE, LOCATION};
use oauth_proto::Callback;
use oauth_proto::openid2::server::store::{MemoryStore, Store};
use oauth_proto::openid2::{
    Assertion, Association, Authorization, Authorize, Discovered, Options, Pending, RelyingParty,
};
use oauth_proto::wire::form;
use oauth_proto::{Error, Moment, Request, Response};

use crate::browser::{Form, text};
use crate::exchange::Http;

/// The browser does not open it; the tests read the URL that it is sent to.
pub const REALM: &str = "https://printer.example.com/";
/// The URL that users come back to.
pub const RETURN_TO: &str = "https://printer.example.com/openid?printer=2";

/// A site that remembers which answers it has seen.
#[derive(Debug)]
pub struct Site {
    /// Its parts.
    pub party: RelyingParty,
    http: Http,
    store: MemoryStore,
    keys: RefCell<Vec<Association>>,
}

impl Default for Site {
    /// One that takes providers on this machine.
    fn default() -> Self {
        Self::new(options())
    }
}

/// Options that take providers on this machine.
pub fn options() -> Options {
    Options::default().with(|it| it.dangerous_allow_internal_hosts = true)
}

impl Site {
    /// A site at [`REALM`] whose past is empty.
    pub fn new(options: Options) -> Self {
        Self::of(RelyingParty::new(REALM, options).expect("a realm"))
    }

    /// A site whose past is empty.
    pub fn of(party: RelyingParty) -> Self {
        Self {
            party,
            http: Http::default(),
            store: MemoryStore::default(),
            keys: RefCell::default(),
        }
    }

    /// The provider that speaks for an identifier.
    ///
    /// # Errors
    /// The error of discovery.
    pub fn discover(&self, identifier: &str) -> Result<Discovered, Error> {
        let found = self.http.run(self.party.discover(identifier))?;
        // It is kept for a while, as a site would.
        Ok(stored(&found))
    }

    /// Agrees on a key with a provider.
    ///
    /// # Errors
    /// The error of that.
    pub fn associate(&self, discovered: &Discovered) -> Result<Option<Association>, Error> {
        let association = self.http.run(self.party.associate(discovered, Moment::from_os()))?;
        self.keys.borrow_mut().extend(association.clone());
        Ok(stored(&association))
    }

    /// The user goes to the provider by a redirect, and comes back. Hints tell Jane what to do
    /// there.
    pub fn visit(&self, authorize: Authorize, hints: &str) -> Visit {
        self.follow(self.ask(authorize), hints)
    }

    /// The request for the user.
    pub fn ask(&self, authorize: Authorize) -> Authorization {
        self.party.authorize(authorize, Moment::from_os()).expect("a request")
    }

    /// The user goes where a request leads, by a redirect.
    pub fn follow(&self, authorization: Authorization, hints: &str) -> Visit {
        let url = format!("{}&{hints}", authorization.url().expect("a URL"));
        self.come_back(authorization, &url)
    }

    /// The user goes to another URL than was meant, and comes back.
    pub fn come_back(&self, authorization: Authorization, url: &str) -> Visit {
        Visit::new(&authorization.pending, &self.http.get(url))
    }

    /// The same by the form that submits itself.
    pub fn submit(&self, authorization: Authorization, hints: &str) -> Visit {
        let form = Form::of(&Response::new(authorization.page().into_bytes()));
        assert_eq!(form.action, authorization.pending.endpoint());
        let page = self.http.send(post(&format!("{}?{hints}", form.action), &form.body()));
        Visit::new(&authorization.pending, &page)
    }

    /// The provider's assertion.
    ///
    /// # Errors
    /// The error of verifying.
    pub fn verify(&self, visit: &Visit) -> Result<Assertion, Error> {
        self.verify_at(visit, Moment::from_os())
    }

    /// The same at another time.
    ///
    /// # Errors
    /// The error of verifying.
    pub fn verify_at(&self, visit: &Visit, moment: Moment) -> Result<Assertion, Error> {
        let pending: Pending = serde_json::from_str(&visit.pending).expect("what was stored");
        let keys = self.keys.borrow();
        let key =
            keys.iter().find(|key| Some(&*key.handle) == pending.association_handle.as_deref());
        let checked = self.http.run(self.party.redeem(
            pending.with(|it| it.association = key.cloned()),
            visit.callback(),
            moment,
        ))?;
        let Ok(one_time_use) = self.store.remember_nonce(&checked.query);
        checked.answer(one_time_use)
    }

    /// All of it, without a key. `asked` says what is asked besides.
    ///
    /// # Errors
    /// The error of discovery or verifying.
    pub fn sign_in(
        &self,
        identifier: &str,
        asked: impl FnOnce(Authorize) -> Authorize,
        hints: &str,
    ) -> Result<Assertion, Error> {
        let discovered = self.discover(identifier)?;
        self.verify(&self.visit(asked(Authorize::new(&discovered, RETURN_TO)), hints))
    }
}

/// A form that is posted.
pub fn post(url: &str, form: &str) -> Request {
    let request = http::Request::post(url).header(CONTENT_TYPE, form::MEDIA_TYPE);
    request.body(form.as_bytes().to_vec()).expect("a URL")
}

fn stored<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).expect("it can be JSON"))
        .expect("what was stored")
}

/// A user who is back, by a redirect or by a form that submits itself, and what was remembered of
/// them meanwhile.
#[derive(Clone, Debug)]
pub struct Visit {
    pending: String,
    url: String,
    form: Option<String>,
}

impl Visit {
    fn new(pending: &Pending, page: &Response) -> Self {
        let pending = serde_json::to_string(pending).expect("it can be JSON");
        if let Some(location) = page.headers().get(LOCATION) {
            return Self { pending, url: location.to_str().expect("a URL").to_owned(), form: None };
        }
        assert_eq!(page.status(), 200, "{}", text(page));
        let form = Form::of(page);
        Self { pending, form: Some(form.body()), url: form.action }
    }

    /// The request that the browser makes.
    pub fn callback(&self) -> Callback<'_> {
        match &self.form {
            Some(form) => Callback::posted(&self.url, form.as_bytes()),
            None => Callback::from(&self.url),
        }
    }

    /// The URL that the browser reaches, with its query.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether it comes by a form.
    pub fn is_by_form(&self) -> bool {
        self.form.is_some()
    }

    /// A field of the answer, without `openid.`.
    pub fn field(&self, name: &str) -> Option<String> {
        let name = format!("openid.{name}");
        self.pairs().into_iter().find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    /// The fields that are signed.
    pub fn signed(&self) -> Vec<String> {
        let signed = self.field("signed").expect("a signature");
        signed.split(',').map(str::to_owned).collect()
    }

    /// The same visit with another value for a field of the answer, or with one more; or without
    /// it.
    pub fn with_argument(&self, name: &str, value: Option<&str>) -> Self {
        let name = format!("openid.{name}");
        let mut pairs = self.pairs();
        pairs.retain(|(own, _)| *own != name);
        pairs.extend(value.map(|value| (name, value.to_owned())));
        let message = form::encode(pairs);
        match (&self.form, self.url.split_once('?')) {
            (None, Some((place, _))) => Self { url: format!("{place}?{message}"), ..self.clone() },
            _ => Self { form: Some(message), ..self.clone() },
        }
    }

    /// The same visit with a repeated field.
    pub fn twice(&self, name: &str) -> Self {
        let value = self.field(name).expect("a field");
        let again = form::encode([(format!("openid.{name}"), value)]);
        match &self.form {
            Some(form) => Self { form: Some(format!("{form}&{again}")), ..self.clone() },
            None => self.at(&format!("{}&{again}", self.url)),
        }
    }

    /// The same answer, brought to another place.
    pub fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// Another user's answer, brought by this user.
    pub fn with_answer_of(&self, other: &Self) -> Self {
        Self { pending: self.pending.clone(), ..other.clone() }
    }

    fn pairs(&self) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        let query = self.url.split_once('?').map(|(_, query)| query);
        let message = self.form.as_deref().or(query).unwrap_or_default();
        form::pairs(message.as_bytes()).map(|(name, value)| (text(&name), text(&value))).collect()
    }
}

/// The type of an association, as it is stored.
pub fn signs_with(key: &Association) -> String {
    let stored = serde_json::to_value(key).expect("an association is stored");
    stored["type"].as_str().unwrap_or_default().to_owned()
}
