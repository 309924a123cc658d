//! Test doubles on loopback of services that users sign in with: Google, Facebook, Twitter, and
//! version 1 of Dropbox. They check the requests, and respond with the objects in the documentation
//! of the services. Jane is signed in at the doubles, and grants every request.

mod dropbox;
mod facebook;
mod google;
mod twitter;

use std::cell::RefCell;
use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Method, StatusCode};
use oauth_proto::oauth1::server::store::{ClientRecord, MemoryStore};
use oauth_proto::wire::form;
use oauth_proto::{Request, Response};
use serde_json::Value;
use sha2::{Digest, Sha256};

use self::dropbox::Dropbox;
use self::facebook::Facebook;
use self::google::Google;
use self::twitter::Twitter;
use crate::loopback::Loopback;

/// The client id at all doubles. It has characters that have to be encoded.
pub const CLIENT: &str = "client & co.";
/// The client secret. Its encoded form and its raw form are different keys.
pub const SECRET: &str = "100% s=cret+/é";
/// The callback URL of the client.
pub const CALLBACK: &str = "https://app.example/callback?from=double";
/// The access token that the double of Google issues.
pub const GOOGLE_TOKEN: &str = "1/fFAGRNJru1FTz70BzhT3Zg";
/// The access token that the double of Facebook issues.
pub const FACEBOOK_TOKEN: &str = "EAACEdEose0cBAJ3ZCv";

/// A running double. It stops when it is dropped.
#[derive(Debug)]
pub struct Double(Loopback);

impl Double {
    /// Starts a double of Google: the token endpoint and both profile URLs.
    pub fn google() -> Self {
        Self::of(|_| Google::default())
    }

    /// Starts a double of Facebook's Graph API.
    pub fn facebook() -> Self {
        Self::of(|_| Facebook::new(false))
    }

    /// Starts a double of Facebook before March 2017, when token responses were forms.
    pub fn facebook_before_2017() -> Self {
        Self::of(|_| Facebook::new(true))
    }

    /// Starts a double of version 1.1 of Twitter's API.
    pub fn twitter() -> Self {
        Self::of(Twitter::new)
    }

    /// Starts a double of version 1 of Dropbox's API, with OAuth 1.0 of 2007.
    pub fn dropbox() -> Self {
        Self::of(Dropbox::new)
    }

    fn of<S: Service + Send + 'static>(service: impl FnOnce(&str) -> S) -> Self {
        Self(Loopback::start(|origin| {
            let service = service(origin);
            move |request: &Request| service.respond(request).unwrap_or_else(|refusal| refusal)
        }))
    }

    /// Returns the origin of the double: `http://127.0.0.1:` and the port.
    pub fn origin(&self) -> String {
        self.0.origin()
    }
}

/// The response of a double. The error is a refusal.
type Answer = Result<Response, Response>;

trait Service {
    fn respond(&self, request: &Request) -> Answer;
}

/// The issued codes, each with the parameters of its authorization request.
#[derive(Default)]
struct Codes(RefCell<BTreeMap<String, BTreeMap<String, String>>>);

impl Codes {
    /// Responds to an authorization request. Jane grants it at once.
    fn authorize(&self, request: &Request) -> Answer {
        let asked = query(request);
        let is = |name: &str, value: &str| asked.get(name).is_some_and(|own| own == value);
        let complete =
            ["state", "code_challenge", "scope"].iter().all(|name| asked.contains_key(*name));
        if !(complete
            && is("response_type", "code")
            && is("client_id", CLIENT)
            && is("redirect_uri", CALLBACK))
        {
            return Err(status(StatusCode::BAD_REQUEST));
        }
        // Codes of Google contain a slash.
        let code = format!("4/P7q7W91a-oMsCeLvIaQm6bTrgtp7+{}", self.0.borrow().len());
        let url = format!(
            "{CALLBACK}&{}",
            form::encode([("state", asked["state"].as_str()), ("code", &code)])
        );
        self.0.borrow_mut().insert(code, asked);
        Ok(redirect(&url))
    }

    /// Checks a token request (RFC 6749 §4.1.3, RFC 7636 §4.6). The error describes the first
    /// fault.
    fn redeem(&self, request: &Request) -> Result<(), &'static str> {
        let sent = fields(request.body());
        let get = |name: &str| sent.get(name).map(String::as_str);
        let asked =
            get("code").and_then(|code| self.0.borrow_mut().remove(code)).ok_or("no such code")?;
        let challenge =
            BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(get("code_verifier").unwrap_or_default()));
        let proven =
            asked["code_challenge"] == challenge && asked["code_challenge_method"] == "S256";
        let one_of = |met: bool, otherwise| if met { Ok(()) } else { Err(otherwise) };
        one_of(
            request.method() == Method::POST && request.headers()[CONTENT_TYPE] == form::MEDIA_TYPE,
            "no form",
        )?;
        one_of(!request.headers().contains_key(AUTHORIZATION), "the secret belongs into the body")?;
        one_of(get("grant_type") == Some("authorization_code"), "another grant")?;
        one_of(
            get("client_id") == Some(CLIENT) && get("client_secret") == Some(SECRET),
            "another client",
        )?;
        one_of(
            get("redirect_uri") == asked.get("redirect_uri").map(String::as_str),
            "another redirect_uri",
        )?;
        one_of(proven, "another proof key")
    }
}

fn store() -> MemoryStore {
    let store = MemoryStore::default();
    store.add_client(CLIENT, ClientRecord::with_secret(SECRET).unwrap());
    store
}

fn query(request: &Request) -> BTreeMap<String, String> {
    fields(request.uri().query().unwrap_or_default().as_bytes())
}

/// Returns the fields of a form. Panics if a field is repeated.
fn fields(form: &[u8]) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    for (name, value) in form::pairs(form) {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        assert!(
            fields.insert(text(&name), text(&value)).is_none(),
            "{} stands there twice",
            text(&name)
        );
    }
    fields
}

fn bearer(request: &Request) -> Option<&str> {
    request.headers().get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

#[allow(clippy::needless_pass_by_value, reason = "what `json!` makes")]
fn answer(value: Value) -> Response {
    typed("application/json; charset=utf-8", value.to_string())
}

fn refusal(code: u16, value: Value) -> Response {
    let mut response = answer(value);
    *response.status_mut() = StatusCode::from_u16(code).expect("a status");
    response
}

fn typed(content_type: &'static str, text: String) -> Response {
    let mut response = Response::new(text.into_bytes());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn redirect(url: &str) -> Response {
    let mut response = status(StatusCode::FOUND);
    response.headers_mut().insert(LOCATION, HeaderValue::from_str(url).expect("a URL"));
    response
}

fn status(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}
