//! Refusals: why, and what the client is told.

pub(crate) mod rejected;
