//! The queries of a race, and their outputs.

use crate::OneTimeUse;
use crate::core::one_time::RememberOnce;
use crate::oauth2::server::store::attempts::CountAttempt;
use crate::oauth2::server::store::optional::NotSupported;
use crate::oauth2::server::store::purge::{Purge, Purged};
use crate::oauth2::server::store::queries::{
    Redeem, Redemption, RemoveClient, ReplaceOneTimeRecord, Revoke, Rotate, Rotation, SaveClient,
    SaveOneTimeRecord, SaveTokens, Saved,
};
use crate::oauth2::server::store::records::attempt::Attempts;
use crate::oauth2::server::store::traits::AsyncStore;

/// One query of many.
#[derive(Clone)]
pub(crate) enum Move {
    Redeem(Redeem),
    Rotate(Rotate),
    Save(SaveTokens),
    OneTimeRecord(SaveOneTimeRecord),
    Replace(ReplaceOneTimeRecord),
    Client(SaveClient),
    Remove(RemoveClient),
    Revoke(Revoke),
    Count(CountAttempt),
    Remember(RememberOnce),
    Purge(Purge),
}

/// The output of a move.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Redeemed(Redemption),
    Rotated(Rotation),
    Saved(Saved),
    Kept(bool),
    Revoked,
    Counted(Result<Attempts, NotSupported>),
    Remembered(OneTimeUse),
    Purged(Result<Purged, NotSupported>),
}

/// Asks the store.
pub(crate) async fn make<S: AsyncStore + ?Sized>(
    store: &S,
    one: Move,
) -> Result<Outcome, S::Error> {
    Ok(match one {
        Move::Redeem(query) => Outcome::Redeemed(store.redeem(&query).await?),
        Move::Rotate(query) => Outcome::Rotated(store.rotate(&query).await?),
        Move::Save(query) => Outcome::Saved(store.save_tokens(&query).await?),
        Move::OneTimeRecord(query) => Outcome::Kept(store.save_one_time_record(&query).await?),
        Move::Replace(query) => Outcome::Kept(store.replace_one_time_record(&query).await?),
        Move::Remove(query) => Outcome::Kept(store.remove_client(&query).await?),
        Move::Client(query) => Outcome::Kept(store.save_client(&query).await?),
        Move::Revoke(query) => {
            store.revoke(&query).await?;
            Outcome::Revoked
        }
        Move::Count(query) => Outcome::Counted(store.count_attempt(&query).await?),
        Move::Remember(query) => Outcome::Remembered(store.remember_once(&query).await?),
        Move::Purge(query) => Outcome::Purged(store.purge(&query).await?),
    })
}
