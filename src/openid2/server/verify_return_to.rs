//! The verification of return URLs by discovery of the relying party: OpenID Authentication 2.0
//! §9.2.1 and §13.

use http::header::ACCEPT;
use http::{HeaderValue, StatusCode};
use url::Url;

use super::super::allowed::Allowed;
use super::super::realm::Realm;
use super::super::xrds_document::{RETURN_TO, XrdsDocument};
use super::super::yadis::{is_document, joined, location};
use super::super::{html, xrds};
use super::check_id_request::CheckIdRequest;
use super::provider::Provider;
use crate::core::step::Receive;
use crate::{Error, Moment, Purpose, Request, Response, Step};

impl Provider {
    /// Checks whether the relying party's own document lists the `return_to` of a request (§9.2.1).
    /// If not, show the user that the site could not be verified, or deny.
    ///
    /// The document is fetched from the realm, with `www` instead of a wildcard. The result of the
    /// step is `false` for a redirect and for any other response without such a document. It fails
    /// only with errors of your transport.
    pub fn verify_return_to(&self, request: &CheckIdRequest) -> Step<bool> {
        let url = Realm::parse(&request.realm).and_then(|realm| realm.discovery_url());
        let (Some(url), Some(return_to)) = (url, request.return_to.clone()) else {
            return Step::Done(false);
        };
        let hop = Hop::First;
        fetch(
            &url,
            AwaitRelyingPartyDocument { allowed: self.allowed, return_to, hop, url: url.clone() },
        )
    }
}

fn fetch(url: &Url, awaited: AwaitRelyingPartyDocument) -> Step<bool> {
    let Some(uri) = url
        .as_str()
        .parse()
        .ok()
        .filter(|_| awaited.allowed.trusts_party(url) && awaited.allowed.may_fetch(url))
    else {
        return Step::Done(false);
    };
    let mut request = Request::default();
    *request.uri_mut() = uri;
    request.headers_mut().insert(
        ACCEPT,
        HeaderValue::from_static("application/xrds+xml, text/html;q=0.8, */*;q=0.1"),
    );
    Step::send(request, awaited)
}

/// The expected response: the first one can name the URL of the document, and the second one is the
/// document.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hop {
    First,
    Second,
}

/// Waits for the relying party's document, or for its URL.
struct AwaitRelyingPartyDocument {
    allowed: Allowed,
    return_to: String,
    hop: Hop,
    url: Url,
}

impl Receive<bool> for AwaitRelyingPartyDocument {
    fn receive(self: Box<Self>, response: Response, _: Moment) -> Result<Step<bool>, Error> {
        if response.status() != StatusCode::OK {
            return Ok(Step::Done(false));
        }
        if is_document(&response) || self.hop == Hop::Second {
            return Ok(Step::Done(lists(response.body(), &self.return_to)));
        }
        let in_page = || html::head(response.body())?.xrds_location;
        let elsewhere = location(response.headers(), XrdsDocument::LOCATION_HEADER)
            .map(str::to_owned)
            .or_else(in_page);
        let elsewhere = elsewhere.and_then(|to| joined(&self.url, &to));
        match elsewhere {
            Some(url) => Ok(fetch(&url, Self { hop: Hop::Second, url: url.clone(), ..*self })),
            None => Ok(Step::Done(false)),
        }
    }

    fn purpose(&self) -> Purpose {
        Purpose::DiscoveringRelyingParty
    }
}

/// Returns whether a document lists the `return_to`, or a URL above it.
fn lists(document: &[u8], return_to: &str) -> bool {
    let services = xrds::services(document).unwrap_or_default();
    services.iter().filter(|service| service.types.iter().any(|own| own == RETURN_TO)).any(
        |service| {
            let mut realms = service.uris.iter().filter_map(|uri| Realm::parse(uri));
            realms.any(|realm| realm.wildcard_host().is_none() && realm.contains(return_to))
        },
    )
}
