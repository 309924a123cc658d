//! An OpenID provider on loopback that is built on this crate. Jane is signed in at the provider.
//! She consents at once, or decides by the hints in the query.

use crate::with::With;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, StatusCode};
use oauth_proto::openid2::server::store::MemoryStore;
use oauth_proto::openid2::server::{
    Approval, CheckIdRequest, Dispatched, Identity, Provider, Rejected, serve,
};
use oauth_proto::openid2::sreg::Field;
use oauth_proto::openid2::{ExtensionType, Options, XrdsDocument, ax, oauth, sreg, user_links};
use oauth_proto::wire::form;
use oauth_proto::{Moment, Request, Response, Secret};

use crate::exchange::Http;
use crate::hybrid::Hybrid;
use crate::loopback::Loopback;

/// The attribute type of [`BIOGRAPHY`]. This attribute is so long that the response is a form.
pub const BIOGRAPHY_TYPE: &str = "http://axschema.org/media/biography";
/// The text that is repeated in Jane's biography.
pub const BIOGRAPHY: &str = "All of \"it\" & <more>. ";
/// Jane's email addresses.
pub const EMAILS: [&str; 3] = ["jane@example.com", "jane+2@example.com", "a=&\"'<%41>@example.com"];
/// Jane's full name.
pub const NAME: &str = "Jane Doe é ☃";

/// A running provider. It stops when it is dropped.
#[derive(Debug)]
pub struct OurOpenidProvider(Loopback);

impl OurOpenidProvider {
    /// Starts the provider at a free port.
    pub fn start() -> Self {
        Self::with(|options| options)
    }

    /// Starts a provider with these options.
    pub fn with(configure: impl FnOnce(Options) -> Options) -> Self {
        Self(Loopback::start(|origin| {
            let secret = Secret::new("32 bytes or more that nobody else knows");
            let options =
                configure(Options::default().with(|it| it.dangerous_allow_internal_hosts = true));
            let endpoint = format!("{origin}/openid");
            let endpoints = Endpoints {
                origin: origin.to_owned(),
                provider: Provider::new(&endpoint, &secret, options).expect("loopback is secure"),
                endpoint,
                store: MemoryStore::default(),
                hybrid: Hybrid::new(origin),
                http: Http::default(),
            };
            move |request: &Request| endpoints.respond(request)
        }))
    }

    /// Returns the origin of the provider, which is also the OP identifier: `http://127.0.0.1:` and
    /// the port.
    pub fn origin(&self) -> String {
        self.0.origin()
    }

    /// Returns the URL of the OpenID endpoint.
    pub fn endpoint(&self) -> String {
        format!("{}/openid", self.origin())
    }

    /// Returns one of Jane's identifiers. `way` is the part after her name.
    pub fn jane(&self, way: &str) -> String {
        format!("{}/id/jane{way}", self.origin())
    }
}

struct Endpoints {
    origin: String,
    endpoint: String,
    provider: Provider,
    store: MemoryStore,
    hybrid: Hybrid,
    http: Http,
}

impl Endpoints {
    fn respond(&self, request: &Request) -> Response {
        let extensions =
            [ExtensionType::AttributeExchange.as_ref(), ExtensionType::SimpleRegistration.as_ref()];
        let path = request.uri().path();
        match path {
            "/openid" => self.openid(request).unwrap_or_else(|rejected| rejected.response()),
            "/oauth/token" => {
                self.hybrid.token(request).unwrap_or_else(|rejected| rejected.response())
            }
            "/photos" => self.hybrid.photos(request).unwrap_or_else(|rejected| rejected.response()),
            "/" => document(XrdsDocument::Provider {
                endpoint: &self.endpoint,
                extensions: &extensions,
            }),
            // The identifier of John, who is not signed in.
            "/id/john" => document(XrdsDocument::User {
                endpoint: &self.endpoint,
                local_id: None,
                extensions: &extensions,
            }),
            _ => match path.strip_prefix("/id/jane") {
                Some(way) => self.identifier(request, way),
                None => status(StatusCode::NOT_FOUND),
            },
        }
    }

    /// Responds to a request for one of Jane's identifiers. Each of them names this provider in
    /// another way.
    fn identifier(&self, request: &Request, way: &str) -> Response {
        let jane = format!("{}/id/jane", self.origin);
        let endpoint = &self.endpoint;
        let local_id = way.starts_with("/delegated").then_some(jane.as_str());
        let accept = request
            .headers()
            .get(ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .unwrap_or_default();
        let wants_document =
            accept.contains("application/xrds+xml") || request.uri().query() == Some("xrds");
        match way {
            "" | "/delegated" if wants_document => document(XrdsDocument::User {
                endpoint,
                local_id,
                extensions: &[ExtensionType::AttributeExchange.as_ref()],
            }),
            "/header" if request.uri().query().is_some() => {
                document(XrdsDocument::User { endpoint, local_id: None, extensions: &[] })
            }
            "/header" => {
                let mut page = html("");
                let place = HeaderValue::try_from(format!("{jane}{way}?xrds")).expect("a URL");
                page.headers_mut().insert(HeaderName::from_static("x-xrds-location"), place);
                page
            }
            "" | "/delegated" => html(""),
            "/link" | "/delegated-link" => html(&user_links(endpoint, local_id)),
            // The crate writes no links of OpenID 1.
            "/openid1" => html(&format!("<link rel=\"openid.server\" href=\"{endpoint}\">")),
            "/openid1-delegated" => html(&format!(
                "<link rel=\"openid.server\" href=\"{endpoint}\"><link rel=\"openid.delegate\" \
                 href=\"{jane}\">"
            )),
            _ => status(StatusCode::NOT_FOUND),
        }
    }

    fn openid(&self, request: &Request) -> Result<Response, Rejected> {
        match serve(self.provider.dispatch(request, Moment::from_os()), &self.store)? {
            Dispatched::Respond(response) => Ok(response),
            Dispatched::CheckIdRequest(check_id) => self.decide(request, *check_id),
        }
    }

    /// Decides for Jane by the hints in the query. `jane=denies`: she denies. `jane=is_away`: she
    /// cannot be asked, so immediate requests fail. `jane=is_careful`: she consents only if the
    /// document of the site lists the `return_to`. `select` is the identifier that she chooses,
    /// possibly another user's.
    fn decide(&self, request: &Request, check_id: CheckIdRequest) -> Result<Response, Rejected> {
        let says_no = match hint(request, "jane").as_deref() {
            Some("denies") => true,
            Some("is_away") => check_id.immediate,
            Some("is_careful") => {
                !self.http.run(Ok(self.provider.verify_return_to(&check_id))).unwrap_or(false)
            }
            _ => false,
        };
        if says_no {
            return serve(self.provider.deny(check_id), &self.store);
        }
        let approval = self.extend(self.identified(request, &check_id), &check_id);
        serve(self.provider.approve(check_id, approval, Moment::from_os()), &self.store)
    }

    /// Returns the identifier that Jane signs in with: the requested one if it is hers, or the one
    /// that she chooses.
    fn identified(&self, request: &Request, check_id: &CheckIdRequest) -> Approval {
        let jane = format!("{}/id/jane", self.origin);
        match (&check_id.identity, hint(request, "select")) {
            (Identity::Claimed { local_id, .. }, _) if local_id.starts_with(&jane) => {
                Approval::new(local_id)
            }
            (Identity::Select, Some(select)) if select.starts_with('/') => {
                let claimed_id = format!("{}{select}", self.origin);
                // The local identifier has no fragment, and delegating identifiers share one local
                // identifier.
                let known = if select.contains("delegated") {
                    &jane
                } else {
                    claimed_id.split('#').next().unwrap_or("")
                };
                Approval::new(known).with(|it| it.claimed_id = Some(claimed_id.clone()))
            }
            (Identity::Select, Some(select)) => {
                Approval::new(jane).with(|it| it.claimed_id = Some(select))
            }
            _ => Approval::new(jane),
        }
    }

    fn extend(&self, mut approval: Approval, check_id: &CheckIdRequest) -> Approval {
        if let Some(fetch) = check_id.extension::<ax::FetchRequest>() {
            approval = approval.extension(attributes().only(&fetch));
        }
        if let Some(registration) = check_id.extension::<sreg::Request>() {
            approval = approval.extension(registered().only(&registration));
        }
        match check_id.extension::<oauth::Request>().and_then(|access| self.hybrid.approve(&access))
        {
            Some(approved) => approval.extension(approved),
            None => approval,
        }
    }
}

fn attributes() -> ax::FetchResponse {
    ax::FetchResponse::default()
        .attribute(ax::AttributeType::FirstName, ["Jane"])
        .attribute(ax::AttributeType::LastName, ["Doe é ☃"])
        .attribute(ax::AttributeType::FullName, [NAME])
        .attribute(ax::AttributeType::Email, EMAILS)
        .attribute(ax::AttributeType::Language, ["DA"])
        .attribute(ax::AttributeType::Username, ["jane"])
        .attribute(BIOGRAPHY_TYPE, [BIOGRAPHY.repeat(150)])
}

fn registered() -> sreg::Response {
    sreg::Response {
        values: [
            (Field::Nickname, "jane".into()),
            (Field::Email, EMAILS[0].into()),
            (Field::Fullname, NAME.into()),
            (Field::Dob, "1970-01-01".into()),
        ]
        .into(),
    }
}

/// Returns the hint of this name from the query.
fn hint(request: &Request, name: &str) -> Option<String> {
    let query = request.uri().query().unwrap_or_default();
    let found = form::pairs(query.as_bytes()).find(|(own, _)| **own == *name.as_bytes());
    found.map(|(_, value)| String::from_utf8_lossy(&value).into_owned())
}

fn document(document: XrdsDocument<'_>) -> Response {
    typed("application/xrds+xml", document.to_string())
}

fn html(head: &str) -> Response {
    let page = format!(
        "<!DOCTYPE html>\n<html><head><title>Jane</title>\n{head}</head><body>Jane</body></html>\n"
    );
    typed("text/html; charset=utf-8", page)
}

fn typed(content_type: &'static str, text: String) -> Response {
    let mut response = Response::new(text.into_bytes());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn status(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}
