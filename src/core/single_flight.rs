//! Asks one question about each key at a time. Other callers with the same question wait for its
//! answer.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

/// The questions that are being asked, by their keys.
///
/// No lock is held while a function of a caller runs, or while a waker is cloned, woken or dropped.
pub(crate) struct SingleFlight<K, V>(Mutex<BTreeMap<K, Arc<Flight<V>>>>);

/// A question that is being asked.
struct Flight<V> {
    /// The answer, once it is there. It is `None` if the caller that asked gave up.
    landed: OnceLock<Option<V>>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    wakers: BTreeMap<u64, Waker>,
    next: u64,
}

impl<K, V> Default for SingleFlight<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Ord + Clone, V: Clone> SingleFlight<K, V> {
    /// Returns the answer of `ask`. If another caller is asking with the same key, `ask` is not
    /// called, and the answer of the other caller is returned. If the other caller gives up,
    /// because its future is dropped or panics, one of the waiting callers asks.
    pub(crate) async fn fly<Asking: Future<Output = V>>(
        &self,
        key: K,
        ask: impl FnOnce() -> Asking,
    ) -> V {
        loop {
            let own = Arc::new(Flight { landed: OnceLock::new(), waiting: Mutex::default() });
            let flight = lock(&self.0).entry(key.clone()).or_insert_with(|| own.clone()).clone();
            if Arc::ptr_eq(&own, &flight) {
                let turn = Turn { flights: self, key, flight };
                let answer = ask().await;
                // Only this caller sets the answer, so it cannot be set already.
                let _ = turn.flight.landed.set(Some(answer.clone()));
                return answer;
            }
            if let Some(answer) = (Landing { flight: &flight, place: None }).await {
                return answer;
            }
        }
    }

    /// Forgets the question about a key. Callers that come later ask again. Callers that already
    /// wait get the answer of the forgotten question.
    pub(crate) fn let_go(&self, key: &K) {
        let flight = lock(&self.0).remove(key);
        drop(flight);
    }
}

/// The right to ask. It ends when this is dropped.
struct Turn<'a, K: Ord, V> {
    flights: &'a SingleFlight<K, V>,
    key: K,
    flight: Arc<Flight<V>>,
}

impl<K: Ord, V> Drop for Turn<'_, K, V> {
    fn drop(&mut self) {
        let mut flights = lock(&self.flights.0);
        // Another caller may have begun to ask since this question was forgotten.
        let is_own = flights.get(&self.key).is_some_and(|flight| Arc::ptr_eq(flight, &self.flight));
        let entry = if is_own { flights.remove_entry(&self.key) } else { None };
        drop(flights);
        drop(entry);
        let _ = self.flight.landed.set(None);
        let wakers = std::mem::take(&mut lock(&self.flight.waiting).wakers);
        for waker in wakers.into_values() {
            waker.wake();
        }
    }
}

/// Waits for the answer of another caller.
struct Landing<'a, V> {
    flight: &'a Flight<V>,
    place: Option<u64>,
}

impl<V: Clone> Future for Landing<'_, V> {
    type Output = Option<V>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<V>> {
        // Cloning a waker runs code of the caller, so no lock is held yet.
        let waker = context.waker().clone();
        let flight = self.flight;
        let mut waiting = lock(&flight.waiting);
        // The answer is set first. Then the wakers are taken under this lock, so no waker is
        // missed.
        let Some(answer) = flight.landed.get() else {
            let place = *self.place.get_or_insert_with(|| {
                waiting.next += 1;
                waiting.next
            });
            let before = waiting.wakers.insert(place, waker);
            drop(waiting);
            drop(before);
            return Poll::Pending;
        };
        drop(waiting);
        Poll::Ready(answer.clone())
    }
}

impl<V> Drop for Landing<'_, V> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let waker = lock(&self.flight.waiting).wakers.remove(&place);
            drop(waker);
        }
    }
}

/// Runs a future to its end on the current thread. The thread is parked while the future waits for
/// another thread.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing here panics between two changes that belong together.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Count(AtomicU32);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn poll<F: Future>(future: Pin<&mut F>, count: &Arc<Count>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(&Waker::from(count.clone())))
    }

    /// A future that is ready once the gate is open.
    async fn behind(gate: &OnceLock<u32>) -> u32 {
        std::future::poll_fn(|_| gate.get().map_or(Poll::Pending, |value| Poll::Ready(*value)))
            .await
    }

    #[test]
    fn callers_with_the_same_question_share_one_answer_and_others_do_not_wait() {
        let (flights, gate, count) =
            (SingleFlight::default(), OnceLock::new(), Arc::new(Count::default()));
        let mut first = pin!(flights.fly(1, || behind(&gate)));
        assert!(poll(first.as_mut(), &count).is_pending());
        let mut second = pin!(flights.fly(1, || async { panic!("the question was asked before") }));
        let mut third = pin!(flights.fly(1, || async { panic!("the question was asked before") }));
        for _ in 0..2 {
            assert!(
                poll(second.as_mut(), &count).is_pending()
                    && poll(third.as_mut(), &count).is_pending()
            );
        }
        assert_eq!(poll(pin!(flights.fly(2, || ready(5))), &count), Poll::Ready(5));
        assert_eq!(count.0.load(Ordering::SeqCst), 0);
        gate.set(7).unwrap();
        assert_eq!(poll(first.as_mut(), &count), Poll::Ready(7));
        assert_eq!(count.0.load(Ordering::SeqCst), 2, "each of the two is woken once");
        assert_eq!(
            (poll(second.as_mut(), &count), poll(third.as_mut(), &count)),
            (Poll::Ready(7), Poll::Ready(7))
        );
        // Nothing is remembered, and nothing is left.
        assert!(lock(&flights.0).is_empty());
        assert_eq!(poll(pin!(flights.fly(1, || ready(8))), &count), Poll::Ready(8));
    }

    #[test]
    fn when_the_asking_caller_is_dropped_the_next_caller_asks_for_all() {
        let (flights, gate, count) =
            (SingleFlight::default(), OnceLock::new(), Arc::new(Count::default()));
        let mut first = Box::pin(flights.fly(1, pending));
        assert!(poll(first.as_mut(), &count).is_pending());
        let mut second = pin!(flights.fly(1, || behind(&gate)));
        let mut third = pin!(flights.fly(1, pending));
        assert!(
            poll(second.as_mut(), &count).is_pending() && poll(third.as_mut(), &count).is_pending()
        );
        drop(first);
        assert_eq!(count.0.load(Ordering::SeqCst), 2);
        assert!(
            poll(second.as_mut(), &count).is_pending() && poll(third.as_mut(), &count).is_pending()
        );
        gate.set(7).unwrap();
        assert_eq!(
            (poll(second.as_mut(), &count), poll(third.as_mut(), &count)),
            (Poll::Ready(7), Poll::Ready(7))
        );
    }

    #[test]
    fn a_waiting_caller_that_is_dropped_is_not_woken() {
        let (flights, gate, count) =
            (SingleFlight::default(), OnceLock::new(), Arc::new(Count::default()));
        let mut first = pin!(flights.fly(1, || behind(&gate)));
        assert!(poll(first.as_mut(), &count).is_pending());
        let mut second = Box::pin(flights.fly(1, || behind(&gate)));
        assert!(poll(second.as_mut(), &count).is_pending());
        drop(second);
        gate.set(7).unwrap();
        assert_eq!(poll(first.as_mut(), &count), Poll::Ready(7));
        assert_eq!((count.0.load(Ordering::SeqCst), Arc::strong_count(&count)), (0, 1));
    }

    #[test]
    fn a_forgotten_question_is_asked_again_and_both_callers_are_answered() {
        let (flights, old, new) = (SingleFlight::default(), OnceLock::new(), OnceLock::new());
        let count = Arc::new(Count::default());
        let mut first = pin!(flights.fly(1, || behind(&old)));
        let mut second = pin!(flights.fly(1, || behind(&new)));
        assert!(
            poll(first.as_mut(), &count).is_pending() && poll(second.as_mut(), &count).is_pending()
        );
        flights.let_go(&1);
        let mut third = pin!(flights.fly(1, || behind(&new)));
        assert!(poll(third.as_mut(), &count).is_pending());
        old.set(7).unwrap();
        assert_eq!(
            (poll(first.as_mut(), &count), poll(second.as_mut(), &count)),
            (Poll::Ready(7), Poll::Ready(7))
        );
        // The end of the first question does not end the question of the third caller.
        let mut fourth = pin!(flights.fly(1, || async { panic!("the question was asked before") }));
        assert!(poll(fourth.as_mut(), &count).is_pending());
        new.set(8).unwrap();
        assert_eq!(
            (poll(third.as_mut(), &count), poll(fourth.as_mut(), &count)),
            (Poll::Ready(8), Poll::Ready(8))
        );
    }

    #[test]
    fn a_waker_that_uses_the_same_flights_does_not_wait_for_itself() {
        struct Asks(Arc<SingleFlight<u32, u32>>);
        impl Wake for Asks {
            fn wake(self: Arc<Self>) {
                self.0.let_go(&1);
            }
        }
        impl Drop for Asks {
            fn drop(&mut self) {
                self.0.let_go(&1);
            }
        }
        let (flights, gate) = (Arc::new(SingleFlight::default()), OnceLock::new());
        let count = Arc::new(Count::default());
        let mut first = pin!(flights.fly(1, || behind(&gate)));
        assert!(poll(first.as_mut(), &count).is_pending());
        let mut second = Box::pin(flights.fly(1, || behind(&gate)));
        for _ in 0..2 {
            let waker = Waker::from(Arc::new(Asks(flights.clone())));
            assert!(second.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        gate.set(7).unwrap();
        assert_eq!(poll(first.as_mut(), &count), Poll::Ready(7));
        assert_eq!(poll(second.as_mut(), &count), Poll::Ready(7));
    }
}
