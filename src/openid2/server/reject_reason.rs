//! Why a request to a provider is refused.

use http::StatusCode;

/// Why a request is refused, for the operator's log.
///
/// ```
/// use oauth_proto::openid2::server::RejectReason;
///
/// assert_eq!(RejectReason::NotOpenid.to_string(), "the request is not an OpenID message");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectReason {
    /// There is no `openid.mode`.
    #[error("the request is not an OpenID message")]
    NotOpenid,
    /// A field is repeated or is not a text, or there are too many fields.
    #[error("the request's fields cannot be told apart")]
    Malformed,
    /// GET and POST are the methods, and POST alone for direct communication.
    #[error("the HTTP method {0} is not that of this message")]
    HttpMethod(http::Method),
    /// The body is not a form.
    #[error("the body is not a form")]
    NotAForm,
    /// A version that is unknown, or not allowed here.
    #[error("the version of the protocol is not spoken here")]
    Version,
    /// The mode is not one of a provider's.
    #[error("the mode is unknown")]
    Mode,
    /// A field is missing.
    #[error("the field {0:?} is missing")]
    Missing(&'static str),
    /// A field has a value that it cannot have.
    #[error("the field {0:?} has a value that it cannot have")]
    Invalid(&'static str),
    /// A field that would be kept has a control character: an identifier or a handle any, other
    /// fields a NUL.
    #[error("the field {0:?} has a control character: send it without")]
    ControlCharacter(String),
    /// `return_to` lies outside of the realm. The user sees a page, although the specification has
    /// them sent back (§9.2): a link to this provider would lead to whatever URL its author names.
    #[error("return_to lies outside of the realm")]
    ReturnToOutside,
    /// The realm covers the sites of many owners, or has no TLS.
    #[error("the realm is not one to be trusted: {0}")]
    Realm(&'static str),
    /// The association or session type is not supported; the relying party is told which is
    /// (§8.2.4).
    #[error("the association or session type is not supported")]
    UnsupportedType,
    /// An approval about another identifier than was asked about.
    #[error("the user is not the one that was asked about")]
    NotTheUsers,
    /// The approval names something that is not an identifier: an absolute URL in its normal form.
    /// The relying party is told that there is no answer.
    #[error(
        "{0:?} is not an identifier: expected an absolute http or https URL in its normal form"
    )]
    NoIdentifier(String),
    /// A value of the application has a newline, which a message cannot have. The relying party is
    /// told that there is no answer.
    #[error("the answer has a value that cannot be signed")]
    Unsignable,
    /// Storage failed.
    #[error("storage failed: {0}")]
    StoreFailed(String),
}

impl RejectReason {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::HttpMethod(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::StoreFailed(_) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// Returns the text for the other side.
    pub(super) fn public(&self) -> String {
        match self {
            Self::StoreFailed(_) => "the provider is not available".to_owned(),
            reason => reason.to_string(),
        }
    }
}
