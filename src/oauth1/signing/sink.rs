//! The receiver of a base string, and the size of its pieces.

/// The receiver of a base string, which takes whole chunks.
pub(super) trait Sink {
    fn absorb(&mut self, chunk: &[u8]);
}

impl Sink for Vec<u8> {
    fn absorb(&mut self, chunk: &[u8]) {
        self.extend_from_slice(chunk);
    }
}

/// One block of SHA-512, two of SHA-1 and SHA-256.
pub(super) const CHUNK: usize = 128;
/// The size of the writer's buffer. Most base strings fit into it and are hashed in one call.
pub(super) const BUFFER_LEN: usize = 1024;
