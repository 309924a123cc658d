//! The beginning of a body, in which values are masked.

use serde_json::Value;

use super::json::fields;
use super::prose::{prose, whole_words};
use super::words::{EXCERPT, Speech, is_plain, is_sensitive, is_word};

/// The largest size of the body of a response or a form, in bytes. Most bodies have a few hundred
/// bytes.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// The members of JSON in which servers explain an error. Their words are shown.
const MESSAGES: [&str; 6] = ["message", "error", "error_description", "detail", "title", "reason"];

/// The members of a refusal in which servers explain it. The names are written without `_` and `-`,
/// and in lower case.
const EXPLANATIONS: [&str; 12] = [
    "message",
    "errormessage",
    "errmsg",
    "msg",
    "error",
    "errordescription",
    "description",
    "detail",
    "details",
    "title",
    "reason",
    "errorreason",
];

/// The members of a refusal whose numbers say what is wrong. The names are written in the same way.
const CODES: [&str; 13] = [
    "code",
    "errorcode",
    "errcode",
    "errorsubcode",
    "subcode",
    "status",
    "statuscode",
    "httpstatus",
    "httpcode",
    "errno",
    "errornumber",
    "err",
    "ret",
];

impl Speech {
    pub(crate) fn of<B: AsRef<[u8]>>(response: &http::Response<B>) -> Self {
        let status = response.status();
        let refuses = status.is_client_error() || status.is_server_error();
        if refuses || (status.is_success() && says_error(response.body().as_ref())) {
            Self::Refuses
        } else {
            Self::Grants
        }
    }
}

/// Returns whether a body is a JSON object about an error, and none of its members has the name of
/// a token or another secret.
fn says_error(body: &[u8]) -> bool {
    let members =
        if body.len() <= MAX_BODY { fields(body).unwrap_or_default() } else { Vec::new() };
    let says = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_u64() != Some(0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Bool(true) | Value::Object(_) => true,
    };
    let is_error = |name: &str| matches!(name, "error" | "errors" | "errcode");
    members.iter().any(|(name, value)| is_error(name) && says(value))
        && !members.iter().any(|(name, _)| !is_code(name) && is_sensitive(name))
}

/// Returns a name in the form of the lists above.
fn bare_name(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect()
}

fn is_code(name: &str) -> bool {
    CODES.contains(&bare_name(name).as_str())
}

/// Returns whether a body has a member of an error besides `code`.
fn says_more(text: &str) -> bool {
    let is_error =
        |name: &str| name == "errors" || EXPLANATIONS.contains(&name) || CODES.contains(&name);
    text.split('"').map(bare_name).any(|name| name != "code" && is_error(&name))
}

/// Returns the number of a member with the colon before it, if the number can be that of an error.
/// `after` is the text after the member's name.
fn number_behind(after: &str, most_digits: usize) -> Option<&str> {
    let value = after.trim_start().strip_prefix(':')?.trim_start();
    let digits = value.strip_prefix('-').unwrap_or(value);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let ends =
        digits[end..].trim_start().chars().next().is_some_and(|c| matches!(c, ',' | '}' | ']'));
    let length = after.len() - digits.len() + end;
    (ends && (1..=most_digits).contains(&end)).then(|| &after[..length])
}

/// Returns the beginning of a body with every possible value masked, since a broken server can put
/// a secret anywhere. Words of a language are shown. Long numbers, long words, values after `=`,
/// and JSON strings except names and messages are masked.
pub(crate) fn excerpt(body: &[u8], speech: Speech) -> String {
    let refuses = speech == Speech::Refuses;
    let is_message = |name: &str| {
        MESSAGES.contains(&name) || (refuses && EXPLANATIONS.contains(&bare_name(name).as_str()))
    };
    let text = String::from_utf8_lossy(&body[..body.len().min(EXCERPT)]);
    let text = if body.len() > EXCERPT {
        whole_words(&text).to_owned() + "…"
    } else {
        text.into_owned()
    };
    // A number in a member `code` can be a code that the user types in.
    let most_digits = |name: &str| match bare_name(name).as_str() {
        "code" if says_more(&text) => 6,
        "code" => 3,
        _ => 10,
    };
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(next) = rest.chars().next() {
        let (piece, after) = rest.split_at(match next {
            '"' => quoted(rest),
            '=' | '＝' => rest.find(['&', '\n']).unwrap_or(rest.len()),
            _ if is_word(next) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ => next.len_utf8(),
        });
        rest = after;
        match next {
            '"' => {
                let name = piece.trim_matches('"');
                let is_name = after.trim_start().starts_with(':') && is_plain(name);
                out.push_str(if is_name { piece } else { "\"…\"" });
                if is_name && is_message(name) && opens_string(after) {
                    let (message, after) = message(after);
                    out = out + ": " + &prose(&message, speech);
                    rest = after;
                    // If the text goes on after the end of a message, the message has quotation
                    // marks in it.
                    if !rest.is_empty() && !rest.trim_start().starts_with([',', '}', ']']) {
                        return out + "…";
                    }
                } else if let Some(number) = number_behind(after, most_digits(name))
                    .filter(|_| refuses && is_name && is_code(name))
                {
                    out.push_str(number);
                    rest = &after[number.len()..];
                } else if is_name && is_sensitive(name) {
                    return out + "…";
                }
            }
            '=' | '＝' => out.push_str("=…"),
            _ if is_word(next) && is_sensitive(piece) => {
                return out + if is_plain(piece) { piece } else { "" } + "…";
            }
            _ if is_word(next) && !is_plain(piece) => out.push('…'),
            _ => out.extend(piece.chars().map(|c| if c.is_control() { ' ' } else { c })),
        }
    }
    out
}

/// Returns the string after a name and a colon, and the rest of the text.
fn message(after: &str) -> (String, &str) {
    let value = &after[after.find('"').unwrap_or(after.len())..];
    let (string, rest) = value.split_at(quoted(value));
    let message =
        serde_json::from_str(string).unwrap_or_else(|_| string.trim_matches('"').to_owned());
    (message, rest)
}

/// Returns the length of the quoted string at the beginning of `text`, with its quotes.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let closing = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        closing
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// Returns whether the value after a name is a string.
fn opens_string(after: &str) -> bool {
    after.trim_start().strip_prefix(':').is_some_and(|value| value.trim_start().starts_with('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(body: &str) -> String {
        excerpt(body.as_bytes(), Speech::Grants)
    }

    /// The part of a refusal that is shown.
    fn explained(body: &str) -> String {
        excerpt(body.as_bytes(), Speech::Refuses)
    }

    #[test]
    fn a_refusal_shows_its_numbers_and_messages() {
        for (body, expected) in [
            (
                r#"{"errcode":40029,"errmsg":"invalid code"}"#,
                r#"{"errcode":40029,"errmsg": invalid code}"#,
            ),
            (
                r#"{"error":{"status":401,"message":"The access token expired"}}"#,
                r#"{"error":{"status":401,"message": The access token expired}}"#,
            ),
            (
                r#"{"errors":[{"code":135,"message":"Timestamp out of bounds."}]}"#,
                r#"{"errors":[{"code":135,"message": Timestamp out of bounds.}]}"#,
            ),
            (
                r#"{"errorCode" : -2147483648 ,"errorMessage":"The code, key and token expired"}"#,
                r#"{"errorCode" : -2147483648 ,"errorMessage": The code, key and token expired}"#,
            ),
            (r#"{"code":12345678901,"message":"no"}"#, r#"{"code"…"#),
            (r#"{"code":"4/P7q7W91a","message":"no"}"#, r#"{"code"…"#),
            (r#"{"code":1234567,"message":"no"}"#, r#"{"code"…"#),
            (r#"{"code":123456}"#, r#"{"code"…"#),
            (r#"{"code":401}"#, r#"{"code":401}"#),
            (r#"{"code":40029,"msg":"no"}"#, r#"{"code":40029,"msg": no}"#),
            (r#"{"user_code":123456}"#, r#"{"user_code"…"#),
            (r#"{"n":123456,"status":"x"}"#, r#"{"n":…,"status":"…"}"#),
        ] {
            assert_eq!(explained(body), expected);
        }
    }

    #[test]
    fn a_refusal_shows_no_value_that_may_be_a_secret() {
        for body in [
            r#"{"message":"unknown token: sesamopen"}"#,
            r#"{"message":"the token 'sesamopen' is unknown"}"#,
            r#"{"message":"the token "sesamopen" is unknown"}"#,
            r#"{"message":"no token=sesamopen"}"#,
            r#"{"message":"no token (sesamopen)"}"#,
            r#"{"message":"no token <sesamopen>"}"#,
            r#"{"message":"the token sesamopen1 is unknown"}"#,
            r#"{"error":"invalid_grant","message":"the token sesamopen is unknown"}"#,
            r#"{"error":"invalid_grant","message":"Invalid refresh token, sesamopen"}"#,
            r#"{"error":"invalid_grant","message":"the token is \"sesamopen\""}"#,
            r#"{"error":"invalid_grant","message":"the password was: sesamopen"}"#,
            r#"{"error":"invalid_grant","message":"Invalid code value (sesamopen)"}"#,
            r#"{"error":"invalid_grant","message":"code verifier wrong - sesamopen"}"#,
            r#"{"message":"no","value":"sesamopen"}"#,
            r#"{"code":"sesamopen","message":"sesamopen"}"#,
            r#"{"access_token":"x","message":"sesamopen"}"#,
            "oauth_token_secret=sesamopen",
            "no token: sesamopen",
        ] {
            assert!(!explained(body).contains("sesamopen"), "{body}: {}", explained(body));
        }
    }

    #[test]
    fn a_word_that_is_cut_off_is_not_shown() {
        for length in 150..EXCERPT {
            let body = format!("{} sesamopensesamopensesamopen", ".".repeat(length));
            assert!(!shown(&body).contains("ses") && !explained(&body).contains("ses"), "{body}");
            let body = format!(r#"{{"message":"{} sesamopen1234567890"}}"#, ".".repeat(length));
            assert!(!explained(&body).contains("ses"), "{body}");
        }
    }

    #[test]
    fn an_answer_with_a_token_is_not_shown_as_a_refusal() {
        for body in [
            r#"{"error":"x","status":"y"}"#,
            r#"{"errors":[{"code":135}]}"#,
            r#"{"errcode":40029,"errmsg":"invalid code"}"#,
        ] {
            assert!(says_error(body.as_bytes()), "{body}");
        }
        for body in [
            r#"{"errcode":0,"errmsg":"ok"}"#,
            r#"{"error":null,"errors":[]}"#,
            r#"{"error":"","message":"x"}"#,
            r#"{"error":"x","access_token":"y"}"#,
            r#"{"error":"x","device_code":"y"}"#,
            r#"{"message":"x"}"#,
            "error=x",
            "[]",
        ] {
            assert!(!says_error(body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn values_are_masked_and_words_are_not() {
        assert_eq!(shown("Error 401: not allowed"), "Error 401: not allowed");
        assert_eq!(shown("a=abc&b = x y\nno more"), "a=…&b =… no more");
        assert_eq!(shown("id hdk48Djdsa is bad"), "id … is bad");
        assert_eq!(
            shown(r#"{"a" : "x \"y z", "n":12345,"t":true}"#),
            r#"{"a" : "…", "n":…,"t":true}"#
        );
        assert_eq!(
            shown(r#"{"errors":[{"message":"Could not authenticate you, x9y8z7", "x":"y"}]}"#),
            r#"{"errors":[{"message": Could not authenticate you, …, "x":"…"}]}"#
        );
    }

    #[test]
    fn nothing_that_follows_a_sensitive_word_is_shown() {
        for body in [
            "oauth_token_secret=sesamopen",
            "<oauth_token_secret>sesamopen</oauth_token_secret>",
            "oauth_token_secret: sesamopen",
            "{'oauth_token_secret': 'sesamopen'}",
            r#"["oauth_token_secret","sesamopen"]"#,
            r#"{"oauth_token_secret":["sesamopen"]}"#,
            r#"{"message":"your token is sesamopen"}"#,
            r#"{"sesamopen1":"x", "a":"sesamopen"}"#,
            r#"{"message":"no 5\" disk","value":"sesamopen"}"#,
            "x=ab*sesamopen",
            "x=ab:sesamopen!x",
            "x= sesamopen",
            "x=\"ab cd sesamopen\"",
            "x=(sesamopen)",
            "x＝sesamopen",
            "\"sesamopen",
            "unknown value secret_sesamopen1",
            "key-sesamopen12345678901234567890",
        ] {
            assert!(!shown(body).contains("sesamopen"), "{body}: {}", shown(body));
        }
    }

    #[test]
    fn an_excerpt_is_short_and_has_no_control_characters() {
        let shown = shown(&"line\r\n".repeat(1000));
        assert!(shown.len() <= 2 * EXCERPT && !shown.contains(char::is_control));
    }

    proptest::proptest! {
        #[test]
        fn no_assigned_value_survives(value in "[a-zA-Z0-9_~.-]{4,40}") {
            for body in [
                format!("x={value}"),
                format!("{{\"x\":\"{value}\"}}"),
                format!("a=b&x={value}&c"),
            ] {
                proptest::prop_assert!(!shown(&body).contains(&value), "{}", shown(&body));
                proptest::prop_assert!(!explained(&body).contains(&value), "{}", explained(&body));
            }
        }
    }
}
