//! Sessions: a token that is attached to requests, and that is renewed when it is due.

pub(crate) mod api;
pub(crate) mod queue;
pub(crate) mod renewal;
pub(crate) mod retry;
#[expect(clippy::module_inception, reason = "the module of the same name has the session itself")]
pub(crate) mod session;
pub(crate) mod shared;
pub(crate) mod shared_builder;
pub(crate) mod storage;
