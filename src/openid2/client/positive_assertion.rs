//! Reading positive assertions, and all checks that need no request: OpenID Authentication 2.0
//! §10.1 and §14.2.

use std::time::Duration;

use url::Url;

use super::super::allowed::Allowed;
use super::super::identifier::{absolute, without_fragment};
use super::super::message::{IDENTIFIER_SELECT, Message, Version};
use super::super::nonce::remember_nonce;
use super::super::nonce_time;
use super::super::server::store::RememberOnce;
use super::discovered::Discovered;
use super::pending::{Pending, RequestedIdentity};
use crate::core::error::openid2::AssertionError;
use crate::core::error::openid2::ProviderError;
use crate::wire::{printable_text, truncated, without_secrets};
use crate::{Error, Forged, Refused, Timestamp};

/// The time for which nonces are remembered beyond their window, since clocks differ and requests
/// overtake each other.
const NONCE_MARGIN: Duration = Duration::from_secs(60);

/// The expectations for an assertion.
pub(super) struct ExpectedAssertion {
    /// The endpoints of the provider to which the user was sent. `None` for an unsolicited
    /// assertion.
    pub(super) endpoints: Option<Vec<String>>,
    pub(super) identity: Option<RequestedIdentity>,
    pub(super) return_to: String,
    pub(super) allowed: Allowed,
    pub(super) window: Duration,
}

/// The identifiers that an assertion is about.
#[derive(Clone)]
pub(super) struct AssertedIdentifiers {
    /// The claimed identifier of the assertion, with its fragment.
    pub(super) claimed_id: String,
    /// The claimed identifier without its fragment.
    pub(super) url: Url,
    pub(super) local_id: String,
}

/// An assertion that has been read.
pub(super) struct ReceivedAssertion {
    pub(super) version: Version,
    pub(super) message: Message,
    pub(super) provider: String,
    pub(super) identifiers: Option<AssertedIdentifiers>,
    /// Whether discovery has shown that the provider may assert the identifiers.
    pub(super) discovered: bool,
    pub(super) query: RememberOnce,
}

/// Returns the message if it is a positive assertion (§10.1), and an error if not (§5.2.3, §10.2).
pub(super) fn check_mode(message: Message, protocol: Version) -> Result<Message, Error> {
    match message.get("mode").ok_or(Forged::ParameterMissing { name: "openid.mode" })? {
        "id_res" => {}
        "cancel" => {
            return Err(Refused::Denied { problem: None, advice: None, response: None }.into());
        }
        "setup_needed" => return Err(ProviderError::SetupNeeded { url: None }.into()),
        "error" => return Err(provider_error(|name| message.get(name))),
        _ => return Err(Forged::ParameterInvalid { name: "openid.mode" }.into()),
    }
    if message.version() != Some(protocol) {
        return Err(AssertionError::VersionMismatch.into());
    }
    // The negative response of OpenID 1.1 to an immediate request (§14.2.1). Some providers sign
    // it.
    if protocol == Version::V1_1
        && let Some(url) = message.get("user_setup_url")
    {
        return Err(ProviderError::SetupNeeded { url: absolute(url).map(String::from) }.into());
    }
    if !message.has_sound_aliases() {
        return Err(AssertionError::FieldsUnclear { field: "ns".to_owned() }.into());
    }
    Ok(message)
}

/// Returns the error that a provider reports (§5.1.2.2, §5.2.3).
pub(super) fn provider_error<'m>(field: impl Fn(&'static str) -> Option<&'m str>) -> Error {
    let text = |name| field(name).map(truncated);
    ProviderError::Failed {
        message: field("error").map(printable_text),
        contact: text("contact"),
        reference: text("reference"),
    }
    .into()
}

impl ExpectedAssertion {
    /// Reads an assertion of version 2.0.
    pub(super) fn read_2_0(
        self,
        message: Message,
        now: Timestamp,
    ) -> Result<ReceivedAssertion, Error> {
        let provider = present(&message, "openid.op_endpoint")?.to_owned();
        let nonce = present(&message, "openid.response_nonce")?.to_owned();
        self.check_common(&message)?;
        for field in ["op_endpoint", "response_nonce", "assoc_handle", "claimed_id"] {
            if message.get(field).is_some() && !is_signed(&message, field) {
                return Err(AssertionError::Unsigned { field }.into());
            }
        }
        let known = self.endpoints.as_ref().is_none_or(|endpoints| endpoints.contains(&provider));
        if !known || !self.allowed.takes_endpoint(&provider) {
            let expected = self
                .endpoints
                .iter()
                .flatten()
                .next()
                .map(|endpoint| without_secrets(endpoint))
                .unwrap_or_default();
            return Err(AssertionError::ForeignProvider {
                expected,
                received: without_secrets(&provider),
            }
            .into());
        }
        let time =
            nonce_time::begins_at(&nonce).ok_or(Forged::OpenId2(AssertionError::NonceTime))?;
        if time.until(now).max(now.until(time)) > self.window {
            return Err(AssertionError::NonceTime.into());
        }
        let without_identity =
            self.identity.as_ref().is_none_or(|identity| *identity == RequestedIdentity::None);
        let identifiers = match (message.get("claimed_id"), message.get("identity")) {
            (None, None) if without_identity => None,
            (Some(claimed_id), Some(identity)) => {
                Some(AssertedIdentifiers::of(claimed_id, identity)?)
            }
            (Some(_), None) => {
                return Err(Forged::ParameterMissing { name: "openid.identity" }.into());
            }
            (None, _) => return Err(Forged::ParameterMissing { name: "openid.claimed_id" }.into()),
        };
        let discovered = match (&self.identity, &identifiers) {
            (_, None) => true,
            (Some(RequestedIdentity::Claimed { claimed_id, local_id }), Some(identifiers)) => {
                identifiers.url.as_str() == claimed_id && identifiers.local_id == *local_id
            }
            _ => false,
        };
        let until = time.after(self.window).after(NONCE_MARGIN);
        let query = remember_nonce(&provider, &nonce, now, until);
        Ok(ReceivedAssertion {
            version: Version::V2_0,
            message,
            provider,
            identifiers,
            discovered,
            query,
        })
    }

    /// Reads an assertion of version 1.1, which has no provider and no nonce. The claimed
    /// identifier is that of the pending value, and the state in the signed `return_to` replaces
    /// the nonce.
    pub(super) fn read_1_1(
        self,
        message: Message,
        pending: &Pending,
        now: Timestamp,
    ) -> Result<ReceivedAssertion, Error> {
        let identity = present(&message, "openid.identity")?;
        self.check_common(&message)?;
        let provider = self.endpoints.into_iter().flatten().next().unwrap_or_default();
        let Some(RequestedIdentity::Claimed { claimed_id, local_id }) = self.identity else {
            return Err(Forged::ParameterInvalid { name: "openid.identity" }.into());
        };
        if identity != local_id {
            return Err(AssertionError::NotDiscovered {
                claimed_id: without_secrets(identity),
                endpoint: without_secrets(&provider),
            }
            .into());
        }
        let identifiers = Some(AssertedIdentifiers::of(&claimed_id, &local_id)?);
        let until = pending.expires_at.after(NONCE_MARGIN);
        let query = remember_nonce(&provider, &pending.state, now, until);
        Ok(ReceivedAssertion {
            version: Version::V1_1,
            message,
            provider,
            identifiers,
            discovered: true,
            query,
        })
    }

    /// Checks the fields that both versions have.
    fn check_common(&self, message: &Message) -> Result<(), Forged> {
        for name in ["openid.signed", "openid.sig", "openid.assoc_handle"] {
            present(message, name)?;
        }
        let return_to = present(message, "openid.return_to")?;
        for field in ["return_to", "identity"] {
            if message.get(field).is_some() && !is_signed(message, field) {
                return Err(Forged::OpenId2(AssertionError::Unsigned { field }));
            }
        }
        if return_to != self.return_to {
            return Err(Forged::OpenId2(AssertionError::ReturnToMismatch {
                expected: without_secrets(&self.return_to),
                received: without_secrets(return_to),
            }));
        }
        Ok(())
    }
}

/// Returns a required field.
fn present<'m>(message: &'m Message, name: &'static str) -> Result<&'m str, Forged> {
    let value = name.strip_prefix("openid.").and_then(|key| message.get(key));
    value.filter(|value| !value.is_empty()).ok_or(Forged::ParameterMissing { name })
}

fn is_signed(message: &Message, field: &str) -> bool {
    message.get("signed").is_some_and(|signed| signed.split(',').any(|own| own == field))
}

impl AssertedIdentifiers {
    fn of(claimed_id: &str, identity: &str) -> Result<Self, Forged> {
        let invalid = || Forged::ParameterInvalid { name: "openid.claimed_id" };
        if claimed_id == IDENTIFIER_SELECT || identity == IDENTIFIER_SELECT {
            return Err(invalid());
        }
        // Another spelling of the same URL would be another user to an application that compares
        // texts.
        let url =
            absolute(claimed_id).filter(|url| url.as_str() == claimed_id).ok_or_else(invalid)?;
        // The local identifier can be stored with the claimed one, and was not parsed as a URL.
        if identity.contains(char::is_control) {
            return Err(Forged::ParameterInvalid { name: "openid.identity" });
        }
        Ok(Self {
            claimed_id: claimed_id.to_owned(),
            url: without_fragment(url),
            local_id: identity.to_owned(),
        })
    }

    /// Returns whether the asserted local identifier is the discovered one. If discovery names no
    /// local identifier, the asserted one must be the claimed identifier. Some providers add the
    /// fragment of the claimed identifier.
    pub(super) fn is_local(&self, discovered: &Discovered) -> bool {
        let local_id = discovered.asserted_local_id();
        local_id == Some(&self.local_id)
            || (local_id.is_some_and(|local_id| local_id == self.url.as_str())
                && self.local_id == self.claimed_id)
    }
}
