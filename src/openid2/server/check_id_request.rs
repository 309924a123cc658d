//! An authentication request, while the application finds out who the user is, OpenID Authentication 2.0 §9.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::extensions::{Extension, ReadExtension, RequestExtension, sreg, ui};
use super::super::identifier::absolute;
use super::super::message::{IDENTIFIER_SELECT, Message, Version};
use super::super::realm::Realm;
use super::provider::{Dispatched, Provider};
use super::rejected::RejectReason;
use super::store::ServerStep;
use crate::wire::bare;

/// A relying party's question who the user is.
///
/// Everything that a page needs is here. Show the user the [`realm`](Self::realm): it is what they are asked to trust. It is
/// serde, so that it survives a login page; where it travels through the browser, sign it, so that what is answered is what
/// was shown. The page's form needs the application's usual protection against forged posts, and the page itself one
/// against being framed.
///
/// ```
/// use oauth_proto::openid2::server::{CheckIdRequest, Identity};
///
/// fn question(check_id: &CheckIdRequest) -> String {
///     match check_id.identity() {
///         Identity::Select => format!("Which of your identifiers may {} know?", check_id.realm()),
///         Identity::Claimed { local_id, .. } => format!("May {} know that you are {local_id}?", check_id.realm()),
///         Identity::None => format!("{} does not ask who you are", check_id.realm()),
///     }
/// }
/// ```
///
/// After the user has signed in, and has seen and decided it:
///
/// ```
/// use oauth_proto::openid2::server::{Approval, CheckIdRequest, Provider, Rejected};
/// use oauth_proto::openid2::ax;
/// use oauth_proto::{Moment, Response};
///
/// /// `stored` is the question from the session, `user` who is signed in: `https://op.example/id/jane`.
/// fn decided(
///     provider: &Provider,
///     stored: &str,
///     user: &str,
///     consents: bool,
/// ) -> Result<Response, Box<dyn std::error::Error>> {
///     let check_id: CheckIdRequest = serde_json::from_str(stored)?;
///     if !consents {
///         return Ok(provider.cancel(check_id));
///     }
///     let mut approval = Approval::new(user);
///     if let Some(fetch) = check_id.extension::<ax::FetchRequest>() {
///         let known = ax::FetchResponse::default().attribute(ax::EMAIL, ["jane@example.com"]);
///         approval = approval.extension(known.only(&fetch)); // nothing that was not asked for
///     }
///     // Where the question is about somebody else, the relying party is told that there is no answer.
///     Ok(provider.approve(check_id, approval, Moment::from_os()).unwrap_or_else(Rejected::response))
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckIdRequest {
    pub(super) version: Version,
    pub(super) immediate: bool,
    pub(super) realm: String,
    pub(super) return_to: Option<String>,
    pub(super) identity: Identity,
    pub(super) assoc_handle: Option<String>,
    pub(super) extensions: Vec<Extension>,
}

/// Who a question is about.
///
/// ```
/// use oauth_proto::openid2::server::Identity;
///
/// let asked = Identity::Claimed {
///     claimed_id: "https://jane.example/".into(),
///     local_id: "https://op.example/id/jane".into(),
/// };
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// The user chooses among their identifiers: the relying party sent `identifier_select` (§7.3.1).
    #[serde(rename = "any")]
    Select,
    /// The owner of that identifier: whether the user is that is seen by `local_id`, one of this provider's. `claimed_id` may
    /// be on any host, and says itself, to the relying party, that this provider may speak for it.
    Claimed {
        /// What the user typed at the relying party.
        claimed_id: String,
        /// What this provider knows the user by.
        local_id: String,
    },
    /// No identifier is asked for: the relying party wants extensions alone (§9.1).
    #[serde(rename = "nobody")]
    None,
}

impl fmt::Debug for CheckIdRequest {
    /// The return_to may hold what ties the answer to a browser.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckIdRequest")
            .field("realm", &self.realm)
            .field("return_to", &self.return_to.as_deref().map(bare))
            .field("identity", &self.identity)
            .field("immediate", &self.immediate)
            .field("extensions", &self.extensions)
            .finish_non_exhaustive()
    }
}

impl CheckIdRequest {
    /// Where the answer goes, looked at once more: it may have been where others can change it.
    pub(super) fn sound_return_to(&self) -> Option<&str> {
        let realm = Realm::parse(&self.realm)?;
        self.return_to().filter(|return_to| realm.contains(return_to))
    }

    /// Whether a page of the relying party's reads the answer in its fragment (User Interface Extension §5.1). Only where it
    /// says that it knows the extension: browsers carry a fragment on through redirects.
    pub(super) fn wants_fragment(&self) -> bool {
        self.extension::<ui::Request>().is_some() && self.return_to().is_some_and(|return_to| return_to.contains('#'))
    }

    /// An extension of the answer's in the version that the question was asked in.
    pub(super) fn as_asked(&self, extension: &Extension) -> Extension {
        let mut extension = extension.clone();
        let asked = |namespace| self.raw_extension(namespace).is_some();
        if extension.namespace == sreg::NAMESPACE && asked(sreg::NAMESPACE_1_0) && !asked(sreg::NAMESPACE) {
            sreg::NAMESPACE_1_0.clone_into(&mut extension.namespace);
        }
        extension
    }

    /// What the user is asked to trust (§9.2).
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// Where the answer goes; `None` where nobody waits for it.
    pub fn return_to(&self) -> Option<&str> {
        self.return_to.as_deref()
    }

    /// Who the question is about.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Whether the user must not be asked anything (§9.3): approve at once, or [`Provider::cancel`].
    pub fn is_immediate(&self) -> bool {
        self.immediate
    }

    /// The version that the relying party speaks.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Returns what an extension's request asks for: [`ax::FetchRequest`](crate::openid2::ax::FetchRequest),
    /// [`sreg::Request`], and so on. `None` where there is no request of the extension.
    ///
    /// Of [`ax::FetchRequest`](crate::openid2::ax::FetchRequest), the `update_url` is left out where it is outside of the
    /// realm, and where this provider would have to post to a host of its own network, or without TLS. Of
    /// [`oauth::Request`](crate::openid2::oauth::Request), look whether the consumer may be used for this realm.
    pub fn extension<E: RequestExtension>(&self) -> Option<E> {
        let found = E::NAMESPACES.iter().find_map(|namespace| self.raw_extension(namespace))?;
        Some(E::read(found)?.within(Realm::parse(&self.realm).as_ref()))
    }

    /// Returns the fields of any extension by its type URI.
    pub fn raw_extension(&self, namespace: &str) -> Option<&Extension> {
        self.extensions.iter().find(|extension| extension.namespace == namespace)
    }
}

/// A relying party that a user may be sent back to: by its realm, and within it.
pub(super) struct Party<'m> {
    realm: &'m str,
    return_to: Option<&'m str>,
}

impl Provider {
    pub(super) fn check_id(&self, message: &Message, version: Version, immediate: bool) -> ServerStep<Dispatched> {
        let party = match self.party(|name| message.get(name), version) {
            Ok(party) => party,
            Err(reason) => return ServerStep::Reject(reason.page()),
        };
        match read_check_id(message, version, immediate, &party) {
            Ok(check_id) => ServerStep::Done(Dispatched::CheckIdRequest(Box::new(check_id))),
            Err(reason) => ServerStep::Reject(match party.return_to {
                Some(return_to) => reason.indirect(return_to, version),
                None => reason.page(),
            }),
        }
    }

    /// Judges the realm and the return_to. Before that nobody is sent anywhere, or a link to this provider would lead to
    /// whatever site its author likes.
    pub(super) fn party<'m>(
        &self,
        field: impl Fn(&'static str) -> Option<&'m str>,
        version: Version,
    ) -> Result<Party<'m>, RejectReason> {
        let return_to = field("return_to");
        if return_to.is_some_and(|url| absolute(url).is_none()) {
            return Err(RejectReason::Invalid("return_to"));
        }
        let name = if version == Version::V2_0 { "realm" } else { "trust_root" };
        // A return_to may end in a fragment, which a realm must not.
        let of_return_to = || return_to.and_then(|url| url.split('#').next());
        let text = field(name).or_else(of_return_to).ok_or(RejectReason::Missing(name))?;
        let realm = Realm::parse(text).ok_or(RejectReason::Invalid(name))?;
        if self.is_too_wide(&realm) {
            return Err(RejectReason::Realm("it covers the sites of many owners"));
        }
        if realm.discovery_url().is_none_or(|url| !self.allowed.trusts_party(&url)) {
            return Err(RejectReason::Realm("it has no TLS"));
        }
        if return_to.is_some_and(|url| !realm.contains(url)) {
            return Err(RejectReason::ReturnToOutside);
        }
        Ok(Party { realm: text, return_to })
    }

    /// Whether a user may take the refusal of a message that was not understood back there: what it says of its realm holds,
    /// and the host is not one of this network, which nobody outside could send them to.
    pub(super) fn may_be_told(&self, return_to: &str, realm: Option<&str>, version: Version) -> bool {
        let field = |name| if name == "return_to" { Some(return_to) } else { realm };
        absolute(return_to).is_some_and(|url| self.allowed.may_fetch(&url)) && self.party(field, version).is_ok()
    }
}

fn read_check_id(
    message: &Message,
    version: Version,
    immediate: bool,
    &Party { realm, return_to }: &Party<'_>,
) -> Result<CheckIdRequest, RejectReason> {
    check_controls(message)?;
    let identity = match (message.get("claimed_id"), message.get("identity"), version) {
        (_, None, Version::V1_1) => return Err(RejectReason::Missing("identity")),
        (_, Some(identity), Version::V1_1) => {
            Identity::Claimed { claimed_id: identity.to_owned(), local_id: identity.to_owned() }
        }
        (None, None, Version::V2_0) => Identity::None,
        (Some(_), Some(IDENTIFIER_SELECT), Version::V2_0) => Identity::Select,
        // Whoever asserted it would assert nobody's identifier.
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
    if version == Version::V1_1 && !extensions.iter().any(|extension| extension.namespace == sreg::NAMESPACE) {
        extensions.extend(message.extension(sreg::NAMESPACE, sreg::Request::ALIAS_1_1));
    }
    Ok(CheckIdRequest {
        version,
        immediate,
        realm: realm.to_owned(),
        return_to: return_to.map(str::to_owned),
        identity,
        assoc_handle: message.get("assoc_handle").map(str::to_owned),
        extensions,
    })
}

/// Checks that a question can be kept. Identifiers and handles have no control characters, and no field has a NUL, on which
/// stores fail.
fn check_controls(message: &Message) -> Result<(), RejectReason> {
    let names = |key: &str| matches!(key, "identity" | "claimed_id" | "assoc_handle");
    let odd = message.pairs().find(|(key, value)| {
        key.contains('\0') || value.contains('\0') || (names(key) && value.contains(char::is_control))
    });
    match odd {
        Some((key, _)) => Err(RejectReason::ControlCharacter(key.chars().take(100).collect())),
        None => Ok(()),
    }
}
