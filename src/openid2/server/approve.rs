//! Responses to authentication requests: OpenID Authentication 2.0 §10.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::super::association::AssociationType;
use super::super::extension::Extension;
use super::super::identifier::absolute;
use super::super::message::{Message, Version};
use super::super::{indirect_communication, nonce_time};
use super::association_handle::{AssociationHandle, Sharing};
use super::check_id_request::{CheckIdRequest, Identity};
use super::provider::Provider;
use super::queries::ServerStep;
use super::reject_reason::RejectReason;
use super::rejected::Rejected;
use super::responses;
use crate::wire::without_secrets;
use crate::{Moment, Response};

/// The time in which a relying party can ask about the signature of a response.
const PRIVATE_LIFETIME: Duration = Duration::from_secs(600);

/// The user's approval: the user's identifiers, and the extensions of the response.
///
/// ```
/// use oauth_proto::openid2::ax;
/// use oauth_proto::openid2::server::Approval;
///
/// let approval = Approval::new("https://op.example/id/jane").extension(
///     ax::FetchResponse::default().attribute(ax::AttributeType::Email, ["jane@example.com"]),
/// );
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Approval {
    local_id: String,
    /// Another identifier of the user: one outside this provider, or the user's identifier with a
    /// fragment that distinguishes its present owner from a former one (§11.5.1). The relying party
    /// checks that the identifier names this provider. Default: `None`.
    pub claimed_id: Option<String>,
    extensions: Vec<Extension>,
}

impl Approval {
    /// Makes an approval by the user with this identifier at the provider, a whole URL. The
    /// identifier is not sent if the request is without identity.
    pub fn new(local_id: impl Into<String>) -> Self {
        Self { local_id: local_id.into(), claimed_id: None, extensions: Vec::new() }
    }

    /// Sets the response of an extension, such as
    /// [`ax::FetchResponse`](crate::openid2::ax::FetchResponse) or
    /// [`sreg::Response`](crate::openid2::sreg::Response). It replaces an earlier one with the same
    /// namespace. Show its values to the user, and return only what was requested (with the
    /// function `only`).
    pub fn extension(mut self, extension: impl Into<Extension>) -> Self {
        self.extensions.push(extension.into());
        self
    }
}

impl Provider {
    /// Sends the user back with an assertion. Sign the user in and ask for consent before you call
    /// this.
    ///
    /// # Errors
    /// [`RejectReason::NotTheUsers`] if the identifier in the request is not the identifier in the
    /// approval. [`RejectReason::NoIdentifier`] if an identifier of the approval is not an absolute
    /// URL in its normal form. [`RejectReason::Unsignable`] if a value has a newline. In all these
    /// cases, the response tells the relying party that the provider makes no assertion.
    pub fn approve(
        &self,
        request: CheckIdRequest,
        approval: Approval,
        moment: Moment,
    ) -> ServerStep<Response> {
        let Some(return_to) = request.sound_return_to() else {
            return ServerStep::Done(responses::nothing());
        };
        match self.assertion(&request, return_to, &approval, &moment) {
            Ok(message) => {
                ServerStep::Done(responses::indirect(return_to, &message, request.message_place()))
            }
            Err(reason) => ServerStep::Reject(Rejected::new(reason, self.denial(&request))),
        }
    }

    /// Sends the user back without an assertion, because the user does not consent, or because the
    /// user would have to be asked and the request is immediate (§10.2).
    #[doc(alias = "cancel")]
    pub fn deny(&self, request: CheckIdRequest) -> ServerStep<Response> {
        ServerStep::Done(self.denial(&request))
    }

    /// Makes a positive assertion (§10.1).
    pub(super) fn assertion(
        &self,
        request: &CheckIdRequest,
        return_to: &str,
        approval: &Approval,
        moment: &Moment,
    ) -> Result<Message, RejectReason> {
        let version = request.version;
        let mut answer = Message::new(version, "id_res");
        if version == Version::V2_0 {
            answer.set("op_endpoint", &self.endpoint);
            let unique = URL_SAFE_NO_PAD.encode(&moment.derive("openid nonce")[..12]);
            answer.set("response_nonce", nonce_time::format(moment.now) + &unique);
        }
        answer.set("return_to", return_to);
        if let Some((claimed_id, local_id)) = identifiers(&request.identity, approval)? {
            if version == Version::V2_0 {
                answer.set("claimed_id", claimed_id);
            }
            answer.set("identity", local_id);
        }
        for extension in &approval.extensions {
            answer.extend(&request.as_asked(extension));
        }
        let (handle, invalidated) =
            self.handle_for(request, moment).ok_or(RejectReason::Unsignable)?;
        answer.set("assoc_handle", &handle.text);
        if let Some(invalidated) = invalidated {
            answer.set("invalidate_handle", invalidated);
        }
        // All fields except the mode, which changes when a relying party asks about the signature.
        let signed: Vec<_> =
            answer.keys().filter(|key| !matches!(*key, "mode" | "invalidate_handle")).collect();
        let signed = signed.join(",");
        let text = answer.signed_text(&signed).ok_or(RejectReason::Unsignable)?;
        answer.set("sig", handle.association_type.sign(&handle.mac_key, &text));
        answer.set("signed", signed);
        Ok(answer)
    }

    /// Makes a negative assertion (§10.2).
    fn denial(&self, request: &CheckIdRequest) -> Response {
        let Some(return_to) = request.sound_return_to() else {
            return responses::nothing();
        };
        let answer = match (request.immediate, request.version) {
            (false, version) => Message::new(version, "cancel"),
            (true, Version::V2_0) => Message::new(Version::V2_0, "setup_needed"),
            // §14.2.2: the same request again, without immediate mode.
            (true, Version::V1_1) => {
                let mut answer = Message::new(Version::V1_1, "id_res");
                answer.set("user_setup_url", self.setup_url(request));
                answer
            }
        };
        responses::indirect(return_to, &answer, request.message_place())
    }

    /// Returns the URL at which the user can respond to an immediate request of OpenID 1.1.
    fn setup_url(&self, request: &CheckIdRequest) -> String {
        let mut message = Message::new(Version::V1_1, "checkid_setup");
        message.set("trust_root", &request.realm);
        if let Some(return_to) = &request.return_to {
            message.set("return_to", return_to);
        }
        if let Identity::Claimed { local_id, .. } = &request.identity {
            message.set("identity", local_id);
        }
        if let Some(handle) = &request.assoc_handle {
            message.set("assoc_handle", handle);
        }
        for extension in &request.extensions {
            message.extend(extension);
        }
        indirect_communication::with_query(&self.endpoint, &message.to_form())
    }

    /// Returns the association for the signature: that of the relying party, or a private one
    /// together with the handle that is not valid any more (§10).
    fn handle_for(
        &self,
        request: &CheckIdRequest,
        moment: &Moment,
    ) -> Option<(AssociationHandle, Option<String>)> {
        let named = request.assoc_handle.as_deref();
        let shared = named
            .and_then(|handle| self.handles.open(handle, moment.now))
            .filter(|handle| handle.sharing == Sharing::Shared);
        if let Some(handle) = shared {
            return Some((handle, None));
        }
        let association_type = match request.version {
            Version::V2_0 => AssociationType::HmacSha256,
            Version::V1_1 => AssociationType::HmacSha1,
        };
        let private =
            self.handles.issue(association_type, Sharing::Private, PRIVATE_LIFETIME, moment)?;
        Some((private, named.map(str::to_owned)))
    }
}

/// Returns the asserted identifiers: claimed and local.
fn identifiers(
    asked: &Identity,
    approval: &Approval,
) -> Result<Option<(String, String)>, RejectReason> {
    let plain = |url: &str| url.split('#').next().unwrap_or_default().to_owned();
    let claimed = approval.claimed_id.clone();
    let pair = match asked {
        Identity::None => return Ok(None),
        Identity::Select => {
            let claimed = claimed.unwrap_or_else(|| approval.local_id.clone());
            for identifier in [&claimed, &approval.local_id] {
                // A relying party would discover another URL, or none.
                if absolute(identifier).is_none_or(|url| url.as_str() != identifier) {
                    return Err(RejectReason::NoIdentifier(without_secrets(identifier)));
                }
            }
            (claimed, approval.local_id.clone())
        }
        Identity::Claimed { local_id, .. } if *local_id != approval.local_id => {
            return Err(RejectReason::NotTheUsers);
        }
        Identity::Claimed { claimed_id, local_id } => {
            let claimed = claimed.unwrap_or_else(|| claimed_id.clone());
            if plain(&claimed) != plain(claimed_id) {
                return Err(RejectReason::NotTheUsers);
            }
            (claimed, local_id.clone())
        }
    };
    Ok(Some(pair))
}
