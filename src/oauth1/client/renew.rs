//! The renewal of an expired token: OAuth Session 1.0 draft 1 §5.

use super::client::Client;
use super::token::Token;
use crate::oauth1::names::SESSION_HANDLE;
use crate::{Error, Moment, Step, Unsupported};

impl Client {
    /// Renews an expired token by its session handle (OAuth Session 1.0 draft 1 §5). The session
    /// handle and each extra field are kept if the response does not replace them.
    ///
    /// ```
    /// # use oauth_proto::oauth1::{Client, Session};
    /// # use oauth_proto::{DriveError, Moment, Request, Response, run};
    /// # fn store(_: &oauth_proto::oauth1::Token) {}
    /// fn renew(
    ///     client: &Client,
    ///     session: &mut Session,
    ///     send: impl FnMut(Request) -> Result<Response, std::io::Error>,
    /// ) -> Result<(), DriveError> {
    ///     let moment = Moment::from_os();
    ///     if let Some(token) = session.token().filter(|token| token.is_expired(moment.now)) {
    ///         let renewed = run(client.renew(token, moment)?, send)?;
    ///         store(&renewed); // before it is used, since the old token is not valid any more
    ///         *session = Session::new(client, renewed);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Unsupported::NotRenewable`] if the token has no session handle. Errors in the service's
    /// response are returned later, by the step.
    pub fn renew(&self, token: &Token, moment: Moment) -> Result<Step<Token>, Error> {
        let handle = token.session_handle.as_ref().ok_or(Unsupported::NotRenewable)?;
        let protocol = vec![(SESSION_HANDLE.into(), handle.expose().to_owned().into())];
        self.token_request(&token.credentials, protocol, Some(token.clone()), moment)
    }
}
