//! The verifier (RFC 5849 §2.2): its text for the user, and its hash for the store.

use sha2::{Digest, Sha256};

use crate::wire::hex;

/// Returns ten characters that cannot be mistaken for one another: 50 bits, for a code that can be
/// tried once.
pub(super) fn readable(code: &[u8; 32]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKMNPQRSTVWXYZ0123456789";
    code.iter().take(10).map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}

/// Returns the hash of a verifier for the store. Users copy some verifiers by hand, so upper and
/// lower case are the same.
pub(super) fn hashed(verifier: &str) -> String {
    hex(&Sha256::digest(verifier.to_ascii_lowercase()))
}
