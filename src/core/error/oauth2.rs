//! The errors of an OAuth 2.0 client, for requests that it cannot make and for answers that it does
//! not trust: RFC 6749, RFC 9700 and related RFCs.

/// The reason why a request cannot be made, or a token cannot be used, as the client is configured.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::RequestError;
/// use oauth_proto::{Error, Unsupported};
///
/// fn could_not_authenticate(error: &Error) -> bool {
///     matches!(
///         error,
///         Error::Unsupported(Unsupported::OAuth2(RequestError::ClientAuthentication { .. }))
///     )
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// A member of a server's metadata is not a URL that can be used.
    #[error("the metadata's {member:?} is {url:?}, which cannot be used: {reason}")]
    MetadataUrl {
        /// The member.
        member: &'static str,
        /// Its value, without its query.
        url: String,
        /// The reason why it cannot be used.
        reason: &'static str,
    },
    /// A member of a registration has another type than RFC 7591 gives it, so that the client
    /// cannot be used as it is.
    #[error(
        "the registration's {member:?} does not have the type that the specification gives it: \
         correct it in the metadata's `extra`, or make a `Client` by hand"
    )]
    RegistrationMember {
        /// The member.
        member: &'static str,
    },
    /// The session was not made for that origin, and its token is not shown there.
    #[error(
        "the token is not for {origin:?}: the session was not made for that origin{}",
        lifts(*option)
    )]
    ForeignOrigin {
        /// The target of the request: scheme, host and port.
        origin: String,
        /// The option that lifts this, if there is one.
        option: Option<&'static str>,
    },
    /// The token is of a type that this session cannot present.
    #[error("the token's type is {token_type:?}: a session can present bearer tokens only")]
    TokenType {
        /// The type of the token.
        token_type: String,
    },
    /// The server's metadata lists methods of proof keys, and `S256` is not among them (RFC 9700
    /// §2.1.1).
    #[error(
        "the server's metadata does not list S256 in code_challenge_methods_supported \
         (`AuthorizationServer::allow_missing_s256` lifts this)"
    )]
    NoPkce,
    /// The client was configured for OAuth 2.1, which does not have this feature.
    #[error("OAuth 2.1 has no {what} (`AuthorizationServer::oauth_2_1` is set)")]
    NotInOauth21 {
        /// The feature that it left out.
        what: &'static str,
    },
    /// The client's authentication returned an error, or is
    /// [`Missing`](crate::oauth2::ClientAuthentication::Missing).
    #[error("the client cannot be authenticated: {reason}")]
    ClientAuthentication {
        /// The reason why the authentication failed, in the words of the method.
        reason: String,
    },
    /// A shared session was given functions for its storage that do not go together.
    #[error("the shared session's `{given}` {reason} `{other}`")]
    StorageIncomplete {
        /// The function that was given.
        given: &'static str,
        /// The way in which it depends on the other function.
        reason: &'static str,
        /// The function that is missing, or too much.
        other: &'static str,
    },
}

/// The reason why a callback, or a document about a server, is not trusted.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::CallbackError;
/// use oauth_proto::{Error, Forged};
///
/// fn is_another_servers(error: &Error) -> bool {
///     matches!(error, Error::Forged(Forged::OAuth2(CallbackError::IssuerMismatch { .. })))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// The callback has an error and no state, so that an attacker may have sent it. Some servers
    /// leave the state out when the user denies access.
    #[error(
        "the callback has the error {code:?} and no \"state\", so an attacker may have sent it"
    )]
    ErrorAlone {
        /// The error's code: `access_denied`, …
        code: String,
    },
    /// The other side says that it is another issuer than the one that was spoken to (RFC 9207
    /// §2.4, RFC 8414 §3.3).
    #[error("the issuer is {received:?} and not {expected:?}{}", issuer_option(received))]
    IssuerMismatch {
        /// The issuer that was spoken to.
        expected: String,
        /// The one that answered.
        received: String,
    },
    /// The callback names an issuer (RFC 9207), and the server's issuer is not known, so that it
    /// may be another server's.
    #[error(
        "the callback names the issuer {received:?}, but the client does not know the server's \
         issuer: set `AuthorizationServer::issuer` (`AuthorizationServer::allow_unknown_issuer` \
         accepts any issuer)"
    )]
    IssuerUnknown {
        /// The issuer that the callback names.
        received: String,
    },
    /// Metadata of a protected resource is for another resource (RFC 9728 §3.3).
    #[error(
        "the metadata is for the resource {received:?} and not for {expected:?}{}",
        lifts(*option)
    )]
    ResourceMismatch {
        /// The resource that was asked for.
        expected: String,
        /// The one that the metadata names.
        received: String,
        /// The option that lifts this, if there is one.
        option: Option<&'static str>,
    },
    /// The callback of a flow that ends in a code has a token, which it must not have.
    #[error("the callback has {name:?}, although the client asked for a code")]
    TokenInCallback {
        /// The parameter.
        name: &'static str,
    },
}

/// Returns what a text says of the option that lifts the error.
fn lifts(option: Option<&str>) -> String {
    option.map(|option| format!(" (`{option}` lifts this)")).unwrap_or_default()
}

/// Returns what to do about an issuer's name, if the two are one server.
fn issuer_option(received: &str) -> &'static str {
    if received.is_empty() {
        " (`Discovery::allow_missing_issuer` accepts metadata that names no issuer)"
    } else if received.contains('{') {
        "(`Discovery::allow_issuer_template` accepts metadata with this template in place of an \
         issuer)"
    } else {
        "(if both name the same server, set the name that the server uses: \
         `Discovery::allow_issuer` for its metadata, `AuthorizationServer::issuer` for its \
         callbacks)"
    }
}
