//! A reader for the usual JSON answer: one object of a few plain texts and whole numbers. It reads
//! the text in one pass, and borrows from it.
//!
//! Everything else (an escape, a fraction, a nested value, malformed JSON) is left to the general
//! reader.

/// The largest number of members of a plain object.
const MOST: usize = 8;

/// The largest number of digits of a plain number. Such numbers fit and are exact.
const DIGITS: usize = 15;

#[derive(Clone, Copy)]
pub(super) enum Plain<'a> {
    Text(&'a str),
    Number(u64),
}

/// Returns the members in their order, and their number. `None` if the object is not plain.
pub(super) fn read(document: &str) -> Option<([(&str, Plain<'_>); MOST], usize)> {
    // The loop checks the whole text without an early exit, so it becomes a few vector
    // instructions.
    let special = document.bytes().fold(false, |any, byte| any | (byte == b'\\') | (byte < b' '));
    if special {
        return None;
    }
    let mut members = [("", Plain::Number(0)); MOST];
    let mut count = 0;
    let mut rest = after(document, b'{')?;
    loop {
        let member = members.get_mut(count)?;
        let (name, value) = text(rest)?;
        let value = trimmed(after(value, b':')?);
        let (value, next) = match value.as_bytes().first()? {
            b'"' => text(value).map(|(text, next)| (Plain::Text(text), next))?,
            _ => number(value).map(|(number, next)| (Plain::Number(number), next))?,
        };
        *member = (name, value);
        count += 1;
        let next = trimmed(next);
        match next.as_bytes().first()? {
            b',' => rest = &next[1..],
            b'}' if trimmed(&next[1..]).is_empty() => return Some((members, count)),
            _ => return None,
        }
    }
}

/// Reads a text. Returns it, and the rest after it.
fn text(rest: &str) -> Option<(&str, &str)> {
    let inside = after(rest, b'"')?;
    let end = memchr::memchr(b'"', inside.as_bytes())?;
    Some((&inside[..end], &inside[end + 1..]))
}

/// Reads a whole number that is not negative. Returns it, and the rest after it.
fn number(rest: &str) -> Option<(u64, &str)> {
    let end = rest.bytes().position(|byte| !byte.is_ascii_digit())?;
    let (digits, next) = rest.split_at(end);
    let plain = end == 1 || (end <= DIGITS && !digits.starts_with('0'));
    // `12.0` and `12e3` are numbers too, but not whole ones.
    let whole = !next.starts_with(['.', 'e', 'E']);
    (plain && whole).then(|| digits.parse().ok().map(|number| (number, next)))?
}

/// Returns the rest after a byte. Spaces before the byte are skipped.
fn after(rest: &str, byte: u8) -> Option<&str> {
    let rest = trimmed(rest);
    (rest.as_bytes().first() == Some(&byte)).then(|| &rest[1..])
}

/// Returns a text without the spaces at its beginning. Line breaks stay, since a document of
/// several lines is not usual.
fn trimmed(rest: &str) -> &str {
    match rest.as_bytes().first() {
        Some(b' ') => rest.trim_start_matches(' '),
        _ => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn members(document: &str) -> Option<Vec<(String, Value)>> {
        let (members, count) = read(document)?;
        let value = |plain| match plain {
            Plain::Text(text) => Value::from(text),
            Plain::Number(number) => Value::from(number),
        };
        Some(
            members[..count]
                .iter()
                .map(|(name, plain)| ((*name).to_owned(), value(*plain)))
                .collect(),
        )
    }

    #[test]
    fn the_usual_answer_is_read() {
        let read = members(r#" { "a":"x y", "n" : 3600 ,"ü":"ö", "z": 0} "#).unwrap();
        let expected =
            [("a", "x y".into()), ("n", 3600.into()), ("ü", "ö".into()), ("z", 0.into())];
        assert!(read.iter().map(|(name, value)| (name.as_str(), value.clone())).eq(expected));
    }

    #[test]
    fn other_json_is_left_to_the_general_reader() {
        for document in [
            "",
            "{",
            "{}",
            "[]",
            r#"{"a":1"#,
            r#"{"a":1}x"#,
            r#"{"a":1,}"#,
            r#"{"a" 1}"#,
            r#"{a:1}"#,
            r#"{"a":"\n"}"#,
            r#"{"a":"\""}"#,
            r#"{"a\u0000":1}"#,
            r#"{"a":1.0}"#,
            r#"{"a":1e1}"#,
            r#"{"a":-1}"#,
            r#"{"a":01}"#,
            r#"{"a":}"#,
            r#"{"a":null}"#,
            r#"{"a":[]}"#,
            r#"{"a":{}}"#,
            r#"{"a":1234567890123456}"#,
            "{\"a\":\"\n\"}",
            r#"{"a":1"b":2}"#,
            r#"{"a":1 2}"#,
            "{\u{a0}\"a\":1}",
        ] {
            assert_eq!(members(document), None, "{document}");
        }
        let many = (0..=MOST).map(|n| format!("\"{n}\":1")).collect::<Vec<_>>().join(",");
        assert_eq!(members(&format!("{{{many}}}")), None);
    }

    proptest::proptest! {
        /// If a document is read here, the general reader reads the same members.
        #[test]
        fn the_general_reader_agrees(
            document in r#"\{(("[a-z"\\ ]{0,3}"|[0-9.e-]{1,4}|[:, "{}\[\]])){0,12}\}"#,
        ) {
            if let Some(read) = members(&document) {
                let general: Value = serde_json::from_str(&document).unwrap();
                let read: serde_json::Map<_, _> = read.into_iter().collect();
                proptest::prop_assert_eq!(general, Value::Object(read));
            }
        }

        #[test]
        fn every_plain_object_is_read(
            object in proptest::collection::btree_map(
                "[a-z_]{1,12}",
                proptest::prelude::any::<Option<u32>>(),
                1..MOST,
            ),
        ) {
            let value =
                |number: Option<u32>| number.map_or_else(|| Value::from("text"), Value::from);
            let object: serde_json::Map<_, _> =
                object.into_iter().map(|(name, n)| (name, value(n))).collect();
            let read = members(&serde_json::to_string(&object).unwrap()).unwrap();
            proptest::prop_assert_eq!(read.into_iter().collect::<serde_json::Map<_, _>>(), object);
        }
    }
}
