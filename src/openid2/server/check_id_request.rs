//! An authentication request, while the user signs in and decides: OpenID Authentication 2.0 §9.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::extension::{Extension, RequestExtension};
use super::super::extensions::{sreg, ui};
use super::super::message::Version;
use super::super::realm::Realm;
use super::responses::MessagePlace;
use crate::wire::without_secrets;

/// An authentication request of a relying party: `checkid_setup` or `checkid_immediate`.
///
/// The type has everything that your consent page shows. Show the `realm`, which the user is asked
/// to trust. The type implements serde's `Serialize` and `Deserialize`, so you can store it while
/// the user signs in. If it is sent through the browser, sign it, so the user cannot change the
/// request. Protect the form of the page against CSRF, and the page against framing.
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
/// After the user has signed in and decided:
///
/// ```
/// use oauth_proto::openid2::server::{Approval, CheckIdRequest, Provider, Rejected, serve};
/// use oauth_proto::openid2::ax;
/// use oauth_proto::openid2::server::store::MemoryStore;
/// use oauth_proto::{Moment, Response};
///
/// /// `stored` is the request from the session. `user` is the identifier of the user who is
/// /// signed in: `https://op.example/id/jane`.
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
///         approval = approval.extension(known.only(&fetch)); // only what was requested
///     }
///     // If the request is about another user, the response tells the relying party that there
///     // is no assertion.
///     let step = provider.approve(request, approval, Moment::from_os());
///     Ok(serve(step, store).unwrap_or_else(|rejected| rejected.response()))
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckIdRequest {
    /// The version of the relying party's request.
    pub version: Version,
    /// If `true`, the user must not be asked anything (§9.3): approve at once, or
    /// [`deny`](super::Provider::deny).
    pub immediate: bool,
    /// The realm that the user is asked to trust (§9.2).
    pub realm: String,
    /// The URL to which the assertion is sent. `None` if the relying party wants no response.
    pub return_to: Option<String>,
    /// The identity that the relying party asks about.
    pub identity: Identity,
    pub(super) assoc_handle: Option<String>,
    pub(super) extensions: Vec<Extension>,
}

/// The identity that a relying party asks about: a given identifier, any identifier of the user, or
/// none.
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
    /// The user chooses one of the user's identifiers: the relying party sent `identifier_select`
    /// (§7.3.1).
    #[serde(rename = "any")]
    Select,
    /// A given identifier. Compare `local_id` with the identifier of the user who is signed in.
    /// `claimed_id` can be on any host; the relying party checks that it names this provider.
    Claimed {
        /// The identifier that the user entered at the relying party.
        claimed_id: String,
        /// The identifier of the user at this provider.
        local_id: String,
    },
    /// No identity: the relying party requests only extensions (§9.1).
    #[serde(rename = "nobody")]
    None,
}

impl fmt::Debug for CheckIdRequest {
    /// The return_to can have the value that ties the response to a browser.
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
    /// Returns the URL for the response, which is checked again, since a stored request can have
    /// been changed.
    pub(super) fn sound_return_to(&self) -> Option<&str> {
        let realm = Realm::parse(&self.realm)?;
        self.return_to.as_deref().filter(|return_to| realm.contains(return_to))
    }

    /// Returns the part of the return_to that gets the message. A fragment gets it (User Interface
    /// Extension §5.1) only if the relying party uses the extension, since browsers keep a fragment
    /// through redirects.
    pub(super) fn message_place(&self) -> MessagePlace {
        let has_fragment =
            self.return_to.as_deref().is_some_and(|return_to| return_to.contains('#'));
        if has_fragment && self.raw_extension(ui::NAMESPACE).is_some() {
            MessagePlace::Fragment
        } else {
            MessagePlace::Query
        }
    }

    /// Returns an extension of the response in the version of the request.
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

    /// Returns the request of an extension, such as
    /// [`ax::FetchRequest`](crate::openid2::ax::FetchRequest) or [`sreg::Request`]. `None` if the
    /// message has no request of the extension.
    ///
    /// The `update_url` of an [`ax::FetchRequest`](crate::openid2::ax::FetchRequest) is dropped if
    /// it is outside the realm, on a host of the provider's network, or without TLS. For an
    /// [`oauth::Request`](crate::openid2::oauth::Request), check that the consumer belongs to this
    /// realm.
    pub fn extension<E: RequestExtension>(&self) -> Option<E> {
        let found = E::NAMESPACES.iter().find_map(|namespace| self.raw_extension(namespace))?;
        Some(E::read(found)?.within(&self.realm))
    }

    /// Returns the fields of an extension by its type URI.
    pub fn raw_extension(&self, namespace: &str) -> Option<&Extension> {
        self.extensions.iter().find(|extension| extension.namespace == namespace)
    }
}
