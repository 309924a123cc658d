//! The events of clients, sessions and guards, for hooks and for the feature `tracing`: [`Event`].
//!
//! ```text
//!   Client::on_event ----> Observer ----> Step, Sent, Asleep
//!   Step::on_event   ------^     |------> SharedSession
//!                                +------> ResourceServer
//! ```
//!
//! Steps report each response, and each request that could not be sent. Shared sessions report
//! requests that are sent again, renewals that are put off, and tokens that are loaded. Guards
//! report refusals.

use std::fmt;
use std::sync::Arc;

use http::{StatusCode, Uri};

use super::error::resource::RejectReason;
use crate::{BoxError, DriveError, Error, Leg, Purpose, Timestamp};

/// An event in a client, a session or a guard: for counters and logs.
///
/// Register a hook for events, for example with
/// [`oauth2::Client::on_event`](crate::oauth2::Client::on_event). With the feature `tracing`, the
/// subscriber gets each event, too: see [the targets](#tracing).
///
/// No event has a secret in it: `Display` and `Debug` show one line of text for the log. Errors
/// that arise before a request is made have no event, since the call itself returns them.
///
/// # Tracing
/// The target is `oauth_proto::client`, and for [`Rejected`](Self::Rejected)
/// `oauth_proto::resource`. The fields are `client_id`, `purpose` and `endpoint`. The event of a
/// failure also has `cause` (see [`cause`](Self::cause)), `code` (see [`Error::code`]) and `error`.
/// Events of success have the level debug; `Resent` and `TokenLoaded` have info; `Failed`,
/// `Unsent`, `RenewalPutOff`, `StorageFailed` and `GrantEnded` have warn. `Rejected` has debug,
/// since any client can cause it.
///
/// # Examples
/// A counter by purpose and cause:
///
/// ```
/// use oauth_proto::oauth2::{AuthorizationServer, Client, Grant};
/// use oauth_proto::{Event, Moment, Request, Response, run};
/// use std::collections::BTreeMap;
/// use std::sync::{Arc, Mutex};
///
/// let counts = Arc::new(Mutex::new(BTreeMap::new()));
/// let counter = counts.clone();
/// let client =
///     Client::new(AuthorizationServer::new("https://auth.example.com/token")?, "printer")
///         .on_event(move |event| {
///             let purpose = event.purpose().map(|purpose| purpose.to_string());
///             *counter
///                 .lock()
///                 .unwrap()
///                 .entry((purpose, event.cause().unwrap_or("ok")))
///                 .or_insert(0) += 1;
///         });
///
/// let send = |_: Request| Err::<Response, _>("connection refused");
/// run(client.request_token(Grant::client_credentials(), Moment::from_os())?, send)
///     .unwrap_err();
/// assert_eq!(counts.lock().unwrap()[&(Some("requesting a token".to_owned()), "unsent")], 1);
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A request got its response, and no further request follows for the same purpose. For API
    /// requests of a [`SharedSession`](crate::oauth2::SharedSession) this event is reported for
    /// every status, also 500.
    #[non_exhaustive]
    Answered {
        /// The purpose of the request, and its endpoint.
        leg: &'a Leg,
        /// The client id, if a client sent the request.
        client_id: Option<&'a str>,
        /// The status of the response.
        status: StatusCode,
    },
    /// A request got its response, and another request follows for the same purpose: a device polls
    /// again, a document is searched at another URL, or a busy server is asked again.
    #[non_exhaustive]
    Continued {
        /// The purpose of the request, and its endpoint.
        leg: &'a Leg,
        /// The client id, if a client sent the request.
        client_id: Option<&'a str>,
        /// The status of the response.
        status: StatusCode,
    },
    /// A request got a response that refuses it, or that cannot be used.
    #[non_exhaustive]
    Failed {
        /// The purpose of the request, and its endpoint.
        leg: &'a Leg,
        /// The client id, if a client sent the request.
        client_id: Option<&'a str>,
        /// The error that the call returns.
        error: &'a Error,
    },
    /// A request could not be sent, or its response did not arrive: the transport returned an error
    /// to a driver such as [`run`](crate::run). A program that drives a [`Step`](crate::Step) by
    /// hand does not get this event.
    #[non_exhaustive]
    Unsent {
        /// The purpose of the request, and its endpoint.
        leg: &'a Leg,
        /// The client id, if a client sent the request.
        client_id: Option<&'a str>,
        /// The text of the transport's error, without the queries of URLs that it quotes.
        error: &'a str,
    },
    /// An API refused a token, and the request is sent a second time with a newer token.
    #[non_exhaustive]
    Resent {
        /// The purpose of the request, and its endpoint.
        leg: &'a Leg,
        /// The client id of the session.
        client_id: Option<&'a str>,
    },
    /// A shared session could not renew a token that expires soon. The token is still valid, and is
    /// used until it expires.
    #[non_exhaustive]
    RenewalPutOff {
        /// The client id of the session.
        client_id: Option<&'a str>,
        /// The earliest time at which the renewal is tried again.
        until: Timestamp,
        /// The error. If the transport or the storage failed, its source is their error.
        error: &'a DriveError,
    },
    /// A function that stores a shared session's tokens failed. This event occurs once for each
    /// renewal that fails for this reason. If the token is still valid, `RenewalPutOff` follows.
    #[non_exhaustive]
    StorageFailed {
        /// The client id of the session.
        client_id: Option<&'a str>,
        /// The error. Its source is the error of the storage.
        error: &'a DriveError,
    },
    /// A shared session loaded a token from its storage. Another process had renewed it, or this
    /// process before a restart.
    #[non_exhaustive]
    TokenLoaded {
        /// The client id of the session.
        client_id: Option<&'a str>,
    },
    /// The grant of a shared session has ended. The session does not send a renewal again until it
    /// gets another token.
    #[non_exhaustive]
    GrantEnded {
        /// The client id of the session.
        client_id: Option<&'a str>,
        /// The server's refusal, or [`Expired::Grant`](crate::Expired::Grant) if another process
        /// got the refusal.
        error: &'a Error,
    },
    /// A [`ResourceServer`](crate::oauth2::resource::ResourceServer) refused a request because of
    /// its token.
    #[non_exhaustive]
    Rejected {
        /// The URL of the resource.
        resource: &'a str,
        /// The reason for the refusal.
        reason: &'a RejectReason,
    },
}

impl<'a> Event<'a> {
    /// Returns the purpose of the event's request. `None` if the event does not belong to a single
    /// request.
    pub fn purpose(&self) -> Option<Purpose> {
        self.leg().map(|leg| leg.purpose)
    }

    /// Returns the purpose and the endpoint of the event's request. `None` if the event does not
    /// belong to a single request.
    pub fn leg(&self) -> Option<&'a Leg> {
        match *self {
            Self::Answered { leg, .. }
            | Self::Continued { leg, .. }
            | Self::Failed { leg, .. }
            | Self::Unsent { leg, .. }
            | Self::Resent { leg, .. } => Some(leg),
            Self::RenewalPutOff { .. }
            | Self::StorageFailed { .. }
            | Self::TokenLoaded { .. }
            | Self::GrantEnded { .. }
            | Self::Rejected { .. } => None,
        }
    }

    /// Returns the client id of the event. `None` for discovery and OpenID.
    pub fn client_id(&self) -> Option<&'a str> {
        match *self {
            Self::Answered { client_id, .. }
            | Self::Continued { client_id, .. }
            | Self::Failed { client_id, .. }
            | Self::Unsent { client_id, .. }
            | Self::Resent { client_id, .. }
            | Self::RenewalPutOff { client_id, .. }
            | Self::StorageFailed { client_id, .. }
            | Self::TokenLoaded { client_id }
            | Self::GrantEnded { client_id, .. } => client_id,
            Self::Rejected { .. } => None,
        }
    }

    /// Returns the cause of a failure as one word of a short list. Use it as the label of a
    /// counter. `None` if the event is not a failure.
    ///
    /// - Requests: `unsent`; `temporary` ([`Error::is_temporary`]); `grant_ended`
    ///   ([`Error::needs_sign_in`]); `refused`, `misbehaved`, `forged`, `unsupported` or `expired`,
    ///   by the variant of [`Error`].
    /// - Requests that are sent again: `token_refused`.
    /// - Renewals that are put off: the causes of a request, or `storage`. `StorageFailed`:
    ///   `storage`.
    /// - `GrantEnded`: `grant_ended`. The refused request has already had an event with that cause,
    ///   so count by `purpose`, too.
    /// - Refusals of a guard: `token_missing`, `token_misplaced`, `token_unknown`,
    ///   `token_inactive`, `token_expired`, `token_not_yet`, `token_audience`, `token_kind`,
    ///   `scope_insufficient`, or `malformed`.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::Event;
    ///
    /// fn is_worth_an_alarm(event: &Event<'_>) -> bool {
    ///     !matches!(event.cause(), None | Some("temporary" | "unsent" | "token_refused"))
    /// }
    /// ```
    pub fn cause(&self) -> Option<&'static str> {
        match self {
            Self::Answered { .. } | Self::Continued { .. } | Self::TokenLoaded { .. } => None,
            Self::Failed { error, .. } => Some(cause_of(error)),
            Self::Unsent { .. } => Some("unsent"),
            Self::Resent { .. } => Some("token_refused"),
            Self::RenewalPutOff { error, .. } => Some(match error {
                DriveError::Protocol { error, .. } => cause_of(error),
                DriveError::Storage { .. } => "storage",
                DriveError::Transport { .. } | DriveError::Renewed => "unsent",
            }),
            Self::StorageFailed { .. } => Some("storage"),
            Self::GrantEnded { .. } => Some("grant_ended"),
            Self::Rejected { reason, .. } => Some(match reason {
                RejectReason::TokenMissing => "token_missing",
                RejectReason::TokenInQuery => "token_misplaced",
                RejectReason::TokenUnknown => "token_unknown",
                RejectReason::TokenInactive => "token_inactive",
                RejectReason::TokenExpired { .. } => "token_expired",
                RejectReason::TokenNotYetValid { .. } => "token_not_yet",
                RejectReason::TokenAudience { .. } => "token_audience",
                RejectReason::TokenKind(_) => "token_kind",
                RejectReason::ScopeInsufficient => "scope_insufficient",
                RejectReason::TokenTwice(_) | RejectReason::TokenInvalid { .. } => "malformed",
            }),
        }
    }

    #[cfg(feature = "tracing")]
    fn code(&self) -> Option<&str> {
        match self {
            Self::Failed { error, .. } | Self::GrantEnded { error, .. } => error.code(),
            Self::RenewalPutOff { error, .. } => error.protocol().and_then(Error::code),
            Self::Rejected { reason, .. } => Some(reason.code()),
            _ => None,
        }
    }
}

fn cause_of(error: &Error) -> &'static str {
    match error {
        error if error.is_temporary() => "temporary",
        error if error.needs_sign_in() => "grant_ended",
        Error::Refused(_) => "refused",
        Error::Misbehaved(_) => "misbehaved",
        Error::Forged(_) => "forged",
        Error::Unsupported(_) => "unsupported",
        Error::Expired(_) => "expired",
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered { leg, status, .. } => {
                write!(f, "{leg}: answered with {}", status.as_u16())
            }
            Self::Continued { leg, status, .. } => {
                write!(f, "{leg}: answered with {}, and another request follows", status.as_u16())
            }
            // An error about a response has its own leg.
            Self::Failed { leg, error, .. } if error.leg().is_none() => write!(f, "{leg}: {error}"),
            Self::Failed { error, .. } => error.fmt(f),
            Self::Unsent { leg, error, .. } => {
                write!(f, "{leg}: the request could not be sent: {error}")
            }
            Self::Resent { leg, .. } => {
                write!(f, "{leg}: the token was refused, and the request is sent again")
            }
            Self::RenewalPutOff { until, error, .. } => {
                write!(
                    f,
                    "the early renewal is postponed until {until} (in Unix seconds): {}",
                    without_queries(&error.to_string())
                )
            }
            Self::StorageFailed { error, .. } => f.write_str(&without_queries(&error.to_string())),
            Self::TokenLoaded { .. } => f.write_str("a token was loaded from the storage"),
            Self::GrantEnded { error, .. } => write!(f, "the grant has ended: {error}"),
            Self::Rejected { resource, reason } => {
                write!(f, "a request to {resource} was refused: {reason}")
            }
        }?;
        match self.client_id() {
            Some(client_id) => write!(f, " (client {client_id:?})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Event<'_> {
    /// Shows only the text of the event, since the source of an error can have a type that shows
    /// secrets of a request.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({self})")
    }
}

/// Returns a text without the queries of URLs in it. Errors of HTTP clients quote URLs, which can
/// have tokens in them.
fn without_queries(text: &str) -> String {
    let words = text.split_inclusive(char::is_whitespace).map(|word| match word.split_once('?') {
        Some((before, query)) if !query.trim_end().is_empty() => {
            let space = &query[query.trim_end().len()..];
            format!("{before}?…{space}")
        }
        _ => word.to_owned(),
    });
    words.collect()
}

type Hook = Arc<dyn Fn(&Event<'_>) + Send + Sync>;

/// The hooks for the events of a client, and the client's identifier. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Observer(Option<Arc<Watch>>);

#[derive(Clone, Default)]
struct Watch {
    client_id: Option<String>,
    hooks: Vec<Hook>,
}

impl Observer {
    /// Returns the observer of a client without hooks. It has the client id only with the feature
    /// `tracing`, since nothing else needs it.
    pub(crate) fn of_client(client_id: &str) -> Self {
        if cfg!(feature = "tracing") { Self::default().named(client_id) } else { Self::default() }
    }

    /// Returns the observer with the identifier of its client.
    pub(crate) fn named(mut self, client_id: &str) -> Self {
        self.watch().client_id = Some(client_id.to_owned());
        self
    }

    /// Adds a hook. Hooks are called in the order in which they were added.
    pub(crate) fn push(&mut self, hook: impl Fn(&Event<'_>) + Send + Sync + 'static) {
        self.watch().hooks.push(Arc::new(hook));
    }

    fn watch(&mut self) -> &mut Watch {
        Arc::make_mut(self.0.get_or_insert_default())
    }

    /// Returns whether no event can be reported: the observer is empty, and the feature `tracing`
    /// is off.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.0.is_none() && !cfg!(feature = "tracing")
    }

    /// Returns whether the observer has neither a client nor a hook.
    pub(crate) fn is_default(&self) -> bool {
        self.0.is_none()
    }

    fn hooks(&self) -> &[Hook] {
        self.0.as_ref().map_or(&[], |watch| &watch.hooks)
    }

    fn client_id(&self) -> Option<&str> {
        self.0.as_ref()?.client_id.as_deref()
    }

    /// Returns whether there is a hook or a subscriber for events.
    fn listens(&self) -> bool {
        !self.hooks().is_empty() || trace::listens()
    }

    fn tell(&self, event: &Event<'_>) {
        trace::event(event);
        for hook in self.hooks() {
            hook(event);
        }
    }

    /// Reports the last response for a purpose.
    pub(crate) fn answered(&self, purpose: Purpose, uri: &Uri, status: StatusCode) {
        if self.listens() {
            self.tell(&Event::Answered {
                leg: &Leg::new(purpose, uri),
                client_id: self.client_id(),
                status,
            });
        }
    }

    /// Reports a response after which another request follows for the same purpose.
    pub(crate) fn continued(&self, purpose: Purpose, uri: &Uri, status: StatusCode) {
        if self.listens() {
            self.tell(&Event::Continued {
                leg: &Leg::new(purpose, uri),
                client_id: self.client_id(),
                status,
            });
        }
    }

    pub(crate) fn failed(&self, purpose: Purpose, uri: &Uri, error: &Error) {
        if self.listens() {
            self.tell(&Event::Failed {
                leg: &Leg::new(purpose, uri),
                client_id: self.client_id(),
                error,
            });
        }
    }

    pub(crate) fn unsent(&self, leg: &Leg, error: &BoxError) {
        if self.listens() {
            let error = &without_queries(&error.to_string());
            self.tell(&Event::Unsent { leg, client_id: self.client_id(), error });
        }
    }

    pub(crate) fn resent(&self, uri: &Uri) {
        if self.listens() {
            let leg = &Leg::new(Purpose::CallingApi, uri);
            self.tell(&Event::Resent { leg, client_id: self.client_id() });
        }
    }

    pub(crate) fn renewal_put_off(&self, until: Timestamp, error: &DriveError) {
        self.tell(&Event::RenewalPutOff { client_id: self.client_id(), until, error });
    }

    pub(crate) fn storage_failed(&self, error: &DriveError) {
        self.tell(&Event::StorageFailed { client_id: self.client_id(), error });
    }

    pub(crate) fn token_loaded(&self) {
        self.tell(&Event::TokenLoaded { client_id: self.client_id() });
    }

    pub(crate) fn grant_ended(&self, error: &Error) {
        self.tell(&Event::GrantEnded { client_id: self.client_id(), error });
    }

    pub(crate) fn rejected(&self, resource: &str, reason: &RejectReason) {
        self.tell(&Event::Rejected { resource, reason });
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} hooks", self.hooks().len())
    }
}

#[cfg(feature = "tracing")]
mod trace {
    use super::{Event, without_queries};

    const CLIENT: &str = "oauth_proto::client";
    const RESOURCE: &str = "oauth_proto::resource";

    /// Returns whether there is a subscriber for the level warn.
    pub(crate) fn listens() -> bool {
        tracing::enabled!(target: CLIENT, tracing::Level::WARN)
    }

    /// Sends an event to the subscriber, with its fields.
    macro_rules! emit {
        ($level:ident, $target:expr, $event:ident, $text:literal $(, $($more:tt)+)?) => {
            tracing::$level!(
                target: $target,
                client_id = $event.client_id(),
                purpose = $event.purpose().map(tracing::field::display),
                endpoint = $event.leg().map(|leg| leg.endpoint.as_str()),
                cause = $event.cause(),
                code = $event.code(),
                $($($more)+,)?
                $text
            )
        };
    }

    pub(crate) fn event(event: &Event<'_>) {
        match event {
            Event::Answered { status, .. } => {
                emit!(debug, CLIENT, event, "answered", status = status.as_u16());
            }
            Event::Continued { status, .. } => {
                emit!(debug, CLIENT, event, "continued", status = status.as_u16());
            }
            Event::Failed { error, .. } => emit!(warn, CLIENT, event, "failed", %error),
            Event::Unsent { error, .. } => emit!(warn, CLIENT, event, "unsent", %error),
            Event::Resent { .. } => emit!(info, CLIENT, event, "sent again"),
            Event::RenewalPutOff { until, error, .. } => {
                let error = without_queries(&error.to_string());
                emit!(warn, CLIENT, event, "renewal put off", %error, %until);
            }
            Event::StorageFailed { error, .. } => {
                let error = without_queries(&error.to_string());
                emit!(warn, CLIENT, event, "storage failed", %error);
            }
            Event::TokenLoaded { .. } => emit!(info, CLIENT, event, "token loaded"),
            Event::GrantEnded { error, .. } => emit!(warn, CLIENT, event, "grant ended", %error),
            Event::Rejected { resource, reason } => {
                emit!(debug, RESOURCE, event, "request refused", resource, error = %reason);
            }
        }
    }
}

#[cfg(not(feature = "tracing"))]
mod trace {
    use super::Event;

    pub(crate) const fn listens() -> bool {
        false
    }

    pub(crate) const fn event(_: &Event<'_>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_hidden_in_the_texts_of_transports() {
        let text =
            "error sending request for url (https://a.example/x?access_token=hunter2) was it? yes";
        assert_eq!(
            without_queries(text),
            "error sending request for url (https://a.example/x?… was it? yes"
        );
    }

    #[test]
    fn an_observer_without_hooks_does_nothing_unless_tracing_names_its_client() {
        assert!(Observer::default().hooks().is_empty() && !Observer::default().listens());
        assert_eq!(Observer::of_client("c").is_idle(), !cfg!(feature = "tracing"));
    }
}
