//! Signed calls of an API that responds with JSON: [`Session::call`].

use serde_json::Value;

use super::session::Session;
use super::token_response;
use crate::core::api::{self, ApiRequest};
use crate::wire::MAX_BODY;
use crate::{Error, Moment, Refused, Response, ResponseExcerpt, Step, Timestamp};

impl Session {
    /// Signs a request to an API and sends it: for the session's user, or for the client if the
    /// session has no token. The result of the step is the JSON of the response, or null if the
    /// body is empty.
    ///
    /// ```no_run
    /// use oauth_proto::oauth1::Session;
    /// use oauth_proto::{ApiRequest, Moment, run};
    /// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> {
    /// #     unimplemented!()
    /// # }
    ///
    /// # fn example(session: Session) -> Result<(), Box<dyn std::error::Error>> {
    /// let request = ApiRequest::new("https://api.x.com/1.1/statuses/update.json")?
    ///     .post([("status", "Testing Tornado Web Server")]);
    /// let status = run(session.call(&request, Moment::from_os())?, &mut send)?;
    /// println!("{}", status["id_str"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Unsupported::PlainHttp`](crate::Unsupported::PlainHttp) if the URL is neither https nor on
    /// this machine, and the errors of [`sign`](Self::sign). The step fails with [`Refused`], which
    /// has the API's error code if it sends one, and with [`Misbehaved`](crate::Misbehaved) if the
    /// response cannot be used.
    pub fn call(&self, request: &ApiRequest, moment: Moment) -> Result<Step<Value>, Error> {
        request.check_secure()?;
        let signed = request.request()?;
        let signed_at = moment.now;
        let limit = request.limit;
        let refusal = move |response: &Response| refusal(response, Some(signed_at));
        let signing = self.sign_remotely(signed, moment)?;
        Ok(signing
            .and_then(move |signed| Ok(api::send(signed, limit, refusal)))?
            .observed_by(self.observer()))
    }
}

/// Returns the error code and the description of an API's refusal, in the format of the protocol or
/// of Twitter.
pub(crate) fn api_refusal(response: &Response) -> Refused {
    refusal(response, None)
}

/// Returns the error code and the description of an API's refusal. `signed_at` is the time of the
/// request's signature.
fn refusal(response: &Response, signed_at: Option<Timestamp>) -> Refused {
    let answer = Box::new(ResponseExcerpt::of(response));
    if response.body().len() > MAX_BODY {
        return Refused::Status(answer);
    }
    token_response::refusal(response, answer, signed_at)
}
