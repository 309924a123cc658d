//! JSON objects read member by member. A name that stands twice is kept twice, so that the reader can refuse it.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// The members of a JSON object in their order.
pub(crate) fn fields(body: &[u8]) -> Option<Vec<(String, Value)>> {
    let Members(members) = serde_json::from_slice(body).ok()?;
    Some(members)
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
    fn duplicates_are_kept_whatever_they_are() {
        let fields = fields(br#" {"a":"x","a":null,"n":12,"o":{"b":[1]}} "#).unwrap();
        let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "a", "n", "o"]);
        assert_eq!(fields[3].1, serde_json::json!({ "b": [1] }));
    }

    #[test]
    fn what_is_not_one_object_is_nothing() {
        let deep = "[".repeat(10_000);
        for body in ["", "[]", "1", "{", "{}x", "{\"a\":1,}", &format!("{{\"a\":{deep}")] {
            assert_eq!(fields(body.as_bytes()), None, "{body}");
        }
    }
}
