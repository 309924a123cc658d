//! The errors for callbacks and answers that are not trusted: drop and log them.

#[cfg(feature = "oauth1")]
use super::error::oauth1;
#[cfg(feature = "client")]
use super::error::oauth2;
#[cfg(feature = "openid2")]
use super::error::openid2::AssertionError;
use super::error_text::lifted_by;

/// A message that does not belong to the conversation. The cause is an attack, or a callback that
/// was bookmarked or cut short: log it, and offer the user to start again.
///
/// ```
/// use oauth_proto::Forged;
///
/// assert_eq!(
///     Forged::StateMismatch.to_string(),
///     "the callback's \"state\" is not that of the pending authorization"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Forged {
    /// The callback has a parameter more than once.
    #[error("the callback has {name:?} more than once")]
    ParameterTwice {
        /// The parameter.
        name: &'static str,
    },
    /// A parameter of the callback is not a text.
    #[error("the callback's {name:?} is not UTF-8")]
    ParameterInvalid {
        /// The parameter.
        name: &'static str,
    },
    /// The pending value belongs to another client, or to a client of another server.
    #[error("the pending authorization was made by another client, or for another server")]
    OtherClient,
    /// The callback's `state` is not that of the pending authorization (RFC 6749 §10.12).
    #[error("the callback's \"state\" is not that of the pending authorization")]
    StateMismatch,
    /// The user came back to another URI than the redirect_uri (RFC 9700 §4.4.2.2): the data of
    /// another server must not be sent to this one.
    #[error(
        "the user came back to {received:?} and not to {expected:?}{} (behind a proxy that changes \
         scheme and host, hand over path and query, or compare the path alone by the client's \
         `allow_callback_at_any_origin`)",
        query_hint(expected, received)
    )]
    PlaceMismatch {
        /// The redirect_uri, or OAuth 1.0's callback, without its query.
        expected: String,
        /// The URI at which the user arrived, without the query.
        received: String,
    },
    /// The callback does not say at which URI the user came back, so that it cannot be compared
    /// with the redirect_uri.
    #[error(
        "the callback does not say to which URI the user came back: expected {expected:?}; hand \
         over the request's path and query, for a posted form by `Callback::posted` (the client's \
         `allow_callback_without_place` lifts this)"
    )]
    PlaceMissing {
        /// The redirect_uri, or OAuth 1.0's callback, without its query.
        expected: String,
    },
    /// The callback lacks a parameter.
    #[error("the callback has no {name:?}{}", lifted_by(parameter_option(name)))]
    ParameterMissing {
        /// The parameter.
        name: &'static str,
    },
    /// A callback of OAuth 1.0 is not what it says.
    #[cfg(feature = "oauth1")]
    #[error(transparent)]
    OAuth1(#[from] oauth1::CallbackError),
    /// A callback of OAuth 2.0, or a document about a server, is not what it says.
    #[cfg(feature = "client")]
    #[error(transparent)]
    OAuth2(#[from] oauth2::CallbackError),
    /// An assertion of OpenID 2.0 is not what it says.
    #[cfg(feature = "openid2")]
    #[error(transparent)]
    OpenId2(#[from] AssertionError),
}

/// Returns what is wrong where two places look alike without their queries.
fn query_hint(expected: &str, received: &str) -> &'static str {
    if expected == received { " with its query, which differs" } else { "" }
}

/// Returns the option that takes a callback without that parameter.
fn parameter_option(name: &str) -> Option<&'static str> {
    (name == "oauth_verifier").then_some("oauth1::Server::allow_missing_verifier")
}
