//! The resource server's side: bearer tokens, RFC 6750; what it publishes, RFC 9728.
//!
//! ```text
//!   request --> ResourceServer::check --> FindToken --> Access        the tokens are in a store
//!           --> ResourceServer::admit --> introspection --> Access    or another server's
//!                     |
//!                     v
//!                  Rejected: 400, 401 or 403
//! ```
//!
//! A malformed request is answered by 400, one without a valid token by 401, and one whose token
//! does not allow it by 403. The responses have a challenge.

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
