//! The storage of a shared session's token, and the leases with which several processes agree on
//! which of them renews it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::core::short_hash::short_hash_of;
use crate::oauth2::Token;
use crate::{BoxError, DriveError, Timestamp};

/// A session's token in its stored form, with a version by which a change is noticed.
///
/// The type implements `Serialize` and `Deserialize`. Store the value as a whole, and store its
/// [`version`](field@Self::version) in a separate column, so your database can compare it. After
/// the user has signed in, store `StoredToken::new(token)`, whatever was stored before.
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
    /// The token. `None` if the grant has ended, so the user has to sign in again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
}

impl StoredToken {
    /// Makes the stored form of a token.
    pub fn new(token: Token) -> Self {
        Self { version: version_of(&token), token: Some(token) }
    }

    /// Returns the value that is stored after the server has refused to renew a token, so no
    /// process tries again.
    pub(crate) fn ended(before: &Token) -> Self {
        let version = short_hash_of(&["ended", &version_of(before)]);
        Self { version: format!("{version:032x}"), token: None }
    }
}

/// Returns a hash of the members in which two tokens differ: 128 bits in hexadecimal digits.
pub(crate) fn version_of(token: &Token) -> String {
    let refresh = token.refresh_token.as_ref().map(crate::Secret::expose).unwrap_or_default();
    let ends = token.expires_at.map(|ends| ends.as_secs().to_string()).unwrap_or_default();
    format!("{:032x}", short_hash_of(&["token", token.access_token.expose(), refresh, &ends]))
}

/// A token that must be stored only if the stored token has not changed.
///
/// # Examples
/// As one SQL statement, `UPDATE tokens SET stored = $1, version = $2 WHERE user_id = $3 AND
/// version = $4`. If [`expected`](Self::expected) is `None`, `INSERT INTO tokens … ON CONFLICT DO
/// NOTHING`. If a row was changed, return [`WriteOutcome::Stored`]:
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
    /// The version that the stored token must have now. `None` if the storage must not contain a
    /// token.
    pub expected: Option<String>,
    /// The token to store.
    pub stored: StoredToken,
}

/// The result of a [`ConditionalWrite`].
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
    /// The token was stored.
    Stored,
    /// The stored version is not the expected one, and was not changed.
    Conflict,
}

/// A request for the right to renew one token. Only one process has this right at a time.
///
/// A lease ends by itself at [`expires_at`](field@Self::expires_at), so another process can renew
/// after the holder was killed.
///
/// # Examples
/// As one SQL statement, `INSERT INTO leases (name, holder, expires_at) VALUES ($1, $2, $3) ON
/// CONFLICT (name) DO UPDATE SET holder = $2, expires_at = $3 WHERE leases.expires_at <= $4`. If a
/// row was changed, return [`LeaseOutcome::Acquired`]:
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
    /// The holder of the lease: a random string, different for each lease.
    pub holder: String,
    /// The current time by the clock of the process that requests the lease.
    pub now: Timestamp,
    /// The time at which the lease ends.
    pub expires_at: Timestamp,
}

/// The result of a request for a [`Lease`].
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
    /// The process that requested the lease has it now.
    Acquired,
    /// Another process has a lease that has not ended.
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
