//! APIs that answer with JSON: the request without credentials, and the reading of its answer. Both protocols' `ApiRequest`
//! are made of it.

use std::fmt;

use http::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Method, Uri};
use serde_json::Value;

use super::step::Receive;
use crate::core::endpoint::{check_secure, endpoint, with_query};
use crate::wire::json::without_mark;
use crate::wire::{form, without_query, without_secrets};
use crate::{Error, Misbehaved, Moment, Purpose, Refused, Request, Response, ResponseExcerpt, Step};

/// The most that an API's answer may have, unless the caller says otherwise.
const LIMIT: usize = 8 * 1024 * 1024;

/// A GET with arguments in the query, or a POST with a form or JSON.
#[derive(Clone)]
pub(crate) struct ApiCall {
    uri: Uri,
    arguments: String,
    body: Option<Body>,
    pub(crate) limit: usize,
    pub(crate) plain_http: bool,
}

#[derive(Clone)]
enum Body {
    Form(String),
    Json(String),
}

impl ApiCall {
    pub(crate) fn new(url: &str) -> Result<Self, Error> {
        Ok(Self { uri: endpoint(url)?, arguments: String::new(), body: None, limit: LIMIT, plain_http: false })
    }

    pub(crate) fn argument(&mut self, name: &str, value: &str) {
        form::push_pair(&mut self.arguments, name.as_bytes(), value.as_bytes());
    }

    /// It is a POST from now on, also when there is nothing in the form.
    pub(crate) fn post<N: AsRef<str>, V: AsRef<str>>(&mut self, form: impl IntoIterator<Item = (N, V)>) {
        let mut body = match self.body.take() {
            Some(Body::Form(body)) => body,
            Some(Body::Json(_)) | None => String::new(),
        };
        for (name, value) in form {
            form::push_pair(&mut body, name.as_ref().as_bytes(), value.as_ref().as_bytes());
        }
        self.body = Some(Body::Form(body));
    }

    /// It is a POST from now on, without a form.
    pub(crate) fn json(&mut self, value: &Value) {
        self.body = Some(Body::Json(value.to_string()));
    }

    /// Checks that what goes there and comes back stays secret on the way.
    pub(crate) fn check_secure(&self) -> Result<(), Error> {
        if !self.plain_http {
            check_secure(&self.uri, Some("ApiRequest::dangerous_allow_http"))?;
        }
        Ok(())
    }

    pub(crate) fn request(&self) -> Result<Request, Error> {
        let mut request = Request::default();
        *request.uri_mut() = match self.arguments.as_str() {
            "" => self.uri.clone(),
            arguments => with_query(&self.uri, arguments)?,
        };
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(body) = &self.body {
            let (media_type, text) = match body {
                Body::Form(text) => (form::MEDIA_TYPE, text),
                Body::Json(text) => ("application/json", text),
            };
            *request.method_mut() = Method::POST;
            *request.body_mut() = text.clone().into_bytes();
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        Ok(request)
    }
}

impl fmt::Debug for ApiCall {
    /// Arguments and form may hold anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiRequest").field("uri", &without_query(&self.uri)).finish_non_exhaustive()
    }
}

/// The JSON of an answer; null for an empty one. An error on status 200 is one, too. What a refusal says is the protocol's to
/// read.
pub(crate) fn json(
    response: &Response,
    limit: usize,
    refusal: impl FnOnce(&Response) -> Refused,
) -> Result<Value, Error> {
    let excerpt = || Box::new(ResponseExcerpt::of(response));
    if response.status().is_redirection() {
        let location = response.headers().get(LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()));
        return Err(Misbehaved::Redirect {
            location: without_secrets(&location.unwrap_or_default()),
            response: excerpt(),
        }
        .into());
    }
    if !response.status().is_success() {
        return Err(refusal(response).into());
    }
    let length = response.body().len();
    if length > limit {
        return Err(Misbehaved::TooLarge { length, limit, response: excerpt() }.into());
    }
    let body = without_mark(response.body());
    if body.trim_ascii().is_empty() {
        return Ok(Value::Null);
    }
    let expected = "JSON";
    let value = serde_json::from_slice(body);
    let value = value.map_err(|_| Misbehaved::WrongFormat { expected, option: None, response: excerpt() })?;
    if is_error(&value) { Err(refusal(response).into()) } else { Ok(value) }
}

/// Returns whether a value holds an error and nothing but what explains it. One that has more to say may be the application's to
/// read: a job that has failed, or a list of which one element could not be found.
fn is_error(value: &Value) -> bool {
    const EXPLANATIONS: [&str; 13] = [
        "error_description",
        "error_uri",
        "error_code",
        "errcode",
        "errmsg",
        "code",
        "message",
        "msg",
        "detail",
        "title",
        "type",
        "status",
        "request",
    ];
    let says = |value: &Value| match value {
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => false,
    };
    let Some(members) = value.as_object() else { return false };
    let (errors, others): (Vec<_>, Vec<_>) =
        members.iter().partition(|(name, _)| matches!(name.as_str(), "error" | "errors"));
    errors.iter().any(|(_, value)| says(value))
        && others
            .iter()
            .all(|(name, value)| value.is_null() || value.is_boolean() || EXPLANATIONS.contains(&name.as_str()))
}

/// Sends a request whose answer is JSON, or a refusal in the protocol's own words.
pub(crate) fn send(
    request: Request,
    limit: usize,
    refusal: impl FnOnce(&Response) -> Refused + Send + Sync + 'static,
) -> Step<Value> {
    Step::send(request, AwaitJson { limit, refusal })
}

/// Waits for an API's answer.
struct AwaitJson<F> {
    limit: usize,
    refusal: F,
}

impl<F: FnOnce(&Response) -> Refused + Send + Sync> Receive<Value> for AwaitJson<F> {
    fn receive(self: Box<Self>, response: Response, _: Moment) -> Result<Step<Value>, Error> {
        json(&response, self.limit, self.refusal).map(Step::Done)
    }

    fn purpose(&self) -> Purpose {
        Purpose::CallingApi
    }
}
