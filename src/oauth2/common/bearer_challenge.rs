//! The challenge of a resource server that refuses a token: RFC 6750 §3, RFC 9470 §3, RFC 9728
//! §5.1.

use std::time::Duration;

use http::HeaderMap;

use super::scope::Scope;
use crate::Error;
use crate::wire::Challenge;

/// A `Bearer` challenge, typed. All texts are the server's own words.
///
/// ```
/// use oauth_proto::oauth2::{BearerChallenge, BearerError};
///
/// let response = http::Response::builder()
///     .status(403)
///     .header(
///         "www-authenticate",
///         r#"Basic realm="x", Bearer error="insufficient_scope", scope="photos.write""#,
///     )
///     .body(())?;
/// let challenge = BearerChallenge::of(response.headers()).expect("a bearer challenge");
/// assert_eq!(challenge.error, Some(BearerError::InsufficientScope));
/// assert_eq!(challenge.scope, Some("photos.write".into()));
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BearerChallenge {
    /// The name of the protected area.
    pub realm: Option<String>,
    /// The error of the token; `None` if the request had no token.
    pub error: Option<BearerError>,
    /// The same as a text for developers.
    pub error_description: Option<String>,
    /// A page about it.
    pub error_uri: Option<String>,
    /// The scope that is needed.
    pub scope: Option<Scope>,
    /// The URL of the protected resource's metadata (RFC 9728).
    pub resource_metadata: Option<String>,
    /// The authentication contexts of which the user's sign-in should have one (RFC 9470). Ask for
    /// them with the parameter of the same name.
    pub acr_values: Option<String>,
    /// The longest time since the user's sign-in (RFC 9470). Ask for it with the parameter of the
    /// same name.
    pub max_age: Option<Duration>,
}

/// The reason why a token was refused (RFC 6750 §3.1).
///
/// ```
/// use oauth_proto::oauth2::BearerError;
///
/// assert_eq!(BearerError::from("invalid_token"), BearerError::InvalidToken);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BearerError {
    /// The request is malformed.
    InvalidRequest,
    /// The token has expired, was revoked, or is invalid: renewing it may help.
    InvalidToken,
    /// The token's scope does not suffice: renewing it does not help, asking for a larger scope
    /// does.
    InsufficientScope,
    /// The user has to sign in again, or better (RFC 9470 §3).
    InsufficientUserAuthentication,
    /// Another code.
    Other(String),
}

impl From<&str> for BearerError {
    fn from(code: &str) -> Self {
        match code.to_ascii_lowercase().as_str() {
            "invalid_request" => Self::InvalidRequest,
            "invalid_token" => Self::InvalidToken,
            "insufficient_scope" => Self::InsufficientScope,
            "insufficient_user_authentication" => Self::InsufficientUserAuthentication,
            _ => Self::Other(code.to_owned()),
        }
    }
}

impl BearerChallenge {
    /// Returns the bearer challenge of the answer that an error is about: it says what an API that
    /// refuses wants.
    ///
    /// ```
    /// use oauth_proto::Error;
    /// use oauth_proto::oauth2::{Authorize, BearerChallenge};
    ///
    /// /// What to ask the user for, so that the API does not refuse again.
    /// fn step_up(error: &Error) -> Option<Authorize> {
    ///     let challenge = BearerChallenge::of_error(error)?;
    ///     let mut authorize = challenge.scope.map_or_else(Authorize::default, Authorize::scope);
    ///     if let Some(values) = &challenge.acr_values {
    ///         authorize = authorize.parameter("acr_values", values);
    ///     }
    ///     if let Some(age) = challenge.max_age {
    ///         authorize = authorize.parameter("max_age", &age.as_secs().to_string());
    ///     }
    ///     Some(authorize)
    /// }
    /// ```
    pub fn of_error(error: &Error) -> Option<Self> {
        error.response()?.challenges.iter().find(|challenge| challenge.is("bearer")).map(Self::from)
    }

    /// Returns the first bearer challenge among the `WWW-Authenticate` headers of a response.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        Challenge::of(headers).iter().find(|challenge| challenge.is("bearer")).map(Self::from)
    }
}

impl From<&Challenge> for BearerChallenge {
    /// Reads the parameters, whatever the scheme.
    fn from(challenge: &Challenge) -> Self {
        let text = |name| challenge.parameter(name).map(str::to_owned);
        Self {
            realm: text("realm"),
            error: challenge.parameter("error").map(BearerError::from),
            error_description: text("error_description"),
            error_uri: text("error_uri"),
            scope: challenge.parameter("scope").map(Scope::from),
            resource_metadata: text("resource_metadata"),
            acr_values: text("acr_values"),
            max_age: challenge
                .parameter("max_age")
                .and_then(|age| age.parse().ok())
                .map(Duration::from_secs),
        }
    }
}
