//! The resource server: it checks bearer tokens, RFC 6750, and publishes metadata, RFC 9728.
//!
//! ```text
//!   request --> ResourceServer::check --> FindToken --> Access        the tokens are in a store
//!           --> ResourceServer::admit --> introspection --> Access    another server issues tokens
//!                     |
//!                     v
//!                  Rejected: 400, 401 or 403
//! ```
//!
//! The response to a malformed request has the status 400. A request without a valid token gets
//! 401, and a request whose token does not suffice gets 403. Each of these responses contains a
//! challenge.

mod access;
mod admission;
#[cfg(feature = "client")]
mod admit;

mod builder;
mod guard;
mod refuse;
#[cfg(feature = "client")]
mod remembered;
#[cfg(feature = "client")]
mod remote;
#[cfg(feature = "server")]
mod stored;

pub use access::Access;
pub use admission::{Admission, NotAdmitted};

pub use crate::core::error::resource::RejectReason;
pub use builder::ResourceServerBuilder;
pub use guard::ResourceServer;
pub use refuse::Rejected;
#[cfg(feature = "client")]
pub use remote::RemoteTokens;
