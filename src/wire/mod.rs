//! Bytes on the wire: percent-encoding, forms, header parameters, challenges, JSON members,
//! origins, points in time. This module knows no protocol, and imports nothing from the rest of the
//! crate.

pub(crate) mod auth_param;
mod challenge;
mod endpoint;
pub(crate) mod excerpt;
mod flat_json;
pub mod form;
mod hex;
pub(crate) mod json;
pub(crate) mod lenient;
mod origin;
pub(crate) mod percent;
pub(crate) mod prose;
mod retry_after;
mod timestamp;
pub(crate) mod uri;
pub(crate) mod words;

pub use challenge::Challenge;
#[cfg(feature = "openid2")]
pub(crate) use endpoint::is_internal;
pub use endpoint::is_internal_address;
pub(crate) use endpoint::{
    is_ascii, is_request_path, is_secure, parse_endpoint, points_into_private_network,
    without_query,
};
pub(crate) use excerpt::MAX_BODY;
pub(crate) use hex::{hex, hex_digits};
pub(crate) use origin::{Origin, OriginRef, WebScheme};
pub(crate) use prose::{printable_code, printable_text};
pub use retry_after::RetryAfter;
pub(crate) use retry_after::WHEN_UNAVAILABLE;
pub use timestamp::Timestamp;
pub(crate) use words::{truncated, without_secrets};
