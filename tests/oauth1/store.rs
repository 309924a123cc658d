//! The conformance kit accepts a correct store, and finds each of these faults in broken stores.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use oauth_proto::oauth1::server::store::conformance::{self, Check};
use oauth_proto::oauth1::server::store::{
    Blocking, FindCredentials, FindTemporary, FoundCredentials, MemoryStore, RecordDecision,
    Redeem, Redemption, RememberOnce, SaveTemporary, Stage, Store, TemporaryRecord,
};
use oauth_proto::{OneTimeUse, Timestamp};

use crate::common::broken_stores::{
    BrokenValues, Row, VALUE_FAULTS, ValueFault, between_two_steps, check_faults,
};

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    FindsTemporariesAsTokens,
    FoldsIdentifiers,
    LosesParameters,
    SavesWaiting,
    FindsOnlyWaiting,
    ForgetsRealms,
    IgnoresClients,
    DecidesInTwoSteps,
    DecidesTwice,
    RedeemsInTwoSteps,
    KeepsWrongVerifiers,
    LosesExpiries,
    Values(ValueFault),
}

struct Broken {
    inner: MemoryStore,
    fault: Fault,
    /// All records that were saved, by their identifiers.
    saved: Mutex<HashMap<String, TemporaryRecord>>,
    values: BrokenValues,
}

impl Broken {
    fn new(fault: Fault) -> Self {
        let (saved, values) = (Mutex::default(), BrokenValues::default());
        Self { inner: MemoryStore::default(), fault, saved, values }
    }

    fn now_is(&self, token: &str, record: &TemporaryRecord) {
        let query = SaveTemporary::new(token, record.clone(), NOW);
        self.inner.save_temporary(&query).unwrap();
    }
}

impl Store for Broken {
    type Error = Infallible;

    fn find_credentials(&self, query: &FindCredentials) -> Result<FoundCredentials, Infallible> {
        let mut query = query.clone();
        let saved = self.saved.lock().unwrap();
        if self.fault == Fault::FoldsIdentifiers
            && let Some(token) = &query.token
            && let Some(known) = saved.keys().find(|known| known.eq_ignore_ascii_case(token))
        {
            query.token = Some(known.clone());
        }
        let mut found = self.inner.find_credentials(&query)?;
        if self.fault == Fault::FindsTemporariesAsTokens && !query.temporary {
            let token = query.token.as_ref();
            found.temporary = token.and_then(|token| saved.get(token)).cloned().map(Arc::new);
        }
        Ok(found)
    }

    fn remember_once(&self, query: &RememberOnce) -> Result<OneTimeUse, Infallible> {
        match self.fault {
            Fault::Values(fault) => {
                let ask = |query: &RememberOnce| self.inner.remember_once(query).unwrap();
                Ok(self.values.remember(fault, query, ask))
            }
            _ => self.inner.remember_once(query),
        }
    }

    fn save_temporary(&self, query: &SaveTemporary) -> Result<(), Infallible> {
        let mut query = query.clone();
        match self.fault {
            Fault::LosesParameters => query.record.parameters.clear(),
            Fault::SavesWaiting => query.record.stage = Stage::Waiting,
            _ => {}
        }
        self.saved.lock().unwrap().insert(query.token.clone(), query.record.clone());
        self.inner.save_temporary(&query)
    }

    fn find_temporary(&self, query: &FindTemporary) -> Result<Option<TemporaryRecord>, Infallible> {
        let mut found = self.inner.find_temporary(query)?;
        match (self.fault, &mut found) {
            (Fault::FindsOnlyWaiting, Some(record)) if record.stage != Stage::Waiting => Ok(None),
            (Fault::ForgetsRealms, Some(record)) => {
                record.realm = None;
                Ok(found)
            }
            _ => Ok(found),
        }
    }

    fn record_decision(
        &self,
        query: &RecordDecision,
    ) -> Result<Option<TemporaryRecord>, Infallible> {
        let found = self.inner.find_temporary(&FindTemporary::new(&*query.token))?;
        let mut query = query.clone();
        match (self.fault, &found) {
            (Fault::IgnoresClients, Some(found)) => query.client_key.clone_from(&found.client_key),
            (Fault::DecidesInTwoSteps, Some(found)) => {
                let may = found.stage == Stage::Waiting && found.client_key == query.client_key;
                between_two_steps();
                if may {
                    self.now_is(&query.token, found);
                }
            }
            (Fault::DecidesTwice, Some(found)) if found.client_key == query.client_key => {
                let waiting = self.saved.lock().unwrap()[&query.token].clone();
                self.now_is(&query.token, &waiting);
            }
            _ => {}
        }
        self.inner.record_decision(&query)
    }

    fn redeem(&self, query: &Redeem) -> Result<Redemption, Infallible> {
        let found = self.inner.find_temporary(&FindTemporary::new(&*query.temporary))?;
        let mut query = query.clone();
        match self.fault {
            Fault::RedeemsInTwoSteps => {
                between_two_steps();
                if let Some(found) = &found {
                    self.now_is(&query.temporary, found);
                }
            }
            Fault::LosesExpiries => query.expires_at = None,
            _ => {}
        }
        let redemption = self.inner.redeem(&query)?;
        if let (Fault::KeepsWrongVerifiers, Some(found), Redemption::Refused) =
            (self.fault, &found, &redemption)
        {
            self.now_is(&query.temporary, found);
        }
        Ok(redemption)
    }
}

const FAULTS: &[(&str, &[Row<Fault>])] = &[
    (
        "FindCredentials",
        &[
            (Fault::FindsTemporariesAsTokens, "FindCredentials for a token does not", &[]),
            (Fault::FoldsIdentifiers, "FindCredentials compares identifiers", &["byte for byte"]),
        ],
    ),
    (
        "SaveTemporary",
        &[
            (
                Fault::LosesParameters,
                "record that SaveTemporary saved",
                &["as it was", "complete", "another client", "changes nothing"],
            ),
            (Fault::SavesWaiting, "record that SaveTemporary saved", &["complete", "Redeem"]),
        ],
    ),
    (
        "FindTemporary",
        &[
            (
                Fault::FindsOnlyWaiting,
                "record that SaveTemporary saved",
                &["RecordDecision", "decision"],
            ),
            (Fault::ForgetsRealms, "record that SaveTemporary saved", &["RecordDecision"]),
        ],
    ),
    (
        "RecordDecision",
        &[
            (Fault::IgnoresClients, "for another client changes nothing", &["RecordDecision"]),
            (
                Fault::DecidesInTwoSteps,
                "exactly one is answered with the record",
                &["the decision that"],
            ),
            (
                Fault::DecidesTwice,
                "a second RecordDecision changes nothing",
                &["RecordDecision", "the decision that"],
            ),
        ],
    ),
    (
        "Redeem",
        &[
            (Fault::RedeemsInTwoSteps, "exactly one is answered Redeemed", &["only the token"]),
            (Fault::KeepsWrongVerifiers, "a wrong verifier removes", &["Redeem with"]),
            (
                Fault::LosesExpiries,
                "answers with the token's record",
                &["complete record of the token"],
            ),
        ],
    ),
];

#[test]
fn the_memory_store_passes_the_conformance_kit() {
    conformance::check(&MemoryStore::default(), NOW);
    conformance::check(&Broken::new(Fault::None), NOW);
    let store = MemoryStore::default();
    let check = Check::at(NOW).rounds(50);
    pollster::block_on(check.run_async(&Blocking(&store)));
    pollster::block_on(check.seed(1).run_async(&Blocking(&store)));
}

#[test]
fn every_query_has_at_least_two_broken_stores() {
    assert!(FAULTS.iter().all(|(_, faults)| faults.len() >= 2));
    // All queries but `RememberOnce`, whose faults are those of all protocols.
    assert_eq!(FAULTS.len(), 5);
}

#[test]
fn every_broken_store_is_caught_by_the_rule_that_it_breaks() {
    check_faults(FAULTS, |fault| conformance::check(&Broken::new(fault), NOW));
    check_faults(VALUE_FAULTS, |fault| {
        conformance::check(&Broken::new(Fault::Values(fault)), NOW);
    });
}
