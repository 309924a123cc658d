//! The PKCE challenge: RFC 7636 §4.2.

use serde::{Deserialize, Serialize};

use crate::core::token_hash::TokenHash;

/// The PKCE challenge of an authorization request, with which the `code_verifier` is compared (RFC
/// 7636 §4.6).
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
    /// The SHA-256 hash of the verifier in base64url (`S256`).
    S256(String),
    /// The verifier itself (`plain`), stored as a hash.
    Plain(TokenHash),
}
