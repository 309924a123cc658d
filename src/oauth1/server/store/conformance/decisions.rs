//! The checks of RecordDecision.

use super::crowd::{Move, Outcome};
use super::kit::{CLIENT, Kit};
use crate::core::conformance::race::{CROWD, Together, run, winner};
use crate::oauth1::server::store::traits::AsyncStore;
use crate::oauth1::server::store::{RecordDecision, Stage, TemporaryRecord};

fn decision(token: &str, stage: Option<Stage>) -> RecordDecision {
    RecordDecision { stage, ..RecordDecision::new(token, CLIENT) }
}

pub(crate) async fn check<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let unknown = decision(&kit.name("temporary"), Some(kit.granted()));
    kit.must_equal(
        &kit.record_decision(unknown).await,
        &None,
        "RecordDecision of credentials that do not exist answers None",
    );
    let waiting = kit.waiting();
    let token = kit.save(&waiting).await;
    for stage in [Some(kit.granted()), None] {
        let of_another =
            RecordDecision { client_key: "another client".into(), ..decision(&token, stage) };
        let refused = kit.record_decision(of_another).await;
        kit.must(
            refused.is_none() && kit.temporary(&token).await.as_ref() == Some(&waiting),
            "RecordDecision for another client changes nothing, and answers None",
        );
    }
    kit.must_equal(
        &kit.record_decision(decision(&token, Some(kit.granted()))).await,
        &Some(waiting.clone()),
        "RecordDecision of waiting credentials answers with the record as it was before",
    );
    let approved = TemporaryRecord { stage: kit.granted(), ..waiting.clone() };
    kit.must_equal(
        &kit.temporary(&token).await,
        &Some(approved.clone()),
        "RecordDecision saves the new stage, and changes nothing else",
    );
    for stage in [Some(kit.granted()), None] {
        let second = kit.record_decision(decision(&token, stage)).await;
        kit.must(
            second.is_none() && kit.temporary(&token).await.as_ref() == Some(&approved),
            "a second RecordDecision changes nothing, and answers None",
        );
    }
    let denied = kit.save(&waiting).await;
    kit.must_equal(
        &kit.record_decision(decision(&denied, None)).await,
        &Some(waiting),
        "RecordDecision of waiting credentials answers with the record as it was before",
    );
    kit.must(
        kit.temporary(&denied).await.is_none(),
        "RecordDecision of a denial removes the record",
    );
}

/// Checks that one of several decisions at once counts.
pub(crate) async fn race<S: AsyncStore + ?Sized>(
    kit: &Kit<'_, S>,
    together: &impl Together<Move, Outcome>,
) {
    let prepare = async || {
        let token = kit.save(&kit.waiting()).await;
        let stage = |at: usize| at.is_multiple_of(2).then(|| kit.granted());
        let moves = (0..CROWD).map(|at| Move::Decide(decision(&token, stage(at)))).collect();
        (token, moves)
    };
    let judge = async |token: String, outcomes: Vec<Outcome>| {
        let winner = winner(
            kit,
            &outcomes,
            |outcome| matches!(outcome, Outcome::Decided(Some(_))),
            "of several RecordDecisions of one record at once, exactly one is answered with the \
             record",
        );
        kit.must_equal(
            &kit.temporary(&token).await.is_some(),
            &winner.is_multiple_of(2),
            "the decision that is answered with the record is the one that is saved",
        );
    };
    run(kit, together, prepare, judge).await;
}
