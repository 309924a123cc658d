//! The stand-ins for unknown clients and tokens, so their requests take as long as those of known
//! clients.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::store::Schedules;
use crate::wire::hex;
use crate::{Moment, Secret};

/// The secrets and key schedules that replace those of an unknown client or token, so the check of
/// the signature takes the same work.
///
/// Only the first request with a record that has no schedule yet takes longer. An attacker cannot
/// measure a single request.
#[derive(Default)]
pub(super) struct StandIn {
    secret: OnceLock<Secret>,
    alone: Standing,
    with_token: Standing,
}

impl StandIn {
    /// Returns a random secret, made from the first moment.
    pub(super) fn secret(&self, moment: &Moment) -> &Secret {
        // Two such secrets make a key that fits into a block, like usual secrets.
        self.secret.get_or_init(|| Secret::new(hex(&moment.derive("oauth1 stand-in")[..15])))
    }

    /// Returns the stand-ins for requests with a token, or for requests without one.
    pub(super) fn of(&self, token: Option<&str>) -> &Standing {
        match token {
            None => &self.alone,
            Some(_) => &self.with_token,
        }
    }
}

/// Schedules for unknown records, if known records have schedules.
#[derive(Default)]
pub(super) struct Standing {
    schedules: Schedules,
    /// Whether the store makes new records for each query. Such records have no schedules.
    anew: AtomicBool,
}

impl Standing {
    /// Returns the schedules for an unknown record.
    pub(super) fn unknown(&self) -> Option<&Schedules> {
        (!self.anew.load(Ordering::Relaxed)).then_some(&self.schedules)
    }

    /// Returns the schedules of a known record. Returns `None` if the record was made for this
    /// query, since it is not useful to keep schedules in it. After that,
    /// [`unknown`](Self::unknown) returns `None`, too.
    pub(super) fn known<'s, T>(
        &self,
        record: &Arc<T>,
        schedules: &'s Schedules,
    ) -> Option<&'s Schedules> {
        let anew = Arc::strong_count(record) == 1;
        // The value nearly never changes, and writing it would slow down other threads.
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
