//! The server's side of sans-I/O: a question to the caller's storage, and what goes on with its answer.

use std::fmt;

/// A question that storage answers in one atomic step.
///
/// ```
/// use oauth_proto::Command;
/// use oauth_proto::oauth1::server::{Freshness, RememberNonce};
///
/// // What a `RememberNonce` wants to be answered:
/// let answer: <RememberNonce as Command>::Answer = Freshness::Fresh;
/// ```
pub trait Command: fmt::Debug {
    /// What it is answered with.
    type Answer;
}

/// The answer to a question that remembers a nonce, or spends a pending value.
///
/// ```
/// use oauth_proto::Freshness;
///
/// // What a set's `insert` tells:
/// let freshness = |inserted| if inserted { Freshness::Fresh } else { Freshness::Seen };
/// assert_eq!(freshness(true), Freshness::Fresh);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// It was not there, and is now.
    Fresh,
    /// It was there.
    Seen,
}

/// A question and what waits for its answer. It can be answered only once, and only with an answer of the right type.
///
/// `R` is what the answer leads to: the next question, or the end.
///
/// ```
/// use oauth_proto::PendingQuery;
/// use oauth_proto::oauth1::server::{Freshness, RememberNonce};
///
/// fn answer<R>(pending: PendingQuery<RememberNonce, R>, seen: &mut Vec<String>) -> R {
///     let nonce = pending.command().nonce.clone();
///     if seen.contains(&nonce) {
///         return pending.answer(Freshness::Seen);
///     }
///     seen.push(nonce);
///     pending.answer(Freshness::Fresh)
/// }
/// ```
#[must_use = "the request goes on when the question is answered"]
pub struct PendingQuery<C: Command, R> {
    command: C,
    next: Next<C, R>,
}

/// The way on: the command comes back with its answer, so that what is in it need not be kept twice.
type Next<C, R> = Box<dyn FnOnce(C, Result<<C as Command>::Answer, String>) -> R + Send>;

impl<C: Command, R> PendingQuery<C, R> {
    pub(crate) fn new(command: C, next: impl FnOnce(Result<C::Answer, String>) -> R + Send + 'static) -> Self {
        Self::with_command(command, move |_, answer| next(answer))
    }

    /// The same, for a way on that wants the command back.
    #[inline]
    pub(crate) fn with_command(
        command: C,
        next: impl FnOnce(C, Result<C::Answer, String>) -> R + Send + 'static,
    ) -> Self {
        Self { command, next: Box::new(next) }
    }

    /// The question.
    pub fn command(&self) -> &C {
        &self.command
    }

    /// Goes on with the answer.
    pub fn answer(self, answer: C::Answer) -> R {
        (self.next)(self.command, Ok(answer))
    }

    /// Goes on with what storage came to.
    pub(crate) fn go_on(self, answer: Result<C::Answer, impl fmt::Display>) -> R {
        match answer {
            Ok(answer) => self.answer(answer),
            Err(why) => self.unavailable(why),
        }
    }

    /// The same question, with something more to do afterwards.
    pub(crate) fn then<Q>(self, more: impl FnOnce(R) -> Q + Send + 'static) -> PendingQuery<C, Q>
    where
        C: 'static,
        R: 'static,
    {
        let next = self.next;
        PendingQuery { command: self.command, next: Box::new(move |command, answer| more(next(command, answer))) }
    }

    /// Goes on without one, because storage failed: the other side gets the protocol's word for it. `why` is for the
    /// operator's log.
    pub fn unavailable(self, why: impl fmt::Display) -> R {
        (self.next)(self.command, Err(why.to_string()))
    }
}

impl<C: Command, R> fmt::Debug for PendingQuery<C, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Query").field(&self.command).finish()
    }
}
