//! The client of OAuth 2.0. A walk through all of its steps is at the head of [`oauth2`](super).

pub(crate) mod attach_token;
pub(crate) mod authentication;
pub(crate) mod callback;
#[expect(clippy::module_inception, reason = "the module of the same name has the client itself")]
pub(crate) mod client;
pub(crate) mod grant;
pub(crate) mod hooks;
pub(crate) mod manage;
pub(crate) mod request;
pub(crate) mod server;
pub(crate) mod session;
pub(crate) mod token_response;

pub use attach_token::ProtectedRequest;
pub use authentication::{
    AuthenticateClient, AuthenticateClientRemotely, ClientAuthentication, RequestCredentials,
};
pub use callback::pending::{Pending, PendingImplicit};
pub use client::{Client, IncludeClientId};
pub use grant::Grant;
pub use manage::discovery::Discovery;
pub use manage::resource_discovery::ResourceDiscovery;
pub use manage::token_endpoints::HintedToken;
pub use request::authorize::{Authorization, Authorize};
pub use request::device::{AuthorizeDevice, PendingDevice};
pub use server::AuthorizationServer;
pub use session::renewal::Renewal;
pub use session::retry::{NextAction, ProtectedResponse, Retry, SentToken, WithholdToken};
pub use session::session::Session;
pub use session::shared::SharedSession;
pub use session::shared_builder::SharedSessionBuilder;
pub use session::storage::{ConditionalWrite, Lease, LeaseOutcome, StoredToken, WriteOutcome};
