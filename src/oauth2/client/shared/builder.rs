//! How a shared session is set up: where its token is stored, and who finishes its renewals.

use std::future::{Future, ready};
use std::sync::Arc;
use std::time::Duration;

use super::renewal::{Detached, Renewal};
use super::storage::{ConditionalWrite, Lease, Leased, Storage, StoredToken, Written};
use super::{Session, SharedSession};
use crate::oauth2::Token;
use crate::{BoxError, Error, Moment, Request, Response, Unsupported};

/// Builds a [`SharedSession`] with functions that block.
///
/// One process alone stores what was renewed, with [`save`](Self::save). Several processes that use one token need
/// [`load`](Self::load), [`store_if_unchanged`](Self::store_if_unchanged) and [`lease`](Self::lease).
///
/// # Examples
/// Several processes that share a token in a database:
/// ```no_run
/// use oauth_proto::oauth2::{Client, ConditionalWrite, Lease, Leased, Session, SharedSession, StoredToken, Written};
/// # #[derive(Clone)]
/// # struct Database;
/// # impl Database {
/// #     fn load(&self) -> Result<Option<StoredToken>, std::io::Error> { unimplemented!() }
/// #     fn store_if_unchanged(&self, _: ConditionalWrite) -> Result<Written, std::io::Error> { unimplemented!() }
/// #     fn lease(&self, _: Lease) -> Result<Leased, std::io::Error> { unimplemented!() }
/// #     fn release(&self, _: Lease) -> Result<(), std::io::Error> { unimplemented!() }
/// # }
/// # fn example(client: Client, database: Database) -> Result<(), Box<dyn std::error::Error>> {
/// # let [load, store, lease, release] = [(); 4].map(|()| database.clone());
///
/// // The token comes from the database.
/// let session = Session::without_token(&client, "https://photos.example.com")?;
/// let shared = SharedSession::builder(session)
///     .load(move || load.load())
///     .store_if_unchanged(move |write| store.store_if_unchanged(write))
///     .lease(move |lease_| lease.lease(lease_))
///     .release(move |lease| release.release(lease))
///     .build()?;
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
    pub(super) fn new(session: Session) -> Self {
        Self(AsyncSharedSessionBuilder::new(session).sleep(|pause| {
            std::thread::sleep(pause);
            ready(())
        }))
    }

    fn map(self, change: impl FnOnce(AsyncSharedSessionBuilder) -> AsyncSharedSessionBuilder) -> Self {
        Self(change(self.0))
    }

    /// Stores each renewed token with this function, before the token is used. For one process alone: what another process
    /// has stored meanwhile would be overwritten. A function that changes a row and inserts none cannot bring a user back who has
    /// signed out; see also [`SharedSession::sign_out`].
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

    /// Stores each renewed token with this function, before the token is used, as long as what is stored has not changed
    /// since it was loaded. The function also stores that a grant has ended.
    pub fn store_if_unchanged<E: Into<BoxError> + Send + 'static>(
        self,
        store: impl Fn(ConditionalWrite) -> Result<Written, E> + Send + Sync + 'static,
    ) -> Self {
        self.map(|builder| builder.store_if_unchanged(move |write| ready(store(write))))
    }

    /// Asks this function for the right to renew, so that one process renews at a time. The others wait for its token.
    pub fn lease<E: Into<BoxError> + Send + 'static>(
        self,
        lease: impl Fn(Lease) -> Result<Leased, E> + Send + Sync + 'static,
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

    /// Sets how long a lease lasts: longer than the transport's timeout, so that it does not end while its renewal is on its
    /// way. The default is 30 seconds.
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
    /// [`Unsupported::StorageIncomplete`] when a function is there without those that it needs.
    pub fn build(self) -> Result<SharedSession, Error> {
        self.0.build()
    }
}

impl AsyncSharedSessionBuilder {
    pub(super) fn new(session: Session) -> Self {
        Self { session, storage: Storage::default(), detached: None }
    }

    /// Stores each renewed token with this function, before the token is used. For one process alone: what another process
    /// has stored meanwhile would be overwritten. A function that changes a row and inserts none cannot bring a user back who has
    /// signed out; see also [`SharedSession::sign_out`].
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

    /// Stores each renewed token with this function, before the token is used, as long as what is stored has not changed
    /// since it was loaded. The function also stores that a grant has ended.
    pub fn store_if_unchanged<E, F>(mut self, store: impl Fn(ConditionalWrite) -> F + Send + Sync + 'static) -> Self
    where
        E: Into<BoxError>,
        F: Future<Output = Result<Written, E>> + Send + 'static,
    {
        self.storage.store_if_unchanged = Some(Arc::new(move |write| boxed(store(write))));
        self
    }

    /// Asks this function for the right to renew, so that one process renews at a time. The others wait for its token, with
    /// [`sleep`](Self::sleep).
    pub fn lease<E, F>(mut self, lease: impl Fn(Lease) -> F + Send + Sync + 'static) -> Self
    where
        E: Into<BoxError>,
        F: Future<Output = Result<Leased, E>> + Send + 'static,
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

    /// Sets how long a lease lasts: longer than the transport's timeout, so that it does not end while its renewal is on its
    /// way. The default is 30 seconds.
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

    /// Hands each renewal to `spawn` as a future that owns all it needs, and sends its requests with `send`. Whatever `spawn`
    /// gives it to finishes the renewal, also when the task that needed it is dropped: a web framework drops the task of a
    /// request when the browser goes away, and a server that rotates refresh tokens would have forgotten the old token by
    /// then. All who fetch wait for the renewal's result.
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
    /// [`Unsupported::StorageIncomplete`] when a function is there without those that it needs.
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
        Ok(SharedSession::with(self.session, self.storage, self.detached))
    }
}

/// Puts a caller's future in a box, and its error, too.
fn boxed<T, E: Into<BoxError>>(
    future: impl Future<Output = Result<T, E>> + Send + 'static,
) -> super::storage::Stored<T> {
    Box::pin(async { future.await.map_err(Into::into) })
}
