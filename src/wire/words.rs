//! Words and URLs of other sides in the texts of errors: shortened, and without possible secrets.

use super::uri::UriParts;

/// The most characters of a text that an error shows.
pub(crate) const EXCERPT: usize = 200;

/// Returns a URL in the form that an error can show. User information, query and fragment are left
/// out, since they can have secrets in them.
pub(crate) fn without_secrets(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    // If URL parsers disagree about the authority, a password can be anywhere before the last `@`.
    let begin =
        if UriParts::of(url).and_then(UriParts::host).is_some() { url.find("//") } else { None };
    let Some((scheme, rest)) = begin.map(|at| url.split_at(at + 2)) else {
        return truncated(url.rsplit('@').next().unwrap_or_default());
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    truncated(&format!("{scheme}{host}{path}"))
}

/// Returns a text of the other side, cut to a length that fits in a log.
pub(crate) fn truncated(text: &str) -> String {
    // Most texts have fewer bytes than the limit.
    let cut = if text.len() <= EXCERPT { None } else { text.char_indices().nth(EXCERPT) };
    cut.map_or(text, |(end, _)| &text[..end]).to_owned()
}

/// The parts of words that name a secret. After such a word nothing more is shown, since the text
/// after it can be the secret in any syntax.
const SENSITIVE: [&str; 7] =
    ["secret", "token", "signature", "verifier", "password", "key", "code"];

/// The kind of a response. It decides which parts of the body an error shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speech {
    /// The response grants something, or its kind is unclear.
    Grants,
    /// The response refuses something, and explains why.
    Refuses,
}

pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || "_-.~+/%*\u{fffd}".contains(c)
}

pub(crate) fn is_sensitive(word: &str) -> bool {
    SENSITIVE.iter().any(|sensitive| word.to_ascii_lowercase().contains(sensitive))
}

/// Returns whether a word looks like a word of a language, or is a number as short as a status.
pub(crate) fn is_plain(word: &str) -> bool {
    let is_status = word.len() <= 3 && word.bytes().all(|byte| byte.is_ascii_digit());
    is_status || (word.len() <= 20 && !word.chars().any(char::is_numeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_shown_without_user_and_query() {
        assert_eq!(without_secrets("ftp://u:pw@p.example/i@j?k=1#x"), "ftp://p.example/i@j");
        assert_eq!(without_secrets("relative?x"), "relative");
        for hidden in [
            "u:hunter2@h/t",
            "https:/u:hunter2@h/t",
            "https://u:p/hunter2@h",
            "https://u:hunter2@h",
        ] {
            assert!(!without_secrets(hidden).contains("hunter2"), "{}", without_secrets(hidden));
        }
    }
}
