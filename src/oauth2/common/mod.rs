//! What the sides of OAuth 2.0 share: tokens, scopes, metadata, registrations.

pub(crate) mod bearer;
pub(crate) mod bearer_challenge;
pub(crate) mod introspection;
pub(crate) mod json_response;
pub(crate) mod metadata;
pub(crate) mod names;
pub(crate) mod pkce;
pub(crate) mod quirks;
pub(crate) mod redirect_uri;
pub(crate) mod registration;
pub(crate) mod response_mode;
pub(crate) mod scope;
pub(crate) mod style;
pub(crate) mod token;
pub(crate) mod token_hash;
