//! The verifier that proves who has granted access, RFC 5849 §2.2: for people to copy, and as it is
//! kept.

use sha2::{Digest, Sha256};

use crate::wire::hex;

/// Ten characters that a person can copy without mistaking one for another: 50 bits, for a code
/// that can be tried once.
pub(super) fn readable(code: &[u8; 32]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKMNPQRSTVWXYZ0123456789";
    code.iter().take(10).map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}

/// The hash under which a verifier is kept. People copy some of them by hand, so upper and lower
/// case are the same; none of ours says more by its case.
pub(super) fn hashed(verifier: &str) -> String {
    hex(&Sha256::digest(verifier.to_ascii_lowercase()))
}
