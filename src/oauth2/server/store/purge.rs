//! The query that removes expired records. A server never asks it: the application does, from time
//! to time.

use super::optional::{CanBeLeftOut, NotSupported, OptionalQuery};
use crate::Timestamp;
use crate::core::query::ServerQuery;

/// The query that removes expired records, in a batch of limited size: one-time records, tokens,
/// seals of replaced refresh tokens, one-time values, and counts of attempts.
///
/// A record is removed only when its own time is over. So a used code stays until it would have
/// expired, and a replaced refresh token until it would have expired. The server recognizes their
/// replay until then, and refuses them as expired afterwards. A seal is removed at
/// [`sealed_until`](crate::oauth2::server::store::Replaced::sealed_until), and its record stays.
/// Nothing that has not expired at `now` is removed or changed, so clocks of several processes can
/// differ: pass a `now` that is behind by the largest difference.
///
/// Two purges at the same time remove all expired records together, and do not disturb each other
/// or requests. If no record has expired, the query succeeds and removes nothing.
///
/// # Examples
/// ```
/// use std::time::{Duration, Instant};
///
/// use oauth_proto::Timestamp;
/// use oauth_proto::oauth2::server::store::{MemoryStore, Purge, Store};
///
/// /// Purges for at most this time, in short batches.
/// fn purge(store: &MemoryStore, budget: Duration) -> Result<u64, Box<dyn std::error::Error>> {
///     let (begin, mut removed) = (Instant::now(), 0);
///     loop {
///         let batch = store.purge(&Purge::new(1_000, Timestamp::from_os()))??;
///         removed += u64::from(batch.removed);
///         if batch.is_complete || begin.elapsed() >= budget {
///             return Ok(removed);
///         }
///     }
/// }
/// assert_eq!(purge(&MemoryStore::default(), Duration::from_secs(1))?, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Purge {
    /// The highest number of records that this batch removes. 0 counts as 1. A store can remove
    /// fewer.
    pub limit: u32,
    /// The current time. Records whose expiry is not later are removed.
    pub now: Timestamp,
}

impl Purge {
    /// Makes the query.
    pub const fn new(limit: u32, now: Timestamp) -> Self {
        Self { limit, now }
    }
}

impl ServerQuery for Purge {
    type Output = Result<Purged, NotSupported>;
}

impl CanBeLeftOut for Purge {
    const QUERY: OptionalQuery = OptionalQuery::Purge;
}

/// The output of [`Purge`].
///
/// # Examples
/// ```
/// use oauth_proto::oauth2::server::store::Purged;
///
/// assert!(!Purged::part(1_000).is_complete); // ask again
/// assert!(Purged::rest(17).is_complete);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Purged {
    /// The number of records and seals that were removed.
    pub removed: u32,
    /// Whether no expired record is left, as far as the store knows.
    pub is_complete: bool,
}

impl Purged {
    /// Makes the output of a batch after which there may be more expired records.
    pub const fn part(removed: u32) -> Self {
        Self { removed, is_complete: false }
    }

    /// Makes the output of the last batch.
    pub const fn rest(removed: u32) -> Self {
        Self { removed, is_complete: true }
    }
}
