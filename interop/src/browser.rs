//! Jane's browser. It follows redirects, keeps cookies and submits forms, until the server
//! redirects to the client.

use http::header::{ACCEPT, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use oauth_proto::wire::form;
use oauth_proto::{Request, Response};

use crate::exchange::Http;

/// The most redirects in a row.
const HOPS: usize = 12;

/// A browser that visits one server.
#[derive(Debug)]
pub struct Browser {
    http: Http,
    origin: String,
    cookies: Vec<Cookie>,
}

/// The end of a visit.
#[derive(Debug)]
pub enum Arrival {
    /// A page of the server.
    Page(Response),
    /// A redirect to another host: the URL.
    Away(String),
}

#[derive(Debug)]
struct Cookie {
    name: String,
    value: String,
    path: String,
}

impl Browser {
    /// Returns a browser without cookies, for the server at `origin`.
    pub fn new(http: &Http, origin: &str) -> Self {
        Self { http: http.clone(), origin: origin.to_owned(), cookies: Vec::new() }
    }

    /// Opens a URL and follows the redirects.
    pub fn visit(&mut self, url: &str) -> Arrival {
        self.follow(http::Request::get(url).body(Vec::new()).expect("a URL"))
    }

    /// Opens a URL that leads to the client, and returns the callback URL.
    pub fn callback(&mut self, url: &str) -> String {
        match self.visit(url) {
            Arrival::Away(callback) => callback,
            Arrival::Page(page) => panic!("{} {}", page.status(), text(&page)),
        }
    }

    /// Opens a URL that leads to a page, and returns the page.
    pub fn page(&mut self, url: &str) -> Response {
        self.visit(url).page()
    }

    /// Submits the form in a page, with these values.
    pub fn submit(&mut self, page: &Response, filled: &[(&str, &str)]) -> Arrival {
        let Form { action, mut fields } = Form::of(page);
        for (name, value) in filled {
            fields.retain(|(own, _)| own != name);
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        let body = form::encode(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let request =
            http::Request::post(self.absolute(&action)).header(CONTENT_TYPE, form::MEDIA_TYPE);
        self.follow(request.body(body.into_bytes()).expect("an action"))
    }

    fn follow(&mut self, mut request: Request) -> Arrival {
        for _ in 0..HOPS {
            let path = request.uri().path().to_owned();
            request.headers_mut().insert(ACCEPT, "text/html".parse().expect("a media type"));
            if let Some(cookies) = self.cookies(&path) {
                request.headers_mut().insert(COOKIE, cookies.parse().expect("cookies"));
            }
            let response = self.http.send(request);
            self.keep(&response, &path);
            if !response.status().is_redirection() {
                return Arrival::Page(response);
            }
            let location = response.headers()[LOCATION].to_str().expect("a URL");
            let next = self.absolute(location);
            if !next.starts_with(&format!("{}/", self.origin)) {
                return Arrival::Away(next);
            }
            request = http::Request::get(next).body(Vec::new()).expect("a URL");
        }
        panic!("the redirects do not end");
    }

    fn absolute(&self, location: &str) -> String {
        if location.starts_with('/') {
            format!("{}{location}", self.origin)
        } else {
            location.to_owned()
        }
    }

    fn cookies(&self, path: &str) -> Option<String> {
        let covers = |cookie: &&Cookie| match path.strip_prefix(&cookie.path) {
            Some(rest) => rest.is_empty() || rest.starts_with('/') || cookie.path.ends_with('/'),
            None => false,
        };
        let cookies: Vec<_> =
            self.cookies.iter().filter(covers).map(|c| format!("{}={}", c.name, c.value)).collect();
        (!cookies.is_empty()).then(|| cookies.join("; "))
    }

    fn keep(&mut self, response: &Response, asked: &str) {
        for cookie in response.headers().get_all(SET_COOKIE) {
            let mut parts = cookie.to_str().expect("a cookie").split("; ");
            let (name, value) =
                parts.next().and_then(|pair| pair.split_once('=')).expect("a cookie has a value");
            let path =
                parts.find_map(|part| part.strip_prefix("path=")).unwrap_or(asked).to_owned();
            let (name, value) = (name.to_owned(), value.to_owned());
            self.cookies.retain(|own| (&own.name, &own.path) != (&name, &path));
            // An empty value deletes the cookie.
            if !value.is_empty() {
                self.cookies.push(Cookie { name, value, path });
            }
        }
    }
}

impl Arrival {
    /// Returns the page. Panics after a redirect to another host, or if the status is not a
    /// success.
    pub fn page(self) -> Response {
        match self {
            Self::Page(page) if page.status().is_success() => page,
            Self::Page(page) => panic!("{} {}", page.status(), text(&page)),
            Self::Away(url) => panic!("sent away to {url}"),
        }
    }
}

/// The only form of a page with plain markup.
#[derive(Debug)]
pub struct Form {
    /// The URL to which the form is submitted.
    pub action: String,
    /// The names and values of the fields.
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// Reads the form in a page.
    pub fn of(page: &Response) -> Self {
        let page = text(page);
        let form = &page[page.find("<form").unwrap_or_else(|| panic!("no form in {page}"))..];
        let inputs =
            form.split("<input").skip(1).map(|input| input.split('>').next().unwrap_or_default());
        let field = |input| Some((attribute(input, "name")?, attribute(input, "value")?));
        let action =
            attribute(form.split('>').next().unwrap_or_default(), "action").expect("an action");
        Self { action, fields: inputs.filter_map(field).collect() }
    }

    /// Returns the body that a browser posts if the user changes nothing.
    pub fn body(&self) -> String {
        form::encode(self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    let escapes = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ];
    Some(
        escapes
            .iter()
            .fold(value.to_owned(), |value, (escape, plain)| value.replace(escape, plain)),
    )
}

/// Returns the text of a page.
pub fn text(page: &Response) -> String {
    String::from_utf8_lossy(page.body()).into_owned()
}
