//! requests-oauthlib and Tornado at a service that is built on this crate: the three legs over
//! HTTP.

use interop::keys;
use interop::peer::Peer;
use interop::service::{CLIENT, CLIENT_SECRET, RSA_CLIENT, Service};
use serde::{Deserialize, Serialize};

const CALLBACK: &str = "https://printer.example.com/ready?printer=2";

const PARAMETERS: [(&str, &str); 5] =
    [("a1", "é ☃+&="), ("a", "2"), ("a", ""), ("s[p]", "\"'%41"), ("z", "~*")];

/// The task of the client script.
#[derive(Serialize)]
struct Task<'a> {
    origin: String,
    client: &'a str,
    client_secret: &'a str,
    rsa_key: Option<&'a str>,
    callback: &'a str,
    signature_method: &'a str,
    placement: &'a str,
    /// The decision of Jane, the resource owner.
    jane: &'a str,
    /// The text that the client sends instead of the verifier.
    forged_verifier: Option<&'a str>,
    parameters: &'a [(&'a str, &'a str)],
}

/// The result.
#[derive(Debug, Deserialize)]
enum Walk {
    /// All legs have succeeded. The fields are the responses to valid calls of the protected
    /// resource, to the same calls again, and to calls with a wrong secret.
    Whole { answers: Vec<Seen>, replayed: Vec<Seen>, with_a_wrong_secret: Vec<Seen> },
    /// The response of an endpoint that refused.
    Refused(Seen),
    /// The callback contained no verifier.
    Denied,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Seen {
    status: u16,
    challenge: Option<String>,
    text: String,
}

impl<'a> Task<'a> {
    fn new(service: &Service, signature_method: &'a str, placement: &'a str) -> Self {
        Self {
            origin: service.origin(),
            client: CLIENT,
            client_secret: CLIENT_SECRET,
            rsa_key: None,
            callback: CALLBACK,
            signature_method,
            placement,
            jane: "grants",
            forged_verifier: None,
            parameters: &PARAMETERS,
        }
    }
}

impl Seen {
    fn is_problem(&self, problem: &str) -> bool {
        let challenge = format!("OAuth realm=\"Photos\", oauth_problem=\"{problem}\"");
        self.status == 401 && self.challenge.as_ref() == Some(&challenge)
    }
}

/// Returns the result of requests-oauthlib.
fn walk(task: &Task<'_>) -> Walk {
    Peer::run("requests_oauthlib_client.py").ask(task)
}

fn walks(task: &Task<'_>) {
    let walk = walk(task);
    let Walk::Whole { answers, replayed, with_a_wrong_secret } = &walk else { panic!("{walk:#?}") };
    assert_eq!(answers.len(), if task.placement == "body" { 1 } else { 3 });
    for answer in answers {
        assert_eq!(answer.status, 200, "{walk:#?}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&answer.text).unwrap(),
            photos(task.client, &PARAMETERS)
        );
    }
    assert!(replayed.iter().all(|answer| answer.is_problem("nonce_used")), "{walk:#?}");
    // RSA signatures do not depend on the secret.
    let refused = with_a_wrong_secret.iter().all(|answer| answer.is_problem("signature_invalid"));
    assert_eq!(refused, task.rsa_key.is_none(), "{walk:#?}");
}

/// Returns the expected response of our protected resource.
fn photos(client: &str, parameters: &[(&str, &str)]) -> serde_json::Value {
    serde_json::json!({ "client": client, "user": "jane", "parameters": parameters })
}

#[test]
fn requests_oauthlib_completes_the_flow_with_the_header() {
    let service = Service::start();
    for method in ["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "PLAINTEXT"] {
        walks(&Task::new(&service, method, "header"));
    }
}

#[test]
fn requests_oauthlib_completes_the_flow_with_the_query() {
    let service = Service::start();
    for method in ["HMAC-SHA1", "HMAC-SHA256"] {
        walks(&Task::new(&service, method, "query"));
    }
}

#[test]
fn requests_oauthlib_completes_the_flow_with_the_body() {
    let service = Service::start();
    for method in ["HMAC-SHA1", "HMAC-SHA256"] {
        walks(&Task::new(&service, method, "body"));
    }
}

#[test]
fn requests_oauthlib_completes_the_flow_with_an_rsa_key() {
    let service = Service::start();
    for placement in ["header", "query", "body"] {
        let task = Task::new(&service, "RSA-SHA256", placement);
        walks(&Task { client: RSA_CLIENT, client_secret: "", rsa_key: Some(keys::CLIENT), ..task });
    }
}

#[test]
fn out_of_band_the_user_copies_the_verifier() {
    let service = Service::start();
    walks(&Task { callback: "oob", ..Task::new(&service, "HMAC-SHA1", "header") });
}

#[test]
fn a_wrong_secret_is_refused() {
    let service = Service::start();
    for placement in ["header", "query", "body"] {
        for method in ["HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT"] {
            let task =
                Task { client_secret: "another secret", ..Task::new(&service, method, placement) };
            let walk = walk(&task);
            assert!(
                matches!(&walk, Walk::Refused(seen) if seen.is_problem("signature_invalid")),
                "{walk:#?}"
            );
        }
    }
}

#[test]
fn a_forged_verifier_is_refused() {
    let service = Service::start();
    let walk = walk(&Task {
        forged_verifier: Some("forged"),
        ..Task::new(&service, "HMAC-SHA1", "header")
    });
    assert!(
        matches!(&walk, Walk::Refused(seen) if seen.is_problem("verifier_invalid")),
        "{walk:#?}"
    );
}

#[test]
fn a_user_who_denies_gives_no_verifier() {
    let service = Service::start();
    let walk = walk(&Task { jane: "denies", ..Task::new(&service, "HMAC-SHA1", "header") });
    assert!(matches!(walk, Walk::Denied), "{walk:#?}");
}

/// The result of a sign-in with Tornado's OAuthMixin.
#[derive(Debug, Deserialize, PartialEq)]
struct SignedIn {
    status: u16,
    photos: Option<serde_json::Value>,
}

#[test]
fn a_user_signs_in_at_a_site_on_tornado() {
    let service = Service::start();
    // Tornado does not encode the names of parameters, and does not support repeated names.
    let parameters = [("a1", "é ☃+&="), ("a", ""), ("z", "~*")];
    let task = Task { parameters: &parameters, ..Task::new(&service, "HMAC-SHA1", "query") };
    let signed_in: SignedIn = Peer::run("tornado_client.py").ask(&task);
    assert_eq!(signed_in, SignedIn { status: 200, photos: Some(photos(CLIENT, &parameters)) });
}

#[test]
fn a_site_on_tornado_with_a_user_who_denies_gets_no_token() {
    let service = Service::start();
    // Tornado does not check that the callback has a verifier, and requests a token.
    let task = Task { jane: "denies", ..Task::new(&service, "HMAC-SHA1", "query") };
    let signed_in: SignedIn = Peer::run("tornado_client.py").ask(&task);
    assert_eq!(signed_in, SignedIn { status: 401, photos: None });
}
