//! What is kept while the user is away, and what the user comes back with: RFC 6749 §4.1.2.

pub(crate) mod pending;
pub(crate) mod redeem;
