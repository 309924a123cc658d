//! OAuth 1.0a, RFC 5849: signing, the three legs of a client, and the server in [`server`].
//!
//! ```text
//!   client                                          server
//!     |                                               |
//!     |  Client::authorize                            |  Provider::dispatch
//!     |---- signed with the client's secret --------->|
//!     |<--- temporary credentials --------------------|
//!     |                                               |
//!     |  Authorization::pending is kept               |
//!     |  url:           resource owner ---- GET ----->|  Provider::dispatch
//!     |                 resource owner <--- page -----|  Provider::approve or Provider::deny
//!     |<--- callback, oauth_token, oauth_verifier ----|
//!     |                                               |
//!     |  Client::redeem                               |  Provider::dispatch
//!     |---- signed with the temporary secret -------->|
//!     |<--- token credentials ------------------------|
//!     |                                               |
//!     |  Token is stored                              |
//!     |  Session::sign                                |  Verifier::verify
//!     |---- signed with the token's secret ---------->|
//!     |<--- protected resource -----------------------|
//! ```
//!
//! An overview: [`Client`] walks the legs, [`Session`] signs for a user, [`Session::call`] fetches
//! JSON and [`Signer`] signs anything; [`Scheme`] says how (method, placement, body hash),
//! [`Server`] what a service's documentation says. The 2007 version, services with registered
//! callbacks and other departures are options of [`Server`].
//!
//! Left out on purpose: the server speaks 1.0a alone, since the version of 2007 lets an attacker
//! fixate a session, and renews no tokens; multipart bodies are signed by their hash or not at all,
//! as the RFC says; and what a realm means is the application's to say (it is in
//! [`Consent`](server::Consent), and belongs into the grant's data).
//!
//! When a service refuses every request for its timestamp, this machine's clock is wrong: the
//! service's is in the details of [`Refused::Problem`](crate::Refused::Problem), and a
//! [`Moment`](crate::Moment) can be made of any time.

mod client;
mod credentials;
mod names;
pub mod server;
mod signing;

pub use crate::core::error::oauth1::{CallbackError, RequestError};
pub(crate) use client::api_refusal;
pub use client::{Authorization, Authorize, Callbacks, Client, Pending, Server, Session, Token};
pub use credentials::{ClientCredentials, TokenCredentials};
#[cfg(feature = "rsa")]
pub use signing::RsaKey;
pub use signing::{
    KeyEncoding, Method, ParameterPlacement, RemoteSignatureMethod, Scheme, SignatureMethod,
    Signer, Stamp, base_string,
};
