//! Reading a profile as its mapping says (RFC 6901).

use serde_json::Value;

use super::profile::{EmailMapping, ProfileMapping};
use super::user::{Tokens, User};

/// Returns the user of a profile, or `None` if the profile has no identifier.
pub(super) fn user(mapping: &ProfileMapping, profile: &Value, tokens: Tokens) -> Option<User> {
    let text = |field: Option<&str>| text(profile, field?);
    let mut user = User::new(word(profile.pointer(mapping.id)?)?, tokens);
    user.name = text(mapping.name);
    user.given_name = text(mapping.given_name);
    user.family_name = text(mapping.family_name);
    user.username = text(mapping.username);
    user.email = text(mapping.email);
    user.email_verified = mapping.email_verified.and_then(|field| truth(profile.pointer(field)?));
    user.picture = text(mapping.picture);
    user.locale = text(mapping.locale);
    Some(user)
}

/// Returns the primary and verified email address, if there is one. `None` if the response is not a
/// list.
pub(super) fn verified_email(emails: &EmailMapping, answer: &Value) -> Option<Option<String>> {
    let is = |entry: &Value, pointer: &str| entry.pointer(pointer).and_then(truth) == Some(true);
    let list = answer.pointer(emails.list)?.as_array()?;
    let entry = list.iter().find(|entry| is(entry, emails.primary) && is(entry, emails.verified));
    Some(entry.and_then(|entry| text(entry, emails.email)))
}

/// Returns the text at a JSON pointer, or a URL with such texts in it.
fn text(profile: &Value, field: &str) -> Option<String> {
    if !field.starts_with('/') {
        return filled(profile, field);
    }
    let text = profile.pointer(field)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// Returns a text that is not empty, or a whole number as a text.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) if number.is_u64() || number.is_i64() => Some(number.to_string()),
        _ => None,
    }
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Returns a URL with the words at its pointers. They cannot change another part of the URL.
fn filled(profile: &Value, template: &str) -> Option<String> {
    let mut pieces = template.split('{');
    let mut url = pieces.next()?.to_owned();
    for piece in pieces {
        let (pointer, rest) = piece.split_once('}')?;
        let word = word(profile.pointer(pointer)?)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if !word.bytes().all(plain) || word.starts_with('.') {
            return None;
        }
        url.push_str(&word);
        url.push_str(rest);
    }
    Some(url)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_identifier_is_a_text_or_a_whole_number() {
        assert_eq!(word(&json!("a")).as_deref(), Some("a"));
        assert_eq!(
            word(&json!(18_446_744_073_709_551_615_u64)).as_deref(),
            Some("18446744073709551615")
        );
        assert_eq!(word(&json!(-5)).as_deref(), Some("-5"));
        for none in
            [json!(""), json!(null), json!(true), json!(1.5), json!(["a"]), json!({ "a": "b" })]
        {
            assert_eq!(word(&none), None, "{none}");
        }
    }

    #[test]
    fn a_value_that_is_not_text_is_left_out() {
        let profile =
            json!({ "a": "x", "empty": "", "null": null, "number": 5, "nested": { "a/b": ["y"] } });
        assert_eq!(text(&profile, "/a").as_deref(), Some("x"));
        assert_eq!(text(&profile, "/nested/a~1b/0").as_deref(), Some("y"));
        for none in ["/empty", "/null", "/number", "/nested", "/absent", "/a/b"] {
            assert_eq!(text(&profile, none), None, "{none}");
        }
    }

    #[test]
    fn a_boolean_may_be_written_as_a_word() {
        assert_eq!(
            [json!(true), json!("true"), json!(false), json!("false")].map(|it| truth(&it)),
            [Some(true), Some(true), Some(false), Some(false)]
        );
        for none in [json!(null), json!(1), json!("yes"), json!("True"), json!("")] {
            assert_eq!(truth(&none), None, "{none}");
        }
    }

    #[test]
    fn a_word_cannot_change_a_url_that_it_is_written_into() {
        let template = "https://cdn.example/{/id}/{/avatar}.png";
        let url = |profile: Value| filled(&profile, template);
        assert_eq!(
            url(json!({ "id": 80, "avatar": "a_8342729096ea" })).as_deref(),
            Some("https://cdn.example/80/a_8342729096ea.png")
        );
        for avatar in ["", "../x", "..", "a/b", "a?b", "a#b", "a\\b", "ä", "a b", "%2e"] {
            assert_eq!(url(json!({ "id": "80", "avatar": avatar })), None, "{avatar}");
        }
        assert_eq!(url(json!({ "id": "80", "avatar": null })), None);
    }
}
