//! A minimal HTTP/1.1 server with our token endpoint, for measurements. One thread serves all
//! connections, because switching between many threads would take half of the time. Each response
//! is one write. The server prints its port, and runs until the input ends.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, UNIX_EPOCH};

use http::header::{CONNECTION, CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING};
use http::{HeaderValue, Method, Version};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use oauth_proto::oauth2::server::store::{ClientRecord, MemoryStore};
use oauth_proto::oauth2::server::{GrantType, Provider, serve};
use oauth_proto::{Moment, Request, Response, Timestamp};

type Failure = Box<dyn std::error::Error>;

/// The most headers of a request.
const MOST_HEADERS: usize = 32;
const LONGEST: usize = 16 * 1024;
/// The token of the listener. Connections have higher numbers.
const LISTENER: Token = Token(0);

fn main() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0".parse()?)?;
    let origin = format!("http://{}", listener.local_addr()?);
    // Tokens live for a short time, so that few of them are in memory.
    let mut grant_type = GrantType::client_credentials();
    grant_type.expires_in = Duration::from_secs(5);
    let provider = Provider::builder(&origin).add_grant_type(grant_type).build()?;
    let endpoint = Endpoint { provider, store: MemoryStore::default() };
    endpoint.store.add_client(
        ClientRecord::confidential("printer", "7Fjfp0ZBr1KtDRbnfVdmIw")?
            .grant_types(["client_credentials"]),
    );
    std::thread::spawn(move || listen(listener, &endpoint).map_err(|error| eprintln!("{error}")));
    println!("{{\"port\":{}}}", origin.rsplit(':').next().unwrap_or_default());
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Accepts and serves connections, without an end.
fn listen(mut listener: TcpListener, endpoint: &Endpoint) -> std::io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(256);
    let mut connections = HashMap::new();
    let mut last = LISTENER;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() != LISTENER {
                let goes_on = connections
                    .get_mut(&event.token())
                    .map(|one: &mut Connection| one.serve(endpoint));
                // Close the connection after an invalid request or when the client has closed it.
                if !matches!(goes_on, Some(Ok(true))) {
                    connections.remove(&event.token());
                }
                continue;
            }
            while let Ok((mut stream, _)) = listener.accept() {
                last = Token(last.0 + 1);
                poll.registry().register(&mut stream, last, Interest::READABLE)?;
                stream.set_nodelay(true)?;
                connections.insert(last, Connection::new(stream));
            }
        }
    }
}

struct Endpoint {
    provider: Provider,
    store: MemoryStore,
}

impl Endpoint {
    fn answer(&self, request: &Request, moment: Moment) -> Response {
        let step = match request.uri().path() {
            "/token" => self.provider.token(request, moment),
            _ => return http::Response::builder().status(404).body(Vec::new()).unwrap_or_default(),
        };
        serve(step, &self.store).unwrap_or_else(|rejected| rejected.response())
    }
}

/// A connection, with buffers that all its requests use.
struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    request: Request,
    sent: Vec<u8>,
    date: (Timestamp, String),
}

/// The length of a received request, and whether it is the last of the connection.
struct Arrived {
    length: usize,
    last: bool,
}

impl Connection {
    fn new(stream: TcpStream) -> Self {
        let date = (Timestamp::from_secs(0), String::new());
        Self { stream, received: Vec::new(), request: Request::default(), sent: Vec::new(), date }
    }

    /// Answers the received requests. Returns whether the connection stays open.
    fn serve(&mut self, endpoint: &Endpoint) -> Result<bool, Failure> {
        let open = self.receive()?;
        while let Some(arrived) = self.parse()? {
            self.received.drain(..arrived.length);
            let moment = Moment::from_os();
            let now = moment.now;
            let response = endpoint.answer(&self.request, moment);
            self.write(&response, now, arrived.last)?;
            if arrived.last {
                return Ok(false);
            }
        }
        Ok(open)
    }

    /// Reads the available bytes. Returns whether the connection is still open.
    fn receive(&mut self) -> Result<bool, Failure> {
        let mut chunk = [0; 4096];
        loop {
            let read = match self.stream.read(&mut chunk) {
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            self.received.extend_from_slice(&chunk[..read]);
            if self.received.len() > LONGEST {
                return Err("the request is too long".into());
            }
            // The socket is empty after a short read. More bytes cause another event.
            if read < chunk.len() {
                return Ok(read > 0);
            }
        }
    }

    /// Reads the first of the received requests into `self.request`, if it is complete.
    fn parse(&mut self) -> Result<Option<Arrived>, Failure> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut head = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(body) = head.parse(&self.received)? else { return Ok(None) };
        let own = self.request.headers_mut();
        own.clear();
        for header in head.headers.iter() {
            own.append(
                HeaderName::from_bytes(header.name.as_bytes())?,
                HeaderValue::from_bytes(header.value)?,
            );
        }
        let mut lengths = own.get_all(CONTENT_LENGTH).iter();
        let length = match (lengths.next(), lengths.next(), own.contains_key(TRANSFER_ENCODING)) {
            (None, _, false) => 0,
            (Some(length), None, false) => length.to_str()?.parse()?,
            _ => return Err("the request has no clear end".into()),
        };
        if length > LONGEST {
            return Err("the body is too long".into());
        }
        let Some(bytes) = self.received.get(body..body + length) else { return Ok(None) };
        self.request.body_mut().clear();
        self.request.body_mut().extend_from_slice(bytes);
        *self.request.method_mut() =
            Method::from_bytes(head.method.unwrap_or_default().as_bytes())?;
        *self.request.uri_mut() = head.path.unwrap_or_default().parse()?;
        *self.request.version_mut() =
            if head.version == Some(1) { Version::HTTP_11 } else { Version::HTTP_10 };
        let last = is_last(&self.request);
        Ok(Some(Arrived { length: body + length, last }))
    }

    fn write(&mut self, response: &Response, now: Timestamp, last: bool) -> Result<(), Failure> {
        if self.date.0 != now {
            let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(now.as_secs()));
            self.date = (now, date);
        }
        let out = &mut self.sent;
        out.clear();
        let status = response.status();
        write!(
            out,
            "HTTP/1.1 {} {}\r\n",
            status.as_str(),
            status.canonical_reason().unwrap_or_default()
        )?;
        for (name, value) in response.headers() {
            for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
                out.extend_from_slice(part);
            }
        }
        let connection = if last { "connection: close\r\n" } else { "" };
        write!(
            out,
            "{connection}date: {}\r\ncontent-length: {}\r\n\r\n",
            self.date.1,
            response.body().len()
        )?;
        out.extend_from_slice(response.body());
        // If a client does not read its responses, its buffer fills, this fails and the connection
        // is closed.
        Ok(self.stream.write_all(out)?)
    }
}

/// Returns whether the connection ends with this request (RFC 9112 §9.3).
fn is_last(request: &Request) -> bool {
    let says_close = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"close");
    request.version() == Version::HTTP_10
        || request.headers().get_all(CONNECTION).iter().any(says_close)
}
