//! Any callback: the code or token is used only if a second implementation finds that the callback
//! belongs to the pending authorization. A callback in the usual form is always accepted.

use crate::with;
use arbitrary::Arbitrary;
use oauth_proto::oauth2::{
    AuthorizationServer, Authorize, Client, Pending, PendingImplicit, ResponseMode, Token,
};
use oauth_proto::{Error, Request, Step};

use crate::percent::encoded;
use crate::reference::{decode_form, is_place};
use crate::requests::moment;

#[derive(Arbitrary, Debug)]
pub struct Input {
    callback: Callback,
    mode: Mode,
    implicit: bool,
    issuer: bool,
    promises: bool,
    v2_1: bool,
    redirect_uri: bool,
    pkce: bool,
    late: bool,
    entropy: u8,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Query,
    Fragment,
    FormPost,
}

#[derive(Arbitrary, Debug)]
enum Callback {
    Any(String),
    Pairs {
        before: Before,
        good: bool,
        pairs: Vec<(Name, Value)>,
        raw: bool,
        after: Option<String>,
    },
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Before {
    Nothing,
    Mark,
    Path,
    Url,
    UrlWithQuery,
    App,
    Hash,
    UrlHash,
    UrlQueryHash,
}

#[derive(Arbitrary, Debug)]
enum Name {
    Code,
    State,
    Iss,
    Error,
    Description,
    AccessToken,
    IdToken,
    TokenType,
    ExpiresIn,
    Any(String),
}

#[derive(Arbitrary, Debug)]
enum Value {
    Code,
    State,
    Longer,
    Issuer,
    Other,
    Denied,
    Bearer,
    Empty,
    Any(Vec<u8>),
}

const ISSUER: &str = "https://a.example";

type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

pub fn run(input: Input) {
    let client = client(&input);
    let redirect_uri =
        if input.redirect_uri { "https://c.example/cb" } else { "com.example.app:/cb" };
    let mode = match input.mode {
        Mode::Query => ResponseMode::Query,
        Mode::Fragment => ResponseMode::Fragment,
        Mode::FormPost => ResponseMode::FormPost,
    };
    let mut authorize = Authorize::scope("a b");
    authorize.redirect_uri = Some(redirect_uri.into());
    authorize.response_mode = mode;
    authorize.nonce = true;
    let begin = moment(1000, input.entropy);
    let now = moment(if input.late { 4600 } else { 4599 }, 7);
    if input.implicit {
        let Ok(authorization) = client.dangerous_authorize_implicit(authorize, begin) else {
            return assert!(input.v2_1);
        };
        let stored = serde_json::to_value(&authorization.pending).unwrap();
        let pending: PendingImplicit = serde_json::from_value(stored).unwrap();
        let state = pending.state().to_owned();
        let callback = input.callback.text(&state);
        let token = client.token_from_fragment(pending, &callback, now.now);
        return implicit(&input, &state, &callback, redirect_uri, token);
    }
    let authorize = if input.pkce {
        authorize
    } else {
        with(authorize, |authorize| authorize.allow_missing_pkce = true)
    };
    let Ok(step) = client.authorize(authorize, begin) else {
        return assert!(input.v2_1 && !input.pkce);
    };
    let Step::Done(authorization) = step else { panic!("expected no pushed request") };
    let stored = serde_json::to_value(&authorization.pending).unwrap();
    let pending: Pending = serde_json::from_value(stored.clone()).unwrap();
    let state = pending.state().to_owned();
    let callback = input.callback.text(&state);
    match client.redeem(pending, &callback, now) {
        Ok(Step::Send(request, _)) => {
            let pairs = readings(&callback, input.mode).into_iter().find(|pairs| {
                code(&input, &state, pairs).is_some()
                    && is_placed(&input, &callback, redirect_uri, pairs)
            });
            let pairs =
                pairs.unwrap_or_else(|| panic!("{callback:?} is not the callback of {state}"));
            assert!(!input.late);
            sent(&input, &request, &code(&input, &state, &pairs).unwrap(), &stored, redirect_uri);
        }
        Ok(step) => panic!("{step:?}"),
        Err(error) => {
            refused(&input, &state, &callback, redirect_uri, &error, stored["verifier"].as_str())
        }
    }
}

fn client(input: &Input) -> Client {
    let mut server = AuthorizationServer::new("https://a.example/token").unwrap();
    server.authorization_endpoint = Some("https://a.example/authorize".into());
    if input.issuer {
        server.issuer = Some(ISSUER.into());
    }
    if input.promises {
        server.promises_issuer = true;
    }
    if input.v2_1 {
        server.oauth_2_1 = true;
    }
    Client::new(server, "client").secret("client-secret")
}

impl Callback {
    fn text(&self, state: &str) -> String {
        match self {
            Self::Any(text) => text.replace("STATE", state),
            Self::Pairs { before, after, .. } => {
                let after = after.as_ref().map(|after| format!("#{after}")).unwrap_or_default();
                format!("{}{}{after}", before.text(), self.pairs(state))
            }
        }
    }

    /// Returns the part with the parameters of the response.
    fn pairs(&self, state: &str) -> String {
        let Self::Pairs { good, pairs, raw, .. } = self else { return String::new() };
        let good =
            [(Name::Code, Value::Code), (Name::State, Value::State)].into_iter().filter(|_| *good);
        let good: Vec<_> = good.map(|(name, value)| (name.text(), value.bytes(state))).collect();
        let pairs = pairs.iter().map(|(name, value)| (name.text(), value.bytes(state)));
        let pairs: Vec<_> = good.into_iter().chain(pairs).collect();
        if !*raw {
            return oauth_proto::wire::form::encode(pairs);
        }
        let pairs = pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), plain(value)));
        pairs.collect::<Vec<_>>().join("&")
    }
}

/// Encodes a value, except for the characters that a query allows (RFC 3986 §3.4).
fn plain(bytes: &[u8]) -> String {
    let encode = |byte: &u8| match byte {
        b':' | b'/' | b'?' | b'@' => char::from(*byte).to_string(),
        byte => encoded([*byte]),
    };
    bytes.iter().map(encode).collect()
}

impl Before {
    fn text(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Mark => "?",
            Self::Path => "/cb?",
            Self::Url => "https://c.example/cb?",
            Self::UrlWithQuery => "https://c.example/cb?x=1&",
            Self::App => "com.example.app:/cb?",
            Self::Hash => "#",
            Self::UrlHash => "https://c.example/cb#",
            Self::UrlQueryHash => "https://c.example/cb?x=1#",
        }
    }
}

impl Name {
    fn text(&self) -> Vec<u8> {
        let name = match self {
            Self::Code => "code",
            Self::State => "state",
            Self::Iss => "iss",
            Self::Error => "error",
            Self::Description => "error_description",
            Self::AccessToken => "access_token",
            Self::IdToken => "id_token",
            Self::TokenType => "token_type",
            Self::ExpiresIn => "expires_in",
            Self::Any(name) => name,
        };
        name.into()
    }
}

impl Value {
    fn bytes(&self, state: &str) -> Vec<u8> {
        match self {
            Self::Code => b"SplxlOBeZQQYbYS6WxSbIA".to_vec(),
            Self::State => state.into(),
            Self::Longer => format!("{state}x").into(),
            Self::Issuer => ISSUER.into(),
            Self::Other => b"https://a.example/".to_vec(),
            Self::Denied => b"access_denied".to_vec(),
            Self::Bearer => b"bearer".to_vec(),
            Self::Empty => Vec::new(),
            Self::Any(bytes) => bytes.clone(),
        }
    }
}

/// Returns the possible parameters of a callback. There are two readings if the text has no
/// question mark, or if the question mark may be part of a value.
fn readings(callback: &str, mode: Mode) -> Vec<Pairs> {
    let (before, fragment) = match callback.split_once('#') {
        Some((before, fragment)) => (before, Some(fragment)),
        None => (callback, None),
    };
    let behind_mark = before.split_once('?').map(|(_, query)| query);
    let parts = match mode {
        Mode::Query => vec![Some(before), behind_mark],
        Mode::Fragment if fragment.is_some() => vec![fragment],
        Mode::Fragment => vec![Some(before), behind_mark],
        Mode::FormPost => vec![Some(callback)],
    };
    parts.into_iter().flatten().map(|part| decode_form(part.as_bytes())).collect()
}

/// Returns the values of the parameters with this name.
fn values<'a>(pairs: &'a Pairs, name: &str) -> Vec<&'a [u8]> {
    pairs
        .iter()
        .filter(|(own, _)| own == name.as_bytes())
        .map(|(_, value)| value.as_slice())
        .collect()
}

/// Returns whether the callback arrived at the redirect_uri, or has only parameters, with the right
/// `iss`.
fn is_placed(input: &Input, callback: &str, redirect_uri: &str, pairs: &Pairs) -> bool {
    let before = callback.split('#').next().unwrap_or_default();
    let place = before.split('?').next().unwrap_or_default();
    let has_scheme = place.split_once(':').is_some_and(|(scheme, _)| {
        !scheme.is_empty()
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    });
    if place.starts_with('/') || has_scheme {
        return is_place(place, redirect_uri);
    }
    input.issuer && values(pairs, "iss") == [ISSUER.as_bytes()]
}

/// Returns whether `state` and `iss` are right, no parameter is repeated, and none is `error`.
fn belongs(input: &Input, state: &str, pairs: &Pairs) -> bool {
    let issuer_fits = match values(pairs, "iss")[..] {
        [] => !input.promises,
        [iss] => input.issuer && iss == ISSUER.as_bytes(),
        _ => false,
    };
    let known = [
        "code",
        "state",
        "iss",
        "error",
        "error_description",
        "error_uri",
        "access_token",
        "id_token",
    ];
    let clear = known.iter().all(|name| match values(pairs, name)[..] {
        [] => true,
        [value] => std::str::from_utf8(value).is_ok(),
        _ => false,
    });
    values(pairs, "state") == [state.as_bytes()]
        && issuer_fits
        && clear
        && matches!(values(pairs, "error")[..], [] | [b""])
}

fn code(input: &Input, state: &str, pairs: &Pairs) -> Option<Vec<u8>> {
    let tokens = values(pairs, "access_token").len() + values(pairs, "id_token").len();
    match values(pairs, "code")[..] {
        [code] if !code.is_empty() && tokens == 0 && belongs(input, state, pairs) => {
            Some(code.to_vec())
        }
        _ => None,
    }
}

fn sent(
    input: &Input,
    request: &Request,
    code: &[u8],
    stored: &serde_json::Value,
    redirect_uri: &str,
) {
    assert_eq!(request.uri(), "https://a.example/token");
    let form = decode_form(request.body());
    assert_eq!(values(&form, "grant_type"), [b"authorization_code"]);
    assert_eq!(values(&form, "code"), [code]);
    let verifier: Vec<_> = stored["verifier"].as_str().map(str::as_bytes).into_iter().collect();
    assert_eq!(verifier.len(), usize::from(input.pkce));
    assert_eq!(values(&form, "code_verifier"), verifier);
    let redirect_uri = (!input.v2_1).then_some(redirect_uri.as_bytes());
    assert_eq!(values(&form, "redirect_uri"), redirect_uri.into_iter().collect::<Vec<_>>());
    assert!(values(&form, "state").is_empty() && values(&form, "scope").is_empty());
}

/// Asserts that the error shows neither the state nor the PKCE verifier, and that the callback was
/// not a valid one in its right place.
fn refused(
    input: &Input,
    state: &str,
    callback: &str,
    redirect_uri: &str,
    error: &Error,
    verifier: Option<&str>,
) {
    let Callback::Pairs { before, after, .. } = &input.callback else { return };
    let shown = format!("{error} {error:?}");
    assert!(callback.matches(state).count() > 1 || !shown.contains(state), "{shown}");
    assert!(verifier.is_none_or(|verifier| !shown.contains(verifier)), "{shown}");
    let in_place = match input.mode {
        Mode::Query => *before <= Before::App,
        Mode::Fragment => *before >= Before::Hash && after.is_none(),
        Mode::FormPost => *before == Before::Nothing && after.is_none(),
    };
    let pairs = decode_form(input.callback.pairs(state).as_bytes());
    let is_placed = is_placed(input, callback, redirect_uri, &pairs);
    let good = in_place && is_placed && !input.late && code(input, state, &pairs).is_some();
    assert!(!good, "{callback:?} is refused: {error}");
}

fn implicit(
    input: &Input,
    state: &str,
    callback: &str,
    redirect_uri: &str,
    token: Result<Token, Error>,
) {
    let mode = if input.mode == Mode::Query { Mode::Fragment } else { input.mode };
    match token {
        Ok(token) => {
            assert!(!input.late && !input.v2_1);
            let right = readings(callback, mode).into_iter().any(|pairs| {
                let bearer = matches!(
                    values(&pairs, "token_type")[..],
                    [kind] if kind.eq_ignore_ascii_case(b"bearer")
                );
                let access =
                    values(&pairs, "access_token") == [token.access_token.expose().as_bytes()];
                access
                    && bearer
                    && belongs(input, state, &pairs)
                    && is_placed(input, callback, redirect_uri, &pairs)
            });
            assert!(right, "{callback:?} is not the callback of {state}");
            assert!(!token.extra.contains_key("state") && !token.extra.contains_key("iss"));
            assert!(!format!("{token:?}").contains("SplxlOBeZQQYbYS6WxSbIA"));
        }
        Err(error) => {
            let own_words = callback.matches(state).count() > 1;
            assert!(own_words || !format!("{error} {error:?}").contains(state), "{error:?}");
        }
    }
}
