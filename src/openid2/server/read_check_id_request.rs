//! Reading authentication requests: first the realm and the return_to, then the rest. OpenID
//! Authentication 2.0 §9.

use super::super::extension::ReadExtension;
use super::super::extensions::sreg;
use super::super::identifier::absolute;
use super::super::message::{IDENTIFIER_SELECT, Message, Version};
use super::super::realm::Realm;
use super::check_id_request::{CheckIdRequest, Identity};
use super::dispatched::Dispatched;
use super::provider::Provider;
use super::queries::ServerStep;
use super::reject_reason::RejectReason;

/// A relying party to which a user can be sent back: its realm, and a return_to in it.
pub(super) struct TrustedParty<'m> {
    realm: &'m str,
    return_to: Option<&'m str>,
}

impl Provider {
    pub(super) fn check_id_request(
        &self,
        message: &Message,
        version: Version,
    ) -> ServerStep<Dispatched> {
        let party = match self.trusted_party(|name| message.get(name), version) {
            Ok(party) => party,
            Err(reason) => return ServerStep::Reject(reason.page()),
        };
        match read(message, version, &party) {
            Ok(check_id) => ServerStep::Done(Dispatched::CheckIdRequest(Box::new(check_id))),
            Err(reason) => ServerStep::Reject(match party.return_to {
                Some(return_to) => reason.indirect(return_to, version),
                None => reason.page(),
            }),
        }
    }

    /// Checks the realm and the return_to. No browser is redirected before this check. Otherwise, a
    /// link to this provider could lead to any site that the link's author names.
    pub(super) fn trusted_party<'m>(
        &self,
        field: impl Fn(&'static str) -> Option<&'m str>,
        version: Version,
    ) -> Result<TrustedParty<'m>, RejectReason> {
        let return_to = field("return_to");
        if return_to.is_some_and(|url| absolute(url).is_none()) {
            return Err(RejectReason::Invalid("return_to"));
        }
        let name = if version == Version::V2_0 { "realm" } else { "trust_root" };
        // A return_to can have a fragment, and a realm cannot.
        let of_return_to = || return_to.and_then(|url| url.split('#').next());
        let text = field(name).or_else(of_return_to).ok_or(RejectReason::Missing(name))?;
        let realm = Realm::parse(text).ok_or(RejectReason::Invalid(name))?;
        if self.is_too_wide(&realm) {
            return Err(RejectReason::Realm("it covers sites of many owners, as `*.com` does"));
        }
        if realm.discovery_url().is_none_or(|url| !self.allowed.trusts_party(&url)) {
            return Err(RejectReason::Realm("expected https"));
        }
        if return_to.is_some_and(|url| !realm.contains(url)) {
            return Err(RejectReason::ReturnToOutside);
        }
        Ok(TrustedParty { realm: text, return_to })
    }

    /// Returns whether the refusal of a malformed message may be a redirect to a URL: the realm
    /// contains the URL, and the URL's host is not in this network.
    pub(super) fn may_be_told(
        &self,
        return_to: &str,
        realm: Option<&str>,
        version: Version,
    ) -> bool {
        let field = |name| if name == "return_to" { Some(return_to) } else { realm };
        absolute(return_to).is_some_and(|url| self.allowed.may_fetch(&url))
            && self.trusted_party(field, version).is_ok()
    }
}

fn read(
    message: &Message,
    version: Version,
    &TrustedParty { realm, return_to }: &TrustedParty<'_>,
) -> Result<CheckIdRequest, RejectReason> {
    check_controls(message)?;
    let identity = match (message.get("claimed_id"), message.get("identity"), version) {
        (_, None, Version::V1_1) => return Err(RejectReason::Missing("identity")),
        (_, Some(identity), Version::V1_1) => {
            Identity::Claimed { claimed_id: identity.to_owned(), local_id: identity.to_owned() }
        }
        (None, None, Version::V2_0) => Identity::None,
        (Some(_), Some(IDENTIFIER_SELECT), Version::V2_0) => Identity::Select,
        // `identifier_select` is not an identifier and must not be asserted.
        (Some(claimed_id), Some(_), Version::V2_0)
            if absolute(claimed_id).is_none() || claimed_id == IDENTIFIER_SELECT =>
        {
            return Err(RejectReason::Invalid("claimed_id"));
        }
        (Some(claimed_id), Some(local_id), Version::V2_0) => {
            Identity::Claimed { claimed_id: claimed_id.to_owned(), local_id: local_id.to_owned() }
        }
        (None, Some(_), Version::V2_0) => return Err(RejectReason::Missing("claimed_id")),
        (Some(_), None, Version::V2_0) => return Err(RejectReason::Missing("identity")),
    };
    let mut extensions: Vec<_> =
        message.namespaces().filter_map(|namespace| message.extension(namespace, None)).collect();
    if version == Version::V1_1
        && !extensions.iter().any(|extension| extension.namespace == sreg::NAMESPACE)
    {
        extensions.extend(message.extension(sreg::NAMESPACE, sreg::Request::ALIAS_1_1));
    }
    Ok(CheckIdRequest {
        version,
        immediate: message.get("mode") == Some("checkid_immediate"),
        realm: realm.to_owned(),
        return_to: return_to.map(str::to_owned),
        identity,
        assoc_handle: message.get("assoc_handle").map(str::to_owned),
        extensions,
    })
}

/// Checks that a request can be stored. Identifiers and handles must have no control characters. No
/// field must have a NUL, since stores fail on it.
fn check_controls(message: &Message) -> Result<(), RejectReason> {
    let names = |key: &str| matches!(key, "identity" | "claimed_id" | "assoc_handle");
    let odd = message.pairs().find(|(key, value)| {
        key.contains('\0')
            || value.contains('\0')
            || (names(key) && value.contains(char::is_control))
    });
    match odd {
        Some((key, _)) => Err(RejectReason::ControlCharacter(key.chars().take(100).collect())),
        None => Ok(()),
    }
}
