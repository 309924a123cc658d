//! A small blocking HTTP server on loopback, for any request handler.

use std::fmt;
use std::io::Cursor;
use std::sync::Arc;
use std::thread::JoinHandle;

use oauth_proto::{Request, Response};

/// A running server. It stops when it is dropped.
pub struct Loopback {
    server: Arc<tiny_http::Server>,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for Loopback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Loopback").field(&self.origin()).finish()
    }
}

impl Loopback {
    /// Starts the server at a free port. `respond` makes the handler from the origin of the server.
    pub fn start<H>(respond: impl FnOnce(&str) -> H) -> Self
    where
        H: Fn(&Request) -> Response + Send + 'static,
    {
        let server = Arc::new(tiny_http::Server::http("127.0.0.1:0").expect("a free port"));
        let mut loopback = Self { server: server.clone(), thread: None };
        let respond = respond(&loopback.origin());
        loopback.thread = Some(std::thread::spawn(move || {
            for mut request in server.incoming_requests() {
                let response = respond(&received(&mut request));
                // If the client has closed the connection, the client's side of the test fails.
                drop(request.respond(sent(response)));
            }
        }));
        loopback
    }

    /// Returns the origin of the server: `http://127.0.0.1:` and the port.
    pub fn origin(&self) -> String {
        format!("http://{}", self.server.server_addr())
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.server.unblock();
        drop(self.thread.take().map(JoinHandle::join));
    }
}

/// Converts a request of tiny_http.
fn received(request: &mut tiny_http::Request) -> Request {
    let mut body = Vec::new();
    request.as_reader().read_to_end(&mut body).expect("the whole body");
    let mut received =
        http::Request::builder().method(request.method().as_str()).uri(request.url());
    for header in request.headers() {
        received = received.header(header.field.as_str().as_str(), header.value.as_str());
    }
    received.body(body).expect("a request")
}

/// Converts a response for tiny_http.
fn sent(response: Response) -> tiny_http::Response<Cursor<Vec<u8>>> {
    let (head, body) = response.into_parts();
    let mut sent = tiny_http::Response::from_data(body).with_status_code(head.status.as_u16());
    for (name, value) in &head.headers {
        sent.add_header(
            tiny_http::Header::from_bytes(name.as_str(), value.as_bytes()).expect("a header"),
        );
    }
    sent
}
