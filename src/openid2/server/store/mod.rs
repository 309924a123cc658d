//! What a relying party and a provider ask of storage: one query, whether an assertion comes for the first time.

mod memory;
mod queries;

pub use crate::OneTimeUse;
pub use memory::MemoryStore;
pub use queries::{AsyncStore, Blocking, NextQuery, RememberNonce, ServerStep, Store, serve, serve_async};
