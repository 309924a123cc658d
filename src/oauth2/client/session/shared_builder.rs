//! How a shared session is set up: where its token is stored, and who finishes its renewals.

use std::future::{Future, ready};
use std::sync::Arc;
use std::time::Duration;

use super::renewal::{Detached, Renewal};
use super::session::Session;
use super::shared::SharedSession;
use super::storage::{ConditionalWrite, Lease, LeaseOutcome, Storage, Stored, StoredToken, WriteOutcome};
use crate::oauth2::Token;
use crate::{BoxError, Error, Moment, Request, Response, Unsupported};

impl SharedSession {
    /// Shares a session whose token is stored by functions that block.
    pub fn builder(session: Session) -> SharedSessionBuilder {
        SharedSessionBuilder::new(session)
    }

    /// Shares a session whose token is stored by functions that return futures.
    pub fn builder_async(session: Session) -> AsyncSharedSessionBuilder {
        AsyncSharedSessionBuilder::new(session)
    }
}

/// Builds a [`SharedSession`] with functions that block.
///
/// If one process uses the token, give [`save`](Self::save). If several do, give [`load`](Self::load) and
/// [`store_if_unchanged`](Self::store_if_unchanged), which need each other, and [`lease`](Self::lease), so that only one
/// process renews. [`release`](Self::release) is optional and needs `lease`. An asynchronous `lease` needs
/// [`sleep`](AsyncSharedSessionBuilder::sleep), too. `save` excludes `store_if_unchanged`.
///
/// # Examples
/// Several processes that share a token in a database:
/// ```no_run
/// use oauth_proto::oauth2::{Client, ConditionalWrite, Lease, LeaseOutcome, Session, SharedSession, StoredToken, WriteOutcome};
/// # #[derive(Clone)]
/// # struct Database;
/// # impl Database {
/// #     fn load(&self) -> Result<Option<StoredToken>, std::io::Error> { unimplemented!() }
/// #     fn store_if_unchanged(&self, _: ConditionalWrite) -> Result<WriteOutcome, std::io::Error> { unimplemented!() }
/// #     fn lease(&self, _: Lease) -> Result<LeaseOutcome, std::io::Error> { unimplemented!() }
/// #     fn release(&self, _: Lease) -> Result<(), std::io::Error> { unimplemented!() }
/// # }
/// # fn example(client: Client, database: Database) -> Result<(), Box<dyn std::error::Error>> {
///
/// // The token comes from the database.
/// let session = Session::without_token(&client, "https://photos.example.com")?;
/// let builder = SharedSession::builder(session);
/// let db = database.clone();
/// let builder = builder.load(move || db.load());
/// let db = database.clone();
/// let builder = builder.store_if_unchanged(move |write| db.store_if_unchanged(write));
/// let db = database.clone();
/// let builder = builder.lease(move |wanted| db.lease(wanted));
/// let db = database.clone();
/// let builder = builder.release(move |lease| db.release(lease)); // DELETE FROM leases WHERE name = $1 AND holder = $2
/// let shared = builder.build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "`build` makes the session"]
pub struct SharedSessionBuilder(AsyncSharedSessionBuilder);

/// Builds a [`SharedSession`] with functions that return futures. See [`SharedSessionBuilder`] for which of them are needed.
///
/// # Examples
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
///     SharedSession::builder_async(session)
///         .save(save)
///         // A renewal that has begun is finished by the runtime, also when the task that needed it is dropped.
///         .spawn_renewals(exchange, |renewal| { tokio::spawn(renewal); })
///         .build()
/// }
/// ```
#[derive(Debug)]
#[must_use = "`build` makes the session"]
pub struct AsyncSharedSessionBuilder {
    session: Session,
    storage: Storage,
    detached: Option<Detached>,
}

impl SharedSessionBuilder {
    pub(crate) fn new(session: Session) -> Self {
        Self(AsyncSharedSessionBuilder::new(session).sleep(|pause| {
            std::thread::sleep(pause);
            ready(())
        }))
    }

    fn map(self, change: impl FnOnce(AsyncSharedSessionBuilder) -> AsyncSharedSessionBuilder) -> Self {
        Self(change(self.0))
    }

    /// Stores each renewed token with this function, before the token is used. Only for an application of one process: the
    /// function would overwrite what another process has stored. Write with `UPDATE` and not with `INSERT`, so that a late
    /// renewal does not bring back the row of a user who has signed out; see also [`SharedSession::sign_out`].
    pub fn save<E: Into<BoxError> + Send + 'static>(
        self,
        save: impl Fn(Token) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        self.map(|builder| builder.save(move |token| ready(save(token))))
    }

    /// Loads the stored token with this function, before each renewal. A token that another process has stored is used
    /// instead of a renewal.
    pub fn load<E: Into<BoxError> + Send + 'static>(
        self,
        load: impl Fn() -> Result<Option<StoredToken>, E> + Send + Sync + 'static,
    ) -> Self {
        self.map(|builder| builder.load(move || ready(load())))
    }

    /// Stores each renewed token with this function before the token is used, unless the stored version has changed since
    /// it was loaded. After the server has refused to renew, the function is called with a [`StoredToken`] without a token:
    /// store that in the same way.
    pub fn store_if_unchanged<E: Into<BoxError> + Send + 'static>(
        self,
        store: impl Fn(ConditionalWrite) -> Result<WriteOutcome, E> + Send + Sync + 'static,
    ) -> Self {
        self.map(|builder| builder.store_if_unchanged(move |write| ready(store(write))))
    }

    /// Asks this function for the right to renew, so that one process renews at a time. The others wait for its token.
    pub fn lease<E: Into<BoxError> + Send + 'static>(
        self,
        lease: impl Fn(Lease) -> Result<LeaseOutcome, E> + Send + Sync + 'static,
    ) -> Self {
        self.map(|builder| builder.lease(move |wanted| ready(lease(wanted))))
    }

    /// Gives a lease back with this function, as soon as its renewal has ended, so that others need not wait for the lease's
    /// end after a renewal that failed. It must not end the lease of another holder.
    pub fn release<E: Into<BoxError> + Send + 'static>(
        self,
        release: impl Fn(Lease) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        self.map(|builder| builder.release(move |lease| ready(release(lease))))
    }

    /// Sets how long a lease lasts. Choose a time longer than your transport's timeout: otherwise a second process may
    /// begin to renew while the first one is still waiting for the server. The default is 60 seconds.
    pub fn lease_duration(self, duration: Duration) -> Self {
        self.map(|builder| builder.lease_duration(duration))
    }

    /// Waits with this function while another process holds the lease. The default is `std::thread::sleep`.
    pub fn sleep(self, sleep: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        self.map(|builder| {
            builder.sleep(move |pause| {
                sleep(pause);
                ready(())
            })
        })
    }

    /// Makes the session.
    ///
    /// # Errors
    /// [`Unsupported::StorageIncomplete`] when two of the functions do not go together, or one is missing that another needs.
    pub fn build(self) -> Result<SharedSession, Error> {
        self.0.build()
    }
}

impl AsyncSharedSessionBuilder {
    pub(crate) fn new(session: Session) -> Self {
        Self { session, storage: Storage::default(), detached: None }
    }

    /// Stores each renewed token with this function, before the token is used. Only for an application of one process: the
    /// function would overwrite what another process has stored. Write with `UPDATE` and not with `INSERT`, so that a late
    /// renewal does not bring back the row of a user who has signed out; see also [`SharedSession::sign_out`].
    pub fn save<E, F>(mut self, save: impl Fn(Token) -> F + Send + Sync + 'static) -> Self
    where
        E: Into<BoxError>,
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        self.storage.save = Some(Arc::new(move |token| boxed(save(token))));
        self
    }

    /// Loads the stored token with this function, before each renewal. A token that another process has stored is used
    /// instead of a renewal.
    pub fn load<E, F>(mut self, load: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        E: Into<BoxError>,
        F: Future<Output = Result<Option<StoredToken>, E>> + Send + 'static,
    {
        self.storage.load = Some(Arc::new(move |()| boxed(load())));
        self
    }

    /// Stores each renewed token with this function before the token is used, unless the stored version has changed since
    /// it was loaded. After the server has refused to renew, the function is called with a [`StoredToken`] without a token:
    /// store that in the same way.
    pub fn store_if_unchanged<E, F>(mut self, store: impl Fn(ConditionalWrite) -> F + Send + Sync + 'static) -> Self
    where
        E: Into<BoxError>,
        F: Future<Output = Result<WriteOutcome, E>> + Send + 'static,
    {
        self.storage.store_if_unchanged = Some(Arc::new(move |write| boxed(store(write))));
        self
    }

    /// Asks this function for the right to renew, so that one process renews at a time. The others wait for its token, with
    /// [`sleep`](Self::sleep).
    pub fn lease<E, F>(mut self, lease: impl Fn(Lease) -> F + Send + Sync + 'static) -> Self
    where
        E: Into<BoxError>,
        F: Future<Output = Result<LeaseOutcome, E>> + Send + 'static,
    {
        self.storage.lease = Some(Arc::new(move |wanted| boxed(lease(wanted))));
        self
    }

    /// Gives a lease back with this function, as soon as its renewal has ended, so that others need not wait for the lease's
    /// end after a renewal that failed. It must not end the lease of another holder.
    pub fn release<E, F>(mut self, release: impl Fn(Lease) -> F + Send + Sync + 'static) -> Self
    where
        E: Into<BoxError>,
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        self.storage.release = Some(Arc::new(move |lease| boxed(release(lease))));
        self
    }

    /// Sets how long a lease lasts. Choose a time longer than your transport's timeout: otherwise a second process may
    /// begin to renew while the first one is still waiting for the server. The default is 60 seconds.
    pub fn lease_duration(mut self, duration: Duration) -> Self {
        self.storage.lease_duration = duration;
        self
    }

    /// Waits with this function while another process holds the lease: the runtime's own, such as `tokio::time::sleep`.
    pub fn sleep<F>(mut self, sleep: impl Fn(Duration) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.storage.sleep = Some(Arc::new(move |pause| Box::pin(sleep(pause))));
        self
    }

    /// Hands each renewal to `spawn` as a future that owns all it needs, and sends its requests with `send`. The runtime
    /// then finishes the renewal even if the task that needed it is dropped, as web frameworks do when the browser goes
    /// away. Otherwise a server that rotates refresh tokens may have invalidated the old token while the new one is lost.
    /// Every fetch still waits for the result. Renewals use this `send`; the `send` of a fetch then sends API requests
    /// only.
    #[cfg(feature = "os")]
    pub fn spawn_renewals<E, F>(
        self,
        send: impl Fn(Request) -> F + Send + Sync + 'static,
        spawn: impl Fn(Renewal) + Send + Sync + 'static,
    ) -> Self
    where
        E: Into<BoxError>,
        F: Future<Output = Result<Response, E>> + Send + 'static,
    {
        self.spawn_renewals_with(send, Moment::from_os, spawn)
    }

    /// Hands each renewal to `spawn` as [`spawn_renewals`](Self::spawn_renewals) does, with time and randomness of the
    /// caller's own.
    pub fn spawn_renewals_with<E, F>(
        mut self,
        send: impl Fn(Request) -> F + Send + Sync + 'static,
        moment: impl Fn() -> Moment + Send + Sync + 'static,
        spawn: impl Fn(Renewal) + Send + Sync + 'static,
    ) -> Self
    where
        E: Into<BoxError>,
        F: Future<Output = Result<Response, E>> + Send + 'static,
    {
        self.detached = Some(Detached::new(send, moment, spawn));
        self
    }

    /// Makes the session.
    ///
    /// # Errors
    /// [`Unsupported::StorageIncomplete`] when two of the functions do not go together, or one is missing that another needs.
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
                return Err(Unsupported::StorageIncomplete { given, reason: "needs", other: needed }.into());
            }
        }
        let excludes = [
            ("save", save.is_some(), "store_if_unchanged", store_if_unchanged.is_some()),
            ("report_renewals", self.session.reports, "save", save.is_some()),
            ("report_renewals", self.session.reports, "store_if_unchanged", store_if_unchanged.is_some()),
            ("report_renewals", self.session.reports, "spawn_renewals", self.detached.is_some()),
        ];
        for (given, is_given, other, is_there) in excludes {
            if is_given && is_there {
                return Err(Unsupported::StorageIncomplete { given, reason: "cannot be used beside", other }.into());
            }
        }
        Ok(SharedSession::with_storage(self.session, self.storage, self.detached))
    }
}

/// Puts a caller's future in a box, and its error, too.
fn boxed<T, E: Into<BoxError>>(future: impl Future<Output = Result<T, E>> + Send + 'static) -> Stored<T> {
    Box::pin(async { future.await.map_err(Into::into) })
}
