//! The authorization server's side of OAuth 2.0: RFC 6749 and what grew around it.
//!
//! A request comes in as `http::Request` with its whole body, and leads to a [`ServerStep`]: queries to storage first, then
//! the end. [`serve`] and [`serve_async`] ask a [`Store`] or an [`AsyncStore`] of the application's; [`MemoryStore`] is one
//! to begin with. Every query is one atomic step, so that a code counts once.
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
//! | configure a server | [`Provider::builder`], [`ProviderBuilder`], [`GrantType`], [`ClientRecord`] |
//! | deal with any request | [`Provider::dispatch`] |
//! | ask the user | [`Consent`], [`Provider::approve`], [`Provider::deny`], [`Provider::redirect_with_error`]; [`DevicePage`] |
//! | add members to answers | [`ExtendResponse`], [`Serve::extend_response`], [`ProviderBuilder::introspect_data`] |
//! | let clients register | [`RegistrationPolicy`] |
//! | log what was refused | [`Rejected`], [`RejectReason`] |
//! | check passwords, exchange tokens, extend | [`DecideGrant`], [`Serve::decide_grant`], [`ExtensionGrant`] |
//! | keep it all in a database | [`Store`], [`AsyncStore`] |
//! | protect an API with its tokens | [`resource`](super::resource) |
//!
//! # Events
//!
//! With the feature `tracing`, events have the target `oauth_proto::oauth2::server`: `tokens issued` (info; `grant`, `client_id`,
//! `grant_type`, `scope`), `revoked` (info; `grant`), `grant revoked` for what looks like a theft (warn; `code`, `endpoint`, `client_id`,
//! `reason`), `request refused` (warn for a wrong secret or password, and debug; the same), `request failed` where the fault is on this
//! side (error; the same), `replaced refresh token used within the grace time` (warn; `grant`, `client_id`) and `introspected token is not active`
//! (debug; `client_id`, `reason`).
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
//! | `ClientStore`, `AuthCodeStore`, `AccessTokenStore` | [`Store`], [`AsyncStore`] |
//! | `Client`, `AuthorizationCode`, `AccessToken` | [`ClientRecord`], [`OneTimeRecord`], [`TokenRecord`] |
//! | `oauth2.error`, `oauth2.log` | [`RejectReason`], [`Rejected`], the feature `tracing` |
//!
//! A client's record has to name `client_credentials`, `password`, `implicit` and grants of the application's own. `reissue_refresh_tokens=True` is the
//! default here.
//!
//! What differs on purpose: everything is bound to its client, nothing is taken twice, secrets and tokens lie in the store as
//! hashes, errors carry the state, tokens expire and refresh tokens are replaced unless said otherwise, and a public client
//! needs a proof key.

mod authentication;
mod authorize;
mod builder;
mod claim;
mod client_metadata;
mod client_record;
mod client_secret;
mod code;
mod configuration;
#[cfg(feature = "conformance")]
pub mod conformance;
mod consent;
mod decide;
mod device;
mod device_page;
mod events;
mod extend;
mod extension;
mod generator;
mod grant_type;
mod granted;
mod introspect;
mod issue;
mod memory;
mod metadata;
mod parameters;
mod paths;
mod provider;
mod pushed;
mod queries;
mod reason;
mod records;
mod refresh;
mod refusal_channel;
mod register;
mod rejected;
mod respond;
mod revoke;
mod secrets;
mod serve;
mod store;
mod token;
mod token_hash;

pub use authentication::{ClientSource, IdentifiedClient};
pub use builder::ProviderBuilder;
pub use claim::{ActorToken, DecideGrant, Decision, Exchange, GrantCredential};
pub use client_record::{ClientRecord, Registrant};
pub use client_secret::ClientSecret;
pub use configuration::{ConfigurationProblem, InvalidConfiguration};
pub use consent::Consent;
pub use device_page::{DeviceConsent, DevicePage};
pub use extend::{ExtendResponse, ResponseKind};
pub use extension::ExtensionGrant;
pub use generator::{NewToken, RandomTokens, TokenGenerator, Uuid4};
pub use grant_type::{GrantType, UnknownScope};
pub use memory::MemoryStore;
pub use paths::Endpoint;
pub(super) use provider::ask;
pub use provider::{Dispatched, Provider};
pub use queries::{
    FindClient, FindOneTimeRecord, FindToken, FoundOneTimeRecord, NewTokens, Redeem, Redemption, RemoveClient,
    ReplaceOneTimeRecord, Revoke, Rotate, Rotation, SaveClient, SaveOneTimeRecord, SaveTokens, Saved,
};
pub use reason::RejectReason;
pub use records::{
    Approval, CodeChallenge, DeviceStage, GrantId, GrantRecord, OneTimeContent, OneTimeRecord, Replaced, TokenKind,
    TokenRecord, TokenReuse,
};
pub(super) use refusal_channel::{AudienceRule, ProtectedResource, RefusalChannel};
pub use register::RegistrationPolicy;
pub use rejected::Rejected;
pub use secrets::{SecretHasher, Sha256Secrets};
pub use serve::{Serve, Unanswered};
pub use store::{AsyncStore, Blocking, NextQuery, ServerStep, Store, serve, serve_async};
pub use token_hash::{InvalidTokenHash, Sealed, TokenHash};
