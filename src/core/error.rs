//! The errors of this crate, sorted by what to do about them.

#[cfg(feature = "oauth1")]
pub(crate) mod oauth1;
#[cfg(feature = "client")]
pub(crate) mod oauth2;
#[cfg(feature = "openid2")]
pub(crate) mod openid2;
pub(crate) mod resource;

use std::collections::BTreeMap;

use super::error_text::{lifted_by, shown};
use super::forged::Forged;
use super::leg::Leg;
use super::response_excerpt::ResponseExcerpt;
use super::unsupported::Unsupported;

/// The reason why a conversation failed. The variant says what to do. Its content says exactly what
/// happened.
///
/// No text of an error contains a secret: a body appears as a short excerpt in which everything
/// that could be a value is masked. Identifiers are quoted and escaped, so two similar ones can be
/// told apart. If an option of the client prevents the error, the text names the option.
///
/// # Examples
/// ```
/// use oauth_proto::{Error, Forged};
///
/// fn what_to_do(error: &Error) -> &'static str {
///     match error {
///         // A server that is down has refused nothing: keep the token, and try again later.
///         error if error.is_temporary() => "try again later",
///         error if error.needs_sign_in() => "let the user sign in again",
///         Error::Refused(_) => "show what the server refused",
///         Error::Misbehaved(_) => "report it to the provider",
///         Error::Forged(_) => "drop the request and log it",
///         Error::Unsupported(_) => "fix the configuration",
///         _ => "log it",
///     }
/// }
///
/// let error = Error::from(Forged::StateMismatch);
/// assert_eq!(what_to_do(&error), "drop the request and log it");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server, the service or the resource owner refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The server or the service broke the protocol.
    #[error(transparent)]
    Misbehaved(#[from] Misbehaved),
    /// A callback or document claims to belong to this conversation, and does not.
    #[error(transparent)]
    Forged(#[from] Forged),
    /// The client's configuration does not allow the call.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// A token, code, secret or pending value has expired.
    #[error(transparent)]
    Expired(#[from] Expired),
}

/// A boxed error of any type, from a function of the caller.
type Boxed = Box<dyn std::error::Error + Send + Sync>;

/// Lists each error of a single protocol once, with its feature and its kind. Makes the conversion
/// of each into `Error`, and the function that finds each in a box.
macro_rules! leaves {
    ($($feature:literal $kind:ident $leaf:ty;)*) => {
        $(
            #[cfg(feature = $feature)]
            impl From<$leaf> for Error {
                fn from(error: $leaf) -> Self {
                    $kind::from(error).into()
                }
            }
        )*

        impl Error {
            /// Returns the `Error` in a box, or makes it from a part of `Error` in the box. Returns
            /// the box if it has another error.
            pub(crate) fn unboxed(error: Boxed) -> Result<Self, Boxed> {
                fn of<E: Into<Error> + std::error::Error + 'static>(
                    error: Boxed,
                ) -> Result<Error, Boxed> {
                    error.downcast::<E>().map(|error| (*error).into())
                }
                let error = of::<Self>(error).or_else(of::<Refused>).or_else(of::<Misbehaved>);
                let error = error.or_else(of::<Forged>).or_else(of::<Unsupported>);
                let error = error.or_else(of::<Expired>);
                $(
                    #[cfg(feature = $feature)]
                    let error = error.or_else(of::<$leaf>);
                )*
                error
            }
        }
    };
}

leaves! {
    "oauth1" Unsupported oauth1::RequestError;
    "oauth1" Forged oauth1::CallbackError;
    "client" Unsupported oauth2::RequestError;
    "client" Forged oauth2::CallbackError;
    "openid2" Forged openid2::AssertionError;
    "openid2" Refused openid2::ProviderError;
}

impl Error {
    /// Returns the error code of the server's refusal: `invalid_grant`, `access_denied`,
    /// `token_expired`, …
    ///
    /// ```
    /// use oauth_proto::{Error, Refused};
    ///
    /// let error = Error::from(Refused::Denied {
    ///     problem: Some("access_denied".into()),
    ///     advice: None,
    ///     response: None,
    /// });
    /// assert_eq!(error.code(), Some("access_denied"));
    /// ```
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(Refused::Denied { problem, .. }) => problem.as_deref(),
            Self::Refused(Refused::Authorization { code, .. } | Refused::Problem { code, .. }) => {
                Some(code)
            }
            #[cfg(feature = "client")]
            Self::Forged(Forged::OAuth2(oauth2::CallbackError::ErrorAlone { code })) => Some(code),
            _ => None,
        }
    }
}

impl Error {
    /// Returns whether the same request can succeed later: the server is down or busy, or something
    /// in front of it responded.
    ///
    /// True for the statuses 408, 425, 429 and 5xx, and for the codes `temporarily_unavailable` and
    /// `server_error`. Also true for responses that are probably not the server's own: a redirect,
    /// a page instead of JSON (a captive portal), a 403 or 404 without a code (a firewall, a
    /// deployment), and a response that the caller's reader cannot use ([`Misbehaved::Unusable`]).
    /// A wrong URL of an endpoint causes the same errors. So keep the token, and repeat the request
    /// after pauses that become longer.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::{Error, Refused};
    ///
    /// let error = Refused::Authorization {
    ///     code: "temporarily_unavailable".into(),
    ///     description: None,
    ///     uri: None,
    /// };
    /// assert!(Error::from(error).is_temporary());
    /// ```
    pub fn is_temporary(&self) -> bool {
        let status = self.response().map(|answer| answer.status.as_u16());
        match (self, status) {
            (Self::Refused(Refused::KeyService(error)), _) => error.is_temporary(),
            (_, Some(408 | 425 | 429 | 500..)) => true,
            (Self::Refused(Refused::Status(_)), Some(403 | 404)) => true,
            (
                Self::Misbehaved(
                    Misbehaved::Redirect { .. }
                    | Misbehaved::WrongFormat { .. }
                    | Misbehaved::Unusable { .. },
                ),
                _,
            ) => true,
            (Self::Refused(_), _) => {
                matches!(self.code(), Some("temporarily_unavailable" | "server_error"))
            }
            _ => false,
        }
    }

    /// Returns how long the server asks clients to wait (`Retry-After`, RFC 9110 §10.2.3). `now` is
    /// the time of the response.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::{Error, Timestamp};
    /// use std::time::Duration;
    ///
    /// fn pause(error: &Error, now: Timestamp) -> Duration {
    ///     error.retry_after(now).unwrap_or(Duration::from_secs(30))
    /// }
    /// ```
    pub fn retry_after(&self, now: crate::Timestamp) -> Option<std::time::Duration> {
        self.response()?.retry_after.map(|retry_after| retry_after.delay(now))
    }

    /// Returns whether the grant has ended, so the user has to sign in again.
    ///
    /// True for a 4xx with the code `invalid_grant` (RFC 6749 §5.2) or with OAuth 1.0's
    /// `token_expired`, `token_revoked` or `token_rejected`, and for [`Expired::Grant`],
    /// [`Pending`](Expired::Pending), [`DeviceCode`](Expired::DeviceCode) and
    /// [`Outdated`](Expired::Outdated). Every other error says nothing about the token: an outage,
    /// a firewall, a wrong client secret.
    ///
    /// False for [`Expired::Token`], because a [`Session`](crate::oauth2::Session) can perhaps
    /// [renew](crate::oauth2::Session::renew) the token. A `SharedSession` has tried that, so
    /// [`DriveError::needs_sign_in`](crate::DriveError::needs_sign_in) is true for an expired
    /// token.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::{Error, Expired};
    ///
    /// assert!(Error::from(Expired::Pending).needs_sign_in());
    /// assert!(!Error::from(Expired::Token).needs_sign_in());
    /// ```
    pub fn needs_sign_in(&self) -> bool {
        match self {
            Self::Refused(Refused::Problem { code, response, .. }) => {
                let of_oauth1 = || {
                    let is_other =
                        response.leg.as_ref().is_some_and(|leg| leg.purpose.asks_for_token());
                    !is_other
                        && ["token_expired", "token_revoked", "token_rejected"]
                            .contains(&code.as_str())
                };
                let ends = code == "invalid_grant" || of_oauth1();
                response.status.is_client_error() && ends && !self.is_temporary()
            }
            // A session can perhaps renew the token.
            Self::Expired(Expired::ClientSecret | Expired::Token) => false,
            Self::Expired(_) => true,
            _ => false,
        }
    }

    /// Returns the response that the error is about, if there is one: its status, a masked excerpt,
    /// its challenges.
    pub fn response(&self) -> Option<&ResponseExcerpt> {
        match self {
            Self::Refused(Refused::Problem { response, .. } | Refused::Status(response)) => {
                Some(response)
            }
            Self::Refused(Refused::KeyService(error)) => error.response(),
            Self::Misbehaved(misbehaved) => Some(misbehaved.response()),
            Self::Refused(Refused::Denied { response, .. }) => response.as_deref(),
            #[cfg(feature = "openid2")]
            Self::Unsupported(Unsupported::Identifier { response, .. }) => response.as_deref(),
            _ => None,
        }
    }

    /// Returns the request whose response the error is about: its purpose and its endpoint. `None`
    /// if the error is not about a response. In that case,
    /// [`DriveError::leg`](crate::DriveError::leg) can still return the request, if one was sent.
    pub fn leg(&self) -> Option<&Leg> {
        self.response()?.leg.as_ref()
    }

    /// Returns the error with the leg in which it arose, unless it has a leg already.
    pub(crate) fn in_leg(mut self, leg: &Leg) -> Self {
        let response = match &mut self {
            Self::Refused(Refused::Problem { response, .. } | Refused::Status(response)) => {
                Some(response)
            }
            Self::Misbehaved(misbehaved) => Some(misbehaved.response_mut()),
            Self::Refused(Refused::Denied { response, .. }) => response.as_mut(),
            #[cfg(feature = "openid2")]
            Self::Unsupported(Unsupported::Identifier { response, .. }) => response.as_mut(),
            _ => None,
        };
        if let Some(response) = response {
            response.leg.get_or_insert_with(|| leg.clone());
        }
        self
    }
}

/// Takes the response out of a variant. All variants have one.
macro_rules! response_of {
    ($misbehaved:expr) => {
        match $misbehaved {
            Misbehaved::Redirect { response, .. }
            | Misbehaved::TooLarge { response, .. }
            | Misbehaved::WrongFormat { response, .. }
            | Misbehaved::FieldMissing { response, .. }
            | Misbehaved::FieldTwice { response, .. }
            | Misbehaved::FieldInvalid { response, .. }
            | Misbehaved::MemberInvalid { response, .. }
            | Misbehaved::Unusable { response, .. }
            | Misbehaved::TokenType { response, .. }
            | Misbehaved::CallbackUnconfirmed { response } => response,
        }
    };
}

impl Misbehaved {
    /// Returns the response that the error is about.
    pub(crate) fn response(&self) -> &ResponseExcerpt {
        response_of!(self)
    }

    fn response_mut(&mut self) -> &mut Box<ResponseExcerpt> {
        response_of!(self)
    }
}

/// A refusal by the server, the service or the user.
///
/// ```
/// use oauth_proto::Refused;
///
/// let denied = Refused::Denied { problem: None, advice: None, response: None };
/// assert_eq!(denied.to_string(), "the resource owner did not grant access");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The user came back without having granted access.
    #[error(
        "the resource owner did not grant access{}{}{}",
        quoted(problem),
        quoted(advice),
        shown(response)
    )]
    Denied {
        /// The server's error code, if it sent one (`user_refused`, `access_denied`, …).
        problem: Option<String>,
        /// The server's explanation, if it sent one. Words that can be secrets are replaced by `…`.
        advice: Option<String>,
        /// The response with the refusal. `None` if it was in a callback.
        response: Option<Box<ResponseExcerpt>>,
    },
    /// The callback has an error that is not a denial by the user (RFC 6749 §4.1.2.1).
    #[error("the authorization failed with {code:?}{}", quoted(description))]
    Authorization {
        /// The server's error code: `invalid_scope`, `server_error`, `temporarily_unavailable`, …
        code: String,
        /// The `error_description`, for developers. Words that can be secrets are replaced by `…`.
        description: Option<String>,
        /// The `error_uri`: a page about the error.
        uri: Option<String>,
    },
    /// The response has an error code.
    #[error(
        "the server refused with {code:?}{}{} ({response})",
        quoted(advice),
        explained(details)
    )]
    Problem {
        /// The server's error code: the value of `oauth_problem` or `error`.
        code: String,
        /// The server's explanation, if it sent one: `oauth_problem_advice` or `error_description`.
        /// If it mentions a token or another secret, words that are not known to be harmless are
        /// replaced by `…`.
        advice: Option<String>,
        /// The other members of the response: `error_uri`, `oauth_acceptable_timestamps`,
        /// `oauth_parameters_absent`, … If the server refused the timestamp, `oauth_timestamp` is
        /// the timestamp that was sent. If the server does not say which timestamps it accepts,
        /// `date` is the date of its response, in seconds since 1970.
        details: BTreeMap<String, String>,
        /// The response that has the error code.
        response: Box<ResponseExcerpt>,
    },
    /// The response has an error status and no error code.
    #[error("the server refused ({0})")]
    Status(Box<ResponseExcerpt>),
    /// A key service failed, or another service that a step of the caller asked. The content is the
    /// error of that request. It says nothing about the grant or the token, so
    /// [`Error::needs_sign_in`] is `false`.
    #[error("the key service failed: {0}")]
    KeyService(Box<Error>),
    /// An OpenID provider refused the request.
    #[cfg(feature = "openid2")]
    #[error(transparent)]
    OpenId2(#[from] openid2::ProviderError),
}

/// Formats a server's explanation for the text of an error.
fn quoted(advice: &Option<String>) -> String {
    advice.as_ref().map(|advice| format!(": {advice:?}")).unwrap_or_default()
}

/// Formats the details of OAuth 1.0's Problem Reporting extension for the text of an error.
fn explained(details: &BTreeMap<String, String>) -> String {
    let told = details.iter().filter(|(name, _)| name.starts_with("oauth_"));
    let mut text: String = told.map(|(name, value)| format!(", {name} {value:?}")).collect();
    if let Some((seconds, direction)) = clock(details) {
        text += &format!(", so the clock is at least {} s {direction}: set it", grouped(seconds));
    } else if let Some((seconds, direction)) = clock_by_date(details) {
        text += &format!(
            ", and by the answer's date the clock is {} s off ({direction}): set it",
            grouped(seconds)
        );
    }
    text
}

/// Returns how far a timestamp is from the date of the response, and in which direction the clock
/// is wrong. A difference of a few seconds is ignored, since the response takes some time.
fn clock_by_date(details: &BTreeMap<String, String>) -> Option<(u64, &'static str)> {
    let number = |name: &str| details.get(name)?.parse::<u64>().ok();
    let (sent, date) = (number("oauth_timestamp")?, number("date")?);
    let direction = if sent > date { "fast" } else { "slow" };
    Some((sent.abs_diff(date), direction)).filter(|(seconds, _)| *seconds > 10)
}

/// Returns how far a timestamp is from the range of acceptable ones, and in which direction the
/// clock is wrong.
fn clock(details: &BTreeMap<String, String>) -> Option<(u64, &'static str)> {
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let (earliest, latest) = details.get("oauth_acceptable_timestamps")?.split_once('-')?;
    let (earliest, latest) = (number(earliest)?, number(latest)?);
    let sent = number(details.get("oauth_timestamp")?)?;
    match (earliest <= latest, sent.checked_sub(latest), earliest.checked_sub(sent)) {
        (true, Some(seconds @ 1..), _) => Some((seconds, "fast")),
        (true, _, Some(seconds @ 1..)) => Some((seconds, "slow")),
        _ => None,
    }
}

/// Writes a number with a comma between the thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let comma = |at: usize| at > 0 && (digits.len() - at).is_multiple_of(3);
    digits
        .char_indices()
        .flat_map(|(at, digit)| comma(at).then_some(',').into_iter().chain([digit]))
        .collect()
}

/// A violation of the protocol by the server or the service.
///
/// ```
/// use oauth_proto::{Error, Misbehaved};
///
/// fn is_the_old_protocol(error: &Error) -> bool {
///     matches!(error, Error::Misbehaved(Misbehaved::CallbackUnconfirmed { .. }))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misbehaved {
    /// The response is a redirect. Credentials are never sent to its target.
    #[error(
        "received a redirect to {location:?} instead of an answer; it is not followed: check the \
         endpoint's URL ({response})"
    )]
    Redirect {
        /// The `Location` of the redirect, without its query.
        location: String,
        /// The response.
        response: Box<ResponseExcerpt>,
    },
    /// The body is larger than the limit.
    #[error("the answer has {length} bytes: expected at most {limit} ({response})")]
    TooLarge {
        /// The size of the body, in bytes.
        length: usize,
        /// The limit, in bytes.
        limit: usize,
        /// The response.
        response: Box<ResponseExcerpt>,
    },
    /// The body does not have the format of the specification.
    #[error("the answer is not {expected}{} ({response})", lifted_by(*option))]
    WrongFormat {
        /// The format that was expected.
        expected: &'static str,
        /// The option that prevents this error, if there is one.
        option: Option<&'static str>,
        /// The response.
        response: Box<ResponseExcerpt>,
    },
    /// A required field of the response is missing or empty.
    #[error("the answer has no {field:?}{} ({response})", lifted_by(*option))]
    FieldMissing {
        /// The field's name.
        field: &'static str,
        /// The option that prevents this error, if there is one.
        option: Option<&'static str>,
        /// The response.
        response: Box<ResponseExcerpt>,
    },
    /// A field occurs more than once in the response.
    #[error("the answer has {field:?} more than once ({response})")]
    FieldTwice {
        /// The field's name.
        field: String,
        /// The response.
        response: Box<ResponseExcerpt>,
    },
    /// A field of the response has a value that cannot be used.
    #[error("the answer's {field:?} is {reason}{} ({response})", lifted_by(*option))]
    FieldInvalid {
        /// The field's name.
        field: &'static str,
        /// The reason why the field cannot be used.
        reason: &'static str,
        /// The option that prevents this error, if there is one.
        option: Option<&'static str>,
        /// The response.
        response: Box<ResponseExcerpt>,
    },
    /// A member of a JSON document does not have the type that the specification requires.
    #[error(
        "the answer's {member:?} does not have the type that the specification gives it \
         ({response})"
    )]
    MemberInvalid {
        /// The member's name.
        member: String,
        /// The response.
        response: Box<ResponseExcerpt>,
    },
    /// The caller's function cannot read the response: see
    /// [`Step::exchange`](crate::Step::exchange).
    #[error("the answer cannot be used: {reason} ({response})")]
    Unusable {
        /// The text of the error that the caller's function returned.
        reason: String,
        /// The response.
        response: Box<ResponseExcerpt>,
    },
    /// The token has a type that the client did not request. A client must not use a type that it
    /// does not know (RFC 6749 §7.1).
    #[error(
        "the answer's \"token_type\" is {received:?}: expected \"Bearer\"{} ({response})",
        lifted_by(Some("Quirks::allow_token_types"))
    )]
    TokenType {
        /// The type that was received.
        received: String,
        /// The response.
        response: Box<ResponseExcerpt>,
    },
    /// The response has no `oauth_callback_confirmed=true` (RFC 5849 §2.1). So the server speaks
    /// OAuth 1.0 of 2007, in which an attacker can fixate a session.
    #[error(
        "the answer has no \"oauth_callback_confirmed\" with the value \"true\", which OAuth 1.0a \
         requires{} ({response})",
        lifted_by(Some("oauth1::Server::allow_unconfirmed_callback"))
    )]
    CallbackUnconfirmed {
        /// The response.
        response: Box<ResponseExcerpt>,
    },
}

/// A token, code, secret or pending value that has expired.
///
/// ```
/// use oauth_proto::Expired;
///
/// assert_eq!(Expired::Pending.to_string(), "the pending authorization has expired");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Expired {
    /// The pending value expired before the user came back.
    #[error("the pending authorization has expired")]
    Pending,
    /// The access token has expired. Renew it, or let the user grant access again.
    #[error("the access token has expired")]
    Token,
    /// The device code expired before the user entered the user code (RFC 8628 §3.5).
    #[error("the device code has expired")]
    DeviceCode,
    /// The authorization server refused to renew the token earlier, and was not asked again. The
    /// user has to sign in again.
    #[error(
        "the grant has ended: the authorization server has already refused to renew the token, so \
         let the user sign in again"
    )]
    Grant,
    /// The client secret from the registration has expired (RFC 7591 §3.2.1).
    #[error("the client's secret has expired")]
    ClientSecret,
    /// The pending value was stored by a version of this crate with another format.
    #[error(
        "the pending authorization was stored by another version of this crate: start the \
         authorization again"
    )]
    Outdated,
}

/// Asserts that a refusal with this body shows its explanation, and not the token in it. The body
/// has `SECRET` as a placeholder of the token.
#[cfg(test)]
#[track_caller]
pub(crate) fn hides_token(body: &str, refusal: impl Fn(&crate::Response) -> Refused) {
    for secret in ["sesamopen", "4a9b7c2d-1111-2222-3333-444455556666", "1234567"] {
        let response = http::Response::builder()
            .status(400)
            .body(body.replace("SECRET", secret).into_bytes())
            .unwrap();
        let refused = refusal(&response);
        let shown = format!("{refused} {refused:?}");
        assert!(!shown.contains(secret) && shown.contains("Invalid token: …"), "{shown}");
    }
}
