//! The reason why a request to a provider is refused.

use http::StatusCode;

/// The reason why a request is refused, for the operator's log.
///
/// ```
/// use oauth_proto::openid2::server::RejectReason;
///
/// assert!(RejectReason::NotOpenid.to_string().contains("no openid.mode"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectReason {
    /// The message has no `openid.mode`.
    #[error("the request has no openid.mode, so it is not an OpenID message")]
    NotOpenid,
    /// A field occurs twice or is not UTF-8 text, or there are too many fields.
    #[error("a field occurs more than once or is not UTF-8, or there are too many fields")]
    Malformed,
    /// The HTTP method is not GET or POST, or is not POST in direct communication.
    #[error("the HTTP method is {0}: expected GET or POST, and POST for a direct request")]
    HttpMethod(http::Method),
    /// The body is not a form.
    #[error("the body is not a form: expected application/x-www-form-urlencoded")]
    NotAForm,
    /// The version of OpenID is unknown or not allowed.
    #[error(
        "the version of OpenID is not supported: expected http://specs.openid.net/auth/2.0 in \
         openid.ns"
    )]
    Version,
    /// The mode is not one that a provider accepts.
    #[error(
        "openid.mode is unknown: expected associate, checkid_setup, checkid_immediate or \
         check_authentication"
    )]
    Mode,
    /// A required field is missing.
    #[error("the field {0:?} is missing")]
    Missing(&'static str),
    /// A field has a value that is not allowed.
    #[error("the field {name:?} cannot be used: expected {value}", name = .0, value = expected(.0))]
    Invalid(&'static str),
    /// A field that would be stored has a control character: any in an identifier or a handle, and
    /// NUL in other fields.
    #[error("the field {0:?} has a control character: send it without")]
    ControlCharacter(String),
    /// `return_to` is outside the realm. The user sees a page, and is not sent back like in the
    /// specification (§9.2). Otherwise, a link to this provider could lead to any URL that the
    /// link's author names.
    #[error("return_to is not inside the realm")]
    ReturnToOutside,
    /// The realm covers the sites of many owners, or has no TLS.
    #[error("the realm cannot be trusted: {0}")]
    Realm(&'static str),
    /// The association type or session type is not supported. The response names a supported one
    /// (§8.2.4).
    #[error("the association or session type is not supported")]
    UnsupportedType,
    /// The approval has another identifier than the request.
    #[error("the approval has another OpenID identifier than the request")]
    NotTheUsers,
    /// The approval has an identifier that is not an absolute URL in its normal form. The response
    /// tells the relying party that the provider makes no assertion.
    #[error(
        "{0:?} is not an identifier: expected an absolute http or https URL in its normal form"
    )]
    NoIdentifier(String),
    /// A value of the application has a newline, which a message cannot have. The response tells
    /// the relying party that there is no assertion.
    #[error("a value of the answer has a newline, so the answer cannot be signed")]
    Unsignable,
    /// The storage failed. The text is for the log.
    #[error("storage failed: {0}")]
    StoreFailed(String),
}

/// Returns the rule for a field's value.
fn expected(field: &str) -> &'static str {
    match field {
        "realm" | "trust_root" => {
            "an http or https URL without fragment, which may have *. before its host"
        }
        "dh_modulus" | "dh_gen" | "dh_consumer_public" => {
            "a number in base64, such as OpenID Authentication 2.0 section 8.1.2 describes"
        }
        "update_url" => "an absolute https URL without fragment",
        _ => "an absolute http or https URL of at most 2048 bytes",
    }
}

impl RejectReason {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::HttpMethod(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::StoreFailed(_) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// Returns the text for the response.
    pub(super) fn public(&self) -> String {
        match self {
            Self::StoreFailed(_) => {
                "the provider cannot answer at the moment: try again later".to_owned()
            }
            reason => reason.to_string(),
        }
    }
}
