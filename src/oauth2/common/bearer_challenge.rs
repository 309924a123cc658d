//! The `Bearer` challenge with which a resource server refuses a request, RFC 6750 §3, RFC 9470 §3,
//! RFC 9728 §5.1.

use std::time::Duration;

use http::HeaderMap;

use super::scope::Scope;
use crate::Error;
use crate::wire::Challenge;

/// A `Bearer` challenge with typed parameters. All texts are received from the server, and not
/// verified.
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
    /// The reason why the token was refused; `None` if the request had no token.
    pub error: Option<BearerError>,
    /// A description of the error, for developers.
    pub error_description: Option<String>,
    /// The URI of a page about the error.
    pub error_uri: Option<String>,
    /// The scope that the request needs.
    pub scope: Option<Scope>,
    /// The URL of the protected resource's metadata (RFC 9728).
    pub resource_metadata: Option<String>,
    /// The accepted authentication contexts of the user's sign-in, separated by spaces (RFC 9470).
    /// Send them as the parameter `acr_values` of the next authorization request.
    pub acr_values: Option<String>,
    /// The longest accepted time since the user's sign-in (RFC 9470). Send it as the parameter
    /// `max_age` of the next authorization request.
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
    /// The token has expired, was revoked, or is invalid. Renewing it may help.
    InvalidToken,
    /// The token's scope does not suffice. Renewing the token does not help: request a larger scope
    /// from the user.
    InsufficientScope,
    /// The user has to sign in again, or with a stronger method (RFC 9470 §3).
    InsufficientUserAuthentication,
    /// An error code that has no variant here.
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
    /// Returns the bearer challenge of the response that caused an error, or `None` if the response
    /// has no such challenge. For example, the challenge contains the scope that an API demands.
    ///
    /// ```
    /// use oauth_proto::Error;
    /// use oauth_proto::oauth2::{Authorize, BearerChallenge};
    ///
    /// /// The authorization request after which the API no longer refuses.
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

    /// Returns the first bearer challenge in the `WWW-Authenticate` headers of a response, or
    /// `None` if the response has no such challenge.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        Challenge::of(headers).iter().find(|challenge| challenge.is("bearer")).map(Self::from)
    }
}

impl From<&Challenge> for BearerChallenge {
    /// Reads the parameters. The scheme is not checked.
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
