//! The requests of a client besides token requests: discovery, registration, introspection and
//! revocation.

pub(crate) mod discovery;
pub(crate) mod metadata_search;
pub(crate) mod register;
pub(crate) mod resource_discovery;
pub(crate) mod token_endpoints;
