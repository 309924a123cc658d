//! The servers that the examples call: photo services on this machine. A user is signed in there
//! and approves every request.

#![allow(dead_code, reason = "each example uses a part of this")]

pub mod net;

use std::sync::Arc;
use std::time::Duration;

use oauth_proto::oauth1::server as oauth1;
use oauth_proto::oauth2::resource::{Admission, ResourceServer};
use oauth_proto::oauth2::server::store::{ClientRecord, MemoryStore};
use oauth_proto::oauth2::server::{
    Approval, DevicePage, Dispatched, GrantType, Provider, Rejected, serve,
};
use oauth_proto::oauth2::{AuthorizationServer, Client, Discovery};
use oauth_proto::{BoxError, Moment, Request, Response, Timestamp, run};
use serde_json::json;

pub use net::{Server, transport};

/// The client that the photo services know.
pub const CLIENT_ID: &str = "photo-printer";
/// The secret of this client.
pub const CLIENT_SECRET: &str = "qmMB1lmHcP2nN4BdUxvWlg";
/// The client id of an API on another server, which introspects tokens of the photo service.
pub const API_ID: &str = "photo-frames";
/// The secret of that API.
pub const API_SECRET: &str = "7Fjfp0ZBr1KtDRbnfVdmIw";
/// The URI to which the photo service sends the client's users.
pub const REDIRECT_URI: &str = "https://printer.example.com/ready";

/// Requests a page as the user's browser does, and returns the URL to which the page redirects.
pub fn browser(url: &str) -> Result<String, BoxError> {
    let response = transport()(http::Request::get(url).body(Vec::new())?)?;
    Ok(response.headers().get("location").ok_or("expected a redirect")?.to_str()?.to_owned())
}

/// Returns the client of the server at an origin, from the server's metadata.
pub fn client(origin: &str) -> Result<Client, BoxError> {
    let metadata = run(Discovery::new(origin)?.start()?, transport())?;
    let client = Client::new(AuthorizationServer::from_metadata(&metadata)?, CLIENT_ID);
    Ok(client.secret(CLIENT_SECRET).redirect_uri(REDIRECT_URI)?)
}

/// Starts a photo service that speaks OAuth 2.0. Jane is signed in there, and approves every
/// request at once.
pub fn photo_service() -> Result<Server, BoxError> {
    Server::start(|origin| {
        let photos = Arc::new(Photos::new(origin)?);
        Ok(move |request: &Request| {
            photos.answer(request).unwrap_or_else(|rejected| rejected.response())
        })
    })
}

/// The photo service: an authorization server, and the API that its tokens are for.
struct Photos {
    provider: Provider,
    api: ResourceServer,
    store: MemoryStore,
}

impl Photos {
    fn new(issuer: &str) -> Result<Self, BoxError> {
        let mut options = Provider::builder(issuer)
            .add_grant_type(GrantType::authorization_code().scopes("albums profile"))
            .add_grant_type(GrantType::client_credentials().scopes("albums"))
            .add_grant_type(GrantType::device_code().scopes("albums"))
            .add_grant_type(GrantType::refresh_token());
        options.allow_verification_uri_complete = true;
        options.device_interval = Duration::from_secs(1);
        let store = MemoryStore::default();
        let client = ClientRecord::confidential(CLIENT_ID, CLIENT_SECRET)?
            .add_redirect_uri(REDIRECT_URI)
            .add_grant_type("client_credentials");
        store.add_client(client);
        store.add_client(ClientRecord::confidential(API_ID, API_SECRET)?.may_introspect_all());
        let api = ResourceServer::builder(issuer).add_authorization_server(issuer).build()?;
        Ok(Self { provider: options.build()?, api, store })
    }

    fn answer(&self, request: &Request) -> Result<Response, Rejected> {
        match request.uri().path() {
            "/albums" => self.protected(request, "albums"),
            "/me" => self.protected(request, "profile"),
            _ => self.decide(request),
        }
    }

    fn protected(&self, request: &Request, scope: &str) -> Result<Response, Rejected> {
        match serve(self.api.check(request, scope, Timestamp::from_os()), &self.store)? {
            Admission::Granted(access) => Ok(net::json(&json!({
                "user": { "id": access.user(), "name": "Jane Doe" },
                "albums": ["Holiday", "Ice"],
            }))),
            Admission::Rejected(rejected) => Ok(rejected.response()),
        }
    }

    /// Lets the provider answer, and approves for Jane if the provider needs a decision.
    fn decide(&self, request: &Request) -> Result<Response, Rejected> {
        let (jane, moment) = (Approval::new("jane"), Moment::from_os());
        let ask = self.provider.dispatch(request, Moment::from_os());
        match serve(ask, &self.store)? {
            Dispatched::Respond(response) => Ok(response),
            Dispatched::Consent(consent) => {
                serve(self.provider.approve(consent, jane, moment), &self.store)
            }
            Dispatched::Device(DevicePage { user_code: Some(user_code), .. }) => {
                let device =
                    serve(self.provider.find_device(&user_code, "jane", moment.now), &self.store)?;
                serve(self.provider.approve_device(device, jane, moment), &self.store)?;
                Ok(net::text(200, "Your device is connected."))
            }
            _ => Ok(net::text(404, "There is no such page.")),
        }
    }
}

/// Starts a photo service that speaks OAuth 1.0a. Jane is signed in there, and says yes at once.
pub fn oauth1_photo_service() -> Result<Server, BoxError> {
    let store = oauth1::store::MemoryStore::default();
    store.add_client(CLIENT_ID, oauth1::store::ClientRecord::with_secret(CLIENT_SECRET)?);
    Server::start(|origin| {
        let mut verifier = oauth1::Verifier::new(origin)?;
        // Programs of the service itself act without a user, so they have no token.
        verifier.allow_two_legged = true;
        let provider = oauth1::Provider::builder(verifier).build()?;
        Ok(move |request: &Request| {
            oauth1_answer(&provider, &store, request).unwrap_or_else(|rejected| rejected.response())
        })
    })
}

fn oauth1_answer(
    provider: &oauth1::Provider,
    store: &oauth1::store::MemoryStore,
    request: &Request,
) -> Result<Response, oauth1::Rejected> {
    let moment = Moment::from_os();
    if request.uri().path() == "/albums" {
        let verified = oauth1::serve(provider.verifier().verify(request, moment), store)?;
        let user = verified.approval.map(|approval| approval.user);
        return Ok(net::json(&json!({ "client": verified.client_key, "user": user })));
    }
    match oauth1::serve(provider.dispatch(request, moment), store)? {
        oauth1::Dispatched::Respond(response) => Ok(response),
        oauth1::Dispatched::Consent(consent) => {
            let jane = oauth1::Approval::new("jane");
            let approve = provider.approve(consent, jane, Moment::from_os());
            match oauth1::serve(approve, store)? {
                oauth1::AfterConsent::Redirect(response) => Ok(response),
                _ => Ok(net::text(500, "This client has a callback.")),
            }
        }
        _ => Ok(net::text(404, "There is no such page.")),
    }
}
