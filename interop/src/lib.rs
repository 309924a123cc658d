//! The shared parts of the tests with other implementations. The tests are in `tests`, and the
//! scripts that use the other implementations are in `peers`. `run` installs the other
//! implementations and runs all tests.
//!
//! All random values are derived from one seed: `INTEROP_SEED`, or a fixed number. A failure prints
//! the seed.
#![allow(clippy::missing_panics_doc, reason = "a check that fails panics")]

pub mod assertion;
pub mod authorization_server;
pub mod browser;
pub mod caller;
pub mod case;
pub mod exchange;
pub mod hybrid;
pub mod keys;
pub mod loopback;
pub mod message;
pub mod oidc_provider;
pub mod openid2_site;
pub mod our_openid2_provider;
pub mod peer;
pub mod random;
pub mod service;
pub mod sign_in_doubles;
pub mod signatures;
pub mod their_openid2_provider;
#[path = "../../tests/common/with.rs"]
pub mod with;
