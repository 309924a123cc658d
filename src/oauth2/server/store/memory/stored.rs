//! The entries of the tables, and the marks by which they end together.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use crate::Timestamp;
use crate::core::token_hash::TokenHash;
use crate::oauth2::server::store::records::grant_record::GrantId;
use crate::oauth2::server::store::records::one_time_record::OneTimeRecord;
use crate::oauth2::server::store::records::token_record::TokenRecord;

/// The end of time.
pub(crate) const NEVER: Timestamp = Timestamp::from_secs(u64::MAX);

/// A mark that a grant, a client, a user or a subject token has ended. Records with this mark are
/// not valid any more, and are dropped when they are found.
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

/// A grant. Every record points to its grant, so all of them end in one step.
#[derive(Debug)]
pub(crate) struct StoredGrant {
    pub(crate) id: GrantId,
    /// The mark that the grant was revoked.
    pub(crate) ending: Ending,
    /// The mark that all grants of the user were revoked. A device's grant has no user until the
    /// user decides.
    pub(crate) user: OnceLock<Arc<Ending>>,
    /// The token that was exchanged for this grant.
    pub(crate) subject: Option<Arc<Subject>>,
}

/// A token that was exchanged. The grants for which it was exchanged point to it.
#[derive(Debug)]
pub(crate) struct Subject {
    /// The mark that the token, or what was exchanged from it, was revoked.
    pub(crate) ending: Ending,
    pub(crate) client: Option<Arc<Ending>>,
    pub(crate) grant: Arc<StoredGrant>,
}

impl StoredGrant {
    pub(crate) fn new(
        id: GrantId,
        user: Option<Arc<Ending>>,
        subject: Option<Arc<Subject>>,
    ) -> Arc<Self> {
        let user = user.map_or_else(OnceLock::new, OnceLock::from);
        Arc::new(Self { id, ending: Ending::default(), user, subject })
    }

    /// Returns whether the grant, its user's grants, or a token above it has ended.
    pub(crate) fn has_ended(&self) -> bool {
        let mut grant = self;
        loop {
            if grant.ending.has_come() || grant.user.get().is_some_and(|user| user.has_come()) {
                return true;
            }
            let Some(subject) = &grant.subject else { return false };
            if subject.ending.has_come() || has_come(&subject.client) {
                return true;
            }
            grant = &subject.grant;
        }
    }
}

/// The records of a grant.
#[derive(Debug)]
pub(crate) enum Members {
    /// A single token without a user and without a subject token. It points to no grant.
    One(TokenHash),
    Many(Arc<StoredGrant>),
}

impl Members {
    pub(crate) fn is_only(&self, key: TokenHash) -> bool {
        matches!(self, Self::One(only) if *only == key)
    }

    /// Returns whether no record points to the grant.
    pub(crate) fn has_no_record(&self) -> bool {
        matches!(self, Self::Many(grant) if Arc::strong_count(grant) == 1)
    }

    pub(crate) fn is_of(&self, grant: &Arc<StoredGrant>) -> bool {
        matches!(self, Self::Many(own) if Arc::ptr_eq(own, grant))
    }
}

#[derive(Debug)]
pub(crate) struct StoredToken {
    pub(crate) record: Arc<TokenRecord>,
    /// A copy of the record's expiry, so that a sweep need not follow the pointer. `NEVER` if the
    /// token does not expire.
    pub(crate) expires_at: Timestamp,
    /// The time at which the store drops the sealed successor. `NEVER` if the record has none.
    pub(crate) sealed_until: Timestamp,
    /// The mark that the client was removed, or its tokens revoked.
    pub(crate) client: Option<Arc<Ending>>,
    /// The grant. `None` if this is the only record of the grant.
    pub(crate) grant: Option<Arc<StoredGrant>>,
    /// The mark for the grants that this token was exchanged for.
    pub(crate) exchanged: Option<Arc<Subject>>,
}

#[derive(Debug)]
pub(crate) struct StoredOneTimeRecord {
    pub(crate) record: Arc<OneTimeRecord>,
    pub(crate) second_key: Option<TokenHash>,
    pub(crate) client: Option<Arc<Ending>>,
    pub(crate) grant: Arc<StoredGrant>,
    pub(crate) version: u64,
    pub(crate) used: bool,
}

fn has_come(ending: &Option<Arc<Ending>>) -> bool {
    ending.as_ref().is_some_and(|ending| ending.has_come())
}

impl StoredToken {
    pub(crate) fn is_alive(&self) -> bool {
        !has_come(&self.client) && !self.grant.as_ref().is_some_and(|grant| grant.has_ended())
    }

    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at <= now || !self.is_alive()
    }

    pub(crate) fn drop_seal(&mut self) {
        self.sealed_until = NEVER;
        self.record = Arc::new(self.record.without_seal());
    }

    /// Ends the grants that this token was exchanged for.
    pub(crate) fn end_exchanged(&mut self) {
        if let Some(subject) = self.exchanged.take() {
            subject.ending.end();
        }
    }
}

impl StoredOneTimeRecord {
    pub(crate) fn is_alive(&self) -> bool {
        !has_come(&self.client) && !self.grant.has_ended()
    }

    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.record.expires_at <= now || !self.is_alive()
    }
}
