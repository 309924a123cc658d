//! Services for media and sports.

use crate::oauth2::Quirks;
use crate::services::profile::ProfileMapping;
use crate::services::protocol::Oauth2;
use crate::services::service::Service;

/// Spotify. It does not verify email addresses.
pub const SPOTIFY: Service = Service::oauth2(
    "Spotify",
    Oauth2::new("https://accounts.spotify.com/authorize", "https://accounts.spotify.com/api/token"),
)
.documentation("https://developer.spotify.com/documentation/web-api/tutorials/code-flow")
.api(&["https://api.spotify.com"])
.userinfo("https://api.spotify.com/v1/me")
.profile(ProfileMapping {
    name: Some("/display_name"),
    email: Some("/email"),
    picture: Some("/images/0/url"),
    scope: "user-read-private user-read-email",
    ..ProfileMapping::new("/id")
});

/// Twitch. API calls at `api.twitch.tv` need the header `Client-Id`. In its device grant, the
/// parameter for the scope is named `scopes`.
pub const TWITCH: Service = Service::oauth2(
    "Twitch",
    Oauth2::new("https://id.twitch.tv/oauth2/authorize", "https://id.twitch.tv/oauth2/token")
        .revocation("https://id.twitch.tv/oauth2/revoke")
        .issuer("https://id.twitch.tv/oauth2")
        .secret_in_body()
        .quirks(Quirks { allow_scope_array: true, ..Quirks::STRICT }),
)
.documentation("https://dev.twitch.tv/docs/authentication/getting-tokens-oauth/")
.api(&["https://api.twitch.tv", "https://id.twitch.tv"])
.userinfo("https://id.twitch.tv/oauth2/userinfo")
.profile(ProfileMapping {
    // The name for display.
    name: Some("/preferred_username"),
    scope: "openid user:read:email",
    // The request must name the claims.
    parameters: &[(
        "claims",
        concat!(
            r#"{"userinfo":{"email":null,"email_verified":null,"picture":null,"#,
            r#""preferred_username":null}}"#,
        ),
    )],
    ..ProfileMapping::OPENID
});

/// Vimeo. Its client secrets have reserved characters, which its own libraries send without
/// encoding.
pub const VIMEO: Service = Service::oauth2(
    "Vimeo",
    Oauth2::new(
        "https://api.vimeo.com/oauth/authorize",
        "https://api.vimeo.com/oauth/access_token",
    )
    .secret_raw(),
)
.documentation("https://developer.vimeo.com/api/authentication")
.api(&["https://api.vimeo.com"])
.userinfo("https://api.vimeo.com/me");

/// Patreon, memberships for creators.
pub const PATREON: Service = Service::oauth2(
    "Patreon",
    Oauth2::new(
        "https://www.patreon.com/oauth2/authorize",
        "https://www.patreon.com/api/oauth2/token",
    )
    .secret_in_body(),
)
.documentation("https://docs.patreon.com/")
.api(&["https://www.patreon.com"])
.userinfo("https://www.patreon.com/api/oauth2/v2/identity");

/// WordPress.com and Jetpack sites. A token is for one site, except with the scopes `global` and
/// `auth`.
pub const WORDPRESS_COM: Service = Service::oauth2(
    "WordPress.com",
    Oauth2::new(
        "https://public-api.wordpress.com/oauth2/authorize",
        "https://public-api.wordpress.com/oauth2/token",
    )
    .secret_in_body(),
)
.documentation("https://developer.wordpress.com/docs/oauth2/")
.api(&["https://public-api.wordpress.com"])
.userinfo("https://public-api.wordpress.com/rest/v1.1/me");

/// Strava, sports activities.
pub const STRAVA: Service = Service::oauth2(
    "Strava",
    Oauth2::new(
        "https://www.strava.com/oauth/authorize",
        "https://www.strava.com/api/v3/oauth/token",
    )
    .scopes_by_comma()
    .secret_in_body(),
)
.documentation("https://developers.strava.com/docs/authentication/")
.api(&["https://www.strava.com"])
.userinfo("https://www.strava.com/api/v3/athlete");

/// Fitbit. A refusal has a list of errors. The row has no introspection endpoint, because that of
/// Fitbit needs a user's token instead of the client's credentials.
pub const FITBIT: Service = Service::oauth2(
    "Fitbit",
    Oauth2::new("https://www.fitbit.com/oauth2/authorize", "https://api.fitbit.com/oauth2/token")
        .revocation("https://api.fitbit.com/oauth2/revoke")
        .quirks(Quirks { allow_error_list: true, ..Quirks::STRICT }),
)
.documentation("https://dev.fitbit.com/build/reference/web-api/developer-guide/authorization/")
.api(&["https://api.fitbit.com"])
.userinfo("https://api.fitbit.com/1/user/-/profile.json");

/// OpenStreetMap, the map that its users edit.
pub const OPENSTREETMAP: Service = Service::oauth2(
    "OpenStreetMap",
    Oauth2::new(
        "https://www.openstreetmap.org/oauth2/authorize",
        "https://www.openstreetmap.org/oauth2/token",
    )
    .revocation("https://www.openstreetmap.org/oauth2/revoke")
    .introspection("https://www.openstreetmap.org/oauth2/introspect")
    .issuer("https://www.openstreetmap.org"),
)
.documentation("https://wiki.openstreetmap.org/wiki/OAuth")
.api(&["https://api.openstreetmap.org", "https://www.openstreetmap.org"])
.userinfo("https://www.openstreetmap.org/oauth2/userinfo");
