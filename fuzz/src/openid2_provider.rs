//! Any message to a provider: the provider always responds, and confirms only its own assertions,
//! each once.

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use oauth_proto::openid2::server::{Approval, Dispatched, Identity, serve};
use oauth_proto::{Request, Response};

use crate::openid2_pair::{CLAIMED, JANE, OpenIdPair};

#[derive(Arbitrary, Debug)]
pub struct Input {
    openid1: bool,
    association: bool,
    messages: Vec<Message>,
}

#[derive(Arbitrary, Debug)]
struct Message {
    begin: Begin,
    changes: Vec<(Name, Value)>,
    post: bool,
    content_type: bool,
    raw: Option<String>,
    /// Whether the user consents.
    approves: bool,
    user: Value,
}

/// The template of a message.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
enum Begin {
    Nothing,
    /// A relying party's request to confirm an assertion of this provider.
    Confirm,
    /// An authentication request, with which a user is sent to the provider.
    CheckIdRequest,
    Associate,
}

#[derive(Arbitrary, Debug)]
enum Name {
    Known(u8),
    Any(String),
}

#[derive(Arbitrary, Debug)]
enum Value {
    Gone,
    Known(u8),
    Any(String),
}

const NAMES: &[&str] = &[
    "ns",
    "mode",
    "claimed_id",
    "identity",
    "return_to",
    "realm",
    "trust_root",
    "assoc_handle",
    "invalidate_handle",
    "assoc_type",
    "session_type",
    "dh_modulus",
    "dh_gen",
    "dh_consumer_public",
    "signed",
    "sig",
    "response_nonce",
    "ns.ax",
    "ax.mode",
    "ax.required",
    "ax.type.a",
    "sreg.required",
];

const VALUES: &[&str] = &[
    "",
    "checkid_setup",
    "checkid_immediate",
    "associate",
    "check_authentication",
    "http://specs.openid.net/auth/2.0",
    "http://specs.openid.net/auth/2.0/identifier_select",
    "https://op.example/id/jane",
    "https://rp.example/",
    "https://rp.example/back?x=1#y",
    "https://*.example.com/",
    "https://*.com/",
    "http://rp.example/",
    "HMAC-SHA1",
    "HMAC-SHA256",
    "DH-SHA1",
    "DH-SHA256",
    "no-encryption",
    "AQ==",
    "mode",
    "fetch_request",
    "a\nb",
];

pub fn run(input: Input) {
    let pair = OpenIdPair::new(input.openid1);
    let discovered = pair.discovered(CLAIMED);
    let association = if input.association { pair.associated(&discovered) } else { None };
    let authorization = pair.begun(&discovered, association);
    let answered: BTreeMap<_, _> = pair
        .answered(&authorization)
        .into_iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("openid.")?.to_owned(), value)))
        .collect();
    let url = authorization.url().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let asked: BTreeMap<_, _> =
        crate::reference::decode_form(url.split_once('?').unwrap().1.as_bytes())
            .into_iter()
            .map(|(name, value)| (text(name)["openid.".len()..].to_owned(), text(value)))
            .collect();
    let mut confirmed = 0;
    for message in input.messages.iter().take(8) {
        let (request, confirms) = message.request(&answered, &asked);
        match serve(pair.provider.dispatch(&request, pair.moment()), &pair.confirmed) {
            Ok(Dispatched::Respond(response)) => {
                let body = String::from_utf8(response.into_body()).unwrap();
                if body.lines().any(|line| line == "is_valid:true") {
                    assert!(confirms && !input.association, "{request:?}");
                    confirmed += 1;
                }
            }
            Ok(Dispatched::CheckIdRequest(check_id)) => {
                let returns = check_id.return_to.is_some();
                let local_id = match (&message.user, &check_id.identity) {
                    (Value::Gone, Identity::Claimed { local_id, .. }) => local_id.clone(),
                    (Value::Any(text), _) => text.clone(),
                    _ => JANE.to_owned(),
                };
                let stored = serde_json::to_string(&check_id).unwrap();
                assert_eq!(*check_id, serde_json::from_str(&stored).unwrap());
                let step = if message.approves {
                    pair.provider.approve(*check_id, Approval::new(local_id), pair.moment())
                } else {
                    pair.provider.deny(*check_id)
                };
                let response =
                    serve(step, &pair.confirmed).unwrap_or_else(|rejected| rejected.response());
                leads_back(&response, returns);
            }
            Err(rejected) => {
                let status = rejected.response().status().as_u16();
                assert!(matches!(status, 200 | 303 | 400 | 405), "{status}");
            }
        }
    }
    assert!(confirmed <= 1, "confirmed {confirmed} times");
}

/// Asserts that the response is a redirect or a form, or empty if there is no `return_to`.
fn leads_back(response: &Response, returns: bool) {
    match response.status().as_u16() {
        303 => assert!(returns && response.headers().contains_key("location")),
        200 => assert!(returns && response.body().starts_with(b"<!DOCTYPE html>")),
        status => assert_eq!((status, returns), (204, false)),
    }
}

impl Message {
    /// Returns the request, and whether all signed fields are those of the assertion.
    fn request(
        &self,
        answered: &BTreeMap<String, String>,
        asked: &BTreeMap<String, String>,
    ) -> (Request, bool) {
        let mut fields = match self.begin {
            Begin::Nothing => BTreeMap::new(),
            Begin::Confirm => {
                let mut fields = answered.clone();
                fields.insert("mode".into(), "check_authentication".into());
                fields
            }
            Begin::CheckIdRequest => asked.clone(),
            Begin::Associate => [
                ("ns", "http://specs.openid.net/auth/2.0"),
                ("mode", "associate"),
                ("assoc_type", "HMAC-SHA256"),
                ("session_type", "no-encryption"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        };
        for (name, value) in &self.changes {
            let name = match name {
                Name::Known(at) => NAMES[usize::from(*at) % NAMES.len()].to_owned(),
                Name::Any(name) => name.clone(),
            };
            match value {
                Value::Gone => drop(fields.remove(&name)),
                Value::Known(at) => {
                    drop(fields.insert(name, VALUES[usize::from(*at) % VALUES.len()].to_owned()))
                }
                Value::Any(text) => drop(fields.insert(name, text.clone())),
            }
        }
        let signed = answered["signed"].split(',').chain(["signed", "sig"]);
        let confirms = signed.into_iter().all(|name| fields.get(name) == answered.get(name));
        let pairs = fields.iter().map(|(name, value)| (format!("openid.{name}"), value));
        let mut form = oauth_proto::wire::form::encode(pairs);
        form.extend(self.raw.iter().flat_map(|raw| ["&", raw.as_str()]));
        let mut request = Request::default();
        *request.uri_mut() = "https://op.example/openid".parse().unwrap();
        if self.post {
            *request.method_mut() = http::Method::POST;
            *request.body_mut() = form.into_bytes();
            if self.content_type || self.begin == Begin::Confirm {
                let form = http::HeaderValue::from_static("application/x-www-form-urlencoded");
                request.headers_mut().insert("content-type", form);
            }
        } else if let Ok(uri) = format!("https://op.example/openid?{form}").parse() {
            *request.uri_mut() = uri;
        }
        (request, confirms)
    }
}
