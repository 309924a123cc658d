//! Why an assertion of OpenID 2.0 is not believed, and how a provider refuses: OpenID
//! Authentication 2.0 §5, §10 and §11.

/// Why an assertion is not believed.
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
    /// The fields of an OpenID message cannot be read: a field is there twice (OpenID
    /// Authentication 2.0 §4.1) or is not UTF-8 text, or the message has too many fields.
    #[error("the callback's fields cannot be told apart: {field:?}")]
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
    /// The user came to another URL than the assertion is for (OpenID Authentication 2.0 §11.1).
    #[error("the assertion is for {expected:?}, and the user came to {received:?}")]
    ReturnToMismatch {
        /// Where the assertion leads, without its query.
        expected: String,
        /// Where the user came, without its query.
        received: String,
    },
    /// The assertion speaks another version of OpenID than was discovered.
    #[error("the assertion is of another version of OpenID than the provider's")]
    VersionMismatch,
    /// The assertion is another provider's than the one that was asked.
    #[error("the assertion is of {received:?} and not of {expected:?}")]
    ForeignProvider {
        /// The endpoint that was asked.
        expected: String,
        /// The one that the assertion names.
        received: String,
    },
    /// The claimed identifier does not name that provider (OpenID Authentication 2.0 §11.2).
    #[error("{claimed_id:?} does not say that {endpoint:?} may speak for it")]
    NotDiscovered {
        /// The claimed identifier.
        claimed_id: String,
        /// The provider's endpoint.
        endpoint: String,
    },
    /// The assertion's nonce has no time, or one too far from now (OpenID Authentication 2.0
    /// §11.3).
    #[error("the assertion is too old, or too new")]
    NonceTime,
    /// The assertion has been accepted before (OpenID Authentication 2.0 §11.3).
    #[error("the assertion has been seen before")]
    Replayed,
    /// The signature is wrong, or the provider says that it is not its own (OpenID Authentication
    /// 2.0 §11.4), or has confirmed it before: it does so once, also when its word was lost on the
    /// way.
    #[error("the assertion's signature is wrong")]
    Signature,
}

/// How a provider refused: in a message that nobody signed.
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
    #[error("the provider has to ask the user first")]
    SetupNeeded {
        /// Where OpenID 1.1 wants the user to go instead. Nobody signed it.
        url: Option<String>,
    },
    /// An OpenID provider sent the user back with an error (OpenID Authentication 2.0 §5.2.3).
    /// Nobody signed it.
    #[error("the provider answered with an error{}", quoted(message.as_deref()))]
    Failed {
        /// What it says, for people.
        message: Option<String>,
        /// Whom to ask.
        contact: Option<String>,
        /// A number or address to refer to.
        reference: Option<String>,
    },
}

/// Returns a text of the provider's, as it stands in an error's text.
fn quoted(text: Option<&str>) -> String {
    text.map(|text| format!(": {text:?}")).unwrap_or_default()
}
