//! The storage for the token of a shared session, and the leases by which several processes agree
//! on which of them renews it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::core::short_hash::short_hash_of;
use crate::oauth2::Token;
use crate::{BoxError, DriveError, Timestamp};

/// A session's token as it is stored, with a version that tells whether it has changed.
///
/// Store it as a whole with serde, and store its [`version`](field@Self::version) in a separate
/// column, so that a database can compare it. After the user has signed in, store
/// `StoredToken::new(token)`, whatever was stored before.
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::{StoredToken, Token};
///
/// let stored = StoredToken::new(Token::bearer("2YotnFZFEjr1zCsicMWpAA"));
/// let json = serde_json::to_string(&stored)?;
/// assert_eq!(serde_json::from_str::<StoredToken>(&json)?.version, stored.version);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoredToken {
    /// The version: 32 hexadecimal digits, different for each token. It is a hash from which a
    /// random token cannot be recovered.
    pub version: String,
    /// The token; `None` when the grant has ended and the user has to sign in again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
}

impl StoredToken {
    /// Returns a token as it is stored.
    pub fn new(token: Token) -> Self {
        Self { version: version_of(&token), token: Some(token) }
    }

    /// Returns what is stored when the server has refused to renew a token, so that no process asks
    /// again.
    pub(crate) fn ended(before: &Token) -> Self {
        let version = short_hash_of(&["ended", &version_of(before)]);
        Self { version: format!("{version:032x}"), token: None }
    }
}

/// Returns a hash of what makes a token another one: 128 bits in hexadecimal digits.
pub(crate) fn version_of(token: &Token) -> String {
    let refresh = token.refresh_token.as_ref().map(crate::Secret::expose).unwrap_or_default();
    let ends = token.expires_at.map(|ends| ends.as_secs().to_string()).unwrap_or_default();
    format!("{:032x}", short_hash_of(&["token", token.access_token.expose(), refresh, &ends]))
}

/// A token that is to be stored only if the stored token has not changed.
///
/// # Examples
/// As one statement, `UPDATE tokens SET stored = $1, version = $2 WHERE user_id = $3 AND version =
/// $4`; if [`expected`](Self::expected) is `None`, `INSERT INTO tokens … ON CONFLICT DO NOTHING`. A
/// row that was changed means [`WriteOutcome::Stored`]:
/// ```
/// use oauth_proto::oauth2::{ConditionalWrite, StoredToken, WriteOutcome};
///
/// fn store(row: &mut Option<StoredToken>, write: ConditionalWrite) -> WriteOutcome {
///     if row.as_ref().map(|row| &row.version) != write.expected.as_ref() {
///         return WriteOutcome::Conflict;
///     }
///     *row = Some(write.stored);
///     WriteOutcome::Stored
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConditionalWrite {
    /// The version that has to be stored now; `None` if nothing may be stored.
    pub expected: Option<String>,
    /// The token to store.
    pub stored: StoredToken,
}

/// The answer to a [`ConditionalWrite`].
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::WriteOutcome;
///
/// let written = |changed_rows: u64| {
///     if changed_rows == 1 { WriteOutcome::Stored } else { WriteOutcome::Conflict }
/// };
/// assert_eq!(written(0), WriteOutcome::Conflict);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// It is stored.
    Stored,
    /// Another version is stored than was expected, and stays.
    Conflict,
}

/// A request for the right to renew one token, which one process has at a time. It ends by itself,
/// so that another process can renew when its holder was killed.
///
/// # Examples
/// As one statement, `INSERT INTO leases (name, holder, expires_at) VALUES ($1, $2, $3) ON CONFLICT
/// (name) DO UPDATE SET holder = $2, expires_at = $3 WHERE leases.expires_at <= $4`, where a row
/// that was changed means [`LeaseOutcome::Acquired`]:
/// ```
/// use oauth_proto::oauth2::{Lease, LeaseOutcome};
///
/// fn lease(row: &mut Option<Lease>, lease: Lease) -> LeaseOutcome {
///     if row.as_ref().is_some_and(|held| held.expires_at > lease.now) {
///         return LeaseOutcome::HeldByAnother;
///     }
///     *row = Some(lease);
///     LeaseOutcome::Acquired
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Lease {
    /// The holder of the lease: a random text, another one for each lease.
    pub holder: String,
    /// The time by the asking process's clock.
    pub now: Timestamp,
    /// The time at which the lease ends.
    pub expires_at: Timestamp,
}

/// The answer to a request for a [`Lease`].
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::LeaseOutcome;
///
/// let leased = |changed_rows: u64| {
///     if changed_rows == 1 { LeaseOutcome::Acquired } else { LeaseOutcome::HeldByAnother }
/// };
/// assert_eq!(leased(1), LeaseOutcome::Acquired);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseOutcome {
    /// The asking process holds the lease until its end.
    Acquired,
    /// Another process holds a lease that has not ended.
    HeldByAnother,
}

pub(crate) type Stored<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;
type Call<A, T> = Arc<dyn Fn(A) -> Stored<T> + Send + Sync>;
type Sleep = Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// The caller's functions.
#[derive(Clone, Default)]
pub(crate) struct Storage {
    pub(crate) load: Option<Call<(), Option<StoredToken>>>,
    pub(crate) save: Option<Call<Token, ()>>,
    pub(crate) store_if_unchanged: Option<Call<ConditionalWrite, WriteOutcome>>,
    pub(crate) lease: Option<Call<Lease, LeaseOutcome>>,
    pub(crate) release: Option<Call<Lease, ()>>,
    pub(crate) sleep: Option<Sleep>,
    pub(crate) lease_duration: Duration,
}

impl Storage {
    /// Returns whether other processes may change the stored token.
    pub(crate) fn is_shared(&self) -> bool {
        self.load.is_some()
    }

    pub(crate) async fn load(&self) -> Result<Option<StoredToken>, DriveError> {
        let Some(load) = &self.load else { return Ok(None) };
        load(()).await.map_err(|error| DriveError::storage("load the token", error))
    }

    /// Stores a token, or records that its grant has ended.
    pub(crate) async fn store(
        &self,
        expected: Option<String>,
        stored: StoredToken,
    ) -> Result<WriteOutcome, DriveError> {
        let failed = |error| DriveError::storage("store the renewed token", error);
        match (&self.store_if_unchanged, &self.save) {
            (Some(store), _) => store(ConditionalWrite { expected, stored }).await.map_err(failed),
            (None, Some(save)) => match stored.token {
                Some(token) => save(token).await.map(|()| WriteOutcome::Stored).map_err(failed),
                None => Ok(WriteOutcome::Stored),
            },
            (None, None) => Ok(WriteOutcome::Stored),
        }
    }

    pub(crate) async fn lease(&self, lease: Lease) -> Result<LeaseOutcome, DriveError> {
        let Some(take) = &self.lease else { return Ok(LeaseOutcome::Acquired) };
        take(lease).await.map_err(|error| DriveError::storage("take the lease", error))
    }

    /// Gives a lease back. If that fails, the lease ends by itself.
    pub(crate) async fn release(&self, lease: Lease) {
        if let Some(release) = &self.release {
            let _ = release(lease).await;
        }
    }

    pub(crate) async fn sleep(&self, pause: Duration) {
        if let Some(sleep) = &self.sleep {
            sleep(pause).await;
        }
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage")
            .field("is_shared", &self.is_shared())
            .field("has_lease", &self.lease.is_some())
            .finish_non_exhaustive()
    }
}
