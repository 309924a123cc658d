//! Drives a request to its end with a store and with functions of the application.

use std::fmt::Display;

use super::refuse::rejected::Rejected;
use super::store::decide_grant::{DecideGrant, Decision};
use super::store::extend_response::ExtendResponse;
use super::store::traits::{AsyncStore, NextQuery, ServerStep, Store};
use crate::core::server_queries::UNANSWERED;

/// Members that the application adds to a response.
type Members = serde_json::Map<String, serde_json::Value>;

/// Drives a request to its end with a store and with functions of the application. The functions
/// decide on grants ([`DecideGrant`]) and add members to responses ([`ExtendResponse`]).
///
/// If a function is missing for a query, the client gets the status 503. The reason of the
/// [`Rejected`] names the functions that can be set. If you need no such functions, call
/// [`serve`](crate::oauth2::server::serve()) instead.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::store::MemoryStore;
/// use oauth_proto::oauth2::server::{
///     Approval, DecideGrant, Decision, ExtendResponse, GrantCredential, Serve, ServerStep,
/// };
/// use serde_json::{Map, Value};
/// use std::convert::Infallible;
///
/// let store = MemoryStore::default();
/// let serve = Serve::new(&store)
///     .decide_grant(|query: DecideGrant| match query.credential {
///         GrantCredential::Password { username, password }
///             if password.expose() == "correct horse" =>
///         {
///             Ok::<_, Infallible>(Decision::Granted(Approval::new(username)))
///         }
///         _ => Ok(Decision::Denied),
///     })
///     .extend_response(|query: ExtendResponse| {
///         let user = Value::from(query.grant.user.clone());
///         Ok::<_, Infallible>(Map::from_iter([("user_id".to_owned(), user)]))
///     });
/// assert_eq!(serve.run(ServerStep::Done("issued")).unwrap(), "issued");
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is served until `run` or `run_async` is called"]
pub struct Serve<'s, S: ?Sized, D = Unanswered, X = Unanswered> {
    store: &'s S,
    decide: D,
    extend: X,
}

/// The placeholder for a function of [`Serve`] that is not set. Every query to it fails.
#[derive(Clone, Copy, Debug)]
pub struct Unanswered(());

impl<'s, S: ?Sized> Serve<'s, S> {
    /// Returns a driver without functions. `store` is a [`Store`] for [`run`](Self::run), or an
    /// [`AsyncStore`] for [`run_async`](Self::run_async).
    pub fn new(store: &'s S) -> Self {
        Self { store, decide: Unanswered(()), extend: Unanswered(()) }
    }
}

impl<'s, S: ?Sized, D, X> Serve<'s, S, D, X> {
    /// Sets the function that decides on grants without a page: passwords, token exchanges,
    /// extension grants and refreshes. For [`run_async`](Self::run_async) the function returns a
    /// future.
    pub fn decide_grant<F: FnMut(DecideGrant) -> O, O>(self, decide: F) -> Serve<'s, S, F, X> {
        Serve { store: self.store, decide, extend: self.extend }
    }

    /// Sets the function that adds members to token responses and introspection responses. For
    /// [`run_async`](Self::run_async) the function returns a future.
    pub fn extend_response<F: FnMut(ExtendResponse) -> O, O>(
        self,
        extend: F,
    ) -> Serve<'s, S, D, F> {
        Serve { store: self.store, decide: self.decide, extend }
    }
}

impl<S: Store + ?Sized, D: Answer<DecideGrant, Decision>, X: Answer<ExtendResponse, Members>>
    Serve<'_, S, D, X>
{
    /// Drives a request to its end with a blocking store.
    ///
    /// # Errors
    /// [`Rejected`] if the request is refused. Send [`Rejected::response`] to the client, and write
    /// the reason to the log.
    pub fn run<T>(mut self, mut step: ServerStep<T>) -> Result<T, Rejected> {
        loop {
            step = match step {
                ServerStep::Query(NextQuery::DecideGrant(pending)) => {
                    let answer = self.decide.answer(pending.query().clone());
                    pending.go_on(answer)
                }
                ServerStep::Query(NextQuery::ExtendResponse(pending)) => {
                    let answer = self.extend.answer(pending.query().clone());
                    pending.go_on(answer)
                }
                ServerStep::Query(query) => query.put_to_blocking(self.store),
                ServerStep::Done(value) => return Ok(value),
                ServerStep::Reject(rejected) => return Err(rejected),
            }
        }
    }
}

impl<S, D, X> Serve<'_, S, D, X>
where
    S: AsyncStore + ?Sized,
    D: AnswerAsync<DecideGrant, Decision>,
    X: AnswerAsync<ExtendResponse, Members>,
{
    /// Drives a request to its end with an asynchronous store. The functions of the application
    /// return futures.
    ///
    /// # Examples
    /// ```
    /// use oauth_proto::oauth2::server::store::{Blocking, MemoryStore};
    /// use oauth_proto::oauth2::server::{Decision, Serve, ServerStep};
    /// use std::convert::Infallible;
    ///
    /// # pollster::block_on(async {
    /// let store = MemoryStore::default();
    /// let store = Blocking(&store);
    /// let serve =
    ///     Serve::new(&store).decide_grant(async |_| Ok::<_, Infallible>(Decision::Denied));
    /// assert_eq!(serve.run_async(ServerStep::Done("issued")).await.unwrap(), "issued");
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`Rejected`] if the request is refused. Send [`Rejected::response`] to the client, and write
    /// the reason to the log.
    pub async fn run_async<T>(mut self, mut step: ServerStep<T>) -> Result<T, Rejected> {
        loop {
            step = match step {
                ServerStep::Query(NextQuery::DecideGrant(pending)) => {
                    let answer = self.decide.answer(pending.query().clone()).await;
                    pending.go_on(answer)
                }
                ServerStep::Query(NextQuery::ExtendResponse(pending)) => {
                    let answer = self.extend.answer(pending.query().clone()).await;
                    pending.go_on(answer)
                }
                ServerStep::Query(query) => query.put_to(self.store).await,
                ServerStep::Done(value) => return Ok(value),
                ServerStep::Reject(rejected) => return Err(rejected),
            }
        }
    }
}

/// A function of the application that answers a query, or the placeholder for it.
pub trait Answer<Q, O> {
    /// Answers the query. The text of an error is for the log.
    #[doc(hidden)]
    fn answer(&mut self, query: Q) -> Result<O, String>;
}

impl<Q, O> Answer<Q, O> for Unanswered {
    fn answer(&mut self, _: Q) -> Result<O, String> {
        Err(UNANSWERED.to_owned())
    }
}

impl<Q, O, E: Display, F: FnMut(Q) -> Result<O, E>> Answer<Q, O> for F {
    fn answer(&mut self, query: Q) -> Result<O, String> {
        self(query).map_err(|error| error.to_string())
    }
}

/// An asynchronous function of the application that answers a query, or the placeholder for it.
pub trait AnswerAsync<Q, O> {
    /// Answers the query. The text of an error is for the log.
    #[doc(hidden)]
    fn answer(&mut self, query: Q) -> impl Future<Output = Result<O, String>>;
}

impl<Q, O> AnswerAsync<Q, O> for Unanswered {
    fn answer(&mut self, _: Q) -> impl Future<Output = Result<O, String>> {
        std::future::ready(Err(UNANSWERED.to_owned()))
    }
}

impl<Q, O, E: Display, A: Future<Output = Result<O, E>>, F: FnMut(Q) -> A> AnswerAsync<Q, O> for F {
    fn answer(&mut self, query: Q) -> impl Future<Output = Result<O, String>> {
        let answer = self(query);
        async { answer.await.map_err(|error| error.to_string()) }
    }
}
