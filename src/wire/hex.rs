//! Bytes in hexadecimal.

/// Returns the digits of bytes in hexadecimal, one by one.
#[inline]
pub(crate) fn hex_digits(bytes: &[u8]) -> impl Iterator<Item = u8> {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.map(|half| b"0123456789abcdef"[usize::from(half)])
}

/// Returns bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    hex_digits(bytes).map(char::from).collect()
}
