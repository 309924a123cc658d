//! What is not what it says: to be dropped, and logged.

#[cfg(feature = "openid2")]
use super::error::openid2::AssertionError;
use super::error_text::lifted_by;

/// What does not belong to the conversation. Besides an attack, it is what comes of a callback that was bookmarked or cut
/// short: log it, and offer the user to start again.
///
/// ```
/// use oauth_proto::Forged;
///
/// let error = Forged::TokenMismatch { expected: "hh5s93j4".into(), received: "hh5s93j4\u{200b}".into() };
/// assert!(error.to_string().contains(r"hh5s93j4\u{200b}"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Forged {
    /// The callback is for other temporary credentials than those of the pending authorization.
    #[error("the callback is for the token {received:?} and not for the pending {expected:?}")]
    TokenMismatch {
        /// The pending temporary credentials' identifier.
        expected: String,
        /// The identifier that the callback carries.
        received: String,
    },
    /// The callback has a parameter more than once.
    #[error("the callback has {name:?} more than once")]
    ParameterTwice {
        /// The parameter.
        name: &'static str,
    },
    /// A parameter of the callback is no text.
    #[error("the callback's {name:?} is not UTF-8")]
    ParameterInvalid {
        /// The parameter.
        name: &'static str,
    },
    /// The pending value belongs to another client, or to a client of another server.
    #[error("the pending authorization belongs to another client or server")]
    OtherClient,
    /// The callback's `state` is not that of the pending authorization (RFC 6749 §10.12).
    #[error("the callback's state is not the pending one's")]
    StateMismatch,
    /// The callback brings an error and no state, so that anybody may have sent it. Some servers leave the state out when the
    /// user says no.
    #[error("the callback says {code:?} and has no \"state\", so that it may have come from anybody")]
    ErrorAlone {
        /// The code that it brings: `access_denied`, …
        code: String,
    },
    /// The other side says that it is another issuer than the one that was spoken to (RFC 9207 §2.4, RFC 8414 §3.3).
    #[error("the issuer is {received:?} and not {expected:?}{}", issuer_option(received))]
    IssuerMismatch {
        /// The issuer that was spoken to.
        expected: String,
        /// The one that answered.
        received: String,
    },
    /// The user came back to another place than was asked for (RFC 9700 §4.4.2.2): what another server sent there must not be
    /// shown to this one.
    #[error(
        "the user came back to {received:?} and not to {expected:?}{} (behind a proxy that changes scheme and host, hand over path \
         and query, or compare the path alone by the client's `allow_callback_at_any_origin`)",
        query_hint(expected, received)
    )]
    PlaceMismatch {
        /// The redirect_uri, or OAuth 1.0's callback, without its query.
        expected: String,
        /// Where the user came to, without the query.
        received: String,
    },
    /// The callback does not say where the user came back to, so that this cannot be compared with what was asked for.
    #[error(
        "the callback does not say that the user came back to {expected:?}: hand over the request's path and query, for a posted \
         form by `Callback::posted` (the client's `allow_callback_without_place` lifts this)"
    )]
    PlaceMissing {
        /// The redirect_uri, or OAuth 1.0's callback, without its query.
        expected: String,
    },
    /// The callback names an issuer (RFC 9207), and nothing says which is the server's, so that it may be another's.
    #[error(
        "the callback names the issuer {received:?}, and it is not known which is the server's: say it by \
         `AuthorizationServer::issuer` (`AuthorizationServer::allow_unknown_issuer` takes any)"
    )]
    IssuerUnknown {
        /// The issuer that the callback names.
        received: String,
    },
    /// Metadata of a protected resource is for another resource (RFC 9728 §3.3).
    #[error("the metadata is for the resource {received:?} and not for {expected:?}{}", lifted_by(*option))]
    ResourceMismatch {
        /// The resource that was asked for.
        expected: String,
        /// The one that the metadata names.
        received: String,
        /// The option that lifts this, if there is one.
        option: Option<&'static str>,
    },
    /// A token in the callback of a flow that ends in a code, where it has no business.
    #[error("the callback has {name:?}, though a code was asked for")]
    TokenInCallback {
        /// The parameter.
        name: &'static str,
    },
    /// The callback lacks a parameter.
    #[error("the callback has no {name:?}{}", lifted_by(parameter_option(name)))]
    ParameterMissing {
        /// The parameter.
        name: &'static str,
    },
    /// An assertion of OpenID 2.0 is not what it says.
    #[cfg(feature = "openid2")]
    #[error(transparent)]
    Assertion(#[from] AssertionError),
}

/// Returns what is wrong where two places look alike without their queries.
fn query_hint(expected: &str, received: &str) -> &'static str {
    if expected == received { " with the query that this has" } else { "" }
}

/// Returns the option that takes a callback without that parameter.
fn parameter_option(name: &str) -> Option<&'static str> {
    (name == "oauth_verifier").then_some("oauth1::Server::allow_missing_verifier")
}

/// Returns what to do about an issuer's name, if the two are one server.
fn issuer_option(received: &str) -> &'static str {
    if received.is_empty() {
        " (`Discovery::allow_missing_issuer` takes metadata that names no issuer)"
    } else if received.contains('{') {
        " (`Discovery::allow_issuer_template` takes metadata that names this in the place of an issuer)"
    } else {
        " (if both are one server, name it as it writes itself: `Discovery::allow_issuer` for its metadata, \
         `AuthorizationServer::issuer` for its callbacks)"
    }
}
