//! An authorization server on loopback that is built on this crate, and an API that accepts its
//! tokens. Jane is signed in at the server. A `login_hint` of `nobody` makes her deny a request.
//! She grants all others.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use oauth_proto::oauth2::resource::{Admission, ResourceServer};
use oauth_proto::oauth2::server::store::{ClientRecord, MemoryStore};
use oauth_proto::oauth2::server::{
    Approval, Consent, DecideGrant, Decision, DeviceConsent, DevicePage, Dispatched,
    GrantCredential, GrantType, Provider, RegistrationPolicy, Rejected, Serve, ServerStep, serve,
};
use oauth_proto::{Moment, Request, Response, Timestamp};

use crate::loopback::Loopback;

use crate::with::With;

/// The client with a secret.
pub const CLIENT: &str = "printer";
/// The secret of [`CLIENT`].
pub const SECRET: &str = "7Fjfp0ZBr1KtDRbnfVdmIw";
/// A client whose id and secret have special characters. Some client libraries encode them in HTTP
/// Basic, and others do not. The server accepts both.
pub const AWKWARD_CLIENT: &str = "client & co.";
/// The secret of [`AWKWARD_CLIENT`].
pub const AWKWARD_SECRET: &str = "100% s=cret+/:é, 1 of 2 ways";
/// The client without a secret.
pub const PUBLIC_CLIENT: &str = "app";
/// The callback URL.
pub const CALLBACK: &str = "https://printer.example.com/ready?printer=2";
/// The callback URL of clients that drop the query.
pub const CALLBACK_WITHOUT_QUERY: &str = "https://printer.example.com/ready";
/// The callback URL of [`PUBLIC_CLIENT`], at any port.
pub const LOOPBACK_CALLBACK: &str = "http://127.0.0.1/cb";
/// Jane's password.
pub const PASSWORD: &str = "correct horse ☃";

/// All scopes of the server.
const SCOPES: &str = "photos.read photos.write";

/// A running server. It stops when it is dropped.
#[derive(Debug)]
pub struct OurServer {
    loopback: Loopback,
    store: Arc<MemoryStore>,
}

impl OurServer {
    /// Starts the server at a free port.
    pub fn start() -> Self {
        let store = Arc::new(MemoryStore::default());
        add_clients(&store);
        let kept = store.clone();
        let loopback = Loopback::start(|issuer| {
            let api = ResourceServer::builder(issuer)
                .add_authorization_server(issuer)
                .build()
                .expect("loopback is secure");
            let endpoints = Endpoints { provider: provider(issuer), api, store: kept };
            move |request: &Request| endpoints.respond(request)
        });
        Self { loopback, store }
    }

    /// Returns the issuer identifier, which is also the origin of the server.
    pub fn issuer(&self) -> String {
        self.loopback.origin()
    }

    /// Registers a client.
    pub fn add_client(&self, record: ClientRecord) {
        self.store.add_client(record);
    }
}

fn add_clients(store: &MemoryStore) {
    let confidential = |id, secret| {
        let record = ClientRecord::confidential(id, secret)
            .unwrap()
            .add_redirect_uri(CALLBACK)
            .add_redirect_uri(CALLBACK_WITHOUT_QUERY)
            .add_grant_type("client_credentials");
        record.add_grant_type("implicit").add_grant_type("password").name("Photo Printer")
    };
    store.add_client(confidential(CLIENT, SECRET));
    store.add_client(confidential(AWKWARD_CLIENT, AWKWARD_SECRET));
    store.add_client(ClientRecord::public(PUBLIC_CLIENT).add_redirect_uri(LOOPBACK_CALLBACK));
}

fn provider(issuer: &str) -> Provider {
    Provider::builder(issuer)
        .add_grant_type(
            GrantType::authorization_code()
                .scopes(SCOPES)
                .with(|options| options.default_scope = Some("photos.read".into())),
        )
        .add_grant_type(GrantType::dangerous_implicit().scopes(SCOPES))
        .add_grant_type(GrantType::dangerous_password().scopes(SCOPES))
        .add_grant_type(GrantType::client_credentials().scopes("stats"))
        .add_grant_type(GrantType::device_code().scopes(SCOPES))
        // A refresh token that is used twice revokes the grant at once.
        .add_grant_type(
            GrantType::refresh_token()
                .with(|options| options.rotation_grace = Some(Duration::ZERO)),
        )
        .with(|options| options.registration = RegistrationPolicy::AllowAnyone)
        .with(|options| options.allow_raw_basic = true)
        .with(|options| options.allow_verification_uri_complete = true)
        // Short, because a test waits for it.
        .with(|options| options.device_interval = Duration::from_secs(1))
        .build()
        .expect("a sound configuration")
}

struct Endpoints {
    provider: Provider,
    api: ResourceServer,
    store: Arc<MemoryStore>,
}

impl Endpoints {
    fn respond(&self, request: &Request) -> Response {
        let response = match request.uri().path() {
            "/photos" => self.photos(request),
            _ => self.dispatch(request),
        };
        response.unwrap_or_else(|rejected| rejected.response())
    }

    fn dispatch(&self, request: &Request) -> Result<Response, Rejected> {
        let step = self.provider.dispatch(request, Moment::from_os());
        match Serve::new(&self.store).decide_grant(check_password).run(step)? {
            Dispatched::Respond(response) => Ok(response),
            Dispatched::Consent(consent) => self.decide(consent),
            Dispatched::Device(DevicePage { user_code: None, .. }) => {
                Ok(page(StatusCode::OK, "Enter the code"))
            }
            Dispatched::Device(DevicePage { user_code: Some(user_code), .. }) => {
                let device = self.serve(self.provider.find_device(
                    &user_code,
                    // Each code has its own count, since these tests enter many codes.
                    &user_code,
                    Timestamp::from_os(),
                ))?;
                self.decide_device(request, device)
            }
            page => unreachable!("{page:?}"),
        }
    }

    fn decide(&self, consent: Consent) -> Result<Response, Rejected> {
        if consent.parameter("login_hint") == Some("nobody") {
            return self.serve(self.provider.deny(consent));
        }
        self.serve(self.provider.approve(consent, Approval::new("jane"), Moment::from_os()))
    }

    fn decide_device(
        &self,
        request: &Request,
        device: DeviceConsent,
    ) -> Result<Response, Rejected> {
        match request.uri().query().is_some_and(|query| query.contains("login_hint=nobody")) {
            true => self.serve(self.provider.deny_device(device, Moment::from_os()))?,
            false => self.serve(self.provider.approve_device(
                device,
                Approval::new("jane"),
                Moment::from_os(),
            ))?,
        }
        Ok(page(StatusCode::OK, "Go back to your device"))
    }

    fn serve<T>(&self, step: ServerStep<T>) -> Result<T, Rejected> {
        serve(step, &self.store)
    }

    /// Responds as the protected resource, with the user, the client and the scope of the token.
    fn photos(&self, request: &Request) -> Result<Response, Rejected> {
        let access = match self.serve(self.api.check(request, "", Timestamp::from_os()))? {
            Admission::Granted(access) => access,
            Admission::Rejected(rejected) => return Ok(rejected.response()),
        };
        let (user, client, scope) = (access.user(), access.client_id(), access.scope().as_str());
        let answer = serde_json::json!({ "user": user, "client": client, "scope": scope });
        Ok(page(StatusCode::OK, &answer.to_string()))
    }
}

fn check_password(question: DecideGrant) -> Result<Decision, Infallible> {
    Ok(match question.credential {
        GrantCredential::Password { username, password }
            if username == "jane" && password.expose() == PASSWORD =>
        {
            Decision::Granted(Approval::new(username))
        }
        _ => Decision::Denied,
    })
}

fn page(status: StatusCode, text: &str) -> Response {
    let mut response = Response::new(text.as_bytes().to_vec());
    *response.status_mut() = status;
    response
}
