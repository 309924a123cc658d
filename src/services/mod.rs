//! A table of services with their endpoints and quirks, and sign-in of users by these services.
//!
//! Users sign in by every service with the same two calls. The protocol of the service does not
//! matter:
//!
//! ```no_run
//! use oauth_proto::services::{self, SignIn};
//! use oauth_proto::{Moment, Request, Response, run};
//!
//! # fn exchange(_: Request) -> Result<Response, std::io::Error> { unimplemented!() }
//! # fn remember(_: &str) {}
//! # fn remembered() -> String { String::new() }
//! # fn callback() -> String { String::new() }
//! // Your HTTP client. The section "Transports" of the crate's first page has one for ureq.
//! let mut send = |request: Request| exchange(request);
//!
//! let sign_in = SignIn::new(
//!     &services::GOOGLE,
//!     "client id",
//!     "client secret",
//!     "https://app.example/callback",
//! )?;
//!
//! // A user wants to sign in. Keep `pending` for this browser, for example in an encrypted
//! // cookie, and redirect the browser to the URL.
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
//! ```text
//!   SignIn                                          service
//!     |                                               |
//!     |  authorize                                    |
//!     |---- OAuth 1.0 only: for a request token ----->|
//!     |<--- request token ----------------------------|
//!     |                                               |
//!     |  Pending is remembered                        |
//!     |                          user ---- url ------>|
//!     |                          user <--- page ------|
//!     |<--- callback: code or verifier, or an error --|
//!     |                                               |
//!     |  redeem: does the callback belong to Pending? |
//!     |---- code, client, secret -------------------->|
//!     |<--- token, or an error -----------------------|
//!     |---- for the profile, with the token --------->|
//!     |<--- JSON -------------------------------------|
//!     |---- GitHub, Bitbucket: for the addresses ---->|
//!     |<--- JSON -------------------------------------|
//!     |                                               |
//!     |  User                                         |
//! ```
//!
//! A row of the table ([`Service`]) has the endpoints, the issuer, the place of credentials, the
//! quirks, the API, and the mapping of a profile to a [`User`]. It is made from the service's own
//! documentation, and has the URL of that. Nothing else in this crate knows a service. A row also
//! makes the server for a client that does not sign in:
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
//! # Where to begin
//!
//! - Sign in by a service of the table: [`SignIn::new`] with a row that has a [profile
//!   mapping](field@Service::profile), such as [`GOOGLE`]; [`find`], [`ALL`].
//! - Sign in by another service whose profile is JSON: a [`Service`] of your own, with a
//!   [`ProfileMapping`].
//! - Sign in by a service that no row can describe: [`SignIn::custom`], with a [`Client`] of either
//!   protocol.
//! - Choose an installation or a tenant: [`SignIn::instance`].
//! - Replace the service in a test: [`SignIn::base_url`].
//! - Call the API for the user: [`SignIn::request`], or [`ApiRequest`](crate::ApiRequest) for any
//!   URL.
//! - Keep the token fresh: [`SignIn::client`], then [`Session::new`](crate::oauth2::Session::new)
//!   in a [`SharedSession`](crate::oauth2::SharedSession).
//! - Exchange a token of Facebook for one of sixty days: `Grant::extension("fb_exchange_token")`,
//!   see [`FACEBOOK`].
//! - A client without signing in: [`Service::authorization_server`], [`Service::oauth1_server`].
//!
//! If you come from tornado.auth, `docs/migration.md` of the source has its names and the
//! equivalent names in this crate.
//!
//! # What is believed
//!
//! The profile comes from the service itself, over https. It is requested with a token that the
//! service has just issued to this client, for a code that this browser brought. The state, the
//! proof key, the issuer and the binding of [`Pending`] to its client ensure that. The token is
//! sent to the profile's origin only, and a redirect from there is an error. Nothing in a [`User`]
//! is guessed: a field that the service does not return is `None`, and `email_verified` is set only
//! if a member of the profile or of the list of addresses says so. A response with status 200 that
//! reports an error is a [refusal](crate::Refused).
//!
//! # What is not there yet
//!
//! ID tokens are not read: the user is known from the profile. So users cannot sign in with
//! [`APPLE`], which has no profile. A callback is read from the query, not from a form.

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
