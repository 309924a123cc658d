//! A session for many threads and tasks, of which exactly one renews the token when it is due.
//!
//! The one asynchronous implementation serves blocking callers too: their transport is a future
//! that is ready at once, and while another thread renews, theirs is parked. No lock is held while
//! a caller's function runs.

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

/// A [`Session`] that always has a good token: it renews the token when it is due, before a request
/// or after a 401, stores the new one before it is used, and sends each request again at most once
/// for each cause. Clones share one token; when many find it expired at once, one renews and the
/// others go on with its result.
///
/// [`builder`](Self::builder) configures the storage of the token, and how several processes share
/// it. If the token is not stored, the user has to sign in again after a restart if the server
/// rotates refresh tokens.
///
/// If a renewal fails while the token is still good, requests go on with that token. The next
/// renewal is tried 10 seconds later, or when the server's `Retry-After` allows it. If the token
/// has expired, all callers who waited get the error, and their requests are not sent. A renewal
/// whose token could not be stored is not repeated: the new token is stored at the next occasion.
/// Once the server has refused to renew the token (`invalid_grant`), the session does not ask it
/// again until it gets another token: from [`set_token`](Self::set_token), or from the storage
/// after a sign-in in another process.
///
/// A task that is dropped while a renewal is on its way takes the renewal with it, and a server
/// that rotates refresh tokens has then forgotten the old token.
/// [`spawn_renewals`](crate::oauth2::SharedSessionBuilder::spawn_renewals) gives renewals to the
/// runtime to finish. `send` and the functions that store the token must not use the same shared
/// session: the call would never end.
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
/// // For itself: gets a token before the first request, and a new one when that has expired or is
/// // refused.
/// let mut session = Session::new(&client, "https://photos.example.com", None)?;
/// session.grant = Some(Grant::client_credentials());
/// let shared = SharedSession::builder(session).save(|token| ready(store(&token))).build()?;
///
/// // After a restart, the token that was saved: `shared.set_token(token)`.
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

/// The renewal that a token needs before it is used.
enum Need {
    Nothing,
    /// It is still good, and due all the same.
    Early,
    /// It is not good any more.
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

    /// Returns the session as it is now.
    pub fn session(&self) -> Arc<Session> {
        self.renewer.state.session()
    }

    /// Goes on with another token: after the user has granted access again. Store it first.
    pub fn set_token(&self, token: Token) {
        let _before;
        let mut state = self.renewer.state.lock();
        _before = state.install(token, Origin::Loaded);
    }

    /// Drops the token, after the user has signed out. Call this first and then delete the stored
    /// token: a renewal may be storing it at this moment. A renewal whose answer comes later is not
    /// stored. Other processes go on using the token that they hold until they next renew it, so
    /// revoke it at the server, too.
    pub fn sign_out(&self) {
        let _before;
        let mut state = self.renewer.state.lock();
        _before = state.sign_out();
    }

    /// Sends a request with the token, and renews that when it is due. Blocks while it or another
    /// thread does.
    ///
    /// `send` performs one HTTP exchange without following redirects, and with a timeout: while it
    /// renews, others wait. If the server refuses the token the first time, the request is sent
    /// twice: it must be safe to repeat.
    ///
    /// # Errors
    /// [`DriveError`]. A response with an error status is a response;
    /// [`RetryAfter`](crate::wire::RetryAfter) reads its header.
    pub fn fetch<E: Into<BoxError>>(
        &self,
        request: Request,
        mut send: impl FnMut(Request) -> Result<Response, E>,
    ) -> Result<Response, DriveError> {
        block_on(self.fetch_async(request, |request| ready(send(request))))
    }

    /// Fetches as [`fetch`](Self::fetch) does, over an asynchronous transport. The future is `Send`
    /// if the futures of `send` are.
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
    ///     // The runtime finishes a renewal that has begun, also when the task that needed it is
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
    /// [`DriveError`].
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
        // It ends: each cause to send the request again has one turn.
        loop {
            let response = exchange(signed, &mut send, &observer).await?;
            let Some(session) = self.after(&sent_token, &response, &mut send).await? else {
                return Ok(response);
            };
            signed = request.clone();
            sent_token = session.retry(&mut signed, Retry::with_newer_token(sent_token))?;
        }
    }

    /// Returns a token that is good now, renewed if necessary: for uses other than HTTP requests.
    ///
    /// # Errors
    /// [`DriveError`].
    pub fn token<E: Into<BoxError>>(
        &self,
        mut send: impl FnMut(Request) -> Result<Response, E>,
    ) -> Result<Token, DriveError> {
        block_on(self.token_async(|request| ready(send(request))))
    }

    /// Returns a token as [`token`](Self::token) does, over an asynchronous transport.
    ///
    /// # Errors
    /// [`DriveError`].
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

    /// Gives a request the token, renewed if necessary.
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

    /// Returns the session with a token that is good now.
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

    /// Goes on with the token after its renewal failed, if it is still good, and puts the next
    /// renewal off.
    fn go_on_after(&self, error: DriveError, now: Timestamp) -> Result<RenewedSession, DriveError> {
        let session = self.session();
        let is_good = session.token().is_some_and(|token| !token.is_expired(now));
        // If the user has signed out, the session has no token any more.
        if !is_good {
            return Err(error);
        }
        let until = now.after(error.retry_after(now).unwrap_or(PAUSE));
        // Of those who waited for the renewal, the first one reports it.
        let is_first = self.renewer.state.lock().put_off(until, now);
        if is_first {
            session.observer().renewal_put_off(until, &error);
        }
        Ok(RenewedSession { session, origin: Origin::Loaded })
    }

    /// Returns what the token needs before it is used.
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

    /// Returns the session with which to send a request once more, if the response requires that.
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
                // The user may have signed in again in another process. If not, the API's answer is
                // the last word.
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

    /// Returns the session with a newer token than that of `generation`, which this caller or
    /// another one renewed.
    async fn supply(
        &self,
        generation: u64,
        urgency: Urgency,
        send: &mut impl Transport,
    ) -> Result<RenewedSession, DriveError> {
        let mut line = QueuePlace::new(&self.renewer.state, generation);
        // A runtime that drops what it is given is given one renewal.
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
