//! Exchanging a request token that came approved with an OpenID answer, OpenID OAuth Extension §11.

use super::client::Client;
use super::token::Token;
use crate::oauth1::credentials::TokenCredentials;
use crate::{Error, Forged, Moment, Step};

impl Client {
    /// Exchanges a request token that its user has approved while signing in by OpenID, for a
    /// token. Such a request token has no verifier, and its secret is the empty text.
    ///
    /// Only the signature of the OpenID answer ties it to the user: take it from an answer that was
    /// verified.
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
    /// [`Forged::ParameterMissing`] when the request token is empty: such an answer grants no
    /// access. [`Unsupported`](crate::Unsupported) when the request cannot be made as it is
    /// configured. The step reports errors of the response.
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
