//! The way of a request to its endpoint: its parameters, its client, and queries to storage.

pub(crate) mod client_authentication;
pub(crate) mod parameters;
pub(crate) mod storage;
