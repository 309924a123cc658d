//! What attackers try, and how it is refused. Where the documentation of a test says "Row" and a
//! name in backquotes, the test shows the row of that name in `docs/threats.md`, which lists the
//! tests of each row. The script `checks/threats` compares the two.

#[path = "../common/mod.rs"]
mod common;

mod oauth1_client;
mod oauth1_server;
mod oauth2_client;
mod oauth2_server;
#[cfg(feature = "openid2")]
mod openid2;
mod services;
