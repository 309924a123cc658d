//! Requests to the server, and the client's authentication in them: authorization requests (RFC
//! 6749 §4.1.1, RFC 9126), device authorization (RFC 8628), and token requests (RFC 6749 §3.2).

pub(crate) mod authorize;
pub(crate) mod device;
pub(crate) mod server_request;
pub(crate) mod token_request;
