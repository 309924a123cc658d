//! OpenID Authentication 2.0, and 1.1 with an option: [`RelyingParty`] for sites that users sign in
//! to, and [`server::Provider`] for sites that identify users.
//!
//! ```text
//!   user              relying party                               provider
//!    |  jane.example       |                                          |
//!    |-------------------->| discover: jane.example names the provider|
//!    |                     | associate -----------------POST--------->|  a key, if wanted
//!    |   redirect or form  | authorize                                |
//!    |<--------------------|  (Pending)                               |
//!    |---------------------------------------- checkid_setup -------->| dispatch -> CheckIdRequest
//!    |                                                                |   (the user consents)
//!    |<---------------------------------------- id_res ---------------| approve
//!    |-------------------->| redeem                                   |
//!    |                     |   without a key -- check_authentication->| dispatch
//!    |                     |   (UnconfirmedAssertion -> Assertion)    |
//! ```
//!
//! The relying party accepts a response if all of this is true. An [`Assertion`] has no unsigned
//! values.
//!
//! - The user arrived at the `return_to` of the pending value, with the same browser.
//! - The response is from the provider to which the user was sent.
//! - Every field of the protocol is signed.
//! - The signature is valid. It is checked with the association or by a request to the provider.
//! - The claimed identifier names the provider.
//! - The response was not used before.
//!
//! The extensions have their own modules: [`ax`] for attributes, [`sreg`] for simple registration,
//! [`ui`] for the provider's page, [`pape`] for the way of authentication, and [`oauth`] for a
//! request token in the response.
//!
//! # What differs from the specifications
//!
//! - There are no XRIs (`=name`), since their resolvers no longer exist. Identifiers are URLs.
//! - An identifier without a scheme is read as https, since without TLS an attacker can respond.
//! - Direct responses are accepted without `ns` (§5.1.2), which some providers forget.
//! - A provider sends no unsolicited assertions, except changed attributes
//!   ([`server::Provider::update_attributes`]). A relying party accepts unsolicited assertions and
//!   changed attributes only with [`RelyingParty::dangerous_redeem_unsolicited`].
//! - Attributes cannot be stored at a provider (Attribute Exchange §6).
//! - A relying party's `return_to` has no fragment, so the response to a popup is in its query
//!   (User Interface Extension §5.1). The provider supports both.
//! - A provider reads the request for a request token ([`oauth::Request`]). The application and its
//!   OAuth server make the approved request token.

mod allowed;
mod association;
mod client;
mod diffie_hellman;
mod direct_request;
mod extension;
mod extensions;
mod html;
mod identifier;
mod indirect_communication;
mod key_value;
mod message;
mod nonce;
mod nonce_time;
mod options;
mod realm;
pub mod server;
mod xrds;
mod xrds_document;
mod yadis;

pub use crate::core::error::openid2::{AssertionError, ProviderError};
pub use association::{Association, AssociationKind};
pub use client::{
    Assertion, Authorization, Authorize, Discovered, Pending, Profile, ProfileField, RelyingParty,
    UnconfirmedAssertion,
};
pub use extension::{Extension, RequestExtension, ResponseExtension};
pub use extensions::extension_type::ExtensionType;
pub use extensions::{ax, oauth, pape, sreg, ui};
pub use message::Version;
pub use options::Options;
pub use xrds_document::{XrdsDocument, user_links};
