//! Arbitrary requests to the endpoints of an authorization server, most of them partly valid: each
//! has a well-formed response after few queries, and redirects only to registered URLs.

use std::collections::HashMap;

use arbitrary::Arbitrary;
use http::Request;
use oauth_proto::Response;
use oauth_proto::oauth2::server::{
    Approval, Consent, DecideGrant, Decision, DeviceConsent, DevicePage, Dispatched,
    GrantCredential, Provider, RejectReason, Rejected, Serve, ServerStep, serve,
};
use oauth_proto::wire::form;

use crate::oauth2_provider::*;

#[derive(Arbitrary, Debug)]
pub struct Input {
    options: Options,
    requests: Vec<Act>,
}

#[derive(Arbitrary, Debug)]
struct Act {
    /// A valid request to begin with: its template and its client.
    template: Option<(u8, u8)>,
    endpoint: u8,
    method: u8,
    below: Option<String>,
    credentials: Credentials,
    parameters: Vec<(Name, Value)>,
    media_type: Option<u8>,
    header: Option<(bool, Vec<u8>)>,
    raw: Option<Vec<u8>>,
    fails_at: Option<u8>,
    pass: u16,
    decision: u8,
}

#[derive(Arbitrary, Debug)]
enum Credentials {
    None,
    Body(u8, bool),
    Basic(u8, bool),
    Bearer(u8),
}

#[derive(Arbitrary, Debug)]
enum Name {
    Known(u8),
    Any(String),
}

#[derive(Arbitrary, Debug)]
enum Value {
    /// A value that fits the name.
    Fit(u8),
    /// A value that the server has issued.
    Given(u8),
    Any(String),
}

const ENDPOINTS: [&str; 11] = [
    "/authorize",
    "/token",
    "/introspect",
    "/revoke",
    "/device_authorization",
    "/device",
    "/par",
    "/register",
    "/.well-known/oauth-authorization-server",
    "/token",
    "/authorize",
];
const CLIENTS: [(&str, &str); 5] =
    [("web", SECRETS[0]), ("other", SECRETS[1]), ("app", ""), ("api", SECRETS[0]), ("nobody", "x")];
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// Names of parameters, and values that fit.
const NAMES: [(&str, &[&str]); 25] = [
    ("response_type", &["code", "token", "code token"]),
    ("client_id", &["web", "other", "app", "nobody"]),
    (
        "redirect_uri",
        &[REDIRECTS[0].1, REDIRECTS[1].1, REDIRECTS[2].1, "http://127.0.0.1:81/cb", REDIRECTS[3].1],
    ),
    ("scope", &["read", "read write", "write", "stats", "read,write", "admin"]),
    ("state", &["xyz", "a&b=c#d\r\nx: y", "\"><script>\u{1f511}"]),
    ("response_mode", &["query", "fragment", "form_post"]),
    ("code_challenge", &["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", VERIFIER]),
    ("code_challenge_method", &["S256", "plain"]),
    ("code_verifier", &[VERIFIER]),
    ("resource", &[RESOURCES[0], RESOURCES[1], "https://c.example/"]),
    (
        "grant_type",
        &[
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "password",
            DEVICE,
            EXCHANGE,
            "urn:x:voucher",
        ],
    ),
    ("code", &["x"]),
    ("refresh_token", &["x"]),
    ("device_code", &["x"]),
    ("user_code", &["BCDF-GHJK"]),
    ("request_uri", &["urn:ietf:params:oauth:request_uri:x"]),
    ("token", &["x"]),
    ("username", &["jane"]),
    ("password", &[PASSWORD, "wrong"]),
    ("subject_token", &["x"]),
    (
        "subject_token_type",
        &[
            "urn:ietf:params:oauth:token-type:access_token",
            "urn:ietf:params:oauth:token-type:refresh_token",
        ],
    ),
    ("actor_token", &["x"]),
    ("actor_token_type", &["urn:ietf:params:oauth:token-type:access_token"]),
    ("client_secret", &[SECRETS[0], SECRETS[1], "wrong"]),
    ("request", &["x"]),
];

/// The paths and parameters of valid requests. `^` is the last value that the server has issued,
/// `^^` is the value before, and `@` is the redirect_uri of the client.
const TEMPLATES: [(&str, &[(&str, &str)]); 16] = [
    (
        "/authorize",
        &[
            ("response_type", "code"),
            ("redirect_uri", "@"),
            ("scope", "read"),
            ("state", "a b"),
            CHALLENGE,
            S256,
        ],
    ),
    (
        "/token",
        &[
            ("grant_type", "authorization_code"),
            ("code", "^"),
            ("redirect_uri", "@"),
            ("code_verifier", VERIFIER),
        ],
    ),
    ("/token", &[("grant_type", "refresh_token"), ("refresh_token", "^")]),
    (
        "/authorize",
        &[("response_type", "token"), ("redirect_uri", "@"), ("scope", "read"), ("state", "xyz")],
    ),
    ("/device_authorization", &[("scope", "read")]),
    ("/device", &[("user_code", "^")]),
    ("/token", &[("grant_type", DEVICE), ("device_code", "^^")]),
    (
        "/par",
        &[
            ("response_type", "code"),
            ("redirect_uri", "@"),
            ("scope", "read"),
            ("state", "a&b"),
            CHALLENGE,
            S256,
        ],
    ),
    ("/authorize", &[("request_uri", "^")]),
    (
        "/token",
        &[
            ("grant_type", "password"),
            ("username", "jane"),
            ("password", PASSWORD),
            ("scope", "read"),
        ],
    ),
    (
        "/token",
        &[("grant_type", EXCHANGE), ("subject_token", "^^"), ("subject_token_type", ACCESS)],
    ),
    ("/introspect", &[("token", "^^")]),
    ("/revoke", &[("token", "^^")]),
    (
        "/register",
        &[
            ("redirect_uri", "https://new.example/cb"),
            ("grant_type", "authorization_code"),
            ("client_name", "New"),
        ],
    ),
    ("/token", &[("grant_type", "client_credentials"), ("scope", "stats")]),
    ("/token", &[("grant_type", "urn:x:voucher"), ("scope", "read"), ("voucher", "x")]),
];
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const CHALLENGE: (&str, &str) = ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
const S256: (&str, &str) = ("code_challenge_method", "S256");

/// Parameters whose values may be secrets.
const SECRET_NAMES: [&str; 10] = [
    "code",
    "refresh_token",
    "device_code",
    "request_uri",
    "token",
    "subject_token",
    "actor_token",
    "client_secret",
    "password",
    "code_verifier",
];

/// A server, and the values that it has issued.
struct RawServer {
    provider: Provider,
    store: Counted,
    clock: Clock,
    /// The issued codes, tokens and other values, in their order.
    given: Vec<String>,
    /// The state and the client of each pushed request.
    pushed: HashMap<String, (Option<String>, String)>,
}

/// The client to which a redirect must lead, and its state.
struct Asked {
    client: String,
    state: Option<String>,
}

pub fn run(input: Input) {
    let clock = Clock::at(1_000_000);
    let provider = provider(input.options);
    let mut server = RawServer {
        provider,
        store: Counted::default(),
        clock,
        given: Vec::new(),
        pushed: HashMap::new(),
    };
    for act in input.requests.into_iter().take(24) {
        server.clock.now += u64::from(act.pass);
        server.act(act);
    }
}

impl RawServer {
    fn act(&mut self, act: Act) {
        let template = act.template.map(|(at, _)| TEMPLATES[usize::from(at) % TEMPLATES.len()].0);
        let endpoint = template.unwrap_or(ENDPOINTS[usize::from(act.endpoint) % ENDPOINTS.len()]);
        let mut endpoint = endpoint.to_owned();
        let parameters = self.parameters(&act);
        let encoded =
            form::encode(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let in_query = matches!(endpoint.as_str(), "/authorize" | "/device") && act.raw.is_none();
        if let Some(below) = act.below.as_ref().filter(|_| endpoint == "/register") {
            let below = if below.is_empty() {
                self.given.last().cloned().unwrap_or_default()
            } else {
                below.clone()
            };
            endpoint = format!("{endpoint}/{below}");
        }
        let usual = if in_query || endpoint.starts_with("/.well") { "GET" } else { "POST" };
        let method = ["GET", "POST", "PUT", "DELETE", "HEAD"]
            .get(usize::from(act.method))
            .copied()
            .unwrap_or(usual);
        let query = if in_query { format!("?{encoded}") } else { String::new() };
        let mut builder =
            Request::builder().method(method).uri(format!("{ISSUER}{endpoint}{query}"));
        let media_type = match act.media_type {
            Some(0) => "application/json",
            Some(1) => "application/x-www-form-urlencoded; charset=utf-8",
            Some(2) => "application/x-www-form-urlencodedx",
            _ if endpoint.starts_with("/register") => "application/json",
            _ => "application/x-www-form-urlencoded",
        };
        builder = builder.header("content-type", media_type);
        builder = match act.credentials {
            Credentials::Basic(who, right) => {
                let (id, secret) = CLIENTS[usize::from(who) % CLIENTS.len()];
                builder.header("authorization", basic(id, if right { secret } else { "wrong" }))
            }
            Credentials::Bearer(which) => {
                let token = self.given.get(usize::from(which)).map_or(INITIAL, String::as_str);
                builder.header("authorization", format!("Bearer {token}"))
            }
            _ => builder,
        };
        if let Some((is_authorization, value)) = &act.header {
            builder = builder.header(
                if *is_authorization { "authorization" } else { "content-type" },
                value.as_slice(),
            );
        }
        let body = match &act.raw {
            Some(raw) => raw.clone(),
            None if endpoint.starts_with("/register") => metadata(&parameters),
            None => encoded.clone().into_bytes(),
        };
        let Ok(request) = builder.body(if in_query { Vec::new() } else { body }) else { return };
        self.store.asked.set(0);
        self.store.fails_at.set(act.fails_at.map(|at| u32::from(at % 6)));
        let failing = self.store.fails_at.get().is_some();
        let decision = act.decision;
        let decide = |question: DecideGrant| decide(&question, decision);
        let end = Serve::new(&self.store)
            .decide_grant(decide)
            .run(self.provider.dispatch(&request, self.clock.moment()));
        self.store.fails_at.set(None);
        let misplaced = self.misplaces_secrets(&act, &parameters);
        let asked = asked(&parameters, &self.pushed);
        match end {
            Ok(Dispatched::Respond(response)) => self.note(&response, &endpoint, &parameters),
            Ok(Dispatched::Consent(consent)) => self.consent(consent, &asked, decision),
            Ok(Dispatched::Device(page)) => self.device(page, decision),
            Ok(page) => unreachable!("{page:?}"),
            Err(rejected) => {
                if !misplaced {
                    shows_no_secret(&rejected, &self.given);
                }
                let failing = failing || decision % 5 == 3;
                assert!(failing || !matches!(rejected.reason, RejectReason::StoreFailed(_)));
                self.refused(&rejected, &asked);
            }
        }
    }

    fn parameters(&self, act: &Act) -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> = Vec::new();
        let given = |back: usize| self.given.iter().rev().nth(back).cloned().unwrap_or_default();
        if let Some((at, who)) = act.template {
            let (endpoint, parameters) = TEMPLATES[usize::from(at) % TEMPLATES.len()];
            let (id, secret) = CLIENTS[usize::from(who) % 3];
            if endpoint != "/register" && !matches!(act.credentials, Credentials::Body(..)) {
                all.push(("client_id".to_owned(), id.to_owned()));
            }
            if !matches!(endpoint, "/register" | "/authorize" | "/device")
                && matches!(act.credentials, Credentials::None)
            {
                all.push(("client_secret".to_owned(), secret.to_owned()));
            }
            all.extend(parameters.iter().map(|(name, value)| {
                let value = match *value {
                    "^" => given(0),
                    "^^" => given(1),
                    "@" => REDIRECTS
                        .iter()
                        .find(|(own, _)| *own == id)
                        .map_or("", |(_, uri)| uri)
                        .to_owned(),
                    value => value.to_owned(),
                };
                ((*name).to_owned(), value)
            }));
        }
        if let Credentials::Body(who, right) = act.credentials {
            let (id, secret) = CLIENTS[usize::from(who) % CLIENTS.len()];
            all.push(("client_id".to_owned(), id.to_owned()));
            if !secret.is_empty() {
                all.push((
                    "client_secret".to_owned(),
                    if right { secret } else { "wrong" }.to_owned(),
                ));
            }
        }
        for (name, value) in act.parameters.iter().take(70) {
            let (name, fit) = match name {
                Name::Known(at) => NAMES[usize::from(*at) % NAMES.len()],
                Name::Any(name) => (name.as_str(), &["x"][..]),
            };
            let value = match value {
                Value::Fit(at) => fit[usize::from(*at) % fit.len()].to_owned(),
                Value::Given(back) if SECRET_NAMES.contains(&name) || name == "user_code" => {
                    let at = self
                        .given
                        .len()
                        .checked_sub(1 + usize::from(*back) % self.given.len().max(1));
                    at.map_or_else(String::new, |at| self.given[at].clone())
                }
                Value::Given(_) => String::new(),
                Value::Any(value) => value.clone(),
            };
            all.push((name.to_owned(), value));
        }
        all
    }

    /// Returns whether the request has a secret in a wrong place. A refusal may quote the text of
    /// that place.
    fn misplaces_secrets(&self, act: &Act, parameters: &[(String, String)]) -> bool {
        let known = SECRETS
            .into_iter()
            .chain([PASSWORD, INITIAL])
            .chain(self.given.iter().map(String::as_str));
        let elsewhere = parameters.iter().flat_map(|(name, value)| {
            [Some(name), Some(value).filter(|_| !SECRET_NAMES.contains(&name.as_str()))]
                .into_iter()
                .flatten()
        });
        let elsewhere: Vec<_> = elsewhere.cloned().collect();
        let raw = [act.raw.as_deref(), act.header.as_ref().map(|(_, value)| value.as_slice())];
        let raw = raw.map(|bytes| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned());
        known
            .into_iter()
            .any(|secret| elsewhere.iter().chain(&raw).any(|text| text.contains(secret)))
    }

    fn refused(&self, rejected: &Rejected, asked: &Asked) {
        let response = rejected.response();
        well_formed(&response);
        // An error may be sent to the client by a form that submits itself.
        let is_form = response
            .headers()
            .get("content-type")
            .is_some_and(|value| value == "text/html; charset=utf-8");
        assert!(response.status() != 200 || is_form, "a refusal that looks like none: {rejected}");
        self.check_redirect(&response, asked);
    }

    /// Asserts that a redirect leads to the client of the request, with its state and one result.
    fn check_redirect(&self, response: &Response, asked: &Asked) -> Option<Vec<(String, String)>> {
        let location = response.headers().get("location")?.to_str().unwrap();
        let parameters = brought(location, &asked.client)
            .unwrap_or_else(|| panic!("{} to {location}", asked.client));
        let all = |name: &str| -> Vec<_> {
            parameters
                .iter()
                .filter(|(own, _)| own == name)
                .map(|(_, value)| value.clone())
                .collect()
        };
        assert_eq!(all("state"), asked.state.iter().cloned().collect::<Vec<_>>(), "{location}");
        assert_eq!(all("iss"), [ISSUER]);
        assert_eq!(
            ["code", "access_token", "error"]
                .into_iter()
                .map(|name| all(name).len())
                .sum::<usize>(),
            1
        );
        // A token must be in the fragment.
        assert!(
            all("access_token").is_empty() || location.contains("#access_token="),
            "{location}"
        );
        Some(parameters)
    }

    fn note(&mut self, response: &Response, endpoint: &str, parameters: &[(String, String)]) {
        well_formed(response);
        let Ok(body) = serde_json::from_slice::<serde_json::Value>(response.body()) else { return };
        if endpoint == "/.well-known/oauth-authorization-server" || endpoint == "/introspect" {
            return;
        }
        for name in [
            "access_token",
            "refresh_token",
            "device_code",
            "request_uri",
            "client_secret",
            "registration_access_token",
        ] {
            if let Some(value) = body[name].as_str() {
                self.given.push(value.to_owned());
            }
        }
        if let Some(uri) = body["request_uri"].as_str() {
            let Asked { client, state } = asked(parameters, &HashMap::new());
            self.pushed.insert(uri.to_owned(), (state, client));
        }
        if let Some(code) = body["user_code"].as_str() {
            self.given.push(code.to_owned());
            let step = self.provider.find_device(code, code, self.clock.moment().now);
            serve(step, &self.store.inner).unwrap();
        }
    }

    fn consent(&mut self, consent: Consent, asked: &Asked, decision: u8) {
        // The consent is stored and read, as during a login page.
        let stored = serde_json::to_string(&consent).unwrap();
        let consent: Consent = serde_json::from_str(&stored).unwrap();
        assert_eq!(consent.client_id, asked.client);
        self.store.asked.set(0);
        let response = match decision % 4 {
            0 => self.end(self.provider.deny(consent)),
            1 => self.end(self.provider.redirect_with_error(consent, "login_required")),
            _ => {
                let mut grant = Approval::new("jane");
                if decision % 4 == 2
                    && let Some(word) = consent.scope.iter().next()
                {
                    grant = grant.scope(word);
                }
                let moment = self.clock.moment();
                self.end(self.provider.approve(consent, grant, moment))
            }
        };
        well_formed(&response);
        for (name, value) in self.check_redirect(&response, asked).unwrap_or_default() {
            if name == "code" || name == "access_token" {
                self.given.push(value);
            }
        }
    }

    fn end(&self, step: ServerStep<Response>) -> Response {
        serve(step, &self.store).unwrap_or_else(|rejected| panic!("{rejected:?}"))
    }

    fn device(&mut self, page: DevicePage, decision: u8) {
        let Some(user_code) = page.user_code else { return };
        self.store.asked.set(0);
        let Ok(device) = serve(
            self.provider.find_device(&user_code, "jane", self.clock.moment().now),
            &self.store,
        ) else {
            return;
        };
        let device: DeviceConsent =
            serde_json::from_str(&serde_json::to_string(&device).unwrap()).unwrap();
        self.store.asked.set(0);
        let moment = self.clock.moment();
        let step: ServerStep<()> = match decision % 2 {
            0 => self.provider.approve_device(device, Approval::new("jane"), moment),
            _ => self.provider.deny_device(device, moment),
        };
        serve(step, &self.store).unwrap();
    }
}

fn basic(id: &str, secret: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text = format!("{id}:{secret}");
    let mut out = "Basic ".to_owned();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk
            .iter()
            .chain(&[0, 0])
            .take(3)
            .fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        for at in 0..4 {
            let digit = DIGITS[bits >> (18 - 6 * at) & 63];
            out.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

/// Makes client metadata from the parameters. Some members are lists.
fn metadata(parameters: &[(String, String)]) -> Vec<u8> {
    let mut members = serde_json::Map::new();
    for (name, value) in parameters {
        let (name, value) = match name.as_str() {
            "redirect_uri" => ("redirect_uris", serde_json::json!([value])),
            "grant_type" => ("grant_types", serde_json::json!([value])),
            "response_type" => ("response_types", serde_json::json!([value])),
            other => (other, value.as_str().into()),
        };
        members.insert(name.to_owned(), value);
    }
    serde_json::to_vec(&members).unwrap()
}

fn decide(question: &DecideGrant, decision: u8) -> Result<Decision, &'static str> {
    let _ = format!("{question:?}");
    Ok(match &question.credential {
        GrantCredential::Password { password, .. } if password.expose() != PASSWORD => {
            Decision::Denied
        }
        _ if decision % 5 == 1 => Decision::Denied,
        _ if decision % 5 == 2 => Decision::Refused {
            code: "invalid_target".to_owned(),
            description: "not \"there\"\r\n".to_owned(),
        },
        _ if decision % 5 == 3 => return Err("nobody is in"),
        _ => Decision::Granted(Approval::new("jane")),
    })
}

/// Returns the client and the state of a request, or those of the pushed request.
fn asked(
    parameters: &[(String, String)],
    pushed: &HashMap<String, (Option<String>, String)>,
) -> Asked {
    let get = |name: &str| {
        let mut values = parameters.iter().filter(|(own, value)| own == name && !value.is_empty());
        values.next().map(|(_, value)| value.clone())
    };
    let known = get("request_uri").and_then(|uri| pushed.get(&uri).cloned());
    let (state, client) =
        known.unwrap_or_else(|| (get("state"), get("client_id").unwrap_or_default()));
    Asked { client, state }
}
