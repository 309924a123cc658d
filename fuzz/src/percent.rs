//! Percent-encoding with another implementation: all characters except the unreserved ones of RFC
//! 3986 §2.3 are encoded.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub fn encoded(bytes: impl AsRef<[u8]>) -> String {
    percent_encode(bytes.as_ref(), RESERVED).to_string()
}
