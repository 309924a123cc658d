//! The types that clients, authorization servers and resource servers of OAuth 2.0 share: tokens,
//! scopes, metadata, registrations.

#[cfg(any(feature = "server", feature = "resource"))]
pub(crate) mod bearer;
#[cfg(feature = "client")]
pub(crate) mod bearer_challenge;
pub(crate) mod introspection;
#[cfg(any(feature = "server", feature = "resource"))]
pub(crate) mod json_response;
pub(crate) mod metadata;
pub(crate) mod names;
pub(crate) mod pkce;
#[cfg(feature = "client")]
pub(crate) mod quirks;
pub(crate) mod redirect_uri;
pub(crate) mod registration;
pub(crate) mod response_mode;
pub(crate) mod scope;
#[cfg(feature = "client")]
pub(crate) mod style;
#[cfg(feature = "client")]
pub(crate) mod token;
