//! The errors and the events of the clients of all protocols.

#[path = "../common/mod.rs"]
mod common;

#[cfg(feature = "openid2")]
mod errors;
mod events;
#[cfg(feature = "openid2")]
mod unsigned_assertion;
