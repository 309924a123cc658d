//! Requests and responses with their whole bodies.

/// A request with its whole body, to be sent or received. Make one with the crate `http`, which is
/// also `oauth_proto::http`: `http::Request::get(uri).body(Vec::new())`.
pub type Request = http::Request<Vec<u8>>;

/// A response with its whole body.
pub type Response = http::Response<Vec<u8>>;
