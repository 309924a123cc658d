//! The profile: the common attributes of a user in one struct.

use serde::{Deserialize, Serialize};

use super::super::extensions::ax::{self, Attribute, FetchRequest};
use super::super::extensions::sreg::{self, Field};
use super::assertion::Assertion;
use super::authorize::Authorize;

/// A field of a user's profile that can be requested.
///
/// ```
/// use oauth_proto::openid2::ProfileField;
///
/// let wanted = [ProfileField::Name, ProfileField::Email];
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileField {
    /// The first, last and full name.
    Name,
    /// The email address.
    Email,
    /// The preferred language.
    Language,
    /// The user's name at the provider, a nickname.
    Username,
}

impl ProfileField {
    const ALL: [Self; 4] = [Self::Name, Self::Email, Self::Language, Self::Username];

    /// Returns the attributes of the field: their aliases and types.
    fn attributes(self) -> &'static [(&'static str, ax::AttributeType)] {
        match self {
            Self::Name => &[
                ("firstname", ax::AttributeType::FirstName),
                ("fullname", ax::AttributeType::FullName),
                ("lastname", ax::AttributeType::LastName),
            ],
            Self::Email => &[("email", ax::AttributeType::Email)],
            Self::Language => &[("language", ax::AttributeType::Language)],
            Self::Username => &[("username", ax::AttributeType::Username)],
        }
    }
}

/// The signed attributes of a user, from attribute exchange or simple registration.
///
/// ```
/// use oauth_proto::openid2::{Assertion, Profile};
///
/// fn greet(assertion: &Assertion) -> String {
///     let profile: Profile = assertion.profile();
///     format!("Hello {}", profile.name.unwrap_or_default())
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Profile {
    /// The claimed identifier, by which you find the user's account in your application. `None` if
    /// the request was without identity.
    pub claimed_id: Option<String>,
    /// The user's first name.
    pub first_name: Option<String>,
    /// The user's last name.
    pub last_name: Option<String>,
    /// The user's full name. If it is missing, the first and last name, or the part of the email
    /// address before the `@`.
    pub name: Option<String>,
    /// The email address that the provider asserts. Only the provider knows whether it was
    /// verified.
    pub email: Option<String>,
    /// The preferred language, in lower case.
    pub locale: Option<String>,
    /// The user's name at the provider, a nickname.
    pub username: Option<String>,
}

impl Authorize {
    /// Requests fields of the user's profile with Attribute Exchange. [`Assertion::profile`] reads
    /// them. The request replaces another [`ax::FetchRequest`].
    ///
    /// A sign-in with a [known provider](super::Discovered::known_provider) needs no more than
    /// this:
    ///
    /// ```
    /// use oauth_proto::openid2::server::store::Store;
    /// use oauth_proto::openid2::{
    ///     Authorize, Discovered, Options, Pending, Profile, ProfileField, RelyingParty,
    /// };
    /// use oauth_proto::{DriveError, Moment, Request, Response, run};
    ///
    /// /// Returns the URL for the redirect, and the pending value to keep for this browser.
    /// fn begin(party: &RelyingParty) -> Result<(String, Pending), oauth_proto::Error> {
    ///     let provider = Discovered::known_provider("https://op.example/openid")?;
    ///     let authorize = Authorize::new(&provider, "https://rp.example/openid")
    ///         .profile([ProfileField::Name, ProfileField::Email]);
    ///     let authorization = party.authorize(authorize, Moment::from_os())?;
    ///     Ok((authorization.url()?, authorization.pending))
    /// }
    ///
    /// /// `uri` is the URL that the browser requested when it came back. At Steam, whose endpoint
    /// /// is `https://steamcommunity.com/openid/login`, the claimed identifier ends in the user's
    /// /// number.
    /// fn finish(
    ///     party: &RelyingParty,
    ///     store: &impl Store<Error = std::io::Error>,
    ///     send: impl FnMut(Request) -> Result<Response, std::io::Error>,
    ///     pending: Pending,
    ///     uri: &str,
    /// ) -> Result<Profile, DriveError> {
    ///     Ok(run(party.redeem(pending, uri, Moment::from_os())?, send)?.confirm(store)?.profile())
    /// }
    ///
    /// let (url, _) = begin(&RelyingParty::new("https://rp.example/", Options::default())?)?;
    /// assert!(url.starts_with("https://op.example/openid?openid."));
    /// # Ok::<(), oauth_proto::Error>(())
    /// ```
    pub fn profile(self, fields: impl IntoIterator<Item = ProfileField>) -> Self {
        let fields: Vec<_> = fields.into_iter().collect();
        let asked = ProfileField::ALL.into_iter().filter(|field| fields.contains(field));
        let attributes = asked.flat_map(ProfileField::attributes);
        let required =
            attributes.map(|(alias, type_uri)| Attribute::new(*alias, *type_uri)).collect();
        self.extension(FetchRequest { required, ..FetchRequest::default() })
    }
}

impl Assertion {
    /// Returns the user's profile, from the attributes of [`Authorize::profile`] or from the fields
    /// of simple registration.
    pub fn profile(&self) -> Profile {
        let attributes = self.extension::<ax::FetchResponse>().unwrap_or_default();
        let registration = self.extension::<sreg::Response>().unwrap_or_default();
        let filled =
            |value: Option<&str>| value.filter(|value| !value.is_empty()).map(str::to_owned);
        let value = |type_uri| filled(attributes.first(type_uri));
        let registered = |field| filled(registration.values.get(&field).map(String::as_str));
        let either = |type_uri, field| value(type_uri).or_else(|| registered(field));
        let (first_name, last_name) =
            (value(ax::AttributeType::FirstName), value(ax::AttributeType::LastName));
        let email = either(ax::AttributeType::Email, Field::Email);
        let joined = || {
            let parts: Vec<_> = first_name.iter().chain(&last_name).map(String::as_str).collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        };
        let begin =
            || email.as_deref().and_then(|email| email.split('@').next()).map(str::to_owned);
        Profile {
            claimed_id: self.claimed_id.clone(),
            name: either(ax::AttributeType::FullName, Field::Fullname)
                .or_else(joined)
                .or_else(begin),
            locale: either(ax::AttributeType::Language, Field::Language)
                .map(|language| language.to_lowercase()),
            username: either(ax::AttributeType::Username, Field::Nickname),
            first_name,
            last_name,
            email,
        }
    }
}
