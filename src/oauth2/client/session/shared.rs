//! A session for many threads and tasks. Exactly one of them renews the token when it is due.
//!
//! The asynchronous implementation serves blocking callers, too: their transport is a future that
//! is ready at once. While another thread renews, their thread is parked. No lock is held while a
//! function of the caller runs.

use std::fmt;
use std::future::{Future, ready};
use std::sync::Arc;
use std::time::Duration;

use super::queue::{Origin, Outcome, QueuePlace, RenewedSession, SharedState};
use super::renewal::{Clock, Detached, PAUSE, Renewer, Urgency, Wanted};
use super::retry::{Action, ProtectedResponse, Retry, SentToken, WithholdToken};
use super::session::Session;
use super::storage::Storage;
use crate::core::event::Observer;
use crate::core::single_flight::block_on;
use crate::core::step::Transport;
use crate::oauth2::Token;
use crate::{
    BoxError, DriveError, Error, Expired, Leg, Moment, Purpose, Request, Response, Timestamp,
    Unsupported,
};

/// A [`Session`] for many threads and tasks, which keeps the token valid.
///
/// It renews the token when the token is due, before a request or after a 401, and stores the new
/// token before it is used. It sends each request again at most once for each cause. Clones share
/// one token: if many callers need a new token at once, one of them renews it, and the others use
/// the result.
///
/// The functions of the [`builder`](Self::builder) set where the token is stored, and how several
/// processes share it. If the token is not stored, and the server rotates refresh tokens, the user
/// has to sign in again after a restart.
///
/// # If a renewal fails
/// - If the token is still valid, requests use it. The session tries the next renewal 10 seconds
///   later, or at the time in the server's `Retry-After`.
/// - If the token has expired, all callers that were waiting get the error, and their requests are
///   not sent.
/// - If the new token could not be stored, the session keeps it, and stores it at the next call
///   without another renewal.
/// - If the server has refused the refresh token (`invalid_grant`), the session sends no further
///   renewals. It goes on with a token from [`set_token`](Self::set_token), or with one that
///   another process has stored after a sign-in.
///
/// # If a task is cancelled
/// If the task that renews the token is dropped, the renewal is lost. A server that rotates refresh
/// tokens has then already invalidated the old one.
/// [`spawn_renewals`](crate::oauth2::SharedSessionBuilder::spawn_renewals) lets the runtime finish
/// renewals.
///
/// # Deadlocks
/// `send` and the functions that store the token must not use the same shared session: the call
/// would never return.
///
/// # Examples
/// ```no_run
/// use std::future::ready;
///
/// use oauth_proto::oauth2::{Client, Grant, Session, SharedSession};
/// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> {
/// #     unimplemented!()
/// # }
/// # fn store(_: &oauth_proto::oauth2::Token) -> Result<(), std::io::Error> { Ok(()) }
/// # fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
///
/// // A client without a user: the session gets a token before the first request, and a new one
/// // when that token has expired or is refused.
/// let mut session = Session::new(&client, "https://photos.example.com", None)?;
/// session.grant = Some(Grant::client_credentials());
/// let shared = SharedSession::builder(session).save(|token| ready(store(&token))).build()?;
///
/// // After a restart, set the token that was saved: `shared.set_token(token)`.
/// let request = http::Request::get("https://photos.example.com/albums").body(Vec::new())?;
/// let response = shared.fetch(request, &mut send)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SharedSession {
    renewer: Arc<Renewer>,
    detached: Option<Detached>,
}

/// The renewal that is necessary before the token is used.
enum Need {
    Nothing,
    /// The token is still valid, but due.
    Early,
    /// The token is missing or has expired.
    Renewal,
}

impl Need {
    fn urgency(self) -> Urgency {
        match self {
            Self::Nothing | Self::Early => Urgency::Early,
            Self::Renewal => Urgency::Now,
        }
    }
}

impl SharedSession {
    pub(crate) fn of(
        session: Session,
        storage: Storage,
        clock: Clock,
        detached: Option<Detached>,
    ) -> Self {
        Self {
            renewer: Arc::new(Renewer { state: SharedState::new(session), storage, clock }),
            detached,
        }
    }

    /// Returns the current session, with its token.
    pub fn session(&self) -> Arc<Session> {
        self.renewer.state.session()
    }

    /// Replaces the token, after the user has granted access again. Store the new token first.
    pub fn set_token(&self, token: Token) {
        let _before;
        let mut state = self.renewer.state.lock();
        _before = state.install(token, Origin::Loaded);
    }

    /// Removes the token, after the user has signed out.
    ///
    /// Call this first, and then delete the token from your storage. In the other order, a renewal
    /// could store a new token after you have deleted the old one. If the response to a renewal
    /// arrives later, its token is not stored. Other processes use their copy of the token until
    /// they next renew it, so revoke it at the server, too.
    pub fn sign_out(&self) {
        let _before;
        let mut state = self.renewer.state.lock();
        _before = state.sign_out();
    }

    /// Sends a request with the token, and renews the token when it is due. Blocks until the
    /// response is there, and while another thread renews.
    ///
    /// `send` performs one HTTP exchange, without following redirects. Set a timeout in it, because
    /// other callers wait during a renewal. If the server refuses the token at first, the request
    /// is sent twice: it must be safe to repeat.
    ///
    /// # Errors
    /// [`DriveError`]. A response with an error status is not an error;
    /// [`RetryAfter`](crate::wire::RetryAfter) reads its header.
    pub fn fetch<E: Into<BoxError>>(
        &self,
        request: Request,
        mut send: impl FnMut(Request) -> Result<Response, E>,
    ) -> Result<Response, DriveError> {
        block_on(self.fetch_async(request, |request| ready(send(request))))
    }

    /// Sends a request as [`fetch`](Self::fetch) does, over an asynchronous transport. The future
    /// is `Send` if the futures of `send` are.
    ///
    /// # Examples
    /// ```
    /// # use oauth_proto::oauth2::{Session, SharedSession, Token};
    /// # use oauth_proto::{Request, Response};
    /// # async fn exchange(_: Request) -> Result<Response, std::io::Error> {
    /// #     Ok(Response::new(Vec::new()))
    /// # }
    /// # async fn save(_: Token) -> Result<(), std::io::Error> { Ok(()) }
    /// fn share(session: Session) -> Result<SharedSession, oauth_proto::Error> {
    ///     // The runtime finishes a renewal that has begun, even if the task that needed it is
    ///     // dropped.
    ///     let shared = SharedSession::builder(session).save(save);
    ///     shared.spawn_renewals(exchange, |renewal| { tokio::spawn(renewal); }).build()
    /// }
    ///
    /// async fn albums(shared: &SharedSession) -> Result<Response, Box<dyn std::error::Error>> {
    ///     let request = http::Request::get("https://photos.example.com/albums").body(Vec::new())?;
    ///     Ok(shared.fetch_async(request, exchange).await?)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`DriveError`], in the same cases as [`fetch`](Self::fetch).
    pub async fn fetch_async<E, Sending>(
        &self,
        request: Request,
        mut send: impl FnMut(Request) -> Sending,
    ) -> Result<Response, DriveError>
    where
        E: Into<BoxError>,
        Sending: Future<Output = Result<Response, E>>,
    {
        let mut signed = request.clone();
        let mut sent_token = self.sign(&mut signed, &mut send).await?;
        let observer = self.session().observer().clone();
        // The loop ends, since each cause counts once.
        loop {
            let response = exchange(signed, &mut send, &observer).await?;
            let Some(session) = self.after(&sent_token, &response, &mut send).await? else {
                return Ok(response);
            };
            signed = request.clone();
            sent_token = session.retry(&mut signed, Retry::with_newer_token(sent_token))?;
        }
    }

    /// Returns a token that is valid now, and renews it if necessary. Call this if you need the
    /// token for something other than an HTTP request.
    ///
    /// # Errors
    /// [`DriveError`] if the token cannot be renewed or stored.
    pub fn token<E: Into<BoxError>>(
        &self,
        mut send: impl FnMut(Request) -> Result<Response, E>,
    ) -> Result<Token, DriveError> {
        block_on(self.token_async(|request| ready(send(request))))
    }

    /// Returns a token as [`token`](Self::token) does, over an asynchronous transport.
    ///
    /// # Errors
    /// [`DriveError`] if the token cannot be renewed or stored.
    pub async fn token_async<E, Sending>(
        &self,
        mut send: impl FnMut(Request) -> Sending,
    ) -> Result<Token, DriveError>
    where
        E: Into<BoxError>,
        Sending: Future<Output = Result<Response, E>>,
    {
        let session = self.ready(&mut send).await?.session;
        session.token().cloned().ok_or_else(|| Error::from(Unsupported::NoToken).into())
    }

    /// Renews the token if necessary, and attaches it to a request.
    async fn sign(
        &self,
        request: &mut Request,
        send: &mut impl Transport,
    ) -> Result<SentToken, DriveError> {
        let session = self.session();
        if request.extensions().get::<WithholdToken>().is_some() {
            return Ok(session.attach_renewed_token(request)?);
        }
        // A request that must not carry the token does not cause a renewal.
        session.check_origin(request.uri(), request.headers())?;
        let RenewedSession { session, origin } = self.ready(send).await?;
        Ok(match origin {
            Origin::Renewed => session.attach_renewed_token(request)?,
            Origin::Loaded => session.attach_valid_token(request)?,
        })
    }

    /// Returns the session with a token that is valid now.
    async fn ready(&self, send: &mut impl Transport) -> Result<RenewedSession, DriveError> {
        let session = self.session();
        let good = |session| Ok(RenewedSession { session, origin: Origin::Loaded });
        match self.need(&session, &self.renewer.moment())? {
            Need::Nothing => good(session),
            need => match self.supply(session.generation(), need.urgency(), send).await {
                Err(DriveError::Renewed) => Err(DriveError::Renewed),
                Err(error) => self.go_on_after(error, self.renewer.moment().now),
                supplied => supplied,
            },
        }
    }

    /// Returns the session if its token is still valid although the renewal failed, and puts the
    /// next renewal off. Otherwise returns the error.
    fn go_on_after(&self, error: DriveError, now: Timestamp) -> Result<RenewedSession, DriveError> {
        let session = self.session();
        let is_good = session.token().is_some_and(|token| !token.is_expired(now));
        // If the user has signed out, the session has no token any more.
        if !is_good {
            return Err(error);
        }
        let until = now.after(error.retry_after(now).unwrap_or(PAUSE));
        // Only the first of the callers that waited reports the failure.
        let is_first = self.renewer.state.lock().put_off(until, now);
        if is_first {
            session.observer().renewal_put_off(until, &error);
        }
        Ok(RenewedSession { session, origin: Origin::Loaded })
    }

    /// Returns the renewal that is necessary before the token is used.
    fn need(&self, session: &Session, moment: &Moment) -> Result<Need, Error> {
        let now = moment.now;
        let is_shared = self.renewer.storage.is_shared();
        let can_renew = session.is_renewable() || is_shared;
        match session.token() {
            None if can_renew => return Ok(Need::Renewal),
            None => return Err(Unsupported::NoToken.into()),
            Some(token) if token.is_expired(now) && can_renew => return Ok(Need::Renewal),
            Some(token) if token.is_expired(now) => return Err(Expired::Token.into()),
            Some(_) => {}
        }
        let mut state = self.renewer.state.lock();
        let spread = if is_shared { state.spread(moment) } else { Duration::ZERO };
        let is_due = state.unsaved.is_some() || (can_renew && session.is_due(now.after(spread))?);
        Ok(if is_due && !state.is_put_off(now) { Need::Early } else { Need::Nothing })
    }

    /// Returns the session with which to send a request again, if the response requires that.
    async fn after(
        &self,
        sent_token: &SentToken,
        response: &Response,
        send: &mut impl Transport,
    ) -> Result<Option<Arc<Session>>, DriveError> {
        let session = self.session();
        Ok(
            match session
                .action_for(sent_token, &ProtectedResponse::of(response, Some(response.body())))
            {
                Action::Nothing | Action::User => None,
                Action::Resend => Some(session),
                Action::Renewal if session.is_renewable() => {
                    Some(self.supply(sent_token.generation, Urgency::Now, send).await?.session)
                }
                // The user may have signed in again in another process. If not, the caller gets the
                // API's response.
                Action::Renewal if self.renewer.storage.is_shared() => {
                    match self.supply(sent_token.generation, Urgency::Now, send).await {
                        Err(error) if error.needs_sign_in() => None,
                        supplied => Some(supplied?.session),
                    }
                }
                Action::Renewal => None,
            },
        )
    }

    /// Returns the session with a newer token than that of `generation`. This caller or another one
    /// renews it.
    async fn supply(
        &self,
        generation: u64,
        urgency: Urgency,
        send: &mut impl Transport,
    ) -> Result<RenewedSession, DriveError> {
        let mut line = QueuePlace::new(&self.renewer.state, generation);
        // Only the first renewal is spawned. If the runtime drops it, this caller renews.
        let mut detached = self.detached.as_ref();
        loop {
            match line.await {
                Outcome::Newer(supplied) => return Ok(supplied),
                Outcome::Failed(error) => return Err(error),
                Outcome::Turn(turn) => match detached.take() {
                    Some(detached) => {
                        line = QueuePlace::behind(&self.renewer.state, generation, &turn);
                        detached.begin(self.renewer.clone(), turn, Wanted { generation, urgency });
                    }
                    None => {
                        return self
                            .renewer
                            .renew(turn, Wanted { generation, urgency }, send)
                            .await;
                    }
                },
            }
        }
    }
}

/// Sends an API request.
async fn exchange(
    request: Request,
    send: &mut impl Transport,
    observer: &Observer,
) -> Result<Response, DriveError> {
    let uri = request.uri().clone();
    match send.send(request).await.map_err(Into::into) {
        Ok(response) => {
            observer.answered(Purpose::CallingApi, &uri, response.status());
            Ok(response)
        }
        Err(error) => {
            let leg = Leg::new(Purpose::CallingApi, &uri);
            observer.unsent(&leg, &error);
            Err(DriveError::transport(leg, error))
        }
    }
}

impl fmt::Debug for SharedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedSession").field(&self.session()).finish()
    }
}
