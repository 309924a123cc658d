//! The contract with storage: the queries of a server, its records, and a store in memory.

pub(crate) mod attempts;
#[cfg(feature = "conformance")]
pub mod conformance;
pub(crate) mod decide_grant;
pub(crate) mod extend_response;
pub(crate) mod find;
pub(crate) mod layered;
pub(crate) mod lists;
pub(crate) mod memory;
pub(crate) mod optional;
pub(crate) mod purge;
pub(crate) mod queries;
pub(crate) mod records;
pub(crate) mod traits;
#[doc = include_str!("../../../../docs/write-a-store.md")]
pub mod write_a_store {}

pub use crate::core::one_time::{OneTimePurpose, RememberOnce};
pub use crate::core::token_hash::{InvalidTokenHash, TokenHash};
pub use attempts::{CountAttempt, FindAttempts};
pub use find::{Find, Found};
pub use layered::{Layered, LayeredError};
pub use lists::{ClientPage, GrantPage, ListClients, ListGrants, ListedGrant};
pub use memory::MemoryStore;
pub use optional::{NotSupported, OptionalQuery};
pub use purge::{Purge, Purged};
pub use queries::{
    FindClient, FindOneTimeRecord, FindToken, FoundOneTimeRecord, KeyedToken, NewTokens, Redeem,
    Redemption, RemoveClient, ReplaceOneTimeRecord, Revoke, Rotate, Rotation, SaveClient,
    SaveOneTimeRecord, SaveTokens, Saved,
};
pub use records::attempt::{AttemptPurpose, Attempts};
pub use records::client_record::{ClientRecord, Registrant};
pub use records::client_secret::ClientSecret;
pub use records::code_challenge::CodeChallenge;
pub use records::grant_record::{ExchangeOrigin, GrantId, GrantRecord};
pub use records::one_time_record::{DeviceStage, OneTimeContent, OneTimeRecord};
pub use records::sealed::Sealed;
pub use records::secret_hasher::{SecretHasher, Sha256Secrets};
pub use records::token_record::{Replaced, TokenKind, TokenRecord, TokenReuse};
pub use traits::{AsyncStore, Blocking, NextQuery, Store};

pub use crate::core::query::{PendingQuery, ServerQuery};
