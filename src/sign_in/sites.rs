//! The services that people sign in by, as rows: what is asked for, and what comes.
//!
//! A service that can do OpenID Connect is asked by it for its profile, since its claims are the same everywhere.
//!
//! ```
//! use oauth_proto::sign_in::sites::{ALL, GITHUB};
//!
//! assert_eq!(GITHUB.scope, "read:user user:email");
//! assert!(ALL.iter().any(|site| site.name() == "GitHub"));
//! ```

use super::{Emails, Fields, Site};
use crate::services;

/// Google, by OpenID Connect.
pub const GOOGLE: Site = Site::oauth2(services::GOOGLE, Fields::OPENID).scope("openid profile email");

/// Facebook. It does not say whether an address was verified.
pub const FACEBOOK: Site = Site::oauth2(
    services::FACEBOOK,
    Fields {
        name: Some("/name"),
        given_name: Some("/first_name"),
        family_name: Some("/last_name"),
        email: Some("/email"),
        picture: Some("/picture/data/url"),
        locale: Some("/locale"),
        ..Fields::NONE
    },
)
.scope("public_profile email")
.asked(&["id", "name", "first_name", "last_name", "locale", "picture", "link", "email"])
.proves_secret();

/// Twitter, by OAuth 1.0a. An address comes with the argument `include_email=true`, and with a permission that is set up
/// with the application; that it is verified is documented and not said. (`verified` is about the account.)
pub const TWITTER: Site = Site::oauth1(
    services::TWITTER_OAUTH1,
    "https://api.x.com/1.1/account/verify_credentials.json",
    Fields {
        id: "/id_str",
        name: Some("/name"),
        username: Some("/screen_name"),
        email: Some("/email"),
        picture: Some("/profile_image_url_https"),
        locale: Some("/lang"),
        ..Fields::NONE
    },
);

/// Version 1 of Dropbox's API, by OAuth 1.0 of 2007. Retired in 2017; for recordings, tests and servers that took its place.
///
/// What it gives away: nothing ties the user who comes back to the one who granted access, so an attacker can sign in as a
/// user whom they had grant access.
pub const DROPBOX_V1: Site = Site::oauth1(
    services::DROPBOX_V1,
    "https://api.dropbox.com/1/account/info",
    Fields {
        id: "/uid",
        name: Some("/display_name"),
        given_name: Some("/name_details/given_name"),
        family_name: Some("/name_details/surname"),
        username: Some("/display_name"),
        email: Some("/email"),
        email_verified: Some("/email_verified"),
        locale: Some("/locale"),
        ..Fields::NONE
    },
);

/// GitHub. Its API refuses requests without a `User-Agent`, and wants the application's name there.
pub const GITHUB: Site =
    Site::oauth2(services::GITHUB, GITHUB_FIELDS).scope(GITHUB_SCOPE).headers(GITHUB_HEADERS).emails(GITHUB_EMAILS);

/// GitHub Enterprise Server: the base is an installation's URL.
pub const GITHUB_ENTERPRISE: Site = Site::oauth2(services::GITHUB_ENTERPRISE, GITHUB_FIELDS)
    .scope(GITHUB_SCOPE)
    .headers(GITHUB_HEADERS)
    .emails(Emails { url: "{base}/api/v3/user/emails", ..GITHUB_EMAILS });

const GITHUB_FIELDS: Fields =
    Fields { name: Some("/name"), username: Some("/login"), picture: Some("/avatar_url"), ..Fields::NONE };
const GITHUB_SCOPE: &str = "read:user user:email";
const GITHUB_HEADERS: &[(&str, &str)] = &[("user-agent", "oauth-proto")];
const GITHUB_EMAILS: Emails = Emails {
    url: "https://api.github.com/user/emails",
    list: "",
    email: "/email",
    primary: "/primary",
    verified: "/verified",
};

/// GitLab, by OpenID Connect: gitlab.com, or an installation. The nickname is what GitLab calls the username.
pub const GITLAB: Site = Site::oauth2(services::GITLAB, Fields { username: Some("/nickname"), ..Fields::OPENID })
    .scope("openid profile email");

/// LinkedIn, by OpenID Connect.
pub const LINKEDIN: Site = Site::oauth2(services::LINKEDIN, Fields::OPENID).scope("openid profile email");

/// Microsoft, by OpenID Connect. An organization's administrator can write any address into an account, so nothing is said
/// about its being verified. The picture's URL wants the token.
pub const MICROSOFT: Site =
    Site::oauth2(services::MICROSOFT, Fields { email_verified: None, ..Fields::OPENID }).scope("openid profile email");

/// Bitbucket Cloud. Scopes are set up with the consumer: `account` and `email`.
pub const BITBUCKET: Site = Site::oauth2(
    services::BITBUCKET,
    Fields {
        id: "/uuid",
        name: Some("/display_name"),
        username: Some("/nickname"),
        picture: Some("/links/avatar/href"),
        ..Fields::NONE
    },
)
.emails(Emails {
    url: "https://api.bitbucket.org/2.0/user/emails",
    list: "/values",
    email: "/email",
    primary: "/is_primary",
    verified: "/is_confirmed",
});

/// Discord.
pub const DISCORD: Site = Site::oauth2(
    services::DISCORD,
    Fields {
        name: Some("/global_name"),
        username: Some("/username"),
        email: Some("/email"),
        email_verified: Some("/verified"),
        picture: Some("https://cdn.discordapp.com/avatars/{/id}/{/avatar}.png"),
        locale: Some("/locale"),
        ..Fields::NONE
    },
)
.scope("identify email");

/// Spotify. Addresses are not verified.
pub const SPOTIFY: Site = Site::oauth2(
    services::SPOTIFY,
    Fields { name: Some("/display_name"), email: Some("/email"), picture: Some("/images/0/url"), ..Fields::NONE },
)
.scope("user-read-private user-read-email");

/// Twitch, by OpenID Connect: what is to come has to be named. The name is the one that is displayed.
pub const TWITCH: Site = Site::oauth2(services::TWITCH, Fields { name: Some("/preferred_username"), ..Fields::OPENID })
    .scope("openid user:read:email")
    .parameters(&[(
        "claims",
        r#"{"userinfo":{"email":null,"email_verified":null,"picture":null,"preferred_username":null}}"#,
    )]);

/// Sign in with Slack, by OpenID Connect.
pub const SLACK: Site = Site::oauth2(services::SLACK_SIGN_IN, Fields::OPENID).scope("openid profile email");

/// Yahoo, by OpenID Connect.
pub const YAHOO: Site = Site::oauth2(services::YAHOO, Fields::OPENID).scope("openid profile email");

/// Every row. Not each of them makes a button: [`DROPBOX_V1`] is for [`SignIn::dangerous_dropbox_v1`](super::SignIn), and
/// [`GITHUB_ENTERPRISE`] wants [a place](super::SignIn::new_at).
pub const ALL: &[&Site] = &[
    &GOOGLE,
    &FACEBOOK,
    &TWITTER,
    &DROPBOX_V1,
    &GITHUB,
    &GITHUB_ENTERPRISE,
    &GITLAB,
    &LINKEDIN,
    &MICROSOFT,
    &BITBUCKET,
    &DISCORD,
    &SPOTIFY,
    &TWITCH,
    &SLACK,
    &YAHOO,
];
