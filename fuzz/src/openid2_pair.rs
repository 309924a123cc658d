//! A provider, two identifiers and a relying party, in the process of the target.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use oauth_proto::Callback;
use oauth_proto::openid2::server::store::{MemoryStore, Store};
use oauth_proto::openid2::server::{Approval, Dispatched, Identity, Provider, serve};
use oauth_proto::openid2::{
    Assertion, Association, Authorization, Authorize, Discovered, Options, Pending, RelyingParty,
    UnconfirmedAssertion, Version, XrdsDocument, ax, sreg,
};
use oauth_proto::{Error, Moment, Request, Response, Secret, Step};

use crate::requests::moment;

pub const ENDPOINT: &str = "https://op.example/openid";
pub const JANE: &str = "https://op.example/id/jane";
pub const CLAIMED: &str = "https://jane.example/";
/// The OP identifier, with which the provider selects the user's identifier.
pub const ANYBODY: &str = "https://op.example/";
/// An identifier with only OpenID 1.1.
pub const OLD: &str = "https://old.example/";
pub const RETURN_TO: &str = "https://rp.example/back?x=1";
pub const NOW: u64 = 1_700_000_000;
pub const BIO: &str = "http://bio.example/";

pub struct OpenIdPair {
    pub provider: Provider,
    pub party: RelyingParty,
    pub confirmed: MemoryStore,
    pub nonces: MemoryStore,
    count: Cell<u8>,
}

impl OpenIdPair {
    pub fn new(openid1: bool) -> Self {
        let secret = Secret::new("0123456789abcdef0123456789abcdef");
        let mut options = Options::default();
        options.allow_openid1 = openid1;
        let provider = Provider::new(ENDPOINT, &secret, options.clone()).unwrap();
        let party = RelyingParty::new("https://rp.example/", options).unwrap();
        let (confirmed, nonces) = Default::default();
        Self { provider, party, confirmed, nonces, count: Cell::new(0) }
    }

    pub fn moment(&self) -> Moment {
        self.count.set(self.count.get().wrapping_add(1));
        moment(NOW, self.count.get())
    }

    pub fn send(&self, request: &Request) -> Response {
        let url = request.uri().to_string();
        if url == ENDPOINT {
            return match serve(self.provider.dispatch(request, self.moment()), &self.confirmed) {
                Ok(Dispatched::Respond(response)) => response,
                Ok(Dispatched::CheckIdRequest(_)) => panic!("expected no request for a user"),
                Err(rejected) => rejected.response(),
            };
        }
        let document = match url.as_str() {
            ANYBODY => provider_document(ENDPOINT),
            JANE => user_document(ENDPOINT, None, &[]),
            CLAIMED => user_document(ENDPOINT, Some(JANE), &[]),
            OLD => format!(
                "<x:XRDS xmlns:x='xri://$xrds' xmlns='xri://$xrd*($v*2.0)' \
                 xmlns:o='http://openid.net/xmlns/1.0'><XRD>\
                 <Service><Type>http://openid.net/signon/1.1</Type><URI>{ENDPOINT}</URI>\
                 <o:Delegate>{JANE}</o:Delegate>\
                 </Service></XRD></x:XRDS>"
            ),
            "https://john.example/" => user_document("https://other.example/openid", None, &[]),
            _ => return http::Response::builder().status(404).body(Vec::new()).unwrap(),
        };
        let builder = http::Response::builder().header("content-type", "application/xrds+xml");
        builder.body(document.into_bytes()).unwrap()
    }

    pub fn run<T>(&self, mut step: Result<Step<T>, Error>) -> Result<T, Error> {
        for _ in 0..40 {
            step = match step? {
                Step::Send(request, sent) => sent.receive(self.send(&request), self.moment()),
                Step::Wait(..) => panic!("expected no wait"),
                Step::Done(value) => return Ok(value),
            }
        }
        panic!("the conversation does not end");
    }

    pub fn discovered(&self, identifier: &str) -> Discovered {
        self.run(self.party.discover(identifier)).unwrap()
    }

    /// Returns an association with the provider. It is made once for each version, because making
    /// it is slow.
    pub fn associated(&self, discovered: &Discovered) -> Option<Association> {
        static FIRST: OnceLock<Option<Association>> = OnceLock::new();
        static SECOND: OnceLock<Option<Association>> = OnceLock::new();
        let one = if discovered.version == Version::V1_1 { &FIRST } else { &SECOND };
        one.get_or_init(|| self.run(self.party.associate(discovered, self.moment())).unwrap())
            .clone()
    }

    pub fn begun(
        &self,
        discovered: &Discovered,
        association: Option<Association>,
    ) -> Authorization {
        let fetch = ax::FetchRequest {
            required: vec![ax::Attribute::new("email", ax::AttributeType::Email)],
            ..ax::FetchRequest::default()
        };
        let mut authorize =
            Authorize::new(discovered, RETURN_TO).extension(fetch).extension(sreg::Request {
                required: vec![sreg::Field::Email],
                ..sreg::Request::default()
            });
        authorize.association = association;
        self.party.authorize(authorize, self.moment()).unwrap()
    }

    /// Lets the user consent, and returns the fields of the callback.
    pub fn answered(&self, authorization: &Authorization) -> BTreeMap<String, String> {
        let request = http::Request::get(authorization.url().unwrap()).body(Vec::new()).unwrap();
        let Ok(Dispatched::CheckIdRequest(check_id)) =
            serve(self.provider.dispatch(&request, self.moment()), &self.confirmed)
        else {
            panic!("expected a valid request")
        };
        let local_id = match &check_id.identity {
            Identity::Claimed { local_id, .. } => local_id.clone(),
            _ => JANE.to_owned(),
        };
        let approval = Approval::new(local_id)
            .extension(
                ax::FetchResponse::default()
                    .attribute(ax::AttributeType::Email, ["jane@example.com"])
                    .attribute(BIO, ["a", "b"]),
            )
            .extension(sreg::Response {
                values: [(sreg::Field::Email, "jane@example.com".into())].into(),
            });
        let response =
            serve(self.provider.approve(*check_id, approval, self.moment()), &self.confirmed)
                .unwrap();
        let location = response.headers()["location"].to_str().unwrap();
        let query = location.split_once('?').unwrap().1;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let pairs = crate::reference::decode_form(query.as_bytes());
        pairs.into_iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    pub fn verified<'a>(
        &self,
        mut pending: Pending,
        association: Option<&Association>,
        callback: impl Into<Callback<'a>>,
    ) -> Result<Assertion, Error> {
        pending.association = association.cloned();
        self.remembered(self.run(self.party.redeem(pending, callback, self.moment()))?)
    }

    pub fn verified_unsolicited<'a>(
        &self,
        return_to: &str,
        callback: impl Into<Callback<'a>>,
    ) -> Result<Assertion, Error> {
        self.remembered(self.run(self.party.dangerous_redeem_unsolicited(
            return_to,
            callback,
            self.moment(),
        ))?)
    }

    fn remembered(&self, checked: UnconfirmedAssertion) -> Result<Assertion, Error> {
        let Ok(one_time_use) = self.nonces.remember_once(&checked.query);
        checked.answer(one_time_use)
    }
}

pub fn user_document(endpoint: &str, local_id: Option<&str>, extensions: &[&str]) -> String {
    XrdsDocument::User { endpoint, local_id, extensions }.to_string()
}

pub fn provider_document(endpoint: &str) -> String {
    XrdsDocument::Provider { endpoint, extensions: &[] }.to_string()
}

pub fn relying_party_document(return_to: &[&str]) -> String {
    XrdsDocument::RelyingParty { return_to, icons: &[] }.to_string()
}
