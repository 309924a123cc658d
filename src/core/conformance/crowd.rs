//! Queries at the same time: by threads, or by futures that are polled in turn.

use std::fmt::Display;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;

fn end<O>(outcome: Result<O, impl Display>) -> O {
    outcome.unwrap_or_else(|why| panic!("the store failed while several asked it at once: {why}"))
}

/// Runs the rounds one after another, with a thread for each move of a round. No thread begins a
/// round before all threads have arrived. They wait in a loop, since waking a thread takes longer
/// than most queries.
pub(crate) fn threads<M: Send, O: Send, E: Display>(
    rounds: Vec<Vec<M>>,
    make: impl Fn(M) -> Result<O, E> + Sync,
) -> Vec<Vec<O>> {
    let (crowd, count) = (rounds.first().map_or(0, Vec::len), rounds.len());
    let mut own: Vec<Vec<M>> = (0..crowd).map(|_| Vec::with_capacity(count)).collect();
    for moves in rounds {
        own.iter_mut().zip(moves).for_each(|(own, one)| own.push(one));
    }
    let line = Line { arrived: AtomicUsize::new(0), broken: AtomicBool::new(false) };
    let mut outcomes: Vec<Vec<O>> = (0..count).map(|_| Vec::with_capacity(crowd)).collect();
    std::thread::scope(|scope| {
        let (line, make) = (&line, &make);
        let start = |moves: Vec<M>| {
            scope.spawn(move || {
                let _guard = Guard(line);
                let numbered = moves.into_iter().enumerate();
                numbered
                    .map_while(|(round, one)| {
                        line.wait(crowd * (round + 1)).then(|| end(make(one)))
                    })
                    .collect::<Vec<_>>()
            })
        };
        let running: Vec<_> = own.into_iter().map(start).collect();
        for thread in running {
            let ended = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            outcomes.iter_mut().zip(ended).for_each(|(round, outcome)| round.push(outcome));
        }
    });
    outcomes
}

/// A barrier at which threads wait for each other.
struct Line {
    arrived: AtomicUsize,
    /// Whether a thread has panicked, and will not arrive.
    broken: AtomicBool,
}

impl Line {
    /// Waits until all threads have arrived. Returns `false` if one has panicked.
    fn wait(&self, all: usize) -> bool {
        self.arrived.fetch_add(1, Ordering::AcqRel);
        while self.arrived.load(Ordering::Acquire) < all {
            if self.broken.load(Ordering::Acquire) {
                return false;
            }
            std::thread::yield_now();
        }
        true
    }
}

struct Guard<'l>(&'l Line);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.broken.store(true, Ordering::Release);
        }
    }
}

/// Runs the rounds one after another, all moves of a round as futures.
pub(crate) async fn tasks<M, O, E: Display>(
    rounds: Vec<Vec<M>>,
    make: impl AsyncFn(M) -> Result<O, E>,
) -> Vec<Vec<O>> {
    let mut outcomes = Vec::with_capacity(rounds.len());
    for moves in rounds {
        let ended = join(moves.into_iter().map(|one| make(one)).collect()).await;
        outcomes.push(ended.into_iter().map(end).collect());
    }
    outcomes
}

/// Polls all unfinished futures whenever one of them wakes the task.
async fn join<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    enum Slot<F: Future> {
        Running(Pin<Box<F>>),
        Ended(F::Output),
    }
    let mut slots: Vec<_> =
        futures.into_iter().map(|future| Slot::Running(Box::pin(future))).collect();
    let all_end = poll_fn(|context| {
        let mut ended = true;
        for slot in &mut slots {
            if let Slot::Running(future) = slot {
                match future.as_mut().poll(context) {
                    Poll::Ready(output) => *slot = Slot::Ended(output),
                    Poll::Pending => ended = false,
                }
            }
        }
        if ended { Poll::Ready(()) } else { Poll::Pending }
    });
    all_end.await;
    let output = |slot| match slot {
        Slot::Ended(output) => Some(output),
        Slot::Running(_) => None,
    };
    slots.into_iter().filter_map(output).collect()
}
