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

/// The reason why a request cannot be made. Change the configuration or the call.
///
/// ```
/// use oauth_proto::Unsupported;
///
/// let url = "http://photos.example.net/token".into();
/// let error =
///     Unsupported::PlainHttp { url, option: Some("oauth1::Server::dangerous_allow_http") };
/// assert!(error.to_string().contains("`oauth1::Server::dangerous_allow_http` allows this"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// A text is not a URL, or not a usable one for this purpose.
    #[error("{url:?} cannot be used: {reason}")]
    Url {
        /// The text, without its query.
        url: String,
        /// The reason why it cannot be used.
        reason: &'static str,
    },
    /// The URL is not https, so secrets would be sent without encryption. Use https, or the option
    /// if there is one.
    #[error("{url:?} is not https, and secrets would travel in the clear{}", lifted_by(*option))]
    PlainHttp {
        /// The URL, without its query.
        url: String,
        /// The option that prevents this error, if there is one.
        option: Option<&'static str>,
    },
    /// The server or service has no such endpoint.
    #[error("this service has no {endpoint} endpoint")]
    NoEndpoint {
        /// The name of the endpoint.
        endpoint: &'static str,
    },
    /// The protocol uses a parameter of this name, so a custom parameter cannot have it.
    #[error("the parameter {name:?} is set by the protocol: leave it out")]
    ReservedParameter {
        /// The name.
        name: String,
    },
    /// The request already has an `Authorization` header of another scheme.
    #[error("the request already has an Authorization header of another scheme: remove it")]
    AuthorizationPresent,
    /// The protocol parameters should be in the form body, but the body is not a form, or cannot be
    /// read.
    #[error("the parameters must be sent in a form body, but {reason}")]
    NoFormBody {
        /// The reason why the parameters cannot be in the body.
        reason: &'static str,
    },
    /// A request of OAuth 1.0a cannot be made.
    #[cfg(feature = "oauth1")]
    #[error(transparent)]
    OAuth1(#[from] oauth1::RequestError),
    /// A request of OAuth 2.0 cannot be made, or a token cannot be used.
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
    /// The token has no refresh token or session handle, so it cannot be renewed.
    #[error("the token cannot be renewed: it came without a session handle or a refresh token")]
    NotRenewable,
    /// The session has no token. The user has to grant access.
    #[error("there is no token: the user has to grant access first")]
    NoToken,
    /// The identifier that the user typed does not lead to an OpenID provider (OpenID
    /// Authentication 2.0 §7). Ask the user for another one. If `response` has the status 429 or
    /// 5xx, the identifier can work later.
    #[cfg(feature = "openid2")]
    #[error("{identifier:?} cannot be used as an OpenID: {reason}{}", shown(response))]
    Identifier {
        /// The identifier that the user typed, or the one to which it redirects.
        identifier: String,
        /// The reason why it cannot be used.
        reason: &'static str,
        /// The response of its host, if the response is the reason.
        response: Option<Box<ResponseExcerpt>>,
    },
    /// The response is signed with an association that the caller did not pass, and that was
    /// requested earlier.
    #[cfg(feature = "openid2")]
    #[error(
        "the assertion's \"assoc_handle\" names an association that was not given: pass the \
         association with which the request was made"
    )]
    NoAssociation,
    /// A server's configuration has problems. The text names each of them.
    #[error("{problems}")]
    Configuration {
        /// All problems, with their options.
        problems: String,
    },
    /// A secret is too short.
    #[error(
        "the secret has {length} bytes: expected at least {least}, such as 64 random hexadecimal \
         digits"
    )]
    ShortSecret {
        /// The length of the secret, in bytes.
        length: usize,
        /// The required length, in bytes.
        least: usize,
    },
}
