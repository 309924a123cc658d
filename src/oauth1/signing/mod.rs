//! The engine of signatures, RFC 5849 §3: what client and server have in common.
//!
//! The walk of a signature through the files:
//!
//! ```text
//!   signer.rs            Signer::sign: the parameters of header, query and form, checked
//!     |                    parameters.rs     collects them (names.rs: what they are called)
//!     |                    request_target.rs method, site and URI, the `Host` header looked at
//!     |                    stamp.rs          timestamp (decimal.rs) and nonce as texts
//!     v
//!   prepared.rs          Prepared::sign: keys and texts that were made once for the credentials
//!     |                    method.rs         what the key is made of
//!     |                    scheme.rs         the caller's choices
//!     v
//!   key.rs               Key::sign: which hash, or a method of the caller's (rsa.rs)
//!     v
//!   base_string.rs       Writer::authenticate: lends a buffer on the stack
//!     |                    prepared.rs       (a closure) writes the request and the parameters,
//!     |                    order.rs          in their order,
//!     v                                      (a closure) the protocol's as one block
//!   mac.rs               Mac: takes in what the writer hands on (sink.rs), pads inside its buffer
//!     v
//!   key.rs               the signature in base64
//!     v
//!   prepared.rs          Prepared::header or form
//!     v
//!   signer.rs            puts it where the scheme says
//! ```
//!
//! With a key in a service elsewhere, remote.rs walks this way twice: once to see the base string,
//! and once with the signature.
//!
//! A verifier enters at `base_string_of` and `Key::verify`. No files import each other in a circle.
//!
//! Closures, `#[inline]` and buffers are there because the benchmark wanted them. Do not change
//! anything here without `benches/instructions` and `cargo bench --bench signing` open beside it.

mod base_string;
mod decimal;
mod key;
mod mac;
#[cfg(test)]
mod mac_tests;
mod method;
mod order;
mod parameters;
mod prepared;
mod remote;
mod request_target;
#[cfg(feature = "rsa")]
mod rsa;
mod scheme;
mod signer;
mod sink;
mod stamp;

pub use base_string::base_string;
pub(super) use base_string::collect as base_string_of;
pub(super) use key::Key;
#[cfg(test)]
pub(super) use mac::NO_MAC;
pub use method::{KeyEncoding, Method, RemoteSignatureMethod, SignatureMethod};
pub(super) use method::{sha1_body_hash, signing_key};
pub(super) use parameters::{Parameters, Unread, query};
#[cfg(feature = "rsa")]
pub use rsa::RsaKey;
pub use scheme::{ParameterPlacement, Scheme};
pub use signer::Signer;
pub(super) use signer::remove_oauth_header;
pub(super) use stamp::OAuthParam;
pub use stamp::Stamp;
