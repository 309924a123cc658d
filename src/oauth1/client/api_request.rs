//! Calling an API that answers with JSON, signed: what tornado.auth's `twitter_request` is made of, with typed errors.

use std::fmt;

use serde_json::Value;

use super::session::Session;
use super::token_response;
use crate::core::api::{self, ApiCall};
use crate::wire::MAX_BODY;
use crate::{Error, Moment, Refused, Request, Response, ResponseExcerpt, Step, Timestamp};

/// A request to an API: a GET with arguments in the query, or a POST with a form or JSON, answered with JSON.
///
/// ```no_run
/// use oauth_proto::oauth1::{ApiRequest, Session};
/// use oauth_proto::{Moment, run};
/// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> { unimplemented!() }
///
/// # fn example(session: Session) -> Result<(), Box<dyn std::error::Error>> {
/// let request = ApiRequest::new("https://api.x.com/1.1/statuses/update.json")?
///     .post([("status", "Testing Tornado Web Server")]);
/// let status = run(request.call(&session, Moment::from_os())?, &mut send)?;
/// println!("{}", status["id_str"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ApiRequest {
    call: ApiCall,
}

impl ApiRequest {
    /// Makes a GET, which becomes a POST by [`post`](Self::post). Arguments belong into [`argument`](Self::argument); a query that
    /// the URL has already is signed too.
    ///
    /// # Errors
    /// [`Unsupported::Url`](crate::Unsupported::Url) when that is not an absolute http or https URL.
    pub fn new(url: &str) -> Result<Self, Error> {
        Ok(Self { call: ApiCall::new(url)? })
    }

    /// Adds an argument to the query.
    pub fn argument(mut self, name: &str, value: &str) -> Self {
        self.call.argument(name, value);
        self
    }

    /// Posts a form, also when there is nothing in it.
    pub fn post<N: AsRef<str>, V: AsRef<str>>(mut self, form: impl IntoIterator<Item = (N, V)>) -> Self {
        self.call.post(form);
        self
    }

    /// Posts JSON, in the place of a form. The signature covers it by [`Scheme::body_hash`](crate::oauth1::Scheme::body_hash)
    /// alone.
    pub fn json(mut self, value: &Value) -> Self {
        self.call.json(value);
        self
    }

    /// Sets how many bytes a response may have. Default: 8 MiB.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.call.limit = bytes;
        self
    }

    /// Calls an API without TLS on another machine. Default: refuses to.
    ///
    /// # Security
    /// An attacker on the network reads the response, and sees a signature that is valid for this request.
    pub fn dangerous_allow_http(mut self) -> Self {
        self.call.plain_http = true;
        self
    }

    /// The request, unsigned: to be signed by a [`Session`].
    ///
    /// # Errors
    /// [`Unsupported::Unsendable`](crate::Unsupported::Unsendable) when the URL becomes too long.
    pub fn request(&self) -> Result<Request, Error> {
        self.call.request()
    }

    /// Calls the API, signed: for the session's user, or for the client alone where the session has no token.
    ///
    /// # Errors
    /// [`Unsupported::PlainHttp`](crate::Unsupported::PlainHttp) when the signature would travel in the clear, and those of
    /// [`Session::sign`]. From the step: [`Refused`] with the API's own code if it gives one, and
    /// [`Misbehaved`](crate::Misbehaved).
    pub fn call(&self, session: &Session, moment: Moment) -> Result<Step<Value>, Error> {
        self.call.check_secure()?;
        let mut request = self.request()?;
        let signed_at = moment.now;
        session.sign(&mut request, moment)?;
        let refusal = move |response: &Response| refusal(response, Some(signed_at));
        Ok(api::send(request, self.call.limit, refusal).observed_by(session.observer()))
    }

    /// Calls the API without a signature, where it takes such calls.
    ///
    /// # Errors
    /// Those of [`request`](Self::request). From the step: as from that of [`call`](Self::call).
    pub fn call_unsigned(&self) -> Result<Step<Value>, Error> {
        Ok(api::send(self.request()?, self.call.limit, api_refusal))
    }

    /// Returns the JSON of an answer; null for an empty one. An answer on status 200 that holds nothing but an error is a refusal.
    ///
    /// # Errors
    /// As the step of [`call`](Self::call).
    pub fn read(&self, response: &Response) -> Result<Value, Error> {
        api::json(response, self.call.limit, api_refusal)
    }
}

impl fmt::Debug for ApiRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call.fmt(f)
    }
}

/// Returns what the API said when it refused: in the words of the protocol's servers, or in Twitter's.
pub(crate) fn api_refusal(response: &Response) -> Refused {
    refusal(response, None)
}

/// As [`api_refusal`], of a request that was signed at that time.
fn refusal(response: &Response, signed_at: Option<Timestamp>) -> Refused {
    let answer = Box::new(ResponseExcerpt::of(response));
    if response.body().len() > MAX_BODY {
        return Refused::Status(answer);
    }
    token_response::refusal(response, answer, signed_at)
}
