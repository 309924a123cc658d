//! The errors of an OAuth 2.0 client: requests that it cannot make, and callbacks and documents
//! that it does not trust (RFC 6749, RFC 9700).

/// The reason why the client's configuration does not allow a request, or the use of a token.
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
    /// A member of the server's metadata is not a usable URL.
    #[error("the metadata's {member:?} is {url:?}, which cannot be used: {reason}")]
    MetadataUrl {
        /// The name of the member.
        member: &'static str,
        /// The value of the member, without its query.
        url: String,
        /// The reason why it cannot be used.
        reason: &'static str,
    },
    /// A member of a registration does not have the type of RFC 7591, so no client can be made from
    /// it.
    #[error(
        "the member {member:?} of the registration does not have the type of RFC 7591: correct the \
         value in `extra` of the registration's metadata, or make a `Client` by hand"
    )]
    RegistrationMember {
        /// The name of the member.
        member: &'static str,
    },
    /// The session is not for this origin, so its token is not sent there.
    #[error(
        "the token is not for {origin:?}: the session was not made for that origin{}",
        lifts(*option)
    )]
    ForeignOrigin {
        /// The target of the request: scheme, host and port.
        origin: String,
        /// The option that prevents this error, if there is one.
        option: Option<&'static str>,
    },
    /// The session cannot send tokens of this type.
    #[error(
        "the token's type is {token_type:?}: expected Bearer, the only type with which a `Session` \
         can sign requests"
    )]
    TokenType {
        /// The type of the token.
        token_type: String,
    },
    /// The server's metadata lists PKCE methods, and `S256` is not among them (RFC 9700 §2.1.1).
    #[error(
        "the server's metadata does not list S256 in code_challenge_methods_supported \
         (`AuthorizationServer::allow_missing_s256` allows this)"
    )]
    NoPkce,
    /// The client is configured for OAuth 2.1, which does not have this feature.
    #[error("OAuth 2.1 has no {what} (`AuthorizationServer::oauth_2_1` is set)")]
    NotInOauth21 {
        /// The feature that OAuth 2.1 does not have.
        what: &'static str,
    },
    /// The client's authentication method returned an error, or is
    /// [`Missing`](crate::oauth2::ClientAuthentication::Missing).
    #[error("the client cannot be authenticated: {reason}")]
    ClientAuthentication {
        /// The text of the authentication method's error.
        reason: String,
    },
    /// The storage functions of a shared session do not match: one is missing, or excludes another.
    #[error("the shared session's `{given}` {reason} `{other}`")]
    StorageIncomplete {
        /// The function that was given.
        given: &'static str,
        /// The way in which `given` depends on `other`: it needs `other`, or excludes it.
        reason: &'static str,
        /// The function that is missing, or that must not be set.
        other: &'static str,
    },
}

/// The reason why a callback or a metadata document is not trusted.
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
    /// The callback has an error and no state, so an attacker can have sent it. Some servers leave
    /// out the state when the user denies access.
    #[error(
        "the callback has the error {code:?} and no \"state\", so an attacker may have sent it"
    )]
    ErrorAlone {
        /// The error code: `access_denied`, …
        code: String,
    },
    /// The callback or the metadata names another issuer than the server that was asked (RFC 9207
    /// §2.4, RFC 8414 §3.3).
    #[error("the issuer is {received:?} and not {expected:?}{}", issuer_option(received))]
    IssuerMismatch {
        /// The issuer that was asked.
        expected: String,
        /// The issuer that the callback or the metadata names.
        received: String,
    },
    /// The callback names an issuer (RFC 9207), and the client does not know its server's issuer.
    /// The callback can be another server's.
    #[error(
        "the callback names the issuer {received:?}, but the client does not know the server's \
         issuer: set `AuthorizationServer::issuer` (`AuthorizationServer::allow_unknown_issuer` \
         accepts any issuer)"
    )]
    IssuerUnknown {
        /// The issuer that the callback names.
        received: String,
    },
    /// The metadata is that of another protected resource (RFC 9728 §3.3).
    #[error(
        "the metadata is for the resource {received:?} and not for {expected:?}{}",
        lifts(*option)
    )]
    ResourceMismatch {
        /// The resource that was asked for.
        expected: String,
        /// The resource that the metadata names.
        received: String,
        /// The option that prevents this error, if there is one.
        option: Option<&'static str>,
    },
    /// The callback of the code flow has a token, which only the token endpoint may return.
    #[error("the callback has {name:?}, although the client asked for a code")]
    TokenInCallback {
        /// The name of the parameter.
        name: &'static str,
    },
}

/// Returns the part of the text about the option that prevents the error.
fn lifts(option: Option<&str>) -> String {
    option.map(|option| format!(" (`{option}` allows this)")).unwrap_or_default()
}

/// Returns the advice for a server that the caller trusts although the issuers differ.
fn issuer_option(received: &str) -> &'static str {
    if received.is_empty() {
        " (`Discovery::allow_missing_issuer` accepts metadata that names no issuer)"
    } else if received.contains('{') {
        " (`Discovery::allow_issuer_template` accepts metadata with this template in place of an \
         issuer)"
    } else {
        " (if both name the same server, set the name that the server uses: \
         `Discovery::allow_issuer` for its metadata, `AuthorizationServer::issuer` for its \
         callbacks)"
    }
}
