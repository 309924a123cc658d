//! Requests that begin a grant: for the user's browser (RFC 6749 §4.1.1, RFC 9126) and for a device (RFC 8628).

pub(crate) mod authorize;
pub(crate) mod device;
