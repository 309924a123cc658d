//! Signing in by Google, Facebook, GitHub and others: who it is that comes, in two legs.
//!
//! ```no_run
//! use oauth_proto::sign_in::SignIn;
//! use oauth_proto::{Moment, Request, Response, run};
//!
//! # fn exchange(_: Request) -> Result<Response, std::io::Error> { unimplemented!() }
//! # fn remember(_: &str) {}
//! # fn remembered() -> String { String::new() }
//! # fn callback() -> String { String::new() }
//! // Your HTTP client: every status is an answer, and no redirect is followed. The README has one for ureq.
//! let mut send = |request: Request| exchange(request);
//!
//! let sign_in = SignIn::google("client id", "client secret", "https://app.example/callback")?;
//!
//! // Somebody wants to sign in: remember `pending` for this browser (an encrypted cookie will do), and send it to the URL.
//! let start = run(sign_in.start(Moment::from_os())?, &mut send)?;
//! remember(&serde_json::to_string(&start.pending)?);
//! println!("go to {}", start.url);
//!
//! // The browser is back at the callback's URL.
//! let pending = serde_json::from_str(&remembered())?;
//! let user = run(sign_in.callback(pending, &callback(), Moment::from_os())?, &mut send)?;
//! println!("{} is {:?}, {:?}", user.id, user.name, user.email);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Every service is used in this way, whatever its protocol:
//!
//! ```text
//!   SignIn                                          service
//!     |                                               |
//!     |  start                                        |
//!     |---- OAuth 1.0 only: a request token, please ->|
//!     |<--- request token ----------------------------|
//!     |                                               |
//!     |  Pending is remembered                        |
//!     |                          user ---- url ------>|
//!     |                          user <--- page ------|
//!     |<--- callback, with a code or a verifier ------|
//!     |                                               |
//!     |  callback: is it Pending's, and ours?         |
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
//! | sign in by a service of the table | [`SignIn::google`] and its like; [`sites`] |
//! | by another one that answers with a profile in JSON | a [`Site`] of your own |
//! | by one that no row describes: its URLs, its ways, or its profile | [`SignIn::custom`], with a [`Client`] of either protocol |
//! | by an installation, or a tenant | [`SignIn::place`], [`SignIn::new_at`] |
//! | by a double of a service in a test | [`SignIn::endpoints_at`] |
//! | call the API for the user | [`twitter_request`], [`facebook_request`], [`dropbox_request`]; any other by [`oauth2::ApiRequest`](crate::oauth2::ApiRequest), which is tornado.auth's `oauth2_request`, and [`oauth1::ApiRequest`](crate::oauth1::ApiRequest) |
//! | keep the token fresh | [`SignIn::oauth2_client`], and with it [`Provider::session`](crate::providers::Provider::session) or [`Session::new`](crate::oauth2::Session::new), in a [`SharedSession`](crate::oauth2::SharedSession) |
//! | have a token of Facebook's for sixty days | `Grant::extension("fb_exchange_token")`: see [`FACEBOOK`](crate::providers::FACEBOOK) |
//!
//! # What is believed
//!
//! The profile comes from the service itself, over https, for a token that the service gave this client a moment ago for
//! a code that this browser brought; state, proof key, issuer and the binding of [`Pending`] to its client see to that.
//! The token is shown to the profile's origin alone, and a redirect from there is an error. Nothing in a [`User`] is
//! guessed: what the service does not say is `None`, and `email_verified` comes from a member by which the service says
//! so, or not at all. An answer that says by status 200 that it failed is a [refusal](crate::Refused).
//!
//! # What is not there
//!
//! ID tokens are not read: who a user is comes from the profile. So there is no Sign in with Apple, which has no profile; and
//! the answer comes in the callback's query, not in a form.
//!
//! # For those who come from tornado.auth
//!
//! | there | here |
//! |---|---|
//! | `GoogleOAuth2Mixin`, `FacebookGraphMixin`, `TwitterMixin`, and the settings with their keys | [`SignIn::google`], [`SignIn::facebook`], [`SignIn::twitter`], and their arguments |
//! | `DropboxMixin` for its API of 2007, `dropbox_request` | [`SignIn::dangerous_dropbox_v1`], [`dropbox_request`] |
//! | `OAuthMixin`, `OAuth2Mixin`, to be subclassed | [`Site::oauth1`], [`Site::oauth2`]; [`SignIn::custom`] |
//! | `authorize_redirect`, and `scope`, `extra_params` | [`SignIn::start`]; [`SignIn::scope`], [`SignIn::parameter`]; what an OAuth 1.0a service wants with its first request stands in the query of that endpoint |
//! | Twitter's `authenticate_redirect`, and `authorize_redirect` | [`SignIn::start`], and with [`SignIn::always_authorize`] |
//! | `get_authenticated_user`, the cookie `_oauth_request_token` | [`SignIn::callback`], [`Pending`]; the dictionary is a [`User`], `access_token` its [`Tokens`] |
//! | Facebook's `extra_fields`, `session_expires` | [`SignIn::fields`], [`User::session_expires`] |
//! | `oauth2_request`, `facebook_request`, `twitter_request` | [`oauth2::ApiRequest`](crate::oauth2::ApiRequest), [`facebook_request`], [`twitter_request`] |
//! | `_FACEBOOK_BASE_URL`, `_TWITTER_BASE_URL` | [`facebook_request_at`], [`twitter_request_at`]; [`SignIn::endpoints_at`] |
//! | `_OAUTH_REQUEST_TOKEN_URL`, `_OAUTH_AUTHORIZE_URL`, `_OAUTH_ACCESS_TOKEN_URL` | [`oauth1::Service::new`](crate::oauth1::Service::new), [`oauth2::AuthorizationServer`](crate::oauth2::AuthorizationServer); rows of [`providers`](crate::providers) |
//! | `_OAUTH_AUTHENTICATE_URL` | [`oauth1::Service::authentication`](crate::oauth1::Service::authentication) |
//! | `_OAUTH_NO_CALLBACKS` | [`oauth1::Callbacks::Registered`](crate::oauth1::Callbacks::Registered) |
//! | `_OAUTH_VERSION = "1.0"` | [`SignIn::dangerous_new_2007`], [`oauth1::Service::dangerous_version_1_0`](crate::oauth1::Service::dangerous_version_1_0) |
//! | `_oauth_consumer_token` | [`oauth1::ClientCredentials`](crate::oauth1::ClientCredentials) |
//! | `_oauth_get_user_future` | [`Fields`], or the functions of [`SignIn::custom`] |
//! | `_oauth_request_parameters`; its GET, and its signature in the query | [`oauth1::Session::sign`](crate::oauth1::Session::sign); [`by_get`](crate::oauth1::Service::by_get), [`oauth1::Placement::Query`](crate::oauth1::Placement::Query) |
//! | `OpenIdMixin`, `_OPENID_ENDPOINT` | `openid2::RelyingParty`, with the feature `openid2` |
//! | its `authenticate_redirect`, `ax_attrs` | `openid2::RelyingParty::authorize`, `openid2::Authorize::profile` |
//! | its `get_authenticated_user` | `openid2::RelyingParty::redeem`, and `openid2::Assertion::profile` |
//! | `get_auth_http_client`, `http_client` | what [`run_with`](crate::run_with) and its like are given to send with |
//! | `AuthError`, a callback with `None` | [`Error`](crate::Error), sorted by what to do about it |

mod callback;
mod client;
mod custom;
mod mapping;
mod options;
mod paths;
mod proof;
mod requests;
mod services;
mod site;
pub mod sites;
mod start;
mod table;
mod then;
mod user;

pub use client::SignIn;
pub use custom::Client;
pub use proof::appsecret_proof;
pub use requests::{
    FacebookRequest, dropbox_request, dropbox_request_at, facebook_request, facebook_request_at, twitter_request,
    twitter_request_at,
};
pub use site::{Emails, Fields, Service, Site};
pub use start::{Pending, Start};
pub use user::{Tokens, User};
