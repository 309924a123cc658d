//! The conformance kit accepts a correct store, and finds faults in broken stores.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Mutex;
use std::time::Duration;

use oauth_proto::openid2::server::store::conformance::{self, Check};
use oauth_proto::openid2::server::store::{
    Blocking, MemoryStore, OneTimePurpose, RememberOnce, Store,
};
use oauth_proto::{OneTimeUse, Timestamp};

use crate::broken_stores::{Row, between_two_steps, check_faults};

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    RemembersInTwoSteps,
    ForgetsPurposes,
    ForgetsEarly,
    AnswersTheFirstRunAsReplay,
}

struct Broken {
    inner: MemoryStore,
    fault: Fault,
    values: Mutex<HashSet<(OneTimePurpose, String)>>,
}

impl Store for Broken {
    type Error = Infallible;

    fn remember_once(&self, query: &RememberOnce) -> Result<OneTimeUse, Infallible> {
        let purpose = match self.fault {
            Fault::ForgetsPurposes => OneTimePurpose::OpenId2Nonce,
            _ => query.purpose,
        };
        let value = (purpose, query.key.to_string());
        let is_known = self.values.lock().unwrap().contains(&value);
        if self.fault == Fault::RemembersInTwoSteps {
            between_two_steps();
        }
        self.values.lock().unwrap().insert(value);
        let soon = query.now.after(Duration::from_secs(60));
        match self.fault {
            Fault::RemembersInTwoSteps if is_known => Ok(OneTimeUse::Replay),
            Fault::RemembersInTwoSteps => Ok(OneTimeUse::First),
            Fault::ForgetsPurposes if is_known => Ok(OneTimeUse::Replay),
            Fault::ForgetsEarly if soon >= query.expires_at => Ok(OneTimeUse::First),
            // A driver that repeats a script whose answer it has lost.
            Fault::AnswersTheFirstRunAsReplay => {
                self.inner.remember_once(query)?;
                self.inner.remember_once(query)
            }
            _ => self.inner.remember_once(query),
        }
    }
}

const FAULTS: &[(&str, &[Row<Fault>])] = &[(
    "RememberOnce",
    &[
        (Fault::RemembersInTwoSteps, "exactly one is answered First", &[]),
        (Fault::ForgetsPurposes, "with another purpose answers First", &[]),
        (Fault::ForgetsEarly, "until the value expires", &[]),
        (Fault::AnswersTheFirstRunAsReplay, "of a new value answers First", &["answers First"]),
    ],
)];

#[test]
fn the_memory_store_passes_the_conformance_kit() {
    let broken = |fault| Broken { inner: MemoryStore::default(), fault, values: Mutex::default() };
    conformance::check(&MemoryStore::default(), NOW);
    conformance::check(&broken(Fault::None), NOW);
    let store = MemoryStore::default();
    pollster::block_on(Check::at(NOW).rounds(50).run_async(&Blocking(&store)));
    pollster::block_on(Check::at(NOW).rounds(50).seed(1).run_async(&Blocking(&store)));
    check_faults(FAULTS, |fault| conformance::check(&broken(fault), NOW));
}
