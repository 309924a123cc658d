//! Key-Value form, the format of direct responses and of signed texts: OpenID Authentication 2.0
//! §4.1.1.

use std::collections::BTreeMap;

/// The media type of direct responses (§5.1.2).
pub(super) const MEDIA_TYPE: &str = "text/plain; charset=utf-8";

/// Reads a message: lines of a key, a colon and a value. Returns `None` if it is not valid: not
/// UTF-8, a line without a colon, or a repeated key.
///
/// Nothing is trimmed, so all readers understand a line in the same way.
pub(super) fn parse(body: &[u8]) -> Option<BTreeMap<String, String>> {
    let text = std::str::from_utf8(body).ok()?;
    let mut message = BTreeMap::new();
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        let (key, value) = line.split_once(':')?;
        if message.insert(key.to_owned(), value.to_owned()).is_some() {
            return None;
        }
    }
    Some(message)
}

/// Writes a message. Returns `None` if a key or value cannot be written: a newline in either, a
/// colon in a key.
pub(super) fn encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<String> {
    let mut out = String::new();
    for (key, value) in pairs {
        if key.contains([':', '\n']) || value.contains('\n') {
            return None;
        }
        out.extend([key, ":", value, "\n"]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_lines_of_keys_and_values() {
        let message = parse(b"mode:error\nerror:This is an example message\n").unwrap();
        assert_eq!(message["error"], "This is an example message");
        assert_eq!(parse(b"is_valid:true\nis_valid:false\n"), None);
        assert_eq!(encode([("mode", "error"), ("error", "no")]).unwrap(), "mode:error\nerror:no\n");
        assert_eq!(encode([("error", "two\nlines")]), None);
    }

    #[test]
    fn only_the_first_colon_separates() {
        assert_eq!(parse(b"ns:http://a.example\nempty:\n").unwrap()["ns"], "http://a.example");
        assert_eq!(parse(b"is_valid:true").unwrap()["is_valid"], "true");
    }

    #[test]
    fn ambiguous_messages_are_refused() {
        for body in ["", "\n", "a:b\n\n", "a", "a:b\nc", "a:1\na:1", "\u{feff}"] {
            assert_eq!(parse(body.as_bytes()), None, "{body:?}");
        }
        assert_eq!(parse(b"a:\xff"), None);
        assert_ne!(parse(b"is_valid:true\r\n").unwrap()["is_valid"], "true");
        assert_ne!(parse(b"is_valid: true\n").unwrap()["is_valid"], "true");
        assert!(!parse(b"not_is_valid:true\n").unwrap().contains_key("is_valid"));
    }

    proptest::proptest! {
        #[test]
        fn parse_undoes_encode(
            pairs in proptest::collection::btree_map("[^:\n]{1,9}", "[^\n]{0,9}", 1..9),
        ) {
            let encoded =
                encode(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()))).unwrap();
            proptest::prop_assert_eq!(parse(encoded.as_bytes()), Some(pairs));
        }
    }
}
