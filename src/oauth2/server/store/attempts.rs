//! The counts of attempts to guess a code, a secret, a password or a token.

use std::time::Duration;

use super::optional::{CanBeLeftOut, NotSupported, OptionalQuery};
use super::records::attempt::{AttemptPurpose, Attempts};
use crate::Timestamp;
use crate::core::query::ServerQuery;
use crate::core::token_hash::TokenHash;

/// The query that counts an attempt, and returns the count with this attempt, in one atomic
/// operation. Purpose and key together name the count.
///
/// The first attempt begins a window of time, which ends at `now` plus `window`. Further attempts
/// do not move its end. The first attempt at or after the end begins a new window with the count 1.
/// A store must count at least to `limit` + 1, and can stop there, since the server refuses counts
/// above `limit`.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use oauth_proto::Timestamp;
/// use oauth_proto::oauth2::server::store::{
///     AttemptPurpose, CountAttempt, MemoryStore, Store, TokenHash,
/// };
///
/// let store = MemoryStore::default();
/// let (key, now) = (TokenHash::of("203.0.113.7"), Timestamp::from_secs(1_700_000_000));
/// let query =
///     CountAttempt::new(AttemptPurpose::UserCode, key, 5, Duration::from_secs(600), now);
/// // INSERT INTO attempts (purpose, key, count, ends_at) VALUES (?, ?, 1, now + window)
/// //     ON CONFLICT (purpose, key) DO UPDATE SET
/// //         count = CASE WHEN ends_at <= now THEN 1 ELSE count + 1 END,
/// //         ends_at = CASE WHEN ends_at <= now THEN now + window ELSE ends_at END
/// //     RETURNING count, ends_at
/// store.count_attempt(&query)??;
/// let second = store.count_attempt(&query)??;
/// assert_eq!((second.count, second.ends_at.as_secs()), (2, 1_700_000_600));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CountAttempt {
    /// The kind of the attempt.
    pub purpose: AttemptPurpose,
    /// The hash of the caller, and of the client or user whose credential is tried.
    pub key: TokenHash,
    /// The highest number of attempts that the server accepts in a window.
    pub limit: u32,
    /// The length of a window.
    pub window: Duration,
    /// The current time.
    pub now: Timestamp,
}

impl CountAttempt {
    /// Makes the query.
    pub const fn new(
        purpose: AttemptPurpose,
        key: TokenHash,
        limit: u32,
        window: Duration,
        now: Timestamp,
    ) -> Self {
        Self { purpose, key, limit, window, now }
    }
}

impl ServerQuery for CountAttempt {
    type Output = Result<Attempts, NotSupported>;
}

impl CanBeLeftOut for CountAttempt {
    const QUERY: OptionalQuery = OptionalQuery::CountAttempt;
}

/// The query that returns how many attempts were counted, and counts no attempt itself. The output
/// is `None` if no attempt was counted. A count whose window has ended can be returned or be
/// missing, since the server checks its end.
///
/// A server asks it only as a part of [`Find`](crate::oauth2::server::store::Find).
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::store::{
///     AttemptPurpose, FindAttempts, MemoryStore, Store, TokenHash,
/// };
///
/// let query = FindAttempts::new(AttemptPurpose::ClientSecret, TokenHash::of("203.0.113.7"));
/// // SELECT count, ends_at FROM attempts WHERE purpose = ? AND key = ?
/// assert_eq!(MemoryStore::default().find_attempts(&query)?, Ok(None));
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FindAttempts {
    /// The kind of the attempts.
    pub purpose: AttemptPurpose,
    /// The key of the count.
    pub key: TokenHash,
}

impl FindAttempts {
    /// Makes the query.
    pub const fn new(purpose: AttemptPurpose, key: TokenHash) -> Self {
        Self { purpose, key }
    }
}

impl ServerQuery for FindAttempts {
    type Output = Result<Option<Attempts>, NotSupported>;
}

impl CanBeLeftOut for FindAttempts {
    const QUERY: OptionalQuery = OptionalQuery::CountAttempt;
}
