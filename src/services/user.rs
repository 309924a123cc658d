//! The user who signed in: the common fields of profiles, the original profile, and the tokens.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{oauth1, oauth2};

/// The user who signed in.
///
/// A field is `Some` only if the service returned it. Nothing is guessed. Find your own account of
/// the user by the service and [`id`](Self::id). Do not use the email address for that: its owner
/// can change, and an unverified address can be another user's.
///
/// The type implements serde's `Serialize` and `Deserialize`. The serialized form has the tokens in
/// it.
///
/// ```
/// use oauth_proto::oauth2::Token;
/// use oauth_proto::services::{Tokens, User};
///
/// let mut user = User::new(
///     "583231",
///     Tokens::Oauth2(Token::bearer("gho_16C7e42F292c6912E7710c838347Ae178B4a")),
/// );
/// user.username = Some("octocat".into());
/// assert_eq!(user.email_verified, None);
/// assert!(!format!("{user:?}").contains("gho_"));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct User {
    /// The permanent identifier of the user at the service. A number becomes a text. Two services
    /// can have the same identifier. Some services give each application another identifier for the
    /// same user.
    pub id: String,
    /// The full name, for display.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The first name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// The last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// The user's name at the service, such as `screen_name` or `login`. It can be given to another
    /// user later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The email address. Check [`email_verified`](Self::email_verified) before you trust it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the service verified the email address. `None` if the service does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
    /// The URL of the user's picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// The language, and perhaps the country, in the spelling of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// The lifetime of the access token in seconds, counted from the token response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_expires: Option<u64>,
    /// The original profile.
    pub raw: Value,
    /// The tokens, for further requests to the API.
    pub tokens: Tokens,
}

/// The tokens that the service issued for a user.
///
/// ```
/// use oauth_proto::oauth2::Token;
/// use oauth_proto::services::Tokens;
///
/// let tokens = Tokens::Oauth2(Token::bearer("mF_9.B5f-4.1JqM"));
/// assert!(matches!(tokens, Tokens::Oauth2(_)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tokens {
    /// The token of an OAuth 1.0a service.
    Oauth1(oauth1::Token),
    /// The token of an OAuth 2.0 service.
    Oauth2(oauth2::Token),
}

impl User {
    /// Makes a user with an identifier and tokens. Set the other fields in the mapping of
    /// [`SignIn::custom`](super::SignIn::custom).
    pub fn new(id: impl Into<String>, tokens: Tokens) -> Self {
        Self {
            id: id.into(),
            name: None,
            given_name: None,
            family_name: None,
            username: None,
            email: None,
            email_verified: None,
            picture: None,
            locale: None,
            session_expires: None,
            raw: Value::Null,
            tokens,
        }
    }
}

impl fmt::Debug for User {
    /// Only the names of the original profile's members are shown, since the values can be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("given_name", &self.given_name)
            .field("family_name", &self.family_name)
            .field("username", &self.username)
            .field("email", &self.email)
            .field("email_verified", &self.email_verified)
            .field("picture", &self.picture)
            .field("locale", &self.locale)
            .field("session_expires", &self.session_expires)
            .field("raw", &self.raw.as_object().map(|raw| raw.keys().collect::<Vec<_>>()))
            .field("tokens", &self.tokens)
            .finish()
    }
}
