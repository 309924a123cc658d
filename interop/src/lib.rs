//! The shared parts of the tests against other implementations. The tests are in `tests`, the
//! scripts that drive the others in `peers`, and `run` installs the others and runs everything.
//!
//! Whatever is random here comes from one seed: `INTEROP_SEED`, or always the same one. A failure
//! names it.
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
