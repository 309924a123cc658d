//! Passes a request to the endpoint with its path.

use std::fmt;

use super::configure::provider::Provider;
use super::endpoint::device_page::DevicePage;
use super::flow::storage::or_reject;
use super::refuse::endpoint::Endpoint;
use super::refuse::refusal_channel::RefusalChannel;
use super::store::records::consent::Consent;
use super::store::traits::ServerStep;
use crate::{Moment, Response};
use http::Request;

/// The result of a request to [`Provider::dispatch`]: a response, or a question for the user.
///
/// ```
/// use oauth_proto::oauth2::server::Dispatched;
///
/// fn is_for_the_user(end: &Dispatched) -> bool {
///     !matches!(end, Dispatched::Respond(_))
/// }
/// ```
#[non_exhaustive]
pub enum Dispatched {
    /// Send this response to the client or the browser.
    Respond(Response),
    /// The user has to decide on an authorization request. Show a page with a form that is sent to
    /// a path of the application. Pass the decision to [`Provider::approve`] or [`Provider::deny`].
    /// If the request has `prompt=none` and the user is not signed in, call
    /// [`Provider::redirect_with_error`] instead.
    Consent(Consent),
    /// The user wants to enter the code of a device. Show a page with a field, and pass the code to
    /// [`Provider::find_device`].
    Device(DevicePage),
}

impl From<Response> for Dispatched {
    fn from(response: Response) -> Self {
        Self::Respond(response)
    }
}

impl From<Consent> for Dispatched {
    fn from(consent: Consent) -> Self {
        Self::Consent(consent)
    }
}

impl fmt::Debug for Dispatched {
    /// Shows only the status of a response, since the body can contain tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Respond(response) => f.debug_tuple("Respond").field(&response.status()).finish(),
            Self::Consent(consent) => f.debug_tuple("Consent").field(consent).finish(),
            Self::Device(page) => f.debug_tuple("Device").field(page).finish(),
        }
    }
}

impl Provider {
    /// Passes a request to the endpoint with its path. The request must have the full path that the
    /// client has sent: put back a prefix that a router has removed. A request for another path is
    /// refused with [`RejectReason::NoSuchPath`](crate::oauth2::server::RejectReason::NoSuchPath).
    ///
    /// Bodies of more than 64 KiB are refused. The web server must have such a limit, too, since it
    /// reads the body first. The application must add CORS headers if scripts of other origins call
    /// the endpoints.
    pub fn dispatch<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        moment: Moment,
    ) -> ServerStep<Dispatched> {
        let path = request.uri().path();
        match self.0.paths.find(path).filter(|endpoint| self.serves(*endpoint)) {
            Some(Endpoint::Authorize) => or_reject(
                &RefusalChannel::page(Endpoint::Authorize),
                self.read_authorization_request(request, moment),
            ),
            Some(Endpoint::Device) => {
                let page = self.read_page_request(request);
                or_reject(
                    &RefusalChannel::page(Endpoint::Device),
                    page.map(|page| ServerStep::Done(Dispatched::Device(page))),
                )
            }
            Some(Endpoint::Token) => self.or_reject_with_client(
                request,
                Endpoint::Token,
                self.read_token_request(request, moment),
            ),
            Some(Endpoint::Introspect) => self.or_reject_with_client(
                request,
                Endpoint::Introspect,
                self.read_introspection(request, moment),
            ),
            Some(Endpoint::Revoke) => self.or_reject_with_client(
                request,
                Endpoint::Revoke,
                self.read_revocation(request, moment),
            ),
            Some(Endpoint::DeviceAuthorization) => self.or_reject_with_client(
                request,
                Endpoint::DeviceAuthorization,
                self.read_device_request(request, moment),
            ),
            Some(Endpoint::PushedRequest) => self.or_reject_with_client(
                request,
                Endpoint::PushedRequest,
                self.read_pushed_request(request, moment),
            ),
            Some(Endpoint::Register) => self.answer_registration(request, moment),
            Some(Endpoint::Metadata) => or_reject(
                &RefusalChannel::json(Endpoint::Metadata),
                self.read_metadata_request(request),
            ),
            None => ServerStep::Reject(self.no_such_path(path)),
        }
    }
}
