//! The authorization server's side of OAuth 2.0: RFC 6749 and what grew around it.
//!
//! A request comes in as `http::Request` with its whole body, and leads to a [`ServerStep`]:
//! queries to storage first, then the end. [`serve`] and [`serve_async`] ask a
//! [`Store`](crate::oauth2::server::store::Store) or an
//! [`AsyncStore`](crate::oauth2::server::store::AsyncStore) of the application;
//! [`MemoryStore`](crate::oauth2::server::store::MemoryStore) is one to begin with. Every query is
//! one atomic step, so that a code counts once.
//!
//! ```text
//!   browser                     Provider                               storage                  application
//!     | GET /authorize            |                                       |                          |
//!     |-------------------------->| FindClient -------------------------->|                          |
//!     |                           | Consent ------------------------------------------------------->| shows its page
//!     |<-- redirect, code --------| SaveOneTimeRecord -------------------------->| <--- Provider::approve ----|
//!                                 |                                       |
//!   client  POST /token  -------->| FindClient, FindOneTimeRecord, Redeem ------>|
//!     |<-- tokens ----------------|                                       |
//! ```
//!
//! | to do this | begin here |
//! |---|---|
//! | configure a server | [`Provider::builder`], [`ProviderBuilder`], [`GrantType`], [`ClientRecord`](crate::oauth2::server::store::ClientRecord) |
//! | deal with any request | [`Provider::dispatch`] |
//! | ask the user | [`Consent`], [`Provider::approve`], [`Provider::deny`], [`Provider::redirect_with_error`]; [`DevicePage`] |
//! | add members to answers | [`ExtendResponse`], [`Serve::extend_response`], [`ProviderBuilder::introspect_data`] |
//! | let clients register | [`RegistrationPolicy`] |
//! | log what was refused | [`Rejected`], [`RejectReason`] |
//! | check passwords, exchange tokens, extend | [`DecideGrant`], [`Serve::decide_grant`], [`ExtensionGrant`] |
//! | keep it all in a database | [`Store`](crate::oauth2::server::store::Store), [`AsyncStore`](crate::oauth2::server::store::AsyncStore) |
//! | protect an API with its tokens | [`resource`](super::resource) |
//!
//! # Events
//!
//! With the feature `tracing`, events have the target `oauth_proto::oauth2::server`: `tokens
//! issued` (info; `grant`, `client_id`, `grant_type`, `scope`), `revoked` (info; `grant`), `grant
//! revoked` for what looks like a theft (warn; `code`, `endpoint`, `client_id`, `reason`), `request
//! refused` (warn for a wrong secret or password, and debug; the same), `request failed` if the
//! fault is on this side (error; the same), `replaced refresh token used within the grace time`
//! (warn; `grant`, `client_id`) and `introspected token is not active` (debug; `client_id`,
//! `reason`).
//!
//! # For those who know python-oauth2
//!
//! | there | here |
//! |---|---|
//! | `Provider`, `add_grant`, `dispatch` | [`Provider`], [`ProviderBuilder::add_grant_type`], [`Provider::dispatch`] |
//! | `authorize_path`, `token_path` | [`ProviderBuilder::path`] |
//! | `AuthorizationCodeGrant(expires_in, scopes, default_scope, unique_token)` | [`GrantType::authorization_code`] and its options |
//! | `ImplicitGrant`, `ResourceOwnerGrant`, `ClientCredentialsGrant` | [`GrantType::dangerous_implicit`], [`GrantType::dangerous_password`], [`GrantType::client_credentials`] |
//! | `RefreshToken(expires_in, reissue_refresh_tokens=False)` | [`GrantType::refresh_token`], [`GrantType::allow_refresh_token_reuse`] |
//! | `Scope`: unknown scopes are dropped | [`UnknownScope`] |
//! | `scope_separator`, `reuse_access_tokens` | [`ProviderBuilder::scope_separator`], [`ProviderBuilder::reuse_access_tokens`] |
//! | a site adapter's `render_auth_page`, `authenticate`, `user_has_denied_access` | [`Consent`] for the page, then [`Provider::approve`] with a [`Approval`], or [`Provider::deny`] |
//! | the same of `ResourceOwnerGrantSiteAdapter` | [`GrantCredential::Password`] |
//! | `request_body`, `http_basic_auth`, a callable | [`ProviderBuilder::only_body`], [`ProviderBuilder::only_basic`], [`ClientSource`] |
//! | `URandomTokenGenerator(length)`, `Uuid4`, `TokenGenerator` | [`RandomTokens`], [`Uuid4`], [`TokenGenerator`] |
//! | `ClientStore`, `AuthCodeStore`, `AccessTokenStore` | [`Store`](crate::oauth2::server::store::Store), [`AsyncStore`](crate::oauth2::server::store::AsyncStore) |
//! | `Client`, `AuthorizationCode`, `AccessToken` | [`ClientRecord`](crate::oauth2::server::store::ClientRecord), [`OneTimeRecord`](crate::oauth2::server::store::OneTimeRecord), [`TokenRecord`](crate::oauth2::server::store::TokenRecord) |
//! | `oauth2.error`, `oauth2.log` | [`RejectReason`], [`Rejected`], the feature `tracing` |
//!
//! A client's record has to name `client_credentials`, `password`, `implicit` and custom grants of
//! the application. `reissue_refresh_tokens=True` is the default here.
//!
//! These differences are on purpose: everything is bound to its client, nothing is taken twice,
//! secrets and tokens lie in the store as hashes, errors carry the state, tokens expire and refresh
//! tokens are replaced unless the configuration says something else, and a public client needs a
//! proof key.

pub(crate) mod configure;
mod dispatch;
pub(crate) mod endpoint;
pub(crate) mod flow;
pub(crate) mod grant;
pub(crate) mod issue;
pub(crate) mod refuse;
mod serve;
pub mod store;

pub use configure::builder::ProviderBuilder;
pub use configure::client_source::{ClientSource, IdentifiedClient};
pub use configure::extension::ExtensionGrant;
pub use configure::generator::{NewToken, RandomTokens, TokenGenerator, Uuid4};
pub use configure::grant_type::{GrantType, UnknownScope};
pub use configure::problems::{ConfigurationProblem, InvalidConfiguration};
pub use configure::provider::Provider;
pub use configure::registration_policy::RegistrationPolicy;
pub use dispatch::Dispatched;
pub use endpoint::device_page::{DeviceConsent, DevicePage};
pub use refuse::endpoint::Endpoint;
pub use refuse::reason::RejectReason;
pub use refuse::rejected::Rejected;
pub use serve::{Serve, Unanswered};
pub use store::decide_grant::{ActorToken, DecideGrant, Decision, Exchange, GrantCredential};
pub use store::extend_response::{ExtendResponse, ResponseKind};
pub use store::records::approval::Approval;
pub use store::records::consent::Consent;
pub use store::traits::{ServerStep, serve, serve_async};
