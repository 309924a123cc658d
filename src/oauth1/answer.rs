//! Answers of the two endpoints that give out credentials, RFC 5849 §2.1 and §2.3.

use std::collections::BTreeMap;

use http::header::LOCATION;
use serde_json::Value;

use super::TokenCredentials;
use super::parameters::{CALLBACK_CONFIRMED, PROTOCOL, TIMESTAMP, TOKEN, TOKEN_SECRET, is_protocol};
use crate::wire::{Answer, Challenge, MAX_BODY, bare, form, json, shortened};
use crate::{Error, Misbehaved, Refused, Response, Secret, Timestamp};

/// The range of timestamps that the Problem Reporting extension tells.
const ACCEPTABLE_TIMESTAMPS: &str = "oauth_acceptable_timestamps";

/// The fields of an answer, each of them once.
pub(super) struct Fields {
    fields: BTreeMap<String, String>,
    /// The option that reads an answer which looks like this one.
    option: Option<&'static str>,
    answer: Box<Answer>,
}

impl Fields {
    /// Reads a successful answer. Its content type does not matter, since well-known services send forms as
    /// `text/html`; what matters is that the fields are there. The request was signed at `signed_at`.
    pub(super) fn of(response: &Response, json: bool, signed_at: Timestamp) -> Result<Self, Error> {
        let answer = Box::new(Answer::of(response));
        if response.status().is_redirection() {
            return Err(redirect(response, answer));
        }
        let length = response.body().len();
        if length > MAX_BODY {
            return Err(Misbehaved::TooLarge { length, limit: MAX_BODY, answer }.into());
        }
        if !response.status().is_success() {
            return Err(refusal(response, answer, Some(signed_at)).into());
        }
        let fields = read(response.body(), json, &answer)?;
        if let Some((code, advice)) = problem(&fields) {
            let details = details(fields, Some(signed_at));
            return Err(Refused::Problem { code, advice, details, answer }.into());
        }
        let is_json = !json && json::without_mark(response.body()).trim_ascii().starts_with(b"{");
        Ok(Self { fields, option: is_json.then_some("Service::allow_json_answers"), answer })
    }

    /// The token and its secret.
    pub(super) fn credentials(&mut self) -> Result<TokenCredentials, Error> {
        let token = self.take(TOKEN).filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| self.missing(TOKEN))?;
        let secret = self.take(TOKEN_SECRET).ok_or_else(|| self.missing(TOKEN_SECRET))?;
        Ok(TokenCredentials::new(token, Secret::new(secret)))
    }

    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.fields.remove(name)
    }

    /// Takes the word that says whether the server knows the callback (RFC 5849 §2.1). Some servers write it with capitals.
    pub(super) fn take_confirmation(&mut self) -> bool {
        self.take(CALLBACK_CONFIRMED).is_some_and(|word| word.eq_ignore_ascii_case("true"))
    }

    /// A number of seconds.
    pub(super) fn take_seconds(&mut self, field: &'static str) -> Result<Option<u64>, Error> {
        let seconds = self.take(field).map(|text| text.parse()).transpose();
        let answer = || self.answer.clone();
        let reason = "not a whole number of seconds";
        let invalid = |_| Misbehaved::FieldInvalid { field, reason, option: None, answer: answer() };
        Ok(seconds.map_err(invalid)?)
    }

    /// What nobody has taken.
    pub(super) fn rest(self) -> BTreeMap<String, String> {
        self.fields
    }

    pub(super) fn answer(self) -> Box<Answer> {
        self.answer
    }

    fn missing(&self, field: &'static str) -> Misbehaved {
        Misbehaved::FieldMissing { field, option: self.option, answer: self.answer.clone() }
    }
}

fn read(body: &[u8], json: bool, answer: &Answer) -> Result<BTreeMap<String, String>, Error> {
    let answer = || Box::new(answer.clone());
    let body = json::without_mark(body).trim_ascii();
    let wrong_format = |expected| Misbehaved::WrongFormat { expected, option: None, answer: answer() };
    // A captive portal or a page about maintenance. In a form the character is encoded.
    if body.starts_with(b"<") {
        return Err(wrong_format("a form but a page").into());
    }
    let members = if json && body.starts_with(b"{") {
        let members = json::fields(body).ok_or_else(|| wrong_format("a JSON object"))?;
        let odd = members.iter().find_map(|(name, value)| odd(name, value));
        if let Some(field) = odd {
            let reason = "neither a text nor a whole number";
            return Err(Misbehaved::FieldInvalid { field, reason, option: None, answer: answer() }.into());
        }
        members.into_iter().map(|(name, value)| (name, json_text(value))).collect()
    } else {
        form_members(body).ok_or_else(|| wrong_format("a form in UTF-8"))?
    };
    let mut fields = BTreeMap::new();
    for (name, value) in members {
        if fields.insert(name.clone(), value).is_some() {
            // A name that is not the protocol's may be anything.
            let field = if is_protocol(name.as_bytes()) { name } else { "…".to_owned() };
            return Err(Misbehaved::FieldTwice { field, answer: answer() }.into());
        }
    }
    Ok(fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
}

fn form_members(body: &[u8]) -> Option<Vec<(String, Option<String>)>> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    form::pairs(body).map(|(name, value)| Some((text(&name)?, Some(text(&value)?)))).collect()
}

/// Returns the protocol's name of a member whose value is of another type than the protocol's are.
fn odd(name: &str, value: &Value) -> Option<&'static str> {
    let fits = match value {
        Value::Null | Value::String(_) => true,
        Value::Bool(_) => name == CALLBACK_CONFIRMED,
        value => value.is_u64() || value.is_i64(),
    };
    PROTOCOL.into_iter().find(|own| *own == name && !fits)
}

/// Texts as they are, other values as JSON, and `None` for null.
fn json_text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

fn redirect(response: &Response, answer: Box<Answer>) -> Error {
    let location = response.headers().get(LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()));
    Misbehaved::Redirect { location: bare(location.as_deref().unwrap_or_default()), answer }.into()
}

/// Returns what the server said when it refused: in the body, in `WWW-Authenticate`, or in a list of errors as Twitter's. The
/// time is that of the request's signature, where it is known.
pub(super) fn refusal(response: &Response, answer: Box<Answer>, signed_at: Option<Timestamp>) -> Refused {
    let in_challenges = Challenge::of(response.headers()).into_iter().map(|challenge| {
        let parameters = challenge.parameters.into_iter();
        once(parameters.map(|(name, value)| (name.to_ascii_lowercase(), value)))
    });
    for fields in std::iter::once(explained(response.body())).chain(in_challenges) {
        if let Some((code, advice)) = problem(&fields) {
            return Refused::Problem { code, advice, details: details(fields, signed_at), answer };
        }
    }
    match first_of_errors(response.body()) {
        Some((code, advice)) => Refused::Problem { code, advice, details: BTreeMap::new(), answer },
        None => Refused::Status(answer),
    }
}

/// Reads the body of a refusal. It holds nothing to rely on, so one odd field does not cost the others.
fn explained(body: &[u8]) -> BTreeMap<String, String> {
    let body = json::without_mark(body).trim_ascii();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if body.starts_with(b"{") {
        let members = json::fields(text(body).as_bytes()).unwrap_or_default();
        once(members.into_iter().filter_map(|(name, value)| Some((name, json_text(value)?))))
    } else {
        once(form::pairs(body).map(|(name, value)| (text(&name), text(&value))))
    }
}

/// Returns the fields that stand once: one that stands twice says nothing.
fn once(fields: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    let mut seen = BTreeMap::new();
    for (name, value) in fields {
        seen.entry(name).and_modify(|value| *value = None).or_insert(Some(value));
    }
    seen.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Returns the fields in which the Problem Reporting extension explains a problem; beside the timestamps that are
/// acceptable, also the one that the request had.
fn details(fields: BTreeMap<String, String>, signed_at: Option<Timestamp>) -> BTreeMap<String, String> {
    let explains = |name: &str| name.starts_with("oauth_acceptable_") || name.starts_with("oauth_parameters_");
    let details = fields.into_iter().filter(|(name, _)| explains(name));
    let mut details: BTreeMap<_, _> = details.map(|(name, value)| (shortened(&name), shortened(&value))).collect();
    if let Some(signed_at) = signed_at.filter(|_| details.contains_key(ACCEPTABLE_TIMESTAMPS)) {
        details.insert(TIMESTAMP.to_owned(), signed_at.to_string());
    }
    details
}

/// Returns the code of the Problem Reporting extension or that of oauthlib's servers, and the advice that goes with it. An
/// empty code is none.
fn problem(fields: &BTreeMap<String, String>) -> Option<(String, Option<String>)> {
    // An object in JSON is no code, and may hold anything.
    let is_text = |value: &&String| !value.is_empty() && !value.trim_start().starts_with(['{', '[']);
    let find = |name: &str| fields.get(name).filter(is_text).map(|value| shortened(value));
    find("oauth_problem")
        .map(|code| (code, find("oauth_problem_advice")))
        .or_else(|| find("error").map(|code| (code, find("error_description"))))
}

/// Returns the number and the message of the first error in Twitter's list of them.
fn first_of_errors(body: &[u8]) -> Option<(String, Option<String>)> {
    let body: Value = serde_json::from_str(&String::from_utf8_lossy(json::without_mark(body))).ok()?;
    let first = body.get("errors")?.get(0)?;
    let code = match first.get("code")? {
        Value::Number(number) => number.to_string(),
        code => shortened(code.as_str().filter(|code| !code.is_empty())?),
    };
    Some((code, first.get("message").and_then(Value::as_str).map(shortened)))
}
