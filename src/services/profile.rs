//! The profile mapping of a row: what is asked for when people sign in, and what is where in their
//! profiles.

/// The mapping of a service's profile: the fields to request, and the place of each field of a
/// [`User`](super::User) in the profile.
///
/// Fields are found by JSON pointers (RFC 6901). A field is unknown when its pointer leads nowhere,
/// to null, to an empty text or to something that is not a text. If a service returns only a part
/// of a URL, the field is that URL with pointers in braces; it is known when each pointer leads to
/// a word of letters, digits, `_`, `-` and `.`.
///
/// ```
/// use oauth_proto::services::{self, ProfileMapping};
///
/// let mut mapping = ProfileMapping::new("/id");
/// mapping.name = Some("/global_name");
/// mapping.picture = Some("https://cdn.discordapp.com/avatars/{/id}/{/avatar}.png");
///
/// assert_eq!(services::DISCORD.profile.unwrap().picture, mapping.picture);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProfileMapping {
    /// The pointer to a text or a whole number. A profile without it is an error.
    pub id: &'static str,
    /// The pointer to a text. Default: `None`.
    pub name: Option<&'static str>,
    /// The pointer to a text. Default: `None`.
    pub given_name: Option<&'static str>,
    /// The pointer to a text. Default: `None`.
    pub family_name: Option<&'static str>,
    /// The pointer to a text. Default: `None`.
    pub username: Option<&'static str>,
    /// The pointer to a text. Default: `None`.
    pub email: Option<&'static str>,
    /// The pointer to a boolean, or to the text `true` or `false`. `None` unless the service
    /// documents that this is about the address. Default: `None`.
    pub email_verified: Option<&'static str>,
    /// The pointer to a URL, or a URL with pointers. Default: `None`.
    pub picture: Option<&'static str>,
    /// The pointer to a text. Default: `None`.
    pub locale: Option<&'static str>,
    /// The place of the addresses, at services that keep them apart from the profile. Default:
    /// `None`.
    pub emails: Option<EmailMapping>,
    /// The scope without which name and address do not come, in words with spaces between them. An
    /// application [can ask for another](super::SignIn::scope). OAuth 1.0 has no scopes. Default:
    /// empty.
    pub scope: &'static str,
    /// The parameters of an authorization request besides the [row's
    /// parameters](field@super::Oauth2::authorization_parameters). Default: empty.
    pub parameters: &'static [(&'static str, &'static str)],
    /// Arguments of the request for the profile. Default: empty.
    pub arguments: &'static [(&'static str, &'static str)],
    /// Headers of the requests for the profile and the addresses, by names in lower case. Default:
    /// empty.
    pub headers: &'static [(&'static str, &'static str)],
    /// The list in the argument `fields`, at services where a request has to name what it wants to
    /// read. Default: empty.
    pub requested_fields: &'static [&'static str],
}

/// The place in which a service keeps the user's addresses, if that is not the profile. The one
/// that is primary and verified becomes the user's.
///
/// ```
/// use oauth_proto::services::{self, EmailMapping};
///
/// let mut mapping = EmailMapping::new("https://api.bitbucket.org/2.0/user/emails");
/// mapping.list = "/values";
/// mapping.primary = "/is_primary";
/// mapping.verified = "/is_confirmed";
///
/// assert_eq!(services::BITBUCKET.profile.unwrap().emails, Some(mapping));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmailMapping {
    /// The URL of the addresses, at the origin of the profile; with the row's `{…}` if it has one.
    pub url: &'static str,
    /// The pointer to the list. It is empty where the response is the list. Default: empty.
    pub list: &'static str,
    /// The pointer, in an element of the list, to the address. Default: `/email`.
    pub email: &'static str,
    /// The pointer to whether it is the primary one. Default: `/primary`.
    pub primary: &'static str,
    /// The pointer to whether it was verified. Default: `/verified`.
    pub verified: &'static str,
}

impl ProfileMapping {
    /// The standard claims of OpenID Connect (Core 1.0 §5.1), with the scopes for them.
    pub const OPENID: Self = Self {
        name: Some("/name"),
        given_name: Some("/given_name"),
        family_name: Some("/family_name"),
        username: Some("/preferred_username"),
        email: Some("/email"),
        email_verified: Some("/email_verified"),
        picture: Some("/picture"),
        locale: Some("/locale"),
        scope: "openid profile email",
        ..Self::new("/sub")
    };

    /// Makes a mapping that knows nothing but the pointer to the identifier. The other fields are
    /// there to be set.
    pub const fn new(id: &'static str) -> Self {
        Self {
            id,
            name: None,
            given_name: None,
            family_name: None,
            username: None,
            email: None,
            email_verified: None,
            picture: None,
            locale: None,
            emails: None,
            scope: "",
            parameters: &[],
            arguments: &[],
            headers: &[],
            requested_fields: &[],
        }
    }
}

impl EmailMapping {
    /// Makes a mapping for a list whose elements have the members `email`, `primary` and
    /// `verified`. The other fields are there to be set.
    pub const fn new(url: &'static str) -> Self {
        Self { url, list: "", email: "/email", primary: "/primary", verified: "/verified" }
    }
}
