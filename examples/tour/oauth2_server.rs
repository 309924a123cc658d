//! A small authorization server and the API behind it, as a script: just enough for the chapters to talk to.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use oauth_proto::wire::form;
use oauth_proto::{Request, Response};
use sha2::{Digest, Sha256};

#[derive(Default)]
pub struct Demo {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Codes, with the challenge that their verifier must fit.
    codes: HashMap<String, String>,
    tokens: HashSet<String>,
    refresh_tokens: HashSet<String>,
    issued: u64,
    /// How often a device has asked; at the third time somebody has entered its code.
    polls: u64,
}

impl Demo {
    pub fn handle(&self, request: &Request) -> Response {
        let query: HashMap<_, _> = pairs(request.uri().query().unwrap_or_default().as_bytes());
        let body: HashMap<_, _> = pairs(request.body());
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match request.uri().path() {
            "/authorize" => state.authorize(&query),
            "/device" => json(
                200,
                r#"{"device_code":"GmRhmhcxhwAzkoEqiMEg","user_code":"WDJB-MJHT","expires_in":300,"interval":1,
                    "verification_uri":"https://example.com/device"}"#,
            ),
            "/token" => state.token(&body),
            "/albums" => state.albums(request),
            "/forget" => {
                state.tokens.clear();
                Response::default()
            }
            _ => answer(404, "text/plain", "no such page"),
        }
    }
}

impl State {
    /// A person has looked at the page and said yes.
    fn authorize(&mut self, query: &HashMap<String, String>) -> Response {
        let code = format!("code-{}", self.codes.len());
        self.codes.insert(code.clone(), query["code_challenge"].clone());
        let mut response = answer(302, "text/plain", "");
        let location =
            format!("{}?{}", query["redirect_uri"], form::encode([("code", &code), ("state", &query["state"])]));
        if let Ok(location) = location.parse() {
            response.headers_mut().insert("location", location);
        }
        response
    }

    fn token(&mut self, body: &HashMap<String, String>) -> Response {
        let granted = match body.get("grant_type").map(String::as_str) {
            Some("authorization_code") => {
                let verifier = body.get("code_verifier").map(String::as_str).unwrap_or_default();
                let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
                self.codes.remove(&body["code"]) == Some(challenge)
            }
            Some("refresh_token") => self.refresh_tokens.remove(&body["refresh_token"]),
            Some("client_credentials") => true,
            Some("urn:ietf:params:oauth:grant-type:device_code") => {
                self.polls += 1;
                if self.polls < 3 {
                    return json(400, r#"{"error":"authorization_pending"}"#);
                }
                true
            }
            _ => false,
        };
        if !granted {
            return json(400, r#"{"error":"invalid_grant"}"#);
        }
        self.issued += 1;
        let (token, refresh) = (format!("access-{}", self.issued), format!("refresh-{}", self.issued));
        self.tokens.insert(token.clone());
        self.refresh_tokens.insert(refresh.clone());
        json(
            200,
            &format!(
                r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":3600,"refresh_token":"{refresh}"}}"#
            ),
        )
    }

    fn albums(&self, request: &Request) -> Response {
        let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        if header.and_then(|header| header.strip_prefix("Bearer ")).is_some_and(|token| self.tokens.contains(token)) {
            return json(200, r#"{"albums":["Beach","Mountains"]}"#);
        }
        let mut response = answer(401, "text/plain", "");
        let challenge = http::HeaderValue::from_static(r#"Bearer error="invalid_token""#);
        response.headers_mut().insert("www-authenticate", challenge);
        response
    }
}

fn pairs(text: &[u8]) -> HashMap<String, String> {
    let text_of = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    form::pairs(text).map(|(name, value)| (text_of(&name), text_of(&value))).collect()
}

fn json(status: u16, body: &str) -> Response {
    answer(status, "application/json", body)
}

fn answer(status: u16, content_type: &str, body: &str) -> Response {
    let response = http::Response::builder().status(status).header("content-type", content_type);
    response.body(body.as_bytes().to_vec()).unwrap_or_default()
}
