//! Social: networks of people, and what they say to each other.

use super::Service;
use crate::oauth2::Quirks;

/// Facebook, and Meta's Graph API. The URLs name no version: an application's own default answers. Answers were forms
/// once. There are no refresh tokens: when a token has expired, the user signs in again. One for sixty days is had by a
/// grant of Facebook's own:
///
/// ```
/// use oauth_proto::oauth2::{Client, Grant, Token};
/// use oauth_proto::{Error, Step};
///
/// fn for_sixty_days(client: &Client, token: &Token, moment: oauth_proto::Moment) -> Result<Step<Token>, Error> {
///     let grant = Grant::extension("fb_exchange_token").parameter("fb_exchange_token", token.access_token.expose());
///     client.request_token(grant, moment)
/// }
/// ```
pub const FACEBOOK: Service = Service::new(
    "Facebook",
    "https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow",
    "https://www.facebook.com/dialog/oauth",
    "https://graph.facebook.com/oauth/access_token",
)
.userinfo("https://graph.facebook.com/me")
.api(&["https://graph.facebook.com"])
.scopes_by_comma()
.secret_in_body()
.quirks(Quirks::STRICT.allow_form_answer().allow_expires().allow_missing_token_type());

/// Instagram, for professional accounts (Business Login). The first token lives for an hour; one for sixty days is
/// fetched with it from `https://graph.instagram.com/access_token`, and renewed there in Instagram's own way. The
/// documentation shows the token's members inside a list named `data`, which this crate does not look into.
pub const INSTAGRAM: Service = Service::new(
    "Instagram",
    "https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login",
    "https://www.instagram.com/oauth/authorize",
    "https://api.instagram.com/oauth/access_token",
)
.userinfo("https://graph.instagram.com/me")
.api(&["https://graph.instagram.com"])
.scopes_by_comma()
.secret_in_body()
.token_in_query("access_token")
.quirks(Quirks::STRICT.allow_missing_token_type());

/// LinkedIn. A token request with a proof key is answered as a wrong secret; native applications have another flow.
pub const LINKEDIN: Service = Service::new(
    "LinkedIn",
    "https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow",
    "https://www.linkedin.com/oauth/v2/authorization",
    "https://www.linkedin.com/oauth/v2/accessToken",
)
.introspection("https://www.linkedin.com/oauth/v2/introspectToken")
.userinfo("https://api.linkedin.com/v2/userinfo")
.issuer("https://www.linkedin.com/oauth")
.api(&["https://api.linkedin.com"])
.secret_in_body()
.refuses_pkce()
.quirks(Quirks::STRICT.allow_missing_token_type());

/// X, which was Twitter, with OAuth 2.0. A refresh token comes with the scope `offline.access`.
pub const X: Service = Service::new(
    "X",
    "https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/authorization-code",
    "https://x.com/i/oauth2/authorize",
    "https://api.x.com/2/oauth2/token",
)
.revocation("https://api.x.com/2/oauth2/revoke")
.userinfo("https://api.x.com/2/users/me")
.api(&["https://api.x.com"])
.requires_pkce();

/// Reddit. Send a `User-Agent` of your own with everything, or be turned away. A refresh token comes with the parameter
/// `duration=permanent`.
pub const REDDIT: Service = Service::new(
    "Reddit",
    "https://github.com/reddit-archive/reddit/wiki/OAuth2",
    "https://www.reddit.com/api/v1/authorize",
    "https://www.reddit.com/api/v1/access_token",
)
.revocation("https://www.reddit.com/api/v1/revoke_token")
.userinfo("https://oauth.reddit.com/api/v1/me")
.api(&["https://oauth.reddit.com"]);

/// Discord.
pub const DISCORD: Service = Service::new(
    "Discord",
    "https://discord.com/developers/docs/topics/oauth2",
    "https://discord.com/oauth2/authorize",
    "https://discord.com/api/oauth2/token",
)
.revocation("https://discord.com/api/oauth2/token/revoke")
.userinfo("https://discord.com/api/users/@me")
.issuer("https://discord.com")
.api(&["https://discord.com"]);

/// Pinterest.
pub const PINTEREST: Service = Service::new(
    "Pinterest",
    "https://developers.pinterest.com/docs/getting-started/set-up-authentication-and-authorization/",
    "https://www.pinterest.com/oauth/",
    "https://api.pinterest.com/v5/oauth/token",
)
.userinfo("https://api.pinterest.com/v5/user_account")
.api(&["https://api.pinterest.com"])
.scopes_by_comma();

/// Tumblr, with OAuth 2.0. A refresh token comes with the scope `offline_access`.
pub const TUMBLR: Service = Service::new(
    "Tumblr",
    "https://www.tumblr.com/docs/en/api/v2",
    "https://www.tumblr.com/oauth2/authorize",
    "https://api.tumblr.com/v2/oauth2/token",
)
.userinfo("https://api.tumblr.com/v2/user/info")
.api(&["https://api.tumblr.com"])
.secret_in_body();

/// Mastodon: any server of its network, each of which knows only clients that were registered with itself. The
/// metadata, whose issuer has a closing slash, came with version 4.3.
pub const MASTODON: Service = Service::new(
    "Mastodon",
    "https://docs.joinmastodon.org/methods/oauth/",
    "{base}/oauth/authorize",
    "{base}/oauth/token",
)
.base(None)
.revocation("{base}/oauth/revoke")
.userinfo("{base}/api/v1/accounts/verify_credentials")
.issuer("{base}/")
.api(&["{base}"])
.secret_in_body();

/// Meetup. The API is GraphQL, so the user is queried and not fetched.
pub const MEETUP: Service = Service::new(
    "Meetup",
    "https://www.meetup.com/graphql/authentication/",
    "https://secure.meetup.com/oauth2/authorize",
    "https://secure.meetup.com/oauth2/access",
)
.api(&["https://api.meetup.com"])
.secret_in_body();

/// LINE Login.
pub const LINE: Service = Service::new(
    "LINE",
    "https://developers.line.biz/en/docs/line-login/integrate-line-login/",
    "https://access.line.me/oauth2/v2.1/authorize",
    "https://api.line.me/oauth2/v2.1/token",
)
.userinfo("https://api.line.me/v2/profile")
.issuer("https://access.line.me")
.api(&["https://api.line.me"])
.secret_in_body();

/// Kakao Login.
pub const KAKAO: Service = Service::new(
    "Kakao",
    "https://developers.kakao.com/docs/latest/en/kakaologin/rest-api",
    "https://kauth.kakao.com/oauth/authorize",
    "https://kauth.kakao.com/oauth/token",
)
.userinfo("https://kapi.kakao.com/v2/user/me")
.issuer("https://kauth.kakao.com")
.api(&["https://kapi.kakao.com"])
.scopes_by_comma()
.secret_in_body();

/// NAVER Login. It has no scopes: what may be read is set up with the application.
pub const NAVER: Service = Service::new(
    "NAVER",
    "https://developers.naver.com/docs/login/api/api.md",
    "https://nid.naver.com/oauth2.0/authorize",
    "https://nid.naver.com/oauth2.0/token",
)
.userinfo("https://openapi.naver.com/v1/nid/me")
.api(&["https://openapi.naver.com"])
.secret_in_body();

/// Yandex. Tokens go in the scheme `OAuth`. Its device grant is older than the RFC and has its own name.
pub const YANDEX: Service = Service::new(
    "Yandex",
    "https://yandex.com/dev/id/doc/en/codes/code-url",
    "https://oauth.yandex.com/authorize",
    "https://oauth.yandex.com/token",
)
.userinfo("https://login.yandex.ru/info")
.api(&["https://login.yandex.ru"])
.token_in_scheme("OAuth");

/// Weibo. A profile is asked for by the `uid` that comes with the token.
pub const WEIBO: Service = Service::new(
    "Weibo",
    "https://open.weibo.com/wiki/Oauth2",
    "https://api.weibo.com/oauth2/authorize",
    "https://api.weibo.com/oauth2/access_token",
)
.userinfo("https://api.weibo.com/2/users/show.json")
.api(&["https://api.weibo.com"])
.scopes_by_comma()
.secret_in_body()
.token_in_query("access_token")
.quirks(Quirks::STRICT.allow_missing_token_type());

/// Douban. It admits no new applications.
pub const DOUBAN: Service = Service::new(
    "Douban",
    "https://developers.douban.com/wiki/?title=oauth2",
    "https://www.douban.com/service/auth2/auth",
    "https://www.douban.com/service/auth2/token",
)
.userinfo("https://api.douban.com/v2/user/~me")
.api(&["https://api.douban.com"])
.scopes_by_comma()
.secret_in_body()
.token_in_query("access_token")
.quirks(Quirks::STRICT.allow_missing_token_type());

/// VK, by VK ID. The callback brings a `device_id` that the token request has to carry: take the grant from
/// [`Client::accept`](crate::oauth2::Client::accept), and hand it on by
/// [`Grant::parameter`](crate::oauth2::Grant::parameter).
pub const VK: Service = Service::new(
    "VK",
    "https://id.vk.com/about/business/go/docs/en/vkid/latest/vk-id/connection/api-integration/api-description",
    "https://id.vk.com/authorize",
    "https://id.vk.com/oauth2/auth",
)
.userinfo("https://id.vk.com/oauth2/user_info")
.api(&["https://api.vk.com", "https://id.vk.com"])
.secret_in_body()
.requires_pkce();
