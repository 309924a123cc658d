//! What the clients of all protocols have in common: their errors and their events.

#[path = "../common/mod.rs"]
mod common;

#[cfg(feature = "openid2")]
mod errors;
mod events;
#[cfg(feature = "openid2")]
mod unsigned_assertion;
