//! Any responses of a service, and any path of its API: the id of a user is in the profile, the
//! token is sent only to the origin of the profile, and the URL of a path is below the base URL.

use arbitrary::Arbitrary;
use oauth_proto::services::{self, Client, Instance, Service, SignIn, Tokens, User};
use oauth_proto::{ApiRequest, Response, Step};

use crate::requests::moment;

#[derive(Arbitrary, Debug)]
pub struct Input {
    service: u8,
    answers: Vec<Answer>,
    path: Path,
}

#[derive(Arbitrary, Debug)]
struct Answer {
    status: Option<u16>,
    members: Vec<(u8, Value)>,
    list: bool,
    raw: Option<Vec<u8>>,
}

#[derive(Arbitrary, Debug)]
enum Value {
    Text(String),
    Known(u8),
    Number(i64),
    Fraction(f32),
    True,
    False,
    Null,
    Nested(u8, String),
}

#[derive(Arbitrary, Debug)]
enum Path {
    Any(String),
    Pieces(Vec<u8>),
}

const NAMES: &[&str] = &[
    "id",
    "sub",
    "id_str",
    "uid",
    "uuid",
    "name",
    "login",
    "email",
    "email_verified",
    "verified",
    "primary",
    "is_primary",
    "is_confirmed",
    "picture",
    "data",
    "url",
    "locale",
    "ok",
    "error",
    "avatar",
    "values",
    "screen_name",
    "links",
];

const VALUES: &[&str] =
    &["", "1", "true", "jane@example.com", "octocat", "https://a.example/x.png"];

const PIECES: &[&str] = &[
    "/",
    "//",
    ".",
    "..",
    "%2e%2e",
    "\\",
    "@",
    "?",
    "#",
    "%2f",
    "me",
    "https://evil.example",
    "http:",
    ":",
    "api.twitter.com",
    "upload.x.com",
    " ",
    "\u{e9}",
];

pub fn run(input: Input) {
    let rows: Vec<&Service> =
        services::ALL.iter().copied().filter(|service| service.profile.is_some()).collect();
    let sign_in = match usize::from(input.service) % (rows.len() + 2) {
        row if row < rows.len() => at(rows[row]),
        row => custom(row == rows.len()),
    };
    walk(&sign_in, &input.answers);
    let path = match &input.path {
        Path::Any(text) => text.clone(),
        Path::Pieces(pieces) => {
            pieces.iter().map(|at| PIECES[usize::from(*at) % PIECES.len()]).collect()
        }
    };
    paths(&path);
}

fn at(service: &Service) -> SignIn {
    let callback = "https://app.example/callback";
    let mut sign_in = SignIn::new(service, "id", "secret", callback).unwrap();
    sign_in.dangerous_version_1_0 = true;
    match service.instance {
        Instance::Base { default: None } => sign_in.instance("https://place.example").unwrap(),
        _ => sign_in,
    }
}

/// Signs in with a custom client, and a function that accepts everything that looks like an id.
fn custom(oauth1: bool) -> SignIn {
    let callback = "https://app.example/callback";
    let row = if oauth1 { services::TWITTER } else { services::GOOGLE };
    let client = SignIn::new(&row, "id", "secret", callback).unwrap().client().unwrap();
    let request = |_: &Tokens| ApiRequest::new("https://api.example/me?v=1")?.request();
    let map = |answer: &serde_json::Value, tokens| {
        Some(User::new(answer.get("id").or_else(|| answer.pointer("/0/id"))?.as_str()?, tokens))
    };
    SignIn::custom(client, callback, request, map).unwrap()
}

fn walk(sign_in: &SignIn, answers: &[Answer]) {
    let mut step = sign_in.authorize(moment(1000, 1));
    let authorization = loop {
        step = match step.unwrap() {
            Step::Done(authorization) => break authorization,
            Step::Send(_, sent) => sent.receive(
                form("oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true"),
                moment(1000, 2),
            ),
            Step::Wait(..) => panic!("expected no wait"),
        };
    };
    let key = authorization.pending.key().to_owned();
    let callback = format!(
        "https://app.example/callback?code=c&state={key}&oauth_token={key}&oauth_verifier=v"
    );
    let mut step = sign_in.redeem(authorization.pending, &callback, moment(1000, 3));
    let mut origins = Vec::new();
    for round in 0..5 {
        step = match step {
            Ok(Step::Send(request, sent)) => {
                if round > 0 {
                    origins.push(format!(
                        "{}://{}",
                        request.uri().scheme_str().unwrap(),
                        request.uri().authority().unwrap()
                    ));
                }
                let response = match (round, sign_in.client().unwrap()) {
                    (0, Client::Oauth1(_)) => form("oauth_token=t2&oauth_token_secret=s2"),
                    (0, Client::Oauth2(_)) => json(
                        br#"{"access_token":"SlAV32hkKG","token_type":"bearer","expires_in":60}"#
                            .to_vec(),
                        200,
                    ),
                    _ => answers.get(round - 1).map_or_else(Response::default, Answer::response),
                };
                sent.receive(response, moment(1000, 4))
            }
            Ok(Step::Done(user)) => {
                assert!(!user.id.is_empty());
                assert!(says(&user.raw, &user.id), "{} is not in {}", user.id, user.raw);
                assert!(!format!("{user:?}").contains("SlAV32hkKG"));
                origins.dedup();
                assert!(origins.len() <= 1, "{origins:?}");
                return;
            }
            Ok(Step::Wait(..)) => panic!("expected no wait"),
            Err(error) => return assert!(!format!("{error} {error:?}").contains("SlAV32hkKG")),
        };
    }
    panic!("the conversation does not end");
}

/// Returns whether a value contains this text or number.
fn says(value: &serde_json::Value, word: &str) -> bool {
    match value {
        serde_json::Value::String(text) => text == word,
        serde_json::Value::Number(number) => number.to_string() == word,
        serde_json::Value::Array(list) => list.iter().any(|value| says(value, word)),
        serde_json::Value::Object(object) => object.values().any(|value| says(value, word)),
        _ => false,
    }
}

impl Answer {
    fn response(&self) -> Response {
        let mut object = serde_json::Map::new();
        for (name, value) in &self.members {
            object.insert(NAMES[usize::from(*name) % NAMES.len()].to_owned(), value.json());
        }
        let value = serde_json::Value::Object(object);
        let value =
            if self.list { serde_json::json!([value, { "values": [value] }]) } else { value };
        let body = self.raw.clone().unwrap_or_else(|| value.to_string().into_bytes());
        json(body, self.status.map_or(200, |status| 100 + status % 900))
    }
}

impl Value {
    fn json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Known(at) => VALUES[usize::from(*at) % VALUES.len()].into(),
            Self::Number(number) => (*number).into(),
            Self::Fraction(fraction) => (*fraction).into(),
            Self::True => true.into(),
            Self::False => false.into(),
            Self::Null => serde_json::Value::Null,
            Self::Nested(name, text) => {
                let name = NAMES[usize::from(*name) % NAMES.len()];
                serde_json::json!({
                    name: text,
                    "data": { "url": text },
                    "values": [{ name: text }],
                })
            }
        }
    }
}

fn paths(path: &str) {
    let [twitter, dropbox, facebook] =
        [services::TWITTER, services::DROPBOX_V1, services::FACEBOOK].map(|row| at(&row));
    if let Ok(request) = twitter.request(path) {
        let uri = request.request().unwrap().uri().clone();
        let hosts = ["api.twitter.com", "api.x.com", "upload.twitter.com", "upload.x.com"];
        assert!(
            uri.host().is_some_and(|host| hosts.contains(&host.to_ascii_lowercase().as_str())),
            "{uri}"
        );
        assert_eq!(uri.scheme_str(), Some("https"));
    }
    if let Ok(request) = dropbox.request(path) {
        let url = request.request().unwrap().uri().to_string();
        assert!(url.starts_with("https://api.dropbox.com/1/"), "{url}");
        assert!(!url.contains("/../") && !url.ends_with("/.."), "{url}");
    }
    if let Ok(request) = facebook.request(path) {
        let Step::Send(request, _) = request.call().unwrap() else { panic!("expected a request") };
        assert_eq!(request.uri().host(), Some("graph.facebook.com"));
    }
}

fn form(body: &str) -> Response {
    let builder =
        http::Response::builder().header("content-type", "application/x-www-form-urlencoded");
    builder.body(body.as_bytes().to_vec()).unwrap()
}

fn json(body: Vec<u8>, status: u16) -> Response {
    let builder =
        http::Response::builder().status(status).header("content-type", "application/json");
    builder.body(body).unwrap()
}
