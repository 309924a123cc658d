//! A second implementation of RFC 6749 §5.1 for comparison, slow and simple: it reads the token of
//! a response, if the response is valid.

use oauth_proto::Response;
use oauth_proto::oauth2::Quirks;
use serde_json::Value;

use crate::answers::{form_members, members, once};

/// The quirks of the server, one option each.
#[derive(arbitrary::Arbitrary, Clone, Copy, Debug)]
pub struct Lenient {
    pub missing_token_type: bool,
    pub token_types: bool,
    pub scope_array: bool,
    pub form_answer: bool,
    pub any_content_type: bool,
    pub expires: bool,
    pub zero_expiry: bool,
    pub null_members: bool,
    pub camel_case: bool,
    pub error_list: bool,
}

const ALIASES: &[&str] = &["Application Access Token"];

impl Lenient {
    pub fn quirks(self) -> Quirks {
        let mut quirks = Quirks::default();
        quirks.allow_token_types = if self.token_types { ALIASES } else { &[] };
        quirks.allow_missing_token_type = self.missing_token_type;
        quirks.allow_scope_array = self.scope_array;
        quirks.allow_form_answer = self.form_answer;
        quirks.allow_any_content_type = self.any_content_type;
        quirks.allow_expires = self.expires;
        quirks.allow_zero_expiry = self.zero_expiry;
        quirks.allow_null_members = self.null_members;
        quirks.allow_camel_case = self.camel_case;
        quirks.allow_error_list = self.error_list;
        quirks
    }
}

/// The token of a response.
#[derive(Debug, PartialEq, Eq)]
pub struct Granted {
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub lifetime: Option<u64>,
    /// The end of the token by the server's clock (`expires_at`).
    pub end: Option<u64>,
}

/// Returns the members of a response, with the names of the specification. The content type decides
/// the format.
pub fn said(response: &Response, lenient: Lenient) -> Option<Vec<(String, Value)>> {
    let types: Vec<_> = response.headers().get_all("content-type").iter().collect();
    let text =
        types.first().map(|value| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase());
    let text = text.unwrap_or_default();
    let essence = text.split(';').next().unwrap().trim_matches([' ', '\t']);
    let one = types.len() == 1;
    let mut members = if one && (essence == "application/json" || essence.ends_with("+json")) {
        members(response.body())?
    } else if one
        && lenient.form_answer
        && ["application/x-www-form-urlencoded", "text/plain"].contains(&essence)
    {
        form_members(response.body())?
    } else if lenient.any_content_type {
        members(response.body())?
    } else {
        return None;
    };
    if lenient.camel_case {
        for (name, _) in &mut members {
            *name = snake_case(name);
        }
    }
    Some(members)
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for (at, c) in name.char_indices() {
        if c.is_ascii_uppercase() && at > 0 {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

/// Returns the token of the response, if the response is valid.
pub fn granted(response: &Response, lenient: Lenient, exchange: bool) -> Option<Granted> {
    if !(200..300).contains(&response.status().as_u16()) || response.body().len() > 64 * 1024 {
        return None;
    }
    let members = said(response, lenient)?;
    for (at, (name, _)) in members.iter().enumerate() {
        if members[..at].iter().any(|(earlier, _)| earlier == name) {
            return None;
        }
    }
    let is_there = |name: &str| once(&members, name).is_ok();
    // An empty `error` is ignored.
    let says_nothing = |value: &Value| match value {
        Value::Null => lenient.null_members,
        value => value.as_str() == Some(""),
    };
    let lists_nothing =
        |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    if once(&members, "error").is_ok_and(|error| !says_nothing(error))
        || (lenient.error_list
            && once(&members, "errors").is_ok_and(|errors| !lists_nothing(errors)))
    {
        return None;
    }
    // Returns a member. With `null_members`, null counts as absent.
    let member = |name: &str| {
        once(&members, name).ok().filter(|value| !(lenient.null_members && value.is_null()))
    };

    let access_token = token(member("access_token"), lenient)??;
    let refresh_token = token(member("refresh_token"), lenient)?;
    match member("token_type") {
        None => lenient.missing_token_type.then_some(())?,
        Some(Value::String(name)) => {
            let mut known = vec!["bearer"];
            known.extend(exchange.then_some("n_a"));
            known.extend(lenient.token_types.then_some("application access token"));
            known.contains(&&*name.to_ascii_lowercase()).then_some(())?;
        }
        Some(_) => return None,
    }
    match member("scope") {
        None | Some(Value::String(_)) => {}
        Some(Value::Array(list)) if lenient.scope_array && list.iter().all(Value::is_string) => {}
        Some(_) => return None,
    }
    let expires = if is_there("expires_in") || !lenient.expires { "expires_in" } else { "expires" };
    let lifetime = match member(expires) {
        None => None,
        Some(value) => {
            Some(seconds(value)?).filter(|seconds| *seconds != 0 || !lenient.zero_expiry)
        }
    };
    let end = once(&members, "expires_at").ok().and_then(time);
    Some(Granted { access_token, refresh_token, lifetime, end })
}

/// Reads a time in seconds, from a number or a text. A negative time is 0.
fn time(value: &Value) -> Option<u64> {
    let number = match value {
        Value::Number(number) if number.is_u64() => return number.as_u64(),
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse::<f64>().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number as u64)
}

/// Reads an optional token of visible characters. The outer `None` is an invalid value.
fn token(value: Option<&Value>, lenient: Lenient) -> Option<Option<String>> {
    match value {
        None => Some(None),
        Some(Value::String(text)) if text.is_empty() => lenient.null_members.then_some(None),
        Some(Value::String(text)) => {
            text.chars().all(|c| (' '..='~').contains(&c)).then(|| Some(text.clone()))
        }
        Some(_) => None,
    }
}

fn seconds(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => {
            let text = text.trim_matches([' ', '\t', '\n', '\r', '\u{c}']);
            let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
            let all =
                |text: &str, fits: fn(char) -> bool| !text.is_empty() && text.chars().all(fits);
            (all(whole, |c| c.is_ascii_digit()) && all(fraction, |c| c == '0')).then(|| {
                whole.chars().fold(0_u64, |sum, c| {
                    sum.saturating_mul(10).saturating_add(u64::from(c.to_digit(10).unwrap()))
                })
            })
        }
        Value::Number(number) => match (number.as_u64(), number.as_f64()) {
            (Some(seconds), _) => Some(seconds),
            (None, Some(seconds)) if seconds >= 0.0 && seconds == seconds.trunc() => {
                Some(seconds as u64)
            }
            _ => None,
        },
        _ => None,
    }
}
