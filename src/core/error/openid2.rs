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
    /// The message cannot be read: a field occurs twice (OpenID Authentication 2.0 §4.1) or is not
    /// UTF-8, or there are too many fields.
    #[error("{}", unclear(field))]
    FieldsUnclear {
        /// The name of the field. Empty if the error is not about one field.
        field: String,
    },
    /// A field that must be signed is not signed (OpenID Authentication 2.0 §10.1).
    #[error("the assertion's {field:?} is not signed")]
    Unsigned {
        /// The name of the field.
        field: &'static str,
    },
    /// The user arrived at another URL than the assertion's `return_to` (OpenID Authentication 2.0
    /// §11.1).
    #[error("the assertion is for {expected:?}, but the user came back to {received:?}")]
    ReturnToMismatch {
        /// The `return_to` of the assertion, without its query.
        expected: String,
        /// The URL at which the user arrived, without its query.
        received: String,
    },
    /// The assertion has another version of OpenID than discovery found.
    #[error(
        "the assertion has another version of OpenID than the one that was discovered for the \
         provider"
    )]
    VersionMismatch,
    /// The assertion is from another provider than the one to which the user was sent.
    #[error("the assertion is from the provider {received:?}: expected {expected:?}")]
    ForeignProvider {
        /// The endpoint to which the user was sent.
        expected: String,
        /// The endpoint that the assertion names.
        received: String,
    },
    /// The claimed identifier does not name the assertion's provider (OpenID Authentication 2.0
    /// §11.2).
    #[error("{claimed_id:?} does not name {endpoint:?} as its provider")]
    NotDiscovered {
        /// The claimed identifier.
        claimed_id: String,
        /// The provider's endpoint.
        endpoint: String,
    },
    /// The assertion's nonce has no time, or its time is too far from the current time (OpenID
    /// Authentication 2.0 §11.3).
    #[error(
        "the time in the assertion's \"response_nonce\" is missing, or too far from now: check the \
         clock (`RelyingParty::nonce_window` is the largest difference)"
    )]
    NonceTime,
    /// The assertion was accepted before (OpenID Authentication 2.0 §11.3).
    #[error("the assertion was already used: its \"response_nonce\" is known")]
    Replayed,
    /// The signature is wrong, or the provider did not confirm it (OpenID Authentication 2.0
    /// §11.4). A provider confirms an assertion only once, even if its response was lost.
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
    /// The provider cannot answer `checkid_immediate` without asking the user (OpenID
    /// Authentication 2.0 §10.2.1). Send the user again without `immediate`.
    #[error("the provider has to ask the user first: send the request without `immediate`")]
    SetupNeeded {
        /// The URL of the page on which an OpenID 1.1 provider asks the user. Redirect the user
        /// there instead. It is not signed.
        url: Option<String>,
    },
    /// The provider sent the user back with an error (OpenID Authentication 2.0 §5.2.3). The
    /// message is not signed.
    #[error("the provider answered with an error{}", quoted(message.as_deref()))]
    Failed {
        /// The error message.
        message: Option<String>,
        /// The provider's contact for questions.
        contact: Option<String>,
        /// A reference, such as a ticket number.
        reference: Option<String>,
    },
}

/// Returns the text about a message that cannot be read. `field` is empty if the error is not about
/// one field.
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
