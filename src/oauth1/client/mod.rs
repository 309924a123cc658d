//! The client of RFC 5849: the three legs, renewal, and the use of the token.

mod api_request;
mod approved;
mod authorize;
#[expect(clippy::module_inception, reason = "the module of the same name has the client itself")]
mod client;
mod pending;
mod redeem;
mod renew;
mod server;
mod session;
mod token;
mod token_response;

pub(crate) use api_request::api_refusal;
pub use authorize::{Authorization, Authorize};
pub use client::Client;
pub use pending::Pending;
pub use server::{Callbacks, Server};
pub use session::Session;
pub use token::Token;
