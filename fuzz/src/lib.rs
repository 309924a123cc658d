//! What the fuzz targets do, as functions, so that ordinary tests can run them too.

pub mod answers;
pub mod authorization_header;
pub mod base_string;
pub mod bearer;
pub mod callback;
pub mod challenge;
pub mod error_answer;
pub mod form;
pub mod metadata;
pub mod oauth2_callback;
pub mod oauth2_provider;
pub mod redirect;
pub mod reference;
pub mod requests;
pub mod server;
pub mod server_endpoints;
mod server_model;
pub mod server_sequence;
pub mod session;
pub mod sign_verify;
pub mod stored;
pub mod tasks;
pub mod three_legs;
pub mod token_answer;
pub mod token_reference;
