//! The way of a request through a server: questions to storage, then an end; and what drives it there.

use std::fmt;
use std::future::{Future, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::records::TemporaryRecord;
use super::rejected::Rejected;
use super::store::{
    AsyncStore, Credentials, Decide, FindCredentials, FindTemporary, Freshness, Redeem, Redemption, RememberNonce,
    SaveTemporary, Store,
};
use crate::{Ask, Command};

/// What happens next with a request: a question to storage, the end, or a refusal.
///
/// [`serve`] and [`serve_async`] take one to its end. A server that wants to do so itself matches:
///
/// ```
/// use oauth_proto::oauth1::server::{MemoryStore, Question, Rejected, Reply, Store};
///
/// fn drive<T>(mut reply: Reply<T>, store: &MemoryStore) -> Result<T, Rejected> {
///     loop {
///         reply = match reply {
///             Reply::Ask(Question::FindCredentials(ask)) => match store.find_credentials(ask.command()) {
///                 Ok(answer) => ask.answer(answer),
///                 Err(error) => ask.unavailable(error),
///             },
///             // … and so on for the other questions.
///             Reply::Ask(_) => unimplemented!(),
///             Reply::Done(value) => return Ok(value),
///             Reply::Reject(rejected) => return Err(rejected),
///         }
///     }
/// }
/// ```
#[allow(clippy::large_enum_variant, reason = "a reply is moved a few times in a request, and matched by hand")]
#[must_use = "a reply does nothing until it is driven: see `serve` and `serve_async`"]
pub enum Reply<T> {
    /// Ask storage.
    Ask(Question<T>),
    /// The request is dealt with.
    Done(T),
    /// The request is refused.
    Reject(Rejected),
}

impl<T> fmt::Debug for Reply<T> {
    /// What is done is not shown: it may be a response with credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask(question) => f.debug_tuple("Ask").field(question).finish(),
            Self::Done(_) => f.write_str("Done"),
            Self::Reject(rejected) => f.debug_tuple("Reject").field(rejected).finish(),
        }
    }
}

/// A question to storage: a command, and the way on with its answer.
///
/// ```
/// use oauth_proto::oauth1::server::Question;
///
/// fn changes_something<T>(question: &Question<T>) -> bool {
///     !matches!(question, Question::FindCredentials(_) | Question::FindTemporary(_))
/// }
/// ```
pub enum Question<T> {
    /// See [`FindCredentials`].
    FindCredentials(Ask<FindCredentials, Reply<T>>),
    /// See [`RememberNonce`].
    RememberNonce(Ask<RememberNonce, Reply<T>>),
    /// See [`SaveTemporary`].
    SaveTemporary(Ask<SaveTemporary, Reply<T>>),
    /// See [`FindTemporary`].
    FindTemporary(Ask<FindTemporary, Reply<T>>),
    /// See [`Decide`].
    Decide(Ask<Decide, Reply<T>>),
    /// See [`Redeem`].
    Redeem(Ask<Redeem, Reply<T>>),
}

impl<T> fmt::Debug for Question<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FindCredentials(ask) => ask.fmt(f),
            Self::RememberNonce(ask) => ask.fmt(f),
            Self::SaveTemporary(ask) => ask.fmt(f),
            Self::FindTemporary(ask) => ask.fmt(f),
            Self::Decide(ask) => ask.fmt(f),
            Self::Redeem(ask) => ask.fmt(f),
        }
    }
}

/// Takes a request to its end, asking a blocking store.
///
/// # Errors
/// The refusal: its response goes to the client, its reason to the log.
pub fn serve<T>(reply: Reply<T>, store: &(impl Store + ?Sized)) -> Result<T, Rejected> {
    // One loop serves both kinds of store: the futures of a blocking one are ready at once.
    match pin!(serve_async(reply, &Blocking(store))).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(end) => end,
        Poll::Pending => unreachable!("a blocking store has answered when it returns"),
    }
}

/// Takes a request to its end, asking an asynchronous store.
///
/// ```
/// use oauth_proto::oauth1::server::{Blocking, MemoryStore, Reply, serve_async};
///
/// # pollster::block_on(async {
/// let store = MemoryStore::default();
/// assert_eq!(serve_async(Reply::Done("verified"), &Blocking(&store)).await.unwrap(), "verified");
/// # });
/// ```
///
/// # Errors
/// The refusal: its response goes to the client, its reason to the log.
pub async fn serve_async<T>(mut reply: Reply<T>, store: &(impl AsyncStore + ?Sized)) -> Result<T, Rejected> {
    loop {
        reply = match reply {
            Reply::Ask(Question::FindCredentials(ask)) => {
                let answer = store.find_credentials(ask.command()).await;
                go_on(ask, answer)
            }
            Reply::Ask(Question::RememberNonce(ask)) => {
                let answer = store.remember_nonce(ask.command()).await;
                go_on(ask, answer)
            }
            Reply::Ask(Question::SaveTemporary(ask)) => {
                let answer = store.save_temporary(ask.command()).await;
                go_on(ask, answer)
            }
            Reply::Ask(Question::FindTemporary(ask)) => {
                let answer = store.find_temporary(ask.command()).await;
                go_on(ask, answer)
            }
            Reply::Ask(Question::Decide(ask)) => {
                let answer = store.decide(ask.command()).await;
                go_on(ask, answer)
            }
            Reply::Ask(Question::Redeem(ask)) => {
                let answer = store.redeem(ask.command()).await;
                go_on(ask, answer)
            }
            Reply::Done(value) => return Ok(value),
            Reply::Reject(rejected) => return Err(rejected),
        }
    }
}

fn go_on<C: Command, R, E: fmt::Display>(ask: Ask<C, R>, answer: Result<C::Answer, E>) -> R {
    match answer {
        Ok(answer) => ask.answer(answer),
        Err(error) => ask.unavailable(error),
    }
}

/// A blocking store where an asynchronous one is wanted, for stores that answer at once.
///
/// ```
/// use oauth_proto::oauth1::server::{AsyncStore, Blocking, MemoryStore};
///
/// fn any_store(_: &impl AsyncStore) {}
/// any_store(&Blocking(&MemoryStore::default()));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Blocking<'s, S: ?Sized>(pub &'s S);

impl<S: Store + ?Sized> AsyncStore for Blocking<'_, S> {
    type Error = S::Error;

    fn find_credentials(
        &self,
        command: &FindCredentials,
    ) -> impl Future<Output = Result<Credentials, S::Error>> + Send {
        ready(self.0.find_credentials(command))
    }

    fn remember_nonce(&self, command: &RememberNonce) -> impl Future<Output = Result<Freshness, S::Error>> + Send {
        ready(self.0.remember_nonce(command))
    }

    fn save_temporary(&self, command: &SaveTemporary) -> impl Future<Output = Result<(), S::Error>> + Send {
        ready(self.0.save_temporary(command))
    }

    fn find_temporary(
        &self,
        command: &FindTemporary,
    ) -> impl Future<Output = Result<Option<TemporaryRecord>, S::Error>> + Send {
        ready(self.0.find_temporary(command))
    }

    fn decide(&self, command: &Decide) -> impl Future<Output = Result<Option<TemporaryRecord>, S::Error>> + Send {
        ready(self.0.decide(command))
    }

    fn redeem(&self, command: &Redeem) -> impl Future<Output = Result<Redemption, S::Error>> + Send {
        ready(self.0.redeem(command))
    }
}
