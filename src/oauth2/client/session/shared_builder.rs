//! The setup of a shared session: the functions that store its token, and the runtime that finishes
//! its renewals.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::renewal::{Clock, Detached, Renewal};
use super::session::Session;
use super::shared::SharedSession;
use super::storage::{
    ConditionalWrite, Lease, LeaseOutcome, Storage, Stored, StoredToken, WriteOutcome,
};
use crate::core::error::oauth2::RequestError;
use crate::oauth2::Token;
use crate::{BoxError, Error, Moment, Request, Response};

impl SharedSession {
    /// Begins to share a session. The functions of the builder set how the token is stored.
    #[cfg(feature = "os")]
    pub fn builder(session: Session) -> SharedSessionBuilder {
        Self::builder_with(session, Moment::from_os)
    }

    /// Begins to share a session as [`builder`](Self::builder) does, with the caller's time and
    /// randomness.
    pub fn builder_with(
        session: Session,
        clock: impl Fn() -> Moment + Send + Sync + 'static,
    ) -> SharedSessionBuilder {
        SharedSessionBuilder {
            lease_duration: LEASE,
            session,
            storage: Storage::default(),
            clock: Arc::new(clock),
            detached: None,
        }
    }
}

/// The default of [`SharedSessionBuilder::lease_duration`].
const LEASE: Duration = Duration::from_secs(60);

/// Builds a [`SharedSession`] with functions that store its token.
///
/// - If one process uses the token, set [`save`](Self::save).
/// - If several processes share the token, set [`load`](Self::load) and
///   [`store_if_unchanged`](Self::store_if_unchanged), but not `save`.
/// - To let only one of these processes renew at a time, set [`lease`](Self::lease) and
///   [`sleep`](Self::sleep), too. [`release`](Self::release) is optional.
///
/// Each function returns a future. If your function blocks, return its result with
/// [`std::future::ready`].
///
/// # Examples
/// Several processes share a token in a database, whose client library blocks:
/// ```no_run
/// use std::future::ready;
/// use std::thread;
///
/// use oauth_proto::oauth2::{
///     Client, ConditionalWrite, Lease, LeaseOutcome, Session, SharedSession, StoredToken,
///     WriteOutcome,
/// };
/// # #[derive(Clone)]
/// # struct Database;
/// # impl Database {
/// #     fn load(&self) -> Result<Option<StoredToken>, std::io::Error> { unimplemented!() }
/// #     fn store_if_unchanged(
/// #         &self,
/// #         _: ConditionalWrite,
/// #     ) -> Result<WriteOutcome, std::io::Error> {
/// #         unimplemented!()
/// #     }
/// #     fn lease(&self, _: Lease) -> Result<LeaseOutcome, std::io::Error> { unimplemented!() }
/// #     fn release(&self, _: Lease) -> Result<(), std::io::Error> { unimplemented!() }
/// # }
/// # fn example(client: Client, database: Database) -> Result<(), Box<dyn std::error::Error>> {
///
/// // The session loads the token from the database.
/// let session = Session::new(&client, "https://photos.example.com", None)?;
/// let [db1, db2, db3, db4] = [(); 4].map(|()| database.clone());
/// let shared = SharedSession::builder(session)
///     .load(move || ready(db1.load()))
///     .store_if_unchanged(move |write| ready(db2.store_if_unchanged(write)))
///     .lease(move |wanted| ready(db3.lease(wanted)))
///     // DELETE FROM leases WHERE name = $1 AND holder = $2
///     .release(move |lease| ready(db4.release(lease)))
///     .sleep(|pause| {
///         thread::sleep(pause);
///         ready(())
///     })
///     .build()?;
/// # Ok(())
/// # }
/// ```
///
/// One process, with functions that do not block:
/// ```no_run
/// use oauth_proto::oauth2::{Session, SharedSession, Token};
/// use oauth_proto::{Request, Response};
///
/// async fn exchange(request: Request) -> Result<Response, std::io::Error> {
///     # let _ = request;
///     todo!("your HTTP client")
/// }
///
/// async fn save(token: Token) -> Result<(), std::io::Error> {
///     # let _ = token;
///     todo!("your database")
/// }
///
/// fn share(session: Session) -> Result<SharedSession, oauth_proto::Error> {
///     SharedSession::builder(session)
///         .save(save)
///         // The runtime finishes a renewal that has begun, even if the task that needed it is
///         // dropped.
///         .spawn_renewals(exchange, |renewal| { tokio::spawn(renewal); })
///         .build()
/// }
/// ```
#[must_use = "`build` makes the session"]
#[non_exhaustive]
pub struct SharedSessionBuilder {
    /// The duration of a lease. Choose a longer time than your transport's timeout. Otherwise a
    /// second process may begin to renew while the first one still waits for the server. Default:
    /// 60 seconds.
    pub lease_duration: Duration,
    session: Session,
    storage: Storage,
    clock: Clock,
    detached: Option<Detached>,
}

impl fmt::Debug for SharedSessionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSessionBuilder")
            .field("session", &self.session)
            .field("storage", &self.storage)
            .finish_non_exhaustive()
    }
}

impl SharedSessionBuilder {
    /// Sets the function that stores each renewed token, before the token is used. Default: renewed
    /// tokens are not stored.
    ///
    /// This is only for applications of one process: the function would overwrite a token that
    /// another process has stored. Write with `UPDATE` and not with `INSERT`, so a late renewal
    /// does not bring back the row of a user who has signed out. See also
    /// [`SharedSession::sign_out`].
    pub fn save<E, F>(mut self, save: impl Fn(Token) -> F + Send + Sync + 'static) -> Self
    where
        E: Into<BoxError>,
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        self.storage.save = Some(Arc::new(move |token| boxed(save(token))));
        self
    }

    /// Sets the function that loads the stored token. The session calls it before each renewal. If
    /// another process has stored a newer token, the session uses that token instead of renewing.
    /// Default: the session uses only its own token.
    pub fn load<E, F>(mut self, load: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        E: Into<BoxError>,
        F: Future<Output = Result<Option<StoredToken>, E>> + Send + 'static,
    {
        self.storage.load = Some(Arc::new(move |()| boxed(load())));
        self
    }

    /// Sets the function that stores each renewed token, before the token is used. The function
    /// must not store the token if the stored version differs from [`ConditionalWrite::expected`].
    /// Default: renewed tokens are not stored.
    ///
    /// After the server has refused to renew the token, the session calls the function with a
    /// [`StoredToken`] without a token. Store it in the same way.
    pub fn store_if_unchanged<E, F>(
        mut self,
        store: impl Fn(ConditionalWrite) -> F + Send + Sync + 'static,
    ) -> Self
    where
        E: Into<BoxError>,
        F: Future<Output = Result<WriteOutcome, E>> + Send + 'static,
    {
        self.storage.store_if_unchanged = Some(Arc::new(move |write| boxed(store(write))));
        self
    }

    /// Sets the function that leases the right to renew, so only one process renews at a time. The
    /// other processes [sleep](Self::sleep), and then load the new token. Default: every process
    /// renews when its own token is due.
    pub fn lease<E, F>(mut self, lease: impl Fn(Lease) -> F + Send + Sync + 'static) -> Self
    where
        E: Into<BoxError>,
        F: Future<Output = Result<LeaseOutcome, E>> + Send + 'static,
    {
        self.storage.lease = Some(Arc::new(move |wanted| boxed(lease(wanted))));
        self
    }

    /// Sets the function that ends a lease. The session calls the function when the renewal has
    /// ended, even if the renewal has failed. It does not call the function if the renewed token
    /// could not be stored. The function must not end the lease of another holder. Default: no
    /// function, so a lease ends at its [`expires_at`](field@Lease::expires_at), and after a failed
    /// renewal the other processes wait until then.
    pub fn release<E, F>(mut self, release: impl Fn(Lease) -> F + Send + Sync + 'static) -> Self
    where
        E: Into<BoxError>,
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        self.storage.release = Some(Arc::new(move |lease| boxed(release(lease))));
        self
    }

    /// Sets the function with which the session waits while another process has the lease. Use your
    /// runtime's function, such as `tokio::time::sleep`, or `std::thread::sleep` in a program that
    /// blocks.
    pub fn sleep<F>(mut self, sleep: impl Fn(Duration) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.storage.sleep = Some(Arc::new(move |pause| Box::pin(sleep(pause))));
        self
    }

    /// Lets the runtime finish renewals, even if the task that needed one is dropped. Web
    /// frameworks drop tasks when a browser disconnects. Default: the task that needs the token
    /// renews it.
    ///
    /// The session passes each renewal to `spawn`, as a future that owns everything it needs.
    /// Renewals send their requests with this `send`, and a fetch sends API requests with its own
    /// `send`. Every fetch still waits for the result. If the runtime drops a renewal, a fetch that
    /// waits for it renews the token with its own `send`. Without this option, a server that
    /// rotates refresh tokens may have invalidated the old token while the new one is lost.
    pub fn spawn_renewals<E, F>(
        mut self,
        send: impl Fn(Request) -> F + Send + Sync + 'static,
        spawn: impl Fn(Renewal) + Send + Sync + 'static,
    ) -> Self
    where
        E: Into<BoxError>,
        F: Future<Output = Result<Response, E>> + Send + 'static,
    {
        self.detached = Some(Detached::new(send, spawn));
        self
    }

    /// Makes the session.
    ///
    /// # Errors
    /// [`RequestError::StorageIncomplete`](crate::oauth2::RequestError::StorageIncomplete) if two
    /// of the functions exclude each other, or if one of them needs another one that is missing.
    /// [`Session::return_renewals`](field@Session::return_renewals) excludes `save`,
    /// `store_if_unchanged` and `spawn_renewals`.
    pub fn build(self) -> Result<SharedSession, Error> {
        let Storage { load, save, store_if_unchanged, lease, release, sleep, .. } = &self.storage;
        let has = |name, given: bool| given.then_some(name);
        let needs = [
            (has("load", load.is_some()), ("store_if_unchanged", store_if_unchanged.is_some())),
            (has("store_if_unchanged", store_if_unchanged.is_some()), ("load", load.is_some())),
            (has("lease", lease.is_some()), ("load", load.is_some())),
            (has("lease", lease.is_some()), ("sleep", sleep.is_some())),
            (has("release", release.is_some()), ("lease", lease.is_some())),
        ];
        for (given, (needed, is_there)) in needs {
            if let Some(given) = given.filter(|_| !is_there) {
                return Err(RequestError::StorageIncomplete {
                    given,
                    reason: "needs",
                    other: needed,
                }
                .into());
            }
        }
        let excludes = [
            ("save", save.is_some(), "store_if_unchanged", store_if_unchanged.is_some()),
            ("Session::return_renewals", self.session.return_renewals, "save", save.is_some()),
            (
                "Session::return_renewals",
                self.session.return_renewals,
                "store_if_unchanged",
                store_if_unchanged.is_some(),
            ),
            (
                "Session::return_renewals",
                self.session.return_renewals,
                "spawn_renewals",
                self.detached.is_some(),
            ),
        ];
        for (given, is_given, other, is_there) in excludes {
            if is_given && is_there {
                return Err(RequestError::StorageIncomplete {
                    given,
                    reason: "cannot be used together with",
                    other,
                }
                .into());
            }
        }
        let storage = Storage { lease_duration: self.lease_duration, ..self.storage };
        Ok(SharedSession::of(self.session, storage, self.clock, self.detached))
    }
}

/// Boxes a caller's future and its error.
fn boxed<T, E: Into<BoxError>>(
    future: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Stored<T> {
    Box::pin(async { future.await.map_err(Into::into) })
}
