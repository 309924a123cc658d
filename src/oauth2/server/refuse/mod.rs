//! Refusals: why, who is told, and what.

pub(crate) mod client_redirect;
pub(crate) mod endpoint;
pub(crate) mod events;
pub(crate) mod reason;
pub(crate) mod refusal_channel;
pub(crate) mod rejected;
pub(crate) mod respond;
