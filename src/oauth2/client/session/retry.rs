//! The action after a response to a request with a token. A request is sent again at most once for
//! each cause.

use http::{HeaderMap, StatusCode};

use crate::Step;
use crate::oauth2::Token;

/// A marker in a request's extensions: the session sends this request without the token. Use it for
/// URLs that refuse requests with a token.
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

/// A record of the token that was attached to a request. Pass it to
/// [`Session::check_response`](crate::oauth2::Session::check_response) together with the response.
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
#[must_use = "pass it to `Session::check_response` with the response"]
pub struct SentToken {
    pub(crate) generation: u64,
    pub(crate) used: UsedCauses,
}

/// The causes for which a request was sent again already. Each cause counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct UsedCauses {
    /// Whether the request was sent again with a newer token. It is also `true` if a newer token
    /// would not help: the request has no token, or a token that was just renewed.
    pub(crate) newer_token: bool,
}

impl UsedCauses {
    fn and_newer_token(self) -> Self {
        Self { newer_token: true }
    }
}

impl SentToken {
    /// Returns the record for a request whose 401 may cause a renewal.
    pub(crate) fn first(generation: u64) -> Self {
        Self { generation, used: UsedCauses::default() }
    }

    /// Returns the record for a request that a newer token would not help.
    pub(crate) fn without_renewal(generation: u64) -> Self {
        Self { generation, used: UsedCauses::default().and_newer_token() }
    }

    /// Returns the record for a request that is sent again.
    pub(crate) fn again(generation: u64, retry: Retry) -> Self {
        Self { generation, used: retry.0 }
    }
}

/// The permission to send a refused request once more. Each cause of a refusal, such as an expired
/// token, permits one retry. Pass this value to [`Session::retry`](crate::oauth2::Session::retry).
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
#[must_use = "attach the token again, and send the request"]
pub struct Retry(UsedCauses);

impl Retry {
    /// Returns the permission to send a request again with a newer token.
    pub(crate) fn with_newer_token(sent_token: SentToken) -> Self {
        Self(sent_token.used.and_newer_token())
    }
}

/// The action that the caller has to take after a response.
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
#[must_use = "after a 401, the caller may have to renew the token or send the request again"]
pub enum NextAction {
    /// Use the response.
    Done,
    /// The session has a newer token than the request. Attach it with
    /// [`Session::retry`](crate::oauth2::Session::retry), and send the request again.
    Retry(Retry),
    /// The server does not accept the token, and the step renews it. Run the step, store the new
    /// token, and pass it to [`Session::set_token`](crate::oauth2::Session::set_token). Then attach
    /// it with [`Session::retry`](crate::oauth2::Session::retry), and send the request again.
    Renew(Step<Token>, Retry),
    /// The server does not accept the token, and it cannot be renewed: the user has to grant access
    /// again.
    Reauthorize,
}

/// An API's response to a request with a token, for the function that was set with
/// [`Session::token_refused_when`](crate::oauth2::Session::token_refused_when).
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
    /// The status of the response.
    pub status: StatusCode,
    /// The headers of the response.
    pub headers: &'a HeaderMap,
    /// The body of the response. It is `None` in
    /// [`Session::check_response`](crate::oauth2::Session::check_response), since the body may be a
    /// stream there.
    pub body: Option<&'a [u8]>,
}

impl<'a> ProtectedResponse<'a> {
    pub(crate) fn of<B>(response: &'a http::Response<B>, body: Option<&'a [u8]>) -> Self {
        Self { status: response.status(), headers: response.headers(), body }
    }
}

/// A [`NextAction`] before a renewal is made.
pub(crate) enum Action {
    Nothing,
    Resend,
    Renewal,
    User,
}
