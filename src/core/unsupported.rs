//! The errors for a configuration or a call that cannot work.

#[cfg(feature = "oauth1")]
use super::error::oauth1;
#[cfg(feature = "client")]
use super::error::oauth2;
use super::error_text::lifted_by;
#[cfg(feature = "openid2")]
use super::error_text::shown;
#[cfg(feature = "openid2")]
use super::response_excerpt::ResponseExcerpt;

/// A request that cannot be made as the client is configured.
///
/// ```
/// use oauth_proto::Unsupported;
///
/// let url = "http://photos.example.net/token".into();
/// let error =
///     Unsupported::PlainHttp { url, option: Some("oauth1::Server::dangerous_allow_http") };
/// assert!(error.to_string().contains("`oauth1::Server::dangerous_allow_http` lifts this"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// A text is not a URL, or its URL cannot be used for this purpose.
    #[error("{url:?} cannot be used: {reason}")]
    Url {
        /// The text, without its query.
        url: String,
        /// The reason why it cannot be used.
        reason: &'static str,
    },
    /// Secrets would travel in the clear. Use https, or the option if there is one.
    #[error("{url:?} is not https, and secrets would travel in the clear{}", lifted_by(*option))]
    PlainHttp {
        /// The URL, without its query.
        url: String,
        /// The option that lifts this, if there is one.
        option: Option<&'static str>,
    },
    /// The service has no such endpoint.
    #[error("this service has no {endpoint} endpoint")]
    NoEndpoint {
        /// The name of the endpoint.
        endpoint: &'static str,
    },
    /// The name belongs to the protocol and cannot be used for a custom parameter.
    #[error("the parameter {name:?} is set by the protocol: leave it out")]
    ReservedParameter {
        /// The name.
        name: String,
    },
    /// The request already has an `Authorization` header of another scheme.
    #[error("the request already has an Authorization header of another scheme: remove it")]
    AuthorizationPresent,
    /// The protocol parameters should be placed in the form body, but the body is not a form, or
    /// may not be read.
    #[error("the parameters must be sent in a form body, but {reason}")]
    NoFormBody {
        /// The reason why the body cannot carry the parameters.
        reason: &'static str,
    },
    /// A request of OAuth 1.0 cannot be made as it is.
    #[cfg(feature = "oauth1")]
    #[error(transparent)]
    OAuth1(#[from] oauth1::RequestError),
    /// A request of OAuth 2.0 cannot be made, or a token not be used, as the client is configured.
    #[cfg(feature = "client")]
    #[error(transparent)]
    OAuth2(#[from] oauth2::RequestError),
    /// A value cannot be put into a header or a URL.
    #[error("{what} cannot be sent: {reason}")]
    Unsendable {
        /// The name of the value.
        what: &'static str,
        /// The reason why it cannot be used.
        reason: &'static str,
    },
    /// The token came without what renewing it takes: a session handle, or a refresh token.
    #[error("the token cannot be renewed: it came without a session handle or a refresh token")]
    NotRenewable,
    /// The session has no token, and only the user can grant one.
    #[error("there is no token: the user has to grant access first")]
    NoToken,
    /// The identifier that the user typed does not lead to an OpenID provider (OpenID
    /// Authentication 2.0 §7): ask for another. If `response` has a status of 5xx, or 429, the
    /// identifier may work later.
    #[cfg(feature = "openid2")]
    #[error("{identifier:?} cannot be used as an OpenID: {reason}{}", shown(response))]
    Identifier {
        /// The identifier that was typed, or the one that it led to.
        identifier: String,
        /// The reason why it cannot be used.
        reason: &'static str,
        /// The answer of its host, if that answer is the reason.
        response: Option<Box<ResponseExcerpt>>,
    },
    /// The answer is signed with an association that was asked for, and is not at hand any more.
    #[cfg(feature = "openid2")]
    #[error(
        "the assertion's \"assoc_handle\" names an association that was not given: pass the \
         association with which the request was made"
    )]
    NoAssociation,
    /// A server's configuration has problems, of which the text names each.
    #[error("{problems}")]
    Configuration {
        /// All of them, with their options.
        problems: String,
    },
    /// A secret that is too short to be one.
    #[error(
        "the secret has {length} bytes: expected at least {least}, such as 64 random hexadecimal \
         digits"
    )]
    ShortSecret {
        /// The length that it has.
        length: usize,
        /// The length that it must have at least.
        least: usize,
    },
}
