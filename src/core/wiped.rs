//! Responses with tokens: their bodies are overwritten after they were read.

use std::ops::{Deref, DerefMut};

use super::message::Response;

/// A response whose body is overwritten when it is dropped, also if it could not be read. Headers
/// and copies that the caller's transport made stay as they are.
pub(crate) struct Wiped(pub(crate) Response);

impl Deref for Wiped {
    type Target = Response;

    fn deref(&self) -> &Response {
        &self.0
    }
}

impl DerefMut for Wiped {
    fn deref_mut(&mut self) -> &mut Response {
        &mut self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(self.0.body_mut());
    }
}

/// Overwrites a body, much faster than byte by byte.
fn wipe(body: &mut Vec<u8>) {
    body.fill(0);
    // Without this reader, the compiler would leave out the writing, because the memory is freed
    // next.
    std::hint::black_box(body.as_slice());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_wiped_completely() {
        let mut body = b"{\"access_token\":\"2YotnFZFEjr1zCsicMWpAA\"}".to_vec();
        wipe(&mut body);
        assert!(body.iter().all(|byte| *byte == 0));
    }
}
