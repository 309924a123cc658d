//! The configuration of a server, such as grant types, lifetimes and paths, and the checks of it.

pub(crate) mod build;
pub(crate) mod builder;
pub(crate) mod client_source;
pub(crate) mod extension;
pub(crate) mod generator;
pub(crate) mod grant_type;
pub(crate) mod paths;
pub(crate) mod problems;
pub(crate) mod provider;
pub(crate) mod registration_policy;
