//! Time and randomness, which the caller passes in: [`Moment`].

use std::fmt;

use zeroize::Zeroize;

use super::short_hash;
use crate::Timestamp;

/// The longest label, in bytes.
const LABEL: usize = 19;

/// The time, and 32 fresh bytes that an attacker cannot guess.
///
/// The crate has no clock and no random source: functions that need them take a `Moment`. A moment
/// is not `Clone` on purpose. The same entropy would make the same nonce or token a second time.
///
/// An application calls [`Moment::from_os`]. A test, a fuzzer or a simulation makes its own
/// moments, and gets the same bytes every time:
///
/// ```
/// use oauth_proto::{Moment, Timestamp};
///
/// let moment = Moment::new(Timestamp::from_secs(137_131_200), [7; 32]);
/// assert_eq!(moment.now.as_secs(), 137_131_200);
/// ```
pub struct Moment {
    /// The current time.
    pub now: Timestamp,
    /// Fresh bytes from a cryptographically secure source, never used before.
    pub entropy: [u8; 32],
}

impl Moment {
    /// Makes a moment from the caller's time and randomness.
    ///
    /// A busy server can take the entropy from its own cryptographically secure generator, seeded
    /// by the operating system. Reading 32 bytes from the system takes about a tenth of the time
    /// that it takes to issue a token. Such a generator must not be copied with the process
    /// (`fork`) or with a snapshot of the machine, because both copies would issue the same tokens.
    pub const fn new(now: Timestamp, entropy: [u8; 32]) -> Self {
        Self { now, entropy }
    }

    /// Makes a moment from the operating system's time and randomness.
    ///
    /// # Panics
    /// If the operating system has no source of randomness, or no clock (`wasm32-unknown-unknown`).
    #[cfg(feature = "os")]
    #[expect(
        clippy::disallowed_methods,
        clippy::expect_used,
        reason = "only here does the crate read the system's randomness"
    )]
    pub fn from_os() -> Self {
        let mut entropy = [0; 32];
        getrandom::fill(&mut entropy).expect("the operating system provides randomness");
        Self::new(Timestamp::from_os(), entropy)
    }

    /// Returns the value that belongs to `label`. It is as good as fresh randomness, and
    /// independent of the values of all other labels.
    ///
    /// The construction is the one-step key derivation of NIST SP 800-56C §4.1 with SHA-256: the
    /// hash of a counter, the entropy and the label. The label is filled up with zeros, so the
    /// message always fits in one block. The entropy is uniform and has a fixed length, so every
    /// label gives a different message. An attacker knows all of this message except 256 bits. If
    /// the compression function is a pseudorandom function with these bits as its key, the values
    /// look like independent uniform bytes. Then a value that is public (a nonce) reveals nothing
    /// about a value that is secret (a token). Length extension does not help an attacker, since
    /// all messages have the same length. So one moment is enough for a step that needs several
    /// values. Each value costs one block of SHA-256.
    pub(crate) fn derive(&self, label: &'static str) -> [u8; 32] {
        debug_assert!(label.len() <= LABEL, "{label}");
        let label = &label.as_bytes()[..label.len().min(LABEL)];
        let mut message = [0; 4 + 32 + LABEL];
        message[3] = 1;
        message[4..36].copy_from_slice(&self.entropy);
        message[36..][..label.len()].copy_from_slice(label);
        short_hash::sha256(&message)
    }
}

impl Drop for Moment {
    fn drop(&mut self) {
        self.entropy.zeroize();
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Moment").field("now", &self.now).field("entropy", &"[redacted]").finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_give_different_values_and_the_same_label_the_same() {
        let moment = Moment::new(Timestamp::from_secs(1), [7; 32]);
        assert_eq!(moment.derive("nonce"), moment.derive("nonce"));
        assert_ne!(moment.derive("nonce"), moment.derive("token"));
        assert_ne!(
            moment.derive("nonce"),
            Moment::new(Timestamp::from_secs(1), [8; 32]).derive("nonce")
        );
    }

    /// The expected bytes were computed by another implementation of the standard construction.
    #[test]
    fn derivation_is_one_step_of_the_standard_construction() {
        let moment = Moment::new(Timestamp::from_secs(1), [7; 32]);
        assert_eq!(moment.derive("nonce")[..8], [0x90, 0x1f, 0x6a, 0x03, 0x19, 0x95, 0x9a, 0xe2]);
    }

    #[test]
    fn debug_hides_the_entropy() {
        let shown = format!("{:?}", Moment::new(Timestamp::from_secs(1), [0xab; 32]));
        assert!(!shown.contains("171") && !shown.contains("ab"), "{shown}");
    }

    #[cfg(feature = "os")]
    #[test]
    fn two_moments_of_the_system_differ() {
        assert_ne!(Moment::from_os().entropy, Moment::from_os().entropy);
    }
}
