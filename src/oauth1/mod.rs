//! OAuth 1.0a, RFC 5849: signed requests, the three legs of a client, and the server in [`server`].
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
//! [`Client`] gets a token for a user, [`Session`] signs requests for the user, [`Session::call`]
//! fetches JSON, and [`Signer`] signs any request. [`Scheme`] has the signature method and the
//! place of the parameters. [`Server`] has the endpoints of a service and its departures, such as
//! the version of 2007 and registered callbacks.
//!
//! Some features are left out on purpose. The server speaks only 1.0a, since an attacker can fixate
//! a session in the version of 2007. The server does not renew tokens. Multipart bodies are signed
//! by their hash or not at all, as in the RFC. The application decides what a realm means: it is in
//! [`Consent`](server::Consent), and can be stored in the data of an
//! [`Approval`](server::Approval).
//!
//! If a service refuses every request because of its timestamp, the clock of this machine is wrong.
//! The service's time is in the details of [`Refused::Problem`](crate::Refused::Problem), and a
//! [`Moment`](crate::Moment) can have any time.

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
