//! HMAC (RFC 2104) over the compression functions of SHA-1, SHA-256 and SHA-512.
//!
//! The `hmac` crate computes the same, and tests compare the two. Its state has a buffer. The
//! writer of base strings does not need that buffer, since it passes whole blocks, and pads the
//! text in its own buffer.

use sha2::Digest;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::sink::{BUFFER_LEN, Sink};
use crate::core::short_hash::INITIAL;

/// The internal functions of a hash function.
pub(crate) trait Hash {
    /// The chaining value.
    type State: Copy + Zeroize;

    /// Its initial value (FIPS 180-4 §5.3).
    const INITIAL: Self::State;

    /// A block's length in bytes.
    const BLOCK: usize;

    /// The size of the length field at the end of a message, in bytes.
    const LENGTH: usize;

    /// Compresses whole blocks into the state.
    fn compress(state: &mut Self::State, blocks: &[u8]);

    /// Writes a state as bytes, and returns their number.
    fn write(state: &Self::State, bytes: &mut [u8]) -> usize;

    /// Returns the hash of a whole message, for keys longer than a block.
    fn hash(message: &[u8]) -> Vec<u8>;
}

/// The state of HMAC after a part of a message. Before the message begins, it is the schedule of a
/// key.
pub(crate) struct Mac<H: Hash> {
    inner: H::State,
    outer: H::State,
    /// The number of bytes of the message that the inner state has processed.
    length: u64,
}

/// The longest digest, with room after it, so that it can be read in words of eight bytes.
pub(crate) type MacOutput = [u8; 72];

/// A buffer for a MAC, before the MAC is written.
pub(crate) const NO_MAC: MacOutput = [0; 72];

impl<H: Hash> Mac<H> {
    pub(super) fn new(key: &[u8]) -> Self {
        let mut hashed = if key.len() > H::BLOCK { H::hash(key) } else { Vec::new() };
        let key = if hashed.is_empty() { key } else { &hashed };
        let keyed = |pad: u8| {
            let mut block = [pad; 128];
            block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
            let mut state = H::INITIAL;
            H::compress(&mut state, &block[..H::BLOCK]);
            block.zeroize();
            state
        };
        let (inner, outer) = (keyed(0x36), keyed(0x5c));
        hashed.zeroize();
        Self { inner, outer, length: 0 }
    }

    /// The largest number of bytes that are written after the end of a message.
    pub(super) const PADDING: usize = H::LENGTH + H::BLOCK;

    /// Ends the message with the first `filled` bytes of the buffer, writes the MAC and returns its
    /// length. The buffer must have room for the padding.
    pub(super) fn finish(
        mut self,
        buffer: &mut [u8; BUFFER_LEN],
        filled: usize,
        digits: &mut MacOutput,
    ) -> usize {
        // The end and the padding are compressed in one call, since every call has its cost.
        Self::finish_hash(&mut self.inner, buffer, filled, self.length);
        let length = H::write(&self.inner, buffer);
        Self::finish_hash(&mut self.outer, buffer, length, 0);
        H::write(&self.outer, digits)
    }

    /// Compresses the end of a message: the bytes in the buffer, a one bit, zeros, and the number
    /// of bits (FIPS 180-4 §5.1). `length` is the number of bytes before those in the buffer,
    /// without the block of the key.
    fn finish_hash(
        state: &mut H::State,
        buffer: &mut [u8; BUFFER_LEN],
        filled: usize,
        length: u64,
    ) {
        let bits = 8 * (H::BLOCK as u64 + length + filled as u64);
        let end = (filled + 1 + H::LENGTH).next_multiple_of(H::BLOCK);
        // This writes more zeros than needed. Their number is constant, so it takes a few
        // instructions and not a call.
        buffer[filled..filled + Self::PADDING].fill(0);
        buffer[filled] = 0x80;
        buffer[end - 8..end].copy_from_slice(&bits.to_be_bytes());
        H::compress(state, &buffer[..end]);
    }
}

impl<H: Hash> Clone for Mac<H> {
    fn clone(&self) -> Self {
        Self { inner: self.inner, outer: self.outer, length: self.length }
    }
}

impl<H: Hash> Sink for Mac<H> {
    fn absorb(&mut self, chunk: &[u8]) {
        H::compress(&mut self.inner, chunk);
        self.length += chunk.len() as u64;
    }
}

impl<H: Hash> Drop for Mac<H> {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

impl<H: Hash> ZeroizeOnDrop for Mac<H> {}

pub(crate) enum Sha1 {}

impl Hash for Sha1 {
    type State = [u32; 5];
    const INITIAL: Self::State = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    const BLOCK: usize = 64;
    const LENGTH: usize = 8;

    fn compress(state: &mut Self::State, blocks: &[u8]) {
        sha1::block_api::compress(state, blocks.as_chunks().0);
    }

    fn write(state: &Self::State, bytes: &mut [u8]) -> usize {
        write_words(state.map(u32::to_be_bytes), bytes)
    }

    fn hash(message: &[u8]) -> Vec<u8> {
        sha1::Sha1::digest(message).to_vec()
    }
}

pub(crate) enum Sha256 {}

impl Hash for Sha256 {
    type State = [u32; 8];
    const INITIAL: Self::State = INITIAL;
    const BLOCK: usize = 64;
    const LENGTH: usize = 8;

    fn compress(state: &mut Self::State, blocks: &[u8]) {
        sha2::block_api::compress256(state, blocks.as_chunks().0);
    }

    fn write(state: &Self::State, bytes: &mut [u8]) -> usize {
        write_words(state.map(u32::to_be_bytes), bytes)
    }

    fn hash(message: &[u8]) -> Vec<u8> {
        sha2::Sha256::digest(message).to_vec()
    }
}

pub(crate) enum Sha512 {}

impl Hash for Sha512 {
    type State = [u64; 8];
    const INITIAL: Self::State = [
        0x6a09_e667_f3bc_c908,
        0xbb67_ae85_84ca_a73b,
        0x3c6e_f372_fe94_f82b,
        0xa54f_f53a_5f1d_36f1,
        0x510e_527f_ade6_82d1,
        0x9b05_688c_2b3e_6c1f,
        0x1f83_d9ab_fb41_bd6b,
        0x5be0_cd19_137e_2179,
    ];
    const BLOCK: usize = 128;
    const LENGTH: usize = 16;

    fn compress(state: &mut Self::State, blocks: &[u8]) {
        sha2::block_api::compress512(state, blocks.as_chunks().0);
    }

    fn write(state: &Self::State, bytes: &mut [u8]) -> usize {
        write_words(state.map(u64::to_be_bytes), bytes)
    }

    fn hash(message: &[u8]) -> Vec<u8> {
        sha2::Sha512::digest(message).to_vec()
    }
}

fn write_words<const N: usize, const W: usize>(words: [[u8; W]; N], bytes: &mut [u8]) -> usize {
    bytes[..N * W].copy_from_slice(words.as_flattened());
    N * W
}
