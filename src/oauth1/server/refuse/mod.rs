//! Refusals: the reason, and the response for the client.

pub(crate) mod rejected;
