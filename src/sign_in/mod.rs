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
//! | by one whose profile no table describes | [`SignIn::custom`] |
//! | by an installation, or a tenant | [`SignIn::place`], [`SignIn::new_at`] |
//! | by a double of a service in a test | [`SignIn::endpoints_at`] |
//! | call the API for the user | [`twitter_request`], [`facebook_request`], [`dropbox_request`]; any other by [`oauth2::ApiRequest`](crate::oauth2::ApiRequest), which is tornado.auth's `oauth2_request`, and [`oauth1::ApiRequest`](crate::oauth1::ApiRequest) |
//! | keep the token fresh | [`SignIn::oauth2_client`] with a [`SharedSession`](crate::oauth2::SharedSession) |
//!
//! # What is believed
//!
//! The profile comes from the service itself, over https, for a token that the service gave this client a moment ago for
//! a code that this browser brought; state, proof key, issuer and the binding of [`Pending`] to its client see to that.
//! The token is shown to the profile's origin alone, and a redirect from there is an error. Nothing in a [`User`] is
//! guessed: what the service does not say is `None`, and `email_verified` comes from a member by which the service says
//! so, or not at all. An answer that says by status 200 that it failed is a [refusal](crate::Refused).

mod callback;
mod client;
mod endpoints;
mod mapping;
mod options;
mod paths;
mod proof;
mod requests;
mod services;
mod site;
pub mod sites;
mod start;
mod then;
mod user;

pub use client::SignIn;
pub use proof::appsecret_proof;
pub use requests::{
    FacebookRequest, dropbox_request, dropbox_request_at, facebook_request, facebook_request_at, twitter_request,
    twitter_request_at,
};
pub use site::{Emails, Fields, Service, Site};
pub use start::{Pending, Start};
pub use user::{Tokens, User};
