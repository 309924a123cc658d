//! Calling an API that answers with JSON: tornado.auth's `oauth2_request`, with typed errors.

use serde_json::Value;

use super::session::Session;
use crate::core::api::{self, ApiRequest};
use crate::oauth2::Quirks;
use crate::oauth2::client::token_response;
use crate::{Error, Refused, Response, Step, Timestamp};

impl Session {
    /// Calls an API with the session's token, at the origins that the session is for. The step ends
    /// in the JSON of the response; null for an empty one. An answer on status 200 that holds
    /// nothing but an error is a refusal.
    ///
    /// It does not renew the token: to have a 401 dealt with, send [`ApiRequest::request`] by a
    /// [`SharedSession`](crate::oauth2::SharedSession), and read the response by
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
    /// [`Expired::Token`](crate::Expired::Token) when the token is not good, or has to be fetched
    /// first. [`RequestError::ForeignOrigin`](crate::oauth2::RequestError::ForeignOrigin) when the
    /// API is at an origin that must not get the token. [`Unsupported`](crate::Unsupported) when
    /// there is no token, or the URL becomes too long. From the step: [`Refused`] with the API's
    /// own code if it gives one, and [`Misbehaved`](crate::Misbehaved) when the response is not
    /// JSON, is too long, or is a redirect.
    pub fn call(&self, request: &ApiRequest, now: Timestamp) -> Result<Step<Value>, Error> {
        let mut protected = request.request()?;
        let _ = self.attach_token(&mut protected, now)?;
        Ok(api::send(protected, request.limit, api_refusal).observed_by(self.observer()))
    }
}

/// Returns what the API said when it refused. APIs list their errors more often than token
/// endpoints do.
pub(crate) fn api_refusal(response: &Response) -> Refused {
    token_response::refusal(response, Quirks { allow_error_list: true, ..Quirks::STRICT })
}
