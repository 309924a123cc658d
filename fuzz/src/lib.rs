//! What the fuzz targets do, as functions, so that ordinary tests can run them too.

pub mod authorization_header;
pub mod base_string;
pub mod callback;
pub mod form;
pub mod redirect;
pub mod reference;
pub mod requests;
pub mod server;
pub mod sign_verify;
pub mod three_legs;
