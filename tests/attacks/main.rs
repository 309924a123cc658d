//! One test for each row of the security checklist, which the test names.

#[path = "../common/mod.rs"]
mod common;

mod oauth1_client;
mod oauth1_server;
mod oauth2_client;
mod oauth2_server;
#[cfg(feature = "openid2")]
mod openid2;
mod services;
