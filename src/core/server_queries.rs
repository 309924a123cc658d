//! The common parts of the servers of all protocols: queries to storage, the traits of stores, and
//! the functions that drive a request to its end. Each protocol lists its queries, and gets its own
//! types.

/// Defines `ServerStep`, `NextQuery`, `Store`, `AsyncStore`, `Blocking` and `serve` for the queries
/// of a protocol. `aside` names queries that the storage does not answer. `optional` is the type
/// that names the queries that a store can leave out. After the output of a query that a store need
/// not answer by itself come the functions that answer it otherwise: one for blocking stores, and
/// one for asynchronous stores. The queries after a second semicolon are not steps of a request.
macro_rules! server_queries {
    (
        $(#[$step_doc:meta])* step;
        $(#[$query_doc:meta])* query;
        $(#[$store_doc:meta])* store;
        $(#[$async_doc:meta])* async_store;
        $(#[$blocking_doc:meta])* blocking;
        rejected $Rejected:ty;
        aside [$($Aside:ident),*];
        $(optional $Optional:ty;)?
        queries
        $($method:ident: $Query:ident -> $Output:ty $(, $default:ident, $async_default:ident)?;)*
        $(;
            $($called:ident: $Called:ident -> $CalledOutput:ty,
                $called_default:ident, $called_async_default:ident;)*
        )?
    ) => {
        $(#[$step_doc])*
        #[allow(
            clippy::large_enum_variant,
            reason = "a step is moved only a few times in a request, and callers match on it"
        )]
        #[must_use = "a step does nothing until it is driven: see `serve` and `serve_async`"]
        pub enum ServerStep<T> {
            /// A query is pending. Answer it.
            Query(NextQuery<T>),
            /// The request is finished, with this result.
            Done(T),
            /// The request is refused.
            Reject($Rejected),
        }

        impl<T: 'static> ServerStep<T> {
            /// Returns the step with another result, which `end` makes from its result.
            pub fn map<U: 'static>(
                self,
                end: impl FnOnce(T) -> U + Send + 'static,
            ) -> ServerStep<U> {
                match self {
                    Self::Query(query) => ServerStep::Query(query.map(end)),
                    Self::Done(value) => ServerStep::Done(end(value)),
                    Self::Reject(rejected) => ServerStep::Reject(rejected),
                }
            }
        }

        impl<T> std::fmt::Debug for ServerStep<T> {
            /// Does not show the result, which can be a response with credentials.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    Self::Query(query) => f.debug_tuple("Query").field(query).finish(),
                    Self::Done(_) => f.write_str("Done"),
                    Self::Reject(rejected) => f.debug_tuple("Reject").field(rejected).finish(),
                }
            }
        }

        $(#[$query_doc])*
        pub enum NextQuery<T> {
            $(
                #[doc = concat!("See [`", stringify!($Query), "`].")]
                $Query($crate::core::query::PendingQuery<$Query, ServerStep<T>>),
            )*
            $(
                #[doc = concat!("See [`", stringify!($Aside), "`].")]
                $Aside($crate::core::query::PendingQuery<$Aside, ServerStep<T>>),
            )*
        }

        impl<T: 'static> NextQuery<T> {
            fn map<U: 'static>(self, end: impl FnOnce(T) -> U + Send + 'static) -> NextQuery<U> {
                match self {
                    $(Self::$Query(pending) => {
                        NextQuery::$Query(pending.then(|step| step.map(end)))
                    })*
                    $(Self::$Aside(pending) => {
                        NextQuery::$Aside(pending.then(|step| step.map(end)))
                    })*
                }
            }
        }

        impl<T> NextQuery<T> {
            /// Answers the query with an asynchronous store.
            pub(crate) async fn put_to(self, store: &(impl AsyncStore + ?Sized)) -> ServerStep<T> {
                match self {
                    $(Self::$Query(pending) => {
                        let answer = store.$method(pending.query()).await;
                        pending.go_on(answer)
                    })*
                    $(Self::$Aside(pending) => {
                        pending.unavailable($crate::core::server_queries::UNANSWERED)
                    })*
                }
            }
        }

        impl<T> NextQuery<T> {
            /// Answers the query with a blocking store, without a future, which the query would be
            /// moved into.
            #[inline]
            pub(crate) fn put_to_blocking(self, store: &(impl Store + ?Sized)) -> ServerStep<T> {
                match self {
                    $(Self::$Query(pending) => {
                        let answer = store.$method(pending.query());
                        pending.go_on(answer)
                    })*
                    $(Self::$Aside(pending) => {
                        pending.unavailable($crate::core::server_queries::UNANSWERED)
                    })*
                }
            }
        }

        impl<T> std::fmt::Debug for NextQuery<T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $(Self::$Query(pending) => pending.fmt(f),)*
                    $(Self::$Aside(pending) => pending.fmt(f),)*
                }
            }
        }

        $crate::core::server_queries::store_traits! {
            $(#[$store_doc])* store;
            $(#[$async_doc])* async_store;
            $(#[$blocking_doc])* blocking;
            $(optional $Optional;)?
            queries
            $($method: $Query -> $Output $(, $default, $async_default)?;)*
            $($($called: $Called -> $CalledOutput, $called_default, $called_async_default;)*)?
        }

        /// Drives a request to its end with a blocking store.
        ///
        /// # Errors
        /// The refusal, if the request is refused or the store fails. Send its response to the
        /// client, and log its reason.
        pub fn serve<T>(
            mut step: ServerStep<T>,
            store: &(impl Store + ?Sized),
        ) -> Result<T, $Rejected> {
            loop {
                step = match step {
                    ServerStep::Query(query) => query.put_to_blocking(store),
                    ServerStep::Done(value) => return Ok(value),
                    ServerStep::Reject(rejected) => return Err(rejected),
                }
            }
        }

        /// Drives a request to its end with an asynchronous store.
        ///
        /// # Errors
        /// The refusal, if the request is refused or the store fails. Send its response to the
        /// client, and log its reason.
        pub async fn serve_async<T>(
            mut step: ServerStep<T>,
            store: &(impl AsyncStore + ?Sized),
        ) -> Result<T, $Rejected> {
            loop {
                step = match step {
                    ServerStep::Query(query) => query.put_to(store).await,
                    ServerStep::Done(value) => return Ok(value),
                    ServerStep::Reject(rejected) => return Err(rejected),
                }
            }
        }
    };
}

/// Defines the traits of a protocol's stores, with a method for each query.
macro_rules! store_traits {
    (
        $(#[$store_doc:meta])* store;
        $(#[$async_doc:meta])* async_store;
        $(#[$blocking_doc:meta])* blocking;
        $(optional $Optional:ty;)?
        queries
        $($method:ident: $Query:ident -> $Output:ty $(, $default:ident, $async_default:ident)?;)*
    ) => {
        $(#[$store_doc])*
        pub trait Store {
            /// The error of the storage. Its text is written to the operator's log.
            type Error: std::fmt::Display + Send;
            $($crate::core::server_queries::last! {
                {
                    #[doc = concat!("See [`", stringify!($Query), "`].")]
                    ///
                    /// # Errors
                    /// The error of the storage, if it fails.
                    fn $method(&self, query: &$Query) -> Result<$Output, Self::Error>;
                }
                $({
                    #[doc = concat!("See [`", stringify!($Query), "`].")]
                    ///
                    /// # Errors
                    /// The error of the storage, if it fails.
                    fn $method(&self, query: &$Query) -> Result<$Output, Self::Error> {
                        $default(self, query)
                    }
                })?
            })*
            $(
                /// Returns whether the store answers an optional query. Default: `false` for each.
                fn supports(&self, query: $Optional) -> bool {
                    let _ = query;
                    false
                }
            )?
        }

        $(#[$async_doc])*
        pub trait AsyncStore {
            /// The error of the storage. Its text is written to the operator's log.
            type Error: std::fmt::Display + Send;
            $($crate::core::server_queries::last! {
                {
                    #[doc = concat!("See [`", stringify!($Query), "`].")]
                    fn $method(
                        &self,
                        query: &$Query,
                    ) -> impl Future<Output = Result<$Output, Self::Error>> + Send;
                }
                $({
                    #[doc = concat!("See [`", stringify!($Query), "`].")]
                    fn $method(
                        &self,
                        query: &$Query,
                    ) -> impl Future<Output = Result<$Output, Self::Error>> + Send {
                        $async_default(self, query)
                    }
                })?
            })*
            $(
                /// Returns whether the store answers an optional query. Default: `false` for each.
                fn supports(&self, query: $Optional) -> bool {
                    let _ = query;
                    false
                }
            )?
        }

        $(#[$blocking_doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct Blocking<'s, S: ?Sized>(pub &'s S);

        impl<S: Store + ?Sized> AsyncStore for Blocking<'_, S> {
            type Error = S::Error;
            $(
                fn $method(
                    &self,
                    query: &$Query,
                ) -> impl Future<Output = Result<$Output, S::Error>> + Send {
                    std::future::ready(self.0.$method(query))
                }
            )*
            $(
                fn supports(&self, query: $Optional) -> bool {
                    self.0.supports(query)
                }
            )?
        }

        $crate::core::server_queries::behind_a_pointer! {
            &S; $($Optional)?; $($method: $Query -> $Output;)*
        }
        $crate::core::server_queries::behind_a_pointer! {
            std::sync::Arc<S>; $($Optional)?; $($method: $Query -> $Output;)*
        }
        $crate::core::server_queries::behind_a_pointer! {
            Box<S>; $($Optional)?; $($method: $Query -> $Output;)*
        }
    };
}

/// Returns the last of one or two pieces of code.
macro_rules! last {
    ({ $($first:tt)* }) => { $($first)* };
    ({ $($first:tt)* } { $($second:tt)* }) => { $($second)* };
}

/// A store behind a pointer is a store.
macro_rules! behind_a_pointer {
    ($pointer:ty; $($Optional:ty)?; $($method:ident: $Query:ident -> $Output:ty;)*) => {
        impl<S: AsyncStore + ?Sized> AsyncStore for $pointer {
            type Error = S::Error;
            $(
                fn $method(
                    &self,
                    query: &$Query,
                ) -> impl Future<Output = Result<$Output, S::Error>> + Send {
                    (**self).$method(query)
                }
            )*
            $(
                fn supports(&self, query: $Optional) -> bool {
                    (**self).supports(query)
                }
            )?
        }

        impl<S: Store + ?Sized> Store for $pointer {
            type Error = S::Error;
            $(
                fn $method(&self, query: &$Query) -> Result<$Output, S::Error> {
                    (**self).$method(query)
                }
            )*
            $(
                fn supports(&self, query: $Optional) -> bool {
                    (**self).supports(query)
                }
            )?
        }
    };
}

pub(crate) use {behind_a_pointer, last, server_queries, store_traits};

/// The text for a query of the application for which no function was set.
pub(crate) const UNANSWERED: &str = "the application has no function that answers this query: set \
    `Serve::decide_grant` or `Serve::extend_response`";

/// Polls a future to its end. It is always ready, since it asks a blocking store.
#[cfg(feature = "conformance")]
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    use std::task::{Context, Poll, Waker};

    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(end) => end,
        Poll::Pending => unreachable!("a blocking store has answered as soon as it returns"),
    }
}
