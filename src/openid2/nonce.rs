//! The query that remembers a nonce. For a relying party it is the nonce of an assertion (OpenID
//! Authentication 2.0 §11.3), and for a provider the handle of a response whose signature it
//! confirms (§11.4.2.1).

use crate::Timestamp;
use crate::core::one_time::{OneTimePurpose, RememberOnce};
use crate::core::token_hash::TokenHash;

/// Returns the query for a nonce of an endpoint.
pub(crate) fn remember_nonce(
    endpoint: &str,
    nonce: &str,
    now: Timestamp,
    expires_at: Timestamp,
) -> RememberOnce {
    let key = TokenHash::of_all([endpoint, nonce]);
    RememberOnce::new(OneTimePurpose::OpenId2Nonce, key, now, expires_at)
}
