//! The response modes, OAuth 2.0 Multiple Response Types §2.1 and Form Post Response Mode.

/// The way in which the server sends the authorization response to the redirect_uri (OAuth 2.0
/// Multiple Response Types §2.1, Form Post Response Mode §2).
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
    /// The response is in the query of the redirect_uri.
    #[default]
    Query,
    /// The response is in the fragment of the redirect_uri. Browsers do not send fragments to
    /// servers: a script on the page has to read it.
    Fragment,
    /// The response is a form that the user's browser posts to the redirect_uri.
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

    /// Returns the mode with this value of the parameter `response_mode`.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}
