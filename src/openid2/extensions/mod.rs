//! Extensions, OpenID Authentication 2.0 §12: fields that travel with a request and its response.

pub mod ax;
mod extension;
pub mod oauth;
pub mod pape;
pub mod sreg;
pub mod ui;

pub(super) use extension::ReadExtension;
pub use extension::{Extension, RequestExtension, ResponseExtension};
