//! The server's side of RFC 5849: [`Verifier`] for protected resources, [`Provider`] for the three endpoints.
//!
//! A request comes in as `http::Request` with its whole body, and leads to a [`ServerStep`]: queries to storage first, then
//! the end. [`serve`] and [`serve_async`] ask a [`Store`] or an [`AsyncStore`] of the application's; [`MemoryStore`] is one
//! to begin with. Every query is one atomic step, so that a nonce and temporary credentials count once.
//!
//! ```text
//!   request --> Verifier::verify --> FindCredentials --> RememberNonce --> Verified
//!                     |                    |                   |
//!                     v                    v                   v
//!                  Rejected             Rejected            Rejected
//!             400: malformed,      401: one answer for    401: replayed
//!             401: timestamp       unknown and wrong
//! ```

mod builder;
mod consent;
mod endpoint;
mod memory;
mod presented;
mod provider;
mod queries;
mod records;
mod rejected;
mod schedules;
mod store;
mod verifier;

pub use crate::query::OneTimeUse;
pub use builder::ProviderBuilder;
pub use consent::{AfterConsent, Consent};
pub use endpoint::Endpoint;
pub use memory::MemoryStore;
pub use provider::{Dispatched, Provider};
pub use queries::{
    FindCredentials, FindTemporary, FoundCredentials, RecordDecision, Redeem, Redemption, RememberNonce, SaveTemporary,
};
pub use records::{Approval, ClientRecord, Stage, TemporaryRecord, TokenRecord};
pub use rejected::{RejectReason, Rejected};
pub use store::{AsyncStore, Blocking, NextQuery, ServerStep, Store, serve, serve_async};
pub use verifier::{Verified, Verifier};
