//! The queries of a server to its storage, its records, and [`MemoryStore`], a store to begin with.
//!
//! Every query must be one atomic operation. If a store needs two steps for one query, two requests
//! at once can both succeed with the same nonce or the same temporary credentials.

pub(super) mod approval;
mod client_record;
#[cfg(feature = "conformance")]
pub mod conformance;
mod find_credentials;
mod find_temporary;
mod memory;
mod record_decision;
mod redeem;
mod save_temporary;
mod schedules;
mod temporary_record;
mod token_record;
pub(super) mod traits;

pub use crate::core::one_time::{OneTimePurpose, RememberOnce};
pub use crate::core::query::{PendingQuery, ServerQuery};
pub use crate::core::token_hash::{InvalidTokenHash, TokenHash};
pub use client_record::ClientRecord;
pub use find_credentials::{FindCredentials, FoundCredentials};
pub use find_temporary::FindTemporary;
pub use memory::MemoryStore;
pub use record_decision::RecordDecision;
pub use redeem::{Redeem, Redemption};
pub use save_temporary::SaveTemporary;
pub(super) use schedules::Schedules;
pub use temporary_record::{Stage, TemporaryRecord};
pub use token_record::TokenRecord;
pub(super) use traits::ServerStep;
pub use traits::{AsyncStore, Blocking, NextQuery, Store};
