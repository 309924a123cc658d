//! The endpoint for all messages: OpenID Authentication 2.0 §4.1.

use http::Method;

use super::super::message::{Message, Version};
use super::dispatched::Dispatched;
use super::provider::Provider;
use super::queries::ServerStep;
use super::reject_reason::RejectReason;
use super::rejected::Rejected;
use crate::wire::form;
use crate::{Moment, Request};

impl Provider {
    /// Answers a request to the endpoint. `associate` and `check_authentication` end in a response,
    /// and `checkid_setup` and `checkid_immediate` end in a
    /// [`CheckIdRequest`](super::CheckIdRequest).
    ///
    /// The relying party gets an error by a redirect only if its realm is trusted and contains the
    /// return_to. In other cases, the user sees a page.
    pub fn dispatch(&self, request: &Request, moment: Moment) -> ServerStep<Dispatched> {
        let text = match text(request) {
            Ok(text) => text,
            Err(reason) => return ServerStep::Reject(reason.page()),
        };
        let (message, version) = match self.read(text) {
            Ok(read) => read,
            Err((reason, version)) => {
                return ServerStep::Reject(self.refuse(reason, request, text, version));
            }
        };
        let is_post = request.method() == Method::POST;
        match message.get("mode").unwrap_or_default() {
            "checkid_setup" | "checkid_immediate" => self.check_id_request(&message, version),
            "associate" if is_post => self.associate(&message, version, &moment),
            "check_authentication" if is_post => {
                self.check_authentication(&message, version, moment.now)
            }
            "associate" | "check_authentication" => {
                ServerStep::Reject(RejectReason::HttpMethod(request.method().clone()).page())
            }
            _ => ServerStep::Reject(self.refuse(RejectReason::Mode, request, text, version)),
        }
    }

    /// Returns a message that this provider accepts, or the reason of the refusal and the version
    /// of the response.
    fn read(&self, text: &str) -> Result<(Message, Version), (RejectReason, Version)> {
        let message = Message::parse(text).map_err(|_| (RejectReason::Malformed, Version::V2_0))?;
        let version = message.version().ok_or((RejectReason::Version, Version::V2_0))?;
        if message.get("mode").is_none_or(str::is_empty) {
            return Err((RejectReason::NotOpenid, version));
        }
        if version == Version::V1_1 && !self.allowed.openid1 {
            return Err((RejectReason::Version, version));
        }
        if !message.has_sound_aliases() {
            return Err((RejectReason::Malformed, version));
        }
        Ok((message, version))
    }

    /// Refuses a message that cannot be read. The response is a redirect to the relying party, a
    /// direct response, or a page.
    fn refuse(
        &self,
        reason: RejectReason,
        request: &Request,
        text: &str,
        version: Version,
    ) -> Rejected {
        // A field that occurs twice has no usable value.
        let sole = |wanted: &str| {
            let mut values =
                form::text_pairs(text).filter(|(name, _)| name.as_deref() == Some(wanted));
            values.next().filter(|_| values.next().is_none()).and_then(|(_, value)| value)
        };
        let is_direct =
            matches!(sole("openid.mode").as_deref(), Some("associate" | "check_authentication"));
        let Some(return_to) = sole("openid.return_to").filter(|_| !is_direct) else {
            let is_post = request.method() == Method::POST;
            return if is_post { reason.direct(version, &[]) } else { reason.page() };
        };
        let realm =
            sole(if version == Version::V2_0 { "openid.realm" } else { "openid.trust_root" });
        if self.may_be_told(&return_to, realm.as_deref(), version) {
            reason.indirect(&return_to, version)
        } else {
            reason.page()
        }
    }
}

/// Returns the message of a request (§4.1.2). In a POST, only the form counts.
fn text(request: &Request) -> Result<&str, RejectReason> {
    match *request.method() {
        Method::GET => Ok(request.uri().query().unwrap_or_default()),
        Method::POST if form::is_form(request.headers()) != Some(true) => {
            Err(RejectReason::NotAForm)
        }
        Method::POST => std::str::from_utf8(request.body()).map_err(|_| RejectReason::Malformed),
        _ => Err(RejectReason::HttpMethod(request.method().clone())),
    }
}
