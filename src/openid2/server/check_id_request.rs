//! An authentication request, while the application finds out who the user is, OpenID
//! Authentication 2.0 §9.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::extension::{Extension, RequestExtension};
use super::super::extensions::{sreg, ui};
use super::super::message::Version;
use super::super::realm::Realm;
use super::responses::MessagePlace;
use crate::wire::without_secrets;

/// A relying party's request to know who the user is: `checkid_setup` or `checkid_immediate`.
///
/// Everything that a page needs is here. Show the user the `realm`: it is what they are asked to
/// trust. It is serde, so that it survives a login page; where it travels through the browser, sign
/// it, so that what is answered is what was shown. The page's form needs the application's usual
/// protection against forged posts, and the page itself one against being framed.
///
/// ```
/// use oauth_proto::openid2::server::{CheckIdRequest, Identity};
///
/// fn question(request: &CheckIdRequest) -> String {
///     match &request.identity {
///         Identity::Select => {
///             format!("Which of your identifiers may {} know?", request.realm)
///         }
///         Identity::Claimed { local_id, .. } => {
///             format!("May {} know that you are {local_id}?", request.realm)
///         }
///         Identity::None => format!("{} does not ask who you are", request.realm),
///     }
/// }
/// ```
///
/// After the user has signed in, and has seen and decided it:
///
/// ```
/// use oauth_proto::openid2::server::{Approval, CheckIdRequest, Provider, Rejected, serve};
/// use oauth_proto::openid2::ax;
/// use oauth_proto::openid2::server::store::MemoryStore;
/// use oauth_proto::{Moment, Response};
///
/// /// `stored` is the request from the session, `user` who is signed in:
/// /// `https://op.example/id/jane`.
/// fn decided(
///     provider: &Provider,
///     store: &MemoryStore,
///     stored: &str,
///     user: &str,
///     consents: bool,
/// ) -> Result<Response, Box<dyn std::error::Error>> {
///     let request: CheckIdRequest = serde_json::from_str(stored)?;
///     if !consents {
///         return Ok(serve(provider.deny(request), store)?);
///     }
///     let mut approval = Approval::new(user);
///     if let Some(fetch) = request.extension::<ax::FetchRequest>() {
///         let known = ax::FetchResponse::default()
///             .attribute(ax::AttributeType::Email, ["jane@example.com"]);
///         approval = approval.extension(known.only(&fetch)); // nothing that was not asked for
///     }
///     // Where the request is about another user, the relying party is told that there is no
///     // assertion.
///     let step = provider.approve(request, approval, Moment::from_os());
///     Ok(serve(step, store).unwrap_or_else(|rejected| rejected.response()))
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckIdRequest {
    /// The version that the relying party speaks.
    pub version: Version,
    /// Whether the user must not be asked anything (§9.3): approve at once, or
    /// [`deny`](super::Provider::deny).
    pub immediate: bool,
    /// The realm that the user is asked to trust (§9.2).
    pub realm: String,
    /// The URL that the assertion is sent to; `None` if the relying party does not want one.
    pub return_to: Option<String>,
    /// The user that the request is about.
    pub identity: Identity,
    pub(super) assoc_handle: Option<String>,
    pub(super) extensions: Vec<Extension>,
}

/// The user that a request is about.
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
    /// The user chooses among their identifiers: the relying party sent `identifier_select`
    /// (§7.3.1).
    #[serde(rename = "any")]
    Select,
    /// The owner of that identifier: whether the user is that is seen by `local_id`, one of this
    /// provider's. `claimed_id` may be on any host, and says itself, to the relying party, that
    /// this provider may speak for it.
    Claimed {
        /// The identifier that the user entered at the relying party.
        claimed_id: String,
        /// The identifier of the user at this provider.
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
            .field("return_to", &self.return_to.as_deref().map(without_secrets))
            .field("identity", &self.identity)
            .field("immediate", &self.immediate)
            .field("extensions", &self.extensions)
            .finish_non_exhaustive()
    }
}

impl CheckIdRequest {
    /// Returns the URL for the answer, checked once more: the request may have been stored where
    /// others can change it.
    pub(super) fn sound_return_to(&self) -> Option<&str> {
        let realm = Realm::parse(&self.realm)?;
        self.return_to.as_deref().filter(|return_to| realm.contains(return_to))
    }

    /// Returns the part of the URL that carries the response: the fragment (User Interface
    /// Extension §5.1) only if the relying party says that it knows the extension, since browsers
    /// keep a fragment through redirects.
    pub(super) fn message_place(&self) -> MessagePlace {
        let has_fragment =
            self.return_to.as_deref().is_some_and(|return_to| return_to.contains('#'));
        if has_fragment && self.raw_extension(ui::NAMESPACE).is_some() {
            MessagePlace::Fragment
        } else {
            MessagePlace::Query
        }
    }

    /// An extension of the answer's in the version that the question was asked in.
    pub(super) fn as_asked(&self, extension: &Extension) -> Extension {
        let mut extension = extension.clone();
        let asked = |namespace| self.raw_extension(namespace).is_some();
        if extension.namespace == sreg::NAMESPACE
            && asked(sreg::NAMESPACE_1_0)
            && !asked(sreg::NAMESPACE)
        {
            sreg::NAMESPACE_1_0.clone_into(&mut extension.namespace);
        }
        extension
    }

    /// Returns what an extension's request asks for:
    /// [`ax::FetchRequest`](crate::openid2::ax::FetchRequest), [`sreg::Request`], and so on. `None`
    /// where there is no request of the extension.
    ///
    /// Of [`ax::FetchRequest`](crate::openid2::ax::FetchRequest), the `update_url` is left out
    /// where it is outside of the realm, and where this provider would have to post to a host of
    /// the provider's network, or without TLS. Of
    /// [`oauth::Request`](crate::openid2::oauth::Request), look whether the consumer may be used
    /// for this realm.
    pub fn extension<E: RequestExtension>(&self) -> Option<E> {
        let found = E::NAMESPACES.iter().find_map(|namespace| self.raw_extension(namespace))?;
        Some(E::read(found)?.within(&self.realm))
    }

    /// Returns the fields of any extension by its type URI.
    pub fn raw_extension(&self, namespace: &str) -> Option<&Extension> {
        self.extensions.iter().find(|extension| extension.namespace == namespace)
    }
}
