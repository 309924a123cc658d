//! Bytes on the wire: percent-encoding, forms, header parameters, origins, answers. Knows no protocol.

mod answer;
pub mod auth_param;
pub mod form;
pub(crate) mod json;
mod origin;
pub mod percent;

pub use answer::Answer;
pub(crate) use answer::{MAX_BODY, bare, shortened};
pub use origin::Origin;
pub(crate) use origin::Site;
