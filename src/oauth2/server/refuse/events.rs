//! Events for the operator, by the feature `tracing`; without it, nothing happens here. No field
//! holds a secret.

use super::reason::RejectReason;
use super::refusal_channel::RefusalChannel;
use super::rejected::Rejected;
use crate::oauth2::server::store::records::client_record::ClientRecord;
use crate::oauth2::server::store::records::grant_record::{GrantId, GrantRecord};

impl RejectReason {
    pub(crate) fn reject(self, channel: &RefusalChannel) -> Rejected {
        self.reject_claim(channel, None)
    }

    /// Refuses a request that names that client, before the client has been looked up.
    pub(crate) fn reject_claim(
        self,
        channel: &RefusalChannel,
        claimed: Option<String>,
    ) -> Rejected {
        let rejected = Rejected::new(self, channel.clone(), claimed);
        rejected_request(&rejected);
        rejected
    }
}

/// The target of all events of this module.
#[cfg(feature = "tracing")]
const TARGET: &str = "oauth_proto::oauth2::server";

#[cfg(feature = "tracing")]
pub(crate) fn issued(grant: &GrantRecord, grant_type: &str) {
    tracing::info!(
        target: TARGET,
        grant = %grant.id,
        client_id = %grant.client_id,
        grant_type,
        scope = %grant.scope,
        "tokens issued"
    );
}

#[cfg(feature = "tracing")]
pub(crate) fn revoked(grant: GrantId) {
    tracing::info!(target: TARGET, %grant, "revoked");
}

/// Reports that a replaced refresh token got its successor once more within the grace time: for a
/// client that lost the answer, or for a thief.
#[cfg(feature = "tracing")]
pub(crate) fn asked_again(grant: &GrantRecord) {
    tracing::warn!(
        target: TARGET,
        grant = %grant.id,
        client_id = %grant.client_id,
        "replaced refresh token used within the grace time"
    );
}

/// Reports that a token about which a client asks is not active for it. The client is not told the
/// reason; the log has it.
#[cfg(feature = "tracing")]
pub(crate) fn inactive(client: &ClientRecord, reason: &RejectReason) {
    tracing::debug!(
        target: TARGET,
        client_id = %client.client_id,
        %reason,
        "introspected token is not active",
    );
}

/// Reports a refusal: a sign of theft and a wrong secret are warnings, a fault of this side is an
/// error, and common faults of clients are debug events.
#[cfg(feature = "tracing")]
pub(crate) fn rejected_request(rejected: &Rejected) {
    let (reason, client_id) = (&rejected.reason, rejected.client_id());
    let (code, endpoint) = (reason.code(), rejected.endpoint().map(tracing::field::debug));
    match reason {
        RejectReason::StoreFailed(_)
        | RejectReason::DecisionFailed(_)
        | RejectReason::Misconfigured(_) => {
            tracing::error!(target: TARGET, code, endpoint, client_id, %reason, "request failed");
        }
        RejectReason::CodeReplayed
        | RejectReason::CodeOfAnotherClient(_)
        | RejectReason::RefreshTokenReplayed
        | RejectReason::RefreshTokenOfAnotherClient(_) => {
            tracing::warn!(target: TARGET, code, endpoint, client_id, %reason, "grant revoked");
        }
        // An attacker guesses, or something is configured wrongly.
        RejectReason::WrongSecret(_)
        | RejectReason::PasswordDenied
        | RejectReason::WrongVerifier => {
            tracing::warn!(target: TARGET, code, endpoint, client_id, %reason, "request refused");
        }
        RejectReason::TokenUnknown if rejected.endpoint().is_some() => {
            tracing::warn!(target: TARGET, code, endpoint, client_id, %reason, "request refused");
        }
        _ => tracing::debug!(target: TARGET, code, endpoint, client_id, %reason, "request refused"),
    }
}

#[cfg(not(feature = "tracing"))]
pub(crate) const fn issued(_: &GrantRecord, _: &str) {}

#[cfg(not(feature = "tracing"))]
pub(crate) const fn asked_again(_: &GrantRecord) {}

#[cfg(not(feature = "tracing"))]
pub(crate) const fn revoked(_: GrantId) {}

#[cfg(not(feature = "tracing"))]
pub(crate) const fn inactive(_: &ClientRecord, _: &RejectReason) {}

#[cfg(not(feature = "tracing"))]
pub(crate) const fn rejected_request(_: &Rejected) {}
