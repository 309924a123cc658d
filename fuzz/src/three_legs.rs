//! A hostile server and a clock with arbitrary times: the flow ends without a panic, and with a
//! token only if all responses were right.

use arbitrary::Arbitrary;
use oauth_proto::oauth1::{
    Authorization, Authorize, Client, ClientCredentials, Pending, Server, Token,
};
use oauth_proto::{Error, Moment, Request, Response, Step, Timestamp};

#[derive(Arbitrary, Debug)]
pub struct Input {
    answers: Vec<Answer>,
    moments: Vec<(u64, u8)>,
    callback: Option<String>,
    json: bool,
    old_version: bool,
    get: bool,
    renew: bool,
}

#[derive(Arbitrary, Debug)]
enum Answer {
    Anything {
        status: u16,
        content_type: Option<Vec<u8>>,
        location: Option<Vec<u8>>,
        challenge: Option<Vec<u8>>,
        body: Vec<u8>,
    },
    Credentials {
        token: String,
        secret: String,
        confirmed: bool,
        extra: Vec<(String, String)>,
        expires_in: Option<String>,
    },
}

impl Answer {
    fn response(self) -> Option<Response> {
        match self {
            Self::Anything { status, content_type, location, challenge, body } => {
                let mut builder = http::Response::builder().status(100 + status % 900);
                let headers = [
                    ("content-type", content_type),
                    ("location", location),
                    ("www-authenticate", challenge),
                ];
                for (name, value) in headers {
                    if let Some(value) = value {
                        builder = builder.header(name, value);
                    }
                }
                builder.body(body).ok()
            }
            Self::Credentials { token, secret, confirmed, extra, expires_in } => {
                let mut fields = vec![
                    ("oauth_token".to_owned(), token),
                    ("oauth_token_secret".to_owned(), secret),
                ];
                fields.extend(
                    confirmed.then(|| ("oauth_callback_confirmed".to_owned(), "true".to_owned())),
                );
                fields.extend(expires_in.map(|seconds| ("oauth_expires_in".to_owned(), seconds)));
                fields.extend(extra);
                let body = oauth_proto::wire::form::encode(fields);
                Some(Response::new(body.into_bytes()))
            }
        }
    }
}

pub fn run(input: Input) {
    let mut moments = input.moments.into_iter();
    let mut moment = move || {
        let (now, entropy) = moments.next().unwrap_or_default();
        Moment::new(Timestamp::from_secs(now), [entropy; 32])
    };
    let mut answers = input.answers.into_iter();
    let mut send = move |_: Request| answers.next().and_then(Answer::response);

    let mut server =
        Server::new("https://a.example/1", "https://a.example/2?x", "https://a.example/3").unwrap();
    server.allow_json_answers = input.json;
    server.dangerous_version_1_0 = input.old_version;
    server.by_get = input.get;
    let client = Client::new(server, ClientCredentials::new("key", "client-secret"));

    let mut authorize = Authorize::callback("https://c.example/cb")
        .parameter("scope", "a b")
        .url_parameter("a", "b");
    authorize.realm = Some("r\"x".into());
    let started =
        client.authorize(authorize, moment()).map(|step| drive(step, &mut send, &mut moment));
    let Ok(Ok(Some(Authorization { url, pending, .. }))) = started else { return };
    let pending: Pending = serde_json::from_str(&serde_json::to_string(&pending).unwrap()).unwrap();
    assert!(url.starts_with("https://a.example/2?x&a=b&oauth_token="), "{url}");
    let callback = input.callback.unwrap_or_else(|| {
        let answer = oauth_proto::wire::form::encode([
            ("oauth_token", pending.token()),
            ("oauth_verifier", "v"),
        ]);
        format!("/cb?{answer}")
    });
    let redeemed =
        client.redeem(pending, &callback, moment()).map(|step| drive(step, &mut send, &mut moment));
    let Ok(Ok(Some(token))) = redeemed else { return };
    check(&token);
    if input.renew
        && let Ok(step) = client.renew(&token, moment())
        && let Ok(Some(renewed)) = drive(step, &mut send, &mut moment)
    {
        check(&renewed);
        assert!(renewed.session_handle.is_some());
    }
}

fn check(token: &Token) {
    assert!(!token.credentials.token.is_empty());
    let stored: Token = serde_json::from_str(&serde_json::to_string(token).unwrap()).unwrap();
    assert_eq!(stored, *token);
    if token.credentials.secret.expose().len() > 8 {
        assert!(
            !format!("{token:?}").contains(&format!("{:?}", token.credentials.secret.expose()))
        );
    }
}

/// Runs a leg. Returns `None` if the transport fails. Each leg of OAuth 1.0a has only one request.
fn drive<T>(
    mut step: Step<T>,
    send: &mut impl FnMut(Request) -> Option<Response>,
    moment: &mut impl FnMut() -> Moment,
) -> Result<Option<T>, Error> {
    for _ in 0..2 {
        step = match step {
            Step::Send(request, sent) => {
                let Some(response) = send(request) else { return Ok(None) };
                sent.receive(response, moment()).inspect_err(|error| {
                    assert!(!format!("{error} {error:?}").contains("client-secret"));
                })?
            }
            Step::Wait(_, asleep) => asleep.wake(moment())?,
            Step::Done(value) => return Ok(Some(value)),
        };
    }
    panic!("the conversation does not end");
}
