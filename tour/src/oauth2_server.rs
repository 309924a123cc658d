//! The photo service: an authorization server that is built on the crate, its clients, and an API
//! that accepts its tokens.

use std::time::Duration;

use oauth_proto::oauth2::resource::{Admission, ResourceServer};
use oauth_proto::oauth2::server::store::{ClientRecord, MemoryStore};
use oauth_proto::oauth2::server::{
    Approval, DevicePage, Dispatched, GrantType, Provider, Rejected, ServerStep, serve,
};
use oauth_proto::{Error, Moment, Request, Response, Timestamp};

use crate::{net, pages};

/// The id of the client that prints photos.
pub const CLIENT: &str = "photo-printer";
/// The secret of [`CLIENT`]. It is random, like the entropy of `Moment::from_os`.
pub const CLIENT_SECRET: &str = "qmMB1lmHcP2nN4BdUxvWlg";
/// The id of the client on picture frames. It is public, because devices cannot keep a secret.
pub const FRAME: &str = "photo-frame";
/// The scopes, and their descriptions for users.
pub const SCOPES: [(&str, &str); 2] =
    [("albums", "See your albums"), ("prints", "Order prints in your name")];

pub struct Photos {
    pub provider: Provider,
    api: ResourceServer,
    store: MemoryStore,
}

impl Photos {
    /// Makes the service at this address. `redirect_uri` is the callback URL of the client.
    pub fn new(issuer: &str, redirect_uri: &str) -> Result<Self, Error> {
        let scopes = SCOPES.map(|(scope, _)| scope);
        let mut stats = GrantType::client_credentials().scopes("albums");
        stats.default_scope = Some("albums".into());
        let mut options = Provider::builder(issuer)
            .add_grant_type(GrantType::authorization_code().scopes(scopes))
            .add_grant_type(stats)
            .add_grant_type(GrantType::device_code().scopes(scopes))
            .add_grant_type(GrantType::refresh_token());
        // The consent page shows the code, so that the user can compare it with the device.
        options.allow_verification_uri_complete = true;
        // A short interval, so that the example ends soon.
        options.device_interval = Duration::from_secs(1);
        let provider = options.build()?;
        let mut api = ResourceServer::builder(issuer).add_authorization_server(issuer);
        api.scopes = Some(scopes.into());
        let store = MemoryStore::default();
        let printer = ClientRecord::confidential(CLIENT, CLIENT_SECRET)?.name(pages::CLIENT);
        store.add_client(
            printer.add_redirect_uri(redirect_uri).add_grant_type("client_credentials"),
        );
        store.add_client(ClientRecord::public(FRAME).name("Photo Frame"));
        Ok(Self { provider, api: api.build()?, store })
    }

    /// Runs a step of the provider or the API.
    pub fn serve<T>(&self, step: ServerStep<T>) -> Result<T, Rejected> {
        serve(step, &self.store)
    }

    /// Handles a request to the provider.
    pub fn dispatch(&self, request: &Request) -> Result<Dispatched, Rejected> {
        self.serve(self.provider.dispatch(request, Moment::from_os()))
    }

    /// The API. It returns the albums of the token's user, or public albums.
    pub fn albums(&self, request: &Request) -> Result<Response, Rejected> {
        let access = match self.serve(self.api.check(request, "albums", Timestamp::from_os()))? {
            Admission::Granted(access) => access,
            Admission::Rejected(rejected) => return Ok(rejected.response()),
        };
        let albums =
            if access.user().is_some() { ["Holiday", "Ice"] } else { ["Featured", "Landscapes"] };
        let answer = serde_json::json!({ "albums": albums, "user": access.user() });
        Ok(net::json(&answer))
    }

    /// Handles a request for the chapters: Jane is signed in and consents at once. The pages that
    /// ask her are in `sign_in`.
    pub fn handle_at_once(&self, request: &Request) -> Response {
        let response = match request.uri().path() {
            "/albums" => self.albums(request),
            _ => self.dispatch(request).and_then(|end| self.say_yes(end)),
        };
        response.unwrap_or_else(|rejected| rejected.response())
    }

    fn say_yes(&self, end: Dispatched) -> Result<Response, Rejected> {
        let (jane, moment) = (Approval::new("jane"), Moment::from_os());
        match end {
            Dispatched::Consent(consent) => {
                self.serve(self.provider.approve(consent, jane, moment))
            }
            Dispatched::Device(DevicePage { user_code: Some(user_code), .. }) => {
                let device =
                    self.serve(self.provider.find_device(&user_code, "jane", moment.now))?;
                self.serve(self.provider.approve_device(device, jane, moment))?;
                Ok(Response::new(b"Your device is connected.".to_vec()))
            }
            Dispatched::Respond(response) => Ok(response),
            _ => Ok(Response::new(b"Which code does your device show?".to_vec())),
        }
    }
}
