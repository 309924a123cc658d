//! Requests to APIs that respond with JSON, for sessions of OAuth 1.0a and OAuth 2.0.

use std::fmt;

use http::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use http::{Extensions, HeaderValue, Method, Uri};
use serde_json::Value;

use super::step::Receive;
use crate::core::endpoint::{check_secure, endpoint, with_query};
use crate::wire::json::without_mark;
use crate::wire::{form, without_query, without_secrets};
use crate::{
    Error, Misbehaved, Moment, Purpose, Refused, Request, Response, ResponseExcerpt, Step,
};

/// The default limit of an API's response, in bytes.
const LIMIT: usize = 8 * 1024 * 1024;

/// A request to an API that responds with JSON: a GET, or a POST with a form or JSON.
///
/// [`oauth1::Session::call`](crate::oauth1::Session::call) signs and sends the request,
/// [`oauth2::Session::call`](crate::oauth2::Session::call) adds an access token and sends it, and
/// [`call`](Self::call) sends it without credentials. To send it in another way, for example over a
/// [`SharedSession`](crate::oauth2::SharedSession), make it with [`request`](Self::request) and
/// read the response with [`read`](Self::read).
///
/// ```no_run
/// use oauth_proto::oauth2::Session;
/// use oauth_proto::{ApiRequest, Moment, run};
/// # fn send(_: oauth_proto::Request) -> Result<oauth_proto::Response, std::io::Error> {
/// #     unimplemented!()
/// # }
///
/// # fn example(session: Session) -> Result<(), Box<dyn std::error::Error>> {
/// let request = ApiRequest::new("https://graph.facebook.com/me/feed")?
///     .argument("fields", "message")
///     .post([("message", "I am posting from my Tornado application!")]);
/// let entry = run(session.call(&request, Moment::from_os().now)?, &mut send)?;
/// println!("{}", entry["id"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct ApiRequest {
    uri: Uri,
    arguments: String,
    body: Option<Body>,
    extensions: Extensions,
    /// The largest accepted size of the response, in bytes. Default: 8 MiB.
    pub limit: usize,
    /// If `true`, a session of OAuth 1.0a also accepts an http URL whose host is not this machine.
    /// Default: `false`. A session of OAuth 2.0 ignores this option: it has its own list of
    /// origins.
    ///
    /// # Security
    /// Without TLS, an attacker on the network reads the response, and sees a signature that is
    /// valid for this request.
    pub dangerous_allow_http: bool,
}

#[derive(Clone)]
enum Body {
    Form(String),
    Json(String),
}

impl ApiRequest {
    /// Makes a GET request. [`post`](Self::post) and [`json`](Self::json) turn it into a POST.
    /// [`argument`](Self::argument) adds to the query of the URL.
    ///
    /// # Errors
    /// [`Unsupported::Url`](crate::Unsupported::Url) if `url` is not an absolute http or https URL.
    pub fn new(url: &str) -> Result<Self, Error> {
        Ok(Self {
            uri: endpoint(url)?,
            arguments: String::new(),
            body: None,
            extensions: Extensions::new(),
            limit: LIMIT,
            dangerous_allow_http: false,
        })
    }

    /// Adds an argument to the query.
    pub fn argument(mut self, name: &str, value: &str) -> Self {
        form::push_pair(&mut self.arguments, name.as_bytes(), value.as_bytes());
        self
    }

    /// Makes the request a POST with a form, which can be empty. A second call adds to the form.
    pub fn post<N: AsRef<str>, V: AsRef<str>>(
        mut self,
        form: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut body = match self.body.take() {
            Some(Body::Form(body)) => body,
            Some(Body::Json(_)) | None => String::new(),
        };
        for (name, value) in form {
            form::push_pair(&mut body, name.as_ref().as_bytes(), value.as_ref().as_bytes());
        }
        self.body = Some(Body::Form(body));
        self
    }

    /// Makes the request a POST with a JSON body, and removes a form that was set before. A
    /// signature of OAuth 1.0a covers the body only if
    /// [`Scheme::body_hash`](crate::oauth1::Scheme::body_hash) is set.
    pub fn json(mut self, value: &Value) -> Self {
        self.body = Some(Body::Json(value.to_string()));
        self
    }

    /// Returns the `http::Request` without credentials, for example for a
    /// [`SharedSession`](crate::oauth2::SharedSession).
    ///
    /// # Errors
    /// [`Unsupported::Unsendable`](crate::Unsupported::Unsendable) if the URL with its arguments is
    /// too long.
    pub fn request(&self) -> Result<Request, Error> {
        let mut request = Request::default();
        *request.uri_mut() = match self.arguments.as_str() {
            "" => self.uri.clone(),
            arguments => with_query(&self.uri, arguments)?,
        };
        *request.extensions_mut() = self.extensions.clone();
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

    /// Adds an extension to the request, for the session that sends it.
    pub(crate) fn extension<T: Clone + Send + Sync + 'static>(mut self, extension: T) -> Self {
        self.extensions.insert(extension);
        self
    }

    /// Checks that the request is sent with TLS, or to this machine.
    pub(crate) fn check_secure(&self) -> Result<(), Error> {
        if !self.dangerous_allow_http {
            check_secure(&self.uri, Some("ApiRequest::dangerous_allow_http"))?;
        }
        Ok(())
    }
}

impl fmt::Debug for ApiRequest {
    /// Arguments and form can have secrets in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiRequest").field("uri", &without_query(&self.uri)).finish_non_exhaustive()
    }
}

/// Returns the JSON of a response, or null if the body is empty. A response with a 2xx status and
/// an error in its JSON is a refusal, too. `refusal` is the function that reads a refusal of the
/// protocol.
pub(crate) fn json(
    response: &Response,
    limit: usize,
    refusal: impl Fn(&Response) -> Refused,
) -> Result<Value, Error> {
    check_success(response, limit, &refusal)?;
    let body = without_mark(response.body());
    if body.trim_ascii().is_empty() {
        return Ok(Value::Null);
    }
    let value = serde_json::from_slice(body).map_err(|_| {
        let excerpt = Box::new(ResponseExcerpt::of(response));
        Misbehaved::WrongFormat { expected: "JSON", option: None, response: excerpt }
    })?;
    if is_error(&value) { Err(refusal(response).into()) } else { Ok(value) }
}

/// Returns the error for a redirect.
pub(crate) fn redirect(response: &Response) -> Misbehaved {
    let location =
        response.headers().get(LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()));
    Misbehaved::Redirect {
        location: without_secrets(&location.unwrap_or_default()),
        response: Box::new(ResponseExcerpt::of(response)),
    }
}

/// Checks that a response is not a redirect, not a refusal and not too large.
pub(crate) fn check_success(
    response: &Response,
    limit: usize,
    refusal: impl FnOnce(&Response) -> Refused,
) -> Result<(), Error> {
    let excerpt = || Box::new(ResponseExcerpt::of(response));
    if response.status().is_redirection() {
        return Err(redirect(response).into());
    }
    if !response.status().is_success() {
        return Err(refusal(response).into());
    }
    let length = response.body().len();
    if length > limit {
        return Err(Misbehaved::TooLarge { length, limit, response: excerpt() }.into());
    }
    Ok(())
}

/// Returns whether a value has an error and members that explain it, and nothing else. A value with
/// further members is a result for the application, for example a job that failed.
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
        && others.iter().all(|(name, value)| {
            value.is_null() || value.is_boolean() || EXPLANATIONS.contains(&name.as_str())
        })
}

/// Sends a request, and reads the JSON of the response or a refusal of the protocol.
pub(crate) fn send(
    request: Request,
    limit: usize,
    refusal: impl Fn(&Response) -> Refused + Send + Sync + 'static,
) -> Step<Value> {
    Step::send(request, AwaitJson { limit, refusal })
}

/// Waits for an API's response.
struct AwaitJson<F> {
    limit: usize,
    refusal: F,
}

impl<F: Fn(&Response) -> Refused + Send + Sync> Receive<Value> for AwaitJson<F> {
    fn receive(self: Box<Self>, response: Response, _: Moment) -> Result<Step<Value>, Error> {
        json(&response, self.limit, self.refusal).map(Step::Done)
    }

    fn purpose(&self) -> Purpose {
        Purpose::CallingApi
    }
}
