//! The queue of callers that wait while one of them renews a shared session's token.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::session::Session;
use crate::oauth2::Token;
use crate::{DriveError, Error, Moment, Timestamp};

/// The values behind the lock.
pub(crate) struct State {
    /// The session. It is replaced as a whole, so it can be used without the lock.
    pub(crate) session: Arc<Session>,
    origin: Origin,
    /// Whether the token was loaded only to be renewed, and must not be used.
    pub(crate) is_due: bool,
    /// A renewed token that is not stored yet.
    pub(crate) unsaved: Option<Token>,
    /// The server's refusal to renew the token. The session sends no renewal until it has another
    /// token.
    pub(crate) ended: Option<Error>,
    /// Whether `ended` is stored, so other processes can see it.
    pub(crate) end_is_stored: bool,
    /// The time by which this process renews the token earlier, in addition to the leeway.
    spread: Option<Duration>,
    /// The time before which a valid token is not renewed, after its renewal failed.
    not_before: Option<Timestamp>,
    /// Whether a renewal is under way.
    renewing: bool,
    /// The number of renewals that have ended.
    renewals: u64,
    /// The failure of the last renewal. A cancelled renewal leaves no failure, so another caller
    /// renews.
    pub(crate) last_failure: Option<DriveError>,
    waiting: Vec<(u64, Waker)>,
    next_waiter: u64,
}

/// The origin of a session's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The token was renewed just now. An API that refuses it would refuse the next one, too.
    Renewed,
    /// The token was loaded or set, and may be old.
    Loaded,
}

/// A session with a newer token than before.
pub(crate) struct RenewedSession {
    pub(crate) session: Arc<Session>,
    pub(crate) origin: Origin,
}

impl State {
    pub(crate) fn new(session: Session) -> Self {
        Self {
            session: Arc::new(session),
            origin: Origin::Loaded,
            is_due: false,
            unsaved: None,
            ended: None,
            end_is_stored: false,
            spread: None,
            not_before: None,
            renewing: false,
            renewals: 0,
            last_failure: None,
            waiting: Vec::new(),
            next_waiter: 0,
        }
    }

    /// Sets another token. Returns the last failure. Drop it after the lock is released, because it
    /// contains an error of the caller.
    #[must_use = "the value must be dropped after the lock is released"]
    pub(crate) fn install(&mut self, token: Token, origin: Origin) -> Option<DriveError> {
        Arc::make_mut(&mut self.session).set_token(token);
        self.origin = origin;
        self.begin_anew()
    }

    /// Removes the token. Returns the last failure, as [`install`](Self::install) does.
    #[must_use = "the value must be dropped after the lock is released"]
    pub(crate) fn sign_out(&mut self) -> Option<DriveError> {
        Arc::make_mut(&mut self.session).sign_out();
        self.begin_anew()
    }

    fn begin_anew(&mut self) -> Option<DriveError> {
        (self.is_due, self.end_is_stored) = (false, false);
        (self.unsaved, self.ended, self.spread, self.not_before) = (None, None, None, None);
        self.last_failure.take()
    }

    pub(crate) fn renewed_session(&self) -> RenewedSession {
        RenewedSession { session: self.session.clone(), origin: self.origin }
    }

    /// Returns the time by which this process renews the token earlier: a random part of a tenth of
    /// the token's remaining lifetime, so the processes do not all renew at once.
    pub(crate) fn spread(&mut self, moment: &Moment) -> Duration {
        let ends = self.session.token().and_then(|token| token.expires_at);
        *self.spread.get_or_insert_with(|| {
            let tenth = ends.map(|ends| moment.now.until(ends) / 10).unwrap_or_default();
            let [part, ..] = moment.derive("session spread");
            // The division is first, because the lifetime may be the largest possible one.
            tenth / 256 * u32::from(part)
        })
    }

    /// Puts off the next renewal of a valid token. Returns whether it was not put off before.
    pub(crate) fn put_off(&mut self, until: Timestamp, now: Timestamp) -> bool {
        let is_first = !self.is_put_off(now);
        self.not_before = Some(until);
        is_first
    }

    /// Returns whether the renewal of a valid token is put off.
    pub(crate) fn is_put_off(&self, now: Timestamp) -> bool {
        self.not_before.is_some_and(|until| now < until)
    }
}

/// The state of a shared session behind its lock. Clones share it.
#[derive(Clone)]
pub(crate) struct SharedState(Arc<Mutex<State>>);

impl SharedState {
    pub(crate) fn new(session: Session) -> Self {
        Self(Arc::new(Mutex::new(State::new(session))))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // No code panics between two changes that belong together.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the current session.
    pub(crate) fn session(&self) -> Arc<Session> {
        self.lock().session.clone()
    }
}

/// Waits until there is a newer token, or until this caller may renew.
pub(crate) struct QueuePlace<'a> {
    state: &'a SharedState,
    generation: u64,
    /// The number of renewals that had ended when this caller began to wait.
    since: Option<u64>,
    place: Option<u64>,
}

pub(crate) enum Outcome {
    Newer(RenewedSession),
    /// The renewal for which this caller waited has failed.
    Failed(DriveError),
    Turn(RenewalGuard),
}

impl<'a> QueuePlace<'a> {
    /// Makes a place that waits for a token newer than that of `generation`.
    pub(crate) fn new(state: &'a SharedState, generation: u64) -> Self {
        Self { state, generation, since: None, place: None }
    }

    /// Makes a place as [`new`](Self::new) does, for a caller that waits for the renewal that it
    /// has just begun.
    pub(crate) fn behind(state: &'a SharedState, generation: u64, turn: &RenewalGuard) -> Self {
        Self { since: Some(turn.flight), ..Self::new(state, generation) }
    }
}

impl Future for QueuePlace<'_> {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        // A waker is code of the caller: it must not be cloned or dropped while the lock is held.
        let waker = context.waker().clone();
        let shared = self.state;
        let mut state = shared.lock();
        if state.session.generation() > self.generation && !state.is_due {
            return Poll::Ready(Outcome::Newer(state.renewed_session()));
        }
        if self.since.is_some_and(|since| since < state.renewals) {
            // If each caller tried again, the last one would wait for the timeouts of all.
            if let Some(error) = &state.last_failure {
                return Poll::Ready(Outcome::Failed(error.clone()));
            }
        }
        if !state.renewing {
            state.renewing = true;
            let before = state.last_failure.take();
            let turn = RenewalGuard { state: shared.clone(), flight: state.renewals };
            drop(state);
            drop(before);
            return Poll::Ready(Outcome::Turn(turn));
        }
        self.since.get_or_insert(state.renewals);
        let place = *self.place.get_or_insert_with(|| {
            state.next_waiter += 1;
            state.next_waiter
        });
        let before = match state.waiting.iter_mut().find(|(own, _)| *own == place) {
            Some((_, own)) => Some(std::mem::replace(own, waker)),
            None => {
                state.waiting.push((place, waker));
                None
            }
        };
        drop(state);
        drop(before);
        Poll::Pending
    }
}

impl Drop for QueuePlace<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let mut state = self.state.lock();
            let at = state.waiting.iter().position(|(own, _)| *own == place);
            let waker = at.map(|at| state.waiting.swap_remove(at));
            drop(state);
            drop(waker);
        }
    }
}

/// The right to renew. It ends when the guard is dropped, even by a cancelled task. Then another
/// caller gets it.
pub(crate) struct RenewalGuard {
    state: SharedState,
    /// The number of renewals that had ended before this one.
    flight: u64,
}

impl Drop for RenewalGuard {
    fn drop(&mut self) {
        let mut state = self.state.lock();
        state.renewing = false;
        state.renewals += 1;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for (_, waker) in waiting {
            waker.wake();
        }
    }
}
