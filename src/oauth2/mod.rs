//! OAuth 2.0 and 2.1: RFC 6749 and what grew around it. Clients here; [`server`] and [`resource`]
//! are the other sides.
//!
//! ```text
//!   client                                    authorization server            resource server
//!     |  Client::authorize                           |                              |
//!     |  Pending is remembered                       |                              |
//!     |        resource owner ---- Authorization::url -->|                          |
//!     |        resource owner <--- page -------------|                              |
//!     |<--- callback: code, state, iss --------------|                              |
//!     |  Client::redeem                              |                              |
//!     |---- code, code_verifier, client -----------> |                              |
//!     |<--- Token -----------------------------------|                              |
//!     |  Session::attach_token                       |                              |
//!     |---- access token ---------------------------------------------------------->|
//!     |<--- protected resource, or 401 ---------------------------------------------|
//!     |  Session::check_response, Session::renew     |                              |
//!     |---- refresh token, client ------------------>|                              |
//!     |<--- Token, to be stored, then set ----------|                              |
//! ```
//!
//! | to do this | begin here |
//! |---|---|
//! | describe a server | [`AuthorizationServer`], [`Discovery`], [`services`](crate::services) |
//! | have a user grant access | [`Client::authorize`], then [`Client::redeem`] |
//! | the same on a device without a browser | [`Client::authorize_device`], then [`Client::poll`] |
//! | any other grant | [`Grant`], [`Client::request_token`] |
//! | call an API | [`SharedSession`]; [`Session`] by hand; [`Session::call`] for JSON |
//! | prove who the client is by more than a secret | [`AuthenticateClient`]; with a key in a service elsewhere, [`AuthenticateClientRemotely`] |
//! | ask about a token, or revoke it | [`Client::introspect`], [`Client::revoke`] |
//! | register a client | [`AuthorizationServer::register`], [`ClientRegistration`] |
//! | understand a refusal | [`BearerChallenge`], [`ResourceDiscovery`] |
//!
//! Everything is strict unless an option says otherwise: departures of a server's answers are
//! [`Quirks`], those of its requests are options of [`AuthorizationServer`], and what neither
//! covers is a hook of [`Client`].
//!
//! Left out on purpose: signed and encrypted introspection and authorization responses, pushed
//! requests by reference to a JWT (RFC 9101), and proofs of possession (RFC 9449), which come with
//! the crate's signatures for JSON.

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
