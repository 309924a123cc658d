//! OAuth 1.0a through the public API.

#[path = "../common/mod.rs"]
mod common;

mod departures;
mod laws;
mod provider;
mod records;
mod remote_signing;
mod responses;
mod rfc5849;
#[cfg(feature = "rsa")]
mod rsa;
mod signing;
mod storage;
#[cfg(feature = "conformance")]
mod store;
mod three_legs;
