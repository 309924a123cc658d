//! Messages (OpenID Authentication 2.0 §4.1): keys and values, and the namespaces of extensions
//! (§12).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::extension::Extension;
use super::key_value;
use crate::wire::{MAX_BODY, form};

/// The value of `openid.ns` in version 2.0.
pub(crate) const NS_2_0: &str = "http://specs.openid.net/auth/2.0";
/// The accepted values of `openid.ns` in version 1.1, which has no namespaces.
const NS_1: [&str; 2] = ["http://openid.net/signon/1.1", "http://openid.net/signon/1.0"];
/// The value of both identifiers if the provider has to choose the user (§7.3.1).
pub(crate) const IDENTIFIER_SELECT: &str = "http://specs.openid.net/auth/2.0/identifier_select";

/// The largest number of fields of a message.
const MAX_FIELDS: usize = 300;

/// The names that must not be aliases (§12).
const RESERVED: [&str; 24] = [
    "assoc_handle",
    "assoc_type",
    "claimed_id",
    "contact",
    "delegate",
    "dh_consumer_public",
    "dh_gen",
    "dh_modulus",
    "error",
    "identity",
    "invalidate_handle",
    "mode",
    "ns",
    "op_endpoint",
    "openid",
    "realm",
    "reference",
    "response_nonce",
    "return_to",
    "server",
    "session_type",
    "sig",
    "signed",
    "trust_root",
];

/// The version of OpenID Authentication.
///
/// ```
/// use oauth_proto::openid2::Version;
///
/// assert_ne!(Version::V2_0, Version::V1_1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Version {
    /// OpenID Authentication 2.0.
    #[serde(rename = "2.0")]
    V2_0,
    /// OpenID Authentication 1.1, in the compatibility mode of §14.
    #[serde(rename = "1.1")]
    V1_1,
}

/// A message: its keys, without the prefix `openid.`, and their values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Message(BTreeMap<String, String>);

/// The reason why a form is not a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// A field occurs twice (§4.1).
    Twice(String),
    /// A name or value that is not UTF-8.
    NotText,
    /// There are too many fields.
    TooLarge,
}

impl Message {
    /// Makes a message of version 2.0 or 1.1 with a mode.
    pub(crate) fn new(version: Version, mode: &str) -> Self {
        let mut message = Self::answer(version);
        message.set("mode", mode);
        message
    }

    /// Makes a direct response of version 2.0 or 1.1, which has no mode (§5.1.2).
    pub(crate) fn answer(version: Version) -> Self {
        let mut message = Self::default();
        if version == Version::V2_0 {
            message.set("ns", NS_2_0);
        }
        message
    }

    /// Reads a query or a form. Fields without the prefix `openid.` are ignored.
    pub(crate) fn parse(form: &str) -> Result<Self, Malformed> {
        if form.len() > MAX_BODY {
            return Err(Malformed::TooLarge);
        }
        let mut message = Self::default();
        for (name, value) in form::text_pairs(form) {
            let name = name.ok_or(Malformed::NotText)?;
            let Some(key) = name.strip_prefix("openid.") else { continue };
            let value = value.ok_or(Malformed::NotText)?;
            if message.0.len() == MAX_FIELDS {
                return Err(Malformed::TooLarge);
            }
            if message.0.insert(key.to_owned(), value.into_owned()).is_some() {
                return Err(Malformed::Twice(key.to_owned()));
            }
        }
        Ok(message)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    pub(crate) fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.0.insert(key.into(), value.into());
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Returns the version according to `ns` (§4.1.2). `None` if it is not known.
    pub(crate) fn version(&self) -> Option<Version> {
        match self.get("ns") {
            Some(NS_2_0) => Some(Version::V2_0),
            None => Some(Version::V1_1),
            Some(ns) => NS_1.contains(&ns).then_some(Version::V1_1),
        }
    }

    /// Returns the message as a form or a query (§4.1.2).
    pub(crate) fn to_form(&self) -> String {
        form::encode(self.prefixed())
    }

    /// Returns the pairs with the prefix `openid.`.
    pub(crate) fn prefixed(&self) -> impl Iterator<Item = (String, &str)> {
        self.pairs().map(|(key, value)| (format!("openid.{key}"), value))
    }

    /// Returns the message in Key-Value form, which has no prefix.
    pub(crate) fn to_key_value(&self) -> Option<String> {
        key_value::encode(self.pairs())
    }

    /// Returns the text that is signed (§6.1): the listed fields in their order, in Key-Value form.
    /// Returns `None` if a field is missing, is listed twice (a short list could repeat a long
    /// field), or cannot be written in that form.
    pub(crate) fn signed_text(&self, signed: &str) -> Option<String> {
        let mut seen = std::collections::BTreeSet::new();
        let fields: Option<Vec<_>> = signed
            .split(',')
            .map(|key| Some((key, self.get(key).filter(|_| seen.insert(key))?)))
            .collect();
        key_value::encode(fields?)
    }

    /// Returns the message with only the fields of the list.
    pub(crate) fn only_signed(mut self, signed: &str) -> Self {
        let signed: std::collections::BTreeSet<_> = signed.split(',').collect();
        self.0.retain(|key, _| signed.contains(key.as_str()));
        self
    }

    /// Returns whether each namespace has one alias, and no alias is a reserved name (§12).
    pub(crate) fn has_sound_aliases(&self) -> bool {
        let mut namespaces = std::collections::BTreeSet::new();
        self.aliases().all(|(alias, namespace)| is_alias(alias) && namespaces.insert(namespace))
    }

    /// Returns the aliases and their namespaces.
    fn aliases(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs().filter_map(|(key, namespace)| Some((key.strip_prefix("ns.")?, namespace)))
    }

    /// Returns the fields of an extension. In version 1.1, an extension without a namespace is
    /// recognized by its usual alias.
    pub(crate) fn extension(&self, namespace: &str, usual: Option<&str>) -> Option<Extension> {
        let declared =
            self.aliases().find(|(_, known)| *known == namespace).map(|(alias, _)| alias);
        let undeclared = || {
            let usual = usual.filter(|usual| {
                self.version() == Some(Version::V1_1) && self.get_alias(usual).is_none()
            });
            usual.filter(|usual| self.keys().any(|key| inside(key, usual).is_some()))
        };
        let alias = declared.or_else(undeclared)?;
        let fields = self
            .pairs()
            .filter_map(|(key, value)| Some((inside(key, alias)?.to_owned(), value.to_owned())));
        Some(Extension {
            namespace: namespace.to_owned(),
            alias: alias.to_owned(),
            fields: fields.collect(),
        })
    }

    fn get_alias(&self, alias: &str) -> Option<&str> {
        self.get(&format!("ns.{alias}"))
    }

    /// Returns the namespaces of all extensions.
    pub(crate) fn namespaces(&self) -> impl Iterator<Item = &str> {
        self.aliases().map(|(_, namespace)| namespace)
    }

    /// Adds the fields of an extension under its alias, or under another one if the alias is taken.
    /// If the message has the same extension, its fields are replaced. An extension without fields
    /// is left out.
    pub(crate) fn extend(&mut self, extension: &Extension) {
        let before = self.aliases().find(|(_, known)| *known == extension.namespace);
        if let Some(alias) = before.map(|(alias, _)| alias.to_owned()) {
            self.0.retain(|key, _| {
                key.strip_prefix("ns.") != Some(&alias) && inside(key, &alias).is_none()
            });
        }
        if extension.fields.is_empty() {
            return;
        }
        let mut alias = extension.alias.clone();
        let mut number = 1;
        while !is_alias(&alias) || self.get_alias(&alias).is_some() {
            number += 1;
            alias = format!("ext{number}");
        }
        self.set(format!("ns.{alias}"), &extension.namespace);
        for (key, value) in &extension.fields {
            let key = if key.is_empty() { alias.clone() } else { format!("{alias}.{key}") };
            self.set(key, value);
        }
    }
}

/// Returns the part of a key after the alias of an extension.
fn inside<'k>(key: &'k str, alias: &str) -> Option<&'k str> {
    let rest = key.strip_prefix(alias)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
}

fn is_alias(alias: &str) -> bool {
    !alias.is_empty() && !alias.contains(['.', ':', ',', '\n']) && !RESERVED.contains(&alias)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// §4.1.3.
    #[test]
    fn the_example_of_the_specification() {
        let message =
            Message::parse("openid.mode=error&openid.error=This%20is%20an%20example%20message&x=y")
                .unwrap();
        assert_eq!(
            message.to_form(),
            "openid.error=This%20is%20an%20example%20message&openid.mode=error"
        );
        assert_eq!(
            message.to_key_value().unwrap(),
            "error:This is an example message\nmode:error\n"
        );
    }

    #[test]
    fn a_repeated_field_and_a_field_that_is_not_text_are_refused() {
        assert_eq!(Message::parse("openid.a=1&openid.%61=1"), Err(Malformed::Twice("a".into())));
        assert_eq!(Message::parse("openid.a=%ff"), Err(Malformed::NotText));
        let many: Vec<_> = (0..=MAX_FIELDS).map(|at| format!("openid.{at}=")).collect();
        assert_eq!(Message::parse(&many.join("&")), Err(Malformed::TooLarge));
        assert_eq!(Message::parse(&"x".repeat(MAX_BODY + 1)), Err(Malformed::TooLarge));
    }

    /// §12's example.
    #[test]
    fn an_alias_divides_the_keys() {
        let form = "openid.ns.x=http%3A%2F%2Fe&openid.x=example&openid.x.foo=bar&openid.xx=notx";
        let extension = Message::parse(form).unwrap().extension("http://e", None).unwrap();
        let fields: Vec<_> =
            extension.fields.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(fields, [("", "example"), ("foo", "bar")]);
    }

    #[test]
    fn ambiguous_aliases_are_found() {
        let sound = |form: &str| Message::parse(form).unwrap().has_sound_aliases();
        assert!(sound("openid.ns.a=x&openid.ns.b=y&openid.ns=z"));
        for unsound in
            ["openid.ns.a=x&openid.ns.b=x", "openid.ns.mode=x", "openid.ns.a.b=x", "openid.ns.=x"]
        {
            assert!(!sound(unsound), "{unsound}");
        }
    }

    #[test]
    fn two_extensions_never_share_an_alias() {
        let extension = |namespace: &str| Extension::new(namespace, "x").field("field", namespace);
        let mut message = Message::default();
        for namespace in ["one", "two", "one", "three"] {
            message.extend(&extension(namespace));
        }
        assert!(message.has_sound_aliases());
        for namespace in ["one", "two", "three"] {
            assert_eq!(message.extension(namespace, None).unwrap().get("field"), Some(namespace));
        }
    }
}
