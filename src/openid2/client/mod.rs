//! The relying party, a site that users sign in to with an OpenID: OpenID Authentication 2.0 §7 to
//! §11.

mod assertion;
mod associate;
mod authorize;
mod callback;
mod direct_response;
mod discovered;
mod discovery;
mod pending;
mod positive_assertion;
mod profile;
mod redeem;
mod relying_party;

pub use assertion::{Assertion, UnconfirmedAssertion};
pub use authorize::{Authorization, Authorize};
pub use discovered::Discovered;
pub use pending::Pending;
pub use profile::{Profile, ProfileField};
pub use relying_party::RelyingParty;
