//! The short way: one provider, a few attributes by name, one profile. What tornado.auth's `OpenIdMixin` does, verified.

use serde::{Deserialize, Serialize};

use super::super::Discovered;
use super::super::extensions::ax::{self, Attribute, Fetch};
use super::{Assertion, Authenticate, Authentication, RelyingParty};
use crate::{Error, Moment};

/// Something to know of a user.
///
/// ```
/// use oauth_proto::openid::Wish;
///
/// assert_eq!(Wish::ALL.len(), 4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// First, last and full name.
    Name,
    /// The email address.
    Email,
    /// The preferred language.
    Language,
    /// The name that the user goes by.
    Username,
}

impl Wish {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Name, Self::Email, Self::Language, Self::Username];

    /// The attributes that make it up, as they are called in messages and by their types.
    fn attributes(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Name => &[("firstname", ax::FIRST_NAME), ("fullname", ax::FULL_NAME), ("lastname", ax::LAST_NAME)],
            Self::Email => &[("email", ax::EMAIL)],
            Self::Language => &[("language", ax::LANGUAGE)],
            Self::Username => &[("username", ax::USERNAME)],
        }
    }
}

/// What is known of a user. Nothing is there that was not signed.
///
/// ```
/// use oauth_proto::openid::{Assertion, Profile};
///
/// fn greet(assertion: &Assertion) -> String {
///     let profile: Profile = assertion.profile();
///     format!("Hello {}", profile.name.unwrap_or_default())
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Profile {
    /// The key to know the user by. `None` where the answer is about nobody.
    pub claimed_id: Option<String>,
    /// The given name.
    pub first_name: Option<String>,
    /// The family name.
    pub last_name: Option<String>,
    /// The full name; or the other two; or what stands before the `@` of the address.
    pub name: Option<String>,
    /// The email address, by the provider's word.
    pub email: Option<String>,
    /// The preferred language, in small letters.
    pub locale: Option<String>,
    /// The name that the user goes by.
    pub username: Option<String>,
}

impl RelyingParty {
    /// Asks a user who they are at a provider whose endpoint is known, and for some attributes.
    ///
    /// ```
    /// # use oauth_proto::Moment;
    /// use oauth_proto::openid::{RelyingParty, Wish};
    ///
    /// let party = RelyingParty::new("https://rp.example/")?;
    /// let endpoint = "https://op.example/openid";
    /// let authentication =
    ///     party.authenticate_at(endpoint, "https://rp.example/openid", &Wish::ALL, Moment::from_os())?;
    /// assert!(authentication.url()?.starts_with("https://op.example/openid?openid."));
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Discovered::fixed`] and [`authenticate`](Self::authenticate).
    pub fn authenticate_at(
        &self,
        endpoint: &str,
        return_to: &str,
        wishes: &[Wish],
        moment: Moment,
    ) -> Result<Authentication, Error> {
        let mut authenticate = Authenticate::new(return_to);
        let fetch = Wish::ALL
            .into_iter()
            .filter(|wish| wishes.contains(wish))
            .flat_map(Wish::attributes)
            .fold(Fetch::default(), |fetch, (alias, type_uri)| fetch.required(Attribute::new(*alias, *type_uri)));
        if !fetch.attributes.is_empty() {
            authenticate = authenticate.extension(fetch);
        }
        self.authenticate(&Discovered::fixed(endpoint)?, authenticate, moment)
    }
}

impl Assertion {
    /// The user, by the attributes of [`RelyingParty::authenticate_at`].
    pub fn profile(&self) -> Profile {
        let attributes = self.attributes().unwrap_or_default();
        let value = |type_uri| attributes.first(type_uri).filter(|value| !value.is_empty()).map(str::to_owned);
        let (first_name, last_name, email) = (value(ax::FIRST_NAME), value(ax::LAST_NAME), value(ax::EMAIL));
        let joined = || {
            let parts: Vec<_> = first_name.iter().chain(&last_name).map(String::as_str).collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        };
        let begin = || email.as_deref().and_then(|email| email.split('@').next()).map(str::to_owned);
        Profile {
            claimed_id: self.claimed_id().map(str::to_owned),
            name: value(ax::FULL_NAME).or_else(joined).or_else(begin),
            locale: value(ax::LANGUAGE).map(|language| language.to_lowercase()),
            username: value(ax::USERNAME),
            first_name,
            last_name,
            email,
        }
    }
}
