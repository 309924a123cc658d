//! Media and sports: what people watch, hear, write, draw and run.

use super::Service;
use crate::oauth2::Quirks;

/// Spotify.
pub const SPOTIFY: Service = Service::new(
    "Spotify",
    "https://developer.spotify.com/documentation/web-api/tutorials/code-flow",
    "https://accounts.spotify.com/authorize",
    "https://accounts.spotify.com/api/token",
)
.userinfo("https://api.spotify.com/v1/me")
.api(&["https://api.spotify.com"]);

/// Twitch. Calls of the API at `api.twitch.tv` need the header `Client-Id`. Its device grant names the scopes `scopes`.
pub const TWITCH: Service = Service::new(
    "Twitch",
    "https://dev.twitch.tv/docs/authentication/getting-tokens-oauth/",
    "https://id.twitch.tv/oauth2/authorize",
    "https://id.twitch.tv/oauth2/token",
)
.revocation("https://id.twitch.tv/oauth2/revoke")
.userinfo("https://id.twitch.tv/oauth2/userinfo")
.issuer("https://id.twitch.tv/oauth2")
.api(&["https://api.twitch.tv", "https://id.twitch.tv"])
.secret_in_body()
.quirks(Quirks::STRICT.allow_scope_array());

/// Vimeo. Its secrets hold reserved characters, and its own libraries send them as they are.
pub const VIMEO: Service = Service::new(
    "Vimeo",
    "https://developer.vimeo.com/api/authentication",
    "https://api.vimeo.com/oauth/authorize",
    "https://api.vimeo.com/oauth/access_token",
)
.userinfo("https://api.vimeo.com/me")
.api(&["https://api.vimeo.com"])
.secret_raw();

/// Patreon.
pub const PATREON: Service = Service::new(
    "Patreon",
    "https://docs.patreon.com/",
    "https://www.patreon.com/oauth2/authorize",
    "https://www.patreon.com/api/oauth2/token",
)
.userinfo("https://www.patreon.com/api/oauth2/v2/identity")
.api(&["https://www.patreon.com"])
.secret_in_body();

/// WordPress.com, and Jetpack sites. A token is for one site, unless the scope is `global` or `auth`.
pub const WORDPRESS_COM: Service = Service::new(
    "WordPress.com",
    "https://developer.wordpress.com/docs/oauth2/",
    "https://public-api.wordpress.com/oauth2/authorize",
    "https://public-api.wordpress.com/oauth2/token",
)
.userinfo("https://public-api.wordpress.com/rest/v1.1/me")
.api(&["https://public-api.wordpress.com"])
.secret_in_body();

/// Strava.
pub const STRAVA: Service = Service::new(
    "Strava",
    "https://developers.strava.com/docs/authentication/",
    "https://www.strava.com/oauth/authorize",
    "https://www.strava.com/api/v3/oauth/token",
)
.userinfo("https://www.strava.com/api/v3/athlete")
.api(&["https://www.strava.com"])
.scopes_by_comma()
.secret_in_body();

/// Fitbit. Errors come as a list. Introspection takes a user's token, not the client's credentials, and is left out.
pub const FITBIT: Service = Service::new(
    "Fitbit",
    "https://dev.fitbit.com/build/reference/web-api/developer-guide/authorization/",
    "https://www.fitbit.com/oauth2/authorize",
    "https://api.fitbit.com/oauth2/token",
)
.revocation("https://api.fitbit.com/oauth2/revoke")
.userinfo("https://api.fitbit.com/1/user/-/profile.json")
.api(&["https://api.fitbit.com"])
.quirks(Quirks::STRICT.allow_error_list());

/// OpenStreetMap.
pub const OPENSTREETMAP: Service = Service::new(
    "OpenStreetMap",
    "https://wiki.openstreetmap.org/wiki/OAuth",
    "https://www.openstreetmap.org/oauth2/authorize",
    "https://www.openstreetmap.org/oauth2/token",
)
.revocation("https://www.openstreetmap.org/oauth2/revoke")
.introspection("https://www.openstreetmap.org/oauth2/introspect")
.userinfo("https://www.openstreetmap.org/oauth2/userinfo")
.issuer("https://www.openstreetmap.org")
.api(&["https://api.openstreetmap.org", "https://www.openstreetmap.org"]);
