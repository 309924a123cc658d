//! A family: all tokens and one-time records of a grant, which end together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::oauth2::common::token_hash::TokenHash;
use crate::oauth2::server::store::records::grant_record::GrantId;

/// A mark that a grant or a client has ended. Records with this mark are not valid any more, and
/// are dropped when they are found.
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

/// The family of a grant. Every record points to its family, so all of them end in one step.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) grant: GrantId,
    /// The mark that the grant was revoked.
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

/// The families, by the identifier of their grant.
#[derive(Debug)]
pub(crate) enum Members {
    /// A single token, without a family.
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
