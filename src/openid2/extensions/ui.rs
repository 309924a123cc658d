//! User interface, OpenID User Interface Extension 1.0 draft 0.5: the language, a popup, an icon.

use super::{Extension, field, joined};

/// The extension's namespace.
pub const NAMESPACE: &str = "http://specs.openid.net/extensions/ui/1.0";
/// What a provider's document lists where it heeds the language (§7).
pub const LANGUAGE: &str = "http://specs.openid.net/extensions/ui/1.0/lang-pref";
/// What it lists where it has a page for popups.
pub const POPUP: &str = "http://specs.openid.net/extensions/ui/1.0/mode/popup";
/// What it lists where it shows the relying party's icon.
pub const ICON: &str = "http://specs.openid.net/extensions/ui/1.0/icon";

/// How the provider's page is to look.
///
/// ```
/// use oauth_proto::openid2::{Authenticate, ui};
///
/// let authenticate = Authenticate::new("https://rp.example/openid")
///     .extension(ui::Request::default().languages(["fr-CA", "en"]).popup().icon());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// Languages by preference (BCP 47), §4.
    pub languages: Vec<String>,
    /// The mode: `popup`, or one that begins with `x-`, §5.
    pub mode: Option<String>,
    /// Whether the relying party's document names an icon to show, §6.
    pub icon: bool,
}

impl Request {
    /// The languages that the user prefers, the best first.
    pub fn languages<L: Into<String>>(mut self, languages: impl IntoIterator<Item = L>) -> Self {
        self.languages = languages.into_iter().map(Into::into).collect();
        self
    }

    /// The page stands in a popup of 450 by 500 pixels, which the relying party opened with its address bar (§5).
    pub fn popup(mut self) -> Self {
        self.mode = Some("popup".to_owned());
        self
    }

    /// There is an icon to show: see [`documents::relying_party`](crate::openid2::documents::relying_party).
    pub fn icon(mut self) -> Self {
        self.icon = true;
        self
    }

    /// Reads what a request asks for.
    pub fn of(extension: &Extension) -> Self {
        Self {
            languages: extension.list("lang").map(str::to_owned).collect(),
            mode: extension.get("mode").map(str::to_owned),
            icon: extension.get("icon") == Some("true"),
        }
    }
}

impl From<Request> for Extension {
    fn from(interface: Request) -> Self {
        let fields = [
            joined("lang", &interface.languages),
            field("mode", interface.mode),
            field("icon", interface.icon.then_some("true")),
        ];
        Self::new(NAMESPACE, "ui", fields.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_read_again() {
        let interface = Request::default().languages(["fr-CA", "fr-FR", "en-CA"]).popup().icon();
        let extension = Extension::from(interface.clone());
        assert_eq!(extension.get("lang"), Some("fr-CA,fr-FR,en-CA"));
        assert_eq!(Request::of(&extension), interface);
    }
}
