//! The HTTP that the library leaves to the caller: a client in one closure, and a server with one
//! thread for each request.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use oauth_proto::{BoxError, Request, Response};

/// The maximum length of a request's body in bytes. Forms are much shorter.
const LONGEST_BODY: u64 = 64 * 1024;

/// Returns a transport for the drivers. It sends one request, returns responses of any status, and
/// follows no redirects.
pub fn transport() -> impl FnMut(Request) -> Result<Response, ureq::Error> {
    let config = ureq::Agent::config_builder()
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(120)));
    let agent: ureq::Agent = config.build().into();
    move |request| {
        let (parts, mut body) = agent.run(request)?.into_parts();
        Ok(Response::from_parts(parts, body.with_config().limit(1 << 20).read_to_vec()?))
    }
}

/// A server on a port of this machine, until it is dropped.
pub struct Server {
    pub origin: String,
    listener: Arc<tiny_http::Server>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    /// Starts a server at a free port. `handler` gets the origin of the server, and returns the
    /// function that answers the requests.
    pub fn start<H>(handler: impl FnOnce(&str) -> Result<H, BoxError>) -> Result<Self, BoxError>
    where
        H: Fn(&Request) -> Response + Send + Sync + 'static,
    {
        Self::start_at(0, handler)
    }

    /// Starts a server at a port, or at a free port if `port` is 0.
    pub fn start_at<H>(
        port: u16,
        handler: impl FnOnce(&str) -> Result<H, BoxError>,
    ) -> Result<Self, BoxError>
    where
        H: Fn(&Request) -> Response + Send + Sync + 'static,
    {
        let listener =
            tiny_http::Server::http(("127.0.0.1", port)).map_err(|error| error.to_string())?;
        let listener = Arc::new(listener);
        let address = listener.server_addr().to_ip().ok_or("no address")?;
        let origin = format!("http://{address}");
        let handler = Arc::new(handler(&origin)?);
        let accepting = listener.clone();
        let thread = std::thread::spawn(move || {
            for incoming in accepting.incoming_requests() {
                let handler = handler.clone();
                // A client can send its body slowly, and other clients must not wait for it.
                std::thread::spawn(move || answer(incoming, &*handler));
            }
        });
        Ok(Self { origin, listener, thread: Some(thread) })
    }
}

/// Returns a response with a text.
pub fn text(status: u16, text: impl std::fmt::Display) -> Response {
    let builder = http::Response::builder().status(status).header("content-type", "text/plain");
    builder.body(text.to_string().into_bytes()).unwrap_or_default()
}

/// Returns a response with a JSON document.
pub fn json(document: &serde_json::Value) -> Response {
    let builder = http::Response::builder().header("content-type", "application/json");
    builder.body(document.to_string().into_bytes()).unwrap_or_default()
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listener.unblock();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Answers a request. If a body is too long, `tiny_http` still reads the rest. It trusts the length
/// that the client has sent, and has no timeout. So use another server for a service that others
/// can reach.
fn answer(mut incoming: tiny_http::Request, handler: &impl Fn(&Request) -> Response) {
    let response = match read(&mut incoming) {
        Ok(request) => handler(&request),
        Err(status) => {
            http::Response::builder().status(status).body(Vec::new()).unwrap_or_default()
        }
    };
    // The client can have disconnected. Then the response is not needed.
    let _ = incoming.respond(write(response));
}

fn read(incoming: &mut tiny_http::Request) -> Result<Request, StatusCode> {
    let mut builder =
        http::Request::builder().method(incoming.method().as_str()).uri(incoming.url());
    for header in incoming.headers() {
        builder = builder.header(header.field.as_str().as_str(), header.value.as_str());
    }
    let mut body = Vec::new();
    // One byte more is read, which shows that a body is too long.
    let length = incoming.as_reader().take(LONGEST_BODY + 1).read_to_end(&mut body);
    match length {
        Ok(length) if length as u64 > LONGEST_BODY => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Ok(_) => builder.body(body).map_err(|_| StatusCode::BAD_REQUEST),
        Err(_) => Err(StatusCode::BAD_REQUEST),
    }
}

fn write(response: Response) -> tiny_http::Response<std::io::Cursor<Vec<u8>>> {
    let (parts, body) = response.into_parts();
    let mut outgoing = tiny_http::Response::from_data(body).with_status_code(parts.status.as_u16());
    for (name, value) in &parts.headers {
        if let Ok(header) = tiny_http::Header::from_bytes(name.as_str(), value.as_bytes()) {
            outgoing.add_header(header);
        }
    }
    outgoing
}
