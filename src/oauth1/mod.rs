//! placeholder
mod answer;
mod base_string;
mod client;
mod credentials;
mod key;
mod mac;
mod method;
mod order;
mod parameters;
mod pending;
mod prepared;
#[cfg(feature = "rsa")]
mod rsa;
mod scheme;
mod service;
mod session;
mod signer;
mod stamp;
mod token;

pub use base_string::base_string;
pub use client::{Authorize, Client};
pub use credentials::{ClientCredentials, TokenCredentials};
pub use method::{KeyEncoding, Method, SignatureMethod};
pub use pending::Pending;
#[cfg(feature = "rsa")]
pub use rsa::RsaKey;
pub use scheme::{Placement, Scheme};
pub use service::{Callbacks, Service};
pub use session::Session;
pub use signer::Signer;
pub use stamp::Stamp;
pub use token::Token;
