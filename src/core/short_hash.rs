//! SHA-256 of messages that fit in one block. They are derived values and proof keys, and are
//! hashed for every user who signs in. Also 128 bits of the hash of texts.

use sha2::block_api::compress256;
use sha2::{Digest, Sha256};

/// The longest message that leaves room for the padding (FIPS 180-4 §5.1.1).
const LONGEST: usize = 55;

/// The initial hash value (FIPS 180-4 §5.3.3).
pub(crate) const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// Returns the hash of `N` bytes, padded and compressed in place.
pub(crate) fn sha256<const N: usize>(message: &[u8; N]) -> [u8; 32] {
    const { assert!(N <= LONGEST) };
    let mut block = [0; 64];
    block[..N].copy_from_slice(message);
    block[N] = 0x80;
    block[56..].copy_from_slice(&(8 * N as u64).to_be_bytes());
    compressed(&block)
}

/// Returns the hash of any bytes. It is faster for bytes that fit in one block.
pub(crate) fn sha256_of(message: &[u8]) -> [u8; 32] {
    if message.len() > LONGEST {
        return Sha256::digest(message).into();
    }
    let mut block = [0; 64];
    block[..message.len()].copy_from_slice(message);
    block[message.len()] = 0x80;
    block[56..].copy_from_slice(&(8 * message.len() as u64).to_be_bytes());
    compressed(&block)
}

/// Returns 128 bits of the hash of texts, each with its length.
pub(crate) fn short_hash_of(texts: &[&str]) -> u128 {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    let hash: [u8; 32] = hash.finalize().into();
    let (first, _) = hash.split_first_chunk().unwrap_or((&[0; 16], &[]));
    u128::from_be_bytes(*first)
}

fn compressed(block: &[u8; 64]) -> [u8; 32] {
    let mut state = INITIAL;
    compress256(&mut state, std::slice::from_ref(block));
    let mut hash = [0; 32];
    for (bytes, word) in hash.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agrees<const N: usize>() {
        let message = std::array::from_fn(|at| u8::try_from(at).unwrap());
        let expected: [u8; 32] = Sha256::digest(message).into();
        assert_eq!(sha256::<N>(&message), expected);
        assert_eq!(sha256_of(&message), expected);
    }

    #[test]
    fn it_is_the_hash_that_the_library_computes() {
        agrees::<0>();
        agrees::<1>();
        agrees::<43>();
        agrees::<54>();
        agrees::<55>();
        for length in [56, 64, 119, 1000] {
            let message = vec![7; length];
            let expected: [u8; 32] = Sha256::digest(&message).into();
            assert_eq!(sha256_of(&message), expected);
        }
    }
}
