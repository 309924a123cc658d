//! The error of all functions that take a transport: drivers and sessions.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::error::{Error, Expired};
use super::unsupported::Unsupported;
use crate::{Leg, Timestamp};

/// An error of a function of the caller: `std::io::Error`, `anyhow::Error`, any other error, or a
/// text converts into it.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// The reason why a driver or a session failed: the transport, the conversation or the storage of a
/// token.
///
/// [`run`](crate::run), [`run_async`](crate::run_async) and
/// [`SharedSession`](crate::oauth2::SharedSession) return it. The error of a transport can have any
/// type that converts into [`BoxError`](crate::BoxError), such as `std::io::Error` and
/// `anyhow::Error`.
///
/// # Examples
/// ```
/// use oauth_proto::{DriveError, Moment, Request, Response, Timestamp, run};
/// use oauth_proto::oauth2::{Client, Grant, Token};
///
/// fn what_to_do(error: &DriveError) -> &'static str {
///     match error {
///         // Drop the token in this case only. Other errors do not make it invalid.
///         error if error.needs_sign_in() => "let the user sign in again",
///         error if error.is_temporary() => "try again later",
///         _ => "log it",
///     }
/// }
///
/// /// `?` converts both the errors of a call and the errors of driving it.
/// fn refresh(client: &Client, token: &Token) -> Result<Token, DriveError> {
///     let send = |_: Request| -> Result<Response, std::io::Error> {
///         Err(std::io::ErrorKind::TimedOut.into())
///     };
///     run(client.request_token(Grant::refresh(token)?, Moment::from_os())?, send)
/// }
/// # use oauth_proto::oauth2::AuthorizationServer;
/// # let client = Client::new(AuthorizationServer::new("https://auth.example.com/token")?, "id");
/// # let mut token = Token::bearer("x");
/// # token.refresh_token = Some("y".into());
///
/// let error = refresh(&client, &token).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "renewing the token at https://auth.example.com/token: the request could not be sent: \
///      timed out"
/// );
/// assert_eq!(what_to_do(&error), "try again later");
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DriveError {
    /// The transport failed.
    ///
    /// # Security
    /// The text of this error ends with the text of the transport's error. Some HTTP clients write
    /// the whole URL there. If tokens are sent in the query
    /// ([`TokenPlacement::AllowQuery`](crate::oauth2::TokenPlacement::AllowQuery)), the text has
    /// the token in it. Remove the URL in your transport, with reqwest for example by
    /// `Error::without_url`.
    #[non_exhaustive]
    Transport {
        /// The request that could not be sent.
        leg: Leg,
        /// The transport's error.
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// The conversation failed: the server refused or broke the protocol, or the request could not
    /// be made.
    #[non_exhaustive]
    Protocol {
        /// The error of the conversation.
        error: Error,
        /// The request whose response the error is about. `None` if the error arose before a
        /// request was sent.
        leg: Option<Leg>,
    },
    /// The application's storage failed: a store, or a function that stores tokens. The session
    /// keeps a renewed token in memory, and tries to store it again at the next call. If the
    /// process ends before that, the token is lost.
    #[non_exhaustive]
    Storage {
        /// The action that failed, for example "store the renewed token".
        action: &'static str,
        /// The error of the application's function.
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// The token was renewed, and the session [returns
    /// renewals](crate::oauth2::Session::return_renewals) as errors. Store the session's token,
    /// then send the request again.
    Renewed,
}

impl DriveError {
    pub(crate) fn transport(leg: Leg, source: impl Into<BoxError>) -> Self {
        Self::Transport { leg, source: Arc::from(source.into()) }
    }

    pub(crate) fn storage(action: &'static str, source: impl Into<BoxError>) -> Self {
        Self::Storage { action, source: Arc::from(source.into()) }
    }

    /// Returns whether the same request can succeed later: see [`Error::is_temporary`]. True for
    /// errors of the transport and of the storage.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Transport { .. } | Self::Storage { .. } => true,
            Self::Protocol { error, .. } => error.is_temporary(),
            Self::Renewed => false,
        }
    }

    /// Returns how long the server asks clients to wait, if it said so: see [`Error::retry_after`].
    pub fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        self.protocol()?.retry_after(now)
    }

    /// Returns whether the user has to sign in again: see [`Error::needs_sign_in`]. True also for
    /// an expired token that the session cannot renew, and for a session without a token.
    ///
    /// If a token was revoked and cannot be renewed, the session does not return an error, but the
    /// API's response with status 401.
    pub fn needs_sign_in(&self) -> bool {
        self.protocol().is_some_and(|error| {
            error.needs_sign_in()
                || matches!(
                    error,
                    Error::Expired(Expired::Token) | Error::Unsupported(Unsupported::NoToken)
                )
        })
    }

    /// Returns the error of the conversation, if it failed.
    pub fn protocol(&self) -> Option<&Error> {
        match self {
            Self::Protocol { error, .. } => Some(error),
            _ => None,
        }
    }

    /// Returns the request that the error is about: its purpose and its endpoint. `None` if the
    /// error arose before a request was sent.
    pub fn leg(&self) -> Option<&Leg> {
        match self {
            Self::Transport { leg, .. } => Some(leg),
            Self::Protocol { error, leg } => error.leg().or(leg.as_ref()),
            Self::Storage { .. } | Self::Renewed => None,
        }
    }
}

impl fmt::Display for DriveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport { leg, source } => {
                write!(f, "{leg}: the request could not be sent: {source}")
            }
            // An error about a response has its own leg.
            Self::Protocol { error, leg: Some(leg) } if error.leg().is_none() => {
                write!(f, "{leg}: {error}")
            }
            Self::Protocol { error, .. } => error.fmt(f),
            Self::Storage { action, source } => {
                write!(f, "the storage could not {action}: {source}")
            }
            Self::Renewed => {
                f.write_str("the token was renewed: store it, then send the request again")
            }
        }
    }
}

impl StdError for DriveError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Transport { source, .. } | Self::Storage { source, .. } => Some(&**source),
            Self::Protocol { error, .. } => Some(error),
            Self::Renewed => None,
        }
    }
}

impl From<Error> for DriveError {
    fn from(error: Error) -> Self {
        Self::Protocol { error, leg: None }
    }
}
