//! OpenID Authentication 2.0, and 1.1 where it is allowed: [`RelyingParty`] for sites that their
//! users sign in to, [`server::Provider`] for who says who they are.
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
//! At the relying party an answer counts when all of this holds: the user came to the `return_to`
//! of the pending value, in the browser that it belongs to; the provider is the one that was asked;
//! every field of the protocol is signed; the signature is right, by the association (whose key no
//! user sees) or by the provider's word; the claimed identifier names that provider; and the answer
//! comes for the first time. An [`Assertion`] has no unsigned values.
//!
//! The extensions have their own modules: [`ax`] for attributes, [`sreg`] for simple registration,
//! [`ui`], [`pape`], and [`oauth`] for a request token along the way.
//!
//! # What is not there, or otherwise than the specifications say
//!
//! - XRIs (`=name`): their resolvers are gone. Identifiers are URLs.
//! - An identifier without a scheme is looked up by https, since an attacker can answer without
//!   TLS.
//! - Direct answers count without `ns` (§5.1.2), which some providers forget.
//! - A provider sends no unsolicited assertion, except changed attributes
//!   ([`server::Provider::update_attributes`]); a relying party takes either by a dangerous name
//!   alone.
//! - No attributes are stored at a provider (Attribute Exchange §6).
//! - A relying party's `return_to` has no fragment, so a popup's answer comes in its query (User
//!   Interface Extension §5.1); the provider does it either way.
//! - A provider says which request token is wanted along the way ([`oauth::Request`]); making one
//!   that is approved is for the application and its OAuth server.

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
