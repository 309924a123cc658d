//! Events for the operator, with the feature `tracing`. Fields never contain secrets.

use std::fmt::Debug;

use super::reason::RejectReason;
use super::refusal_channel::RefusalChannel;
use super::rejected::Rejected;
use crate::oauth2::server::store::records::client_record::ClientRecord;
use crate::oauth2::server::store::records::grant_record::{GrantId, GrantRecord};

impl RejectReason {
    pub(crate) fn reject(self, channel: &RefusalChannel) -> Rejected {
        self.reject_claim(channel, None)
    }

    /// Refuses a request before its client was looked up. `claimed` is the client id in the
    /// request.
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

#[cfg(feature = "tracing")]
pub(crate) fn revoked_records(what: &impl Debug) {
    tracing::info!(target: TARGET, records = ?what, "revoked");
}

/// Reports that a replaced refresh token has returned its successor again within the grace time.
/// The client did not receive the response, or an attacker has the token.
#[cfg(feature = "tracing")]
pub(crate) fn asked_again(grant: &GrantRecord) {
    tracing::warn!(
        target: TARGET,
        grant = %grant.id,
        client_id = %grant.client_id,
        "replaced refresh token used within the grace time"
    );
}

/// Reports that an introspected token is not active. The response does not contain the reason.
#[cfg(feature = "tracing")]
pub(crate) fn inactive(client: &ClientRecord, reason: &RejectReason) {
    tracing::debug!(
        target: TARGET,
        client_id = %client.client_id,
        %reason,
        "introspected token is not active",
    );
}

/// Reports a refusal. Signs of theft and wrong secrets are warnings, faults of the server are
/// errors, and common faults of clients are debug events.
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
        // An attacker guesses, or a client is configured wrongly.
        RejectReason::WrongSecret(_)
        | RejectReason::PasswordDenied
        | RejectReason::TooManyAttempts { .. }
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
pub(crate) const fn revoked_records(_: &impl Debug) {}

#[cfg(not(feature = "tracing"))]
pub(crate) const fn inactive(_: &ClientRecord, _: &RejectReason) {}

#[cfg(not(feature = "tracing"))]
pub(crate) const fn rejected_request(_: &Rejected) {}
