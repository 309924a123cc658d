//! Signing in with services.

#[path = "../common/mod.rs"]
mod common;

mod custom;
mod own_ways;
mod requests;
mod rows;
mod userinfo;
