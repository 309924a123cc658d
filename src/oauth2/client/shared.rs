//! A session for many threads and tasks, of which exactly one renews the token when it is due.
//!
//! The one asynchronous implementation serves blocking callers too: their transport is a future that is ready at once, and
//! while another thread renews, theirs is parked. No lock is held while a caller's function runs.

use std::fmt;
use std::future::{Future, ready};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::line::{Line, Outcome, State, block_on};
use super::session::Session;
use super::verdict::{Again, Stamp, Want, WithholdToken};
use crate::oauth2::Token;
use crate::step::run_async_with;
use crate::{BoxError, DriveError, Error, Expired, Leg, Moment, Purpose, Request, Response, Unsupported};

/// What storage is asked for, as errors name it.
const STORE: &str = "store the renewed token";

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
    /// [`DriveError`]. A response with an error status is a response.
    #[cfg(feature = "os")]
    pub fn fetch<E: Into<BoxError>, S: Into<BoxError>>(
        &self,
        request: Request,
        send: impl FnMut(Request) -> Result<Response, E>,
        save: impl FnMut(Token) -> Result<(), S>,
    ) -> Result<Response, DriveError> {
        self.fetch_with(request, send, save, Moment::from_os)
    }

    /// As [`fetch`](Self::fetch), with time and randomness of the caller's own.
    ///
    /// # Errors
    /// [`DriveError`].
    pub fn fetch_with<E: Into<BoxError>, S: Into<BoxError>>(
        &self,
        request: Request,
        mut send: impl FnMut(Request) -> Result<Response, E>,
        mut save: impl FnMut(Token) -> Result<(), S>,
        moment: impl FnMut() -> Moment,
    ) -> Result<Response, DriveError> {
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
    /// [`DriveError`].
    #[cfg(feature = "os")]
    pub async fn fetch_async<E, S, Sending, Saving>(
        &self,
        request: Request,
        send: impl FnMut(Request) -> Sending,
        save: impl FnMut(Token) -> Saving,
    ) -> Result<Response, DriveError>
    where
        E: Into<BoxError>,
        S: Into<BoxError>,
        Sending: Future<Output = Result<Response, E>>,
        Saving: Future<Output = Result<(), S>>,
    {
        self.fetch_async_with(request, send, save, Moment::from_os).await
    }

    /// As [`fetch_async`](Self::fetch_async), with time and randomness of the caller's own.
    ///
    /// # Errors
    /// [`DriveError`].
    pub async fn fetch_async_with<E, S, Sending, Saving>(
        &self,
        request: Request,
        mut send: impl FnMut(Request) -> Sending,
        mut save: impl FnMut(Token) -> Saving,
        mut moment: impl FnMut() -> Moment,
    ) -> Result<Response, DriveError>
    where
        E: Into<BoxError>,
        S: Into<BoxError>,
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
        let leg = Leg::new(Purpose::CallingApi, signed.uri());
        let response = send(signed).await.map_err(|error| DriveError::transport(leg.clone(), error))?;
        let Some(session) = self.after(&stamp, &response, &mut send, &mut save, &mut moment).await? else {
            return Ok(response);
        };
        let mut signed = request;
        session.sign_again(&mut signed, Again::once(stamp))?;
        send(signed).await.map_err(|error| DriveError::transport(leg, error))
    }

    /// A token that is good now, renewed if need be: for what is no HTTP request.
    ///
    /// # Errors
    /// [`DriveError`].
    #[cfg(feature = "os")]
    pub fn token<E: Into<BoxError>, S: Into<BoxError>>(
        &self,
        send: impl FnMut(Request) -> Result<Response, E>,
        save: impl FnMut(Token) -> Result<(), S>,
    ) -> Result<Token, DriveError> {
        self.token_with(send, save, Moment::from_os)
    }

    /// As [`token`](Self::token), over an asynchronous transport.
    ///
    /// # Errors
    /// [`DriveError`].
    #[cfg(feature = "os")]
    pub async fn token_async<E, S, Sending, Saving>(
        &self,
        send: impl FnMut(Request) -> Sending,
        save: impl FnMut(Token) -> Saving,
    ) -> Result<Token, DriveError>
    where
        E: Into<BoxError>,
        S: Into<BoxError>,
        Sending: Future<Output = Result<Response, E>>,
        Saving: Future<Output = Result<(), S>>,
    {
        self.token_async_with(send, save, Moment::from_os).await
    }

    /// As [`token`](Self::token), with time and randomness of the caller's own.
    ///
    /// # Errors
    /// [`DriveError`].
    pub fn token_with<E: Into<BoxError>, S: Into<BoxError>>(
        &self,
        mut send: impl FnMut(Request) -> Result<Response, E>,
        mut save: impl FnMut(Token) -> Result<(), S>,
        moment: impl FnMut() -> Moment,
    ) -> Result<Token, DriveError> {
        let (send, save) = (|request| ready(send(request)), |token| ready(save(token)));
        block_on(self.token_async_with(send, save, moment))
    }

    /// As [`token_with`](Self::token_with), over an asynchronous transport.
    ///
    /// # Errors
    /// [`DriveError`].
    pub async fn token_async_with<E, S, Sending, Saving>(
        &self,
        mut send: impl FnMut(Request) -> Sending,
        mut save: impl FnMut(Token) -> Saving,
        mut moment: impl FnMut() -> Moment,
    ) -> Result<Token, DriveError>
    where
        E: Into<BoxError>,
        S: Into<BoxError>,
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
    ) -> Result<Option<Arc<Session>>, DriveError>
    where
        E: Into<BoxError>,
        S: Into<BoxError>,
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
    ) -> Result<Arc<Session>, DriveError>
    where
        E: Into<BoxError>,
        S: Into<BoxError>,
        Sending: Future<Output = Result<Response, E>>,
        Saving: Future<Output = Result<(), S>>,
    {
        let turn = match Line::new(self, generation).await {
            Outcome::Newer(session) => return Ok(session),
            Outcome::Failed(error) => return Err(error),
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
                state.trouble = renewed.as_ref().err().cloned();
                let token = renewed?;
                state.unsaved = Some(token.clone());
                token
            }
        };
        if !unrenewed.reports {
            save(token.clone()).await.map_err(|error| DriveError::storage(STORE, error))?;
        }
        let session = {
            let mut state = self.lock();
            if state.session.generation() == generation {
                state.unsaved = None;
                Arc::make_mut(&mut state.session).install(token.clone());
                if unrenewed.reports {
                    return Err(DriveError::Renewed(Box::new(token)));
                }
                return Ok(state.session.clone());
            }
            state.session.clone()
        };
        // Granted again while this was saved: what is stored last must be the token of the newer grant.
        if let Some(newer) = session.token().filter(|_| !unrenewed.reports) {
            save(newer.clone()).await.map_err(|error| DriveError::storage(STORE, error))?;
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
