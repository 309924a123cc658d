//! Scopes: sets of case-sensitive words, RFC 6749 §3.3.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

/// A set of words that says what a token may do, or what a request asks for (RFC 6749 §3.3). Each
/// word is case-sensitive, and the order does not matter.
///
/// The type implements `Serialize`, as a text with spaces. `Deserialize` accepts such a text or a
/// list of words.
///
/// ```
/// use oauth_proto::oauth2::Scope;
///
/// let asked = Scope::from(["photos.read", "photos.write"]);
/// let granted = Scope::from("photos.read profile");
/// assert!(granted.contains("profile"));
/// assert_eq!(asked.missing_from(&granted).collect::<Vec<_>>(), ["photos.write"]);
/// assert_eq!(Scope::from("a b"), Scope::from("b a"));
/// ```
#[derive(Clone, Debug, Default, Serialize)]
pub struct Scope(String);

impl Scope {
    /// Returns the words, in their original order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let mut rest = self.0.as_str();
        let words = std::iter::from_fn(move || {
            // Words are short, so a simple loop is faster than a search.
            let end = rest.bytes().position(|byte| byte == b' ').unwrap_or(rest.len());
            let word = &rest[..end];
            let is_last = rest.is_empty();
            rest = rest.get(end + 1..).unwrap_or_default();
            (!is_last).then_some(word)
        });
        words.filter(|word| !word.is_empty())
    }

    /// Returns whether this scope has that word.
    pub fn contains(&self, word: &str) -> bool {
        self.iter().any(|own| own == word)
    }

    /// Returns the words of this scope that the other scope does not have.
    pub fn missing_from<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a str> {
        let others: BTreeSet<_> = other.iter().collect();
        self.iter().filter(move |word| !others.contains(word))
    }

    /// Returns whether the scope has no words.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.bytes().all(|byte| byte == b' ')
    }

    /// Returns the words as one text, separated by spaces.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn push(&mut self, word: &str) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        self.0.push_str(word);
    }

    /// Makes a scope from the text of a server that separates words by another character.
    pub(crate) fn separated(text: String, separator: char) -> Self {
        if separator == ' ' { Self(text) } else { Self(text.replace(separator, " ")) }
    }

    /// Returns the words as one text, with the separator of the server.
    pub(crate) fn joined(&self, separator: char) -> String {
        if separator == ' ' {
            self.0.clone()
        } else {
            self.iter().collect::<Vec<_>>().join(&separator.to_string())
        }
    }
}

impl PartialEq for Scope {
    fn eq(&self, other: &Self) -> bool {
        self.missing_from(other).chain(other.missing_from(self)).next().is_none()
    }
}

impl Eq for Scope {}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Scope {
    fn from(words: &str) -> Self {
        Self(words.to_owned())
    }
}

impl From<&String> for Scope {
    fn from(words: &String) -> Self {
        Self(words.clone())
    }
}

impl<S: AsRef<str>, const N: usize> From<&[S; N]> for Scope {
    fn from(words: &[S; N]) -> Self {
        words.as_slice().into()
    }
}

impl From<String> for Scope {
    fn from(words: String) -> Self {
        Self(words)
    }
}

impl<S: AsRef<str>> FromIterator<S> for Scope {
    fn from_iter<I: IntoIterator<Item = S>>(words: I) -> Self {
        let mut scope = Self::default();
        words.into_iter().for_each(|word| scope.push(word.as_ref()));
        scope
    }
}

impl<S: AsRef<str>, const N: usize> From<[S; N]> for Scope {
    fn from(words: [S; N]) -> Self {
        words.as_slice().into()
    }
}

impl<S: AsRef<str>> From<&[S]> for Scope {
    fn from(words: &[S]) -> Self {
        let length = words.iter().map(|word| word.as_ref().len() + 1).sum();
        let mut scope = Self(String::with_capacity(length));
        words.iter().for_each(|word| scope.push(word.as_ref()));
        scope
    }
}

impl<S: AsRef<str>> From<Vec<S>> for Scope {
    fn from(words: Vec<S>) -> Self {
        words.as_slice().into()
    }
}

/// Reads a text of words, or a list of words as requests-oauthlib stores it.
impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;

        impl<'de> Visitor<'de> for Words {
            type Value = Scope;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text of scopes, or a list of them")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Scope, E> {
                Ok(text.into())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scope, A::Error> {
                let mut words = Vec::<String>::new();
                while let Some(word) = list.next_element()? {
                    words.push(word);
                }
                Ok(words.into())
            }
        }

        deserializer.deserialize_any(Words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_as_a_text_and_read_as_a_text_or_a_list() {
        let scope = Scope::from(["a", "b"]);
        assert_eq!(serde_json::to_string(&scope).unwrap(), r#""a b""#);
        for stored in [r#""a b""#, r#"["a","b"]"#, r#"["b","a"]"#] {
            assert_eq!(serde_json::from_str::<Scope>(stored).unwrap(), scope, "{stored}");
        }
        serde_json::from_str::<Scope>("7").unwrap_err();
    }

    #[test]
    fn other_separators_are_used_only_on_the_wire() {
        let scope = Scope::separated("repo,user:email".into(), ',');
        assert_eq!(scope, Scope::from(["repo", "user:email"]));
        assert_eq!(scope.joined(','), "repo,user:email");
        assert_eq!(scope.joined(' '), "repo user:email");
    }

    #[test]
    fn scopes_are_compared_as_sets() {
        assert_eq!(Scope::from("a  b a"), Scope::from("b a"));
        assert_ne!(Scope::from("a"), Scope::from("A"));
        assert_ne!(Scope::from("a b"), Scope::from("a"));
        assert!(Scope::from("  ").is_empty());
    }
}
