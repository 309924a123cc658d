//! Calling an API that answers with JSON: tornado.auth's `oauth2_request`, with typed errors.

use std::fmt;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Uri};
use serde_json::Value;

use super::session::Session;
use super::{ProtectedRequest, answer, placement};
use crate::oauth2::{Quirks, Token, TokenPlacement};
use crate::step::Receive;
use crate::wire::{Answer, check_private, endpoint, form, with_query, without_query};
use crate::{Error, Misbehaved, Moment, Request, Response, Step, Timestamp};

/// The most that an API's answer may have, unless [`ApiRequest::limit`] says otherwise.
const LIMIT: usize = 8 * 1024 * 1024;

/// A request to an API: a GET with arguments in the query, or a POST with a form, answered with JSON.
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
    uri: Uri,
    arguments: String,
    form: Option<String>,
    placement: TokenPlacement,
    limit: usize,
    plain_http: bool,
}

impl ApiRequest {
    /// A GET, which becomes a POST by [`post`](Self::post).
    ///
    /// # Errors
    /// [`Unsupported::Url`](crate::Unsupported::Url) when that is not an absolute http or https URL.
    pub fn new(url: &str) -> Result<Self, Error> {
        Ok(Self {
            uri: endpoint(url)?,
            arguments: String::new(),
            form: None,
            placement: TokenPlacement::BEARER,
            limit: LIMIT,
            plain_http: false,
        })
    }

    /// An argument in the query.
    pub fn argument(mut self, name: &str, value: &str) -> Self {
        super::push(&mut self.arguments, name, value);
        self
    }

    /// Posts a form, also when there is nothing in it.
    pub fn post<N: AsRef<str>, V: AsRef<str>>(mut self, form: impl IntoIterator<Item = (N, V)>) -> Self {
        let body = self.form.get_or_insert_default();
        for (name, value) in form {
            super::push(body, name.as_ref(), value.as_ref());
        }
        self
    }

    /// Where the token goes: `Authorization: Bearer` unless said otherwise, or a parameter of the query as tornado.auth
    /// sends it. See [`TokenPlacement`] for what each gives away. A session's own placement goes before this.
    pub fn placement(mut self, placement: TokenPlacement) -> Self {
        self.placement = placement;
        self
    }

    /// How many bytes an answer may have. 8 MiB unless said otherwise.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Calls an API without TLS on another machine.
    ///
    /// What this gives away: whoever is on the way reads the token.
    pub fn dangerous_allow_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// The request, without a token: to be given one by a [`Session`], or by a [`SharedSession`](super::SharedSession).
    ///
    /// # Errors
    /// [`Unsupported::Unsendable`](crate::Unsupported::Unsendable) when the URL becomes too long.
    pub fn request(&self) -> Result<Request, Error> {
        let mut request = Request::default();
        *request.uri_mut() = match self.arguments.as_str() {
            "" => self.uri.clone(),
            arguments => with_query(&self.uri, arguments)?,
        };
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(form) = &self.form {
            *request.method_mut() = Method::POST;
            *request.body_mut() = form.clone().into_bytes();
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(form::MEDIA_TYPE));
        }
        Ok(request)
    }

    /// Calls the API with a token, or without one.
    ///
    /// # Errors
    /// [`Unsupported::PlainHttp`](crate::Unsupported::PlainHttp) when the token would travel in the clear. From the step:
    /// [`Refused`](crate::Refused) with the API's own code if it gives one, and [`Misbehaved`].
    pub fn call(&self, token: Option<&Token>) -> Result<Step<Value>, Error> {
        let mut request = self.request()?;
        if let Some(token) = token {
            check_private(&self.uri, self.plain_http)?;
            ProtectedRequest::of(
                &mut request,
                |body| Some(body),
                token,
                |protected| placement::place(protected, &self.placement),
            )?;
        }
        Ok(Step::send(request, AwaitJson { limit: self.limit }))
    }

    /// Calls the API with a session's token, to the origins that the session is for.
    ///
    /// # Errors
    /// Those of [`Session::sign`], and those of [`call`](Self::call).
    pub fn call_with(&self, session: &Session, now: Timestamp) -> Result<Step<Value>, Error> {
        let mut request = self.request()?;
        // Whoever wants a 401 dealt with sends `request` by a shared session, and reads the answer by `read`.
        let _ = session.sign(&mut request, now)?;
        Ok(Step::send(request, AwaitJson { limit: self.limit }))
    }

    /// The JSON of an answer.
    ///
    /// # Errors
    /// As the step of [`call`](Self::call).
    pub fn read(&self, response: &Response) -> Result<Value, Error> {
        read(response, self.limit)
    }
}

impl fmt::Debug for ApiRequest {
    /// Arguments and form may hold anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiRequest").field("uri", &without_query(&self.uri)).finish_non_exhaustive()
    }
}

fn read(response: &Response, limit: usize) -> Result<Value, Error> {
    let answer = || Box::new(Answer::of(response));
    if !response.status().is_success() {
        // Its size does not matter: what is large is not read.
        return Err(match answer::success(response, Quirks::STRICT) {
            Err(error) => error,
            Ok(()) => Misbehaved::WrongFormat { expected: "a success", answer: answer() }.into(),
        });
    }
    let length = response.body().len();
    if length > limit {
        return Err(Misbehaved::TooLarge { length, limit, answer: answer() }.into());
    }
    if response.body().trim_ascii().is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(response.body())
        .map_err(|_| Misbehaved::WrongFormat { expected: "JSON", answer: answer() }.into())
}

/// Waits for an API's answer.
struct AwaitJson {
    limit: usize,
}

impl Receive<Value> for AwaitJson {
    fn receive(self: Box<Self>, response: Response, _: Moment) -> Result<Step<Value>, Error> {
        read(&response, self.limit).map(Step::Done)
    }

    fn name(&self) -> &'static str {
        "AwaitJson"
    }
}
