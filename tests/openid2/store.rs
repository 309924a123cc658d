//! The conformance kit accepts a correct store, and finds faults in broken stores.

use std::convert::Infallible;

use oauth_proto::openid2::server::store::conformance::{self, Check};
use oauth_proto::openid2::server::store::{Blocking, MemoryStore, RememberOnce, Store};
use oauth_proto::{OneTimeUse, Timestamp};

use crate::broken_stores::{BrokenValues, VALUE_FAULTS, ValueFault, check_faults};

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

struct Broken {
    inner: MemoryStore,
    fault: Option<ValueFault>,
    values: BrokenValues,
}

impl Store for Broken {
    type Error = Infallible;

    fn remember_once(&self, query: &RememberOnce) -> Result<OneTimeUse, Infallible> {
        let ask = |query: &RememberOnce| self.inner.remember_once(query).unwrap();
        Ok(match self.fault {
            Some(fault) => self.values.remember(fault, query, ask),
            None => ask(query),
        })
    }
}

#[test]
fn the_memory_store_passes_the_conformance_kit() {
    let broken =
        |fault| Broken { inner: MemoryStore::default(), fault, values: BrokenValues::default() };
    conformance::check(&MemoryStore::default(), NOW);
    conformance::check(&broken(None), NOW);
    let store = MemoryStore::default();
    pollster::block_on(Check::at(NOW).rounds(50).run_async(&Blocking(&store)));
    pollster::block_on(Check::at(NOW).rounds(50).seed(1).run_async(&Blocking(&store)));
    check_faults(VALUE_FAULTS, |fault| conformance::check(&broken(Some(fault)), NOW));
}
