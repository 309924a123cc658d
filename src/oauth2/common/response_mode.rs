//! The ways in which an authorization response travels, OAuth 2.0 Multiple Response Types §2.1 and
//! Form Post Response Mode.

/// The way in which an authorization response comes back with the user (OAuth 2.0 Multiple Response
/// Types §2.1, Form Post Response Mode §2).
///
/// ```
/// use oauth_proto::oauth2::ResponseMode;
///
/// assert_eq!(ResponseMode::default(), ResponseMode::Query);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResponseMode {
    /// In the query of the redirect_uri.
    #[default]
    Query,
    /// In its fragment, which browsers keep to themselves: a script has to hand it on.
    Fragment,
    /// As a form that the browser posts there.
    FormPost,
}

impl ResponseMode {
    pub(crate) const ALL: [Self; 3] = [Self::Query, Self::Fragment, Self::FormPost];

    /// Returns the value of the parameter `response_mode`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }

    /// Returns the mode with that value of the parameter `response_mode`.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}
