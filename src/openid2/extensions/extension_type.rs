//! The types of the extensions of this crate: OpenID Authentication 2.0 §12.

use super::{ax, oauth, pape, sreg, ui};

/// An extension of this crate. It converts into the URI of its type. XRDS documents list such URIs,
/// and [`Discovered::types`](crate::openid2::Discovered::types) has those of a provider.
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
    /// User Interface 1.0: [`ui`](crate::openid2::ui). A provider's document lists the URI with the
    /// suffix `/lang-pref` if the provider supports the language (§7), with `/mode/popup` if it has
    /// a page for popups, and with `/icon` if it shows the icon of the relying party.
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
