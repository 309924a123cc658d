//! The line of those who wait while one of them renews a shared session's token.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use super::session::Session;
use super::shared::SharedSession;
use crate::DriveError;
use crate::oauth2::Token;

/// What the lock guards.
pub(super) struct State {
    /// Replaced as a whole, so that it can be used without the lock.
    pub(super) session: Arc<Session>,
    /// A renewed token that has not been saved yet.
    pub(super) unsaved: Option<Token>,
    /// Whether somebody renews.
    pub(super) renewing: bool,
    /// How many renewals have ended, and what was wrong with the last one. A renewal that was cancelled leaves no trouble, so that
    /// it is another's turn.
    pub(super) flights: u64,
    pub(super) trouble: Option<DriveError>,
    pub(super) waiting: Vec<(u64, Waker)>,
    pub(super) next_waiter: u64,
}

impl State {
    pub(super) fn new(session: Session) -> Self {
        Self {
            session: Arc::new(session),
            unsaved: None,
            renewing: false,
            flights: 0,
            trouble: None,
            waiting: Vec::new(),
            next_waiter: 0,
        }
    }
}

/// Waits until there is a newer token, or it is this one's turn to renew.
pub(super) struct Line<'a> {
    shared: &'a SharedSession,
    generation: u64,
    /// How many renewals had ended when the waiting began.
    since: Option<u64>,
    place: Option<u64>,
}

pub(super) enum Outcome<'a> {
    Newer(Arc<Session>),
    /// The renewal that was waited for failed.
    Failed(DriveError),
    Turn(Turn<'a>),
}

impl<'a> Line<'a> {
    /// For a token that is newer than that of `generation`.
    pub(super) fn new(shared: &'a SharedSession, generation: u64) -> Self {
        Self { shared, generation, since: None, place: None }
    }
}

impl<'a> Future for Line<'a> {
    type Output = Outcome<'a>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome<'a>> {
        // A waker is the caller's code, which runs neither when it is cloned nor when it is dropped while the lock is held.
        let waker = context.waker().clone();
        let shared = self.shared;
        let mut state = shared.lock();
        if state.session.generation() > self.generation {
            return Poll::Ready(Outcome::Newer(state.session.clone()));
        }
        if self.since.is_some_and(|since| since < state.flights) {
            // If each tried for itself, the last would wait for the timeouts of all.
            if let Some(error) = &state.trouble {
                return Poll::Ready(Outcome::Failed(error.clone()));
            }
        }
        if !state.renewing {
            state.renewing = true;
            state.trouble = None;
            return Poll::Ready(Outcome::Turn(Turn(shared)));
        }
        self.since.get_or_insert(state.flights);
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

impl Drop for Line<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let mut state = self.shared.lock();
            let at = state.waiting.iter().position(|(own, _)| *own == place);
            let waker = at.map(|at| state.waiting.swap_remove(at));
            drop(state);
            drop(waker);
        }
    }
}

/// The right to renew. It ends when this is dropped, also by a cancelled task: then another's turn comes.
pub(super) struct Turn<'a>(&'a SharedSession);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.renewing = false;
        state.flights += 1;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for (_, waker) in waiting {
            waker.wake();
        }
    }
}

/// Runs a future of this module on the present thread, which is parked while another renews.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        std::thread::park();
    }
}
