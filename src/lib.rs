//! The OAuth and OpenID protocol core, without I/O (sans-IO).
//!
//! Nothing here opens a socket, reads a clock, draws a random number or keeps a record. A
//! conversation is a value that gives you the next request and takes the response. So it runs over
//! any HTTP client, blocking or async, in WebAssembly, and in tests that play the other side. Time
//! and randomness come in as a [`Moment`]. With the feature `os`, [`Moment::from_os`] takes them
//! from the operating system.
//!
//! | to do this | begin here |
//! |---|---|
//! | sign users in with Google, GitHub, Facebook, … | [`services`], [`services::SignIn`] |
//! | sign users in with an OpenID, or be an OpenID provider | `openid2`, with that feature |
//! | call an OAuth 2.0 API, for a user or a program | [`oauth2`], [`oauth2::Client`] |
//! | call an OAuth 1.0a API for a user | [`oauth1`], [`oauth1::Client`] |
//! | sign one request with OAuth 1.0a | [`oauth1::Signer`] |
//! | check signed requests, or be an OAuth 1.0a service | [`oauth1::server`] |
//! | issue tokens: be an OAuth 2.0 authorization server | [`oauth2::server`] |
//! | protect an API with OAuth 2.0 | [`oauth2::resource`], [`oauth2::resource::ResourceServer`] |
//! | drive a conversation | [`run`], [`run_async`], or [`Step`] by hand |
//!
//! # A client
//!
//! Each leg of a conversation is a [`Step`]. A driver takes it to its end over a transport, which
//! is your HTTP client in one closure. A leg ends where the application must remember something. In
//! this example it remembers a pending value while the user is away, and then a token.
//!
//! ```no_run
//! use std::future::ready;
//!
//! use oauth_proto::oauth2::{AuthorizationServer, Authorize, Client, Session, SharedSession};
//! use oauth_proto::{Moment, Request, Response, run};
//!
//! # fn exchange(_: Request) -> Result<Response, std::io::Error> { unimplemented!() }
//! # fn wait_for_the_callback() -> String { String::new() }
//! # fn store(_: &oauth_proto::oauth2::Token) -> Result<(), std::io::Error> { Ok(()) }
//! // Your HTTP client. The section "Transports" of the crate's first page has one for ureq.
//! let mut send = |request: Request| exchange(request);
//!
//! let mut server = AuthorizationServer::new("https://auth.example.com/token")?;
//! server.authorization_endpoint = Some("https://auth.example.com/authorize".into());
//! let client =
//!     Client::new(server, "s6BhdRkqt3").redirect_uri("https://printer.example.com/ready")?;
//!
//! let authorization =
//!     run(client.authorize(Authorize::scope("photos"), Moment::from_os())?, &mut send)?;
//! println!("go to {}", authorization.url);
//!
//! let callback = wait_for_the_callback();
//! let token =
//!     run(client.redeem(authorization.pending, &callback, Moment::from_os())?, &mut send)?;
//!
//! let session = Session::new(&client, "https://photos.example.com", token)?;
//! let shared = SharedSession::builder(session).save(|token| ready(store(&token))).build()?;
//! let request = http::Request::get("https://photos.example.com/albums").body(Vec::new())?;
//! shared.fetch(request, &mut send)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Transports
//!
//! A transport sends one request and returns the response, whatever its status is. It follows no
//! redirect, and it limits the time and the size of the body. With ureq 3:
//!
//! ```no_run
//! use oauth_proto::{Request, Response};
//!
//! fn transport() -> impl FnMut(Request) -> Result<Response, ureq::Error> {
//!     let config = ureq::Agent::config_builder()
//!         .max_redirects(0)
//!         .max_redirects_will_error(false)
//!         .http_status_as_error(false)
//!         .timeout_global(Some(std::time::Duration::from_secs(30)));
//!     let agent: ureq::Agent = config.build().into();
//!     move |request| {
//!         let (parts, mut body) = agent.run(request)?.into_parts();
//!         Ok(Response::from_parts(parts, body.with_config().limit(1 << 20).read_to_vec()?))
//!     }
//! }
//! ```
//!
//! The README has one for async reqwest.
//!
//! # A server
//!
//! A server works in the other direction: a request comes in, queries to your storage come out, and
//! in the end there is a response, or a question that the user answers on your page. See
//! [`oauth2::server`] and [`oauth1::server`].
//!
//! # Features
//!
//! - `os` (default): the operating system's clock, randomness and sleep for [`Moment::from_os`],
//!   [`Timestamp::from_os`], [`run`], [`run_async`], and functions that use these. Without it,
//!   [`run_with`] and [`run_async_with`] take them from the caller.
//! - `client`, `server`, `resource` (default): the sides of OAuth 2.0.
//! - `oauth1` (default): OAuth 1.0a. `services` (default): the table of services, and sign-in with
//!   them.
//! - `openid2`: OpenID 2.0.
//! - `rsa`: signatures with RSA.
//! - `tracing`: events of servers, clients, sessions and guards for the crate `tracing`. [`Event`]
//!   also works without it, by hooks.
//! - `conformance`: functions that check an implementation of a store.
//!
//! # Errors
//!
//! [`Error`] is sorted by what to do about it. No error and no `Debug` output has a secret in it.
//!
//! # Security
//!
//! Everything that weakens what the specifications demand is an option whose name begins with
//! `allow_` or `dangerous_`, and its documentation says what it gives away.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![warn(unreachable_pub)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::print_stdout,
        clippy::print_stderr
    )
)]
// Without one of these features, some code is unused, and some links lead to items that are not
// compiled.
#![cfg_attr(
    not(all(
        feature = "os",
        feature = "client",
        feature = "server",
        feature = "resource",
        feature = "oauth1",
        feature = "services"
    )),
    allow(
        dead_code,
        unreachable_pub,
        unused_imports,
        unused_macros,
        rustdoc::broken_intra_doc_links,
        rustdoc::private_intra_doc_links
    )
)]

#[cfg(all(
    doctest,
    feature = "os",
    feature = "server",
    feature = "resource",
    feature = "services"
))]
#[doc = include_str!("../README.md")]
struct Readme;

pub(crate) mod core;
#[cfg(feature = "oauth1")]
pub mod oauth1;
#[cfg(any(feature = "client", feature = "server", feature = "resource"))]
pub mod oauth2;
#[cfg(feature = "openid2")]
pub mod openid2;
#[cfg(feature = "services")]
pub mod services;
pub mod wire;

pub use core::api::ApiRequest;
pub use core::callback::Callback;
pub use core::drive_error::{BoxError, DriveError};
pub use core::error::{Error, Expired, Misbehaved, Refused};
pub use core::event::Event;
pub use core::forged::Forged;
pub use core::leg::{Leg, Purpose};
pub use core::message::{Request, Response};
pub use core::moment::Moment;
pub use core::query::OneTimeUse;
pub use core::response_excerpt::ResponseExcerpt;
pub use core::secret::Secret;
pub use core::step::{Asleep, Sent, Step, run_async_with, run_with};
#[cfg(feature = "os")]
pub use core::step::{run, run_async};
pub use core::unsupported::Unsupported;
pub use core::used_pending_ids::{PendingId, UsedPendingIds};
pub use http;
pub use wire::Timestamp;
