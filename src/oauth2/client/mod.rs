//! OAuth 2.0 clients.
mod api;
mod authentication;
mod authorize;
#[expect(clippy::module_inception, reason = "it is the client's own file")]
mod client;
mod device;
mod discovery;
mod grant;
mod hooks;
mod pending;
mod placement;
mod places;
mod redeem;
mod token_response;

mod register;
mod resource_discovery;
mod server;
mod session;
mod shared;
mod token_endpoints;
mod verdict;

use crate::wire::form;

pub use api::ApiRequest;
pub(crate) use api::api_refusal;
pub use authentication::{AuthenticateClient, ClientAuthentication, RequestCredentials};
pub use authorize::{Authorization, Authorize};
pub(crate) use client::Known;
pub use client::{Client, IncludeClientId};
pub use device::{AuthorizeDevice, PendingDevice};
pub use discovery::Discovery;
pub use grant::Grant;
pub use hooks::ProtectedRequest;
pub(crate) use hooks::TokenParameter;
pub use pending::{Pending, PendingImplicit};
pub use resource_discovery::ResourceDiscovery;
pub use server::AuthorizationServer;
pub use session::Session;
pub use shared::{
    AsyncSharedSessionBuilder, ConditionalWrite, Lease, LeaseOutcome, Renewal, SharedSession, SharedSessionBuilder,
    StoredToken, WriteOutcome,
};
pub use token_endpoints::HintedToken;
pub use verdict::{NextAction, ProtectedResponse, Retry, SentToken, WithholdToken};

/// Appends a parameter to a form.
fn push(form: &mut String, name: &str, value: &str) {
    form::push_pair(form, name.as_bytes(), value.as_bytes());
}
