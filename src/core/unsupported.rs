//! What is configured or asked for and cannot be done.

#[cfg(feature = "oauth1")]
use super::error::oauth1::RequestError;
use super::error_text::{lifted_by, shown};
use super::response_excerpt::ResponseExcerpt;

/// What cannot be done as it is configured.
///
/// ```
/// use oauth_proto::Unsupported;
///
/// let url = "http://photos.example.net/token".into();
/// let error = Unsupported::PlainHttp { url, option: Some("oauth1::Server::dangerous_allow_http") };
/// assert!(error.to_string().contains("`oauth1::Server::dangerous_allow_http` lifts this"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// A text that should be a URL is none, or not one for this purpose.
    #[error("{url:?} cannot be used: {reason}")]
    Url {
        /// The text, without its query.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A member of a server's metadata is no URL that can be used.
    #[error("the metadata's {member:?} is {url:?}, which cannot be used: {reason}")]
    MetadataUrl {
        /// The member.
        member: &'static str,
        /// Its value, without its query.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A member of a registration has another type than RFC 7591 gives it, so that the client cannot be used as it is.
    #[error(
        "the registration's {member:?} is not of the type that the specification gives it: correct it in the metadata's `extra`, or \
         make a `Client` by hand"
    )]
    RegistrationMember {
        /// The member.
        member: &'static str,
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
        /// Which.
        endpoint: &'static str,
    },
    /// The name belongs to the protocol and cannot be given as a parameter of one's own.
    #[error("the parameter {name:?} is set by the protocol")]
    ReservedParameter {
        /// The name.
        name: String,
    },
    /// The request already has an `Authorization` header of another scheme.
    #[error("the request already has an Authorization header of another scheme")]
    AuthorizationPresent,
    /// The placement in the form body, and a body that is no form, or may not be read.
    #[error("protocol parameters go in the form body, but {reason}")]
    NoFormBody {
        /// What stands in the way.
        reason: &'static str,
    },
    /// A request of OAuth 1.0 cannot be made as it is.
    #[cfg(feature = "oauth1")]
    #[error(transparent)]
    OAuth1(#[from] RequestError),
    /// A value cannot stand in a header or a URL.
    #[error("{what} cannot be sent: {reason}")]
    Unsendable {
        /// Which value.
        what: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The token came without what renewing it takes: a session handle, or a refresh token.
    #[error("the token cannot be renewed: it came without a session handle or a refresh token")]
    NotRenewable,
    /// The session was not made for that origin, and its token is not shown there.
    #[error("the token is not for {origin:?}: the session was not made for that origin{}", lifted_by(*option))]
    ForeignOrigin {
        /// Where the request was to go: scheme, host and port.
        origin: String,
        /// The option that lifts this, if there is one.
        option: Option<&'static str>,
    },
    /// There is no token, and none can be had without the user.
    #[error("there is no token: the user has to grant access first")]
    NoToken,
    /// The token is of a kind that this session cannot show.
    #[error("tokens of the type {token_type:?} cannot be used here")]
    TokenType {
        /// The kind.
        token_type: String,
    },
    /// The server's metadata lists methods of proof keys, and `S256` is not among them (RFC 9700 §2.1.1).
    #[error(
        "the server does not support proof keys with S256{}",
        lifted_by(Some("AuthorizationServer::allow_missing_s256"))
    )]
    NoPkce,
    /// OAuth 2.1 has no such thing, and the client was told to keep to it.
    #[error("OAuth 2.1 has no {what}")]
    NotInOauth21 {
        /// What it left out.
        what: &'static str,
    },
    /// A caller's hook or client authentication could not do its part.
    #[error("the client cannot be authenticated: {reason}")]
    ClientAuthentication {
        /// Why the authentication failed, in the words of the method.
        reason: String,
    },
    /// What the user typed leads to no OpenID provider (OpenID Authentication 2.0 §7): ask for another. Where `answer` has a
    /// status of 5xx, or 429, it may do so later.
    #[error("{identifier:?} cannot be used as an OpenID: {reason}{}", shown(response))]
    Identifier {
        /// What was typed, or what it led to.
        identifier: String,
        /// Why not.
        reason: &'static str,
        /// What its host answered, if it was asked and that is why.
        response: Option<Box<ResponseExcerpt>>,
    },
    /// Signing in by OAuth 1.0 of 2007, which does not say who came back, has an option of its own.
    #[error(
        "the service speaks OAuth 1.0 of 2007, which does not tie the user who comes back to the one who granted access{}",
        lifted_by(Some("SignIn::dangerous_version_1_0"))
    )]
    VersionOf2007,
    /// The answer is signed with an association that was asked for, and is not at hand any more.
    #[error("the answer is signed with an association that is not given")]
    NoAssociation,
    /// A shared session was given functions for its storage that do not go together.
    #[error("the shared session's `{given}` {reason} `{other}`")]
    StorageIncomplete {
        /// The function that was given.
        given: &'static str,
        /// How it depends on the other.
        reason: &'static str,
        /// The function that is missing, or too much.
        other: &'static str,
    },
    /// A server's configuration has problems, of which the text names each.
    #[error("{problems}")]
    Configuration {
        /// All of them, with their options.
        problems: String,
    },
    /// A secret that is too short to be one.
    #[error(
        "the secret has {length} bytes, and {least} is the least: take a longer one, such as 64 random hexadecimal digits"
    )]
    ShortSecret {
        /// How long it is.
        length: usize,
        /// How long it has to be.
        least: usize,
    },
}
