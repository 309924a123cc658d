//! A family of records that live and end together: the tokens and one-time records of a grant.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::oauth2::common::token_hash::TokenHash;
use crate::oauth2::server::store::records::grant_record::GrantId;

/// A mark that something has ended. Whatever carries it is dead from then on, and is dropped when
/// it is found.
#[derive(Debug, Default)]
pub(crate) struct Ending(AtomicBool);

impl Ending {
    pub(crate) fn end(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn has_come(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The records of one grant. Every record has a pointer to its family, so that all of them end in
/// one step.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) grant: GrantId,
    /// Comes when the grant is revoked.
    pub(crate) ending: Ending,
}

impl Family {
    pub(crate) fn new(grant: GrantId) -> Arc<Self> {
        Arc::new(Self { grant, ending: Ending::default() })
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ending.has_come()
    }
}

/// The records of a grant, as they are found by its identifier.
#[derive(Debug)]
pub(crate) enum Members {
    /// A single token, which needs no family.
    One(TokenHash),
    Many(Arc<Family>),
}

impl Members {
    pub(crate) fn is_only(&self, key: TokenHash) -> bool {
        matches!(self, Self::One(only) if *only == key)
    }

    pub(crate) fn is_family(&self, family: &Arc<Family>) -> bool {
        matches!(self, Self::Many(own) if Arc::ptr_eq(own, family))
    }
}
