//! The storage of a relying party or a provider. It has one query, which remembers a nonce.

pub use super::memory::MemoryStore;
pub use super::queries::{
    AsyncStore, Blocking, NextQuery, RememberNonce, ServerStep, Store, serve, serve_async,
};
pub use crate::OneTimeUse;
pub use crate::core::query::{PendingQuery, ServerQuery};
