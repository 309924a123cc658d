//! OAuth 2.0 and 2.1: RFC 6749 and its extensions. This module has the client; [`server`] and
//! [`resource`] are the other sides.
//!
//! ```text
//!   client                                    authorization server            resource server
//!     |  Client::authorize                           |                              |
//!     |  Pending is remembered                       |                              |
//!     |        resource owner ---- Authorization::url -->|                          |
//!     |        resource owner <--- page -------------|                              |
//!     |<--- callback: code or error, state, iss -----|                              |
//!     |  Client::redeem                              |                              |
//!     |---- code, code_verifier, client -----------> |                              |
//!     |<--- Token, or an error ----------------------|                              |
//!     |  Session::attach_token                       |                              |
//!     |---- access token ---------------------------------------------------------->|
//!     |<--- protected resource, or 401 ---------------------------------------------|
//!     |  Session::check_response, Session::renew     |                              |
//!     |---- refresh token, client ------------------>|                              |
//!     |<--- Token, to be stored, then set -----------|                              |
//! ```
//!
//! # A client's walk through all steps
//!
//! A real transport sends the requests to servers. In this example, the function `send` plays the
//! servers.
//!
//! ```
//! use oauth_proto::oauth2::{
//!     AuthorizationServer, Authorize, Client, Discovery, Pending, Session, SharedSession,
//! };
//! use oauth_proto::{Moment, Request, Response, run};
//! use std::convert::Infallible;
//! use std::future::ready;
//!
//! fn send(request: Request) -> Result<Response, Infallible> {
//!     let body = match request.uri().path() {
//!         "/.well-known/oauth-authorization-server" => {
//!             r#"{ "issuer": "https://auth.example.com",
//!                  "authorization_endpoint": "https://auth.example.com/authorize",
//!                  "token_endpoint": "https://auth.example.com/token",
//!                  "revocation_endpoint": "https://auth.example.com/revoke",
//!                  "code_challenge_methods_supported": ["S256"] }"#
//!         }
//!         "/token" => {
//!             r#"{ "access_token": "SlAV32hkKG", "token_type": "Bearer", "expires_in": 3600,
//!                  "refresh_token": "8xLOxBtZp8", "scope": "albums" }"#
//!         }
//!         "/albums" if request.headers()["authorization"] == "Bearer SlAV32hkKG" => {
//!             "Holiday, Ice"
//!         }
//!         _ => "",
//!     };
//!     let response = http::Response::builder().header("content-type", "application/json");
//!     Ok(response.body(body.into()).unwrap_or_default())
//! }
//!
//! // 1. At the start of the program: the server's metadata (RFC 8414), and the client. Without
//! //    metadata, `AuthorizationServer::new` takes the token endpoint, and the rest are fields.
//! let metadata = run(Discovery::new("https://auth.example.com")?.start()?, send)?;
//! let client = Client::new(AuthorizationServer::from_metadata(&metadata)?, "s6BhdRkqt3")
//!     .secret("7Fjfp0ZBr1KtDRbnfVdmIw")
//!     .redirect_uri("https://printer.example.com/ready")?;
//!
//! // 2. A user wants to begin. Store the pending value for this browser, in a session or in an
//! //    encrypted cookie, and redirect the browser to the URL.
//! let begin = client.authorize(Authorize::scope("albums"), Moment::from_os())?;
//! let authorization = run(begin, send)?;
//! let cookie = serde_json::to_string(&authorization.pending)?;
//! assert!(authorization.url.starts_with("https://auth.example.com/authorize?"));
//!
//! // 3. The browser is back. The callback's state, issuer and URL are checked, and then the code
//! //    is exchanged for a token.
//! let pending: Pending = serde_json::from_str(&cookie)?;
//! # let mut sent = authorization.url.split(['?', '&']);
//! # let state = sent.find_map(|pair| pair.strip_prefix("state=")).unwrap();
//! let callback = format!("/ready?code=SplxlOBeZQQYbYS6WxSbIA&state={state}");
//! let token = run(client.redeem(pending, &callback, Moment::from_os())?, send)?;
//! assert_eq!(token.scope.as_ref().map(|scope| scope.to_string()).as_deref(), Some("albums"));
//!
//! // 4. Call the API. The session sends the token to this origin only, renews it when it is due or
//! //    refused, and saves the new one before it uses it.
//! let session = Session::new(&client, "https://photos.example.com", token)?;
//! let shared = SharedSession::builder(session)
//!     .save(|_token| ready(Ok::<_, std::io::Error>(()))) // your database
//!     .build()?;
//! let request = http::Request::get("https://photos.example.com/albums").body(Vec::new())?;
//! assert_eq!(shared.fetch(request, send)?.body(), b"Holiday, Ice");
//!
//! // 5. The user signs out: revoke the tokens (RFC 7009).
//! if let Some(token) = shared.session().token() {
//!     run(client.revoke_grant(token, Moment::from_os())?, send)?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to begin
//!
//! - Describe a server: [`AuthorizationServer`], [`Discovery`], [`services`](crate::services).
//! - Ask a user for access: [`Client::authorize`], then [`Client::redeem`].
//! - The same on a device without a browser: [`Client::authorize_device`], then [`Client::poll`].
//! - Any other grant: [`Grant`], [`Client::request_token`].
//! - Call an API: [`SharedSession`]; [`Session`] by hand; [`Session::call`] for JSON.
//! - Prove who the client is by more than a secret: [`AuthenticateClient`]; with a key in a service
//!   elsewhere, [`AuthenticateClientRemotely`].
//! - Ask about a token, or revoke it: [`Client::introspect`], [`Client::revoke`].
//! - Register a client: [`AuthorizationServer::register`], [`ClientRegistration`].
//! - Understand a refusal of an API: [`BearerChallenge`], [`ResourceDiscovery`].
//! - Issue tokens: [`server`]. Protect an API: [`resource`].
//!
//! Everything is strict by default. If a server's responses deviate from the specifications, set
//! [`Quirks`]. If a server expects other requests, set options of [`AuthorizationServer`]. For
//! everything else, [`Client`] has hooks.
//!
//! Not implemented yet: OpenID Connect, signed and encrypted responses of introspection and
//! authorization, signed requests (RFC 9101) and proofs of possession (RFC 9449).

#[cfg(feature = "client")]
pub(crate) mod client;
pub(crate) mod common;
#[cfg(feature = "resource")]
pub mod resource;
#[cfg(feature = "server")]
pub mod server;

#[cfg(feature = "client")]
pub use client::*;
#[cfg(feature = "client")]
pub use common::bearer_challenge::{BearerChallenge, BearerError};
pub use common::introspection::Introspection;
pub use common::metadata::{Metadata, ResourceMetadata};
#[cfg(feature = "client")]
pub use common::quirks::Quirks;
pub use common::registration::ClientMetadata;
#[cfg(feature = "client")]
pub use common::registration::ClientRegistration;
pub use common::response_mode::ResponseMode;
pub use common::scope::Scope;
#[cfg(feature = "client")]
pub use common::style::{PkceSupport, SecretPlacement, TokenPlacement, Transmission};
#[cfg(feature = "client")]
pub use common::token::{Token, TokenType};

#[cfg(feature = "client")]
pub use crate::core::error::oauth2::{CallbackError, RequestError};
