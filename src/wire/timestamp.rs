//! Points in time in seconds since 1970, as the protocols write them: [`Timestamp`].

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A point in time, in whole seconds since 1970-01-01 00:00:00 UTC.
///
/// ```
/// use oauth_proto::Timestamp;
/// use std::time::Duration;
///
/// let issued = Timestamp::from_secs(137_131_200);
/// let expires = issued.after(Duration::from_secs(3600));
/// assert_eq!(expires.as_secs(), 137_134_800);
/// assert_eq!(issued.until(expires), Duration::from_secs(3600));
/// assert_eq!(expires.until(issued), Duration::ZERO);
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Makes a point in time from the seconds since 1970-01-01 00:00:00 UTC.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs)
    }

    /// Returns the seconds since 1970-01-01 00:00:00 UTC.
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// Returns the point in time that is `delay` later. Fractions of a second are dropped. The
    /// result is at most the largest timestamp.
    pub const fn after(self, delay: Duration) -> Self {
        Self(self.0.saturating_add(delay.as_secs()))
    }

    /// Returns the point in time that is `delay` earlier. Fractions of a second are dropped. The
    /// result is never before the epoch.
    pub(crate) const fn before(self, delay: Duration) -> Self {
        Self(self.0.saturating_sub(delay.as_secs()))
    }

    /// Returns the duration from this point in time until `later`. Zero if `later` is earlier.
    pub const fn until(self, later: Self) -> Duration {
        Duration::from_secs(later.0.saturating_sub(self.0))
    }
}

#[cfg(feature = "os")]
impl Timestamp {
    /// Returns the operating system's time.
    #[expect(
        clippy::disallowed_methods,
        reason = "only here and in `Moment::from_os` does the crate read the clock"
    )]
    pub fn from_os() -> Self {
        SystemTime::now().into()
    }
}

impl From<SystemTime> for Timestamp {
    /// Times before the epoch become the epoch.
    fn from(time: SystemTime) -> Self {
        Self(time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
