//! The checks of Redeem.

use super::crowd::{Move, Outcome};
use super::kit::{CLIENT, Kit, LIFE};
use crate::core::conformance::race::{CROWD, Together, run, winner};
use crate::oauth1::server::store::approval::Approval;
use crate::oauth1::server::store::traits::AsyncStore;
use crate::oauth1::server::store::{Redeem, Redemption, TemporaryRecord, TokenRecord};

/// Returns the token that a query makes.
fn token_of(query: &Redeem) -> TokenRecord {
    let record = TokenRecord::new(&query.secret, CLIENT, Approval::new("Jäne O'Hara"));
    TokenRecord { expires_at: query.expires_at, ..record }
}

pub(crate) async fn check<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let unknown = kit.redemption(&kit.name("temporary"));
    kit.must_equal(
        &kit.redeem(unknown).await,
        &Redemption::Refused,
        "Redeem of credentials that do not exist answers Refused",
    );
    for expires_at in [Some(kit.now.after(LIFE)), None] {
        let temporary = kit.save(&kit.approved()).await;
        let query = Redeem { expires_at, ..kit.redemption(&temporary) };
        kit.must_equal(
            &kit.redeem(query.clone()).await,
            &Redemption::Redeemed(token_of(&query)),
            "Redeem of approved credentials answers with the token's record",
        );
        kit.must_equal(
            &kit.token(&query.token).await,
            &Some(token_of(&query)),
            "Redeem saves the complete record of the token",
        );
        kit.must(
            kit.token(&query.token.to_uppercase()).await.is_none(),
            "FindCredentials compares the identifiers of tokens byte for byte",
        );
        kit.must(
            kit.temporary(&temporary).await.is_none(),
            "Redeem removes the temporary credentials",
        );
        let again = kit.redemption(&temporary);
        let second = kit.redeem(again.clone()).await;
        kit.must(
            second == Redemption::Refused && kit.token(&again.token).await.is_none(),
            "the second Redeem of credentials answers Refused, and saves no token",
        );
    }
    refused(kit).await;
}

/// Checks that credentials are used up by a Redeem that is refused.
async fn refused<S: AsyncStore + ?Sized>(kit: &Kit<'_, S>) {
    let expired = TemporaryRecord { expires_at: kit.now, ..kit.approved() };
    let cases = [
        (kit.approved(), "a wrong verifier"),
        (kit.approved(), "another client"),
        (kit.waiting(), "no decision yet"),
        (expired, "credentials that have expired"),
    ];
    for (record, why) in cases {
        let temporary = kit.save(&record).await;
        let mut query = kit.redemption(&temporary);
        match why {
            "a wrong verifier" => query.verifier.push('x'),
            "another client" => query.client_key.push('x'),
            _ => {}
        }
        let refused = kit.redeem(query.clone()).await;
        kit.must(
            refused == Redemption::Refused && kit.token(&query.token).await.is_none(),
            &format!("Redeem with {why} answers Refused, and saves no token"),
        );
        let second = kit.redemption(&temporary);
        kit.must(
            kit.redeem(second).await == Redemption::Refused
                && kit.temporary(&temporary).await.is_none(),
            &format!("Redeem with {why} removes the temporary credentials"),
        );
    }
}

/// Checks that one of several Redeems at once gets the token.
pub(crate) async fn race<S: AsyncStore + ?Sized>(
    kit: &Kit<'_, S>,
    together: &impl Together<Move, Outcome>,
) {
    let prepare = async || {
        let temporary = kit.save(&kit.approved()).await;
        let queries: Vec<_> = (0..CROWD).map(|_| kit.redemption(&temporary)).collect();
        let moves = queries.iter().cloned().map(Move::Redeem).collect();
        (queries, moves)
    };
    let judge = async |queries: Vec<Redeem>, outcomes: Vec<Outcome>| {
        let winner = winner(
            kit,
            &outcomes,
            |outcome| matches!(outcome, Outcome::Redeemed(Redemption::Redeemed(_))),
            "of several Redeems of one record at once, exactly one is answered Redeemed",
        );
        for (at, query) in queries.iter().enumerate() {
            kit.must_equal(
                &kit.token(&query.token).await.is_some(),
                &(at == winner),
                "of several Redeems of one record at once, only the token of the first is saved",
            );
        }
    };
    run(kit, together, prepare, judge).await;
}
