//! Signatures, RFC 5849 §3: the code that client and server share.
//!
//! The way of a signature through the files:
//!
//! ```text
//!   signer.rs            Signer::sign: the parameters of header, query and form, checked
//!     |                    parameters.rs     collects them (names.rs: their names)
//!     |                    request_target.rs method, site and URI, with the `Host` header
//!     |                    stamp.rs          timestamp (decimal.rs) and nonce as texts
//!     v
//!   prepared.rs          Prepared::sign: keys and texts that were made once for the credentials
//!     |                    method.rs         the key, made of the secrets
//!     |                    scheme.rs         the caller's choices
//!     v
//!   key.rs               Key::sign: the hash, RSA (rsa.rs), or a method of the caller
//!     v
//!   base_string.rs       Writer::authenticate: lends a buffer on the stack
//!     |                    prepared.rs       (a closure) writes the request and the parameters,
//!     |                    order.rs          in their order,
//!     v                                      (a closure) the protocol's as one block
//!   mac.rs               Mac: hashes the writer's chunks (sink.rs), pads inside the buffer
//!     v
//!   key.rs               the signature in base64
//!     v
//!   prepared.rs          Prepared::header or form
//!     v
//!   signer.rs            puts it at the place that the scheme says
//! ```
//!
//! With a key in a key service, remote.rs takes this way twice: once to get the base string, and
//! once with the signature.
//!
//! A verifier begins at `base_string_of` and `Key::verify`. No files import each other in a circle.
//!
//! Closures, `#[inline]` and buffers are there because they are faster in the benchmark. If you
//! change anything here, run `benches/instructions` and `cargo bench --bench signing` before and
//! after.

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
