//! The profile mapping of a row: the fields that a sign-in requests, and the place of each in the
//! profile.

/// The mapping of a service's profile to a [`User`](super::User): what a sign-in requests, and
/// where each field is in the profile.
///
/// Fields are found by JSON pointers (RFC 6901), such as `/user/name`. A field of the user is
/// `None` if its pointer leads to nothing, to null, to an empty text or to a value of another type.
/// If a profile has only a part of a URL, the mapping is a URL template with pointers in braces.
/// Each of these pointers must lead to a word of letters, digits, `_`, `-` and `.`.
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
    /// The JSON pointer to the user's identifier, a text or a whole number. A profile without it is
    /// an error.
    pub id: &'static str,
    /// The JSON pointer to the user's full name. Default: `None`.
    pub name: Option<&'static str>,
    /// The JSON pointer to the user's first name. Default: `None`.
    pub given_name: Option<&'static str>,
    /// The JSON pointer to the user's last name. Default: `None`.
    pub family_name: Option<&'static str>,
    /// The JSON pointer to the user's name at the service, such as `/login`. Default: `None`.
    pub username: Option<&'static str>,
    /// The JSON pointer to the user's email address. Default: `None`.
    pub email: Option<&'static str>,
    /// The JSON pointer to a boolean, or to the text `true` or `false`, that says whether the email
    /// address was verified. Set it only if the service documents that the member is about the
    /// address. Default: `None`.
    pub email_verified: Option<&'static str>,
    /// The JSON pointer to the URL of the user's picture, or a URL template, in which each pointer
    /// in braces is replaced by its value. Default: `None`.
    pub picture: Option<&'static str>,
    /// The JSON pointer to the user's language. Default: `None`.
    pub locale: Option<&'static str>,
    /// The place of the email addresses, at a service whose profile does not have them. Default:
    /// `None`.
    pub emails: Option<EmailMapping>,
    /// The scope that the profile with name and email address needs, separated by spaces.
    /// [`SignIn::scope`](super::SignIn::scope) replaces it. OAuth 1.0a has no scopes. Default:
    /// empty.
    pub scope: &'static str,
    /// Parameters that a sign-in adds to the [row's
    /// parameters](field@super::Oauth2::authorization_parameters) of the authorization request.
    /// Default: empty.
    pub parameters: &'static [(&'static str, &'static str)],
    /// Arguments in the query of the request for the profile. Default: empty.
    pub arguments: &'static [(&'static str, &'static str)],
    /// Headers of the requests for the profile and the email addresses, with names in lower case.
    /// Default: empty.
    pub headers: &'static [(&'static str, &'static str)],
    /// The list for the argument `fields`, at services where the request must name the fields of
    /// the profile. Default: empty.
    pub requested_fields: &'static [&'static str],
}

/// The place of the user's email addresses, at a service whose profile does not have them. The
/// address that is primary and verified becomes [`User::email`](super::User::email).
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
    /// The URL of the email addresses, at the origin of the profile. It can have the row's `{…}` in
    /// it.
    pub url: &'static str,
    /// The JSON pointer to the list of addresses. Empty if the response itself is the list.
    /// Default: empty.
    pub list: &'static str,
    /// The JSON pointer to the address, in an element of the list. Default: `/email`.
    pub email: &'static str,
    /// The JSON pointer to the boolean that says whether the address is the primary one. Default:
    /// `/primary`.
    pub primary: &'static str,
    /// The JSON pointer to the boolean that says whether the address was verified. Default:
    /// `/verified`.
    pub verified: &'static str,
}

impl ProfileMapping {
    /// The mapping of the standard claims of OpenID Connect (Core 1.0 §5.1), with the scopes for
    /// them.
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

    /// Makes a mapping with the JSON pointer to the user's identifier. Set the other fields
    /// afterwards.
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
    /// `verified`. Set the other fields if the list differs.
    pub const fn new(url: &'static str) -> Self {
        Self { url, list: "", email: "/email", primary: "/primary", verified: "/verified" }
    }
}
