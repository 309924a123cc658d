//! The grant types of the token endpoint.

pub(crate) mod application;
pub(crate) mod client_credentials;
pub(crate) mod code;
pub(crate) mod device;
pub(crate) mod grant_parameters;
pub(crate) mod refresh;
