//! Any relying party with any documents: a provider that verifies the `return_to` sends at most two
//! requests, only with TLS and never to an internal host. It accepts only a document that lists the
//! URL.

use arbitrary::Arbitrary;
use oauth_proto::openid2::server::{CheckIdRequest, Dispatched, serve};
use oauth_proto::{Response, Step};

use crate::openid2_discovery::is_far;
use crate::openid2_pages::Page;
use crate::openid2_pair::{OpenIdPair, relying_party_document};

#[derive(Arbitrary, Debug)]
pub struct Input {
    realm: Place,
    return_to: Place,
    /// Whether the relying party serves a valid document.
    genuine: bool,
    pages: [Page; 2],
}

#[derive(Arbitrary, Debug)]
enum Place {
    Known(u8),
    Any(String),
}

const REALMS: &[&str] = &[
    "https://rp.example/",
    "https://rp.example/app",
    "https://*.rp.example/",
    "https://rp.example:8443/",
    "http://rp.example/",
    "http://localhost/",
    "https://127.0.0.1/",
    "https://10.1.2.3/",
    "https://[::1]/",
    "https://router/",
    "https://*.internal/",
];

const RETURN_TOS: &[&str] = &[
    "https://rp.example/app/back?x=1",
    "https://rp.example/",
    "https://www.rp.example/back",
    "https://rp.example:8443/back",
    "http://rp.example/back",
    "http://localhost/back",
    "https://127.0.0.1/back",
    "https://10.1.2.3/back",
    "https://[::1]/back",
    "https://router/back",
    "https://rp.internal/back",
];

impl Place {
    fn text<'a>(&'a self, known: &[&'a str]) -> &'a str {
        match self {
            Self::Known(at) => known[usize::from(*at) % known.len()],
            Self::Any(text) => text,
        }
    }
}

pub fn run(input: Input) {
    let pair = OpenIdPair::new(false);
    let (realm, return_to) = (input.realm.text(REALMS), input.return_to.text(RETURN_TOS));
    let Some(check_id) = asked(&pair, realm, return_to) else { return };
    let mut step = pair.provider.verify_return_to(&check_id);
    let mut answers = Vec::new();
    for page in &input.pages {
        let Step::Send(request, sent) = step else { break };
        is_far(&request);
        assert_eq!(request.uri().scheme_str(), Some("https"));
        if answers.is_empty() && matches!(input.realm, Place::Known(_)) {
            // A wildcard is replaced with `www` (§9.2.1).
            let there: http::Uri = realm.replace("*.", "www.").parse().unwrap();
            assert_eq!(*request.uri(), there);
        }
        let answer = if input.genuine { genuine(return_to) } else { page.response() };
        answers.push(answer.clone());
        step = sent.receive(answer, pair.moment()).unwrap();
    }
    let Step::Done(listed) = step else { panic!("expected no third request") };
    if listed {
        // A document after a redirect may be another party's, so it is not accepted.
        assert!(answers.iter().all(|answer| answer.status() == 200));
    }
    if let (Place::Known(_), Some(answer)) = (&input.return_to, answers.last()) {
        let body = String::from_utf8_lossy(answer.body()).to_ascii_lowercase();
        let host = return_to.split('/').nth(2).unwrap();
        let names =
            body.contains("http://specs.openid.net/auth/2.0/return_to") && body.contains(host);
        assert!(!listed || names, "{return_to} is nowhere in {body}");
        assert!(!input.genuine || listed, "{return_to} is not found in {body}");
    }
}

/// Returns the request of a relying party with this realm and `return_to`.
fn asked(pair: &OpenIdPair, realm: &str, return_to: &str) -> Option<CheckIdRequest> {
    let fields = [
        ("openid.ns", "http://specs.openid.net/auth/2.0"),
        ("openid.mode", "checkid_setup"),
        ("openid.realm", realm),
        ("openid.return_to", return_to),
    ];
    let uri = format!("https://op.example/openid?{}", oauth_proto::wire::form::encode(fields));
    let request = http::Request::get(uri).body(Vec::new()).ok()?;
    match serve(pair.provider.dispatch(&request, pair.moment()), &pair.confirmed) {
        Ok(Dispatched::CheckIdRequest(check_id)) => Some(*check_id),
        Ok(Dispatched::Respond(response)) => panic!("{response:?}"),
        Err(_) => None,
    }
}

fn genuine(return_to: &str) -> Response {
    let document = relying_party_document(&[return_to]);
    let builder = http::Response::builder().header("content-type", "application/xrds+xml");
    builder.body(document.into_bytes()).unwrap()
}
