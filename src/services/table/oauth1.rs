//! Services that speak OAuth 1.0a, and two that no longer exist.

use crate::services::profile::ProfileMapping;
use crate::services::protocol::Oauth1;
use crate::services::service::Service;

/// X, formerly Twitter, with OAuth 1.0a. The profile has the email address if the request has the
/// [argument](field@crate::services::SignIn::profile_arguments) `include_email=true` and the
/// application has that permission. The documentation says that the address is verified, but the
/// profile does not: its `verified` is about the account.
pub const TWITTER: Service = Service::oauth1(
    "Twitter",
    Oauth1::new(
        "https://api.x.com/oauth/request_token",
        "https://api.x.com/oauth/authorize",
        "https://api.x.com/oauth/access_token",
    )
    .authentication("https://api.x.com/oauth/authenticate"),
)
.documentation(
    "https://docs.x.com/resources/fundamentals/authentication/oauth-1-0a/\
     obtaining-user-access-tokens",
)
.api(&[
    "https://api.twitter.com/1.1",
    "https://api.x.com",
    "https://upload.twitter.com",
    "https://upload.x.com",
])
.api_suffix(".json")
.userinfo("https://api.x.com/1.1/account/verify_credentials.json")
.profile(ProfileMapping {
    name: Some("/name"),
    username: Some("/screen_name"),
    email: Some("/email"),
    picture: Some("/profile_image_url_https"),
    locale: Some("/lang"),
    ..ProfileMapping::new("/id_str")
});

/// Tumblr, with OAuth 1.0a. See also [`TUMBLR`](super::TUMBLR).
pub const TUMBLR_OAUTH1: Service = Service::oauth1(
    "Tumblr (OAuth 1.0a)",
    Oauth1::new(
        "https://www.tumblr.com/oauth/request_token",
        "https://www.tumblr.com/oauth/authorize",
        "https://www.tumblr.com/oauth/access_token",
    ),
)
.documentation("https://www.tumblr.com/docs/en/api/v2")
.api(&["https://api.tumblr.com"]);

/// Flickr. The authorization URL needs the parameter `perms`: `read`, `write` or `delete`.
pub const FLICKR: Service = Service::oauth1(
    "Flickr",
    Oauth1::new(
        "https://www.flickr.com/services/oauth/request_token",
        "https://www.flickr.com/services/oauth/authorize",
        "https://www.flickr.com/services/oauth/access_token",
    ),
)
.documentation("https://www.flickr.com/services/api/auth.oauth.html")
.api(&["https://api.flickr.com", "https://up.flickr.com"]);

/// Discogs. It refuses requests without your own `User-Agent`.
pub const DISCOGS: Service = Service::oauth1(
    "Discogs",
    Oauth1::new(
        "https://api.discogs.com/oauth/request_token",
        "https://www.discogs.com/oauth/authorize",
        "https://api.discogs.com/oauth/access_token",
    ),
)
.documentation("https://www.discogs.com/developers")
.api(&["https://api.discogs.com"]);

/// Trello. The authorization URL accepts the parameters `name`, `scope` (separated by commas) and
/// `expiration`, such as `never`.
pub const TRELLO: Service = Service::oauth1(
    "Trello",
    Oauth1::new(
        "https://trello.com/1/OAuthGetRequestToken",
        "https://trello.com/1/OAuthAuthorizeToken",
        "https://trello.com/1/OAuthGetAccessToken",
    ),
)
.documentation("https://developer.atlassian.com/cloud/trello/guides/rest-api/authorization/")
.api(&["https://api.trello.com"]);

/// SmugMug. The authorization URL accepts the parameters `Access` and `Permissions`.
pub const SMUGMUG: Service = Service::oauth1(
    "SmugMug",
    Oauth1::new(
        "https://api.smugmug.com/services/oauth/1.0a/getRequestToken",
        "https://api.smugmug.com/services/oauth/1.0a/authorize",
        "https://api.smugmug.com/services/oauth/1.0a/getAccessToken",
    ),
)
.documentation("https://api.smugmug.com/api/v2/doc/tutorial/authorization.html")
.api(&["https://api.smugmug.com", "https://upload.smugmug.com"]);

/// Bitbucket, with OAuth 1.0a. It no longer exists: use [`BITBUCKET`](super::BITBUCKET). The row is
/// for recordings and tests.
pub const BITBUCKET_OAUTH1: Service = Service::oauth1(
    "Bitbucket (OAuth 1.0a)",
    Oauth1::new(
        "https://bitbucket.org/api/1.0/oauth/request_token",
        "https://bitbucket.org/api/1.0/oauth/authenticate",
        "https://bitbucket.org/api/1.0/oauth/access_token",
    ),
)
.documentation("https://developer.atlassian.com/cloud/bitbucket/")
.api(&["https://bitbucket.org", "https://api.bitbucket.org"]);

/// Version 1 of Dropbox's API, with OAuth 1.0 of 2007: the callback is in the authorization URL,
/// and there is no verifier. It ended in 2017: use [`DROPBOX`](super::DROPBOX). Use this row only
/// for recorded responses, for tests, or with a server of yours that implements the old API. To
/// sign users in with it, set
/// [`SignIn::dangerous_version_1_0`](field@crate::services::SignIn::dangerous_version_1_0).
pub const DROPBOX_V1: Service = Service::oauth1(
    "Dropbox (version 1)",
    Oauth1::new(
        "https://api.dropbox.com/1/oauth/request_token",
        "https://www.dropbox.com/1/oauth/authorize",
        "https://api.dropbox.com/1/oauth/access_token",
    )
    .version_2007(),
)
.documentation("https://www.dropbox.com/developers-v1/core/docs")
.api(&["https://api.dropbox.com/1", "https://api-content.dropbox.com"])
.userinfo("https://api.dropbox.com/1/account/info")
.profile(ProfileMapping {
    name: Some("/display_name"),
    given_name: Some("/name_details/given_name"),
    family_name: Some("/name_details/surname"),
    username: Some("/display_name"),
    email: Some("/email"),
    email_verified: Some("/email_verified"),
    locale: Some("/locale"),
    ..ProfileMapping::new("/uid")
});
