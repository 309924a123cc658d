//! An extension's fields, and what an extension of this crate's is read by.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The fields of one extension in one message.
///
/// The extensions that this crate knows have their own types ([`ax`](super::ax),
/// [`sreg`](super::sreg), [`ui`](super::ui), [`pape`](super::pape), [`oauth`](super::oauth)), which
/// become an `Extension` by themselves. Any other extension is made like this:
///
/// ```
/// use oauth_proto::openid2::Extension;
///
/// let extension = Extension::new("http://example.com/ext/1.0", "x").field("foo", "bar");
/// assert_eq!(extension.get("foo"), Some("bar"));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// The type URI that it is known by.
    pub(super) namespace: String,
    /// The prefix of its fields in this message. If two extensions want the same one, one of them
    /// receives another.
    pub(super) alias: String,
    /// Names without the alias, and values.
    pub(super) fields: Vec<(String, String)>,
}

impl Extension {
    /// Makes an extension without fields, known by its type URI. `alias` is the prefix of its
    /// fields in the message. If another extension has the same one, a message replaces it.
    pub fn new(namespace: impl Into<String>, alias: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), alias: alias.into(), fields: Vec::new() }
    }

    /// Sets a field. A value with a newline cannot be signed, and a response with it is not sent.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.fields.retain(|(own, _)| *own != name);
        self.fields.push((name, value.into()));
        self
    }

    /// Returns the value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// All fields: their names, without the alias, and their values.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Makes an extension of many fields.
    pub(super) fn of_fields(
        namespace: &str,
        alias: &str,
        fields: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        Self { fields: fields.into_iter().collect(), ..Self::new(namespace, alias) }
    }

    /// Returns the entries of a field that is a list with commas between. Empty ones are left out.
    pub(super) fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        self.get(name).unwrap_or_default().split(',').filter(|entry| !entry.is_empty())
    }
}

impl fmt::Debug for Extension {
    /// A log does not need data about a user.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.fields.iter().map(|(name, _)| name).collect();
        f.debug_struct("Extension")
            .field("namespace", &self.namespace)
            .field("fields", &names)
            .finish()
    }
}

/// A request of an extension that this crate knows. A relying party gives it to
/// [`Authorize::extension`](crate::openid2::Authorize::extension), a provider reads it by
/// [`CheckIdRequest::extension`](crate::openid2::server::CheckIdRequest::extension).
///
/// ```
/// use oauth_proto::openid2::server::CheckIdRequest;
/// use oauth_proto::openid2::sreg;
///
/// fn asks_for_email(request: &CheckIdRequest) -> bool {
///     let registration = request.extension::<sreg::Request>();
///     registration
///         .is_some_and(|registration| registration.required.contains(&sreg::Field::Email))
/// }
/// ```
pub trait RequestExtension: ReadExtension + Into<Extension> {}

/// A response of an extension that this crate knows. A provider gives it to
/// [`Approval::extension`](crate::openid2::server::Approval::extension), a relying party reads it
/// by [`Assertion::extension`](crate::openid2::Assertion::extension).
///
/// ```
/// use oauth_proto::openid2::{Assertion, ax};
///
/// fn email(assertion: &Assertion) -> Option<String> {
///     assertion
///         .extension::<ax::FetchResponse>()?
///         .first(ax::AttributeType::Email)
///         .map(str::to_owned)
/// }
/// ```
pub trait ResponseExtension: ReadExtension + Into<Extension> {}

mod read {
    use super::Extension;

    /// The way in which an extension is found in a message and read. It is private, so that nothing
    /// but this crate's extensions is one.
    pub trait ReadExtension: Sized {
        /// The type URIs that it is known by, the best first.
        const NAMESPACES: &'static [&'static str];

        /// The alias of its fields in OpenID 1.1, where no namespace is declared.
        const ALIAS_1_1: Option<&'static str> = None;

        /// Reads the fields. `None` where they do not make sense.
        fn read(extension: &Extension) -> Option<Self>;

        /// Drops what a relying party of that realm must not ask for.
        fn within(self, _: &str) -> Self {
            self
        }
    }
}

pub(super) use read::ReadExtension;

/// A field that is there if it has a value.
pub(super) fn field(name: &str, value: Option<impl Into<String>>) -> Option<(String, String)> {
    Some((name.to_owned(), value?.into()))
}

/// A list with commas between, if it has entries.
pub(super) fn joined(name: &str, entries: &[String]) -> Option<(String, String)> {
    field(name, (!entries.is_empty()).then(|| entries.join(",")))
}
