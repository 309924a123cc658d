//! The parts that all protocols share: steps, moments, errors, events, secrets.

pub(crate) mod api;
pub(crate) mod asking;
pub(crate) mod callback;
pub(crate) mod client_fingerprint;
#[cfg(feature = "conformance")]
pub(crate) mod conformance;
pub(crate) mod drive_error;
pub(crate) mod endpoint;
pub(crate) mod error;
pub(crate) mod error_text;
pub(crate) mod event;
pub(crate) mod exchange;
#[cfg(any(feature = "server", feature = "oauth1", feature = "openid2"))]
pub(crate) mod expiries;
pub(crate) mod forged;
pub(crate) mod leg;
pub(crate) mod message;
pub(crate) mod moment;
#[cfg(any(feature = "server", feature = "oauth1", feature = "openid2"))]
pub(crate) mod one_time;
pub(crate) mod query;
#[cfg(any(feature = "server", feature = "oauth1"))]
pub(crate) mod record_format;
pub(crate) mod response_excerpt;
pub(crate) mod secret;
pub(crate) mod server_queries;
pub(crate) mod short_hash;
pub(crate) mod single_flight;
pub(crate) mod step;
pub(crate) mod then;
#[cfg(any(feature = "server", feature = "resource", feature = "oauth1", feature = "openid2"))]
pub(crate) mod token_hash;
pub(crate) mod unsupported;
pub(crate) mod used_pending_ids;
pub(crate) mod wiped;
