//! The OpenID provider: OpenID Authentication 2.0 as seen from the other side.
//!
//! One endpoint takes all messages ([`Provider::dispatch`]). Associations are not stored: a handle says by itself, sealed with
//! the provider's key, what it is for and until when, and its MAC key follows from both. What is asked of storage is
//! whether an answer has been confirmed before.

mod answer;
mod associate;
mod check_id;
mod config;
mod confirm;
mod handles;
mod rejected;
mod return_to;
mod update;

pub use answer::Approval;
pub use check_id::{CheckIdRequest, Identity};
pub use config::{Dispatched, Provider};
pub use rejected::{RejectReason, Rejected};
