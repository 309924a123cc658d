//! Discovery, OpenID Authentication 2.0 §7.3 and Yadis 1.0: from an identifier to its provider, in
//! a bounded number of requests.

use http::header::{ACCEPT, LOCATION};
use http::{HeaderValue, StatusCode};
use url::Url;

use super::super::allowed::{Allowed, NOT_FAR};
use super::super::html;
use super::super::identifier::without_fragment;
use super::super::message::Version;
use super::super::xrds::{self, Service};
use super::super::xrds_document::{SERVER, SIGNON, SIGNON_1, XrdsDocument};
use super::super::yadis::{is_document, joined, location};
use super::discovered::Discovered;
use crate::core::step::Receive;
use crate::wire::without_secrets;
use crate::{Error, Moment, Purpose, Request, Response, ResponseExcerpt, Step, Unsupported};

/// The number of redirects that are followed for each document.
const MAX_REDIRECTS: u8 = 5;
/// The reason why no provider was found.
const NO_LINK: &str = "its page names no XRDS document, and its head has no link to a provider \
    (`openid2.provider`)";
const NO_SERVICE: &str = "its XRDS document lists no service of OpenID 2.0";
const NO_ENDPOINT: &str = "its XRDS document names no endpoint of its provider";
const UNREADABLE: &str = "its XRDS document cannot be read: it is not an XRDS document, or has a \
    document type, or is too large";
const DOCUMENT_MISSING: &str = "the XRDS document that it names could not be fetched";
const DOCUMENT_ELSEWHERE: &str =
    "the URL of the XRDS document that it names is not https, or its host is not on the internet";
const FIRST_VERSION: &str = "it names a provider of OpenID 1 only (`allow_openid1` accepts it)";
const ENDPOINT_NO_URL: &str =
    "the endpoint of its provider is not an absolute http or https URL that can be sent";
const ENDPOINT_NO_TLS: &str =
    "the endpoint of its provider is not https (`dangerous_allow_http` accepts it)";
const ENDPOINT_NOT_FAR: &str = "the host of its provider's endpoint is not on the internet \
    (`dangerous_allow_internal_hosts` accepts it)";
const LOCAL_ID: &str = "its local identifier is too long, or has a control character";
/// The number of URIs of a service that are kept.
const MAX_ENDPOINTS: usize = 8;
/// The longest identifier, in bytes: it must fit into a URL and a store.
const MAX_LOCAL_ID: usize = 2048;

/// The services in an identifier's document and page.
pub(super) struct DiscoveryResult {
    /// The services, the best first. Can be empty.
    pub(super) found: Vec<Discovered>,
    /// The identifier for which they were found, after redirects.
    pub(super) claimed: Url,
    /// The reason why there are no services. If there are services, it has no meaning.
    pub(super) reason: &'static str,
}

/// The continuation after discovery, for a result or an error.
pub(super) type AfterDiscovery<T> =
    Box<dyn FnOnce(Result<DiscoveryResult, Unsupported>) -> Result<Step<T>, Error> + Send + Sync>;

/// Returns the error for an identifier without a provider.
fn nowhere(identifier: &Url, reason: &'static str, response: Option<&Response>) -> Unsupported {
    let answer = response.map(|response| Box::new(ResponseExcerpt::of(response)));
    Unsupported::Identifier {
        identifier: without_secrets(identifier.as_str()),
        reason,
        response: answer,
    }
}

/// Discovers an identifier.
pub(super) fn discover<T: 'static>(
    identifier: &Url,
    allowed: Allowed,
    then: AfterDiscovery<T>,
) -> Result<Step<T>, Error> {
    let url = without_fragment(identifier.clone());
    AwaitDocument { allowed, kind: DocumentKind::Identifier, url, redirects: 0, then }.send()
}

/// The document that was requested.
enum DocumentKind {
    /// The identifier itself: an XRDS document, or a page that names one or has links.
    Identifier,
    /// The XRDS document that the identifier named. If the response is not one, the links of the
    /// page are used.
    Document { claimed: Url, page: Option<html::Head> },
    /// The page of an identifier whose XRDS document had no usable service.
    Page { claimed: Url, reason: &'static str },
}

/// Waits for a page or a document of discovery.
struct AwaitDocument<T> {
    allowed: Allowed,
    kind: DocumentKind,
    url: Url,
    redirects: u8,
    then: AfterDiscovery<T>,
}

impl<T: 'static> AwaitDocument<T> {
    fn send(self) -> Result<Step<T>, Error> {
        let uri = self.url.as_str().parse().ok().filter(|_| self.allowed.may_fetch(&self.url));
        let Some(uri) = uri else {
            let why = nowhere(&self.url, NOT_FAR, None);
            return (self.then)(Err(why));
        };
        let accept = match self.kind {
            DocumentKind::Identifier => {
                "application/xrds+xml, text/html;q=0.8, application/xhtml+xml;q=0.8, */*;q=0.1"
            }
            DocumentKind::Document { .. } => "application/xrds+xml, */*;q=0.1",
            DocumentKind::Page { .. } => "text/html, application/xhtml+xml",
        };
        let mut request = Request::default();
        *request.uri_mut() = uri;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static(accept));
        Ok(Step::send(request, self))
    }

    /// Follows a redirect.
    fn follow(mut self: Box<Self>, response: &Response) -> Result<Step<T>, Error> {
        let target =
            location(response.headers(), LOCATION.as_str()).and_then(|to| joined(&self.url, to));
        let target = target.filter(|_| self.redirects < MAX_REDIRECTS);
        // A redirect from https to http is refused.
        let target = target.filter(|to| {
            self.allowed.plain_http || self.url.scheme() == "http" || self.allowed.trusts(to)
        });
        match target {
            Some(target) if self.allowed.may_fetch(&target) => {
                self.redirects += 1;
                self.url = without_fragment(target);
                (*self).send()
            }
            _ => {
                let why = nowhere(
                    &self.url,
                    "it redirects to a URL that is not accepted, or more than 5 times",
                    Some(response),
                );
                self.failed(why)
            }
        }
    }

    /// Continues after a failed fetch: with the page of the identifier if an XRDS document could
    /// not be fetched, and with the error otherwise.
    fn failed(self: Box<Self>, why: Unsupported) -> Result<Step<T>, Error> {
        match self.kind {
            DocumentKind::Document { claimed, page } => {
                fall_back(self.allowed, claimed, page, DOCUMENT_MISSING, self.then)
            }
            DocumentKind::Identifier | DocumentKind::Page { .. } => (self.then)(Err(why)),
        }
    }

    /// Reads the response for the identifier: a document, or a page.
    fn identifier(self: Box<Self>, response: &Response) -> Result<Step<T>, Error> {
        let Self { allowed, url: claimed, then, .. } = *self;
        if !allowed.trusts(&claimed) {
            let reason = "its page is not https, so an attacker on the way could name another \
                provider";
            return then(Err(nowhere(&claimed, reason, None)));
        }
        let to_document = |to: &str, page: Option<html::Head>, then| {
            let url = joined(&claimed, to).filter(|to| allowed.trusts(to));
            let kind = |page| DocumentKind::Document { claimed: claimed.clone(), page };
            match url {
                Some(url) => {
                    AwaitDocument { allowed, kind: kind(page), url, redirects: 0, then }.send()
                }
                None => fall_back(allowed, claimed.clone(), page, DOCUMENT_ELSEWHERE, then),
            }
        };
        if is_document(response) {
            return by_document(response.body(), allowed, claimed, None, then);
        }
        if let Some(to) = location(response.headers(), XrdsDocument::LOCATION_HEADER) {
            let page = html::head(response.body());
            return to_document(to, page, then);
        }
        let Some(page) = html::head(response.body()) else {
            return then(Err(nowhere(&claimed, "its page is too large", Some(response))));
        };
        match page.xrds_location.clone() {
            Some(to) => to_document(&to, Some(page), then),
            None => then(Ok(by_page(&page, claimed, allowed, NO_LINK))),
        }
    }
}

impl<T: 'static> Receive<T> for AwaitDocument<T> {
    fn receive(self: Box<Self>, response: Response, _: Moment) -> Result<Step<T>, Error> {
        let status = response.status();
        if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
            return self.follow(&response);
        }
        if status != StatusCode::OK {
            let why = nowhere(
                &self.url,
                "its page could not be fetched: expected status 200",
                Some(&response),
            );
            return self.failed(why);
        }
        match self.kind {
            DocumentKind::Identifier => self.identifier(&response),
            DocumentKind::Document { claimed, page } => {
                by_document(response.body(), self.allowed, claimed, page, self.then)
            }
            // Links count only in the page of the identifier itself, not in one after a redirect.
            DocumentKind::Page { claimed, reason } if self.url != claimed => {
                (self.then)(Ok(DiscoveryResult { found: Vec::new(), claimed, reason }))
            }
            DocumentKind::Page { claimed, reason } => {
                let head = html::head(response.body()).unwrap_or_default();
                (self.then)(Ok(by_page(&head, claimed, self.allowed, reason)))
            }
        }
    }

    fn purpose(&self) -> Purpose {
        Purpose::DiscoveringIdentifier
    }
}

/// Discovers by an XRDS document (§7.3.2), or by the page if the document has no usable service.
fn by_document<T: 'static>(
    document: &[u8],
    allowed: Allowed,
    claimed: Url,
    page: Option<html::Head>,
    then: AfterDiscovery<T>,
) -> Result<Step<T>, Error> {
    let Some(services) = xrds::services(document) else {
        return fall_back(allowed, claimed, page, UNREADABLE, then);
    };
    let (found, reason) =
        (of_services(&services, &claimed, allowed), why_no_service(&services, allowed));
    if found.is_empty() {
        return fall_back(allowed, claimed, page, reason, then);
    }
    then(Ok(DiscoveryResult { found, claimed, reason }))
}

/// Discovers by the links of a page (§7.3), after Yadis failed for the given reason. Fetches the
/// page if it is not there yet.
fn fall_back<T: 'static>(
    allowed: Allowed,
    claimed: Url,
    page: Option<html::Head>,
    reason: &'static str,
    then: AfterDiscovery<T>,
) -> Result<Step<T>, Error> {
    match page {
        Some(page) => then(Ok(by_page(&page, claimed, allowed, reason))),
        None => {
            let url = claimed.clone();
            AwaitDocument {
                allowed,
                kind: DocumentKind::Page { claimed, reason },
                url,
                redirects: 0,
                then,
            }
            .send()
        }
    }
}

/// Returns the services of a page's links. If there are no links, the earlier reason is kept.
fn by_page(
    head: &html::Head,
    claimed: Url,
    allowed: Allowed,
    reason: &'static str,
) -> DiscoveryResult {
    let found = of_head(head, &claimed, allowed);
    DiscoveryResult { found, claimed, reason: why_no_link(head, allowed).unwrap_or(reason) }
}

/// Returns the reason why the services of a document cannot be used. If one can be used, the reason
/// has no meaning.
fn why_no_service(services: &[Service], allowed: Allowed) -> &'static str {
    let with = |types: &[&str]| {
        services.iter().find(|own| own.types.iter().any(|own| types.contains(&own.as_str())))
    };
    let first_version = with(&SIGNON_1);
    match with(&[SERVER, SIGNON]).or(first_version.filter(|_| allowed.openid1)) {
        Some(service) if service.uris.iter().any(|uri| allowed.takes_endpoint(uri)) => LOCAL_ID,
        Some(service) => {
            service.uris.first().map_or(NO_ENDPOINT, |uri| why_no_endpoint(uri, allowed))
        }
        None if first_version.is_some() => FIRST_VERSION,
        None => NO_SERVICE,
    }
}

/// Returns the reason why the links of a page cannot be used. `None` if there are no links.
fn why_no_link(head: &html::Head, allowed: Allowed) -> Option<&'static str> {
    match head.provider.as_ref().or(head.server.as_ref().filter(|_| allowed.openid1)) {
        Some(endpoint) if allowed.takes_endpoint(endpoint) => Some(LOCAL_ID),
        Some(endpoint) => Some(why_no_endpoint(endpoint, allowed)),
        None => head.server.as_ref().map(|_| FIRST_VERSION),
    }
}

fn why_no_endpoint(endpoint: &str, allowed: Allowed) -> &'static str {
    match allowed.check_endpoint(endpoint) {
        Err(Error::Unsupported(Unsupported::PlainHttp { .. })) => ENDPOINT_NO_TLS,
        Err(Error::Unsupported(Unsupported::Url { reason: NOT_FAR, .. })) => ENDPOINT_NOT_FAR,
        _ => ENDPOINT_NO_URL,
    }
}

/// Returns the services of a document: OP identifiers first, then claimed identifiers, then OpenID
/// 1 (§7.3.2.2, §7.3.2.4).
fn of_services(services: &[Service], claimed: &Url, allowed: Allowed) -> Vec<Discovered> {
    let of = |types: &'static [&'static str], version, select: bool| {
        let fitting = services
            .iter()
            .filter(move |service| service.types.iter().any(|own| types.contains(&own.as_str())));
        fitting.filter_map(move |service| {
            let endpoints =
                service.uris.iter().filter(|uri| allowed.takes_endpoint(uri)).take(MAX_ENDPOINTS);
            let endpoints: Vec<_> = endpoints.cloned().collect();
            let local_id = match version {
                Version::V2_0 => service.local_id.clone(),
                Version::V1_1 => service.delegate.clone().or_else(|| service.local_id.clone()),
            };
            (!endpoints.is_empty() && is_local_id(local_id.as_deref())).then(|| Discovered {
                version,
                endpoints,
                claimed_id: (!select).then(|| claimed.to_string()),
                local_id: local_id.filter(|_| !select),
                types: service.types.clone(),
            })
        })
    };
    let second = of(&[SERVER], Version::V2_0, true).chain(of(&[SIGNON], Version::V2_0, false));
    let first = of(&SIGNON_1, Version::V1_1, false).filter(|_| allowed.openid1);
    second.chain(first).collect()
}

/// Returns the services of a page's links.
fn of_head(head: &html::Head, claimed: &Url, allowed: Allowed) -> Vec<Discovered> {
    let of = |endpoint: &Option<String>, local_id: &Option<String>, version, type_uri: &str| {
        let endpoint = endpoint.clone().filter(|endpoint| allowed.takes_endpoint(endpoint))?;
        Some(Discovered {
            version,
            endpoints: vec![endpoint],
            claimed_id: Some(claimed.to_string()),
            local_id: local_id.clone(),
            types: vec![type_uri.to_owned()],
        })
        .filter(|found| is_local_id(found.local_id.as_deref()))
    };
    let second = of(&head.provider, &head.local_id, Version::V2_0, SIGNON);
    let first =
        of(&head.server, &head.delegate, Version::V1_1, SIGNON_1[0]).filter(|_| allowed.openid1);
    second.into_iter().chain(first).collect()
}

/// Returns whether the local identifier can be sent to the provider. Without it, the request would
/// be about another user.
fn is_local_id(local_id: Option<&str>) -> bool {
    local_id.is_none_or(|local_id| {
        local_id.len() <= MAX_LOCAL_ID && !local_id.contains(char::is_control)
    })
}
