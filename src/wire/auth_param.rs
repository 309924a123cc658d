//! The parameters of `Authorization` and `WWW-Authenticate`: `name=token` or `name="quoted"`, RFC
//! 9110 §11.2.

use std::borrow::Cow;

/// The error for a list of parameters that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed at byte {at}")]
pub(crate) struct Malformed {
    /// The number of bytes before the wrong one.
    pub at: usize,
}

/// A name and its value. Quotes are removed, and nothing else is decoded.
pub(crate) type Param<'a> = (&'a [u8], Cow<'a, [u8]>);

/// Splits off the scheme: `OAuth realm="x"` is `OAuth` and `realm="x"`.
pub(crate) fn scheme(value: &[u8]) -> (&[u8], &[u8]) {
    let end = value.iter().position(|byte| is_space(*byte)).unwrap_or(value.len());
    let (scheme, rest) = value.split_at(end);
    (scheme, rest.trim_ascii_start())
}

/// Reads a comma-separated list of parameters in order. Empty elements are skipped (RFC 9110
/// §5.6.1). The iterator ends after the first malformed element.
///
/// A value without quotes can have every visible character except the comma and the quote, since
/// some clients write base64 without quotes.
pub(crate) fn parse(list: &[u8]) -> Params<'_> {
    Params { list, at: 0 }
}

/// The iterator that [`parse`] returns.
#[derive(Clone, Debug)]
pub(crate) struct Params<'a> {
    list: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Params<'a> {
    type Item = Result<Param<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.skip(|byte| is_space(byte) || byte == b',');
        if self.at == self.list.len() {
            return None;
        }
        let param = self.param();
        if param.is_none() {
            let at = std::mem::replace(&mut self.at, self.list.len());
            return Some(Err(Malformed { at }));
        }
        param.map(Ok)
    }
}

impl<'a> Params<'a> {
    /// Reads one parameter up to the comma after it. Returns `None` if the parameter is malformed.
    /// Then `at` is the place of the fault.
    fn param(&mut self) -> Option<Param<'a>> {
        let name = self.take(is_token);
        self.skip(is_space);
        if name.is_empty() || !self.eat(b'=') {
            return None;
        }
        self.skip(is_space);
        let value = if self.peek() == Some(b'"') {
            self.quoted()?
        } else {
            Cow::Borrowed(self.take(|byte| byte.is_ascii_graphic() && !matches!(byte, b',' | b'"')))
        };
        self.skip(is_space);
        matches!(self.peek(), None | Some(b',')).then_some((name, value))
    }

    /// Reads a quoted string. After a backslash, the next byte is taken as it is (RFC 9110 §5.6.4).
    fn quoted(&mut self) -> Option<Cow<'a, [u8]>> {
        let inside = &self.list[self.at + 1..];
        let end = memchr::memchr2(b'"', b'\\', inside)?;
        if inside[end] == b'"' {
            self.at += end + 2;
            return Some(Cow::Borrowed(&inside[..end]));
        }
        let mut value = inside[..end].to_vec();
        let mut rest = &inside[end..];
        loop {
            rest = match rest {
                [b'"', rest @ ..] => {
                    self.at = self.list.len() - rest.len();
                    return Some(Cow::Owned(value));
                }
                [b'\\', byte, rest @ ..] | [byte, rest @ ..] => {
                    value.push(*byte);
                    rest
                }
                [] => return None,
            };
        }
    }

    fn peek(&self) -> Option<u8> {
        self.list.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn take(&mut self, accept: impl Fn(u8) -> bool) -> &'a [u8] {
        let start = self.at;
        self.skip(accept);
        &self.list[start..self.at]
    }

    fn skip(&mut self, accept: impl Fn(u8) -> bool) {
        let rest = &self.list[self.at..];
        self.at += rest.iter().position(|byte| !accept(*byte)).unwrap_or(rest.len());
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Returns whether a byte is a `tchar` of RFC 9110 §5.6.2.
pub(super) const fn is_token(byte: u8) -> bool {
    TOKEN[byte as usize]
}

const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = b'!';
    while byte < 0x7f {
        table[byte as usize] = !matches!(
            byte,
            b'"' | b'('
                | b')'
                | b','
                | b'/'
                | b':'
                | b';'
                | b'<'
                | b'='
                | b'>'
                | b'?'
                | b'@'
                | b'['
                | b'\\'
                | b']'
                | b'{'
                | b'}'
        );
        byte += 1;
    }
    table
};

/// Returns whether a text has the syntax of a bearer token (RFC 6750 §2.1).
pub(crate) fn is_bearer(text: &[u8]) -> bool {
    // The loop checks all bytes, without an early exit.
    !text.is_empty() && text.iter().fold(true, |all, byte| all & BEARER[usize::from(*byte)])
}

const BEARER: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte: u8 = 0;
    while byte < 0x7f {
        let mark = matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=');
        table[byte as usize] = byte.is_ascii_alphanumeric() || mark;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn read(list: &str) -> Result<Vec<(String, String)>, Malformed> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        parse(list.as_bytes())
            .map(|param| param.map(|(name, value)| (text(name), text(&value))))
            .collect()
    }

    #[test]
    fn white_space_and_empty_elements_do_not_matter() {
        let expected = vec![("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())];
        for list in
            [r#"a="1",b="2""#, r#" a = "1" , b = 2 "#, "a=1,,\r\n\tb=2,", ", a=1, b=\"\\2\""]
        {
            assert_eq!(read(list).as_ref(), Ok(&expected), "{list}");
        }
    }

    #[test]
    fn empty_values_and_commas_in_quotes_are_values() {
        assert_eq!(
            read(r#"a="",b="x,y""#).unwrap(),
            [("a".into(), String::new()), ("b".into(), "x,y".into())]
        );
    }

    #[test]
    fn base64_without_quotes_is_read_whole() {
        assert_eq!(read("s=ab+/c==, t=1").unwrap()[0].1, "ab+/c==");
    }

    #[test]
    fn a_malformed_part_ends_the_list() {
        for (list, at) in
            [("a", 1), ("=1", 0), ("a=1 b=2", 4), (r#"a="1"#, 2), (r#"a="\"#, 2), (r#"a="1"2"#, 5)]
        {
            assert_eq!(read(list), Err(Malformed { at }), "{list}");
        }
        assert_eq!(parse(b"a=1, b, c=3").count(), 2);
    }

    proptest::proptest! {
        #[test]
        fn written_parameters_are_read_back(
            params in proptest::collection::vec(
                ("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,8}", proptest::collection::vec(0u8.., 0..12)),
                0..6,
            ),
        ) {
            let mut written = Vec::new();
            for (name, value) in &params {
                if !written.is_empty() {
                    written.extend_from_slice(b" ,, ");
                }
                written.extend_from_slice(name.as_bytes());
                written.extend_from_slice(b" = \"");
                for byte in value {
                    if matches!(byte, b'"' | b'\\') {
                        written.push(b'\\');
                    }
                    written.push(*byte);
                }
                written.push(b'"');
            }
            let read: Vec<_> = parse(&written).collect::<Result<_, _>>().unwrap();
            let expected = params.iter().map(|(name, value)| (name.as_bytes(), value.as_slice()));
            proptest::prop_assert!(read.iter().map(|(name, value)| (*name, &**value)).eq(expected));
        }

        #[test]
        fn nothing_follows_an_error(list: Vec<u8>) {
            let params: Vec<_> = parse(&list).collect();
            proptest::prop_assert!(params.len() <= list.len());
            proptest::prop_assert!(params.iter().rev().skip(1).all(Result::is_ok));
        }
    }
}
