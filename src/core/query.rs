//! A server's query to the caller's storage, and the step that continues with the output.

use std::fmt;

/// A query that the storage answers in one atomic operation.
///
/// ```
/// use oauth_proto::OneTimeUse;
/// use oauth_proto::oauth1::server::store::RememberOnce;
/// use oauth_proto::oauth2::server::store::ServerQuery;
///
/// // The output of the query `RememberOnce`:
/// let answer: <RememberOnce as ServerQuery>::Output = OneTimeUse::First;
/// ```
pub trait ServerQuery: fmt::Debug {
    /// The type of the query's output.
    type Output;
}

/// The output of a query that remembers a nonce or marks a pending value as used.
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
    /// The value was not there before, and is stored now.
    First,
    /// The value was there before, or the storage cannot know.
    Replay,
}

/// A query and the step that waits for its output. It can be answered only once, with an output of
/// the right type.
///
/// `R` is the result of answering: the next query, or the end.
///
/// ```
/// use oauth_proto::OneTimeUse;
/// use oauth_proto::oauth1::server::store::{PendingQuery, RememberOnce, TokenHash};
///
/// fn answer<R>(pending: PendingQuery<RememberOnce, R>, seen: &mut Vec<TokenHash>) -> R {
///     let key = pending.query().key;
///     if seen.contains(&key) {
///         return pending.answer(OneTimeUse::Replay);
///     }
///     seen.push(key);
///     pending.answer(OneTimeUse::First)
/// }
/// ```
#[must_use = "the request continues only when `answer` or `unavailable` is called"]
pub struct PendingQuery<Q: ServerQuery, R> {
    query: Q,
    next: Next<Q, R>,
}

/// The rest of the step. It gets the query back with the output, so the values of the query are not
/// kept twice.
type Next<Q, R> = Box<dyn FnOnce(Q, Result<<Q as ServerQuery>::Output, String>) -> R + Send>;

impl<Q: ServerQuery, R> PendingQuery<Q, R> {
    pub(crate) fn new(
        query: Q,
        next: impl FnOnce(Result<Q::Output, String>) -> R + Send + 'static,
    ) -> Self {
        Self::with_query(query, move |_, answer| next(answer))
    }

    /// Makes a pending query like [`new`](Self::new), with a function `next` that gets the query
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

    /// Continues with the output of the query.
    pub fn answer(self, answer: Q::Output) -> R {
        (self.next)(self.query, Ok(answer))
    }

    /// Continues with the result of the storage.
    pub(crate) fn go_on(self, answer: Result<Q::Output, impl fmt::Display>) -> R {
        match answer {
            Ok(answer) => self.answer(answer),
            Err(why) => self.unavailable(why),
        }
    }

    /// Returns the same query, with a function that maps the result.
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

    /// Continues without an output, because the storage failed. The client gets the error of the
    /// protocol for that, usually with status 503. `why` is for the operator's log.
    pub fn unavailable(self, why: impl fmt::Display) -> R {
        (self.next)(self.query, Err(why.to_string()))
    }
}

impl<Q: ServerQuery, R> fmt::Debug for PendingQuery<Q, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Query").field(&self.query).finish()
    }
}
