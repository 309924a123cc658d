//! Extensions, OpenID Authentication 2.0 §12: fields that travel with a request and its answer.

pub mod ax;
pub mod oauth;
pub mod pape;
pub mod sreg;
pub mod ui;

use std::fmt;

use serde::{Deserialize, Serialize};

/// The fields of one extension in one message.
///
/// Those that this crate knows are made and read by their modules ([`ax`], [`sreg`], [`ui`], [`pape`], [`oauth`]); any
/// other is made like this:
///
/// ```
/// use oauth_proto::openid2::Extension;
///
/// let extension = Extension::new("http://example.com/ext/1.0", "x", [("foo".to_owned(), "bar".to_owned())]);
/// assert_eq!(extension.get("foo"), Some("bar"));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// The type URI that it is known by.
    pub namespace: String,
    /// What stands before its fields in this message. Where two extensions want the same, one gets another.
    pub alias: String,
    /// Names without the alias, and values. A value with a newline cannot be signed, and the answer with it is not sent.
    pub fields: Vec<(String, String)>,
}

impl Extension {
    /// An extension's fields.
    pub fn new(namespace: &str, alias: &str, fields: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { namespace: namespace.to_owned(), alias: alias.to_owned(), fields: fields.into_iter().collect() }
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// A field that is a list with commas between, without empty entries.
    pub(crate) fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        self.get(name).unwrap_or_default().split(',').filter(|entry| !entry.is_empty())
    }
}

impl fmt::Debug for Extension {
    /// What is said of a user need not stand in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.fields.iter().map(|(name, _)| name).collect();
        f.debug_struct("Extension").field("namespace", &self.namespace).field("fields", &names).finish()
    }
}

/// A field that is there if it has a value.
fn field(name: &str, value: Option<impl Into<String>>) -> Option<(String, String)> {
    Some((name.to_owned(), value?.into()))
}

/// A list with commas between, if it has entries.
fn joined(name: &str, entries: &[String]) -> Option<(String, String)> {
    field(name, (!entries.is_empty()).then(|| entries.join(",")))
}
