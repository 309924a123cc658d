//! The server of RFC 5849: [`Verifier`] checks requests for protected resources, and [`Provider`]
//! has the three endpoints.
//!
//! A request comes in as `http::Request` with its whole body, and leads to a [`ServerStep`]: first
//! queries to storage, then the result. [`serve`] and [`serve_async`] ask a [`Store`](store::Store)
//! or an [`AsyncStore`](store::AsyncStore) of the application; [`MemoryStore`](store::MemoryStore)
//! is a store to begin with. Every query is one atomic operation, so nonces and temporary
//! credentials work once.
//!
//! ```text
//!   request --> Verifier::verify --> FindCredentials --> RememberOnce --> Verified
//!                     |                    |                   |
//!                     v                    v                   v
//!                  Rejected             Rejected            Rejected
//!             400: malformed,      401: one answer for    401: replayed
//!             401: timestamp       unknown and wrong
//! ```

mod approve;
mod builder;
mod consent;
mod endpoint;
mod presented;
mod provider;
mod refuse;
mod stand_in;
pub mod store;
mod verifier;
mod verifier_code;
mod verify;

pub use builder::ProviderBuilder;
pub use consent::{AfterConsent, Consent};
pub use endpoint::Endpoint;
pub use provider::{Dispatched, Provider};
pub use refuse::rejected::{RejectReason, Rejected};
pub use store::approval::Approval;
pub use store::traits::{ServerStep, serve, serve_async};
pub use verifier::{Verified, Verifier};
