//! The action that a response requires for the token of its request, and the values that keep a
//! request from being sent again more than once for each cause.

use http::{HeaderMap, StatusCode};

use crate::Step;
use crate::oauth2::Token;

/// Says in a request's extensions that the session's token stays out of it: for a page that refuses
/// tokens.
///
/// ```
/// use oauth_proto::oauth2::WithholdToken;
///
/// let request = http::Request::get("https://photos.example.com/status")
///     .extension(WithholdToken)
///     .body(Vec::<u8>::new())?;
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct WithholdToken;

/// The record of the token that a request carries. Its only use is
/// [`Session::check_response`](crate::oauth2::Session::check_response).
///
/// ```
/// use oauth_proto::oauth2::{SentToken, Session};
/// use oauth_proto::{Error, Moment, Request};
///
/// fn attach_token(session: &Session, request: &mut Request) -> Result<SentToken, Error> {
///     session.attach_token(request, Moment::from_os().now)
/// }
/// ```
#[derive(Debug)]
#[must_use = "the response must be given to it"]
pub struct SentToken {
    pub(crate) generation: u64,
    pub(crate) used: UsedCauses,
}

/// The causes to send a request again that have had their turn. Each cause has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct UsedCauses {
    /// A newer token: the request carries one, or carries none at all, so that another one would
    /// not help.
    pub(crate) newer_token: bool,
}

impl UsedCauses {
    fn and_newer_token(self) -> Self {
        Self { newer_token: true }
    }
}

impl SentToken {
    /// Returns the record of a request whose 401 may cause a renewal.
    pub(crate) fn first(generation: u64) -> Self {
        Self { generation, used: UsedCauses::default() }
    }

    /// Returns that of a request which a newer token would not help.
    pub(crate) fn without_renewal(generation: u64) -> Self {
        Self { generation, used: UsedCauses::default().and_newer_token() }
    }

    /// Returns that of a request which is sent again.
    pub(crate) fn again(generation: u64, retry: Retry) -> Self {
        Self { generation, used: retry.0 }
    }
}

/// The right to send a request once more, for one cause. It is given only once for each cause.
///
/// ```
/// use oauth_proto::oauth2::{Retry, SentToken, Session};
/// use oauth_proto::{Error, Request};
///
/// fn once_more(
///     session: &Session,
///     request: &mut Request,
///     again: Retry,
/// ) -> Result<SentToken, Error> {
///     session.retry(request, again)
/// }
/// ```
#[derive(Debug)]
#[must_use = "the request has to be signed again and sent"]
pub struct Retry(UsedCauses);

impl Retry {
    /// Returns the right to send a request again with a newer token.
    pub(crate) fn with_newer_token(sent_token: SentToken) -> Self {
        Self(sent_token.used.and_newer_token())
    }
}

/// The action to take after a response.
///
/// ```
/// use oauth_proto::oauth2::NextAction;
///
/// fn what_now(verdict: &NextAction) -> &'static str {
///     match verdict {
///         NextAction::Done => "use the response",
///         NextAction::Retry(_) => "attach the token again and send",
///         NextAction::Renew(..) => "renew, store, set the token, attach it again and send",
///         NextAction::Reauthorize => "send the user to grant access again",
///     }
/// }
/// ```
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "the value is matched at once")]
#[must_use = "a 401 may ask for more"]
pub enum NextAction {
    /// The response is what the server has to say.
    Done,
    /// The token was renewed meanwhile: sign again, and send.
    Retry(Retry),
    /// The server does not take the token: renew it, store and install the new token, attach it to
    /// the request, and send the request again.
    Renew(Step<Token>, Retry),
    /// The server does not take the token, and only a new authorization by the user helps.
    Reauthorize,
}

/// An API's answer to a request with a token, as
/// [`Session::token_refused_when`](crate::oauth2::Session::token_refused_when) sees it.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::ProtectedResponse;
///
/// fn says_expired(response: &ProtectedResponse<'_>) -> bool {
///     response.status == 403
///         && response.headers.get("x-error").is_some_and(|error| error == "token expired")
/// }
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ProtectedResponse<'a> {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body. `None` where [`Session::check_response`](crate::oauth2::Session::check_response)
    /// is given a response, whose body may be a stream.
    pub body: Option<&'a [u8]>,
}

impl<'a> ProtectedResponse<'a> {
    pub(crate) fn of<B>(response: &'a http::Response<B>, body: Option<&'a [u8]>) -> Self {
        Self { status: response.status(), headers: response.headers(), body }
    }
}

/// As [`NextAction`], before anything is done about it.
pub(crate) enum Action {
    Nothing,
    Resend,
    Renewal,
    User,
}
