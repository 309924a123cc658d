//! Any response of any endpoint: a valid response returns a value, and others an error that shows
//! no secret.

use crate::with;
use arbitrary::Arbitrary;
use oauth_proto::oauth2::{
    AuthorizationServer, Authorize, AuthorizeDevice, Client, ClientMetadata, ClientRegistration,
    Grant, HintedToken, PendingDevice,
};
use oauth_proto::{Error, Misbehaved, Refused, Response, Secret, Step, Timestamp};
use serde_json::Value;

use crate::answers::{Answer, Words, has_fraction, members, once};
use crate::requests::moment;
use crate::token_reference::{Lenient, granted};

#[derive(Arbitrary, Debug)]
pub struct Input {
    flow: Flow,
    answers: Vec<Answer>,
    lenient: Lenient,
    in_body: bool,
    /// The duration of each exchange, in seconds.
    pause: u8,
    kept: Option<Vec<u8>>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Flow {
    Token,
    Device,
    Poll,
    Pushed,
    Introspect,
    Revoke,
    Register,
    Manage(u8),
}

const CLIENT_SECRET: &str = "7Fjfp0ZBr1KtDRbn";
const PRESENTED: &str = "2YotnFZFEjr1zCsi";

const WORDS: Words<'static> = Words {
    names: &[
        "error",
        "error_description",
        "error_uri",
        "message",
        "errors",
        "type",
        "device_code",
        "user_code",
        "verification_uri",
        "verification_url",
        "verification_uri_complete",
        "expires_in",
        "interval",
        "request_uri",
        "active",
        "aud",
        "exp",
        "client_id",
        "client_secret",
        "client_secret_expires_at",
        "registration_access_token",
        "registration_client_uri",
        "access_token",
        "token_type",
        "detail",
        "x",
    ],
    values: &[
        CLIENT_SECRET,
        PRESENTED,
        "authorization_pending",
        "slow_down",
        "expired_token",
        "invalid_grant",
        "access_denied",
        "client",
        "https://a.example/x",
        "urn:x:1",
        "5",
        "bearer",
        "",
    ],
    good: &[
        ("device_code", PRESENTED),
        ("user_code", "WDJB-MJHT"),
        ("verification_uri", "https://a.example/device"),
        ("expires_in", "30"),
        ("request_uri", "urn:x:1"),
        ("client_id", "client"),
    ],
};

pub fn run(input: Input) {
    let responses: Vec<_> =
        input.answers.iter().take(40).filter_map(|answer| answer.response(&WORDS)).collect();
    let Some(first) = responses.first().cloned() else { return };
    let client = Client::new(server(&input), "client").secret(CLIENT_SECRET);
    let at = || moment(1000, 1);
    match input.flow {
        Flow::Token => {
            let token = one(
                client.request_token(Grant::dangerous_password("jane", PRESENTED), at()),
                &first,
            );
            assert_eq!(token.is_ok(), granted(&first, input.lenient, false).is_some());
        }
        Flow::Device => {
            if let Ok(pending) =
                one(client.authorize_device(AuthorizeDevice::scope("a b"), at()), &first)
            {
                device(&pending, &first);
            }
        }
        Flow::Poll => poll(&input, &client, &responses),
        Flow::Pushed => {
            if let Ok(authorization) = one(
                client.authorize(
                    with(Authorize::scope("a"), |authorize| authorize.pushed = true),
                    at(),
                ),
                &first,
            ) {
                let members = members(&first.into_body()).unwrap();
                let uri = once(&members, "request_uri").unwrap().as_str().unwrap();
                let pairs = oauth_proto::wire::form::encode([
                    ("client_id", "client"),
                    ("request_uri", uri),
                ]);
                assert_eq!(authorization.url, format!("https://a.example/authorize?{pairs}"));
            }
        }
        Flow::Introspect => {
            if let Ok(token) =
                one(client.introspect(HintedToken::AccessToken(PRESENTED.into()), at()), &first)
            {
                let members = members(first.body()).unwrap();
                assert_eq!(once(&members, "active"), Ok(&Value::Bool(token.active)));
            }
        }
        Flow::Revoke => {
            let revoked = one(client.revoke(PRESENTED, at()), &first);
            assert_eq!(
                revoked.is_ok(),
                first.status().is_success() && first.body().len() <= 64 * 1024
            );
        }
        Flow::Register => {
            let metadata = ClientMetadata::new(["https://c.example/cb"]);
            let step = server(&input).register(&metadata, Some(&Secret::new(PRESENTED)));
            if let Ok(registration) = one(step, &first) {
                registered(&registration, &first);
            }
        }
        Flow::Manage(which) => manage(which, &input, &first),
    }
}

fn server(input: &Input) -> AuthorizationServer {
    let mut server = AuthorizationServer::new("https://a.example/token").unwrap();
    server.quirks = input.lenient.quirks();
    server.authorization_endpoint = Some("https://a.example/authorize".into());
    server.device_authorization_endpoint = Some("https://a.example/device".into());
    server.pushed_authorization_request_endpoint = Some("https://a.example/par".into());
    server.introspection_endpoint = Some("https://a.example/introspect".into());
    server.revocation_endpoint = Some("https://a.example/revoke".into());
    server.registration_endpoint = Some("https://a.example/register".into());
    let placement = oauth_proto::oauth2::SecretPlacement::Body;
    server.secret_placement = input.in_body.then_some(placement);
    server
}

/// Runs a leg with one request.
fn one<T: std::fmt::Debug>(step: Result<Step<T>, Error>, response: &Response) -> Result<T, Error> {
    let Ok(Step::Send(_, sent)) = step else { panic!("{step:?}") };
    let result = sent.receive(response.clone(), moment(1000, 2));
    hides(&result);
    match result? {
        Step::Done(value) => {
            assert!(response.status().is_success() && response.body().len() <= 64 * 1024);
            Ok(value)
        }
        step => panic!("{step:?}"),
    }
}

/// Asserts that an error does not show a secret. It may show error codes and details, which are
/// texts of the server.
fn hides<T: std::fmt::Debug>(result: &Result<T, Error>) {
    let Err(error) = result else { return };
    let shown = format!("{error} {error:?}");
    let words = match error {
        Error::Refused(Refused::Problem { code, advice, details, .. }) => {
            assert!(
                [CLIENT_SECRET, PRESENTED]
                    .iter()
                    .all(|secret| !format!("{advice:?}").contains(secret))
            );
            format!("{code} {details:?}")
        }
        Error::Misbehaved(Misbehaved::TokenType { received, .. }) => received.clone(),
        _ => String::new(),
    };
    for secret in [CLIENT_SECRET, PRESENTED] {
        assert!(!shown.contains(secret) || words.contains(secret), "{shown}");
    }
}

fn device(pending: &PendingDevice, response: &Response) {
    let members = members(response.body()).unwrap();
    let text = |name| once(&members, name).unwrap().as_str().unwrap();
    assert_eq!(pending.user_code, text("user_code"));
    assert!(
        !pending.user_code.is_empty()
            && !text("device_code").is_empty()
            && !pending.verification_uri.is_empty()
    );
    assert!(pending.expires_at >= Timestamp::from_secs(1000));
    let shown = format!("{pending:?}");
    let elsewhere = [&pending.verification_uri, &pending.user_code]
        .into_iter()
        .chain(&pending.verification_uri_complete);
    assert!(
        !shown.contains(PRESENTED) || elsewhere.into_iter().any(|text| text.contains(PRESENTED))
    );
}

/// Polls with a test clock, and asserts that two polls are never at the same time.
fn poll(input: &Input, client: &Client, responses: &[Response]) {
    let codes = serde_json::json!({
        "device_code": PRESENTED,
        "user_code": "WDJB-MJHT",
        "verification_uri": "https://a.example/device",
        "expires_in": 30, "interval": 5,
    });
    let Ok(Step::Send(_, sent)) =
        client.authorize_device(AuthorizeDevice::default(), moment(1000, 1))
    else {
        panic!("expected a request")
    };
    let answer = Response::new(codes.to_string().into_bytes());
    let Ok(Step::Done(pending)) = sent.receive(answer, moment(1000, 1)) else {
        panic!("expected the codes of a device")
    };
    let (mut now, mut asked) = (1000, None);
    let mut responses = responses.iter();
    let mut step = client.poll(&pending, moment(now, 1));
    for _ in 0..100 {
        step = match step {
            Ok(Step::Wait(until, asleep)) => {
                assert!(until.as_secs() > now && until.as_secs() <= 1030);
                now = until.as_secs();
                asleep.wake(moment(now, 1))
            }
            Ok(Step::Send(request, sent)) => {
                assert_eq!(request.uri(), "https://a.example/token");
                assert!(asked < Some(now) && now < 1030, "asked at {asked:?} and again at {now}");
                asked = Some(now);
                now += u64::from(input.pause);
                let Some(response) = responses.next() else { return };
                let result = sent.receive(response.clone(), moment(now, 1));
                hides(&result);
                result
            }
            Ok(Step::Done(_)) | Err(_) => return,
        };
    }
    panic!("the device does not stop polling");
}

fn registered(registration: &ClientRegistration, response: &Response) {
    let members = members(response.body()).unwrap();
    let id = match once(&members, "client_id").unwrap() {
        Value::Number(number) => number.to_string(),
        text => text.as_str().unwrap().to_owned(),
    };
    assert_eq!(registration.client_id, id);
    assert!(!registration.client_id.is_empty());
    let stored = serde_json::to_string(registration).unwrap();
    if members.iter().any(|(_, value)| has_fraction(value)) {
        // Numbers with a fraction may lose their last digits.
        return;
    }
    assert_eq!(&serde_json::from_str::<ClientRegistration>(&stored).unwrap(), registration);
}

fn manage(which: u8, input: &Input, response: &Response) {
    let stored = serde_json::json!({
        "client_id": "client",
        "client_secret": CLIENT_SECRET,
        "registration_access_token": PRESENTED,
        "registration_client_uri": "https://a.example/register/client",
    });
    let stored = input.kept.clone().unwrap_or_else(|| stored.to_string().into_bytes());
    let Ok(before) = serde_json::from_slice::<ClientRegistration>(&stored) else { return };
    let metadata = ClientMetadata::new(["https://c.example/cb"]);
    let step = match which % 3 {
        0 => before.read(),
        1 => before.update(&metadata),
        _ => {
            if let Ok(step) = before.delete() {
                let _ = one(Ok(step), response);
            }
            return;
        }
    };
    if let Ok(step) = step
        && let Ok(after) = one(Ok(step), response)
    {
        registered(&after, response);
        assert_eq!(after.client_id, before.client_id);
        assert!(after.client_secret.is_some() || before.client_secret.is_none());
        assert!(after.registration_access_token.is_some());
    }
}
