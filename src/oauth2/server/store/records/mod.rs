//! The records that a store keeps.

pub(crate) mod approval;
pub(crate) mod attempt;
pub(crate) mod client_record;
pub(crate) mod client_secret;
pub(crate) mod code_challenge;
pub(crate) mod consent;
pub(crate) mod grant_record;
pub(crate) mod one_time_record;
pub(crate) mod sealed;
pub(crate) mod secret_hasher;
pub(crate) mod token_record;
