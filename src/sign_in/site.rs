//! A service to sign in at, as data: how it is spoken to, where its profiles are, and where in them what is.

use crate::services::{Oauth1Service, Service};

/// A service to sign in at: a row of [`services`](crate::services), and what it says of its users.
///
/// The rows of this crate are in [`sites`](super::sites). One of your own can be a constant as well:
///
/// ```
/// use oauth_proto::services;
/// use oauth_proto::sign_in::{Fields, SignIn, Site};
///
/// const ZOOM: Site = Site::oauth2(
///     services::ZOOM,
///     Fields {
///         id: "/id",
///         name: Some("/display_name"),
///         given_name: Some("/first_name"),
///         family_name: Some("/last_name"),
///         email: Some("/email"),
///         picture: Some("/pic_url"),
///         locale: Some("/language"),
///         ..Fields::NONE
///     },
/// )
/// .scope("user:read:user");
///
/// let sign_in = SignIn::new(&ZOOM, "client id", "client secret", "https://app.example/callback")?;
/// # Ok::<(), oauth_proto::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Site {
    /// The service's endpoints and its ways.
    pub service: Protocol,
    /// What is asked for unless the application says otherwise: what makes name and address come. OAuth 1.0 has no scopes.
    pub scope: &'static str,
    /// What an authorization request carries besides what the row of the service says.
    pub parameters: &'static [(&'static str, &'static str)],
    /// Where the profile is, if not at the row's `userinfo`: a URL, with the row's `{…}` if it has one.
    pub profile: Option<&'static str>,
    /// Arguments of the request for the profile.
    pub arguments: &'static [(&'static str, &'static str)],
    /// Headers of the request for the profile, by names in lower case.
    pub headers: &'static [(&'static str, &'static str)],
    /// What the argument `fields` lists, with commas, at services where one has to say what one wants to read.
    pub asked: &'static [&'static str],
    /// Whether requests carry Facebook's `appsecret_proof`.
    pub proves_secret: bool,
    /// What is where in the profile.
    pub fields: Fields,
    /// Where the addresses are, at services that keep them apart from the profile.
    pub emails: Option<Emails>,
}

/// The protocol of a service, and its row.
///
/// ```
/// use oauth_proto::sign_in::{Protocol, sites};
///
/// assert!(matches!(sites::GOOGLE.service, Protocol::Oauth2(_)));
/// assert!(matches!(sites::TWITTER.service, Protocol::Oauth1(_)));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant, reason = "a box cannot be made in a constant, and there are few of these")]
pub enum Protocol {
    /// OAuth 2.0.
    Oauth2(Service),
    /// OAuth 1.0.
    Oauth1(Oauth1Service),
}

/// Where in a profile each field of a [`User`](super::User) is: JSON pointers (RFC 6901).
///
/// A pointer that leads nowhere, to null, to an empty text or to what is no text, is a field that the service does not say.
/// Where only a part of a URL is said, the field is that URL with pointers in braces; it comes when each of them leads to a
/// word of letters, digits, `_`, `-` and `.`.
///
/// ```
/// use oauth_proto::sign_in::Fields;
///
/// const DISCORD: Fields = Fields {
///     name: Some("/global_name"),
///     picture: Some("https://cdn.discordapp.com/avatars/{/id}/{/avatar}.png"),
///     ..Fields::NONE
/// };
/// assert_eq!(DISCORD.id, "/id");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    /// A text or a whole number. A profile without one is an error.
    pub id: &'static str,
    /// A text.
    pub name: Option<&'static str>,
    /// A text.
    pub given_name: Option<&'static str>,
    /// A text.
    pub family_name: Option<&'static str>,
    /// A text.
    pub username: Option<&'static str>,
    /// A text.
    pub email: Option<&'static str>,
    /// A boolean, or the text `true` or `false`. `None` unless the service documents that this is about the address.
    pub email_verified: Option<&'static str>,
    /// A URL.
    pub picture: Option<&'static str>,
    /// A text.
    pub locale: Option<&'static str>,
}

/// Where a service keeps the user's addresses, if not in the profile. The one that is primary and verified is taken, or
/// none.
///
/// ```
/// use oauth_proto::sign_in::sites::GITHUB;
///
/// assert_eq!(GITHUB.emails.unwrap().url, "https://api.github.com/user/emails");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emails {
    /// Where the addresses are, at the origin of the profile; with the row's `{…}` if it has one.
    pub url: &'static str,
    /// The pointer to the list; empty where the answer is the list.
    pub list: &'static str,
    /// In an element of it, the pointer to the address.
    pub email: &'static str,
    /// The pointer to whether it is the primary one.
    pub primary: &'static str,
    /// The pointer to whether it was verified.
    pub verified: &'static str,
}

impl Fields {
    /// An identifier at `/id`, and nothing else.
    pub const NONE: Self = Self {
        id: "/id",
        name: None,
        given_name: None,
        family_name: None,
        username: None,
        email: None,
        email_verified: None,
        picture: None,
        locale: None,
    };

    /// The standard claims of OpenID Connect (Core 1.0 §5.1).
    pub const OPENID: Self = Self {
        id: "/sub",
        name: Some("/name"),
        given_name: Some("/given_name"),
        family_name: Some("/family_name"),
        username: Some("/preferred_username"),
        email: Some("/email"),
        email_verified: Some("/email_verified"),
        picture: Some("/picture"),
        locale: Some("/locale"),
    };
}

impl Site {
    /// An OAuth 2.0 service whose profile is at the row's `userinfo`.
    pub const fn oauth2(provider: Service, fields: Fields) -> Self {
        Self::new(Protocol::Oauth2(provider), fields)
    }

    /// An OAuth 1.0 service, and where its profile is.
    ///
    /// A row of the version of 2007 gives away what ties the user who comes back to the one who granted access: an attacker
    /// can sign in as a user whom they had grant access.
    pub const fn oauth1(provider: Oauth1Service, profile: &'static str, fields: Fields) -> Self {
        Self::new(Protocol::Oauth1(provider), fields).profile(profile)
    }

    const fn new(service: Protocol, fields: Fields) -> Self {
        Self {
            service,
            scope: "",
            parameters: &[],
            profile: None,
            arguments: &[],
            headers: &[],
            asked: &[],
            proves_secret: false,
            fields,
            emails: None,
        }
    }

    /// With that [`scope`](Self::scope), in words with spaces between them.
    pub const fn scope(mut self, scope: &'static str) -> Self {
        self.scope = scope;
        self
    }

    /// With these [`parameters`](Self::parameters).
    pub const fn parameters(mut self, parameters: &'static [(&'static str, &'static str)]) -> Self {
        self.parameters = parameters;
        self
    }

    /// With the [`profile`](Self::profile) there.
    pub const fn profile(mut self, url: &'static str) -> Self {
        self.profile = Some(url);
        self
    }

    /// With these [`arguments`](Self::arguments).
    pub const fn arguments(mut self, arguments: &'static [(&'static str, &'static str)]) -> Self {
        self.arguments = arguments;
        self
    }

    /// With these [`headers`](Self::headers).
    pub const fn headers(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        self.headers = headers;
        self
    }

    /// With these fields [asked](Self::asked) for.
    pub const fn asked(mut self, fields: &'static [&'static str]) -> Self {
        self.asked = fields;
        self
    }

    /// With Facebook's `appsecret_proof`.
    pub const fn proves_secret(mut self) -> Self {
        self.proves_secret = true;
        self
    }

    /// With the addresses there.
    pub const fn emails(mut self, emails: Emails) -> Self {
        self.emails = Some(emails);
        self
    }

    /// The service's name, as people write it.
    pub fn name(&self) -> &'static str {
        match &self.service {
            Protocol::Oauth2(provider) => provider.name,
            Protocol::Oauth1(provider) => provider.name,
        }
    }
}
