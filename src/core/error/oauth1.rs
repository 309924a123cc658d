//! The reasons why a request of OAuth 1.0 cannot be made, or a callback is not trusted: RFC 5849 §2
//! and §3.

/// The reason why a request cannot be made or signed.
///
/// # Examples
/// ```
/// use oauth_proto::oauth1::RequestError;
/// use oauth_proto::{Error, Unsupported};
///
/// fn could_not_sign(error: &Error) -> bool {
///     matches!(error, Error::Unsupported(Unsupported::OAuth1(RequestError::Signing { .. })))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The request has an `oauth_` parameter in a place that is not the one for protocol parameters
    /// (RFC 5849 §3.5).
    #[error(
        "the request has {name:?} outside of the place for `oauth_` parameters (RFC 5849 §3.5): \
         leave it out"
    )]
    ParameterPlace {
        /// The name of the parameter.
        name: String,
    },
    /// The body has to be signed by its hash, and is not available.
    #[error("the scheme signs a hash of the body, which `sign_head` does not have: use `sign`")]
    BodyNotAtHand,
    /// The signature method could not sign. It has no usable key, returned an error, or its key
    /// service returned an empty signature.
    #[error("cannot use {method}: {reason}")]
    Signing {
        /// The name of the signature method.
        method: String,
        /// The text of the signature method's error.
        reason: String,
    },
    /// The key of the signature method is in a key service, and this function cannot send requests.
    #[error(
        "the key of {method} is in a key service, which this function cannot ask: use \
         `sign_remotely` or `follow_remotely`"
    )]
    KeyElsewhere {
        /// The name of the signature method.
        method: String,
    },
    /// The service accepts no callback in the request. It uses the registered one.
    #[error(
        "this service accepts no callback in a request, since it uses the registered one: use \
         `Authorize::registered`"
    )]
    CallbackNotAccepted,
    /// The service speaks OAuth 1.0 of 2007, which does not prove which user came back. An option
    /// has to allow it.
    #[error(
        "the service speaks OAuth 1.0 of 2007, which does not prove that the user who comes back \
         is the one who granted access, so it is refused (`SignIn::dangerous_version_1_0` allows \
         it)"
    )]
    VersionOf2007,
}

/// The reason why a callback is not trusted.
///
/// # Examples
/// ```
/// use oauth_proto::oauth1::CallbackError;
///
/// let error = CallbackError::TokenMismatch {
///     expected: "hh5s93j4".into(),
///     received: "hh5s93j4\u{200b}".into(),
/// };
/// assert!(error.to_string().contains(r"hh5s93j4\u{200b}"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// The callback has other temporary credentials than the pending value.
    #[error(
        "the callback's \"oauth_token\" is {received:?}: expected the token of the pending \
         authorization, {expected:?}"
    )]
    TokenMismatch {
        /// The identifier of the pending temporary credentials.
        expected: String,
        /// The identifier in the callback.
        received: String,
    },
}
