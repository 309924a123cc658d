//! The steps that endpoints have in common: parameters, client authentication, and queries to
//! storage.

pub(crate) mod attempts;
pub(crate) mod client_authentication;
pub(crate) mod parameters;
pub(crate) mod storage;
