//! The OpenID provider: OpenID Authentication 2.0.
//!
//! One endpoint accepts all messages ([`Provider::dispatch`]). Associations are not stored: their
//! data is in the handle, sealed with the provider's key, and their MAC key is derived from both.
//! The only query to storage is whether a response was confirmed before.

mod approve;
mod associate;
mod association_handle;
mod check_authentication;
mod check_id_request;
mod dispatch;
mod dispatched;
mod memory;
mod provider;
mod queries;
mod read_check_id_request;
mod reject_reason;
mod rejected;
mod responses;
pub mod store;
mod update_attributes;
mod verify_return_to;

pub use approve::Approval;
pub use check_id_request::{CheckIdRequest, Identity};
pub use dispatched::Dispatched;
pub use provider::Provider;
pub use queries::{ServerStep, serve, serve_async};
pub use reject_reason::RejectReason;
pub use rejected::Rejected;
