//! The values that are stored while the user is away, and the callback with which the user comes
//! back, RFC 6749 §4.1.2.

pub(crate) mod pending;
pub(crate) mod redeem;
