//! The extensions of this crate: OpenID Authentication 2.0 §12.

pub mod ax;
pub(super) mod extension_type;
pub mod oauth;
pub mod pape;
pub mod sreg;
pub mod ui;
