//! The renewal of a shared session's token, from the lease to the store.
//!
//! ```text
//!   lease ----> load ----> the stored token is newer: use it
//!     |           |
//!     |           +------> renew ----> store if unchanged ----> set_token ----> release
//!     |                      |               |
//!   held: pause, load        |               +--> changed: load, use what is stored
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

/// The time for which the renewal of a token that is still good is put off after it failed, if the
/// server does not name a time.
pub(crate) const PAUSE: Duration = Duration::from_secs(10);

/// The pauses between two looks at a lease that another process holds.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// After so many of its durations, a lease that is still held is an error: its store does not end
/// it.
const PATIENCE: u32 = 3;

/// The number of times that a renewal begins anew because of tokens that other processes have
/// stored.
const TRIES: u32 = 4;

/// One renewal of the token of a [`SharedSession`](crate::oauth2::SharedSession): a future that
/// owns all it needs, to be given to a runtime, or to a thread that calls [`finish`](Self::finish).
///
/// Callers that fetch meanwhile wait for its result. If a renewal is dropped before its end, the
/// session keeps the old token, and the next caller renews it.
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
    /// Finishes the renewal on the present thread.
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

/// The functions that make and spawn renewals which do not depend on the task that needs them.
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

/// A newer token than that of a generation.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) generation: u64,
    pub(crate) urgency: Urgency,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// The token is still good.
    Early,
    /// The token has expired or was refused.
    Now,
}

/// The result of loading a token.
enum Loaded {
    /// The storage has the token of the session, or no token.
    Same,
    /// Another process stored a token that is good.
    Good(RenewedSession),
    /// Another process stored a token that is due itself.
    Due,
}

/// Renews the token of a shared session: the shared state, and the storage of the token.
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

    /// Renews the token, and tells all who wait how that ended.
    pub(crate) async fn renew(
        &self,
        turn: RenewalGuard,
        Wanted { mut generation, urgency }: Wanted,
        send: &mut impl Transport,
    ) -> Result<RenewedSession, DriveError> {
        {
            let state = self.state.lock();
            // Another has loaded a token that is due, and was cancelled before it had renewed that.
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
                // The user has granted access again meanwhile, and the error belongs to the grant
                // before.
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

    /// Renews with the lease, if there is one. `generation` becomes that of the token that is
    /// renewed in the end.
    async fn renew_leased(
        &self,
        generation: &mut u64,
        urgency: Urgency,
        send: &mut impl Transport,
    ) -> Result<RenewedSession, DriveError> {
        let storage = &self.storage;
        let (mut pause, mut waited) = (FIRST_PAUSE, Duration::ZERO);
        let lease = loop {
            // What is renewed already has only to be stored.
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
                // Callers need not wait for the other process as long as the token is good.
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
        // As long as the renewed token is not stored, another process would renew the old one, and
        // be refused.
        if let Some(lease) = lease.filter(|_| self.state.lock().unsaved.is_none()) {
            storage.release(lease).await;
        }
        ended
    }

    /// Renews and stores, more than once if necessary: another process may store a token at any
    /// time.
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
                // Another token was installed meanwhile. It has another refresh token than the one
                // to be renewed.
                if state.session.generation() > *generation {
                    return Ok(state.renewed_session());
                }
                if let Some(error) = &state.ended {
                    return Err(error.clone().into());
                }
                (state.session.clone(), state.unsaved.clone())
            };
            let (token, origin) = match unsaved {
                // It may be long ago that it was renewed.
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
                            // There is another token to renew.
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
            // A token that could not be stored is kept, and what is stored is looked at again.
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

    /// Goes on with a token that is stored. Returns `None` if it has expired, which it may have
    /// before it could be stored.
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
            // The user granted access again while this was stored: what is stored last must be the
            // token of the newer grant. If another process may have stored that, the store has
            // compared it.
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

    /// Asks the server for a new token.
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

    /// Remembers that a grant has ended, so that no one asks the server again. If another process
    /// was quicker, and the server refused for that reason, returns the token that it stored.
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

    /// Goes on with a token that another process has stored.
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
                // The user has signed out. What was stored for them must not come back.
                _before = state.sign_out();
                *generation = state.session.generation();
                return Err(Error::from(Unsupported::NoToken).into());
            }
            return Ok(Loaded::Same);
        };
        let own = state.session.token();
        let Some(token) = stored.token.as_ref() else {
            // Another process may have been refused because this one had renewed the token before.
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
        // The tokens are compared, and not their stored versions, which are only as good as what
        // wrote them.
        if own.is_some_and(|own| version_of(own) == version_of(token)) {
            if state.end_is_stored {
                // The token was put back in the place of the note that its grant had ended.
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
