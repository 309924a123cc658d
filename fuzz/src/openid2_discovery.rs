//! Any responses to discovery: it ends after few requests, sends no request to an internal host,
//! and returns only endpoints with TLS that a document names.

use arbitrary::Arbitrary;
use oauth_proto::openid2::{Options, RelyingParty, Version};
use oauth_proto::{Request, Step};

use crate::openid2_pages::{Page, URLS, Url};
use crate::requests::moment;

#[derive(Arbitrary, Debug)]
pub struct Input {
    identifier: Identifier,
    openid1: bool,
    plain_http: bool,
    pages: Vec<Page>,
}

#[derive(Arbitrary, Debug)]
enum Identifier {
    Known(Url),
    Any(String),
}

/// The most requests: three documents, each after five redirects.
const MOST: usize = 18;

pub fn run(input: Input) {
    let identifier = match &input.identifier {
        Identifier::Known(url) => url.text(),
        Identifier::Any(text) => text,
    };
    let mut options = Options::default();
    (options.allow_openid1, options.dangerous_allow_http) = (input.openid1, input.plain_http);
    let party = RelyingParty::new("https://rp.example/", options).unwrap();
    let mut step = match party.discover(identifier) {
        Ok(step) => step,
        // The identifier is invalid, or on an internal host.
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    if let Step::Send(request, _) = &step {
        begins_at(&party, &request.uri().to_string());
    }
    let mut pages = input.pages.iter();
    let mut bodies = Vec::new();
    for _ in 0..=MOST {
        step = match step {
            Step::Send(request, sent) => {
                is_far(&request);
                let response = pages.next().map(Page::response).unwrap_or_default();
                bodies.push(response.body().clone());
                match sent.receive(response, moment(1000, 1)) {
                    Ok(step) => step,
                    Err(error) => return assert!(error.to_string().len() < 4096),
                }
            }
            Step::Wait(..) => panic!("expected no wait"),
            Step::Done(discovered) => {
                let endpoint = discovered.endpoint();
                assert!(input.plain_http || endpoint.starts_with("https://"), "{endpoint}");
                assert!(!endpoint.contains('#') && !endpoint.contains('@'), "{endpoint}");
                assert!(input.openid1 || discovered.version == Version::V2_0);
                let claimed = discovered.claimed_id.as_deref().unwrap_or("https://x.example/");
                assert!(input.plain_http || claimed.starts_with("https://"), "{claimed}");
                if discovered.claimed_id.is_some() {
                    begins_at(&party, claimed);
                }
                named(&bodies, endpoint);
                return;
            }
        };
    }
    panic!("discovery does not end");
}

/// Asserts that a request is not sent to this machine or its network.
pub fn is_far(request: &Request) {
    let host = request.uri().host().unwrap().to_ascii_lowercase();
    assert_eq!(request.method(), "GET");
    assert!(host.contains(['.', ':']), "{host}");
    // A numeric address must be a public one.
    if let Ok(address) = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>() {
        let near = match address {
            std::net::IpAddr::V4(address) => address.is_loopback() || address.is_private(),
            std::net::IpAddr::V6(address) => address.is_loopback(),
        };
        assert!(!near, "{host}");
    }
}

/// Asserts that the discovery of a normalized URL begins with a request for this URL.
fn begins_at(party: &RelyingParty, url: &str) {
    let Ok(Step::Send(request, _)) = party.discover(url) else { panic!("{url} is refused") };
    assert_eq!(request.uri().to_string(), url);
}

/// Asserts that one of the bodies contains the endpoint.
fn named(bodies: &[Vec<u8>], endpoint: &str) {
    if !URLS.contains(&endpoint) {
        return;
    }
    let here =
        |body: &Vec<u8>| body.windows(endpoint.len()).any(|window| window == endpoint.as_bytes());
    assert!(bodies.iter().any(here), "{endpoint} was never named");
}
