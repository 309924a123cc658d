//! Services as they really are, as a table of rows; and signing in by them: who it is that comes,
//! in two legs.
//!
//! ```no_run
//! use oauth_proto::services::{self, SignIn};
//! use oauth_proto::{Moment, Request, Response, run};
//!
//! # fn exchange(_: Request) -> Result<Response, std::io::Error> { unimplemented!() }
//! # fn remember(_: &str) {}
//! # fn remembered() -> String { String::new() }
//! # fn callback() -> String { String::new() }
//! // Your HTTP client: every status is an answer, and no redirect is followed. The README has one for ureq.
//! let mut send = |request: Request| exchange(request);
//!
//! let sign_in = SignIn::new(&services::GOOGLE, "client id", "client secret", "https://app.example/callback")?;
//!
//! // Somebody wants to sign in: remember `pending` for this browser (an encrypted cookie will do), and send it to the URL.
//! let authorization = run(sign_in.authorize(Moment::from_os())?, &mut send)?;
//! remember(&serde_json::to_string(&authorization.pending)?);
//! println!("go to {}", authorization.url);
//!
//! // The browser is back at the callback's URL.
//! let pending = serde_json::from_str(&remembered())?;
//! let user = run(sign_in.redeem(pending, &callback(), Moment::from_os())?, &mut send)?;
//! println!("{} is {:?}, {:?}", user.id, user.name, user.email);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A row ([`Service`]) is made from the service's own documentation, whose address it holds:
//! endpoints, issuer, where credentials go, quirks, where the API is, and how a profile becomes a
//! [`User`]. Nothing else in this crate knows a service. A row also makes the server for a client
//! of your own:
//!
//! ```
//! use oauth_proto::oauth2::{Client, Session, Token};
//! use oauth_proto::services::SPOTIFY;
//!
//! let client =
//!     Client::new(SPOTIFY.authorization_server(None)?, "client id").secret("client secret");
//! let session =
//!     Session::new(&client, &SPOTIFY.url(SPOTIFY.api[0], None)?, Token::bearer("x"))?;
//! # Ok::<(), oauth_proto::Error>(())
//! ```
//!
//! People sign in by every service in the same way, whatever its protocol:
//!
//! ```text
//!   SignIn                                          service
//!     |                                               |
//!     |  authorize                                    |
//!     |---- OAuth 1.0 only: a request token, please ->|
//!     |<--- request token ----------------------------|
//!     |                                               |
//!     |  Pending is remembered                        |
//!     |                          user ---- url ------>|
//!     |                          user <--- page ------|
//!     |<--- callback, with a code or a verifier ------|
//!     |                                               |
//!     |  redeem: is the callback Pending's, and ours? |
//!     |---- code, client, secret -------------------->|
//!     |<--- token ------------------------------------|
//!     |---- the profile, with the token ------------->|
//!     |<--- JSON -------------------------------------|
//!     |---- GitHub, Bitbucket: the addresses -------->|
//!     |<--- JSON -------------------------------------|
//!     |                                               |
//!     |  User                                         |
//! ```
//!
//! | to do this | begin here |
//! |---|---|
//! | sign in by a service of the table | [`SignIn::new`] with a row such as [`GOOGLE`]; [`find`], [`ALL`] |
//! | by another one that answers with a profile in JSON | a [`Service`] of your own, with a [`ProfileMapping`] |
//! | by one that no row describes: its URLs, its ways, or its profile | [`SignIn::custom`], with a [`Client`] of either protocol |
//! | by an installation, or a tenant | [`SignIn::instance`] |
//! | by a double of a service in a test | [`SignIn::base_url`] |
//! | call the API for the user | [`SignIn::request`]; any URL by [`ApiRequest`](crate::ApiRequest), which is tornado.auth's `oauth2_request` |
//! | keep the token fresh | [`SignIn::client`], and with it [`Session::new`](crate::oauth2::Session::new), in a [`SharedSession`](crate::oauth2::SharedSession) |
//! | have a token of Facebook's for sixty days | `Grant::extension("fb_exchange_token")`: see [`FACEBOOK`] |
//! | a client without signing in | [`Service::authorization_server`], [`Service::oauth1_server`] |
//!
//! # What is believed
//!
//! The profile comes from the service itself, over https, for a token that the service gave this
//! client a moment ago for a code that this browser brought; state, proof key, issuer and the
//! binding of [`Pending`] to its client see to that. The token is shown to the profile's origin
//! alone, and a redirect from there is an error. Nothing in a [`User`] is guessed: what the service
//! does not say is `None`, and `email_verified` comes from a member by which the service says so,
//! or not at all. An answer that says by status 200 that it failed is a [refusal](crate::Refused).
//!
//! # What is not there
//!
//! ID tokens are not read: who a user is comes from the profile. So there is no Sign in with Apple,
//! which has no profile; and the answer comes in the callback's query, not in a form.
//!
//! # For those who come from tornado.auth
//!
//! | there | here |
//! |---|---|
//! | `GoogleOAuth2Mixin`, `FacebookGraphMixin`, `TwitterMixin`, and the settings with their keys | [`SignIn::new`] with [`GOOGLE`], [`FACEBOOK`], [`TWITTER`], and its arguments |
//! | `DropboxMixin` for its API of 2007, `dropbox_request` | [`SignIn::dangerous_version_1_0`] with [`DROPBOX_V1`], [`SignIn::request`] |
//! | `OAuthMixin`, `OAuth2Mixin`, to be subclassed | [`Service::new`]; [`SignIn::custom`] |
//! | `authorize_redirect`, and `scope`, `extra_params` | [`SignIn::authorize`]; [`SignIn::scope`], [`SignIn::parameter`]; what an OAuth 1.0a service wants with its first request stands in the query of that endpoint |
//! | Twitter's `authenticate_redirect`, and `authorize_redirect` | [`SignIn::authorize`], and with [`SignIn::always_authorize`] |
//! | `get_authenticated_user`, the cookie `_oauth_request_token` | [`SignIn::redeem`], [`Pending`]; the dictionary is a [`User`], `access_token` its [`Tokens`] |
//! | Facebook's `extra_fields`, `session_expires` | [`SignIn::extra_fields`], [`User::session_expires`] |
//! | `oauth2_request`, `facebook_request`, `twitter_request` | [`ApiRequest`](crate::ApiRequest), [`SignIn::request`] |
//! | `_FACEBOOK_BASE_URL`, `_TWITTER_BASE_URL` | [`SignIn::base_url`], or [`Service::api`](field@Service::api) of a copy of the row |
//! | `_OAUTH_REQUEST_TOKEN_URL`, `_OAUTH_AUTHORIZE_URL`, `_OAUTH_ACCESS_TOKEN_URL` | [`oauth1::Server::new`](crate::oauth1::Server::new), [`oauth2::AuthorizationServer`](crate::oauth2::AuthorizationServer); a [`Service`] of your own |
//! | `_OAUTH_AUTHENTICATE_URL` | [`oauth1::Server::authentication`](crate::oauth1::Server::authentication) |
//! | `_OAUTH_NO_CALLBACKS` | [`oauth1::Callbacks::Registered`](crate::oauth1::Callbacks::Registered) |
//! | `_OAUTH_VERSION = "1.0"` | [`SignIn::dangerous_version_1_0`], [`oauth1::Server::dangerous_version_1_0`](crate::oauth1::Server::dangerous_version_1_0) |
//! | `_oauth_consumer_token` | [`oauth1::ClientCredentials`](crate::oauth1::ClientCredentials) |
//! | `_oauth_get_user_future` | [`ProfileMapping`], or the functions of [`SignIn::custom`] |
//! | `_oauth_request_parameters`; its GET, and its signature in the query | [`oauth1::Session::sign`](crate::oauth1::Session::sign); [`by_get`](crate::oauth1::Server::by_get), [`oauth1::ParameterPlacement::Query`](crate::oauth1::ParameterPlacement::Query) |
//! | `OpenIdMixin`, `_OPENID_ENDPOINT` | `openid2::RelyingParty`, with the feature `openid2` |
//! | its `authenticate_redirect`, `ax_attrs` | `openid2::RelyingParty::authorize`, `openid2::Authorize::profile` |
//! | its `get_authenticated_user` | `openid2::RelyingParty::redeem`, and `openid2::Assertion::profile` |
//! | `get_auth_http_client`, `http_client` | what [`run_with`](crate::run_with) and its like are given to send with |
//! | `AuthError`, a callback with `None` | [`Error`](crate::Error), sorted by what to do about it |

mod api;
mod application;
mod authorize;
mod client;
mod instance;
mod mapping;
mod options;
mod paths;
mod pending;
mod profile;
mod proof;
mod protocol;
mod redeem;
mod requests;
mod service;
mod sign_in;
mod table;
mod user;

pub use authorize::Authorization;
pub use client::Client;
pub use instance::Instance;
pub use pending::Pending;
pub use profile::{EmailMapping, ProfileMapping};
pub use protocol::{Oauth1, Oauth2, Protocol};
pub use service::Service;
pub use sign_in::SignIn;
pub use table::*;
pub use user::{Tokens, User};
