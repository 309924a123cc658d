//! The result of a request to the provider's endpoint.

use std::fmt;

use super::check_id_request::CheckIdRequest;
use crate::Response;

/// The result of a request to the endpoint: a response, or a question for the user.
///
/// ```
/// use oauth_proto::openid2::server::Dispatched;
///
/// fn wants_a_page(dispatched: &Dispatched) -> bool {
///     matches!(dispatched, Dispatched::CheckIdRequest(request) if !request.immediate)
/// }
/// ```
pub enum Dispatched {
    /// Send this response to the relying party or the browser.
    Respond(Response),
    /// A relying party requests authentication. Sign the user in, ask the user, and then call
    /// [`Provider::approve`](super::Provider::approve) or
    /// [`Provider::deny`](super::Provider::deny).
    CheckIdRequest(Box<CheckIdRequest>),
}

impl fmt::Debug for Dispatched {
    /// A response can have the key of an association in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Respond(response) => f.debug_tuple("Respond").field(&response.status()).finish(),
            Self::CheckIdRequest(check_id) => {
                f.debug_tuple("CheckIdRequest").field(check_id).finish()
            }
        }
    }
}
