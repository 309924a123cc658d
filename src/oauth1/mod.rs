//! placeholder
mod base_string;
mod credentials;
mod key;
mod mac;
mod method;
mod order;
mod parameters;
mod prepared;
mod scheme;
mod signer;
mod stamp;

pub use base_string::base_string;
pub use credentials::{ClientCredentials, TokenCredentials};
pub use method::{KeyEncoding, Method, SignatureMethod};
pub use scheme::{Placement, Scheme};
pub use signer::Signer;
pub use stamp::Stamp;
