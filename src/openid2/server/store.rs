//! What a relying party and a provider ask of storage: one query, whether an assertion comes for
//! the first time.

pub use super::memory::MemoryStore;
pub use super::queries::{
    AsyncStore, Blocking, NextQuery, RememberNonce, ServerStep, Store, serve, serve_async,
};
pub use crate::OneTimeUse;
pub use crate::core::query::{PendingQuery, ServerQuery};
