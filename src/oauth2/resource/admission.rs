//! The result of the check of a request's token.

use std::fmt;

use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};

use super::access::Access;
use super::refuse::Rejected;
use crate::wire::WHEN_UNAVAILABLE;
use crate::{DriveError, Response};

/// The result of [`ResourceServer::check`](super::ResourceServer::check) and
/// [`ResourceServer::check_remotely`](super::ResourceServer::check_remotely).
///
/// # Examples
/// ```
/// use oauth_proto::Response;
/// use oauth_proto::oauth2::resource::Admission;
///
/// fn respond(admission: Admission) -> Response {
///     match admission {
///         Admission::Granted(access) => {
///             Response::new(format!("the albums of {:?}", access.user()).into_bytes())
///         }
///         Admission::Rejected(rejected) => rejected.response(),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a request that is rejected must not be served"]
#[allow(clippy::exhaustive_enums, reason = "there is no third case")]
pub enum Admission {
    /// The token is valid for the request.
    Granted(Access),
    /// The token is not valid for the request: send [`Rejected::response`].
    Rejected(Rejected),
}

impl Admission {
    /// Returns the access, or the refusal as an error.
    ///
    /// # Errors
    /// [`Rejected`] if the request was refused.
    pub fn into_result(self) -> Result<Access, Rejected> {
        match self {
            Self::Granted(access) => Ok(access),
            Self::Rejected(rejected) => Err(rejected),
        }
    }
}

impl From<Result<Access, Rejected>> for Admission {
    fn from(result: Result<Access, Rejected>) -> Self {
        match result {
            Ok(access) => Self::Granted(access),
            Err(rejected) => Self::Rejected(rejected),
        }
    }
}

/// The reason why [`ResourceServer::admit`](super::ResourceServer::admit) or one of its variants
/// did not accept a request.
///
/// # Examples
/// ```
/// use oauth_proto::Response;
/// use oauth_proto::oauth2::resource::{Access, NotAdmitted};
///
/// fn respond(admitted: Result<Access, NotAdmitted>) -> Response {
///     match admitted {
///         Ok(access) => {
///             Response::new(format!("the albums of {:?}", access.user()).into_bytes())
///         }
///         Err(not_admitted) => not_admitted.response(),
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum NotAdmitted {
    /// The token is not valid for the request.
    Rejected(Rejected),
    /// The authorization server could not be reached, or its response is not valid.
    Failed(DriveError),
}

impl NotAdmitted {
    /// Returns the response to send: that of the refusal, or 503 if the introspection failed.
    pub fn response(&self) -> Response {
        match self {
            Self::Rejected(rejected) => rejected.response(),
            Self::Failed(_) => {
                let mut response = Response::default();
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                response
                    .headers_mut()
                    .insert(RETRY_AFTER, HeaderValue::from_static(WHEN_UNAVAILABLE));
                response
            }
        }
    }
}

impl fmt::Display for NotAdmitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(rejected) => rejected.fmt(f),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NotAdmitted {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Rejected(rejected) => Some(rejected),
            Self::Failed(error) => Some(error),
        }
    }
}

impl From<Rejected> for NotAdmitted {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}

impl From<DriveError> for NotAdmitted {
    fn from(error: DriveError) -> Self {
        Self::Failed(error)
    }
}
