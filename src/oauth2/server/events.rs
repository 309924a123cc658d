//! Events for the operator, by the feature `tracing`; without it, nothing happens here. No field holds a secret.

use super::client_record::ClientRecord;
use super::reason::RejectReason;
use super::records::{GrantId, GrantRecord};
use super::rejected::Rejected;

/// The target of all events of this module.
#[cfg(feature = "tracing")]
const TARGET: &str = "oauth_proto::oauth2::server";

#[cfg(feature = "tracing")]
pub(super) fn issued(grant: &GrantRecord, grant_type: &str) {
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
pub(super) fn revoked(grant: GrantId) {
    tracing::info!(target: TARGET, %grant, "revoked");
}

/// Within the grace time a refresh token that was replaced gets its successor once more: by a client that lost the answer, or a thief.
#[cfg(feature = "tracing")]
pub(super) fn asked_again(grant: &GrantRecord) {
    tracing::warn!(
        target: TARGET,
        grant = %grant.id,
        client_id = %grant.client_id,
        "replaced refresh token used within the grace time"
    );
}

/// A token about which a client asks is not active for it: what is not told, the log says.
#[cfg(feature = "tracing")]
pub(super) fn inactive(client: &ClientRecord, reason: &RejectReason) {
    tracing::debug!(target: TARGET, client_id = %client.client_id, %reason, "introspected token is not active");
}

/// A sign of theft and a wrong secret are warnings, a fault of this side an error; what clients do wrong all day is worth a look at most.
#[cfg(feature = "tracing")]
pub(super) fn rejected(rejected: &Rejected) {
    let (reason, client_id) = (&rejected.reason, rejected.client_id());
    let (code, endpoint) = (reason.code(), rejected.endpoint().map(tracing::field::debug));
    match reason {
        RejectReason::StoreFailed(_) | RejectReason::DecisionFailed(_) | RejectReason::Misconfigured(_) => {
            tracing::error!(target: TARGET, code, endpoint, client_id, %reason, "request failed");
        }
        RejectReason::CodeReplayed
        | RejectReason::CodeOfAnotherClient(_)
        | RejectReason::RefreshTokenReplayed
        | RejectReason::RefreshTokenOfAnotherClient(_) => {
            tracing::warn!(target: TARGET, code, endpoint, client_id, %reason, "grant revoked");
        }
        // Somebody guesses, or something is configured wrongly.
        RejectReason::WrongSecret(_) | RejectReason::PasswordDenied | RejectReason::WrongVerifier => {
            tracing::warn!(target: TARGET, code, endpoint, client_id, %reason, "request refused");
        }
        RejectReason::BearerToken if rejected.endpoint().is_some() => {
            tracing::warn!(target: TARGET, code, endpoint, client_id, %reason, "request refused");
        }
        _ => tracing::debug!(target: TARGET, code, endpoint, client_id, %reason, "request refused"),
    }
}

#[cfg(not(feature = "tracing"))]
pub(super) const fn issued(_: &GrantRecord, _: &str) {}

#[cfg(not(feature = "tracing"))]
pub(super) const fn asked_again(_: &GrantRecord) {}

#[cfg(not(feature = "tracing"))]
pub(super) const fn revoked(_: GrantId) {}

#[cfg(not(feature = "tracing"))]
pub(super) const fn inactive(_: &ClientRecord, _: &RejectReason) {}

#[cfg(not(feature = "tracing"))]
pub(super) const fn rejected(_: &Rejected) {}
