//! Services for software development: source code, discussions and hosting.

use crate::oauth2::{Quirks, TokenPlacement};
use crate::services::profile::{EmailMapping, ProfileMapping};
use crate::services::protocol::Oauth2;
use crate::services::service::Service;

/// GitHub. It sends errors with status 200. Its metadata is a preview. Tokens of an OAuth app do
/// not expire, and those of a GitHub App do. Its API refuses requests without `User-Agent`.
pub const GITHUB: Service = Service::oauth2(
    "GitHub",
    Oauth2::new(
        "https://github.com/login/oauth/authorize",
        "https://github.com/login/oauth/access_token",
    )
    .device_authorization("https://github.com/login/device/code")
    .issuer("https://github.com/login/oauth")
    .secret_in_body(),
)
.documentation(
    "https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps",
)
.api(&["https://api.github.com"])
.userinfo("https://api.github.com/user")
.profile(GITHUB_PROFILE);

/// GitHub Enterprise Server. The [`instance`](crate::services::SignIn::instance) is the URL of an
/// installation. It works like [`GITHUB`].
pub const GITHUB_ENTERPRISE: Service = Service::oauth2(
    "GitHub Enterprise Server",
    Oauth2::new("{base}/login/oauth/authorize", "{base}/login/oauth/access_token")
        .device_authorization("{base}/login/device/code")
        .issuer("{base}/login/oauth")
        .secret_in_body(),
)
.documentation(
    "https://docs.github.com/en/enterprise-server/apps/oauth-apps/building-oauth-apps/\
     authorizing-oauth-apps",
)
.instance_base(None)
.api(&["{base}"])
.userinfo("{base}/api/v3/user")
.profile(ProfileMapping {
    emails: Some(EmailMapping::new("{base}/api/v3/user/emails")),
    ..GITHUB_PROFILE
});

const GITHUB_PROFILE: ProfileMapping = ProfileMapping {
    name: Some("/name"),
    username: Some("/login"),
    picture: Some("/avatar_url"),
    emails: Some(EmailMapping::new("https://api.github.com/user/emails")),
    scope: "read:user user:email",
    headers: &[("user-agent", "oauth-proto")],
    ..ProfileMapping::new("/id")
};

/// GitLab. The [`instance`](crate::services::SignIn::instance) is the URL of an installation.
/// Default: gitlab.com. [`User::username`](crate::services::User::username) is the profile's
/// `nickname`.
pub const GITLAB: Service = Service::oauth2(
    "GitLab",
    Oauth2::new("{base}/oauth/authorize", "{base}/oauth/token")
        .device_authorization("{base}/oauth/authorize_device")
        .revocation("{base}/oauth/revoke")
        .introspection("{base}/oauth/introspect")
        .issuer("{base}")
        .secret_in_body(),
)
.documentation("https://docs.gitlab.com/api/oauth2/")
.instance_base(Some("https://gitlab.com"))
.api(&["{base}"])
.userinfo("{base}/oauth/userinfo")
.profile(ProfileMapping { username: Some("/nickname"), ..ProfileMapping::OPENID });

/// Bitbucket Cloud. The scopes are set in the settings of the consumer, and a request cannot name
/// others. To sign users in, the consumer needs `account` and `email`.
pub const BITBUCKET: Service = Service::oauth2(
    "Bitbucket",
    Oauth2::new(
        "https://bitbucket.org/site/oauth2/authorize",
        "https://bitbucket.org/site/oauth2/access_token",
    ),
)
.documentation("https://developer.atlassian.com/cloud/bitbucket/oauth-2/")
.api(&["https://api.bitbucket.org"])
.userinfo("https://api.bitbucket.org/2.0/user")
.profile(ProfileMapping {
    name: Some("/display_name"),
    username: Some("/nickname"),
    picture: Some("/links/avatar/href"),
    emails: Some(EmailMapping {
        list: "/values",
        primary: "/is_primary",
        verified: "/is_confirmed",
        ..EmailMapping::new("https://api.bitbucket.org/2.0/user/emails")
    }),
    ..ProfileMapping::new("/uuid")
});

/// Gitea. The [`instance`](crate::services::SignIn::instance) is the URL of an installation.
/// Default: gitea.com. The issuer is the URL of the installation, with or without a slash at the
/// end, depending on the version.
pub const GITEA: Service = Service::oauth2(
    "Gitea",
    Oauth2::new("{base}/login/oauth/authorize", "{base}/login/oauth/access_token")
        .introspection("{base}/login/oauth/introspect"),
)
.documentation("https://docs.gitea.com/development/oauth2-provider")
.instance_base(Some("https://gitea.com"))
.api(&["{base}"])
.userinfo("{base}/login/oauth/userinfo");

/// Forgejo. The [`instance`](crate::services::SignIn::instance) is the URL of an installation, such
/// as `https://codeberg.org`.
pub const FORGEJO: Service = Service::oauth2(
    "Forgejo",
    Oauth2::new("{base}/login/oauth/authorize", "{base}/login/oauth/access_token")
        .introspection("{base}/login/oauth/introspect"),
)
.documentation("https://forgejo.org/docs/latest/user/oauth2-provider/")
.instance_base(None)
.api(&["{base}"])
.userinfo("{base}/login/oauth/userinfo");

/// Atlassian: Jira, Confluence and others (3LO). It issues a refresh token for the scope
/// `offline_access`.
pub const ATLASSIAN: Service = Service::oauth2(
    "Atlassian",
    Oauth2::new("https://auth.atlassian.com/authorize", "https://auth.atlassian.com/oauth/token")
        .secret_in_body()
        .authorization_parameters(&[("audience", "api.atlassian.com"), ("prompt", "consent")]),
)
.documentation("https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/")
.api(&["https://api.atlassian.com"])
.userinfo("https://api.atlassian.com/me");

/// Linear. The API is GraphQL, so this row has no profile.
pub const LINEAR: Service = Service::oauth2(
    "Linear",
    Oauth2::new("https://linear.app/oauth/authorize", "https://api.linear.app/oauth/token")
        .revocation("https://api.linear.app/oauth/revoke")
        .scopes_by_comma()
        .secret_in_body(),
)
.documentation("https://linear.app/developers/oauth-2-0-authentication")
.api(&["https://api.linear.app"]);

/// DigitalOcean, cloud hosting.
pub const DIGITALOCEAN: Service = Service::oauth2(
    "DigitalOcean",
    Oauth2::new(
        "https://cloud.digitalocean.com/v1/oauth/authorize",
        "https://cloud.digitalocean.com/v1/oauth/token",
    )
    .secret_in_body(),
)
.documentation("https://docs.digitalocean.com/reference/api/oauth/")
.api(&["https://api.digitalocean.com"])
.userinfo("https://api.digitalocean.com/v2/account");

/// Heroku, cloud hosting. The API needs the header `Accept: application/vnd.heroku+json;
/// version=3`.
pub const HEROKU: Service = Service::oauth2(
    "Heroku",
    Oauth2::new("https://id.heroku.com/oauth/authorize", "https://id.heroku.com/oauth/token")
        .secret_in_body(),
)
.documentation("https://devcenter.heroku.com/articles/oauth")
.api(&["https://api.heroku.com"])
.userinfo("https://api.heroku.com/account");

/// Hugging Face, models and data sets.
pub const HUGGING_FACE: Service = Service::oauth2(
    "Hugging Face",
    Oauth2::new("https://huggingface.co/oauth/authorize", "https://huggingface.co/oauth/token")
        .issuer("https://huggingface.co"),
)
.documentation("https://huggingface.co/docs/hub/oauth")
.api(&["https://huggingface.co"])
.userinfo("https://huggingface.co/oauth/userinfo");

/// Stack Exchange, with Stack Overflow. API calls need the application's `key` and a `site` in
/// addition to the token.
pub const STACK_EXCHANGE: Service = Service::oauth2(
    "Stack Exchange",
    Oauth2::new(
        "https://stackoverflow.com/oauth",
        "https://stackoverflow.com/oauth/access_token/json",
    )
    .scopes_by_comma()
    .secret_in_body()
    .token_placement(TokenPlacement::AllowQuery("access_token"))
    .quirks(Quirks { allow_missing_token_type: true, allow_expires: true, ..Quirks::STRICT }),
)
.documentation("https://api.stackexchange.com/docs/authentication")
.api(&["https://api.stackexchange.com"])
.userinfo("https://api.stackexchange.com/2.3/me");
