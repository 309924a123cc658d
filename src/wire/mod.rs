//! Bytes on the wire: percent-encoding, forms, header parameters, challenges, JSON members, origins, endpoints, answers. Knows no protocol.

pub mod auth_param;
mod challenge;
mod endpoint;
mod excerpt;
mod flat_json;
pub mod form;
mod hex;
pub(crate) mod json;
pub(crate) mod lenient;
mod origin;
pub mod percent;
mod prose;
mod retry_after;
mod wiped;

pub use challenge::Challenge;
#[cfg(feature = "openid2")]
pub(crate) use endpoint::is_internal;
pub use endpoint::is_internal_address;
pub(crate) use endpoint::{
    check_secure, endpoint, is_request_path, is_secure, points_into_private_network, with_query, without_query,
};
pub use excerpt::ResponseExcerpt;
pub(crate) use excerpt::{MAX_BODY, truncated, without_secrets};
pub(crate) use hex::{hex, hex_digits};
pub use origin::Origin;
pub(crate) use origin::OriginRef;
#[cfg(test)]
pub(crate) use prose::hides_token;
pub(crate) use prose::{printable_code, printable_text};
pub use retry_after::RetryAfter;
pub(crate) use retry_after::WHEN_UNAVAILABLE;
pub(crate) use wiped::Wiped;
