//! The errors for callbacks and documents that are not trusted.

#[cfg(feature = "oauth1")]
use super::error::oauth1;
#[cfg(feature = "client")]
use super::error::oauth2;
#[cfg(feature = "openid2")]
use super::error::openid2::AssertionError;
use super::error_text::lifted_by;

/// A callback or document that does not belong to the conversation. The cause is an attack, or a
/// callback that was bookmarked or cut off. Log the error, and let the user start again.
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
        /// The name of the parameter.
        name: &'static str,
    },
    /// A parameter of the callback is not UTF-8 text.
    #[error("the callback's {name:?} is not UTF-8")]
    ParameterInvalid {
        /// The name of the parameter.
        name: &'static str,
    },
    /// The pending value was made by another client, or by a client of another server.
    #[error("the pending authorization was made by another client, or for another server")]
    OtherClient,
    /// The callback's `state` differs from the pending value's (RFC 6749 §10.12).
    #[error("the callback's \"state\" is not that of the pending authorization")]
    StateMismatch,
    /// The callback arrived at another URI than the redirect_uri (RFC 9700 §4.4.2.2). It can be
    /// another server's, whose code must not be sent to this one.
    #[error(
        "the user came back to {received:?} and not to {expected:?}{} (behind a proxy that changes \
         scheme and host, hand over path and query, or compare only the path by the client's \
         `allow_callback_at_any_origin`)",
        query_hint(expected, received)
    )]
    PlaceMismatch {
        /// The redirect_uri, or the callback URL of OAuth 1.0a, without its query.
        expected: String,
        /// The URI at which the callback arrived, without its query.
        received: String,
    },
    /// The callback was passed without the URI at which it arrived, so it cannot be compared with
    /// the redirect_uri.
    #[error(
        "the callback does not say to which URI the user came back: expected {expected:?}; hand \
         over the request's path and query, for a posted form by `Callback::posted` (the client's \
         `allow_callback_without_place` allows this)"
    )]
    PlaceMissing {
        /// The redirect_uri, or the callback URL of OAuth 1.0a, without its query.
        expected: String,
    },
    /// The callback has no such parameter.
    #[error("the callback has no {name:?}{}", lifted_by(parameter_option(name)))]
    ParameterMissing {
        /// The name of the parameter.
        name: &'static str,
    },
    /// A callback of OAuth 1.0a is not trusted.
    #[cfg(feature = "oauth1")]
    #[error(transparent)]
    OAuth1(#[from] oauth1::CallbackError),
    /// A callback or a metadata document of OAuth 2.0 is not trusted.
    #[cfg(feature = "client")]
    #[error(transparent)]
    OAuth2(#[from] oauth2::CallbackError),
    /// An assertion of OpenID 2.0 is not trusted.
    #[cfg(feature = "openid2")]
    #[error(transparent)]
    OpenId2(#[from] AssertionError),
}

/// Returns the difference of two URLs that look the same without their queries.
fn query_hint(expected: &str, received: &str) -> &'static str {
    if expected == received { " with its query, which differs" } else { "" }
}

/// Returns the option that accepts a callback without this parameter.
fn parameter_option(name: &str) -> Option<&'static str> {
    (name == "oauth_verifier").then_some("oauth1::Server::allow_missing_verifier")
}
