//! The responses of the two endpoints that issue credentials: RFC 5849 §2.1 and §2.3.

use std::collections::BTreeMap;

use http::header::DATE;
use serde_json::Value;

use crate::core::api;
use crate::oauth1::credentials::TokenCredentials;
use crate::oauth1::names::{
    CALLBACK_CONFIRMED, PROTOCOL, TIMESTAMP, TOKEN, TOKEN_SECRET, is_protocol,
};
use crate::wire::{
    Challenge, MAX_BODY, form, json, lenient, printable_code, printable_text, truncated,
};
use crate::{Error, Misbehaved, Refused, Response, ResponseExcerpt, Secret, Timestamp};

/// The range of acceptable timestamps of the Problem Reporting extension.
const ACCEPTABLE_TIMESTAMPS: &str = "oauth_acceptable_timestamps";

/// The accepted formats of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Formats {
    Form,
    FormOrJson,
}

/// The fields of a response. Each name occurs once.
pub(super) struct Fields {
    fields: BTreeMap<String, String>,
    /// The option that accepts a response like this one.
    option: Option<&'static str>,
    answer: Box<ResponseExcerpt>,
}

impl Fields {
    /// Reads a successful response. Its content type is ignored, since well-known services send
    /// forms as `text/html`. `signed_at` is the time of the request's signature.
    pub(super) fn of(
        response: &Response,
        formats: Formats,
        signed_at: Timestamp,
    ) -> Result<Self, Error> {
        let answer = Box::new(ResponseExcerpt::of(response));
        if response.status().is_redirection() {
            return Err(api::redirect(response).into());
        }
        let length = response.body().len();
        if length > MAX_BODY {
            return Err(Misbehaved::TooLarge { length, limit: MAX_BODY, response: answer }.into());
        }
        if !response.status().is_success() {
            return Err(refusal(response, answer, Some(signed_at)).into());
        }
        if is_json(response.body())
            && let Some(said) =
                problem(&explained(response.body())).or_else(|| first_error(response.body()))
        {
            return Err(said.refusal(response, answer, Some(signed_at)).into());
        }
        let fields = read(response.body(), formats, &answer)?;
        if let Some(said) = problem(&fields) {
            return Err(said.refusal(response, answer, Some(signed_at)).into());
        }
        let option = (formats == Formats::Form && is_json(response.body()))
            .then_some("oauth1::Server::allow_json_answers");
        Ok(Self { fields, option, answer })
    }

    /// Takes the token and its secret.
    pub(super) fn credentials(&mut self) -> Result<TokenCredentials, Error> {
        let token = self.take(TOKEN).filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| self.missing(TOKEN))?;
        let secret = self.take(TOKEN_SECRET).ok_or_else(|| self.missing(TOKEN_SECRET))?;
        Ok(TokenCredentials::new(token, Secret::new(secret)))
    }

    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.fields.remove(name)
    }

    /// Takes the value of `oauth_callback_confirmed` (RFC 5849 §2.1). Some servers write it with
    /// capital letters.
    pub(super) fn take_confirmation(&mut self) -> bool {
        self.take(CALLBACK_CONFIRMED).is_some_and(|word| word.eq_ignore_ascii_case("true"))
    }

    /// Takes a number of seconds.
    pub(super) fn take_seconds(&mut self, field: &'static str) -> Result<Option<u64>, Error> {
        let Some(text) = self.take(field) else {
            return Ok(None);
        };
        let reason = "not a whole number of seconds";
        let invalid = || Misbehaved::FieldInvalid {
            field,
            reason,
            option: None,
            response: self.answer.clone(),
        };
        Ok(Some(lenient::digits(&text).ok_or_else(invalid)?))
    }

    /// Returns the fields that were not taken.
    pub(super) fn rest(self) -> BTreeMap<String, String> {
        self.fields
    }

    pub(super) fn excerpt(self) -> Box<ResponseExcerpt> {
        self.answer
    }

    fn missing(&self, field: &'static str) -> Misbehaved {
        Misbehaved::FieldMissing { field, option: self.option, response: self.answer.clone() }
    }
}

fn read(
    body: &[u8],
    formats: Formats,
    answer: &ResponseExcerpt,
) -> Result<BTreeMap<String, String>, Error> {
    let excerpt = || Box::new(answer.clone());
    let body = json::without_mark(body).trim_ascii();
    let wrong_format =
        |expected| Misbehaved::WrongFormat { expected, option: None, response: excerpt() };
    // A `<` is the sign of a page, for example of a captive portal. In a form it is encoded.
    if body.starts_with(b"<") {
        return Err(wrong_format("a form: it begins like an HTML or XML page").into());
    }
    let members = if formats == Formats::FormOrJson && body.starts_with(b"{") {
        let members = json::fields(body).ok_or_else(|| wrong_format("a JSON object"))?;
        let odd = members.iter().find_map(|(name, value)| odd(name, value));
        if let Some(field) = odd {
            let reason = "neither a string nor a whole number";
            return Err(Misbehaved::FieldInvalid {
                field,
                reason,
                option: None,
                response: excerpt(),
            }
            .into());
        }
        members.into_iter().map(|(name, value)| (name, json_text(value))).collect()
    } else {
        form_members(body).ok_or_else(|| wrong_format("a form in UTF-8"))?
    };
    let mut fields = BTreeMap::new();
    for (name, value) in members {
        if fields.insert(name.clone(), value).is_some() {
            // Any other name can be a secret, so it is not shown.
            let field = if is_protocol(name.as_bytes()) { name } else { "…".to_owned() };
            return Err(Misbehaved::FieldTwice { field, response: excerpt() }.into());
        }
    }
    Ok(fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
}

fn form_members(body: &[u8]) -> Option<Vec<(String, Option<String>)>> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    form::pairs(body).map(|(name, value)| Some((text(&name)?, Some(text(&value)?)))).collect()
}

/// Returns the name of a member of the protocol if its value has a wrong type.
fn odd(name: &str, value: &Value) -> Option<&'static str> {
    let fits = match value {
        Value::Null | Value::String(_) => true,
        Value::Bool(_) => name == CALLBACK_CONFIRMED,
        value => value.is_u64() || value.is_i64(),
    };
    PROTOCOL.into_iter().find(|own| *own == name && !fits)
}

/// Returns a text as it is, other values as JSON, and `None` for null.
fn json_text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

/// Returns the error code and the description of a refusal, from the body or from
/// `WWW-Authenticate`. `signed_at` is the time of the request's signature, if it is known.
pub(super) fn refusal(
    response: &Response,
    answer: Box<ResponseExcerpt>,
    signed_at: Option<Timestamp>,
) -> Refused {
    let in_challenges = || {
        Challenge::of(response.headers()).into_iter().find_map(|challenge| {
            let parameters = challenge.parameters.into_iter();
            problem(&once(parameters.map(|(name, value)| (name.to_ascii_lowercase(), value))))
        })
    };
    let in_body = || problem(&explained(response.body()));
    match in_body().or_else(in_challenges).or_else(|| first_error(response.body())) {
        Some(said) => said.refusal(response, answer, signed_at),
        None => Refused::Status(answer),
    }
}

/// The explanation of a server that refuses.
struct Said {
    code: String,
    advice: Option<String>,
    /// All fields of the response, for the details.
    fields: BTreeMap<String, String>,
}

impl Said {
    fn refusal(
        self,
        response: &Response,
        answer: Box<ResponseExcerpt>,
        signed_at: Option<Timestamp>,
    ) -> Refused {
        let Self { code, advice, fields } = self;
        let explains = |name: &str| {
            name.starts_with("oauth_acceptable_") || name.starts_with("oauth_parameters_")
        };
        let details = fields.into_iter().filter(|(name, _)| explains(name));
        let mut details: BTreeMap<_, _> =
            details.map(|(name, value)| (truncated(&name), detail(&name, &value))).collect();
        let is_told = details.contains_key(ACCEPTABLE_TIMESTAMPS);
        // Twitter's code for a wrong timestamp is a number, 135, but its message has the word
        // "timestamp".
        let is_about_time = [Some(&code), advice.as_ref()]
            .into_iter()
            .flatten()
            .any(|text| text.to_ascii_lowercase().contains("timestamp"));
        if let Some(signed_at) = signed_at.filter(|_| is_told || is_about_time) {
            details.insert(TIMESTAMP.to_owned(), signed_at.to_string());
            let date = response
                .headers()
                .get(DATE)
                .and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
            if let Some(date) = date.filter(|_| !is_told) {
                details.insert("date".to_owned(), Timestamp::from(date).to_string());
            }
        }
        Refused::Problem { code, advice, details, response: answer }
    }
}

/// Returns the content of a detail: a range, or names of parameters. A detail can have the values
/// of rejected parameters, which are removed.
fn detail(name: &str, value: &str) -> String {
    if name.starts_with("oauth_acceptable_") {
        let is_range = value.bytes().all(|byte| byte.is_ascii_digit() || b"-. ".contains(&byte));
        return if is_range { truncated(value) } else { printable_text(value) };
    }
    let is_name = |name: &str| {
        name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    let names = value.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if is_name(name) => format!("{name}=…"),
        None if is_name(pair) => pair.to_owned(),
        _ => "…".to_owned(),
    });
    truncated(&names.collect::<Vec<_>>().join("&"))
}

fn is_json(body: &[u8]) -> bool {
    json::without_mark(body).trim_ascii().starts_with(b"{")
}

/// Reads the body of a refusal. It is only shown, so a malformed field does not spoil the others.
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

/// Returns the fields that are present once. A repeated field is ignored.
fn once(fields: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    let mut seen = BTreeMap::new();
    for (name, value) in fields {
        seen.entry(name).and_modify(|value| *value = None).or_insert(Some(value));
    }
    seen.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Returns the code of the Problem Reporting extension or that of oauthlib's servers, and its
/// advice. An empty code counts as absent.
fn problem(fields: &BTreeMap<String, String>) -> Option<Said> {
    // A JSON object is not a code, and can have secrets in it.
    let is_text =
        |value: &&String| !value.is_empty() && !value.trim_start().starts_with(['{', '[']);
    let find = |name: &str| fields.get(name).filter(is_text);
    let (code, advice) = find("oauth_problem")
        .map(|code| (code, find("oauth_problem_advice")))
        .or_else(|| find("error").map(|code| (code, find("error_description"))))?;
    let advice = advice.map(|advice| printable_text(advice));
    Some(Said { code: printable_code(code), advice, fields: fields.clone() })
}

/// Returns the code and the message of the first error in a list of errors, such as Twitter's, or
/// of an error that is an object.
fn first_error(body: &[u8]) -> Option<Said> {
    let body: Value =
        serde_json::from_str(&String::from_utf8_lossy(json::without_mark(body))).ok()?;
    let error =
        body.get("errors").and_then(|errors| errors.get(0)).or_else(|| body.get("error"))?;
    let code =
        ["code", "status", "type"].into_iter().find_map(|name| match error.get(name)? {
            Value::Number(number) => Some(number.to_string()),
            code => code.as_str().filter(|code| !code.is_empty()).map(printable_code),
        })?;
    let advice = error.get("message").and_then(Value::as_str).map(printable_text);
    Some(Said { code, advice, fields: BTreeMap::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::error::hides_token;

    #[test]
    fn an_explanation_shows_no_token() {
        for body in [
            r#"{"error":"invalid_grant","error_description":"Invalid token: SECRET"}"#,
            r#"{"error":"Invalid token: SECRET"}"#,
            r#"{"error":{"type":"OAuthException","message":"Invalid token: SECRET"}}"#,
            "error=bad&error_description=Invalid%20token:%20SECRET",
            r#"{"errors":[{"code":89,"message":"Invalid token: SECRET"}]}"#,
            "oauth_problem=token_rejected&oauth_problem_advice=Invalid%20token:%20SECRET",
        ] {
            hides_token(body, |response| {
                refusal(response, Box::new(ResponseExcerpt::of(response)), None)
            });
        }
    }

    #[test]
    fn ranges_and_names_of_parameters_are_shown_and_their_values_are_not() {
        let body = "oauth_problem=parameter_rejected\
            &oauth_acceptable_timestamps=1700000000-1700000300\
            &oauth_parameters_absent=oauth_token%26oauth_nonce\
            &oauth_parameters_rejected=oauth_token%3Dsesamopen";
        let response = http::Response::builder().status(401).body(body.into()).unwrap();
        let refused = refusal(&response, Box::new(ResponseExcerpt::of(&response)), None);
        let Refused::Problem { details, .. } = &refused else { panic!("{refused:?}") };
        assert_eq!(details["oauth_acceptable_timestamps"], "1700000000-1700000300");
        assert_eq!(details["oauth_parameters_absent"], "oauth_token&oauth_nonce");
        assert_eq!(details["oauth_parameters_rejected"], "oauth_token=…");
        assert!(!format!("{refused} {refused:?}").contains("sesamopen"), "{refused}");
    }
}
