//! The challenge of a proof key, RFC 7636 §4.2.

use serde::{Deserialize, Serialize};

use crate::oauth2::common::token_hash::TokenHash;

/// The value that a code_verifier must fit (RFC 7636 §4.6).
///
/// ```
/// use oauth_proto::oauth2::server::store::CodeChallenge;
///
/// fn is_strong(challenge: &CodeChallenge) -> bool {
///     matches!(challenge, CodeChallenge::S256(_))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CodeChallenge {
    /// Its SHA-256 in base64url.
    S256(String),
    /// Itself; kept as its hash.
    Plain(TokenHash),
}
