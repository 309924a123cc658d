//! Any response of the token endpoint: a token is returned exactly if the second implementation
//! reads the same token. Texts of the result do not show it.

use crate::with;
use arbitrary::Arbitrary;
use oauth_proto::oauth2::{AuthorizationServer, Client, Grant, Token};
use oauth_proto::{Error, Response, Step, Timestamp};

use crate::answers::{Answer, Words, has_fraction, once};
use crate::requests::moment;
use crate::token_reference::{Lenient, granted, said};

#[derive(Arbitrary, Debug)]
pub struct Input {
    answer: Answer,
    lenient: Lenient,
    now: u64,
    kind: Kind,
    scope: Option<String>,
    commas: bool,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Client,
    Password,
    Refresh,
    Exchange,
    Extension,
}

const WORDS: Words<'static> = Words {
    names: &[
        "access_token",
        "token_type",
        "refresh_token",
        "expires_in",
        "scope",
        "expires",
        "error",
        "errors",
        "error_description",
        "accessToken",
        "tokenType",
        "refreshToken",
        "expiresIn",
        "expires_at",
        "requested_scope",
        "id_token",
        "message",
    ],
    values: &[
        "2YotnFZFEjr1zCsicMWpAA",
        "Bearer",
        "bearer",
        "tGzv3JOkF0XG5Qx2TlKWIA",
        "sesamopensesam",
        "3600",
        "0",
        "n_a",
        "application access token",
        "invalid_grant",
        "a b",
        "a,b",
        "",
    ],
    good: &[("access_token", "hiddenhunter"), ("token_type", "bearer")],
};

pub fn run(input: Input) {
    let Some(response) = input.answer.response(&WORDS) else { return };
    let result = ask(&input, response.clone());
    let expected = granted(&response, input.lenient, input.kind == Kind::Exchange);
    match (&result, expected) {
        (Ok(token), Some(expected)) => {
            assert_eq!(token.access_token.expose(), expected.access_token);
            let kept = (input.kind == Kind::Refresh).then(|| "old-refresh".to_owned());
            let refresh_token = token.refresh_token.as_ref().map(|token| token.expose().to_owned());
            assert_eq!(refresh_token, expected.refresh_token.or(kept));
            let expires_at = expected
                .lifetime
                .map(|lifetime| input.now.saturating_add(lifetime))
                .or(expected.end);
            assert_eq!(token.expires_at.map(Timestamp::as_secs), expires_at);
            storable(token);
        }
        (Err(_), None) => {}
        (result, expected) => panic!("{result:?} where the reference reads {expected:?}"),
    }
    shows_nothing(&input, &response, &shown(&result));
}

fn ask(input: &Input, response: Response) -> Result<Token, Error> {
    let mut server = AuthorizationServer::new("https://a.example/token").unwrap();
    server.quirks = input.lenient.quirks();
    let server =
        if input.commas { with(server, |server| server.scope_separator = ',') } else { server };
    let client = Client::new(server, "client").secret("client-secret");
    let grant = match input.kind {
        Kind::Client => Grant::client_credentials(),
        Kind::Password => Grant::dangerous_password("jane", "password-of-jane"),
        Kind::Refresh => {
            let mut before = Token::bearer("old-access");
            before.refresh_token = Some("old-refresh".into());
            Grant::refresh(&before).unwrap()
        }
        Kind::Exchange => {
            Grant::token_exchange("subject", "urn:ietf:params:oauth:token-type:access_token")
        }
        Kind::Extension => Grant::extension("urn:example:grant"),
    };
    let grant = match &input.scope {
        Some(scope) => grant.scope(scope.as_str()),
        None => grant,
    };
    let Ok(Step::Send(_, sent)) = client.request_token(grant, moment(0, 1)) else {
        panic!("expected a request")
    };
    match sent.receive(response, moment(input.now, 2))? {
        Step::Done(token) => Ok(token),
        step => panic!("{step:?}"),
    }
}

fn shown(result: &Result<Token, Error>) -> String {
    match result {
        Ok(token) => format!("{token:?}"),
        Err(error) => format!("{error} {error:?}"),
    }
}

/// Asserts that a token is equal after it was stored and read.
fn storable(token: &Token) {
    let far = token.expires_at.is_some_and(|time| time.as_secs() > 1 << 53);
    if far || token.extra.values().any(has_fraction) {
        return;
    }
    let stored = serde_json::to_string(token).unwrap();
    assert_eq!(serde_json::from_str::<Token>(&stored).ok().as_ref(), Some(token), "{stored}");
}

/// Asserts that a token is not shown, if it occurs once in the response. The shown text may contain
/// the same letters by chance: then they remain when the token is replaced.
fn shows_nothing(input: &Input, response: &Response, shown: &str) {
    let Some(members) = said(response, input.lenient) else { return };
    let body = String::from_utf8_lossy(response.body()).into_owned();
    let again = |body: String| {
        let (parts, _) = response.clone().into_parts();
        self::shown(&ask(input, Response::from_parts(parts, body.into_bytes())))
    };
    for name in ["access_token", "refresh_token"] {
        let Some(token) = once(&members, name).ok().and_then(serde_json::Value::as_str) else {
            continue;
        };
        let elsewhere = members
            .iter()
            .filter(|(name, value)| name.contains(token) || value.to_string().contains(token));
        let plain = token.len() >= 8 && token.bytes().all(|byte| byte.is_ascii_graphic());
        if !plain || !shown.contains(token) || elsewhere.count() != 1 {
            continue;
        }
        match body.matches(token).count() {
            0 => assert!(!WORDS.values.contains(&token), "{shown}"),
            1 => assert!(again(body.replace(token, "x")).contains(token), "{shown}"),
            _ => {}
        }
    }
}
