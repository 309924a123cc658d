//! The server's side of sans-I/O: a query to the caller's storage, and what goes on with its
//! answer.

use std::fmt;

/// A query that storage answers in one atomic step.
///
/// ```
/// use oauth_proto::OneTimeUse;
/// use oauth_proto::oauth1::server::store::RememberNonce;
/// use oauth_proto::oauth2::server::store::ServerQuery;
///
/// // What a `RememberNonce` wants to be answered:
/// let answer: <RememberNonce as ServerQuery>::Output = OneTimeUse::First;
/// ```
pub trait ServerQuery: fmt::Debug {
    /// The type of its answer.
    type Output;
}

/// The answer to a query that remembers a nonce, or spends a pending value.
///
/// ```
/// use oauth_proto::OneTimeUse;
///
/// // What a set's `insert` tells:
/// let one_time_use = |inserted| if inserted { OneTimeUse::First } else { OneTimeUse::Replay };
/// assert_eq!(one_time_use(true), OneTimeUse::First);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OneTimeUse {
    /// It was not there, and is now.
    First,
    /// It was there.
    Replay,
}

/// A query and what waits for its answer. It can be answered only once, and only with an answer of
/// the right type.
///
/// `R` is the result of the answer: the next query, or the end.
///
/// ```
/// use oauth_proto::OneTimeUse;
/// use oauth_proto::oauth1::server::store::RememberNonce;
/// use oauth_proto::oauth2::server::store::PendingQuery;
///
/// fn answer<R>(pending: PendingQuery<RememberNonce, R>, seen: &mut Vec<String>) -> R {
///     let nonce = pending.query().nonce.clone();
///     if seen.contains(&nonce) {
///         return pending.answer(OneTimeUse::Replay);
///     }
///     seen.push(nonce);
///     pending.answer(OneTimeUse::First)
/// }
/// ```
#[must_use = "the request continues only when `answer` or `unavailable` is called"]
pub struct PendingQuery<Q: ServerQuery, R> {
    query: Q,
    next: Next<Q, R>,
}

/// The way on: the query comes back with its answer, so that what is in it need not be kept twice.
type Next<Q, R> = Box<dyn FnOnce(Q, Result<<Q as ServerQuery>::Output, String>) -> R + Send>;

impl<Q: ServerQuery, R> PendingQuery<Q, R> {
    pub(crate) fn new(
        query: Q,
        next: impl FnOnce(Result<Q::Output, String>) -> R + Send + 'static,
    ) -> Self {
        Self::with_query(query, move |_, answer| next(answer))
    }

    /// Makes a pending query as [`new`](Self::new) does, with a function `next` that gets the query
    /// back.
    #[inline]
    pub(crate) fn with_query(
        query: Q,
        next: impl FnOnce(Q, Result<Q::Output, String>) -> R + Send + 'static,
    ) -> Self {
        Self { query, next: Box::new(next) }
    }

    /// Returns the query.
    pub fn query(&self) -> &Q {
        &self.query
    }

    /// Goes on with the answer.
    pub fn answer(self, answer: Q::Output) -> R {
        (self.next)(self.query, Ok(answer))
    }

    /// Goes on with the result of the storage.
    pub(crate) fn go_on(self, answer: Result<Q::Output, impl fmt::Display>) -> R {
        match answer {
            Ok(answer) => self.answer(answer),
            Err(why) => self.unavailable(why),
        }
    }

    /// Returns the same query, with something more to do afterwards.
    pub(crate) fn then<T>(self, more: impl FnOnce(R) -> T + Send + 'static) -> PendingQuery<Q, T>
    where
        Q: 'static,
        R: 'static,
    {
        let next = self.next;
        PendingQuery {
            query: self.query,
            next: Box::new(move |query, answer| more(next(query, answer))),
        }
    }

    /// Goes on without one, because storage failed: the other side gets the protocol's word for it.
    /// `why` is for the operator's log.
    pub fn unavailable(self, why: impl fmt::Display) -> R {
        (self.next)(self.query, Err(why.to_string()))
    }
}

impl<Q: ServerQuery, R> fmt::Debug for PendingQuery<Q, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Query").field(&self.query).finish()
    }
}
