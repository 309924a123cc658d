//! A provider and its store: records that count once, records that are deleted, and failures of the
//! store.

use std::cell::Cell;
use std::convert::Infallible;
use std::sync::Arc;

use crate::common::{CALLBACK, NOW, OAuth1Pair, ORIGIN, fields, response};
use http::Request;
use oauth_proto::OneTimeUse;
use oauth_proto::Step;
use oauth_proto::oauth1::server::store::{
    ClientRecord, FindCredentials, FindTemporary, FoundCredentials, MemoryStore, NextQuery,
    RecordDecision, Redeem, Redemption, RememberOnce, SaveTemporary, Store, TemporaryRecord,
};
use oauth_proto::oauth1::server::{Approval, RejectReason, ServerStep, serve};
use oauth_proto::oauth1::{
    Authorization, Authorize, ClientCredentials, Pending, Scheme, Session, Signer, TokenCredentials,
};

#[test]
fn a_revoked_token_is_refused() {
    let pair = OAuth1Pair::default();
    let token = pair.token();
    assert!(pair.store.remove_token(&token.credentials.token));
    let mut request = Request::get(format!("{ORIGIN}/photos")).body(Vec::new()).unwrap();
    Session::new(&pair.client, token).sign(&mut request, pair.moment()).unwrap();
    assert_eq!(pair.verify(&request).unwrap_err().reason, RejectReason::UnknownToken);
}

#[test]
fn a_changed_secret_applies_at_once_to_tokens_that_have_been_used() {
    let pair = OAuth1Pair::default();
    let token = pair.token();
    let signed = |secret: &str| {
        let mut request = Request::get(format!("{ORIGIN}/photos")).body(Vec::new()).unwrap();
        let client = ClientCredentials::new("dpf43f3p2l4k3l03", secret);
        let session = Session::from_credentials(&Scheme::default(), &client, Some(token.clone()));
        session.sign(&mut request, pair.moment()).unwrap();
        request
    };
    assert!(pair.verify(&signed("kd94hf93k423kf44")).is_ok());
    pair.store.add_client("dpf43f3p2l4k3l03", ClientRecord::with_secret("another secret").unwrap());
    assert_eq!(
        pair.verify(&signed("kd94hf93k423kf44")).unwrap_err().reason,
        RejectReason::WrongSignature
    );
    assert!(pair.verify(&signed("another secret")).is_ok());
}

/// A store that reads rows from a database returns new records for each query.
#[test]
fn a_store_may_make_new_records_for_each_answer() {
    let pair = OAuth1Pair::default();
    for _ in 0..2 {
        for (is_known, expected) in [(true, None), (false, Some(RejectReason::UnknownToken))] {
            let request = pair.signed();
            let ServerStep::Query(NextQuery::FindCredentials(pending)) =
                pair.provider.verifier().verify(&request, pair.moment())
            else {
                panic!("expected the query FindCredentials")
            };
            let found = pair.store.find_credentials(pending.query()).unwrap();
            let anew = FoundCredentials::default()
                .client(found.client.map(|client| Arc::new((*client).clone())))
                .token(found.token.filter(|_| is_known).map(|token| Arc::new((*token).clone())));
            assert_eq!(
                serve(pending.answer(anew), &pair.store).err().map(|rejected| rejected.reason),
                expected
            );
        }
    }
}

#[test]
fn a_failing_store_gives_a_503_and_nothing_is_lost() {
    let pair = OAuth1Pair::default();
    let request = pair.signed();
    let ServerStep::Query(NextQuery::FindCredentials(pending)) =
        pair.provider.verifier().verify(&request, pair.moment())
    else {
        panic!("expected the query FindCredentials")
    };
    let rejected = serve(pending.unavailable("the disk is full"), &pair.store).unwrap_err();
    assert_eq!(rejected.response().status(), 503);
    assert_eq!(rejected.reason, RejectReason::StoreFailed("the disk is full".into()));
    assert!(!rejected.response().headers().contains_key("www-authenticate"));
    assert!(pair.verify(&request).is_ok());
    assert!(!pair.verify(&request).unwrap_err().response().headers().contains_key("retry-after"));
}

/// A memory store that fails after this number of queries.
struct Failing<'s>(&'s MemoryStore, Cell<usize>);

impl Failing<'_> {
    fn ask<T>(
        &self,
        answer: impl FnOnce(&MemoryStore) -> Result<T, Infallible>,
    ) -> Result<T, &'static str> {
        let left = self.1.get().checked_sub(1).ok_or("the disk is full")?;
        self.1.set(left);
        Ok(answer(self.0).unwrap_or_else(|never| match never {}))
    }
}

impl Store for Failing<'_> {
    type Error = &'static str;

    fn find_credentials(&self, query: &FindCredentials) -> Result<FoundCredentials, Self::Error> {
        self.ask(|store| store.find_credentials(query))
    }
    fn remember_once(&self, query: &RememberOnce) -> Result<OneTimeUse, Self::Error> {
        self.ask(|store| store.remember_once(query))
    }
    fn save_temporary(&self, query: &SaveTemporary) -> Result<(), Self::Error> {
        self.ask(|store| store.save_temporary(query))
    }
    fn find_temporary(
        &self,
        query: &FindTemporary,
    ) -> Result<Option<TemporaryRecord>, Self::Error> {
        self.ask(|store| store.find_temporary(query))
    }
    fn record_decision(
        &self,
        query: &RecordDecision,
    ) -> Result<Option<TemporaryRecord>, Self::Error> {
        self.ask(|store| store.record_decision(query))
    }
    fn redeem(&self, query: &Redeem) -> Result<Redemption, Self::Error> {
        self.ask(|store| store.redeem(query))
    }
}

/// RFC 9110 §10.2.3: without `Retry-After`, clients might retry at once and keep the store from
/// recovering.
#[test]
fn every_endpoint_sends_retry_after_when_any_query_of_storage_fails() {
    fn outage<T: std::fmt::Debug>(pair: &OAuth1Pair, answered: usize, step: ServerStep<T>) {
        let rejected = serve(step, &Failing(&pair.store, Cell::new(answered))).unwrap_err();
        assert_eq!(
            rejected.reason,
            RejectReason::StoreFailed("the disk is full".into()),
            "after {answered}"
        );
        let response = rejected.response();
        assert_eq!(
            (response.status().as_u16(), response.headers()["retry-after"].as_bytes()),
            (503, &b"5"[..])
        );
        assert!(!response.body().windows(4).any(|word| word == b"disk"));
    }
    let pair = OAuth1Pair::default();
    let sent = |step: Step<Authorization>| match step {
        Step::Send(request, _) => request,
        _ => panic!("expected a request"),
    };
    for answered in 0..3 {
        let request =
            sent(pair.client.authorize(Authorize::callback(CALLBACK), pair.moment()).unwrap());
        outage(&pair, answered, pair.provider.dispatch(&request, pair.moment()).map(response));
    }
    for answered in 0..2 {
        outage(&pair, answered, pair.provider.verifier().verify(&pair.signed(), pair.moment()));
    }
    let Authorization { url, pending, .. } = pair.begin(Authorize::callback(CALLBACK)).unwrap();
    outage(
        &pair,
        0,
        pair.provider.dispatch(&Request::get(&url).body(Vec::new()).unwrap(), pair.moment()),
    );
    outage(&pair, 0, pair.provider.deny(pair.consent(&url).unwrap(), pair.moment()));
    outage(
        &pair,
        0,
        pair.provider.approve(pair.consent(&url).unwrap(), Approval::new("jane"), pair.moment()),
    );
    let callback = pair.grant(&url);
    let stored = serde_json::to_string(&pending).unwrap();
    for answered in 0..3 {
        let pending = serde_json::from_str(&stored).unwrap();
        let Step::Send(request, _) =
            pair.client.redeem(pending, callback.as_str(), pair.moment()).unwrap()
        else {
            panic!("expected a request")
        };
        outage(&pair, answered, pair.provider.dispatch(&request, pair.moment()).map(response));
    }
    assert!(pair.redeem(pending, &callback).is_ok());
}

#[test]
fn the_memory_store_drops_expired_records() {
    let pair = OAuth1Pair::default();
    for _ in 0..50 {
        pair.begin(Authorize::callback(CALLBACK)).unwrap();
    }
    // Fifty temporary credentials, and fifty nonces of the requests for them.
    assert_eq!(pair.store.expiring(), 100);
    pair.now.set(NOW + 361);
    pair.begin(Authorize::callback(CALLBACK)).unwrap();
    assert_eq!(pair.store.expiring(), 52);
    pair.now.set(NOW + 7300);
    pair.begin(Authorize::callback(CALLBACK)).unwrap();
    assert_eq!(pair.store.expiring(), 2);
}

/// Row `request-token-race`.
#[test]
fn temporary_credentials_are_redeemed_once_by_many_simultaneous_requests() {
    let pair = OAuth1Pair::default();
    let Authorization { url, pending, .. } = pair.begin(Authorize::callback(CALLBACK)).unwrap();
    let stored = serde_json::to_string(&pending).unwrap();
    let callback = pair.grant(&url);
    let requests: Vec<_> = (0..8)
        .map(|_| {
            let pending: Pending = serde_json::from_str(&stored).unwrap();
            match pair.client.redeem(pending, &callback, pair.moment()).unwrap() {
                Step::Send(request, _) => (request, pair.moment()),
                step => panic!("{step:?}"),
            }
        })
        .collect();
    let (provider, store) = (&pair.provider, &pair.store);
    let won: usize = std::thread::scope(|scope| {
        let tries = requests.into_iter().map(|(request, moment)| {
            scope.spawn(move || {
                serve(provider.dispatch(&request, moment).map(response), store).is_ok()
            })
        });
        let tries: Vec<_> = tries.collect();
        tries.into_iter().map(|try_| usize::from(try_.join().unwrap())).sum()
    });
    assert_eq!(won, 1);
}

/// The store keeps tokens and temporary credentials in one table, or ignores the kind in the query.
#[test]
fn a_token_and_temporary_credentials_are_not_confused_even_if_the_store_confuses_them() {
    struct Both<'s>(&'s MemoryStore);
    impl Both<'_> {
        fn credentials(&self, step: ServerStep<impl std::fmt::Debug>) -> RejectReason {
            let ServerStep::Query(NextQuery::FindCredentials(pending)) = step else {
                panic!("expected the query FindCredentials")
            };
            let query = pending.query();
            let find = |temporary| {
                let mut query = query.clone();
                query.temporary = temporary;
                self.0.find_credentials(&query).unwrap()
            };
            let (token, temporary) = (find(false), find(true).temporary);
            assert!(token.token.is_some() != temporary.is_some());
            serve(pending.answer(token.temporary(temporary)), self.0).unwrap_err().reason
        }
    }
    let pair = OAuth1Pair::default();
    let store = Both(&pair.store);
    let credentials = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
    let signed = |token: &TokenCredentials, path: &str| {
        let mut request = Request::post(format!("{ORIGIN}{path}")).body(Vec::new()).unwrap();
        Signer::new(&Scheme::default(), &credentials, Some(token))
            .sign(&mut request, pair.moment())
            .unwrap();
        request
    };
    // Temporary credentials do not give access to a resource, and a token cannot be exchanged for
    // another token.
    let Step::Send(request, _) =
        pair.client.authorize(Authorize::callback(CALLBACK), pair.moment()).unwrap()
    else {
        panic!("expected a request")
    };
    let answer = fields(&pair.answer(&request));
    let temporary =
        TokenCredentials::new(&answer["oauth_token"], answer["oauth_token_secret"].as_str());
    let step = pair.provider.verifier().verify(&signed(&temporary, "/photos"), pair.moment());
    assert_eq!(store.credentials(step), RejectReason::UnknownToken);
    let token = pair.token().credentials;
    let step = pair.provider.dispatch(&signed(&token, "/token"), pair.moment()).map(response);
    assert_eq!(store.credentials(step), RejectReason::UnknownToken);
}
