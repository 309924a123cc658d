//! The fuzz targets as functions, so that tests can run them, too.

pub mod answers;
pub mod base_string;
pub mod bearer;
pub mod callback;
pub mod challenge;
mod checked_server;
pub mod error_answer;
pub mod form;
pub mod metadata;
pub mod oauth2_callback;
pub mod oauth2_provider;
pub mod openid2_assertion;
pub mod openid2_association;
pub mod openid2_discovery;
pub mod openid2_key_value;
pub mod openid2_pages;
pub mod openid2_pair;
pub mod openid2_provider;
pub mod openid2_return_to;
mod percent;
pub mod redirect;
pub mod reference;
pub mod requests;
pub mod server;
pub mod server_endpoints;
pub mod server_sequence;
pub mod session;
mod session_environment;
pub mod sign_in;
pub mod sign_verify;
pub mod stored;
pub mod three_legs;
pub mod token_answer;
pub mod token_reference;

/// Changes a value and returns it.
pub(crate) fn with<T>(mut value: T, change: impl FnOnce(&mut T)) -> T {
    change(&mut value);
    value
}
