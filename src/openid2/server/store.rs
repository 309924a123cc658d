//! The storage of a relying party or a provider. It has one query, which remembers a nonce.

#[cfg(feature = "conformance")]
pub mod conformance;

pub use super::memory::MemoryStore;
pub use super::queries::{AsyncStore, Blocking, NextQuery, ServerStep, Store, serve, serve_async};
pub use crate::OneTimeUse;
pub use crate::core::one_time::{OneTimePurpose, RememberOnce};
pub use crate::core::query::{PendingQuery, ServerQuery};
pub use crate::core::token_hash::{InvalidTokenHash, TokenHash};
