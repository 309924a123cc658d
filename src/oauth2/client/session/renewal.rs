//! The renewal of a shared session's token, from the lease to the store.
//!
//! ```text
//!   lease ----> load ----> the stored token is newer: use it
//!     |           |
//!     |           +------> renew ----> store if unchanged ----> set_token ----> release
//!     |                      |               |
//!   held: pause, load        |               +--> changed: load, use the stored token
//!                            +--> the grant has ended: store that
//! ```

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::queue::{Origin, RenewalGuard, RenewedSession, SharedState};
use super::session::Session;
use super::storage::{Lease, LeaseOutcome, Storage, StoredToken, WriteOutcome, version_of};
use crate::core::single_flight::block_on;
use crate::core::step::{Transport, run_async_with};
use crate::oauth2::Token;
use crate::wire::hex;
use crate::{
    BoxError, DriveError, Error, Expired, Moment, Request, Response, Timestamp, Unsupported,
};

/// The time for which the renewal of a valid token is put off after a failure, if the server does
/// not send a time.
pub(crate) const PAUSE: Duration = Duration::from_secs(10);

/// The pauses between two requests for a lease that another process has.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// If another process still has the lease after this multiple of the lease duration, the caller
/// gets an error: the storage does not end the lease.
const PATIENCE: u32 = 3;

/// The number of attempts of one renewal, if other processes store tokens meanwhile.
const TRIES: u32 = 4;

/// One renewal of the token of a [`SharedSession`](crate::oauth2::SharedSession): a future that
/// owns everything it needs. Spawn it on a runtime, or call [`finish`](Self::finish) on a thread.
///
/// Other callers of the session wait until the renewal has ended. If the future is dropped before
/// it ends, the session keeps the old token, and the next caller renews it.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::Renewal;
///
/// fn finish_on_a_thread(renewal: Renewal) {
///     std::thread::spawn(move || renewal.finish());
/// }
/// ```
#[must_use = "the token is renewed only while the future is polled"]
pub struct Renewal(Pin<Box<dyn Future<Output = ()> + Send>>);

impl Renewal {
    /// Runs the renewal on the current thread, and returns when it has ended.
    pub fn finish(self) {
        block_on(self);
    }
}

impl Future for Renewal {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(context)
    }
}

impl fmt::Debug for Renewal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Renewal")
    }
}

/// The functions that make and spawn renewals. Such a renewal does not depend on the task that
/// needs it.
#[derive(Clone)]
pub(crate) struct Detached {
    make: Arc<dyn Fn(Arc<Renewer>, RenewalGuard, Wanted) -> Renewal + Send + Sync>,
    spawn: Arc<dyn Fn(Renewal) + Send + Sync>,
}

impl Detached {
    pub(crate) fn new<E, F>(
        send: impl Fn(Request) -> F + Send + Sync + 'static,
        spawn: impl Fn(Renewal) + Send + Sync + 'static,
    ) -> Self
    where
        E: Into<BoxError>,
        F: Future<Output = Result<Response, E>> + Send + 'static,
    {
        let send = Arc::new(send);
        let make = move |renewer: Arc<Renewer>, turn, wanted| {
            let send = send.clone();
            Renewal(Box::pin(async move {
                // All callers that wait read the result from the state.
                let _ = renewer.renew(turn, wanted, &mut |request: Request| send(request)).await;
            }))
        };
        Self { make: Arc::new(make), spawn: Arc::new(spawn) }
    }

    pub(crate) fn begin(&self, renewer: Arc<Renewer>, turn: RenewalGuard, wanted: Wanted) {
        (self.spawn)((self.make)(renewer, turn, wanted));
    }
}

impl fmt::Debug for Detached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Detached")
    }
}

/// A request for a newer token than that of a generation.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) generation: u64,
    pub(crate) urgency: Urgency,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// The token is still valid.
    Early,
    /// The token has expired or was refused.
    Now,
}

/// The result of loading the stored token.
enum Loaded {
    /// The storage has the session's own token, or no token.
    Same,
    /// Another process has stored a valid token.
    Good(RenewedSession),
    /// Another process has stored a token that is due, too.
    Due,
}

/// The shared state and the storage of a shared session, which renew its token together.
pub(crate) struct Renewer {
    pub(crate) state: SharedState,
    pub(crate) storage: Storage,
    pub(crate) clock: Clock,
}

/// The time and randomness of a shared session.
pub(crate) type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;

impl Renewer {
    pub(crate) fn moment(&self) -> Moment {
        (self.clock)()
    }

    /// Renews the token, and passes the result to all callers that wait.
    pub(crate) async fn renew(
        &self,
        turn: RenewalGuard,
        Wanted { mut generation, urgency }: Wanted,
        send: &mut impl Transport,
    ) -> Result<RenewedSession, DriveError> {
        {
            let state = self.state.lock();
            // A cancelled caller has loaded a token that is due, and has not renewed it.
            if state.is_due {
                generation = state.session.generation();
            }
        }
        let mut ended = self.renew_leased(&mut generation, urgency, send).await;
        {
            let _before;
            let mut state = self.state.lock();
            match &ended {
                Err(DriveError::Renewed) => {}
                // The user has granted access again meanwhile, and the error belongs to the
                // previous grant.
                Err(_) if state.session.generation() > generation => {
                    ended = Ok(state.renewed_session());
                }
                ended => {
                    _before =
                        std::mem::replace(&mut state.last_failure, ended.as_ref().err().cloned());
                }
            }
        }
        drop(turn);
        if let Err(error @ DriveError::Storage { .. }) = &ended {
            self.state.session().observer().storage_failed(error);
        }
        ended
    }

    /// Renews with a lease, if leases are configured. At the end, `generation` is that of the token
    /// that was renewed.
    async fn renew_leased(
        &self,
        generation: &mut u64,
        urgency: Urgency,
        send: &mut impl Transport,
    ) -> Result<RenewedSession, DriveError> {
        let storage = &self.storage;
        let (mut pause, mut waited) = (FIRST_PAUSE, Duration::ZERO);
        let lease = loop {
            // If the token is already renewed, it only has to be stored, without a lease.
            if storage.lease.is_none() || self.state.lock().unsaved.is_some() {
                break None;
            }
            let asked_at = self.moment();
            let lease = Lease::new(&asked_at, storage.lease_duration);
            if urgency == Urgency::Early && self.state.lock().is_put_off(asked_at.now) {
                return Ok(self.state.lock().renewed_session());
            }
            if storage.lease(lease.clone()).await? == LeaseOutcome::Acquired {
                break Some(lease);
            }
            if urgency == Urgency::Early {
                // Callers need not wait for the other process as long as the token is valid.
                let mut state = self.state.lock();
                state.put_off(asked_at.now.after(PAUSE), asked_at.now);
                return Ok(state.renewed_session());
            }
            if waited > storage.lease_duration.saturating_mul(PATIENCE) {
                let reason = format!("another process has held it for {} s", waited.as_secs());
                return Err(DriveError::storage("take the lease", reason));
            }
            storage.sleep(pause).await;
            waited += pause;
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
            if let Loaded::Good(supplied) =
                self.adopt(generation, storage.load().await?, self.moment().now)?
            {
                return Ok(supplied);
            }
        };
        let ended = self.renew_and_store(generation, send).await;
        // As long as the renewed token is not stored, the lease is kept: another process would
        // renew the old token, and be refused.
        if let Some(lease) = lease.filter(|_| self.state.lock().unsaved.is_none()) {
            storage.release(lease).await;
        }
        ended
    }

    /// Renews and stores the token. Makes several attempts, since another process may store a token
    /// at any time.
    async fn renew_and_store(
        &self,
        generation: &mut u64,
        send: &mut impl Transport,
    ) -> Result<RenewedSession, DriveError> {
        let storage = &self.storage;
        for _ in 0..TRIES {
            let stored = storage.load().await?;
            let expected = stored.as_ref().map(|stored| stored.version.clone());
            if let Loaded::Good(supplied) = self.adopt(generation, stored, self.moment().now)? {
                return Ok(supplied);
            }
            let (session, unsaved) = {
                let state = self.state.lock();
                // Another token was set meanwhile. Its refresh token is not the one to use here.
                if state.session.generation() > *generation {
                    return Ok(state.renewed_session());
                }
                if let Some(error) = &state.ended {
                    return Err(error.clone().into());
                }
                (state.session.clone(), state.unsaved.clone())
            };
            let (token, origin) = match unsaved {
                // The token may have been renewed long ago.
                Some(token) => (token, Origin::Loaded),
                None => match self.request(&session, send).await {
                    Ok(token) => {
                        let mut state = self.state.lock();
                        if state.session.generation() > *generation {
                            return Ok(state.renewed_session());
                        }
                        state.unsaved = Some(token.clone());
                        (token, Origin::Renewed)
                    }
                    Err(error) => {
                        match self.refused(error, &session, generation, self.moment().now).await? {
                            Loaded::Good(supplied) => return Ok(supplied),
                            // Another token has to be renewed.
                            Loaded::Due | Loaded::Same => continue,
                        }
                    }
                },
            };
            if session.return_renewals {
                let _before;
                let mut state = self.state.lock();
                if state.session.generation() == *generation {
                    _before = state.install(token, Origin::Renewed);
                }
                return Err(DriveError::Renewed);
            }
            // A token that could not be stored is kept, and the stored token is loaded again.
            if storage.store(expected, StoredToken::new(token.clone())).await?
                == WriteOutcome::Stored
                && let Some(supplied) =
                    self.stored(generation, token, origin, self.moment().now).await?
            {
                return Ok(supplied);
            }
        }
        Err(DriveError::storage(
            "store the renewed token",
            "`store_if_unchanged` reported at every attempt that the stored token had changed",
        ))
    }

    /// Uses a token that was stored. Returns `None` if the token has expired, which is possible if
    /// it could not be stored for a while.
    async fn stored(
        &self,
        generation: &mut u64,
        token: Token,
        origin: Origin,
        now: Timestamp,
    ) -> Result<Option<RenewedSession>, DriveError> {
        let newer = {
            let _before;
            let mut state = self.state.lock();
            if state.session.generation() == *generation {
                let is_over = origin == Origin::Loaded && token.is_expired(now);
                _before = state.install(token, origin);
                state.is_due = is_over;
                *generation = state.session.generation();
                return Ok(Some(state.renewed_session()).filter(|_| !is_over));
            }
            // The user has granted access again while this token was stored, so the newer token
            // must be stored after it. A storage that several processes share has compared the
            // versions itself.
            if self.storage.save.is_some() {
                state.unsaved = state.session.token().cloned();
            }
            state.renewed_session()
        };
        if self.storage.save.is_some()
            && let Some(token) = newer.session.token()
        {
            self.storage.store(None, StoredToken::new(token.clone())).await?;
            let mut state = self.state.lock();
            if state.session.generation() == newer.session.generation() {
                state.unsaved = None;
            }
        }
        Ok(Some(newer))
    }

    /// Requests a new token from the server.
    async fn request(
        &self,
        session: &Session,
        send: &mut impl Transport,
    ) -> Result<Token, DriveError> {
        if !session.is_renewable() {
            let without = || Error::from(Unsupported::NoToken);
            return Err(session.token().map_or_else(without, |_| Expired::Token.into()).into());
        }
        // Renewals do not wait, so no function for sleep is needed.
        run_async_with(
            session.renew(self.moment())?,
            |request| send.send(request),
            || self.moment(),
            |_| ready(()),
        )
        .await
    }

    /// Remembers that a grant has ended, so the server is not asked again. If the server refused
    /// because another process was quicker, returns the token that the other process has stored.
    async fn refused(
        &self,
        error: DriveError,
        session: &Session,
        generation: &mut u64,
        now: Timestamp,
    ) -> Result<Loaded, DriveError> {
        let is_end =
            |error: &&Error| error.code() == Some("invalid_grant") && error.needs_sign_in();
        let refusal = error.protocol().filter(is_end).filter(|_| session.refreshes()).cloned();
        let (Some(refusal), Some(token)) = (refusal, session.token()) else {
            return Err(error);
        };
        let storage = &self.storage;
        let mut is_stored = false;
        if storage.is_shared() {
            let stored = storage.load().await?;
            let expected = stored.as_ref().map(|stored| stored.version.clone());
            let loaded = self.adopt(generation, stored, now)?;
            if !matches!(loaded, Loaded::Same) {
                return Ok(loaded);
            }
            // If this cannot be stored, another process asks the server once more, and is refused,
            // too.
            is_stored = matches!(
                storage.store(expected, StoredToken::ended(token)).await,
                Ok(WriteOutcome::Stored)
            );
        }
        let ends = {
            let mut state = self.state.lock();
            let ends = state.session.generation() == *generation && state.ended.is_none();
            if ends {
                (state.ended, state.end_is_stored) = (Some(refusal.clone()), is_stored);
            }
            ends
        };
        if ends {
            session.observer().grant_ended(&refusal);
        }
        Err(error)
    }

    /// Uses a token that another process has stored.
    fn adopt(
        &self,
        generation: &mut u64,
        stored: Option<StoredToken>,
        now: Timestamp,
    ) -> Result<Loaded, DriveError> {
        let _before;
        let mut state = self.state.lock();
        if state.session.generation() > *generation {
            return Ok(Loaded::Good(state.renewed_session()));
        }
        let Some(stored) = stored else {
            let had_token = state.session.token().is_some() && state.session.refreshes();
            if self.storage.is_shared() && had_token {
                // The user has signed out, so the session must not store the token again.
                _before = state.sign_out();
                *generation = state.session.generation();
                return Err(Error::from(Unsupported::NoToken).into());
            }
            return Ok(Loaded::Same);
        };
        let own = state.session.token();
        let Some(token) = stored.token.as_ref() else {
            // The other process may have been refused because this process had renewed the token
            // before.
            let is_of_own =
                own.is_some_and(|own| StoredToken::ended(own).version == stored.version);
            if is_of_own && state.unsaved.is_some() {
                return Ok(Loaded::Same);
            }
            let ended = Error::from(Expired::Grant);
            let is_first = state.ended.replace(ended.clone()).is_none();
            state.end_is_stored = true;
            let session = state.session.clone();
            drop(state);
            if is_first {
                session.observer().grant_ended(&ended);
            }
            return Err(ended.into());
        };
        // The tokens are compared, and not their stored versions, which the caller may have written
        // wrongly.
        if own.is_some_and(|own| version_of(own) == version_of(token)) {
            if state.end_is_stored {
                // The token was stored again. It has replaced the record that its grant had ended.
                (state.ended, state.end_is_stored) = (None, false);
            }
            return Ok(Loaded::Same);
        }
        _before = state.install(token.clone(), Origin::Loaded);
        *generation = state.session.generation();
        let is_due = state.session.is_due(now).unwrap_or(true);
        state.is_due = is_due;
        let supplied = state.renewed_session();
        drop(state);
        supplied.session.observer().token_loaded();
        Ok(if is_due { Loaded::Due } else { Loaded::Good(supplied) })
    }
}

impl Lease {
    fn new(moment: &Moment, duration: Duration) -> Self {
        let holder = hex(&moment.derive("session holder")[..16]);
        Self { holder, now: moment.now, expires_at: moment.now.after(duration) }
    }
}
