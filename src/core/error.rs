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

/// The reason why a conversation failed. The variant says what to do; its content says exactly what
/// happened.
///
/// No text here contains a secret: bodies appear as a short excerpt in which everything that could
/// be a value is masked, and identifiers are quoted so that two which look alike can be told apart.
/// If an option of the client lifts the error, the text names it.
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
    /// The other side, or the resource owner, said no.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The other side broke the protocol.
    #[error(transparent)]
    Misbehaved(#[from] Misbehaved),
    /// Something pretends to belong to this conversation and does not.
    #[error(transparent)]
    Forged(#[from] Forged),
    /// The call cannot be carried out as the client is configured.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// Time has run out.
    #[error(transparent)]
    Expired(#[from] Expired),
}

/// A boxed error of any type, as functions of the caller return it.
type Boxed = Box<dyn std::error::Error + Send + Sync>;

/// Lists the leaves once, with feature and kind: makes the error of each, and finds each in a box.
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
            /// Returns the error of this crate in a box: itself, a kind or a leaf. Another error is
            /// given back.
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
    /// Returns the code that the server gave for its refusal: `invalid_grant`, `access_denied`,
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
    /// Returns whether the same request may succeed later, unchanged: the server is down, busy or
    /// hidden behind something else that answers in its place.
    ///
    /// Those are the statuses 408, 425, 429 and 5xx; the codes `temporarily_unavailable` and
    /// `server_error`; and answers that are not in the server's own words: a redirect, a page where
    /// JSON was expected (a captive portal), a 403 or 404 without a code (a firewall, a
    /// deployment), or a response that a custom reader cannot use ([`Misbehaved::Unusable`]). An
    /// endpoint that is configured wrongly looks the same, so repeat such a request after growing
    /// pauses, and keep the token meanwhile.
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

    /// Returns how long the server wants to be left alone (`Retry-After`, RFC 9110 §10.2.3). `now`
    /// is the time of the answer.
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

    /// Returns whether the grant is over, so that only the user can help, by signing in again.
    ///
    /// True for a 4xx with the code `invalid_grant` (RFC 6749 §5.2) or with OAuth 1.0's
    /// `token_expired`, `token_revoked` or `token_rejected`, and for [`Expired::Grant`],
    /// [`Pending`](Expired::Pending), [`DeviceCode`](Expired::DeviceCode) and
    /// [`Outdated`](Expired::Outdated). After every other error the token is as good as before: an
    /// outage, a firewall, a client whose secret is wrong.
    ///
    /// [`Expired::Token`] is not among them: a [`Session`](crate::oauth2::Session) may be able to
    /// [renew](crate::oauth2::Session::renew) the token. A `SharedSession` has tried that, so that
    /// its [`DriveError`](crate::DriveError::needs_sign_in) counts an expired token.
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
            // A session may be able to renew the token.
            Self::Expired(Expired::ClientSecret | Expired::Token) => false,
            Self::Expired(_) => true,
            _ => false,
        }
    }

    /// Returns the answer that the error is about, if there is one: its status, a masked excerpt,
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

    /// Returns the request whose answer the error is about: its purpose and its endpoint. `None`
    /// when the error is not about an answer; a [`DriveError`](crate::DriveError) names the request
    /// of such an error, too.
    pub fn leg(&self) -> Option<&Leg> {
        self.response()?.leg.as_ref()
    }

    /// Returns the error with the leg in which it arose. A leg that is there already is more
    /// precise.
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

/// The answer of any variant: all of them have one.
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
    /// Returns the answer that it is about.
    pub(crate) fn response(&self) -> &ResponseExcerpt {
        response_of!(self)
    }

    fn response_mut(&mut self) -> &mut Box<ResponseExcerpt> {
        response_of!(self)
    }
}

/// The other side's no.
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
    /// The resource owner came back without having granted access.
    #[error(
        "the resource owner did not grant access{}{}{}",
        quoted(problem),
        quoted(advice),
        shown(response)
    )]
    Denied {
        /// The server's code for it, if it sent one (`user_refused`, `access_denied`, …).
        problem: Option<String>,
        /// The server's explanation for people, if any, masked as that of
        /// [`Problem`](Self::Problem).
        advice: Option<String>,
        /// The answer that reports it; `None` if a callback reports it.
        response: Option<Box<ResponseExcerpt>>,
    },
    /// The callback has another error than a denial (RFC 6749 §4.1.2.1).
    #[error("the authorization failed with {code:?}{}", quoted(description))]
    Authorization {
        /// The server's code: `invalid_scope`, `server_error`, `temporarily_unavailable`, …
        code: String,
        /// Its `error_description`, for developers, masked as that of [`Problem`](Self::Problem).
        description: Option<String>,
        /// Its `error_uri`.
        uri: Option<String>,
    },
    /// The server named its reason.
    #[error(
        "the server refused with {code:?}{}{} ({response})",
        quoted(advice),
        explained(details)
    )]
    Problem {
        /// The server's code: the value of `oauth_problem` or of `error`.
        code: String,
        /// The server's explanation for people, if any: `oauth_problem_advice` or
        /// `error_description`. If it speaks of a token or another secret, words that are not known
        /// to be harmless are `…`.
        advice: Option<String>,
        /// The other members of the answer: `error_uri`, `oauth_acceptable_timestamps`,
        /// `oauth_parameters_absent`, … If a timestamp was refused, `oauth_timestamp` is the one
        /// that was sent. If the server does not say which timestamps it takes, `date` is the date
        /// of its answer, in seconds since 1970.
        details: BTreeMap<String, String>,
        /// The answer that has the code.
        response: Box<ResponseExcerpt>,
    },
    /// The server answered with an error status and no code.
    #[error("the server refused ({0})")]
    Status(Box<ResponseExcerpt>),
    /// A key service, or another service that a step of the caller asks, failed. The content is its
    /// error. It says nothing about the grant or the token, so that [`Error::needs_sign_in`] is
    /// `false`.
    #[error("the key service failed: {0}")]
    KeyService(Box<Error>),
    /// An OpenID provider refused.
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

/// Returns how far a timestamp is from the date of the answer, and in which direction the clock is
/// wrong. An answer takes a moment, so a difference of a few seconds is ignored.
fn clock_by_date(details: &BTreeMap<String, String>) -> Option<(u64, &'static str)> {
    let number = |name: &str| details.get(name)?.parse::<u64>().ok();
    let (sent, date) = (number("oauth_timestamp")?, number("date")?);
    let direction = if sent > date { "fast" } else { "slow" };
    Some((sent.abs_diff(date), direction)).filter(|(seconds, _)| *seconds > 10)
}

/// Returns how far a timestamp is from those that are acceptable, and in which direction the clock
/// is wrong.
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

/// A way in which the other side broke the protocol.
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
    /// The server sent a redirect instead of an answer. Credentials are never sent to its target.
    #[error(
        "received a redirect to {location:?} instead of an answer; it is not followed: check the \
         endpoint's URL ({response})"
    )]
    Redirect {
        /// The `Location` it names, without its query.
        location: String,
        /// The answer.
        response: Box<ResponseExcerpt>,
    },
    /// The body is larger than the limit.
    #[error("the answer has {length} bytes: expected at most {limit} ({response})")]
    TooLarge {
        /// The number of bytes that it has.
        length: usize,
        /// The number of bytes that it may have.
        limit: usize,
        /// The answer.
        response: Box<ResponseExcerpt>,
    },
    /// The body is not in the format that the specification asks for.
    #[error("the answer is not {expected}{} ({response})", lifted_by(*option))]
    WrongFormat {
        /// The format that was expected.
        expected: &'static str,
        /// The option that lifts this, if there is one.
        option: Option<&'static str>,
        /// The answer.
        response: Box<ResponseExcerpt>,
    },
    /// A field that the specification requires is missing or empty.
    #[error("the answer has no {field:?}{} ({response})", lifted_by(*option))]
    FieldMissing {
        /// The field's name.
        field: &'static str,
        /// The option that lifts this, if there is one.
        option: Option<&'static str>,
        /// The answer.
        response: Box<ResponseExcerpt>,
    },
    /// A field occurs in the answer more than once.
    #[error("the answer has {field:?} more than once ({response})")]
    FieldTwice {
        /// The field's name.
        field: String,
        /// The answer.
        response: Box<ResponseExcerpt>,
    },
    /// A field has a value that it must not have.
    #[error("the answer's {field:?} is {reason}{} ({response})", lifted_by(*option))]
    FieldInvalid {
        /// The field's name.
        field: &'static str,
        /// The reason why the field cannot be used.
        reason: &'static str,
        /// The option that lifts this, if there is one.
        option: Option<&'static str>,
        /// The answer.
        response: Box<ResponseExcerpt>,
    },
    /// A member of a document is of another type than the specification gives it.
    #[error(
        "the answer's {member:?} does not have the type that the specification gives it \
         ({response})"
    )]
    MemberInvalid {
        /// The member's name.
        member: String,
        /// The answer.
        response: Box<ResponseExcerpt>,
    },
    /// The caller's own reader of an answer cannot use it: see
    /// [`Step::exchange`](crate::Step::exchange).
    #[error("the answer cannot be used: {reason} ({response})")]
    Unusable {
        /// The reason, in the words of the reader.
        reason: String,
        /// The answer.
        response: Box<ResponseExcerpt>,
    },
    /// The token is of a type that the client did not ask for (RFC 6749 §7.1: a client must not use
    /// a type that it does not know).
    #[error(
        "the answer's \"token_type\" is {received:?}: expected \"Bearer\"{} ({response})",
        lifted_by(Some("Quirks::allow_token_types"))
    )]
    TokenType {
        /// The type that was received.
        received: String,
        /// The answer.
        response: Box<ResponseExcerpt>,
    },
    /// The answer lacks `oauth_callback_confirmed=true`, so the server speaks the protocol of 2007,
    /// which lets an attacker fixate a session (RFC 5849 §2.1).
    #[error(
        "the answer has no \"oauth_callback_confirmed\" that is \"true\", which OAuth 1.0a \
         requires{} ({response})",
        lifted_by(Some("oauth1::Server::allow_unconfirmed_callback"))
    )]
    CallbackUnconfirmed {
        /// The answer.
        response: Box<ResponseExcerpt>,
    },
}

/// A thing that has expired.
///
/// ```
/// use oauth_proto::Expired;
///
/// assert_eq!(Expired::Pending.to_string(), "the pending authorization has expired");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Expired {
    /// The user took longer than the pending value lives.
    #[error("the pending authorization has expired")]
    Pending,
    /// The access token has expired. Renew it, or let the user grant access again.
    #[error("the access token has expired")]
    Token,
    /// The user did not enter the device's user code in time (RFC 8628 §3.5).
    #[error("the device code has expired")]
    DeviceCode,
    /// The authorization server has refused to renew the token before, and was not asked again. The
    /// user has to sign in again.
    #[error(
        "the grant has ended: the authorization server refused to renew the token before, so let \
         the user sign in again"
    )]
    Grant,
    /// The client's registered secret has expired (RFC 7591 §3.2.1).
    #[error("the client's secret has expired")]
    ClientSecret,
    /// The pending value was stored by a version of this crate that wrote another form.
    #[error(
        "the pending authorization was stored by another version of this crate: start the \
         authorization again"
    )]
    Outdated,
}

/// Asserts that a refusal with that body shows its explanation but not the token in it, for which
/// the body has `SECRET`.
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
