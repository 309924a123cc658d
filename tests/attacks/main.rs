//! One test for each row of the security checklist, whose docs name the row.

#[path = "../common/mod.rs"]
mod common;

mod oauth1_client;
mod oauth1_server;
mod oauth2_client;
mod oauth2_server;
#[cfg(feature = "openid2")]
mod openid2;
mod services;
