//! A request as it is exchanged with a peer, and changes that an attacker could make to it.

use std::collections::BTreeMap;

use http::Request;
use http::uri::{Parts, Uri};
use serde::{Deserialize, Serialize};

use crate::random::Random;

/// The media type of forms.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// A request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    /// The HTTP method.
    pub method: String,
    /// The absolute URI.
    pub uri: String,
    /// The headers `Host`, `Content-Type` and `Authorization` that the request has, in this
    /// spelling: oauthlib ignores `host`.
    pub headers: BTreeMap<String, String>,
    /// The body, if there is one. It is text, as peers in other languages expect.
    pub body: Option<String>,
}

impl Message {
    /// Returns the request in the types of this crate.
    pub fn to_request(&self) -> Request<Vec<u8>> {
        let mut request = Request::builder().method(self.method.as_str()).uri(&self.uri);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let body = self.body.clone().unwrap_or_default().into_bytes();
        request.body(body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// Converts a request from the types of this crate.
    pub fn of(request: Request<Vec<u8>>) -> Self {
        let names = ["Host", "Content-Type", "Authorization"];
        let value = |name: &str| {
            Some(request.headers().get(name)?.to_str().expect("visible ASCII").to_owned())
        };
        Self {
            method: request.method().to_string(),
            uri: request.uri().to_string(),
            headers: names
                .into_iter()
                .filter_map(|name| Some((name.to_owned(), value(name)?)))
                .collect(),
            body: Some(String::from_utf8(request.into_body()).expect("text"))
                .filter(|body| !body.is_empty()),
        }
    }

    /// Returns the request as its receiver sees it: the URI has the host of the `Host` header.
    pub fn arrived(mut self) -> Self {
        if let Some(host) = self.headers.remove("Host") {
            self.edit(|parts| parts.authority = Some(host.parse().expect("a host")));
        }
        self
    }

    /// Returns the request in origin form (RFC 9112 §3.2.1), as clients send it.
    pub fn in_origin_form(mut self) -> Self {
        self.headers.insert(
            "Host".to_owned(),
            self.parts().authority.expect("an absolute URI").to_string(),
        );
        self.edit(|parts| {
            parts.scheme = None;
            parts.authority = None;
        });
        self
    }

    /// Returns the origin of the URI, in lower case.
    pub fn origin(&self) -> String {
        let Parts { scheme, authority, .. } = self.parts();
        let (scheme, authority) =
            (scheme.expect("an absolute URI"), authority.expect("an absolute URI"));
        format!("{scheme}://{authority}").to_ascii_lowercase()
    }

    /// Returns whether the body is a form.
    pub fn is_form(&self) -> bool {
        self.headers.get("Content-Type").is_some_and(|content_type| content_type.starts_with(FORM))
    }

    /// Returns whether the body is JSON.
    pub fn is_json(&self) -> bool {
        self.headers
            .get("Content-Type")
            .is_some_and(|content_type| content_type == "application/json")
    }

    fn parts(&self) -> Parts {
        self.uri.parse::<Uri>().unwrap_or_else(|error| panic!("{error} in {self:?}")).into_parts()
    }

    fn edit(&mut self, edit: impl FnOnce(&mut Parts)) {
        let mut parts = self.parts();
        edit(&mut parts);
        self.uri = Uri::from_parts(parts).expect("it was valid before").to_string();
    }

    fn edit_target(&mut self, edit: impl FnOnce(&str, &str) -> String) {
        self.edit(|parts| {
            let target = parts.path_and_query.take();
            let (path, query) = target
                .as_ref()
                .map_or(("/", ""), |target| (target.path(), target.query().unwrap_or("")));
            parts.path_and_query = Some(edit(path, query).parse().expect("a path"));
        });
    }
}

/// The one part that differs from the signed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tampering {
    /// An additional parameter in the query.
    Query,
    /// An additional parameter in the form.
    Form,
    /// Another value of a protocol parameter.
    Timestamp,
    /// Another HTTP method.
    Method,
    /// `https` instead of `http`, or `http` instead of `https`.
    Scheme,
    /// Another host.
    Host,
    /// Another port.
    Port,
    /// Another path.
    Path,
    /// Another client secret, or another key of the client.
    ClientSecret,
    /// Another token secret.
    TokenSecret,
}

impl Tampering {
    /// Chooses a change that invalidates a signature of this method.
    pub fn choose(
        random: &mut Random,
        signature_method: &str,
        message: &Message,
        has_token: bool,
    ) -> Self {
        use Tampering::{
            ClientSecret, Form, Host, Method, Path, Port, Query, Scheme, Timestamp, TokenSecret,
        };
        let all =
            [Query, Form, Timestamp, Method, Scheme, Host, Port, Path, ClientSecret, TokenSecret];
        let all = all.into_iter().filter(|tampering| match tampering {
            Form => message.is_form() && signature_method != "PLAINTEXT",
            ClientSecret => true,
            TokenSecret => has_token && !signature_method.starts_with("RSA"),
            // A PLAINTEXT signature depends only on the secrets.
            _ => signature_method != "PLAINTEXT",
        });
        let all: Vec<_> = all.collect();
        all[random.below(all.len())]
    }

    /// Changes an arrived request. The verifying side makes the changes of secrets.
    pub fn apply(self, message: &mut Message, timestamp: u64) {
        match self {
            Self::Query => message.edit_target(|path, query| format!("{path}?{query}&tampered=1")),
            Self::Form => {
                message.body = Some(message.body.take().unwrap_or_default() + "&tampered=1");
            }
            Self::Timestamp => {
                let later = |text: &mut String| {
                    *text = text.replace(&timestamp.to_string(), &(timestamp + 1).to_string());
                };
                later(&mut message.uri);
                message.body.iter_mut().chain(message.headers.values_mut()).for_each(later);
            }
            Self::Method => {
                message.method = if message.method == "POST" { "PUT" } else { "POST" }.to_owned();
            }
            Self::Scheme => {
                let other = if message.uri.starts_with("https") { "http" } else { "https" };
                message.edit(|parts| parts.scheme = Some(other.parse().expect("a scheme")));
            }
            Self::Host => message
                .edit(|parts| parts.authority = Some("tampered.example".parse().expect("a host"))),
            Self::Port => message.edit(|parts| {
                let host = parts.authority.take().expect("an absolute URI").host().to_owned();
                parts.authority = Some(format!("{host}:4711").parse().expect("a host"));
            }),
            Self::Path => message.edit_target(|path, query| format!("{path}tampered?{query}")),
            Self::ClientSecret | Self::TokenSecret => {}
        }
    }
}
