//! The lists of the store in memory, and its purge. They look at all records.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError};

use super::MemoryStore;
use super::stored::StoredToken;
use crate::Timestamp;
use crate::oauth2::server::store::lists::{
    ClientPage, GrantPage, ListClients, ListGrants, ListedGrant,
};
use crate::oauth2::server::store::purge::{Purge, Purged};
use crate::oauth2::server::store::records::client_record::ClientRecord;
use crate::oauth2::server::store::records::grant_record::GrantId;

impl MemoryStore {
    /// Returns a page of a user's grants.
    pub(super) fn grants_of(&self, query: &ListGrants) -> GrantPage {
        let ListGrants { user, after, limit, now } = query;
        let mut found: BTreeMap<GrantId, ListedGrant> = BTreeMap::new();
        self.tokens.for_each(|stored| {
            let record = &*stored.record;
            let grant = &record.grant;
            let is_listed = grant.user.as_deref() == Some(user)
                && grant.exchanged.is_none()
                && after.is_none_or(|after| grant.id > after)
                && record.replaced.is_none()
                && !stored.is_over(*now);
            let is_latest = |known: &ListedGrant| known.last_used_at < Some(record.issued_at);
            if is_listed && found.get(&grant.id).is_none_or(is_latest) {
                found.insert(grant.id, ListedGrant::new(grant.clone(), Some(record.issued_at)));
                // One more than the page has, which tells whether there is a next page.
                if found.len() > page_of(*limit).saturating_add(1) {
                    found.pop_last();
                }
            }
        });
        let has_more = found.len() > page_of(*limit);
        let grants: Vec<_> = found.into_values().take(page_of(*limit)).collect();
        let next = grants.last().filter(|_| has_more).map(|listed| listed.grant.id);
        GrantPage { grants, next }
    }

    /// Returns a page of clients.
    pub(super) fn clients_after(&self, query: &ListClients) -> ClientPage {
        let size = page_of(query.limit);
        let mut found: BTreeMap<String, Arc<ClientRecord>> = BTreeMap::new();
        for shard in &self.clients {
            let clients = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let begin = match &query.after {
                Some(after) => Bound::Excluded(after.as_str()),
                None => Bound::Unbounded,
            };
            let page =
                clients.range::<str, _>((begin, Bound::Unbounded)).take(size.saturating_add(1));
            found.extend(page.map(|(id, client)| (id.clone(), client.record.clone())));
        }
        let has_more = found.len() > size;
        let clients: Vec<_> = found.into_values().take(size).collect();
        let next = clients.last().filter(|_| has_more).map(|client| client.client_id.clone());
        ClientPage { clients, next }
    }

    /// Removes expired records.
    pub(super) fn purge_batch(&self, query: &Purge) -> Purged {
        let (limit, now) = (query.limit.max(1), query.now);
        let mut left = limit;
        let tokens = self.tokens.purge(|stored| stored.is_over(now), length(left));
        left -= count(tokens.len());
        let one_time_records =
            self.one_time_records.purge(|stored| stored.is_over(now), length(left));
        left -= count(one_time_records.len());
        self.forget(tokens, one_time_records);
        left -= self.drop_seals(now, left);
        left -= self.attempts.purge(now, left);
        left -= self.one_time_values.drop_expired(now, left);
        // Entries without records, which do not count.
        self.grants.purge(|members| members.has_no_record(), usize::MAX);
        for marks in [&self.users].into_iter().chain(&self.clients_elsewhere) {
            marks.purge(|mark| Arc::strong_count(mark) == 1, usize::MAX);
        }
        if left == 0 { Purged::part(limit) } else { Purged::rest(limit - left) }
    }

    /// Drops seals whose grace time is over, at most `limit`, and returns how many.
    fn drop_seals(&self, now: Timestamp, limit: u32) -> u32 {
        let dropped = Cell::new(0);
        let drop_one = |stored: &mut StoredToken| {
            if stored.sealed_until <= now && dropped.get() < limit {
                stored.drop_seal();
                dropped.set(dropped.get() + 1);
            }
            false
        };
        self.tokens.purge(drop_one, usize::MAX);
        dropped.get()
    }
}

/// Returns the size of a page, at least 1.
fn page_of(limit: u32) -> usize {
    length(limit).max(1)
}

fn length(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
