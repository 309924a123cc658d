//! Keys in a key service: a client requests signatures for OAuth 1.0a requests and for OAuth 2.0
//! assertions from a key service on loopback.

use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use oauth_proto::oauth1::server::store::{ClientRecord, MemoryStore};
use oauth_proto::oauth1::server::{Verifier, serve};
use oauth_proto::oauth1::{
    ClientCredentials, Method, RemoteSignatureMethod, RsaKey, Scheme, Signer,
};
use oauth_proto::oauth2::{
    AuthenticateClientRemotely, AuthorizationServer, Client, ClientAuthentication, Grant,
    RequestCredentials,
};
use oauth_proto::wire::form;
use oauth_proto::{BoxError, Moment, Purpose, Request, Response, Step, run};
use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey};
use rsa::{PrivateKey, PublicKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{net, show};

const PRIVATE_KEY: &str = include_str!("../../tests/keys/rsa2048.pkcs8.pem");
const PUBLIC_KEY: &str = include_str!("../../tests/keys/rsa2048.spki.pem");
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The client's access to its key: the URL of the key service. A real service would authenticate
/// the client.
struct KeyService {
    url: String,
}

impl KeyService {
    /// Returns the step that requests the signature of a message (RSA with SHA-256).
    fn signature(&self, message: &[u8]) -> Result<Step<Vec<u8>>, BoxError> {
        let body = json!({ "message": BASE64_STANDARD.encode(message) });
        let request = http::Request::post(&self.url)
            .header("content-type", "application/json")
            .body(body.to_string().into_bytes())?;
        Ok(Step::exchange(request, Purpose::CallingKeyService, |response| {
            let answer: Value = serde_json::from_slice(response.body())?;
            let signature = answer["signature"].as_str().ok_or("the answer has no signature")?;
            Ok(BASE64_STANDARD.decode(signature)?)
        }))
    }
}

/// Signatures of OAuth 1.0a.
impl RemoteSignatureMethod for KeyService {
    fn name(&self) -> &str {
        "RSA-SHA256"
    }

    fn sign(&self, base_string: Vec<u8>, _: Moment) -> Result<Step<Vec<u8>>, BoxError> {
        self.signature(&base_string)
    }
}

/// Assertions of OAuth 2.0 (`private_key_jwt`, RFC 7523 §2.2).
impl AuthenticateClientRemotely for KeyService {
    fn authenticate(
        &self,
        mut credentials: RequestCredentials,
        _: Moment,
    ) -> Result<Step<RequestCredentials>, BoxError> {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed =
            format!("{}.{}", part(&json!({ "alg": "RS256" })), part(&credentials.claims()));
        Ok(self.signature(signed.as_bytes())?.map(move |signature| {
            let assertion = format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature));
            credentials.parameter("client_assertion_type", ASSERTION_TYPE);
            credentials.parameter("client_assertion", &assertion);
            credentials
        }))
    }
}

pub fn chapter() -> Result<(), BoxError> {
    show::title("Keys in a key service: the printing service signs without having the key itself");
    let private = PrivateKey::from_pkcs8_pem(PRIVATE_KEY)?;
    let keys = net::Server::start(|_| {
        Ok(move |request: &Request| {
            sign(&private, request.body()).unwrap_or_else(|error| net::text(500, error))
        })
    })?;
    show::note(format_args!("a key service listens at {}", keys.origin));
    let photos = net::Server::start(|origin| {
        let photos = Photos::new(origin)?;
        Ok(move |request: &Request| {
            photos.handle(request).unwrap_or_else(|error| net::text(500, error))
        })
    })?;
    show::note(format_args!(
        "a photo service, which knows the public key, listens at {}",
        photos.origin
    ));
    let key = Arc::new(KeyService { url: format!("{}/sign", keys.origin) });
    let mut send = show::transport();

    show::title("1. OAuth 1.0a: the base string goes to the key service, the signature comes back");
    let scheme = Scheme::new(Method::Remote(key.clone()));
    let signer = Signer::new(&scheme, &ClientCredentials::new("printer", ""), None);
    let request = http::Request::get(format!("{}/photos", photos.origin)).body(Vec::new())?;
    let signed = run(signer.sign_remotely(request, Moment::from_os())?, &mut send)?;
    send(signed)?;

    show::title(
        "2. OAuth 2.0: the client's claims go to the key service, the signature comes \
        back",
    );
    let server = AuthorizationServer::new(&format!("{}/token", photos.origin))?;
    let client = Client::new(server, "printer").authentication(ClientAuthentication::Remote(key));
    let token =
        run(client.request_token(Grant::client_credentials(), Moment::from_os())?, &mut send)?;
    show::note(format_args!("the printing service has a token of the type {}", token.token_type));
    Ok(())
}

/// Handles a request to the key service.
fn sign(key: &PrivateKey, body: &[u8]) -> Result<Response, BoxError> {
    let question: Value = serde_json::from_slice(body)?;
    let message = BASE64_STANDARD
        .decode(question["message"].as_str().ok_or("the request has no message to sign")?)?;
    let signature = key.sign(padding(), &Sha256::digest(message))?;
    Ok(net::json(&json!({ "signature": BASE64_STANDARD.encode(signature) })))
}

/// The photo service: an API that verifies signatures, and a token endpoint that verifies
/// assertions.
struct Photos {
    verifier: Verifier,
    store: MemoryStore,
    key: PublicKey,
    token_endpoint: String,
}

impl Photos {
    fn new(origin: &str) -> Result<Self, BoxError> {
        let key = Method::RsaSha256(RsaKey::from_pem(PUBLIC_KEY)?);
        let store = MemoryStore::default();
        store.add_client("printer", ClientRecord::with_key(key.clone()));
        let mut verifier = Verifier::new(origin)?;
        verifier.keyed_methods.push(key);
        verifier.allow_two_legged = true;
        let key = PublicKey::from_public_key_pem(PUBLIC_KEY)?;
        Ok(Self { verifier, store, key, token_endpoint: format!("{origin}/token") })
    }

    fn handle(&self, request: &Request) -> Result<Response, BoxError> {
        if request.uri().path() == "/token" {
            return self.token(request.body());
        }
        match serve(self.verifier.verify(request, Moment::from_os()), &self.store) {
            Ok(verified) => Ok(net::json(
                &json!({ "signed_by": verified.client_key, "photos": ["vacation.jpg"] }),
            )),
            Err(rejected) => Ok(rejected.response()),
        }
    }

    /// Checks the signature and the audience of an assertion. A real server checks all of RFC 7523
    /// §3.
    fn token(&self, body: &[u8]) -> Result<Response, BoxError> {
        let assertion = form::pairs(body)
            .find(|(name, _)| **name == *b"client_assertion")
            .ok_or("the token request has no assertion")?
            .1;
        let assertion = str::from_utf8(&assertion)?;
        let (signed, signature) =
            assertion.rsplit_once('.').ok_or("the assertion has no signature")?;
        self.key.verify(
            padding(),
            &Sha256::digest(signed),
            &BASE64_URL_SAFE_NO_PAD.decode(signature)?,
        )?;
        let claims = signed.split('.').nth(1).ok_or("the assertion has no claims")?;
        let claims: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims)?)?;
        if claims["aud"] != self.token_endpoint.as_str() {
            return Err("the assertion's audience is another server".into());
        }
        Ok(net::json(
            &json!({ "access_token": "SlAV32hkKG", "token_type": "Bearer", "expires_in": 3600 }),
        ))
    }
}

/// RSASSA-PKCS1-v1_5 with SHA-256: the DER of `DigestInfo` up to the digest (RFC 8017 §9.2, note
/// 1).
fn padding() -> Pkcs1v15Sign {
    let prefix = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
    Pkcs1v15Sign { hash_len: Some(32), prefix: (*prefix).into() }
}
