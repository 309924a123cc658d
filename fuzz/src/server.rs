//! Arbitrary requests, and valid requests in arbitrary order, at one OAuth 1.0a server. A model
//! says which of them may succeed.

use std::collections::BTreeSet;

use arbitrary::Arbitrary;
use http::Request;
use oauth_proto::oauth1::server::store::{ClientRecord, MemoryStore};
use oauth_proto::oauth1::server::{
    AfterConsent, Approval, Consent, Dispatched, Provider, Rejected, Verifier, serve,
};
use oauth_proto::oauth1::{
    Authorization, Authorize, Client, ClientCredentials, Pending, Server, Session,
};
use oauth_proto::{Moment, Response, Step, Timestamp};

#[derive(Arbitrary, Debug)]
pub enum Act {
    /// An arbitrary request.
    Raw {
        method: Vec<u8>,
        target: Vec<u8>,
        host: Option<Vec<u8>>,
        authorization: Option<Vec<u8>>,
        form: bool,
        body: Vec<u8>,
    },
    /// A client requests temporary credentials with this callback.
    Begin { callback: Option<String> },
    /// The user decides about one of the pending authorizations.
    Decide { which: usize, grant: bool },
    /// A client redeems a pending authorization, with the right or another verifier.
    Redeem { which: usize, right: bool },
    /// A client calls the protected resource with one of the tokens.
    Call { which: usize },
    /// The clock advances.
    Pass(u16),
}

const ORIGIN: &str = "https://a.example";

pub type Input = Vec<Act>;

/// A pending authorization as a client stores it, and the verifier once the user has granted
/// access.
struct Open {
    stored: String,
    url: String,
    verifier: Option<String>,
    used: bool,
}

/// Returns the request with another path.
fn at(path: &str, request: &Request<Vec<u8>>) -> Request<Vec<u8>> {
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = format!("{path}{query}").parse().ok();
    let mut request = request.clone();
    if let Ok(uri) = http::Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    request
}

/// Returns the response of an endpoint for clients.
fn response(dispatched: Dispatched) -> Response {
    match dispatched {
        Dispatched::Respond(response) => response,
        other => panic!("{other:?}"),
    }
}

/// Returns the consent of the endpoint for users.
fn question(dispatched: Dispatched) -> Consent {
    match dispatched {
        Dispatched::Consent(consent) => consent,
        other => panic!("{other:?}"),
    }
}

pub fn run(acts: Input) {
    let store = MemoryStore::default();
    store.add_client("key", ClientRecord::with_secret("client-secret").unwrap());
    let provider = Provider::builder(Verifier::new(ORIGIN).unwrap()).build().unwrap();
    let server =
        Server::new("https://a.example/1", "https://a.example/2", "https://a.example/3").unwrap();
    let client = Client::new(server, ClientCredentials::new("key", "client-secret"));
    let mut now = 1_000_000;
    let mut counter: u64 = 0;
    let mut entropy = move || {
        counter += 1;
        let mut entropy = [0; 32];
        entropy[..8].copy_from_slice(&counter.to_be_bytes());
        entropy
    };
    let mut open: Vec<Open> = Vec::new();
    let mut tokens = Vec::new();
    let mut seen = BTreeSet::new();

    for act in acts.into_iter().take(64) {
        let mut moment = || Moment::new(Timestamp::from_secs(now), entropy());
        match act {
            Act::Raw { method, target, host, authorization, form, body } => {
                let Some(request) = raw(&method, &target, host, authorization, form, body) else {
                    continue;
                };
                check(serve(provider.verifier().verify(&request, moment()), &store).unwrap_err());
                for path in ["/initiate", "/token", "/authorize"] {
                    let request = at(path, &request);
                    match serve(provider.dispatch(&request, moment()), &store) {
                        Err(rejected) => check(rejected),
                        Ok(dispatched) => drop(question(dispatched)),
                    }
                }
            }
            Act::Begin { callback } => {
                let authorize = callback.map_or_else(Authorize::out_of_band, Authorize::callback);
                let Ok(Step::Send(request, sent)) = client.authorize(authorize, moment()) else {
                    continue;
                };
                match serve(provider.dispatch(&request, moment()).map(response), &store) {
                    Ok(response) => {
                        let Ok(Step::Done(authorization)) = sent.receive(response, moment()) else {
                            panic!("expected the end of the conversation")
                        };
                        let Authorization { url, pending, .. } = authorization;
                        assert!(
                            seen.insert(pending.token().to_owned()),
                            "the same credentials twice"
                        );
                        let stored = serde_json::to_string(&pending).unwrap();
                        open.push(Open { stored, url, verifier: None, used: false });
                    }
                    Err(rejected) => check(rejected),
                }
            }
            Act::Decide { which, grant } => {
                if open.is_empty() {
                    continue;
                }
                let which = which % open.len();
                let Open { url, verifier, used, .. } = &mut open[which];
                let request = Request::get(url.as_str()).body(Vec::new()).unwrap();
                let consent =
                    match serve(provider.dispatch(&request, moment()).map(question), &store) {
                        Ok(consent) => consent,
                        Err(rejected) => {
                            check(rejected);
                            continue;
                        }
                    };
                assert!(!*used && verifier.is_none());
                let step = if grant {
                    provider.approve(consent, Approval::new("jane"), moment())
                } else {
                    provider.deny(consent, moment())
                };
                match serve(step, &store).unwrap() {
                    AfterConsent::Redirect(response) => {
                        well_formed(&response);
                        let location = response.headers()["location"].to_str().unwrap();
                        let code = location.split("oauth_verifier=").last().filter(|_| grant);
                        *verifier =
                            code.map(|code| code.split(['&', '#']).next().unwrap().to_owned());
                    }
                    AfterConsent::ShowVerifier(code) => *verifier = Some(code.expose().to_owned()),
                    AfterConsent::ShowDenied => assert!(!grant),
                }
                *used = !grant;
            }
            Act::Redeem { which, right } => {
                if open.is_empty() {
                    continue;
                }
                let which = which % open.len();
                let Open { stored, url: _, verifier, used } = &mut open[which];
                let pending: Pending = serde_json::from_str(stored).unwrap();
                let code =
                    verifier.clone().filter(|_| right).unwrap_or_else(|| "guessed".to_owned());
                let Ok(Step::Send(request, sent)) =
                    client.redeem_verifier(pending, &code, moment())
                else {
                    continue;
                };
                match serve(provider.dispatch(&request, moment()).map(response), &store) {
                    Ok(response) => {
                        assert!(right && verifier.is_some() && !*used, "a token for nothing");
                        let Ok(Step::Done(token)) = sent.receive(response, moment()) else {
                            panic!("expected a token")
                        };
                        assert!(
                            seen.insert(token.credentials.token.clone()),
                            "the same token twice"
                        );
                        tokens.push(token);
                    }
                    Err(rejected) => check(rejected),
                }
                // A verifier can be tried only once.
                *used = true;
            }
            Act::Call { which } => {
                if tokens.is_empty() {
                    continue;
                }
                let token = &tokens[which % tokens.len()];
                let mut request =
                    Request::get("https://a.example/photos?x=1").body(Vec::new()).unwrap();
                Session::new(&client, token.clone()).sign(&mut request, moment()).unwrap();
                let verified =
                    serve(provider.verifier().verify(&request, moment()), &store).unwrap();
                assert_eq!(verified.token.as_deref(), Some(token.credentials.token.as_str()));
            }
            Act::Pass(seconds) => now += u64::from(seconds),
        }
    }
}

fn raw(
    method: &[u8],
    target: &[u8],
    host: Option<Vec<u8>>,
    authorization: Option<Vec<u8>>,
    form: bool,
    body: Vec<u8>,
) -> Option<Request<Vec<u8>>> {
    let mut builder = Request::builder().method(method).uri(target);
    let content_type = form.then(|| b"application/x-www-form-urlencoded".to_vec());
    for (name, value) in
        [("host", host), ("authorization", authorization), ("content-type", content_type)]
    {
        if let Some(value) = value {
            builder = builder.header(name, value);
        }
    }
    builder.body(body).ok()
}

fn check(rejected: Rejected) {
    well_formed(&rejected.response());
    assert!(rejected.response().status().as_u16() >= 400);
    let shown = format!("{rejected:?} {}", rejected.reason);
    assert!(!shown.contains("client-secret"), "{shown}");
}

fn well_formed(response: &Response) {
    assert!(
        response
            .headers()
            .values()
            .all(|value| !value.as_bytes().iter().any(|byte| matches!(byte, b'\r' | b'\n')))
    );
    assert_eq!(response.headers()["cache-control"], "no-store");
}
