//! OAuth 2.0 through the public API.

#[path = "../common/mod.rs"]
mod common;

mod client;
mod resource;
mod server;
