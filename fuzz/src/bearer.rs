//! Any request for a protected resource: a token is looked up only if a second implementation finds
//! a single token in the request. Every refusal has a challenge, and does not show the token.

use arbitrary::Arbitrary;
use http::{HeaderValue, Request};
use oauth_proto::Timestamp;
use oauth_proto::oauth2::BearerChallenge;
use oauth_proto::oauth2::resource::{Admission, Rejected, ResourceServer};
use oauth_proto::oauth2::server::ServerStep;
use oauth_proto::oauth2::server::store::{NextQuery, TokenHash};

use crate::reference::decode_form;

#[derive(Arbitrary, Debug)]
pub struct Input {
    post: bool,
    headers: Vec<Header>,
    query: Vec<Pair>,
    body: Vec<Pair>,
    content_type: ContentType,
    in_body: bool,
    in_query: bool,
    scope: String,
}

#[derive(Arbitrary, Debug)]
enum Header {
    Bearer,
    Other,
    Any(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
enum Pair {
    Token,
    Escaped,
    Any(String, String),
    Raw(String),
}

#[derive(Arbitrary, Debug)]
enum ContentType {
    None,
    Form,
    Charset,
    Json,
}

const TOKEN: &str = "2YotnFZFEjr1zCsicMWpAA";
const SECRET_TOKEN: &str = "Bearer 2YotnFZFEjr1zCsicMWpAA";

impl Pair {
    fn text(&self) -> String {
        match self {
            Self::Token => format!("access_token={TOKEN}"),
            Self::Escaped => format!("access%5Ftoken={TOKEN}%20x"),
            Self::Any(name, value) => oauth_proto::wire::form::encode([(name, value)]),
            Self::Raw(text) => text.clone(),
        }
    }
}

fn joined(pairs: &[Pair]) -> String {
    pairs.iter().map(Pair::text).collect::<Vec<_>>().join("&")
}

pub fn run(input: Input) {
    let Some(request) = request(&input) else { return };
    let mut photos = ResourceServer::builder("https://photos.example.com/");
    photos.allow_token_in_body = input.in_body;
    photos.allow_token_in_query = input.in_query;
    match photos.build().unwrap().check(&request, input.scope.as_str(), Timestamp::from_secs(1)) {
        ServerStep::Query(NextQuery::FindToken(pending)) => {
            let tokens = tokens(&input, &request);
            assert_eq!(tokens.len(), 1, "{tokens:?}");
            let token = std::str::from_utf8(&tokens[0]).unwrap();
            assert_eq!(pending.query().key, TokenHash::of(token));
            match pending.answer(None) {
                ServerStep::Done(Admission::Rejected(rejected)) => refused(&rejected, token),
                end => panic!("{end:?}"),
            }
        }
        ServerStep::Done(Admission::Rejected(rejected)) => refused(&rejected, TOKEN),
        end => panic!("{end:?}"),
    }
}

fn request(input: &Input) -> Option<Request<Vec<u8>>> {
    let uri = format!("https://photos.example.com/?{}", joined(&input.query));
    let mut builder = Request::builder().method(if input.post { "POST" } else { "GET" }).uri(uri);
    for header in input.headers.iter().take(4) {
        let value = match header {
            Header::Bearer => HeaderValue::from_static(SECRET_TOKEN),
            Header::Other => HeaderValue::from_static("Basic eDp5"),
            Header::Any(bytes) => HeaderValue::from_bytes(bytes).ok()?,
        };
        builder = builder.header("authorization", value);
    }
    builder = match input.content_type {
        ContentType::None => builder,
        ContentType::Form => builder.header("content-type", "application/x-www-form-urlencoded"),
        ContentType::Charset => {
            builder.header("content-type", "application/X-www-form-urlencoded ; charset=utf-8")
        }
        ContentType::Json => builder.header("content-type", "application/json"),
    };
    builder.body(joined(&input.body).into_bytes()).ok()
}

/// Returns all tokens of the request, in the places where tokens are allowed.
fn tokens(input: &Input, request: &Request<Vec<u8>>) -> Vec<Vec<u8>> {
    let named = |form: &[u8]| -> Vec<Vec<u8>> {
        let pairs = decode_form(form).into_iter();
        pairs.filter(|(name, _)| name == b"access_token").map(|(_, value)| value).collect()
    };
    let mut found = Vec::new();
    for value in request.headers().get_all("authorization") {
        let text = value.as_bytes();
        let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
        if text[..end].eq_ignore_ascii_case(b"bearer") {
            found.push(text[end..].trim_ascii().to_vec());
        }
    }
    found.extend(named(request.uri().query().unwrap_or_default().as_bytes()));
    let is_form = matches!(input.content_type, ContentType::Form | ContentType::Charset);
    if input.in_body && input.post && is_form {
        found.extend(named(request.body()));
    }
    found
}

fn refused(rejected: &Rejected, token: &str) {
    let response = rejected.response();
    assert!(matches!(response.status().as_u16(), 400 | 401 | 403));
    BearerChallenge::of(response.headers()).expect("a challenge");
    let shown = format!("{rejected:?} {rejected} {response:?}");
    assert!(token.len() < 16 || !shown.contains(token), "{shown}");
}
