//! Refusals: the reason, the receiver, and the response.

pub(crate) mod client_redirect;
pub(crate) mod endpoint;
pub(crate) mod events;
pub(crate) mod reason;
pub(crate) mod refusal_channel;
pub(crate) mod rejected;
pub(crate) mod respond;
