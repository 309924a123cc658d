//! Records for the checks, and queries whose failure ends the check.

use std::time::Duration;

use crate::core::conformance::kit::kit;
use crate::core::one_time::RememberOnce;
use crate::oauth1::server::store::approval::Approval;
use crate::oauth1::server::store::traits::AsyncStore;
use crate::oauth1::server::store::{
    FindCredentials, FindTemporary, FoundCredentials, RecordDecision, Redeem, Redemption,
    SaveTemporary, Stage, TemporaryRecord, TokenRecord,
};
use crate::{OneTimeUse, Secret};

/// The client of the records.
pub(crate) const CLIENT: &str = "conformance client";

/// The hash of the verifier in the records.
pub(crate) const VERIFIER: &str = "hash of a verifier";

/// The lifetime of records that must not expire during the check.
pub(crate) const LIFE: Duration = Duration::from_secs(3600);

kit! {
    find_credentials: FindCredentials -> FoundCredentials;
    remember_once: RememberOnce -> OneTimeUse;
    save_temporary: SaveTemporary -> ();
    find_temporary: FindTemporary -> Option<TemporaryRecord>;
    record_decision: RecordDecision -> Option<TemporaryRecord>;
    redeem: Redeem -> Redemption;
}

impl<S: AsyncStore + ?Sized> Kit<'_, S> {
    /// Returns a record on which the resource owner has not decided.
    pub(crate) fn waiting(&self) -> TemporaryRecord {
        let mut record = TemporaryRecord::new(
            "secret of temporary credentials",
            CLIENT,
            "https://printer.example.com/ready?x=1",
            self.now.after(LIFE),
        );
        record.realm = Some("Jäne's \"photos\"".to_owned());
        record.parameters.insert("x_locale".to_owned(), "de-AT".to_owned());
        record
    }

    pub(crate) fn granted(&self) -> Stage {
        Stage::Granted { verifier: VERIFIER.to_owned(), approval: Approval::new("Jäne O'Hara") }
    }

    /// Returns a record that the resource owner has approved.
    pub(crate) fn approved(&self) -> TemporaryRecord {
        TemporaryRecord { stage: self.granted(), ..self.waiting() }
    }

    /// Stores a record, and returns its identifier.
    pub(crate) async fn save(&self, record: &TemporaryRecord) -> String {
        let token = self.name("temporary");
        self.save_temporary(SaveTemporary::new(&token, record.clone(), self.now)).await;
        token
    }

    pub(crate) async fn temporary(&self, token: &str) -> Option<TemporaryRecord> {
        self.find_temporary(FindTemporary::new(token)).await
    }

    /// Returns the token with an identifier.
    pub(crate) async fn token(&self, token: &str) -> Option<TokenRecord> {
        let query =
            FindCredentials { token: Some(token.to_owned()), ..FindCredentials::new(CLIENT) };
        self.find_credentials(query).await.token.map(|record| TokenRecord::clone(&record))
    }

    /// Returns the query that redeems temporary credentials for a new token.
    pub(crate) fn redemption(&self, temporary: &str) -> Redeem {
        let mut query = Redeem::new(temporary, CLIENT, self.now);
        VERIFIER.clone_into(&mut query.verifier);
        query.token = self.name("token");
        query.secret = Secret::new("secret of a token");
        query.expires_at = Some(self.now.after(LIFE));
        query
    }
}
