//! Calls of APIs that return JSON: [`Session::call`].

use serde_json::Value;

use super::session::Session;
use crate::core::api::{self, ApiRequest};
use crate::oauth2::Quirks;
use crate::oauth2::client::token_response;
use crate::{Error, Refused, Response, Step, Timestamp};

impl Session {
    /// Calls an API at one of the session's origins, with the session's token.
    ///
    /// The result of the step is the JSON of the response, which is null for an empty body. A
    /// response with status 200 that contains only an error is a refusal.
    ///
    /// This method does not renew the token. To renew it after a 401, send [`ApiRequest::request`]
    /// with a [`SharedSession`](crate::oauth2::SharedSession), and read the response with
    /// [`ApiRequest::read`].
    ///
    /// ```no_run
    /// use oauth_proto::oauth2::{Client, Session, Token};
    /// use oauth_proto::{ApiRequest, Moment, run};
    /// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> {
    /// #     unimplemented!()
    /// # }
    ///
    /// # fn example(client: Client, token: Token) -> Result<(), Box<dyn std::error::Error>> {
    /// let session = Session::new(&client, "https://graph.facebook.com", token)?;
    /// let request =
    ///     ApiRequest::new("https://graph.facebook.com/me")?.argument("fields", "id,name");
    /// let me = run(session.call(&request, Moment::from_os().now)?, &mut send)?;
    /// println!("{}", me["name"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// - [`Expired::Token`](crate::Expired::Token) if the token has expired, or if the session has
    ///   no token yet and [`renew`](Self::renew) can get one.
    /// - [`RequestError::ForeignOrigin`](crate::oauth2::RequestError::ForeignOrigin) if the API is
    ///   at an origin that must not get the token.
    /// - [`Unsupported`](crate::Unsupported) if the session has no token and cannot get one, if the
    ///   token cannot be sent (for example, since it is not a bearer token), or if the URL becomes
    ///   too long.
    ///
    /// The returned step can fail with:
    /// - [`Refused`] if the API refuses, with the API's error code if there is one.
    /// - [`Misbehaved`](crate::Misbehaved) if the response is a redirect, is too long, or is not
    ///   JSON.
    pub fn call(&self, request: &ApiRequest, now: Timestamp) -> Result<Step<Value>, Error> {
        let mut protected = request.request()?;
        let _ = self.attach_token(&mut protected, now)?;
        Ok(api::send(protected, request.limit, api_refusal).observed_by(self.observer()))
    }
}

/// Reads the refusal of an API. Lists of errors are accepted, since APIs use them more often than
/// token endpoints do.
pub(crate) fn api_refusal(response: &Response) -> Refused {
    token_response::refusal(response, Quirks { allow_error_list: true, ..Quirks::STRICT })
}
