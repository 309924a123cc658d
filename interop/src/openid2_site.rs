//! A site that users sign in to with OpenID, built on this crate, and the browser of a user.

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

/// The realm of the site. It is not requested: the tests read the URL to which the browser is sent.
pub const REALM: &str = "https://printer.example.com/";
/// The `return_to` URL of the site.
pub const RETURN_TO: &str = "https://printer.example.com/openid?printer=2";

/// A site that stores the nonces of accepted assertions.
#[derive(Debug)]
pub struct Site {
    /// The relying party of the site.
    pub party: RelyingParty,
    http: Http,
    store: MemoryStore,
    keys: RefCell<Vec<Association>>,
}

impl Default for Site {
    /// Returns a site that accepts providers on this machine.
    fn default() -> Self {
        Self::new(options())
    }
}

/// Returns options that accept providers on this machine.
pub fn options() -> Options {
    Options::default().with(|it| it.dangerous_allow_internal_hosts = true)
}

impl Site {
    /// Returns a site at [`REALM`] with an empty store.
    pub fn new(options: Options) -> Self {
        Self::of(RelyingParty::new(REALM, options).expect("a realm"))
    }

    /// Returns a site with an empty store.
    pub fn of(party: RelyingParty) -> Self {
        Self {
            party,
            http: Http::default(),
            store: MemoryStore::default(),
            keys: RefCell::default(),
        }
    }

    /// Discovers the provider of an identifier.
    ///
    /// # Errors
    /// The error of discovery.
    pub fn discover(&self, identifier: &str) -> Result<Discovered, Error> {
        let found = self.http.run(self.party.discover(identifier))?;
        // Write and read it, as a site that stores it would.
        Ok(stored(&found))
    }

    /// Requests an association with the provider.
    ///
    /// # Errors
    /// The error of the request.
    pub fn associate(&self, discovered: &Discovered) -> Result<Option<Association>, Error> {
        let association = self.http.run(self.party.associate(discovered, Moment::from_os()))?;
        self.keys.borrow_mut().extend(association.clone());
        Ok(stored(&association))
    }

    /// Sends the user to the provider by a redirect, and back. `hints` decide what Jane does at the
    /// provider.
    pub fn visit(&self, authorize: Authorize, hints: &str) -> Visit {
        self.follow(self.ask(authorize), hints)
    }

    /// Returns the authorization request.
    pub fn ask(&self, authorize: Authorize) -> Authorization {
        self.party.authorize(authorize, Moment::from_os()).expect("a request")
    }

    /// Sends the user to the provider with this request, by a redirect, and back.
    pub fn follow(&self, authorization: Authorization, hints: &str) -> Visit {
        let url = format!("{}&{hints}", authorization.url().expect("a URL"));
        self.come_back(authorization, &url)
    }

    /// Sends the user to `url` instead of the URL of the request, and back.
    pub fn come_back(&self, authorization: Authorization, url: &str) -> Visit {
        Visit::new(&authorization.pending, &self.http.get(url))
    }

    /// Sends the user to the provider by a form that submits itself, and back.
    pub fn submit(&self, authorization: Authorization, hints: &str) -> Visit {
        let form = Form::of(&Response::new(authorization.page().into_bytes()));
        assert_eq!(form.action, authorization.pending.endpoint());
        let page = self.http.send(post(&format!("{}?{hints}", form.action), &form.body()));
        Visit::new(&authorization.pending, &page)
    }

    /// Verifies the assertion of the provider.
    ///
    /// # Errors
    /// The error of verifying.
    pub fn verify(&self, visit: &Visit) -> Result<Assertion, Error> {
        self.verify_at(visit, Moment::from_os())
    }

    /// Verifies the assertion at another time.
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
        let Ok(one_time_use) = self.store.remember_once(&checked.query);
        checked.answer(one_time_use)
    }

    /// Discovers, sends the user and verifies, without an association. `asked` may extend the
    /// request.
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

/// Returns a request that posts the form.
pub fn post(url: &str, form: &str) -> Request {
    let request = http::Request::post(url).header(CONTENT_TYPE, form::MEDIA_TYPE);
    request.body(form.as_bytes().to_vec()).expect("a URL")
}

fn stored<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).expect("it can be JSON"))
        .expect("what was stored")
}

/// A callback by a redirect or by a form that submits itself, with the stored pending value.
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

    /// Returns the callback for the relying party.
    pub fn callback(&self) -> Callback<'_> {
        match &self.form {
            Some(form) => Callback::posted(&self.url, form.as_bytes()),
            None => Callback::from(&self.url),
        }
    }

    /// Returns the URL of the callback, with its query.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns whether the callback is a posted form.
    pub fn is_by_form(&self) -> bool {
        self.form.is_some()
    }

    /// Returns a field of the assertion. `name` is without `openid.`.
    pub fn field(&self, name: &str) -> Option<String> {
        let name = format!("openid.{name}");
        self.pairs().into_iter().find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    /// Returns the names of the signed fields.
    pub fn signed(&self) -> Vec<String> {
        let signed = self.field("signed").expect("a signature");
        signed.split(',').map(str::to_owned).collect()
    }

    /// Returns the visit with one field of the assertion set to `value`, or without this field.
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

    /// Returns the visit with a repeated field.
    pub fn twice(&self, name: &str) -> Self {
        let value = self.field(name).expect("a field");
        let again = form::encode([(format!("openid.{name}"), value)]);
        match &self.form {
            Some(form) => Self { form: Some(format!("{form}&{again}")), ..self.clone() },
            None => self.at(&format!("{}&{again}", self.url)),
        }
    }

    /// Returns the visit with the callback at another URL.
    pub fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// Returns this user's visit with the assertion of another visit.
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

/// Returns the type of an association from its stored form.
pub fn signs_with(key: &Association) -> String {
    let stored = serde_json::to_value(key).expect("an association is stored");
    stored["type"].as_str().unwrap_or_default().to_owned()
}
