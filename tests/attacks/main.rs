//! The attacks in `docs/threats.md`, and how each is refused. If the documentation of a test says
//! "Row" and a name in backquotes, the test shows the row of that name, and the row lists the test.
//! The script `checks/threats` compares the two.

#[path = "../common/mod.rs"]
mod common;

mod oauth1_client;
mod oauth1_server;
mod oauth2_client;
mod oauth2_server;
#[cfg(feature = "openid2")]
mod openid2;
mod services;
