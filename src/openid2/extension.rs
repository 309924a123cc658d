//! The fields of an extension, and the trait by which the extensions of this crate are read.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The fields of one extension in one message.
///
/// The extensions of this crate have their own types ([`ax`](super::ax), [`sreg`](super::sreg),
/// [`ui`](super::ui), [`pape`](super::pape), [`oauth`](super::oauth)), which convert into an
/// `Extension`. Make any other extension like this:
///
/// ```
/// use oauth_proto::openid2::Extension;
///
/// let extension = Extension::new("http://example.com/ext/1.0", "x").field("foo", "bar");
/// assert_eq!(extension.get("foo"), Some("bar"));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// The type URI of the extension.
    pub(super) namespace: String,
    /// The prefix of the fields in the message. If two extensions have the same prefix, one of them
    /// gets another prefix.
    pub(super) alias: String,
    /// The names of the fields, without the alias, and their values.
    pub(super) fields: Vec<(String, String)>,
}

impl Extension {
    /// Makes an extension without fields from its type URI. `alias` is the prefix of the fields in
    /// the message. If another extension has the same alias, the message uses another one.
    pub fn new(namespace: impl Into<String>, alias: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), alias: alias.into(), fields: Vec::new() }
    }

    /// Sets a field. A value with a newline cannot be signed, so a response that has one is not
    /// sent.
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

    /// Returns all fields: their names, without the alias, and their values.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Makes an extension with fields.
    pub(super) fn of_fields(
        namespace: &str,
        alias: &str,
        fields: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        Self { fields: fields.into_iter().collect(), ..Self::new(namespace, alias) }
    }

    /// Returns the entries of a field that is a list separated by commas, without empty entries.
    pub(super) fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        self.get(name).unwrap_or_default().split(',').filter(|entry| !entry.is_empty())
    }
}

impl fmt::Debug for Extension {
    /// The values are data about the user, which does not belong in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.fields.iter().map(|(name, _)| name).collect();
        f.debug_struct("Extension")
            .field("namespace", &self.namespace)
            .field("fields", &names)
            .finish()
    }
}

/// A request of an extension of this crate. A relying party passes it to
/// [`Authorize::extension`](crate::openid2::Authorize::extension), and a provider reads it with
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

/// A response of an extension of this crate. A provider passes it to
/// [`Approval::extension`](crate::openid2::server::Approval::extension), and a relying party reads
/// it with [`Assertion::extension`](crate::openid2::Assertion::extension).
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

    /// The way in which an extension of this crate is found in a message and read. The trait is
    /// sealed: only this crate implements it.
    pub trait ReadExtension: Sized {
        /// The type URIs of the extension, the best first.
        const NAMESPACES: &'static [&'static str];

        /// The alias of its fields in OpenID 1.1, which has no namespaces.
        const ALIAS_1_1: Option<&'static str> = None;

        /// Reads the fields. `None` if they are not valid.
        fn read(extension: &Extension) -> Option<Self>;

        /// Drops the parts that a relying party of this realm must not request.
        fn within(self, _: &str) -> Self {
            self
        }
    }
}

pub(super) use read::ReadExtension;

/// Returns a field with its name, if there is a value for it.
pub(super) fn field(name: &str, value: Option<impl Into<String>>) -> Option<(String, String)> {
    Some((name.to_owned(), value?.into()))
}

/// Returns a field with its name and a list separated by commas. `None` if the list is empty.
pub(super) fn joined(name: &str, entries: &[String]) -> Option<(String, String)> {
    field(name, (!entries.is_empty()).then(|| entries.join(",")))
}
