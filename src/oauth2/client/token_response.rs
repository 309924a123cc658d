//! Responses of the token endpoint and of similar endpoints, RFC 6749 §5.1 and §5.2.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::core::api;
use crate::oauth2::{Quirks, Scope, Token, TokenType};
use crate::wire::json::{self, Member};
use crate::wire::{MAX_BODY, form, lenient, printable_code, prose, truncated};
use crate::{Error, Misbehaved, Refused, Response, ResponseExcerpt, Secret, Timestamp};

/// The values with which a response is compared.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// The scope that was requested.
    pub(crate) scope: Option<Scope>,
    /// The token that is renewed.
    pub(crate) previous: Option<Box<Token>>,
    /// Whether the server may issue another kind of token than an access token (RFC 8693 §2.2.1).
    pub(crate) accepts_any_token_type: bool,
    /// The lifetime that a token gets if the response does not contain one.
    pub(crate) unknown_lifetime: Option<Duration>,
}

/// Checks that a response is successful: not a redirect, not a refusal and not too large.
pub(crate) fn success(response: &Response, quirks: Quirks) -> Result<(), Error> {
    let status = response.status();
    let excerpt = || Box::new(ResponseExcerpt::of(response));
    if status.is_redirection() {
        return Err(api::redirect(response).into());
    }
    let length = response.body().len();
    if length > MAX_BODY {
        return Err(Misbehaved::TooLarge { length, limit: MAX_BODY, response: excerpt() }.into());
    }
    if status.is_success() { Ok(()) } else { Err(refusal(response, quirks).into()) }
}

/// Reads the JSON object of a successful response. A member `error` counts as a refusal on status
/// 200, too.
pub(crate) fn object(
    response: &Response,
    quirks: Quirks,
    expected: &'static str,
) -> Result<Map<String, Value>, Error> {
    success(response, quirks)?;
    let object = json::object(response.body());
    let object = object.ok_or_else(|| Misbehaved::WrongFormat {
        expected,
        option: None,
        response: Box::new(ResponseExcerpt::of(response)),
    })?;
    let is_empty = |error: &Value| error.is_null() || error.as_str() == Some("");
    if object.get("error").is_some_and(|error| !is_empty(error)) {
        return Err(refusal(response, quirks).into());
    }
    Ok(object)
}

/// A JSON document that is deserialized as a whole.
pub(crate) trait Document: DeserializeOwned {
    /// The name of the document in errors.
    const EXPECTED: &'static str;

    /// The name of the required member, and an example of its value in JSON.
    const NEEDED: (&'static str, &'static str);
}

/// Reads a document. If a member has another type than the specification demands, the error names
/// this member.
pub(crate) fn document<T: Document>(response: &Response, quirks: Quirks) -> Result<T, Error> {
    let document = Value::Object(object(response, quirks, T::EXPECTED)?);
    let needed = || (T::NEEDED.0.to_owned(), serde_json::from_str(T::NEEDED.1).unwrap_or_default());
    let excerpt = || Box::new(ResponseExcerpt::of(response));
    T::deserialize(&document).map_err(|_| {
        let members = document.as_object();
        let odd =
            members.and_then(|members| lenient::odd(members, needed(), T::deserialize).next());
        match odd.map(|name| truncated(name)) {
            Some(member) => Misbehaved::MemberInvalid { member, response: excerpt() }.into(),
            None if document.get(T::NEEDED.0).is_none() => {
                Misbehaved::FieldMissing { field: T::NEEDED.0, option: None, response: excerpt() }
                    .into()
            }
            None => {
                Misbehaved::WrongFormat { expected: T::EXPECTED, option: None, response: excerpt() }
                    .into()
            }
        }
    })
}

/// Reads a token from a response.
pub(crate) fn token(
    response: &Response,
    expected: Expected,
    quirks: Quirks,
    separator: char,
    now: Timestamp,
) -> Result<Token, Error> {
    success(response, quirks).map_err(denial)?;
    let mut fields = Fields::default();
    fields.read(response, quirks)?;
    let reader = Reader { response, quirks };
    let error = reader.present("error", fields.error)?;
    // RFC 6749 §5.2: a code has one character at least.
    let refused =
        error.is_some_and(|error| !matches!(error, Member::Text(text) if text.is_empty()));
    let lists_errors = |errors: &Value| {
        !errors.is_null() && errors.as_array().is_none_or(|errors| !errors.is_empty())
    };
    if refused || (quirks.allow_error_list && fields.extra.get("errors").is_some_and(lists_errors))
    {
        return Err(denial(refusal(response, quirks).into()));
    }

    let access_token = reader.token("access_token", fields.access_token)?;
    let access_token = access_token.ok_or_else(|| reader.missing("access_token", None))?;
    let token_type = reader.token_type(fields.token_type, &expected)?;
    let refresh_token = reader.token("refresh_token", fields.refresh_token)?;
    let mut scope = reader.scope(fields.scope, separator)?;
    let expires_in = match fields.expires_in {
        None if quirks.allow_expires => {
            let expires = fields.extra.remove("expires");
            reader.seconds(expires.map(|value| match value {
                Value::Null => Member::Null,
                Value::String(text) => Member::Text(text.into()),
                Value::Number(number) => Member::Number(number),
                other => Member::Other(other),
            }))?
        }
        expires_in => reader.seconds(expires_in)?,
    };
    // Some servers send `expires_at` besides `expires_in`, or instead of it. The stored form of a
    // token uses the names `expires_at` and `requested_scope` itself. So `requested_scope` is
    // removed from the extra members, and an `expires_at` that can be read.
    let said_end = fields.extra.get("expires_at").and_then(Token::time).map(Timestamp::from_secs);
    fields.extra.remove("requested_scope");
    let lifetime = match expires_in {
        Some(0) if quirks.allow_zero_expiry => None,
        Some(seconds) => Some(Duration::from_secs(seconds)),
        None if said_end.is_some() => None,
        None => expected.unknown_lifetime,
    };

    let expires_at = lifetime.map(|lifetime| now.after(lifetime)).or(said_end);
    if expires_at.is_some() || fields.extra.get("expires_at").is_some_and(Value::is_null) {
        fields.extra.remove("expires_at");
    }
    let mut token = Token {
        access_token,
        token_type,
        refresh_token,
        expires_at,
        scope: None,
        requested_scope: expected.scope,
        id_token: None,
        confirmation: None,
        extra: Map::new(),
    };
    token.take_extra(fields.extra);
    if let Some(mut before) = expected.previous {
        token.refresh_token = token.refresh_token.or(before.refresh_token);
        scope = scope.or_else(|| token.requested_scope.clone()).or(before.scope);
        token.requested_scope = token.requested_scope.or(before.requested_scope);
        token.id_token = token.id_token.or(before.id_token);
        token.confirmation = token.confirmation.or(before.confirmation);
        before.extra.append(&mut token.extra);
        token.extra = before.extra;
    }
    token.scope = scope.or_else(|| token.requested_scope.clone());
    Ok(token)
}

/// The members of a token response that this crate reads, and the others in `extra`.
#[derive(Default)]
struct Fields<'a> {
    access_token: Option<Member<'a>>,
    token_type: Option<Member<'a>>,
    refresh_token: Option<Member<'a>>,
    scope: Option<Member<'a>>,
    expires_in: Option<Member<'a>>,
    error: Option<Member<'a>>,
    extra: Map<String, Value>,
    twice: Option<&'static str>,
}

impl<'a> Fields<'a> {
    fn read(&mut self, response: &'a Response, quirks: Quirks) -> Result<(), Error> {
        let excerpt = || Box::new(ResponseExcerpt::of(response));
        let take = |name, value| self.take(name, value, quirks);
        let read = match format(response.headers(), quirks) {
            Some(Format::Json) => json::visit(response.body(), take),
            Some(Format::Form) => form_members(response.body(), take),
            None => {
                let expected = "of the content type application/json";
                return Err(Misbehaved::WrongFormat {
                    expected,
                    option: type_option(response),
                    response: excerpt(),
                }
                .into());
            }
        };
        if read.is_none() {
            return Err(Misbehaved::WrongFormat {
                expected: "a JSON object",
                option: None,
                response: excerpt(),
            }
            .into());
        }
        match self.twice {
            Some(field) => {
                Err(Misbehaved::FieldTwice { field: field.to_owned(), response: excerpt() }.into())
            }
            None => Ok(()),
        }
    }

    fn take(&mut self, name: Cow<'a, str>, value: Member<'a>, quirks: Quirks) {
        let name = if quirks.allow_camel_case { snake_case(name) } else { name };
        let (known, slot) = match &*name {
            "access_token" => ("access_token", &mut self.access_token),
            "token_type" => ("token_type", &mut self.token_type),
            "refresh_token" => ("refresh_token", &mut self.refresh_token),
            "scope" => ("scope", &mut self.scope),
            "expires_in" => ("expires_in", &mut self.expires_in),
            "error" => ("error", &mut self.error),
            _ => {
                if self.extra.insert(name.into_owned(), value.into_value()).is_some() {
                    // A name that no specification defines may contain a secret.
                    self.twice = Some("…");
                }
                return;
            }
        };
        if slot.replace(value).is_some() {
            self.twice = Some(known);
        }
    }
}

enum Format {
    Json,
    Form,
}

/// Returns the format of a successful response by its content type.
fn format(headers: &HeaderMap, quirks: Quirks) -> Option<Format> {
    let mut values = headers.get_all(CONTENT_TYPE).iter().map(http::HeaderValue::as_bytes);
    let value = values.next().unwrap_or_default();
    let single = values.next().is_none();
    // The value of most responses.
    if single && value == b"application/json" {
        return Some(Format::Json);
    }
    let essence = value
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii()
        .to_ascii_lowercase();
    match &*essence {
        b"application/json" if single => Some(Format::Json),
        structured if single && structured.ends_with(b"+json") => Some(Format::Json),
        b"application/x-www-form-urlencoded" | b"text/plain"
            if single && quirks.allow_form_answer =>
        {
            Some(Format::Form)
        }
        _ => quirks.allow_any_content_type.then_some(Format::Json),
    }
}

/// Returns the option that would accept this response in spite of its content type.
fn type_option(response: &Response) -> Option<&'static str> {
    let body = json::without_mark(response.body()).trim_ascii_start();
    let value = response
        .headers()
        .get(CONTENT_TYPE)
        .map_or(&b""[..], http::HeaderValue::as_bytes)
        .to_ascii_lowercase();
    if body.starts_with(b"{") {
        Some("Quirks::allow_any_content_type")
    } else if value.starts_with(form::MEDIA_TYPE.as_bytes()) || value.starts_with(b"text/plain") {
        Some("Quirks::allow_form_answer")
    } else {
        None
    }
}

fn form_members<'a>(body: &'a [u8], mut take: impl FnMut(Cow<'a, str>, Member<'a>)) -> Option<()> {
    for (name, value) in form::pairs(json::without_mark(body).trim_ascii()) {
        take(form::text(name)?, Member::Text(form::text(value)?));
    }
    Some(())
}

fn snake_case(name: Cow<'_, str>) -> Cow<'_, str> {
    if !name.contains(|c: char| c.is_ascii_uppercase()) {
        return name;
    }
    let mut snake = String::with_capacity(name.len() + 2);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake.into()
}

/// Reads single members, and makes the errors for invalid ones.
struct Reader<'a> {
    response: &'a Response,
    quirks: Quirks,
}

const NULL_MEMBERS: Option<&str> = Some("Quirks::allow_null_members");

impl Reader<'_> {
    fn excerpt(&self) -> Box<ResponseExcerpt> {
        Box::new(ResponseExcerpt::of(self.response))
    }

    fn missing(&self, field: &'static str, option: Option<&'static str>) -> Error {
        let has_camel = || self.response.body().windows(13).any(|name| name == b"\"accessToken\"");
        let option = if !self.quirks.allow_camel_case && has_camel() {
            Some("Quirks::allow_camel_case")
        } else {
            option
        };
        Misbehaved::FieldMissing { field, option, response: self.excerpt() }.into()
    }

    fn invalid(
        &self,
        field: &'static str,
        reason: &'static str,
        option: Option<&'static str>,
    ) -> Error {
        // No option helps if the access token is missing.
        let option = option.filter(|_| field != "access_token");
        Misbehaved::FieldInvalid { field, reason, option, response: self.excerpt() }.into()
    }

    /// Returns a member unless it is null. With [`Quirks::allow_null_members`], null counts as
    /// absent; without it, null is an error.
    fn present<'m>(
        &self,
        field: &'static str,
        member: Option<Member<'m>>,
    ) -> Result<Option<Member<'m>>, Error> {
        match member {
            Some(Member::Null) if self.quirks.allow_null_members => Ok(None),
            Some(Member::Null) => Err(self.invalid(field, "null", NULL_MEMBERS)),
            member => Ok(member),
        }
    }

    fn text<'m>(
        &self,
        field: &'static str,
        member: Option<Member<'m>>,
    ) -> Result<Option<Cow<'m, str>>, Error> {
        // Checking the usual case first saves a move.
        if let Some(Member::Text(text)) = member {
            return Ok(Some(text));
        }
        match self.present(field, member)? {
            None => Ok(None),
            Some(_) => Err(self.invalid(field, "not a string", None)),
        }
    }

    /// Reads a token. It may have only the characters that RFC 6749 appendix A.12 and A.17 allow,
    /// since other characters cannot be sent in a header.
    fn token(
        &self,
        field: &'static str,
        member: Option<Member<'_>>,
    ) -> Result<Option<Secret>, Error> {
        let Some(text) = self.text(field, member)? else {
            return Ok(None);
        };
        if text.is_empty() {
            return if self.quirks.allow_null_members {
                Ok(None)
            } else {
                Err(self.invalid(field, "empty", NULL_MEMBERS))
            };
        }
        // The loop has no early exit, so the compiler can use vector instructions.
        if !text.bytes().fold(true, |all, byte| all & matches!(byte, 0x20..=0x7e)) {
            return Err(self.invalid(field, "not visible ASCII", None));
        }
        Ok(Some(Secret::new(text)))
    }

    fn token_type(
        &self,
        member: Option<Member<'_>>,
        expected: &Expected,
    ) -> Result<TokenType, Error> {
        let Some(name) = self.text("token_type", member)? else {
            let missing = !self.quirks.allow_missing_token_type;
            return if missing {
                Err(self.missing("token_type", Some("Quirks::allow_missing_token_type")))
            } else {
                Ok(TokenType::Bearer)
            };
        };
        if self.quirks.allow_token_types.iter().any(|alias| alias.eq_ignore_ascii_case(&name)) {
            return Ok(TokenType::Bearer);
        }
        match TokenType::from(&*name) {
            TokenType::Bearer => Ok(TokenType::Bearer),
            TokenType::NotApplicable if expected.accepts_any_token_type => {
                Ok(TokenType::NotApplicable)
            }
            _ => {
                Err(Misbehaved::TokenType { received: truncated(&name), response: self.excerpt() }
                    .into())
            }
        }
    }

    fn scope(&self, member: Option<Member<'_>>, separator: char) -> Result<Option<Scope>, Error> {
        match self.present("scope", member)? {
            None => Ok(None),
            Some(Member::Text(text)) => Ok(Some(Scope::separated(text.into_owned(), separator))),
            Some(Member::Other(Value::Array(list))) if self.quirks.allow_scope_array => {
                let words: Option<Vec<_>> = list.iter().map(Value::as_str).collect();
                words
                    .map(|words| Some(words.into()))
                    .ok_or_else(|| self.invalid("scope", "not a list of strings", None))
            }
            Some(Member::Other(Value::Array(_))) => Err(self.invalid(
                "scope",
                "a list: expected a string",
                Some("Quirks::allow_scope_array"),
            )),
            Some(_) => Err(self.invalid("scope", "not a string", None)),
        }
    }

    /// Reads a lifetime: a number without a fraction, or digits in a string.
    fn seconds(&self, member: Option<Member<'_>>) -> Result<Option<u64>, Error> {
        let seconds = match self.present("expires_in", member)? {
            None => return Ok(None),
            Some(Member::Number(number)) => lenient::whole(&number),
            Some(Member::Text(text)) => lenient::digits(&text),
            Some(_) => None,
        };
        seconds.map(Some).ok_or_else(|| self.invalid("expires_in", "not a number of seconds", None))
    }
}

/// Reads the refusal of a server (RFC 6749 §5.2), in all formats that known servers use.
pub(crate) fn refusal(response: &Response, quirks: Quirks) -> Refused {
    let excerpt = Box::new(ResponseExcerpt::of(response));
    let said = if response.body().len() > MAX_BODY {
        BTreeMap::new()
    } else {
        said(response.body(), quirks)
    };
    let text =
        |name: &str| said.get(name).map(|text| truncated(text)).filter(|text| !text.is_empty());
    let Some(code) = text("error").map(|code| printable_code(&code)) else {
        return Refused::Status(excerpt);
    };
    let details =
        DETAILS.into_iter().filter_map(|name| Some((name.to_owned(), text(name)?))).collect();
    let advice = said
        .get("error_description")
        .filter(|text| !text.is_empty())
        .map(|text| prose::printable_text(text));
    Refused::Problem { code, advice, details, response: excerpt }
}

/// Turns a refusal with the code `access_denied` (RFC 8628 §3.5) into [`Refused::Denied`], so a
/// denial by the user is the same error in every flow.
fn denial(error: Error) -> Error {
    match error {
        Error::Refused(Refused::Problem { code, advice, response, .. })
            if code == "access_denied"
                && (response.status.is_success() || response.status.is_client_error()) =>
        {
            Refused::Denied { problem: Some(code), advice, response: Some(response) }.into()
        }
        error => error,
    }
}

/// The other members of a refusal: the URI of a page about it, and the members of Facebook's
/// errors.
const DETAILS: [&str; 4] = ["error_uri", "code", "error_subcode", "fbtrace_id"];

/// Returns `error`, `error_description` and the [`DETAILS`] of a refusal.
fn said(body: &[u8], quirks: Quirks) -> BTreeMap<&'static str, String> {
    let mut said = BTreeMap::new();
    let mut take = |name: Cow<'_, str>, value: Member<'_>| {
        let known =
            ["error", "error_description", "error_uri"].into_iter().find(|known| *known == name);
        match (known, value) {
            (Some(known), Member::Text(text)) => {
                said.insert(known, text.into_owned());
            }
            // Facebook's and Google's APIs send an object as `error`.
            (Some("error"), Member::Other(Value::Object(error))) => {
                let member =
                    |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
                let code = member("type").or_else(|| member("status")).or_else(|| member("code"));
                said.extend(code.map(|code| ("error", code)));
                said.extend(member("message").map(|message| ("error_description", message)));
                let detail = |name: &'static str| match error.get(name)? {
                    Value::Number(number) => Some((name, number.to_string())),
                    text => Some((name, text.as_str()?.to_owned())),
                };
                said.extend(DETAILS.into_iter().filter_map(detail));
            }
            (None, Member::Other(Value::Array(errors)))
                if quirks.allow_error_list && name == "errors" =>
            {
                let member = |name: &str| match errors.first()?.get(name)? {
                    Value::Number(number) => Some(number.to_string()),
                    text => text.as_str().map(str::to_owned),
                };
                let code = member("errorType").or_else(|| member("code"));
                // `error` is the member of the specification, wherever it is in the object.
                if let Some(code) = code {
                    said.entry("error").or_insert(code);
                }
                if let Some(message) = member("message") {
                    said.entry("error_description").or_insert(message);
                }
            }
            _ => {}
        }
    };
    let body = json::without_mark(body);
    if body.trim_ascii_start().starts_with(b"{") {
        // The code is ASCII. Only the description may have another encoding than UTF-8.
        json::visit(String::from_utf8_lossy(body).as_bytes(), take);
    } else {
        form_members(body, &mut take);
    }
    said
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
        ] {
            hides_token(body, |response| refusal(response, Quirks::default()));
        }
    }
}
