//! Members of JSON as servers write them: numbers and booleans in quotes, null for an absent
//! member, one text instead of a list.
//!
//! A value of a wrong type never counts as absent. Null counts as absent, and every other value is
//! read or is an error. The only exception is an empty URL, which counts as absent.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Map, Number, Value};

use super::timestamp::Timestamp;

/// Returns the names of the members that cannot be read. Each member is tried alone, together with
/// `needed`, the member without which nothing can be read. So this takes no longer than reading the
/// object twice.
pub(crate) fn odd<T>(
    members: &Map<String, Value>,
    needed: (String, Value),
    read: impl Fn(Value) -> Result<T, serde_json::Error>,
) -> impl Iterator<Item = &String> {
    members.iter().filter_map(move |(name, value)| {
        let alone = Map::from_iter([needed.clone(), (name.clone(), value.clone())]);
        read(Value::Object(alone)).is_err().then_some(name)
    })
}

/// Returns a number of seconds: a number without a fraction, or a text with such a number.
pub(crate) fn seconds(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => whole(number),
        Value::String(text) => digits(text),
        _ => None,
    }
}

/// Returns a number that has no fraction and is not negative. A number that is too large becomes
/// the largest one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the sign is checked, and the cast saturates"
)]
pub(crate) fn whole(number: &Number) -> Option<u64> {
    let fraction = || number.as_f64().filter(|number| *number >= 0.0 && number.fract() == 0.0);
    number.as_u64().or_else(|| fraction().map(|number| number as u64))
}

/// Returns a whole number that is written as a text, perhaps with a fraction of zeros and white
/// space around it. A sign is not accepted, although `parse` would accept it. A number that is too
/// large becomes the largest one.
pub(crate) fn digits(text: &str) -> Option<u64> {
    let text = text.trim_ascii();
    let (text, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let all =
        |text: &str, fits: fn(&u8) -> bool| !text.is_empty() && text.as_bytes().iter().all(fits);
    let fits = all(text, u8::is_ascii_digit) && all(fraction, |byte| *byte == b'0');
    fits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Reads a point in time.
pub(crate) fn time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    if value.is_null() {
        return Ok(None);
    }
    let seconds =
        seconds(&value).ok_or_else(|| D::Error::custom("expected a number of seconds"))?;
    Ok(Some(Timestamp::from_secs(0).after(Duration::from_secs(seconds))))
}

/// Reads a boolean, or its text.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Bool(flag) => Ok(flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(D::Error::custom("expected a boolean")),
    }
}

/// Reads a boolean. Null is `false`, like an absent member.
pub(crate) fn optional_flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(false),
        value => flag(value).map_err(D::Error::custom),
    }
}

/// Reads a list of texts, or one text for a list of one.
pub(crate) fn list<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<String>>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(one) => Ok(Some(vec![one])),
        many => serde_json::from_value(many)
            .map(Some)
            .map_err(|_| D::Error::custom("expected a list of texts")),
    }
}

/// Reads a URL. Null and an empty text count as absent, since an empty URL leads nowhere.
pub(crate) fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|url| !url.is_empty()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_are_read_in_every_form_and_no_other_numbers_are() {
        for value in [
            json!(3600),
            json!(3600.0),
            json!("3600"),
            json!("3600.0"),
            json!(" 3600 "),
            json!(3.6e3),
        ] {
            assert_eq!(seconds(&value), Some(3600), "{value}");
        }
        for value in [
            json!(-1),
            json!("-1"),
            json!("+1"),
            json!(1.5),
            json!("1.5"),
            json!("1."),
            json!(""),
            json!([1]),
        ] {
            assert_eq!(seconds(&value), None, "{value}");
        }
        assert_eq!(seconds(&json!("99999999999999999999999")), Some(u64::MAX));
    }

    #[test]
    fn null_counts_as_absent_and_other_types_are_errors() {
        assert_eq!(time(json!(null)).unwrap(), None);
        assert_eq!(time(json!("12")).unwrap(), Some(Timestamp::from_secs(12)));
        assert!(optional_flag(json!("True")).unwrap() && !optional_flag(json!(null)).unwrap());
        assert_eq!(list(json!("S256")).unwrap(), Some(vec!["S256".to_owned()]));
        assert_eq!((url(json!("")).unwrap(), url(json!(null)).unwrap()), (None, None));
        time(json!("")).unwrap_err();
        time(json!("soon")).unwrap_err();
        flag(json!(null)).unwrap_err();
        flag(json!(1)).unwrap_err();
        optional_flag(json!("")).unwrap_err();
        list(json!([1])).unwrap_err();
        url(json!(1)).unwrap_err();
    }
}
