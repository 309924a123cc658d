//! What lives and ends together: the tokens and tickets of a grant, and the grants of a client.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::super::records::GrantId;
use super::super::token_hash::TokenHash;

/// A mark that something has ended. Whatever carries it is dead from then on, and is dropped when it is found.
#[derive(Debug, Default)]
pub(super) struct Ending(AtomicBool);

impl Ending {
    pub(super) fn end(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(super) fn has_come(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The records of one grant. Every record has a pointer to its family, so that all of them end in one step.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) grant: GrantId,
    /// Comes when the grant is revoked.
    pub(super) ending: Ending,
    /// Comes when the client is removed. Empty as long as the client is not in this store.
    client: OnceLock<Arc<Ending>>,
}

impl Family {
    pub(super) fn new(grant: GrantId) -> Arc<Self> {
        Arc::new(Self { grant, ending: Ending::default(), client: OnceLock::new() })
    }

    /// Makes the family end with its client, which `find` finds.
    pub(super) fn end_with(&self, find: impl FnOnce() -> Option<Arc<Ending>>) {
        if self.client.get().is_none()
            && let Some(client) = find()
        {
            self.client.get_or_init(|| client);
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ending.has_come() || self.client.get().is_some_and(|client| client.has_come())
    }
}

/// The records of a grant, as they are found by its identifier.
#[derive(Debug)]
pub(super) enum Members {
    /// A single token, which needs no family.
    One(TokenHash),
    Many(Arc<Family>),
}

impl Members {
    pub(super) fn is_only(&self, key: TokenHash) -> bool {
        matches!(self, Self::One(only) if *only == key)
    }

    pub(super) fn is_family(&self, family: &Arc<Family>) -> bool {
        matches!(self, Self::Many(own) if Arc::ptr_eq(own, family))
    }
}

/// What a token ends with.
#[derive(Debug)]
pub(super) enum Owner {
    /// The client. The token is the only record of its grant.
    Client(Option<Arc<Ending>>),
    Family(Arc<Family>),
}

impl Owner {
    pub(super) fn has_ended(&self) -> bool {
        match self {
            Self::Client(client) => client.as_ref().is_some_and(|client| client.has_come()),
            Self::Family(family) => family.has_ended(),
        }
    }

    pub(super) fn family(&self) -> Option<Arc<Family>> {
        match self {
            Self::Client(_) => None,
            Self::Family(family) => Some(family.clone()),
        }
    }
}
