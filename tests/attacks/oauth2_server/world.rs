//! An authorization server whose requests are made by hand: no client of ours is in the way of a wrong one.

use std::cell::Cell;

use http::Request;
use oauth_proto::oauth2::server::{
    Claim, ClientRecord, Consent, Decide, Decision, Dispatched, Grant, GrantType, MemoryStore, Provider, Reason,
    Rejected, serve, serve_with,
};
use oauth_proto::wire::form;
use oauth_proto::{Moment, Response, Timestamp};
use serde_json::Value;

pub const NOW: u64 = 1_700_000_000;
pub const ISSUER: &str = "https://auth.example.com";
pub const REDIRECT: &str = "https://client.example.com/cb?x=1";
pub const SECRET: &str = "7Fjfp0ZBr1KtDRbnfVdmIw";
pub const OTHER_SECRET: &str = "gX1fBat3bVKtDRbnfVdmIw";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const PASSWORD: &str = "A3ddj3w-of-jane";

/// Who asks: a name and a secret.
pub type Who<'a> = (&'a str, &'a str);

pub const PRINTER: Who<'_> = ("printer", SECRET);
pub const SCANNER: Who<'_> = ("scanner", OTHER_SECRET);

pub struct World {
    pub provider: Provider,
    pub store: MemoryStore,
    pub now: Cell<u64>,
    count: Cell<u64>,
}

pub fn provider() -> Provider {
    Provider::new(ISSUER)
        .unwrap()
        .grant_type(GrantType::authorization_code().scopes("read write").default_scope("read"))
        .grant_type(GrantType::client_credentials().scopes("stats"))
        .grant_type(GrantType::password().scopes("read write"))
        .grant_type(GrantType::device_code().scopes("read"))
        .grant_type(GrantType::implicit().scopes("read write"))
        .grant_type(GrantType::refresh_token())
}

impl Default for World {
    fn default() -> Self {
        Self::new(provider())
    }
}

impl World {
    pub fn new(provider: Provider) -> Self {
        let store = MemoryStore::default();
        store.add_client(ClientRecord::confidential(PRINTER.0, PRINTER.1).redirect_uri(REDIRECT));
        store.add_client(ClientRecord::confidential(SCANNER.0, SCANNER.1).redirect_uri("https://scanner.example.com/"));
        store.add_client(
            ClientRecord::public("app").redirect_uri("http://127.0.0.1/cb").redirect_uri("http://[::1]:7/cb?a"),
        );
        Self { provider, store, now: Cell::new(NOW), count: Cell::new(0) }
    }

    /// With a grant type in place of the one of that name.
    pub fn with(grant_type: GrantType) -> Self {
        Self::new(provider().grant_type(grant_type))
    }

    pub fn moment(&self) -> Moment {
        self.count.set(self.count.get() + 1);
        let mut entropy = [7; 32];
        entropy[..8].copy_from_slice(&self.count.get().to_be_bytes());
        Moment::new(Timestamp::from_secs(self.now.get()), entropy)
    }

    pub fn pass(&self, seconds: u64) {
        self.now.set(self.now.get() + seconds);
    }

    pub fn dispatch(&self, request: &Request<Vec<u8>>) -> Result<Dispatched, Rejected> {
        let decide = |question: Decide| match question.claim {
            Claim::Password { username, password } if password.expose() == PASSWORD => {
                Ok::<_, String>(Decision::Granted(Grant::new(username)))
            }
            _ => Ok(Decision::Denied),
        };
        let end = serve_with(self.provider.dispatch(request, self.moment()), &self.store, decide);
        if let Err(rejected) = &end {
            let shown = format!("{rejected} {rejected:?} {:?}", rejected.reason);
            for secret in [SECRET, OTHER_SECRET, VERIFIER, PASSWORD] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
        end
    }

    /// An authorization request as the browser brings it.
    pub fn authorize(&self, parameters: &[(&str, &str)]) -> Result<Consent, Rejected> {
        let uri = format!("{ISSUER}/authorize?{}", form::encode(parameters.iter().copied()));
        match self.dispatch(&Request::get(uri).body(Vec::new()).unwrap())? {
            Dispatched::Consent(consent) => Ok(consent),
            end => panic!("{end:?}"),
        }
    }

    pub fn grant(&self, consent: Consent) -> Response {
        serve(self.provider.grant(consent, Grant::new("jane"), self.moment()), &self.store).unwrap()
    }

    /// The code that a request brings whose user grants all.
    pub fn code(&self, parameters: &[(&str, &str)]) -> String {
        parameter(&location(&self.grant(self.authorize(parameters).unwrap())), "code").unwrap()
    }

    /// A code of the printer's.
    pub fn printers_code(&self) -> String {
        self.code(&asking("printer", REDIRECT))
    }

    /// A request to an endpoint for clients.
    pub fn post(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Response, Rejected> {
        self.send(posting(path, parameters))
    }

    pub fn send(&self, request: Request<Vec<u8>>) -> Result<Response, Rejected> {
        match self.dispatch(&request)? {
            Dispatched::Respond(response) => Ok(response),
            end => panic!("{end:?}"),
        }
    }

    /// A token request of that client's, with its secret in the body.
    pub fn token(&self, (client_id, secret): Who<'_>, parameters: &[(&str, &str)]) -> Result<Tokens, Rejected> {
        let own = [("client_id", client_id), ("client_secret", secret)];
        self.post("/token", &[&own, parameters].concat()).map(|response| Tokens::read(&response))
    }

    pub fn redeem(&self, who: Who<'_>, code: &str) -> Result<Tokens, Rejected> {
        let parameters = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT)];
        self.token(who, &parameters)
    }

    pub fn refresh(&self, who: Who<'_>, refresh_token: &str, scope: Option<&str>) -> Result<Tokens, Rejected> {
        let mut parameters = vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        parameters.extend(scope.map(|scope| ("scope", scope)));
        self.token(who, &parameters)
    }

    /// The printer's tokens of a grant of everything.
    pub fn tokens(&self) -> Tokens {
        let code = self.code(&[&asking("printer", REDIRECT)[..], &[("scope", "read write")]].concat());
        self.redeem(PRINTER, &code).unwrap()
    }

    /// What the server tells the printer of a token.
    pub fn introspect(&self, token: &str) -> Value {
        let parameters = [("client_id", PRINTER.0), ("client_secret", PRINTER.1), ("token", token)];
        serde_json::from_slice(self.post("/introspect", &parameters).unwrap().body()).unwrap()
    }

    pub fn lives(&self, token: &str) -> bool {
        self.introspect(token)["active"] == true
    }
}

pub fn posting(path: &str, parameters: &[(&str, &str)]) -> Request<Vec<u8>> {
    Request::post(format!("{ISSUER}{path}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form::encode(parameters.iter().copied()).into_bytes())
        .unwrap()
}

/// An honest authorization request.
pub fn asking<'a>(client_id: &'a str, redirect_uri: &'a str) -> [(&'a str, &'a str); 4] {
    [("response_type", "code"), ("client_id", client_id), ("redirect_uri", redirect_uri), ("state", "xyz")]
}

/// A token answer.
#[derive(Debug, PartialEq)]
pub struct Tokens {
    pub access: String,
    pub refresh: Option<String>,
    pub scope: String,
    pub expires_in: u64,
}

impl Tokens {
    fn read(response: &Response) -> Self {
        assert_eq!(
            (response.status().as_u16(), &response.headers()["cache-control"]),
            (200, &"no-store".parse().unwrap())
        );
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        Self {
            access: text("access_token").unwrap(),
            refresh: text("refresh_token"),
            scope: text("scope").unwrap_or_default(),
            expires_in: body["expires_in"].as_u64().unwrap(),
        }
    }

    pub fn refresh_token(&self) -> &str {
        self.refresh.as_deref().unwrap()
    }
}

pub fn location(response: &Response) -> String {
    assert_eq!(response.status(), 303);
    assert_eq!(response.headers()["cache-control"], "no-store");
    response.headers()["location"].to_str().unwrap().to_owned()
}

/// The only value of that name in a URL's query or fragment.
pub fn parameter(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once(['?', '#']).unwrap();
    let pairs = form::pairs(query.as_bytes()).filter(|(own, _)| **own == *name.as_bytes());
    let mut values: Vec<_> = pairs.map(|(_, value)| String::from_utf8(value.into_owned()).unwrap()).collect();
    assert!(values.len() < 2, "{name} twice in {url}");
    values.pop()
}

/// A refusal for the client: its status and its code, in JSON that nobody keeps.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(end: Result<T, Rejected>, status: u16, code: &str) -> Reason {
    let rejected = end.unwrap_err();
    let response = rejected.response();
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!((response.status().as_u16(), body["error"].as_str()), (status, Some(code)), "{rejected}");
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["content-type"], "application/json");
    assert!(!response.headers().contains_key("location"));
    assert_eq!(response.headers().contains_key("www-authenticate"), status == 401);
    rejected.reason
}

/// A refusal on a page: no redirect.
#[track_caller]
pub fn paged<T: std::fmt::Debug>(end: Result<T, Rejected>) -> Reason {
    let rejected = end.unwrap_err();
    let response = rejected.response();
    assert_eq!((response.status().as_u16(), response.headers().get("location")), (400, None), "{rejected}");
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(response.headers()["content-security-policy"], "default-src 'none'");
    assert_eq!(response.headers()["cache-control"], "no-store");
    rejected.reason
}

/// A refusal that goes to the client by the browser: its code.
#[track_caller]
pub fn sent_back<T: std::fmt::Debug>(end: Result<T, Rejected>) -> String {
    let url = location(&end.unwrap_err().response());
    assert_eq!(parameter(&url, "iss").as_deref(), Some(ISSUER));
    assert_eq!(parameter(&url, "state").as_deref(), Some("xyz"), "{url}");
    parameter(&url, "error").unwrap()
}
