//! Requests to the server: for the user's browser (RFC 6749 §4.1.1, RFC 9126), for a device (RFC
//! 8628), for a token (RFC 6749 §3.2); and how the client is authenticated in them.

pub(crate) mod authorize;
pub(crate) mod device;
pub(crate) mod server_request;
pub(crate) mod token_request;
