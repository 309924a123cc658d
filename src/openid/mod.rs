//! OpenID Authentication 2.0, and 1.1 where it is allowed: [`RelyingParty`] for sites that their users sign in to,
//! [`Provider`] for who says who they are.
//!
//! ```text
//!   user              relying party                                       provider
//!    |  jane.example       |                                                  |
//!    |-------------------->| discover --GET--> jane.example names the provider |
//!    |                     | associate ------------------------POST---------->|  a key, if wanted
//!    |   redirect or form  | authenticate                                     |
//!    |<--------------------|  (Pending)                                       |
//!    |------------------------------------------------ checkid_setup -------->| handle -> CheckId
//!    |                                                                        |   (the user consents)
//!    |<------------------------------------------------ id_res ---------------| approve
//!    |-------------------->| verify                                           |
//!    |                     |   without a key ------- check_authentication --->| handle
//!    |                     |   (Checked -> Store -> Assertion)                |
//! ```
//!
//! At the relying party an answer counts when all of this holds: the user came to the `return_to` of the pending value,
//! in the browser that it belongs to; the provider is the one that was asked; every field of the protocol is signed; the
//! signature is right, by the association (whose key no user sees) or by the provider's word; the claimed identifier
//! names that provider; and the answer comes for the first time. What is not signed is not to be had from an
//! [`Assertion`].
//!
//! The extensions have modules of their own: [`ax`] for attributes, [`sreg`] for simple registration, [`ui`], [`pape`], and
//! [`oauth`] for a request token along the way.

mod association;
mod diffie_hellman;
mod direct;
mod discovery;
pub mod documents;
mod extensions;
mod html;
mod identifier;
mod indirect;
pub mod key_value;
mod memory;
mod message;
mod nonce;
mod provider;
mod realm;
mod relying_party;
mod store;
mod xrds;

pub use crate::ask::Freshness;
pub use association::{Association, AssociationType, SessionType};
pub use discovery::Discovered;
pub use extensions::{Extension, ax, oauth, pape, sreg, ui};
pub use identifier::normalize;
pub use memory::MemoryStore;
pub use message::Version;
pub use provider::{Approval, CheckId, Handled, Identity, Provider, Reason, Rejected};
pub use realm::Realm;
pub use relying_party::{
    Assertion, Authenticate, Authentication, Callback, Checked, Pending, Profile, RelyingParty, Wish,
};
pub use store::{AsyncStore, Blocking, Question, RememberNonce, Reply, Store, serve, serve_async};
