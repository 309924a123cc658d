//! The whole requests and responses that the crate exchanges with the caller.

/// A request to be sent, or one that was received: the whole of it, body included. The constructors
/// of the `http` crate, which is also `oauth_proto::http`, make one:
/// `http::Request::get(uri).body(Vec::new())`.
pub type Request = http::Request<Vec<u8>>;

/// A response as it was received, body included.
pub type Response = http::Response<Vec<u8>>;
