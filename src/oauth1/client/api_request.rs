//! Calling an API that answers with JSON, signed: what tornado.auth's `twitter_request` is made of,
//! with typed errors.

use serde_json::Value;

use super::session::Session;
use super::token_response;
use crate::core::api::{self, ApiRequest};
use crate::wire::MAX_BODY;
use crate::{Error, Moment, Refused, Response, ResponseExcerpt, Step, Timestamp};

impl Session {
    /// Calls an API, signed: for the session's user, or for the client alone where the session has
    /// no token. The step ends in the JSON of the response; null for an empty one.
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
    /// [`Unsupported::PlainHttp`](crate::Unsupported::PlainHttp) when the signature would travel in
    /// the clear, and those of [`sign`](Self::sign). From the step: [`Refused`] with the API's own
    /// code if it gives one, and [`Misbehaved`](crate::Misbehaved).
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

/// Returns what the API said when it refused: in the words of the protocol's servers, or in
/// Twitter's.
pub(crate) fn api_refusal(response: &Response) -> Refused {
    refusal(response, None)
}

/// Returns what the API said when it refused a request that was signed at that time.
fn refusal(response: &Response, signed_at: Option<Timestamp>) -> Refused {
    let answer = Box::new(ResponseExcerpt::of(response));
    if response.body().len() > MAX_BODY {
        return Refused::Status(answer);
    }
    token_response::refusal(response, answer, signed_at)
}
