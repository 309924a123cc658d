//! Rounds in which several queries run at the same time.

use super::rules::Rules;

/// The number of threads in each round.
pub(crate) const CROWD: usize = 4;

/// The way in which the rounds of a race are run.
pub(crate) trait Together<M, O>: AsyncFn(Vec<Vec<M>>) -> Vec<Vec<O>> {}

impl<M, O, T: AsyncFn(Vec<Vec<M>>) -> Vec<Vec<O>>> Together<M, O> for T {}

/// Prepares all rounds, runs them, and judges each.
///
/// The rounds give the moves to the threads in all orders. Otherwise a scheduler can run one of
/// them last in every round, or first.
pub(crate) async fn run<R, M, O>(
    rules: &Rules,
    together: &impl Together<M, O>,
    prepare: impl AsyncFn() -> (R, Vec<M>),
    judge: impl AsyncFn(R, Vec<O>),
) {
    run_some(rules, rules.options.rounds, together, prepare, judge).await;
}

/// Does the same with another number of rounds.
pub(crate) async fn run_some<R, M, O>(
    rules: &Rules,
    count: u64,
    together: &impl Together<M, O>,
    prepare: impl AsyncFn() -> (R, Vec<M>),
    judge: impl AsyncFn(R, Vec<O>),
) {
    let (mut rounds, mut moves) = (Vec::new(), Vec::new());
    for number in 0..count {
        let (round, own) = prepare().await;
        let mut own: Vec<_> = own.into_iter().enumerate().collect();
        permute(&mut own, rules.options.seed.wrapping_add(number));
        let (order, own): (Vec<_>, Vec<_>) = own.into_iter().unzip();
        rounds.push((round, order));
        moves.push(own);
    }
    for ((round, order), outcomes) in rounds.into_iter().zip(together(moves).await) {
        let mut outcomes: Vec<_> = order.into_iter().zip(outcomes).collect();
        outcomes.sort_by_key(|(at, _)| *at);
        judge(round, outcomes.into_iter().map(|(_, outcome)| outcome).collect()).await;
    }
}

/// Changes the order. The numbers from 0 give all orders, one after the other.
fn permute<T>(moves: &mut [T], mut number: u64) {
    for last in (1..moves.len()).rev() {
        let place = number % (last as u64 + 1);
        moves.swap(last, usize::try_from(place).unwrap_or_default());
        number /= last as u64 + 1;
    }
}

/// Returns the index of the outcome that won; exactly one must have won.
pub(crate) fn winner<O>(
    rules: &Rules,
    outcomes: &[O],
    won: impl Fn(&O) -> bool,
    law: &str,
) -> usize {
    let winners: Vec<_> =
        outcomes.iter().enumerate().filter(|(_, outcome)| won(outcome)).map(|(at, _)| at).collect();
    rules.must_equal(&winners.len(), &1, law);
    winners.first().copied().unwrap_or_default()
}
