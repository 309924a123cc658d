//! The stand-ins for unknown clients and tokens, so that their requests take as long as those of
//! known ones.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::store::Schedules;
use crate::wire::hex;
use crate::{Moment, Secret};

/// The secrets and schedules that replace those of an unknown client or token, so that checking the
/// signature takes the same work.
///
/// Only the first request with a record that has no schedule yet takes longer, and once is too
/// seldom to be measured.
#[derive(Default)]
pub(super) struct StandIn {
    secret: OnceLock<Secret>,
    alone: Standing,
    with_token: Standing,
}

impl StandIn {
    /// Returns a random secret, which is made from the first moment that is there when it is
    /// needed.
    pub(super) fn secret(&self, moment: &Moment) -> &Secret {
        // Two of them make a key that is no longer than a block, as those of usual secrets are.
        self.secret.get_or_init(|| Secret::new(hex(&moment.derive("oauth1 stand-in")[..15])))
    }

    /// Returns what stands in for the secrets of a key: those of the client, and of the token if
    /// the request names one.
    pub(super) fn of(&self, token: Option<&str>) -> &Standing {
        match token {
            None => &self.alone,
            Some(_) => &self.with_token,
        }
    }
}

/// Schedules that stand in for those of unknown records, where known records have some.
#[derive(Default)]
pub(super) struct Standing {
    schedules: Schedules,
    /// Whether the store makes its records anew for each answer, so that they have no schedules.
    anew: AtomicBool,
}

impl Standing {
    /// Returns the schedules for an unknown record.
    pub(super) fn unknown(&self) -> Option<&Schedules> {
        (!self.anew.load(Ordering::Relaxed)).then_some(&self.schedules)
    }

    /// Returns a known record's schedules, unless the record was made anew for this answer, so that
    /// keeping any in it would be of no use. Unknown records are treated alike from now on.
    pub(super) fn known<'s, T>(
        &self,
        record: &Arc<T>,
        schedules: &'s Schedules,
    ) -> Option<&'s Schedules> {
        let anew = Arc::strong_count(record) == 1;
        // It is nearly always as it was, and writing would slow other threads down.
        if self.anew.load(Ordering::Relaxed) != anew {
            self.anew.store(anew, Ordering::Relaxed);
        }
        (!anew).then_some(schedules)
    }
}

impl Clone for StandIn {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for StandIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
