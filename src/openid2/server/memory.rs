//! A store in memory: for tests, for examples, and for servers that are one process and may lose
//! their data.

use std::convert::Infallible;

use super::queries::Store;
use crate::OneTimeUse;
use crate::core::one_time::{OneTimeValues, RememberOnce};

/// A store in memory, which keeps nonces until they expire. Each query drops a few expired nonces,
/// so no request waits until all of them are dropped.
///
/// # Examples
/// ```
/// use oauth_proto::Timestamp;
/// use oauth_proto::openid2::server::store::{
///     MemoryStore, OneTimePurpose, OneTimeUse, RememberOnce, Store, TokenHash,
/// };
///
/// let store = MemoryStore::default();
/// let key = TokenHash::of("https://op.example/ 2005-05-15T17:11:51Z");
/// let (now, end) = (Timestamp::from_secs(10), Timestamp::from_secs(20));
/// let query = RememberOnce::new(OneTimePurpose::OpenId2Nonce, key, now, end);
/// assert_eq!(store.remember_once(&query), Ok(OneTimeUse::First));
/// assert_eq!(store.remember_once(&query), Ok(OneTimeUse::Replay));
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore {
    nonces: OneTimeValues,
}

impl Store for MemoryStore {
    type Error = Infallible;

    fn remember_once(&self, query: &RememberOnce) -> Result<OneTimeUse, Infallible> {
        Ok(self.nonces.remember(query))
    }
}
