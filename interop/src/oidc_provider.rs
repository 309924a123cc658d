//! oidc-provider on loopback, and our clients at this server.

use oauth_proto::oauth2::{
    AuthorizationServer, Authorize, Client, ClientAuthentication, Discovery, Metadata, Pending,
    Token,
};
use oauth_proto::{Callback, Error, Moment, Secret};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::assertion;
use crate::browser::Browser;
use crate::exchange::Http;
use crate::keys;
use crate::peer::Peer;

/// The callback URL. It is not requested: the tests read the URL to which the browser is sent.
pub const CALLBACK: &str = "https://printer.example.com/ready?printer=2";
/// The identifier of the only protected resource at the server.
pub const PHOTOS: &str = "https://photos.example.com/";
/// The registered URL of a native app: any port is accepted (RFC 8252 §7.3).
pub const LOOPBACK: &str = "http://127.0.0.1/ready";
/// The initial access token, which is required to register a client.
pub const INITIAL_ACCESS_TOKEN: &str = "b41f0e6c-initial";

const SECRET: &str = "100% s=cret+/&:~";
/// HS256 requires at least 32 bytes.
const LONG_SECRET: &str = "100% s=cret+/&:~100% s=cret+/&:~";

/// A running server.
#[derive(Debug)]
pub struct OidcProvider {
    /// The process of the server. It ends when this value is dropped.
    peer: Peer,
    /// The issuer identifier of the server.
    pub issuer: String,
    /// The transport of our clients.
    pub http: Http,
}

#[derive(Deserialize)]
struct Started {
    port: u16,
}

impl OidcProvider {
    /// Starts the server.
    pub fn start() -> Self {
        let mut peer = Peer::run("oidc_provider.mjs");
        let Started { port } = peer
            .ask(&json!({ "clients": clients(), "initial_access_token": INITIAL_ACCESS_TOKEN }));
        Self { peer, issuer: format!("http://127.0.0.1:{port}"), http: Http::default() }
    }

    /// Fetches the metadata of the server.
    pub fn metadata(&self) -> Metadata {
        self.http.run(Discovery::new(&self.issuer).and_then(Discovery::start)).expect("metadata")
    }

    /// Returns the server as its metadata describes it.
    pub fn server(&self) -> AuthorizationServer {
        AuthorizationServer::from_metadata(&self.metadata()).expect("all endpoints")
    }

    /// Returns a registered client with its registered authentication method: see [`CLIENTS`].
    pub fn client(&self, id: &str) -> Client {
        self.client_by(id, authentication(id))
    }

    /// Returns a registered client with this authentication method.
    pub fn client_by(&self, id: &str, authentication: ClientAuthentication) -> Client {
        let client = Client::new(self.server(), id).authentication(authentication);
        client
            .redirect_uri(if id == "native" { LOOPBACK } else { CALLBACK })
            .expect("a redirect URI")
    }

    /// Opens the authorization URL as the user, who decides. Returns the callback URL.
    pub fn callback(&self, url: &str) -> String {
        Browser::new(&self.http, &self.issuer).callback(url)
    }

    /// Drives the first leg and decides as the user. The pending value is stored and read again.
    /// Returns it with the callback URL.
    ///
    /// # Errors
    /// The error of the leg.
    pub fn authorize(
        &self,
        client: &Client,
        authorize: Authorize,
    ) -> Result<(Pending, String), Error> {
        let authorization = self.http.run(client.authorize(authorize, Moment::from_os()))?;
        let stored = serde_json::to_string(&authorization.pending).expect("it can be JSON");
        let pending = serde_json::from_str(&stored).expect("what was stored");
        Ok((pending, self.callback(&authorization.url)))
    }

    /// Drives the last leg.
    ///
    /// # Errors
    /// The error of the leg.
    pub fn redeem<'a>(
        &self,
        client: &Client,
        pending: Pending,
        callback: impl Into<Callback<'a>>,
    ) -> Result<Token, Error> {
        self.http.run(client.redeem(pending, callback, Moment::from_os()))
    }

    /// Drives all legs of the code grant.
    ///
    /// # Errors
    /// The errors of the legs.
    pub fn grant(&self, client: &Client, authorize: Authorize) -> Result<Token, Error> {
        let (pending, callback) = self.authorize(client, authorize)?;
        self.redeem(client, pending, &callback)
    }

    /// Deletes an access token at the server, as if it had expired.
    pub fn forget(&mut self, token: &Secret) {
        let _scope: String = self.peer.ask(&token.expose());
    }

    /// Returns a token that can be renewed.
    pub fn offline_token(&self, client: &Client) -> Token {
        self.grant(client, offline("openid offline_access")).expect("a token")
    }

    /// Returns whether an access token or a refresh token is active at the server.
    pub fn is_active(&self, client: &Client, token: &Secret) -> bool {
        let step = client.introspect(token.expose(), Moment::from_os());
        self.http.run(step).expect("an introspection").active
    }
}

/// Returns a request for this scope with `prompt=consent`, which OpenID Connect §11 requires for a
/// refresh token.
pub fn offline(scope: &str) -> Authorize {
    Authorize::scope(scope).parameter("prompt", "consent")
}

/// The ids of the confidential clients, which are named by their authentication methods.
pub const CLIENTS: [&str; 4] = ["basic", "post", "secret-jwt", "key-jwt"];

fn authentication(id: &str) -> ClientAuthentication {
    match id {
        "basic" | "pushing" => ClientAuthentication::Basic(SECRET.into()),
        "post" => ClientAuthentication::Body(SECRET.into()),
        "secret-jwt" => assertion::client_secret_jwt(LONG_SECRET),
        "key-jwt" | "stranger" => assertion::private_key_jwt(keys::CLIENT),
        "native" => ClientAuthentication::None,
        id => panic!("no client {id}"),
    }
}

/// Returns the registrations of the clients at the server.
fn clients() -> Vec<Value> {
    let confidential = |id: &str, method: &str, more: Value| {
        let grants = [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code",
        ];
        let mut client = json!({
            "client_id": id,
            "token_endpoint_auth_method": method,
            "redirect_uris": [CALLBACK],
            "grant_types": grants,
        });
        client
            .as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        client
    };
    vec![
        confidential("basic", "client_secret_basic", json!({ "client_secret": SECRET })),
        confidential("post", "client_secret_post", json!({ "client_secret": SECRET })),
        confidential("secret-jwt", "client_secret_jwt", json!({ "client_secret": LONG_SECRET })),
        confidential("key-jwt", "private_key_jwt", json!({ "key": keys::CLIENT_PUBLIC })),
        confidential("stranger", "private_key_jwt", json!({ "key": keys::STRANGER_PUBLIC })),
        confidential(
            "pushing",
            "client_secret_basic",
            json!({ "client_secret": SECRET, "require_pushed_authorization_requests": true }),
        ),
        json!({
            "client_id": "native",
            "application_type": "native",
            "token_endpoint_auth_method": "none",
            "redirect_uris": [LOOPBACK],
            "grant_types": [
                "authorization_code",
                "refresh_token",
                "urn:ietf:params:oauth:grant-type:device_code",
            ],
        }),
    ]
}
