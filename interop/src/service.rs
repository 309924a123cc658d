//! A service on loopback that is built on this crate: the three endpoints of OAuth 1.0a, and
//! photos.

use crate::with::With;
use http::{Request, Response, StatusCode};
use oauth_proto::Moment;
use oauth_proto::oauth1::server::store::{ClientRecord, MemoryStore};
use oauth_proto::oauth1::server::{
    AfterConsent, Approval, Consent, Dispatched, Provider, Rejected, ServerStep, Verified,
    Verifier, serve,
};
use oauth_proto::wire::form;

use crate::keys;
use crate::loopback::Loopback;

/// The client that signs by RSA-SHA256 with the key [`keys::CLIENT`].
pub const RSA_CLIENT: &str = "rsa-client";
/// The client with a shared secret.
pub const CLIENT: &str = "client & co.";
/// The secret of [`CLIENT`].
pub const CLIENT_SECRET: &str = "100% s=cret+/é";

/// A running service. It stops when it is dropped.
#[derive(Debug)]
pub struct Service(Loopback);

impl Service {
    /// Starts the service at a free port.
    pub fn start() -> Self {
        Self(Loopback::start(|origin| {
            let endpoints = Endpoints::new(origin);
            move |request: &Request<Vec<u8>>| endpoints.respond(request)
        }))
    }

    /// Returns the origin of the service: `http://127.0.0.1:` and the port.
    pub fn origin(&self) -> String {
        self.0.origin()
    }
}

struct Endpoints {
    provider: Provider,
    store: MemoryStore,
}

impl Endpoints {
    fn new(origin: &str) -> Self {
        let store = MemoryStore::default();
        store.add_client(CLIENT, ClientRecord::with_secret(CLIENT_SECRET).unwrap());
        store.add_client(
            RSA_CLIENT,
            ClientRecord::with_key(keys::method("RSA-SHA256", keys::CLIENT_PUBLIC)),
        );
        let verifier = Verifier::new(origin).expect("an origin").with(|it| {
            it.realm = Some("Photos".into());
            it.keyed_methods.push(keys::method("RSA-SHA256", keys::STRANGER_PUBLIC));
            it.allow_sha1_body_hash = true;
            it.dangerous_allow_plaintext = true;
        });
        // Tornado sends GET requests.
        let provider = Provider::builder(verifier)
            .with(|it| it.allow_get = true)
            .build()
            .expect("loopback is secure");
        Self { provider, store }
    }

    fn respond(&self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        let moment = Moment::from_os();
        let response = match request.uri().path() {
            "/photos" => self
                .serve(self.provider.verifier().verify(request, moment))
                .map(|verified| photos(request, &verified)),
            _ => self.serve(self.provider.dispatch(request, moment)).and_then(|dispatched| {
                match dispatched {
                    Dispatched::Respond(response) => Ok(response),
                    Dispatched::Consent(consent) => self.decide(request, consent),
                    _ => Ok(status(StatusCode::NOT_IMPLEMENTED)),
                }
            }),
        };
        response.unwrap_or_else(|rejected| rejected.response())
    }

    fn serve<T>(&self, step: ServerStep<T>) -> Result<T, Rejected> {
        serve(step, &self.store)
    }

    /// Decides for Jane, the resource owner. She denies if the query has `jane=denies`.
    fn decide(
        &self,
        request: &Request<Vec<u8>>,
        consent: Consent,
    ) -> Result<Response<Vec<u8>>, Rejected> {
        let denies = request.uri().query().is_some_and(|query| query.contains("jane=denies"));
        let decision = match denies {
            true => self.serve(self.provider.deny(consent, Moment::from_os()))?,
            false => self.serve(self.provider.approve(
                consent,
                Approval::new("jane"),
                Moment::from_os(),
            ))?,
        };
        Ok(match decision {
            AfterConsent::Redirect(response) => response,
            AfterConsent::ShowVerifier(verifier) => {
                Response::new(verifier.expose().as_bytes().to_vec())
            }
            AfterConsent::ShowDenied => status(StatusCode::FORBIDDEN),
        })
    }
}

/// Responds as the protected resource, with the client, the user and the parameters of the request.
fn photos(request: &Request<Vec<u8>>, verified: &Verified) -> Response<Vec<u8>> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let query = form::pairs(request.uri().query().unwrap_or_default().as_bytes());
    let content_type = request.headers().get("content-type").map(http::HeaderValue::as_bytes);
    let is_form = content_type
        .is_some_and(|content_type| content_type.starts_with(form::MEDIA_TYPE.as_bytes()));
    let body = form::pairs(if is_form { request.body() } else { b"" });
    let parameters: Vec<_> =
        query.chain(body).map(|(name, value)| (text(&name), text(&value))).collect();
    let parameters: Vec<_> =
        parameters.into_iter().filter(|(name, _)| !name.starts_with("oauth_")).collect();
    let user = verified.approval.as_ref().map(|grant| &grant.user);
    let answer = serde_json::json!({
        "client": verified.client_key,
        "user": user,
        "parameters": parameters,
    });
    Response::new(answer.to_string().into_bytes())
}

fn status(status: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}
