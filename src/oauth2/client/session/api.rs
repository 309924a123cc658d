//! Calling an API that answers with JSON: tornado.auth's `oauth2_request`, with typed errors.

use std::fmt;

use serde_json::Value;

use super::session::Session;
use crate::core::api::{self, ApiCall};
use crate::oauth2::client::attach_token::{ProtectedRequest, TokenParameter};
use crate::oauth2::client::token_response;
use crate::oauth2::{Quirks, Token, TokenPlacement};
use crate::{Error, Refused, Request, Response, Step, Timestamp};

/// A request to an API: a GET with arguments in the query, or a POST with a form or JSON, answered with JSON.
///
/// ```no_run
/// use oauth_proto::oauth2::{ApiRequest, Token};
/// use oauth_proto::run;
/// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> { unimplemented!() }
///
/// # let token = Token::bearer("x");
/// let request = ApiRequest::new("https://graph.facebook.com/me/feed")?
///     .argument("fields", "message")
///     .post([("message", "I am posting from my Tornado application!")]);
/// let entry = run(request.call(Some(&token))?, &mut send)?;
/// println!("{}", entry["id"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ApiRequest {
    call: ApiCall,
    placement: TokenPlacement,
    derived: Option<TokenParameter>,
}

impl ApiRequest {
    /// A GET, which becomes a POST by [`post`](Self::post).
    ///
    /// # Errors
    /// [`Unsupported::Url`](crate::Unsupported::Url) when that is not an absolute http or https URL.
    pub fn new(url: &str) -> Result<Self, Error> {
        Ok(Self { call: ApiCall::new(url)?, placement: TokenPlacement::Bearer, derived: None })
    }

    /// An argument in the query.
    pub fn argument(mut self, name: &str, value: &str) -> Self {
        self.call.argument(name, value);
        self
    }

    /// Posts a form, also when there is nothing in it.
    pub fn post<N: AsRef<str>, V: AsRef<str>>(mut self, form: impl IntoIterator<Item = (N, V)>) -> Self {
        self.call.post(form);
        self
    }

    /// Where the token goes: `Authorization: Bearer` unless said otherwise, or a parameter of the query as tornado.auth
    /// sends it. See [`TokenPlacement`] for what each gives away. A session's own placement goes before this.
    pub fn placement(mut self, placement: TokenPlacement) -> Self {
        self.placement = placement;
        self
    }

    /// Posts JSON, in the place of a form.
    pub fn json(mut self, value: &Value) -> Self {
        self.call.json(value);
        self
    }

    /// How many bytes an answer may have. 8 MiB unless said otherwise.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.call.limit = bytes;
        self
    }

    /// Calls an API without TLS on another machine.
    ///
    /// # Security
    /// Whoever is on the way reads the token.
    pub fn dangerous_allow_http(mut self) -> Self {
        self.call.plain_http = true;
        self
    }

    /// The request, without a token: to be given one by a [`Session`], or by a [`SharedSession`](crate::oauth2::SharedSession).
    ///
    /// # Errors
    /// [`Unsupported::Unsendable`](crate::Unsupported::Unsendable) when the URL becomes too long.
    pub fn request(&self) -> Result<Request, Error> {
        let mut request = self.call.request()?;
        if let Some(derived) = &self.derived {
            request.extensions_mut().insert(derived.clone());
        }
        Ok(request)
    }

    /// With a parameter that follows from whatever token it gets, as long as it gets one.
    pub(crate) fn derived(mut self, parameter: TokenParameter) -> Self {
        self.derived = Some(parameter);
        self
    }

    /// Calls the API with a token, or without one.
    ///
    /// # Errors
    /// [`Unsupported::PlainHttp`](crate::Unsupported::PlainHttp) when the token would travel in the clear. From the step:
    /// [`Refused`](crate::Refused) with the API's own code if it gives one, and [`Misbehaved`](crate::Misbehaved).
    pub fn call(&self, token: Option<&Token>) -> Result<Step<Value>, Error> {
        let mut request = self.request()?;
        if let Some(token) = token {
            self.call.check_secure()?;
            ProtectedRequest::of(&mut request, |body| Some(body), token, &self.placement, |_| {})?;
        }
        Ok(api::send(request, self.call.limit, api_refusal))
    }

    /// Calls the API with a session's token, to the origins that the session is for.
    ///
    /// # Errors
    /// Those of [`Session::attach_token`], and those of [`call`](Self::call).
    pub fn call_by_session(&self, session: &Session, now: Timestamp) -> Result<Step<Value>, Error> {
        let mut request = self.request()?;
        // Whoever wants a 401 dealt with sends `request` by a shared session, and reads the answer by `read`.
        let _ = session.attach_token(&mut request, now)?;
        Ok(api::send(request, self.call.limit, api_refusal).observed_by(session.observer()))
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

/// Returns what the API said when it refused. APIs list their errors more often than token endpoints do.
pub(crate) fn api_refusal(response: &Response) -> Refused {
    token_response::refusal(response, Quirks { allow_error_list: true, ..Quirks::STRICT })
}
