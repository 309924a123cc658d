//! The user who signed in: the fields that services have in common, the original profile, and the
//! tokens.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{oauth1, oauth2};

/// The user who signed in.
///
/// A field is there when the service said so, and only then: nothing is guessed. An application
/// that knows its users from before finds them by [`id`](Self::id) and the service; an address is
/// not an identity, since its owner can change, and one that is not verified may be another's.
///
/// Store it with serde; the stored form holds the tokens.
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
    /// The permanent identifier of the user at the service. A number is written as a text. It is
    /// unique at the service, not among services; some give every application another one.
    pub id: String,
    /// The name, as it is displayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The first name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// The last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// The name that the user goes by at the service: `screen_name`, `login`, … It can change
    /// hands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The address. See [`email_verified`](Self::email_verified) before believing it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the service says that the address was verified; `None` where it says nothing about
    /// that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
    /// The URL of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// The language, and perhaps the country, as the service writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// After how many seconds the access token expires, counted from when it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_expires: Option<u64>,
    /// The profile as it came.
    pub raw: Value,
    /// The tokens for further requests.
    pub tokens: Tokens,
}

/// The tokens of the sign-in.
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
    /// Those of an OAuth 1.0 service.
    Oauth1(oauth1::Token),
    /// Those of an OAuth 2.0 service.
    Oauth2(oauth2::Token),
}

impl User {
    /// Makes a user with an identifier and tokens alone: the beginning of a custom mapping.
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
    /// Only the names of the original profile are shown: a service may put anything there.
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
