//! Sessions: a token that is attached to requests, and is renewed when it is due.

pub(crate) mod api;
pub(crate) mod queue;
pub(crate) mod renewal;
pub(crate) mod retry;
#[expect(clippy::module_inception, reason = "it is the session's own file")]
pub(crate) mod session;
pub(crate) mod shared;
pub(crate) mod shared_builder;
pub(crate) mod storage;
