//! The authorization server of OAuth 2.0: RFC 6749 and its extensions.
//!
//! A request comes in as `http::Request` with its whole body, and leads to a [`ServerStep`]: first
//! queries to storage, then the result. [`serve`] and [`serve_async`] ask a [`Store`](store::Store)
//! or an [`AsyncStore`](store::AsyncStore) of the application. You can begin with
//! [`MemoryStore`](store::MemoryStore). Every query is one atomic operation, so a code works once.
//!
//! ```text
//!   browser                     Provider                             storage         application
//!     | GET /authorize            |                                     |                 |
//!     |-------------------------->| FindClient ------------------------>|                 |
//!     |                           | Consent -------------------------------------> shows its page
//!     |<-- redirect, code --------| SaveOneTimeRecord ----------------->| <---- Provider::approve
//!                                 |                                     |
//!   client  POST /token  -------->| Find, Redeem ---------------------->|
//!     |<-- tokens, or an error ---|                                     |
//! ```
//!
//! # A walk through all steps
//!
//! ```
//! use oauth_proto::oauth2::resource::{Admission, ResourceServer};
//! use oauth_proto::oauth2::server::store::{ClientRecord, MemoryStore};
//! use oauth_proto::oauth2::server::{Approval, Dispatched, GrantType, Provider, serve};
//! use oauth_proto::{Moment, Timestamp};
//!
//! // At the start of the program: what the server offers, and its store.
//! let provider = Provider::builder("https://auth.example.com")
//!     .add_grant_type(GrantType::authorization_code().scopes("albums prints"))
//!     .add_grant_type(GrantType::refresh_token())
//!     .build()?;
//! let store = MemoryStore::default();
//! let printer = ClientRecord::public("printer").name("Photo Printer");
//! store.add_client(printer.add_redirect_uri("https://printer.example.com/ready"));
//!
//! // 1. The user's browser asks for the authorization endpoint (RFC 6749 §4.1.1). The request has
//! //    the challenge of a proof key (PKCE, RFC 7636 §4.3).
//! let request = http::Request::get(
//!     "https://auth.example.com/authorize?response_type=code&client_id=printer&state=af0ifjsldkj\
//!      &scope=albums&code_challenge_method=S256\
//!      &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
//! );
//! let request = request.body(Vec::new())?;
//! let end = serve(provider.dispatch(&request, Moment::from_os()), &store)?;
//! let Dispatched::Consent(consent) = end else { panic!("expected a question for the user") };
//!
//! // 2. Sign the user in, and show your page. You can serialize `consent`, and store it while the
//! //    user signs in.
//! assert_eq!(consent.client_name.as_deref(), Some("Photo Printer"));
//! assert_eq!(consent.scope.to_string(), "albums");
//!
//! // 3. The user says yes (`deny` if not). The browser is sent back to the client, with a code.
//! let approve = provider.approve(consent, Approval::new("jane"), Moment::from_os());
//! let redirect = serve(approve, &store)?;
//! let location = redirect.headers()["location"].to_str()?;
//! let code = location.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=")).unwrap();
//!
//! // 4. The client exchanges the code for tokens (RFC 6749 §4.1.3), and shows the verifier.
//! let form = format!(
//!     "grant_type=authorization_code&client_id=printer&code={code}\
//!      &code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
//! );
//! let request = http::Request::post("https://auth.example.com/token")
//!     .header("content-type", "application/x-www-form-urlencoded")
//!     .body(form.into_bytes())?;
//! let end = serve(provider.dispatch(&request, Moment::from_os()), &store)?;
//! let Dispatched::Respond(response) = end else { panic!("expected a response") };
//! let tokens: serde_json::Value = serde_json::from_slice(response.body())?;
//!
//! // 5. An API beside the server checks the access token (RFC 6750).
//! let api = ResourceServer::builder("https://photos.example.com").build()?;
//! let albums = http::Request::get("https://photos.example.com/albums")
//!     .header("authorization", format!("Bearer {}", tokens["access_token"].as_str().unwrap()))
//!     .body(Vec::new())?;
//! match serve(api.check(&albums, "albums", Timestamp::from_os()), &store)? {
//!     Admission::Granted(access) => assert_eq!(access.user(), Some("jane")),
//!     Admission::Rejected(rejected) => panic!("{rejected}"),
//! }
//!
//! // 6. Someone has seen the code, and sends it again: it is refused, and the grant is revoked.
//! let rejected = serve(provider.dispatch(&request, Moment::from_os()), &store).unwrap_err();
//! assert_eq!(rejected.response().status(), 400);
//! assert!(matches!(
//!     serve(api.check(&albums, "albums", Timestamp::from_os()), &store)?,
//!     Admission::Rejected(_)
//! ));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to begin
//!
//! - Configure a server: [`Provider::builder`], [`ProviderBuilder`], [`GrantType`],
//!   [`ClientRecord`](store::ClientRecord).
//! - Answer any request: [`Provider::dispatch`].
//! - Ask the user: [`Consent`], then [`Provider::approve`], [`Provider::deny`] or
//!   [`Provider::redirect_with_error`]; for devices [`DevicePage`].
//! - Add members to responses: [`ExtendResponse`], [`Serve::extend_response`],
//!   [`ProviderBuilder::introspect_data`].
//! - Let clients register: [`RegistrationPolicy`].
//! - Log what was refused: [`Rejected`], [`RejectReason`].
//! - Check passwords, exchange tokens, add grants: [`DecideGrant`], [`Serve::decide_grant`],
//!   [`ExtensionGrant`].
//! - Keep the records in a database: [`Store`](store::Store), [`AsyncStore`](store::AsyncStore),
//!   and the feature `conformance`, which checks the implementation.
//! - Protect an API with the tokens: [`resource`](super::resource).
//!
//! If you come from python-oauth2, `docs/migration.md` of the source has its names and the
//! equivalent names in this crate.
//!
//! # Events
//!
//! With the feature `tracing`, events have the target `oauth_proto::oauth2::server`:
//!
//! | event | level | fields |
//! |---|---|---|
//! | `tokens issued` | info | `grant`, `client_id`, `grant_type`, `scope` |
//! | `revoked`, for a client | info | `grant` |
//! | `revoked`, for the application | info | `records` |
//! | `grant revoked`, for a likely theft | warn | `code`, `endpoint`, `client_id`, `reason` |
//! | `request refused` | debug, or warn (see below) | the same |
//! | `request failed`, by a fault of the server | error | the same |
//! | `replaced refresh token used within the grace time` | warn | `grant`, `client_id` |
//! | `introspected token is not active` | debug | `client_id`, `reason` |
//!
//! `request refused` has the level warn if a secret, a password, a PKCE verifier or the bearer
//! token of the registration endpoint is wrong.

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
pub use flow::attempts::Caller;
pub use refuse::endpoint::Endpoint;
pub use refuse::reason::RejectReason;
pub use refuse::rejected::Rejected;
pub use serve::Serve;
pub use store::decide_grant::{ActorToken, DecideGrant, Decision, Exchange, GrantCredential};
pub use store::extend_response::{ExtendResponse, ResponseKind};
pub use store::records::approval::Approval;
pub use store::records::consent::Consent;
pub use store::traits::{ServerStep, serve, serve_async};
