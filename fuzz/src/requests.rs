//! Random valid requests of a client.

use arbitrary::Arbitrary;
use http::Request;
use oauth_proto::{Moment, Timestamp};

/// A request in pieces.
#[derive(Arbitrary, Clone, Debug)]
pub struct Sent {
    pub method: Verb,
    pub https: bool,
    pub host: Host,
    pub port: Option<u16>,
    pub path: Vec<u8>,
    pub query: Option<Vec<u8>>,
    pub form: Option<Vec<u8>>,
    pub body: Vec<u8>,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Get,
    Post,
    Put,
    Odd,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    Lower,
    Mixed,
    V4,
    V6,
}

impl Sent {
    pub fn method(&self) -> &'static str {
        match self.method {
            Verb::Get => "GET",
            Verb::Post => "POST",
            Verb::Put => "PUT",
            Verb::Odd => "m#Search",
        }
    }

    pub fn host(&self) -> &'static str {
        match self.host {
            Host::Lower => "a.example",
            Host::Mixed => "Photos.EXAMPLE.net",
            Host::V4 => "127.0.0.1",
            Host::V6 => "[2001:DB8::1]",
        }
    }

    /// Returns the origin of the URI.
    pub fn origin(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}://{}{port}", self.host())
    }

    /// Returns the path and the query as texts for a URI.
    pub fn target(&self) -> (String, Option<String>) {
        let path = self
            .path
            .iter()
            .map(|byte| char::from(b'!' + byte % 94))
            .filter(|c| !"?#\"<>\\^`{|}".contains(*c));
        let path: String = std::iter::once('/').chain(path).collect();
        let allowed = |byte: &u8| char::from(b'!' + byte % 94);
        let query = self.query.as_ref().map(|query| {
            let text = query.iter().map(allowed);
            text.filter(|c| !"#\"<>\\^`{|}".contains(*c)).collect()
        });
        (path, query)
    }

    pub fn uri(&self) -> String {
        let (path, query) = self.target();
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{path}{query}", self.origin())
    }

    /// Returns the request, if the `http` crate accepts it.
    pub fn request(&self) -> Option<Request<Vec<u8>>> {
        let builder = Request::builder().method(self.method()).uri(self.uri());
        match &self.form {
            Some(form) => builder
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form.clone())
                .ok(),
            None => builder.body(self.body.clone()).ok(),
        }
    }
}

/// Returns a moment at this second.
pub fn moment(now: u64, entropy: u8) -> Moment {
    Moment::new(Timestamp::from_secs(now), [entropy; 32])
}
