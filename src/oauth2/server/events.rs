//! Events for the operator, by the feature `tracing`; without it, nothing happens here. No field holds a secret.

use super::records::{GrantId, GrantRecord};
use super::rejected::Reason;

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

/// A sign of theft is a warning, a fault of this side an error; what clients do wrong all day is worth a look at most.
#[cfg(feature = "tracing")]
pub(super) fn rejected(reason: &Reason) {
    let code = reason.code();
    match reason {
        Reason::StoreFailed(_) | Reason::DecisionFailed(_) | Reason::Misconfigured(_) => {
            tracing::error!(target: TARGET, code, %reason, "request failed");
        }
        Reason::CodeReplayed
        | Reason::CodeOfAnotherClient(_)
        | Reason::RefreshTokenReplayed
        | Reason::RefreshTokenOfAnotherClient(_) => tracing::warn!(target: TARGET, code, %reason, "grant revoked"),
        _ => tracing::debug!(target: TARGET, code, %reason, "request refused"),
    }
}

#[cfg(not(feature = "tracing"))]
pub(super) const fn issued(_: &GrantRecord, _: &str) {}

#[cfg(not(feature = "tracing"))]
pub(super) const fn asked_again(_: &GrantRecord) {}

#[cfg(not(feature = "tracing"))]
pub(super) const fn revoked(_: GrantId) {}

#[cfg(not(feature = "tracing"))]
pub(super) const fn rejected(_: &Reason) {}
