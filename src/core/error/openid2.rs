//! The reasons why an assertion of OpenID 2.0 is not trusted, and the refusals of a provider:
//! OpenID Authentication 2.0 §5, §10 and §11.

/// The reason why an assertion is not trusted.
///
/// # Examples
/// ```
/// use oauth_proto::openid2::AssertionError;
/// use oauth_proto::{Error, Forged};
///
/// fn was_seen_before(error: &Error) -> bool {
///     matches!(error, Error::Forged(Forged::OpenId2(AssertionError::Replayed)))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssertionError {
    /// The fields of an OpenID message cannot be read: a field occurs twice (OpenID Authentication
    /// 2.0 §4.1) or is not UTF-8 text, or the message has too many fields.
    #[error("{}", unclear(field))]
    FieldsUnclear {
        /// The field, if it is one.
        field: String,
    },
    /// A field that has to be signed is not (OpenID Authentication 2.0 §10.1).
    #[error("the assertion's {field:?} is not signed")]
    Unsigned {
        /// The field.
        field: &'static str,
    },
    /// The user arrived at another URL than the assertion is for (OpenID Authentication 2.0 §11.1).
    #[error("the assertion is for {expected:?}, but the user came back to {received:?}")]
    ReturnToMismatch {
        /// The URL that the assertion is for, without its query.
        expected: String,
        /// The URL at which the user arrived, without its query.
        received: String,
    },
    /// The assertion speaks another version of OpenID than was discovered.
    #[error(
        "the assertion has another version of OpenID than the one that was discovered for the \
         provider"
    )]
    VersionMismatch,
    /// The assertion is from another provider than the one that was asked.
    #[error("the assertion is from the provider {received:?}: expected {expected:?}")]
    ForeignProvider {
        /// The endpoint that was asked.
        expected: String,
        /// The one that the assertion names.
        received: String,
    },
    /// The claimed identifier does not name that provider (OpenID Authentication 2.0 §11.2).
    #[error("{claimed_id:?} does not name {endpoint:?} as its provider")]
    NotDiscovered {
        /// The claimed identifier.
        claimed_id: String,
        /// The provider's endpoint.
        endpoint: String,
    },
    /// The assertion's nonce has no time, or a time too far from now (OpenID Authentication 2.0
    /// §11.3).
    #[error(
        "the time in the assertion's \"response_nonce\" is missing, or too far from now: check the \
         clock (`RelyingParty::nonce_window` is the largest difference)"
    )]
    NonceTime,
    /// The assertion has been accepted before (OpenID Authentication 2.0 §11.3).
    #[error("the assertion has been used before: its \"response_nonce\" is known")]
    Replayed,
    /// The signature is wrong, or the provider says that it did not sign the assertion (OpenID
    /// Authentication 2.0 §11.4), or the provider has confirmed it before: it does so only once,
    /// even if its answer was lost.
    #[error("the assertion's signature is wrong, or the provider did not confirm it")]
    Signature,
}

/// The refusal of a provider, from a message without a signature.
///
/// # Examples
/// ```
/// use oauth_proto::openid2::ProviderError;
/// use oauth_proto::{Error, Refused};
///
/// fn has_to_ask(error: &Error) -> bool {
///     matches!(error, Error::Refused(Refused::OpenId2(ProviderError::SetupNeeded { .. })))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// An OpenID provider cannot answer `checkid_immediate` without its user (OpenID Authentication
    /// 2.0 §10.2.1). Ask again without `immediate`.
    #[error("the provider has to ask the user first: send the request without `immediate`")]
    SetupNeeded {
        /// The URL to which OpenID 1.1 wants the user to go instead. It is not signed.
        url: Option<String>,
    },
    /// An OpenID provider sent the user back with an error (OpenID Authentication 2.0 §5.2.3). The
    /// message is not signed.
    #[error("the provider answered with an error{}", quoted(message.as_deref()))]
    Failed {
        /// The message for the user.
        message: Option<String>,
        /// The contact to ask for help.
        contact: Option<String>,
        /// A number or address to refer to.
        reference: Option<String>,
    },
}

/// Returns the text about a message that cannot be read. The field is empty if none is at fault.
fn unclear(field: &str) -> String {
    if field.is_empty() {
        "the callback's OpenID message is not UTF-8, or has too many fields".to_owned()
    } else {
        format!("the callback's OpenID field {field:?} is ambiguous: expected it once")
    }
}

/// Formats a provider's text for the text of an error.
fn quoted(text: Option<&str>) -> String {
    text.map(|text| format!(": {text:?}")).unwrap_or_default()
}
