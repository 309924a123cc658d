//! Responding to authentication requests, OpenID Authentication 2.0 §10.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};

use super::super::association::AssociationType;
use super::super::extensions::Extension;
use super::super::identifier::absolute;
use super::super::message::{Message, Version};
use super::super::{indirect_communication, nonce_time};
use super::association_handle::{AssociationHandle, Sharing};
use super::check_id_request::{CheckIdRequest, Identity};
use super::provider::Provider;
use super::rejected::{RejectReason, Rejected};
use crate::wire::bare;
use crate::{Moment, Response};

/// How long a relying party may take to have an answer confirmed.
const PRIVATE_LIFETIME: Duration = Duration::from_secs(600);

/// Longer URLs are answered by a form: browsers and servers take no more for certain.
const LONGEST_URL: usize = 2047;

/// The user's consent: who they are, and what the relying party may know.
///
/// ```
/// use oauth_proto::openid2::server::Approval;
/// use oauth_proto::openid2::ax;
///
/// let approval = Approval::new("https://op.example/id/jane")
///     .extension(ax::FetchResponse::default().attribute(ax::EMAIL, ["jane@example.com"]));
/// ```
#[derive(Clone, Debug)]
pub struct Approval {
    local_id: String,
    claimed_id: Option<String>,
    extensions: Vec<Extension>,
}

impl Approval {
    /// The user who is signed in here: by an identifier of this provider's, the whole URL as its documents are found at.
    /// Where the question is about nobody, it is not sent.
    pub fn new(local_id: impl Into<String>) -> Self {
        Self { local_id: local_id.into(), claimed_id: None, extensions: Vec::new() }
    }

    /// Another identifier of the user's than the one of this provider: one that they chose, or the same with a fragment
    /// that tells it from its former owner's (§11.5.1). The relying party sees for itself whether it names this provider.
    pub fn claimed_id(mut self, claimed_id: impl Into<String>) -> Self {
        self.claimed_id = Some(claimed_id.into());
        self
    }

    /// What an extension answers, in the place of what was said for the same namespace before:
    /// [`ax::FetchResponse`](crate::openid2::ax::FetchResponse), [`sreg::Response`](crate::openid2::sreg::Response), and so on. Let the user
    /// see it, and keep to what was asked for (`only`).
    pub fn extension(mut self, extension: impl Into<Extension>) -> Self {
        self.extensions.push(extension.into());
        self
    }
}

impl Provider {
    /// The user consents: sends them back with an assertion. Call it only after the application knows who the user is.
    ///
    /// # Errors
    /// [`RejectReason::NotTheUsers`] when the question is about another identifier than `approval`'s; the response then says to
    /// the relying party that there is no answer. [`RejectReason::NoIdentifier`] when `approval` has something else than a URL,
    /// [`RejectReason::Unsignable`] when a value has a newline; the relying party hears the same then.
    pub fn approve(&self, check_id: CheckIdRequest, approval: Approval, moment: Moment) -> Result<Response, Rejected> {
        let Some(return_to) = check_id.sound_return_to() else {
            return Ok(nothing());
        };
        match self.assertion(&check_id, return_to, &approval, &moment) {
            Ok(answer) => Ok(respond(return_to, &answer, check_id.wants_fragment())),
            Err(reason) => Err(Rejected::new(reason, self.cancel(check_id))),
        }
    }

    /// A positive assertion (§10.1).
    pub(super) fn assertion(
        &self,
        check_id: &CheckIdRequest,
        return_to: &str,
        approval: &Approval,
        moment: &Moment,
    ) -> Result<Message, RejectReason> {
        let version = check_id.version;
        let mut answer = Message::new(version, "id_res");
        if version == Version::V2_0 {
            answer.set("op_endpoint", &self.endpoint);
            let unique = URL_SAFE_NO_PAD.encode(&moment.derive("openid nonce")[..12]);
            answer.set("response_nonce", nonce_time::format(moment.now) + &unique);
        }
        answer.set("return_to", return_to);
        if let Some((claimed_id, local_id)) = identifiers(&check_id.identity, approval)? {
            if version == Version::V2_0 {
                answer.set("claimed_id", claimed_id);
            }
            answer.set("identity", local_id);
        }
        for extension in &approval.extensions {
            answer.extend(&check_id.as_asked(extension));
        }
        let (handle, invalidated) = self.handle_for(check_id, moment).ok_or(RejectReason::Unsignable)?;
        answer.set("assoc_handle", &handle.text);
        if let Some(invalidated) = invalidated {
            answer.set("invalidate_handle", invalidated);
        }
        // All but what changes on the way: the mode, when a relying party asks for confirmation.
        let signed: Vec<_> = answer.keys().filter(|key| !matches!(*key, "mode" | "invalidate_handle")).collect();
        let signed = signed.join(",");
        let text = answer.signed_text(&signed).ok_or(RejectReason::Unsignable)?;
        answer.set("sig", handle.association_type.sign(&handle.mac_key, &text));
        answer.set("signed", signed);
        Ok(answer)
    }

    /// The user does not consent, or nobody is signed in and the user must not be asked: sends them back without an answer
    /// (§10.2).
    pub fn cancel(&self, check_id: CheckIdRequest) -> Response {
        let Some(return_to) = check_id.sound_return_to() else {
            return nothing();
        };
        let answer = match (check_id.immediate, check_id.version) {
            (false, version) => Message::new(version, "cancel"),
            (true, Version::V2_0) => Message::new(Version::V2_0, "setup_needed"),
            // §14.2.2: the same question once more, with time for an answer.
            (true, Version::V1_1) => {
                let mut answer = Message::new(Version::V1_1, "id_res");
                answer.set("user_setup_url", self.setup_url(&check_id));
                answer
            }
        };
        respond(return_to, &answer, check_id.wants_fragment())
    }

    /// Where a user can answer a question of OpenID 1.1 that was to be answered at once.
    fn setup_url(&self, check_id: &CheckIdRequest) -> String {
        let mut message = Message::new(Version::V1_1, "checkid_setup");
        message.set("trust_root", &check_id.realm);
        if let Some(return_to) = &check_id.return_to {
            message.set("return_to", return_to);
        }
        if let Identity::Claimed { local_id, .. } = &check_id.identity {
            message.set("identity", local_id);
        }
        if let Some(handle) = &check_id.assoc_handle {
            message.set("assoc_handle", handle);
        }
        for extension in &check_id.extensions {
            message.extend(extension);
        }
        indirect_communication::with_query(&self.endpoint, &message.to_form())
    }

    /// The association that signs: the one that the relying party named, or a private one, and the name then of what is no
    /// good any more (§10).
    fn handle_for(&self, check_id: &CheckIdRequest, moment: &Moment) -> Option<(AssociationHandle, Option<String>)> {
        let named = check_id.assoc_handle.as_deref();
        let shared = named
            .and_then(|handle| self.handles.open(handle, moment.now))
            .filter(|handle| handle.sharing == Sharing::Shared);
        if let Some(handle) = shared {
            return Some((handle, None));
        }
        let association_type = match check_id.version {
            Version::V2_0 => AssociationType::HmacSha256,
            Version::V1_1 => AssociationType::HmacSha1,
        };
        let private = self.handles.issue(association_type, Sharing::Private, PRIVATE_LIFETIME, moment)?;
        Some((private, named.map(str::to_owned)))
    }
}

/// The identifiers that are asserted: claimed and local.
fn identifiers(asked: &Identity, approval: &Approval) -> Result<Option<(String, String)>, RejectReason> {
    let plain = |url: &str| url.split('#').next().unwrap_or_default().to_owned();
    let claimed = approval.claimed_id.clone();
    let pair = match asked {
        Identity::None => return Ok(None),
        Identity::Select => {
            let claimed = claimed.unwrap_or_else(|| approval.local_id.clone());
            for identifier in [&claimed, &approval.local_id] {
                // A relying party would look for another URL, or for none.
                if absolute(identifier).is_none_or(|url| url.as_str() != identifier) {
                    return Err(RejectReason::NoIdentifier(bare(identifier)));
                }
            }
            (claimed, approval.local_id.clone())
        }
        Identity::Claimed { local_id, .. } if *local_id != approval.local_id => return Err(RejectReason::NotTheUsers),
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

/// Sends the user to a URL with a message: by a redirect, or a form where it would be too long (§5.2).
pub(super) fn respond(return_to: &str, answer: &Message, in_fragment: bool) -> Response {
    let at_end = if in_fragment { indirect_communication::with_fragment } else { indirect_communication::with_query };
    let url = at_end(return_to, &answer.to_form());
    let mut response = Response::default();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let location = HeaderValue::try_from(&url).ok().filter(|_| url.len() <= LONGEST_URL);
    if let Some(mut location) = location {
        location.set_sensitive(true);
        headers.insert(LOCATION, location);
        *response.status_mut() = StatusCode::SEE_OTHER;
        return response;
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    *response.body_mut() = indirect_communication::page(return_to, answer).into_bytes();
    response
}

/// For a relying party that waits for no answer (§10).
fn nothing() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
