//! The relying party: a site that its users sign in to with an OpenID. OpenID Authentication 2.0 §7 to §11.

mod assertion;
mod associate;
mod authenticate;
mod callback;
mod party;
mod pending;
mod received;
mod short;
mod verify;

pub use crate::Callback;
pub use assertion::{Assertion, UnconfirmedAssertion};
pub use authenticate::{Authenticate, Authentication};
pub use party::RelyingParty;
pub use pending::Pending;
pub use short::{Profile, ProfileField};
