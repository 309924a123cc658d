//! Social networks and messengers.

use crate::oauth2::{Quirks, TokenPlacement};
use crate::services::profile::ProfileMapping;
use crate::services::protocol::Oauth2;
use crate::services::service::Service;

/// Facebook, and Meta's Graph API. The URLs have no version, so Facebook uses the application's
/// default version. The profile does not say whether the email address was verified. There are no
/// refresh tokens: when a token has expired, the user signs in again. An extension grant of
/// Facebook exchanges a token for one that is valid for sixty days:
///
/// ```
/// use oauth_proto::oauth2::{Client, Grant, Token};
/// use oauth_proto::{Error, Step};
///
/// fn for_sixty_days(
///     client: &Client,
///     token: &Token,
///     moment: oauth_proto::Moment,
/// ) -> Result<Step<Token>, Error> {
///     let grant = Grant::extension("fb_exchange_token")
///         .parameter("fb_exchange_token", token.access_token.expose());
///     client.request_token(grant, moment)
/// }
/// ```
pub const FACEBOOK: Service = Service::oauth2(
    "Facebook",
    Oauth2::new(
        "https://www.facebook.com/dialog/oauth",
        "https://graph.facebook.com/oauth/access_token",
    )
    .scopes_by_comma()
    .secret_in_body()
    .quirks(Quirks {
        allow_form_answer: true,
        allow_expires: true,
        allow_missing_token_type: true,
        ..Quirks::STRICT
    })
    .appsecret_proof(),
)
.documentation("https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow")
.api(&["https://graph.facebook.com"])
.userinfo("https://graph.facebook.com/me")
.profile(ProfileMapping {
    name: Some("/name"),
    given_name: Some("/first_name"),
    family_name: Some("/last_name"),
    email: Some("/email"),
    picture: Some("/picture/data/url"),
    locale: Some("/locale"),
    scope: "public_profile email",
    requested_fields: &[
        "id",
        "name",
        "first_name",
        "last_name",
        "locale",
        "picture",
        "link",
        "email",
    ],
    ..ProfileMapping::new("/id")
});

/// Instagram, for professional accounts (Business Login). The first token is valid for an hour. For
/// this token, `https://graph.instagram.com/access_token` returns one that is valid for sixty days.
/// The same host also renews that token, in a way that only Instagram has. The documentation shows
/// the members of the token response inside a list named `data`, which this crate does not read.
pub const INSTAGRAM: Service = Service::oauth2(
    "Instagram",
    Oauth2::new(
        "https://www.instagram.com/oauth/authorize",
        "https://api.instagram.com/oauth/access_token",
    )
    .scopes_by_comma()
    .secret_in_body()
    .token_placement(TokenPlacement::AllowQuery("access_token"))
    .quirks(Quirks { allow_missing_token_type: true, ..Quirks::STRICT }),
)
.documentation(
    "https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/\
     business-login",
)
.api(&["https://graph.instagram.com"])
.userinfo("https://graph.instagram.com/me");

/// LinkedIn. It refuses token requests with PKCE as if the secret were wrong. Native applications
/// have another flow.
pub const LINKEDIN: Service = Service::oauth2(
    "LinkedIn",
    Oauth2::new(
        "https://www.linkedin.com/oauth/v2/authorization",
        "https://www.linkedin.com/oauth/v2/accessToken",
    )
    .introspection("https://www.linkedin.com/oauth/v2/introspectToken")
    .issuer("https://www.linkedin.com/oauth")
    .secret_in_body()
    .refuses_pkce()
    .quirks(Quirks { allow_missing_token_type: true, ..Quirks::STRICT }),
)
.documentation(
    "https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow",
)
.api(&["https://api.linkedin.com"])
.userinfo("https://api.linkedin.com/v2/userinfo")
.profile(ProfileMapping::OPENID);

/// X, formerly Twitter, with OAuth 2.0. It issues a refresh token for the scope `offline.access`.
pub const X: Service = Service::oauth2(
    "X",
    Oauth2::new("https://x.com/i/oauth2/authorize", "https://api.x.com/2/oauth2/token")
        .revocation("https://api.x.com/2/oauth2/revoke")
        .requires_pkce(),
)
.documentation(
    "https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/authorization-code",
)
.api(&["https://api.x.com"])
.userinfo("https://api.x.com/2/users/me");

/// Reddit. It refuses requests without your own `User-Agent`. It issues a refresh token for the
/// parameter `duration=permanent`.
pub const REDDIT: Service = Service::oauth2(
    "Reddit",
    Oauth2::new(
        "https://www.reddit.com/api/v1/authorize",
        "https://www.reddit.com/api/v1/access_token",
    )
    .revocation("https://www.reddit.com/api/v1/revoke_token"),
)
.documentation("https://github.com/reddit-archive/reddit/wiki/OAuth2")
.api(&["https://oauth.reddit.com"])
.userinfo("https://oauth.reddit.com/api/v1/me");

/// Discord, chat and voice.
pub const DISCORD: Service = Service::oauth2(
    "Discord",
    Oauth2::new("https://discord.com/oauth2/authorize", "https://discord.com/api/oauth2/token")
        .revocation("https://discord.com/api/oauth2/token/revoke")
        .issuer("https://discord.com"),
)
.documentation("https://discord.com/developers/docs/topics/oauth2")
.api(&["https://discord.com"])
.userinfo("https://discord.com/api/users/@me")
.profile(ProfileMapping {
    name: Some("/global_name"),
    username: Some("/username"),
    email: Some("/email"),
    email_verified: Some("/verified"),
    picture: Some("https://cdn.discordapp.com/avatars/{/id}/{/avatar}.png"),
    locale: Some("/locale"),
    scope: "identify email",
    ..ProfileMapping::new("/id")
});

/// Pinterest, collections of pictures.
pub const PINTEREST: Service = Service::oauth2(
    "Pinterest",
    Oauth2::new("https://www.pinterest.com/oauth/", "https://api.pinterest.com/v5/oauth/token")
        .scopes_by_comma(),
)
.documentation(
    "https://developers.pinterest.com/docs/getting-started/\
     set-up-authentication-and-authorization/",
)
.api(&["https://api.pinterest.com"])
.userinfo("https://api.pinterest.com/v5/user_account");

/// Tumblr, with OAuth 2.0. It issues a refresh token for the scope `offline_access`.
pub const TUMBLR: Service = Service::oauth2(
    "Tumblr",
    Oauth2::new(
        "https://www.tumblr.com/oauth2/authorize",
        "https://api.tumblr.com/v2/oauth2/token",
    )
    .secret_in_body(),
)
.documentation("https://www.tumblr.com/docs/en/api/v2")
.api(&["https://api.tumblr.com"])
.userinfo("https://api.tumblr.com/v2/user/info");

/// Mastodon. The [`instance`](crate::services::SignIn::instance) is the URL of a server. Clients
/// must register at each server. Servers have metadata since version 4.3; the issuer has a slash at
/// the end.
pub const MASTODON: Service = Service::oauth2(
    "Mastodon",
    Oauth2::new("{base}/oauth/authorize", "{base}/oauth/token")
        .revocation("{base}/oauth/revoke")
        .issuer("{base}/")
        .secret_in_body(),
)
.documentation("https://docs.joinmastodon.org/methods/oauth/")
.instance_base(None)
.api(&["{base}"])
.userinfo("{base}/api/v1/accounts/verify_credentials");

/// Meetup. The API is GraphQL, so this row has no profile.
pub const MEETUP: Service = Service::oauth2(
    "Meetup",
    Oauth2::new(
        "https://secure.meetup.com/oauth2/authorize",
        "https://secure.meetup.com/oauth2/access",
    )
    .secret_in_body(),
)
.documentation("https://www.meetup.com/graphql/authentication/")
.api(&["https://api.meetup.com"]);

/// LINE Login, for users of the messenger LINE.
pub const LINE: Service = Service::oauth2(
    "LINE",
    Oauth2::new(
        "https://access.line.me/oauth2/v2.1/authorize",
        "https://api.line.me/oauth2/v2.1/token",
    )
    .issuer("https://access.line.me")
    .secret_in_body(),
)
.documentation("https://developers.line.biz/en/docs/line-login/integrate-line-login/")
.api(&["https://api.line.me"])
.userinfo("https://api.line.me/v2/profile");

/// Kakao Login, for users of KakaoTalk.
pub const KAKAO: Service = Service::oauth2(
    "Kakao",
    Oauth2::new("https://kauth.kakao.com/oauth/authorize", "https://kauth.kakao.com/oauth/token")
        .issuer("https://kauth.kakao.com")
        .scopes_by_comma()
        .secret_in_body(),
)
.documentation("https://developers.kakao.com/docs/latest/en/kakaologin/rest-api")
.api(&["https://kapi.kakao.com"])
.userinfo("https://kapi.kakao.com/v2/user/me");

/// NAVER Login. It has no scopes: the readable fields are set in the settings of the application.
pub const NAVER: Service = Service::oauth2(
    "NAVER",
    Oauth2::new("https://nid.naver.com/oauth2.0/authorize", "https://nid.naver.com/oauth2.0/token")
        .secret_in_body(),
)
.documentation("https://developers.naver.com/docs/login/api/api.md")
.api(&["https://openapi.naver.com"])
.userinfo("https://openapi.naver.com/v1/nid/me");

/// Yandex. Requests to its API have the token in the scheme `OAuth`. Its device grant is older than
/// RFC 8628 and has another name.
pub const YANDEX: Service = Service::oauth2(
    "Yandex",
    Oauth2::new("https://oauth.yandex.com/authorize", "https://oauth.yandex.com/token")
        .token_placement(TokenPlacement::Scheme("OAuth")),
)
.documentation("https://yandex.com/dev/id/doc/en/codes/code-url")
.api(&["https://login.yandex.ru"])
.userinfo("https://login.yandex.ru/info");

/// Weibo. The request for the profile needs the `uid` of the token response.
pub const WEIBO: Service = Service::oauth2(
    "Weibo",
    Oauth2::new(
        "https://api.weibo.com/oauth2/authorize",
        "https://api.weibo.com/oauth2/access_token",
    )
    .scopes_by_comma()
    .secret_in_body()
    .token_placement(TokenPlacement::AllowQuery("access_token"))
    .quirks(Quirks { allow_missing_token_type: true, ..Quirks::STRICT }),
)
.documentation("https://open.weibo.com/wiki/Oauth2")
.api(&["https://api.weibo.com"])
.userinfo("https://api.weibo.com/2/users/show.json");

/// Douban. It does not accept new applications.
pub const DOUBAN: Service = Service::oauth2(
    "Douban",
    Oauth2::new(
        "https://www.douban.com/service/auth2/auth",
        "https://www.douban.com/service/auth2/token",
    )
    .scopes_by_comma()
    .secret_in_body()
    .token_placement(TokenPlacement::AllowQuery("access_token"))
    .quirks(Quirks { allow_missing_token_type: true, ..Quirks::STRICT }),
)
.documentation("https://developers.douban.com/wiki/?title=oauth2")
.api(&["https://api.douban.com"])
.userinfo("https://api.douban.com/v2/user/~me");

/// VK, with VK ID. The callback has a `device_id` that the token request must have, too: make the
/// grant with [`Client::accept`](crate::oauth2::Client::accept), and add the `device_id` with
/// [`Grant::parameter`](crate::oauth2::Grant::parameter).
pub const VK: Service = Service::oauth2(
    "VK",
    Oauth2::new("https://id.vk.com/authorize", "https://id.vk.com/oauth2/auth")
        .secret_in_body()
        .requires_pkce(),
)
.documentation(
    "https://id.vk.com/about/business/go/docs/en/vkid/latest/vk-id/connection/api-integration/\
     api-description",
)
.api(&["https://api.vk.com", "https://id.vk.com"])
.userinfo("https://id.vk.com/oauth2/user_info");
