//! The rows of services, and signing in by them.

#[path = "../common/mod.rs"]
mod common;

mod custom;
mod own_ways;
mod requests;
mod rows;
mod userinfo;
