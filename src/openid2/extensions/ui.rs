//! The user interface of the provider's page: language, popup and icon. OpenID User Interface
//! Extension 1.0 draft 0.5.

use super::super::extension::{Extension, ReadExtension, RequestExtension, field, joined};

/// The extension's namespace.
pub(in crate::openid2) const NAMESPACE: &str = "http://specs.openid.net/extensions/ui/1.0";

/// A request for the appearance of the provider's page.
///
/// ```
/// use oauth_proto::openid2::{Authorize, Discovered, ui};
///
/// let interface = ui::Request {
///     languages: vec!["fr-CA".into(), "en".into()],
///     mode: Some("popup".into()),
///     icon: true,
/// };
/// # let provider = Discovered::known_provider("https://op.example/openid")?;
/// let authorize = Authorize::new(&provider, "https://rp.example/openid").extension(interface);
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The preferred languages (BCP 47), the best first (§4).
    pub languages: Vec<String>,
    /// The mode (§5): `popup` if the relying party shows the page in a popup of 450 by 500 pixels
    /// with an address bar, or a mode that begins with `x-`.
    pub mode: Option<String>,
    /// If `true`, the relying party has an icon for the page (§6). Its URL is in the relying
    /// party's document: see
    /// [`XrdsDocument::RelyingParty`](crate::openid2::XrdsDocument::RelyingParty).
    pub icon: bool,
}

impl RequestExtension for Request {}

impl ReadExtension for Request {
    const NAMESPACES: &'static [&'static str] = &[NAMESPACE];

    fn read(extension: &Extension) -> Option<Self> {
        Some(Self {
            languages: extension.list("lang").map(str::to_owned).collect(),
            mode: extension.get("mode").map(str::to_owned),
            icon: extension.get("icon") == Some("true"),
        })
    }
}

impl From<Request> for Extension {
    fn from(interface: Request) -> Self {
        let fields = [
            joined("lang", &interface.languages),
            field("mode", interface.mode),
            field("icon", interface.icon.then_some("true")),
        ];
        Self::of_fields(NAMESPACE, "ui", fields.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let languages = ["fr-CA", "fr-FR", "en-CA"].map(str::to_owned).into();
        let interface = Request { languages, mode: Some("popup".to_owned()), icon: true };
        let extension = Extension::from(interface.clone());
        assert_eq!(extension.get("lang"), Some("fr-CA,fr-FR,en-CA"));
        assert_eq!(Request::read(&extension), Some(interface));
    }
}
