//! JSON objects that are read member by member. Texts are borrowed if possible. A repeated name is
//! reported twice, so the reader can refuse it.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::flat_json::{self, Plain};

/// A member's value. A text without escapes is borrowed from the document.
#[derive(Debug)]
pub(crate) enum Member<'a> {
    Null,
    Text(Cow<'a, str>),
    Number(Number),
    /// A boolean, a list or an object.
    Other(Value),
}

impl Member<'_> {
    pub(crate) fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Text(text) => Value::String(text.into_owned()),
            Self::Number(number) => Value::Number(number),
            Self::Other(value) => value,
        }
    }
}

/// Returns a body without the byte order mark that some servers write at its beginning. The mark is
/// not part of a JSON text, and a reader may ignore it (RFC 8259 §8.1).
pub(crate) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// Passes the members of a JSON object to `take`, in their order. Returns `None` if the body is not
/// one object.
pub(crate) fn visit<'a>(
    body: &'a [u8],
    mut take: impl FnMut(Cow<'a, str>, Member<'a>),
) -> Option<()> {
    // The body is checked as a whole, so no text in it needs a check.
    let body = std::str::from_utf8(without_mark(body)).ok()?;
    if let Some((members, count)) = flat_json::read(body) {
        for (name, value) in &members[..count] {
            take(
                Cow::Borrowed(*name),
                match *value {
                    Plain::Text(text) => Member::Text(Cow::Borrowed(text)),
                    Plain::Number(number) => Member::Number(number.into()),
                },
            );
        }
        return Some(());
    }
    let mut document = serde_json::Deserializer::from_str(body);
    Members(take).deserialize(&mut document).ok()?;
    document.end().ok()
}

/// Returns the members of a JSON object in their order.
pub(crate) fn fields(body: &[u8]) -> Option<Vec<(String, Value)>> {
    let mut fields = Vec::new();
    visit(body, |name, value| fields.push((name.into_owned(), value.into_value())))?;
    Some(fields)
}

/// Reads a JSON object and refuses repeated members. In a nested object, the last member of a name
/// counts.
pub(crate) fn object(body: &[u8]) -> Option<Map<String, Value>> {
    let mut object = Map::new();
    let mut twice = false;
    visit(body, |name, value| {
        twice |= object.insert(name.into_owned(), value.into_value()).is_some();
    })?;
    (!twice).then_some(object)
}

struct Members<F>(F);

impl<'de, F: FnMut(Cow<'de, str>, Member<'de>)> DeserializeSeed<'de> for Members<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(Cow<'de, str>, Member<'de>)> Visitor<'de> for Members<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            (self.0)(name, map.next_value()?);
        }
        Ok(())
    }
}

/// A member's name. Serde never borrows a `Cow` without a type like this one.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Member<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MemberVisitor)
    }
}

struct MemberVisitor;

impl<'de> Visitor<'de> for MemberVisitor {
    type Value = Member<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Member::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Member::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Member::Number(number.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Member::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Number::from_f64(number)
            .map(Member::Number)
            .ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Member::Other(value.into()))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Member::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(list)).map(Member::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Ok(match Value::deserialize(MapAccessDeserializer::new(map))? {
            // serde_json passes numbers as maps if another crate has switched on
            // `arbitrary_precision`.
            Value::Number(number) => Member::Number(number),
            value => Member::Other(value),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicate_members_are_kept() {
        let fields = fields(br#" {"a":"x","a":null,"n":12,"o":{"b":[1]}} "#).unwrap();
        let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "a", "n", "o"]);
        assert_eq!(fields[3].1, serde_json::json!({ "b": [1] }));
    }

    #[test]
    fn a_byte_order_mark_is_ignored_only_at_the_beginning() {
        for body in ["\u{feff}{\"a\":1}", "\u{feff} {\"a\":[1]}"] {
            assert_eq!(object(body.as_bytes()).unwrap().len(), 1, "{body}");
        }
        for body in
            [" \u{feff}{}", "\u{feff}\u{feff}{}", "{}\u{feff}", "\u{feff}", "{\u{feff}\"a\":1}"]
        {
            assert_eq!(object(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn json_other_than_one_object_is_refused() {
        let deep = "[".repeat(10_000);
        for body in ["", "[]", "1", "{", "{}x", "{\"a\":1,}", &format!("{{\"a\":{deep}")] {
            assert_eq!(fields(body.as_bytes()), None, "{body}");
        }
    }
}
