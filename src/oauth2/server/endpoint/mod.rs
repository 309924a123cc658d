//! The endpoints of the server, and the pages of the application.

pub(crate) mod authorize;
pub(crate) mod client_metadata;
pub(crate) mod decide;
pub(crate) mod device_authorization;
pub(crate) mod device_page;
pub(crate) mod introspect;
pub(crate) mod metadata;
pub(crate) mod pushed;
pub(crate) mod register;
pub(crate) mod revoke;
pub(crate) mod token;
