//! A session for many threads and tasks, of which exactly one renews the token when it is due.
//!
//! The one asynchronous implementation serves blocking callers too: their transport is a future that is ready at once, and
//! while another thread renews, theirs is parked. No lock is held while a caller's function runs.

use std::fmt;
use std::future::{Future, ready};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::line::{Line, Outcome, State, Trouble, block_on};
use super::session::Session;
use super::verdict::{Again, Stamp, Want, WithholdToken};
use crate::oauth2::Token;
use crate::step::run_async_with;
use crate::{DriveError, Error, Expired, Moment, Request, Response, Unsupported};

/// A [`Session`] that keeps itself supplied: it renews the token when it is due, before a request or after a 401, saves the
/// new one before it is used, and sends each request at most twice. Clones share one token; when many find it expired at
/// once, one renews and the others go on with its result.
///
/// A refused renewal is reported with the server's answer, to all who waited for it, and their requests are not sent. When
/// `save` fails, or its task is cancelled, the new token is kept and saved at the next occasion. A task should not be cancelled
/// while the renewal itself is on its way, though: a server that rotates refresh tokens has then forgotten the old one,
/// and its answer with the new one is gone. Give it to the runtime to finish. Neither `send` nor `save` may use the same shared
/// session: they would wait for themselves.
///
/// ```no_run
/// use oauth_proto::oauth2::{Client, Grant, Session, SharedSession};
/// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> { unimplemented!() }
/// # fn store(_: &oauth_proto::oauth2::Token) -> Result<(), std::io::Error> { Ok(()) }
/// # fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
///
/// // For itself: gets a token before the first request, and a new one when that has expired or is refused.
/// let session = Session::supplied(&client, "https://photos.example.com", Grant::client_credentials())?;
/// let shared = SharedSession::new(session);
///
/// // After a restart, the token that was saved: `shared.install(token)`.
/// let request = http::Request::get("https://photos.example.com/albums").body(Vec::new())?;
/// let response = shared.fetch(request, &mut send, |token| store(&token))?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SharedSession(Arc<Mutex<State>>);

/// Why [`SharedSession::fetch`] did not get a response.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::FetchError;
///
/// fn what_to_do<E, S>(error: &FetchError<E, S>) -> &'static str {
///     match error {
///         // Drop the token in this case only: in all others it is as good as it was.
///         error if error.needs_sign_in() => "let the user sign in again",
///         error if error.is_temporary() => "try again later",
///         _ => "log it",
///     }
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError<E, S> {
    /// What `send` reported.
    #[error("the request could not be sent: {0}")]
    Transport(#[source] E),
    /// The token is not good and cannot be renewed, or the server refused to renew it, or it must not go there. The request
    /// itself was not sent, or its 401 was not the last word.
    #[error(transparent)]
    Protocol(#[from] Error),
    /// What `save` reported. The new token is kept, and saved at the next occasion.
    #[error("the renewed token could not be saved: {0}")]
    Save(#[source] S),
    /// Another's renewal was waited for, and its transport failed.
    #[error("another's renewal of the token was waited for, and its request could not be sent")]
    RenewalFailed,
    /// The token was renewed, as [`Session::report_renewals`] asked to be told. Store it, then send the request again.
    #[error("the token was renewed: store it, then send the request again")]
    Renewed(Box<Token>),
}

impl<E, S> FetchError<E, S> {
    /// Returns whether the same request may succeed later, unchanged: see [`Error::is_temporary`]. What a transport or `save`
    /// reports counts as temporary, since the token is kept. Each further `fetch` asks the server again, so pause in between.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Protocol(error) => error.is_temporary(),
            Self::Transport(_) | Self::Save(_) | Self::RenewalFailed => true,
            Self::Renewed(_) => false,
        }
    }

    /// Returns how long the server wants to be left alone, if it said so in this call: see [`Error::retry_after`].
    pub fn retry_after(&self, now: crate::Timestamp) -> Option<std::time::Duration> {
        self.protocol()?.retry_after(now)
    }

    /// Returns whether only the user can help, by signing in again: see [`Error::needs_sign_in`]. A token that has expired and
    /// cannot be renewed counts, and so does a session without a token. Afterwards, [`SharedSession::install`] the new token.
    ///
    /// A token that was revoked and cannot be renewed is no error: the API's 401 is returned.
    pub fn needs_sign_in(&self) -> bool {
        let is_over = |error: &Error| {
            error.needs_sign_in()
                || matches!(error, Error::Expired(Expired::Token) | Error::Unsupported(Unsupported::NoToken))
        };
        self.protocol().is_some_and(is_over)
    }

    /// Returns the error of the protocol, if it is one.
    pub fn protocol(&self) -> Option<&Error> {
        match self {
            Self::Protocol(error) => Some(error),
            _ => None,
        }
    }
}

impl<E, S> From<DriveError<E>> for FetchError<E, S> {
    fn from(error: DriveError<E>) -> Self {
        match error {
            DriveError::Transport(error) => Self::Transport(error),
            DriveError::Protocol(error) => Self::Protocol(error),
        }
    }
}

impl SharedSession {
    /// Shares a session.
    pub fn new(session: Session) -> Self {
        Self(Arc::new(Mutex::new(State::new(session))))
    }

    /// The session as it is now.
    pub fn session(&self) -> Arc<Session> {
        self.lock().session.clone()
    }

    /// Goes on with another token: after the user has granted access again. Store it first.
    pub fn install(&self, token: Token) {
        let mut state = self.lock();
        state.unsaved = None;
        Arc::make_mut(&mut state.session).install(token);
    }

    /// Sends a request with the token, and renews that when it is due. Blocks while it or another thread does.
    ///
    /// `send` performs one HTTP exchange without following redirects, and with a timeout: while it renews, others wait. `save`
    /// stores a renewed token before it is used; who stores none passes `|_| Ok::<_, std::convert::Infallible>(())`. The
    /// request is sent twice where the server refuses the token the first time, so it must bear that.
    ///
    /// # Errors
    /// [`FetchError`]. A response with an error status is a response.
    #[cfg(feature = "os")]
    pub fn fetch<E, S>(
        &self,
        request: Request,
        send: impl FnMut(Request) -> Result<Response, E>,
        save: impl FnMut(Token) -> Result<(), S>,
    ) -> Result<Response, FetchError<E, S>> {
        self.fetch_with(request, send, save, Moment::from_os)
    }

    /// As [`fetch`](Self::fetch), with time and randomness of the caller's own.
    ///
    /// # Errors
    /// [`FetchError`].
    pub fn fetch_with<E, S>(
        &self,
        request: Request,
        mut send: impl FnMut(Request) -> Result<Response, E>,
        mut save: impl FnMut(Token) -> Result<(), S>,
        moment: impl FnMut() -> Moment,
    ) -> Result<Response, FetchError<E, S>> {
        let (send, save) = (|request| ready(send(request)), |token| ready(save(token)));
        block_on(self.fetch_async_with(request, send, save, moment))
    }

    /// As [`fetch`](Self::fetch), over an asynchronous transport. The future is `Send` when theirs are.
    ///
    /// ```
    /// # use oauth_proto::oauth2::SharedSession;
    /// # use oauth_proto::{Request, Response};
    /// async fn albums(shared: &SharedSession) -> Result<Response, Box<dyn std::error::Error>> {
    ///     # async fn exchange(_: Request) -> Result<Response, std::io::Error> { Ok(Response::new(Vec::new())) }
    ///     # async fn store(_: oauth_proto::oauth2::Token) -> Result<(), std::io::Error> { Ok(()) }
    ///     let request = http::Request::get("https://photos.example.com/albums").body(Vec::new())?;
    ///     Ok(shared.fetch_async(request, exchange, store).await?)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`FetchError`].
    #[cfg(feature = "os")]
    pub async fn fetch_async<E, S, Sending, Saving>(
        &self,
        request: Request,
        send: impl FnMut(Request) -> Sending,
        save: impl FnMut(Token) -> Saving,
    ) -> Result<Response, FetchError<E, S>>
    where
        Sending: Future<Output = Result<Response, E>>,
        Saving: Future<Output = Result<(), S>>,
    {
        self.fetch_async_with(request, send, save, Moment::from_os).await
    }

    /// As [`fetch_async`](Self::fetch_async), with time and randomness of the caller's own.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn fetch_async_with<E, S, Sending, Saving>(
        &self,
        request: Request,
        mut send: impl FnMut(Request) -> Sending,
        mut save: impl FnMut(Token) -> Saving,
        mut moment: impl FnMut() -> Moment,
    ) -> Result<Response, FetchError<E, S>>
    where
        Sending: Future<Output = Result<Response, E>>,
        Saving: Future<Output = Result<(), S>>,
    {
        let mut signed = request.clone();
        let session = self.session();
        let mut stamp = session.sign(&mut signed, moment().now);
        if self.has_unsaved() && signed.extensions().get::<WithholdToken>().is_none() {
            stamp = Err(Expired::Token.into());
        }
        let stamp = match stamp {
            Err(Error::Expired(Expired::Token)) if session.is_renewable() => {
                let renewed = self.supply(session.generation(), &mut send, &mut save, &mut moment).await?;
                renewed.sign_renewed(&mut signed)?
            }
            stamp => stamp?,
        };
        let response = send(signed).await.map_err(FetchError::Transport)?;
        let Some(session) = self.after(&stamp, &response, &mut send, &mut save, &mut moment).await? else {
            return Ok(response);
        };
        let mut signed = request;
        session.sign_again(&mut signed, Again::once(stamp))?;
        send(signed).await.map_err(FetchError::Transport)
    }

    /// A token that is good now, renewed if need be: for what is no HTTP request.
    ///
    /// # Errors
    /// [`FetchError`].
    #[cfg(feature = "os")]
    pub fn token<E, S>(
        &self,
        send: impl FnMut(Request) -> Result<Response, E>,
        save: impl FnMut(Token) -> Result<(), S>,
    ) -> Result<Token, FetchError<E, S>> {
        self.token_with(send, save, Moment::from_os)
    }

    /// As [`token`](Self::token), over an asynchronous transport.
    ///
    /// # Errors
    /// [`FetchError`].
    #[cfg(feature = "os")]
    pub async fn token_async<E, S, Sending, Saving>(
        &self,
        send: impl FnMut(Request) -> Sending,
        save: impl FnMut(Token) -> Saving,
    ) -> Result<Token, FetchError<E, S>>
    where
        Sending: Future<Output = Result<Response, E>>,
        Saving: Future<Output = Result<(), S>>,
    {
        self.token_async_with(send, save, Moment::from_os).await
    }

    /// As [`token`](Self::token), with time and randomness of the caller's own.
    ///
    /// # Errors
    /// [`FetchError`].
    pub fn token_with<E, S>(
        &self,
        mut send: impl FnMut(Request) -> Result<Response, E>,
        mut save: impl FnMut(Token) -> Result<(), S>,
        moment: impl FnMut() -> Moment,
    ) -> Result<Token, FetchError<E, S>> {
        let (send, save) = (|request| ready(send(request)), |token| ready(save(token)));
        block_on(self.token_async_with(send, save, moment))
    }

    /// As [`token_with`](Self::token_with), over an asynchronous transport.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn token_async_with<E, S, Sending, Saving>(
        &self,
        mut send: impl FnMut(Request) -> Sending,
        mut save: impl FnMut(Token) -> Saving,
        mut moment: impl FnMut() -> Moment,
    ) -> Result<Token, FetchError<E, S>>
    where
        Sending: Future<Output = Result<Response, E>>,
        Saving: Future<Output = Result<(), S>>,
    {
        let mut session = self.session();
        if self.has_unsaved() || session.is_due(moment().now)? {
            if !session.is_renewable() {
                return Err(Error::from(Expired::Token).into());
            }
            session = self.supply(session.generation(), &mut send, &mut save, &mut moment).await?;
        }
        session.token().cloned().ok_or_else(|| Error::from(Unsupported::NoToken).into())
    }

    /// The session to send a request with once more, if the response asks for that.
    async fn after<E, S, Sending, Saving>(
        &self,
        stamp: &Stamp,
        response: &Response,
        send: &mut impl FnMut(Request) -> Sending,
        save: &mut impl FnMut(Token) -> Saving,
        moment: &mut impl FnMut() -> Moment,
    ) -> Result<Option<Arc<Session>>, FetchError<E, S>>
    where
        Sending: Future<Output = Result<Response, E>>,
        Saving: Future<Output = Result<(), S>>,
    {
        let session = self.session();
        Ok(match session.want(stamp, response.status(), response.headers()) {
            Want::Nothing | Want::User => None,
            Want::Resend => Some(session),
            Want::Renewal => Some(self.supply(stamp.generation, send, save, moment).await?),
        })
    }

    /// The session with a newer token than that of `generation`: renewed here, or by another.
    async fn supply<E, S, Sending, Saving>(
        &self,
        generation: u64,
        send: &mut impl FnMut(Request) -> Sending,
        save: &mut impl FnMut(Token) -> Saving,
        moment: &mut impl FnMut() -> Moment,
    ) -> Result<Arc<Session>, FetchError<E, S>>
    where
        Sending: Future<Output = Result<Response, E>>,
        Saving: Future<Output = Result<(), S>>,
    {
        let turn = match Line::new(self, generation).await {
            Outcome::Newer(session) => return Ok(session),
            Outcome::Refused(error) => return Err(error.into()),
            Outcome::Failed => return Err(FetchError::RenewalFailed),
            Outcome::Turn(turn) => turn,
        };
        // This very session is renewed: another that is installed meanwhile has another refresh token.
        let (unrenewed, unsaved) = {
            let state = self.lock();
            if state.session.generation() > generation {
                return Ok(state.session.clone());
            }
            (state.session.clone(), state.unsaved.clone())
        };
        let token = match unsaved {
            Some(token) => token,
            None => {
                let renewed = match unrenewed.renew(moment()) {
                    // Renewals do not wait, so there is nothing to sleep with.
                    Ok(step) => run_async_with(step, send, moment, |_| ready(())).await,
                    Err(error) => Err(error.into()),
                };
                let mut state = self.lock();
                if state.session.generation() > generation {
                    // The user has granted access again meanwhile, and this token belongs to the grant before.
                    return Ok(state.session.clone());
                }
                match &renewed {
                    Ok(_) => {}
                    Err(DriveError::Protocol(error)) => state.trouble = Some(Trouble::Refused(error.clone())),
                    Err(DriveError::Transport(_)) => state.trouble = Some(Trouble::Failed),
                }
                let token = renewed?;
                state.unsaved = Some(token.clone());
                token
            }
        };
        if !unrenewed.reports {
            save(token.clone()).await.map_err(FetchError::Save)?;
        }
        let session = {
            let mut state = self.lock();
            if state.session.generation() == generation {
                state.unsaved = None;
                Arc::make_mut(&mut state.session).install(token.clone());
                if unrenewed.reports {
                    return Err(FetchError::Renewed(Box::new(token)));
                }
                return Ok(state.session.clone());
            }
            state.session.clone()
        };
        // Granted again while this was saved: what is stored last must be the token of the newer grant.
        if let Some(newer) = session.token().filter(|_| !unrenewed.reports) {
            save(newer.clone()).await.map_err(FetchError::Save)?;
        }
        drop(turn);
        Ok(session)
    }

    /// Whether a renewed token still has to be saved.
    fn has_unsaved(&self) -> bool {
        self.lock().unsaved.is_some()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing here panics between two changes that belong together.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SharedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedSession").field(&self.session()).finish()
    }
}
