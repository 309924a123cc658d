//! The exchange of an approved request token from an OpenID response: OpenID OAuth Extension §11.

use super::client::Client;
use super::token::Token;
use crate::oauth1::credentials::TokenCredentials;
use crate::{Error, Forged, Moment, Step};

impl Client {
    /// Exchanges a request token that the user approved while signing in with OpenID. Such a
    /// request token has no verifier, and its secret is the empty text.
    ///
    /// Only the signature of the OpenID response proves that the request token belongs to the user.
    /// Take the request token only from a response whose signature you have verified.
    ///
    /// ```
    /// # use oauth_proto::oauth1::{Client, Token};
    /// # use oauth_proto::{Error, Moment, Step};
    /// fn exchange(client: &Client, request_token: &str) -> Result<Step<Token>, Error> {
    ///     client.redeem_approved(request_token, Moment::from_os())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Forged::ParameterMissing`] if the request token is empty, which means that the user
    /// granted no access. [`Unsupported`](crate::Unsupported) if the configuration does not allow
    /// the request. Errors in the service's response are returned later, by the step.
    pub fn redeem_approved(
        &self,
        request_token: &str,
        moment: Moment,
    ) -> Result<Step<Token>, Error> {
        if request_token.is_empty() {
            return Err(Forged::ParameterMissing { name: "request_token" }.into());
        }
        self.token_request(&TokenCredentials::new(request_token, ""), Vec::new(), None, moment)
    }
}
