//! The authorization server.

mod attempts;
#[cfg(feature = "conformance")]
mod broken_store;
mod client_authentication;
mod configuration;
#[cfg(feature = "tracing")]
mod events;
mod flows;
mod grants;
mod options;
mod records;
mod registration;
mod responses;
#[cfg(feature = "conformance")]
mod store;
mod trips;
