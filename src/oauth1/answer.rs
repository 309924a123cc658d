//! Answers of the two endpoints that give out credentials, RFC 5849 §2.1 and §2.3.

use std::collections::BTreeMap;

use http::header::LOCATION;
use serde_json::Value;

use super::TokenCredentials;
use super::parameters::{TOKEN, TOKEN_SECRET, is_protocol};
use crate::wire::{Answer, Challenge, MAX_BODY, bare, form, json, shortened};
use crate::{Error, Misbehaved, Refused, Response, Secret};

/// The fields of an answer, each of them once.
pub(super) struct Fields {
    fields: BTreeMap<String, String>,
    answer: Box<Answer>,
}

impl Fields {
    /// Reads a successful answer. Its content type does not matter, since well-known services send forms as
    /// `text/html`; what matters is that the fields are there.
    pub(super) fn of(response: &Response, json: bool) -> Result<Self, Error> {
        let answer = Box::new(Answer::of(response));
        if response.status().is_redirection() {
            return Err(redirect(response, answer));
        }
        let length = response.body().len();
        if length > MAX_BODY {
            return Err(Misbehaved::TooLarge { length, limit: MAX_BODY, answer }.into());
        }
        if !response.status().is_success() {
            return Err(refusal(response, answer).into());
        }
        let fields = read(response.body(), json, &answer)?;
        if let Some((code, advice)) = problem(&fields) {
            let details = details(fields);
            return Err(Refused::Problem { code, advice, details, answer }.into());
        }
        Ok(Self { fields, answer })
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

    /// A number of seconds.
    pub(super) fn take_seconds(&mut self, name: &str) -> Result<Option<u64>, Error> {
        let seconds = self.take(name).map(|text| text.parse()).transpose();
        seconds.map_err(|_| self.wrong_format("a number of seconds where one belongs").into())
    }

    /// What nobody has taken.
    pub(super) fn rest(self) -> BTreeMap<String, String> {
        self.fields
    }

    pub(super) fn answer(self) -> Box<Answer> {
        self.answer
    }

    fn missing(&self, field: &'static str) -> Misbehaved {
        Misbehaved::FieldMissing { field, answer: self.answer.clone() }
    }

    fn wrong_format(&self, expected: &'static str) -> Misbehaved {
        Misbehaved::WrongFormat { expected, answer: self.answer.clone() }
    }
}

fn read(body: &[u8], json: bool, answer: &Answer) -> Result<BTreeMap<String, String>, Error> {
    let answer = || Box::new(answer.clone());
    let wrong_format = |expected| Misbehaved::WrongFormat { expected, answer: answer() };
    let members = if json && body.trim_ascii_start().starts_with(b"{") {
        json_members(body).ok_or_else(|| wrong_format("a JSON object, with texts where they belong"))?
    } else {
        form_members(body.trim_ascii()).ok_or_else(|| wrong_format("a form in UTF-8"))?
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

/// Texts as they are, other values as JSON, and `None` for null. The protocol's own are texts or integers.
fn json_members(body: &[u8]) -> Option<Vec<(String, Option<String>)>> {
    let member = |(name, value): (String, Value)| {
        let is_text = value.is_string() || value.is_u64() || value.is_i64() || value.is_null();
        if is_protocol(name.as_bytes()) && !is_text {
            return None;
        }
        Some((
            name,
            match value {
                Value::Null => None,
                Value::String(text) => Some(text),
                other => Some(other.to_string()),
            },
        ))
    };
    json::fields(body)?.into_iter().map(member).collect()
}

fn redirect(response: &Response, answer: Box<Answer>) -> Error {
    let location = response.headers().get(LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()));
    Misbehaved::Redirect { location: bare(location.as_deref().unwrap_or_default()), answer }.into()
}

/// What the server said when it refused: in the body, or in `WWW-Authenticate`.
pub(super) fn refusal(response: &Response, answer: Box<Answer>) -> Refused {
    let in_body = read(response.body(), true, &answer).unwrap_or_default();
    let said = std::iter::once(in_body).chain(Challenge::of(response.headers()).into_iter().map(parameters));
    for fields in said {
        if let Some((code, advice)) = problem(&fields) {
            return Refused::Problem { code, advice, details: details(fields), answer };
        }
    }
    Refused::Status(answer)
}

/// Returns the parameters of a challenge. One that stands twice says nothing, and names are in any case.
fn parameters(challenge: Challenge) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::new();
    for (name, value) in challenge.parameters {
        parameters.entry(name.to_ascii_lowercase()).and_modify(|value| *value = None).or_insert(Some(value));
    }
    parameters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// The fields in which the Problem Reporting extension explains a problem.
fn details(fields: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let explains = |name: &str| name.starts_with("oauth_acceptable_") || name.starts_with("oauth_parameters_");
    let details = fields.into_iter().filter(|(name, _)| explains(name));
    details.map(|(name, value)| (shortened(&name), shortened(&value))).collect()
}

/// The code of the Problem Reporting extension or that of oauthlib's servers, and the advice that goes with it.
fn problem(fields: &BTreeMap<String, String>) -> Option<(String, Option<String>)> {
    // An object in JSON is no code, and may hold anything.
    let is_text = |value: &&String| !value.trim_start().starts_with(['{', '[']);
    let find = |name: &str| fields.get(name).filter(is_text).map(|value| shortened(value));
    find("oauth_problem")
        .map(|code| (code, find("oauth_problem_advice")))
        .or_else(|| find("error").map(|code| (code, find("error_description"))))
}
