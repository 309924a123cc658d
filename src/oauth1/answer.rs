//! Answers of the two endpoints that give out credentials, RFC 5849 §2.1 and §2.3.

use std::collections::BTreeMap;

use http::HeaderValue;
use http::header::{LOCATION, WWW_AUTHENTICATE};

use super::TokenCredentials;
use super::parameters::{TOKEN, TOKEN_SECRET, is_oauth, is_protocol};
use crate::wire::{Answer, MAX_BODY, auth_param, form, json, shortened};
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
    let mut fields = BTreeMap::new();
    let mut add = |name: String, value: String| match fields.insert(name.clone(), value) {
        None => Ok(()),
        Some(_) => Err(Misbehaved::FieldTwice { field: shortened(&name), answer: answer() }),
    };
    if json && body.trim_ascii_start().starts_with(b"{") {
        for (name, value) in json::fields(body).ok_or_else(|| wrong_format("a JSON object"))? {
            add(name, value)?;
        }
        return Ok(fields);
    }
    for (name, value) in form::pairs(body.trim_ascii()) {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| wrong_format("a form in UTF-8"));
        add(text(&name)?, text(&value)?)?;
    }
    Ok(fields)
}

fn redirect(response: &Response, answer: Box<Answer>) -> Error {
    let location = response.headers().get(LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let location = location.as_deref().and_then(|location| location.split(['?', '#']).next());
    Misbehaved::Redirect { location: shortened(location.unwrap_or_default()), answer }.into()
}

/// What the server said when it refused: in the body, or in `WWW-Authenticate`.
fn refusal(response: &Response, answer: Box<Answer>) -> Refused {
    let in_body = read(response.body(), true, &answer).unwrap_or_default();
    let said = std::iter::once(in_body).chain(response.headers().get_all(WWW_AUTHENTICATE).iter().map(challenge));
    for fields in said {
        if let Some((code, advice)) = problem(&fields) {
            return Refused::Problem { code, advice, details: details(fields), answer };
        }
    }
    Refused::Status(answer)
}

fn challenge(value: &HeaderValue) -> BTreeMap<String, String> {
    let (_, list) = auth_param::scheme(value.as_bytes());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    auth_param::parse(list).map_while(Result::ok).map(|(name, value)| (text(name), text(&value))).collect()
}

/// The fields that explain a problem: the extension's own, but no credentials.
fn details(fields: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let explains =
        |name: &str| is_oauth(name.as_bytes()) && !is_protocol(name.as_bytes()) && !name.starts_with("oauth_problem");
    let details = fields.into_iter().filter(|(name, _)| explains(name));
    details.map(|(name, value)| (shortened(&name), shortened(&value))).collect()
}

/// The code of the Problem Reporting extension or that of oauthlib's servers, and the advice that goes with it.
fn problem(fields: &BTreeMap<String, String>) -> Option<(String, Option<String>)> {
    let find = |name: &str| fields.get(name).map(|value| shortened(value));
    find("oauth_problem")
        .map(|code| (code, find("oauth_problem_advice")))
        .or_else(|| find("error").map(|code| (code, find("error_description"))))
}
