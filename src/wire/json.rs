//! JSON objects that are read as flat fields. A name that stands twice is kept twice, so that the reader can refuse it.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// The members of a JSON object in their order: texts as they are, other values as JSON, nulls left out.
pub(crate) fn fields(body: &[u8]) -> Option<Vec<(String, String)>> {
    let Members(members) = serde_json::from_slice(body).ok()?;
    let text = |value| match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    };
    Some(members.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect())
}

struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_are_kept_and_nulls_are_not() {
        let fields = fields(br#" {"a":"x","a":"y","n":12,"z":null,"o":{"b":[1]}} "#).unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(fields, [pair("a", "x"), pair("a", "y"), pair("n", "12"), pair("o", r#"{"b":[1]}"#)]);
    }

    #[test]
    fn what_is_not_one_object_is_nothing() {
        let deep = "[".repeat(10_000);
        for body in ["", "[]", "1", "{", "{}x", "{\"a\":1,}", &format!("{{\"a\":{deep}")] {
            assert_eq!(fields(body.as_bytes()), None, "{body}");
        }
    }
}
