//! The storage of a relying party and a provider: one query, whether an assertion arrives for the
//! first time.

pub use super::memory::MemoryStore;
pub use super::queries::{
    AsyncStore, Blocking, NextQuery, RememberNonce, ServerStep, Store, serve, serve_async,
};
pub use crate::OneTimeUse;
pub use crate::core::query::{PendingQuery, ServerQuery};
