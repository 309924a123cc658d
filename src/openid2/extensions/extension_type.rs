//! The types of the extensions that this crate knows, OpenID Authentication 2.0 §12.

use super::{ax, oauth, pape, sreg, ui};

/// An extension that this crate knows: it becomes the URI of its type by itself. Documents list
/// such URIs, and [`Discovered::types`](crate::openid2::Discovered::types) has those of a provider.
///
/// ```
/// use oauth_proto::openid2::{Discovered, ExtensionType};
///
/// fn takes_attributes(provider: &Discovered) -> bool {
///     provider.types.iter().any(|known| known == ExtensionType::AttributeExchange.as_ref())
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtensionType {
    /// Attribute Exchange 1.0: [`ax`](crate::openid2::ax).
    AttributeExchange,
    /// Simple Registration 1.1: [`sreg`](crate::openid2::sreg).
    SimpleRegistration,
    /// Provider Authentication Policy 1.0: [`pape`](crate::openid2::pape).
    AuthenticationPolicy,
    /// User Interface 1.0: [`ui`](crate::openid2::ui). A provider's document lists its URI with
    /// `/lang-pref` behind it where the provider heeds the language (§7), with `/mode/popup` where
    /// it has a page for popups, and with `/icon` where it shows the relying party's icon.
    UserInterface,
    /// The OAuth Extension of 2009: [`oauth`](crate::openid2::oauth).
    OAuth,
}

impl AsRef<str> for ExtensionType {
    fn as_ref(&self) -> &str {
        match self {
            Self::AttributeExchange => ax::NAMESPACE,
            Self::SimpleRegistration => sreg::NAMESPACE,
            Self::AuthenticationPolicy => pape::NAMESPACE,
            Self::UserInterface => ui::NAMESPACE,
            Self::OAuth => oauth::NAMESPACE,
        }
    }
}
